//! Discovery: which groups, versions and resources there are, in the plain and in the aggregated form.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::body::Body;
use axum::http::Response;
use serde_json::{Value, json};

use super::params::Params;
use super::reply;
use super::target::Discovery;
use crate::operations::Api;
use crate::registry::{Origin, Resource, Subresource};
use crate::status::ApiError;

const VERBS: [&str; 8] = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];

/// Groups in order, each with its versions in order of preference.
type Groups = BTreeMap<String, BTreeMap<String, Vec<Arc<Resource>>>>;

/// Serves a discovery path.
pub(super) fn serve(api: &Api, params: &Params, path: &Discovery) -> Result<Response<Body>, ApiError> {
    let groups = groups(api);
    let aggregated = aggregated_version(&params.accept);
    let body = match path {
        Discovery::Root => root(&groups),
        Discovery::Core | Discovery::Groups if aggregated.is_some() => {
            return Ok(aggregate(&groups, *path == Discovery::Core, aggregated.unwrap_or("v2")));
        }
        Discovery::Core => json!({"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []}),
        Discovery::Groups => {
            let list: Vec<Value> = groups.iter().filter(|(name, _)| !name.is_empty()).map(group).collect();
            json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": list})
        }
        Discovery::Group(name) => {
            let mut found = group(groups.get_key_value(name).ok_or_else(ApiError::no_such_resource)?);
            found["kind"] = json!("APIGroup");
            found["apiVersion"] = json!("v1");
            found
        }
        Discovery::Resources { group, version } => {
            let resources = groups.get(group).and_then(|versions| versions.get(version));
            resource_list(group, version, resources.ok_or_else(ApiError::no_such_resource)?)
        }
    };
    Ok(reply::json(200, &body))
}

/// All groups with what they serve.
pub(super) fn groups(api: &Api) -> Groups {
    let mut groups = Groups::new();
    for resource in api.registry.all() {
        let versions = groups.entry(resource.group.clone()).or_default();
        versions.entry(resource.version.clone()).or_default().push(resource);
    }
    groups
}

/// The newest aggregated form the client accepts.
fn aggregated_version(accept: &str) -> Option<&'static str> {
    let wants = |version: &str| {
        accept
            .split(',')
            .any(|part| part.contains("as=APIGroupDiscoveryList") && part.split(';').any(|word| word.trim() == version))
    };
    if wants("v=v2") {
        Some("v2")
    } else if wants("v=v2beta1") {
        Some("v2beta1")
    } else {
        None
    }
}

fn root(groups: &Groups) -> Value {
    let mut paths = vec!["/api".to_owned(), "/api/v1".to_owned(), "/apis".to_owned()];
    for (name, versions) in groups.iter().filter(|(name, _)| !name.is_empty()) {
        paths.push(format!("/apis/{name}"));
        paths.extend(versions.keys().map(|version| format!("/apis/{name}/{version}")));
    }
    paths.extend(["/healthz", "/livez", "/openapi/v2", "/openapi/v3", "/readyz", "/version"].map(str::to_owned));
    json!({"paths": paths})
}

/// Versions, the preferred one first: stable before beta before alpha, then the higher number.
pub(super) fn preference(version: &str) -> (u8, std::cmp::Reverse<u64>, std::cmp::Reverse<u64>) {
    let rest = version.strip_prefix('v').unwrap_or(version);
    let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let (major, rest) = rest.split_at(digits);
    let (rank, minor) = match (rest.strip_prefix("beta"), rest.strip_prefix("alpha")) {
        (Some(minor), _) => (1, minor),
        (_, Some(minor)) => (2, minor),
        _ => (0, ""),
    };
    let number = |text: &str| std::cmp::Reverse(text.parse().unwrap_or(0));
    (rank, number(major), number(minor))
}

fn ordered(versions: &BTreeMap<String, Vec<Arc<Resource>>>) -> Vec<(&String, &Vec<Arc<Resource>>)> {
    let mut list: Vec<_> = versions.iter().collect();
    list.sort_by_key(|(version, _)| preference(version));
    list
}

fn group((name, versions): (&String, &BTreeMap<String, Vec<Arc<Resource>>>)) -> Value {
    let versions: Vec<Value> = ordered(versions)
        .iter()
        .map(|(version, _)| json!({"groupVersion": format!("{name}/{version}"), "version": version}))
        .collect();
    json!({"name": name, "versions": versions, "preferredVersion": versions[0]})
}

fn verbs(resource: &Resource) -> Value {
    match resource.origin {
        Origin::Review => json!(["create"]),
        _ => json!(VERBS),
    }
}

fn resource_list(group: &str, version: &str, resources: &[Arc<Resource>]) -> Value {
    let group_version = if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") };
    let mut list = Vec::new();
    for resource in resources {
        let mut entry = json!({
            "name": resource.plural, "singularName": resource.singular, "namespaced": resource.namespaced,
            "kind": resource.kind, "verbs": verbs(resource),
        });
        for (key, texts) in [("shortNames", &resource.short_names), ("categories", &resource.categories)] {
            if !texts.is_empty() {
                entry[key] = json!(texts);
            }
        }
        list.push(entry);
        for sub in &resource.subresources {
            let (name, kind, verbs) = subresource(resource, sub);
            let mut entry = json!({
                "name": format!("{}/{name}", resource.plural), "singularName": "",
                "namespaced": resource.namespaced, "kind": kind.2, "verbs": verbs,
            });
            if (kind.0, kind.1) != (resource.group.as_str(), resource.version.as_str()) {
                entry["group"] = json!(kind.0);
                entry["version"] = json!(kind.1);
            }
            list.push(entry);
        }
    }
    json!({"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": group_version, "resources": list})
}

/// Name, kind (group, version, kind) and verbs of a subresource.
fn subresource<'a>(
    resource: &'a Resource,
    sub: &Subresource,
) -> (&'static str, (&'a str, &'a str, &'a str), &'static [&'static str]) {
    let own = (resource.group.as_str(), resource.version.as_str(), resource.kind.as_str());
    match sub {
        Subresource::Status => ("status", own, &["get", "patch", "update"]),
        Subresource::Scale(_) => ("scale", ("autoscaling", "v1", "Scale"), &["get", "patch", "update"]),
        Subresource::Binding => ("binding", ("", "v1", "Binding"), &["create"]),
        Subresource::Eviction => ("eviction", ("policy", "v1", "Eviction"), &["create"]),
    }
}

