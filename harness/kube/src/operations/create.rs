//! Create: names, defaults, admission, validation, then the store.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{Api, WriteOptions, Written, refusal};
use crate::admission::{self, Operation};
use crate::convert;
use crate::crd;
use crate::object;
use crate::registry::Resource;
use crate::status::{ApiError, Cause};
use crate::strategy;

impl Api {
    /// Creates an object.
    pub(crate) async fn create(
        &self,
        resource: &Resource,
        namespace: &str,
        mut value: Value,
        options: &WriteOptions,
    ) -> Result<Written, ApiError> {
        identify(resource, namespace, &mut value)?;
        let warnings = strategy::check_fields(resource, &value, options.field_validation)?;
        let mut value = convert::inward(resource, value);
        self.namespace_takes_objects(resource, namespace, &value)?;
        name_it(resource, &mut value)?;
        if self.store.get(&resource.collection, namespace, object::name(&value)).is_some() {
            return Err(ApiError::already_exists(resource, object::name(&value)));
        }
        stamp(resource, &mut value);
        strategy::prepare_create(self, resource, &mut value)?;
        strategy::default(resource, &mut value);
        let request = admission::Request {
            resource,
            operation: Operation::Create,
            subresource: "",
            namespace,
            name: object::name(&value).to_owned(),
            old: None,
            options,
        };
        let mut value = self.webhooks.mutate(self, &request, value).await?;
        strategy::default(resource, &mut value);
        let causes = strategy::validate(resource, &value, None);
        if !causes.is_empty() {
            return Err(ApiError::invalid(resource, object::name(&value), &causes));
        }
        self.webhooks.validate(self, &request, Some(&value)).await?;
        if options.dry_run {
            return Ok(Written { object: Arc::new(value), warnings, created: true });
        }
        let name = object::name(&value).to_owned();
        let object = self.store.create(&resource.collection, value).map_err(|err| refusal(resource, &name, &err))?;
        self.after_write(resource, &object);
        Ok(Written { object, warnings, created: true })
    }

    /// Side effects of a stored object that others must see at once.
    pub(super) fn after_write(&self, resource: &Resource, object: &Value) {
        match resource.collection.as_str() {
            crd::COLLECTION => crd::serve(&self.registry, object),
            "namespaces" if !object::is_deleting(object) => self.add_default_service_account(object::name(object)),
            _ => {}
        }
    }

    fn namespace_takes_objects(&self, resource: &Resource, namespace: &str, value: &Value) -> Result<(), ApiError> {
        if !resource.namespaced {
            return Ok(());
        }
        let namespaces = self.registry.known("", "namespaces");
        let found = self.get(&namespaces, "", namespace)?;
        if !object::is_deleting(&found) {
            return Ok(());
        }
        let why = format!("unable to create new content in namespace {namespace} because it is being terminated");
        Err(ApiError::forbidden(resource, object::name(value), &why))
    }

    fn add_default_service_account(&self, namespace: &str) {
        let mut account = json!({
            "apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default", "namespace": namespace},
        });
        stamp(&self.registry.known("", "serviceaccounts"), &mut account);
        // Already there is as good.
        let _ = self.store.create("serviceaccounts", account);
    }
}

/// Checks or fills in what the path says already: kind, API version and namespace.
pub(super) fn identify(resource: &Resource, namespace: &str, value: &mut Value) -> Result<(), ApiError> {
    if !value.is_object() {
        return Err(ApiError::bad_request("the body is no object"));
    }
    if !value["metadata"].is_null() && !value["metadata"].is_object() {
        return Err(ApiError::bad_request("metadata is no object"));
    }
    let api_version = resource.api_version();
    for (key, expected) in [("apiVersion", &api_version), ("kind", &resource.kind)] {
        match value[key].as_str() {
            None | Some("") => value[key] = json!(expected),
            Some(found) if found == expected => {}
            Some(found) => {
                let message = format!(
                    "{key} in the data ({found}) does not match the expected {key} ({expected} of {})",
                    resource.qualified()
                );
                return Err(ApiError::bad_request(message));
            }
        }
    }
    let metadata = object::metadata_mut(value);
    if !resource.namespaced {
        metadata.shift_remove("namespace");
        return Ok(());
    }
    match metadata.get("namespace").and_then(Value::as_str) {
        None | Some("") => {
            metadata.insert("namespace".to_owned(), json!(namespace));
            Ok(())
        }
        Some(found) if found == namespace => Ok(()),
        Some(found) => Err(ApiError::bad_request(format!(
            "the namespace of the provided object does not match the namespace sent on the request ({found}, {namespace})"
        ))),
    }
}

fn name_it(resource: &Resource, value: &mut Value) -> Result<(), ApiError> {
    if !object::name(value).is_empty() {
        return Ok(());
    }
    let base = object::text(value, &["metadata", "generateName"]).to_owned();
    if base.is_empty() {
        let cause = Cause::required("metadata.name", "name or generateName is required");
        return Err(ApiError::invalid(resource, "", &[cause]));
    }
    // 63 less the suffix, as Kubernetes cuts it.
    let base: String = base.chars().take(58).collect();
    let name = format!("{base}{}", object::random_suffix());
    object::metadata_mut(value).insert("name".to_owned(), json!(name));
    Ok(())
}

/// Gives a new object its identity.
fn stamp(resource: &Resource, value: &mut Value) {
    let metadata = object::metadata_mut(value);
    for key in ["resourceVersion", "managedFields", "selfLink", "deletionTimestamp", "deletionGracePeriodSeconds"] {
        metadata.shift_remove(key);
    }
    metadata.insert("uid".to_owned(), json!(object::new_uid()));
    metadata.insert("creationTimestamp".to_owned(), json!(object::now()));
    metadata.shift_remove("generation");
    if strategy::has_generation(resource) {
        metadata.insert("generation".to_owned(), json!(1));
    }
}
