//! Nodes: the not-ready taint, and pods of nodes that were removed.
//!
//! Thin: readiness is what the node's Ready condition says; leases are not watched for silence.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::changes::Changes;
use crate::object;
use crate::operations::{Api, DeleteOptions, Part, WriteOptions};
use crate::patch::PatchKind;
use crate::status::ApiError;
use crate::store::ChangeKind;

const COMPONENT: &str = "node-controller";
const NOT_READY: &str = "node.kubernetes.io/not-ready";
const UNSCHEDULABLE: &str = "node.kubernetes.io/unschedulable";
const TICK: Duration = Duration::from_secs(60);

/// Runs the controller.
pub(super) async fn run(api: Arc<Api>, stop: CancellationToken) {
    let mut changes = Changes::of(&api.store, &["nodes"], stop);
    let mut seen = api.store.revision();
    while changes.next(TICK).await {
        for node in api.store.all("nodes") {
            if let Err(err) = taint(&api, &node).await {
                tracing::warn!(node = object::name(&node), %err, "node not tainted");
            }
        }
        // A history that ran over hides removals; the pods then stay until someone deletes them.
        let Ok((removed, revision)) = api.store.changes_after("nodes", seen) else {
            seen = api.store.revision();
            continue;
        };
        seen = revision;
        for change in removed.iter().filter(|change| change.kind == ChangeKind::Deleted) {
            remove_pods(&api, object::name(&change.object)).await;
        }
    }
}

async fn taint(api: &Api, node: &Value) -> Result<(), ApiError> {
    let not_ready = object::condition(node, "Ready").is_some_and(|ready| ready["status"] != "True");
    let unschedulable = node["spec"]["unschedulable"] == true;
    let mut taints = object::items(node, &["spec", "taints"]).to_vec();
    let before = taints.clone();
    for (key, effect, wanted) in [(NOT_READY, "NoSchedule", not_ready), (UNSCHEDULABLE, "NoSchedule", unschedulable)] {
        let is_it = |taint: &Value| taint["key"] == key && taint["effect"] == effect;
        if wanted && !taints.iter().any(is_it) {
            taints.push(json!({"key": key, "effect": effect, "timeAdded": object::now()}));
        } else if !wanted {
            taints.retain(|taint| !is_it(taint));
        }
    }
    if taints == before {
        return Ok(());
    }
    let nodes = api.registry.known("", "nodes");
    let taints = if taints.is_empty() { Value::Null } else { json!(taints) };
    let patch = json!({
        "metadata": {"resourceVersion": node["metadata"]["resourceVersion"]}, "spec": {"taints": taints},
    });
    let options = WriteOptions::system(COMPONENT);
    match api.patch(&nodes, ("", object::name(node)), Part::Main, PatchKind::Merge, &patch, &options).await {
        // The change that got in between wakes the next pass.
        Err(err) if matches!(err.reason, "Conflict" | "NotFound") => Ok(()),
        other => other.map(drop),
    }
}

/// Nobody is left to end these pods, so they go at once.
async fn remove_pods(api: &Api, node: &str) {
    let pods = api.registry.known("", "pods");
    let options = WriteOptions::system(COMPONENT);
    let now = DeleteOptions { grace_period: Some(0), ..DeleteOptions::default() };
    for pod in api.store.all("pods").iter().filter(|pod| pod["spec"]["nodeName"] == node) {
        if let Err(err) = api.delete(&pods, object::namespace(pod), object::name(pod), &now, &options).await {
            tracing::warn!(pod = object::name(pod), %err, "pod of a removed node stays");
        }
    }
}
