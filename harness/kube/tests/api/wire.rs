//! Plain HTTP: discovery, errors and what only raw requests show.

use rstest::rstest;
use serde_json::{Value, json};

use crate::support::start;

struct Plain {
    _server: kube_lite::Server,
    client: kube::Client,
}

impl Plain {
    async fn start() -> Self {
        let (server, client) = start().await;
        Self { _server: server, client }
    }

    async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> (u16, String, String) {
        let mut request = http::Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = kube::client::Body::from(body.as_bytes().to_vec());
        let response = self.client.send(request.body(body).unwrap()).await.unwrap();
        let code = response.status().as_u16();
        let header = |name: &str| {
            response.headers().get(name).map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default()
        };
        let (kind, warning) = (header("content-type"), header("warning"));
        let bytes = response.into_body().collect_bytes().await.unwrap();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        (code, if warning.is_empty() { kind } else { warning }, text)
    }

    async fn json(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let (code, _, text) = self.send(method, path, &[("content-type", "application/json")], &body.to_string()).await;
        (code, serde_json::from_str(&text).unwrap_or(Value::Null))
    }
}

#[rstest]
#[case::health("/readyz", 200)]
#[case::group("/apis/apps", 200)]
#[case::no_group("/apis/none.example.com/v1", 404)]
#[case::no_resource("/api/v1/gadgets", 404)]
#[case::no_path("/metrics", 404)]
#[case::cluster_scope("/api/v1/namespaces/default/nodes", 404)]
#[tokio::test]
async fn paths(#[case] path: &str, #[case] code: u16) {
    let plain = Plain::start().await;
    let (found, _, text) = plain.send("GET", path, &[], "").await;
    assert_eq!(found, code, "{text}");
    if code == 404 {
        let status: Value = serde_json::from_str(&text).unwrap();
        assert_eq!((&status["kind"], &status["reason"]), (&json!("Status"), &json!("NotFound")));
    }
}

#[rstest]
#[case::plain("application/json", "application/json", "APIGroupList")]
#[case::aggregated(
    "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json",
    "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList",
    "APIGroupDiscoveryList"
)]
#[case::older(
    "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json",
    "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList",
    "APIGroupDiscoveryList"
)]
#[tokio::test]
async fn discovery_forms(#[case] accept: &str, #[case] content_type: &str, #[case] kind: &str) {
    let plain = Plain::start().await;
    let (_, found, text) = plain.send("GET", "/apis", &[("accept", accept)], "").await;
    assert_eq!(found, content_type);
    assert_eq!(serde_json::from_str::<Value>(&text).unwrap()["kind"], kind);
}

#[tokio::test]
async fn unknown_fields_warn_or_fail() {
    let plain = Plain::start().await;
    let pod = |name: &str| json!({"metadata": {"name": name}, "spec": {"nodeNam": "x", "containers": [{"name": "a", "image": "b"}]}});
    let headers = [("content-type", "application/json")];
    let path = "/api/v1/namespaces/default/pods";
    let (code, warning, _) = plain.send("POST", path, &headers, &pod("warned").to_string()).await;
    assert_eq!((code, warning.as_str()), (201, "299 - \"unknown field \\\"spec.nodeNam\\\"\""));
    let (code, status) = plain.json("POST", &format!("{path}?fieldValidation=Strict"), &pod("refused")).await;
    assert_eq!(code, 400);
    assert_eq!(
        status["message"],
        "Pod in version \"v1\" cannot be handled as a Pod: strict decoding error: unknown field \"spec.nodeNam\""
    );
    let (code, kind, _) =
        plain.send("POST", &format!("{path}?fieldValidation=Ignore"), &headers, &pod("ignored").to_string()).await;
    assert_eq!((code, kind.as_str()), (201, "application/json"));
}

#[rstest]
#[case::no_name(json!({"spec": {"containers": [{"name": "a", "image": "b"}]}}), 422,
    "Pod \"\" is invalid: metadata.name: Required value: name or generateName is required")]
