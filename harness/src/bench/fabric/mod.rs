//! `vpcbox bench fabric`: what the kernel's VPC costs, beside a plain veth pair in the same run.
//!
//! First a small VPC, then one with all ENIs, groups and rules that are asked for: its ENIs come to the kernel from a
//! journal, then one more at a time; a group that all have gets a rule; passes find nothing to do. Everything happens in
//! this process, so that its CPU time and memory can be seen.

mod estate;
mod report;
mod traffic;
mod usage;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use jiff::SignedDuration;
use linux_net::netlink::LinkSpec;
use linux_net::{Netlink, Netns};
use tokio::runtime::Runtime;
use vpc_model::Quotas;
use vpcbox_emulator::{Config, Emulator};

use self::estate::{End, Estate};
pub use self::report::FabricFigures;
use self::report::{Size, Traffic};
use self::usage::Usage;
use super::Samples;
use super::client::Client;

/// How long the kernel may take for all of it.
const DEADLINE: Duration = Duration::from_secs(300);

/// What is measured, and how much of it.
#[derive(Debug, Clone, Copy)]
pub struct FabricBench {
    /// How many ENIs there are, each the primary one of its instance.
    pub enis: usize,
    /// How many groups they are divided among, besides the one that all have.
    pub groups: usize,
    /// How many rules the groups have together.
    pub rules: usize,
    /// How long a connection sends.
    pub seconds: u32,
    /// How often each way is measured, by turns.
    pub rounds: usize,
    /// How often one ENI more, a changed rule and a pass without changes are measured.
    pub changes: usize,
}

/// Measures.
///
/// # Errors
/// This kernel cannot build VPCs, or something did not work.
pub fn fabric(bench: &FabricBench, runtime: &Runtime) -> anyhow::Result<FabricFigures> {
    let small = FabricBench { enis: 4, groups: 1, rules: 1, ..*bench };
    eprintln!("measuring a VPC of {} ENIs", small.enis);
    let small = run(&small, runtime, false)?;
    eprintln!("measuring a VPC of {} ENIs, {} groups, {} rules", bench.enis, bench.groups, bench.rules);
    let full = run(bench, runtime, true)?;
    Ok(FabricFigures { small, full })
}

fn run(bench: &FabricBench, runtime: &Runtime, with_changes: bool) -> anyhow::Result<Size> {
    let folder = Folder::create()?;
    let journal = folder.0.join("journal");
    let estate = runtime.block_on(fill(bench, &journal))?;

    let (before, started) = (Usage::now()?, Instant::now());
    let emulator = runtime.block_on(Emulator::start(config(bench, &journal, true))).context("start an emulator")?;
    runtime.block_on(emulator.converged(DEADLINE)).context("bring the VPC to the kernel")?;
    let cold = started.elapsed();
    let built = Usage::now()?;

    let raw = Raw::create()?;
    let [near, beside, across] = ["near", "beside", "across"].map(|name| estate.end(name));
    let netns = |end: &End| emulator.instance_netns(&end.instance).context("an instance's namespace");
    let near_netns = netns(near)?;
    let mut traffic = [Traffic::default(), Traffic::default(), Traffic::default()];
    for _ in 0..bench.rounds {
        let ways = [
            (&raw.here, &raw.there, IpAddr::V4(Raw::THERE)),
            (&near_netns, &netns(beside)?, beside.address),
            (&near_netns, &netns(across)?, across.address),
        ];
        for (figures, (from, to, address)) in traffic.iter_mut().zip(ways) {
            figures.measure(from, to, address, Duration::from_secs(bench.seconds.into()))?;
        }
    }
    let mut size = Size { bench: *bench, cold, before, built, traffic, ..Size::default() };
    if with_changes {
        let mut client = Client::connect(emulator.endpoint())?;
        one_more(bench, runtime, &emulator, (&mut client, &estate), &mut size)?;
        let ends = (&near_netns, &netns(beside)?, beside.address);
        rule_changes(bench, (&mut client, &estate), ends, &mut size.rule)?;
        passes(bench, emulator.endpoint(), &mut size.pass)?;
    }
    runtime.block_on(emulator.shutdown());
    Ok(size)
}

