//! Servers, clients, and an actor that plays the kubelet: it runs whatever is bound to a node.

use std::time::Duration;

use k8s_openapi::api::core::v1::{Node, Pod};
use kube::api::{Api, DeleteParams, Patch, PatchParams, PostParams};
use kube::{Client, ResourceExt};
use kube_lite::{Config, Server};
use serde_json::{Value, json};

/// A server and a client for it.
pub async fn start() -> (Server, Client) {
    let server = Server::start(Config::default()).await.expect("server starts");
    let client = client(&server);
    (server, client)
}

/// A client for a server.
pub fn client(server: &Server) -> Client {
    let uri = format!("http://{}", server.address()).parse().expect("an address makes a URI");
    Client::try_from(kube::Config::new(uri)).expect("client")
}

/// Any object from its JSON form.
pub fn from<T: serde::de::DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).expect("a well-formed object")
}

/// A pod with one container.
pub fn pod(name: &str) -> Pod {
    from(
        json!({"metadata": {"name": name, "labels": {"app": name}}, "spec": {"containers": [{"name": "main", "image": "a:1"}]}}),
    )
}

/// A Deployment of so many pods.
pub fn deployment(name: &str, replicas: i64) -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name},
        "spec": {"replicas": replicas, "selector": {"matchLabels": {"app": name}}, "template": {
            "metadata": {"labels": {"app": name}}, "spec": {"containers": [{"name": "main", "image": "a:1"}]},
        }},
    })
}

/// Registers a ready node.
pub async fn add_node(client: &Client, name: &str, extra_capacity: Value) {
    let mut capacity = json!({"cpu": "4", "memory": "8Gi", "pods": "20"});
    for (key, value) in extra_capacity.as_object().into_iter().flatten() {
        capacity[key] = value.clone();
    }
    let node: Node = from(json!({
        "metadata": {"name": name, "labels": {"kubernetes.io/hostname": name}},
        "status": {"capacity": capacity, "conditions": [{"type": "Ready", "status": "True"}]},
    }));
    Api::all(client.clone()).create(&PostParams::default(), &node).await.expect("node");
}

/// Tries until something is there, or panics with what was waited for.
pub async fn until<T, F: Future<Output = Option<T>>>(what: &str, mut attempt: impl FnMut() -> F) -> T {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
    loop {
        if let Some(found) = attempt().await {
            return found;
        }
        assert!(tokio::time::Instant::now() < deadline, "waited in vain for {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Ends the kubelet with the test.
pub struct Kubelet(tokio::task::JoinHandle<()>);

impl Drop for Kubelet {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Runs pods: bound ones become ready, deleted ones end.
pub fn kubelet(client: &Client) -> Kubelet {
    let pods: Api<Pod> = Api::all(client.clone());
    let client = client.clone();
    Kubelet(tokio::spawn(async move {
        loop {
            for pod in pods.list(&Default::default()).await.map(|list| list.items).unwrap_or_default() {
                tend(&client, &pod).await;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }))
}

async fn tend(client: &Client, pod: &Pod) {
    let pods: Api<Pod> = Api::namespaced(client.clone(), &pod.namespace().unwrap_or_default());
    let name = pod.name_any();
    if pod.metadata.deletion_timestamp.is_some() {
        // Somebody else may have been faster.
        let _ = pods.delete(&name, &DeleteParams::default().grace_period(0)).await;
        return;
    }
    let bound = pod.spec.as_ref().is_some_and(|spec| spec.node_name.is_some());
    let running = pod.status.as_ref().is_some_and(|status| status.phase.as_deref() == Some("Running"));
    if !bound || running {
        return;
    }
    let status = json!({"status": {
        "phase": "Running", "podIP": "10.0.0.9", "hostIP": "10.0.0.5", "startTime": "2026-01-01T00:00:00Z",
        "conditions": [{"type": "Ready", "status": "True"}, {"type": "ContainersReady", "status": "True"}],
        "containerStatuses": [{"name": "main", "ready": true, "restartCount": 0, "image": "a:1", "imageID": "",
            "state": {"running": {"startedAt": "2026-01-01T00:00:00Z"}}}],
    }});
    let _ = pods.patch_status(&name, &PatchParams::default(), &Patch::Strategic(&status)).await;
}
