//! Deployments: one ReplicaSet for each pod template, replaced step by step.
//!
//! Follows <https://kubernetes.io/docs/concepts/workloads/controllers/deployment/>: rolling updates within maxSurge and
//! maxUnavailable, Recreate, revisions, pausing, and the conditions that `kubectl rollout status` reads.
//! Thin: an old ReplicaSet is scaled down without sharing out in proportion, and orphans are not adopted.

mod rolling;
mod status;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::changes::Changes;
use super::replica_set::pods_by_owner;
use crate::events::{self, Severity};
use crate::object;
use crate::operations::{Api, DeleteOptions, WriteOptions};
use crate::patch::PatchKind;
use crate::status::ApiError;

const COMPONENT: &str = "deployment-controller";
const REVISION: &str = "deployment.kubernetes.io/revision";
const HASH: &str = "pod-template-hash";
/// Progress deadlines pass without any change, so there is a look now and then.
const TICK: Duration = Duration::from_secs(5);

/// Runs the controller.
pub(super) async fn run(api: Arc<Api>, stop: CancellationToken) {
    let mut changes = Changes::of(&api.store, &["deployments.apps", "replicasets.apps", "pods"], stop);
    while changes.next(TICK).await {
        let sets = sets_by_owner(&api);
        let pods = pods_by_owner(&api);
        for deployment in api.store.all("deployments.apps") {
            if object::is_deleting(&deployment) {
                continue;
            }
            let owned = sets.get(object::uid(&deployment)).cloned().unwrap_or_default();
            if let Err(err) = reconcile(&api, &deployment, owned, &pods).await {
                tracing::warn!(deployment = object::name(&deployment), %err, "deployment not reconciled");
            }
        }
    }
}

fn sets_by_owner(api: &Api) -> HashMap<String, Vec<Arc<Value>>> {
    let mut by_owner: HashMap<String, Vec<Arc<Value>>> = HashMap::new();
    for set in api.store.all("replicasets.apps") {
        if let Some(owner) = object::controller_of(&set) {
            by_owner.entry(object::text(owner, &["uid"]).to_owned()).or_default().push(set);
        }
    }
    by_owner
}

fn replicas(value: &Value) -> i64 {
    value["spec"]["replicas"].as_i64().unwrap_or(1)
}

fn revision(value: &Value) -> i64 {
    object::text(value, &["metadata", "annotations", REVISION]).parse().unwrap_or(0)
}

async fn reconcile(
    api: &Api,
    deployment: &Arc<Value>,
    mut sets: Vec<Arc<Value>>,
    pods: &HashMap<String, Vec<Arc<Value>>>,
) -> Result<(), ApiError> {
    let hash = object::template_hash(&deployment["spec"]["template"]);
    let is_new =
        |set: &Value| object::labels(set).and_then(|labels| labels.get(HASH)).is_some_and(|found| *found == hash);
    let paused = deployment["spec"]["paused"] == true;
    let old: Vec<Arc<Value>> = sets.iter().filter(|set| !is_new(set)).cloned().collect();
    let mut new = sets.iter().find(|set| is_new(set)).cloned();
    if new.is_none() && !paused {
        let created = create_set(api, deployment, &hash, &old).await?;
        sets.push(created.clone());
        new = Some(created);
    }
    if let Some(new) = &new {
        take_revision(api, deployment, new, &old).await?;
        for (set, count) in rolling::steps(deployment, new, &old, pods) {
            scale(api, deployment, &set, count).await?;
        }
    } else if let Some(active) = old.iter().max_by_key(|set| (replicas(set) > 0, revision(set))) {
        // Paused before the new template got its ReplicaSet: only the size may change.
        scale(api, deployment, active, replicas(deployment)).await?;
    }
    status::write(api, deployment, new.as_deref(), &sets).await?;
    clean_up(api, deployment, &old).await
}

