//! What can be said of encoded rulesets without a kernel: limits, order, sequence numbers. That the kernel takes them
//! is tested in `linux-net`.

use std::net::Ipv4Addr;
use std::ops::RangeInclusive;

use ipnet::IpNet;
use nft_ruleset::*;
use rstest::rstest;

fn table(sets: Vec<Set>, chains: Vec<Chain>) -> Table {
    Table { family: Family::Inet, name: "vpcbox".into(), sets, chains }
}

fn chain(name: &str, rules: Vec<Vec<Statement>>) -> Chain {
    let rules = rules.into_iter().map(|statements| Rule { statements, comment: None }).collect();
    Chain { name: name.into(), base: None, rules }
}

fn base_chain(name: &str) -> Chain {
    let base = Base { kind: ChainKind::Filter, hook: Hook::Forward, priority: 0, policy: Policy::Drop };
    Chain { base: Some(base), ..chain(name, vec![]) }
}

fn addresses(name: &str, interval: bool) -> Set {
    Set { name: name.into(), key: vec![KeyType::Ipv4Address], interval, verdicts: false, elements: vec![] }
}

fn verdicts(name: &str) -> Set {
    Set { verdicts: true, ..addresses(name, false) }
}

fn address(number: u32) -> KeyPart {
    KeyPart::Address(Ipv4Addr::from(number).into())
}

fn net(text: &str) -> KeyPart {
    KeyPart::Network(text.parse().expect("a network"))
}

fn element(key: Vec<KeyPart>) -> Element {
    Element { key, verdict: None }
}

fn matches(field: Field, value: Value) -> Statement {
    Statement::Match { field, op: Op::Equal, value }
}

fn jump(chain: &str) -> Statement {
    Statement::Verdict(Verdict::Jump(chain.into()))
}

fn lookup(fields: Vec<Field>, set: &str) -> Statement {
    Statement::Lookup { fields, set: set.into(), negated: false }
}

/// Each message's type, flags and sequence number.
fn headers(batch: &Batch) -> Vec<(u16, u16, u32)> {
    let mut rest = batch.messages();
    let mut headers = Vec::new();
    while !rest.is_empty() {
        let number = |at: usize| u32::from_ne_bytes(rest[at..at + 4].try_into().expect("four bytes"));
        let kind = u16::from_ne_bytes([rest[4], rest[5]]);
        let flags = u16::from_ne_bytes([rest[6], rest[7]]);
        headers.push((kind, flags, number(8)));
        rest = &rest[number(0) as usize..];
    }
    headers
}

fn described(batch: &Batch, sequences: RangeInclusive<u32>) -> String {
    let lines = sequences.map(|sequence| format!("{} {}", batch.operation(sequence), batch.describe(sequence)));
    lines.collect::<Vec<_>>().join("\n")
}

const ACK: u16 = 4;

