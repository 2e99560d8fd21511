//! Security groups: two chains for each, and a set of addresses for each that a rule refers to.
//!
//! See <https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html>.

use std::collections::{BTreeMap, BTreeSet};

use ipnet::IpNet;
use nft_ruleset::{Chain, Element, Field, KeyPart, KeyType, Rule, Set, Statement, Table, Value};
use vpc_model::{Direction, NetworkInterface, RulePeer, SecurityGroup, SecurityGroupId, SecurityGroupRule};

use super::View;
use super::matching::{equal, protocol};
use super::rules::{accept, chain_name, rule};
use super::version::{VERSIONS, Version, single};

/// Adds the chains of all groups that ENIs carry, and the sets that their rules look into.
pub(super) fn compile(view: &View<'_>, table: &mut Table) {
    let carried: BTreeSet<&SecurityGroupId> = view.present.values().flat_map(|present| &present.eni.groups).collect();
    let groups: Vec<&SecurityGroup> = carried.iter().filter_map(|id| view.model.security_group(id)).collect();
    let peers = groups.iter().flat_map(|group| &group.rules).map(|rule| &rule.peer);
    let referenced: BTreeSet<&RulePeer> = peers.filter(|peer| peer.group().is_some()).collect();
    let members: Members<'_> = referenced.into_iter().map(|peer| (peer, members(view, peer))).collect();
    for group in groups {
        for direction in [Direction::Egress, Direction::Ingress] {
            let rules = group.rules_of(direction).flat_map(|rule| compile_rule(view, &members, rule)).collect();
            table.chains.push(Chain { name: chain_name(&group.id, direction), base: None, rules });
        }
    }
    table.sets.extend(members.into_values().flatten());
}

/// The sets of each group that a rule refers to.
type Members<'a> = BTreeMap<&'a RulePeer, Vec<Set>>;

/// The addresses of the ENIs that carry a group. Delegated prefixes have a set of their own, as sets of
/// intervals cost more to search.
fn members(view: &View<'_>, peer: &RulePeer) -> Vec<Set> {
    let carriers = carriers(view, peer);
    let networks = || carriers.iter().flat_map(|eni| eni.networks());
    let addresses = VERSIONS.iter().map(|version| {
        let keys = networks().filter(|net| version.has(*net)).filter_map(single);
        set(version.set(&address_set(peer)), version, false, keys)
    });
    let prefixes = VERSIONS.iter().map(|version| {
        let keys = networks().filter(|net| version.has(*net) && single(*net).is_none()).map(KeyPart::Network);
        set(version.set(&prefix_set(peer)), version, true, keys)
    });
    let is_needed = |set: &Set| !set.elements.is_empty() || set.name == address_set(peer);
    addresses.chain(prefixes).filter(is_needed).collect()
}

fn set(name: String, version: &Version, interval: bool, keys: impl Iterator<Item = KeyPart>) -> Set {
    let elements = keys.map(|key| Element { key: vec![key], verdict: None }).collect();
    Set { name, key: vec![version.address], interval, verdicts: false, elements }
}

/// The ENIs that a rule's group stands for: those of this VPC, or of the one across its peering connection.
fn carriers<'a>(view: &View<'a>, peer: &RulePeer) -> Vec<&'a NetworkInterface> {
    let (enis, group): (Vec<_>, _) = match peer {
        RulePeer::Group(group) => (view.present.values().map(|present| present.eni).collect(), group),
        RulePeer::PeerGroup(group) => {
            let across = view.peers.get(&group.peering_id).map(|across| across.present.clone());
            (across.unwrap_or_default(), &group.id)
        }
        _ => return Vec::new(),
    };
    enis.into_iter().filter(|eni| eni.groups.contains(group)).collect()
}

/// The set of a group's addresses. A group that several VPCs share may stand for its ENIs in each of two.
fn address_set(peer: &RulePeer) -> String {
    match peer {
        RulePeer::PeerGroup(group) => format!("{}-{}", group.peering_id, group.id),
        other => other.group().map(ToString::to_string).unwrap_or_default(),
    }
}

fn prefix_set(peer: &RulePeer) -> String {
    format!("{}-prefixes", address_set(peer))
}

/// A security group rule allows; it becomes one rule for each set its peer takes.
fn compile_rule(view: &View<'_>, members: &Members<'_>, security_group_rule: &SecurityGroupRule) -> Vec<Rule> {
    let what = protocol(security_group_rule.protocol, security_group_rule.ports);
    let peers = peer(view, members, security_group_rule);
    let rules = peers.into_iter().map(|peer| {
        let statements = [peer].into_iter().chain(what.iter().cloned()).chain([accept()]);
        Rule { comment: Some(security_group_rule.id.to_string()), ..rule(statements) }
    });
    rules.collect()
}

/// The other end: one statement for each of the ways to match it.
fn peer(view: &View<'_>, members: &Members<'_>, rule: &SecurityGroupRule) -> Vec<Statement> {
    let (v4, v6) = match rule.direction {
        Direction::Ingress => (Field::Ip4Source, Field::Ip6Source),
        Direction::Egress => (Field::Ip4Destination, Field::Ip6Destination),
    };
    match &rule.peer {
        RulePeer::Ipv4(net) if net.prefix_len() == 0 => vec![equal(Field::NfProtocol, Value::Number(2))],
        RulePeer::Ipv6(net) if net.prefix_len() == 0 => vec![equal(Field::NfProtocol, Value::Number(10))],
        RulePeer::Ipv4(net) => vec![equal(v4, Value::Network(IpNet::V4(net.trunc())))],
        RulePeer::Ipv6(net) => vec![equal(v6, Value::Network(IpNet::V6(net.trunc())))],
        RulePeer::Group(_) | RulePeer::PeerGroup(_) => {
            let within = |set: &Set| {
                let field = if set.key == [KeyType::Ipv4Address] { v4 } else { v6 };
                Statement::Lookup { fields: vec![field], set: set.name.clone(), negated: false }
            };
            members.get(&rule.peer).into_iter().flatten().map(within).collect()
        }
        RulePeer::PrefixList(id) => {
            let blocks = view.model.prefix_list(id).into_iter().flat_map(|list| list.entries().keys());
            blocks.map(|block| equal(if block.addr().is_ipv4() { v4 } else { v6 }, Value::Network(*block))).collect()
        }
    }
}
