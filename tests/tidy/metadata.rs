//! What `cargo metadata` says about this workspace and everything below it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::process::Command;
use std::sync::LazyLock;

use serde::Deserialize;
use workspace_tests::workspace_root;

/// The workspace, read once.
pub static METADATA: LazyLock<Metadata> = LazyLock::new(read);

#[derive(Debug, Deserialize)]
pub struct Metadata {
    pub packages: Vec<Package>,
    workspace_members: Vec<String>,
    resolve: Resolve,
}

#[derive(Debug, Deserialize)]
pub struct Package {
    pub name: String,
    pub id: String,
    pub license: Option<String>,
    pub manifest_path: PathBuf,
    pub dependencies: Vec<Dependency>,
    pub targets: Vec<Target>,
}

/// A dependency as a manifest declares it.
#[derive(Debug, Deserialize)]
pub struct Dependency {
    pub name: String,
    pub rename: Option<String>,
    /// `None` is a normal one.
    pub kind: Option<String>,
}

#[derive(Debug, Deserialize)]
pub struct Target {
    name: String,
    pub kind: Vec<String>,
    pub src_path: PathBuf,
}

#[derive(Debug, Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Debug, Deserialize)]
struct Node {
    id: String,
    deps: Vec<Edge>,
}

#[derive(Debug, Deserialize)]
struct Edge {
    pkg: String,
    dep_kinds: Vec<EdgeKind>,
}

#[derive(Debug, Deserialize)]
struct EdgeKind {
    kind: Option<String>,
}

impl Metadata {
    /// The workspace's own packages.
    pub fn members(&self) -> impl Iterator<Item = &Package> {
        self.packages.iter().filter(|package| self.workspace_members.contains(&package.id))
    }

    /// The workspace's own package of that name.
    pub fn member(&self, name: &str) -> &Package {
        self.members().find(|package| package.name == name).unwrap_or_else(|| panic!("there is no crate {name}"))
    }

    /// What code of this workspace calls a dependency.
    pub fn called(&self, dependency: &Dependency) -> String {
        let package = || self.packages.iter().find(|package| package.name == dependency.name);
        let library = || package().map_or_else(|| dependency.name.clone(), Package::library);
        dependency.rename.clone().unwrap_or_else(library).replace('-', "_")
    }

    /// The names of everything that is compiled into a package, itself apart; not what is below `cut`.
    pub fn closure(&self, package: &Package, cut: &[&str]) -> BTreeSet<&str> {
        let names: BTreeMap<_, _> = self.packages.iter().map(|it| (it.id.as_str(), it.name.as_str())).collect();
        let nodes: BTreeMap<_, _> = self.resolve.nodes.iter().map(|node| (node.id.as_str(), &node.deps)).collect();
        let mut found = BTreeSet::new();
        let mut open = vec![package.id.as_str()];
        while let Some(id) = open.pop() {
            let normal = nodes[id].iter().filter(|edge| edge.dep_kinds.iter().any(|it| it.kind.is_none()));
            for edge in normal {
                if found.insert(edge.pkg.as_str()) && !cut.contains(&names[edge.pkg.as_str()]) {
                    open.push(&edge.pkg);
                }
            }
        }
        found.into_iter().map(|id| names[id]).collect()
    }
}

impl Package {
    /// What code calls its library.
    pub fn library(&self) -> String {
        let is_library =
            |target: &&Target| target.kind.iter().any(|kind| matches!(kind.as_str(), "lib" | "proc-macro"));
        self.targets.iter().find(is_library).map_or(&self.name, |target| &target.name).replace('-', "_")
    }

    /// The folder of its manifest.
    pub fn folder(&self) -> PathBuf {
        self.manifest_path.parent().expect("a manifest is in a folder").to_owned()
    }
}

/// Asks cargo, for this machine's platform only and without the network: what the tests were built from is here.
fn read() -> Metadata {
    let mut command = Command::new(env!("CARGO"));
    command.current_dir(workspace_root());
    command.args(["metadata", "--format-version", "1", "--locked", "--offline", "--filter-platform", &host()]);
    let output = command.output().expect("cargo runs");
    assert!(output.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("cargo metadata prints what it documents")
}

fn host() -> String {
    let output = Command::new("rustc").arg("-vV").output().expect("rustc runs");
    let text = String::from_utf8(output.stdout).expect("rustc prints UTF-8");
    text.lines().find_map(|line| line.strip_prefix("host: ")).expect("rustc names its host").to_owned()
}
