//! The table of built-in resources.

use super::{Origin, Resource, ScalePaths, Subresource};

struct Row {
    group: &'static str,
    plural: &'static str,
    kind: &'static str,
    namespaced: bool,
    short_names: &'static [&'static str],
    categories: &'static [&'static str],
    subresources: &'static [&'static str],
    review: bool,
}

const fn row(group: &'static str, plural: &'static str, kind: &'static str) -> Row {
    Row { group, plural, kind, namespaced: true, short_names: &[], categories: &[], subresources: &[], review: false }
}

impl Row {
    const fn cluster(self) -> Self {
        Self { namespaced: false, ..self }
    }

    const fn short(self, short_names: &'static [&'static str]) -> Self {
        Self { short_names, ..self }
    }

    const fn all(self) -> Self {
        Self { categories: &["all"], ..self }
    }

    const fn with(self, subresources: &'static [&'static str]) -> Self {
        Self { subresources, ..self }
    }

    const fn review(self) -> Self {
        Self { review: true, namespaced: false, ..self }
    }
}

const RBAC: &str = "rbac.authorization.k8s.io";
const ADMISSION: &str = "admissionregistration.k8s.io";

#[rustfmt::skip]
const TABLE: &[Row] = &[
    row("", "namespaces", "Namespace").cluster().short(&["ns"]).with(&["status"]),
    row("", "nodes", "Node").cluster().short(&["no"]).with(&["status"]),
    row("", "pods", "Pod").short(&["po"]).all().with(&["status", "binding", "eviction"]),
    row("", "serviceaccounts", "ServiceAccount").short(&["sa"]),
    row("", "events", "Event").short(&["ev"]),
    row("", "configmaps", "ConfigMap").short(&["cm"]),
    row("", "secrets", "Secret"),
    row("", "services", "Service").short(&["svc"]).all().with(&["status"]),
    row("", "endpoints", "Endpoints").short(&["ep"]),
    row("apps", "deployments", "Deployment").short(&["deploy"]).all().with(&["status", "scale"]),
    row("apps", "replicasets", "ReplicaSet").short(&["rs"]).all().with(&["status", "scale"]),
    row("apps", "daemonsets", "DaemonSet").short(&["ds"]).all().with(&["status"]),
    row("events.k8s.io", "events", "Event").short(&["ev"]),
    row("coordination.k8s.io", "leases", "Lease"),
    row("discovery.k8s.io", "endpointslices", "EndpointSlice"),
    row("apiextensions.k8s.io", "customresourcedefinitions", "CustomResourceDefinition").cluster()
        .short(&["crd", "crds"]).with(&["status"]),
    row(ADMISSION, "mutatingwebhookconfigurations", "MutatingWebhookConfiguration").cluster(),
    row(ADMISSION, "validatingwebhookconfigurations", "ValidatingWebhookConfiguration").cluster(),
    row(RBAC, "clusterroles", "ClusterRole").cluster(),
    row(RBAC, "clusterrolebindings", "ClusterRoleBinding").cluster(),
    row(RBAC, "roles", "Role"),
    row(RBAC, "rolebindings", "RoleBinding"),
    row("authorization.k8s.io", "selfsubjectaccessreviews", "SelfSubjectAccessReview").review(),
    row("authorization.k8s.io", "selfsubjectrulesreviews", "SelfSubjectRulesReview").review(),
    row("authorization.k8s.io", "subjectaccessreviews", "SubjectAccessReview").review(),
    row("authentication.k8s.io", "selfsubjectreviews", "SelfSubjectReview").review(),
];

/// The table as resources; all of them are `v1`.
pub(super) fn resources() -> Vec<Resource> {
    TABLE.iter().map(resource).collect()
}

fn resource(row: &Row) -> Resource {
    let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    let collection = match (row.group, row.plural) {
        // Both Events APIs show the same objects.
        ("" | "events.k8s.io", plural) => plural.to_owned(),
        (group, plural) => format!("{plural}.{group}"),
    };
    Resource {
        group: row.group.to_owned(),
        version: "v1".to_owned(),
        plural: row.plural.to_owned(),
        singular: row.kind.to_lowercase(),
        kind: row.kind.to_owned(),
        list_kind: format!("{}List", row.kind),
        namespaced: row.namespaced,
        short_names: owned(row.short_names),
        categories: owned(row.categories),
        subresources: row.subresources.iter().map(|name| subresource(name)).collect(),
        collection,
        origin: if row.review { Origin::Review } else { Origin::BuiltIn },
    }
}

fn subresource(name: &str) -> Subresource {
    let path = |parent: &str, child: &str| vec![parent.to_owned(), child.to_owned()];
    match name {
        "status" => Subresource::Status,
        "binding" => Subresource::Binding,
        "eviction" => Subresource::Eviction,
        "scale" => Subresource::Scale(ScalePaths {
            spec_replicas: path("spec", "replicas"),
            status_replicas: path("status", "replicas"),
            selector: path("spec", "selector"),
        }),
        other => unreachable!("subresource {other} is not in the built-in table"),
    }
}
