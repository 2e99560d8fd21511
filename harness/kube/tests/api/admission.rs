//! Webhooks, served by the test on loopback.

use std::sync::{Arc, Mutex};

use axum::Json;
use axum::routing::post;
use base64::Engine;
use k8s_openapi::api::core::v1::{Namespace, Pod};
use kube::api::{Api, DynamicObject, Patch, PatchParams, PostParams};
use kube::core::{ApiResource, GroupVersionKind};
use kube::{Client, ResourceExt};
use rstest::rstest;
use serde_json::{Value, json};

use crate::support::{add_node, from, pod, start};

/// A webhook that answers every review with `answer(request)` and keeps the requests.
async fn webhook(answer: impl Fn(&Value) -> Value + Clone + Send + Sync + 'static) -> (String, Arc<Mutex<Vec<Value>>>) {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let kept = seen.clone();
    let handler = move |Json(review): Json<Value>| {
        let (kept, answer) = (kept.clone(), answer.clone());
        async move {
            let request = &review["request"];
            kept.lock().unwrap().push(request.clone());
            let mut response = answer(request);
            response["uid"] = request["uid"].clone();
            Json(json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": response}))
        }
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let router = axum::Router::new().route("/hook", post(handler));
    tokio::spawn(async move { axum::serve(listener, router).await });
    (url, seen)
}

async fn register(client: &Client, kind: &str, url: &str, changes: Value) {
    let mut hook = json!({
        "name": "hook.example.com", "clientConfig": {"url": url}, "sideEffects": "None", "timeoutSeconds": 2,
        "admissionReviewVersions": ["v1"],
        "rules": [{"apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"], "operations": ["CREATE"]}],
    });
    for (key, value) in changes.as_object().into_iter().flatten() {
        hook[key] = value.clone();
    }
    let gvk = GroupVersionKind::gvk("admissionregistration.k8s.io", "v1", kind);
    let plural = format!("{}s", kind.to_lowercase());
    let api: Api<DynamicObject> = Api::all_with(client.clone(), &ApiResource::from_gvk_with_plural(&gvk, &plural));
    let configuration = json!({
        "apiVersion": "admissionregistration.k8s.io/v1", "kind": kind, "metadata": {"name": "hook"}, "webhooks": [hook],
    });
    api.create(&PostParams::default(), &from(configuration)).await.unwrap();
}

fn patching(patch: &Value) -> impl Fn(&Value) -> Value + Clone + Send + Sync + 'static {
    let encoded = base64::engine::general_purpose::STANDARD.encode(patch.to_string());
    move |_| json!({"allowed": true, "patchType": "JSONPatch", "patch": encoded})
}

#[tokio::test]
async fn a_mutating_webhook_changes_pods() {
    let (_server, client) = start().await;
    let patch = json!([{"op": "add", "path": "/spec/containers/0/resources",
        "value": {"limits": {"vpc.amazonaws.com/pod-eni": "1"}, "requests": {"vpc.amazonaws.com/pod-eni": "1"}}}]);
    let (url, seen) = webhook(patching(&patch)).await;
    register(&client, "MutatingWebhookConfiguration", &url, json!({})).await;
    let pods: Api<Pod> = Api::default_namespaced(client);
    let created = pods.create(&PostParams::default(), &pod("db")).await.unwrap();
    let limits = created.spec.unwrap().containers[0].resources.clone().unwrap().limits.unwrap();
    assert_eq!(limits["vpc.amazonaws.com/pod-eni"].0, "1");
    let seen = seen.lock().unwrap();
    assert_eq!(seen.len(), 1);
    assert_eq!((&seen[0]["operation"], &seen[0]["namespace"]), (&json!("CREATE"), &json!("default")));
    assert_eq!(seen[0]["object"]["spec"]["serviceAccountName"], "default");
    assert_eq!(seen[0]["userInfo"]["username"], "kubernetes-admin");
}

#[rstest]
#[case::message(json!({"allowed": false, "status": {"code": 403, "message": "not today"}}), 403,
    "admission webhook \"hook.example.com\" denied the request: not today")]
#[case::silent(json!({"allowed": false}), 400,
    "admission webhook \"hook.example.com\" denied the request without explanation")]
#[tokio::test]
async fn a_validating_webhook_denies(#[case] answer: Value, #[case] code: u16, #[case] message: &str) {
    let (_server, client) = start().await;
    let (url, _) = webhook(move |_| answer.clone()).await;
    register(&client, "ValidatingWebhookConfiguration", &url, json!({})).await;
    let pods: Api<Pod> = Api::default_namespaced(client);
    let err = pods.create(&PostParams::default(), &pod("db")).await.unwrap_err();
    let kube::Error::Api(status) = err else { panic!("{err}") };
    assert_eq!((status.code, status.message.as_str()), (code, message));
}

