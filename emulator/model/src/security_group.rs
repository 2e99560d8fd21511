//! Security groups and their rules.
//!
//! See <https://docs.aws.amazon.com/vpc/latest/userguide/vpc-security-groups.html>.

use ipnet::{Ipv4Net, Ipv6Net};

use crate::{PrefixListId, SecurityGroupId, SecurityGroupRuleId, Tags, VpcId};

/// A security group: a stateful allow list for the ENIs that carry it.
#[derive(Debug, Clone)]
pub struct SecurityGroup {
    /// Its id.
    pub id: SecurityGroupId,
    /// Its VPC.
    pub vpc_id: VpcId,
    /// Its name, unique in the VPC.
    pub name: String,
    /// Its description.
    pub description: String,
    /// Its rules, in the order they were added.
    pub rules: Vec<SecurityGroupRule>,
    /// Its tags.
    pub tags: Tags,
}

impl SecurityGroup {
    /// The rules of one direction.
    pub fn rules_of(&self, direction: Direction) -> impl Iterator<Item = &SecurityGroupRule> {
        self.rules.iter().filter(move |rule| rule.direction == direction)
    }
}

/// One rule of a security group: it allows; there are no rules that deny.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecurityGroupRule {
    /// Its id.
    pub id: SecurityGroupRuleId,
    /// Whether it is about arriving or leaving packets.
    pub direction: Direction,
    /// The protocol.
    pub protocol: IpProtocol,
    /// Ports of TCP and UDP; type and code of ICMP. `None` means all.
    pub ports: Option<PortRange>,
    /// The other end.
    pub peer: RulePeer,
    /// Free text.
    pub description: Option<String>,
    /// Its tags.
    pub tags: Tags,
}

/// Seen from the ENI that carries the group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// Arriving packets.
    Ingress,
    /// Leaving packets.
    Egress,
}

/// A protocol as security group rules name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum IpProtocol {
    /// `-1`: every protocol.
    All,
    /// TCP, 6.
    Tcp,
    /// UDP, 17.
    Udp,
    /// ICMP for IPv4, 1.
    Icmp,
    /// ICMP for IPv6, 58.
    Icmpv6,
    /// Any other, by its number.
    Number(u8),
}

/// `FromPort` and `ToPort`: a port range for TCP and UDP, type and code for ICMP where -1 means any.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PortRange {
    /// First port, or ICMP type.
    pub from: i32,
    /// Last port, or ICMP code.
    pub to: i32,
}

/// Whom a rule lets in or out.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RulePeer {
    /// An IPv4 block.
    Ipv4(Ipv4Net),
    /// An IPv6 block.
    Ipv6(Ipv6Net),
    /// Every ENI that carries a group.
    Group(SecurityGroupId),
    /// A managed prefix list.
    PrefixList(PrefixListId),
}
