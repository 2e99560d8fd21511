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
    let production = declared(&text, &code.without_tests());
    let children = declared(&text, &code);
    let beside = path.parent().expect("a file is in a folder").to_owned();
    found.push(Source { path: path.clone(), code, is_test });
    for child in children {
        let is_test = is_test || !production.contains(&child);
        if let Some(other) = &child.path {
            let file = beside.join(other).canonicalize().unwrap_or_else(|err| panic!("{other}: {err}"));
            let folder = file.parent().expect("a file is in a folder").to_owned();
            walk(file, &folder, is_test, found);
            continue;
        }
        let name = &child.name;
        let candidates = [folder.join(format!("{name}.rs")), folder.join(name).join("mod.rs")];
        let file = candidates.into_iter().find(|it| it.exists());
        let file = file.unwrap_or_else(|| panic!("{}: no file for mod {name}", path.display()));
        walk(file, &folder.join(name), is_test, found);
    }
}

/// A module declared without a body.
#[derive(Debug, PartialEq, Eq)]
struct Declared {
    name: String,
    /// Where it is, if its `path` attribute says so.
    path: Option<String>,
}

/// The modules a piece of code declares; `text` is what it was before its literals were blanked.
fn declared(text: &str, code: &Code) -> Vec<Declared> {
    let mut found = Vec::new();
    let mut start = 0;
    for statement in code.text().split_inclusive(';') {
        let end = start + statement.len();
        let mut words = statement.trim_end_matches(';').split_whitespace();
        let name = words.next_back();
        if let (Some(name), Some("mod")) = (name, words.next_back()) {
            // Attributes follow whatever was before this item.
            let item = statement.rfind(['{', '}']).map_or(start, |at| start + at);
            let path = text[item..end].split_once("#[path = \"").and_then(|(_, rest)| rest.split_once('"'));
            found.push(Declared { name: name.to_owned(), path: path.map(|(path, _)| path.to_owned()) });
        }
        start = end;
    }
    found
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
    let text = "//! é\nmod a;\npub(crate) mod b;\n#[cfg(test)]\nmod tests;\nuse c;\nmod d { }\n// mod e;\n\
                #[path = \"../f.rs\"]\nmod f;";
    let code = Code::of(text);
    let names = |code: &Code| declared(text, code).into_iter().map(|it| it.name).collect::<Vec<_>>();
    assert_eq!(names(&code), ["a", "b", "tests", "f"]);
    assert_eq!(names(&code.without_tests()), ["a", "b", "f"]);
    let paths: Vec<_> = declared(text, &code).into_iter().map(|it| it.path).collect();
    assert_eq!(paths, [None, None, None, Some("../f.rs".to_owned())]);
}
