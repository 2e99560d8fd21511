//! Which rules and entries let packets through, for the analysis.

use std::net::IpAddr;

use super::Transport;
use crate::{
    Direction, IpProtocol, Model, NetworkAcl, NetworkAclEntry, NetworkInterface, PortRange, RulePeer, SecurityGroupId,
    SecurityGroupRule,
};

/// A packet as rules and entries see it: where it goes to or comes from, and its destination's port.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seen {
    pub(super) peer: IpAddr,
    pub(super) protocol: Transport,
    pub(super) port: u16,
}

impl Model {
    /// The rule of an ENI's groups that lets a packet through.
    pub(super) fn group_rule(
        &self,
        interface: &NetworkInterface,
        direction: Direction,
        seen: Seen,
    ) -> Option<(&SecurityGroupId, &SecurityGroupRule)> {
        let groups = interface.groups.iter().filter_map(|id| self.security_groups.get(id));
        let mut rules = groups.flat_map(|group| group.rules_of(direction).map(move |rule| (&group.id, rule)));
        rules.find(|(_, rule)| {
            is_covered(rule.protocol, rule.ports, seen) && self.is_peer(interface, &rule.peer, seen.peer)
        })
    }

    fn is_peer(&self, interface: &NetworkInterface, peer: &RulePeer, address: IpAddr) -> bool {
        match (peer, address) {
            (RulePeer::Ipv4(block), IpAddr::V4(address)) => block.contains(&address),
            (RulePeer::Ipv6(block), IpAddr::V6(address)) => block.contains(&address),
            (RulePeer::Ipv4(_) | RulePeer::Ipv6(_), _) => false,
            // A group can be shared among VPCs; its members in another one are no peers.
            (RulePeer::Group(group), _) => self
                .interfaces_with_group(group)
                .any(|member| member.vpc_id == interface.vpc_id && member.owns(address)),
            (RulePeer::PeerGroup(group), _) => self
                .interfaces_with_group(&group.id)
                .any(|member| member.vpc_id == group.vpc_id && member.owns(address)),
            (RulePeer::PrefixList(id), _) => {
                let list = self.prefix_lists.get(id);
                list.is_some_and(|list| list.entries().keys().any(|block| block.contains(&address)))
            }
        }
    }
}

/// The first entry of an ACL that is about a packet; it decides.
pub(super) fn acl_entry(acl: &NetworkAcl, egress: bool, seen: Seen) -> Option<&NetworkAclEntry> {
    let mut entries: Vec<_> = acl.entries.iter().filter(|entry| entry.egress == egress).collect();
    entries.sort_by_key(|entry| entry.number);
    entries.into_iter().find(|entry| {
        let protocol = entry.protocol.map_or(IpProtocol::All, |number| match number {
            6 => IpProtocol::Tcp,
            17 => IpProtocol::Udp,
            other => IpProtocol::Number(other),
        });
        entry.block.contains(&seen.peer) && is_covered(protocol, entry.ports, seen)
    })
}

fn is_covered(protocol: IpProtocol, ports: Option<PortRange>, seen: Seen) -> bool {
    let has_port = ports.is_none_or(|range| range.from == -1 || (range.from..=range.to).contains(&seen.port.into()));
    match (protocol, seen.protocol) {
        (IpProtocol::All, _) => true,
        (IpProtocol::Tcp, Transport::Tcp) | (IpProtocol::Udp, Transport::Udp) => has_port,
        _ => false,
    }
}
