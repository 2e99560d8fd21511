//! With kube-rs: every verb, watches, controllers and the scheduler.

use futures::{StreamExt, TryStreamExt};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{ConfigMap, Event, Namespace, Node, Pod, ServiceAccount};
use kube::api::{
    Api, ApiResource, DeleteParams, DynamicObject, ListParams, Patch, PatchParams, PostParams, PropagationPolicy,
    WatchEvent, WatchParams,
};
use kube::core::GroupVersionKind;
use kube::runtime::{WatchStreamExt, watcher};
use kube::{Client, ResourceExt};
use serde_json::{Value, json};

use crate::support::{add_node, deployment, from, kubelet, pod, start, until};

fn reason<T: std::fmt::Debug>(result: kube::Result<T>) -> (u16, String, String) {
    match result {
        Err(kube::Error::Api(status)) => (status.code, status.reason.clone(), status.message.clone()),
        other => panic!("an API error was expected, not {other:?}"),
    }
}

fn policies(client: &Client) -> Api<DynamicObject> {
    let kind = GroupVersionKind::gvk("vpcresources.k8s.aws", "v1beta1", "SecurityGroupPolicy");
    Api::default_namespaced_with(client.clone(), &ApiResource::from_gvk_with_plural(&kind, "securitygrouppolicies"))
}

fn policy(name: &str, groups: Value) -> DynamicObject {
    from(json!({
        "apiVersion": "vpcresources.k8s.aws/v1beta1", "kind": "SecurityGroupPolicy", "metadata": {"name": name},
        "spec": {"podSelector": {"matchLabels": {"app": "db"}}, "securityGroups": {"groupIds": groups}},
    }))
}

#[tokio::test]
async fn create_get_update_delete() {
    let (server, client) = start().await;
    let maps: Api<ConfigMap> = Api::default_namespaced(client);
    let map: ConfigMap = from(json!({"metadata": {"name": "settings"}, "data": {"a": "1"}}));
    let created = maps.create(&PostParams::default(), &map).await.unwrap();
    assert!(created.metadata.uid.is_some() && created.metadata.creation_timestamp.is_some());
    let (code, why, message) = reason(maps.create(&PostParams::default(), &map).await);
    assert_eq!((code, why.as_str()), (409, "AlreadyExists"));
    assert_eq!(message, "configmaps \"settings\" already exists");

    let mut next = created.clone();
    next.data = Some([("a".to_owned(), "2".to_owned())].into());
    let updated = maps.replace("settings", &PostParams::default(), &next).await.unwrap();
    assert_ne!(updated.resource_version(), created.resource_version());
    let (code, why, message) = reason(maps.replace("settings", &PostParams::default(), &next).await);
    assert_eq!((code, why.as_str()), (409, "Conflict"));
    assert!(message.contains("the object has been modified"), "{message}");

    maps.delete("settings", &DeleteParams::default()).await.unwrap();
    let (code, why, message) = reason(maps.get("settings").await);
    assert_eq!((code, why.as_str(), message.as_str()), (404, "NotFound", "configmaps \"settings\" not found"));
    server.shutdown().await;
}

#[tokio::test]
async fn dry_run_and_generated_names() {
    let (_server, client) = start().await;
    let pods: Api<Pod> = Api::default_namespaced(client);
    let mut template = pod("x");
    template.metadata.name = None;
    template.metadata.generate_name = Some("job-".to_owned());
    let dry = PostParams { dry_run: true, ..PostParams::default() };
    assert!(pods.create(&dry, &template).await.unwrap().name_any().starts_with("job-"));
    assert!(pods.list(&ListParams::default()).await.unwrap().items.is_empty());
    let first = pods.create(&PostParams::default(), &template).await.unwrap();
    let second = pods.create(&PostParams::default(), &template).await.unwrap();
    assert_ne!(first.name_any(), second.name_any());
}

