//! Start, in the production agent's order: facts, limits, host, ENIs, checkpoint, pool, and only then the socket.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use cni_ipam::{Limits, Mode, Pool};
use cni_rpc::names::host_link;
use ec2_client::{Client, Config, Credentials, Imds, Query, endpoint_from_env};
use ipnet::{IpNet, Ipv4Net};
use k8s_openapi::api::core::v1::Node;
use kube::Api;
use linux_net::netlink::table;
use linux_net::{Netlink, Netns, unless_gone};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::config::Settings;
use crate::host;
use crate::manager::Manager;
use crate::metadata::NodeFacts;
use crate::pods::Pods;
use crate::provision::Provisioner;
use crate::server::{self, Server};
use crate::snat::Snat;
use crate::state::State;
use crate::{checkpoint, cninode};

/// How often the VPC's networks are looked up.
const CIDR_INTERVAL: Duration = Duration::from_secs(30);
/// How often the Kubernetes API is tried again.
const API_INTERVAL: Duration = Duration::from_secs(5);
/// How long metadata may take to answer for the first time.
const START_PATIENCE: Duration = Duration::from_secs(30);
const START_INTERVAL: Duration = Duration::from_millis(200);
/// Rules of pods, which go when the pod is gone.
const POD_PRIORITIES: [u32; 2] = [512, 1536];

/// Runs the agent until told to stop. ENIs and addresses stay as they are for the next start.
///
/// # Errors
/// If something that a node cannot do without fails.
pub async fn run(settings: Settings, stop: CancellationToken) -> anyhow::Result<()> {
    let netns = Netns::current().context("look at the node's network namespace")?;
    let imds = Imds::from_env().context("set up metadata client")?;
    let facts = patiently(|| NodeFacts::read(&imds)).await.context("read instance metadata")?;
    info!(instance = %facts.instance_id, kind = %facts.instance_type, region = %facts.region, "node");
    let vpc_cidrs = facts.vpc_cidrs(&imds).await.context("read the VPC's networks")?;
    let primary_link = host::set_up(&netns, &settings, facts.primary_mac).context("set up the node")?;
    let snat = snat(&settings, &facts, primary_link, &vpc_cidrs);
    snat.apply(&netns).context("set up SNAT")?;

    let ec2 = ec2_client(&imds, &facts)?;
    let limits = limits(&settings, &ec2, &facts).await?;
    info!(?limits, targets = ?settings.targets, "pool");
    let pool = Pool::new(settings.targets.clone(), limits);
    let state = Arc::new(State::new(settings.clone(), netns, pool, vpc_cidrs));
    let provisioner = Provisioner::new(ec2, facts.clone(), &settings);
    let manager = Manager { state: state.clone(), imds: imds.clone(), provisioner };
    manager.reconcile().await.context("take over the attached ENIs")?;
    restore(&state).context("take over the last run's allocations")?;

    let pods = watch_api(&state).await?;
    let listener =
        server::listen(&settings.socket).with_context(|| format!("listen at {}", settings.socket.display()))?;
    if let Err(error) = manager.fill().await {
        warn!(%error, "pool cannot be filled yet");
    }
    if settings.provisioning {
        tokio::spawn(manager.clone().follow_groups());
    }
    tokio::spawn(follow_vpc(state.clone(), imds, facts, snat));
    tokio::spawn(Server { state, manager: manager.clone(), pods }.serve(listener));
    info!(socket = %settings.socket.display(), "ready");
    manager.run(stop).await;
    Ok(())
}

/// Tries until it works: a node may start before what it asks.
async fn patiently<T, E, F: Future<Output = Result<T, E>>>(ask: impl Fn() -> F) -> Result<T, E> {
    let until = tokio::time::Instant::now() + START_PATIENCE;
    loop {
        match ask().await {
            Err(_) if tokio::time::Instant::now() < until => tokio::time::sleep(START_INTERVAL).await,
            outcome => return outcome,
        }
    }
}

fn ec2_client(imds: &Imds, facts: &NodeFacts) -> anyhow::Result<Client> {
    let config = Config {
        endpoint: endpoint_from_env(&facts.region),
        region: facts.region.clone(),
        credentials: Credentials::from_env_or_role(imds),
    };
    Client::new(config).context("set up EC2 client")
}

fn snat(settings: &Settings, facts: &NodeFacts, primary_link: String, vpc_cidrs: &[Ipv4Net]) -> Snat {
    Snat {
        primary_link,
        node_address: facts.address,
        exempt: exempt(settings, vpc_cidrs),
        veth_prefix: settings.veth_prefix.clone(),
        mark: settings.connmark,
        enabled: !settings.external_snat,
        random: settings.random_snat,
        node_ports: settings.node_port_support,
    }
}

fn exempt(settings: &Settings, vpc_cidrs: &[Ipv4Net]) -> Vec<Ipv4Net> {
    vpc_cidrs.iter().chain(&settings.exclude_snat_cidrs).copied().collect()
}

