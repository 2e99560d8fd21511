//! Events the server's own controllers record, counted when they repeat.

use serde_json::{Value, json};

use crate::object;
use crate::operations::Api;

/// `type` of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Severity {
    Normal,
    Warning,
}

/// Records that something happened to an object. Best effort: an event that cannot be stored is dropped.
pub(crate) fn record(api: &Api, component: &str, about: &Value, severity: Severity, reason: &str, message: &str) {
    let namespace = match object::namespace(about) {
        "" => "default",
        namespace => namespace,
    };
    let id = json!([object::uid(about), component, reason, message]);
    let name = format!("{}.{}", object::name(about), object::template_hash(&id));
    let now = object::now();
    for _ in 0..3 {
        let result = match api.store.get("events", namespace, &name) {
            Some(found) => {
                let mut next = Value::clone(&found);
                next["count"] = json!(found["count"].as_i64().unwrap_or(1) + 1);
                next["lastTimestamp"] = json!(now);
                api.store.replace("events", object::revision(&found), next)
            }
            None => api.store.create("events", event(namespace, &name, component, about, severity, reason, message)),
        };
        if result.is_ok() {
            return;
        }
    }
}

fn event(
    namespace: &str,
    name: &str,
    component: &str,
    about: &Value,
    severity: Severity,
    reason: &str,
    message: &str,
) -> Value {
    let now = object::now();
    let mut involved = json!({
        "kind": about["kind"], "apiVersion": about["apiVersion"], "name": object::name(about),
        "uid": object::uid(about), "resourceVersion": about["metadata"]["resourceVersion"],
    });
    if !object::namespace(about).is_empty() {
        involved["namespace"] = json!(object::namespace(about));
    }
    json!({
        "apiVersion": "v1", "kind": "Event",
        "metadata": {"name": name, "namespace": namespace, "uid": object::new_uid(), "creationTimestamp": now},
        "involvedObject": involved, "reason": reason, "message": message,
        "source": {"component": component}, "reportingComponent": component, "reportingInstance": "",
        "firstTimestamp": now, "lastTimestamp": now, "count": 1, "eventTime": null,
        "type": match severity { Severity::Normal => "Normal", Severity::Warning => "Warning" },
    })
}
