//! Route tables and internet gateways.
//!
//! See <https://docs.aws.amazon.com/vpc/latest/userguide/VPC_Route_Tables.html>.

use ipnet::IpNet;

use crate::{
    InternetGatewayId, NatGatewayId, NetworkInterfaceId, PeeringConnectionId, RouteTableAssociationId, RouteTableId,
    SubnetId, Tags, VpcId,
};

/// A route table.
#[derive(Debug, Clone)]
pub struct RouteTable {
    /// Its id.
    pub id: RouteTableId,
    /// Its VPC.
    pub vpc_id: VpcId,
    /// Its routes, the local ones first.
    pub routes: Vec<Route>,
    /// Who uses it.
    pub associations: Vec<RouteTableAssociation>,
    /// Its tags.
    pub tags: Tags,
}

/// One route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// Where packets are going.
    pub destination: IpNet,
    /// Where they are handed to.
    pub target: RouteTarget,
    /// How it came about.
    pub origin: RouteOrigin,
}

/// Where a route hands packets to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RouteTarget {
    /// The VPC's own router.
    Local,
    /// An internet gateway.
    InternetGateway(InternetGatewayId),
    /// A NAT gateway.
    NatGateway(NatGatewayId),
    /// An ENI (routes to an instance name its primary ENI).
    NetworkInterface(NetworkInterfaceId),
    /// A VPC peering connection.
    Peering(PeeringConnectionId),
}

/// How a route came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RouteOrigin {
    /// With its table.
    CreateRouteTable,
    /// By CreateRoute.
    CreateRoute,
}

/// A route table's association: the VPC's main one, or a subnet's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteTableAssociation {
    /// Its id.
    pub id: RouteTableAssociationId,
    /// The subnet; `None` for the main association.
    pub subnet_id: Option<SubnetId>,
}

/// An internet gateway.
#[derive(Debug, Clone)]
pub struct InternetGateway {
    /// Its id.
    pub id: InternetGatewayId,
    /// The VPC it is attached to.
    pub vpc_id: Option<VpcId>,
    /// Its tags.
    pub tags: Tags,
}
