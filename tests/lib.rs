//! Helpers shared by the suites across crates.

use std::path::{Path, PathBuf};

/// The workspace's top folder.
pub fn workspace_root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ is below the top").to_owned()
}
