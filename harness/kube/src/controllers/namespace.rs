//! Namespaces that are going: their contents first, then themselves.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::changes::Changes;
use crate::object;
use crate::operations::{Api, DeleteOptions, Part, Scope, WriteOptions};
use crate::patch::PatchKind;
use crate::status::ApiError;

const COMPONENT: &str = "namespace-controller";
const TICK: Duration = Duration::from_secs(15);

/// Runs the controller.
pub(super) async fn run(api: Arc<Api>, stop: CancellationToken) {
    let mut changes = Changes::deletions(&api.store, stop);
    while changes.next(TICK).await {
        for namespace in api.store.all("namespaces") {
            if !object::is_deleting(&namespace) {
                continue;
            }
            if let Err(err) = empty(&api, &namespace).await {
                tracing::warn!(namespace = object::name(&namespace), %err, "namespace not emptied");
            }
        }
    }
}

async fn empty(api: &Api, namespace: &Value) -> Result<(), ApiError> {
    let name = object::name(namespace);
    let options = WriteOptions::system(COMPONENT);
    let scope = Scope { namespace: Some(name.to_owned()), ..Scope::default() };
    let mut left = false;
    for resource in api.registry.stored().iter().filter(|resource| resource.namespaced) {
        let (objects, _) = api.list(resource, &scope);
        for one in objects.iter().filter(|one| !object::is_deleting(one)) {
            let name = object::name(one);
            match api.delete(resource, object::namespace(one), name, &DeleteOptions::default(), &options).await {
                Err(err) if err.reason == "NotFound" => {}
                other => drop(other?),
            }
        }
        left |= !api.list(resource, &scope).0.is_empty();
    }
    if left {
        return Ok(());
    }
    let namespaces = api.registry.known("", "namespaces");
    let done = json!({"spec": {"finalizers": []}});
    match api.patch(&namespaces, ("", name), Part::Main, PatchKind::Merge, &done, &options).await {
        Err(err) if err.reason == "NotFound" => Ok(()),
        other => other.map(drop),
    }
}