#[tokio::test]
async fn a_new_pod_has_defaults_and_a_service_account() {
    let (_server, client) = start().await;
    let pods: Api<Pod> = Api::default_namespaced(client);
    let created = pods.create(&PostParams::default(), &pod("web")).await.unwrap();
    let spec = created.spec.unwrap();
    assert_eq!(spec.service_account_name.as_deref(), Some("default"));
    assert_eq!(spec.restart_policy.as_deref(), Some("Always"));
    assert_eq!(spec.termination_grace_period_seconds, Some(30));
    assert_eq!(created.status.unwrap().phase.as_deref(), Some("Pending"));

    let mut other = pod("other");
    other.spec.as_mut().unwrap().service_account_name = Some("nobody".to_owned());
    let (code, _, message) = reason(pods.create(&PostParams::default(), &other).await);
    assert_eq!(code, 403);
    assert_eq!(
        message,
        "pods \"other\" is forbidden: error looking up service account default/nobody: serviceaccount \"nobody\" not found"
    );
}

#[tokio::test]
async fn patches_in_all_formats() {
    let (_server, client) = start().await;
    let pods: Api<Pod> = Api::default_namespaced(client);
    pods.create(&PostParams::default(), &pod("web")).await.unwrap();
    let params = PatchParams::default();
    let merge = json!({"metadata": {"annotations": {"a": "1"}}});
    let patched = pods.patch("web", &params, &Patch::Merge(merge)).await.unwrap();
    assert_eq!(patched.annotations()["a"], "1");
    let json: json_patch::Patch = from(
        json!([{"op": "test", "path": "/metadata/annotations/a", "value": "1"}, {"op": "remove", "path": "/metadata/annotations/a"}]),
    );
    let patched = pods.patch("web", &params, &Patch::Json::<()>(json.clone())).await.unwrap();
    assert!(patched.annotations().is_empty());
    assert_eq!(reason(pods.patch("web", &params, &Patch::Json::<()>(json)).await).0, 422);
    let strategic = json!({"spec": {"containers": [{"name": "main", "image": "a:2"}]}});
    let patched = pods.patch("web", &params, &Patch::Strategic(strategic)).await.unwrap();
    let container = &patched.spec.unwrap().containers[0];
    assert_eq!((container.image.as_deref(), container.image_pull_policy.is_some()), (Some("a:2"), true));
    let stale = json!({"metadata": {"resourceVersion": "1", "annotations": {"a": "2"}}});
    assert_eq!(reason(pods.patch("web", &params, &Patch::Merge(stale)).await).1, "Conflict");
    let spec = json!({"spec": {"hostNetwork": true}});
    let (code, _, message) = reason(pods.patch("web", &params, &Patch::Merge(spec)).await);
    assert_eq!(code, 422);
    assert!(
        message.starts_with("Pod \"web\" is invalid: spec: Forbidden: pod updates may not change fields"),
        "{message}"
    );
}

#[tokio::test]
async fn apply_creates_merges_and_takes_back() {
    let (_server, client) = start().await;
    let maps: Api<ConfigMap> = Api::default_namespaced(client);
    let params = PatchParams::apply("tester").force();
    let apply = |data: Value| json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "m"}, "data": data});
    maps.patch("m", &params, &Patch::Apply(apply(json!({"a": "1", "b": "1"})))).await.unwrap();
    let other = PatchParams::apply("other");
    maps.patch("m", &other, &Patch::Apply(apply(json!({"c": "3"})))).await.unwrap();
    let found = maps.patch("m", &params, &Patch::Apply(apply(json!({"a": "2"})))).await.unwrap();
    assert_eq!(json!(found.data), json!({"a": "2", "c": "3"}));
}

#[tokio::test]
async fn status_has_its_own_path() {
    let (_server, client) = start().await;
    let pods: Api<Pod> = Api::default_namespaced(client);
    pods.create(&PostParams::default(), &pod("web")).await.unwrap();
    let params = PatchParams::default();
    let both = json!({"metadata": {"labels": {"x": "y"}}, "status": {"phase": "Running"}});
    let patched = pods.patch("web", &params, &Patch::Merge(&both)).await.unwrap();
    assert_eq!(patched.status.unwrap().phase.as_deref(), Some("Pending"));
    let status = json!({"spec": {"hostname": "no"}, "status": {"phase": "Running", "podIP": "10.0.0.1"}});
    let patched = pods.patch_status("web", &params, &Patch::Merge(&status)).await.unwrap();
    assert_eq!(patched.status.unwrap().pod_ip.as_deref(), Some("10.0.0.1"));
    assert_eq!(patched.spec.unwrap().hostname, None);
}

