//! Pods of a Deployment: finding them, waiting for them, and where their addresses come from.

use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use ec2_client::{Filter, Query};
use futures::TryStreamExt;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{Event, Pod};
use kube::api::ListParams;
use kube::runtime::{WatchStreamExt, watcher};
use kube::{Api, ResourceExt};
use linux_net::Netns;

use super::Finding;
use crate::scenario::Workload;
use crate::world::World;

/// How long an event may take to show up.
const EVENT_DEADLINE: Duration = Duration::from_secs(30);

/// A running pod as checks see it.
#[derive(Debug, Clone)]
pub struct PodView {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Its node's name in Kubernetes.
    pub node: String,
    /// Its address.
    pub address: Ipv4Addr,
    /// Its network namespace.
    pub netns: Netns,
}

/// All pods of a Deployment that are not being deleted, oldest first.
pub(super) async fn list(world: &World, workload: &Workload) -> anyhow::Result<Vec<Pod>> {
    let deployments: Api<Deployment> = Api::namespaced(world.kube.clone(), &workload.namespace);
    let deployment = deployments.get(&workload.name).await.with_context(|| format!("get Deployment {workload}"))?;
    let labels = deployment.spec.and_then(|spec| spec.selector.match_labels).unwrap_or_default();
    let selector: Vec<_> = labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
    let pods: Api<Pod> = Api::namespaced(world.kube.clone(), &workload.namespace);
    let mut found = pods.list(&ListParams::default().labels(&selector.join(","))).await?.items;
    found.retain(|pod| pod.metadata.deletion_timestamp.is_none());
    // Ready times have the same second often enough; the version the server gave at creation does not help
    // after updates, so names break the tie.
    found.sort_by_key(|pod| (pod.metadata.creation_timestamp.clone(), pod.name_any()));
    Ok(found)
}

/// The running pods of a Deployment.
pub(super) async fn running(world: &World, workload: &Workload) -> anyhow::Result<Vec<PodView>> {
    let pods = list(world, workload).await?;
    Ok(pods.iter().filter(|pod| is_ready(pod)).filter_map(|pod| view(world, pod)).collect())
}

fn view(world: &World, pod: &Pod) -> Option<PodView> {
    let (namespace, name) = (pod.namespace()?, pod.name_any());
    let sandbox = world.sandboxes.get(&namespace, &name)?;
    let address = pod.status.as_ref()?.pod_ip.as_ref()?.parse().ok()?;
    Some(PodView { namespace, name, node: sandbox.node, address, netns: sandbox.netns })
}

/// Whether a pod's condition Ready holds.
pub fn is_ready(pod: &Pod) -> bool {
    let conditions = pod.status.as_ref().and_then(|status| status.conditions.as_ref());
    conditions.is_some_and(|all| all.iter().any(|it| it.type_ == "Ready" && it.status == "True"))
}

/// Waits until a Deployment has exactly the pods it asks for, all of them ready.
pub(super) async fn wait_ready(world: &World, workload: &Workload, within: Duration) -> anyhow::Result<()> {
    let end = Instant::now() + within;
    let pods: Api<Pod> = Api::namespaced(world.kube.clone(), &workload.namespace);
    let mut changes = std::pin::pin!(watcher(pods, watcher::Config::default()).touched_objects());
    loop {
        let state = state(world, workload).await?;
        if state.is_complete() {
            return Ok(());
        }
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            let why = last_warning(world, workload).await?;
            bail!("{} of {} pods are ready after {within:?}{why}", state.ready, state.wanted);
        }
        // Whatever changes is a reason to look again; the pause is for changes of the Deployment alone.
        let _ = tokio::time::timeout(left.min(Duration::from_millis(200)), changes.try_next()).await;
    }
}

struct State {
    wanted: usize,
    present: usize,
    ready: usize,
}

impl State {
    fn is_complete(&self) -> bool {
        self.ready == self.wanted && self.present == self.wanted
    }
}

