//! Events about pods, as `kubectl describe` shows them.

use jiff::Timestamp;
use k8s_openapi::api::core::v1::{Event, Pod};
use kube::api::{Api, PostParams};
use kube::{Client, ResourceExt};
use serde_json::json;
use tracing::warn;

/// Records an event; a failure to do so is logged and changes nothing else.
pub async fn record(client: &Client, pod: &Pod, node: &str, kind: &str, reason: &str, message: &str) {
    let namespace = pod.namespace().unwrap_or_default();
    let now = Timestamp::now().to_string();
    let event = json!({
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": { "generateName": format!("{}.", pod.name_any()), "namespace": namespace },
        "involvedObject": {
            "apiVersion": "v1", "kind": "Pod", "name": pod.name_any(), "namespace": namespace, "uid": pod.uid(),
        },
        "type": kind,
        "reason": reason,
        "message": message,
        "source": { "component": "kubelet", "host": node },
        "firstTimestamp": now,
        "lastTimestamp": now,
        "count": 1,
    });
    let events: Api<Event> = Api::namespaced(client.clone(), &namespace);
    let created = match serde_json::from_value(event) {
        Ok(event) => events.create(&PostParams::default(), &event).await.map(drop).map_err(|err| err.to_string()),
        Err(err) => Err(err.to_string()),
    };
    if let Err(error) = created {
        warn!(pod = pod.name_any(), reason, error, "event not recorded");
    }
}
