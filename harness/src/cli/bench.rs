//! `bench`: figures, measured on this machine.

use std::path::PathBuf;
use std::time::Duration;

use clap::Subcommand;

use super::{Ended, run as scenario_run};
use crate::bench::{ApiBench, FabricBench, Peer};

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
    /// What the VPC in the kernel costs: throughput and round trips beside a veth pair's, and how long changes take
    Fabric {
        /// How many network interfaces there are, each of an instance of its own
        #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u32).range(4..=20_000))]
        enis: u32,
        /// How many groups they are divided among
        #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1000))]
        groups: u32,
        /// How many rules the groups have together
        #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
        rules: u32,
        /// How long each connection sends
        #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=60))]
        seconds: u32,
        /// How often each way is measured
        #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=100))]
        rounds: u32,
        /// How often each change is measured
        #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1000))]
        changes: u32,
    },
    /// What EC2 calls cost over HTTP, for this emulator and other servers
    ///
    /// The emulator is started for it, in a process of its own and without a fabric. Other servers have to run
    /// already, without any ENIs in them, for example:
    ///
    ///   pip install 'moto[ec2,server]'; moto_server -p 5555 & moto=$!
    ///
    ///   vpcbox bench api --enis 1000 --peer moto=127.0.0.1:5555@$moto
    ///
    /// With a process id their CPU time and memory are shown too. Behind their figures stand how many times fewer
    /// calls a second they answer, and how many times as much CPU time a call takes. A row says `wrong answer` where
    /// a call was not answered with what it asks for, such as with all ENIs where a filter allows one.
    Api {
        /// How many network interfaces there are
        #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..=65_000))]
        enis: u32,
        /// How often single ones are asked for
        #[arg(long, default_value_t = 2000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
        calls: u32,
        /// How often all are listed
        #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=1000))]
        lists: u32,
        /// How many clients call at once
        #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u32).range(1..=256))]
        clients: u32,
        /// The most seconds for a row of the table, however many calls are still to be made
        #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=3600))]
        row_seconds: u32,
        /// Another server on loopback to make the same calls to, NAME=ADDRESS:PORT[@PID]; may be repeated
        #[arg(long, value_parser = peer)]
        peer: Vec<Peer>,
    },
}

/// `moto=127.0.0.1:5000@4711`.
fn peer(text: &str) -> Result<Peer, String> {
    let (name, rest) = text.split_once('=').ok_or("expected NAME=ADDRESS:PORT[@PID]")?;
    let (address, pid) = match rest.split_once('@') {
        Some((address, pid)) => (address, Some(pid.parse().map_err(|_| format!("{pid:?} is no process id"))?)),
        None => (rest, None),
    };
    let address = address.parse().map_err(|_| format!("{address:?} is not an address with a port"))?;
    Ok(Peer { name: name.to_owned(), address, pid })
}

pub(super) fn run(what: Bench) -> Ended {
    let (scenario, runs, pods) = match what {
        Bench::FirstLight { scenario, runs, pods } => (scenario, runs, pods),
        Bench::Fabric { enis, groups, rules, seconds, rounds, changes } => {
            let [enis, groups, rules, rounds, changes] =
                [enis, groups, rules, rounds, changes].map(|count| count as usize);
            scenario_run::enter_own_namespaces()?;
            let bench = FabricBench { enis, groups, rules, seconds, rounds, changes };
            print!("{}", crate::bench::fabric(&bench, &scenario_run::runtime()?)?);
            return Ok(true);
        }
        Bench::Api { enis, calls, lists, clients, row_seconds, peer } => {
            let row = Duration::from_secs(row_seconds.into());
            let [enis, calls, lists, clients] = [enis, calls, lists, clients].map(|count| count as usize);
            print!("{}", crate::bench::api(&ApiBench { enis, calls, lists, clients, row }, &peer)?);
            return Ok(true);
        }
    };
    let scenario = scenario_run::read(&scenario)?;
    scenario_run::enter_own_namespaces()?;
    scenario_run::check_kernel(&scenario)?;
    let figures = scenario_run::runtime()?.block_on(crate::bench::first_light(&scenario, runs, pods))?;
    print!("{figures}");
    Ok(true)
}