#[tokio::test]
async fn selectors_and_pages() {
    let (_server, client) = start().await;
    add_node(&client, "node-a", json!({})).await;
    let pods: Api<Pod> = Api::default_namespaced(client);
    for name in ["a", "b", "c"] {
        pods.create(&PostParams::default(), &pod(name)).await.unwrap();
    }
    until("all pods on the node", async || {
        let list = pods.list(&ListParams::default().fields("spec.nodeName=node-a")).await.unwrap();
        (list.items.len() == 3).then_some(())
    })
    .await;
    let by_label = pods.list(&ListParams::default().labels("app in (a,b)")).await.unwrap();
    assert_eq!(by_label.items.iter().map(ResourceExt::name_any).collect::<Vec<_>>(), ["a", "b"]);
    let page = pods.list(&ListParams::default().limit(2)).await.unwrap();
    assert_eq!((page.items.len(), page.metadata.remaining_item_count), (2, Some(1)));
    let token = page.metadata.continue_.unwrap();
    let rest = pods.list(&ListParams::default().limit(2).continue_token(&token)).await.unwrap();
    assert_eq!(rest.items[0].name_any(), "c");
    let (code, _, message) = reason(pods.list(&ListParams::default().fields("spec.color=red")).await);
    assert_eq!((code, message.as_str()), (400, "field label not supported: spec.color"));
}

#[tokio::test]
async fn watch_from_a_revision_through_a_selector() {
    let (_server, client) = start().await;
    let maps: Api<ConfigMap> = Api::default_namespaced(client);
    let start = maps.list(&ListParams::default()).await.unwrap().metadata.resource_version.unwrap();
    let map = |labels: Value| from::<ConfigMap>(json!({"metadata": {"name": "m", "labels": labels}}));
    maps.create(&PostParams::default(), &map(json!({}))).await.unwrap();
    let params = PatchParams::default();
    for labels in [json!({"pick": "me"}), json!({"more": "x"}), json!({"pick": null}), json!({"pick": "me"})] {
        maps.patch("m", &params, &Patch::Merge(json!({"metadata": {"labels": labels}}))).await.unwrap();
    }
    maps.delete("m", &DeleteParams::default()).await.unwrap();
    let stream = maps.watch(&WatchParams::default().labels("pick=me").timeout(5), &start).await.unwrap();
    let events: Vec<&str> = stream
        .take(5)
        .map_ok(|event| match event {
            WatchEvent::Added(_) => "added",
            WatchEvent::Modified(_) => "modified",
            WatchEvent::Deleted(_) => "deleted",
            WatchEvent::Bookmark(_) => "bookmark",
            WatchEvent::Error(_) => "error",
        })
        .try_collect()
        .await
        .unwrap();
    assert_eq!(events, ["added", "modified", "deleted", "added", "deleted"]);
}

#[tokio::test]
async fn a_watch_from_before_the_history_is_expired() {
    let (_server, client) = start().await;
    let maps: Api<ConfigMap> = Api::default_namespaced(client);
    let first = maps.create(&PostParams::default(), &from(json!({"metadata": {"name": "m"}}))).await.unwrap();
    for count in 0..2100 {
        let patch = json!({"data": {"count": count.to_string()}});
        maps.patch("m", &PatchParams::default(), &Patch::Merge(patch)).await.unwrap();
    }
    let revision = first.resource_version().unwrap();
    let mut stream = maps.watch(&WatchParams::default(), &revision).await.unwrap().boxed();
    match stream.try_next().await.unwrap() {
        Some(WatchEvent::Error(status)) => assert_eq!((status.code, status.reason.as_str()), (410, "Expired")),
        other => panic!("410 was expected, not {other:?}"),
    }
}

