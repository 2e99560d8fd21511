//! The checkpoint file: who has which address, for the agent's next start.

use std::io;
use std::path::{Path, PathBuf};

use cni_ipam::Checkpoint;

/// Why a checkpoint could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    /// The file system refused.
    #[error("checkpoint {} cannot be {action}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What was tried.
        action: &'static str,
        /// Why not.
        #[source]
        cause: io::Error,
    },
    /// It is no checkpoint.
    #[error("checkpoint {} cannot be understood", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Why not.
        #[source]
        cause: serde_json::Error,
    },
}

/// Reads a checkpoint; `None` if there is none.
///
/// # Errors
/// If it cannot be read or is none.
pub fn read(path: &Path) -> Result<Option<Checkpoint>, CheckpointError> {
    let text = match std::fs::read(path) {
        Ok(text) => text,
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(cause) => return Err(CheckpointError::Io { path: path.to_owned(), action: "read", cause }),
    };
    let malformed = |cause| CheckpointError::Malformed { path: path.to_owned(), cause };
    serde_json::from_slice(&text).map(Some).map_err(malformed)
}

/// Replaces the checkpoint in one step.
///
/// Deviation: it is not flushed to the disk. It has to outlive the agent, and the page cache does; after a crash of the
/// machine no pod is left that it speaks of.
///
/// # Errors
/// If the file system refuses.
pub fn write(path: &Path, checkpoint: &Checkpoint) -> Result<(), CheckpointError> {
    let failed = |cause| CheckpointError::Io { path: path.to_owned(), action: "written", cause };
    let text = serde_json::to_vec(checkpoint).map_err(|err| failed(err.into()))?;
    let temporary = path.with_extension("tmp");
    std::fs::write(&temporary, text).map_err(failed)?;
    std::fs::rename(&temporary, path).map_err(failed)
}
