//! The shapes of built-in kinds, read from one table (`types.txt`): which fields there are and how lists merge.
//!
//! Strategic merge patches, server-side apply, field validation and the OpenAPI documents all read this table.

use std::collections::HashMap;
use std::sync::LazyLock;

use serde_json::Value;

/// The type of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    String,
    Integer,
    Boolean,
    IntOrString,
    Quantity,
    Time,
    /// Anything; not looked into.
    Any,
    Map(Box<Shape>),
    List(Box<Shape>),
    Type(String),
}

/// How the items of a list are told apart when two lists are merged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ListMerge {
    /// The new list replaces the old one.
    Atomic,
    /// Items with equal values under these keys are the same item.
    Keys(Vec<String>),
    /// A set of plain values.
    Set,
}

/// One field of a type.
#[derive(Clone, Debug)]
pub(crate) struct Field {
    pub name: String,
    pub shape: Shape,
    pub merge: ListMerge,
    pub required: bool,
}

/// A type: its fields in order.
#[derive(Clone, Debug)]
pub(crate) struct Type {
    pub name: String,
    pub fields: Vec<Field>,
}

impl Type {
    /// The field of this name.
    pub(crate) fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }
}

static TYPES: LazyLock<HashMap<String, Type>> = LazyLock::new(|| parse(include_str!("types.txt")));

/// The type of this name.
pub(crate) fn find(name: &str) -> Option<&'static Type> {
    TYPES.get(name)
}

fn parse(text: &str) -> HashMap<String, Type> {
    let mut types: Vec<Type> = Vec::new();
    for line in text.lines().map(|line| line.split('#').next().unwrap_or_default()) {
        if line.trim().is_empty() {
            continue;
        }
        if line.starts_with(' ') {
            let current = types.last_mut().expect("types.txt: a field before the first type");
            current.fields.extend(line.split(';').filter(|field| !field.trim().is_empty()).map(parse_field));
        } else {
            types.push(Type { name: line.trim().to_owned(), fields: Vec::new() });
        }
    }
    types.into_iter().map(|one| (one.name.clone(), one)).collect()
}

fn parse_field(text: &str) -> Field {
    let mut words = text.split_whitespace();
    let name = words.next().expect("types.txt: a field has a name");
    let shape = words.next().map_or(Shape::String, parse_shape);
    let mut field = Field { name: name.to_owned(), shape, merge: ListMerge::Atomic, required: false };
    for word in words {
        match word {
            "required" => field.required = true,
            "set" => field.merge = ListMerge::Set,
            other => {
                let keys = other.strip_prefix("key=").expect("types.txt: required, set or key=");
                field.merge = ListMerge::Keys(keys.split('/').map(str::to_owned).collect());
            }
        }
    }
    field
}

fn parse_shape(text: &str) -> Shape {
    if let Some(item) = text.strip_prefix("[]") {
        return Shape::List(Box::new(parse_shape(item)));
    }
    if let Some(item) = text.strip_prefix("{}") {
        return Shape::Map(Box::new(parse_shape(item)));
    }
    match text {
        "string" => Shape::String,
        "int" => Shape::Integer,
        "bool" => Shape::Boolean,
        "intstr" => Shape::IntOrString,
        "quantity" => Shape::Quantity,
        "time" => Shape::Time,
        "any" => Shape::Any,
        name => Shape::Type(name.to_owned()),
    }
}

/// What is known about a value's structure: a built-in shape, an OpenAPI schema of a custom resource, or nothing.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Structure<'a> {
    Known(&'a Shape),
    Type(&'a Type),
    Schema(&'a Value),
    Unknown,
}

impl<'a> Structure<'a> {
    /// The structure of a kind's objects.
    pub(crate) fn of_kind(kind: &str) -> Structure<'static> {
        find(kind).map_or(Structure::Unknown, Structure::Type)
    }

    fn as_type(self) -> Option<&'a Type> {
        match self {
            Structure::Type(found) => Some(found),
            Structure::Known(Shape::Type(name)) => find(name),
            _ => None,
        }
    }

    /// The structure of a field, or of a map's values.
    pub(crate) fn field(self, name: &str) -> Structure<'a> {
        if let Some(found) = self.as_type() {
            return found.field(name).map_or(Structure::Unknown, |field| Structure::Known(&field.shape));
        }
        match self {
            Structure::Known(Shape::Map(item)) => Structure::Known(item),
            Structure::Schema(schema) => match (&schema["properties"][name], &schema["additionalProperties"]) {
                (Value::Object(_), _) => Structure::Schema(&schema["properties"][name]),
                (_, Value::Object(_)) => Structure::Schema(&schema["additionalProperties"]),
                _ => Structure::Unknown,
            },
            _ => Structure::Unknown,
        }
    }

    /// The structure of a list's items.
    pub(crate) fn item(self) -> Structure<'a> {
        match self {
            Structure::Known(Shape::List(item)) => Structure::Known(item),
            Structure::Schema(schema) if schema["items"].is_object() => Structure::Schema(&schema["items"]),
            _ => Structure::Unknown,
        }
    }

    /// How the list under a field merges.
    pub(crate) fn merge_of(self, name: &str) -> ListMerge {
        if let Some(field) = self.as_type().and_then(|found| found.field(name)) {
            return field.merge.clone();
        }
        let Structure::Schema(schema) = self.field(name) else { return ListMerge::Atomic };
        match schema["x-kubernetes-list-type"].as_str() {
            Some("set") => ListMerge::Set,
            Some("map") => {
                let keys = schema["x-kubernetes-list-map-keys"].as_array().into_iter().flatten();
                ListMerge::Keys(keys.filter_map(Value::as_str).map(str::to_owned).collect())
            }
            _ => ListMerge::Atomic,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_named_in_the_table_is_defined() {
        fn names(shape: &Shape, out: &mut Vec<String>) {
            match shape {
                Shape::Type(name) => out.push(name.clone()),
                Shape::List(item) | Shape::Map(item) => names(item, out),
                _ => {}
            }
        }
        for one in TYPES.values() {
            for field in &one.fields {
                let mut used = Vec::new();
                names(&field.shape, &mut used);
                for name in used {
                    assert!(find(&name).is_some(), "{}.{} has unknown type {name}", one.name, field.name);
                }
            }
        }
    }

    #[test]
    fn containers_merge_by_name_down_to_their_ports() {
        let spec = Structure::of_kind("Pod").field("spec");
        assert_eq!(spec.merge_of("containers"), ListMerge::Keys(vec!["name".to_owned()]));
        let container = spec.field("containers").item();
        let keys = ["containerPort", "protocol"].map(str::to_owned).to_vec();
        assert_eq!(container.merge_of("ports"), ListMerge::Keys(keys));
        assert_eq!(spec.merge_of("tolerations"), ListMerge::Atomic);
    }
}
