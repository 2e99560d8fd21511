//! The programs and tests to run, as cargo makes them for this machine.

use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;
use workspace_tests::workspace_root;

use crate::output;

/// Crates whose tests have to do with the kernel.
const TESTED: [&str; 6] = ["-p", "linux-net", "-p", "vpcbox-emulator", "-p", "vpcbox-cni"];

/// A program, or the tests that one file or folder of a crate's `tests/` holds.
pub struct Program {
    pub name: String,
    pub path: PathBuf,
    pub is_test: bool,
}

/// Builds all programs, and the tests of some crates.
pub fn build() -> Vec<Program> {
    let programs = cargo(&["build", "--workspace", "--bins"]);
    programs.into_iter().chain(cargo(&[&["test", "--no-run", "--test", "*"], &TESTED[..]].concat())).collect()
}

fn cargo(arguments: &[&str]) -> impl Iterator<Item = Program> {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(arguments).arg("--message-format=json-render-diagnostics").current_dir(workspace_root());
    let reports: Vec<_> = output(&mut cargo).lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let is_test = arguments.contains(&"test");
    reports.into_iter().filter(move |it: &Value| it["profile"]["test"] == is_test).filter_map(|it| program(&it))
}

fn program(report: &Value) -> Option<Program> {
    let path = PathBuf::from(report["executable"].as_str()?);
    let (name, is_test) = (report["target"]["name"].as_str()?, report["profile"]["test"] == true);
    // …#crate@version, or …/crate#version where the folder bears the crate's name.
    let id = report["package_id"].as_str()?.split('@').next()?;
    let of = id.rsplit(['#', '/']).find(|part| !part.starts_with(|it: char| it.is_ascii_digit()))?;
    let name = if is_test { format!("test {name} of {of}") } else { name.to_owned() };
    Some(Program { name, path, is_test })
}
