//! OpenAPI: enough for kubectl to validate, apply and explain.
//!
//! Built-in kinds come from the type table, custom ones from their definitions. Version 2 is a minimal document:
//! clients that find version 3 use it for the empty shell only.

use std::sync::Arc;

use axum::body::Body;
use axum::http::Response;
use serde_json::{Map, Value, json};

use super::params::Params;
use super::{discovery, reply};
use crate::operations::Api;
use crate::registry::{Origin, Resource};
use crate::status::ApiError;
use crate::types::{self, Field, ListMerge, Shape, Type};

const PROTOBUF: &str = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf";
const PREFIX: &str = "io.k8s.api.";
const INT_OR_STRING: &str = "io.k8s.apimachinery.pkg.util.intstr.IntOrString";
const QUANTITY: &str = "io.k8s.apimachinery.pkg.api.resource.Quantity";
const META: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";

/// Serves a document below `/openapi`.
pub(super) fn serve(api: &Api, params: &Params, document: &str) -> Result<Response<Body>, ApiError> {
    match document {
        "v2" if params.accept.contains("proto-openapi.spec.v2") => Ok(reply::bytes(200, PROTOBUF, minimal_protobuf())),
        "v2" => Ok(reply::json(200, &json!({"swagger": "2.0", "info": info(), "paths": {}, "definitions": {}}))),
        "v3" => Ok(reply::json(200, &index(api))),
        other => {
            let path = other.strip_prefix("v3/").ok_or_else(ApiError::no_such_resource)?;
            let resources = resources_of(api, path).ok_or_else(ApiError::no_such_resource)?;
            Ok(reply::json(200, &document_of(&resources)))
        }
    }
}

fn info() -> Value {
    json!({"title": "Kubernetes", "version": "v1.32.4-vpcbox"})
}

/// `Document{swagger: "2.0", info: {title, version}}` of gnostic's OpenAPIv2.proto.
fn minimal_protobuf() -> Vec<u8> {
    fn field(number: u8, bytes: &[u8], out: &mut Vec<u8>) {
        // All lengths here are under 128, so one byte is a whole varint.
        out.extend([(number << 3) | 2, bytes.len() as u8]);
        out.extend_from_slice(bytes);
    }
    let (mut info, mut out) = (Vec::new(), Vec::new());
    field(1, b"Kubernetes", &mut info);
    field(2, b"v1.32.4-vpcbox", &mut info);
    field(1, b"2.0", &mut out);
    field(2, &info, &mut out);
    out
}

fn group_versions(api: &Api) -> Vec<(String, Vec<Arc<Resource>>)> {
    let mut list = Vec::new();
    for (group, versions) in discovery::groups(api) {
        for (version, resources) in versions {
            let path = if group.is_empty() { format!("api/{version}") } else { format!("apis/{group}/{version}") };
            list.push((path, resources));
        }
    }
    list
}

fn index(api: &Api) -> Value {
    let paths: Map<String, Value> = group_versions(api)
        .into_iter()
        .map(|(path, _)| {
            let url = format!("/openapi/v3/{path}");
            (path, json!({"serverRelativeURL": url}))
        })
        .collect();
    json!({"paths": paths})
}

fn resources_of(api: &Api, path: &str) -> Option<Vec<Arc<Resource>>> {
    group_versions(api).into_iter().find(|(found, _)| found == path).map(|(_, resources)| resources)
}

fn document_of(resources: &[Arc<Resource>]) -> Value {
    let mut paths = Map::new();
    let number_or_text = json!({"oneOf": [{"type": "string"}, {"type": "number"}]});
    let mut schemas = Map::new();
    for name in [INT_OR_STRING, QUANTITY] {
        schemas.insert(name.to_owned(), number_or_text.clone());
    }
    for resource in resources {
        if !matches!(resource.origin, Origin::Review) {
            add_paths(resource, &mut paths);
        }
        add_schema(resource, &mut schemas);
    }
    json!({
        "openapi": "3.0.0", "info": info(), "paths": paths, "components": {"schemas": schemas},
    })
}

fn add_paths(resource: &Resource, paths: &mut Map<String, Value>) {
    let root =
        if resource.group.is_empty() { "/api/v1".to_owned() } else { format!("/apis/{}", resource.api_version()) };
    let scope = if resource.namespaced { "/namespaces/{namespace}" } else { "" };
    let base = format!("{root}{scope}/{}", resource.plural);
    let gvk = json!({"group": resource.group, "version": resource.version, "kind": resource.kind});
    let query = |name: &str| json!({"name": name, "in": "query", "schema": {"type": "string", "uniqueItems": true}});
    let parameters = json!([query("dryRun"), query("fieldManager"), query("fieldValidation"), query("force")]);
    let operation = |action: &str| {
        json!({
            "x-kubernetes-action": action, "x-kubernetes-group-version-kind": gvk, "parameters": parameters,
            "responses": {"200": {"description": "OK"}},
        })
    };
    let mut patch = operation("patch");
    let mut media = vec!["application/apply-patch+yaml", "application/json-patch+json", "application/merge-patch+json"];
    if resource.custom().is_none() {
        media.push("application/strategic-merge-patch+json");
    }
    let content: Map<String, Value> =
        media.into_iter().map(|one| (one.to_owned(), json!({"schema": {"type": "object"}}))).collect();
    patch["requestBody"] = json!({"content": content, "required": true});
    paths.insert(base.clone(), json!({"get": operation("list"), "post": operation("post")}));
    let object = json!({
        "get": operation("get"), "put": operation("put"), "patch": patch, "delete": operation("delete"),
    });
    paths.insert(format!("{base}/{{name}}"), object);
}

