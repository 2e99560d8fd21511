//! A VPC's nf_tables table: who may send what, and who may receive it.
//!
//! Two gates stand one behind the other as two base chains of the forward hook, so that what one accepts
//! the other still judges; a packet that no rule accepts is dropped. Both find the ENI's own chain with one
//! look-up, however many ENIs there are:
//!
//! - `egress` by the sender's Ethernet and IP address together, which is also the check for spoofed
//!   sources. An ENI without source/destination check is found by its Ethernet address alone.
//! - `ingress` by the next hop that routing chose and the destination address together, which is also the
//!   destination check: an ENI that is a route's target gets other ENIs' packets only without it.
//!
//! A packet from a peered VPC has passed `egress` there, one to it meets `ingress` there.
//! Between them lies the subnet's edge, where network ACLs judge every packet, tracked or not.
//!
//! Deviation: ICMP errors about connections that are not tracked are dropped even where a rule allows their
//! type, for the kernel's connection tracking calls them invalid; those about tracked ones always pass.
//!
//! Packets to the fabric itself pass `egress` too, and then only reach a service's port. See
//! <https://docs.aws.amazon.com/vpc/latest/userguide/vpc-security-groups.html> and
//! <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/using-eni.html#change_source_dest_check>.

use std::collections::BTreeSet;
use std::fmt::Display;
use std::net::{IpAddr, Ipv4Addr};

use ipnet::IpNet;
use nft_ruleset::{
    Base, Chain, ChainKind, ConnectionState, Element, Family, Field, Hook, KeyPart, KeyType, Op, Policy, Rule, Set,
    Statement, Table, Value, Verdict,
};
use vpc_model::{Direction, NetworkInterface, RouteTarget};

use super::{View, groups, network_acls, peering};
use crate::names;
use crate::options::{self, Service};

pub(super) fn compile(view: &View<'_>) -> Table {
    let mut table = Table { family: Family::Inet, name: names::TABLE.to_owned(), sets: sets(), chains: vec![] };
    services(view, &mut table);
    add(&mut table, "peers", peering::links(view));
    let mut chains = gates();
    let targets = route_targets(view);
    for present in view.present.values() {
        let is_target = targets.contains(&present.eni.id);
        sender(present.eni, &mut table);
        receiver(present.eni, is_target, &mut table);
        chains.extend([gate_of(present.eni, Direction::Egress), gate_of(present.eni, Direction::Ingress)]);
    }
    groups::compile(view, &mut table);
    network_acls::compile(view, &mut table);
    table.chains.extend(chains);
    table
}

/// The sets and maps that every fabric has, still empty.
fn sets() -> Vec<Set> {
    use KeyType::{EtherAddress, InetProtocol, InetService, InterfaceName, Ipv4Address};
    let set = |name: &str, key: &[KeyType], interval, verdicts| Set {
        name: name.to_owned(),
        key: key.to_vec(),
        interval,
        verdicts,
        elements: vec![],
    };
    vec![
        set("services", &[Ipv4Address, InetProtocol, InetService], false, false),
        set("exempt", &[Ipv4Address, InetProtocol, InetService], false, false),
        set("peers", &[InterfaceName], false, false),
        set("egress", &[EtherAddress, Ipv4Address], false, true),
        set("egress-prefixes", &[EtherAddress, Ipv4Address], true, true),
        set("egress-unchecked", &[EtherAddress], false, true),
        set("ingress", &[Ipv4Address, Ipv4Address], false, true),
        set("ingress-prefixes", &[Ipv4Address, Ipv4Address], true, true),
        set("ingress-unchecked", &[Ipv4Address], false, true),
        set(network_acls::LEAVING, &[InterfaceName], false, true),
        set(network_acls::ENTERING, &[InterfaceName], false, true),
    ]
}

