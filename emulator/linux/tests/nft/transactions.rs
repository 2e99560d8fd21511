//! All or nothing, size, and the change from one version of a table to the next.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use linux_net::{Netns, nft, socket};
use nft_ruleset::*;
use nix::errno::Errno;
use rstest::rstest;

use crate::support::*;

fn number(number: u32) -> KeyPart {
    KeyPart::Address(Ipv4Addr::from(0x0a00_0000 + number).into())
}

fn element(part: KeyPart) -> Element {
    Element { key: vec![part], verdict: None }
}

#[test]
fn a_refusal_names_the_object_and_changes_nothing() {
    let Some(netns) = netns() else { return };
    let peers = set("peers", &[KeyType::Ipv4Address], true, vec![vec![net("10.0.0.0/24")]]);
    let before = table(vec![peers.clone()], vec![forward(Policy::Drop, vec![vec![ACCEPT]])]);
    replace(&netns, &before);

    let after = table(vec![peers.clone()], vec![forward(Policy::Drop, vec![vec![ACCEPT], vec![DROP]])]);
    let mut batch = encode::replace_table(&after).expect("encodes");
    let absent = [element(net("10.9.0.0/24"))];
    batch.append(encode::update_elements(Family::Inet, "vpcbox", &peers, &[], &absent).expect("encodes"));
    let err = nft::apply(&netns, &batch).expect_err("there is no such element");
    assert_eq!((err.operation(), err.errno()), ("delete", Errno::ENOENT));
    assert_eq!(err.object(), "elements 1 to 1 of set peers in inet table vpcbox");
    assert_eq!(nft::dump_rule_count(&netns, Family::Inet, "vpcbox").expect("lists"), 1);
}

#[test]
fn an_unknown_reference_is_refused_by_the_kernel_too() {
    let Some(netns) = netns() else { return };
    // The table knows the chain and the set; the kernel has neither.
    let rules = vec![vec![ACCEPT], vec![Statement::Verdict(jump("other"))]];
    let known = table(vec![], vec![chain("first", rules), chain("other", vec![])]);
    let mut batch = encode::replace_table(&table(vec![], vec![])).expect("encodes");
    batch.append(encode::replace_chain(&known, "first").expect("encodes"));
    let err = nft::apply(&netns, &batch).expect_err("there is no such chain");
    assert_eq!((err.object(), err.errno()), ("rule 2 of chain first in inet table vpcbox", Errno::ENOENT));
    assert!(nft::list_tables(&netns).expect("lists").is_empty());
}

#[test]
fn tables_are_deleted_whether_they_are_there_or_not() {
    let Some(netns) = netns() else { return };
    replace(&netns, &table(vec![], vec![forward(Policy::Drop, vec![])]));
    let delete = encode::delete_table(Family::Inet, "vpcbox").expect("encodes");
    for _ in 0..2 {
        nft::apply(&netns, &delete).expect("deletes");
        assert!(nft::list_tables(&netns).expect("lists").is_empty());
    }
    assert_eq!(nft::chains(&netns, Family::Inet, "vpcbox").expect("lists"), Vec::<String>::new());
}

#[test]
fn elements_come_and_go() {
    let Some(netns) = netns() else { return };
    for interval in [false, true] {
        let set = set("peers", &[KeyType::Ipv4Address], interval, (0..10).map(|n| vec![number(2 * n)]).collect());
        replace(&netns, &table(vec![set.clone()], vec![]));
        let add: Vec<Element> = (0..5000).map(|n| element(number(2 * n + 1))).collect();
        let delete: Vec<Element> = (0..5).map(|n| element(number(2 * n))).collect();
        let batch = encode::update_elements(Family::Inet, "vpcbox", &set, &add, &delete).expect("encodes");
        nft::apply(&netns, &batch).expect("applies");
        let count = nft::element_count(&netns, Family::Inet, "vpcbox", "peers").expect("lists");
        assert_eq!(count, 5005, "interval: {interval}");
    }
}

#[rstest]
#[case::exact(false, vec![address("10.0.0.1")], vec![address("10.0.0.1")])]
#[case::grown_interval(true, vec![net("10.0.0.0/24")], vec![net("10.0.0.0/16")])]
fn an_element_is_replaced_in_one_transaction(
    #[case] interval: bool,
    #[case] old: Vec<KeyPart>,
    #[case] new: Vec<KeyPart>,
) {
    let Some(netns) = netns() else { return };
    let version = |key: Vec<KeyPart>, verdict| {
        table(vec![map("m", &[KeyType::Ipv4Address], interval, vec![(key, verdict)])], vec![])
    };
    let (old, new) = (version(old, Verdict::Drop), version(new, Verdict::Accept));
    replace(&netns, &old);
    nft::apply(&netns, &encode::update_table(&old, &new).expect("encodes")).expect("applies");
    if let Some(listing) = listed(&netns) {
        assert_eq!(listing, new.to_text());
    }
}

