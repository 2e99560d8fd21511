//! Pods: a branch ENI for each that asks, and its release after the pod.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use cni_kube::Kind;
use futures::TryStreamExt;
use k8s_openapi::api::core::v1::Pod;
use kube::ResourceExt;
use kube::api::{Api, Patch, PatchParams};
use kube::runtime::watcher;
use serde_json::json;
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

use crate::annotation::{POD_ENI, PodEni};
use crate::{Shared, Trunk, branch, policy};

/// Between tries: from here, doubling, up to [`LONGEST_WAIT`].
const FIRST_WAIT: Duration = Duration::from_millis(200);
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// A pod whose branches are being made, or that has some.
struct Job {
    node: String,
    /// Cancelled when the pod goes while its branches are being made.
    gone: CancellationToken,
    /// Its branches, once the annotation says them.
    enis: Vec<PodEni>,
}

/// Follows pods until told to stop.
pub(crate) async fn follow(shared: Arc<Shared>, stop: CancellationToken) {
    let pods: Api<Pod> = Api::all(shared.kube.clone());
    let mut events = std::pin::pin!(watcher(pods, watcher::Config::default()));
    let mut jobs: HashMap<String, Job> = HashMap::new();
    loop {
        let event = tokio::select! {
            () = stop.cancelled() => break,
            event = events.try_next() => event,
        };
        match event {
            Ok(Some(watcher::Event::Apply(pod) | watcher::Event::InitApply(pod))) => {
                if is_over(&pod) {
                    release(&shared, jobs.remove(&pod.uid().unwrap_or_default())).await;
                } else {
                    applied(&shared, &mut jobs, pod);
                }
            }
            Ok(Some(watcher::Event::Delete(pod))) => {
                release(&shared, jobs.remove(&pod.uid().unwrap_or_default())).await;
            }
            Ok(Some(_)) => {}
            Ok(None) => break,
            Err(err) => {
                warn!(error = %err, "watching pods");
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
    }
}

/// Whether the pod's containers have ended for good: then its branches are free though the object stays.
fn is_over(pod: &Pod) -> bool {
    let phase = pod.status.as_ref().and_then(|status| status.phase.as_deref());
    matches!(phase, Some("Succeeded" | "Failed"))
}

/// How many branch ENIs a pod asks for.
fn requested(pod: &Pod) -> usize {
    let containers = pod.spec.iter().flat_map(|spec| &spec.containers);
    let requests = containers.filter_map(|it| it.resources.as_ref()?.requests.as_ref()?.get(POD_ENI));
    requests.filter_map(|quantity| quantity.0.parse::<usize>().ok()).sum()
}

fn applied(shared: &Arc<Shared>, jobs: &mut HashMap<String, Job>, pod: Pod) {
    let Some(node) = pod.spec.as_ref().and_then(|spec| spec.node_name.clone()) else { return };
    let (uid, count) = (pod.uid().unwrap_or_default(), requested(&pod));
    if let Some(text) = pod.annotations().get(POD_ENI) {
        match serde_json::from_str::<Vec<PodEni>>(text) {
            Ok(enis) => {
                jobs.entry(uid).or_insert_with(|| Job { node, gone: CancellationToken::new(), enis: vec![] }).enis =
                    enis;
            }
            Err(err) => warn!(pod = pod.name_any(), error = %err, "the annotation cannot be understood"),
        }
    } else if count > 0 && pod.metadata.deletion_timestamp.is_none() && !jobs.contains_key(&uid) {
        let gone = CancellationToken::new();
        jobs.insert(uid, Job { node: node.clone(), gone: gone.clone(), enis: vec![] });
        shared.tasks.spawn(allocate(Arc::clone(shared), pod, node, count, gone));
    }
}

/// The pod is gone: its branches cool down and go.
async fn release(shared: &Arc<Shared>, job: Option<Job>) {
    let Some(job) = job else { return };
    job.gone.cancel();
    let Some(trunk) = shared.trunks.read().await.get(&job.node).cloned() else { return };
    let cooldown = *shared.cooldown.borrow();
    for eni in job.enis {
        branch::release(shared, &trunk, eni, cooldown);
    }
}

/// Makes a pod's branches and writes the annotation, until it succeeds or the pod is gone.
async fn allocate(shared: Arc<Shared>, pod: Pod, node: String, count: usize, gone: CancellationToken) {
    let mut wait = FIRST_WAIT;
    loop {
        let trunk = tokio::select! {
            () = gone.cancelled() => return,
            trunk = trunk_with_room(&shared, &node, count) => trunk,
        };
        let (trunk, vlans) = trunk;
        match attempt(&shared, &pod, &trunk, vlans).await {
            Ok(()) => return,
            Err(err) => {
                warn!(pod = pod.name_any(), error = format!("{err:#}"), "no branch ENI");
                let message = format!("failed to allocate branch ENI to pod: {err:#}");
                shared.events.record(&pod, Kind::Warning, "BranchAllocationFailed", &message).await;
            }
        }
        tokio::select! {
            () = gone.cancelled() => return,
            () = tokio::time::sleep(wait) => wait = (wait * 2).min(LONGEST_WAIT),
        }
    }
}

/// Waits for the node's trunk and for so many VLANs on it, and takes them.
async fn trunk_with_room(shared: &Shared, node: &str, count: usize) -> (Arc<Trunk>, Vec<u16>) {
    let mut progress = shared.progress.subscribe();
    loop {
        progress.borrow_and_update();
        let trunk = shared.trunks.read().await.get(node).cloned();
        if let Some(trunk) = trunk
            && let Some(vlans) = take(&trunk, count)
        {
            return (trunk, vlans);
        }
        debug!(node, "waiting for a trunk with room");
        if progress.changed().await.is_err() {
            // Nobody announces progress any more: the controller is ending.
            std::future::pending::<()>().await;
        }
    }
}

/// Takes so many VLANs or none.
fn take(trunk: &Trunk, count: usize) -> Option<Vec<u16>> {
    let mut vlans = trunk.vlans();
    let taken: Vec<u16> = (0..count).map_while(|_| vlans.take()).collect();
    if taken.len() == count {
        return Some(taken);
    }
    taken.into_iter().for_each(|vlan| vlans.free(vlan));
    None
}

/// One try; what it has made goes again if it fails.
async fn attempt(shared: &Arc<Shared>, pod: &Pod, trunk: &Arc<Trunk>, vlans: Vec<u16>) -> anyhow::Result<()> {
    let groups = match groups(shared, pod, trunk).await {
        Ok(groups) => groups,
        Err(err) => {
            vlans.into_iter().for_each(|vlan| trunk.vlans().free(vlan));
            return Err(err);
        }
    };
    let creations = vlans.into_iter().map(|vlan| branch::create(shared, trunk, &groups, vlan));
    let (mut enis, mut failure) = (Vec::new(), None);
    for created in futures::future::join_all(creations).await {
        match created {
            Ok(eni) => enis.push(eni),
            Err(err) => failure = Some(err),
        }
    }
    let outcome = match failure {
        Some(err) => Err(err),
        None => annotate(shared, pod, &enis).await,
    };
    if outcome.is_err() {
        enis.into_iter().for_each(|eni| branch::release(shared, trunk, eni, Duration::ZERO));
    }
    outcome
}

/// The groups for the pod's branches: its policies', or the instance's where none is left.
async fn groups(shared: &Shared, pod: &Pod, trunk: &Trunk) -> anyhow::Result<Vec<String>> {
    let groups = policy::groups_for(&shared.kube, &pod.namespace().unwrap_or_default(), pod).await?;
    let (kind, groups, whose) = if groups.is_empty() {
        (Kind::Warning, trunk.groups.clone(), "the instance's, since no SecurityGroupPolicy selects the pod")
    } else {
        (Kind::Normal, groups, "the pod's policies'")
    };
    let message = format!("Pod will get the following Security Groups {groups:?} ({whose})");
    shared.events.record(pod, kind, "SecurityGroupRequested", &message).await;
    Ok(groups)
}

async fn annotate(shared: &Shared, pod: &Pod, enis: &[PodEni]) -> anyhow::Result<()> {
    let pods: Api<Pod> = Api::namespaced(shared.kube.clone(), &pod.namespace().unwrap_or_default());
    let name = pod.name_any();
    let now = pods.get_opt(&name).await?.with_context(|| format!("pod {name} is gone"))?;
    if now.uid() != pod.uid() {
        bail!("pod {name} is another one by now");
    }
    let value = serde_json::to_string(enis)?;
    let patch = json!({ "metadata": { "uid": pod.uid(), "annotations": { POD_ENI: value } } });
    let patched = pods.patch(&name, &PatchParams::default(), &Patch::Merge(patch)).await;
    if let Err(err) = patched {
        let message = format!("failed to annotate pod with branch ENI details: {err}");
        shared.events.record(pod, Kind::Warning, "BranchENIAnnotationFailed", &message).await;
        return Err(err).context("write the annotation");
    }
    let message = format!("Allocated Branch ENIs {value} to the pod");
    shared.events.record(pod, Kind::Normal, "ResourceAllocated", &message).await;
    Ok(())
}
