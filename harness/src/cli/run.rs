//! `run`, `up` and `doctor`.

use std::fs;
use std::path::Path;
use std::time::Instant;

use anyhow::Context;
use tokio::signal::unix::{SignalKind, signal};

use super::detach::{self, Side};
use super::{Ended, Misuse, Output, RunArgs};
use crate::report::{Progress, Report, summary, to_junit};
use crate::scenario::{Scenario, Step};
use crate::world::state::Description;
use crate::world::{StateDir, World, control};

/// Reads a scenario file; every mistake in it is listed.
pub(super) fn read(path: &Path) -> anyhow::Result<Scenario> {
    let text = fs::read_to_string(path).map_err(|err| Misuse(format!("cannot read {}: {err}", path.display())))?;
    crate::scenario::parse(&text).map_err(|problems| {
        let lines: Vec<_> = problems.iter().map(|it| format!("  {it}")).collect();
        let count = if lines.len() == 1 { "1 mistake".into() } else { format!("{} mistakes", lines.len()) };
        Misuse(format!("{} has {count}; nothing was made\n{}", path.display(), lines.join("\n"))).into()
    })
}

pub(super) fn run(args: RunArgs) -> Ended {
    let scenario = read(&args.scenario)?;
    if !args.retain {
        enter_own_namespaces()?;
        return runtime()?.block_on(foreground(&args, &scenario));
    }
    match detach::split()? {
        Side::Foreground(passed) => Ok(passed),
        Side::Background(parent) => {
            enter_own_namespaces()?;
            runtime()?.block_on(background(&args, &scenario, parent))
        }
    }
}

pub(super) fn up(path: &Path) -> Ended {
    let mut scenario = read(path)?;
    scenario.steps = scenario.setting_up();
    let args = RunArgs { scenario: path.to_owned(), output: Output::Text, junit: None, retain: true };
    match detach::split()? {
        Side::Foreground(passed) => Ok(passed),
        Side::Background(parent) => {
            enter_own_namespaces()?;
            runtime()?.block_on(background(&args, &scenario, parent))
        }
    }
}

pub(super) fn doctor() -> Ended {
    let features = linux_net::features::probe();
    println!("{}", features.to_string().trim_end());
    Ok(features.obstacles().is_empty())
}

/// An ordinary user gets namespaces in which everything below is allowed.
pub(super) fn enter_own_namespaces() -> anyhow::Result<()> {
    let uid = nix::unistd::geteuid();
    if uid.is_root() {
        return Ok(());
    }
    // Read by child processes and by `world::state::base`, since the uid is 0 from here on.
    // SAFETY: no other thread exists yet: this is called from main before any runtime is made.
    unsafe { std::env::set_var("VPCBOX_ROOTLESS_UID", uid.to_string()) };
    linux_net::userns::enter().context("an ordinary user needs user namespaces; `vpcbox doctor` says more")
}

pub(super) fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().context("start the runtime")
}

/// Runs, reports, removes.
async fn foreground(args: &RunArgs, scenario: &Scenario) -> Ended {
    let (report, world) = perform(args, scenario).await?;
    if let Some(world) = world {
        world.stop().await;
    }
    print(args, &report)
}

/// Runs, reports to whoever waits in the foreground, and holds the world until told to end.
async fn background(args: &RunArgs, scenario: &Scenario, parent: detach::Parent) -> Ended {
    let (report, world) = perform(args, scenario).await?;
    let passed = match scenario.steps.iter().any(Step::is_check) {
        true => print(args, &report)?,
        false => report.is_success(),
    };
    let Some(world) = world else {
        if let Some(error) = &report.error {
            eprintln!("error: {error}");
        }
        return Ok(passed);
    };
    let description = Description {
        pid: std::process::id(),
        name: scenario.name.clone(),
        region: scenario.region.clone(),
        endpoint: format!("http://{}", world.endpoint),
        kubeconfig: world.state.path("kubeconfig"),
        vpc_id: world.network.vpc_id.clone(),
    };
    world.state.describe(&description)?;
    let control = control::serve(&world.state, &world.machines, world.sandboxes.clone())?;
    eprint!("{}", look_around(&description));
    parent.leave(passed, &world.state.create_file("vpcbox.log")?)?;
    wait_for_the_end().await?;
    control.abort();
    world.stop().await;
    Ok(passed)
}

fn look_around(world: &Description) -> String {
    format!(
        "The world keeps running (process {}). Look around:\n  \
         vpcbox status\n  \
         export KUBECONFIG=$(vpcbox kubeconfig) && kubectl get pods -A -o wide\n  \
         eval \"$(vpcbox env)\" && aws ec2 describe-network-interfaces\n  \
         vpcbox exec POD -- ip route\n\
         End it with: vpcbox down\n",
        world.pid
    )
}

/// Makes the world and does the steps; Ctrl-C ends it early.
async fn perform(args: &RunArgs, scenario: &Scenario) -> anyhow::Result<(Report, Option<World>)> {
    let progress = Progress::new(false);
    progress.line(&format!("vpcbox: {}", scenario.name));
    let since = Instant::now();
    check_kernel(scenario)?;
    progress.done("the kernel has what this scenario needs", since);
    let state = StateDir::take(&scenario.name)?;
    let mut world = None;
    let work = async {
        let started = World::start(scenario, state, &progress).await?;
        let world = world.insert(started);
        crate::run::run(world, scenario, &progress).await
    };
    let (outcome, interrupted) = tokio::select! {
        outcome = work => (outcome, false),
        ended = wait_for_the_end() => (ended.and_then(|()| Err(anyhow::anyhow!("interrupted"))), true),
    };
    let error = outcome.err().map(|err| format!("{err:#}"));
    // A failed run is kept for a look; one that was broken off is not.
    let keep = args.retain && !interrupted;
    let report = progress.finish(&scenario.name, error);
    if !keep && let Some(world) = world.take() {
        world.stop().await;
    }
    Ok((report, world))
}

/// Refuses before anything is made if the kernel lacks something.
pub(super) fn check_kernel(scenario: &Scenario) -> anyhow::Result<()> {
    let features = linux_net::features::probe();
    if !features.obstacles().is_empty() {
        return Err(Misuse(format!("this machine lacks what vpcbox needs; nothing was made\n{features}")).into());
    }
    if scenario.cluster.pod_eni
        && let Err(missing) = linux_net::vlan::carrier(&features)
    {
        let hint = "run as root, or on a kernel with 802.1Q devices (CONFIG_VLAN_8021Q)";
        return Err(Misuse(format!("branch ENIs cannot be carried here: {missing}; {hint}; nothing was made")).into());
    }
    Ok(())
}

fn print(args: &RunArgs, report: &Report) -> Ended {
    if let Some(path) = &args.junit {
        fs::write(path, to_junit(report)).with_context(|| format!("write {}", path.display()))?;
    }
    match args.output {
        Output::Text => print!("{}", summary(report)),
        Output::Json => println!("{}", serde_json::to_string_pretty(report)?),
    }
    Ok(report.is_success())
}

/// Waits for Ctrl-C, a polite kill or a closed terminal.
pub(super) async fn wait_for_the_end() -> anyhow::Result<()> {
    let mut terminate = signal(SignalKind::terminate()).context("handle SIGTERM")?;
    let mut hang_up = signal(SignalKind::hangup()).context("handle SIGHUP")?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted.context("handle SIGINT")?,
        _ = terminate.recv() => {}
        _ = hang_up.recv() => {}
    }
    Ok(())
}
