//! The way of a packet, as far as it comes.

use std::fmt;
use std::net::IpAddr;

use ipnet::IpNet;
use vpc_model::{
    Destination, Direction, NatGatewayId, NetworkAclId, NetworkInterfaceId, Route, RouteTable, RouteTableId,
    SecurityGroup, SecurityGroupId, SecurityGroupRule, SecurityGroupRuleId, TransitGatewayAttachmentId,
    TransitGatewayRouteTableId, VpcEndpointId,
};

use super::{Packet, Reason, Verdict};

/// What a packet passes, in order, and what becomes of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Path {
    /// What it passes. One that is denied ends with the last that let it pass.
    pub hops: Vec<Hop>,
    /// What becomes of it.
    pub verdict: Verdict,
}

/// Something that a packet passes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hop {
    /// The ENI that sends it.
    Leaves(NetworkInterfaceId),
    /// A rule of a security group lets it out or in.
    Group {
        /// The group.
        group: SecurityGroupId,
        /// The rule.
        rule: SecurityGroupRuleId,
        /// Out or in.
        direction: Direction,
    },
    /// An entry of a network ACL lets it leave or enter a subnet.
    NetworkAcl {
        /// The ACL.
        acl: NetworkAclId,
        /// The entry's number.
        entry: u16,
        /// Leave or enter.
        direction: Direction,
    },
    /// A route says where it goes.
    Route {
        /// The route's table.
        table: RouteTableId,
        /// What the route is about: a block or a prefix list.
        destination: String,
        /// Its target.
        target: String,
    },
    /// The internet gateway changes an address of the packet.
    Translated {
        /// What it was.
        from: IpAddr,
        /// What it becomes.
        to: IpAddr,
    },
    /// A NAT gateway changes the packet's source.
    NatGateway {
        /// The gateway.
        gateway: NatGatewayId,
        /// The source that it was.
        from: IpAddr,
        /// What it becomes.
        to: IpAddr,
    },
    /// A transit gateway hands it to an attachment.
    TransitGateway {
        /// The gateway's table.
        table: TransitGatewayRouteTableId,
        /// The block that the route is about.
        destination: IpNet,
        /// The attachment.
        attachment: TransitGatewayAttachmentId,
    },
    /// A host of the internet.
    Internet(IpAddr),
    /// The service behind a gateway endpoint.
    Endpoint(VpcEndpointId),
    /// A service of the VPC answers.
    Service(IpAddr),
    /// The ENI that it reaches.
    Arrives(NetworkInterfaceId),
}

impl Path {
    /// The path that a decision notes on its way.
    pub(super) fn of(decide: impl FnOnce(&mut Vec<Hop>) -> Result<Verdict, Reason>) -> Self {
        let mut hops = Vec::new();
        let verdict = decide(&mut hops).unwrap_or_else(|by| Verdict::Denied { by });
        Self { hops, verdict }
    }

    /// The source and destination that a packet has at the end of this path. Where it has passed a NAT gateway, which may have
    /// several addresses, no source is given.
    pub fn addresses_at_end(&self, packet: &Packet) -> (Option<IpAddr>, IpAddr) {
        let begin = (Some(packet.source), packet.destination);
        self.hops.iter().fold(begin, |(source, destination), hop| match hop {
            Hop::NatGateway { .. } => (None, destination),
            Hop::Translated { from, to } if *from == destination => (source, *to),
            Hop::Translated { from, to } if source == Some(*from) => (Some(*to), destination),
            _ => (source, destination),
        })
    }
}

impl Hop {
    pub(super) fn group((group, rule): (&SecurityGroup, &SecurityGroupRule)) -> Self {
        Self::Group { group: group.id.clone(), rule: rule.id.clone(), direction: rule.direction }
    }

    pub(super) fn route(table: &RouteTable, route: &Route) -> Self {
        let destination = match &route.destination {
            Destination::Block(block) => block.to_string(),
            Destination::PrefixList(list) => list.to_string(),
        };
        Self::Route { table: table.id.clone(), destination, target: route.target.to_string() }
    }
}

impl fmt::Display for Hop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Leaves(eni) => write!(f, "leaves {eni}"),
            Self::Group { group, rule, direction: Direction::Egress } => write!(f, "let out by {rule} of {group}"),
            Self::Group { group, rule, direction: Direction::Ingress } => write!(f, "let in by {rule} of {group}"),
            Self::NetworkAcl { acl, entry, direction: Direction::Egress } => {
                write!(f, "leaves the subnet by entry {entry} of {acl}")
            }
            Self::NetworkAcl { acl, entry, direction: Direction::Ingress } => {
                write!(f, "enters the subnet by entry {entry} of {acl}")
            }
            Self::Route { table, destination, target } => write!(f, "routed to {target} for {destination} by {table}"),
            Self::Translated { from, to } => write!(f, "{from} becomes {to} at the internet gateway"),
            Self::NatGateway { gateway, from, to } => write!(f, "{from} becomes {to} at {gateway}"),
            Self::TransitGateway { table, destination, attachment } => {
                write!(f, "handed to {attachment} for {destination} by {table}")
            }
            Self::Internet(address) => write!(f, "reaches {address} in the internet"),
            Self::Endpoint(id) => write!(f, "reaches the service behind {id}"),
            Self::Service(address) => write!(f, "reaches the service at {address}"),
            Self::Arrives(eni) => write!(f, "reaches {eni}"),
        }
    }
}