/// Versions of a table, each differing from the one before it in another way.
fn versions() -> Vec<Table> {
    use KeyType::{InetService, Ipv4Address};
    let drop = || vec![DROP];
    let jump_to = |name: &str| vec![Statement::Verdict(jump(name))];
    let by_source = || vec![dispatch(&[Field::Ip4Source], "m")];
    let entry = |part: &str, verdict| (vec![net(part)], verdict);
    vec![
        table(vec![], vec![forward(Policy::Drop, vec![])]),
        table(vec![], vec![chain("a", vec![drop()]), forward(Policy::Drop, vec![jump_to("a")])]),
        // A chain goes that was jumped to, another comes.
        table(vec![], vec![chain("b", vec![drop()]), forward(Policy::Accept, vec![jump_to("b")])]),
        // A map leads to chains.
        table(
            vec![map("m", &[Ipv4Address], true, vec![entry("10.0.0.0/24", jump("b"))])],
            vec![chain("b", vec![drop()]), forward(Policy::Accept, vec![by_source()])],
        ),
        // Its elements change, and the chain they led to goes.
        table(
            vec![map(
                "m",
                &[Ipv4Address],
                true,
                vec![entry("10.0.0.0/23", jump("c")), entry("10.0.2.0/24", Verdict::Drop)],
            )],
            vec![chain("c", vec![drop()]), forward(Policy::Accept, vec![by_source()])],
        ),
        // It takes other keys.
        table(
            vec![map("m", &[Ipv4Address], false, vec![(vec![address("10.0.0.1")], jump("c"))])],
            vec![chain("c", vec![drop()]), forward(Policy::Accept, vec![by_source()])],
        ),
        // It goes with the chain, a set of concatenations comes.
        table(
            vec![set("s", &[Ipv4Address, InetService], true, vec![vec![net("10.0.0.0/24"), KeyPart::Range(1, 5)]])],
            vec![forward(Policy::Accept, vec![vec![lookup(&[Field::Ip4Source, Field::DestinationPort], "s"), DROP]])],
        ),
        table(
            vec![set("s", &[Ipv4Address, InetService], true, vec![vec![net("10.0.0.0/23"), KeyPart::Range(1, 6)]])],
            vec![forward(Policy::Accept, vec![vec![lookup(&[Field::Ip4Source, Field::DestinationPort], "s"), DROP]])],
        ),
        // A base chain becomes one to jump to, which another hook calls.
        table(
            vec![],
            vec![
                chain("forward", vec![drop()]),
                Chain {
                    base: Some(Base {
                        kind: ChainKind::Filter,
                        hook: Hook::Input,
                        priority: 5,
                        policy: Policy::Accept,
                    }),
                    ..chain("input", vec![jump_to("forward")])
                },
            ],
        ),
        table(vec![], vec![]),
    ]
}

fn assert_holds(netns: &Netns, table: &Table) {
    let mut chains = nft::chains(netns, Family::Inet, "vpcbox").expect("lists");
    let mut wanted: Vec<String> = table.chains.iter().map(|chain| chain.name.clone()).collect();
    chains.sort();
    wanted.sort();
    assert_eq!(chains, wanted);
    let rules: usize = table.chains.iter().map(|chain| chain.rules.len()).sum();
    assert_eq!(nft::dump_rule_count(netns, Family::Inet, "vpcbox").expect("lists"), rules);
    for set in &table.sets {
        let count = nft::element_count(netns, Family::Inet, "vpcbox", &set.name).expect("lists");
        assert_eq!(count, set.elements.len());
    }
    assert_eq!(nft::sets(netns, Family::Inet, "vpcbox").expect("lists").len(), table.sets.len());
}

#[test]
fn any_version_becomes_any_other() {
    let versions = versions();
    for (from, old) in versions.iter().enumerate() {
        for (to, new) in versions.iter().enumerate() {
            let Some(netns) = netns() else { return };
            replace(&netns, old);
            let batch = encode::update_table(old, new).expect("encodes");
            nft::apply(&netns, &batch).unwrap_or_else(|err| panic!("from {from} to {to}: {err}"));
            assert_holds(&netns, new);
        }
    }
}

