//! What can be done with objects: the same code for HTTP requests, controllers and the scheduler.

mod create;
mod delete;
mod patch;
mod pod;
mod scale;
mod update;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use serde_json::Value;

use crate::admission::Webhooks;
use crate::object;
use crate::registry::{Registry, Resource};
use crate::selector::{FieldSelector, LabelSelector};
use crate::status::ApiError;
use crate::store::{Store, StoreError};

pub(crate) use delete::{DeleteOptions, Propagation};
pub(crate) use scale::scale_of;
pub(crate) use update::Part;

/// What to do about fields nobody knows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum FieldValidation {
    Ignore,
    #[default]
    Warn,
    Strict,
}

/// Parameters shared by all writes.
#[derive(Clone, Debug)]
pub(crate) struct WriteOptions {
    pub dry_run: bool,
    pub field_validation: FieldValidation,
    pub user: String,
    pub field_manager: String,
}

impl WriteOptions {
    /// For writes by the server's own controllers.
    pub(crate) fn system(controller: &str) -> Self {
        Self {
            dry_run: false,
            field_validation: FieldValidation::Ignore,
            user: format!("system:serviceaccount:kube-system:{controller}"),
            field_manager: "kube-controller-manager".to_owned(),
        }
    }
}

/// The result of a write.
#[derive(Debug)]
pub(crate) struct Written {
    pub object: Arc<Value>,
    pub warnings: Vec<String>,
    pub created: bool,
}

/// Which objects a list, watch or collection delete means.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scope {
    pub namespace: Option<String>,
    pub name: Option<String>,
    pub labels: LabelSelector,
    pub fields: FieldSelector,
}

impl Scope {
    /// True if the object is meant.
    pub(crate) fn contains(&self, candidate: &Value) -> bool {
        self.namespace.as_deref().is_none_or(|namespace| namespace == object::namespace(candidate))
            && self.name.as_deref().is_none_or(|name| name == object::name(candidate))
            && self.labels.matches(object::labels(candidate))
            && self.fields.matches(candidate)
    }
}

/// The API without its HTTP form.
#[derive(Debug)]
pub(crate) struct Api {
    pub store: Store,
    pub registry: Registry,
    webhooks: Webhooks,
    /// What each field manager applied last, by object UID, manager and part.
    applied: Mutex<HashMap<(String, String, Part), Value>>,
}

impl Api {
    /// An API over an empty store.
    pub(crate) fn new(webhooks: Webhooks) -> Self {
        Self { store: Store::default(), registry: Registry::new(), webhooks, applied: Mutex::default() }
    }

    /// One object, or 404.
    pub(crate) fn get(&self, resource: &Resource, namespace: &str, name: &str) -> Result<Arc<Value>, ApiError> {
        self.store.get(&resource.collection, namespace, name).ok_or_else(|| ApiError::not_found(resource, name))
    }

    /// The objects of a scope in key order, and the revision they are from.
    pub(crate) fn list(&self, resource: &Resource, scope: &Scope) -> (Vec<Arc<Value>>, u64) {
        let (mut objects, revision) = self.store.list(&resource.collection, scope.namespace.as_deref());
        objects.retain(|object| scope.contains(object));
        (objects, revision)
    }
}

/// A store's refusal as the API says it.
fn refusal(resource: &Resource, name: &str, err: &StoreError) -> ApiError {
    match err {
        StoreError::Exists => ApiError::already_exists(resource, name),
        StoreError::NotFound => ApiError::not_found(resource, name),
        StoreError::Conflict { .. } => ApiError::modified(resource, name),
        StoreError::Expired { .. } => ApiError::expired(err.to_string()),
    }
}
