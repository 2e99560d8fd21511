//! The store: every object of the cluster under one growing revision, and the recent changes watches replay.
//!
//! Semantics follow etcd as the Kubernetes API shows it: one revision counter for everything, compare-and-set on an
//! object's revision, watches from any revision still in the history (<https://kubernetes.io/docs/reference/using-api/api-concepts/>).

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};
use tokio::sync::watch;

use crate::object;

/// Changes kept for each collection; a watch from before them gets 410 Gone.
const HISTORY: usize = 2048;

/// Namespace (empty for cluster-wide objects) and name.
pub(crate) type Key = (String, String);

/// What happened to an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ChangeKind {
    Added,
    Modified,
    Deleted,
}

/// One change of one object.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    pub revision: u64,
    pub kind: ChangeKind,
    pub object: Arc<Value>,
    /// What the object was before, so that a watch with a selector sees it leave.
    pub previous: Option<Arc<Value>>,
}

/// Why a write or a watch was refused.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum StoreError {
    #[error("object exists already")]
    Exists,
    #[error("object not found")]
    NotFound,
    #[error("object has revision {found}, not {expected}")]
    Conflict { expected: u64, found: u64 },
    #[error("too old resource version: {asked} ({oldest})")]
    Expired { asked: u64, oldest: u64 },
}

/// All objects; cheap to share behind an `Arc`.
#[derive(Debug, Default)]
pub(crate) struct Store {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    revision: u64,
    collections: HashMap<String, Collection>,
    /// Wakes whoever cleans up behind deleted objects, whatever their collection.
    deletions: watch::Sender<u64>,
}

#[derive(Debug)]
struct Collection {
    objects: BTreeMap<Key, Arc<Value>>,
    history: VecDeque<Change>,
    /// Revision of the newest change dropped from the history.
    forgotten: u64,
    changed: watch::Sender<u64>,
}

impl Collection {
    fn new() -> Self {
        Self { objects: BTreeMap::new(), history: VecDeque::new(), forgotten: 0, changed: watch::channel(0).0 }
    }

    fn record(&mut self, change: Change) {
        if self.history.len() == HISTORY
            && let Some(oldest) = self.history.pop_front()
        {
            self.forgotten = oldest.revision;
        }
        let revision = change.revision;
        self.history.push_back(change);
        self.changed.send_replace(revision);
    }
}

impl Inner {
    fn collection(&mut self, name: &str) -> &mut Collection {
        if !self.collections.contains_key(name) {
            self.collections.insert(name.to_owned(), Collection::new());
        }
        self.collections.get_mut(name).expect("inserted above")
    }

    fn commit(&mut self, name: &str, key: Key, kind: ChangeKind, mut value: Value) -> Arc<Value> {
        self.revision += 1;
        let revision = self.revision;
        object::metadata_mut(&mut value).insert("resourceVersion".to_owned(), json!(revision.to_string()));
        let value = Arc::new(value);
        if kind == ChangeKind::Deleted || object::is_deleting(&value) {
            self.deletions.send_replace(revision);
        }
        let collection = self.collection(name);
        let previous = match kind {
            ChangeKind::Deleted => collection.objects.remove(&key),
            _ => collection.objects.insert(key, value.clone()),
        };
        collection.record(Change { revision, kind, object: value.clone(), previous });
        value
    }
}

impl Store {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        // A panic elsewhere cannot leave `Inner` half changed: every mutation is the single `commit`.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The revision of the newest change.
    pub(crate) fn revision(&self) -> u64 {
        self.lock().revision
    }

    /// One object.
    pub(crate) fn get(&self, collection: &str, namespace: &str, name: &str) -> Option<Arc<Value>> {
        let key = (namespace.to_owned(), name.to_owned());
        self.lock().collections.get(collection)?.objects.get(&key).cloned()
    }

    /// Objects in key order, of one namespace or of all, and the revision they are from.
    pub(crate) fn list(&self, collection: &str, namespace: Option<&str>) -> (Vec<Arc<Value>>, u64) {
        let inner = self.lock();
        let Some(found) = inner.collections.get(collection) else { return (Vec::new(), inner.revision) };
        let objects = match namespace {
            None => found.objects.values().cloned().collect(),
            Some(namespace) => found
                .objects
                .range((namespace.to_owned(), String::new())..)
                .take_while(|((of, _), _)| of == namespace)
                .map(|(_, object)| object.clone())
                .collect(),
        };
        (objects, inner.revision)
    }

    /// Objects of a collection, all namespaces.
    pub(crate) fn all(&self, collection: &str) -> Vec<Arc<Value>> {
        self.list(collection, None).0
    }

    /// Adds an object; it must not be there yet.
    pub(crate) fn create(&self, collection: &str, value: Value) -> Result<Arc<Value>, StoreError> {
        let key = key_of(&value);
        let mut inner = self.lock();
        if inner.collection(collection).objects.contains_key(&key) {
            return Err(StoreError::Exists);
        }
        Ok(inner.commit(collection, key, ChangeKind::Added, value))
    }

