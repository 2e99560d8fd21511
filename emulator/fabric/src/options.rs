//! What a fabric offers besides the model's resources: addresses of its own where services answer.
//!
//! The exempt ones follow
//! <https://docs.aws.amazon.com/vpc/latest/userguide/vpc-security-groups.html> ("Security groups do not
//! filter traffic destined to and from …").

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::Ipv6Net;

use vpc_model::Vpc;

/// The instance metadata service.
pub const IMDS: Ipv4Addr = Ipv4Addr::new(169, 254, 169, 254);
/// The resolver's link-local address, the same in every VPC.
pub const RESOLVER: Ipv4Addr = Ipv4Addr::new(169, 254, 169, 253);

/// The block of services that have IPv6 addresses, the same in every VPC.
const SERVICES_V6: Ipv6Net = Ipv6Net::new_assert(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0), 32);

pub(crate) const TCP: u8 = 6;
pub(crate) const UDP: u8 = 17;

/// What [`crate::compile()`] and [`crate::reachability()`] have to know besides the model.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Options {
    /// Services in every fabric that security groups apply to (their egress rules: a service has no group).
    pub services: Vec<Service>,
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

/// The services of every VPC that security groups do not apply to: metadata and resolver.
///
/// The time service (169.254.169.123) and DHCP are exempt too; nothing answers there yet.
pub fn exempt(vpc: &Vpc) -> Vec<Service> {
    let mut services = vec![Service::tcp(IMDS, 80)];
    for address in [RESOLVER, vpc.resolver()].map(IpAddr::V4) {
        services.extend([TCP, UDP].map(|protocol| Service { address, protocol, port: 53 }));
    }
    services
}
