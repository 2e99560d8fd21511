//! The shapes of built-in kinds, read from one table (`types.txt`): which fields there are and how lists merge.
//!
//! Strategic merge patches, apply, field validation, protobuf bodies and the OpenAPI documents all read this table.

use std::collections::HashMap;
use std::sync::LazyLock;

use serde_json::Value;

/// The type of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    String,
    Integer,
    Boolean,
    /// Base64 in JSON.
    Bytes,
    /// A list of strings that protobuf wraps into a message.
    Items,
    IntOrString,
    Quantity,
    Time,
    /// A time with microseconds.
    MicroTime,
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
    /// In the protobuf form; 0 for none.
    pub number: u32,
    pub shape: Shape,
    /// How strategic merge patches merge it.
    pub patch: ListMerge,
    /// How apply merges it.
    pub apply: ListMerge,
    pub required: bool,
    /// Zero is not the same as absent.
    pub keeps_zero: bool,
}

impl Field {
    /// True for a part of the surrounding type that JSON does not show as a field.
    pub(crate) fn is_inline(&self) -> bool {
        self.name == "-"
    }

    fn inner(&self) -> Option<&'static Type> {
        match &self.shape {
            Shape::Type(name) if self.is_inline() => find(name),
            _ => None,
        }
    }
}

/// A type: its fields in order.
#[derive(Clone, Debug)]
pub(crate) struct Type {
    pub name: String,
    pub fields: Vec<Field>,
}

impl Type {
    /// The field of this JSON name, also from an inline part.
    pub(crate) fn field(&self, name: &str) -> Option<&Field> {
        self.fields
            .iter()
            .find(|field| field.name == name && !field.is_inline())
            .or_else(|| self.fields.iter().filter_map(Field::inner).find_map(|inner| inner.field(name)))
    }

    /// The fields JSON shows.
    pub(crate) fn json_fields(&self) -> Vec<&Field> {
        self.fields.iter().flat_map(|field| field.inner().map_or_else(|| vec![field], Type::json_fields)).collect()
    }
}

static TYPES: LazyLock<HashMap<String, Type>> = LazyLock::new(|| parse(include_str!("types.txt")));

/// The type of this name.
pub(crate) fn find(name: &str) -> Option<&'static Type> {
    TYPES.get(name)
}

/// The type of a kind's objects. The only kind that two groups share is Event.
pub(crate) fn of_kind(group: &str, kind: &str) -> Option<&'static Type> {
    match (group, kind) {
        ("events.k8s.io", "Event") => find("EventsEvent"),
        _ => find(kind),
    }
}

fn parse(text: &str) -> HashMap<String, Type> {
    let mut types: Vec<Type> = Vec::new();
    for line in text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#')) {
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
    let mut words = text.split_whitespace().peekable();
    let number = words.next().and_then(|word| word.parse().ok()).expect("types.txt: a field has a number");
    let name = words.next().expect("types.txt: a field has a name").to_owned();
    let shape = words.next().map_or(Shape::String, parse_shape);
    let (patch, apply) = (ListMerge::Atomic, ListMerge::Atomic);
    let mut field = Field { name, number, shape, patch, apply, required: false, keeps_zero: false };
    for word in words {
        let keys = |list: &str| ListMerge::Keys(list.split('/').map(str::to_owned).collect());
        match word.split_once('=') {
            None if word == "required" => (field.required, field.keeps_zero) = (true, true),
            None if word == "zero" => field.keeps_zero = true,
            None if word == "set" => (field.patch, field.apply) = (ListMerge::Set, ListMerge::Set),
            Some(("key", list)) => {
                let first = list.split('/').next().unwrap_or_default();
                (field.patch, field.apply) = (keys(first), keys(list));
            }
            Some(("patch", key)) => field.patch = keys(key),
            Some(("map", list)) => field.apply = keys(list),
            _ => unreachable!("types.txt: what does {word} mean?"),
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
        "bytes" => Shape::Bytes,
        "items" => Shape::Items,
        "intstr" => Shape::IntOrString,
        "quantity" => Shape::Quantity,
        "time" => Shape::Time,
        "microtime" => Shape::MicroTime,
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

    /// How strategic merge patches merge the list under a field.
    pub(crate) fn patch_merge(self, name: &str) -> ListMerge {
        let field = self.as_type().and_then(|found| found.field(name));
        field.map_or(ListMerge::Atomic, |field| field.patch.clone())
    }

    /// How apply merges the list under a field.
    pub(crate) fn apply_merge(self, name: &str) -> ListMerge {
        if let Some(field) = self.as_type().and_then(|found| found.field(name)) {
            return field.apply.clone();
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
    fn field_numbers_are_used_once() {
        for one in TYPES.values() {
            let mut numbers: Vec<u32> = one.fields.iter().map(|field| field.number).filter(|n| *n != 0).collect();
            let count = numbers.len();
            numbers.sort_unstable();
            numbers.dedup();
            assert_eq!(numbers.len(), count, "{}", one.name);
        }
    }

    #[test]
    fn containers_merge_by_name_down_to_their_ports() {
        let pod = Structure::Type(of_kind("", "Pod").unwrap());
        let spec = pod.field("spec");
        assert_eq!(spec.patch_merge("containers"), ListMerge::Keys(vec!["name".to_owned()]));
        let container = spec.field("containers").item();
        assert_eq!(container.patch_merge("ports"), ListMerge::Keys(vec!["containerPort".to_owned()]));
        let keys = ["containerPort", "protocol"].map(str::to_owned).to_vec();
        assert_eq!(container.apply_merge("ports"), ListMerge::Keys(keys));
        assert_eq!(spec.patch_merge("tolerations"), ListMerge::Atomic);
        // `hostPath` belongs to the inline VolumeSource.
        let path = spec.field("volumes").item().field("hostPath").field("path");
        assert!(matches!(path, Structure::Known(Shape::String)));
    }
}
