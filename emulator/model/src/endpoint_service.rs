//! Endpoint services: what VPC endpoints lead to.
//!
//! See <https://docs.aws.amazon.com/vpc/latest/privatelink/aws-services-privatelink-support.html>.

mod aws;
mod connection;
mod error;
mod notification;
mod own;
mod permission;
#[cfg(test)]
mod tests;

use std::fmt;

pub use self::error::EndpointServiceError;
pub use self::notification::{ConnectionNotification, Noticed};
pub use self::own::{EndpointService, EndpointServiceChange, NewEndpointService, PrivateName};
pub use self::permission::AllowedPrincipal;
use crate::{AccountId, EndpointServiceId, Model, Tags, Zone};

/// How a VPC gets to a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum EndpointType {
    /// By ENIs in its subnets.
    Interface,
    /// By routes to the service's addresses.
    Gateway,
    /// By an ENI that routes name, to appliances that look at the packets.
    GatewayLoadBalancer,
}

impl EndpointType {
    /// Its name as EC2 writes it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Interface => "Interface",
            Self::Gateway => "Gateway",
            Self::GatewayLoadBalancer => "GatewayLoadBalancer",
        }
    }
}

impl fmt::Display for EndpointType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A version of IP that a service can be spoken to in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum IpFamily {
    /// IPv4.
    Ipv4,
    /// IPv6.
    Ipv6,
}

impl fmt::Display for IpFamily {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ipv4 => "ipv4",
            Self::Ipv6 => "ipv6",
        })
    }
}

/// A service as those see it who may want an endpoint to it.
#[derive(Debug, Clone)]
pub struct ServiceDetail {
    /// Its id.
    pub id: EndpointServiceId,
    /// Its name; a service with endpoints of two types has two details of one name.
    pub name: String,
    /// How VPCs get to it.
    pub kind: EndpointType,
    /// The zones it is in.
    pub zones: Vec<Zone>,
    /// Who offers it; `None` for AWS.
    pub owner: Option<AccountId>,
    /// What the names of endpoints end in.
    pub base_names: Vec<String>,
    /// The names it has in VPCs whose endpoints have private DNS.
    pub private_names: Vec<String>,
    /// Whether the owner has shown that these names are theirs, as EC2 writes it.
    pub verification: Option<&'static str>,
    /// Whether endpoints can have policies.
    pub has_policies: bool,
    /// Whether the owner has to accept each endpoint.
    pub acceptance_required: bool,
    /// The versions of IP it speaks.
    pub ip_families: Vec<IpFamily>,
    /// Whether the owner pays for endpoints.
    pub owner_pays: bool,
    /// Its tags, which the owner alone sees.
    pub tags: Tags,
}

impl Model {
    /// All services that a VPC here can have an endpoint to.
    pub fn endpoint_services(&self) -> Vec<ServiceDetail> {
        let own = self.offered_services.values().map(|service| self.detail_of(service));
        aws::services(&self.region).into_iter().chain(own).collect()
    }

    /// One of them by its id.
    pub fn endpoint_service(&self, id: &EndpointServiceId) -> Option<ServiceDetail> {
        self.endpoint_services().into_iter().find(|service| service.id == *id)
    }
}
