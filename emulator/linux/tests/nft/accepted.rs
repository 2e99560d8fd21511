//! Every expression and kind of set is taken by the kernel, and nft reads it as our own text has it.

use std::net::Ipv4Addr;

use linux_net::nft;
use nft_ruleset::*;
use rstest::rstest;

use crate::support::*;

fn network(text: &str) -> Value {
    Value::Network(text.parse().expect("a network"))
}

fn states(states: &[ConnectionState]) -> Value {
    Value::States(states.to_vec())
}

/// Applies a table and compares nft's listing with our text; then has nft read the text.
fn accepted(table: &Table) {
    let Some(netns) = netns() else { return };
    replace(&netns, table);
    assert_eq!(nft::list_tables(&netns).expect("lists"), [(table.family, table.name.clone())]);
    let Some(listing) = listed(&netns) else { return };
    pretty_assert(&listing, &table.to_text());
    let fresh = crate::support::netns().expect("a second namespace");
    load_text(&fresh, &table.to_text());
    pretty_assert(&listed(&fresh).expect("nft is here"), &listing);
}

fn pretty_assert(actual: &str, expected: &str) {
    assert!(actual == expected, "listed:\n{actual}\nexpected:\n{expected}");
}

#[rstest]
#[case::ether_source(differs(Field::EtherSource, Value::Mac(CLIENT_MAC)))]
#[case::address(matches(Field::Ip4Source, Value::Address(Ipv4Addr::new(10, 0, 0, 5).into())))]
#[case::network_8(matches(Field::Ip4Source, network("10.0.0.0/8")))]
#[case::network_9(differs(Field::Ip4Destination, network("10.128.0.0/9")))]
#[case::network_16(matches(Field::Ip4Source, network("10.1.0.0/16")))]
#[case::network_24(matches(Field::Ip4Source, network("10.1.2.0/24")))]
#[case::network_0(matches(Field::Ip4Source, network("0.0.0.0/0")))]
#[case::address_6(matches(Field::Ip6Source, Value::Address("fd00::5".parse().expect("an address"))))]
#[case::network_6(differs(Field::Ip6Destination, network("fd00::/64")))]
#[case::network_61(matches(Field::Ip6Destination, network("fd00::/61")))]
#[case::network_6_0(matches(Field::Ip6Source, network("::/0")))]
#[case::protocol(matches(Field::L4Protocol, Value::Number(6)))]
#[case::protocol_range(differs(Field::L4Protocol, Value::Range(6, 17)))]
#[case::family(matches(Field::NfProtocol, Value::Number(10)))]
#[case::source_port(matches(Field::SourcePort, Value::Number(53)))]
#[case::port_range(matches(Field::DestinationPort, Value::Range(8000, 8999)))]
#[case::not_port_range(differs(Field::DestinationPort, Value::Range(0, 65535)))]
#[case::icmp_type(matches(Field::IcmpType, Value::Number(8)))]
#[case::icmp_types(matches(Field::IcmpType, Value::Range(0, 255)))]
#[case::icmp_code(matches(Field::IcmpCode, Value::Number(15)))]
#[case::icmpv6_type(differs(Field::Icmpv6Type, Value::Number(137)))]
#[case::icmpv6_code(matches(Field::Icmpv6Code, Value::Number(7)))]
#[case::input(matches(Field::InputInterface, Value::Interface("fifteen-letters".into())))]
#[case::inputs(matches(Field::InputInterface, Value::Interface("eni*".into())))]
#[case::not_outputs(differs(Field::OutputInterface, Value::Interface("vlan.eth.*".into())))]
#[case::mark(matches(Field::Mark, Value::Number(0x10)))]
#[case::mark_bits(matches(Field::Mark, Value::Masked { value: 0x80, mask: 0xf0 }))]
#[case::mark_range(matches(Field::Mark, Value::Range(0x10, 0x20)))]
#[case::connection_mark(differs(Field::ConnectionMark, Value::Number(0x80)))]
#[case::connection_mark_bits(differs(Field::ConnectionMark, Value::Masked { value: 0, mask: 0x80 }))]
#[case::states(matches(
    Field::ConnectionState,
    states(&[ConnectionState::Invalid, ConnectionState::Established, ConnectionState::Untracked])
))]
#[case::direction(matches(Field::ConnectionDirection, Value::Number(1)))]
#[case::random(matches(Field::Random(3), Value::Number(2)))]
#[case::no_states(differs(Field::ConnectionState, states(&[ConnectionState::New, ConnectionState::Related])))]
#[case::local(matches(Field::FibDestinationType, Value::LocalAddress))]
#[case::not_local(differs(Field::FibDestinationType, Value::LocalAddress))]
#[case::next_hop(matches(Field::Ip4NextHop, Value::Address(Ipv4Addr::new(10, 0, 0, 1).into())))]
#[case::next_hop_6(matches(Field::Ip6NextHop, Value::Address("fe80::1".parse().expect("an address"))))]
#[case::counter(Statement::Counter)]
#[case::set_mark(Statement::SetMark { value: 0x80, mask: u32::MAX })]
#[case::set_bit(Statement::SetMark { value: 0x80, mask: 0x80 })]
#[case::clear_bit(Statement::SetMark { value: 0, mask: 0x80 })]
#[case::set_connection_mark(Statement::SetConnectionMark { value: 1, mask: u32::MAX })]
#[case::set_connection_bit(Statement::SetConnectionMark { value: 0x80, mask: 0x80 })]
#[case::restore_mark(Statement::RestoreMark { mask: u32::MAX })]
#[case::restore_bit(Statement::RestoreMark { mask: 0x80 })]
#[case::accept(ACCEPT)]
#[case::drop(DROP)]
#[case::jump(Statement::Verdict(Verdict::Jump("other".into())))]
#[case::goto(Statement::Verdict(Verdict::Goto("other".into())))]
#[case::give_back(Statement::Verdict(Verdict::Return))]
fn single_statement(#[case] statement: Statement) {
    let hooked = Chain { base: forward(Policy::Accept, vec![]).base, ..chain("hooked", vec![vec![statement]]) };
    accepted(&table(vec![], vec![chain("other", vec![]), hooked]));
}

