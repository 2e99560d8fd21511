//! Patch in its four formats, retried when someone else wrote in between.

use std::sync::PoisonError;

use serde_json::Value;

use super::{Api, Part, WriteOptions, Written, create};
use crate::convert;
use crate::object;
use crate::patch::{self, PatchKind};
use crate::registry::Resource;
use crate::status::ApiError;
use crate::strategy;
use crate::types::{self, Structure};

/// Attempts before a patch gives up on a busy object.
const ATTEMPTS: usize = 8;

/// How the object's lists merge.
fn structure(resource: &Resource) -> Structure<'_> {
    match resource.custom() {
        Some(custom) => Structure::Schema(&custom.schema),
        None => types::of_kind(&resource.group, &resource.kind).map_or(Structure::Unknown, Structure::Type),
    }
}

impl Api {
    /// Patches an object or its status; apply creates it when absent.
    pub(crate) async fn patch(
        &self,
        resource: &Resource,
        (namespace, name): (&str, &str),
        part: Part,
        kind: PatchKind,
        patch: &Value,
        options: &WriteOptions,
    ) -> Result<Written, ApiError> {
        if kind == PatchKind::Strategic && resource.custom().is_some() {
            return Err(ApiError::unsupported_media_type(
                "the body of the request was in an unknown format - accepted media types include: \
                 application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml",
            ));
        }
        if kind == PatchKind::Apply {
            return self.apply(resource, (namespace, name), part, patch, options).await;
        }
        self.retrying(resource, (namespace, name), part, options, |current| {
            patch::patched(kind, current, patch, structure(resource))
        })
        .await
    }

    /// Reads, changes and writes an object until nobody interferes.
    pub(super) async fn retrying(
        &self,
        resource: &Resource,
        (namespace, name): (&str, &str),
        part: Part,
        options: &WriteOptions,
        change: impl Fn(&Value) -> Result<Value, ApiError>,
    ) -> Result<Written, ApiError> {
        let mut attempt = 1;
        loop {
            let current = self.get(resource, namespace, name)?;
            let next = change(&convert::outward(resource, &current))?;
            if object::revision(&next) != object::revision(&current) && object::revision(&next) != 0 {
                return Err(ApiError::modified(resource, name));
            }
            let warnings = strategy::check_fields(resource, &next, options.field_validation)?;
            let next = convert::inward(resource, next);
            match self.replace(resource, part, &current, next, options).await {
                Err(err) if err.reason == "Conflict" && attempt < ATTEMPTS => attempt += 1,
                result => return Ok(Written { object: result?, warnings, created: false }),
            }
        }
    }

    async fn apply(
        &self,
        resource: &Resource,
        (namespace, name): (&str, &str),
        part: Part,
        wanted: &Value,
        options: &WriteOptions,
    ) -> Result<Written, ApiError> {
        if options.field_manager.is_empty() {
            return Err(ApiError::bad_request(
                "PatchOptions.meta.k8s.io \"\" is invalid: fieldManager: Required value: is required for apply patch",
            ));
        }
        let mut wanted = wanted.clone();
        create::identify(resource, namespace, &mut wanted)?;
        object::metadata_mut(&mut wanted).entry("name").or_insert_with(|| name.into());
        let written = match self.get(resource, namespace, name) {
            Err(err) if err.reason == "NotFound" && part == Part::Main => {
                self.create(resource, namespace, wanted.clone(), options).await?
            }
            Err(err) => return Err(err),
            Ok(found) => {
                let last = self.last_applied(object::uid(&found), part, options);
                let merged = |current: &Value| {
                    let next = patch::apply(current, &wanted, last.as_ref(), structure(resource));
                    Ok(next)
                };
                self.retrying(resource, (namespace, name), part, options, merged).await?
            }
        };
        if !options.dry_run {
            self.remember_applied(object::uid(&written.object), part, options, wanted);
        }
        Ok(written)
    }

    fn last_applied(&self, uid: &str, part: Part, options: &WriteOptions) -> Option<Value> {
        let key = (uid.to_owned(), options.field_manager.clone(), part);
        self.applied.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned()
    }

    fn remember_applied(&self, uid: &str, part: Part, options: &WriteOptions, wanted: Value) {
        let key = (uid.to_owned(), options.field_manager.clone(), part);
        self.applied.lock().unwrap_or_else(PoisonError::into_inner).insert(key, wanted);
    }

    /// Forgets what was applied to an object that is gone.
    pub(super) fn forget_applied(&self, uid: &str) {
        self.applied.lock().unwrap_or_else(PoisonError::into_inner).retain(|(of, ..), _| of != uid);
    }
}
