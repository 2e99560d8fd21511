//! Servers as processes: starting our own, and what the kernel says of any.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use std::{env, fs};

use anyhow::Context;

use crate::bench::client::{Client, form};

/// An emulator of this very program.
#[derive(Debug)]
pub(super) struct Server {
    child: Child,
    pub(super) address: SocketAddr,
    pub(super) first_answer: Duration,
}

impl Server {
    pub(super) fn start() -> anyhow::Result<Self> {
        let started = Instant::now();
        let program = env::current_exe().context("find this program")?;
        let mut child = Command::new(program)
            .args(["emulator", "--listen", "127.0.0.1:0", "--no-fabric", "--quota", "networkInterfaces=1000000"])
            .stdout(Stdio::piped())
            .spawn()
            .context("start an emulator")?;
        let output = child.stdout.take().context("its output")?;
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line).context("read where it listens")?;
        let address = line.split("http://").nth(1).and_then(|rest| rest.split(';').next());
        let address =
            address.and_then(|text| text.trim().parse().ok()).with_context(|| format!("an address in {line:?}"));
        let mut server = Self { child, address: SocketAddr::from(([127, 0, 0, 1], 0)), first_answer: Duration::ZERO };
        server.address = address?;
        Client::connect(server.address)?.call(&form("DescribeVpcs", &[]))?;
        server.first_answer = started.elapsed();
        Ok(server)
    }

    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It keeps nothing, so nothing is lost when it is killed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A server's process, where it is known.
#[derive(Debug, Clone, Copy)]
pub(super) struct Process(pub(super) Option<u32>);

impl Process {
    /// CPU time of all its threads so far, also of those that have ended: some servers have one for each connection.
    pub(super) fn cpu(self) -> Option<Duration> {
        let pid = libc::pid_t::try_from(self.0?).ok()?;
        let (mut clock, mut time) = (0, libc::timespec { tv_sec: 0, tv_nsec: 0 });
        // SAFETY: both pointers are to values of their types that live as long as the calls.
        let outcome = unsafe {
            match libc::clock_getcpuclockid(pid, &raw mut clock) {
                0 => libc::clock_gettime(clock, &raw mut time),
                failed => failed,
            }
        };
        let (seconds, nanoseconds) = (u64::try_from(time.tv_sec).ok()?, u32::try_from(time.tv_nsec).ok()?);
        (outcome == 0).then(|| Duration::new(seconds, nanoseconds))
    }

    /// Resident memory in KiB.
    pub(super) fn memory_kib(self) -> Option<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.0?)).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
        line.trim().split(' ').next()?.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_of_ended_threads_counts() {
        let own = Process(Some(std::process::id()));
        let before = own.cpu().expect("there is such a process");
        let burn = || {
            let until = Instant::now() + Duration::from_millis(20);
            while Instant::now() < until {
                std::hint::spin_loop();
            }
        };
        std::thread::spawn(burn).join().expect("it ends");
        assert!(own.cpu().expect("it is still there") > before + Duration::from_millis(1));
        assert_eq!(Process(None).cpu(), None);
    }
}
