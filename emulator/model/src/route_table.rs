//! Route tables.
//!
//! See <https://docs.aws.amazon.com/vpc/latest/userguide/VPC_Route_Tables.html>.

mod association;
mod destination;
mod error;
mod propagation;
mod route;
mod target;

use ipnet::IpNet;

pub use self::association::{EdgeGateway, RouteTableAssociation, TableUser};
pub use self::destination::Destination;
pub use self::error::RouteError;
pub use self::target::RouteTarget;
use crate::{Context, Model, RouteTableId, Tags, VpcId, VpnGatewayId};

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
    /// The virtual private gateways that propagate routes to it.
    pub propagating_gateways: Vec<VpnGatewayId>,
    /// Its tags.
    pub tags: Tags,
}

/// One route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// Where packets are going.
    pub destination: Destination,
    /// Where they are handed to.
    pub target: RouteTarget,
    /// How it came about.
    pub origin: RouteOrigin,
}

/// How a route came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RouteOrigin {
    /// With its table.
    CreateRouteTable,
    /// By CreateRoute.
    CreateRoute,
    /// A virtual private gateway propagates it.
    Propagation,
}

/// Whether a route leads anywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RouteState {
    /// Its target is there.
    Active,
    /// Its target is gone, detached or not running: packets are dropped.
    Blackhole,
}

impl Route {
    /// A local route, which comes with its table.
    pub(crate) fn local(block: IpNet) -> Self {
        Self { destination: block.into(), target: RouteTarget::Local, origin: RouteOrigin::CreateRouteTable }
    }

    /// Whether a gateway endpoint put it into its table.
    fn is_endpoints(&self) -> bool {
        matches!((&self.destination, &self.target), (Destination::PrefixList(_), RouteTarget::VpcEndpoint(_)))
    }
}

impl RouteTable {
    /// Whether it is its VPC's main table.
    pub fn is_main(&self) -> bool {
        self.associations.iter().any(RouteTableAssociation::is_main)
    }
}

impl Model {
    /// Makes a route table with the VPC's local routes.
    pub fn create_route_table(
        &mut self,
        cx: &mut Context,
        vpc_id: &VpcId,
        tags: Tags,
    ) -> Result<RouteTableId, RouteError> {
        let vpc = self.vpcs.get(vpc_id).ok_or_else(|| RouteError::VpcNotFound(vpc_id.clone()))?;
        let ipv4 = vpc.cidr_associations.iter().map(|(_, block)| IpNet::V4(*block));
        let ipv6 = vpc.ipv6_cidr_blocks().map(IpNet::V6);
        let blocks: Vec<IpNet> = ipv4.chain(ipv6).collect();
        let limit = self.quotas.route_tables_per_vpc;
        if self.route_tables.values().filter(|table| table.vpc_id == *vpc_id).count() >= limit {
            return Err(RouteError::TooManyTables(limit));
        }
        let id = self.insert_route_table(cx, vpc_id, &blocks, tags);
        self.touch();
        Ok(id)
    }

    /// Takes a route table away that no subnet uses.
    pub fn delete_route_table(&mut self, id: &RouteTableId) -> Result<(), RouteError> {
        let table = self.route_tables.get(id).ok_or_else(|| RouteError::TableNotFound(id.clone()))?;
        if !table.associations.is_empty() {
            return Err(RouteError::HasDependencies(id.clone()));
        }
        self.route_tables.remove(id);
        self.touch();
        Ok(())
    }

    /// Whether a route leads anywhere.
    pub fn route_state(&self, table: &RouteTable, route: &Route) -> RouteState {
        let is_there = self.is_target_there(&table.vpc_id, &route.target);
        if is_there { RouteState::Active } else { RouteState::Blackhole }
    }

    /// Makes a VPC's main route table.
    pub(crate) fn create_main_route_table(
        &mut self,
        cx: &mut Context,
        vpc_id: &VpcId,
        blocks: &[IpNet],
    ) -> RouteTableId {
        let id = self.insert_route_table(cx, vpc_id, blocks, Tags::new());
        self.insert_association(cx, &id, TableUser::Main);
        id
    }

    fn insert_route_table(&mut self, cx: &mut Context, vpc_id: &VpcId, blocks: &[IpNet], tags: Tags) -> RouteTableId {
        let id: RouteTableId = cx.ids.next();
        let routes = blocks.iter().copied().map(Route::local).collect();
        let table = RouteTable {
            id: id.clone(),
            vpc_id: vpc_id.clone(),
            routes,
            associations: Vec::new(),
            propagating_gateways: Vec::new(),
            tags,
        };
        self.route_tables.insert(id.clone(), table);
        id
    }
}
