//! Field validation: unknown fields and values of the wrong JSON type.
//!
//! Built-in kinds are known whole, custom resources as deep as their schema. Deviation: unknown fields of built-in kinds are kept where a real server would drop them.

use serde_json::Value;

use crate::operations::FieldValidation;
use crate::registry::Resource;
use crate::status::ApiError;
use crate::types::{self, Shape, Structure};

/// Refuses or reports fields nobody knows; always refuses wrong types in built-in kinds.
pub(super) fn check(resource: &Resource, value: &Value, validation: FieldValidation) -> Result<Vec<String>, ApiError> {
    let structure = match resource.custom() {
        Some(custom) => Structure::Schema(&custom.schema),
        None => types::of_kind(&resource.group, &resource.kind).map_or(Structure::Unknown, Structure::Type),
    };
    let mut found = Findings::default();
    found.walk(value, structure, "", true);
    let cannot = |why: String| {
        let (kind, version) = (&resource.kind, &resource.version);
        ApiError::bad_request(format!("{kind} in version {version:?} cannot be handled as a {kind}: {why}"))
    };
    if let Some((path, expected, value)) = found.mistyped.first() {
        let is = json_type(value);
        let why =
            format!("json: cannot unmarshal {is} into Go struct field {}.{path} of type {expected}", resource.kind);
        return Err(cannot(why));
    }
    let unknown = found.unknown.iter().map(|path| format!("unknown field \"{path}\""));
    match validation {
        FieldValidation::Ignore => Ok(Vec::new()),
        FieldValidation::Warn => Ok(unknown.collect()),
        FieldValidation::Strict if found.unknown.is_empty() => Ok(Vec::new()),
        FieldValidation::Strict => {
            Err(cannot(format!("strict decoding error: {}", unknown.collect::<Vec<_>>().join(", "))))
        }
    }
}

fn json_type(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

#[derive(Default)]
struct Findings<'a> {
    unknown: Vec<String>,
    mistyped: Vec<(String, &'static str, &'a Value)>,
}

impl<'a> Findings<'a> {
    fn walk(&mut self, value: &'a Value, structure: Structure<'_>, path: &str, top: bool) {
        match structure {
            Structure::Type(found) => self.walk_type(value, found, path),
            Structure::Known(shape) => self.walk_shape(value, shape, path),
            Structure::Schema(schema) => self.walk_schema(value, schema, path, top),
            Structure::Unknown => {}
        }
    }

    fn walk_type(&mut self, value: &'a Value, found: &types::Type, path: &str) {
        let Some(fields) = value.as_object() else {
            self.expect(value.is_null(), path, "object", value);
            return;
        };
        for (key, value) in fields {
            let path = join(path, key);
            match found.field(key) {
                Some(field) => self.walk_shape(value, &field.shape, &path),
                None => self.unknown.push(path),
            }
        }
    }

    fn walk_shape(&mut self, value: &'a Value, shape: &Shape, path: &str) {
        if value.is_null() {
            return;
        }
        match shape {
            Shape::Any => {}
            Shape::String | Shape::Bytes | Shape::Time | Shape::MicroTime => {
                self.expect(value.is_string(), path, "string", value)
            }
            Shape::Integer => self.expect(value.is_i64() || value.is_u64(), path, "int32", value),
            Shape::Boolean => self.expect(value.is_boolean(), path, "bool", value),
            Shape::IntOrString => self.expect(value.is_string() || value.is_i64(), path, "intstr.IntOrString", value),
            Shape::Quantity => self.expect(value.is_string() || value.is_number(), path, "resource.Quantity", value),
            Shape::Type(name) => {
                if let Some(found) = types::find(name) {
                    self.walk_type(value, found, path);
                }
            }
            Shape::Items => self.expect(value.is_array(), path, "[]string", value),
            Shape::List(item) => {
                self.expect(value.is_array(), path, "[]", value);
                for (index, value) in value.as_array().into_iter().flatten().enumerate() {
                    self.walk_shape(value, item, &format!("{path}[{index}]"));
                }
            }
            Shape::Map(item) => {
                self.expect(value.is_object(), path, "map", value);
                for (key, value) in value.as_object().into_iter().flatten() {
                    self.walk_shape(value, item, &join(path, key));
                }
            }
        }
    }

    fn walk_schema(&mut self, value: &'a Value, schema: &Value, path: &str, top: bool) {
        if let Some(items) = value.as_array() {
            for (index, item) in items.iter().enumerate() {
                self.walk_schema(item, &schema["items"], &format!("{path}[{index}]"), false);
            }
            return;
        }
        let (Some(fields), Some(properties)) = (value.as_object(), schema["properties"].as_object()) else { return };
        for (key, value) in fields {
            let path = join(path, key);
            match (top, key.as_str(), types::find("ObjectMeta")) {
                (true, "metadata", Some(metadata)) => {
                    self.walk_type(value, metadata, &path);
                    continue;
                }
                (true, "apiVersion" | "kind", _) => continue,
                _ => {}
            }
            match properties.get(key) {
                Some(schema) => self.walk_schema(value, schema, &path, false),
                None if schema["x-kubernetes-preserve-unknown-fields"] == true => {}
                None => self.unknown.push(path),
            }
        }
    }

    fn expect(&mut self, holds: bool, path: &str, expected: &'static str, value: &'a Value) {
        if !holds {
            self.mistyped.push((path.to_owned(), expected, value));
        }
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
    use crate::registry::Registry;

    #[rstest]
    #[case::known(json!({"spec": {"containers": [{"name": "a", "image": "b"}]}}), Ok(vec![]))]
    #[case::top(json!({"specs": {}}), Ok(vec!["unknown field \"specs\""]))]
    #[case::deep(json!({"spec": {"containers": [{"img": "b"}]}}), Ok(vec!["unknown field \"spec.containers[0].img\""]))]
    #[case::mistyped(json!({"spec": {"containers": [{"ports": [{"containerPort": "80"}]}]}}),
        Err("Pod in version \"v1\" cannot be handled as a Pod: json: cannot unmarshal string into Go struct field \
             Pod.spec.containers[0].ports[0].containerPort of type int32"))]
    fn fields(#[case] pod: Value, #[case] expected: Result<Vec<&str>, &str>) {
        let pods = Registry::new().known("", "pods");
        let found = check(&pods, &pod, FieldValidation::Warn).map_err(|err| err.message);
        let expected = expected.map(|list| list.into_iter().map(str::to_owned).collect()).map_err(str::to_owned);
        assert_eq!(found, expected);
    }

    #[test]
    fn strict_refuses_unknown_fields() {
        let pods = Registry::new().known("", "pods");
        let err = check(&pods, &json!({"spec": {"contaners": []}}), FieldValidation::Strict).unwrap_err();
        assert_eq!(
            err.message,
            "Pod in version \"v1\" cannot be handled as a Pod: strict decoding error: unknown field \"spec.contaners\""
        );
    }
}
