//! Watches: a stream of JSON lines from a revision on.
//!
//! Semantics: <https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes>.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::Response;
use axum::http::header::{CONTENT_TYPE, HeaderValue};
use bytes::Bytes;
use serde_json::{Value, json};
use tokio::sync::watch::Receiver;
use tokio::time::Instant;

use super::params::{Form, Params};
use super::{Context, table};
use crate::convert;
use crate::operations::Scope;
use crate::registry::Resource;
use crate::status::ApiError;
use crate::store::{Change, ChangeKind, StoreError};

/// How long a watch runs whose client sets no limit; Kubernetes chooses 30 to 60 minutes.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(40 * 60);
/// How often a client that wants bookmarks gets one.
const BOOKMARK_PERIOD: Duration = Duration::from_secs(60);

struct Watch {
    context: Arc<Context>,
    resource: Arc<Resource>,
    scope: Scope,
    params: Params,
    form: Form,
    changed: Receiver<u64>,
    /// Everything up to here was seen.
    revision: u64,
    queue: VecDeque<Bytes>,
    deadline: Instant,
    next_bookmark: Option<Instant>,
    sent_columns: bool,
    over: bool,
}

/// Starts a watch.
pub(super) fn serve(
    context: &Arc<Context>,
    resource: Arc<Resource>,
    scope: Scope,
    params: &Params,
) -> Result<Response<Body>, ApiError> {
    let form = params.form()?;
    let timeout = params.number("timeoutSeconds")?.map_or(DEFAULT_TIMEOUT, Duration::from_secs);
    let bookmarks = params.is_set("allowWatchBookmarks");
    let mut watch = Watch {
        context: context.clone(),
        changed: context.api.store.subscribe(&resource.collection),
        resource,
        scope,
        params: params.clone(),
        form,
        revision: 0,
        queue: VecDeque::new(),
        deadline: Instant::now() + timeout,
        next_bookmark: bookmarks.then(|| Instant::now() + BOOKMARK_PERIOD),
        sent_columns: false,
        over: false,
    };
    watch.start()?;
    let stream = futures::stream::unfold(watch, |mut watch| async move {
        let line = watch.next().await?;
        Some((Ok::<_, std::convert::Infallible>(line), watch))
    });
    let mut response = Response::new(Body::from_stream(stream));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(response)
}

impl Watch {
    /// Queues the state to begin with, if the client asked for it, and sets the revision to go on from.
    fn start(&mut self) -> Result<(), ApiError> {
        let asked = self.params.number("resourceVersion")?.unwrap_or(0);
        let initial = self.params.is_set("sendInitialEvents");
        if initial && self.params.get("resourceVersionMatch") != Some("NotOlderThan") {
            return Err(ApiError::unprocessable(
                "ListOptions.meta.k8s.io \"\" is invalid: resourceVersionMatch: Forbidden: sendInitialEvents requires \
                 setting resourceVersionMatch to NotOlderThan",
            ));
        }
        if asked != 0 && !initial {
            self.revision = asked;
            return Ok(());
        }
        if self.params.get("sendInitialEvents") == Some("false") {
            self.revision = self.context.api.store.revision();
            return Ok(());
        }
        let (objects, revision) = self.context.api.list(&self.resource, &self.scope);
        self.revision = revision;
        for object in &objects {
            self.push("ADDED", object);
        }
        if initial && self.next_bookmark.is_some() {
            self.bookmark(true);
        }
        Ok(())
    }

    async fn next(&mut self) -> Option<Bytes> {
        loop {
            if let Some(line) = self.queue.pop_front() {
                return Some(self.with_rest(line));
            }
            if self.over {
                return None;
            }
            // Marked as seen before reading, so that a change in between wakes the wait below.
            self.changed.borrow_and_update();
            self.read_changes();
            if !self.queue.is_empty() {
                continue;
            }
            self.wait().await;
        }
    }

    /// Sends what else is queued in the same write.
    fn with_rest(&mut self, line: Bytes) -> Bytes {
        if self.queue.is_empty() {
            return line;
        }
        let mut joined = Vec::from(line);
        for more in self.queue.drain(..) {
            joined.extend_from_slice(&more);
        }
        Bytes::from(joined)
    }

    async fn wait(&mut self) {
        let wake = self.next_bookmark.map_or(self.deadline, |next| next.min(self.deadline));
        let stop = self.context.stop.clone();
        tokio::select! {
            _ = self.changed.changed() => {}
            () = stop.cancelled() => self.over = true,
            () = tokio::time::sleep_until(wake) => {
                self.over = Instant::now() >= self.deadline;
                if self.next_bookmark.is_some() {
                    self.next_bookmark = Some(Instant::now() + BOOKMARK_PERIOD);
                    self.read_changes();
                    self.bookmark(false);
                }
            }
        }
    }

    fn read_changes(&mut self) {
        match self.context.api.store.changes_after(&self.resource.collection, self.revision) {
            Ok((changes, revision)) => {
                // A client may ask for a future revision; it must not be called back to the past.
                self.revision = self.revision.max(revision);
                for change in changes {
                    self.push_change(&change);
                }
            }
            Err(err @ StoreError::Expired { .. }) => {
                let status = ApiError::expired(err.to_string()).to_status();
                self.push_line(&json!({"type": "ERROR", "object": status}));
                self.over = true;
            }
            Err(_) => self.over = true,
        }
    }

    /// Sends a change as it looks through the selectors.
    fn push_change(&mut self, change: &Change) {
        let now = change.kind != ChangeKind::Deleted && self.scope.contains(&change.object);
        let before = change.previous.as_ref().is_some_and(|previous| self.scope.contains(previous));
        match (before, now) {
            (false, true) => self.push("ADDED", &change.object),
            (true, true) => self.push("MODIFIED", &change.object),
            (true, false) => self.push("DELETED", &change.object),
            (false, false) => {}
        }
    }

    fn push(&mut self, kind: &str, object: &Arc<Value>) {
        let shown = convert::outward(&self.resource, object);
        let body = match self.form {
            Form::Object => None,
            Form::Metadata => Some(table::partial(&shown)),
            Form::Table => {
                let metadata = json!({"resourceVersion": shown["metadata"]["resourceVersion"]});
                let columns = !std::mem::replace(&mut self.sent_columns, true);
                let one = std::slice::from_ref(&shown);
                Some(table::table(&self.resource, one, metadata, &self.params, columns))
            }
        };
        self.push_line(&json!({"type": kind, "object": body.as_ref().unwrap_or(&shown)}));
    }

    fn bookmark(&mut self, initial_end: bool) {
        let (api_version, kind) = match self.form {
            Form::Metadata => ("meta.k8s.io/v1".to_owned(), "PartialObjectMetadata".to_owned()),
            _ => (self.resource.api_version(), self.resource.kind.clone()),
        };
        let mut metadata = json!({"resourceVersion": self.revision.to_string(), "creationTimestamp": null});
        if initial_end {
            metadata["annotations"] = json!({"k8s.io/initial-events-end": "true"});
        }
        let object = json!({"kind": kind, "apiVersion": api_version, "metadata": metadata});
        self.push_line(&json!({"type": "BOOKMARK", "object": object}));
    }

    fn push_line(&mut self, line: &Value) {
        let mut text = line.to_string();
        text.push('\n');
        self.queue.push_back(Bytes::from(text));
    }
}
