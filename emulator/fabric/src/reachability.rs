//! The packet oracle: whether AWS would deliver a packet, and what decides.
//!
//! Written from the documentation and from the model's own data, independently of [`crate::compile()`]: tests
//! compare what the kernel does with it. The question is about a connection's first packet; security groups let the
//! later packets and replies of a tracked connection pass either way, network ACLs ask for each ([`reply()`]). The
//! documentation followed:
//!
//! - <https://docs.aws.amazon.com/vpc/latest/userguide/nacl-basics.html>
//! - <https://docs.aws.amazon.com/vpc/latest/userguide/vpc-security-groups.html>
//! - <https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html>
//! - <https://docs.aws.amazon.com/vpc/latest/userguide/VPC_Route_Tables.html#route-tables-priority>
//! - <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/using-eni.html> (source/destination checking)

mod network_acl;

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};

use vpc_model::{
    AttachmentStatus, Destination, Direction, InstanceState, IpProtocol, Mac, Model, NetworkAclId, NetworkInterface,
    NetworkInterfaceId, PeeringStatus, PortRange, Route, RouteOrigin, RouteTarget, RulePeer, SecurityGroupId,
    SecurityGroupRule, SecurityGroupRuleId, VpcId,
};

use crate::Options;
use crate::options::{self, Service};

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
    fn reply(self, port: u16) -> Self {
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
    /// No ENI has the address, though it is a VPC's.
    NobodyThere,
    /// The route's ENI does not own the destination and checks it.
    DestinationCheck(NetworkInterfaceId),
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
            Self::Allowed { .. } => f.write_str("allowed: security groups do not apply to this service"),
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
                Reason::NobodyThere => f.write_str("denied: no network interface has the destination address"),
                Reason::DestinationCheck(eni) => write!(f, "denied: {eni} does not own the destination address"),
                Reason::NoService => f.write_str("denied: nothing answers at this port of the VPC's own address"),
            },
        }
    }
}

/// What becomes of the first packet of a connection.
pub fn reachability(model: &Model, options: &Options, packet: &Packet) -> Verdict {
    decide(model, options, packet).unwrap_or_else(|by| Verdict::Denied { by })
}

fn decide(model: &Model, options: &Options, packet: &Packet) -> Result<Verdict, Reason> {
    let not_attached = || Reason::NotAttached(packet.sender.clone());
    let sender = model.network_interface(&packet.sender).ok_or_else(not_attached)?;
    must_be_attached(model, sender)?;
    let is_own_mac = packet.ethernet_source.is_none_or(|mac| mac == sender.mac);
    if !is_own_mac || (sender.source_dest_check && !sender.owns(packet.source)) {
        return Err(Reason::SpoofedSource);
    }
    if is_exempt(model, sender, packet) {
        return Ok(Verdict::Allowed { egress: None, ingress: None });
    }
    let egress = allowing(model, sender, Direction::Egress, packet).ok_or(Reason::Egress(sender.groups.clone()))?;
    if is_vpcs_own(model, options, sender, packet.destination) {
        let answers = options.services.iter().any(|service| is_to(packet, service));
        return if answers {
            network_acl::passes(model, sender, Direction::Egress, packet.destination, packet.payload)?;
            Ok(Verdict::Allowed { egress: Some(egress), ingress: None })
        } else {
            Err(Reason::NoService)
        };
    }
    let receiver = route(model, sender, packet.destination)?;
    must_be_attached(model, receiver)?;
    network_acl::between(model, sender, receiver, packet)?;
    if receiver.source_dest_check && !receiver.owns(packet.destination) {
        return Err(Reason::DestinationCheck(receiver.id.clone()));
    }
    let ingress = allowing(model, receiver, Direction::Ingress, packet);
    let ingress = ingress.ok_or(Reason::Ingress(receiver.groups.clone()))?;
    Ok(Verdict::Allowed { egress: Some(egress), ingress: Some(ingress) })
}

/// What becomes of the answer to a connection's first packet that arrived.
///
/// The port is the one the first packet came from; it matters to TCP and UDP only.
pub fn reply(model: &Model, options: &Options, packet: &Packet, port: u16) -> Verdict {
    decide_reply(model, options, packet, port).unwrap_or_else(|by| Verdict::Denied { by })
}

