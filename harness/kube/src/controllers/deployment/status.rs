//! Status of Deployments: counts and the Available and Progressing conditions.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{COMPONENT, replicas};
use crate::object;
use crate::operations::{Api, WriteOptions};
use crate::status::ApiError;

struct Counts {
    wanted: i64,
    total: i64,
    updated: i64,
    ready: i64,
    available: i64,
}

/// Writes the status that follows from the ReplicaSets.
pub(super) async fn write(
    api: &Api,
    deployment: &Value,
    new: Option<&Value>,
    sets: &[Arc<Value>],
) -> Result<(), ApiError> {
    // The sets as they are after this pass, not as they were listed.
    let current = |set: &Value| {
        api.store
            .get("replicasets.apps", object::namespace(set), object::name(set))
            .unwrap_or_else(|| Arc::new(set.clone()))
    };
    let sets: Vec<Arc<Value>> = sets.iter().map(|set| current(set)).collect();
    let count = |set: &Value, key: &str| set["status"][key].as_i64().unwrap_or(0);
    let sum = |key: &str| sets.iter().map(|set| count(set, key)).sum::<i64>();
    let counts = Counts {
        wanted: replicas(deployment),
        total: sum("replicas"),
        updated: new.map_or(0, |new| count(&current(new), "replicas")),
        ready: sum("readyReplicas"),
        available: sum("availableReplicas"),
    };
    let name = new.map_or("", object::name).to_owned();
    let generation = deployment["metadata"]["generation"].clone();
    api.change_status(deployment, &WriteOptions::system(COMPONENT), |deployment| {
        // A newer spec gets its own pass; its generation must not count as observed.
        if deployment["metadata"]["generation"] != generation {
            return false;
        }
        let progressed = ["replicas", "updatedReplicas", "readyReplicas", "availableReplicas"]
            .iter()
            .zip([counts.total, counts.updated, counts.ready, counts.available])
            .any(|(key, value)| deployment["status"][*key].as_i64().unwrap_or(0) != value);
        fill(deployment, &counts, &generation);
        set_available(deployment, &counts);
        set_progressing(deployment, &counts, &name, progressed);
        true
    })
    .await
}

fn fill(deployment: &mut Value, counts: &Counts, generation: &Value) {
    let status = object::child_mut(deployment, "status");
    let unavailable = (counts.total.max(counts.wanted) - counts.available).max(0);
    for (key, value) in [
        ("replicas", counts.total),
        ("updatedReplicas", counts.updated),
        ("readyReplicas", counts.ready),
        ("availableReplicas", counts.available),
        ("unavailableReplicas", unavailable),
    ] {
        if value == 0 {
            status.shift_remove(key);
        } else {
            status.insert(key.to_owned(), json!(value));
        }
    }
    status.insert("observedGeneration".to_owned(), generation.clone());
}

fn set_available(deployment: &mut Value, counts: &Counts) {
    let unavailable = &deployment["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"];
    let missing = super::rolling::allowed_missing(unavailable, counts.wanted);
    let (status, reason, message) = if counts.available >= counts.wanted - missing {
        ("True", "MinimumReplicasAvailable", "Deployment has minimum availability.")
    } else {
        ("False", "MinimumReplicasUnavailable", "Deployment does not have minimum availability.")
    };
    if object::set_condition(deployment, "Available", status, reason, message) {
        touch(deployment, "Available");
    }
}

fn set_progressing(deployment: &mut Value, counts: &Counts, set: &str, progressed: bool) {
    let complete =
        counts.updated == counts.wanted && counts.total == counts.wanted && counts.available == counts.wanted;
    let before = object::condition(deployment, "Progressing").cloned();
    let deadline = deployment["spec"]["progressDeadlineSeconds"].as_i64().unwrap_or(600);
    let since = before.as_ref().and_then(|found| object::seconds_since(found["lastUpdateTime"].as_str()?));
    if deployment["spec"]["paused"] == true {
        if object::set_condition(deployment, "Progressing", "Unknown", "DeploymentPaused", "Deployment is paused") {
            touch(deployment, "Progressing");
        }
        return;
    }
    let (status, reason, message) = if complete {
        let message = format!("ReplicaSet \"{set}\" has successfully progressed.");
        ("True", "NewReplicaSetAvailable", message)
    } else if before.is_none() {
        ("True", "NewReplicaSetCreated", format!("Created new replica set \"{set}\""))
    } else if !progressed && since.is_some_and(|since| since > deadline) {
        ("False", "ProgressDeadlineExceeded", format!("ReplicaSet \"{set}\" has timed out progressing."))
    } else if progressed || before.as_ref().is_some_and(|found| found["reason"] == "NewReplicaSetAvailable") {
        ("True", "ReplicaSetUpdated", format!("ReplicaSet \"{set}\" is progressing."))
    } else {
        return;
    };
    if object::set_condition(deployment, "Progressing", status, reason, &message) || (progressed && !complete) {
        touch(deployment, "Progressing");
    }
}

/// Deployment conditions also say when they were looked at last.
fn touch(deployment: &mut Value, kind: &str) {
    let now = object::now();
    let conditions = deployment["status"]["conditions"].as_array_mut().into_iter().flatten();
    for condition in conditions.filter(|condition| condition["type"] == kind) {
        condition["lastUpdateTime"] = json!(now);
    }
}