fn aggregate(groups: &Groups, core: bool, form: &str) -> Response<Body> {
    let items: Vec<Value> = groups
        .iter()
        .filter(|(name, _)| name.is_empty() == core)
        .map(|(name, versions)| {
            let versions: Vec<Value> = ordered(versions)
                .into_iter()
                .map(|(version, resources)| {
                    let resources: Vec<Value> = resources.iter().map(|one| aggregated_resource(one)).collect();
                    json!({"version": version, "freshness": "Current", "resources": resources})
                })
                .collect();
            json!({"metadata": {"name": name, "creationTimestamp": null}, "versions": versions})
        })
        .collect();
    let body = json!({
        "kind": "APIGroupDiscoveryList", "apiVersion": format!("apidiscovery.k8s.io/{form}"), "metadata": {},
        "items": items,
    });
    let content_type = format!("application/json;g=apidiscovery.k8s.io;v={form};as=APIGroupDiscoveryList");
    reply::bytes(200, &content_type, body.to_string().into_bytes())
}

fn aggregated_resource(resource: &Resource) -> Value {
    let kind = |(group, version, kind): (&str, &str, &str)| json!({"group": group, "version": version, "kind": kind});
    let mut entry = json!({
        "resource": resource.plural,
        "responseKind": kind((&resource.group, &resource.version, &resource.kind)),
        "scope": if resource.namespaced { "Namespaced" } else { "Cluster" },
        "singularResource": resource.singular, "verbs": verbs(resource),
    });
    for (key, texts) in [("shortNames", &resource.short_names), ("categories", &resource.categories)] {
        if !texts.is_empty() {
            entry[key] = json!(texts);
        }
    }
    let subresources: Vec<Value> = resource
        .subresources
        .iter()
        .map(|sub| {
            let (name, of, verbs) = subresource(resource, sub);
            json!({"subresource": name, "responseKind": kind(of), "verbs": verbs})
        })
        .collect();
    if !subresources.is_empty() {
        entry["subresources"] = json!(subresources);
    }
    entry
}
