//! Strategic merge patch: a merge patch that knows which lists are maps in disguise.
//!
//! Directives and list semantics follow
//! <https://github.com/kubernetes/community/blob/master/contributors/devel/sig-api-machinery/strategic-merge-patch.md>.

use serde_json::{Map, Value};

use crate::status::ApiError;
use crate::types::{ListMerge, Structure};

const DIRECTIVE: &str = "$patch";
const RETAIN_KEYS: &str = "$retainKeys";
const ELEMENT_ORDER: &str = "$setElementOrder/";
const DELETE_FROM: &str = "$deleteFromPrimitiveList/";

/// Merges `patch` into `target`.
pub(super) fn merge(target: &mut Value, patch: &Value, structure: Structure<'_>) -> Result<(), ApiError> {
    let Value::Object(patch) = patch else {
        return Err(ApiError::bad_request("a strategic merge patch is an object"));
    };
    match target {
        Value::Object(target) => merge_object(target, patch, structure),
        _ => {
            *target = Value::Object(without_directives(patch));
            Ok(())
        }
    }
}

fn merge_object(
    target: &mut Map<String, Value>,
    patch: &Map<String, Value>,
    structure: Structure<'_>,
) -> Result<(), ApiError> {
    match patch.get(DIRECTIVE).and_then(Value::as_str) {
        Some("replace") => {
            *target = without_directives(patch);
            return Ok(());
        }
        Some("delete") => {
            target.clear();
            return Ok(());
        }
        Some("merge") | None => {}
        Some(other) => return Err(ApiError::bad_request(format!("Unknown patch type found: {other}"))),
    }
    for (key, value) in patch {
        if key == DIRECTIVE || key == RETAIN_KEYS || key.starts_with(ELEMENT_ORDER) {
            continue;
        }
        if let Some(field) = key.strip_prefix(DELETE_FROM) {
            delete_primitives(target, field, value);
            continue;
        }
        merge_field(target, key, value, structure)?;
    }
    for (key, order) in patch {
        if let (Some(field), Some(order)) = (key.strip_prefix(ELEMENT_ORDER), order.as_array()) {
            let merge = structure.patch_merge(field);
            if let Some(list) = target.get_mut(field).and_then(Value::as_array_mut) {
                reorder(list, order, &merge);
            }
        }
    }
    if let Some(keep) = patch.get(RETAIN_KEYS).and_then(Value::as_array) {
        target.retain(|key, _| keep.iter().any(|kept| kept == key));
    }
    Ok(())
}

fn merge_field(
    target: &mut Map<String, Value>,
    key: &str,
    value: &Value,
    structure: Structure<'_>,
) -> Result<(), ApiError> {
    match value {
        Value::Null => {
            target.shift_remove(key);
        }
        Value::Object(patch) => {
            if patch.get(DIRECTIVE).is_some_and(|directive| directive == "delete") {
                target.shift_remove(key);
            } else if let Some(Value::Object(current)) = target.get_mut(key) {
                merge_object(current, patch, structure.field(key))?;
            } else {
                target.insert(key.to_owned(), Value::Object(without_directives(patch)));
            }
        }
        Value::Array(patch) => {
            let current = match target.get_mut(key) {
                Some(Value::Array(current)) => current,
                _ => {
                    target.insert(key.to_owned(), Value::Array(Vec::new()));
                    target[key].as_array_mut().expect("inserted as a list")
                }
            };
            merge_list(current, patch, &structure.patch_merge(key), structure.field(key).item())?;
        }
        plain => {
            target.insert(key.to_owned(), plain.clone());
        }
    }
    Ok(())
}

fn merge_list(
    target: &mut Vec<Value>,
    patch: &[Value],
    merge: &ListMerge,
    item: Structure<'_>,
) -> Result<(), ApiError> {
    let key = match merge {
        ListMerge::Atomic => {
            *target = patch.iter().map(stripped).collect();
            return Ok(());
        }
        ListMerge::Set => {
            for value in patch {
                if !target.contains(value) {
                    target.push(value.clone());
                }
            }
            return Ok(());
        }
        ListMerge::Keys(keys) => keys.first().map(String::as_str).unwrap_or_default(),
    };
    if patch.iter().any(|item| item[DIRECTIVE] == "replace") {
        *target = patch.iter().filter(|item| item[DIRECTIVE] != "replace").map(stripped).collect();
        return Ok(());
    }
    for element in patch {
        let Some(fields) = element.as_object() else {
            return Err(ApiError::bad_request(format!("expected objects in a list merged by {key:?}")));
        };
        let id = &element[key];
        if id.is_null() {
            let message = format!("map: {element} does not contain declared merge key: {key}");
            return Err(ApiError::bad_request(message));
        }
        let found = target.iter().position(|current| current[key] == *id);
        match (found, element[DIRECTIVE] == "delete") {
            (Some(index), true) => {
                target.remove(index);
            }
            (None, true) => {}
            (Some(index), false) => {
                if let Value::Object(current) = &mut target[index] {
                    merge_object(current, fields, item)?;
                }
            }
            (None, false) => target.push(stripped(element)),
        }
    }
    Ok(())
}

fn delete_primitives(target: &mut Map<String, Value>, field: &str, values: &Value) {
    if let (Some(Value::Array(list)), Some(values)) = (target.get_mut(field), values.as_array()) {
        list.retain(|value| !values.contains(value));
    }
}

/// Orders the items that `order` names; others stay behind the item they followed.
fn reorder(list: &mut Vec<Value>, order: &[Value], merge: &ListMerge) {
    let key = match merge {
        ListMerge::Keys(keys) => keys.first().map(String::as_str),
        _ => None,
    };
    let same = |a: &Value, b: &Value| match key {
        Some(key) => a[key] == b[key],
        None => a == b,
    };
    let mut left: Vec<Option<Value>> = list.drain(..).map(Some).collect();
    let is_named = |item: &Value| order.iter().any(|named| same(item, named));
    // Items before the first named one stay in front.
    for slot in &mut left {
        if slot.as_ref().is_some_and(is_named) {
            break;
        }
        list.extend(slot.take());
    }
    for named in order {
        let Some(index) = left.iter().position(|slot| slot.as_ref().is_some_and(|item| same(item, named))) else {
            continue;
        };
        list.extend(left[index].take());
        for slot in &mut left[index + 1..] {
            match slot {
                Some(item) if is_named(item) => break,
                // A named item that was taken already also ends the run behind this one.
                None => break,
                Some(_) => list.extend(slot.take()),
            }
        }
    }
    list.extend(left.into_iter().flatten());
}

fn without_directives(patch: &Map<String, Value>) -> Map<String, Value> {
    patch
        .iter()
        .filter(|(key, value)| !key.starts_with('$') && !value.is_null())
        .map(|(key, value)| (key.clone(), stripped(value)))
        .collect()
}

fn stripped(value: &Value) -> Value {
    match value {
        Value::Object(fields) => Value::Object(without_directives(fields)),
        Value::Array(items) => {
            Value::Array(items.iter().filter(|item| item[DIRECTIVE].is_null()).map(stripped).collect())
        }
        plain => plain.clone(),
    }
}