fn decide_reply(model: &Model, options: &Options, packet: &Packet, port: u16) -> Result<Verdict, Reason> {
    let passes = Verdict::Allowed { egress: None, ingress: None };
    let asker = model.network_interface(&packet.sender).ok_or(Reason::NotAttached(packet.sender.clone()))?;
    if is_exempt(model, asker, packet) {
        return Ok(passes);
    }
    let payload = packet.payload.reply(port);
    if is_vpcs_own(model, options, asker, packet.destination) {
        network_acl::passes(model, asker, Direction::Ingress, packet.destination, payload)?;
        return Ok(passes);
    }
    let answerer = route(model, asker, packet.destination)?;
    let sender = answerer.id.clone();
    let back =
        Packet { sender, ethernet_source: None, source: packet.destination, destination: packet.source, payload };
    network_acl::between(model, answerer, route(model, answerer, packet.source)?, &back)?;
    Ok(passes)
}

/// Traffic flows once the link is asked for: it may be there before `attached` is shown.
fn must_be_attached(model: &Model, eni: &NetworkInterface) -> Result<(), Reason> {
    let trunk = model.trunk_associations().find(|association| association.branch_id == eni.id);
    let carrier = trunk.and_then(|association| model.network_interface(&association.trunk_id)).unwrap_or(eni);
    let attachment = carrier
        .attachment
        .as_ref()
        .filter(|attachment| matches!(attachment.status, AttachmentStatus::Attaching | AttachmentStatus::Attached));
    let instance = attachment.and_then(|attachment| model.instance(&attachment.instance_id));
    match instance.map(|instance| instance.state) {
        Some(InstanceState::Pending | InstanceState::Running) => Ok(()),
        _ => Err(Reason::NotAttached(eni.id.clone())),
    }
}

/// Metadata and resolver: security groups do not apply.
fn is_exempt(model: &Model, sender: &NetworkInterface, packet: &Packet) -> bool {
    let vpc = model.vpc(&sender.vpc_id);
    vpc.is_some_and(|vpc| options::exempt(vpc).iter().any(|service| is_to(packet, service)))
}

fn is_to(packet: &Packet, service: &Service) -> bool {
    let (protocol, port) = match packet.payload {
        Payload::Tcp(port) => (6, port),
        Payload::Udp(port) => (17, port),
        _ => return false,
    };
    packet.destination == IpAddr::V4(service.address) && service.protocol == protocol && service.port == port
}

/// Addresses that belong to the VPC itself: link-local ones, services, routers and the resolver.
fn is_vpcs_own(model: &Model, options: &Options, sender: &NetworkInterface, destination: IpAddr) -> bool {
    let IpAddr::V4(address) = destination else { return false };
    let is_resolver = model.vpc(&sender.vpc_id).is_some_and(|vpc| vpc.resolver() == address);
    let mut subnets = model.subnets().filter(|subnet| subnet.vpc_id == sender.vpc_id);
    let is_service = |address: Ipv4Addr| options.services.iter().any(|service| service.address == address);
    address.is_link_local()
        || is_service(address)
        || is_resolver
        || subnets.any(|subnet| subnet.router() == Some(address))
}

/// The rule of an ENI's groups that allows a packet. All rules of all groups count; the first is shown.
fn allowing(
    model: &Model,
    eni: &NetworkInterface,
    direction: Direction,
    packet: &Packet,
) -> Option<SecurityGroupRuleId> {
    let peer = match direction {
        Direction::Ingress => packet.source,
        Direction::Egress => packet.destination,
    };
    let groups = eni.groups.iter().filter_map(|id| model.security_group(id));
    let mut rules = groups.flat_map(|group| group.rules_of(direction));
    let allows = |rule: &&SecurityGroupRule| {
        covers(rule.protocol, rule.ports, packet.payload) && names(model, eni, &rule.peer, peer)
    };
    rules.find(allows).map(|rule| rule.id.clone())
}

