//! The tree of files: what may be where, how long, and what no file says.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use workspace_tests::workspace_root;

use crate::assert_kept;

/// Everything at the top; dot files apart.
const TOP: &[&str] = &[
    "Cargo.toml",
    "Cargo.lock",
    "README.md",
    "LICENSE",
    "CHANGELOG.md",
    "emulator",
    "cni",
    "harness",
    "scenarios",
    "tests",
];

/// What is made here and belongs to nobody's commit.
const MADE: &[&str] = &["target", ".git", ".venv"];

/// No source file is longer; tests apart.
const LONGEST: usize = 800;
/// From here on a source file is due to be split; tests apart.
const LONG: usize = 600;
/// Files that may be longer than [`LONG`], and why.
const LONG_FOR_A_REASON: &[(&str, &str)] = &[];

/// All files that belong to the project.
pub fn below_top() -> Vec<PathBuf> {
    let mut found = Vec::new();
    collect(&workspace_root(), &mut found);
    found.sort();
    found
}

fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
    let entries = fs::read_dir(folder).unwrap_or_else(|err| panic!("list {}: {err}", folder.display()));
    for entry in entries.map(|entry| entry.expect("a folder can be read to its end")) {
        let (path, name) = (entry.path(), entry.file_name());
        let is_made = MADE.iter().any(|made| OsStr::new(made) == name) || name == "__pycache__";
        if path.is_dir() && !is_made {
            collect(&path, found);
        } else if path.is_file() && !is_made {
            found.push(path);
        }
    }
}

/// A file as people call it.
pub fn shown(path: &Path) -> String {
    path.strip_prefix(workspace_root()).unwrap_or(path).display().to_string()
}

fn is_test(path: &Path) -> bool {
    let relative = shown(path);
    let mut parts = Path::new(&relative).iter();
    parts.any(|part| part == "tests" || part == "tests.rs")
}

#[test]
fn the_top_is_small() {
    let entries = fs::read_dir(workspace_root()).expect("the top can be listed");
    let names = entries.map(|entry| entry.expect("the top can be listed").file_name().to_string_lossy().into_owned());
    let is_known =
        |name: &String| name.starts_with('.') || TOP.contains(&name.as_str()) || MADE.contains(&name.as_str());
    let broken: Vec<_> = names.filter(|name| !is_known(name)).collect();
    assert_kept("the top level holds what the README's map shows", &broken);
}

#[test]
fn files_are_short() {
    let mut broken = Vec::new();
    for path in below_top().into_iter().filter(|path| path.extension() == Some(OsStr::new("rs"))) {
        let lines = fs::read_to_string(&path).expect("sources are UTF-8").lines().count();
        let name = shown(&path);
        let has_reason = LONG_FOR_A_REASON.iter().any(|(file, _)| *file == name);
        let limit = if has_reason || is_test(&path) { LONGEST } else { LONG };
        if lines > limit {
            broken.push(format!("{name} has {lines} lines, {limit} are allowed"));
        }
        if has_reason && lines <= LONG {
            broken.push(format!("{name} needs no exception any more"));
        }
    }
    assert_kept("a file that grows long is split by meaning", &broken);
}

#[test]
fn every_snapshot_belongs_to_a_test() {
    let mut broken = Vec::new();
    for path in below_top().into_iter().filter(|path| path.extension() == Some(OsStr::new("snap"))) {
        if let Err(reason) = snapshot_is_used(&path) {
            broken.push(format!("{}: {reason}", shown(&path)));
        }
    }
    assert_kept("no snapshot is left behind", &broken);
}

/// The header names the source; the file's name ends in the snapshot's own name or that of its test.
fn snapshot_is_used(path: &Path) -> Result<(), String> {
    let text = fs::read_to_string(path).map_err(|err| err.to_string())?;
    let source = text.lines().find_map(|line| line.strip_prefix("source: ")).ok_or("names no source")?;
    let code = fs::read_to_string(workspace_root().join(source)).map_err(|err| format!("{source}: {err}"))?;
    let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let name = stem.rsplit("__").next().unwrap_or_default();
    let (base, number) = name.rsplit_once('-').unwrap_or((name, ""));
    let base = if number.parse::<u32>().is_ok() { base } else { name };
    let forms = [format!("\"{name}\""), format!("fn {base}("), format!("fn test_{base}("), format!("::{base}(")];
    if forms.iter().any(|form| code.contains(form)) { Ok(()) } else { Err(format!("{source} has no such snapshot")) }
}

#[test]
fn the_text_is_about_the_project() {
    // In two halves, so that this file does not say them.
    let words = [("/wo", "rk/"), ("/tm", "p/bash"), ("help", "er-"), ("iss", "ue #"), ("this se", "ssion")];
    let words: Vec<_> = words.iter().map(|(a, b)| format!("{a}{b}")).collect();
    let mut broken = Vec::new();
    for path in below_top() {
        let Ok(text) = fs::read_to_string(&path) else { continue };
        for (number, line) in text.lines().enumerate() {
            let line = line.to_lowercase();
            for word in words.iter().filter(|word| line.contains(word.as_str())) {
                broken.push(format!("{}:{}: {word}", shown(&path), number + 1));
            }
        }
    }
    assert_kept("files speak about the project, not about how it was written", &broken);
}
