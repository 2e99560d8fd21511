//! Security groups: two chains for each, and a set of addresses for each that a rule refers to.
//!
//! See <https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html>.

use std::collections::BTreeSet;

use ipnet::IpNet;
use nft_ruleset::{Chain, Element, Field, KeyPart, KeyType, Op, Rule, Set, Statement, Table, Value};
use vpc_model::{
    Direction, IpProtocol, NetworkInterface, PortRange, RulePeer, SecurityGroup, SecurityGroupId, SecurityGroupRule,
};

use super::View;
use super::rules::{accept, rule};

/// Adds the chains of all groups that ENIs carry, and the sets that their rules look into.
pub(super) fn compile(view: &View<'_>, table: &mut Table) {
    let carried: BTreeSet<&SecurityGroupId> = view.present.values().flat_map(|present| &present.eni.groups).collect();
    let groups: Vec<&SecurityGroup> = carried.iter().filter_map(|id| view.model.security_group(id)).collect();
    let peers = groups.iter().flat_map(|group| &group.rules).filter_map(|rule| match &rule.peer {
        RulePeer::Group(id) => Some(id),
        _ => None,
    });
    let referenced: BTreeSet<&SecurityGroupId> = peers.collect();
    table.sets.extend(referenced.iter().flat_map(|id| members(view, id)));
    for group in groups {
        for direction in [Direction::Egress, Direction::Ingress] {
            let rules = group.rules_of(direction).flat_map(|rule| compile_rule(view, rule)).collect();
            table.chains.push(Chain { name: chain(&group.id, direction), base: None, rules });
        }
    }
}

/// The chain of a group's rules of one direction.
pub(super) fn chain(group: &SecurityGroupId, direction: Direction) -> String {
    match direction {
        Direction::Ingress => format!("{group}-ingress"),
        Direction::Egress => format!("{group}-egress"),
    }
}

/// The addresses of the ENIs that carry a group. Delegated prefixes have a set of their own, as sets of
/// intervals cost more to search.
fn members(view: &View<'_>, group: &SecurityGroupId) -> Vec<Set> {
    let address = |ip: &vpc_model::PrivateIp| KeyPart::Address(ip.address.into());
    let addresses: Vec<_> = carriers(view, group).flat_map(|eni| eni.private_ips.iter().map(address)).collect();
    let network = |net: &ipnet::Ipv4Net| KeyPart::Network(IpNet::V4(*net));
    let prefixes: Vec<_> = carriers(view, group).flat_map(|eni| eni.ipv4_prefixes.iter().map(network)).collect();
    let set = |name: String, interval, keys: Vec<KeyPart>| Set {
        name,
        key: vec![KeyType::Ipv4Address],
        interval,
        verdicts: false,
        elements: keys.into_iter().map(|key| Element { key: vec![key], verdict: None }).collect(),
    };
    let mut sets = vec![set(group.to_string(), false, addresses)];
    if !prefixes.is_empty() {
        sets.push(set(prefix_set(group), true, prefixes));
    }
    sets
}

fn carriers<'a>(view: &View<'a>, group: &'a SecurityGroupId) -> impl Iterator<Item = &'a NetworkInterface> {
    let enis: Vec<_> = view.present.values().map(|present| present.eni).collect();
    enis.into_iter().filter(move |eni| eni.groups.contains(group))
}

fn prefix_set(group: &SecurityGroupId) -> String {
    format!("{group}-prefixes")
}

/// A security group rule allows; it becomes one rule for each set its peer takes.
fn compile_rule(view: &View<'_>, security_group_rule: &SecurityGroupRule) -> Vec<Rule> {
    let what = protocol(security_group_rule);
    let peers = peer(view, security_group_rule);
    let rules = peers.into_iter().map(|peer| {
        let statements = [peer].into_iter().chain(what.iter().cloned()).chain([accept()]);
        Rule { comment: Some(security_group_rule.id.to_string()), ..rule(statements) }
    });
    rules.collect()
}

/// The other end: one statement for each of the ways to match it.
fn peer(view: &View<'_>, rule: &SecurityGroupRule) -> Vec<Statement> {
    let (v4, v6) = match rule.direction {
        Direction::Ingress => (Field::Ip4Source, Field::Ip6Source),
        Direction::Egress => (Field::Ip4Destination, Field::Ip6Destination),
    };
    match &rule.peer {
        RulePeer::Ipv4(net) if net.prefix_len() == 0 => vec![equal(Field::NfProtocol, Value::Number(2))],
        RulePeer::Ipv6(net) if net.prefix_len() == 0 => vec![equal(Field::NfProtocol, Value::Number(10))],
        RulePeer::Ipv4(net) => vec![equal(v4, Value::Network(IpNet::V4(net.trunc())))],
        RulePeer::Ipv6(net) => vec![equal(v6, Value::Network(IpNet::V6(net.trunc())))],
        RulePeer::Group(group) => {
            let within = |set| Statement::Lookup { fields: vec![v4], set, negated: false };
            let has_prefixes = carriers(view, group).any(|eni| !eni.ipv4_prefixes.is_empty());
            let prefixes = has_prefixes.then(|| within(prefix_set(group)));
            [within(group.to_string())].into_iter().chain(prefixes).collect()
        }
        // Nothing passes over peering connections.
        RulePeer::PeerGroup(_) => Vec::new(),
        RulePeer::PrefixList(id) => {
            let blocks = view.model.prefix_list(id).into_iter().flat_map(|list| list.entries().keys());
            blocks.map(|block| equal(if block.addr().is_ipv4() { v4 } else { v6 }, Value::Network(*block))).collect()
        }
    }
}

/// What a rule says about protocol, ports, type and code.
fn protocol(rule: &SecurityGroupRule) -> Vec<Statement> {
    let is = |number: u8| equal(Field::L4Protocol, Value::Number(number.into()));
    match rule.protocol {
        IpProtocol::All => vec![],
        IpProtocol::Tcp => [is(6)].into_iter().chain(ports(rule.ports)).collect(),
        IpProtocol::Udp => [is(17)].into_iter().chain(ports(rule.ports)).collect(),
        IpProtocol::Icmp => [is(1)].into_iter().chain(types(rule.ports, Field::IcmpType, Field::IcmpCode)).collect(),
        IpProtocol::Icmpv6 => {
            [is(58)].into_iter().chain(types(rule.ports, Field::Icmpv6Type, Field::Icmpv6Code)).collect()
        }
        IpProtocol::Number(number) => vec![is(number)],
    }
}

fn ports(range: Option<PortRange>) -> Option<Statement> {
    let number = |port: i32| u32::try_from(port).ok();
    let PortRange { from, to } = range?;
    let (from, to) = (number(from)?, number(to)?);
    match (from, to) {
        (0, 65535) => None,
        (from, to) if from == to => Some(equal(Field::DestinationPort, Value::Number(from))),
        (from, to) => Some(equal(Field::DestinationPort, Value::Range(from, to))),
    }
}

/// For ICMP the range is type and code; -1 is any.
fn types(range: Option<PortRange>, icmp_type: Field, icmp_code: Field) -> impl Iterator<Item = Statement> {
    let fields = range.map(|range| [(icmp_type, range.from), (icmp_code, range.to)]).into_iter().flatten();
    fields.filter_map(|(field, wanted)| Some(equal(field, Value::Number(u32::try_from(wanted).ok()?))))
}

fn equal(field: Field, value: Value) -> Statement {
    Statement::Match { field, op: Op::Equal, value }
}