#[test]
fn updates_show_in_the_listing() {
    let Some(netns) = netns() else { return };
    let versions = versions();
    replace(&netns, &versions[0]);
    for pair in versions.windows(2) {
        nft::apply(&netns, &encode::update_table(&pair[0], &pair[1]).expect("encodes")).expect("applies");
        let Some(listing) = listed(&netns) else { return };
        let sorted = |text: &str| {
            let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
            lines.sort();
            lines
        };
        assert_eq!(sorted(&listing), sorted(&pair[1].to_text()));
    }
}

/// A thousand interfaces with thirteen rules each, reached through a verdict map.
fn large() -> Table {
    let names: Vec<String> = (0..1000).map(|eni| format!("eni-{eni:017x}-in")).collect();
    let rules = || {
        (0..13).map(|port| {
            vec![
                matches(Field::L4Protocol, Value::Number(6)),
                lookup(&[Field::Ip4Source], "group"),
                matches(Field::DestinationPort, Value::Range(100 * port, 100 * port + 50)),
                ACCEPT,
            ]
        })
    };
    let elements = (0..).zip(&names).map(|(n, name)| (vec![number(n)], jump(name))).collect();
    let sets = vec![
        map("ingress", &[KeyType::Ipv4Address], false, elements),
        set("group", &[KeyType::Ipv4Address], true, (0..1000).map(|n| vec![number(2 * n)]).collect()),
    ];
    let mut chains: Vec<Chain> = names.iter().map(|name| chain(name, rules().collect())).collect();
    chains.push(forward(Policy::Drop, vec![vec![dispatch(&[Field::Ip4Destination], "ingress")]]));
    table(sets, chains)
}

#[test]
fn thirteen_thousand_rules_load_and_change() {
    let Some(netns) = netns() else { return };
    let mut large = large();
    let start = Instant::now();
    let batch = encode::replace_table(&large).expect("encodes");
    let encoded = start.elapsed();
    match nft::apply(&netns, &batch) {
        Err(err) if err.errno() == Errno::EMSGSIZE => return println!("skipped: large send buffers ({err})"),
        result => result.expect("applies"),
    }
    let bytes = batch.messages().len();
    println!(
        "{} messages, {bytes} bytes: encoded in {encoded:?}, applied in {:?}",
        batch.len(),
        start.elapsed() - encoded
    );
    assert_eq!(nft::dump_rule_count(&netns, Family::Inet, "vpcbox").expect("lists"), 13_001);
    assert_holds(&netns, &large);

    let old = large.clone();
    large.chains[7].rules.pop();
    let start = Instant::now();
    let batch = encode::update_table(&old, &large).expect("encodes");
    let encoded = start.elapsed();
    nft::apply(&netns, &batch).expect("applies");
    println!("one chain: encoded in {encoded:?}, applied in {:?}", start.elapsed() - encoded);
    assert_eq!(batch.len(), 13);
    assert_eq!(nft::dump_rule_count(&netns, Family::Inet, "vpcbox").expect("lists"), 13_000);
}

/// In transactions as small as a machine may allow those without privileges.
#[test]
fn large_tables_fit_through_small_buffers() {
    let Some(netns) = netns() else { return };
    const LIMIT: usize = 400_000;
    let (large, nothing) = (large(), table(vec![], vec![forward(Policy::Drop, vec![])]));
    let apply = |stages: Vec<Batch>| {
        assert!(stages.iter().all(|batch| batch.messages().len() <= LIMIT));
        stages.iter().for_each(|batch| nft::apply(&netns, batch).expect("applies"));
        stages.len()
    };
    assert!(apply(encode::replace_in_stages(&large, LIMIT).expect("encodes")) > 10);
    assert_holds(&netns, &large);
    apply(encode::update_in_stages(&large, &nothing, LIMIT).expect("encodes"));
    assert_holds(&netns, &nothing);
    assert!(apply(encode::update_in_stages(&nothing, &large, LIMIT).expect("encodes")) > 10);
    assert_holds(&netns, &large);
    // Over what is there.
    assert!(apply(encode::replace_in_stages(&large, LIMIT).expect("encodes")) > 10);
    assert_holds(&netns, &large);
}

