//! What only pods have: binding to a node and eviction.

use serde_json::{Value, json};

use super::{Api, DeleteOptions, Part, WriteOptions};
use crate::object;
use crate::status::ApiError;

impl Api {
    /// Binds a pod to the node that a `Binding` names.
    pub(crate) async fn bind(
        &self,
        namespace: &str,
        name: &str,
        binding: &Value,
        options: &WriteOptions,
    ) -> Result<(), ApiError> {
        let node = object::text(binding, &["target", "name"]);
        if node.is_empty() {
            return Err(ApiError::bad_request("target.name: Required value"));
        }
        let pods = self.registry.known("", "pods");
        let uid = object::uid(binding);
        let bound = |current: &Value| {
            let assigned = object::text(current, &["spec", "nodeName"]);
            if !assigned.is_empty() {
                return Err(ApiError::conflict(
                    &pods,
                    name,
                    &format!("pod {name} is already assigned to node {assigned:?}"),
                ));
            }
            if object::is_deleting(current) {
                return Err(ApiError::conflict(
                    &pods,
                    name,
                    &format!("pod {name} is being deleted, cannot be assigned to a host"),
                ));
            }
            if !uid.is_empty() && uid != object::uid(current) {
                return Err(ApiError::conflict(&pods, name, "the UID in the binding is of another pod"));
            }
            let mut next = current.clone();
            object::child_mut(&mut next, "spec").insert("nodeName".to_owned(), json!(node));
            object::set_condition(&mut next, "PodScheduled", "True", "", "");
            Ok(next)
        };
        // The one write that changes spec and status together, so it goes past the parts' separation.
        let current = self.get(&pods, namespace, name)?;
        let next = bound(&current)?;
        if options.dry_run {
            return Ok(());
        }
        self.store
            .replace(&pods.collection, object::revision(&current), next)
            .map(drop)
            .map_err(|err| super::refusal(&pods, name, &err))
    }

    /// Evicts a pod: a delete, as there are no disruption budgets.
    pub(crate) async fn evict(
        &self,
        namespace: &str,
        name: &str,
        eviction: &Value,
        options: &WriteOptions,
    ) -> Result<(), ApiError> {
        let pods = self.registry.known("", "pods");
        let delete = DeleteOptions::from_object(&eviction["deleteOptions"])?;
        self.delete(&pods, namespace, name, &delete, options).await.map(drop)
    }

    /// Changes an object's status if `change` says so, whoever else writes meanwhile.
    pub(crate) async fn change_status(
        &self,
        collection_of: &Value,
        options: &WriteOptions,
        change: impl Fn(&mut Value) -> bool,
    ) -> Result<(), ApiError> {
        let (api_version, kind) =
            (object::text(collection_of, &["apiVersion"]), object::text(collection_of, &["kind"]));
        let Some(resource) = self.registry.by_kind(api_version, kind) else { return Ok(()) };
        let key = (object::namespace(collection_of), object::name(collection_of));
        let uid = object::uid(collection_of);
        let changed = |current: &Value| {
            let mut next = current.clone();
            if object::uid(current) == uid {
                change(&mut next);
            }
            Ok(next)
        };
        match self.retrying(&resource, key, Part::Status, options, changed).await {
            Err(err) if err.reason == "NotFound" => Ok(()),
            other => other.map(drop),
        }
    }
}
