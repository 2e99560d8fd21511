//! What the kernel refused: operation, object, errno, and the kernel's own words where it gives any.

use std::io;

use nix::errno::Errno;

/// The result of a kernel operation.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// One refused operation.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("cannot {operation} {object}: {} ({errno:?}){}", .errno.desc(), words(.detail))]
pub struct Error {
    operation: &'static str,
    object: String,
    errno: Errno,
    detail: Option<String>,
}

impl Error {
    /// An error of `operation` on `object`.
    pub fn new(operation: &'static str, object: impl Into<String>, errno: Errno) -> Self {
        Self { operation, object: object.into(), errno, detail: None }
    }

    /// Adds the kernel's own words (its extended acknowledgement).
    pub fn with_detail(mut self, detail: Option<String>) -> Self {
        self.detail = detail;
        self
    }

    /// An error of `operation` on `object` from an I/O error.
    pub(crate) fn io(operation: &'static str, object: impl Into<String>, err: &io::Error) -> Self {
        Self::new(operation, object, err.raw_os_error().map_or(Errno::EIO, Errno::from_raw))
    }

    /// What was tried.
    pub fn operation(&self) -> &'static str {
        self.operation
    }

    /// What it was tried on.
    pub fn object(&self) -> &str {
        &self.object
    }

    /// The errno.
    pub fn errno(&self) -> Errno {
        self.errno
    }

    /// The kernel's own words, if it gave any.
    pub fn detail(&self) -> Option<&str> {
        self.detail.as_deref()
    }

    /// Whether the object does not exist (each family of netlink has its own errno for that).
    pub fn is_not_found(&self) -> bool {
        use Errno::{EADDRNOTAVAIL, ENODEV, ENOENT, ENXIO, ESRCH};
        matches!(self.errno, ENODEV | ENOENT | ESRCH | EADDRNOTAVAIL | ENXIO)
    }

    /// Whether the object exists already.
    pub fn is_exists(&self) -> bool {
        self.errno == Errno::EEXIST
    }

    /// Whether the caller may not do this.
    pub fn is_permission(&self) -> bool {
        matches!(self.errno, Errno::EPERM | Errno::EACCES)
    }

    /// Whether this kernel cannot do this.
    pub fn is_unsupported(&self) -> bool {
        use Errno::{EAFNOSUPPORT, ENOSYS, EOPNOTSUPP, EPROTONOSUPPORT};
        matches!(self.errno, EOPNOTSUPP | EPROTONOSUPPORT | EAFNOSUPPORT | ENOSYS)
    }
}

/// What is gone already needs no removing.
pub fn unless_gone(result: Result<()>) -> Result<()> {
    match result {
        Err(err) if err.is_not_found() => Ok(()),
        result => result,
    }
}

/// What is there already needs no adding.
pub fn unless_there(result: Result<()>) -> Result<()> {
    match result {
        Err(err) if err.is_exists() => Ok(()),
        result => result,
    }
}

fn words(detail: &Option<String>) -> String {
    detail.as_ref().map(|text| format!(": {text}")).unwrap_or_default()
}
