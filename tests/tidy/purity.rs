//! What parts of the code never do.

use rstest::rstest;

use crate::assert_kept;
use crate::lexer::Code;
use crate::metadata::METADATA;
use crate::modules::{Source, sources};

/// Crates of pure functions: time, ids and randomness come in as arguments.
const PURE: &[&str] = &["vpc-model", "ec2-api", "vpc-fabric", "nft-ruleset", "cni-ipam"];

/// What no pure crate is built on.
const IMPURE_CRATES: &[&str] =
    &["tokio", "mio", "nix", "libc", "rustix", "socket2", "reqwest", "hyper", "axum", "rtnetlink", "getrandom", "rand"];

/// Crates of which pure crates use pure functions only, whatever else they can do.
const PURE_IN_USE: &[&str] = &[
    // Derives a key pair from a seed that comes in; its own source of randomness is not asked.
    "ring",
];

/// Words that no pure crate's code contains, tests apart.
const IMPURE_WORDS: &[&str] = &[
    "SystemTime",
    "Instant",
    "unsafe",
    "TcpStream",
    "TcpListener",
    "UdpSocket",
    "UnixStream",
    "Command",
    "Timestamp::now",
];

/// Modules of `std` that no pure crate uses, tests apart.
const IMPURE_MODULES: &[&str] = &["env", "fs", "os", "process", "thread"];

fn broken_in(crates: &[&str], words: impl Fn(&Code) -> Vec<String>) -> Vec<String> {
    let production = |source: &Source| !source.is_test;
    let mut broken = Vec::new();
    for name in crates {
        for source in sources(METADATA.member(name)).into_iter().filter(production) {
            let found = words(&source.code.without_tests());
            broken.extend(found.into_iter().map(|word| format!("{}: {word}", source.path.display())));
        }
    }
    broken
}

#[test]
fn pure_crates_are_built_on_pure_crates() {
    let mut broken = Vec::new();
    for name in PURE {
        let closure = METADATA.closure(METADATA.member(name), PURE_IN_USE);
        broken.extend(IMPURE_CRATES.iter().filter(|it| closure.contains(*it)).map(|it| format!("{name} uses {it}")));
    }
    assert_kept("pure crates have no runtime, sockets or system calls below them", &broken);
}

#[test]
fn pure_crates_have_no_clock_environment_or_unsafe() {
    assert_kept("pure crates get everything as arguments", &broken_in(PURE, impure));
}

/// The impure words a piece of code contains.
fn impure(code: &Code) -> Vec<String> {
    let text: String = code.text().split_whitespace().collect::<Vec<_>>().join(" ");
    let words = IMPURE_WORDS.iter().filter(|word| contains_word(&text, word)).map(ToString::to_string);
    let modules = IMPURE_MODULES.iter().map(|module| format!("std::{module}"));
    words.chain(modules.filter(|path| contains_word(&text, path))).collect()
}

fn contains_word(text: &str, word: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(word)
        .any(|(at, _)| !text[..at].ends_with(is_part) && !text[at + word.len()..].starts_with(is_part))
}

#[test]
fn only_linux_net_opens_netlink_and_bpf() {
    let words = |code: &Code| -> Vec<String> {
        let names = ["AF_NETLINK", "AddressFamily::Netlink", "SYS_bpf", "NETLINK_ROUTE", "NETLINK_NETFILTER"];
        names.iter().filter(|name| contains_word(code.text(), name)).map(ToString::to_string).collect()
    };
    let others: Vec<_> = METADATA.members().map(|it| it.name.as_str()).filter(|name| *name != "linux-net").collect();
    assert_kept("the kernel's network is changed through linux-net only", &broken_in(&others, words));
}

#[test]
fn no_test_is_ignored() {
    let mut broken = Vec::new();
    for package in METADATA.members() {
        let ignored = |source: &Source| source.code.text().contains("#[ignore");
        broken.extend(sources(package).into_iter().filter(ignored).map(|source| source.path.display().to_string()));
    }
    assert_kept("a test that lacks something says what and passes; none is ignored", &broken);
}

#[rstest]
#[case::clock("use std::time::Instant;", &["Instant"])]
#[case::part_of_a_word("struct Instantly;", &[])]
#[case::comment("// an Instant", &[])]
#[case::text("\"unsafe\"", &[])]
#[case::module("use std::fs::File;", &["std::fs"])]
#[case::module_of_that_name("mod fs;", &[])]
#[case::tests_may("#[cfg(test)]\nmod tests { use std::fs; }", &[])]
fn impure_code(#[case] code: &str, #[case] expected: &[&str]) {
    assert_eq!(impure(&Code::of(code).without_tests()), expected);
}
