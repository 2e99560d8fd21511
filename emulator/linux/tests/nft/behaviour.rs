//! What rules do to real packets between two namespaces.

use std::net::{Ipv4Addr, SocketAddr};

use linux_net::{Netlink, conntrack, nft};
use nft_ruleset::*;

use crate::support::*;

const OTHER_CLIENT: Ipv4Addr = Ipv4Addr::new(10, 0, 1, 77);

#[test]
fn port_ranges() {
    let Some(path) = Path::new() else { return };
    path.filter(
        vec![],
        vec![],
        vec![vec![
            udp(),
            matches(Field::DestinationPort, Value::Range(8000, 8999)),
            differs(Field::DestinationPort, Value::Range(8100, 8199)),
            ACCEPT,
        ]],
    );
    let passed = [7999, 8000, 8099, 8100, 8199, 8200, 8999, 9000].map(|port| path.passes(port));
    assert_eq!(passed, [false, true, true, false, false, true, true, false]);
}

#[test]
fn networks() {
    let Some(path) = Path::new() else { return };
    for (net, expected) in
        [("10.0.0.0/8", true), ("10.0.1.0/24", true), ("10.0.1.2/32", true), ("10.0.0.0/23", true), ("0.0.0.0/0", true)]
            .into_iter()
            .chain([("11.0.0.0/8", false), ("10.0.2.0/24", false), ("10.0.1.3/32", false), ("10.0.2.0/23", false)])
    {
        let value = || Value::Network(net.parse().expect("a network"));
        path.filter(vec![], vec![], vec![vec![matches(Field::Ip4Source, value()), ACCEPT]]);
        assert_eq!(path.passes(8000), expected, "{net}");
        path.filter(vec![], vec![], vec![vec![differs(Field::Ip4Source, value()), ACCEPT]]);
        assert_eq!(path.passes(8000), !expected, "not {net}");
    }
}

#[test]
fn pairs_of_ethernet_and_ip_source() {
    let Some(path) = Path::new() else { return };
    let client = Netlink::open(&path.client).expect("netlink");
    client.add_address("eth0", in_24(OTHER_CLIENT)).expect("address");
    let key = [KeyType::EtherAddress, KeyType::Ipv4Address];
    let fields = [Field::EtherSource, Field::Ip4Source];
    let pair = |mac, ip: Ipv4Addr| vec![KeyPart::Mac(mac), KeyPart::Address(ip.into())];
    let other_mac = [2, 0, 0, 0, 9, 9];
    let wires = set("wires", &key, false, vec![pair(CLIENT_MAC, CLIENT), pair(other_mac, OTHER_CLIENT)]);
    path.filter(vec![wires], vec![], vec![vec![lookup(&fields, "wires"), ACCEPT]]);
    assert!(path.passes(8000));
    assert!(!path.passes_from(OTHER_CLIENT, 8000), "its address belongs to another wire");
}

#[test]
fn verdict_maps_dispatch() {
    let Some(path) = Path::new() else { return };
    let ports =
        [(8001, Verdict::Accept), (8002, Verdict::Drop), (8003, jump("some")), (8004, Verdict::Goto("some".into()))];
    let elements = ports.into_iter().map(|(port, verdict)| (vec![KeyPart::Number(port)], verdict)).collect();
    let some = chain("some", vec![vec![matches(Field::DestinationPort, Value::Number(8004)), ACCEPT]]);
    let rules = vec![
        vec![udp(), dispatch(&[Field::DestinationPort], "ports")],
        // Only a jump comes back here.
        vec![udp(), matches(Field::DestinationPort, Value::Range(8003, 8005)), ACCEPT],
    ];
    path.filter(vec![map("ports", &[KeyType::InetService], false, elements)], vec![some], rules);
    assert_eq!(
        [8001, 8002, 8003, 8004, 8005, 8006].map(|port| path.passes(port)),
        [true, false, true, true, true, false]
    );
}

#[test]
fn interval_maps() {
    let Some(path) = Path::new() else { return };
    let elements = vec![
        (vec![net("10.0.0.0/24")], Verdict::Drop),
        (vec![net("10.0.1.0/24")], Verdict::Accept),
        (vec![net("10.0.2.0/24")], Verdict::Drop),
    ];
    let sources = map("sources", &[KeyType::Ipv4Address], true, elements);
    path.filter(vec![sources], vec![], vec![vec![dispatch(&[Field::Ip4Source], "sources")]]);
    assert!(path.passes(8000));
    path.filter(
        vec![map("sources", &[KeyType::Ipv4Address], true, vec![(vec![net("10.0.1.3/32")], Verdict::Accept)])],
        vec![],
        vec![vec![dispatch(&[Field::Ip4Source], "sources")]],
    );
    assert!(!path.passes(8000));
}