/// The base chains.
fn gates() -> Vec<Chain> {
    let established = || rule([states(&[ConnectionState::Established, ConnectionState::Related]), accept()]);
    let is_peer = |field| Statement::Lookup { fields: vec![field], set: "peers".to_owned(), negated: false };
    let invalid = || rule([states(&[ConnectionState::Invalid]), Statement::Verdict(Verdict::Drop)]);
    let by_sender = || {
        [
            rule([look_up("egress", &[Field::EtherSource, Field::Ip4Source])]),
            rule([look_up("egress-prefixes", &[Field::EtherSource, Field::Ip4Source])]),
            rule([look_up("egress-unchecked", &[Field::EtherSource])]),
        ]
    };
    let by_receiver = [
        established(),
        rule([is_peer(Field::OutputInterface), accept()]),
        rule([look_up("ingress", &[Field::Ip4NextHop, Field::Ip4Destination])]),
        rule([look_up("ingress-prefixes", &[Field::Ip4NextHop, Field::Ip4Destination])]),
        rule([look_up("ingress-unchecked", &[Field::Ip4NextHop])]),
    ];
    let service = |set: &str| Statement::Lookup {
        fields: vec![Field::Ip4Destination, Field::L4Protocol, Field::DestinationPort],
        set: set.to_owned(),
        negated: false,
    };
    let services = ["exempt", "services"].map(|set| rule([service(set), accept()]));
    // An ENI's neighbours are behind isolated ports: it must go on sending to the router.
    let redirect = rule([
        Statement::Match { field: Field::Icmpv6Type, op: Op::Equal, value: Value::Number(137) },
        Statement::Verdict(Verdict::Drop),
    ]);
    let from_outside = [invalid(), rule([is_peer(Field::InputInterface), accept()])];
    let [leaving, entering] = network_acls::gates();
    let from_service = Statement::Lookup {
        fields: vec![Field::Ip4Source, Field::L4Protocol, Field::SourcePort],
        set: "services".to_owned(),
        negated: false,
    };
    vec![
        base("subnet-edge", Hook::Forward, 5, Policy::Accept, [rule([leaving.clone()]), rule([entering.clone()])]),
        base("local-subnet-edge", Hook::Input, 5, Policy::Accept, [rule([service("services"), leaving])]),
        base("egress", Hook::Forward, 0, Policy::Drop, from_outside.into_iter().chain(by_sender())),
        base("ingress", Hook::Forward, 10, Policy::Drop, by_receiver),
        base("local-egress", Hook::Input, 0, Policy::Drop, [invalid()].into_iter().chain(by_sender())),
        base("local-ingress", Hook::Input, 10, Policy::Drop, [established()].into_iter().chain(services)),
        base("output", Hook::Output, 0, Policy::Accept, [redirect, rule([from_service, entering])]),
        // Entered by every sender's chain: replies, and what security groups do not apply to.
        Chain {
            name: "always".to_owned(),
            base: None,
            rules: vec![established(), rule([service("exempt"), accept()])],
        },
    ]
}

/// Where the fabric itself answers.
fn services(view: &View<'_>, table: &mut Table) {
    let element = |service: &Service| Element {
        key: vec![
            KeyPart::Address(service.address.into()),
            KeyPart::Number(service.protocol.into()),
            KeyPart::Number(service.port.into()),
        ],
        verdict: None,
    };
    let services: BTreeSet<Service> = view.options.services.iter().copied().collect();
    let exempt: BTreeSet<Service> = options::exempt(view.vpc).into_iter().collect();
    add(table, "services", services.iter().map(element));
    add(table, "exempt", exempt.iter().map(element));
}

/// By which source addresses an ENI is known.
fn sender(eni: &NetworkInterface, table: &mut Table) {
    let mac = || KeyPart::Mac(eni.mac.0);
    let gate = || Some(Verdict::Goto(chain_name(&eni.id, Direction::Egress)));
    let from = |part: KeyPart| Element { key: vec![mac(), part], verdict: gate() };
    add(table, "egress", addresses(eni).map(|address| from(KeyPart::Address(address.into()))));
    add(table, "egress-prefixes", eni.ipv4_prefixes.iter().map(|net| from(KeyPart::Network(IpNet::V4(*net)))));
    if !eni.source_dest_check {
        add(table, "egress-unchecked", [Element { key: vec![mac()], verdict: gate() }]);
    }
}

