//! Tells the controller, by the node's CNINode, that this node's pods can have security groups of their own.

use std::time::Duration;

use kube::api::{ApiResource, DynamicObject, Patch, PatchParams};
use kube::core::GroupVersionKind;
use kube::{Api, Client};
use serde_json::{Value, json};
use tracing::{debug, info, warn};

const FEATURE: &str = "SecurityGroupsForPods";
const LOOK_AGAIN: Duration = Duration::from_millis(500);

/// Adds the feature as soon as the controller has made the CNINode.
pub async fn announce(client: Client, node: String) {
    let kind = GroupVersionKind::gvk("vpcresources.k8s.aws", "v1alpha1", "CNINode");
    let api: Api<DynamicObject> = Api::all_with(client, &ApiResource::from_gvk_with_plural(&kind, "cninodes"));
    loop {
        match try_announce(&api, &node).await {
            Ok(true) => return,
            Ok(false) => debug!(node, "no CNINode yet"),
            // The controller writes to it too: a conflict only means to look again.
            Err(kube::Error::Api(status)) if status.code == 409 => continue,
            Err(error) => warn!(%error, "CNINode cannot be patched"),
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

async fn try_announce(api: &Api<DynamicObject>, node: &str) -> Result<bool, kube::Error> {
    let Some(cninode) = api.get_opt(node).await? else { return Ok(false) };
    if let Some(features) = with_feature(&cninode.data["spec"]["features"]) {
        let version = cninode.metadata.resource_version.as_deref();
        let patch = json!({ "metadata": { "resourceVersion": version }, "spec": { "features": features } });
        api.patch(node, &PatchParams::default(), &Patch::Merge(patch)).await?;
        info!(node, feature = FEATURE, "CNINode patched");
    }
    Ok(true)
}

/// The list with the feature; `None` if it is there already.
fn with_feature(features: &Value) -> Option<Value> {
    let mut features = features.as_array().cloned().unwrap_or_default();
    if features.iter().any(|feature| feature["name"] == FEATURE) {
        return None;
    }
    features.push(json!({ "name": FEATURE, "value": "" }));
    Some(Value::Array(features))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_feature_is_added_once() {
        let other = json!([{ "name": "CustomNetworking", "value": "a" }]);
        let both = with_feature(&other).unwrap();
        assert_eq!(both.as_array().unwrap().len(), 2);
        assert_eq!(with_feature(&both), None);
        assert_eq!(with_feature(&Value::Null), Some(json!([{ "name": FEATURE, "value": "" }])));
    }
}
