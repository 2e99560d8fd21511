//! The initramfs: a cpio archive in the "newc" form of the kernel's `buffer-format` document.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

use workspace_tests::workspace_root;

use crate::kernel::Kernel;
use crate::programs::Program;
use crate::{SCENARIO, Step, guest, output};

const FOLDER: u32 = 0o040_755;
const FILE: u32 = 0o100_755;
const LINK: u32 = 0o120_777;
/// Programs of this machine that tests use.
const TOOLS: [&str; 2] = ["/bin/cat", "/usr/bin/readlink"];

/// Writes all the machine needs to a file. Everything keeps its path, since programs know some of them.
pub fn write(folder: &Path, kernel: &Kernel, programs: &[Program], steps: &[Step]) -> PathBuf {
    let path = folder.join("initramfs");
    let file = File::create(&path).expect("the initramfs can be made");
    let mut archive = Archive { file: BufWriter::new(file), folders: BTreeSet::new(), count: 0 };
    let own = std::env::current_exe().expect("a running program has a path");
    for link in ["/init", guest::MODPROBE] {
        archive.add(link.as_ref(), LINK, own.as_os_str().as_encoded_bytes());
    }
    let programs: Vec<_> = programs.iter().map(|it| it.path.clone()).chain([own]).collect();
    for program in &programs {
        let stripped = folder.join("stripped");
        output(Command::new("strip").arg("-o").args([&stripped, program]));
        archive.add(program, FILE, &read(&stripped));
    }
    let tools = TOOLS.map(PathBuf::from);
    let scenario = workspace_root().join(SCENARIO);
    for file in libraries(programs.iter().chain(&tools)).iter().chain(&tools).chain([&scenario]) {
        archive.add(file, FILE, &read(file));
    }
    for module in &kernel.modules {
        archive.add(&guest::module_file(&module.name), FILE, &module.content);
    }
    let modules: Vec<_> = kernel.modules.iter().map(|it| (&it.name, &it.needs, &it.aliases)).collect();
    archive.add(guest::MODULES.as_ref(), FILE, &serde_json::to_vec(&modules).expect("plain data"));
    let plan: Vec<_> = steps.iter().map(|it| (&it.name, it.uid, &it.command)).collect();
    archive.add(guest::PLAN.as_ref(), FILE, &serde_json::to_vec(&plan).expect("plain data"));
    for folder in ["/proc", "/sys", "/dev", "/run", "/tmp"] {
        archive.folder(folder.as_ref());
    }
    archive.entry("TRAILER!!!", 0, b"");
    archive.file.flush().expect("the initramfs can be written");
    path
}

fn libraries<'a>(programs: impl Iterator<Item = &'a PathBuf>) -> BTreeSet<PathBuf> {
    let listed = output(Command::new("ldd").args(programs));
    listed.split_whitespace().filter(|it| it.starts_with('/') && !it.ends_with(':')).map(PathBuf::from).collect()
}

fn read(path: &Path) -> Vec<u8> {
    fs::read(path).unwrap_or_else(|err| panic!("read {}: {err}", path.display()))
}

struct Archive {
    file: BufWriter<File>,
    folders: BTreeSet<PathBuf>,
    count: u32,
}

impl Archive {
    fn add(&mut self, path: &Path, mode: u32, content: &[u8]) {
        path.parent().into_iter().for_each(|above| self.folder(above));
        self.entry(path.to_str().expect("cargo's paths are UTF-8").trim_start_matches('/'), mode, content);
    }

    fn folder(&mut self, path: &Path) {
        if path.parent().is_some() && self.folders.insert(path.to_owned()) {
            self.add(path, FOLDER, b"");
        }
    }

    /// The head's fields are inode, mode, owner, group, links, time, size, four device numbers, the name's length and a
    /// checksum that nobody wants.
    fn entry(&mut self, name: &str, mode: u32, content: &[u8]) {
        self.count += 1;
        let size = u32::try_from(content.len()).expect("no file is as large as the format's limit");
        let name_size = u32::try_from(name.len() + 1).expect("names are short");
        let fields = [self.count, mode, 0, 0, 1, 0, size, 0, 0, 0, 0, name_size, 0];
        let fields: String = fields.iter().map(|field| format!("{field:08x}")).collect();
        for part in [format!("070701{fields}{name}\0").as_bytes(), content] {
            let padding = &[0; 3][..part.len().wrapping_neg() % 4];
            self.file
                .write_all(part)
                .and_then(|()| self.file.write_all(padding))
                .expect("the initramfs can be written");
        }
    }
}
