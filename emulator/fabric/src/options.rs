//! What a fabric offers besides the model's resources: addresses of its own where services answer.
//!
//! The exempt ones follow
//! <https://docs.aws.amazon.com/vpc/latest/userguide/vpc-security-groups.html> ("Security groups do not
//! filter traffic destined to and from …").

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::Ipv6Net;

use vpc_model::Vpc;

/// The instance metadata service's addresses, the same in every VPC.
pub const IMDS: [IpAddr; 2] = [link_local(254), service_v6(0x254)];
/// The resolver's addresses, besides its VPC's base plus two.
pub const RESOLVER: [IpAddr; 2] = [link_local(253), service_v6(0x253)];
/// The time service's addresses.
pub const TIME: [IpAddr; 2] = [link_local(123), service_v6(0x123)];

const fn link_local(host: u8) -> IpAddr {
    IpAddr::V4(Ipv4Addr::new(169, 254, 169, host))
}

const fn service_v6(host: u16) -> IpAddr {
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, host))
}

/// The block of services that have IPv6 addresses, the same in every VPC.
const SERVICES_V6: Ipv6Net = Ipv6Net::new_assert(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0), 32);

pub(crate) const TCP: u8 = 6;
pub(crate) const UDP: u8 = 17;

/// What [`crate::compile()`] and [`crate::reachability()`] have to know besides the model.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Options {
    /// Services in every fabric that security groups apply to (their egress rules: a service has no group).
    pub services: Vec<Service>,
    /// Hosts of the internet.
    pub internet_hosts: Vec<InternetHost>,
}

impl Options {
    pub(crate) fn is_internet_host(&self, address: IpAddr) -> bool {
        self.internet_hosts.iter().any(|host| host.address == address)
    }
}

/// A host of the internet: something for instances to talk to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InternetHost {
    /// Its name: up to 12 letters, digits and hyphens.
    pub name: String,
    /// Its address.
    pub address: IpAddr,
}

/// A transport address in the fabric where something answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Service {
    /// Its address, on the fabric's loopback link.
    pub address: IpAddr,
    /// Its protocol's number.
    pub protocol: u8,
    /// Its port.
    pub port: u16,
}

impl Service {
    /// A TCP service.
    pub fn tcp(address: impl Into<IpAddr>, port: u16) -> Self {
        Self { address: address.into(), protocol: TCP, port }
    }
}

/// Whether an address is one of those that AWS's services inside every VPC have.
pub(crate) fn is_service_block(address: Ipv6Addr) -> bool {
    SERVICES_V6.contains(&address)
}

/// The services of every VPC that security groups do not apply to: metadata, resolver and time.
///
/// DHCP is exempt too; it is no packet that is routed, and never comes to where groups are asked.
pub fn exempt(vpc: &Vpc) -> Vec<Service> {
    let udp = |address, port| Service { address, protocol: UDP, port };
    let mut services: Vec<Service> = IMDS.into_iter().map(|address| Service::tcp(address, 80)).collect();
    for address in RESOLVER.into_iter().chain([vpc.resolver().into()]) {
        services.extend([Service::tcp(address, 53), udp(address, 53)]);
    }
    services.extend(TIME.map(|address| udp(address, 123)));
    services
}
