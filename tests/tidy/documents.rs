//! What documents say about the tree.

use std::ffi::OsStr;
use std::fs;
use std::path::Path;

use workspace_tests::workspace_root;

use crate::assert_kept;
use crate::files::{below_top, shown};

fn documents() -> impl Iterator<Item = (String, String)> {
    let all = below_top().into_iter().filter(|path| path.extension() == Some(OsStr::new("md")));
    all.map(|path| (shown(&path), fs::read_to_string(&path).expect("documents are UTF-8")))
}

/// What stands between backticks.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.lines().flat_map(|line| line.split('`').skip(1).step_by(2))
}

#[test]
fn tests_that_documents_name_exist() {
    let mut broken = Vec::new();
    for (document, text) in documents() {
        let named = quoted(&text).filter_map(|word| word.split_once("::")).filter(|(file, _)| file.ends_with(".rs"));
        for (file, name) in named {
            let code = fs::read_to_string(workspace_root().join(file)).unwrap_or_default();
            if !code.contains(&format!("fn {name}(")) {
                broken.push(format!("{document}: {file}::{name}"));
            }
        }
    }
    assert_kept("documents name tests as `path.rs::function`", &broken);
}

#[test]
fn links_lead_to_files() {
    let mut broken = Vec::new();
    for (document, text) in documents() {
        let folder = workspace_root().join(&document).parent().map(Path::to_owned).unwrap_or_default();
        let targets = text.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(target, _)| target);
        for target in targets.filter(|target| !target.contains("://") && !target.starts_with('#')) {
            let file = target.split('#').next().unwrap_or_default();
            if !folder.join(file).exists() {
                broken.push(format!("{document}: {target}"));
            }
        }
    }
    assert_kept("a link leads somewhere", &broken);
}
