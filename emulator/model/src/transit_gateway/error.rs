//! Why an operation on transit gateways and what belongs to them is refused.

use ipnet::IpNet;

use super::ConnectPeerError;
use crate::{
    InterfaceError, PrefixListId, SubnetId, TransitGatewayAttachmentId, TransitGatewayId, TransitGatewayRouteTableId,
    VpcId,
};

/// Why an operation on transit gateways and what belongs to them is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TransitGatewayError {
    /// No such gateway.
    #[error("transit gateway {0} does not exist")]
    GatewayNotFound(TransitGatewayId),
    /// No such route table.
    #[error("transit gateway route table {0} does not exist")]
    TableNotFound(TransitGatewayRouteTableId),
    /// No such attachment.
    #[error("transit gateway attachment {0} does not exist")]
    AttachmentNotFound(TransitGatewayAttachmentId),
    /// No such VPC.
    #[error("vpc {0} does not exist")]
    VpcNotFound(VpcId),
    /// No such subnet.
    #[error("subnet {0} does not exist")]
    SubnetNotFound(SubnetId),
    /// No such prefix list.
    #[error("prefix list {0} does not exist")]
    PrefixListNotFound(PrefixListId),
    /// What is asked for needs another state.
    #[error("{0} is not in the state for that")]
    State(String),
    /// A region has no more gateways.
    #[error("a region has at most {0} transit gateways")]
    TooManyGateways(usize),
    /// A gateway or a VPC has no more attachments.
    #[error("there are at most {0} attachments")]
    TooManyAttachments(usize),
    /// A gateway has no more route tables.
    #[error("a transit gateway has at most {0} route tables")]
    TooManyTables(usize),
    /// A gateway has no more static routes.
    #[error("a transit gateway has at most {0} static routes")]
    TooManyRoutes(usize),
    /// The table has a static route to the destination.
    #[error("a route to {0} exists already")]
    RouteExists(IpNet),
    /// The table has no static route to the destination.
    #[error("there is no static route to {0}")]
    RouteNotFound(IpNet),
    /// The table refers to the prefix list.
    #[error("the table refers to {0} already")]
    ReferenceExists(PrefixListId),
    /// The table does not refer to the prefix list.
    #[error("the table does not refer to {0}")]
    ReferenceNotFound(PrefixListId),
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
    /// Attachments use the table.
    #[error("transit gateway route table {0} is in use")]
    TableInUse(TransitGatewayRouteTableId),
    /// The gateway has attachments.
    #[error("transit gateway {gateway} has attachments")]
    HasAttachments {
        /// The gateway.
        gateway: TransitGatewayId,
        /// The attachments.
        attachments: Vec<TransitGatewayAttachmentId>,
    },
    /// The VPC is attached to the gateway.
    #[error("the vpc is attached to transit gateway {0} already")]
    Duplicate(TransitGatewayId),
    /// The subnet belongs to another VPC.
    #[error("subnet {0} belongs to another vpc")]
    SubnetElsewhere(SubnetId),
    /// Another subnet is in the same zone.
    #[error("another subnet is in the zone of {0}")]
    SameZone(SubnetId),
    /// The subnet is not the attachment's.
    #[error("the attachment has no subnet {0}")]
    NotAttached(SubnetId),
    /// The subnet is the attachment's already.
    #[error("the attachment has subnet {0} already")]
    AlreadyAttached(SubnetId),
    /// An attachment has at least one subnet.
    #[error("{0} would have no subnet")]
    LastSubnet(TransitGatewayAttachmentId),
    /// The gateway's ENI cannot be made.
    #[error(transparent)]
    Interface(#[from] InterfaceError),
    /// The attachment is none that carries Connect attachments.
    #[error("{0} cannot carry connect attachments")]
    NoTransport(TransitGatewayAttachmentId),
    /// The attachment carries Connect attachments.
    #[error("{0} carries connect attachments")]
    IsTransport(TransitGatewayAttachmentId),
    /// The Connect attachment has peers.
    #[error("{0} has connect peers")]
    HasPeers(TransitGatewayAttachmentId),
    /// A gateway is not attached to itself.
    #[error("{0} cannot be attached to itself")]
    OwnPeer(TransitGatewayId),
    /// The gateways are attached to each other.
    #[error("{0} is attached to {1} already, or somebody asked for that")]
    PeeringExists(TransitGatewayId, TransitGatewayId),
    /// The requester's attachment cannot be answered.
    #[error("{0} is the side that asked")]
    NotAsked(TransitGatewayAttachmentId),
    /// Nothing is propagated between gateways.
    #[error("{0} propagates nothing")]
    NoPropagation(TransitGatewayAttachmentId),
    /// A Connect peer cannot be made or is not there.
    #[error(transparent)]
    Peer(#[from] ConnectPeerError),
    /// A Connect peer's tunnel ends in the block.
    #[error("a connect peer's tunnel ends in {0}")]
    BlockInUse(IpNet),
    /// Table and attachment belong to different gateways.
    #[error("{0} belongs to another transit gateway")]
    AttachmentElsewhere(TransitGatewayAttachmentId),
    /// An attachment is associated with one table.
    #[error("{0} is associated with a table already")]
    AlreadyAssociated(TransitGatewayAttachmentId),
    /// Table and attachment are not associated.
    #[error("{1} is not associated with {0}")]
    NotAssociated(TransitGatewayRouteTableId, TransitGatewayAttachmentId),
    /// The attachment propagates to the table.
    #[error("{1} propagates to {0} already")]
    AlreadyPropagating(TransitGatewayRouteTableId, TransitGatewayAttachmentId),
    /// The attachment does not propagate to the table.
    #[error("{1} does not propagate to {0}")]
    NotPropagating(TransitGatewayRouteTableId, TransitGatewayAttachmentId),
}
