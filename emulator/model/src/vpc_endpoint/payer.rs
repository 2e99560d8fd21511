//! Who pays for endpoints.
//!
//! See <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyVpcEndpointPayerResponsibility.html>.

use super::VpcEndpointError;
use crate::{EndpointServiceId, Model, VpcEndpointId};

/// What is paid for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ChargeScope {
    /// The endpoint.
    Endpoint,
    /// The resource gateway behind it.
    ResourceGateway,
}

impl ChargeScope {
    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Endpoint => "vpc-endpoint-charges",
            Self::ResourceGateway => "resource-gateway-charges",
        }
    }
}

/// Whose account pays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Payer {
    /// The endpoint's.
    Endpoint,
    /// The resource gateway's.
    ResourceGateway,
    /// The service's.
    Service,
}

impl Payer {
    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Endpoint => "vpc-endpoint-account",
            Self::ResourceGateway => "resource-gateway-account",
            Self::Service => "vpc-endpoint-service-account",
        }
    }
}

impl Model {
    /// Says who pays for an endpoint. A service, where one is named, has to be the endpoint's.
    pub fn set_endpoint_payer(
        &mut self,
        id: &VpcEndpointId,
        service: Option<&EndpointServiceId>,
        scope: ChargeScope,
        payer: Payer,
    ) -> Result<(), VpcEndpointError> {
        let found = self.vpc_endpoints.get_mut(id).filter(|endpoint| endpoint.is_alive());
        let endpoint = found.ok_or_else(|| VpcEndpointError::NotFound(id.clone()))?;
        if let Some(service) = service.filter(|service| endpoint.service_id != **service) {
            return Err(VpcEndpointError::ServiceNotFound(service.to_string()));
        }
        let fits = match scope {
            ChargeScope::Endpoint => payer != Payer::ResourceGateway,
            ChargeScope::ResourceGateway => payer != Payer::Service,
        };
        if !fits {
            return Err(VpcEndpointError::Payer { scope, payer });
        }
        endpoint.payers.insert(scope, payer);
        self.touch();
        Ok(())
    }
}
