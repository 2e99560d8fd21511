//! Endpoints as a service's owner sees them.

use super::EndpointServiceError;
use crate::{Acceptance, Context, EndpointService, EndpointServiceId, LifeSpan, Model, VpcEndpoint, VpcEndpointId};

impl Model {
    /// The endpoints to services of the account's, with these.
    pub fn endpoint_connections(&self) -> impl Iterator<Item = (&EndpointService, &VpcEndpoint)> {
        let endpoints = self.vpc_endpoints.values();
        endpoints.filter_map(|endpoint| Some((self.offered_services.get(&endpoint.service_id)?, endpoint)))
    }

    /// Accepts an endpoint, which then begins to work.
    pub fn accept_connection(
        &mut self,
        cx: &mut Context,
        service: &EndpointServiceId,
        id: &VpcEndpointId,
    ) -> Result<(), EndpointServiceError> {
        let endpoint = self.connection_mut(service, id)?;
        if endpoint.acceptance == Acceptance::Given {
            return Err(EndpointServiceError::ConnectionState { id: id.clone(), state: endpoint.state() });
        }
        endpoint.acceptance = Acceptance::Given;
        endpoint.span = LifeSpan::begin(cx.now);
        self.touch();
        Ok(())
    }

    /// Rejects an endpoint, even one that works.
    pub fn reject_connection(
        &mut self,
        service: &EndpointServiceId,
        id: &VpcEndpointId,
    ) -> Result<(), EndpointServiceError> {
        let endpoint = self.connection_mut(service, id)?;
        if endpoint.acceptance == Acceptance::Refused {
            return Err(EndpointServiceError::ConnectionState { id: id.clone(), state: endpoint.state() });
        }
        endpoint.acceptance = Acceptance::Refused;
        self.touch();
        Ok(())
    }

    /// Refuses to go on where a service is not the account's.
    pub fn check_offered(&self, id: &EndpointServiceId) -> Result<(), EndpointServiceError> {
        self.offered_service_of(id).map(|_| ())
    }

    fn connection_mut(
        &mut self,
        service: &EndpointServiceId,
        id: &VpcEndpointId,
    ) -> Result<&mut VpcEndpoint, EndpointServiceError> {
        let endpoint = self.vpc_endpoints.get_mut(id).filter(|endpoint| endpoint.service_id == *service);
        let endpoint = endpoint.ok_or_else(|| EndpointServiceError::EndpointNotFound(id.clone()))?;
        if !endpoint.is_alive() {
            return Err(EndpointServiceError::ConnectionState { id: id.clone(), state: endpoint.state() });
        }
        Ok(endpoint)
    }
}
