//! Why an operation on transit gateways and what belongs to them is refused.

use ipnet::IpNet;

use crate::{TransitGatewayId, TransitGatewayRouteTableId};

/// Why an operation on transit gateways and what belongs to them is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TransitGatewayError {
    /// No such gateway.
    #[error("transit gateway {0} does not exist")]
    GatewayNotFound(TransitGatewayId),
    /// No such route table.
    #[error("transit gateway route table {0} does not exist")]
    TableNotFound(TransitGatewayRouteTableId),
    /// What is asked for needs another state.
    #[error("{0} is not in the state for that")]
    State(String),
    /// A region has no more gateways.
    #[error("a region has at most {0} transit gateways")]
    TooManyGateways(usize),
    /// A gateway has no more route tables.
    #[error("a transit gateway has at most {0} route tables")]
    TooManyTables(usize),
    /// The number of no private autonomous system.
    #[error("{0} is not a private autonomous system's number")]
    Asn(u32),
    /// A block that is too small.
    #[error("{0} is too small a block")]
    BlockSize(IpNet),
    /// A block that overlaps with another one.
    #[error("{0} overlaps with another block")]
    BlockOverlaps(IpNet),
    /// A block that is to be removed and is not there.
    #[error("{0} is not among the blocks")]
    NoSuchBlock(IpNet),
    /// A gateway has no more blocks.
    #[error("a transit gateway has at most {0} blocks")]
    TooManyBlocks(usize),
    /// A default table is named where none is used.
    #[error("{0} cannot be the default table of a gateway that uses none")]
    NoDefaultTable(TransitGatewayRouteTableId),
    /// New attachments use the table.
    #[error("transit gateway route table {0} is a default one")]
    DefaultTable(TransitGatewayRouteTableId),
}
