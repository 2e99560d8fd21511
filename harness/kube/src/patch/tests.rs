//! Tables: an object, a patch, and what comes of it.

use rstest::rstest;
use serde_json::{Value, json};

use super::{PatchKind, apply, patched};
use crate::types::{self, Structure};

fn deployment() -> Structure<'static> {
    Structure::Type(types::of_kind("apps", "Deployment").expect("a built-in kind"))
}

fn pod() -> Structure<'static> {
    Structure::Type(types::of_kind("", "Pod").expect("a built-in kind"))
}

/// Puts a value where a Deployment's template has its pod spec.
fn template(spec: Value) -> Value {
    json!({"spec": {"template": {"spec": spec}}})
}

#[rstest]
#[case::image_by_name(
    json!({"containers": [{"name": "a", "image": "1"}, {"name": "b", "image": "1"}]}),
    json!({"containers": [{"name": "b", "image": "2"}]}),
    json!({"containers": [{"name": "a", "image": "1"}, {"name": "b", "image": "2"}]}))]
#[case::new_container(
    json!({"containers": [{"name": "a"}]}),
    json!({"containers": [{"name": "b", "image": null}]}),
    json!({"containers": [{"name": "a"}, {"name": "b"}]}))]
#[case::delete_container(
    json!({"containers": [{"name": "a"}, {"name": "b"}]}),
    json!({"containers": [{"name": "a", "$patch": "delete"}]}),
    json!({"containers": [{"name": "b"}]}))]
#[case::replace_list(
    json!({"containers": [{"name": "a"}, {"name": "b"}]}),
    json!({"containers": [{"$patch": "replace"}, {"name": "c"}]}),
    json!({"containers": [{"name": "c"}]}))]
#[case::order(
    json!({"containers": [{"name": "a"}, {"name": "x"}, {"name": "b"}]}),
    json!({"$setElementOrder/containers": [{"name": "b"}, {"name": "a"}], "containers": [{"name": "b", "image": "2"}]}),
    json!({"containers": [{"name": "b", "image": "2"}, {"name": "a"}, {"name": "x"}]}))]
#[case::env_by_name(
    json!({"containers": [{"name": "a", "env": [{"name": "X", "value": "1"}, {"name": "Y", "value": "1"}]}]}),
    json!({"containers": [{"name": "a", "env": [{"name": "Y", "value": "2"}, {"name": "X", "$patch": "delete"}]}]}),
    json!({"containers": [{"name": "a", "env": [{"name": "Y", "value": "2"}]}]}))]
#[case::ports_by_number(
    json!({"containers": [{"name": "a", "ports": [{"containerPort": 80}, {"containerPort": 81}]}]}),
    json!({"containers": [{"name": "a", "ports": [{"containerPort": 81, "name": "alt"}]}]}),
    json!({"containers": [{"name": "a", "ports": [{"containerPort": 80}, {"containerPort": 81, "name": "alt"}]}]}))]
#[case::volume_keeps_only_named_keys(
    json!({"volumes": [{"name": "v", "emptyDir": {}}]}),
    json!({"volumes": [{"name": "v", "hostPath": {"path": "/"}, "$retainKeys": ["name", "hostPath"]}]}),
    json!({"volumes": [{"name": "v", "hostPath": {"path": "/"}}]}))]
#[case::tolerations_are_replaced(
    json!({"tolerations": [{"key": "a"}, {"key": "b"}]}),
    json!({"tolerations": [{"key": "c"}]}),
    json!({"tolerations": [{"key": "c"}]}))]
#[case::replaced_map(
    json!({"nodeSelector": {"a": "1", "b": "2"}}),
    json!({"nodeSelector": {"$patch": "replace", "c": "3"}}),
    json!({"nodeSelector": {"c": "3"}}))]
#[case::null_removes(
    json!({"nodeSelector": {"a": "1", "b": "2"}}),
    json!({"nodeSelector": {"a": null}}),
    json!({"nodeSelector": {"b": "2"}}))]
fn strategic(#[case] before: Value, #[case] patch: Value, #[case] after: Value) {
    let found = patched(PatchKind::Strategic, &template(before), &template(patch), deployment()).unwrap();
    assert_eq!(found, template(after));
}

#[rstest]
#[case::finalizers_add(json!({"finalizers": ["a"]}), json!({"finalizers": ["b"]}), json!({"finalizers": ["a", "b"]}))]
#[case::finalizers_remove(
    json!({"finalizers": ["a", "b"]}),
    json!({"$deleteFromPrimitiveList/finalizers": ["a"]}),
    json!({"finalizers": ["b"]}))]
#[case::owners_by_uid(
    json!({"ownerReferences": [{"uid": "1", "name": "a"}]}),
    json!({"ownerReferences": [{"uid": "1", "$patch": "delete"}, {"uid": "2", "name": "b"}]}),
    json!({"ownerReferences": [{"uid": "2", "name": "b"}]}))]
fn strategic_metadata(#[case] before: Value, #[case] patch: Value, #[case] after: Value) {
    let (before, patch) = (json!({"metadata": before}), json!({"metadata": patch}));
    let found = patched(PatchKind::Strategic, &before, &patch, pod()).unwrap();
    assert_eq!(found, json!({"metadata": after}));
}