async fn state(world: &World, workload: &Workload) -> anyhow::Result<State> {
    let deployments: Api<Deployment> = Api::namespaced(world.kube.clone(), &workload.namespace);
    let deployment = deployments.get(&workload.name).await.with_context(|| format!("get Deployment {workload}"))?;
    let wanted = deployment.spec.and_then(|spec| spec.replicas).unwrap_or(1);
    let pods = list(world, workload).await?;
    let ready = pods.iter().filter(|pod| is_ready(pod)).count();
    Ok(State { wanted: usize::try_from(wanted).unwrap_or(0), present: pods.len(), ready })
}

/// The youngest warning about one of the workload's pods, as the end of a sentence.
async fn last_warning(world: &World, workload: &Workload) -> anyhow::Result<String> {
    let events: Api<Event> = Api::namespaced(world.kube.clone(), &workload.namespace);
    let mut warnings = events.list(&ListParams::default()).await?.items;
    warnings.retain(|event| {
        let name = event.involved_object.name.as_deref().unwrap_or_default();
        event.type_.as_deref() == Some("Warning") && name.starts_with(&workload.name)
    });
    // Newer components give the time in a field of its own.
    let time = |event: &Event| {
        event.last_timestamp.as_ref().map(|it| it.0).or_else(|| event.event_time.as_ref().map(|it| it.0))
    };
    let last = warnings.into_iter().max_by_key(time);
    Ok(last.and_then(|event| event.message).map_or(String::new(), |message| format!("; last warning: {message}")))
}

/// Checks that pods' addresses are of their node's subnet and belong to ENIs of their node.
pub(super) async fn check_addresses(world: &World, workloads: &[Workload]) -> anyhow::Result<Finding> {
    let (mut differences, mut count) = (Vec::new(), 0);
    for workload in workloads {
        for pod in running(world, workload).await? {
            count += 1;
            let machine =
                world.machine_of_node(&pod.node).with_context(|| format!("node {} is no machine", pod.node))?;
            let subnet = &world.network.subnets[&machine.subnet];
            if !subnet.cidr.contains(&pod.address) {
                differences.push(format!(
                    "{} has {}, not of {}'s subnet {}",
                    pod.name, pod.address, machine.name, subnet.cidr
                ));
            }
            let owner = Query::filters([Filter::new("addresses.private-ip-address", pod.address.to_string())]);
            if world.ec2.describe_network_interfaces(&owner).await?.len() != 1 {
                differences.push(format!("{} has {}, which no single ENI carries", pod.name, pod.address));
            }
        }
    }
    if count == 0 {
        return Ok(Finding::failed("no pod is running"));
    }
    Ok(Finding::of_differences(&differences, format!("{count} pods")))
}

/// Checks that so many pods stay Pending, and that their events say why.
pub(super) async fn check_pending(
    world: &World,
    workload: &Workload,
    count: usize,
    because: &str,
) -> anyhow::Result<Finding> {
    let end = Instant::now() + EVENT_DEADLINE;
    loop {
        let pods = list(world, workload).await?;
        let pending: Vec<_> = pods.iter().filter(|pod| !is_ready(pod)).collect();
        let mut explained = Vec::new();
        for pod in &pending {
            explained.extend(explanation(world, pod, because).await?);
        }
        if pending.len() == count && explained.len() == count {
            return Ok(Finding::passed(explained.swap_remove(0)));
        }
        if Instant::now() > end {
            return Ok(Finding::failed(format!(
                "{} pods are pending and {} of them say \"{because}\"",
                pending.len(),
                explained.len()
            )));
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// The scheduler's words about a pod, if they contain the text.
async fn explanation(world: &World, pod: &Pod, because: &str) -> anyhow::Result<Option<String>> {
    let events: Api<Event> = Api::namespaced(world.kube.clone(), &pod.namespace().unwrap_or_default());
    let about = ListParams::default().fields(&format!("involvedObject.name={}", pod.name_any()));
    let mut messages = events.list(&about).await?.items.into_iter().filter_map(|event| event.message);
    Ok(messages.rfind(|message| message.contains(because)))
}
