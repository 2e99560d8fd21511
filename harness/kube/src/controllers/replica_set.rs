//! ReplicaSets: as many pods as wanted.
//!
//! Thin: pods without an owner are not adopted.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::changes::Changes;
use crate::events::{self, Severity};
use crate::object;
use crate::operations::{Api, DeleteOptions, WriteOptions};
use crate::status::ApiError;

const COMPONENT: &str = "replicaset-controller";
/// A create that was refused is tried again after this long.
const RETRY: Duration = Duration::from_secs(2);
/// Pods created or deleted at once: webhooks make each create a round trip.
const PARALLEL: usize = 8;

/// Runs the controller.
pub(super) async fn run(api: Arc<Api>, stop: CancellationToken) {
    let mut changes = Changes::of(&api.store, &["replicasets.apps", "pods"], stop);
    while changes.next(RETRY).await {
        let pods = pods_by_owner(&api);
        for set in api.store.all("replicasets.apps") {
            let owned = pods.get(object::uid(&set)).map_or(&[][..], Vec::as_slice);
            reconcile(&api, &set, owned).await;
        }
    }
}

/// All pods by the UID of their controller.
pub(super) fn pods_by_owner(api: &Api) -> HashMap<String, Vec<Arc<Value>>> {
    let mut by_owner: HashMap<String, Vec<Arc<Value>>> = HashMap::new();
    for pod in api.store.all("pods") {
        if let Some(owner) = object::controller_of(&pod) {
            by_owner.entry(object::text(owner, &["uid"]).to_owned()).or_default().push(pod);
        }
    }
    by_owner
}

/// True for a pod that counts: neither finished nor going.
pub(super) fn is_active(pod: &Value) -> bool {
    !object::is_deleting(pod) && !matches!(object::text(pod, &["status", "phase"]), "Succeeded" | "Failed")
}

async fn reconcile(api: &Api, set: &Arc<Value>, owned: &[Arc<Value>]) {
    let active: Vec<Arc<Value>> = owned.iter().filter(|pod| is_active(pod)).cloned().collect();
    let wanted = usize::try_from(set["spec"]["replicas"].as_i64().unwrap_or(1)).unwrap_or(0);
    let mut failure = None;
    if !object::is_deleting(set) {
        if active.len() < wanted {
            failure = create_pods(api, set, wanted - active.len()).await.err();
        } else if active.len() > wanted {
            delete_pods(api, set, active.clone(), active.len() - wanted).await;
        }
    }
    write_status(api, set, &active, failure).await;
}

async fn create_pods(api: &Api, set: &Value, count: usize) -> Result<(), ApiError> {
    let pods = api.registry.known("", "pods");
    let options = WriteOptions::system(COMPONENT);
    let namespace = object::namespace(set);
    let mut results = futures::stream::iter(0..count)
        .map(|_| api.create(&pods, namespace, pod_of(set), &options))
        .buffer_unordered(PARALLEL);
    let mut outcome = Ok(());
    while let Some(result) = results.next().await {
        match result {
            Ok(written) => {
                let message = format!("Created pod: {}", object::name(&written.object));
                events::record(api, COMPONENT, set, Severity::Normal, "SuccessfulCreate", &message);
            }
            Err(err) => {
                let message = format!("Error creating: {err}");
                events::record(api, COMPONENT, set, Severity::Warning, "FailedCreate", &message);
                outcome = Err(err);
            }
        }
    }
    outcome
}

/// A pod made from an owner's template.
pub(super) fn pod_of(owner: &Value) -> Value {
    let template = &owner["spec"]["template"];
    let mut pod = json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {
            "generateName": format!("{}-", object::name(owner)),
            "namespace": object::namespace(owner),
            "labels": template["metadata"]["labels"].as_object().cloned().unwrap_or_default(),
            "ownerReferences": [object::controller_reference(owner)],
        },
        "spec": template["spec"],
    });
    if template["metadata"]["annotations"].is_object() {
        pod["metadata"]["annotations"] = template["metadata"]["annotations"].clone();
    }
    pod
}

/// Deletes the pods that will be missed least: unscheduled, then not ready, then the youngest.
async fn delete_pods(api: &Api, set: &Value, mut active: Vec<Arc<Value>>, count: usize) {
    active.sort_by_key(|pod| {
        let scheduled = !object::text(pod, &["spec", "nodeName"]).is_empty();
        let created = object::text(pod, &["metadata", "creationTimestamp"]).to_owned();
        (scheduled, object::condition_is_true(pod, "Ready"), std::cmp::Reverse(created))
    });
    let pods = api.registry.known("", "pods");
    let options = WriteOptions::system(COMPONENT);
    for pod in active.iter().take(count) {
        let (namespace, name) = (object::namespace(pod), object::name(pod));
        if api.delete(&pods, namespace, name, &DeleteOptions::default(), &options).await.is_ok() {
            let message = format!("Deleted pod: {name}");
            events::record(api, COMPONENT, set, Severity::Normal, "SuccessfulDelete", &message);
        }
    }
}

async fn write_status(api: &Api, set: &Value, active: &[Arc<Value>], failure: Option<ApiError>) {
    let count = active.len();
    let ready = active.iter().filter(|pod| object::condition_is_true(pod, "Ready")).count();
    let generation = set["metadata"]["generation"].clone();
    let written = api
        .change_status(set, &WriteOptions::system(COMPONENT), |set| {
            match &failure {
                Some(err) => drop(object::set_condition(set, "ReplicaFailure", "True", "FailedCreate", &err.message)),
                None => {
                    if let Some(Value::Array(conditions)) = set["status"].get_mut("conditions") {
                        conditions.retain(|condition| condition["type"] != "ReplicaFailure");
                    }
                }
            }
            let status = object::child_mut(set, "status");
            status.insert("replicas".to_owned(), json!(count));
            status.insert("fullyLabeledReplicas".to_owned(), json!(count));
            status.insert("readyReplicas".to_owned(), json!(ready));
            status.insert("availableReplicas".to_owned(), json!(ready));
            status.insert("observedGeneration".to_owned(), generation.clone());
            true
        })
        .await;
    if let Err(err) = written {
        tracing::warn!(set = object::name(set), %err, "replica set status not written");
    }
}