#[tokio::test]
async fn the_runtime_watcher_sees_changes_and_restarts() {
    let (_server, client) = start().await;
    let maps: Api<ConfigMap> = Api::default_namespaced(client);
    for streaming in [false, true] {
        let name = format!("m-{streaming}");
        maps.create(&PostParams::default(), &from(json!({"metadata": {"name": name}}))).await.unwrap();
        let config = watcher::Config::default();
        let config = if streaming { config.streaming_lists() } else { config };
        let mut stream =
            watcher(maps.clone(), config.fields(&format!("metadata.name={name}"))).applied_objects().boxed();
        assert_eq!(stream.try_next().await.unwrap().unwrap().name_any(), name);
        let patch = json!({"data": {"a": "1"}});
        maps.patch(&name, &PatchParams::default(), &Patch::Merge(patch)).await.unwrap();
        assert!(stream.try_next().await.unwrap().unwrap().data.is_some());
    }
}

#[tokio::test]
async fn pods_end_gracefully() {
    let (_server, client) = start().await;
    let pods: Api<Pod> = Api::default_namespaced(client.clone());
    pods.create(&PostParams::default(), &pod("unscheduled")).await.unwrap();
    pods.delete("unscheduled", &DeleteParams::default()).await.unwrap();
    assert!(pods.get_opt("unscheduled").await.unwrap().is_none());

    add_node(&client, "node-a", json!({})).await;
    pods.create(&PostParams::default(), &pod("web")).await.unwrap();
    until("a node", async || pods.get("web").await.unwrap().spec.unwrap().node_name).await;
    pods.delete("web", &DeleteParams::default().grace_period(20)).await.unwrap();
    let going = pods.get("web").await.unwrap();
    assert_eq!(going.metadata.deletion_grace_period_seconds, Some(20));
    assert!(going.metadata.deletion_timestamp.is_some());
    pods.delete("web", &DeleteParams::default().grace_period(0)).await.unwrap();
    assert!(pods.get_opt("web").await.unwrap().is_none());
}

#[tokio::test]
async fn finalizers_hold_objects_back() {
    let (_server, client) = start().await;
    let maps: Api<ConfigMap> = Api::default_namespaced(client);
    let map = from(json!({"metadata": {"name": "m", "finalizers": ["example.com/hold"]}}));
    maps.create(&PostParams::default(), &map).await.unwrap();
    maps.delete("m", &DeleteParams::default()).await.unwrap();
    assert!(maps.get("m").await.unwrap().metadata.deletion_timestamp.is_some());
    let release = json!({"metadata": {"finalizers": null}});
    maps.patch("m", &PatchParams::default(), &Patch::Merge(release)).await.unwrap();
    assert!(maps.get_opt("m").await.unwrap().is_none());
}

#[tokio::test]
async fn owners_take_their_dependents_along() {
    let (_server, client) = start().await;
    let maps: Api<ConfigMap> = Api::default_namespaced(client);
    for (policy, survives) in [
        (PropagationPolicy::Background, false),
        (PropagationPolicy::Foreground, false),
        (PropagationPolicy::Orphan, true),
    ] {
        let owner = maps.create(&PostParams::default(), &from(json!({"metadata": {"name": "owner"}}))).await.unwrap();
        let reference = json!({"apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": owner.uid(),
            "blockOwnerDeletion": true});
        let child = from(json!({"metadata": {"name": "child", "ownerReferences": [reference]}}));
        maps.create(&PostParams::default(), &child).await.unwrap();
        let params = DeleteParams { propagation_policy: Some(policy.clone()), ..DeleteParams::default() };
        maps.delete("owner", &params).await.unwrap();
        until("the owner's end", async || maps.get_opt("owner").await.unwrap().is_none().then_some(())).await;
        if survives {
            assert!(maps.get("child").await.unwrap().owner_references().is_empty());
        } else {
            until("the child's end", async || maps.get_opt("child").await.unwrap().is_none().then_some(())).await;
        }
    }
}

