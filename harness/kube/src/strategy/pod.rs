//! Pods: defaults, the ServiceAccount admission, what may be wrong with one, and what an update may change.

use serde_json::{Value, json};

use super::names;
use crate::object;
use crate::operations::Api;
use crate::quantity::Quantity;
use crate::registry::Resource;
use crate::status::{ApiError, Cause};

/// True if the pod will never run again.
pub(super) fn is_finished(pod: &Value) -> bool {
    matches!(object::text(pod, &["status", "phase"]), "Succeeded" | "Failed")
}

/// Starts the status and gives the pod its ServiceAccount.
pub(super) fn prepare_create(api: &Api, resource: &Resource, pod: &mut Value) -> Result<(), ApiError> {
    let namespace = object::namespace(pod).to_owned();
    let spec = object::child_mut(pod, "spec");
    let account = ["serviceAccountName", "serviceAccount"]
        .iter()
        .find_map(|key| spec.get(*key).and_then(Value::as_str).filter(|name| !name.is_empty()))
        .unwrap_or("default")
        .to_owned();
    spec.insert("serviceAccountName".to_owned(), json!(account));
    spec.insert("serviceAccount".to_owned(), json!(account));
    if api.store.get("serviceaccounts", &namespace, &account).is_none() {
        let why =
            format!("error looking up service account {namespace}/{account}: serviceaccount {account:?} not found");
        return Err(ApiError::forbidden(resource, object::name(pod), &why));
    }
    pod["status"] = json!({"phase": "Pending"});
    Ok(())
}

/// Fills in a pod's defaults.
pub(super) fn default(pod: &mut Value) {
    default_spec(&mut pod["spec"], true);
    let class = qos_class(pod);
    let status = object::child_mut(pod, "status");
    status.entry("phase").or_insert_with(|| json!("Pending"));
    status.insert("qosClass".to_owned(), json!(class));
}

/// Fills in the defaults of a pod's or template's `spec`.
pub(super) fn default_spec(spec: &mut Value, is_pod: bool) {
    let Some(fields) = spec.as_object_mut() else { return };
    for (key, value) in [
        ("restartPolicy", json!("Always")),
        ("dnsPolicy", json!("ClusterFirst")),
        ("schedulerName", json!("default-scheduler")),
        ("terminationGracePeriodSeconds", json!(30)),
        ("securityContext", json!({})),
    ] {
        fields.entry(key).or_insert(value);
    }
    if is_pod {
        fields.entry("enableServiceLinks").or_insert_with(|| json!(true));
        fields.entry("preemptionPolicy").or_insert_with(|| json!("PreemptLowerPriority"));
        fields.entry("priority").or_insert_with(|| json!(0));
        default_tolerations(fields.entry("tolerations").or_insert_with(|| json!([])));
    }
    for list in ["initContainers", "containers"] {
        for container in fields.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten() {
            default_container(container);
        }
    }
}

