//! Kubernetes objects inside a scenario: checked as far as can be told before anything exists.

use super::tree::{Node, Problems, Value, closest};

/// The image every container of a world runs.
pub const PROBE_IMAGE: &str = "vpcbox/probe";

/// One Kubernetes object to apply.
#[derive(Debug, Clone, PartialEq)]
pub struct Manifest {
    /// `apiVersion`.
    pub api_version: String,
    /// `kind`.
    pub kind: String,
    /// `metadata.namespace`.
    pub namespace: Option<String>,
    /// `metadata.name`.
    pub name: String,
    /// The whole object; texts may still hold `${securityGroup.NAME}`.
    pub object: serde_json::Value,
}

/// Kinds that can be applied, with the version they are served in and whether they are namespaced.
const KINDS: [(&str, &str, bool); 9] = [
    ("Namespace", "v1", false),
    ("Pod", "v1", true),
    ("ConfigMap", "v1", true),
    ("Service", "v1", true),
    ("ServiceAccount", "v1", true),
    ("Deployment", "apps/v1", true),
    ("SecurityGroupPolicy", "vpcresources.k8s.aws/v1beta1", true),
    ("ENIConfig", "crd.k8s.amazonaws.com/v1alpha1", false),
    ("CNINode", "vpcresources.k8s.aws/v1alpha1", false),
];

/// Fields of the places where a misspelling would silently change what a pod gets.
const FIELDS: [(&str, &[&str]); 5] = [
    (
        "Deployment.spec",
        &[
            "replicas",
            "selector",
            "template",
            "strategy",
            "minReadySeconds",
            "revisionHistoryLimit",
            "paused",
            "progressDeadlineSeconds",
        ],
    ),
    ("SecurityGroupPolicy.spec", &["podSelector", "serviceAccountSelector", "securityGroups"]),
    (
        "PodSpec",
        &[
            "containers",
            "initContainers",
            "volumes",
            "restartPolicy",
            "terminationGracePeriodSeconds",
            "nodeSelector",
            "nodeName",
            "serviceAccountName",
            "hostNetwork",
            "affinity",
            "tolerations",
            "securityContext",
            "schedulerName",
            "priorityClassName",
            "dnsPolicy",
            "automountServiceAccountToken",
            "topologySpreadConstraints",
            "hostname",
            "enableServiceLinks",
            "imagePullSecrets",
            "activeDeadlineSeconds",
            "subdomain",
            "readinessGates",
        ],
    ),
    (
        "Container",
        &[
            "name",
            "image",
            "imagePullPolicy",
            "command",
            "args",
            "env",
            "envFrom",
            "ports",
            "resources",
            "livenessProbe",
            "readinessProbe",
            "startupProbe",
            "volumeMounts",
            "securityContext",
            "workingDir",
            "lifecycle",
            "tty",
            "stdin",
            "terminationMessagePath",
            "terminationMessagePolicy",
        ],
    ),
    ("ContainerPort", &["name", "containerPort", "protocol", "hostPort", "hostIP"]),
];

/// Reads and checks one object.
pub(super) fn read(node: &Node, groups: &[String], problems: &mut Problems) -> Option<Manifest> {
    if node.fields().is_empty() {
        problems.add(node.line, "each entry of apply must be a Kubernetes object");
        return None;
    }
    let api_version = text(node, &["apiVersion"], problems)?;
    let kind = text(node, &["kind"], problems)?;
    let name = text(node, &["metadata", "name"], problems)?;
    let namespace = node.at(&["metadata", "namespace"]).and_then(Node::as_str).map(str::to_owned);
    check_kind(node, &api_version, &kind, problems)?;
    match kind.as_str() {
        "Deployment" => check_deployment(node, problems),
        "Pod" => check_pod_spec(node, node.get("spec"), problems),
        "SecurityGroupPolicy" => check_policy(node, problems),
        _ => {}
    }
    check_references(node, groups, problems);
    Some(Manifest { api_version, kind, namespace, name, object: node.to_json() })
}

fn text(node: &Node, path: &[&str], problems: &mut Problems) -> Option<String> {
    let found = node.at(path).and_then(Node::as_str).map(str::to_owned);
    if found.is_none() {
        problems.add(node.line, format!("the object lacks {}", path.join(".")));
    }
    found
}

fn check_kind(node: &Node, api_version: &str, kind: &str, problems: &mut Problems) -> Option<()> {
    let Some((_, version, _)) = KINDS.iter().find(|(known, ..)| *known == kind) else {
        let kinds: Vec<_> = KINDS.iter().map(|(known, ..)| *known).collect();
        problems.add(node.line, format!("kind \"{kind}\" cannot be applied here; known are {}", kinds.join(", ")));
        return None;
    };
    if *version != api_version {
        problems.add(node.line, format!("{kind} is served as {version}, not \"{api_version}\""));
    }
    Some(())
}

fn check_fields(place: &str, node: &Node, problems: &mut Problems) {
    let known = FIELDS.iter().find(|(name, _)| *name == place).map_or(&[][..], |(_, fields)| fields);
    for (name, field) in node.fields() {
        if !known.contains(&name.as_str()) {
            let hint = closest(name, known).map_or(String::new(), |near| format!("; did you mean \"{near}\"?"));
            problems.add(field.key_line, format!("{place} has no field \"{name}\"{hint}"));
        }
    }
}

