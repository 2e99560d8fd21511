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
//! A packet from a peered VPC has passed `egress` there, one to it meets `ingress` there. Of the internet there is one
//! gate: the VPC's.
//! Between them lies the subnet's edge, where network ACLs judge every packet, tracked or not.
//!
//! Packets to the fabric itself pass `egress` too, and then only reach a service's port. See
//! <https://docs.aws.amazon.com/vpc/latest/userguide/vpc-security-groups.html> and
//! <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/using-eni.html#change_source_dest_check>.

use std::collections::BTreeSet;
use std::fmt::Display;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use nft_ruleset::{
    Base, Chain, ChainKind, ConnectionState, Element, Family, Field, Hook, KeyPart, KeyType, Op, Policy, Rule, Set,
    Statement, Table, Value, Verdict,
};
use vpc_model::{Direction, NetworkInterface, RouteTarget};

use super::matching::equal;
use super::version::{VERSIONS, Version, single};
use super::{By, Present, View, gateway_endpoint, groups, internet, network_acls, peering, public_access, routes};
use crate::names;
use crate::options::{self, Service};

pub(super) fn compile(view: &View<'_>) -> Table {
    let mut table = Table { family: Family::Inet, name: names::TABLE.to_owned(), sets: sets(), chains: vec![] };
    services(view, &mut table);
    // What leaves by them has passed its sender's gate; what comes in has none here.
    add(&mut table, "peers", peering::links(view).chain(gateway_endpoint::links(view)));
    internet::translate(view, &mut table);
    let mut chains = gates();
    let targets = route_targets(view);
    for present in view.present.values() {
        let is_target = targets.contains(&present.eni.id);
        sender(present.eni, &mut table);
        receiver(present.eni, is_target, &mut table);
        chains.extend([gate_of(present, Direction::Egress), gate_of(present, Direction::Ingress)]);
    }
    groups::compile(view, &mut table);
    network_acls::compile(view, &mut table);
    public_access::compile(view, &mut table);
    table.chains.extend(chains);
    table
}

/// The sets and maps that every fabric has, still empty.
fn sets() -> Vec<Set> {
    use KeyType::{EtherAddress, InetProtocol, InetService, InterfaceName};
    let set = |name: &str, key: &[KeyType], interval, verdicts| Set {
        name: name.to_owned(),
        key: key.to_vec(),
        interval,
        verdicts,
        elements: vec![],
    };
    let of_both = [
        set("peers", &[InterfaceName], false, false),
        set(internet::LINKS, &[InterfaceName], false, false),
        set(internet::EGRESS_ONLY, &[InterfaceName], false, false),
        set(internet::PUBLISHED, &[KeyType::Ipv4Address], false, true),
        set(internet::OUTWARD, &[KeyType::Ipv4Address], false, true),
        set(internet::INWARD, &[KeyType::Ipv4Address], false, true),
        set("egress-unchecked", &[EtherAddress], false, true),
        set(network_acls::LEAVING, &[InterfaceName], false, true),
        set(network_acls::ENTERING, &[InterfaceName], false, true),
    ];
    let of_each = VERSIONS.iter().flat_map(|version| {
        let (set, address) = (|name, key: &[_], a, b| set(&version.set(name), key, a, b), version.address);
        [
            set("services", &[address, InetProtocol, InetService], false, false),
            set("exempt", &[address, InetProtocol, InetService], false, false),
            set("egress", &[EtherAddress, address], false, true),
            set("egress-prefixes", &[EtherAddress, address], true, true),
            set("ingress", &[address, address], false, true),
            set("ingress-prefixes", &[address, address], true, true),
            set("ingress-unchecked", &[address], false, true),
        ]
    });
    of_both.into_iter().chain(of_each).collect()
}