/// By which next hops and destination addresses an ENI is known.
fn receiver(eni: &NetworkInterface, is_route_target: bool, table: &mut Table) {
    let gate = || Some(Verdict::Goto(chain_name(&eni.id, Direction::Ingress)));
    let hop = |address: Ipv4Addr| KeyPart::Address(IpAddr::V4(address));
    let direct = addresses(eni).map(|address| Element { key: vec![hop(address), hop(address)], verdict: gate() });
    add(table, "ingress", direct);
    let Some(primary) = eni.primary_ip() else { return };
    if is_route_target {
        // A route to the ENI may well cover its own secondary addresses.
        let routed = addresses(eni).filter(|address| *address != primary);
        add(table, "ingress", routed.map(|address| Element { key: vec![hop(primary), hop(address)], verdict: gate() }));
    }
    let prefixes = eni.ipv4_prefixes.iter();
    let prefix =
        prefixes.map(|net| Element { key: vec![hop(primary), KeyPart::Network((*net).into())], verdict: gate() });
    add(table, "ingress-prefixes", prefix);
    if !eni.source_dest_check {
        add(table, "ingress-unchecked", [Element { key: vec![hop(primary)], verdict: gate() }]);
    }
}

/// An ENI's side of a gate: its groups one after the other.
fn gate_of(eni: &NetworkInterface, direction: Direction) -> Chain {
    let always = matches!(direction, Direction::Egress).then(|| rule([jump("always".to_owned())]));
    let groups: BTreeSet<_> = eni.groups.iter().collect();
    let groups = groups.into_iter().map(|group| rule([jump(chain_name(group, direction))]));
    Chain { name: chain_name(&eni.id, direction), base: None, rules: always.into_iter().chain(groups).collect() }
}

/// The chain of one direction of an ENI, group, subnet or network ACL.
pub(super) fn chain_name(owner: impl Display, direction: Direction) -> String {
    match direction {
        Direction::Ingress => format!("{owner}-ingress"),
        Direction::Egress => format!("{owner}-egress"),
    }
}

/// ENIs that routes name.
fn route_targets<'a>(view: &View<'a>) -> BTreeSet<&'a vpc_model::NetworkInterfaceId> {
    let tables = view.model.route_tables().filter(|table| table.vpc_id == view.vpc.id);
    let targets = tables.flat_map(|table| &table.routes).filter_map(|route| match &route.target {
        RouteTarget::NetworkInterface(id) => Some(id),
        _ => None,
    });
    targets.collect()
}

fn addresses(eni: &NetworkInterface) -> impl Iterator<Item = Ipv4Addr> + '_ {
    eni.private_ips.iter().map(|ip| ip.address)
}

pub(super) fn add(table: &mut Table, name: &str, elements: impl IntoIterator<Item = Element>) {
    let set = table.sets.iter_mut().find(|set| set.name == name).expect("every fabric has this set");
    set.elements.extend(elements);
}

fn base(name: &str, hook: Hook, priority: i32, policy: Policy, rules: impl IntoIterator<Item = Rule>) -> Chain {
    let base = Base { kind: ChainKind::Filter, hook, priority, policy };
    Chain { name: name.to_owned(), base: Some(base), rules: rules.into_iter().collect() }
}

pub(super) fn rule(statements: impl IntoIterator<Item = Statement>) -> Rule {
    Rule { statements: statements.into_iter().collect(), comment: None }
}

pub(super) fn accept() -> Statement {
    Statement::Verdict(Verdict::Accept)
}

pub(super) fn jump(chain: String) -> Statement {
    Statement::Verdict(Verdict::Jump(chain))
}

pub(super) fn look_up(map: &str, fields: &[Field]) -> Statement {
    Statement::VerdictMap { fields: fields.to_vec(), map: map.to_owned() }
}

fn states(states: &[ConnectionState]) -> Statement {
    Statement::Match { field: Field::ConnectionState, op: Op::Equal, value: Value::States(states.to_vec()) }
}
