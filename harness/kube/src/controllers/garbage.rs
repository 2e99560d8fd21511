//! Garbage collection: dependents follow their owners, definitions take their objects along.
//!
//! Follows <https://kubernetes.io/docs/concepts/architecture/garbage-collection/>.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::changes::Changes;
use crate::crd;
use crate::object;
use crate::operations::{Api, DeleteOptions, Part, Propagation, Scope, WriteOptions};
use crate::patch::PatchKind;
use crate::registry::Resource;
use crate::status::ApiError;

const COMPONENT: &str = "generic-garbage-collector";
/// Also without a deletion there may be work: a dependent made after its owner went.
const TICK: Duration = Duration::from_secs(15);
/// Events older than this are dropped, as kube-apiserver does after an hour.
const EVENT_LIFE_SECONDS: i64 = 3600;

type Found = (Arc<Resource>, Arc<Value>);

/// Runs the collector.
pub(super) async fn run(api: Arc<Api>, stop: CancellationToken) {
    let mut changes = Changes::deletions(&api.store, stop);
    while changes.next(TICK).await {
        let objects = everything(&api);
        let uids: HashSet<&str> = objects.iter().map(|(_, object)| object::uid(object)).collect();
        for (resource, object) in &objects {
            let result = match collect(&api, resource, object, &uids, &objects).await {
                Err(err) if matches!(err.reason, "NotFound" | "Conflict") => Ok(()),
                other => other,
            };
            if let Err(err) = result {
                tracing::warn!(resource = resource.plural, name = object::name(object), %err, "not collected");
            }
        }
    }
}

fn everything(api: &Api) -> Vec<Found> {
    api.registry
        .stored()
        .into_iter()
        .flat_map(|resource| {
            let objects = api.store.all(&resource.collection);
            objects.into_iter().map(move |object| (resource.clone(), object))
        })
        .collect()
}

async fn collect(
    api: &Api,
    resource: &Arc<Resource>,
    object: &Arc<Value>,
    uids: &HashSet<&str>,
    objects: &[Found],
) -> Result<(), ApiError> {
    if resource.collection == "events" {
        return expire(api, resource, object).await;
    }
    let owners = object::items(object, &["metadata", "ownerReferences"]);
    let orphaned = !owners.is_empty() && owners.iter().all(|owner| !uids.contains(object::text(owner, &["uid"])));
    if orphaned && !object::is_deleting(object) {
        return delete(api, resource, object, Propagation::Background).await;
    }
    if !object::is_deleting(object) {
        return Ok(());
    }
    for finalizer in object::items(object, &["metadata", "finalizers"]) {
        let done = match finalizer.as_str() {
            Some("foregroundDeletion") => delete_dependents(api, object, objects).await?,
            Some("orphan") => release_dependents(api, object, objects).await?,
            Some(crd::CLEANUP) => delete_custom_objects(api, object).await?,
            _ => false,
        };
        if let (true, Some(finalizer)) = (done, finalizer.as_str()) {
            remove_finalizer(api, resource, object, finalizer).await?;
        }
    }
    Ok(())
}

async fn delete(api: &Api, resource: &Resource, object: &Value, propagation: Propagation) -> Result<(), ApiError> {
    let options = DeleteOptions {
        propagation: Some(propagation),
        uid: Some(object::uid(object).to_owned()),
        ..DeleteOptions::default()
    };
    let (namespace, name) = (object::namespace(object), object::name(object));
    api.delete(resource, namespace, name, &options, &WriteOptions::system(COMPONENT)).await.map(drop)
}

async fn expire(api: &Api, resource: &Resource, event: &Value) -> Result<(), ApiError> {
    let last = ["lastTimestamp", "eventTime"]
        .iter()
        .find_map(|key| event[*key].as_str())
        .unwrap_or_else(|| object::text(event, &["metadata", "creationTimestamp"]));
    match object::seconds_since(last) {
        Some(age) if age > EVENT_LIFE_SECONDS => delete(api, resource, event, Propagation::Background).await,
        _ => Ok(()),
    }
}

fn dependents<'a>(owner: &'a Value, objects: &'a [Found]) -> impl Iterator<Item = &'a Found> {
    let uid = object::uid(owner);
    objects.iter().filter(move |(_, object)| {
        object::items(object, &["metadata", "ownerReferences"]).iter().any(|one| one["uid"] == uid)
    })
}

/// Foreground deletion: true once no dependent that blocks its owner is left.
async fn delete_dependents(api: &Api, owner: &Value, objects: &[Found]) -> Result<bool, ApiError> {
    let mut blocked = false;
    for (resource, dependent) in dependents(owner, objects) {
        let Some(now) = api.store.get(&resource.collection, object::namespace(dependent), object::name(dependent))
        else {
            continue;
        };
        let uid = object::uid(owner);
        let owners = object::items(&now, &["metadata", "ownerReferences"]);
        blocked |= owners.iter().any(|one| one["uid"] == uid && one["blockOwnerDeletion"] == true);
        if !object::is_deleting(&now) {
            delete(api, resource, &now, Propagation::Foreground).await?;
        }
    }
    // Whoever just went wakes the next pass, which then finds nothing left.
    Ok(!blocked)
}

async fn release_dependents(api: &Api, owner: &Value, objects: &[Found]) -> Result<bool, ApiError> {
    for (resource, dependent) in dependents(owner, objects) {
        let owners: Vec<&Value> = object::items(dependent, &["metadata", "ownerReferences"])
            .iter()
            .filter(|one| one["uid"] != object::uid(owner))
            .collect();
        patch(api, resource, dependent, &json!({"metadata": {"ownerReferences": owners}})).await?;
    }
    Ok(true)
}

async fn delete_custom_objects(api: &Api, definition: &Value) -> Result<bool, ApiError> {
    let collection = object::name(definition);
    let Some(resource) = api.registry.stored().into_iter().find(|resource| resource.collection == collection) else {
        return Ok(true);
    };
    let options = WriteOptions::system(COMPONENT);
    api.delete_collection(&resource, &Scope::default(), &DeleteOptions::default(), &options).await?;
    Ok(api.store.all(collection).is_empty())
}

async fn remove_finalizer(api: &Api, resource: &Resource, object: &Value, finalizer: &str) -> Result<(), ApiError> {
    // Read again: an earlier finalizer of this pass may be gone already.
    let current = api.get(resource, object::namespace(object), object::name(object))?;
    let left: Vec<&Value> =
        object::items(&current, &["metadata", "finalizers"]).iter().filter(|one| *one != finalizer).collect();
    let revision = &current["metadata"]["resourceVersion"];
    let change = json!({"metadata": {"finalizers": left, "resourceVersion": revision}});
    patch(api, resource, object, &change).await
}

async fn patch(api: &Api, resource: &Resource, object: &Value, patch: &Value) -> Result<(), ApiError> {
    let key = (object::namespace(object), object::name(object));
    let options = WriteOptions::system(COMPONENT);
    api.patch(resource, key, Part::Main, PatchKind::Merge, patch, &options).await.map(drop)
}
