//! Rulesets as people read them.

use std::net::{Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;
use nft_ruleset::*;
use rstest::rstest;

fn net(text: &str) -> IpNet {
    text.parse().expect("a network")
}

fn matches(field: Field, value: Value) -> Statement {
    Statement::Match { field, op: Op::Equal, value }
}

fn differs(field: Field, value: Value) -> Statement {
    Statement::Match { field, op: Op::NotEqual, value }
}

fn element(key: Vec<KeyPart>) -> Element {
    Element { key, verdict: None }
}

fn set(name: &str, key: Vec<KeyType>, interval: bool, elements: Vec<Element>) -> Set {
    Set { name: name.into(), key, interval, verdicts: elements.iter().any(|e| e.verdict.is_some()), elements }
}

fn rule(statements: Vec<Statement>) -> Rule {
    Rule { statements, comment: None }
}

/// The text of one rule in a table of IPv4 and IPv6.
fn rule_text(statements: Vec<Statement>) -> String {
    let chain = Chain { name: "c".into(), base: None, rules: vec![rule(statements)] };
    let table = Table { family: Family::Inet, name: "t".into(), sets: vec![], chains: vec![chain] };
    let text = table.to_text();
    text.lines().nth(2).expect("a rule").trim().to_owned()
}

#[test]
fn a_table_reads_as_nft_lists_it() {
    let address = |text: &str| KeyPart::Address(text.parse().expect("an address"));
    let sets = vec![
        set(
            "peers",
            vec![KeyType::Ipv4Address],
            true,
            vec![
                element(vec![KeyPart::Network(net("10.0.0.0/16"))]),
                element(vec![address("192.0.2.1")]),
                element(vec![KeyPart::Network(net("192.0.2.7/32"))]),
            ],
        ),
        set(
            "wires",
            vec![KeyType::EtherAddress, KeyType::Ipv4Address],
            false,
            vec![
                element(vec![KeyPart::Mac([2, 0, 0, 0, 0, 1]), address("10.0.0.5")]),
                element(vec![KeyPart::Mac([2, 0, 0, 0, 0, 2]), address("10.0.0.6")]),
            ],
        ),
        set(
            "services",
            vec![KeyType::InetProtocol, KeyType::InetService],
            true,
            vec![
                element(vec![KeyPart::Number(6), KeyPart::Range(8000, 8999)]),
                element(vec![KeyPart::Number(200), KeyPart::Number(53)]),
            ],
        ),
        set("marks", vec![KeyType::Mark], false, (1..=6).map(|n| element(vec![KeyPart::Number(n)])).collect()),
        set(
            "links",
            vec![KeyType::InterfaceName],
            true,
            vec![element(vec![KeyPart::Interface("eni*".into())]), element(vec![KeyPart::Interface("lo".into())])],
        ),
        set("six", vec![KeyType::Ipv6Address], false, vec![element(vec![address("fd00::1")])]),
        set(
            "ingress",
            vec![KeyType::Ipv4Address],
            false,
            vec![
                Element { key: vec![address("10.0.0.5")], verdict: Some(Verdict::Jump("eni-1".into())) },
                Element { key: vec![address("10.0.0.6")], verdict: Some(Verdict::Goto("eni-1".into())) },
                Element { key: vec![address("10.0.0.7")], verdict: Some(Verdict::Accept) },
            ],
        ),
        set("empty", vec![KeyType::Ipv4Address], false, vec![]),
    ];
    let base = |kind, hook, priority, policy| Some(Base { kind, hook, priority, policy });
    let chains = vec![
        Chain {
            name: "eni-1".into(),
            base: None,
            rules: vec![
                rule(vec![
                    matches(Field::L4Protocol, Value::Number(6)),
                    matches(Field::Ip4Source, Value::Network(net("10.0.0.0/8"))),
                    matches(Field::DestinationPort, Value::Range(80, 90)),
                    Statement::Counter,
                    Statement::Verdict(Verdict::Accept),
                ]),
                Rule { statements: vec![Statement::Verdict(Verdict::Drop)], comment: Some("no rule allows it".into()) },
            ],
        },
        Chain {
            name: "forward".into(),
            base: base(ChainKind::Filter, Hook::Forward, 0, Policy::Drop),
            rules: vec![
                rule(vec![
                    matches(
                        Field::ConnectionState,
                        Value::States(vec![ConnectionState::Related, ConnectionState::Established]),
                    ),
                    Statement::Verdict(Verdict::Accept),
                ]),
                rule(vec![
                    Statement::Lookup {
                        fields: vec![Field::EtherSource, Field::Ip4Source],
                        set: "wires".into(),
                        negated: true,
                    },
                    Statement::Verdict(Verdict::Drop),
                ]),
                rule(vec![Statement::VerdictMap { fields: vec![Field::Ip4Destination], map: "ingress".into() }]),
            ],
        },
        Chain {
            name: "postrouting".into(),
            base: base(ChainKind::Nat, Hook::Postrouting, 100, Policy::Accept),
            rules: vec![rule(vec![
                differs(Field::FibDestinationType, Value::LocalAddress),
                Statement::SourceNat { address: Ipv4Addr::new(10, 0, 0, 5), fully_random: true },
            ])],
        },
    ];
    let table = Table { family: Family::Inet, name: "vpcbox".into(), sets, chains };
    insta::assert_snapshot!(table.to_text());
}

#[rstest]
#[case::tcp_port_absorbs_protocol(
    vec![matches(Field::L4Protocol, Value::Number(6)), matches(Field::DestinationPort, Value::Number(80))],
    "tcp dport 80"
)]
#[case::protocol_alone_stays(vec![matches(Field::L4Protocol, Value::Number(17))], "meta l4proto udp")]
#[case::protocol_without_a_name(vec![matches(Field::L4Protocol, Value::Number(99))], "meta l4proto 99")]
#[case::protocol_stays_before_an_action(
    vec![
        matches(Field::L4Protocol, Value::Number(6)),
        Statement::Counter,
        matches(Field::SourcePort, Value::Number(1)),
    ],
    "meta l4proto tcp counter tcp sport 1"
)]
#[case::family_is_absorbed(
    vec![matches(Field::NfProtocol, Value::Number(2)), differs(Field::Ip4Source, Value::Network(net("10.0.0.0/9")))],
    "ip saddr != 10.0.0.0/9"
)]
#[case::direction(vec![matches(Field::ConnectionDirection, Value::Number(1))], "ct direction reply")]
#[case::random(vec![matches(Field::Random(3), Value::Number(0))], "numgen random mod 3 0")]
#[case::reset(
    vec![matches(Field::L4Protocol, Value::Number(6)), Statement::ResetTcp],
    "meta l4proto tcp reject with tcp reset"
)]
#[case::family_alone(vec![matches(Field::NfProtocol, Value::Number(10))], "meta nfproto ipv6")]
#[case::ports_of_any_protocol(vec![differs(Field::SourcePort, Value::Range(1, 1023))], "th sport != 1-1023")]
#[case::icmp(
    vec![
        matches(Field::L4Protocol, Value::Number(1)),
        matches(Field::IcmpType, Value::Number(8)),
        matches(Field::IcmpCode, Value::Number(0)),
    ],
    "icmp type echo-request icmp code 0"
)]
#[case::icmp_range(vec![matches(Field::IcmpType, Value::Range(0, 255))], "icmp type 0-255")]
#[case::icmpv6(vec![matches(Field::Icmpv6Type, Value::Number(137))], "icmpv6 type nd-redirect")]
#[case::address(
    vec![matches(Field::Ip6Destination, Value::Address(Ipv6Addr::LOCALHOST.into()))],
    "ip6 daddr ::1"
)]
#[case::whole_network(vec![matches(Field::Ip4Destination, Value::Network(net("0.0.0.0/0")))], "ip daddr 0.0.0.0/0")]
#[case::no_state(
    vec![differs(Field::ConnectionState, Value::States(vec![ConnectionState::New]))],
    "ct state ! new"
)]
#[case::interface(vec![matches(Field::InputInterface, Value::Interface("eni*".into()))], "iifname \"eni*\"")]
#[case::mac(vec![differs(Field::EtherSource, Value::Mac([2, 0, 0, 0, 0, 255]))], "ether saddr != 02:00:00:00:00:ff")]
#[case::masked_mark(
    vec![differs(Field::ConnectionMark, Value::Masked { value: 0, mask: 0x80 })],
    "ct mark & 0x00000080 != 0x00000000"
)]
#[case::mark_range(vec![matches(Field::Mark, Value::Range(1, 16))], "meta mark 0x00000001-0x00000010")]
#[case::set_whole_mark(vec![Statement::SetMark { value: 1, mask: u32::MAX }], "meta mark set 0x00000001")]
#[case::set_bits(
    vec![Statement::SetConnectionMark { value: 0x80, mask: 0x80 }],
    "ct mark set ct mark | 0x00000080"
)]
#[case::clear_bits(vec![Statement::SetMark { value: 0, mask: 0x80 }], "meta mark set meta mark & 0xffffff7f")]
#[case::change_bits(
    vec![Statement::SetMark { value: 0x10, mask: 0xff }],
    "meta mark set meta mark & 0xffffff00 | 0x00000010"
)]
#[case::restore_bits(vec![Statement::RestoreMark { mask: 0x80 }], "meta mark set ct mark & 0x00000080")]
#[case::restore_all(vec![Statement::RestoreMark { mask: u32::MAX }], "meta mark set ct mark")]
fn rules(#[case] statements: Vec<Statement>, #[case] expected: &str) {
    assert_eq!(rule_text(statements), expected);
}