#[case::bad_name(json!({"metadata": {"name": "a_b"}, "spec": {"containers": [{"name": "a", "image": "b"}]}}), 422,
    "Pod \"a_b\" is invalid: metadata.name: Invalid value: \"a_b\": a lowercase RFC 1123 subdomain must consist of lower \
     case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', \
     regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')")]
#[case::no_containers(json!({"metadata": {"name": "a"}}), 422, "Pod \"a\" is invalid: spec.containers: Required value")]
#[case::other_namespace(json!({"metadata": {"name": "a", "namespace": "b"}}), 400,
    "the namespace of the provided object does not match the namespace sent on the request (b, default)")]
#[case::other_kind(json!({"kind": "Node", "metadata": {"name": "a"}}), 400,
    "kind in the data (Node) does not match the expected kind (Pod of pods)")]
#[tokio::test]
async fn refused_pods(#[case] pod: Value, #[case] code: u16, #[case] message: &str) {
    let plain = Plain::start().await;
    let (found, status) = plain.json("POST", "/api/v1/namespaces/default/pods", &pod).await;
    assert_eq!((found, status["message"].as_str()), (code, Some(message)));
}

#[rstest]
#[case::metadata("pods", json!({"metadata": "x"}), "metadata is no object")]
#[case::labels("pods", json!({"metadata": {"name": "a", "labels": ["x"]}}),
    "Pod in version \"v1\" cannot be handled as a Pod: json: cannot unmarshal array into Go struct field \
     Pod.metadata.labels of type map")]
#[case::spec("pods", json!({"metadata": {"name": "a"}, "spec": 7}),
    "Pod in version \"v1\" cannot be handled as a Pod: json: cannot unmarshal number into Go struct field Pod.spec of \
     type object")]
#[tokio::test]
async fn values_of_wrong_types(#[case] plural: &str, #[case] body: Value, #[case] message: &str) {
    let plain = Plain::start().await;
    let (code, status) = plain.json("POST", &format!("/api/v1/namespaces/default/{plural}"), &body).await;
    assert_eq!((code, status["message"].as_str()), (400, Some(message)));
}

#[tokio::test]
async fn custom_resources_have_typed_metadata_and_need_a_revision() {
    let plain = Plain::start().await;
    let path = "/apis/vpcresources.k8s.aws/v1alpha1/cninodes";
    let (code, status) = plain.json("POST", path, &json!({"metadata": {"name": "a", "labels": ["x"]}})).await;
    assert_eq!(code, 400, "{status}");
    let (code, _) = plain.json("POST", path, &json!({"metadata": {"name": "a"}})).await;
    assert_eq!(code, 201);
    let (code, status) = plain.json("PUT", &format!("{path}/a"), &json!({"metadata": {"name": "a"}})).await;
    assert_eq!(code, 422);
    assert_eq!(
        status["message"],
        "CNINode.vpcresources.k8s.aws \"a\" is invalid: metadata.resourceVersion: Invalid value: 0: must be specified for \
         an update"
    );
}

#[rstest]
#[case::by_name("/api/v1/namespaces/default?watch=true&timeoutSeconds=0")]
#[case::old_form("/api/v1/watch/namespaces/default?timeoutSeconds=0")]
#[tokio::test]
async fn one_object_can_be_watched(#[case] path: &str) {
    let plain = Plain::start().await;
    let (code, _, text) = plain.send("GET", path, &[], "").await;
    let event: Value = serde_json::from_str(text.trim()).unwrap();
    assert_eq!((code, &event["type"], &event["object"]["metadata"]["name"]), (200, &json!("ADDED"), &json!("default")));
}