#[test]
fn a_table_loaded_in_stages_blocks_until_it_is_there() {
    let Some(path) = Path::new() else { return };
    let accept = vec![udp(), matches(Field::DestinationPort, Value::Range(9, 8000)), ACCEPT];
    let idle = chain("idle", (0..100).map(|_| vec![Statement::Counter]).collect());
    let open = table(vec![], vec![idle, forward(Policy::Accept, vec![accept])]);
    let stages = encode::replace_in_stages(&open, 4000).expect("encodes");
    let deadline = Duration::from_millis(20);
    let server = socket::udp_socket(&path.server, SocketAddr::from((SERVER, 8000))).expect("socket");
    let client = socket::udp_socket(&path.client, SocketAddr::from((CLIENT, 0))).expect("socket");
    let (last, before) = stages.split_last().expect("several stages");
    for batch in before {
        nft::apply(&path.router, batch).expect("applies");
        client.send_to(b"x", (SERVER, 8000)).expect("sends");
        assert!(receive(&server, deadline).is_none());
    }
    nft::apply(&path.router, last).expect("applies");
    client.send_to(b"x", (SERVER, 8000)).expect("sends");
    assert!(receive(&server, Duration::from_secs(5)).is_some());
}

#[test]
fn a_table_that_is_not_what_it_was_taken_for_is_made_anew() {
    let Some(netns) = netns() else { return };
    let versions = versions();
    nft::replace(&netns, &versions[0]).expect("replaces");
    nft::update(&netns, &versions[4], &versions[3]).expect("updates");
    assert_holds(&netns, &versions[3]);
    nft::update(&netns, &versions[3], &versions[4]).expect("updates");
    assert_holds(&netns, &versions[4]);
    let wrong = table(vec![], vec![chain("c", vec![vec![Statement::Verdict(jump("nowhere"))]])]);
    let err = nft::update(&netns, &versions[4], &wrong).expect_err("a wrong ruleset");
    assert_eq!(err.to_string(), "rule 1 of chain c: chain nowhere does not exist");
}

/// What a refusal leaves of thousands that came before it.
#[test]
fn many_refusals_are_told_as_the_first() {
    let Some(netns) = netns() else { return };
    let rules = (0..5000).map(|_| vec![Statement::Verdict(jump("other"))]).collect();
    let known = table(vec![], vec![chain("first", rules), chain("other", vec![])]);
    let mut batch = encode::replace_table(&table(vec![], vec![])).expect("encodes");
    batch.append(encode::replace_chain(&known, "first").expect("encodes"));
    let err = nft::apply(&netns, &batch).expect_err("there is no such chain");
    assert_eq!(err.object(), "rule 1 of chain first in inet table vpcbox");
}

#[test]
fn no_packet_is_lost_while_a_table_changes() {
    let Some(path) = Path::new() else { return };
    let version = |filler: u32| {
        let idle = (0..filler).map(|port| vec![udp(), matches(Field::SourcePort, Value::Number(port)), DROP]).collect();
        let accept = vec![udp(), matches(Field::DestinationPort, Value::Number(8000)), Statement::Counter, ACCEPT];
        let mut rules = vec![vec![Statement::Verdict(jump("idle"))]];
        rules.push(accept);
        table(vec![], vec![chain("idle", idle), forward(Policy::Drop, rules)])
    };
    let (small, large) = (version(1), version(2000));
    replace(&path.router, &small);
    let to_large = encode::update_table(&small, &large).expect("encodes");
    let to_small = encode::update_table(&large, &small).expect("encodes");
    let server = socket::udp_socket(&path.server, SocketAddr::from((SERVER, 8000))).expect("socket");
    let client = socket::udp_socket(&path.client, SocketAddr::from((CLIENT, 30000))).expect("socket");
    let done = AtomicBool::new(false);
    let sent = std::thread::scope(|scope| {
        let sender = scope.spawn(|| {
            let (mut sent, mut received) = (0, 0);
            while !done.load(Ordering::Relaxed) {
                client.send_to(b"x", (SERVER, 8000)).expect("sends");
                sent += 1;
                assert!(receive(&server, Duration::from_secs(5)).is_some(), "packet {sent} is lost");
                received += 1;
            }
            assert_eq!(sent, received);
            sent
        });
        for _ in 0..20 {
            nft::apply(&path.router, &to_large).expect("applies");
            nft::apply(&path.router, &to_small).expect("applies");
        }
        done.store(true, Ordering::Relaxed);
        sender.join().expect("no packet is lost")
    });
    assert!(sent > 0);
}
