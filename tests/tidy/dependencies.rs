//! Which crate may use which, and what others' crates may be used at all.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use rstest::rstest;
use workspace_tests::workspace_root;

use crate::assert_kept;
use crate::lexer::Code;
use crate::metadata::{METADATA, Package};
use crate::modules::sources;

/// The workspace's crates and those each may be built on; dependencies point one way.
const DIRECTION: &[(&str, &[&str])] = &[
    ("vpc-model", &[]),
    ("nft-ruleset", &[]),
    ("ec2-api", &["vpc-model"]),
    ("vpc-fabric", &["vpc-model", "nft-ruleset"]),
    ("linux-net", &["nft-ruleset"]),
    ("vpcbox-emulator", &["vpc-model", "nft-ruleset", "ec2-api", "vpc-fabric", "linux-net"]),
    ("cni-ipam", &[]),
    ("ec2-client", &[]),
    ("cni-kube", &[]),
    ("cni-rpc", &[]),
    ("vpcbox-cni", &["cni-rpc", "linux-net"]),
    ("cni-agent", &["cni-ipam", "cni-kube", "cni-rpc", "ec2-client", "linux-net", "nft-ruleset"]),
    ("cni-controller", &["cni-kube", "ec2-client"]),
    ("kube-lite", &[]),
    ("vpcbox", &["vpcbox-emulator", "vpc-model", "linux-net", "ec2-client", "cni-kube", "cni-rpc", "kube-lite"]),
    ("workspace-tests", &[]),
];

/// What the CNI side never uses, in tests neither: it meets them over HTTP only, so it runs unchanged against AWS.
const EMULATOR: &[&str] = &["vpc-model", "ec2-api", "vpc-fabric", "vpcbox-emulator"];

/// Licences that ask for no more than their notice. A licence with an exception counts as the licence.
const LICENCES: &[&str] = &["MIT", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "Zlib", "Unicode-3.0"];

fn own_dependencies(package: &Package, is_wanted: impl Fn(Option<&str>) -> bool) -> BTreeSet<&str> {
    let own: BTreeSet<_> = METADATA.members().map(|it| it.name.as_str()).collect();
    let wanted = package.dependencies.iter().filter(|it| is_wanted(it.kind.as_deref()));
    wanted.map(|it| it.name.as_str()).filter(|name| own.contains(name)).collect()
}

#[test]
fn dependencies_point_one_way() {
    let direction: BTreeMap<_, _> = DIRECTION.iter().copied().collect();
    let mut broken = Vec::new();
    for package in METADATA.members() {
        let Some(allowed) = direction.get(package.name.as_str()) else {
            broken.push(format!("{} is not in the table", package.name));
            continue;
        };
        for name in own_dependencies(package, |kind| kind != Some("dev")) {
            if !allowed.contains(&name) {
                broken.push(format!("{} uses {name}", package.name));
            }
        }
    }
    assert_kept("crates use those below them only", &broken);
}

#[test]
fn the_cni_side_speaks_to_the_emulator_over_http_only() {
    let mut broken = Vec::new();
    for package in METADATA.members().filter(|it| it.folder().components().any(|part| part.as_os_str() == "cni")) {
        let used = own_dependencies(package, |_| true);
        broken.extend(
            used.iter().filter(|name| EMULATOR.contains(name)).map(|name| format!("{} uses {name}", package.name)),
        );
    }
    assert_kept("cni/* does not use the emulator's crates", &broken);
}

#[test]
fn the_plugin_has_no_async_runtime() {
    let closure = METADATA.closure(METADATA.member("vpcbox-cni"), &[]);
    assert!(!closure.contains("tokio") && !closure.contains("mio"), "a process per pod has to start at once");
}

