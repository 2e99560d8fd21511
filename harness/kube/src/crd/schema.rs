//! Structural OpenAPI v3 schemas: pruning, defaulting and validation of custom resources.
//!
//! Served keywords: type, required, enum, pattern, minimum, maximum, minLength, maxLength, minItems, maxItems,
//! minProperties, maxProperties, nullable, default, x-kubernetes-int-or-string, x-kubernetes-preserve-unknown-fields,
//! list types. CEL rules (x-kubernetes-validations) are not evaluated.

use regex::Regex;
use serde_json::{Map, Value};

use crate::status::Cause;

/// Removes fields the schema does not know.
pub(crate) fn prune(schema: &Value, object: &mut Value) {
    prune_value(schema, object, true);
}

fn prune_value(schema: &Value, value: &mut Value, top: bool) {
    match value {
        Value::Array(items) => {
            for item in items {
                prune_value(&schema["items"], item, false);
            }
        }
        Value::Object(fields) => prune_fields(schema, fields, top),
        _ => {}
    }
}

fn prune_fields(schema: &Value, fields: &mut Map<String, Value>, top: bool) {
    let keep = schema["x-kubernetes-preserve-unknown-fields"] == true;
    let additional = &schema["additionalProperties"];
    let implied = |key: &str| top && matches!(key, "apiVersion" | "kind" | "metadata");
    if let Some(properties) = schema["properties"].as_object() {
        if !keep && !additional.is_object() {
            fields.retain(|key, _| properties.contains_key(key) || implied(key));
        }
        for (key, value) in fields.iter_mut() {
            if let (Some(schema), false) = (properties.get(key), implied(key)) {
                prune_value(schema, value, false);
            }
        }
    } else if additional.is_object() {
        for value in fields.values_mut() {
            prune_value(additional, value, false);
        }
    } else if !keep && schema["type"] == "object" && additional != true && !top {
        fields.clear();
    }
}

/// Fills in the schema's defaults.
pub(crate) fn default(schema: &Value, value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (key, property) in schema["properties"].as_object().into_iter().flatten() {
                let missing = match fields.get(key) {
                    None => true,
                    Some(value) => value.is_null() && property["nullable"] != true,
                };
                if missing && !property["default"].is_null() {
                    fields.insert(key.clone(), property["default"].clone());
                }
                if let Some(value) = fields.get_mut(key) {
                    default(property, value);
                }
            }
            if schema["additionalProperties"].is_object() {
                for value in fields.values_mut() {
                    default(&schema["additionalProperties"], value);
                }
            }
        }
        Value::Array(items) => {
            for item in items {
                default(&schema["items"], item);
            }
        }
        _ => {}
    }
}

/// Everything in an object that its schema forbids.
pub(crate) fn validate(schema: &Value, object: &Value) -> Vec<Cause> {
    let mut causes = Vec::new();
    check(schema, object, "", &mut causes);
    causes
}

fn check(schema: &Value, value: &Value, path: &str, causes: &mut Vec<Cause>) {
    if value.is_null() && (schema["nullable"] == true || schema["type"].is_null()) {
        return;
    }
    if !check_type(schema, value, path, causes) {
        return;
    }
    if let Some(allowed) = schema["enum"].as_array()
        && !allowed.contains(value)
    {
        let allowed: Vec<&str> = allowed.iter().filter_map(Value::as_str).collect();
        causes.push(Cause::unsupported(path, value, &allowed));
    }
    match value {
        Value::Object(fields) => check_object(schema, fields, path, causes),
        Value::Array(items) => check_array(schema, items, path, causes),
        Value::String(text) => check_string(schema, text, path, causes),
        Value::Number(_) => check_number(schema, value, path, causes),
        _ => {}
    }
}

fn check_type(schema: &Value, value: &Value, path: &str, causes: &mut Vec<Cause>) -> bool {
    let is = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    if schema["x-kubernetes-int-or-string"] == true {
        return matches!(is, "integer" | "string");
    }
    let Some(expected) = schema["type"].as_str() else { return true };
    if is == expected || (is == "integer" && expected == "number") {
        return true;
    }
    let shown = if matches!(value, Value::Object(_) | Value::Array(_)) { Value::from(is) } else { value.clone() };
    let why = format!("{path} in body must be of type {expected}: {is:?}");
    causes.push(Cause { reason: "FieldValueTypeInvalid", ..Cause::invalid(path, &shown, &why) });
    false
}

fn check_object(schema: &Value, fields: &Map<String, Value>, path: &str, causes: &mut Vec<Cause>) {
    for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        if !fields.contains_key(name) {
            causes.push(Cause::required(join(path, name), ""));
        }
    }
    check_count(schema, ("minProperties", "maxProperties"), fields.len(), "properties", path, causes);
    for (key, value) in fields {
        let property = &schema["properties"][key];
        if property.is_object() {
            check(property, value, &join(path, key), causes);
        } else if schema["additionalProperties"].is_object() {
            check(&schema["additionalProperties"], value, &join(path, key), causes);
        }
    }
}

fn check_array(schema: &Value, items: &[Value], path: &str, causes: &mut Vec<Cause>) {
    check_count(schema, ("minItems", "maxItems"), items.len(), "items", path, causes);
    let keys: Option<Vec<&str>> = match schema["x-kubernetes-list-type"].as_str() {
        Some("set") => Some(Vec::new()),
        Some("map") => Some(
            schema["x-kubernetes-list-map-keys"].as_array().into_iter().flatten().filter_map(Value::as_str).collect(),
        ),
        _ => None,
    };
    for (index, item) in items.iter().enumerate() {
        let path = format!("{path}[{index}]");
        if let Some(keys) = &keys {
            let same = |other: &&Value| match keys.is_empty() {
                true => *other == item,
                false => keys.iter().all(|key| other[*key] == item[*key]),
            };
            if items[..index].iter().any(|other| same(&other)) {
                causes.push(Cause::duplicate(&path, item));
            }
        }
        check(&schema["items"], item, &path, causes);
    }
}