    /// Replaces an object that still has revision `expected`. An equal object is no change and keeps its revision.
    pub(crate) fn replace(&self, collection: &str, expected: u64, mut value: Value) -> Result<Arc<Value>, StoreError> {
        let key = key_of(&value);
        let mut inner = self.lock();
        let current = inner.collection(collection).objects.get(&key).cloned().ok_or(StoreError::NotFound)?;
        let found = object::revision(&current);
        if found != expected {
            return Err(StoreError::Conflict { expected, found });
        }
        object::metadata_mut(&mut value).insert("resourceVersion".to_owned(), json!(found.to_string()));
        if *current == value {
            return Ok(current);
        }
        Ok(inner.commit(collection, key, ChangeKind::Modified, value))
    }

    /// Removes an object that still has revision `expected`. `last` is what watches see as its final state.
    pub(crate) fn remove(&self, collection: &str, expected: u64, last: Value) -> Result<Arc<Value>, StoreError> {
        let key = key_of(&last);
        let mut inner = self.lock();
        let current = inner.collection(collection).objects.get(&key).cloned().ok_or(StoreError::NotFound)?;
        let found = object::revision(&current);
        if found != expected {
            return Err(StoreError::Conflict { expected, found });
        }
        Ok(inner.commit(collection, key, ChangeKind::Deleted, last))
    }

    /// The changes of a collection after a revision, and the store's revision they reach up to.
    pub(crate) fn changes_after(&self, collection: &str, after: u64) -> Result<(Vec<Change>, u64), StoreError> {
        let inner = self.lock();
        let Some(found) = inner.collections.get(collection) else { return Ok((Vec::new(), inner.revision)) };
        if after < found.forgotten {
            return Err(StoreError::Expired { asked: after, oldest: found.forgotten });
        }
        let start = found.history.partition_point(|change| change.revision <= after);
        Ok((found.history.range(start..).cloned().collect(), inner.revision))
    }

    /// A receiver that wakes at every change of a collection.
    pub(crate) fn subscribe(&self, collection: &str) -> watch::Receiver<u64> {
        self.lock().collection(collection).changed.subscribe()
    }
}

impl Store {
    /// A receiver that wakes whenever an object is removed or changes while it waits for removal.
    pub(crate) fn subscribe_deletions(&self) -> watch::Receiver<u64> {
        self.lock().deletions.subscribe()
    }
}

fn key_of(value: &Value) -> Key {
    (object::namespace(value).to_owned(), object::name(value).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(name: &str, value: i64) -> Value {
        json!({"metadata": {"name": name, "namespace": "default"}, "value": value})
    }

    #[test]
    fn revisions_grow_across_collections() {
        let store = Store::default();
        let first = store.create("pods", object("a", 1)).unwrap();
        let second = store.create("nodes", object("a", 1)).unwrap();
        assert_eq!((object::revision(&first), object::revision(&second)), (1, 2));
        assert_eq!(store.create("pods", object("a", 2)), Err(StoreError::Exists));
    }

    #[test]
    fn replace_compares_revisions_and_skips_equal_objects() {
        let store = Store::default();
        store.create("pods", object("a", 1)).unwrap();
        assert_eq!(object::revision(&store.replace("pods", 1, object("a", 1)).unwrap()), 1);
        assert_eq!(object::revision(&store.replace("pods", 1, object("a", 2)).unwrap()), 2);
        assert_eq!(store.replace("pods", 1, object("a", 3)), Err(StoreError::Conflict { expected: 1, found: 2 }));
        assert_eq!(store.replace("pods", 1, object("b", 3)), Err(StoreError::NotFound));
    }

    #[test]
    fn changes_replay_from_any_remembered_revision() {
        let store = Store::default();
        store.create("pods", object("a", 1)).unwrap();
        store.replace("pods", 1, object("a", 2)).unwrap();
        store.remove("pods", 2, object("a", 2)).unwrap();
        let (changes, revision) = store.changes_after("pods", 1).unwrap();
        let kinds: Vec<_> = changes.iter().map(|change| (change.kind, change.revision)).collect();
        assert_eq!(kinds, [(ChangeKind::Modified, 2), (ChangeKind::Deleted, 3)]);
        assert_eq!(revision, 3);
    }

    #[test]
    fn history_that_is_gone_is_refused() {
        let store = Store::default();
        store.create("pods", object("a", 0)).unwrap();
        for value in 1..=HISTORY as u64 {
            store.replace("pods", value, object("a", value as i64)).unwrap();
        }
        assert_eq!(store.changes_after("pods", 0).unwrap_err(), StoreError::Expired { asked: 0, oldest: 1 });
        assert!(store.changes_after("pods", 1).is_ok());
    }

    #[test]
    fn listing_a_namespace_leaves_others_out() {
        let store = Store::default();
        for (namespace, name) in [("a", "x"), ("a", "y"), ("ab", "z"), ("b", "x")] {
            store.create("pods", json!({"metadata": {"name": name, "namespace": namespace}})).unwrap();
        }
        let names: Vec<_> = store.list("pods", Some("a")).0.iter().map(|pod| object::name(pod).to_owned()).collect();
        assert_eq!(names, ["x", "y"]);
    }
}
