//! The DNS names that endpoints come with, and private DNS.
//!
//! See <https://docs.aws.amazon.com/vpc/latest/privatelink/create-interface-endpoint.html>.

use super::{Acceptance, VpcEndpoint, VpcEndpointError};
use crate::{EndpointType, Ids, Model, Region, ServiceDetail, VpcId};

/// The hosted zones of endpoints' public names, by region.
const HOSTED_ZONES: &[(&str, &str)] = &[
    ("ap-northeast-1", "Z2E726K9Y6RL4W"),
    ("ap-southeast-1", "Z18LLCSTV4NVNL"),
    ("ap-southeast-2", "ZDK2GCRPAFKGO"),
    ("eu-central-1", "Z273ZU8SZ5RJPC"),
    ("eu-west-1", "Z38GZ743OKFT7T"),
    ("eu-west-2", "Z7K1066E3PUKB"),
    ("us-east-1", "Z7HUB22UULQXV"),
    ("us-east-2", "ZC8PG0KIFKBRI"),
    ("us-west-1", "Z12I86A8N7VCZO"),
    ("us-west-2", "Z1YSA3EXCYUU9Z"),
];

/// The hosted zone where that of a region is not known.
///
/// Deviation: it is another one in each region.
const OTHER_HOSTED_ZONE: &str = "Z1K56Z6FNPJRR";

/// What an endpoint's DNS names are made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndpointNames {
    /// What follows the endpoint's id.
    suffix: String,
    /// What the names end in.
    base: Option<String>,
    /// Whether they are for the names below them too.
    is_wildcard: bool,
    /// The hosted zone of the service's names in the VPC.
    private_zone: String,
}

/// A DNS name of an endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DnsEntry {
    /// The name.
    pub name: String,
    /// Its hosted zone.
    pub hosted_zone: String,
}

impl EndpointNames {
    /// For a new endpoint to a service.
    pub(super) fn new(ids: &mut Ids, service: &ServiceDetail) -> Self {
        Self {
            suffix: random_text(ids, b"abcdefghijklmnopqrstuvwxyz0123456789", 8),
            base: service.base_names.first().cloned(),
            // Buckets are subdomains.
            is_wildcard: service.name.ends_with(".s3"),
            private_zone: format!("Z{}", random_text(ids, b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", 20)),
        }
    }
}

fn random_text(ids: &mut Ids, letters: &[u8], length: usize) -> String {
    let count = letters.len() as u64;
    (0..length).map(|_| char::from(letters[(ids.number() % count) as usize])).collect()
}

impl Model {
    /// An endpoint's DNS names: for the region, for each of its zones, and the service's own ones.
    pub fn dns_entries(&self, endpoint: &VpcEndpoint) -> Vec<DnsEntry> {
        let Some(base) = endpoint.names.base.as_ref().filter(|_| endpoint.kind == EndpointType::Interface) else {
            return Vec::new();
        };
        if endpoint.interfaces.is_empty() {
            return Vec::new();
        }
        let star = if endpoint.names.is_wildcard { "*." } else { "" };
        let start = format!("{star}{}-{}", endpoint.id, endpoint.names.suffix);
        let subnets = endpoint.interfaces.iter().filter_map(|(subnet, _)| self.subnets.get(subnet));
        let zonal = subnets.map(|subnet| format!("{start}-{}.{base}", subnet.zone));
        let public = std::iter::once(format!("{start}.{base}")).chain(zonal);
        let hosted_zone = hosted_zone(&self.region);
        let public = public.map(|name| DnsEntry { name, hosted_zone: hosted_zone.to_owned() });
        let private = self.private_names_of(endpoint).into_iter();
        let private = private.map(|name| DnsEntry { name, hosted_zone: endpoint.names.private_zone.clone() });
        public.chain(private).collect()
    }

    /// The names that lead to an endpoint inside its VPC besides its own.
    fn private_names_of(&self, endpoint: &VpcEndpoint) -> Vec<String> {
        let service = || self.endpoint_service(&endpoint.service_id);
        let names = endpoint.private_dns.then(service).flatten().map(|service| service.private_names);
        names.unwrap_or_default()
    }

    /// Checks that a service's own names can lead to an endpoint inside a VPC.
    pub(super) fn check_private_dns(
        &self,
        endpoint: &VpcEndpoint,
        service: &ServiceDetail,
    ) -> Result<(), VpcEndpointError> {
        let vpc = self.vpcs.get(&endpoint.vpc_id);
        let vpc = vpc.ok_or_else(|| VpcEndpointError::VpcNotFound(endpoint.vpc_id.clone()))?;
        if !(vpc.enable_dns_support && vpc.enable_dns_hostnames) {
            return Err(VpcEndpointError::VpcWithoutDns(vpc.id.clone()));
        }
        if service.private_names.is_empty() {
            return Err(VpcEndpointError::NoPrivateName(service.name.clone()));
        }
        if service.verification != Some("verified") {
            return Err(VpcEndpointError::NotVerified(service.name.clone()));
        }
        if endpoint.acceptance != Acceptance::Given {
            return Err(VpcEndpointError::NotAccepted(service.name.clone()));
        }
        if let Some(name) = self.taken_name(endpoint, service) {
            return Err(VpcEndpointError::NameTaken { name, vpc: vpc.id.clone() });
        }
        if endpoint.dns_options.only_for_inbound_resolver && !self.has_gateway_endpoint(&vpc.id, &service.name) {
            return Err(VpcEndpointError::NoGatewayEndpoint(vpc.id.clone()));
        }
        Ok(())
    }

    /// A name of a service that leads to another endpoint in the VPC.
    fn taken_name(&self, endpoint: &VpcEndpoint, service: &ServiceDetail) -> Option<String> {
        let others = self.vpc_endpoints.values();
        let others = others.filter(|other| {
            other.vpc_id == endpoint.vpc_id && other.id != endpoint.id && other.private_dns && other.is_alive()
        });
        let taken: Vec<String> = others.flat_map(|other| self.private_names_of(other)).collect();
        service.private_names.iter().find(|name| taken.contains(name)).cloned()
    }

    fn has_gateway_endpoint(&self, vpc_id: &VpcId, service: &str) -> bool {
        self.vpc_endpoints.values().any(|other| {
            other.kind == EndpointType::Gateway
                && other.vpc_id == *vpc_id
                && other.service_name == service
                && other.is_alive()
        })
    }
}

fn hosted_zone(region: &Region) -> &'static str {
    HOSTED_ZONES.iter().find(|(known, _)| *known == region.0).map_or(OTHER_HOSTED_ZONE, |(_, zone)| zone)
}