fn check_count(
    schema: &Value,
    (least, most): (&str, &str),
    count: usize,
    what: &str,
    path: &str,
    causes: &mut Vec<Cause>,
) {
    if let Some(least) = schema[least].as_u64()
        && (count as u64) < least
    {
        let why = format!("{path} in body should have at least {least} {what}");
        causes.push(Cause::invalid(path, &Value::from(count), &why));
    }
    if let Some(most) = schema[most].as_u64()
        && count as u64 > most
    {
        let message = format!("Too many: {count}: must have at most {most} {what}");
        causes.push(Cause { field: path.to_owned(), reason: "FieldValueTooMany", message });
    }
}

fn check_string(schema: &Value, text: &str, path: &str, causes: &mut Vec<Cause>) {
    let value = Value::from(text);
    if let Some(pattern) = schema["pattern"].as_str()
        && let Ok(compiled) = Regex::new(pattern)
        && !compiled.is_match(text)
    {
        causes.push(Cause::invalid(path, &value, &format!("{path} in body should match '{pattern}'")));
    }
    let length = text.chars().count() as u64;
    if let Some(least) = schema["minLength"].as_u64()
        && length < least
    {
        causes.push(Cause::invalid(path, &value, &format!("{path} in body should be at least {least} chars long")));
    }
    if let Some(most) = schema["maxLength"].as_u64()
        && length > most
    {
        let message = format!("Too long: may not be more than {most} bytes");
        causes.push(Cause { field: path.to_owned(), reason: "FieldValueTooLong", message });
    }
}

fn check_number(schema: &Value, value: &Value, path: &str, causes: &mut Vec<Cause>) {
    let Some(number) = value.as_f64() else { return };
    if let Some(least) = schema["minimum"].as_f64()
        && number < least
    {
        let why = format!("{path} in body should be greater than or equal to {least}");
        causes.push(Cause::invalid(path, value, &why));
    }
    if let Some(most) = schema["maximum"].as_f64()
        && number > most
    {
        let why = format!("{path} in body should be less than or equal to {most}");
        causes.push(Cause::invalid(path, value, &why));
    }
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    fn schema() -> Value {
        json!({"type": "object", "required": ["spec"], "properties": {"spec": {"type": "object", "properties": {
            "ids": {"type": "array", "minItems": 1, "maxItems": 2, "items": {"type": "string", "pattern": "^sg-"}},
            "mode": {"type": "string", "enum": ["strict", "standard"], "default": "standard"},
            "size": {"type": "integer", "minimum": 1, "maximum": 9},
            "tags": {"type": "object", "additionalProperties": {"type": "string"}},
            "free": {"type": "object", "x-kubernetes-preserve-unknown-fields": true},
            "features": {"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"],
                "items": {"type": "object", "properties": {"name": {"type": "string"}}}},
        }}}})
    }

    #[rstest]
    #[case::fine(json!({"spec": {"ids": ["sg-1"], "mode": "strict", "size": 3, "tags": {"a": "b"}}}), "")]
    #[case::required(json!({}), "spec: Required value")]
    #[case::kind(json!({"spec": {"ids": "sg-1"}}),
        "spec.ids: Invalid value: \"sg-1\": spec.ids in body must be of type array: \"string\"")]
    #[case::few(json!({"spec": {"ids": []}}),
        "spec.ids: Invalid value: 0: spec.ids in body should have at least 1 items")]
    #[case::many(json!({"spec": {"ids": ["sg-1", "sg-2", "sg-3"]}}),
        "spec.ids: Too many: 3: must have at most 2 items")]
    #[case::pattern(json!({"spec": {"ids": ["eni-1"]}}),
        "spec.ids[0]: Invalid value: \"eni-1\": spec.ids[0] in body should match '^sg-'")]
    #[case::choice(json!({"spec": {"mode": "lax"}}),
        "spec.mode: Unsupported value: \"lax\": supported values: \"strict\", \"standard\"")]
    #[case::small(json!({"spec": {"size": 0}}),
        "spec.size: Invalid value: 0: spec.size in body should be greater than or equal to 1")]
    #[case::map_value(json!({"spec": {"tags": {"a": 1}}}),
        "spec.tags.a: Invalid value: 1: spec.tags.a in body must be of type string: \"integer\"")]
    #[case::duplicate(json!({"spec": {"features": [{"name": "a"}, {"name": "a"}]}}),
        "spec.features[1]: Duplicate value: {\"name\":\"a\"}")]
    fn validation(#[case] object: Value, #[case] expected: &str) {
        let lines: Vec<String> =
            validate(&schema(), &object).iter().map(|cause| format!("{}: {}", cause.field, cause.message)).collect();
        assert_eq!(lines.join("\n"), expected);
    }

    #[test]
    fn unknown_fields_go_and_defaults_come() {
        let mut object = json!({"apiVersion": "a/v1", "kind": "A", "metadata": {"name": "x"},
            "spec": {"tags": {"any": "thing"}, "wrong": 1, "free": {"kept": true}}, "other": {}});
        prune(&schema(), &mut object);
        default(&schema(), &mut object);
        assert_eq!(
            object,
            json!({"apiVersion": "a/v1", "kind": "A", "metadata": {"name": "x"},
                "spec": {"tags": {"any": "thing"}, "free": {"kept": true}, "mode": "standard"}})
        );
    }
}
