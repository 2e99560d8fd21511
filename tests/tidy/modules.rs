//! Each crate's tree of modules, as the compiler finds it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::assert_kept;
use crate::files;
use crate::lexer::Code;
use crate::metadata::{METADATA, Package};

/// A source file that some target of a crate reaches.
#[derive(Debug)]
pub struct Source {
    pub path: PathBuf,
    pub code: Code,
    /// Only tests see it.
    pub is_test: bool,
}

/// All source files that a package's targets reach.
pub fn sources(package: &Package) -> Vec<Source> {
    let mut found = Vec::new();
    for target in &package.targets {
        let is_test = target.kind.iter().any(|kind| matches!(kind.as_str(), "test" | "bench" | "example"));
        let folder = target.src_path.parent().expect("a file is in a folder").to_owned();
        walk(target.src_path.clone(), &folder, is_test, &mut found);
    }
    found
}

/// Reads a file and those its `mod` lines name; `folder` is where these are.
fn walk(path: PathBuf, folder: &Path, is_test: bool, found: &mut Vec<Source>) {
    let text = fs::read_to_string(&path).unwrap_or_else(|err| panic!("read {}: {err}", path.display()));
    let code = Code::of(&text);
    let production: BTreeSet<_> = declared(&code.without_tests()).collect();
    let children: Vec<_> = declared(&code).collect();
    found.push(Source { path, code, is_test });
    for name in children {
        let candidates = [folder.join(format!("{name}.rs")), folder.join(&name).join("mod.rs")];
        let child = candidates.into_iter().find(|it| it.exists()).unwrap_or_else(|| panic!("no file for mod {name}"));
        let is_test = is_test || !production.contains(&name);
        walk(child, &folder.join(&name), is_test, found);
    }
}

/// The modules a file declares without a body.
fn declared(code: &Code) -> impl Iterator<Item = String> {
    let ends = code.text().split(';').map(str::trim_end);
    ends.filter_map(|statement| {
        let (head, name) = statement.rsplit_once(char::is_whitespace)?;
        (head.split_whitespace().next_back() == Some("mod")).then(|| name.to_owned())
    })
}

#[test]
fn every_source_file_is_compiled() {
    let mut reached = BTreeSet::new();
    for package in METADATA.members() {
        reached.extend(sources(package).into_iter().map(|source| source.path));
    }
    let all = files::below_top().into_iter().filter(|path| path.extension().is_some_and(|it| it == "rs"));
    let broken: Vec<_> = all.filter(|path| !reached.contains(path)).map(|path| path.display().to_string()).collect();
    assert_kept("some `mod` or target reaches every .rs file", &broken);
}

#[test]
fn every_module_says_what_it_is_for() {
    let mut broken = Vec::new();
    for package in METADATA.members() {
        for source in sources(package) {
            let text = fs::read_to_string(&source.path).expect("read before");
            // A `tests.rs` is about the module it is named below.
            let is_tests = source.path.file_name().is_some_and(|name| name == "tests.rs");
            if !is_tests && !text.starts_with("//!") {
                broken.push(source.path.display().to_string());
            }
        }
    }
    assert_kept("a module's first line is its `//!`", &broken);
}

#[test]
fn modules_are_found() {
    let code = Code::of("//! x\nmod a;\npub(crate) mod b;\n#[cfg(test)]\nmod tests;\nuse c;\nmod d { }\n// mod e;");
    assert_eq!(declared(&code).collect::<Vec<_>>(), ["a", "b", "tests"]);
    assert_eq!(declared(&code.without_tests()).collect::<Vec<_>>(), ["a", "b"]);
}