#[tokio::test]
async fn a_namespace_ends_after_its_contents() {
    let (_server, client) = start().await;
    let namespaces: Api<Namespace> = Api::all(client.clone());
    namespaces.create(&PostParams::default(), &from(json!({"metadata": {"name": "team"}}))).await.unwrap();
    let accounts: Api<ServiceAccount> = Api::namespaced(client.clone(), "team");
    assert_eq!(accounts.get("default").await.unwrap().name_any(), "default");
    let maps: Api<ConfigMap> = Api::namespaced(client.clone(), "team");
    let held = from(json!({"metadata": {"name": "m", "finalizers": ["example.com/hold"]}}));
    maps.create(&PostParams::default(), &held).await.unwrap();
    namespaces.delete("team", &DeleteParams::default()).await.unwrap();
    let (code, _, message) =
        reason(maps.create(&PostParams::default(), &from(json!({"metadata": {"name": "n"}}))).await);
    assert_eq!(code, 403);
    assert!(message.contains("because it is being terminated"), "{message}");
    let release = json!({"metadata": {"finalizers": null}});
    maps.patch("m", &PatchParams::default(), &Patch::Merge(release)).await.unwrap();
    until("the namespace's end", async || namespaces.get_opt("team").await.unwrap().is_none().then_some(())).await;
    let maps: Api<ConfigMap> = Api::namespaced(client, "nowhere");
    let (code, _, message) =
        reason(maps.create(&PostParams::default(), &from(json!({"metadata": {"name": "n"}}))).await);
    assert_eq!((code, message.as_str()), (404, "namespaces \"nowhere\" not found"));
}

#[tokio::test]
async fn extended_resources_decide_where_pods_go() {
    let (_server, client) = start().await;
    let nodes: Api<Node> = Api::all(client.clone());
    add_node(&client, "node-a", json!({})).await;
    let pods: Api<Pod> = Api::default_namespaced(client.clone());
    let wanting: Pod = from(json!({"metadata": {"name": "db"}, "spec": {"containers": [{"name": "main", "image": "a",
        "resources": {"limits": {"vpc.amazonaws.com/pod-eni": "1"}, "requests": {"vpc.amazonaws.com/pod-eni": "1"}}}]}}));
    pods.create(&PostParams::default(), &wanting).await.unwrap();
    let expected = "0/1 nodes are available: 1 Insufficient vpc.amazonaws.com/pod-eni. preemption: 0/1 nodes are \
        available: 1 No preemption victims found for incoming pod.";
    let events: Api<Event> = Api::default_namespaced(client.clone());
    let event = until("an event", async || {
        let list = events.list(&ListParams::default().fields("involvedObject.name=db,reason=FailedScheduling")).await;
        list.unwrap().items.pop()
    })
    .await;
    assert_eq!((event.message.as_deref(), event.type_.as_deref()), (Some(expected), Some("Warning")));
    let conditions = pods.get("db").await.unwrap().status.unwrap().conditions.unwrap();
    assert_eq!((conditions[0].status.as_str(), conditions[0].reason.as_deref()), ("False", Some("Unschedulable")));

    // The controller sets capacity only.
    let capacity = json!([{"op": "add", "path": "/status/capacity/vpc.amazonaws.com~1pod-eni", "value": "9"}]);
    let patch: json_patch::Patch = from(capacity);
    let node = nodes.patch_status("node-a", &PatchParams::default(), &Patch::Json::<()>(patch)).await.unwrap();
    assert_eq!(node.status.unwrap().allocatable.unwrap()["vpc.amazonaws.com/pod-eni"].0, "9");
    until("a node", async || pods.get("db").await.unwrap().spec.unwrap().node_name).await;
}

#[tokio::test]
async fn a_deployment_rolls_out_scales_and_rolls_on() {
    let (_server, client) = start().await;
    add_node(&client, "node-a", json!({})).await;
    let _kubelet = kubelet(&client);
    let deployments: Api<Deployment> = Api::default_namespaced(client.clone());
    let pods: Api<Pod> = Api::default_namespaced(client.clone());
    deployments.create(&PostParams::default(), &from(deployment("web", 3))).await.unwrap();
    let available = async |count: i32, image: &str| {
        until(&format!("{count} pods of {image}"), async || {
            let status = deployments.get("web").await.unwrap().status.unwrap();
            let exact = status.available_replicas == Some(count) && status.replicas == Some(count);
            let images = pods.list(&ListParams::default()).await.unwrap();
            let current =
                images.iter().all(|pod| pod.spec.as_ref().unwrap().containers[0].image.as_deref() == Some(image));
            (exact && current && status.updated_replicas == Some(count)).then_some(())
        })
        .await;
    };
    available(3, "a:1").await;
    let scale = json!({"spec": {"replicas": 5}});
    deployments.patch_scale("web", &PatchParams::default(), &Patch::Merge(scale)).await.unwrap();
    available(5, "a:1").await;
    let image = json!({"spec": {"template": {"spec": {"containers": [{"name": "main", "image": "a:2"}]}}}});
    deployments.patch("web", &PatchParams::default(), &Patch::Strategic(image)).await.unwrap();
    available(5, "a:2").await;
    deployments.delete("web", &DeleteParams::default()).await.unwrap();
    until("no pods", async || pods.list(&ListParams::default()).await.unwrap().items.is_empty().then_some(())).await;
}

