//! Server-side apply, without field ownership.
//!
//! Deviation: there are no managed fields, so appliers never conflict (`force` changes nothing). The server remembers
//! what each field manager applied last, so that fields it stops applying go away as users expect.

use serde_json::{Map, Value};

use crate::types::{ListMerge, Structure};

/// The object after applying `wanted`, where `last` is what the same manager applied before.
pub(crate) fn apply(current: &Value, wanted: &Value, last: Option<&Value>, structure: Structure<'_>) -> Value {
    let mut object = current.clone();
    if let (Value::Object(target), Value::Object(wanted)) = (&mut object, wanted) {
        if let Some(Value::Object(last)) = last {
            prune(target, wanted, last, structure);
        }
        merge(target, wanted, structure);
    }
    object
}

/// Removes what `last` had and `wanted` has no more.
fn prune(
    target: &mut Map<String, Value>,
    wanted: &Map<String, Value>,
    last: &Map<String, Value>,
    structure: Structure<'_>,
) {
    for (key, before) in last {
        match (target.get_mut(key), wanted.get(key), before) {
            (None, _, _) => {}
            (Some(Value::Object(current)), None, Value::Object(before)) => {
                prune(current, &Map::new(), before, structure.field(key));
                if current.is_empty() {
                    target.shift_remove(key);
                }
            }
            (Some(Value::Object(current)), Some(Value::Object(wanted)), Value::Object(before)) => {
                prune(current, wanted, before, structure.field(key));
            }
            (Some(Value::Array(current)), after, Value::Array(before)) => {
                let after = after.and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
                prune_list(current, after, before, &structure.apply_merge(key), structure.field(key).item());
                if current.is_empty() && after.is_empty() {
                    target.shift_remove(key);
                }
            }
            (Some(_), None, _) => {
                target.shift_remove(key);
            }
            _ => {}
        }
    }
}

fn prune_list(target: &mut Vec<Value>, wanted: &[Value], last: &[Value], merge: &ListMerge, structure: Structure<'_>) {
    match merge {
        ListMerge::Atomic => target.clear(),
        ListMerge::Set => target.retain(|value| !last.contains(value) || wanted.contains(value)),
        ListMerge::Keys(keys) => {
            target.retain(|item| {
                let applied = last.iter().any(|other| same_item(item, other, keys));
                !applied || wanted.iter().any(|other| same_item(item, other, keys))
            });
            for item in target {
                let find = |list: &'_ [Value]| list.iter().find(|other| same_item(item, other, keys)).cloned();
                if let (Some(Value::Object(before)), Some(Value::Object(after))) = (find(last), find(wanted))
                    && let Value::Object(current) = item
                {
                    prune(current, &after, &before, structure);
                }
            }
        }
    }
}

fn merge(target: &mut Map<String, Value>, wanted: &Map<String, Value>, structure: Structure<'_>) {
    for (key, value) in wanted {
        match (target.get_mut(key), value) {
            (_, Value::Null) => {
                target.shift_remove(key);
            }
            (Some(Value::Object(current)), Value::Object(wanted)) => merge(current, wanted, structure.field(key)),
            (Some(Value::Array(current)), Value::Array(wanted)) => {
                merge_list(current, wanted, &structure.apply_merge(key), structure.field(key).item());
            }
            _ => {
                target.insert(key.clone(), value.clone());
            }
        }
    }
}

fn merge_list(target: &mut Vec<Value>, wanted: &[Value], merge_by: &ListMerge, structure: Structure<'_>) {
    match merge_by {
        ListMerge::Atomic => *target = wanted.to_vec(),
        ListMerge::Set => {
            for value in wanted {
                if !target.contains(value) {
                    target.push(value.clone());
                }
            }
        }
        ListMerge::Keys(keys) => {
            for item in wanted {
                match target.iter_mut().find(|current| same_item(current, item, keys)) {
                    Some(Value::Object(current)) => {
                        if let Value::Object(item) = item {
                            merge(current, item, structure);
                        }
                    }
                    _ => target.push(item.clone()),
                }
            }
        }
    }
}

fn same_item(a: &Value, b: &Value, keys: &[String]) -> bool {
    // Keys may be left out where the field has a default.
    let value = |item: &Value, key: &String| match &item[key] {
        Value::Null if key == "protocol" => Value::from("TCP"),
        value => value.clone(),
    };
    keys.iter().all(|key| value(a, key) == value(b, key))
}
