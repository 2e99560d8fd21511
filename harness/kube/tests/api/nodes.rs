//! Nodes and what depends on them: taints, lost nodes, DaemonSets.

use k8s_openapi::api::apps::v1::DaemonSet;
use k8s_openapi::api::core::v1::{Node, Pod};
use kube::ResourceExt;
use kube::api::{Api, DeleteParams, ListParams, Patch, PatchParams, PostParams};
use serde_json::{Value, json};

use crate::support::{add_node, from, kubelet, pod, start, until};

fn ready(status: &str) -> Value {
    json!({"status": {"conditions": [{"type": "Ready", "status": status}]}})
}

#[tokio::test]
async fn a_node_that_is_not_ready_takes_no_pods() {
    let (_server, client) = start().await;
    add_node(&client, "node-a", json!({})).await;
    let nodes: Api<Node> = Api::all(client.clone());
    let params = PatchParams::default();
    nodes.patch_status("node-a", &params, &Patch::Strategic(ready("False"))).await.unwrap();
    until("the taint", async || nodes.get("node-a").await.unwrap().spec?.taints).await;
    let pods: Api<Pod> = Api::default_namespaced(client);
    pods.create(&PostParams::default(), &pod("web")).await.unwrap();
    let message = until("a reason", async || pods.get("web").await.unwrap().status?.conditions?.pop()?.message).await;
    assert_eq!(
        message,
        "0/1 nodes are available: 1 node(s) had untolerated taint {node.kubernetes.io/not-ready: }. preemption: 0/1 nodes \
         are available: 1 Preemption is not helpful for scheduling."
    );
    nodes.patch_status("node-a", &params, &Patch::Strategic(ready("True"))).await.unwrap();
    until("a node", async || pods.get("web").await.unwrap().spec?.node_name).await;
}

#[tokio::test]
async fn pods_of_a_removed_node_go() {
    let (_server, client) = start().await;
    add_node(&client, "node-a", json!({})).await;
    let nodes: Api<Node> = Api::all(client.clone());
    let pods: Api<Pod> = Api::default_namespaced(client);
    pods.create(&PostParams::default(), &pod("web")).await.unwrap();
    until("a node", async || pods.get("web").await.unwrap().spec?.node_name).await;
    nodes.delete("node-a", &DeleteParams::default()).await.unwrap();
    until("the pod's end", async || pods.get_opt("web").await.unwrap().is_none().then_some(())).await;
}

#[tokio::test]
async fn a_daemon_set_follows_the_nodes() {
    let (_server, client) = start().await;
    let _kubelet = kubelet(&client);
    add_node(&client, "node-a", json!({})).await;
    add_node(&client, "node-b", json!({})).await;
    let sets: Api<DaemonSet> = Api::default_namespaced(client.clone());
    let set = json!({"metadata": {"name": "agent"}, "spec": {"selector": {"matchLabels": {"app": "agent"}}, "template": {
        "metadata": {"labels": {"app": "agent"}}, "spec": {"containers": [{"name": "main", "image": "a:1"}]}}}});
    sets.create(&PostParams::default(), &from(set)).await.unwrap();
    let pods: Api<Pod> = Api::default_namespaced(client.clone());
    let on = async |expected: &[&str]| {
        until(&format!("ready pods on {expected:?}"), async || {
            let list = pods.list(&ListParams::default()).await.unwrap().items;
            let mut nodes: Vec<String> = list.iter().filter_map(|pod| pod.spec.as_ref()?.node_name.clone()).collect();
            nodes.sort();
            let status = sets.get("agent").await.unwrap().status?;
            let all = i32::try_from(expected.len()).ok()?;
            (nodes == expected && status.number_ready == all && status.desired_number_scheduled == all).then_some(list)
        })
        .await
    };
    let first = on(&["node-a", "node-b"]).await;
    add_node(&client, "node-c", json!({})).await;
    on(&["node-a", "node-b", "node-c"]).await;
    Api::<Node>::all(client.clone()).delete("node-b", &DeleteParams::default()).await.unwrap();
    on(&["node-a", "node-c"]).await;
    let image = json!({"spec": {"template": {"spec": {"containers": [{"name": "main", "image": "a:2"}]}}}});
    sets.patch("agent", &PatchParams::default(), &Patch::Strategic(image)).await.unwrap();
    until("new pods", async || {
        let list = pods.list(&ListParams::default()).await.unwrap().items;
        list.iter().all(|pod| first.iter().all(|old| old.uid() != pod.uid())).then_some(())
    })
    .await;
    on(&["node-a", "node-c"]).await;
}

#[tokio::test]
async fn pods_spread_over_nodes() {
    let (_server, client) = start().await;
    add_node(&client, "node-a", json!({})).await;
    add_node(&client, "node-b", json!({})).await;
    let pods: Api<Pod> = Api::default_namespaced(client);
    for name in ["a", "b", "c", "d"] {
        pods.create(&PostParams::default(), &pod(name)).await.unwrap();
    }
    let mut nodes = until("four bound pods", async || {
        let list = pods.list(&ListParams::default()).await.unwrap().items;
        let nodes: Vec<String> = list.into_iter().filter_map(|pod| pod.spec?.node_name).collect();
        (nodes.len() == 4).then_some(nodes)
    })
    .await;
    nodes.sort();
    assert_eq!(nodes, ["node-a", "node-a", "node-b", "node-b"]);
}

#[tokio::test]
async fn the_tenth_branch_eni_does_not_fit() {
    let (_server, client) = start().await;
    add_node(&client, "node-a", json!({"vpc.amazonaws.com/pod-eni": "9"})).await;
    let pods: Api<Pod> = Api::default_namespaced(client);
    let one = json!({"vpc.amazonaws.com/pod-eni": "1"});
    for index in 0..10 {
        let pod: Pod = from(json!({"metadata": {"name": format!("pay-{index}")}, "spec": {"containers": [{
            "name": "main", "image": "a", "resources": {"limits": one, "requests": one}}]}}));
        pods.create(&PostParams::default(), &pod).await.unwrap();
    }
    let (bound, left) = until("a verdict on all", async || {
        let list = pods.list(&ListParams::default()).await.unwrap().items;
        let (bound, left): (Vec<Pod>, Vec<Pod>) =
            list.into_iter().partition(|pod| pod.spec.as_ref().is_some_and(|spec| spec.node_name.is_some()));
        let decided = left.iter().all(|pod| pod.status.as_ref().is_some_and(|status| status.conditions.is_some()));
        (bound.len() == 9 && decided).then_some((bound, left))
    })
    .await;
    assert_eq!((bound.len(), left.len()), (9, 1));
    // One that goes makes room for the one that waits.
    pods.delete(&bound[0].name_any(), &DeleteParams::default().grace_period(0)).await.unwrap();
    until("room", async || pods.get(&left[0].name_any()).await.unwrap().spec?.node_name).await;
}