/// A name as Kubernetes builds them: reversed group, version, kind.
fn schema_name(resource: &Resource) -> String {
    match resource.custom() {
        Some(_) => {
            let reversed: Vec<&str> = resource.group.rsplit('.').collect();
            format!("{}.{}.{}", reversed.join("."), resource.version, resource.kind)
        }
        None => format!("{PREFIX}{}", resource.kind),
    }
}

fn add_schema(resource: &Resource, schemas: &mut Map<String, Value>) {
    let gvk = json!([{"group": resource.group, "version": resource.version, "kind": resource.kind}]);
    let mut schema = match resource.custom() {
        Some(custom) => {
            let mut schema = custom.schema.clone();
            for (key, kind) in [
                ("apiVersion", json!({"type": "string"})),
                ("kind", json!({"type": "string"})),
                ("metadata", json!({"$ref": format!("#/components/schemas/{META}")})),
            ] {
                schema["properties"][key] = kind;
            }
            add_types("ObjectMeta", schemas);
            schema
        }
        None => match types::of_kind(&resource.group, &resource.kind) {
            Some(found) => {
                add_types(&found.name, schemas);
                schema_of(found)
            }
            None => json!({"type": "object"}),
        },
    };
    schema["x-kubernetes-group-version-kind"] = gvk;
    schemas.insert(schema_name(resource), schema);
}

fn type_name(name: &str) -> String {
    if name == "ObjectMeta" { META.to_owned() } else { format!("{PREFIX}{name}") }
}

/// Adds a type and all it refers to.
fn add_types(name: &str, schemas: &mut Map<String, Value>) {
    let full = type_name(name);
    let Some(found) = types::find(name) else { return };
    if schemas.contains_key(&full) {
        return;
    }
    schemas.insert(full, schema_of(found));
    for field in found.json_fields() {
        let mut shape = &field.shape;
        while let Shape::List(item) | Shape::Map(item) = shape {
            shape = item;
        }
        if let Shape::Type(name) = shape {
            add_types(name, schemas);
        }
    }
}

fn schema_of(found: &Type) -> Value {
    let properties: Map<String, Value> =
        found.json_fields().iter().map(|field| (field.name.clone(), field_schema(field))).collect();
    let required: Vec<&String> =
        found.json_fields().into_iter().filter(|field| field.required).map(|field| &field.name).collect();
    let mut schema = json!({"type": "object", "properties": properties});
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    schema
}

fn field_schema(field: &Field) -> Value {
    let mut schema = shape_schema(&field.shape);
    match &field.patch {
        ListMerge::Keys(keys) => {
            schema["x-kubernetes-patch-strategy"] = json!("merge");
            schema["x-kubernetes-patch-merge-key"] = json!(keys[0]);
        }
        ListMerge::Set => schema["x-kubernetes-patch-strategy"] = json!("merge"),
        ListMerge::Atomic => {}
    }
    match &field.apply {
        ListMerge::Keys(keys) => {
            schema["x-kubernetes-list-type"] = json!("map");
            schema["x-kubernetes-list-map-keys"] = json!(keys);
        }
        ListMerge::Set => schema["x-kubernetes-list-type"] = json!("set"),
        ListMerge::Atomic if matches!(field.shape, Shape::List(_)) => {
            schema["x-kubernetes-list-type"] = json!("atomic");
        }
        ListMerge::Atomic => {}
    }
    schema
}

fn shape_schema(shape: &Shape) -> Value {
    match shape {
        Shape::String => json!({"type": "string"}),
        Shape::Bytes => json!({"type": "string", "format": "byte"}),
        Shape::Items => json!({"type": "array", "items": {"type": "string"}}),
        Shape::Time | Shape::MicroTime => json!({"type": "string", "format": "date-time"}),
        Shape::Integer => json!({"type": "integer", "format": "int64"}),
        Shape::Boolean => json!({"type": "boolean"}),
        Shape::IntOrString => reference(INT_OR_STRING),
        Shape::Quantity => reference(QUANTITY),
        Shape::Any => json!({"type": "object"}),
        Shape::List(item) => json!({"type": "array", "items": shape_schema(item)}),
        Shape::Map(item) => json!({"type": "object", "additionalProperties": shape_schema(item)}),
        // `allOf` keeps room for siblings, as Kubernetes writes references.
        Shape::Type(name) => reference(&type_name(name)),
    }
}

fn reference(name: &str) -> Value {
    json!({"allOf": [{"$ref": format!("#/components/schemas/{name}")}]})
}