#[test]
fn conditions_merge_by_type() {
    let before = json!({"status": {"conditions": [{"type": "Ready", "status": "False"}, {"type": "Other"}]}});
    let patch = json!({"status": {"conditions": [{"type": "Ready", "status": "True"}]}});
    let found = patched(PatchKind::Strategic, &before, &patch, pod()).unwrap();
    assert_eq!(found["status"]["conditions"][0], json!({"type": "Ready", "status": "True"}));
    assert_eq!(found["status"]["conditions"][1], json!({"type": "Other"}));
}

#[rstest]
#[case::no_key(PatchKind::Strategic, json!({"spec": {"containers": [{"image": "a"}]}}),
    "map: {\"image\":\"a\"} does not contain declared merge key: name")]
#[case::directive(PatchKind::Strategic, json!({"$patch": "shuffle"}), "Unknown patch type found: shuffle")]
#[case::no_object(PatchKind::Merge, json!([1]), "the patch leaves no object")]
#[case::bad_json_patch(PatchKind::Json, json!([{"op": "remove", "path": "/spec/none"}]),
    "the server rejected our request: operation '/0' failed at path '/spec/none': path is invalid")]
fn refused(#[case] kind: PatchKind, #[case] patch: Value, #[case] message: &str) {
    let before = json!({"spec": {"containers": [{"name": "a"}]}});
    assert_eq!(patched(kind, &before, &patch, pod()).unwrap_err().message, message);
}

#[rstest]
#[case::first(json!({"labels": {"x": "1"}}), json!({"labels": {"a": "1"}}), None, json!({"labels": {"x": "1", "a": "1"}}))]
#[case::dropped_field(
    json!({"labels": {"x": "1", "a": "1", "b": "1"}}),
    json!({"labels": {"a": "2"}}),
    Some(json!({"labels": {"a": "1", "b": "1"}})),
    json!({"labels": {"x": "1", "a": "2"}}))]
#[case::dropped_map(
    json!({"labels": {"a": "1"}}), json!({}), Some(json!({"labels": {"a": "1"}})), json!({}))]
#[case::set(
    json!({"finalizers": ["x", "a"]}),
    json!({"finalizers": ["b"]}),
    Some(json!({"finalizers": ["a"]})),
    json!({"finalizers": ["x", "b"]}))]
fn applied_metadata(#[case] before: Value, #[case] wanted: Value, #[case] last: Option<Value>, #[case] after: Value) {
    let wrap = |value: Value| json!({"metadata": value});
    let found = apply(&wrap(before), &wrap(wanted), last.map(wrap).as_ref(), pod());
    assert_eq!(found, wrap(after));
}

#[rstest]
#[case::dropped_item(
    json!([{"name": "a", "image": "1"}, {"name": "mesh"}, {"name": "b"}]),
    json!([{"name": "a", "image": "2"}]),
    json!([{"name": "a", "image": "1"}, {"name": "b"}]),
    json!([{"name": "a", "image": "2"}, {"name": "mesh"}]))]
#[case::dropped_field_of_an_item(
    json!([{"name": "a", "image": "1", "tty": true, "stdin": true}]),
    json!([{"name": "a", "image": "1"}]),
    json!([{"name": "a", "image": "1", "tty": true}]),
    json!([{"name": "a", "image": "1", "stdin": true}]))]
#[case::same_port_two_protocols(
    json!([{"name": "a", "ports": [{"containerPort": 53, "protocol": "TCP"}]}]),
    json!([{"name": "a", "ports": [{"containerPort": 53, "protocol": "UDP"}, {"containerPort": 53, "name": "dns"}]}]),
    json!([]),
    json!([{"name": "a", "ports": [
        {"containerPort": 53, "protocol": "TCP", "name": "dns"}, {"containerPort": 53, "protocol": "UDP"}]}]))]
fn applied_containers(#[case] before: Value, #[case] wanted: Value, #[case] last: Value, #[case] after: Value) {
    let wrap = |value: Value| template(json!({"containers": value}));
    let found = apply(&wrap(before), &wrap(wanted), Some(&wrap(last)), deployment());
    assert_eq!(found, wrap(after));
}

#[test]
fn custom_lists_merge_as_their_schema_says() {
    let schema = json!({"properties": {"spec": {"properties": {
        "features": {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"]},
        "tags": {"x-kubernetes-list-type": "set"}, "plain": {"type": "array"}}}}});
    let before = json!({"spec": {"features": [{"name": "a", "value": "1"}], "tags": ["x"], "plain": [1, 2]}});
    let wanted =
        json!({"spec": {"features": [{"name": "b"}, {"name": "a", "value": "2"}], "tags": ["y"], "plain": [3]}});
    assert_eq!(
        apply(&before, &wanted, None, Structure::Schema(&schema)),
        json!({"spec": {"features": [{"name": "a", "value": "2"}, {"name": "b"}], "tags": ["x", "y"], "plain": [3]}})
    );
}
