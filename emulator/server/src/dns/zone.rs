//! What the resolver of one VPC knows.

use std::net::{IpAddr, Ipv4Addr};

use simple_dns::Name;
use simple_dns::rdata::{PTR, RData};
use vpc_model::{Model, Vpc};

use super::hosted::HostedZone;
use crate::config::{EC2_ENDPOINT, FabricService};

/// How long answers may be cached; EC2's private names carry a minute too.
pub(super) const TTL_SECONDS: u32 = 60;

/// What the resolver of one VPC knows.
#[derive(Debug, Clone, Copy)]
pub struct Zones<'a> {
    /// The VPC's account and region.
    pub model: &'a Model,
    /// The VPC.
    pub vpc: &'a Vpc,
    /// Further services of the fabric.
    pub services: &'a [FabricService],
    /// Private hosted zones, of this VPC and others.
    pub hosted: &'a [HostedZone],
    /// Whether somebody else may be asked about what is not ours.
    pub forwards: bool,
}

/// What there is to know about a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// The name is there; it may have no records.
    Found {
        /// Its records, of all types.
        records: Vec<RData<'static>>,
        /// How long they may be cached, in seconds.
        ttl: u32,
        /// The zone it is in.
        zone: String,
    },
    /// The name would be in a zone of ours, but is not.
    NoSuchName {
        /// The zone.
        zone: String,
    },
    /// The name is in no zone of ours.
    NotOurs,
}

impl Answer {
    /// Addresses of a host.
    pub(super) fn addresses(zone: impl Into<String>, addresses: impl IntoIterator<Item = IpAddr>) -> Self {
        let record = |address| match address {
            IpAddr::V4(address) => RData::A(address.into()),
            IpAddr::V6(address) => RData::AAAA(address.into()),
        };
        Self::records(zone, addresses.into_iter().map(record).collect())
    }

    /// The name of an address.
    pub(super) fn name(zone: impl Into<String>, name: &str) -> Self {
        let name = Name::new(name).map(Name::into_owned).into_iter();
        Self::records(zone, name.map(|name| RData::PTR(PTR(name))).collect())
    }

    pub(super) fn records(zone: impl Into<String>, records: Vec<RData<'static>>) -> Self {
        Self::Found { records, ttl: TTL_SECONDS, zone: zone.into() }
    }
}

impl Zones<'_> {
    /// Looks up a name in lower case, without a dot at the end. Private hosted zones and endpoints' private names
    /// come before what AWS itself says; of several zones the most specific one is asked.
    pub fn look_up(&self, name: &str) -> Answer {
        if let Some(address) = self.service(name) {
            return host(name, address);
        }
        let hosted = self.hosted.iter().filter(|zone| zone.is_of(self.vpc) && is_within(name, &zone.name));
        let hosted = hosted.max_by_key(|zone| zone.name.len());
        let endpoint = self.private_endpoint(name);
        match (hosted, endpoint) {
            (Some(zone), Some((of, _))) if zone.name.len() >= of.len() => return zone.look_up(name),
            (_, Some((_, answer))) => return answer,
            (Some(zone), None) => return zone.look_up(name),
            (None, None) => {}
        }
        let builtin = || self.emulated(name).or_else(|| self.endpoint(name)).or_else(|| self.gateway_service(name));
        builtin().unwrap_or_else(|| self.of_addresses(name))
    }

    fn service(&self, name: &str) -> Option<Ipv4Addr> {
        let mut services = self.services.iter();
        services.find(|service| service.name.eq_ignore_ascii_case(name)).map(|service| service.address)
    }

    /// The services that the emulator itself answers for, at the address it has in every VPC.
    fn emulated(&self, name: &str) -> Option<Answer> {
        let region = &self.model.region().0;
        let endpoints = [
            format!("ec2.{region}.amazonaws.com"),
            format!("ec2.{region}.api.aws"),
            format!("sts.{region}.amazonaws.com"),
            "sts.amazonaws.com".to_owned(),
        ];
        endpoints.iter().any(|endpoint| endpoint == name).then(|| host(name, EC2_ENDPOINT))
    }
}

/// A name that is a zone of its own.
fn host(name: &str, address: Ipv4Addr) -> Answer {
    Answer::addresses(name, [address.into()])
}

/// Whether a name is a zone's or below it.
pub(super) fn is_within(name: &str, zone: &str) -> bool {
    name.strip_suffix(zone).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}
