//! Nodes: `allocatable` follows `capacity`.

use serde_json::{Value, json};

use crate::object;
use crate::quantity::Quantity;
use crate::status::Cause;

/// Does the kubelet's part: what a status write puts into `capacity` appears in `allocatable`, too.
///
/// Controllers add extended resources to `capacity` only and count on it. An `allocatable` that the writer set itself
/// stays as written.
pub(super) fn derive_allocatable(next: &mut Value, current: Option<&Value>) {
    let Some(capacity) = next["status"]["capacity"].as_object().cloned() else { return };
    let before = |part: &str, key: &str| current.map_or(&Value::Null, |node| &node["status"][part][key]);
    let status = object::child_mut(next, "status");
    let allocatable = status.entry("allocatable").or_insert_with(|| json!({}));
    let Some(allocatable) = allocatable.as_object_mut() else { return };
    for (key, amount) in &capacity {
        let present = allocatable.get(key);
        let untouched = present.is_none_or(|present| present == before("allocatable", key));
        if present.is_none() || (untouched && before("capacity", key) != amount) {
            allocatable.insert(key.clone(), amount.clone());
        }
    }
    // A resource that is no more offered cannot be allocated.
    let withdrawn = |key: &String| !capacity.contains_key(key) && !before("capacity", key).is_null();
    allocatable.retain(|key, _| !withdrawn(key));
}

/// Checks the amounts.
pub(super) fn validate(node: &Value, causes: &mut Vec<Cause>) {
    for part in ["capacity", "allocatable"] {
        for (key, amount) in node["status"][part].as_object().into_iter().flatten() {
            if Quantity::from_value(amount).is_none() {
                let field = format!("status.{part}[{key}]");
                causes.push(Cause::invalid(field, amount, "quantities must match the regular expression"));
            }
        }
    }
    for (index, taint) in object::items(node, &["spec", "taints"]).iter().enumerate() {
        let effect = &taint["effect"];
        if !matches!(effect.as_str(), Some("NoSchedule" | "PreferNoSchedule" | "NoExecute")) {
            let supported = ["NoSchedule", "PreferNoSchedule", "NoExecute"];
            causes.push(Cause::unsupported(format!("metadata.taints[{index}].effect"), effect, &supported));
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::first(json!({"capacity": {"cpu": "2"}}), json!({"capacity": {"cpu": "2"}}), json!({"cpu": "2"}))]
    #[case::extended(
        json!({"capacity": {"cpu": "2"}, "allocatable": {"cpu": "1"}}),
        json!({"capacity": {"cpu": "2", "x/y": "9"}, "allocatable": {"cpu": "1"}}),
        json!({"cpu": "1", "x/y": "9"}))]
    #[case::changed(
        json!({"capacity": {"x/y": "9"}, "allocatable": {"x/y": "9"}}),
        json!({"capacity": {"x/y": "5"}, "allocatable": {"x/y": "9"}}),
        json!({"x/y": "5"}))]
    #[case::writer_decides(
        json!({"capacity": {"cpu": "2"}, "allocatable": {"cpu": "2"}}),
        json!({"capacity": {"cpu": "4"}, "allocatable": {"cpu": "3"}}),
        json!({"cpu": "3"}))]
    #[case::withdrawn(
        json!({"capacity": {"x/y": "9"}, "allocatable": {"x/y": "9"}}),
        json!({"capacity": {}, "allocatable": {"x/y": "9"}}),
        json!({}))]
    fn allocatable(#[case] before: Value, #[case] after: Value, #[case] expected: Value) {
        let current = json!({"status": before});
        let mut next = json!({"status": after});
        derive_allocatable(&mut next, Some(&current));
        assert_eq!(next["status"]["allocatable"], expected);
    }
}
