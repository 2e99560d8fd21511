//! Child processes inside namespaces that do not outlive this process.

use std::{
    io,
    os::fd::{AsFd, AsRawFd},
    os::unix::process::CommandExt,
    panic::{self, AssertUnwindSafe},
    process::{Child, Command},
    sync::mpsc::{self, Sender},
    thread,
};

use crate::{Error, Netns, Result};

/// Makes the command run inside the namespace, and die when the thread that spawns it does.
///
/// The kernel ties the child to the *thread*: use a [`Spawner`], or a thread that lives as long as the child shall.
pub fn in_netns(command: &mut Command, netns: &Netns) {
    let netns = netns.clone();
    // SAFETY: the closure only makes system calls that are async-signal-safe and does not allocate; the captured
    // descriptor stays open as long as the closure, which the command owns.
    unsafe {
        command.pre_exec(move || succeeded(libc::setns(netns.as_fd().as_raw_fd(), libc::CLONE_NEWNET)));
    }
    die_with_parent(command);
}

/// Makes the command's process get SIGKILL when the thread that spawns it ends, however that happens.
pub fn die_with_parent(command: &mut Command) {
    let parent = std::process::id();
    // SAFETY: prctl and getppid are async-signal-safe, and nothing is allocated: an OS error is a plain number.
    unsafe {
        command.pre_exec(move || {
            succeeded(libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL))?;
            // The parent may have died before the wish was made; then somebody else is the parent already.
            if libc::getppid().cast_unsigned() == parent {
                Ok(())
            } else {
                Err(io::Error::from_raw_os_error(libc::ESRCH))
            }
        });
    }
}

fn succeeded(result: libc::c_int) -> io::Result<()> {
    if result == -1 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

type Work = Box<dyn FnOnce() + Send>;

/// One long-lived thread that forks: children that die with their parent thread live as long as it.
///
/// Clones share the thread; it ends when the last clone is dropped, and its children with it.
#[derive(Debug, Clone)]
pub struct Spawner {
    work: Sender<Work>,
}

impl Spawner {
    /// Starts the thread.
    pub fn start() -> Result<Self> {
        let (work, queue) = mpsc::channel::<Work>();
        let thread = thread::Builder::new().name("spawner".into());
        let started = thread.spawn(move || queue.into_iter().for_each(|work| work()));
        started.map_err(|err| Error::io("start", "the thread that spawns processes", &err))?;
        Ok(Self { work })
    }

    /// Spawns a command.
    ///
    /// # Errors
    /// As [`Command::spawn`].
    pub fn spawn(&self, mut command: Command) -> io::Result<Child> {
        self.run(move || command.spawn())
    }

    /// Runs `work`, which may spawn by other means, on the thread; a panic of `work` goes on here.
    pub fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> T {
        let (reply, answer) = mpsc::sync_channel(1);
        let work = Box::new(move || drop(reply.send(panic::catch_unwind(AssertUnwindSafe(work)))));
        self.work.send(work).expect("the thread ends only with the last spawner");
        let result = answer.recv().expect("panics are caught, so there is always an answer");
        result.unwrap_or_else(|payload| panic::resume_unwind(payload))
    }
}
