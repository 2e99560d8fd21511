//! Debian's kernel and its modules, from its package.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::output;

/// A kernel unpacked on this machine.
pub struct Kernel {
    pub image: PathBuf,
    /// The modules for networks.
    pub modules: Vec<Module>,
}

/// A module, as it describes itself.
pub struct Module {
    pub name: String,
    pub content: Vec<u8>,
    pub needs: Vec<String>,
    pub aliases: Vec<String>,
}

/// Gets the kernel of a package, or of that which a metapackage stands for, unless it is there from before.
pub fn fetch(folder: &Path, package: &str) -> Kernel {
    let depends = output(Command::new("apt-cache").args(["depends", "--important", package]));
    let real = depends.split_whitespace().find(|word| word.starts_with("linux-image-") && *word != package);
    let package = real.unwrap_or(package);
    let root = folder.join(package);
    if !root.exists() {
        output(Command::new("apt-get").current_dir(folder).args(["download", package]));
        let deb = files(folder).into_iter().find(|path| path.to_string_lossy().contains(&format!("/{package}_")));
        output(Command::new("dpkg").arg("-x").arg(deb.expect("the package was just loaded")).arg(&root));
        // Newer ones are compressed.
        output(Command::new("find").arg(&root).args(["-name", "*.ko.xz", "-exec", "xz", "-d", "{}", "+"]));
    }
    let image = files(&root.join("boot")).into_iter().find(|path| path.to_string_lossy().contains("/vmlinuz-"));
    let mut open: Vec<_> = files(&root.join("lib/modules"));
    let mut modules = Vec::new();
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(files(&path));
        } else if path.extension().is_some_and(|it| it == "ko") && is_for_networks(&path) {
            modules.push(describe(&path));
        }
    }
    Kernel { image: image.expect("the package holds a kernel"), modules }
}

fn is_for_networks(path: &Path) -> bool {
    ["/kernel/net/", "/kernel/drivers/net/", "/kernel/lib/"].iter().any(|part| path.to_string_lossy().contains(part))
}

/// Reads the texts of the form `key=value` that end in zero bytes: the section `.modinfo`.
fn describe(path: &Path) -> Module {
    let content = fs::read(path).expect("what was unpacked can be read");
    let texts: Vec<_> = content.split(|byte| *byte == 0).filter_map(|text| std::str::from_utf8(text).ok()).collect();
    let names = |key: &str| -> Vec<String> {
        let lists = texts.iter().filter_map(|text| text.strip_prefix(key)).flat_map(|list| list.split(','));
        lists.filter(|name| !name.is_empty()).map(|name| name.replace('-', "_")).collect()
    };
    let (needs, aliases) = (names("depends="), names("alias="));
    Module { name: path.file_stem().unwrap_or_default().to_string_lossy().replace('-', "_"), needs, aliases, content }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|err| panic!("list {}: {err}", folder.display()));
    entries.map(|entry| entry.expect("a folder can be read to its end").path()).collect()
}