#[test]
fn messages_are_numbered_and_described() {
    let rules = vec![vec![jump("other")], vec![Statement::Verdict(Verdict::Drop)]];
    let set = Set { elements: vec![element(vec![address(1)])], ..addresses("peers", false) };
    let forward = Chain { rules: chain("", rules).rules, ..base_chain("forward") };
    let batch = encode::replace_table(&table(vec![set], vec![forward, chain("other", vec![])])).expect("encodes");
    insta::assert_snapshot!(described(&batch, 0..=batch.len() as u32 + 1), @r"
    commit nf_tables transaction
    add inet table vpcbox
    delete inet table vpcbox
    add inet table vpcbox
    add chain other in inet table vpcbox
    add set peers in inet table vpcbox
    add elements 1 to 1 of set peers in inet table vpcbox
    add chain forward in inet table vpcbox
    add rule 1 of chain forward in inet table vpcbox
    add rule 2 of chain forward in inet table vpcbox
    commit nf_tables transaction
    ");
    let sequences: Vec<u32> = headers(&batch).iter().map(|header| header.2).collect();
    assert_eq!(sequences, (0..=batch.len() as u32 + 1).collect::<Vec<_>>());
}

#[test]
fn appended_batches_are_one_transaction() {
    let mut batch = encode::delete_table(Family::Ip, "old").expect("encodes");
    let other = encode::replace_table(&table(vec![], vec![base_chain("forward")])).expect("encodes");
    batch.append(other);
    batch.append(Batch::new());
    assert_eq!(batch.describe(2), "ip table old");
    assert_eq!(batch.describe(6), "chain forward in inet table vpcbox");
    let headers = headers(&batch);
    assert_eq!(headers.iter().map(|header| header.2).collect::<Vec<_>>(), (0..8).collect::<Vec<_>>());
    assert_eq!((headers[0].0, headers[7].0), (0x10, 0x11));
    let answered: Vec<u32> = headers.iter().filter(|header| header.1 & ACK != 0).map(|header| header.2).collect();
    assert_eq!((answered, batch.answered()), (vec![6], Some(6)));
}

#[test]
fn many_elements_take_several_messages() {
    let elements: Vec<Element> = (0..5000).map(|number| element(vec![address(2 * number)])).collect();
    let batch =
        encode::update_elements(Family::Inet, "vpcbox", &addresses("peers", true), &elements, &[]).expect("encodes");
    assert!(batch.len() > 5, "only {} messages", batch.len());
    assert_eq!(batch.describe(1), "elements 1 to 416 of set peers in inet table vpcbox");
}

#[test]
fn nothing_to_change_is_an_empty_batch() {
    let table = table(vec![addresses("peers", true)], vec![base_chain("forward")]);
    assert!(encode::update_table(&table, &table).expect("encodes").is_empty());
}

#[test]
fn an_update_touches_what_changes() {
    let old_set = Set { elements: (1..4).map(|n| element(vec![address(n)])).collect(), ..addresses("peers", false) };
    let new_set = Set { elements: (2..5).map(|n| element(vec![address(n)])).collect(), ..addresses("peers", false) };
    let drop = || vec![Statement::Verdict(Verdict::Drop)];
    let same = || chain("same", vec![drop()]);
    let old = table(
        vec![old_set, addresses("rekeyed", false), addresses("gone", false)],
        vec![base_chain("forward"), same(), chain("uses", vec![vec![lookup(vec![Field::Ip4Source], "rekeyed")]])],
    );
    let new = table(
        vec![new_set, addresses("rekeyed", true), addresses("fresh", false)],
        vec![
            Chain { rules: chain("", vec![vec![jump("fresh")]]).rules, ..base_chain("forward") },
            same(),
            chain("uses", vec![vec![lookup(vec![Field::Ip4Source], "rekeyed")]]),
            chain("fresh", vec![drop()]),
        ],
    );
    let batch = encode::update_table(&old, &new).expect("encodes");
    insta::assert_snapshot!(described(&batch, 1..=batch.len() as u32), @r"
    delete rules of chain forward in inet table vpcbox
    delete rules of chain uses in inet table vpcbox
    delete elements 1 to 1 of set peers in inet table vpcbox
    delete set rekeyed in inet table vpcbox
    delete set gone in inet table vpcbox
    add chain fresh in inet table vpcbox
    add set rekeyed in inet table vpcbox
    add set fresh in inet table vpcbox
    add rule 1 of chain fresh in inet table vpcbox
    add elements 1 to 1 of set peers in inet table vpcbox
    add rule 1 of chain forward in inet table vpcbox
    add rule 1 of chain uses in inet table vpcbox
    ");
}

#[rstest]
#[case::in_the_middle(&[1, 2, 3, 4], &[1, 5, 3, 4], 1, 1)]
#[case::at_the_end(&[1, 2], &[1, 2, 3], 0, 1)]
#[case::at_the_start(&[1, 2], &[2], 1, 0)]
#[case::in_another_order(&[1, 2, 3], &[3, 1, 2], 0, 0)]
#[case::one_of_two_equal(&[1, 2, 1], &[1, 2], 0, 0)]
#[case::one_of_two_equal_in_between(&[1, 2, 1, 3], &[1, 4, 3], 1, 1)]
#[case::all(&[1, 2], &[3, 4], 2, 2)]
fn only_elements_that_differ_change(
    #[case] old: &[u32],
    #[case] new: &[u32],
    #[case] gone: usize,
    #[case] fresh: usize,
) {
    let version = |numbers: &[u32]| {
        let elements = numbers.iter().map(|number| element(vec![address(*number)])).collect();
        table(vec![Set { elements, ..addresses("peers", false) }], vec![])
    };
    let batch = encode::update_table(&version(old), &version(new)).expect("encodes");
    let lines = [("delete", gone), ("add", fresh)].into_iter().filter(|(_, count)| *count > 0);
    let lines = lines.map(|(verb, count)| format!("{verb} elements 1 to {count} of set peers in inet table vpcbox"));
    assert_eq!(described(&batch, 1..=batch.len() as u32), lines.collect::<Vec<_>>().join("\n"));
}

#[test]
fn what_is_too_large_is_done_in_stages() {
    let rules = |count| (0..count).map(|_| vec![Statement::Verdict(Verdict::Drop)]).collect();
    let before = table(vec![], vec![chain("old", rules(50)), base_chain("forward")]);
    let into = Chain { rules: chain("", vec![vec![jump("new")]]).rules, ..base_chain("forward") };
    let after = table(vec![addresses("peers", true)], vec![chain("new", rules(50)), into]);
    const LIMIT: usize = 2000;
    for stages in [
        encode::update_in_stages(&before, &after, LIMIT).expect("encodes"),
        encode::replace_in_stages(&after, LIMIT).expect("encodes"),
    ] {
        assert!(stages.len() > 3);
        for batch in &stages {
            assert!(!batch.is_empty() && batch.messages().len() <= LIMIT);
            let expected: Vec<u32> = (0..=batch.len() as u32 + 1).collect();
            assert_eq!(headers(batch).iter().map(|header| header.2).collect::<Vec<_>>(), expected);
            assert_eq!(headers(batch).iter().filter(|header| header.1 & ACK != 0).count(), 1);
        }
        let rules: usize =
            stages.iter().map(|batch| described(batch, 1..=batch.len() as u32).matches("add rule ").count()).sum();
        assert_eq!(rules, 51);
    }
    assert_eq!(encode::update_in_stages(&before, &after, 1 << 20).expect("encodes").len(), 1);
    assert_eq!(encode::update_in_stages(&before, &before, 1).expect("encodes").len(), 0);
}

#[rstest]
#[case::unknown_chain(jump("nowhere"), "rule 1 of chain c: chain nowhere does not exist")]
#[case::base_chain(jump("base"), "rule 1 of chain c: chain base is a base chain and cannot be jumped to")]
#[case::unknown_set(lookup(vec![Field::Ip4Source], "none"), "rule 1 of chain c: set none does not exist")]
#[case::map_as_set(lookup(vec![Field::Ip4Source], "map"), "rule 1 of chain c: map is not a plain set")]
#[case::other_key(
    lookup(vec![Field::Ip6Source], "peers"),
    "rule 1 of chain c: Ip6Source does not fit key part Ipv4Address of set peers"
)]
#[case::more_fields(
    lookup(vec![Field::Ip4Source, Field::Mark], "peers"),
    "rule 1 of chain c: 2 fields are looked up in set peers, whose key has 1"
)]
#[case::wide_number(
    matches(Field::DestinationPort, Value::Number(65536)),
    "rule 1 of chain c: Number(65536) is no value for DestinationPort"
)]
#[case::other_family(
    matches(Field::Ip4Source, Value::Network("fd00::/8".parse::<IpNet>().expect("a network"))),
    "rule 1 of chain c: Network(fd00::/8) is no value for Ip4Source"
)]
#[case::number_as_address(
    matches(Field::Ip4Source, Value::Number(1)),
    "rule 1 of chain c: Number(1) is no value for Ip4Source"
)]
#[case::backward_range(matches(Field::DestinationPort, Value::Range(2, 1)), "rule 1 of chain c: range 2-1 is empty")]
#[case::long_interface(
    matches(Field::InputInterface, Value::Interface("sixteen-letters!".into())),
    "rule 1 of chain c: \"sixteen-letters!\" is no interface name"
)]
#[case::no_states(
    matches(Field::ConnectionState, Value::States(vec![])),
    "rule 1 of chain c: the list of connection states is empty"
)]
fn bad_statements(#[case] statement: Statement, #[case] expected: &str) {
    let chains = vec![chain("c", vec![vec![statement]]), base_chain("base")];
    let error = encode::replace_table(&table(vec![addresses("peers", true), verdicts("map")], chains)).unwrap_err();
    assert_eq!(error.to_string(), expected);
}