/// The DefaultTolerationSeconds admission: five minutes on a node that is lost.
fn default_tolerations(tolerations: &mut Value) {
    let Some(list) = tolerations.as_array_mut() else { return };
    for key in ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"] {
        let covers = |toleration: &Value| {
            let key_fits = toleration["key"].as_str().is_none_or(|found| found.is_empty() || found == key);
            key_fits && matches!(toleration["effect"].as_str(), None | Some("" | "NoExecute"))
        };
        if !list.iter().any(covers) {
            list.push(json!({"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}));
        }
    }
}

fn default_container(container: &mut Value) {
    let image = object::text(container, &["image"]).to_owned();
    let tag = image.rsplit('/').next().and_then(|last| last.split_once(':')).map(|(_, tag)| tag);
    let pull = if matches!(tag, None | Some("latest")) && !image.contains('@') { "Always" } else { "IfNotPresent" };
    let Some(fields) = container.as_object_mut() else { return };
    fields.entry("imagePullPolicy").or_insert_with(|| json!(pull));
    fields.entry("terminationMessagePath").or_insert_with(|| json!("/dev/termination-log"));
    fields.entry("terminationMessagePolicy").or_insert_with(|| json!("File"));
    let resources = fields.entry("resources").or_insert_with(|| json!({}));
    // What is limited and not requested is requested at its limit.
    if let Some(limits) = resources["limits"].as_object().cloned() {
        let requests = object::child_mut(resources, "requests");
        for (key, amount) in limits {
            requests.entry(key).or_insert(amount);
        }
    }
    for port in fields.get_mut("ports").and_then(Value::as_array_mut).into_iter().flatten() {
        if let Some(port) = port.as_object_mut() {
            port.entry("protocol").or_insert_with(|| json!("TCP"));
        }
    }
}

fn qos_class(pod: &Value) -> &'static str {
    let containers = object::items(pod, &["spec", "containers"]);
    let set = |container: &Value, part: &str, key: &str| !container["resources"][part][key].is_null();
    let any = |container: &Value| {
        ["requests", "limits"].iter().any(|part| ["cpu", "memory"].iter().any(|key| set(container, part, key)))
    };
    let guaranteed = |container: &Value| {
        ["cpu", "memory"].iter().all(|key| {
            let resources = &container["resources"];
            set(container, "limits", key) && resources["limits"][*key] == resources["requests"][*key]
        })
    };
    if !containers.is_empty() && containers.iter().all(guaranteed) {
        "Guaranteed"
    } else if containers.iter().any(any) {
        "Burstable"
    } else {
        "BestEffort"
    }
}

/// Checks a pod, and on update that only what may change has.
pub(super) fn validate(pod: &Value, old: Option<&Value>, causes: &mut Vec<Cause>) {
    match old {
        None => validate_spec(&pod["spec"], "spec", causes),
        Some(old) => validate_update(&pod["spec"], &old["spec"], causes),
    }
}

/// Checks the `spec` of a pod or of a template.
pub(super) fn validate_spec(spec: &Value, path: &str, causes: &mut Vec<Cause>) {
    let containers = object::items(spec, &["containers"]);
    if containers.is_empty() {
        causes.push(Cause::required(format!("{path}.containers"), ""));
    }
    let mut names = Vec::new();
    for list in ["containers", "initContainers"] {
        for (index, container) in object::items(spec, &[list]).iter().enumerate() {
            let path = format!("{path}.{list}[{index}]");
            names::require_dns_label(&format!("{path}.name"), &container["name"], causes);
            if names.contains(&&container["name"]) {
                causes.push(Cause::duplicate(format!("{path}.name"), &container["name"]));
            }
            names.push(&container["name"]);
            validate_container(container, &path, causes);
        }
    }
    check_set(spec, path, "restartPolicy", &["Always", "OnFailure", "Never"], causes);
    check_set(spec, path, "dnsPolicy", &["ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"], causes);
    validate_volumes(spec, path, causes);
}

fn validate_volumes(spec: &Value, path: &str, causes: &mut Vec<Cause>) {
    let volumes = object::items(spec, &["volumes"]);
    for (index, volume) in volumes.iter().enumerate() {
        names::require_dns_label(&format!("{path}.volumes[{index}].name"), &volume["name"], causes);
    }
    for (index, container) in object::items(spec, &["containers"]).iter().enumerate() {
        for (mount_index, mount) in object::items(container, &["volumeMounts"]).iter().enumerate() {
            if !volumes.iter().any(|volume| volume["name"] == mount["name"]) {
                causes.push(Cause {
                    field: format!("{path}.containers[{index}].volumeMounts[{mount_index}].name"),
                    reason: "FieldValueNotFound",
                    message: format!("Not found: {}", mount["name"]),
                });
            }
        }
    }
}

fn check_set(value: &Value, path: &str, key: &str, allowed: &[&str], causes: &mut Vec<Cause>) {
    if let Some(found) = value[key].as_str()
        && !allowed.contains(&found)
    {
        causes.push(Cause::unsupported(format!("{path}.{key}"), &value[key], allowed));
    }
}

fn validate_container(container: &Value, path: &str, causes: &mut Vec<Cause>) {
    if object::text(container, &["image"]).is_empty() {
        causes.push(Cause::required(format!("{path}.image"), ""));
    }
    check_set(container, path, "imagePullPolicy", &["Always", "IfNotPresent", "Never"], causes);
    for (index, port) in object::items(container, &["ports"]).iter().enumerate() {
        let number = &port["containerPort"];
        if !number.as_i64().is_some_and(|number| (1..=65535).contains(&number)) {
            let field = format!("{path}.ports[{index}].containerPort");
            causes.push(Cause::invalid(field, number, "must be between 1 and 65535, inclusive"));
        }
        check_set(port, &format!("{path}.ports[{index}]"), "protocol", &["SCTP", "TCP", "UDP"], causes);
    }
    for (index, variable) in object::items(container, &["env"]).iter().enumerate() {
        if object::text(variable, &["name"]).is_empty() {
            causes.push(Cause::required(format!("{path}.env[{index}].name"), ""));
        }
    }
    validate_resources(&container["resources"], &format!("{path}.resources"), causes);
}

fn validate_resources(resources: &Value, path: &str, causes: &mut Vec<Cause>) {
    for part in ["limits", "requests"] {
        for (key, amount) in resources[part].as_object().into_iter().flatten() {
            let field = format!("{path}.{part}[{key}]");
            let Some(parsed) = Quantity::from_value(amount) else {
                let why = "quantities must match the regular expression \
                    '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
                causes.push(Cause::invalid(field, amount, why));
                continue;
            };
            let extended = key.contains('/');
            if extended && !parsed.is_whole() {
                causes.push(Cause::invalid(field, amount, "must be an integer"));
                continue;
            }
            let limit = &resources["limits"][key];
            let over = Quantity::from_value(limit).is_some_and(|limit| parsed > limit);
            if part == "requests" && (over || (extended && !limit.is_null() && limit != amount)) {
                let why = if extended { "equal" } else { "less than or equal" };
                let why = format!("must be {why} to {key} limit of {}", limit.as_str().unwrap_or_default());
                causes.push(Cause::invalid(format!("{path}.requests"), amount, &why));
            } else if part == "requests" && extended && limit.is_null() {
                let why = "Limit must be set for non overcommitable resources";
                causes.push(Cause::required(format!("{path}.limits"), why));
            }
        }
    }
}

/// Only images, the deadline and additional tolerations may change in a pod that exists.
fn validate_update(spec: &Value, old: &Value, causes: &mut Vec<Cause>) {
    let mut changeable = spec.clone();
    for list in ["containers", "initContainers"] {
        let before = object::items(old, &[list]);
        let containers = changeable.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten();
        for (container, before) in containers.zip(before) {
            container["image"] = before["image"].clone();
            container["imagePullPolicy"] = before["imagePullPolicy"].clone();
        }
    }
    for key in ["activeDeadlineSeconds", "terminationGracePeriodSeconds", "schedulingGates"] {
        super::restore(&mut changeable, old, key);
    }
    let kept = object::items(old, &["tolerations"])
        .iter()
        .all(|toleration| object::items(spec, &["tolerations"]).contains(toleration));
    if kept {
        super::restore(&mut changeable, old, "tolerations");
    }
    if changeable != *old {
        let why = "pod updates may not change fields other than `spec.containers[*].image`,\
            `spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing \
            tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)";
        causes.push(Cause::forbidden("spec", why));
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn pod(spec: Value) -> Value {
        let mut pod = json!({"metadata": {"name": "web", "namespace": "default"}, "spec": spec});
        default(&mut pod);
        pod
    }

    #[rstest]
    #[case::fine(json!({"containers": [{"name": "a", "image": "b"}]}), None)]
    #[case::none(json!({}), Some("spec.containers"))]
    #[case::no_image(json!({"containers": [{"name": "a"}]}), Some("spec.containers[0].image"))]
    #[case::no_name(json!({"containers": [{"image": "a"}]}), Some("spec.containers[0].name"))]
    #[case::twice(json!({"containers": [{"name": "a", "image": "b"}, {"name": "a", "image": "b"}]}),
        Some("spec.containers[1].name"))]
    #[case::port(json!({"containers": [{"name": "a", "image": "b", "ports": [{"containerPort": 0}]}]}),
        Some("spec.containers[0].ports[0].containerPort"))]
    #[case::mount(json!({"containers": [{"name": "a", "image": "b", "volumeMounts": [{"name": "v"}]}]}),
        Some("spec.containers[0].volumeMounts[0].name"))]
    #[case::request_over_limit(json!({"containers": [{"name": "a", "image": "b", "resources":
        {"limits": {"cpu": "1"}, "requests": {"cpu": "1100m"}}}]}), Some("spec.containers[0].resources.requests"))]
    #[case::extended_without_limit(json!({"containers": [{"name": "a", "image": "b", "resources":
        {"requests": {"x/y": "1"}}}]}), Some("spec.containers[0].resources.limits"))]
    #[case::policy(json!({"restartPolicy": "Maybe", "containers": [{"name": "a", "image": "b"}]}),
        Some("spec.restartPolicy"))]
    fn validation(#[case] spec: Value, #[case] field: Option<&str>) {
        let mut causes = Vec::new();
        validate(&pod(spec), None, &mut causes);
        assert_eq!(causes.first().map(|cause| cause.field.as_str()), field, "{causes:?}");
    }

    #[rstest]
    #[case::image(json!([{"name": "a", "image": "c"}]), true)]
    #[case::command(json!([{"name": "a", "image": "b", "command": ["x"]}]), false)]
    #[case::another_container(json!([{"name": "a", "image": "b"}, {"name": "c", "image": "d"}]), false)]
    fn update(#[case] containers: Value, #[case] allowed: bool) {
        let old = pod(json!({"containers": [{"name": "a", "image": "b"}]}));
        let mut causes = Vec::new();
        validate(&pod(json!({"containers": containers})), Some(&old), &mut causes);
        assert_eq!(causes.is_empty(), allowed, "{causes:?}");
    }

    #[rstest]
    #[case::nothing(json!({}), "BestEffort")]
    #[case::requests(json!({"requests": {"cpu": "1"}}), "Burstable")]
    #[case::both_equal(json!({"limits": {"cpu": "1", "memory": "1Gi"}}), "Guaranteed")]
    fn quality_of_service(#[case] resources: Value, #[case] class: &str) {
        let pod = pod(json!({"containers": [{"name": "a", "image": "b", "resources": resources}]}));
        assert_eq!(pod["status"]["qosClass"], class);
    }
}
