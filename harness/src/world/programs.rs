//! The other binaries a world runs; they lie beside this one.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

/// Where the binaries are.
#[derive(Debug, Clone)]
pub struct Programs {
    /// This program: it is also the image `vpcbox/probe`.
    pub vpcbox: PathBuf,
    /// The CNI plugin.
    pub plugin: PathBuf,
    /// The node agent.
    pub agent: PathBuf,
    /// The controller.
    pub controller: PathBuf,
}

impl Programs {
    /// Finds the binaries beside the running one.
    ///
    /// # Errors
    /// One is missing; the message says how to build it.
    pub fn find() -> anyhow::Result<Self> {
        let own = std::env::current_exe().context("find the running program")?;
        let mut folder = own.parent().context("find the running program's folder")?;
        if folder.ends_with("deps") {
            // Test binaries lie one folder below the programs.
            folder = folder.parent().unwrap_or(folder);
        }
        Ok(Self {
            vpcbox: beside(folder, "vpcbox")?,
            plugin: beside(folder, "vpcbox-cni")?,
            agent: beside(folder, "cni-agent")?,
            controller: beside(folder, "cni-controller")?,
        })
    }
}

fn beside(folder: &Path, name: &str) -> anyhow::Result<PathBuf> {
    let path = folder.join(name);
    if !path.is_file() {
        bail!("{name} is not in {}; build all programs with `cargo build --release`", folder.display());
    }
    Ok(path)
}
