//! CustomResourceDefinitions: from a definition to resources that are served.
//!
//! Follows apiextensions.k8s.io/v1; conversion between versions only changes `apiVersion` (strategy `None`).

mod schema;

use std::sync::Arc;

use serde_json::{Value, json};

use crate::object;
use crate::registry::{Origin, Registry, Resource, ScalePaths, Subresource};
use crate::status::Cause;

pub(crate) use schema::{default, prune, validate};

/// Where definitions are kept.
pub(crate) const COLLECTION: &str = "customresourcedefinitions.apiextensions.k8s.io";

/// Keeps a definition until its objects are gone.
pub(crate) const CLEANUP: &str = "customresourcecleanup.apiextensions.k8s.io";

/// One served version of a custom resource.
#[derive(Clone, Debug)]
pub(crate) struct CustomVersion {
    pub schema: Value,
    pub columns: Vec<Column>,
    /// Paths a field selector may use, without the leading dot.
    pub selectable_fields: Vec<String>,
}

/// A column of `kubectl get`.
#[derive(Clone, Debug)]
pub(crate) struct Column {
    pub name: String,
    pub kind: String,
    pub description: String,
    pub priority: i64,
    pub json_path: String,
}

/// Completes names and starts the status.
pub(crate) fn prepare_create(definition: &mut Value) {
    let kind = object::text(definition, &["spec", "names", "kind"]).to_owned();
    let spec = object::child_mut(definition, "spec");
    if let Some(names) = spec.get_mut("names").and_then(Value::as_object_mut) {
        names.entry("singular").or_insert_with(|| json!(kind.to_lowercase()));
        names.entry("listKind").or_insert_with(|| json!(format!("{kind}List")));
    }
    spec.entry("conversion").or_insert_with(|| json!({"strategy": "None"}));
    definition["status"] = json!({});
    let finalizers = object::metadata_mut(definition).entry("finalizers").or_insert_with(|| json!([]));
    if let Some(list) = finalizers.as_array_mut() {
        list.retain(|one| one != CLEANUP);
        list.push(json!(CLEANUP));
    }
    refresh_status(definition);
}

/// Brings the status in line with the definition; names are always accepted.
pub(crate) fn refresh_status(definition: &mut Value) {
    let names = definition["spec"]["names"].clone();
    let stored: Vec<Value> = object::items(definition, &["spec", "versions"])
        .iter()
        .filter(|version| version["storage"] == true)
        .map(|version| version["name"].clone())
        .collect();
    let status = object::child_mut(definition, "status");
    status.insert("acceptedNames".to_owned(), names);
    status.insert("storedVersions".to_owned(), json!(stored));
    object::set_condition(definition, "NamesAccepted", "True", "NoConflicts", "no conflicts found");
    object::set_condition(
        definition,
        "Established",
        "True",
        "InitialNamesAccepted",
        "the initial names have been accepted",
    );
}

/// Checks a definition as far as serving it depends on it.
pub(crate) fn validate_definition(definition: &Value, causes: &mut Vec<Cause>) {
    let spec = &definition["spec"];
    for key in ["group", "scope"] {
        if object::text(spec, &[key]).is_empty() {
            causes.push(Cause::required(format!("spec.{key}"), ""));
        }
    }
    for key in ["plural", "kind"] {
        if object::text(spec, &["names", key]).is_empty() {
            causes.push(Cause::required(format!("spec.names.{key}"), ""));
        }
    }
    let expected = format!("{}.{}", object::text(spec, &["names", "plural"]), object::text(spec, &["group"]));
    if object::name(definition) != expected {
        let name = &definition["metadata"]["name"];
        causes.push(Cause::invalid("metadata.name", name, "must be spec.names.plural+\".\"+spec.group"));
    }
    if !matches!(spec["scope"].as_str(), Some("Namespaced" | "Cluster") | None) {
        causes.push(Cause::unsupported("spec.scope", &spec["scope"], &["Cluster", "Namespaced"]));
    }
    let versions = object::items(spec, &["versions"]);
    if versions.iter().filter(|version| version["storage"] == true).count() != 1 {
        let why = "must have exactly one version marked as storage version";
        causes.push(Cause::invalid("spec.versions", &spec["versions"], why));
    }
    for (index, version) in versions.iter().enumerate() {
        if !version["schema"]["openAPIV3Schema"].is_object() {
            let field = format!("spec.versions[{index}].schema.openAPIV3Schema");
            causes.push(Cause::required(field, "schemas are required"));
        }
    }
}

/// Serves what a definition describes.
pub(crate) fn serve(registry: &Registry, definition: &Value) {
    registry.set_custom(object::name(definition), resources(definition));
}

/// Stops serving what a definition described.
pub(crate) fn stop_serving(registry: &Registry, definition: &Value) {
    registry.set_custom(object::name(definition), Vec::new());
}

/// The resources of a definition, one a served version.
pub(crate) fn resources(definition: &Value) -> Vec<Resource> {
    object::items(definition, &["spec", "versions"])
        .iter()
        .filter(|version| version["served"] == true)
        .map(|version| resource(definition, version))
        .collect()
}

fn resource(definition: &Value, version: &Value) -> Resource {
    let spec = &definition["spec"];
    let text = |path: &[&str]| object::text(spec, path).to_owned();
    let texts = |path: &[&str]| {
        object::items(spec, path).iter().filter_map(Value::as_str).map(str::to_owned).collect::<Vec<_>>()
    };
    Resource {
        group: text(&["group"]),
        version: object::text(version, &["name"]).to_owned(),
        plural: text(&["names", "plural"]),
        singular: text(&["names", "singular"]),
        kind: text(&["names", "kind"]),
        list_kind: text(&["names", "listKind"]),
        namespaced: spec["scope"] == "Namespaced",
        short_names: texts(&["names", "shortNames"]),
        categories: texts(&["names", "categories"]),
        subresources: subresources(&version["subresources"]),
        collection: object::name(definition).to_owned(),
        origin: Origin::Custom(Arc::new(custom_version(version))),
    }
}

fn subresources(declared: &Value) -> Vec<Subresource> {
    let mut found = Vec::new();
    if declared["status"].is_object() {
        found.push(Subresource::Status);
    }
    let scale = &declared["scale"];
    if scale.is_object() {
        let path = |key: &str| segments(scale[key].as_str().unwrap_or_default());
        found.push(Subresource::Scale(ScalePaths {
            spec_replicas: path("specReplicasPath"),
            status_replicas: path("statusReplicasPath"),
            selector: path("labelSelectorPath"),
        }));
    }
    found
}

fn segments(path: &str) -> Vec<String> {
    path.split('.').filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

fn custom_version(version: &Value) -> CustomVersion {
    let columns = object::items(version, &["additionalPrinterColumns"]).iter().map(|column| Column {
        name: object::text(column, &["name"]).to_owned(),
        kind: object::text(column, &["type"]).to_owned(),
        description: object::text(column, &["description"]).to_owned(),
        priority: column["priority"].as_i64().unwrap_or(0),
        json_path: object::text(column, &["jsonPath"]).to_owned(),
    });
    let fields = object::items(version, &["selectableFields"]);
    CustomVersion {
        schema: version["schema"]["openAPIV3Schema"].clone(),
        columns: columns.collect(),
        selectable_fields: fields
            .iter()
            .map(|field| object::text(field, &["jsonPath"]).trim_start_matches('.').to_owned())
            .collect(),
    }
}
