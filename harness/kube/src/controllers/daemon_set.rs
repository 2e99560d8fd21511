//! DaemonSets: one pod on each node that fits.
//!
//! Thin: a changed template replaces all pods at once, whatever `updateStrategy` says.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::changes::Changes;
use super::replica_set::{is_active, pod_of, pods_by_owner};
use super::scheduler::fits_node;
use crate::events::{self, Severity};
use crate::object;
use crate::operations::{Api, DeleteOptions, WriteOptions};
use crate::status::ApiError;

const COMPONENT: &str = "daemonset-controller";
const HASH: &str = "controller-revision-hash";
const RETRY: Duration = Duration::from_secs(2);

/// Runs the controller.
pub(super) async fn run(api: Arc<Api>, stop: CancellationToken) {
    let mut changes = Changes::of(&api.store, &["daemonsets.apps", "nodes", "pods"], stop);
    while changes.next(RETRY).await {
        let sets = api.store.all("daemonsets.apps");
        if sets.is_empty() {
            continue;
        }
        let pods = pods_by_owner(&api);
        let nodes = api.store.all("nodes");
        for set in sets.iter().filter(|set| !object::is_deleting(set)) {
            let owned = pods.get(object::uid(set)).map_or(&[][..], Vec::as_slice);
            if let Err(err) = reconcile(&api, set, owned, &nodes).await {
                tracing::warn!(set = object::name(set), %err, "daemon set not reconciled");
            }
        }
    }
}

/// The node a daemon pod is meant for, bound or not.
fn node_of(pod: &Value) -> &str {
    let bound = object::text(pod, &["spec", "nodeName"]);
    if !bound.is_empty() {
        return bound;
    }
    let affinity = &pod["spec"]["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"];
    affinity["nodeSelectorTerms"][0]["matchFields"][0]["values"][0].as_str().unwrap_or_default()
}

async fn reconcile(api: &Api, set: &Value, owned: &[Arc<Value>], nodes: &[Arc<Value>]) -> Result<(), ApiError> {
    let hash = object::template_hash(&set["spec"]["template"]);
    let pods = api.registry.known("", "pods");
    let options = WriteOptions::system(COMPONENT);
    let mut by_node: HashMap<&str, &Arc<Value>> = HashMap::new();
    let wanted: Vec<&Arc<Value>> = nodes.iter().filter(|node| fits(set, node)).collect();
    for pod in owned.iter().filter(|pod| !object::is_deleting(pod)) {
        let node = node_of(pod);
        let current = object::labels(pod).and_then(|labels| labels.get(HASH)).is_some_and(|found| *found == hash);
        let on_wanted = wanted.iter().any(|one| object::name(one) == node);
        if !current || !on_wanted || !is_active(pod) || by_node.contains_key(node) {
            let key = (object::namespace(pod), object::name(pod));
            api.delete(&pods, key.0, key.1, &DeleteOptions::default(), &options).await?;
            say(api, set, "SuccessfulDelete", &format!("Deleted pod: {}", key.1));
        } else {
            by_node.insert(node, pod);
        }
    }
    // A pod that is still going keeps its node until it is gone.
    let going: Vec<&str> = owned.iter().filter(|pod| object::is_deleting(pod)).map(|pod| node_of(pod)).collect();
    for node in wanted.iter().map(|node| object::name(node)) {
        if by_node.contains_key(node) || going.contains(&node) {
            continue;
        }
        let written = api.create(&pods, object::namespace(set), daemon_pod(set, node, &hash), &options).await?;
        say(api, set, "SuccessfulCreate", &format!("Created pod: {}", object::name(&written.object)));
    }
    write_status(api, set, wanted.len(), &by_node).await
}

fn say(api: &Api, set: &Value, reason: &str, message: &str) {
    events::record(api, COMPONENT, set, Severity::Normal, reason, message);
}

fn fits(set: &Value, node: &Value) -> bool {
    let mut pod = json!({"spec": set["spec"]["template"]["spec"]});
    add_tolerations(&mut pod);
    fits_node(&pod, node)
}

/// Daemons run on nodes that others must leave.
fn add_tolerations(pod: &mut Value) {
    let tolerations = object::child_mut(pod, "spec").entry("tolerations").or_insert_with(|| json!([]));
    if let Some(list) = tolerations.as_array_mut() {
        for (key, effect) in [
            ("not-ready", "NoExecute"),
            ("unreachable", "NoExecute"),
            ("not-ready", "NoSchedule"),
            ("disk-pressure", "NoSchedule"),
            ("memory-pressure", "NoSchedule"),
            ("pid-pressure", "NoSchedule"),
            ("unschedulable", "NoSchedule"),
            ("network-unavailable", "NoSchedule"),
        ] {
            list.push(json!({"key": format!("node.kubernetes.io/{key}"), "operator": "Exists", "effect": effect}));
        }
    }
}

fn daemon_pod(set: &Value, node: &str, hash: &str) -> Value {
    let mut pod = pod_of(set);
    pod["metadata"]["labels"][HASH] = json!(hash);
    add_tolerations(&mut pod);
    pod["spec"]["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"] = json!({
        "nodeSelectorTerms": [{"matchFields": [{"key": "metadata.name", "operator": "In", "values": [node]}]}],
    });
    pod
}

async fn write_status(
    api: &Api,
    set: &Value,
    wanted: usize,
    pods: &HashMap<&str, &Arc<Value>>,
) -> Result<(), ApiError> {
    let ready = pods.values().filter(|pod| object::condition_is_true(pod, "Ready")).count();
    let generation = set["metadata"]["generation"].clone();
    api.change_status(set, &WriteOptions::system(COMPONENT), |set| {
        let status = object::child_mut(set, "status");
        for (key, value) in [
            ("currentNumberScheduled", pods.len()),
            ("desiredNumberScheduled", wanted),
            ("numberMisscheduled", 0),
            ("numberReady", ready),
            ("numberAvailable", ready),
            ("numberUnavailable", wanted.saturating_sub(ready)),
            ("updatedNumberScheduled", pods.len()),
        ] {
            status.insert(key.to_owned(), json!(value));
        }
        status.insert("observedGeneration".to_owned(), generation.clone());
        true
    })
    .await
}
