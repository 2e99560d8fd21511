//! A command that leaves something running: the foreground waits for the result, the background stays.
//!
//! The background is this program started again with the same arguments in a session of its own; it
//! prints to the same terminal until it has a result.

use std::fs::File;
use std::io::{PipeReader, Read, Write};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::process::CommandExt;
use std::process::Command;

use anyhow::{Context, bail};
use nix::sys::signal::{self, Signal};
use nix::unistd::Pid;

/// Carries the number of the file descriptor on which the background reports.
const REPORT_FD: &str = "VPCBOX_REPORT_FD";

/// Which side of the split this process is.
#[derive(Debug)]
pub(super) enum Side {
    /// The background has reported: passed or not.
    Foreground(bool),
    /// Do the work and report.
    Background(Parent),
}

/// Whoever waits for the background's report.
#[derive(Debug)]
pub(super) struct Parent(File);

/// Starts the background, or finds that this is it.
pub(super) fn split() -> anyhow::Result<Side> {
    match std::env::var(REPORT_FD) {
        Ok(number) => {
            let number: RawFd = number.parse().context("read VPCBOX_REPORT_FD")?;
            // SAFETY: the foreground passed this descriptor for nothing else, and it is taken once.
            let owned = unsafe { OwnedFd::from_raw_fd(number) };
            Ok(Side::Background(Parent(owned.into())))
        }
        Err(_) => wait_for_background().map(Side::Foreground),
    }
}

fn wait_for_background() -> anyhow::Result<bool> {
    let (reader, writer) = std::io::pipe().context("make a pipe")?;
    let number = writer.as_raw_fd();
    let mut command = Command::new(std::env::current_exe().context("find the running program")?);
    command.args(std::env::args_os().skip(1)).env(REPORT_FD, number.to_string());
    // SAFETY: setsid and fcntl are async-signal-safe, and nothing is allocated.
    unsafe {
        command.pre_exec(move || {
            nix::unistd::setsid()?;
            // The descriptor must survive the exec.
            if libc::fcntl(number, libc::F_SETFD, 0) == -1 {
                return Err(std::io::Error::last_os_error());
            }
            Ok(())
        });
    }
    let mut child = command.spawn().context("start the background process")?;
    drop(writer);
    let pid = Pid::from_raw(i32::try_from(child.id()).context("process id")?);
    match read_report(reader, pid)? {
        Some(passed) => Ok(passed),
        None => {
            let status = child.wait().context("wait for the background process")?;
            match status.code() {
                Some(code @ 1..) => std::process::exit(code),
                _ => bail!("the background process ended without a result ({status})"),
            }
        }
    }
}

/// Waits for the report; Ctrl-C here ends the background too.
fn read_report(reader: PipeReader, background: Pid) -> anyhow::Result<Option<bool>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async move {
        let mut reading = tokio::task::spawn_blocking(move || {
            let (mut reader, mut report) = (reader, [0]);
            reader.read_exact(&mut report).map(|()| report[0] == 0).ok()
        });
        loop {
            tokio::select! {
                report = &mut reading => return Ok(report?),
                _ = tokio::signal::ctrl_c() => {
                    // It may be gone already; the pipe tells.
                    let _ = signal::kill(background, Signal::SIGTERM);
                }
            }
        }
    })
}

impl Parent {
    /// Reports the result and lets go of the terminal: what is printed from now on goes to the log.
    pub(super) fn leave(mut self, passed: bool, log: &File) -> anyhow::Result<()> {
        self.0.write_all(&[u8::from(!passed)]).context("report to the foreground")?;
        nix::unistd::dup2_stdout(log).context("redirect stdout")?;
        nix::unistd::dup2_stderr(log).context("redirect stderr")?;
        Ok(())
    }
}
