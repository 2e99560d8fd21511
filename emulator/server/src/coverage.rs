//! What is here of EC2, STS, Auto Scaling and instance metadata, and what differs on purpose: for people, for programs,
//! and as the document
//! `emulator/COVERAGE.md`.
//!
//! The actions come from the API's own tables. The deviations are comments in the sources that begin `Deviation:`;
//! the document gathers them, and a program that runs without its sources has them from there.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use crate::imds;

/// The document as it was when this was built.
const DOCUMENT: &str = include_str!("../../COVERAGE.md");

/// The heading above the deviations.
const DEVIATIONS: &str = "## What differs on purpose";

const INTRODUCTION: &str = "\
# What is here of EC2, STS and Auto Scaling

Every action that is named here takes all its parameters, or refuses by name those it cannot honour. The services' other
actions are refused with `UnsupportedOperation`, and made-up ones with `InvalidAction`. Families marked *none here* answer what
EC2 tells an account that has no such resource.

This file is made: `INSTA_UPDATE=always cargo test -p workspace-tests --test tidy coverage` writes it anew, and
`vpcbox coverage` prints it.
";

/// Actions and deviations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coverage {
    /// Which actions are here and which are not.
    pub actions: ec2_api::Coverage,
    /// The paths of the instance metadata service that are here, and those that EC2 has besides.
    pub metadata: [&'static [&'static str]; 2],
    /// What differs on purpose, by place.
    pub deviations: Vec<Deviation>,
}

/// Something that is not as it is at AWS.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Deviation {
    /// The source file, as seen from the document.
    pub file: String,
    /// What in the file it is about, where it is not the whole of it.
    pub item: Option<String>,
    /// What differs.
    pub text: String,
}

impl Coverage {
    /// What this program has.
    pub fn now() -> Self {
        Self::with(written(DOCUMENT))
    }

    /// The same with other deviations.
    pub fn with(deviations: Vec<Deviation>) -> Self {
        Self { actions: ec2_api::coverage(), metadata: [imds::PATHS, imds::NOT_BUILT], deviations }
    }

    /// For people: a line a family.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for family in &self.actions.families {
            let none = if family.is_empty { ", none here" } else { "" };
            let (name, count) = (title(family.name), family.actions.len());
            let _ = writeln!(text, "{name} ({count}{none}): {}", family.actions.join(", "));
        }
        let here: usize = self.actions.families.iter().map(|it| it.actions.len()).sum();
        let not_built = self.actions.not_built.len();
        let _ = writeln!(text, "\n{here} actions are here; {not_built} of EC2's are not, `--output json` names them.");
        let [here, not_built] = self.metadata.map(|paths| paths.join(", "));
        let _ = writeln!(text, "\nInstance metadata: {here}\nnot here: {not_built}");
        text.push_str("\nWhat differs on purpose:\n");
        for it in &self.deviations {
            let _ = writeln!(text, "  {}: {}", it.place(), it.text);
        }
        text
    }

    /// For programs.
    pub fn json(&self) -> Value {
        let families: Map<_, _> =
            self.actions.families.iter().map(|it| (it.name.to_owned(), json!(it.actions))).collect();
        let none_here: Vec<_> = self.actions.families.iter().filter(|it| it.is_empty).map(|it| it.name).collect();
        let deviations: Vec<_> =
            self.deviations.iter().map(|it| json!({"file": it.file, "item": it.item, "text": it.text})).collect();
        json!({
            "families": families,
            "noneHere": none_here,
            "notBuilt": self.actions.not_built,
            "metadata": {"paths": self.metadata[0], "notBuilt": self.metadata[1]},
            "deviations": deviations,
        })
    }

    /// The document: an action a line, so that two changes of it seldom meet.
    pub fn markdown(&self) -> String {
        let mut text = format!("{INTRODUCTION}\n## What is here\n");
        for family in &self.actions.families {
            let none = if family.is_empty { " (none here)" } else { "" };
            let _ = writeln!(text, "\n### {}{none}\n", title(family.name));
            list(&mut text, &family.actions);
        }
        text.push_str("\n## What EC2 has besides\n\n");
        list(&mut text, &self.actions.not_built);
        let [here, not_built] = self.metadata;
        text.push_str(
            "\n## Instance metadata\n\nBelow a version such as `latest`, where the instance has such a thing.\n\n",
        );
        list(&mut text, here);
        text.push_str("\nEC2 documents besides:\n\n");
        list(&mut text, not_built);
        let _ = writeln!(text, "\n{DEVIATIONS}\n");
        for it in &self.deviations {
            let item = it.item.as_ref().map(|item| format!(" `{item}`")).unwrap_or_default();
            let _ = writeln!(text, "- [{0}]({0}){item}: {1}", it.file, it.text);
        }
        text
    }
}

impl Deviation {
    fn place(&self) -> String {
        self.item.as_ref().map_or(self.file.clone(), |item| format!("{}, {item}", self.file))
    }

    /// Reads a line of the document.
    fn parse(line: &str) -> Option<Self> {
        let (file, rest) = line.strip_prefix("- [")?.split_once(']')?;
        let (place, text) = rest.strip_prefix(&format!("({file})"))?.split_once(": ")?;
        let item = place.trim().trim_matches('`');
        Some(Self { file: file.to_owned(), item: (!item.is_empty()).then(|| item.to_owned()), text: text.to_owned() })
    }
}

/// The deviations in a document.
fn written(document: &str) -> Vec<Deviation> {
    let lines = document.lines().skip_while(|line| *line != DEVIATIONS);
    lines.filter_map(Deviation::parse).collect()
}

/// A family's name as people write it.
fn title(name: &str) -> String {
    match name {
        "sts" => "STS".to_owned(),
        "auto_scaling" => "Auto Scaling".to_owned(),
        _ => name.replace('_', " "),
    }
}

fn list(text: &mut String, names: &[&str]) {
    for name in names {
        let _ = writeln!(text, "- {name}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deviation(item: Option<&str>) -> Deviation {
        Deviation { file: "model/src/a.rs".to_owned(), item: item.map(str::to_owned), text: "b: `c` (d).".to_owned() }
    }

    #[test]
    fn the_document_can_be_read() {
        let deviations = vec![deviation(None), deviation(Some("one"))];
        assert_eq!(written(&Coverage::with(deviations.clone()).markdown()), deviations);
    }

    #[test]
    fn the_text_has_a_line_a_family() {
        let text = Coverage::with(vec![deviation(Some("one"))]).text();
        assert!(text.contains("\nSTS (") && text.contains("): AssumeRole, "), "{text}");
        assert!(text.contains("\n  model/src/a.rs, one: b: `c` (d).\n"), "{text}");
    }

    #[test]
    fn programs_get_every_name() {
        let json = Coverage::now().json();
        let count = |value: &Value| value.as_array().map(Vec::len).unwrap_or_default();
        assert!(count(&json["families"]["vpc"]) > 5, "{json}");
        assert!(count(&json["notBuilt"]) > 5, "{json}");
        assert!(count(&json["metadata"]["paths"]) > 5, "{json}");
        assert!(count(&json["deviations"]) > 5, "{json}");
    }
}
