//! Names, labels and annotations: RFC 1123 names and Kubernetes' qualified names.

use serde_json::Value;

use crate::object;
use crate::registry::Resource;
use crate::status::Cause;

const SUBDOMAIN: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or \
    '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is \
    '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const LABEL: &str = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must \
    start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is \
    '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const QUALIFIED: &str = "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end \
    with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is \
    '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
const LABEL_VALUE: &str = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or \
    '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex \
    used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

/// True for an RFC 1123 label.
pub(super) fn is_dns_label(text: &str) -> bool {
    let alphanumeric = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    !text.is_empty()
        && text.len() <= 63
        && text.chars().all(|c| alphanumeric(c) || c == '-')
        && text.starts_with(alphanumeric)
        && text.ends_with(alphanumeric)
}

/// True for an RFC 1123 subdomain; only the whole is limited in length.
pub(super) fn is_dns_subdomain(text: &str) -> bool {
    let alphanumeric = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    !text.is_empty()
        && text.len() <= 253
        && text.split('.').all(|part| {
            part.chars().all(|c| alphanumeric(c) || c == '-')
                && part.starts_with(alphanumeric)
                && part.ends_with(alphanumeric)
        })
}

/// Adds a cause if the name of something inside an object is no DNS label.
pub(super) fn require_dns_label(field: &str, name: &Value, causes: &mut Vec<Cause>) {
    match name.as_str() {
        None | Some("") => causes.push(Cause::required(field, "")),
        Some(text) if !is_dns_label(text) => causes.push(Cause::invalid(field, name, LABEL)),
        Some(_) => {}
    }
}

/// Checks `metadata`.
pub(super) fn validate_metadata(resource: &Resource, value: &Value) -> Vec<Cause> {
    let mut causes = Vec::new();
    let name = &value["metadata"]["name"];
    check_name(resource, name, &mut causes);
    for (key, label) in object::labels(value).into_iter().flatten() {
        check_key("metadata.labels", key, &mut causes);
        match label.as_str() {
            Some(text) if is_label_value(text) => {}
            _ => causes.push(Cause::invalid("metadata.labels", label, LABEL_VALUE)),
        }
    }
    for (key, _) in value["metadata"]["annotations"].as_object().into_iter().flatten() {
        check_key("metadata.annotations", &key.to_lowercase(), &mut causes);
    }
    for (index, owner) in object::items(value, &["metadata", "ownerReferences"]).iter().enumerate() {
        for key in ["apiVersion", "kind", "name", "uid"] {
            if owner[key].as_str().unwrap_or_default().is_empty() {
                causes.push(Cause::invalid(
                    format!("metadata.ownerReferences[{index}].{key}"),
                    &Value::from(""),
                    &format!("{key} must not be empty"),
                ));
            }
        }
    }
    causes
}

fn check_name(resource: &Resource, name: &Value, causes: &mut Vec<Cause>) {
    let text = name.as_str().unwrap_or_default();
    // RBAC names are free apart from what a path cannot hold.
    if resource.group == "rbac.authorization.k8s.io" {
        if text.contains(['/', '%']) || text == "." || text == ".." {
            causes.push(Cause::invalid("metadata.name", name, "may not contain '/' or '%'"));
        }
        return;
    }
    let labels_only = matches!(resource.collection.as_str(), "namespaces" | "services");
    if labels_only && !is_dns_label(text) {
        causes.push(Cause::invalid("metadata.name", name, LABEL));
    } else if !labels_only && !is_dns_subdomain(text) {
        causes.push(Cause::invalid("metadata.name", name, SUBDOMAIN));
    }
}

fn check_key(field: &str, key: &str, causes: &mut Vec<Cause>) {
    if !is_qualified_name(key) {
        causes.push(Cause::invalid(field, &Value::from(key), QUALIFIED));
    }
}

fn is_label_value(text: &str) -> bool {
    text.is_empty() || is_name_part(text)
}

fn is_qualified_name(key: &str) -> bool {
    match key.split_once('/') {
        Some((prefix, name)) => is_dns_subdomain(prefix) && is_name_part(name),
        None => is_name_part(key),
    }
}

fn is_name_part(text: &str) -> bool {
    let inner = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    !text.is_empty()
        && text.len() <= 63
        && text.chars().all(inner)
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.ends_with(|c: char| c.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;
    use crate::registry::Registry;

    #[rstest]
    #[case::plain("pods", json!({"name": "web-1.a"}), None)]
    #[case::upper("pods", json!({"name": "Web"}), Some("metadata.name"))]
    #[case::dot_in_namespace("namespaces", json!({"name": "a.b"}), Some("metadata.name"))]
    #[case::edge_dash("pods", json!({"name": "-a"}), Some("metadata.name"))]
    #[case::label_value("pods", json!({"name": "a", "labels": {"app": "a b"}}), Some("metadata.labels"))]
    #[case::prefixed_label("pods", json!({"name": "a", "labels": {"kubernetes.io/os": "linux"}}), None)]
    #[case::annotation_upper("pods", json!({"name": "a", "annotations": {"Example.com/Key": ""}}), None)]
    #[case::owner("pods", json!({"name": "a", "ownerReferences": [{"kind": "A", "apiVersion": "v1", "name": "b"}]}),
        Some("metadata.ownerReferences[0].uid"))]
    fn metadata_causes(#[case] plural: &str, #[case] metadata: Value, #[case] field: Option<&str>) {
        let resource = Registry::new().known("", plural);
        let causes = validate_metadata(&resource, &json!({"metadata": metadata}));
        assert_eq!(causes.first().map(|cause| cause.field.as_str()), field, "{causes:?}");
    }
}
