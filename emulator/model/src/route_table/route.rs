//! Adding, replacing and removing routes.
//!
//! See <https://docs.aws.amazon.com/vpc/latest/userguide/WorkWithRouteTables.html>.

use std::net::{Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use super::{Destination, Route, RouteError, RouteOrigin, RouteTable, RouteTarget};
use crate::{Model, PrefixListId, RouteTableId, VpcId};

/// What AWS keeps for its own services in every VPC.
const RESERVED: [IpNet; 2] = [
    IpNet::V4(Ipv4Net::new_assert(Ipv4Addr::new(169, 254, 168, 0), 22)),
    IpNet::V6(Ipv6Net::new_assert(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0), 32)),
];

impl Model {
    /// Adds a route.
    pub fn create_route(
        &mut self,
        id: &RouteTableId,
        to: impl Into<Destination>,
        target: RouteTarget,
    ) -> Result<(), RouteError> {
        let destination = to.into().trunc();
        let table = self.checked_table(id, &destination, &target)?;
        if target == RouteTarget::Local {
            // Local routes come with the table; none can be added.
            return Err(RouteError::TargetNotFound(target));
        }
        if table.routes.iter().any(|route| route.destination == destination) {
            return Err(RouteError::Exists(destination));
        }
        if self.route_count(table, &destination, None) + self.route_weight(&destination) > self.quotas.routes_per_table
        {
            return Err(RouteError::TooManyRoutes(id.clone()));
        }
        self.table_mut(id)?.routes.push(Route { destination, target, origin: RouteOrigin::CreateRoute });
        self.touch();
        Ok(())
    }

    /// Gives a route another target. Only a local route can have the local target again.
    pub fn replace_route(
        &mut self,
        id: &RouteTableId,
        to: impl Into<Destination>,
        target: RouteTarget,
    ) -> Result<(), RouteError> {
        let destination = to.into().trunc();
        self.checked_table(id, &destination, &target)?;
        let mut routes = self.table_mut(id)?.routes.iter_mut();
        let route = routes.find(|route| route.destination == destination);
        let route = route.ok_or(RouteError::NothingToReplace(destination))?;
        if target == RouteTarget::Local && route.origin != RouteOrigin::CreateRouteTable {
            return Err(RouteError::NotLocal(route.destination.clone()));
        }
        if route.is_endpoints() {
            return Err(RouteError::EndpointRoute { table: id.clone(), destination: route.destination.clone() });
        }
        route.target = target;
        self.touch();
        Ok(())
    }

    /// Removes a route.
    pub fn delete_route(&mut self, id: &RouteTableId, to: impl Into<Destination>) -> Result<(), RouteError> {
        let destination = to.into().trunc();
        let table = self.table_mut(id)?;
        let at = table.routes.iter().position(|route| route.destination == destination);
        let Some(at) = at else { return Err(RouteError::NotFound { table: id.clone(), destination }) };
        if table.routes[at].origin == RouteOrigin::CreateRouteTable {
            return Err(RouteError::Local(destination));
        }
        if table.routes[at].is_endpoints() {
            return Err(RouteError::EndpointRoute { table: id.clone(), destination });
        }
        table.routes.remove(at);
        self.touch();
        Ok(())
    }

    /// The tables with routes that name a prefix list.
    pub fn route_tables_with(&self, list: &PrefixListId) -> Vec<&RouteTableId> {
        let names = |table: &&RouteTable| {
            table.routes.iter().any(|route| matches!(&route.destination, Destination::PrefixList(id) if id == list))
        };
        self.route_tables.values().filter(names).map(|table| &table.id).collect()
    }

    /// For how many routes of a destination's IP version a table's count, were a prefix list of another size.
    pub(crate) fn route_count(
        &self,
        table: &RouteTable,
        like: &Destination,
        resized: Option<(&PrefixListId, usize)>,
    ) -> usize {
        let is_ipv6 = self.is_ipv6(like);
        let counted = table.routes.iter().filter(|route| route.origin == RouteOrigin::CreateRoute);
        let counted = counted.filter(|route| !route.is_endpoints() && self.is_ipv6(&route.destination) == is_ipv6);
        let weight = |route: &Route| match (&route.destination, resized) {
            (Destination::PrefixList(id), Some((list, size))) if id == list => size,
            (destination, _) => self.route_weight(destination),
        };
        counted.map(weight).sum()
    }

    pub(super) fn table_mut(&mut self, id: &RouteTableId) -> Result<&mut RouteTable, RouteError> {
        self.route_tables.get_mut(id).ok_or_else(|| RouteError::TableNotFound(id.clone()))
    }

    /// Checks that a table can have a route: the destination possible, the target there, and in the table's VPC.
    fn checked_table(
        &self,
        id: &RouteTableId,
        destination: &Destination,
        target: &RouteTarget,
    ) -> Result<&RouteTable, RouteError> {
        let table = self.route_tables.get(id).ok_or_else(|| RouteError::TableNotFound(id.clone()))?;
        match destination {
            Destination::Block(block) => self.check_block(&table.vpc_id, *block, target)?,
            Destination::PrefixList(list) if !self.is_prefix_list_usable(list) => {
                return Err(RouteError::PrefixListNotFound(list.clone()));
            }
            // Gateway endpoints put these routes into tables themselves.
            Destination::PrefixList(_) if matches!(target, RouteTarget::VpcEndpoint(_)) => {
                return Err(RouteError::EndpointRoute { table: id.clone(), destination: destination.clone() });
            }
            Destination::PrefixList(_) => {}
        }
        if table.is_gateways() {
            self.check_gateways_route(table, destination, target)?;
        }
        self.check_target(table, self.is_ipv6(destination), target)?;
        Ok(table)
    }

    /// Checks a block that is, or is a part of, one of the VPC's own: packets to a subnet can make a detour, no others.
    fn check_block(&self, vpc_id: &VpcId, block: IpNet, target: &RouteTarget) -> Result<(), RouteError> {
        if RESERVED.iter().any(|reserved| reserved.contains(&block)) {
            return Err(RouteError::Reserved(block));
        }
        let Some(vpc) = self.vpcs.get(vpc_id) else { return Ok(()) };
        let ipv4 = vpc.cidr_associations.iter().map(|(_, own)| IpNet::V4(*own));
        let mut own = ipv4.chain(vpc.ipv6_cidr_blocks().map(IpNet::V6)).filter(|own| own.contains(&block)).peekable();
        if own.peek().is_none() {
            return Ok(());
        }
        let takes_detours = matches!(
            target,
            RouteTarget::Local
                | RouteTarget::NetworkInterface(_)
                | RouteTarget::NatGateway(_)
                | RouteTarget::VpcEndpoint(_)
        );
        if !takes_detours {
            return Err(RouteError::WithinVpc(block));
        }
        let is_subnets = self.subnets_of(vpc_id).any(|subnet| {
            subnet.cidr_block.map(IpNet::V4) == Some(block)
                || subnet.ipv6_cidr_blocks().any(|own| IpNet::V6(own) == block)
        });
        if is_subnets || own.any(|own| own == block) { Ok(()) } else { Err(RouteError::NoSubnets(block)) }
    }
}
