//! Security groups: what their rules allow an ENI to send and to receive.

use std::net::IpAddr;

use vpc_model::{
    Direction, IpProtocol, Model, NetworkInterface, PortRange, RulePeer, SecurityGroup, SecurityGroupRule,
};

use super::{Packet, Payload};

/// The rule of an ENI's groups that allows a packet, and its group. All rules of all groups count; the first is shown.
pub(super) fn allowing<'a>(
    model: &'a Model,
    eni: &'a NetworkInterface,
    direction: Direction,
    packet: &Packet,
) -> Option<(&'a SecurityGroup, &'a SecurityGroupRule)> {
    let peer = match direction {
        Direction::Ingress => packet.source,
        Direction::Egress => packet.destination,
    };
    let groups = eni.groups.iter().filter_map(|id| model.security_group(id));
    let mut rules = groups.flat_map(|group| group.rules_of(direction).map(move |rule| (group, rule)));
    let allows = |rule: &SecurityGroupRule| {
        covers(rule.protocol, rule.ports, packet.payload) && names(model, eni, &rule.peer, peer)
    };
    rules.find(|(_, rule)| allows(rule))
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
pub(super) fn covers(protocol: IpProtocol, ports: Option<PortRange>, payload: Payload) -> bool {
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