#[test]
fn concatenated_intervals() {
    let Some(path) = Path::new() else { return };
    let key = [KeyType::Ipv4Address, KeyType::InetProtocol, KeyType::InetService];
    let fields = [Field::Ip4Source, Field::L4Protocol, Field::DestinationPort];
    let allowed = set(
        "allowed",
        &key,
        true,
        vec![
            vec![net("10.0.1.0/30"), KeyPart::Number(17), KeyPart::Range(8000, 8005)],
            vec![net("10.0.1.0/30"), KeyPart::Number(6), KeyPart::Range(9000, 9005)],
            vec![address("10.0.1.2"), KeyPart::Range(0, 255), KeyPart::Number(53)],
        ],
    );
    path.filter(vec![allowed], vec![], vec![vec![lookup(&fields, "allowed"), ACCEPT]]);
    assert_eq!(
        [7999, 8000, 8005, 8006, 9000, 53].map(|port| path.passes(port)),
        [false, true, true, false, false, true]
    );
}

#[test]
fn connection_states() {
    let Some(path) = Path::new() else { return };
    let state = |state| matches(Field::ConnectionState, Value::States(vec![state]));
    path.filter(
        vec![],
        vec![],
        vec![
            vec![state(ConnectionState::Established), ACCEPT],
            vec![matches(Field::InputInterface, Value::Interface("cli*".into())), state(ConnectionState::New), ACCEPT],
        ],
    );
    let at = |netns, address: Ipv4Addr, port| {
        linux_net::socket::udp_socket(netns, SocketAddr::from((address, port))).expect("socket")
    };
    let (server, client) = (at(&path.server, SERVER, 8000), at(&path.client, CLIENT, 8001));
    let deadline = std::time::Duration::from_secs(5);
    server.send_to(b"unasked", (CLIENT, 8001)).expect("sends");
    client.send_to(b"question", (SERVER, 8000)).expect("sends");
    let from = receive(&server, deadline).expect("new connections from the client pass");
    assert!(receive(&client, std::time::Duration::ZERO).is_none(), "new ones from the server do not");
    server.send_to(b"answer", from).expect("sends");
    assert!(receive(&client, deadline).is_some(), "answers pass");
}

/// An established connection passes whatever the rules say of new ones, until it is forgotten.
#[test]
fn forgotten_connections_are_new() {
    let Some(path) = Path::new() else { return };
    let state = |state| matches(Field::ConnectionState, Value::States(vec![state]));
    let rules = |new: Statement| {
        vec![
            vec![state(ConnectionState::Established), ACCEPT],
            vec![matches(Field::InputInterface, Value::Interface("client".into())), new],
        ]
    };
    path.filter(vec![], vec![], rules(ACCEPT));
    let at = |netns, address: Ipv4Addr, port| {
        linux_net::socket::udp_socket(netns, SocketAddr::from((address, port))).expect("socket")
    };
    let (server, client) = (at(&path.server, SERVER, 8000), at(&path.client, CLIENT, 8001));
    let deadline = std::time::Duration::from_secs(5);
    client.send_to(b"question", (SERVER, 8000)).expect("sends");
    server.send_to(b"answer", receive(&server, deadline).expect("arrives")).expect("sends");
    receive(&client, deadline).expect("arrives");

    path.filter(vec![], vec![], rules(DROP));
    client.send_to(b"more", (SERVER, 8000)).expect("sends");
    receive(&server, deadline).expect("an established connection goes on");
    let others = conntrack::forget(&path.router, &["10.0.3.0/24".parse().expect("a network")]);
    assert_eq!(others, Ok(0));
    let forgotten = conntrack::forget(&path.router, &[ipnet::IpNet::from(std::net::IpAddr::V4(SERVER))]);
    assert_eq!(forgotten, Ok(1));
    client.send_to(b"more", (SERVER, 8000)).expect("sends");
    // Another packet that passes comes after it.
    assert!(!path.passes(8002));
    assert!(receive(&server, std::time::Duration::ZERO).is_none(), "it is a new connection, which may not");
}

