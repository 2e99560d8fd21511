//! The routes of gateway endpoints: from a table to the addresses of the service.
//!
//! See <https://docs.aws.amazon.com/vpc/latest/privatelink/gateway-endpoints.html>.

use super::{VpcEndpoint, VpcEndpointError};
use crate::{Destination, Model, PrefixListId, Route, RouteOrigin, RouteTableId, RouteTarget, VpcEndpointId};

impl Model {
    /// The route tables that lead to an endpoint.
    pub fn tables_with_endpoint(&self, id: &VpcEndpointId) -> Vec<RouteTableId> {
        let tables = self.route_tables.values().filter(|table| table.routes.iter().any(|route| leads_to(route, id)));
        tables.map(|table| table.id.clone()).collect()
    }

    /// Puts a gateway endpoint's route into a table of its VPC.
    pub(super) fn add_endpoint_route(
        &mut self,
        endpoint: &VpcEndpoint,
        id: &RouteTableId,
    ) -> Result<(), VpcEndpointError> {
        let Some(list) = self.list_of_service(&endpoint.service_name) else { return Ok(()) };
        let table = self.route_tables.get_mut(id).ok_or_else(|| VpcEndpointError::TableNotFound(id.clone()))?;
        if table.vpc_id != endpoint.vpc_id {
            return Err(VpcEndpointError::TableElsewhere(id.clone()));
        }
        let destination = Destination::PrefixList(list.clone());
        if table.routes.iter().any(|route| route.destination == destination) {
            return Err(VpcEndpointError::RouteExists { table: id.clone(), list });
        }
        let target = RouteTarget::VpcEndpoint(endpoint.id.clone());
        table.routes.push(Route { destination, target, origin: RouteOrigin::CreateRoute });
        Ok(())
    }

    /// Takes a gateway endpoint's route out of a table. Whether there was one.
    pub(super) fn remove_endpoint_route(&mut self, table: &RouteTableId, id: &VpcEndpointId) -> bool {
        let Some(table) = self.route_tables.get_mut(table) else { return false };
        let before = table.routes.len();
        table.routes.retain(|route| !leads_to(route, id));
        table.routes.len() < before
    }

    /// The list of a service's addresses.
    fn list_of_service(&self, name: &str) -> Option<PrefixListId> {
        self.prefix_lists.values().find(|list| list.is_aws && list.name == name).map(|list| list.id.clone())
    }
}

fn leads_to(route: &Route, id: &VpcEndpointId) -> bool {
    matches!(&route.target, RouteTarget::VpcEndpoint(target) if target == id)
}
