//! Events, with the reasons people know from production.

use jiff::Timestamp;
use k8s_openapi::api::core::v1::Event;
use kube::api::{Api, PostParams};
use kube::{Client, Resource, ResourceExt};
use serde_json::json;
use tracing::warn;

/// Who reports.
const COMPONENT: &str = "vpc-resource-controller";

/// How serious it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "Kubernetes' own words")]
pub enum Kind {
    Normal,
    Warning,
}

/// Records an event about an object; a failure to do so is logged and changes nothing else.
pub async fn record<K>(client: &Client, about: &K, kind: Kind, reason: &str, message: &str)
where
    K: Resource<DynamicType = ()>,
{
    // Events about objects without a namespace live in the default one.
    let namespace = about.namespace().unwrap_or_else(|| "default".into());
    let now = Timestamp::now().to_string();
    let event = json!({
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": { "generateName": format!("{}.", about.name_any()), "namespace": namespace },
        "involvedObject": {
            "apiVersion": K::api_version(&()), "kind": K::kind(&()), "name": about.name_any(),
            "namespace": about.namespace(), "uid": about.uid(),
        },
        "type": match kind { Kind::Normal => "Normal", Kind::Warning => "Warning" },
        "reason": reason,
        "message": message,
        "source": { "component": COMPONENT },
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
        warn!(object = about.name_any(), reason, error, "event not recorded");
    }
}