#[test]
fn contradicting_protocols_are_refused() {
    let statements = vec![matches(Field::L4Protocol, Value::Number(6)), matches(Field::IcmpType, Value::Number(8))];
    let error = encode::replace_table(&table(vec![], vec![chain("c", vec![statements])])).unwrap_err();
    let source = RuleError::Contradiction(Field::IcmpType);
    assert_eq!(error, Error::Rule { chain: "c".into(), rule: 1, source });
}

#[rstest]
#[case::comment(128, true)]
#[case::long_comment(129, false)]
fn comments_are_limited(#[case] length: usize, #[case] ok: bool) {
    let rule = Rule { statements: vec![], comment: Some("x".repeat(length)) };
    let chain = Chain { rules: vec![rule], ..chain("c", vec![]) };
    assert_eq!(encode::replace_table(&table(vec![], vec![chain])).is_ok(), ok);
}

#[rstest]
#[case::empty("", false)]
#[case::longest(&"x".repeat(255), true)]
#[case::long(&"x".repeat(256), false)]
fn names_are_limited(#[case] name: &str, #[case] ok: bool) {
    assert_eq!(encode::replace_table(&table(vec![], vec![chain(name, vec![])])).is_ok(), ok);
    assert_eq!(encode::replace_table(&table(vec![addresses(name, false)], vec![])).is_ok(), ok);
    assert_eq!(encode::delete_table(Family::Inet, name).is_ok(), ok);
}

