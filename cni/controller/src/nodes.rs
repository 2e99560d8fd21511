//! Nodes: which of them want a trunk, making it, and showing its capacity.

use std::collections::HashSet;
use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::Context;
use cni_kube::Kind;
use futures::TryStreamExt;
use k8s_openapi::api::core::v1::{Node, Pod};
use kube::api::{Api, ListParams, Patch, PatchParams};
use kube::runtime::watcher;
use kube::{Client, ResourceExt};
use serde_json::json;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::annotation::{POD_ENI, PodEni};
use crate::objects::{self, CniNodeSpec, SECURITY_GROUPS_FOR_PODS};
use crate::{Shared, Trunk, branch, cninode, tags};

/// The label older agents set; its presence alone counts.
const HAS_TRUNK: &str = "vpc.amazonaws.com/has-trunk-attached";

/// Between tries to make a trunk: from here, doubling, up to [`LONGEST_WAIT`].
const FIRST_WAIT: Duration = Duration::from_millis(500);
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// How long a node may be gone before its branches are: it may come back.
const GONE_GRACE: Duration = Duration::from_secs(60);

/// Follows nodes until told to stop.
pub(crate) async fn follow(shared: Arc<Shared>, stop: CancellationToken) {
    let nodes: Api<Node> = Api::all(shared.kube.clone());
    let mut events = std::pin::pin!(watcher(nodes, watcher::Config::default()));
    loop {
        let event = tokio::select! {
            () = stop.cancelled() => break,
            event = events.try_next() => event,
        };
        match event {
            Ok(Some(watcher::Event::Apply(node) | watcher::Event::InitApply(node))) => evaluate(&shared, node).await,
            Ok(Some(watcher::Event::Delete(node))) => forget(&shared, node.name_any()),
            Ok(Some(_)) => {}
            Ok(None) => break,
            Err(err) => {
                warn!(error = %err, "watching nodes");
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
    }
}

/// Looks whether a node wants a trunk, and sees to it.
pub(crate) async fn evaluate(shared: &Arc<Shared>, node: Node) {
    let name = node.name_any();
    let Some(instance_id) = instance_of(&node) else { return };
    if let Some(trunk) = shared.trunks.read().await.get(&name) {
        if shown_capacity(&node) != Some(trunk.limit) {
            show_capacity_or_warn(&shared.kube, &name, trunk.limit).await;
        }
        return;
    }
    match wants_trunk(shared, &node, &instance_id).await {
        Ok(true) => {}
        Ok(false) => return,
        Err(err) => {
            return warn!(node = name, error = format!("{err:#}"), "cannot tell whether the node wants a trunk");
        }
    }
    if in_work(shared).insert(name.clone()) {
        let task = Arc::clone(shared);
        shared.tasks.spawn(async move {
            make_trunk(&task, &node, &instance_id).await;
            in_work(&task).remove(&name);
        });
    }
}

/// As [`evaluate`], for a node of which only the name is known.
pub(crate) async fn evaluate_by_name(shared: &Arc<Shared>, name: &str) {
    let nodes: Api<Node> = Api::all(shared.kube.clone());
    match nodes.get_opt(name).await {
        Ok(Some(node)) => evaluate(shared, node).await,
        Ok(None) => {}
        Err(err) => warn!(node = name, error = %err, "cannot read the node"),
    }
}

fn in_work(shared: &Shared) -> MutexGuard<'_, HashSet<String>> {
    shared.in_work.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The instance of a Linux node: the last part of its provider id.
fn instance_of(node: &Node) -> Option<String> {
    let os = node.labels().get("kubernetes.io/os").or_else(|| node.labels().get("beta.kubernetes.io/os"));
    let id = node.spec.as_ref()?.provider_id.as_deref()?.rsplit('/').next()?;
    (os.is_some_and(|os| os == "linux") && id.starts_with("i-")).then(|| id.to_owned())
}

/// A node asks by its CNINode's features, which its agent sets; the CNINode is made here if it is missing.
async fn wants_trunk(shared: &Arc<Shared>, node: &Node, instance_id: &str) -> anyhow::Result<bool> {
    let object = cninode::get_or_create(shared, node, instance_id).await?;
    let spec: CniNodeSpec = objects::spec(&object).context("understand the CNINode")?;
    let asked = spec.features.iter().any(|feature| feature.name == SECURITY_GROUPS_FOR_PODS);
    Ok(asked || node.labels().contains_key(HAS_TRUNK))
}

async fn make_trunk(shared: &Arc<Shared>, node: &Node, instance_id: &str) {
    let name = node.name_any();
    let mut wait = FIRST_WAIT;
    loop {
        match Trunk::of_instance(&shared.ec2, &shared.config, instance_id).await {
            Ok(Some(trunk)) => match adopt(shared, &name, trunk).await {
                Ok(()) => {
                    let message = "The node has trunk interface initialized successfully";
                    return shared.events.record(node, Kind::Normal, "NodeTrunkInitiated", message).await;
                }
                Err(err) => warn!(node = name, error = format!("{err:#}"), "branches not read back"),
            },
            Ok(None) => {
                let message = "The instance type takes no trunk interface";
                return shared.events.record(node, Kind::Warning, "Unsupported", message).await;
            }
            Err(err) => {
                warn!(node = name, error = format!("{err:#}"), "no trunk");
                let why =
                    err.downcast_ref::<ec2_client::Error>().map_or_else(|| format!("{err:#}"), |it| it.code.clone());
                shared.events.record(node, Kind::Warning, "TrunkENICreationFailed", &why).await;
            }
        }
        tokio::time::sleep(wait).await;
        wait = (wait * 2).min(LONGEST_WAIT);
        let nodes: Api<Node> = Api::all(shared.kube.clone());
        if matches!(nodes.get_opt(&name).await, Ok(None)) {
            return;
        }
    }
}

/// Takes over the branches a trunk has already: running pods keep theirs, the others go.
async fn adopt(shared: &Arc<Shared>, name: &str, trunk: Trunk) -> anyhow::Result<()> {
    let trunk = Arc::new(trunk);
    let claimed = claimed(&shared.kube, name).await?;
    for pod_eni in &claimed {
        trunk.vlans().claim(pod_eni.vlan_id);
    }
    let cooldown = *shared.cooldown.borrow();
    for eni in trunk.branches(&shared.ec2).await? {
        if claimed.iter().any(|pod_eni| pod_eni.eni_id == eni.id) {
            continue;
        }
        let Some(vlan_id) = eni.tags.get(tags::VLAN).and_then(|text| text.parse().ok()) else { continue };
        trunk.vlans().claim(vlan_id);
        let left_over = PodEni {
            eni_id: eni.id,
            if_address: eni.mac_address,
            private_ip: String::new(),
            ipv6_addr: String::new(),
            vlan_id,
            subnet_cidr: String::new(),
            subnet_v6_cidr: String::new(),
            association_id: String::new(),
        };
        branch::release(shared, &trunk, left_over, cooldown);
    }
    show_capacity(&shared.kube, name, trunk.limit).await.context("show the capacity")?;
    info!(node = name, trunk = trunk.trunk_id, limit = trunk.limit, kept = claimed.len(), "trunk ready");
    shared.trunks.write().await.insert(name.to_owned(), trunk);
    shared.announce_progress();
    Ok(())
}

/// The branches that the annotations of a node's pods name.
async fn claimed(client: &Client, node: &str) -> anyhow::Result<Vec<PodEni>> {
    let pods: Api<Pod> = Api::all(client.clone());
    let of_node = ListParams::default().fields(&format!("spec.nodeName={node}"));
    let mut claimed = Vec::new();
    for pod in pods.list(&of_node).await?.items {
        if let Some(text) = pod.annotations().get(POD_ENI) {
            let mut enis: Vec<PodEni> = serde_json::from_str(text)
                .with_context(|| format!("understand the annotation of pod {}", pod.name_any()))?;
            claimed.append(&mut enis);
        }
    }
    Ok(claimed)
}

fn shown_capacity(node: &Node) -> Option<u16> {
    node.status.as_ref()?.capacity.as_ref()?.get(POD_ENI)?.0.parse().ok()
}

async fn show_capacity(client: &Client, name: &str, limit: u16) -> kube::Result<()> {
    let nodes: Api<Node> = Api::all(client.clone());
    let patch = json!({ "status": { "capacity": { POD_ENI: limit.to_string() } } });
    nodes.patch_status(name, &PatchParams::default(), &Patch::Merge(patch)).await.map(drop)
}

async fn show_capacity_or_warn(client: &Client, name: &str, limit: u16) {
    if let Err(err) = show_capacity(client, name, limit).await {
        warn!(node = name, error = %err, "capacity not shown");
    }
}

/// A node is gone: a minute later its branches are too, unless it is back.
fn forget(shared: &Arc<Shared>, name: String) {
    let task = Arc::clone(shared);
    shared.tasks.spawn(async move {
        tokio::time::sleep(GONE_GRACE).await;
        let nodes: Api<Node> = Api::all(task.kube.clone());
        if !matches!(nodes.get_opt(&name).await, Ok(None)) {
            return;
        }
        let Some(trunk) = task.trunks.write().await.remove(&name) else { return };
        match trunk.branches(&task.ec2).await {
            Ok(branches) => {
                for eni in branches {
                    if let Err(err) = task.ec2.delete_network_interface(&eni.id).await {
                        warn!(eni = eni.id, error = %err, "a branch of a gone node stays behind");
                    }
                }
            }
            Err(err) => warn!(node = name, error = format!("{err:#}"), "branches of a gone node stay behind"),
        }
    });
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::linux("aws:///us-east-1a/i-0123456789abcdef0", Some("linux"), Some("i-0123456789abcdef0"))]
    #[case::windows("aws:///us-east-1a/i-0123456789abcdef0", Some("windows"), None)]
    #[case::no_system("aws:///us-east-1a/i-0123456789abcdef0", None, None)]
    #[case::not_aws("kind://docker/kind/worker", Some("linux"), None)]
    fn instances(#[case] provider_id: &str, #[case] os: Option<&str>, #[case] instance: Option<&str>) {
        let mut node: Node = serde_json::from_value(json!({ "spec": { "providerID": provider_id } })).expect("a node");
        node.metadata.labels = os.map(|os| [("kubernetes.io/os".to_owned(), os.to_owned())].into());
        assert_eq!(instance_of(&node).as_deref(), instance);
    }
}
