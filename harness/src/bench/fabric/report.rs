//! The figures as a table.

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use linux_net::Netns;

use super::usage::Usage;
use super::{FabricBench, traffic};
use crate::bench::Samples;

/// What was measured.
#[derive(Debug)]
pub struct FabricFigures {
    pub(super) small: Size,
    pub(super) full: Size,
}

/// The figures of one size of VPC.
#[derive(Debug, Default)]
pub(super) struct Size {
    pub(super) bench: FabricBench,
    /// From the start with a journal to where all is in the kernel.
    pub(super) cold: Duration,
    pub(super) before: Usage,
    pub(super) built: Usage,
    /// By a veth pair, within a subnet, and across subnets.
    pub(super) traffic: [Traffic; 3],
    pub(super) one_more: Samples,
    pub(super) one_more_own: Samples,
    pub(super) rule: Samples,
    pub(super) pass: Samples,
}

/// One way's figures.
#[derive(Debug, Default)]
pub(super) struct Traffic {
    throughput: Vec<f64>,
    round_trips: Samples,
}

impl Default for FabricBench {
    fn default() -> Self {
        Self { enis: 1000, groups: 100, rules: 10_000, seconds: 2, rounds: 3, changes: 20 }
    }
}

impl Traffic {
    pub(super) fn measure(&mut self, from: &Netns, to: &Netns, at: IpAddr, time: Duration) -> anyhow::Result<()> {
        self.throughput.push(traffic::throughput(from, to, at, time)?);
        self.round_trips.extend(&traffic::round_trips(from, to, at)?);
        Ok(())
    }

    /// The median.
    fn throughput(&self) -> f64 {
        let mut sorted = self.throughput.clone();
        sorted.sort_by(f64::total_cmp);
        sorted.get(sorted.len() / 2).copied().unwrap_or_default()
    }
}

impl Size {
    fn traffic(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let raw = &self.traffic[0];
        let names = ["veth pair", "within a subnet", "across subnets"];
        for (name, way) in names.into_iter().zip(&self.traffic) {
            let share = 100.0 * way.throughput() / raw.throughput();
            let gbits = way.throughput() * 8.0 / 1e9;
            let micros = |percent| way.round_trips.percentile(percent).as_secs_f64() * 1e6;
            let what = format!("{name}, {} ENIs", self.bench.enis);
            writeln!(f, "{what:<38} {gbits:>9.2} {share:>8.1} % {:>9.1} {:>9.1}", micros(50), micros(99))?;
        }
        Ok(())
    }
}

impl fmt::Display for FabricFigures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let full = &self.full;
        let FabricBench { enis, groups, rules, .. } = full.bench;
        writeln!(f, "{enis} ENIs of as many instances, {groups} groups, {rules} rules\n")?;
        writeln!(f, "{:<38} {:>9} {:>10} {:>9} {:>9}", "", "Gbit/s", "of veth", "RTT µs", "p99 µs")?;
        self.small.traffic(f)?;
        full.traffic(f)?;
        let (user, system) = (full.built.user - full.before.user, full.built.system - full.before.system);
        writeln!(
            f,
            "\nall ENIs to the kernel, from a journal   {:.2} s (own CPU {:.2} s, the kernel's {:.2} s)",
            full.cold.as_secs_f64(),
            user.as_secs_f64(),
            system.as_secs_f64()
        )?;
        writeln!(f, "{:<38} {:>9} {:>9} {:>7}", "", "p50 ms", "p99 ms", "times")?;
        writeln!(f, "{:<38} {}", "one ENI more, from the reply", full.one_more.shown())?;
        writeln!(f, "{:<38} {}", "… own CPU time of it, the call's too", full.one_more_own.shown())?;
        writeln!(f, "{:<38} {}", "a rule in all ENIs' group, from the reply", full.rule.shown())?;
        writeln!(f, "{:<38} {}", "a pass without changes, with its call", full.pass.shown())?;
        let each = |before: u64, after: u64| after.saturating_sub(before) as f64 / enis as f64;
        let process = each(full.before.process_kib, full.built.process_kib);
        let kernel = each(full.before.kernel_kib, full.built.kernel_kib);
        writeln!(f, "memory per ENI with its instance         {process:.1} KiB here, {kernel:.1} KiB in the kernel")
    }
}
