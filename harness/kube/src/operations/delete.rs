//! Delete: finalizers, graceful deletion of pods, propagation to dependents.
//!
//! Semantics: <https://kubernetes.io/docs/concepts/architecture/garbage-collection/> and the pod life cycle's
//! termination chapter. The node runtime ends a pod by deleting it again with a grace period of 0.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{Api, Scope, WriteOptions, refusal};
use crate::admission::{self, Operation};
use crate::crd;
use crate::object;
use crate::registry::Resource;
use crate::status::ApiError;
use crate::store::StoreError;
use crate::strategy;

/// Namespaces that are always there.
const IMMORTAL: [&str; 3] = ["default", "kube-system", "kube-public"];

/// What happens to an object's dependents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Propagation {
    Background,
    Foreground,
    Orphan,
}

/// `DeleteOptions`, as far as served.
#[derive(Clone, Debug, Default)]
pub(crate) struct DeleteOptions {
    pub grace_period: Option<i64>,
    pub propagation: Option<Propagation>,
    pub uid: Option<String>,
    pub revision: Option<u64>,
}

impl DeleteOptions {
    /// Reads a `DeleteOptions` object.
    pub(crate) fn from_object(options: &Value) -> Result<Self, ApiError> {
        let propagation = match options["propagationPolicy"].as_str() {
            None => None,
            Some("Background") => Some(Propagation::Background),
            Some("Foreground") => Some(Propagation::Foreground),
            Some("Orphan") => Some(Propagation::Orphan),
            Some(other) => {
                return Err(ApiError::bad_request(format!("invalid propagationPolicy {other:?}")));
            }
        };
        let preconditions = &options["preconditions"];
        Ok(Self {
            grace_period: options["gracePeriodSeconds"].as_i64(),
            propagation,
            uid: preconditions["uid"].as_str().map(str::to_owned),
            revision: preconditions["resourceVersion"].as_str().and_then(|text| text.parse().ok()),
        })
    }
}

/// The result of a delete.
#[derive(Debug)]
pub(crate) struct Deleted {
    pub object: Arc<Value>,
    /// False while finalizers or a grace period keep the object.
    pub gone: bool,
}

impl Api {
    /// Deletes one object or marks it for deletion.
    pub(crate) async fn delete(
        &self,
        resource: &Resource,
        namespace: &str,
        name: &str,
        delete: &DeleteOptions,
        options: &WriteOptions,
    ) -> Result<Deleted, ApiError> {
        let current = self.get(resource, namespace, name)?;
        if resource.collection == "namespaces" && IMMORTAL.contains(&name) {
            return Err(ApiError::forbidden(resource, name, "this namespace may not be deleted"));
        }
        let request = admission::Request {
            resource,
            operation: Operation::Delete,
            subresource: "",
            namespace,
            name: name.to_owned(),
            old: Some(&current),
            options,
        };
        self.webhooks.validate(self, &request, None).await?;
        loop {
            let current = self.get(resource, namespace, name)?;
            check_preconditions(resource, name, &current, delete)?;
            let next = marked(resource, &current, delete);
            let gone = strategy::may_go(&next);
            if options.dry_run {
                return Ok(Deleted { object: Arc::new(next), gone });
            }
            let expected = object::revision(&current);
            let result = if gone {
                self.store.remove(&resource.collection, expected, next)
            } else {
                self.store.replace(&resource.collection, expected, next)
            };
            match result {
                Err(StoreError::Conflict { .. }) => continue,
                Err(err) => return Err(refusal(resource, name, &err)),
                Ok(object) => {
                    if gone {
                        self.after_removal(resource, &object);
                    }
                    return Ok(Deleted { object, gone });
                }
            }
        }
    }

    /// Deletes every object of a scope and returns those it found.
    pub(crate) async fn delete_collection(
        &self,
        resource: &Resource,
        scope: &Scope,
        delete: &DeleteOptions,
        options: &WriteOptions,
    ) -> Result<Vec<Arc<Value>>, ApiError> {
        let (objects, _) = self.list(resource, scope);
        for object in &objects {
            let (namespace, name) = (object::namespace(object), object::name(object));
            match self.delete(resource, namespace, name, delete, options).await {
                Err(err) if err.reason == "NotFound" => {}
                other => drop(other?),
            }
        }
        Ok(objects)
    }

    /// Side effects of an object's end.
    pub(super) fn after_removal(&self, resource: &Resource, object: &Value) {
        self.forget_applied(object::uid(object));
        if resource.collection == crd::COLLECTION {
            crd::stop_serving(&self.registry, object);
        }
    }
}

fn check_preconditions(
    resource: &Resource,
    name: &str,
    current: &Value,
    delete: &DeleteOptions,
) -> Result<(), ApiError> {
    if let Some(uid) = &delete.uid
        && uid != object::uid(current)
    {
        let found = object::uid(current);
        let why = format!(
            "the UID in the precondition ({uid}) does not match the UID in record ({found}). The object might have \
             been deleted and then recreated"
        );
        return Err(ApiError::conflict(resource, name, &why));
    }
    match delete.revision {
        Some(revision) if revision != object::revision(current) => {
            let found = object::revision(current);
            let why = format!(
                "the ResourceVersion in the precondition ({revision}) does not match the ResourceVersion in record \
                 ({found}). The object might have been modified"
            );
            Err(ApiError::conflict(resource, name, &why))
        }
        _ => Ok(()),
    }
}

/// The object as it looks when its deletion was asked for.
fn marked(resource: &Resource, current: &Value, delete: &DeleteOptions) -> Value {
    let mut next = current.clone();
    let grace = strategy::grace_period(resource, current, delete.grace_period);
    let already = object::is_deleting(current);
    let before = current["metadata"]["deletionGracePeriodSeconds"].as_i64().unwrap_or(0);
    // A second delete may shorten the time left, never lengthen it.
    if !already || grace < before {
        let metadata = object::metadata_mut(&mut next);
        metadata.insert("deletionTimestamp".to_owned(), json!(object::now_plus(grace)));
        metadata.insert("deletionGracePeriodSeconds".to_owned(), json!(grace));
    }
    let finalizer = match delete.propagation {
        Some(Propagation::Foreground) => "foregroundDeletion",
        Some(Propagation::Orphan) => "orphan",
        _ => "",
    };
    if !already && !finalizer.is_empty() {
        add_finalizer(&mut next, finalizer);
    }
    if resource.collection == "namespaces" {
        object::child_mut(&mut next, "status").insert("phase".to_owned(), json!("Terminating"));
    }
    next
}

fn add_finalizer(value: &mut Value, finalizer: &str) {
    let finalizers = object::metadata_mut(value).entry("finalizers").or_insert_with(|| json!([]));
    if let Some(list) = finalizers.as_array_mut()
        && !list.iter().any(|one| one == finalizer)
    {
        list.push(json!(finalizer));
    }
}
