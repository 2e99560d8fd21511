//! The mutating webhook `mpod.vpc.k8s.aws`: pods that a SecurityGroupPolicy selects ask for a branch ENI.
//!
//! Deviation: it is served over plain HTTP on loopback, for an API server on the same machine.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::State;
use axum::routing::post;
use axum::{Json, Router};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use k8s_openapi::api::admissionregistration::v1::MutatingWebhookConfiguration;
use k8s_openapi::api::core::v1::Pod;
use kube::api::{Api, Patch, PatchParams};
use kube::{Client, ResourceExt};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::annotation::POD_ENI;
use crate::policy;

const PATH: &str = "/mutate-v1-pod";
const CONFIGURATION: &str = "vpc-resource-mutating-webhook";

/// Serves the webhook until told to stop.
pub(crate) async fn serve(listener: TcpListener, client: Client, stop: CancellationToken) {
    let router = Router::new().route(PATH, post(review)).with_state(Arc::new(client));
    let served = axum::serve(listener, router).with_graceful_shutdown(stop.cancelled_owned()).await;
    if let Err(err) = served {
        warn!(error = %err, "the webhook ended");
    }
}

/// Tells the API server to call the webhook.
pub(crate) async fn register(client: &Client, webhook: SocketAddr) -> kube::Result<()> {
    let configurations: Api<MutatingWebhookConfiguration> = Api::all(client.clone());
    let object = json!({
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "MutatingWebhookConfiguration",
        "metadata": { "name": CONFIGURATION },
        "webhooks": [{
            "name": "mpod.vpc.k8s.aws",
            "admissionReviewVersions": ["v1"],
            "sideEffects": "None",
            // As in production: a pod is not held up because the controller is away.
            "failurePolicy": "Ignore",
            "matchPolicy": "Equivalent",
            "timeoutSeconds": 10,
            "clientConfig": { "url": format!("http://{webhook}{PATH}") },
            "rules": [{
                "apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"], "scope": "*",
            }],
        }],
    });
    configurations.patch(CONFIGURATION, &PatchParams::apply("cni-controller").force(), &Patch::Apply(object)).await?;
    info!(%webhook, "webhook registered");
    Ok(())
}

async fn review(State(client): State<Arc<Client>>, Json(review): Json<Value>) -> Json<Value> {
    let request = &review["request"];
    let mut response = json!({ "uid": request["uid"], "allowed": true });
    match patch_for(&client, request).await {
        Ok(Some(patch)) => {
            response["patchType"] = "JSONPatch".into();
            response["patch"] = STANDARD.encode(patch.to_string()).into();
        }
        Ok(None) => {}
        Err(err) => {
            response["allowed"] = false.into();
            response["status"] = json!({ "code": 400, "message": format!("{err:#}") });
        }
    }
    Json(json!({ "apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": response }))
}

async fn patch_for(client: &Client, request: &Value) -> anyhow::Result<Option<Value>> {
    let pod: Pod = serde_json::from_value(request["object"].clone())?;
    let uses_host_network = pod.spec.as_ref().and_then(|spec| spec.host_network) == Some(true);
    if uses_host_network {
        return Ok(None);
    }
    let namespace = pod.namespace().or_else(|| request["namespace"].as_str().map(str::to_owned)).unwrap_or_default();
    let groups = policy::groups_for(client, &namespace, &pod).await?;
    Ok((!groups.is_empty()).then(|| patch(&request["object"])))
}

/// Adds one branch ENI to the first container's limits and requests: a pod has one network, whichever
/// container asks for it.
fn patch(pod: &Value) -> Value {
    let key = POD_ENI.replace('/', "~1");
    let resources = &pod["spec"]["containers"][0]["resources"];
    let at = "/spec/containers/0/resources";
    let mut operations = Vec::new();
    if !resources.is_object() {
        operations.push(json!({ "op": "add", "path": at, "value": {} }));
    }
    for list in ["limits", "requests"] {
        if !resources[list].is_object() {
            operations.push(json!({ "op": "add", "path": format!("{at}/{list}"), "value": {} }));
        }
        operations.push(json!({ "op": "add", "path": format!("{at}/{list}/{key}"), "value": "1" }));
    }
    Value::Array(operations)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::no_resources(json!({ "name": "c" }))]
    #[case::no_lists(json!({ "name": "c", "resources": {} }))]
    #[case::limits_only(json!({ "name": "c", "resources": { "limits": { "cpu": "1" } } }))]
    #[case::both(json!({ "name": "c", "resources": { "limits": { "cpu": "1" }, "requests": { "cpu": "1" } } }))]
    fn the_first_container_asks_for_a_branch(#[case] container: Value) {
        let mut pod = json!({ "spec": { "containers": [container, { "name": "second" }] } });
        let operations: json_patch::Patch = serde_json::from_value(patch(&pod)).expect("a JSON patch");
        json_patch::patch(&mut pod, &operations).expect("it applies");
        for list in ["limits", "requests"] {
            assert_eq!(pod["spec"]["containers"][0]["resources"][list][POD_ENI], "1");
        }
        assert_eq!(pod["spec"]["containers"][1], json!({ "name": "second" }));
    }
}