#[tokio::test]
async fn custom_resources_are_validated_and_pruned() {
    let (_server, client) = start().await;
    let api = policies(&client);
    let created = api.create(&PostParams::default(), &policy("db", json!(["sg-1"]))).await.unwrap();
    assert_eq!(created.metadata.generation, Some(1));
    let (code, _, message) = reason(api.create(&PostParams::default(), &policy("none", json!([]))).await);
    assert_eq!(code, 422);
    assert_eq!(
        message,
        "SecurityGroupPolicy.vpcresources.k8s.aws \"none\" is invalid: spec.securityGroups.groupIds: Invalid value: 0: \
         spec.securityGroups.groupIds in body should have at least 1 items"
    );
    let patch = json!({"spec": {"securityGroups": {"groupIds": ["sg-2"]}, "unknown": 1}});
    let patched = api.patch("db", &PatchParams::default(), &Patch::Merge(patch)).await.unwrap();
    assert_eq!(patched.metadata.generation, Some(2));
    assert_eq!(patched.data["spec"]["securityGroups"]["groupIds"], json!(["sg-2"]));
    assert!(patched.data["spec"].get("unknown").is_none());
}

#[tokio::test]
async fn definitions_come_and_go() {
    let (_server, client) = start().await;
    let kind = GroupVersionKind::gvk("example.com", "v1", "Gadget");
    let gadgets: Api<DynamicObject> =
        Api::default_namespaced_with(client.clone(), &ApiResource::from_gvk_with_plural(&kind, "gadgets"));
    assert_eq!(reason(gadgets.list(&ListParams::default()).await).0, 404);
    let definition_kind = GroupVersionKind::gvk("apiextensions.k8s.io", "v1", "CustomResourceDefinition");
    let definitions: Api<DynamicObject> =
        Api::all_with(client, &ApiResource::from_gvk_with_plural(&definition_kind, "customresourcedefinitions"));
    let version = |name: &str, storage: bool| {
        json!({"name": name, "served": true, "storage": storage,
        "schema": {"openAPIV3Schema": {"type": "object", "properties": {
            "spec": {"type": "object", "properties": {"size": {"type": "integer", "default": 1}}},
            "status": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}}}},
        "subresources": {"status": {}}})
    };
    let definition = from(json!({"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": "gadgets.example.com"}, "spec": {"group": "example.com", "scope": "Namespaced",
            "names": {"plural": "gadgets", "kind": "Gadget"}, "versions": [version("v1", true), version("v1alpha1", false)]}}));
    let created = definitions.create(&PostParams::default(), &definition).await.unwrap();
    assert_eq!(created.data["status"]["conditions"][1]["type"], "Established");
    let gadget = from(json!({"apiVersion": "example.com/v1", "kind": "Gadget", "metadata": {"name": "g"},
        "spec": {}, "status": {"ignored": true}}));
    let made = gadgets.create(&PostParams::default(), &gadget).await.unwrap();
    assert_eq!((&made.data["spec"]["size"], made.data.get("status")), (&json!(1), None));
    let status = json!({"status": {"phase": "Fine"}});
    let patched = gadgets.patch_status("g", &PatchParams::default(), &Patch::Merge(status)).await.unwrap();
    assert_eq!(patched.data["status"]["phase"], "Fine");
    assert_eq!(patched.metadata.generation, Some(1));
    definitions.delete("gadgets.example.com", &DeleteParams::default()).await.unwrap();
    until("the definition's end", async || {
        definitions.get_opt("gadgets.example.com").await.unwrap().is_none().then_some(())
    })
    .await;
    assert_eq!(reason(gadgets.list(&ListParams::default()).await).0, 404);
}
