//! Network namespaces held by file descriptors, see network_namespaces(7).
//!
//! No bind mount, no name: when the last descriptor and the last process are gone, the kernel removes the namespace
//! and every link in it.

use std::{
    fmt,
    fs::File,
    os::fd::{AsFd, AsRawFd, BorrowedFd},
    os::unix::fs::MetadataExt,
    panic,
    path::{Path, PathBuf},
    sync::Arc,
    thread,
};

use nix::{
    errno::Errno,
    sched::{self, CloneFlags},
};

use crate::{Error, Netlink, Result};

const OWN_NETNS: &str = "/proc/thread-self/ns/net";

/// A network namespace. Clones share one descriptor; two are equal when they are the same namespace.
#[derive(Clone)]
pub struct Netns {
    held: Arc<Held>,
}

struct Held {
    file: File,
    inode: u64,
}

impl Netns {
    /// Makes a namespace and brings its `lo` up.
    pub fn create() -> Result<Self> {
        let netns = on_thread(|| {
            sched::unshare(CloneFlags::CLONE_NEWNET).map_err(|errno| failed("create", errno))?;
            Self::current()
        })??;
        Netlink::open(&netns)?.set_up("lo")?;
        Ok(netns)
    }

    /// The calling thread's namespace.
    pub fn current() -> Result<Self> {
        Self::open(OWN_NETNS)
    }

    /// The namespace at a path such as `/proc/<pid>/ns/net`.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let open = || {
            let file = File::open(path)?;
            let inode = file.metadata()?.ino();
            Ok(Self { held: Arc::new(Held { file, inode }) })
        };
        open().map_err(|err| Error::io("open network namespace", path.display().to_string(), &err))
    }

    /// A path by which any process that may look at this one reaches the namespace, as long as it is held here.
    pub fn path(&self) -> PathBuf {
        PathBuf::from(format!("/proc/{}/fd/{}", std::process::id(), self.held.file.as_raw_fd()))
    }

    /// The namespace's inode, which identifies it on this machine while it exists.
    pub fn inode(&self) -> u64 {
        self.held.inode
    }

    /// A second descriptor of the same namespace.
    pub fn try_clone(&self) -> Result<Self> {
        let file = self.held.file.try_clone();
        let file = file.map_err(|err| Error::io("duplicate network namespace", self.to_string(), &err))?;
        Ok(Self { held: Arc::new(Held { file, inode: self.held.inode }) })
    }

    /// Runs `work` on a thread inside the namespace and gives its result; a panic of `work` goes on here.
    ///
    /// Sockets and files that `work` opens stay in the namespace wherever they are used later.
    pub fn run<T: Send>(&self, work: impl FnOnce() -> T + Send) -> Result<T> {
        if self.is_current() {
            return Ok(work());
        }
        on_thread(|| {
            sched::setns(self, CloneFlags::CLONE_NEWNET).map_err(|errno| failed("enter", errno))?;
            Ok(work())
        })?
    }

    fn is_current(&self) -> bool {
        std::fs::metadata(OWN_NETNS).is_ok_and(|own| own.ino() == self.held.inode)
    }
}

/// Runs `work` on its own thread, whose namespace may be changed without anybody else seeing it.
fn on_thread<T: Send>(work: impl FnOnce() -> T + Send) -> Result<T> {
    thread::scope(|scope| {
        let thread = thread::Builder::new().name("netns".into()).spawn_scoped(scope, work);
        let thread = thread.map_err(|err| Error::io("start", "a thread for a network namespace", &err))?;
        thread.join().or_else(|payload| panic::resume_unwind(payload))
    })
}

fn failed(operation: &'static str, errno: Errno) -> Error {
    Error::new(operation, "network namespace", errno)
}

impl AsFd for Netns {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.held.file.as_fd()
    }
}

impl PartialEq for Netns {
    fn eq(&self, other: &Self) -> bool {
        self.held.inode == other.held.inode
    }
}

impl Eq for Netns {}

impl fmt::Display for Netns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "net:[{}]", self.held.inode)
    }
}

impl fmt::Debug for Netns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Netns({self})")
    }
}