/// The instance type's limits, narrowed by the settings.
async fn limits(settings: &Settings, ec2: &Client, facts: &NodeFacts) -> anyhow::Result<Limits> {
    let (enis, per_eni) = if settings.imds_only {
        // Nothing is ever asked for, so there is nothing to bound.
        (u32::from(u8::MAX), u32::from(u8::MAX))
    } else {
        let types = ec2.describe_instance_types(&Query::id(&facts.instance_type)).await;
        let types = types.context("look up the instance type's limits")?;
        let found = types.into_iter().next().with_context(|| format!("EC2 knows no type {}", facts.instance_type))?;
        (found.maximum_network_interfaces, found.ipv4_addresses_per_interface)
    };
    let max_pods = match settings.targets.mode {
        Mode::SecondaryAddresses => enis.saturating_mul(per_eni.saturating_sub(1)) + 2,
        Mode::Prefixes => 110,
    };
    Ok(Limits {
        max_enis: settings.max_eni.map_or(enis, |max| max.min(enis)),
        ipv4_per_eni: per_eni,
        max_pods,
        unmanaged_enis: 0,
        reserve_trunk: settings.pod_eni,
    })
}

/// Takes over the checkpoint; entries of pods that are gone are dropped, and their rules.
fn restore(state: &State) -> anyhow::Result<()> {
    let Some(mut saved) = checkpoint::read(&state.settings.backing_store)? else { return Ok(()) };
    let netlink = Netlink::open(&state.netns)?;
    let links = netlink.links()?;
    let prefix = &state.settings.veth_prefix;
    let lives = |entry: &cni_ipam::CheckpointEntry| {
        let name = host_link(prefix, &entry.metadata.namespace, &entry.metadata.name);
        links.iter().any(|link| link.name == name)
    };
    let gone: Vec<_> = saved.allocations.iter().filter(|entry| !lives(entry)).filter_map(|entry| entry.ipv4).collect();
    saved.allocations.retain(lives);
    let orphans = state.lock().pool.restore(&saved)?;
    for orphan in &orphans {
        warn!(address = ?orphan.ipv4, pod = %orphan.metadata.name, "no ENI has the address any more");
    }
    for rule in netlink.rules()? {
        let address = rule.destination.or(rule.source);
        let of_gone = |net: IpNet| gone.iter().any(|address| net == IpNet::from(std::net::IpAddr::V4(*address)));
        if POD_PRIORITIES.contains(&rule.priority) && address.is_some_and(of_gone) {
            unless_gone(netlink.delete_rule(&rule))?;
        }
    }
    info!(
        kept = saved.allocations.len() - orphans.len(),
        gone = gone.len(),
        table = table::MAIN,
        "allocations restored"
    );
    state.save();
    Ok(())
}

/// Connects to the Kubernetes API. Without it regular pods work all the same.
async fn watch_api(state: &Arc<State>) -> anyhow::Result<Option<Pods>> {
    let node = state.settings.node_name.clone();
    let client = match cni_kube::client().await.map_err(anyhow::Error::from) {
        Ok(client) => client,
        Err(error) if !state.settings.pod_eni => {
            warn!(error = format!("{error:#}"), "going on without the Kubernetes API");
            return Ok(None);
        }
        Err(error) => return Err(error).context("connect to the Kubernetes API"),
    };
    let Some(node) = node else { return Ok(None) };
    tokio::spawn(follow_max_pods(state.clone(), client.clone(), node.clone()));
    if !state.settings.pod_eni {
        return Ok(None);
    }
    tokio::spawn(cninode::announce(client.clone(), node.clone()));
    Ok(Some(Pods::watch(client, &node)))
}

/// Takes the number of pods that the node takes from its Kubernetes object, as soon as there is one.
async fn follow_max_pods(state: Arc<State>, client: kube::Client, node: String) {
    let api: Api<Node> = Api::all(client);
    loop {
        let found = api.get_opt(&node).await.ok().flatten();
        let pods = found.and_then(|node| node.status?.capacity?.get("pods")?.0.parse::<u32>().ok());
        if let Some(max_pods) = pods {
            let mut inner = state.lock();
            let limits = Limits { max_pods, ..inner.pool.limits().clone() };
            inner.pool.set_limits(limits);
            return;
        }
        tokio::time::sleep(API_INTERVAL).await;
    }
}

/// Follows the VPC's networks, which may grow.
async fn follow_vpc(state: Arc<State>, imds: Imds, facts: NodeFacts, mut snat: Snat) {
    loop {
        tokio::time::sleep(CIDR_INTERVAL).await;
        let cidrs = match facts.vpc_cidrs(&imds).await {
            Ok(cidrs) => cidrs,
            Err(error) => {
                warn!(%error, "VPC's networks cannot be read");
                continue;
            }
        };
        let exempt = exempt(&state.settings, &cidrs);
        if exempt == snat.exempt {
            continue;
        }
        snat.exempt = exempt;
        state.lock().vpc_cidrs = cidrs;
        match snat.apply(&state.netns) {
            Ok(()) => info!(networks = ?snat.exempt, "VPC's networks changed"),
            Err(error) => warn!(%error, "SNAT cannot be brought up to date"),
        }
    }
}