fn check_deployment(node: &Node, problems: &mut Problems) {
    let Some(spec) = node.get("spec") else {
        return problems.add(node.line, "the Deployment lacks spec");
    };
    check_fields("Deployment.spec", spec, problems);
    let selector = spec.at(&["selector", "matchLabels"]);
    let labels = spec.at(&["template", "metadata", "labels"]);
    match (selector, labels) {
        (None, _) => problems.add(spec.line, "the Deployment lacks spec.selector.matchLabels"),
        (Some(selector), labels) => {
            for (key, wanted) in selector.fields() {
                if labels.and_then(|labels| labels.get(key)).and_then(Node::as_str) != wanted.as_str() {
                    problems.add(
                        wanted.line,
                        format!("the pod template's labels do not carry {key}, which the selector asks for"),
                    );
                }
            }
        }
    }
    check_pod_spec(spec, spec.at(&["template", "spec"]), problems);
}

fn check_pod_spec(parent: &Node, spec: Option<&Node>, problems: &mut Problems) {
    let Some(spec) = spec else {
        return problems.add(parent.line, "the pod lacks spec");
    };
    check_fields("PodSpec", spec, problems);
    let containers = spec.get("containers").map_or(&[][..], Node::items);
    if containers.is_empty() {
        problems.add(spec.line, "the pod has no containers");
    }
    for container in containers {
        check_fields("Container", container, problems);
        match container.get("image").map(|image| (image.line, image.as_str())) {
            Some((_, Some(PROBE_IMAGE))) => {}
            Some((line, image)) => problems.add(
                line,
                format!(
                    "image {:?} cannot run here: worlds run {PROBE_IMAGE}, which answers on the declared ports (other images need a real cluster)",
                    image.unwrap_or_default()
                ),
            ),
            None => problems.add(container.line, format!("the container lacks an image; use {PROBE_IMAGE}")),
        }
        for port in container.get("ports").map_or(&[][..], Node::items) {
            check_fields("ContainerPort", port, problems);
            let number = port.get("containerPort").map(|node| &node.value);
            if !matches!(number, Some(Value::Integer(1..=65535))) {
                problems.add(port.line, "containerPort must be a number from 1 to 65535");
            }
        }
    }
}

fn check_policy(node: &Node, problems: &mut Problems) {
    let Some(spec) = node.get("spec") else {
        return problems.add(node.line, "the SecurityGroupPolicy lacks spec");
    };
    check_fields("SecurityGroupPolicy.spec", spec, problems);
    if spec.get("podSelector").is_none() && spec.get("serviceAccountSelector").is_none() {
        problems.add(spec.line, "the SecurityGroupPolicy selects nothing: give podSelector or serviceAccountSelector");
    }
    if spec.at(&["securityGroups", "groupIds"]).is_none_or(|ids| ids.items().is_empty()) {
        problems.add(spec.line, "the SecurityGroupPolicy names no groups: give securityGroups.groupIds");
    }
}

/// Checks every `${securityGroup.NAME}` in the object's texts.
fn check_references(node: &Node, groups: &[String], problems: &mut Problems) {
    match &node.value {
        Value::String(text) => {
            for reference in references(text) {
                let known =
                    reference.strip_prefix("securityGroup.").is_some_and(|name| groups.iter().any(|it| it == name));
                if !known {
                    problems.add(
                        node.line,
                        format!("${{{reference}}} refers to nothing; known are {}", as_references(groups)),
                    );
                }
            }
        }
        Value::List(items) => items.iter().for_each(|item| check_references(item, groups, problems)),
        Value::Map(fields) => fields.iter().for_each(|(_, field)| check_references(field, groups, problems)),
        _ => {}
    }
}

fn as_references(groups: &[String]) -> String {
    groups.iter().map(|name| format!("${{securityGroup.{name}}}")).collect::<Vec<_>>().join(", ")
}

fn references(text: &str) -> impl Iterator<Item = &str> {
    text.split("${").skip(1).filter_map(|rest| rest.split_once('}').map(|(name, _)| name))
}

impl Manifest {
    /// The object with every `${securityGroup.NAME}` replaced by what `id_of` gives for the name.
    pub fn resolved(&self, id_of: &dyn Fn(&str) -> Option<String>) -> serde_json::Value {
        resolve(&self.object, id_of)
    }
}

fn resolve(value: &serde_json::Value, id_of: &dyn Fn(&str) -> Option<String>) -> serde_json::Value {
    use serde_json::Value as Json;
    match value {
        Json::String(text) => {
            let replaced = references(text).fold(text.clone(), |text, reference| {
                match reference.strip_prefix("securityGroup.").and_then(id_of) {
                    Some(id) => text.replace(&format!("${{{reference}}}"), &id),
                    None => text,
                }
            });
            Json::String(replaced)
        }
        Json::Array(items) => items.iter().map(|item| resolve(item, id_of)).collect(),
        Json::Object(fields) => {
            Json::Object(fields.iter().map(|(key, field)| (key.clone(), resolve(field, id_of))).collect())
        }
        other => other.clone(),
    }
}