#[test]
fn versions_are_declared_once() {
    let mut broken = Vec::new();
    for package in METADATA.members() {
        let manifest = fs::read_to_string(&package.manifest_path).expect("cargo has read it too");
        let mut is_dependencies = false;
        for line in manifest.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
            if line.starts_with('[') {
                is_dependencies = line.contains("dependencies");
            } else if is_dependencies && !line.contains("workspace = true") {
                broken.push(format!("{}: {line}", package.manifest_path.display()));
            }
        }
    }
    assert_kept("dependencies are declared in the top manifest only", &broken);
}

#[test]
fn no_version_is_declared_for_nobody() {
    let top = fs::read_to_string(workspace_root().join("Cargo.toml")).expect("cargo has read it too");
    let section = top.split_once("[workspace.dependencies]").expect("versions are declared here").1;
    let lines = section.lines().take_while(|line| !line.starts_with('[')).filter(|line| !line.starts_with('#'));
    let declared = lines.filter_map(|line| line.split_once(" = ")).map(|(name, _)| name);
    let used: BTreeSet<_> = METADATA.members().flat_map(|it| &it.dependencies).map(|it| it.name.as_str()).collect();
    let broken: Vec<_> = declared.filter(|name| !used.contains(name)).map(str::to_owned).collect();
    assert_kept("what the top manifest declares, some crate uses", &broken);
}

#[test]
fn every_dependency_is_used() {
    let mut broken = Vec::new();
    for package in METADATA.members() {
        let used: BTreeSet<_> = sources(package).iter().flat_map(|file| file.code.identifiers()).collect();
        for dependency in &package.dependencies {
            if !used.contains(&METADATA.called(dependency)) {
                broken.push(format!("{} does not use {}", package.name, dependency.name));
            }
        }
    }
    assert_kept("what is declared is used", &broken);
}

#[test]
fn licences_are_permissive() {
    let mut broken = Vec::new();
    for package in &METADATA.packages {
        let licence = package.license.as_deref().unwrap_or("none");
        if !is_permissive(licence) {
            broken.push(format!("{} is under {licence}", package.name));
        }
    }
    assert_kept("all of it may be used under a permissive licence", &broken);
}

/// Whether an SPDX expression can be met with [`LICENCES`]. `AND` binds stronger than `OR`.
fn is_permissive(expression: &str) -> bool {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let words: Vec<_> = spaced.split_whitespace().collect();
    let mut rest = words.as_slice();
    either(&mut rest) && rest.is_empty()
}

fn either(words: &mut &[&str]) -> bool {
    let mut met = both(words);
    while let ["OR", rest @ ..] = *words {
        *words = rest;
        met |= both(words);
    }
    met
}

fn both(words: &mut &[&str]) -> bool {
    let mut met = one(words);
    while let ["AND", rest @ ..] = *words {
        *words = rest;
        met &= one(words);
    }
    met
}

fn one(words: &mut &[&str]) -> bool {
    match *words {
        ["(", rest @ ..] => {
            *words = rest;
            let met = either(words);
            *words = words.split_first().map_or(&[], |(_, rest)| rest);
            met
        }
        [licence, "WITH", _, rest @ ..] | [licence, rest @ ..] => {
            *words = rest;
            LICENCES.contains(licence)
        }
        [] => false,
    }
}

#[rstest]
#[case::one("MIT", true)]
#[case::other("GPL-3.0-only", false)]
#[case::choice("GPL-2.0 OR MIT", true)]
#[case::old_choice("GPL-2.0/MIT", true)]
#[case::all_of_it("MIT AND GPL-2.0", false)]
#[case::stronger_and("MIT OR MIT AND GPL-2.0", true)]
#[case::groups("(MIT OR GPL-2.0) AND (GPL-2.0)", false)]
#[case::exception("Apache-2.0 WITH LLVM-exception", true)]
#[case::nothing("", false)]
fn expressions(#[case] expression: &str, #[case] expected: bool) {
    assert_eq!(is_permissive(expression), expected);
}

#[test]
fn names_in_code() {
    let words: Vec<_> = Code::of("use serde_saphyr::x; // y").identifiers().collect();
    assert_eq!(words, ["use", "serde_saphyr", "x"]);
}
