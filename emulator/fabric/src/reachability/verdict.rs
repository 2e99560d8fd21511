//! A packet, and what becomes of it.

use std::fmt;
use std::net::IpAddr;

use vpc_model::{
    Direction, Mac, NetworkAclId, NetworkInterfaceId, SecurityGroupId, SecurityGroupRuleId, SubnetId, TransitGatewayId,
    ZoneName,
};

/// A packet as an ENI sends it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packet {
    /// The ENI whose wire it comes from; of a trunk, the branch whose tag it carries.
    pub sender: NetworkInterfaceId,
    /// The Ethernet address it claims to come from, if that is not the ENI's.
    pub ethernet_source: Option<Mac>,
    /// The IP address it claims to come from.
    pub source: IpAddr,
    /// Where it is going.
    pub destination: IpAddr,
    /// What it carries.
    pub payload: Payload,
}

impl Packet {
    /// The packet that answers this one, as an ENI sends it.
    pub(super) fn answer(&self, sender: NetworkInterfaceId, payload: Payload) -> Self {
        Self { sender, ethernet_source: None, source: self.destination, destination: self.source, payload }
    }
}

/// A packet's protocol, with what security group rules look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Payload {
    /// TCP to a port.
    Tcp(u16),
    /// UDP to a port.
    Udp(u16),
    /// ICMP for IPv4.
    Icmp {
        /// Its type.
        kind: u8,
        /// Its code.
        code: u8,
    },
    /// ICMP for IPv6.
    Icmpv6 {
        /// Its type.
        kind: u8,
        /// Its code.
        code: u8,
    },
    /// Any other protocol, by its number.
    Other(u8),
}

impl Payload {
    /// What the answer carries, to the port that the question came from.
    pub(super) fn reply(self, port: u16) -> Self {
        match self {
            Self::Tcp(_) => Self::Tcp(port),
            Self::Udp(_) => Self::Udp(port),
            Self::Icmp { kind: 8, code } => Self::Icmp { kind: 0, code },
            Self::Icmp { kind: kind @ (13 | 15 | 17), code } => Self::Icmp { kind: kind + 1, code },
            Self::Icmpv6 { kind: 128, code } => Self::Icmpv6 { kind: 129, code },
            other => other,
        }
    }
}

/// What becomes of a packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It arrives.
    Allowed {
        /// The rule of the sender's groups that lets it out; none is asked for exempt services.
        egress: Option<SecurityGroupRuleId>,
        /// The rule of the receiver's groups that lets it in; services have no groups.
        ingress: Option<SecurityGroupRuleId>,
    },
    /// It is dropped.
    Denied {
        /// What decides.
        by: Reason,
    },
}

/// Why a packet is dropped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// The ENI is neither attached to a running instance nor a branch of one that is.
    NotAttached(NetworkInterfaceId),
    /// The sender does not own the source address.
    SpoofedSource,
    /// No egress rule of these groups allows it.
    Egress(Vec<SecurityGroupId>),
    /// No ingress rule of these groups allows it.
    Ingress(Vec<SecurityGroupId>),
    /// An entry of a network ACL at a subnet's edge.
    NetworkAcl {
        /// The ACL.
        acl: NetworkAclId,
        /// Whether it is asked about what leaves its subnet or what enters.
        direction: Direction,
        /// The number of the entry that denies it.
        entry: u16,
    },
    /// No route leads there, or one to a gateway that is not built.
    NoRoute,
    /// The internet gateway has no public address for the sender's.
    NotPublic(IpAddr),
    /// VPC Block Public Access keeps it from the subnet.
    PublicAccess(SubnetId),
    /// Nobody in the internet has the address.
    NobodyInInternet,
    /// No ENI has the address, though it is a VPC's.
    NobodyThere,
    /// The route's ENI does not own the destination and checks it.
    DestinationCheck(NetworkInterfaceId),
    /// The ENI is a gateway's, which nobody can begin a connection with.
    Gateway(NetworkInterfaceId),
    /// The transit gateway has no ENI in the zone that the packet comes from.
    NotInZone(TransitGatewayId, ZoneName),
    /// NAT gateways pass on TCP, UDP and of ICMP what asks; this is something else.
    NotTranslated,
    /// Nothing answers at this address and port of the VPC's own.
    NoService,
}

impl Verdict {
    /// Whether the packet arrives.
    pub fn is_allowed(&self) -> bool {
        matches!(self, Self::Allowed { .. })
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list =
            |groups: &[SecurityGroupId]| groups.iter().map(SecurityGroupId::as_str).collect::<Vec<_>>().join(", ");
        match self {
            Self::Allowed { egress: Some(egress), ingress: Some(ingress) } => {
                write!(f, "allowed out by {egress} and in by {ingress}")
            }
            Self::Allowed { egress: Some(egress), ingress: None } => write!(f, "allowed out by {egress}"),
            Self::Allowed { .. } => f.write_str("allowed: no security group is asked"),
            Self::Denied { by } => match by {
                Reason::NotAttached(eni) => write!(f, "denied: {eni} is not attached"),
                Reason::SpoofedSource => f.write_str("denied: the sender does not own the source address"),
                Reason::Egress(groups) => write!(f, "denied: no egress rule of {} allows it", list(groups)),
                Reason::Ingress(groups) => write!(f, "denied: no ingress rule of {} allows it", list(groups)),
                Reason::NetworkAcl { acl, direction, entry } => {
                    let verb = if *direction == Direction::Egress { "leave" } else { "enter" };
                    write!(f, "denied: entry {entry} of {acl} does not let it {verb} the subnet")
                }
                Reason::NoRoute => f.write_str("denied: no route leads there"),
                Reason::NotPublic(address) => write!(f, "denied: {address} has no public address"),
                Reason::PublicAccess(subnet) => write!(f, "denied: VPC Block Public Access keeps it from {subnet}"),
                Reason::NobodyInInternet => f.write_str("denied: nobody in the internet has the destination address"),
                Reason::NobodyThere => f.write_str("denied: no network interface has the destination address"),
                Reason::DestinationCheck(eni) => write!(f, "denied: {eni} does not own the destination address"),
                Reason::Gateway(eni) => write!(f, "denied: {eni} is a gateway's, which takes no connections"),
                Reason::NotInZone(gateway, zone) => {
                    write!(f, "denied: the VPC's attachment to {gateway} has no subnet in {}", zone.0)
                }
                Reason::NotTranslated => f.write_str("denied: a NAT gateway does not pass this protocol on"),
                Reason::NoService => f.write_str("denied: nothing answers at this port of the VPC's own address"),
            },
        }
    }
}