#[test]
fn rules_are_limited_to_the_kernels_128_expressions() {
    let rule = |count| vec![chain("c", vec![vec![Statement::Counter; count]])];
    assert!(encode::replace_table(&table(vec![], rule(128))).is_ok());
    let error = encode::replace_table(&table(vec![], rule(129))).unwrap_err();
    assert_eq!(error, Error::Rule { chain: "c".into(), rule: 1, source: RuleError::TooLong(129) });
}

#[rstest]
#[case::network_in_exact_set(false, vec![vec![net("10.0.0.0/8")]], "the set does not take intervals")]
#[case::host_network_is_fine(false, vec![vec![net("10.0.0.0/32")]], "")]
#[case::other_family(true, vec![vec![net("fd00::/8")]], "a part does not fit Ipv4Address")]
#[case::more_parts(true, vec![vec![address(1), address(2)]], "2 parts for a key of 1")]
#[case::same_twice(true, vec![vec![net("10.0.0.0/8")], vec![net("10.0.0.0/8")]], "")]
#[case::neighbours(true, vec![vec![net("10.0.0.0/9")], vec![net("10.128.0.0/9")]], "")]
#[case::overlap(true, vec![vec![net("10.0.0.0/8")], vec![net("10.1.0.0/16")]], "it overlaps 10.0.0.0/8")]
fn elements(#[case] interval: bool, #[case] keys: Vec<Vec<KeyPart>>, #[case] expected: &str) {
    let set = Set { elements: keys.into_iter().map(element).collect(), ..addresses("peers", interval) };
    match encode::replace_table(&table(vec![set], vec![])) {
        Ok(_) => assert_eq!("", expected),
        Err(Error::Element { source, .. }) => assert_eq!(source.to_string(), expected),
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn verdicts_belong_in_maps() {
    let with = |verdict| vec![Element { key: vec![address(1)], verdict }];
    let source = |set: Set| match encode::replace_table(&table(vec![set], vec![])) {
        Err(Error::Element { source, .. }) => source,
        other => panic!("{other:?}"),
    };
    let plain = Set { elements: with(Some(Verdict::Drop)), ..addresses("s", false) };
    assert_eq!(source(plain), ElementError::UnexpectedVerdict);
    assert_eq!(source(Set { elements: with(None), ..verdicts("m") }), ElementError::MissingVerdict);
    let jump = Set { elements: with(Some(Verdict::Jump("x".into()))), ..verdicts("m") };
    assert_eq!(source(jump), ElementError::UnknownChain("x".into()));
}

#[rstest]
#[case::overlapping(vec![net("10.0.0.0/8"), net("10.1.0.0/16")], vec![net("10.0.0.0/8")])]
#[case::adjacent(vec![net("10.0.0.0/9"), net("10.128.0.0/9")], vec![net("10.0.0.0/8")])]
#[case::host(vec![net("10.0.0.1/32"), address(1)], vec![address(1), address(0x0a00_0001)])]
#[case::ports(
    vec![KeyPart::Range(5, 9), KeyPart::Number(10), KeyPart::Range(1, 3)],
    vec![KeyPart::Range(1, 3), KeyPart::Range(5, 10)]
)]
fn merged_intervals_do_not_overlap(#[case] parts: Vec<KeyPart>, #[case] expected: Vec<KeyPart>) {
    assert_eq!(merge_intervals(parts), expected);
}