#[rstest]
#[case::create_everywhere("POST", "/api/v1/pods", 405)]
#[case::delete_everywhere("DELETE", "/api/v1/pods", 405)]
#[case::put_collection("PUT", "/api/v1/nodes", 405)]
#[case::delete_status("DELETE", "/api/v1/nodes/a/status", 405)]
#[case::no_subresource("GET", "/api/v1/namespaces/default/pods/a/log", 404)]
#[case::no_scale("GET", "/api/v1/namespaces/default/pods/a/scale", 404)]
#[case::bad_patch("PATCH", "/api/v1/nodes/a", 415)]
#[tokio::test]
async fn what_is_not_served(#[case] method: &str, #[case] path: &str, #[case] code: u16) {
    let plain = Plain::start().await;
    let (found, status) = plain.json(method, path, &json!({})).await;
    assert_eq!((found, &status["kind"]), (code, &json!("Status")), "{status}");
}

#[tokio::test]
async fn bodies_may_be_yaml() {
    let plain = Plain::start().await;
    let yaml = "metadata:\n  name: settings\ndata:\n  key: value\n";
    let headers = [("content-type", "application/yaml")];
    let (code, _, text) = plain.send("POST", "/api/v1/namespaces/default/configmaps", &headers, yaml).await;
    assert_eq!(code, 201, "{text}");
    let headers = [("content-type", "application/vnd.kubernetes.protobuf")];
    let (code, _, text) = plain.send("POST", "/api/v1/namespaces/default/configmaps", &headers, "{}").await;
    assert_eq!(code, 400, "{text}");
}

#[tokio::test]
async fn both_event_apis_show_the_same_events() {
    let plain = Plain::start().await;
    let event = json!({"metadata": {"name": "e"}, "regarding": {"kind": "Pod", "name": "web"}, "note": "hello",
        "reason": "Said", "type": "Normal", "reportingController": "x", "reportingInstance": "y", "action": "Say",
        "eventTime": "2026-01-01T00:00:00.000000Z"});
    let (code, _) = plain.json("POST", "/apis/events.k8s.io/v1/namespaces/default/events", &event).await;
    assert_eq!(code, 201);
    let (_, core) = plain.json("GET", "/api/v1/namespaces/default/events/e", &Value::Null).await;
    assert_eq!((&core["message"], &core["involvedObject"]["name"]), (&json!("hello"), &json!("web")));
    let patch = json!({"series": {"count": 2, "lastObservedTime": "2026-01-01T00:00:01.000000Z"}}).to_string();
    let headers = [("content-type", "application/merge-patch+json")];
    let path = "/apis/events.k8s.io/v1/namespaces/default/events/e";
    let (code, _, text) = plain.send("PATCH", path, &headers, &patch).await;
    assert_eq!(code, 200, "{text}");
    let patched: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((&patched["note"], &patched["series"]["count"]), (&json!("hello"), &json!(2)));
}

#[tokio::test]
async fn watches_with_initial_events_end_them_with_a_bookmark() {
    let plain = Plain::start().await;
    let path = "/api/v1/namespaces?watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan\
        &allowWatchBookmarks=true&timeoutSeconds=1";
    let (code, _, text) = plain.send("GET", path, &[], "").await;
    assert_eq!(code, 200);
    let kinds: Vec<Value> = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()).collect();
    let names: Vec<&str> = kinds.iter().map(|event| event["type"].as_str().unwrap()).collect();
    assert_eq!(names[..5], ["ADDED", "ADDED", "ADDED", "ADDED", "BOOKMARK"]);
    assert_eq!(kinds[4]["object"]["metadata"]["annotations"]["k8s.io/initial-events-end"], "true");
}

#[tokio::test]
async fn access_is_never_refused() {
    let plain = Plain::start().await;
    let review = json!({"spec": {"resourceAttributes": {"verb": "delete", "resource": "nodes"}}});
    let path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
    let (code, answer) = plain.json("POST", path, &review).await;
    assert_eq!((code, &answer["status"]["allowed"]), (201, &json!(true)));
}