#[rstest]
#[case::tcp(vec![
    matches(Field::L4Protocol, Value::Number(6)),
    matches(Field::Ip4Source, network("10.0.0.0/8")),
    matches(Field::DestinationPort, Value::Range(80, 90)),
    Statement::Counter,
    ACCEPT,
])]
#[case::family_stated(vec![
    matches(Field::NfProtocol, Value::Number(2)),
    matches(Field::Ip4Source, network("10.0.0.0/8")),
    ACCEPT,
])]
#[case::icmp_stated(vec![
    matches(Field::L4Protocol, Value::Number(1)),
    matches(Field::IcmpType, Value::Number(3)),
    DROP,
])]
#[case::reset(vec![matches(Field::L4Protocol, Value::Number(6)), Statement::ResetTcp])]
#[case::ether_and_ip(vec![
    matches(Field::EtherSource, Value::Mac(CLIENT_MAC)),
    differs(Field::Ip4Source, network("10.0.0.5/32")),
    DROP,
])]
fn several_statements(#[case] statements: Vec<Statement>) {
    accepted(&table(vec![], vec![forward(Policy::Drop, vec![statements])]));
}

#[test]
fn comments_come_back() {
    let Some(netns) = netns() else { return };
    let comment = "x".repeat(128);
    let commented = Rule { statements: vec![Statement::Counter, DROP], comment: Some(comment.clone()) };
    let chains = vec![Chain { rules: vec![commented, rule(vec![ACCEPT])], ..forward(Policy::Accept, vec![]) }];
    replace(&netns, &table(vec![], chains));
    let rules = nft::rules(&netns, Family::Inet, "vpcbox").expect("lists");
    let entry = |comment, counter| nft::RuleEntry { chain: "forward".into(), comment, counter };
    assert_eq!(rules, [entry(Some(comment), Some((0, 0))), entry(None, None)]);
}

