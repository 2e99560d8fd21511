//! `bench`: figures, measured on this machine.

use std::path::PathBuf;

use clap::Subcommand;

use super::{Ended, run as scenario_run};

#[derive(Debug, Subcommand)]
pub(super) enum Bench {
    /// Seconds from start to ready, and how long a pod's network takes
    FirstLight {
        /// The scenario whose world is made
        #[arg(default_value = "scenarios/security-groups-for-pods.yaml")]
        scenario: PathBuf,
        /// How often
        #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=100))]
        runs: u32,
        /// Pods without groups of their own, connected and removed one after the other in each run
        #[arg(long, default_value_t = 12, value_parser = clap::value_parser!(u32).range(1..=1000))]
        pods: u32,
    },
}

pub(super) fn run(what: Bench) -> Ended {
    let Bench::FirstLight { scenario, runs, pods } = what;
    let scenario = scenario_run::read(&scenario)?;
    scenario_run::enter_own_namespaces()?;
    scenario_run::check_kernel(&scenario)?;
    let figures = scenario_run::runtime()?.block_on(crate::bench::first_light(&scenario, runs, pods))?;
    print!("{figures}");
    Ok(true)
}
