//! A world's folder: its lock, logs, kubeconfigs and sockets.
//!
//! The process that holds the world holds the lock; a folder whose lock is free is left over from a crash
//! and goes with the next start.

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use nix::fcntl::{Flock, FlockArg};
use serde::{Deserialize, Serialize};

/// The lock file's name.
const LOCK: &str = "lock";

/// The description's name.
const DESCRIPTION: &str = "world.json";

/// A world's folder, with its lock held.
#[derive(Debug)]
pub struct StateDir {
    path: PathBuf,
    #[expect(dead_code, reason = "held for as long as the world lives")]
    lock: Flock<File>,
}

/// What others need to know of a running world.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Description {
    /// The process that holds it.
    pub pid: u32,
    /// The scenario's name.
    pub name: String,
    /// The AWS region.
    pub region: String,
    /// EC2's and STS's endpoint.
    pub endpoint: String,
    /// The kubeconfig's path.
    pub kubeconfig: PathBuf,
    /// The VPC.
    pub vpc_id: String,
}

/// Where the folders of all worlds of this user are.
pub fn base() -> PathBuf {
    if let Some(folder) = std::env::var_os("VPCBOX_STATE_DIR") {
        return folder.into();
    }
    // In a user namespace of our own the uid is 0; the one outside is handed down.
    let outside = std::env::var("VPCBOX_ROOTLESS_UID").ok();
    if outside.is_none() && nix::unistd::getuid().is_root() {
        return "/run/vpcbox".into();
    }
    if let Some(folder) = std::env::var_os("XDG_RUNTIME_DIR") {
        return PathBuf::from(folder).join("vpcbox");
    }
    let uid = outside.unwrap_or_else(|| nix::unistd::getuid().to_string());
    std::env::temp_dir().join(format!("vpcbox-{uid}"))
}

impl StateDir {
    /// Takes a world's folder; whatever a crashed one left is removed first.
    ///
    /// # Errors
    /// A world of this name is running, or the folder cannot be made.
    pub fn take(name: &str) -> anyhow::Result<Self> {
        let path = base().join(name);
        let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(&path);
        made.with_context(|| format!("make the folder {}", path.display()))?;
        for folder in [&base(), &path] {
            let owner = fs::metadata(folder)?.uid();
            if owner != nix::unistd::geteuid().as_raw() {
                bail!("{} belongs to another user; set VPCBOX_STATE_DIR to a folder of your own", folder.display());
            }
        }
        let file = File::create(path.join(LOCK)).context("open the world's lock")?;
        let Ok(lock) = Flock::lock(file, FlockArg::LockExclusiveNonblock) else {
            bail!("a world named {name} is running; end it with `vpcbox down --world {name}`");
        };
        for entry in fs::read_dir(&path)?.flatten().filter(|entry| entry.file_name() != LOCK) {
            fs::remove_file(entry.path()).with_context(|| format!("remove {}", entry.path().display()))?;
        }
        Ok(Self { path, lock })
    }

    /// A file's path.
    pub fn path(&self, file: &str) -> PathBuf {
        self.path.join(file)
    }

    /// Opens a new file that only this user can read.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn create_file(&self, file: &str) -> anyhow::Result<File> {
        let path = self.path(file);
        let opened = File::options().create(true).append(true).mode(0o600).open(&path);
        opened.with_context(|| format!("open {}", path.display()))
    }

    /// Writes a kubeconfig.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write_kubeconfig(&self, file: &str, text: &str) -> anyhow::Result<()> {
        self.create_file(file)?.write_all(text.as_bytes()).with_context(|| format!("write {file}"))
    }

    /// Writes the description others find the world by.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn describe(&self, description: &Description) -> anyhow::Result<()> {
        let text = serde_json::to_vec_pretty(description)?;
        fs::write(self.path(DESCRIPTION), text).context("write world.json")
    }
}

impl Drop for StateDir {
    /// Removes the folder: a world that is gone leaves no files.
    fn drop(&mut self) {
        // A folder that stays behind has no lock and goes with the next start.
        let _ = fs::remove_dir_all(&self.path);
        // The folder of all worlds goes with the last one; it is not empty while others run.
        let _ = fs::remove_dir(base());
    }
}

/// Finds a running world: the one named, or the only one.
///
/// # Errors
/// There is none, or several and no name.
pub fn find(name: Option<&str>) -> anyhow::Result<Description> {
    let running = running();
    match (name, running.as_slice()) {
        (Some(name), all) => all
            .iter()
            .find(|it| it.name == name)
            .cloned()
            .with_context(|| format!("no world named {name} is running; start one with `vpcbox up SCENARIO`")),
        (None, [only]) => Ok(only.clone()),
        (None, []) => bail!("no world is running; start one with `vpcbox up SCENARIO`"),
        (None, all) => {
            let names: Vec<_> = all.iter().map(|it| it.name.as_str()).collect();
            bail!("several worlds are running; name one with --world ({})", names.join(", "))
        }
    }
}

/// All running worlds of this user; folders that a crash has left behind are removed.
pub fn running() -> Vec<Description> {
    let folders = fs::read_dir(base()).into_iter().flatten().flatten();
    folders.filter_map(|folder| read(&folder.path())).collect()
}

fn read(folder: &Path) -> Option<Description> {
    let file = File::open(folder.join(LOCK)).ok()?;
    if let Ok(lock) = Flock::lock(file, FlockArg::LockExclusiveNonblock) {
        // Nobody held it. The world's kernel objects and processes went with its process; these files go now.
        drop(StateDir { path: folder.to_owned(), lock });
        return None;
    }
    serde_json::from_slice(&fs::read(folder.join(DESCRIPTION)).ok()?).ok()
}