#[test]
fn source_nat() {
    let Some(path) = Path::new() else { return };
    let base = Base { kind: ChainKind::Nat, hook: Hook::Postrouting, priority: 100, policy: Policy::Accept };
    let snat = Statement::SourceNat { address: Ipv4Addr::new(10, 0, 2, 1), fully_random: true };
    let rules = vec![vec![matches(Field::OutputInterface, Value::Interface("server".into())), snat]];
    replace(&path.router, &table(vec![], vec![Chain { base: Some(base), ..chain("nat", rules) }]));
    let seen = path.source_seen(CLIENT, 8000).expect("passes");
    assert_eq!(seen.ip(), Ipv4Addr::new(10, 0, 2, 1));
}

#[test]
fn marks() {
    let Some(path) = Path::new() else { return };
    let port = |port| matches(Field::DestinationPort, Value::Number(port));
    let mark = |value, mask| matches(Field::Mark, Value::Masked { value, mask });
    path.filter(
        vec![],
        vec![],
        vec![
            vec![Statement::SetMark { value: 0x10f, mask: u32::MAX }],
            vec![udp(), port(8001), Statement::SetMark { value: 0x80, mask: 0xf0 }],
            vec![
                udp(),
                port(8002),
                Statement::SetConnectionMark { value: 0x80, mask: 0xff },
                Statement::RestoreMark { mask: 0x80 },
            ],
            // 8001 has 0x18f, 8002 has 0x80, others 0x10f.
            vec![udp(), port(8001), matches(Field::Mark, Value::Number(0x18f)), ACCEPT],
            vec![udp(), port(8002), matches(Field::Mark, Value::Range(0x7f, 0x81)), ACCEPT],
            vec![udp(), port(8003), mark(0x100, 0xf00), differs(Field::Mark, Value::Range(0x200, 0x10000)), ACCEPT],
            vec![udp(), port(8004), mark(0x80, 0x80), ACCEPT],
        ],
    );
    assert_eq!([8001, 8002, 8003, 8004].map(|port| path.passes(port)), [true, true, true, false]);
}

#[test]
fn marks_in_sets_of_either_order() {
    let Some(path) = Path::new() else { return };
    for (interval, part) in [(false, KeyPart::Number(0x102)), (true, KeyPart::Range(0x101, 0x103))] {
        let marks = set("marks", &[KeyType::Mark], interval, vec![vec![part]]);
        path.filter(
            vec![marks],
            vec![],
            vec![
                vec![
                    udp(),
                    matches(Field::DestinationPort, Value::Number(1)),
                    Statement::SetMark { value: 0x102, mask: u32::MAX },
                ],
                vec![
                    udp(),
                    matches(Field::DestinationPort, Value::Number(2)),
                    Statement::SetMark { value: 0x201, mask: u32::MAX },
                ],
                vec![lookup(&[Field::Mark], "marks"), ACCEPT],
            ],
        );
        assert_eq!([1, 2].map(|port| path.passes(port)), [true, false], "interval: {interval}");
    }
}

#[test]
fn interfaces_in_sets() {
    let Some(path) = Path::new() else { return };
    for (interval, name, expected) in [
        (false, "client", true),
        (false, "clien", false),
        (true, "cli*", true),
        (true, "clienta*", false),
        (true, "client", true),
    ] {
        let links = set("links", &[KeyType::InterfaceName], interval, vec![vec![KeyPart::Interface(name.into())]]);
        path.filter(vec![links], vec![], vec![vec![lookup(&[Field::InputInterface], "links"), ACCEPT]]);
        assert_eq!(path.passes(8000), expected, "{name}");
    }
}

#[test]
fn next_hops() {
    let Some(path) = Path::new() else { return };
    for (hop, expected) in [(SERVER, true), (Ipv4Addr::new(10, 0, 2, 3), false)] {
        let rules = vec![vec![matches(Field::Ip4NextHop, Value::Address(hop.into())), ACCEPT]];
        path.filter(vec![], vec![], rules);
        assert_eq!(path.passes(8000), expected, "{hop}");
    }
}

#[test]
fn counters_tell_which_rule_a_packet_met() {
    let Some(path) = Path::new() else { return };
    let dropped = Rule { statements: vec![udp(), Statement::Counter, DROP], comment: Some("nothing allows it".into()) };
    let chains = vec![Chain { rules: vec![dropped], ..chain("denied", vec![]) }];
    path.filter(vec![], chains, vec![vec![Statement::Verdict(jump("denied"))]]);
    assert!(!path.passes(8000));
    assert!(!path.passes(8001));
    let rules = nft::rules(&path.router, Family::Inet, "vpcbox").expect("lists");
    let denied = rules.iter().find(|rule| rule.chain == "denied").expect("the rule");
    // An IPv4 header, a UDP header and five bytes each.
    assert_eq!((denied.comment.as_deref(), denied.counter), (Some("nothing allows it"), Some((2, 66))));
}