#[rstest]
#[case::ignored("Ignore", true)]
#[case::failed("Fail", false)]
#[tokio::test]
async fn failures_follow_the_policy(#[case] policy: &str, #[case] created: bool) {
    let (_server, client) = start().await;
    // Nobody listens on port 1.
    let changes = json!({"failurePolicy": policy});
    register(&client, "MutatingWebhookConfiguration", "http://127.0.0.1:1/", changes).await;
    let pods: Api<Pod> = Api::default_namespaced(client);
    let result = pods.create(&PostParams::default(), &pod("db")).await;
    assert_eq!(result.is_ok(), created);
    if let Err(kube::Error::Api(status)) = result {
        assert_eq!(status.code, 500);
        let start = "Internal error occurred: failed calling webhook \"hook.example.com\": ";
        assert!(status.message.starts_with(start), "{}", status.message);
    }
}

#[rstest]
#[case::service(json!({"service": {"namespace": "a", "name": "b"}}), "service a/b cannot be reached")]
#[case::remote(json!({"url": "http://192.0.2.1/"}), "is not plain http on a loopback address")]
#[tokio::test]
async fn other_ways_to_a_webhook_are_refused(#[case] config: Value, #[case] why: &str) {
    let (_server, client) = start().await;
    register(&client, "MutatingWebhookConfiguration", "", json!({"clientConfig": config})).await;
    let pods: Api<Pod> = Api::default_namespaced(client);
    let err = pods.create(&PostParams::default(), &pod("db")).await.unwrap_err();
    assert!(err.to_string().contains(why), "{err}");
}

#[tokio::test]
async fn selectors_choose_what_a_webhook_sees() {
    let (_server, client) = start().await;
    let (url, seen) = webhook(|_| json!({"allowed": true})).await;
    let changes = json!({"objectSelector": {"matchLabels": {"app": "db"}},
        "namespaceSelector": {"matchExpressions": [{"key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": ["quiet"]}]}});
    register(&client, "ValidatingWebhookConfiguration", &url, changes).await;
    let namespaces: Api<Namespace> = Api::all(client.clone());
    namespaces.create(&PostParams::default(), &from(json!({"metadata": {"name": "quiet"}}))).await.unwrap();
    for (namespace, name) in [("default", "web"), ("quiet", "db"), ("default", "db")] {
        let pods: Api<Pod> = Api::namespaced(client.clone(), namespace);
        pods.create(&PostParams::default(), &pod(name)).await.unwrap();
    }
    let names: Vec<String> =
        seen.lock().unwrap().iter().map(|one| format!("{}/{}", one["namespace"], one["name"])).collect();
    assert_eq!(names, ["\"default\"/\"db\""]);
}

#[tokio::test]
async fn webhooks_see_who_asks_and_what_was() {
    let (server, client) = start().await;
    let (url, seen) = webhook(|_| json!({"allowed": true})).await;
    let rules = json!([{"apiGroups": [""], "apiVersions": ["v1"], "resources": ["nodes"], "operations": ["UPDATE"]}]);
    register(&client, "ValidatingWebhookConfiguration", &url, json!({"rules": rules})).await;
    add_node(&client, "node-a", json!({})).await;
    let user = "system:serviceaccount:kube-system:aws-node";
    let options = kube::config::KubeConfigOptions::default();
    let config = kube::config::Kubeconfig::from_yaml(&server.kubeconfig_as(user)).unwrap();
    let config = kube::Config::from_custom_kubeconfig(config, &options).await.unwrap();
    let nodes: Api<k8s_openapi::api::core::v1::Node> = Api::all(Client::try_from(config).unwrap());
    let labels = json!({"metadata": {"labels": {"a": "b"}}});
    let patched = nodes.patch("node-a", &PatchParams::default(), &Patch::Merge(labels)).await.unwrap();
    assert_eq!(patched.labels()["a"], "b");
    let seen = seen.lock().unwrap();
    assert_eq!(seen[0]["userInfo"]["username"], user);
    assert_eq!(seen[0]["userInfo"]["groups"][1], "system:serviceaccounts:kube-system");
    assert!(seen[0]["oldObject"]["metadata"]["labels"].get("a").is_none());
    assert_eq!(seen[0]["object"]["metadata"]["labels"]["a"], "b");
}