async fn create_set(api: &Api, deployment: &Value, hash: &str, old: &[Arc<Value>]) -> Result<Arc<Value>, ApiError> {
    let mut template = deployment["spec"]["template"].clone();
    let mut selector = deployment["spec"]["selector"].clone();
    template["metadata"]["labels"][HASH] = json!(hash);
    object::child_mut(&mut selector, "matchLabels").insert(HASH.to_owned(), json!(hash));
    let count = rolling::first_replicas(deployment, old);
    let set = json!({
        "apiVersion": "apps/v1", "kind": "ReplicaSet",
        "metadata": {
            "name": format!("{}-{hash}", object::name(deployment)), "namespace": object::namespace(deployment),
            "labels": template["metadata"]["labels"], "ownerReferences": [object::controller_reference(deployment)],
            "annotations": {
                REVISION: (newest_revision(old) + 1).to_string(),
                "deployment.kubernetes.io/desired-replicas": replicas(deployment).to_string(),
                "deployment.kubernetes.io/max-replicas": rolling::most_pods(deployment).to_string(),
            },
        },
        "spec": {"replicas": count, "selector": selector, "template": template},
    });
    let sets = api.registry.known("apps", "replicasets");
    let options = WriteOptions::system(COMPONENT);
    let written = api.create(&sets, object::namespace(deployment), set, &options).await?;
    if count > 0 {
        say_scaled(api, deployment, object::name(&written.object), 0, count);
    }
    Ok(written.object)
}

fn newest_revision(sets: &[Arc<Value>]) -> i64 {
    sets.iter().map(|set| revision(set)).max().unwrap_or(0)
}

/// The new ReplicaSet has the highest revision, also after going back to an old template; the Deployment shows it.
async fn take_revision(api: &Api, deployment: &Value, new: &Value, old: &[Arc<Value>]) -> Result<(), ApiError> {
    let highest = newest_revision(old) + 1;
    let wanted = revision(new).max(highest);
    for value in [new, deployment] {
        if revision(value) != wanted {
            let patch = json!({"metadata": {"annotations": {REVISION: wanted.to_string()}}});
            merge(api, value, &patch).await?;
        }
    }
    Ok(())
}

async fn merge(api: &Api, value: &Value, patch: &Value) -> Result<(), ApiError> {
    let plural = if value["kind"] == "Deployment" { "deployments" } else { "replicasets" };
    let resource = api.registry.known("apps", plural);
    let key = (object::namespace(value), object::name(value));
    let options = WriteOptions::system(COMPONENT);
    let part = crate::operations::Part::Main;
    api.patch(&resource, key, part, PatchKind::Merge, patch, &options).await.map(drop)
}

async fn scale(api: &Api, deployment: &Value, set: &Value, count: i64) -> Result<(), ApiError> {
    let before = replicas(set);
    if before == count {
        return Ok(());
    }
    let patch = json!({
        "metadata": {"annotations": {
            "deployment.kubernetes.io/desired-replicas": replicas(deployment).to_string(),
            "deployment.kubernetes.io/max-replicas": rolling::most_pods(deployment).to_string(),
        }},
        "spec": {"replicas": count},
    });
    merge(api, set, &patch).await?;
    say_scaled(api, deployment, object::name(set), before, count);
    Ok(())
}

fn say_scaled(api: &Api, deployment: &Value, set: &str, from: i64, to: i64) {
    let way = if to > from { "up" } else { "down" };
    let message = format!("Scaled {way} replica set {set} from {from} to {to}");
    events::record(api, COMPONENT, deployment, Severity::Normal, "ScalingReplicaSet", &message);
}

/// Removes empty old ReplicaSets beyond the history limit.
async fn clean_up(api: &Api, deployment: &Value, old: &[Arc<Value>]) -> Result<(), ApiError> {
    let limit = usize::try_from(deployment["spec"]["revisionHistoryLimit"].as_i64().unwrap_or(10)).unwrap_or(0);
    let mut empty: Vec<&Arc<Value>> = old
        .iter()
        .filter(|set| replicas(set) == 0 && set["status"]["replicas"].as_i64().unwrap_or(0) == 0)
        .filter(|set| !object::is_deleting(set))
        .collect();
    if empty.len() <= limit {
        return Ok(());
    }
    empty.sort_by_key(|set| revision(set));
    let sets = api.registry.known("apps", "replicasets");
    let options = WriteOptions::system(COMPONENT);
    for set in &empty[..empty.len() - limit] {
        let (namespace, name) = (object::namespace(set), object::name(set));
        api.delete(&sets, namespace, name, &DeleteOptions::default(), &options).await?;
    }
    Ok(())
}
