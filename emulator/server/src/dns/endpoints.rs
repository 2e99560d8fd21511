//! Names that lead to VPC endpoints, and those of the services behind gateway endpoints.
//!
//! See <https://docs.aws.amazon.com/vpc/latest/privatelink/create-interface-endpoint.html> and
//! <https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-s3.html>.

use std::net::IpAddr;

use vpc_model::{DnsRecordIpType, EndpointType, NetworkInterface, VpcEndpoint};

use super::zone::{Answer, Zones, is_within};

/// Services whose public addresses are in a prefix list of AWS's.
pub(crate) const GATEWAY_SERVICES: &[&str] = &["s3", "dynamodb"];

impl Zones<'_> {
    /// The endpoint of this VPC that a service's own name leads to: that name, and its addresses.
    pub(super) fn private_endpoint(&self, name: &str) -> Option<(String, Answer)> {
        let working = self.working().filter(|endpoint| endpoint.vpc_id == self.vpc.id && endpoint.private_dns);
        let found = working.flat_map(|endpoint| {
            let service = self.model.endpoint_service(&endpoint.service_id);
            let names = service.map(|service| service.private_names).unwrap_or_default();
            names.into_iter().map(move |name| (name, endpoint))
        });
        let found = found.filter(|(of, _)| matches(of, name));
        let (of, endpoint) = found.max_by_key(|(of, _)| of.len())?;
        let answer = self.to(endpoint, name, None);
        Some((of, answer))
    }

    /// What an endpoint's own name leads to; such names are public, so any VPC may ask.
    pub(super) fn endpoint(&self, name: &str) -> Option<Answer> {
        if !name.contains("vpce-") {
            return None;
        }
        self.working().find_map(|endpoint| {
            let service = self.model.endpoint_service(&endpoint.service_id);
            let private = service.map(|service| service.private_names).unwrap_or_default();
            let entries = self.model.dns_entries(endpoint).into_iter().map(|entry| entry.name);
            let own = entries.filter(|entry| !private.contains(entry)).collect::<Vec<_>>();
            let at = own.iter().position(|entry| matches(entry, name))?;
            // The first is the region's; then they are in the order of the subnets.
            let subnet = at.checked_sub(1).map(|at| endpoint.interfaces[at].0.clone());
            let zone = subnet.and_then(|subnet| Some(self.model.subnet(&subnet)?.zone.0.clone()));
            Some(self.to(endpoint, name, zone.as_deref()))
        })
    }

    /// Services behind gateway endpoints have public addresses, whether there is an endpoint or not.
    pub(super) fn gateway_service(&self, name: &str) -> Option<Answer> {
        let region = &self.model.region().0;
        let service = GATEWAY_SERVICES.iter().find(|service| {
            let zone = format!("{service}.{region}.amazonaws.com");
            is_within(name, &zone) || (**service == "s3" && is_within(name, "s3.amazonaws.com"))
        })?;
        let list = format!("com.amazonaws.{region}.{service}");
        let list = self.model.prefix_lists().find(|known| known.name == list)?;
        let block = list.entries().keys().next()?;
        // The block's own address is no host's.
        Some(Answer::addresses(name, block.hosts().next()))
    }

    fn working(&self) -> impl Iterator<Item = &VpcEndpoint> {
        let endpoints = self.model.vpc_endpoints();
        endpoints.filter(|endpoint| endpoint.kind == EndpointType::Interface && endpoint.is_working())
    }

    /// The addresses of an endpoint's ENIs, of all zones or one.
    fn to(&self, endpoint: &VpcEndpoint, zone: &str, in_zone: Option<&str>) -> Answer {
        let enis = endpoint.interfaces.iter().filter_map(|(_, eni)| self.model.network_interface(eni));
        let enis = enis.filter(|eni| in_zone.is_none_or(|zone| eni.zone.0 == zone));
        let kind = endpoint.dns_options.record_ip_type;
        Answer::addresses(zone, enis.flat_map(|eni| addresses(eni, kind)).collect::<Vec<_>>())
    }
}

/// An ENI's addresses, of the versions that records are wanted of.
fn addresses(eni: &NetworkInterface, kind: DnsRecordIpType) -> Vec<IpAddr> {
    let v4 = eni.private_ips.iter().map(|ip| IpAddr::V4(ip.address));
    let v6 = eni.ipv6_addresses.iter().map(|address| IpAddr::V6(*address));
    match kind {
        DnsRecordIpType::Ipv4 => v4.collect(),
        DnsRecordIpType::Ipv6 => v6.collect(),
        DnsRecordIpType::Dualstack | DnsRecordIpType::ServiceDefined => v4.chain(v6).collect(),
    }
}

/// Whether a name is the one of an entry; `*` stands for one label or more.
fn matches(entry: &str, name: &str) -> bool {
    match entry.strip_prefix("*.") {
        Some(zone) => name != zone && is_within(name, zone),
        None => entry == name,
    }
}
