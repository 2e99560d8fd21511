//! Accessors over objects held as `serde_json::Value`: names, labels, owners, times.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

/// Alphabet of generated suffixes: no vowels and no look-alikes, as Kubernetes does it.
const SUFFIX_ALPHABET: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";

/// `metadata.name`, or nothing.
pub(crate) fn name(object: &Value) -> &str {
    object["metadata"]["name"].as_str().unwrap_or_default()
}

/// `metadata.namespace`, empty for objects of the cluster.
pub(crate) fn namespace(object: &Value) -> &str {
    object["metadata"]["namespace"].as_str().unwrap_or_default()
}

/// `metadata.uid`.
pub(crate) fn uid(object: &Value) -> &str {
    object["metadata"]["uid"].as_str().unwrap_or_default()
}

/// `metadata.resourceVersion` as a number, 0 when absent.
pub(crate) fn revision(object: &Value) -> u64 {
    object["metadata"]["resourceVersion"].as_str().and_then(|text| text.parse().ok()).unwrap_or(0)
}

/// The text at a dotted path given as segments, or nothing.
pub(crate) fn text<'a>(object: &'a Value, path: &[&str]) -> &'a str {
    at(object, path).as_str().unwrap_or_default()
}

/// The value at a path, `Null` where it ends early.
pub(crate) fn at<'a>(object: &'a Value, path: &[&str]) -> &'a Value {
    path.iter().fold(object, |value, key| &value[*key])
}

/// The items at a path, or none.
pub(crate) fn items<'a>(object: &'a Value, path: &[&str]) -> &'a [Value] {
    at(object, path).as_array().map_or(&[], Vec::as_slice)
}

/// `metadata.labels` if there are any.
pub(crate) fn labels(object: &Value) -> Option<&Map<String, Value>> {
    object["metadata"]["labels"].as_object()
}

/// `metadata` for writing, made when absent.
pub(crate) fn metadata_mut(object: &mut Value) -> &mut Map<String, Value> {
    child_mut(object, "metadata")
}

/// The object under `key` for writing; anything that is not an object gives way to an empty one.
pub(crate) fn child_mut<'a>(object: &'a mut Value, key: &str) -> &'a mut Map<String, Value> {
    if !object.is_object() {
        *object = json!({});
    }
    let slot = &mut object[key];
    if !slot.is_object() {
        *slot = json!({});
    }
    slot.as_object_mut().expect("made an object above")
}

/// True once deletion was asked for.
pub(crate) fn is_deleting(object: &Value) -> bool {
    !object["metadata"]["deletionTimestamp"].is_null()
}

/// True while something holds the object back from removal.
pub(crate) fn has_finalizers(object: &Value) -> bool {
    !items(object, &["metadata", "finalizers"]).is_empty()
}

/// The owner reference that has `controller: true`.
pub(crate) fn controller_of(object: &Value) -> Option<&Value> {
    items(object, &["metadata", "ownerReferences"]).iter().find(|owner| owner["controller"] == true)
}

/// An owner reference that makes `owner` the controller.
pub(crate) fn controller_reference(owner: &Value) -> Value {
    json!({
        "apiVersion": owner["apiVersion"], "kind": owner["kind"], "name": name(owner), "uid": uid(owner),
        "controller": true, "blockOwnerDeletion": true,
    })
}

/// The condition of this type in `status.conditions`.
pub(crate) fn condition<'a>(object: &'a Value, kind: &str) -> Option<&'a Value> {
    items(object, &["status", "conditions"]).iter().find(|condition| condition["type"] == kind)
}

/// True when the condition of this type has status `True`.
pub(crate) fn condition_is_true(object: &Value, kind: &str) -> bool {
    condition(object, kind).is_some_and(|condition| condition["status"] == "True")
}

/// Sets a condition; its transition time moves only when its status does. Returns whether anything changed.
pub(crate) fn set_condition(object: &mut Value, kind: &str, status: &str, reason: &str, message: &str) -> bool {
    let now = now();
    let list = child_mut(object, "status").entry("conditions").or_insert_with(|| json!([]));
    if !list.is_array() {
        *list = json!([]);
    }
    let list = list.as_array_mut().expect("made an array above");
    if let Some(found) = list.iter_mut().find(|condition| condition["type"] == kind) {
        if found["status"] == status && text(found, &["reason"]) == reason && text(found, &["message"]) == message {
            return false;
        }
        if found["status"] != status {
            found["lastTransitionTime"] = json!(now);
        }
        explain(found, status, reason, message);
        return true;
    }
    let mut condition = json!({"type": kind, "status": status, "lastTransitionTime": now});
    explain(&mut condition, status, reason, message);
    list.push(condition);
    true
}

/// Writes what a condition says; empty texts are left out.
fn explain(condition: &mut Value, status: &str, reason: &str, message: &str) {
    condition["status"] = json!(status);
    for (key, text) in [("reason", reason), ("message", message)] {
        match (text, condition.as_object_mut()) {
            ("", Some(fields)) => drop(fields.shift_remove(key)),
            _ => condition[key] = json!(text),
        }
    }
}

/// Now, as `metav1.Time` writes it (whole seconds).
pub(crate) fn now() -> String {
    Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// Now and some seconds, as `metav1.Time`.
pub(crate) fn now_plus(seconds: i64) -> String {
    let later = Timestamp::now().as_second().saturating_add(seconds);
    Timestamp::from_second(later).unwrap_or(Timestamp::MAX).strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// Seconds since a `metav1.Time`, nothing when it cannot be read.
pub(crate) fn seconds_since(time: &str) -> Option<i64> {
    let then: Timestamp = time.parse().ok()?;
    Some(Timestamp::now().as_second() - then.as_second())
}

/// A new random UID.
pub(crate) fn new_uid() -> String {
    uuid::Uuid::new_v4().to_string()
}

/// Five random characters, for names made from `generateName`.
pub(crate) fn random_suffix() -> String {
    uuid::Uuid::new_v4().as_bytes()[..5].iter().map(|byte| suffix_char(usize::from(*byte))).collect()
}

/// A short stable hash of a value, safe in names: `pod-template-hash`.
pub(crate) fn template_hash(value: &Value) -> String {
    let mut text = String::new();
    write_canonical(value, &mut text);
    let hash = text.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    hash.to_string().bytes().map(|digit| suffix_char(usize::from(digit))).collect()
}

/// Writes a value with sorted keys, so that equal values give equal texts.
fn write_canonical(value: &Value, out: &mut String) {
    match value {
        Value::Object(fields) => {
            let mut keys: Vec<&String> = fields.keys().collect();
            keys.sort();
            for key in keys {
                out.push_str(key);
                out.push(':');
                write_canonical(&fields[key], out);
                out.push(',');
            }
        }
        Value::Array(items) => {
            for item in items {
                write_canonical(item, out);
                out.push(';');
            }
        }
        plain => out.push_str(&plain.to_string()),
    }
}

fn suffix_char(index: usize) -> char {
    char::from(SUFFIX_ALPHABET[index % SUFFIX_ALPHABET.len()])
}
