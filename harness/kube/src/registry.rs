//! Which resources there are: the built-in table and those that CustomResourceDefinitions add while running.

mod builtin;

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use crate::crd::CustomVersion;

/// A part of an object with its own path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Subresource {
    Status,
    Scale(ScalePaths),
    Binding,
    Eviction,
}

/// Where a resource keeps what `Scale` shows, as segments below the object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ScalePaths {
    pub spec_replicas: Vec<String>,
    pub status_replicas: Vec<String>,
    pub selector: Vec<String>,
}

/// Who defined a resource.
#[derive(Clone, Debug)]
pub(crate) enum Origin {
    BuiltIn,
    /// Answered, never stored (access reviews).
    Review,
    Custom(Arc<CustomVersion>),
}

/// One resource in one version.
#[derive(Clone, Debug)]
pub(crate) struct Resource {
    pub group: String,
    pub version: String,
    pub plural: String,
    pub singular: String,
    pub kind: String,
    pub list_kind: String,
    pub namespaced: bool,
    pub short_names: Vec<String>,
    pub categories: Vec<String>,
    pub subresources: Vec<Subresource>,
    /// Where objects are kept; versions of a resource, and both Events APIs, share one.
    pub collection: String,
    pub origin: Origin,
}

impl Resource {
    /// `v1` or `apps/v1`.
    pub(crate) fn api_version(&self) -> String {
        if self.group.is_empty() { self.version.clone() } else { format!("{}/{}", self.group, self.version) }
    }

    /// `pods` or `deployments.apps`, as errors say it.
    pub(crate) fn qualified(&self) -> String {
        if self.group.is_empty() { self.plural.clone() } else { format!("{}.{}", self.plural, self.group) }
    }

    /// True if `status` is written by its own path only.
    pub(crate) fn has_status(&self) -> bool {
        self.subresources.contains(&Subresource::Status)
    }

    /// Where `Scale` reads and writes.
    pub(crate) fn scale(&self) -> Option<&ScalePaths> {
        self.subresources.iter().find_map(|sub| match sub {
            Subresource::Scale(paths) => Some(paths),
            _ => None,
        })
    }

    /// The definition's version, for custom resources.
    pub(crate) fn custom(&self) -> Option<&CustomVersion> {
        match &self.origin {
            Origin::Custom(version) => Some(version),
            _ => None,
        }
    }
}

/// All resources by group, version and plural.
#[derive(Debug)]
pub(crate) struct Registry {
    resources: RwLock<BTreeMap<(String, String, String), Arc<Resource>>>,
}

impl Registry {
    /// The built-in resources.
    pub(crate) fn new() -> Self {
        let resources = builtin::resources().into_iter().map(|r| (key(&r), Arc::new(r))).collect();
        Self { resources: RwLock::new(resources) }
    }

    /// One resource by path.
    pub(crate) fn find(&self, group: &str, version: &str, plural: &str) -> Option<Arc<Resource>> {
        let key = (group.to_owned(), version.to_owned(), plural.to_owned());
        self.resources.read().unwrap_or_else(PoisonError::into_inner).get(&key).cloned()
    }

    /// A built-in resource that is always there.
    pub(crate) fn known(&self, group: &str, plural: &str) -> Arc<Resource> {
        self.find(group, "v1", plural).expect("a resource of the built-in table")
    }

    /// The first resource with this API version and kind.
    pub(crate) fn by_kind(&self, api_version: &str, kind: &str) -> Option<Arc<Resource>> {
        self.all().into_iter().find(|resource| resource.kind == kind && resource.api_version() == api_version)
    }

    /// Every resource, ordered by group, version and plural.
    pub(crate) fn all(&self) -> Vec<Arc<Resource>> {
        self.resources.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    /// One resource for each stored collection, for whoever walks all objects.
    pub(crate) fn stored(&self) -> Vec<Arc<Resource>> {
        let mut by_collection = BTreeMap::new();
        for resource in self.all() {
            if !matches!(resource.origin, Origin::Review) {
                by_collection.entry(resource.collection.clone()).or_insert(resource);
            }
        }
        by_collection.into_values().collect()
    }

    /// Replaces what a CustomResourceDefinition serves.
    pub(crate) fn set_custom(&self, collection: &str, served: Vec<Resource>) {
        let mut resources = self.resources.write().unwrap_or_else(PoisonError::into_inner);
        resources.retain(|_, resource| resource.collection != collection || resource.custom().is_none());
        for resource in served {
            resources.insert(key(&resource), Arc::new(resource));
        }
    }
}

fn key(resource: &Resource) -> (String, String, String) {
    (resource.group.clone(), resource.version.clone(), resource.plural.clone())
}
