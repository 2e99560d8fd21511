//! Why an operation on a route table is refused.

use ipnet::IpNet;

use super::{Destination, EdgeGateway, RouteTarget};
use crate::{PrefixListId, RouteTableAssociationId, RouteTableId, SubnetId, VpcId, VpnGatewayId};

/// Why an operation on a route table is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RouteError {
    /// No such table.
    #[error("route table {0} does not exist")]
    TableNotFound(RouteTableId),
    /// No such VPC.
    #[error("vpc {0} does not exist")]
    VpcNotFound(VpcId),
    /// No such subnet.
    #[error("subnet {0} does not exist")]
    SubnetNotFound(SubnetId),
    /// No such association.
    #[error("route table association {0} does not exist")]
    AssociationNotFound(RouteTableAssociationId),
    /// The target is not there, or cannot be one.
    #[error("route target {0} does not exist")]
    TargetNotFound(RouteTarget),
    /// No such prefix list.
    #[error("prefix list {0} does not exist")]
    PrefixListNotFound(PrefixListId),
    /// The target belongs to another VPC.
    #[error("route target {target} belongs to another vpc than {table}")]
    TargetElsewhere {
        /// The table.
        table: RouteTableId,
        /// The target.
        target: RouteTarget,
    },
    /// Table and subnet belong to different VPCs.
    #[error("route table {table} and subnet {subnet} belong to different vpcs")]
    SubnetElsewhere {
        /// The table.
        table: RouteTableId,
        /// The subnet.
        subnet: SubnetId,
    },
    /// IPv4 does not go by that target.
    #[error("route target {0} takes ipv6 only")]
    Ipv6Only(RouteTarget),
    /// The table has a route to the destination.
    #[error("a route to {0} exists already")]
    Exists(Destination),
    /// The table has no route to the destination.
    #[error("{table} has no route to {destination}")]
    NotFound {
        /// The table.
        table: RouteTableId,
        /// The destination.
        destination: Destination,
    },
    /// The table has no route to the destination, so there is none to replace.
    #[error("there is no route to {0} to replace")]
    NothingToReplace(Destination),
    /// AWS keeps the addresses for its services.
    #[error("{0} is reserved")]
    Reserved(IpNet),
    /// Within the VPC's own blocks, a route is to a whole subnet.
    #[error("{0} is the block of no subnet")]
    NoSubnets(IpNet),
    /// A gateway endpoint keeps its routes itself.
    #[error("the route to {destination} in {table} is an endpoint's")]
    EndpointRoute {
        /// The table.
        table: RouteTableId,
        /// The destination.
        destination: Destination,
    },
    /// Within the VPC's own blocks, only an interface can be a target.
    #[error("{0} lies within the vpc's own blocks")]
    WithinVpc(IpNet),
    /// Only a local route can have the local target again.
    #[error("the route to {0} is not a local one")]
    NotLocal(Destination),
    /// Local routes stay as long as their VPC.
    #[error("the local route to {0} cannot be removed")]
    Local(Destination),
    /// A subnet or gateway has one table.
    #[error("{0} has a route table already")]
    AlreadyAssociated(String),
    /// No such gateway.
    #[error("gateway {0} does not exist")]
    GatewayNotFound(EdgeGateway),
    /// Table and gateway belong to different VPCs.
    #[error("route table {table} and gateway {gateway} belong to different vpcs")]
    GatewayElsewhere {
        /// The table.
        table: RouteTableId,
        /// The gateway.
        gateway: EdgeGateway,
    },
    /// A gateway that is to propagate routes is not attached to the table's VPC.
    #[error("{gateway} is not attached to the vpc of {table}")]
    GatewayNotAttached {
        /// The table.
        table: RouteTableId,
        /// The gateway.
        gateway: VpnGatewayId,
    },
    /// A table cannot be a gateway's and have routes propagated to it.
    #[error("route table {0} cannot be a gateway's and have routes propagated")]
    PropagatingForGateway(RouteTableId),
    /// A gateway's table only has targets for detours.
    #[error("a gateway's route table {table} cannot have the target {target}")]
    TargetOfGateway {
        /// The table.
        table: RouteTableId,
        /// The target.
        target: RouteTarget,
    },
    /// A gateway's table only has routes within the VPC.
    #[error("a gateway's route table {table} cannot have the destination {destination}")]
    DestinationOfGateway {
        /// The table.
        table: RouteTableId,
        /// The destination.
        destination: Destination,
    },
    /// The main association can only be replaced.
    #[error("{0} is the main association")]
    MainAssociation(RouteTableAssociationId),
    /// A VPC has no more tables.
    #[error("a vpc has at most {0} route tables")]
    TooManyTables(usize),
    /// A table has no more routes of one IP version.
    #[error("route table {0} has as many routes as a table can have")]
    TooManyRoutes(RouteTableId),
    /// Subnets use it, or it is the VPC's main table.
    #[error("route table {0} is in use")]
    HasDependencies(RouteTableId),
}