/// The base chains.
fn gates() -> Vec<Chain> {
    let established = || rule([states(&[ConnectionState::Established, ConnectionState::Related]), accept()]);
    let is_peer = |field| Statement::Lookup { fields: vec![field], set: "peers".to_owned(), negated: false };
    // Of other protocols the kernel tracks not all that may begin something: groups judge those.
    let is_tcp = equal(Field::L4Protocol, Value::Number(options::TCP.into()));
    let invalid = || rule([is_tcp.clone(), states(&[ConnectionState::Invalid]), Statement::Verdict(Verdict::Drop)]);
    let by_sender = || {
        let found = VERSIONS.iter().flat_map(|version| {
            let fields = [Field::EtherSource, version.source];
            ["egress", "egress-prefixes"].map(|map| rule([look_up(&version.set(map), &fields)]))
        });
        found.chain([rule([look_up("egress-unchecked", &[Field::EtherSource])])])
    };
    let found = VERSIONS.iter().flat_map(|version| {
        let fields = [version.next_hop, version.destination];
        let one = |map: &str, fields: &[Field]| rule([look_up(&version.set(map), fields)]);
        [one("ingress", &fields), one("ingress-prefixes", &fields), one("ingress-unchecked", &fields[..1])]
    });
    let to_outside = [rule([is_peer(Field::OutputInterface), accept()])].into_iter().chain(internet::leaving());
    let by_receiver = [internet::kept(), established()].into_iter().chain(to_outside).chain(found);
    let to_service = |set: &'static str| {
        let of = move |version: &Version| within(set, version, version.destination, Field::DestinationPort);
        VERSIONS.iter().map(of)
    };
    let services = ["exempt", "services"].into_iter().flat_map(to_service).map(|service| rule([service, accept()]));
    let leave_for_services = to_service("services").map(|service| rule([service, network_acls::gates()[0].clone()]));
    // An ENI's neighbours are behind isolated ports: it must go on sending to the router.
    let redirect = rule([
        Statement::Match { field: Field::Icmpv6Type, op: Op::Equal, value: Value::Number(137) },
        Statement::Verdict(Verdict::Drop),
    ]);
    let from_outside =
        [invalid(), rule([is_peer(Field::InputInterface), accept()])].into_iter().chain(internet::arriving());
    let [leaving, entering] = network_acls::gates();
    let from_service = VERSIONS.iter().map(|version| within("services", version, version.source, Field::SourcePort));
    let from_services = from_service.map(|service| rule([service, entering.clone()]));
    vec![
        base("subnet-edge", Hook::Forward, 5, Policy::Accept, [rule([leaving.clone()]), rule([entering.clone()])]),
        base("local-subnet-edge", Hook::Input, 5, Policy::Accept, leave_for_services),
        base("egress", Hook::Forward, 0, Policy::Drop, from_outside.chain(by_sender())),
        base("ingress", Hook::Forward, 10, Policy::Drop, by_receiver),
        base("local-egress", Hook::Input, 0, Policy::Drop, [invalid()].into_iter().chain(by_sender())),
        base("local-ingress", Hook::Input, 10, Policy::Drop, [established()].into_iter().chain(services)),
        base("output", Hook::Output, 0, Policy::Accept, [redirect].into_iter().chain(from_services)),
        // Entered by every sender's chain: replies, and what security groups do not apply to.
        Chain {
            name: "always".to_owned(),
            base: None,
            rules: [established()].into_iter().chain(to_service("exempt").map(|it| rule([it, accept()]))).collect(),
        },
    ]
}

/// Where the fabric itself answers.
fn services(view: &View<'_>, table: &mut Table) {
    let element = |service: &Service| Element {
        key: vec![
            KeyPart::Address(service.address),
            KeyPart::Number(service.protocol.into()),
            KeyPart::Number(service.port.into()),
        ],
        verdict: None,
    };
    let services: BTreeSet<Service> = view.options.services.iter().copied().collect();
    let exempt: BTreeSet<Service> = options::exempt(view.vpc).into_iter().collect();
    for (set, services) in [("services", services), ("exempt", exempt)] {
        for service in services {
            add(table, &Version::of(service.address).set(set), [element(&service)]);
        }
    }
}

