//! `emulator/COVERAGE.md`: that it says what the sources say.

use std::fs;
use std::path::Path;

use rstest::rstest;
use vpcbox_emulator::Coverage;
use vpcbox_emulator::coverage::Deviation;
use workspace_tests::workspace_root;

use crate::files::shown;
use crate::metadata::METADATA;
use crate::modules::sources;

/// What begins a deviation in a comment.
const MARK: &str = "Deviation: ";

/// The deviations that the emulator's sources tell, by place.
fn gathered() -> Vec<Deviation> {
    let mut found = Vec::new();
    let folder = workspace_root().join("emulator");
    for package in METADATA.members().filter(|it| it.folder().starts_with(&folder)) {
        for source in sources(package).into_iter().filter(|it| !it.is_test) {
            let text = fs::read_to_string(&source.path).expect("read before");
            found.extend(deviations(&source.path, &text));
        }
    }
    found.sort();
    found.dedup();
    found
}

/// The deviations of one file.
fn deviations(path: &Path, text: &str) -> Vec<Deviation> {
    let file = shown(path).trim_start_matches("emulator/").to_owned();
    let lines: Vec<_> = text.lines().map(str::trim).collect();
    let mut found = Vec::new();
    for at in 0..lines.len() {
        let (kind, comment) = comment(lines[at]);
        let Some((_, start)) = comment.split_once(MARK).filter(|_| !kind.is_empty()) else { continue };
        let rest = lines[at + 1..].iter().map(|line| self::comment(line));
        let rest = rest.take_while(|(other, more)| *other == kind && !more.is_empty()).map(|(_, more)| more);
        let text = [start].into_iter().chain(rest).collect::<Vec<_>>().join(" ");
        let item = (kind == "///").then(|| item(&lines[at..])).flatten();
        found.push(Deviation { file: file.clone(), item, text });
    }
    found
}

/// Which kind of comment a line is, and what it says.
fn comment(line: &str) -> (&str, &str) {
    let kinds = ["//!", "///", "//"];
    let kind = kinds.into_iter().find(|kind| line.starts_with(kind)).unwrap_or_default();
    (kind, line[kind.len()..].trim())
}

/// The name of what a doc comment is about.
fn item(lines: &[&str]) -> Option<String> {
    let code = lines.iter().find(|line| !line.starts_with("//") && !line.starts_with("#["))?;
    let words = code.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty());
    let before = ["pub", "crate", "super", "in", "self", "async", "const", "static", "fn", "struct", "enum", "mod"];
    words.into_iter().find(|word| !before.contains(word)).map(str::to_owned)
}

#[test]
fn the_document_is_as_the_sources_are() {
    let path = workspace_root().join("emulator/COVERAGE.md");
    let written = fs::read_to_string(&path).expect("the document is there");
    let expected = Coverage::with(gathered()).markdown();
    if std::env::var("INSTA_UPDATE").is_ok_and(|value| value == "always") {
        fs::write(&path, expected).expect("the document can be written");
        return;
    }
    let missing: Vec<_> = expected.lines().filter(|line| !written.lines().any(|it| it == *line)).collect();
    let stale: Vec<_> = written.lines().filter(|line| !expected.lines().any(|it| it == *line)).collect();
    assert!(
        written == expected,
        "emulator/COVERAGE.md is stale; write it anew with INSTA_UPDATE=always.\nmissing: {missing:#?}\ntoo much: {stale:#?}"
    );
}

#[rstest]
#[case::module("//! A. Deviation: b\n//! c.\n//!\n//! d", None, "b c.")]
#[case::function("/// Deviation: b.\n#[must_use]\npub(crate) const fn one() {", Some("one"), "b.")]
#[case::field("    /// Its id. Deviation: b.\n    pub id: &'static str,", Some("id"), "b.")]
#[case::inside("    // Deviation: b,\n    // c.\n    let a = 1;", None, "b, c.")]
fn comments(#[case] text: &str, #[case] item: Option<&str>, #[case] expected: &str) {
    let found = deviations(Path::new("model/src/a.rs"), text);
    let found: Vec<_> = found.iter().map(|it| (it.item.as_deref(), it.text.as_str())).collect();
    assert_eq!(found, [(item, expected)]);
}

#[test]
fn no_comment_no_deviation() {
    assert_eq!(deviations(Path::new("a.rs"), "let a = \"Deviation: b\";"), []);
}