#[rstest]
#[case::filter(ChainKind::Filter, Hook::Prerouting, -300, Policy::Accept)]
#[case::input(ChainKind::Filter, Hook::Input, 0, Policy::Drop)]
#[case::output(ChainKind::Filter, Hook::Output, 10, Policy::Accept)]
#[case::route(ChainKind::Route, Hook::Output, -150, Policy::Accept)]
#[case::nat(ChainKind::Nat, Hook::Postrouting, 100, Policy::Accept)]
fn base_chains(#[case] kind: ChainKind, #[case] hook: Hook, #[case] priority: i32, #[case] policy: Policy) {
    let base = Base { kind, hook, priority, policy };
    accepted(&table(vec![], vec![Chain { base: Some(base), ..chain("base", vec![]) }]));
}

#[rstest]
#[case::inet(Family::Inet, false)]
#[case::random(Family::Inet, true)]
#[case::ip(Family::Ip, true)]
fn source_nat(#[case] family: Family, #[case] fully_random: bool) {
    let base = Base { kind: ChainKind::Nat, hook: Hook::Postrouting, priority: 100, policy: Policy::Accept };
    let snat = Statement::SourceNat { address: Ipv4Addr::new(10, 0, 2, 1), fully_random };
    let rules = vec![vec![matches(Field::Ip4Source, network("10.0.0.0/8")), snat]];
    accepted(&Table { family, ..table(vec![], vec![Chain { base: Some(base), ..chain("nat", rules) }]) });
}

use KeyType::{EtherAddress, InetProtocol, InetService, InterfaceName, Ipv4Address, Ipv6Address, Mark};