/// Makes the VPC without a kernel, so that its journal is all there is of it.
async fn fill(bench: &FabricBench, journal: &Path) -> anyhow::Result<Estate> {
    let emulator = Emulator::start(config(bench, journal, false)).await.context("start an emulator")?;
    let (endpoint, bench) = (emulator.endpoint(), *bench);
    let filled = tokio::task::spawn_blocking(move || Estate::fill(&mut Client::connect(endpoint)?, &bench)).await?;
    emulator.shutdown().await;
    filled
}

fn config(bench: &FabricBench, journal: &Path, fabric: bool) -> Config {
    let many = 1_000_000;
    let quotas = Quotas {
        network_interfaces: many,
        security_groups: many,
        rules_per_group: bench.rules.max(1000),
        on_demand_vcpus: many,
        ..Quotas::default()
    };
    let reconcile_interval = SignedDuration::ZERO;
    Config { fabric, journal: Some(journal.to_owned()), quotas, reconcile_interval, seed: Some(1), ..Config::default() }
}

/// An ENI more for an instance, from the reply to where it is in the kernel.
fn one_more(
    bench: &FabricBench,
    runtime: &Runtime,
    emulator: &Emulator,
    (client, estate): (&mut Client, &Estate),
    size: &mut Size,
) -> anyhow::Result<()> {
    for instance in estate.instances.iter().cycle().take(bench.changes.min(estate.instances.len())) {
        let eni = estate.create_eni(client)?;
        runtime.block_on(emulator.converged(DEADLINE))?;
        let before = Usage::now()?;
        estate.attach(client, &eni, instance)?;
        let replied = Instant::now();
        runtime.block_on(emulator.converged(DEADLINE))?;
        size.one_more.add(replied.elapsed());
        size.one_more_own.add(Usage::now()?.user.saturating_sub(before.user));
    }
    Ok(())
}

/// A rule that lets a port in, from the reply to the first packet that passes.
fn rule_changes(
    bench: &FabricBench,
    (client, estate): (&mut Client, &Estate),
    (from, to, address): (&Netns, &Netns, IpAddr),
    samples: &mut Samples,
) -> anyhow::Result<()> {
    for change in 0..bench.changes {
        let port = 20_000 + u16::try_from(change).context("a number of changes")?;
        let mut knocking = traffic::Knocking::open(from, to, SocketAddr::new(address, port))?;
        ensure!(!knocking.is_let_in(Duration::from_millis(20))?, "port {port} is open before its rule");
        estate.allow_udp(client, port)?;
        let replied = Instant::now();
        ensure!(knocking.is_let_in(Duration::from_secs(10))?, "port {port} stays closed");
        samples.add(replied.elapsed());
    }
    Ok(())
}

/// Passes that look at the whole kernel and find nothing to do.
fn passes(bench: &FabricBench, endpoint: SocketAddr, samples: &mut Samples) -> anyhow::Result<()> {
    for _ in 0..bench.changes {
        let started = Instant::now();
        let answer = traffic::post(endpoint, "/_vpcbox/reconcile")?;
        samples.add(started.elapsed());
        ensure!(answer.contains("\"steps\":[]"), "the pass had something to do: {answer}");
    }
    Ok(())
}

/// Two namespaces with a veth pair between them, and nothing else.
struct Raw {
    here: Netns,
    there: Netns,
}

impl Raw {
    const HERE: Ipv4Addr = Ipv4Addr::new(192, 168, 255, 1);
    const THERE: Ipv4Addr = Ipv4Addr::new(192, 168, 255, 2);

    fn create() -> anyhow::Result<Self> {
        let (here, there) = (Netns::create()?, Netns::create()?);
        let link = LinkSpec::new("eth0").mtu(9001).up();
        Netlink::open(&here)?.add_veth(&link, &link, Some(&there))?;
        for (netns, address) in [(&here, Self::HERE), (&there, Self::THERE)] {
            Netlink::open(netns)?.add_address("eth0", ipnet::IpNet::new(address.into(), 24)?)?;
        }
        Ok(Self { here, there })
    }
}

/// A folder of this run's, which goes with it.
struct Folder(PathBuf);

impl Folder {
    fn create() -> anyhow::Result<Self> {
        let folder = std::env::temp_dir().join(format!("vpcbox-bench-{}", std::process::id()));
        std::fs::create_dir_all(&folder).with_context(|| format!("make {}", folder.display()))?;
        Ok(Self(folder))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What is left of it is in the way of nobody.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
