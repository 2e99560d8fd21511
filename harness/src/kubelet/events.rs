//! Events about pods, as `kubectl describe` shows them.

use std::hash::{DefaultHasher, Hash, Hasher};

use jiff::Timestamp;
use k8s_openapi::api::core::v1::{Event, Pod};
use kube::api::{Api, Patch, PatchParams, PostParams};
use kube::{Client, ResourceExt};
use serde_json::json;
use tracing::warn;

/// Records an event; a failure to do so is logged and changes nothing else.
///
/// The same event again only counts up, as kubelets do.
pub async fn record(client: &Client, pod: &Pod, node: &str, kind: &str, reason: &str, message: &str) {
    let namespace = pod.namespace().unwrap_or_default();
    let events: Api<Event> = Api::namespaced(client.clone(), &namespace);
    let mut hash = DefaultHasher::new();
    (pod.uid(), reason, message).hash(&mut hash);
    let name = format!("{}.{:016x}", pod.name_any(), hash.finish());
    let now = Timestamp::now().to_string();
    let recorded = match events.get_opt(&name).await {
        Ok(Some(known)) => {
            let again = json!({ "count": known.count.unwrap_or(1) + 1, "lastTimestamp": now });
            events.patch(&name, &PatchParams::default(), &Patch::Merge(again)).await.map(drop)
        }
        Ok(None) => {
            let event = json!({
                "apiVersion": "v1",
                "kind": "Event",
                "metadata": { "name": name, "namespace": namespace },
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
            let event = serde_json::from_value(event).expect("the fields are an Event's");
            events.create(&PostParams::default(), &event).await.map(drop)
        }
        Err(err) => Err(err),
    };
    if let Err(error) = recorded {
        warn!(pod = pod.name_any(), reason, %error, "event not recorded");
    }
}