/// Whether the other end of a rule, applied to an ENI, is an address. A group stands for the private addresses of
/// its ENIs in the same VPC, one behind a peering connection for those in the VPC there.
fn names(model: &Model, eni: &NetworkInterface, peer: &RulePeer, address: IpAddr) -> bool {
    match (peer, address) {
        (RulePeer::Ipv4(net), IpAddr::V4(address)) => net.contains(&address),
        (RulePeer::Ipv6(net), IpAddr::V6(address)) => net.contains(&address),
        (RulePeer::Group(group), _) => {
            let mut members = model.network_interfaces().filter(|other| other.vpc_id == eni.vpc_id);
            members.any(|other| other.groups.contains(group) && other.owns(address))
        }
        (RulePeer::PrefixList(id), _) => {
            model.prefix_list(id).is_some_and(|list| list.entries().keys().any(|block| block.contains(&address)))
        }
        (RulePeer::PeerGroup(group), _) => {
            let mut members = model.network_interfaces().filter(|other| other.vpc_id == group.vpc_id);
            members.any(|other| other.groups.contains(&group.id) && other.owns(address))
        }
        (RulePeer::Ipv4(_) | RulePeer::Ipv6(_), _) => false,
    }
}

/// Whether a protocol and ports cover a payload.
fn covers(protocol: IpProtocol, ports: Option<PortRange>, payload: Payload) -> bool {
    let is_within = |port: u16| match ports {
        None | Some(PortRange { from: -1, to: -1 }) => true,
        Some(PortRange { from, to }) => (from..=to).contains(&i32::from(port)),
    };
    let is_type = |kind: u8, code: u8| match ports {
        None => true,
        Some(PortRange { from, to }) => (from == -1 || from == kind.into()) && (to == -1 || to == code.into()),
    };
    match (protocol, payload) {
        (IpProtocol::All, _) => true,
        (IpProtocol::Tcp, Payload::Tcp(port)) | (IpProtocol::Udp, Payload::Udp(port)) => is_within(port),
        (IpProtocol::Icmp, Payload::Icmp { kind, code }) => is_type(kind, code),
        (IpProtocol::Icmpv6, Payload::Icmpv6 { kind, code }) => is_type(kind, code),
        (IpProtocol::Number(wanted), Payload::Other(number)) => wanted == number,
        _ => false,
    }
}

/// The ENI that the most specific route hands a packet to.
fn route<'a>(model: &'a Model, sender: &NetworkInterface, destination: IpAddr) -> Result<&'a NetworkInterface, Reason> {
    let table = model.route_table_of(&sender.subnet_id).ok_or(Reason::NoRoute)?;
    // Of equally specific ones a route by a block has priority over one by a prefix list, and that over a
    // propagated one.
    let specificity = |route: &Route| match &route.destination {
        Destination::Block(block) => {
            let priority = if route.origin == RouteOrigin::Propagation { 0 } else { 2 };
            block.contains(&destination).then_some((block.prefix_len(), priority))
        }
        Destination::PrefixList(id) => {
            let entries = model.prefix_list(id)?.entries().keys();
            entries.filter(|entry| entry.contains(&destination)).map(|entry| (entry.prefix_len(), 1)).max()
        }
    };
    let covering = model.all_routes(table).into_iter().filter_map(|route| Some((specificity(&route)?, route)));
    let (_, route) = covering.max_by_key(|(specificity, _)| *specificity).ok_or(Reason::NoRoute)?;
    match &route.target {
        RouteTarget::Local => owner(model, &sender.vpc_id, destination),
        RouteTarget::NetworkInterface(id) => model.network_interface(id).ok_or(Reason::NoRoute),
        RouteTarget::Peering(id) => {
            let connection = model.peering(id).filter(|connection| connection.status == PeeringStatus::Active);
            let across = connection.and_then(|connection| connection.across(&sender.vpc_id)).ok_or(Reason::NoRoute)?;
            // A VPC of another account or region is another model's.
            let vpc = model.vpc(&across.vpc_id).ok_or(Reason::NoRoute)?;
            owner(model, &vpc.id, destination)
        }
        RouteTarget::EgressOnlyGateway(_)
        | RouteTarget::InternetGateway(_)
        | RouteTarget::NatGateway(_)
        | RouteTarget::TransitGateway(_)
        | RouteTarget::VpcEndpoint(_)
        | RouteTarget::CarrierGateway(_)
        | RouteTarget::VpnGateway(_) => Err(Reason::NoRoute),
    }
}

/// The ENI of a VPC that has an address.
fn owner<'a>(model: &'a Model, vpc_id: &VpcId, address: IpAddr) -> Result<&'a NetworkInterface, Reason> {
    let mut owners = model.network_interfaces().filter(|eni| eni.vpc_id == *vpc_id);
    owners.find(|eni| eni.owns(address)).ok_or(Reason::NobodyThere)
}

#[cfg(test)]
mod tests;