/// By which source addresses an ENI is known.
fn sender(eni: &NetworkInterface, table: &mut Table) {
    let mac = || KeyPart::Mac(eni.mac.0);
    let gate = || Some(Verdict::Goto(chain_name(&eni.id, Direction::Egress)));
    for net in eni.networks() {
        let (map, part) = match single(net) {
            Some(address) => ("egress", address),
            None => ("egress-prefixes", KeyPart::Network(net)),
        };
        let map = Version::of(net.addr()).set(map);
        add(table, &map, [Element { key: vec![mac(), part], verdict: gate() }]);
    }
    if !eni.source_dest_check {
        add(table, "egress-unchecked", [Element { key: vec![mac()], verdict: gate() }]);
    }
}

/// By which next hops and destination addresses an ENI is known.
fn receiver(eni: &NetworkInterface, is_route_target: bool, table: &mut Table) {
    let gate = || Some(Verdict::Goto(chain_name(&eni.id, Direction::Ingress)));
    for net in eni.networks() {
        let version = Version::of(net.addr());
        let Some(hop) = routes::hop_address(eni, net).map(KeyPart::Address) else { continue };
        let (map, hops, to) = match single(net) {
            // A route to the ENI may well cover its own addresses.
            Some(address) if is_route_target && address != hop => ("ingress", vec![address.clone(), hop], address),
            Some(address) => ("ingress", vec![address.clone()], address),
            None => ("ingress-prefixes", vec![hop], KeyPart::Network(net)),
        };
        let elements = hops.into_iter().map(|hop| Element { key: vec![hop, to.clone()], verdict: gate() });
        add(table, &version.set(map), elements);
    }
    if !eni.source_dest_check {
        let everything = [IpNet::V4(Ipv4Net::default()), IpNet::V6(Ipv6Net::default())];
        for hop in everything.into_iter().filter_map(|net| routes::hop_address(eni, net)) {
            let element = Element { key: vec![KeyPart::Address(hop)], verdict: gate() };
            add(table, &Version::of(hop).set("ingress-unchecked"), [element]);
        }
    }
}

/// An ENI's side of a gate: its groups one after the other.
fn gate_of(Present { eni, by }: &Present<'_>, direction: Direction) -> Chain {
    if matches!(by, By::Nat(_) | By::Transit(_)) {
        return gateways_gate(eni, direction);
    }
    let always = matches!(direction, Direction::Egress).then(|| rule([jump("always".to_owned())]));
    let groups: BTreeSet<_> = eni.groups.iter().collect();
    let groups = groups.into_iter().map(|group| rule([jump(chain_name(group, direction))]));
    Chain { name: chain_name(&eni.id, direction), base: None, rules: always.into_iter().chain(groups).collect() }
}

/// A gateway's ENI has no groups. It passes on what is for others, which are not the VPC's own services.
fn gateways_gate(eni: &NetworkInterface, direction: Direction) -> Chain {
    let is_fabrics = equal(Field::FibDestinationType, Value::LocalAddress);
    let refused = (direction == Direction::Egress).then(|| rule([is_fabrics, Statement::Verdict(Verdict::Drop)]));
    let rules = refused.into_iter().chain([rule([accept()])]).collect();
    Chain { name: chain_name(&eni.id, direction), base: None, rules }
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

pub(super) fn add(table: &mut Table, name: &str, elements: impl IntoIterator<Item = Element>) {
    let set = table.sets.iter_mut().find(|set| set.name == name).expect("every fabric has this set");
    set.elements.extend(elements);
}

pub(super) fn base(
    name: &str,
    hook: Hook,
    priority: i32,
    policy: Policy,
    rules: impl IntoIterator<Item = Rule>,
) -> Chain {
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

/// Whether an address, protocol and port are among a version's services.
fn within(set: &str, version: &Version, address: Field, port: Field) -> Statement {
    Statement::Lookup { fields: vec![address, Field::L4Protocol, port], set: version.set(set), negated: false }
}

pub(super) fn states(states: &[ConnectionState]) -> Statement {
    Statement::Match { field: Field::ConnectionState, op: Op::Equal, value: Value::States(states.to_vec()) }
}
