//! Update of an object or of its status: optimistic locking, what may not change, admission, then the store.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{Api, WriteOptions, Written, create, refusal};
use crate::admission::{self, Operation};
use crate::convert;
use crate::object;
use crate::registry::Resource;
use crate::status::{ApiError, Cause};
use crate::strategy;

/// Which part of an object a write may change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Part {
    Main,
    Status,
}

impl Part {
    fn subresource(self) -> &'static str {
        match self {
            Part::Main => "",
            Part::Status => "status",
        }
    }
}

impl Api {
    /// Replaces an object or its status.
    pub(crate) async fn update(
        &self,
        resource: &Resource,
        namespace: &str,
        name: &str,
        part: Part,
        mut value: Value,
        options: &WriteOptions,
    ) -> Result<Written, ApiError> {
        create::identify(resource, namespace, &mut value)?;
        let found = object::name(&value);
        if found.is_empty() {
            object::metadata_mut(&mut value).insert("name".to_owned(), json!(name));
        } else if found != name {
            return Err(ApiError::bad_request(format!(
                "the name of the object ({found}) does not match the name on the URL ({name})"
            )));
        }
        let warnings = strategy::check_fields(resource, &value, options.field_validation)?;
        let current = self.get(resource, namespace, name)?;
        let asked = object::revision(&value);
        if asked == 0 && resource.custom().is_some() {
            let why = "must be specified for an update";
            let cause = Cause::invalid("metadata.resourceVersion", &json!(0), why);
            return Err(ApiError::invalid(resource, name, &[cause]));
        }
        if asked != 0 && asked != object::revision(&current) {
            return Err(ApiError::modified(resource, name));
        }
        let value = convert::inward(resource, value);
        let object = self.replace(resource, part, &current, value, options).await?;
        Ok(Written { object, warnings, created: false })
    }

    /// Writes the next state of an object that was read as `current`; conflicts if it changed meanwhile.
    pub(super) async fn replace(
        &self,
        resource: &Resource,
        part: Part,
        current: &Arc<Value>,
        mut next: Value,
        options: &WriteOptions,
    ) -> Result<Arc<Value>, ApiError> {
        let name = object::name(current).to_owned();
        check_identity(resource, &name, current, &next)?;
        keep_metadata(&mut next, current);
        strategy::prepare_update(resource, part, &mut next, current);
        strategy::default(resource, &mut next);
        let request = admission::Request {
            resource,
            operation: Operation::Update,
            subresource: part.subresource(),
            namespace: object::namespace(current),
            name: name.clone(),
            old: Some(current),
            options,
        };
        let mut next = self.webhooks.mutate(self, &request, next).await?;
        set_generation(resource, part, &mut next, current);
        let causes = strategy::validate(resource, &next, Some(current));
        if !causes.is_empty() {
            return Err(ApiError::invalid(resource, &name, &causes));
        }
        self.webhooks.validate(self, &request, Some(&next)).await?;
        if options.dry_run {
            return Ok(Arc::new(next));
        }
        self.commit(resource, current, next)
    }

    /// Stores the next state, or removes the object when it was waiting only for this change.
    fn commit(&self, resource: &Resource, current: &Value, next: Value) -> Result<Arc<Value>, ApiError> {
        let (name, expected) = (object::name(current).to_owned(), object::revision(current));
        let done = object::is_deleting(&next) && strategy::may_go(&next);
        let result = if done {
            self.store.remove(&resource.collection, expected, next)
        } else {
            self.store.replace(&resource.collection, expected, next)
        };
        let object = result.map_err(|err| refusal(resource, &name, &err))?;
        if done {
            self.after_removal(resource, &object);
        } else {
            self.after_write(resource, &object);
        }
        Ok(object)
    }
}

fn check_identity(resource: &Resource, name: &str, current: &Value, next: &Value) -> Result<(), ApiError> {
    let uid = object::uid(next);
    if !uid.is_empty() && uid != object::uid(current) {
        let why =
            format!("Precondition failed: UID in precondition: {uid}, UID in object meta: {}", object::uid(current));
        return Err(ApiError::conflict(resource, name, &why));
    }
    if object::name(next) != name || object::namespace(next) != object::namespace(current) {
        let cause = Cause::invalid("metadata.name", &next["metadata"]["name"], "field is immutable");
        return Err(ApiError::invalid(resource, name, &[cause]));
    }
    let added = object::items(next, &["metadata", "finalizers"])
        .iter()
        .any(|finalizer| !object::items(current, &["metadata", "finalizers"]).contains(finalizer));
    if object::is_deleting(current) && added {
        let cause =
            Cause::forbidden("metadata.finalizers", "no new finalizers can be added if the object is being deleted");
        return Err(ApiError::invalid(resource, name, &[cause]));
    }
    Ok(())
}

/// Takes over what the server alone decides.
fn keep_metadata(next: &mut Value, current: &Value) {
    let metadata = object::metadata_mut(next);
    metadata.shift_remove("managedFields");
    for key in ["uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation"] {
        match &current["metadata"][key] {
            Value::Null => {
                metadata.shift_remove(key);
            }
            kept => {
                metadata.insert(key.to_owned(), kept.clone());
            }
        }
    }
}

fn set_generation(resource: &Resource, part: Part, next: &mut Value, current: &Value) {
    if part == Part::Status || !strategy::has_generation(resource) {
        return;
    }
    let meaning = |value: &Value| {
        let mut value = value.clone();
        if let Some(fields) = value.as_object_mut() {
            fields.retain(|key, _| key != "metadata" && key != "status");
        }
        value
    };
    if meaning(next) != meaning(current) {
        let generation = current["metadata"]["generation"].as_i64().unwrap_or(0) + 1;
        object::metadata_mut(next).insert("generation".to_owned(), json!(generation));
    }
}
