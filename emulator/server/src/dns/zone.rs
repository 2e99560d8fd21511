//! What the resolver of one VPC knows.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use vpc_model::{InstanceId, Model, Vpc};

use crate::config::{EC2_ENDPOINT, FabricService};

/// What the resolver of one VPC knows.
#[derive(Debug, Clone, Copy)]
pub struct Zones<'a> {
    /// The VPC's account and region.
    pub model: &'a Model,
    /// The VPC.
    pub vpc: &'a Vpc,
    /// Further services of the fabric.
    pub services: &'a [FabricService],
}

/// What there is to know about a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// A host; either list may be empty.
    Host {
        /// Its IPv4 addresses.
        ipv4: Vec<Ipv4Addr>,
        /// Its IPv6 addresses.
        ipv6: Vec<Ipv6Addr>,
    },
    /// The name of an address.
    Name(String),
    /// The name would be in a zone of ours, but is not.
    NoSuchName {
        /// The zone.
        zone: String,
    },
    /// The name is in no zone of ours.
    NotOurs,
}

impl Zones<'_> {
    /// Looks up a name in lower case, without a dot at the end.
    pub fn look_up(&self, name: &str) -> Answer {
        if let Some(address) = self.service(name) {
            return host(address);
        }
        let domain = self.model.region().internal_domain();
        if let Some(rest) = name.strip_suffix(&domain) {
            return match rest.strip_suffix('.') {
                Some(label) => self.private(label).unwrap_or(Answer::NoSuchName { zone: domain }),
                None if rest.is_empty() => Answer::Host { ipv4: Vec::new(), ipv6: Vec::new() },
                None => Answer::NotOurs,
            };
        }
        match name.strip_suffix(".in-addr.arpa").and_then(reversed) {
            Some(address) if self.vpc.cidr_associations.iter().any(|(_, block)| block.contains(&address)) => {
                self.reverse(address)
            }
            _ => Answer::NotOurs,
        }
    }

    fn service(&self, name: &str) -> Option<Ipv4Addr> {
        let region = &self.model.region().0;
        let endpoints = [
            format!("ec2.{region}.amazonaws.com"),
            format!("ec2.{region}.api.aws"),
            format!("sts.{region}.amazonaws.com"),
            "sts.amazonaws.com".to_owned(),
        ];
        if endpoints.iter().any(|endpoint| endpoint == name) {
            return Some(EC2_ENDPOINT);
        }
        self.services.iter().find(|service| service.name.eq_ignore_ascii_case(name)).map(|service| service.address)
    }

    /// `ip-10-0-1-5` stands for that address as long as an ENI has it, `i-0abc…` for an instance.
    fn private(&self, label: &str) -> Option<Answer> {
        if let Some(address) = address_of_label(label) {
            return self.model.eni_by_address(&self.vpc.id, IpAddr::V4(address)).map(|_| host(address));
        }
        let id: InstanceId = label.parse().ok()?;
        let instance = self.model.instance(&id).filter(|instance| instance.vpc_id == self.vpc.id)?;
        let primary = self
            .model
            .interfaces_of(&instance.id)
            .find(|eni| eni.attachment.as_ref().is_some_and(|attachment| attachment.device_index == 0))?;
        Some(Answer::Host {
            ipv4: primary.primary_ip().into_iter().collect(),
            ipv6: primary.ipv6_addresses.first().copied().into_iter().collect(),
        })
    }

    fn reverse(&self, address: Ipv4Addr) -> Answer {
        match self.model.eni_by_address(&self.vpc.id, IpAddr::V4(address)) {
            Some(_) => Answer::Name(self.model.region().private_dns_name(address)),
            None => Answer::NoSuchName { zone: "in-addr.arpa".to_owned() },
        }
    }
}

fn host(address: Ipv4Addr) -> Answer {
    Answer::Host { ipv4: vec![address], ipv6: Vec::new() }
}

/// `5.1.0.10` is 10.0.1.5.
fn reversed(labels: &str) -> Option<Ipv4Addr> {
    let address: Ipv4Addr = labels.parse().ok()?;
    let [d, c, b, a] = address.octets();
    Some(Ipv4Addr::new(a, b, c, d))
}

/// The address that the first label of a private name stands for.
fn address_of_label(label: &str) -> Option<Ipv4Addr> {
    let mut octets = [0; 4];
    let mut parts = label.strip_prefix("ip-")?.split('-');
    for octet in &mut octets {
        let part = parts.next().filter(|part| part.bytes().all(|byte| byte.is_ascii_digit()))?;
        *octet = part.parse().ok()?;
    }
    parts.next().is_none().then(|| Ipv4Addr::from(octets))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::plain("ip-10-0-1-5", Some([10, 0, 1, 5]))]
    #[case::too_big("ip-10-0-1-256", None)]
    #[case::too_short("ip-10-0-1", None)]
    #[case::too_long("ip-10-0-1-5-6", None)]
    #[case::sign("ip-10-0-1-+5", None)]
    #[case::other("db", None)]
    fn address_of_a_label(#[case] label: &str, #[case] octets: Option<[u8; 4]>) {
        assert_eq!(address_of_label(label), octets.map(Ipv4Addr::from));
    }
}
