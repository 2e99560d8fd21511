//! What each built-in kind does on its own: defaults, validation, what a create or update may not set.

mod fields;
mod names;
mod node;
mod pod;
mod service;
mod workload;

use serde_json::{Value, json};

use crate::crd;
use crate::object;
use crate::operations::{Api, FieldValidation, Part};
use crate::registry::Resource;
use crate::status::{ApiError, Cause};

/// Pods without a grace period of their own get this one.
const DEFAULT_GRACE: i64 = 30;

/// Looks for fields nobody knows; refuses them or returns warnings, as asked.
pub(crate) fn check_fields(
    resource: &Resource,
    value: &Value,
    validation: FieldValidation,
) -> Result<Vec<String>, ApiError> {
    fields::check(resource, value, validation)
}

/// What a create may not bring along, and what admission adds before webhooks see the object.
pub(crate) fn prepare_create(api: &Api, resource: &Resource, value: &mut Value) -> Result<(), ApiError> {
    match resource.collection.as_str() {
        "pods" => pod::prepare_create(api, resource, value)?,
        "namespaces" => {
            value["status"] = json!({"phase": "Active"});
            object::child_mut(value, "spec").insert("finalizers".to_owned(), json!(["kubernetes"]));
        }
        "services" => service::prepare_create(api, value),
        crd::COLLECTION => crd::prepare_create(value),
        // A kubelet registers its node together with the first status.
        "nodes" => node::derive_allocatable(value, None),
        _ if resource.has_status() => {
            // Go clients always show the status of built-in kinds, so their readers expect one.
            match (resource.custom(), value.as_object_mut()) {
                (None, _) => value["status"] = json!({}),
                (Some(_), fields) => drop(fields.map(|fields| fields.shift_remove("status"))),
            }
        }
        _ => {}
    }
    if let Some(custom) = resource.custom() {
        crd::prune(&custom.schema, value);
    }
    Ok(())
}

/// Fills in what was left out.
pub(crate) fn default(resource: &Resource, value: &mut Value) {
    match resource.collection.as_str() {
        "pods" => pod::default(value),
        "deployments.apps" | "replicasets.apps" | "daemonsets.apps" => workload::default(&resource.kind, value),
        "services" => service::default(value),
        "namespaces" => {
            let name = object::name(value).to_owned();
            let metadata = object::metadata_mut(value);
            let labels = metadata.entry("labels").or_insert_with(|| json!({}));
            labels["kubernetes.io/metadata.name"] = json!(name);
        }
        "secrets" => default_secret(value),
        _ => {}
    }
    if let Some(custom) = resource.custom() {
        crd::default(&custom.schema, value);
    }
}

/// Everything wrong with an object, or with the step from `old` to it.
pub(crate) fn validate(resource: &Resource, value: &Value, old: Option<&Value>) -> Vec<Cause> {
    let mut causes = names::validate_metadata(resource, value);
    match resource.collection.as_str() {
        "pods" => pod::validate(value, old, &mut causes),
        "deployments.apps" | "replicasets.apps" | "daemonsets.apps" => workload::validate(value, old, &mut causes),
        "services" => service::validate(value, &mut causes),
        "nodes" => node::validate(value, &mut causes),
        crd::COLLECTION => crd::validate_definition(value, &mut causes),
        _ => {}
    }
    if let Some(custom) = resource.custom() {
        causes.extend(crd::validate(&custom.schema, value));
    }
    causes
}

/// Restores what this kind of update may not change.
pub(crate) fn prepare_update(resource: &Resource, part: Part, next: &mut Value, current: &Value) {
    if let Some(custom) = resource.custom() {
        crd::prune(&custom.schema, next);
    }
    if !resource.has_status() {
        return;
    }
    match part {
        Part::Main => restore(next, current, "status"),
        Part::Status => {
            let status = next.get("status").cloned();
            let metadata = next["metadata"].clone();
            *next = current.clone();
            if let (Some(status), Some(fields)) = (status, next.as_object_mut()) {
                fields.insert("status".to_owned(), status);
            }
            // Status writers of built-in kinds may label and annotate, too.
            if resource.custom().is_none() {
                for key in ["labels", "annotations"] {
                    restore(&mut next["metadata"], &metadata, key);
                }
            }
        }
    }
    if resource.collection == "nodes" && part == Part::Status {
        node::derive_allocatable(next, Some(current));
    }
    if resource.collection == crd::COLLECTION && part == Part::Main {
        crd::refresh_status(next);
    }
}

/// Makes `key` in `target` what it is in `source`, absent included.
fn restore(target: &mut Value, source: &Value, key: &str) {
    if let Some(fields) = target.as_object_mut() {
        match source.get(key) {
            Some(value) => {
                fields.insert(key.to_owned(), value.clone());
            }
            None => {
                fields.shift_remove(key);
            }
        }
    }
}

/// Kinds that count changes of what is wanted.
pub(crate) fn has_generation(resource: &Resource) -> bool {
    resource.custom().is_some()
        || matches!(resource.group.as_str(), "apps" | "apiextensions.k8s.io" | "admissionregistration.k8s.io")
        || resource.collection == "pods"
}

/// True if a deleted object waits for nothing any more.
pub(crate) fn may_go(value: &Value) -> bool {
    let grace = value["metadata"]["deletionGracePeriodSeconds"].as_i64().unwrap_or(0);
    let held = value["kind"] == "Namespace" && !object::items(value, &["spec", "finalizers"]).is_empty();
    grace == 0 && !object::has_finalizers(value) && !held
}

/// The seconds an object is given to end.
pub(crate) fn grace_period(resource: &Resource, value: &Value, asked: Option<i64>) -> i64 {
    if resource.collection != "pods" {
        return 0;
    }
    // Nobody runs the pod, so nobody has to end it.
    let unscheduled = object::text(value, &["spec", "nodeName"]).is_empty();
    if unscheduled || pod::is_finished(value) {
        return 0;
    }
    let own = value["spec"]["terminationGracePeriodSeconds"].as_i64().unwrap_or(DEFAULT_GRACE);
    asked.unwrap_or(own).max(0)
}

fn default_secret(value: &mut Value) {
    use base64::Engine;
    let Some(fields) = value.as_object_mut() else { return };
    fields.entry("type").or_insert_with(|| json!("Opaque"));
    if let Some(Value::Object(texts)) = fields.shift_remove("stringData") {
        let data = fields.entry("data").or_insert_with(|| json!({}));
        for (key, text) in texts {
            let text = text.as_str().unwrap_or_default();
            data[key] = json!(base64::engine::general_purpose::STANDARD.encode(text));
        }
    }
}
