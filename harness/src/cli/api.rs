//! `emulator` and `instance-types`.

use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::Context;
use vpc_model::instance_type;
use vpcbox_emulator::{Config, Emulator};

use super::{Ended, Misuse, run};

pub(super) struct EmulatorArgs {
    pub listen: SocketAddr,
    pub fabric: bool,
    pub region: String,
    pub account: String,
    pub journal: Option<PathBuf>,
    pub seed: Option<u64>,
}

pub(super) fn emulator(args: EmulatorArgs) -> Ended {
    if !args.listen.ip().is_loopback() {
        return Err(Misuse(format!("{} is not on loopback: nothing verifies who calls", args.listen)).into());
    }
    if args.fabric {
        run::enter_own_namespaces()?;
    }
    let config = Config {
        listen: args.listen,
        account: args.account.as_str().into(),
        region: args.region.as_str().into(),
        seed: args.seed,
        fabric: args.fabric,
        services: Vec::new(),
        journal: args.journal,
        ..Config::default()
    };
    run::runtime()?.block_on(async move {
        let emulator = Emulator::start(config).await.context("start the emulator")?;
        println!("EC2 and STS answer on http://{}; end with Ctrl-C", emulator.endpoint());
        run::wait_for_the_end().await?;
        emulator.shutdown().await;
        Ok(true)
    })
}

pub(super) fn instance_types(types: &[String]) -> Ended {
    let all: Vec<_> = if types.is_empty() {
        instance_type::all().iter().collect()
    } else {
        let find = |name: &String| {
            instance_type::find(name).ok_or_else(|| Misuse(format!("there is no instance type {name}")))
        };
        types.iter().map(find).collect::<Result<_, _>>()?
    };
    println!("{:<20} {:>5} {:>14} {:>8} {:>6} {:>8}", "TYPE", "ENIS", "IPV4 PER ENI", "MAXPODS", "TRUNK", "BRANCHES");
    for it in all {
        println!(
            "{:<20} {:>5} {:>14} {:>8} {:>6} {:>8}",
            it.name,
            it.max_network_interfaces(),
            it.ipv4_per_interface,
            max_pods(it),
            if it.trunk_compatible { "yes" } else { "no" },
            it.branch_interfaces,
        );
    }
    Ok(true)
}

/// How many pods a node takes with secondary addresses on its default card.
fn max_pods(it: &instance_type::InstanceType) -> u32 {
    let interfaces = it.max_interfaces_on(it.default_card).unwrap_or(0);
    u32::from(interfaces) * u32::from(it.ipv4_per_interface.saturating_sub(1)) + 2
}
