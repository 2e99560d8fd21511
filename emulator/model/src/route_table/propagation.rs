//! Routes that virtual private gateways propagate: those of their VPN connections.
//!
//! See <https://docs.aws.amazon.com/vpc/latest/userguide/WorkWithRouteTables.html#EnableDisableRouteProp>.

use super::{Route, RouteError, RouteOrigin, RouteTable, RouteTarget};
use crate::{Model, RouteTableId, VpnGatewayId};

impl Model {
    /// Lets a gateway propagate routes to a table.
    pub fn enable_route_propagation(&mut self, id: &RouteTableId, gateway: &VpnGatewayId) -> Result<(), RouteError> {
        let table = self.route_tables.get(id).ok_or_else(|| RouteError::TableNotFound(id.clone()))?;
        let found = self.vpn_gateways.get(gateway).filter(|found| found.is_alive());
        let found = found.ok_or_else(|| RouteError::TargetNotFound(RouteTarget::VpnGateway(gateway.clone())))?;
        if found.vpc_id() != Some(&table.vpc_id) {
            return Err(RouteError::GatewayNotAttached { table: id.clone(), gateway: gateway.clone() });
        }
        if table.is_gateways() {
            return Err(RouteError::PropagatingForGateway(id.clone()));
        }
        if !table.propagating_gateways.contains(gateway) {
            self.table_mut(id)?.propagating_gateways.push(gateway.clone());
            self.touch();
        }
        Ok(())
    }

    /// Ends that a gateway propagates routes to a table.
    pub fn disable_route_propagation(&mut self, id: &RouteTableId, gateway: &VpnGatewayId) -> Result<(), RouteError> {
        if !self.vpn_gateways.contains_key(gateway) {
            return Err(RouteError::TargetNotFound(RouteTarget::VpnGateway(gateway.clone())));
        }
        self.table_mut(id)?.propagating_gateways.retain(|known| known != gateway);
        self.touch();
        Ok(())
    }

    /// A table's own routes and those that gateways propagate to it. Of two to the same destination, its own has
    /// priority, and the other is not shown.
    pub fn all_routes(&self, table: &RouteTable) -> Vec<Route> {
        let mut routes = table.routes.clone();
        for gateway in &table.propagating_gateways {
            for block in self.vpn_routes(gateway) {
                if routes.iter().all(|route| route.destination.block() != Some(block)) {
                    let target = RouteTarget::VpnGateway(gateway.clone());
                    routes.push(Route { destination: block.into(), target, origin: RouteOrigin::Propagation });
                }
            }
        }
        routes
    }
}
