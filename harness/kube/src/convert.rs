//! Between the form an object is stored in and the form a version of the API shows.
//!
//! Events are stored as core/v1 and shown as events.k8s.io/v1, too. Custom resources differ in `apiVersion` only.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::registry::Resource;

const EVENTS_GROUP: &str = "events.k8s.io";

/// Fields of an event by their core/v1 and events.k8s.io/v1 names.
const EVENT_FIELDS: [(&str, &str); 7] = [
    ("involvedObject", "regarding"),
    ("message", "note"),
    ("reportingComponent", "reportingController"),
    ("source", "deprecatedSource"),
    ("firstTimestamp", "deprecatedFirstTimestamp"),
    ("lastTimestamp", "deprecatedLastTimestamp"),
    ("count", "deprecatedCount"),
];

/// The object as the resource's version shows it.
pub(crate) fn outward(resource: &Resource, stored: &Arc<Value>) -> Arc<Value> {
    if resource.group == EVENTS_GROUP {
        return Arc::new(renamed(
            stored,
            |key| EVENT_FIELDS.iter().find(|(core, _)| *core == key).map(|(_, new)| *new),
            "events.k8s.io/v1",
        ));
    }
    if resource.custom().is_some() && stored["apiVersion"] != resource.api_version() {
        let mut shown = Value::clone(stored);
        shown["apiVersion"] = json!(resource.api_version());
        return Arc::new(shown);
    }
    stored.clone()
}

/// The object as it is stored.
pub(crate) fn inward(resource: &Resource, shown: Value) -> Value {
    if resource.group == EVENTS_GROUP {
        return renamed(&shown, |key| EVENT_FIELDS.iter().find(|(_, new)| *new == key).map(|(core, _)| *core), "v1");
    }
    shown
}

fn renamed(value: &Value, name: impl Fn(&str) -> Option<&'static str>, api_version: &str) -> Value {
    let fields = value.as_object().into_iter().flatten().map(|(key, value)| match key.as_str() {
        "apiVersion" => (key.clone(), json!(api_version)),
        other => (name(other).unwrap_or(other).to_owned(), value.clone()),
    });
    Value::Object(fields.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::Registry;

    #[test]
    fn an_event_goes_there_and_back() {
        let events = Registry::new().known(EVENTS_GROUP, "events");
        let core = json!({"apiVersion": "v1", "kind": "Event", "message": "m", "count": 2, "reason": "r",
            "involvedObject": {"name": "web"}});
        let shown = outward(&events, &Arc::new(core.clone()));
        assert_eq!(shown["note"], "m");
        assert_eq!(shown["regarding"]["name"], "web");
        assert_eq!(shown["apiVersion"], "events.k8s.io/v1");
        assert_eq!(inward(&events, Value::clone(&shown)), core);
    }
}
