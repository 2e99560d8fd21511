//! What this process and the kernel have used.

use std::fs;
use std::time::Duration;

use anyhow::Context;
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::{TimeVal, TimeValLike as _};

/// Parts of the kernel's memory that namespaces, links and rules are in.
const KERNEL: &[&str] = &["Slab:", "KernelStack:", "Percpu:", "VmallocUsed:"];

/// Use up to a moment.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Usage {
    /// This process's own CPU time.
    pub(super) user: Duration,
    /// What the kernel did for it.
    pub(super) system: Duration,
    /// Its resident memory, in KiB.
    pub(super) process_kib: u64,
    /// The kernel's memory, in KiB.
    pub(super) kernel_kib: u64,
}

impl Usage {
    pub(super) fn now() -> anyhow::Result<Self> {
        let used = getrusage(UsageWho::RUSAGE_SELF).context("read this process's use")?;
        let time = |value: TimeVal| Duration::from_micros(u64::try_from(value.num_microseconds()).unwrap_or_default());
        let status = fs::read_to_string("/proc/self/status").context("read this process's memory")?;
        let memory = fs::read_to_string("/proc/meminfo").context("read the kernel's memory")?;
        Ok(Self {
            user: time(used.user_time()),
            system: time(used.system_time()),
            process_kib: kib(&status, "VmRSS:"),
            kernel_kib: KERNEL.iter().map(|part| kib(&memory, part)).sum(),
        })
    }
}

/// A line such as `Slab:  1234 kB`.
fn kib(text: &str, name: &str) -> u64 {
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|rest| rest.split_whitespace().next()?.parse().ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    #[test]
    fn lines_of_meminfo() {
        assert_eq!(super::kib("MemTotal:  8 kB\nSlab:   1234 kB\n", "Slab:"), 1234);
        assert_eq!(super::kib("MemTotal:  8 kB\n", "Slab:"), 0);
    }
}