#[rstest]
#[case::addresses(&[Ipv4Address], false, vec![vec![address("10.0.0.1")], vec![address("10.0.0.2")]], &[Field::Ip4Source])]
#[case::networks(
    &[Ipv4Address], true,
    vec![vec![address("1.2.3.4")], vec![net("10.0.0.0/9")], vec![net("10.128.0.0/9")], vec![net("224.0.0.0/3")]],
    &[Field::Ip4Destination]
)]
#[case::everything(&[Ipv4Address], true, vec![vec![net("0.0.0.0/0")]], &[Field::Ip4Destination])]
#[case::addresses_6(&[Ipv6Address], false, vec![vec![address("fd00::1")]], &[Field::Ip6Source])]
#[case::networks_6(&[Ipv6Address], true, vec![vec![address("::1")], vec![net("fd00::/64")]], &[Field::Ip6Destination])]
#[case::macs(&[EtherAddress], false, vec![vec![KeyPart::Mac(CLIENT_MAC)]], &[Field::EtherSource])]
#[case::protocols(&[InetProtocol], false, vec![vec![KeyPart::Number(6)], vec![KeyPart::Number(17)]], &[Field::L4Protocol])]
#[case::ports(&[InetService], true, vec![vec![KeyPart::Range(80, 90)], vec![KeyPart::Number(443)]], &[Field::DestinationPort])]
#[case::last_port(&[InetService], true, vec![vec![KeyPart::Range(65000, 65535)]], &[Field::SourcePort])]
#[case::marks(&[Mark], false, vec![vec![KeyPart::Number(1)], vec![KeyPart::Number(0x80)]], &[Field::Mark])]
#[case::mark_ranges(&[Mark], true, vec![vec![KeyPart::Range(1, 0x100)]], &[Field::ConnectionMark])]
#[case::names(&[InterfaceName], false, vec![vec![KeyPart::Interface("eth0".into())]], &[Field::InputInterface])]
#[case::name_stems(
    &[InterfaceName], true,
    vec![vec![KeyPart::Interface("eni*".into())], vec![KeyPart::Interface("lo".into())]],
    &[Field::OutputInterface]
)]
#[case::wires(
    &[EtherAddress, Ipv4Address], false,
    vec![vec![KeyPart::Mac(CLIENT_MAC), address("10.0.1.2")]],
    &[Field::EtherSource, Field::Ip4Source]
)]
#[case::links(
    &[InterfaceName, Ipv6Address], false,
    vec![vec![KeyPart::Interface("eth0".into()), address("fd00::1")]],
    &[Field::InputInterface, Field::Ip6Source]
)]
#[case::services(
    &[Ipv4Address, InetProtocol, InetService], true,
    vec![
        vec![net("10.0.0.0/16"), KeyPart::Number(6), KeyPart::Range(80, 90)],
        vec![address("10.1.0.1"), KeyPart::Number(17), KeyPart::Number(53)],
    ],
    &[Field::Ip4Source, Field::L4Protocol, Field::DestinationPort]
)]
#[case::any_port(
    &[InetProtocol, InetService], true,
    vec![vec![KeyPart::Number(6), KeyPart::Range(0, 65535)]],
    &[Field::L4Protocol, Field::DestinationPort]
)]
#[case::marked(
    &[Ipv4Address, Mark], true,
    vec![vec![net("10.0.0.0/16"), KeyPart::Range(1, 5)]],
    &[Field::Ip4Source, Field::Mark]
)]
#[case::marked_exactly(
    &[Ipv4Address, Mark], false,
    vec![vec![address("10.0.0.1"), KeyPart::Number(5)]],
    &[Field::Ip4Source, Field::ConnectionMark]
)]
#[case::stems(
    &[InterfaceName, Ipv4Address], true,
    vec![vec![KeyPart::Interface("eni*".into()), net("10.0.0.0/16")]],
    &[Field::InputInterface, Field::Ip4Destination]
)]
#[case::hops(
    &[Ipv4Address, Ipv4Address], false,
    vec![vec![address("10.0.0.1"), address("10.0.0.5")]],
    &[Field::Ip4NextHop, Field::Ip4Source]
)]
fn sets(
    #[case] key: &[KeyType],
    #[case] interval: bool,
    #[case] elements: Vec<Vec<KeyPart>>,
    #[case] fields: &[Field],
) {
    let verdicts = elements.iter().map(|key| (key.clone(), jump("c"))).collect();
    let count = elements.len();
    let sets = vec![set("s", key, interval, elements), map("m", key, interval, verdicts)];
    let rules = vec![vec![lookup(fields, "s"), ACCEPT], vec![not_in(fields, "s"), DROP], vec![dispatch(fields, "m")]];
    let table = table(sets, vec![chain("c", vec![]), forward(Policy::Drop, rules)]);
    accepted(&table);

    let Some(netns) = netns() else { return };
    replace(&netns, &table);
    let counted = ["s", "m"].map(|set| nft::element_count(&netns, Family::Inet, "vpcbox", set).expect("lists"));
    assert_eq!(counted, [count; 2]);
    assert_eq!(nft::sets(&netns, Family::Inet, "vpcbox").expect("lists"), ["s", "m"]);
    assert_eq!(nft::chains(&netns, Family::Inet, "vpcbox").expect("lists"), ["c", "forward"]);
}

#[test]
fn every_verdict_fits_a_map() {
    let verdicts = [Verdict::Accept, Verdict::Drop, Verdict::Return, jump("c"), Verdict::Goto("c".into())];
    let elements = (1..).zip(verdicts).map(|(port, verdict)| (vec![KeyPart::Number(port)], verdict)).collect();
    let rules = vec![vec![matches(Field::L4Protocol, Value::Number(6)), dispatch(&[Field::DestinationPort], "m")]];
    let maps = vec![map("m", &[InetService], false, elements)];
    accepted(&table(maps, vec![chain("c", vec![]), forward(Policy::Drop, rules)]));
}
