//! Deployments, ReplicaSets and DaemonSets: defaults and what may be wrong with them.

use serde_json::{Value, json};

use super::pod;
use crate::object;
use crate::selector::LabelSelector;
use crate::status::Cause;

/// Fills in defaults, the pod template's included.
pub(super) fn default(kind: &str, workload: &mut Value) {
    let spec = object::child_mut(workload, "spec");
    let defaults = match kind {
        "Deployment" => vec![
            ("replicas", json!(1)),
            ("strategy", json!({"type": "RollingUpdate"})),
            ("revisionHistoryLimit", json!(10)),
            ("progressDeadlineSeconds", json!(600)),
        ],
        "ReplicaSet" => vec![("replicas", json!(1))],
        _ => vec![
            ("revisionHistoryLimit", json!(10)),
            ("updateStrategy", json!({"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1}})),
        ],
    };
    for (key, value) in defaults {
        let slot = spec.entry(key).or_insert(Value::Null);
        if slot.is_null() {
            *slot = value;
        }
    }
    if kind == "Deployment" {
        default_strategy(&mut spec["strategy"]);
    }
    if let Some(template) = spec.get_mut("template") {
        object::metadata_mut(template).entry("creationTimestamp").or_insert(Value::Null);
        pod::default_spec(&mut template["spec"], false);
    }
}

fn default_strategy(strategy: &mut Value) {
    let Some(fields) = strategy.as_object_mut() else { return };
    let kind = fields.entry("type").or_insert_with(|| json!("RollingUpdate"));
    if *kind == "RollingUpdate" {
        let rolling = object::child_mut(strategy, "rollingUpdate");
        rolling.entry("maxUnavailable").or_insert_with(|| json!("25%"));
        rolling.entry("maxSurge").or_insert_with(|| json!("25%"));
    }
}

/// Checks selector, template and replicas.
pub(super) fn validate(workload: &Value, old: Option<&Value>, causes: &mut Vec<Cause>) {
    let spec = &workload["spec"];
    let selector = LabelSelector::from_object(&spec["selector"]);
    if spec["selector"].is_null() {
        causes.push(Cause::required("spec.selector", ""));
    } else if selector.is_empty() {
        causes.push(Cause::invalid("spec.selector", &spec["selector"], "empty selector is invalid for deployment"));
    } else if !selector.matches(object::labels(&spec["template"])) {
        let labels = &spec["template"]["metadata"]["labels"];
        causes.push(Cause::invalid(
            "spec.template.metadata.labels",
            labels,
            "`selector` does not match template `labels`",
        ));
    }
    if spec["replicas"].as_i64().is_some_and(|replicas| replicas < 0) {
        let why = "must be greater than or equal to 0";
        causes.push(Cause::invalid("spec.replicas", &spec["replicas"], why));
    }
    pod::validate_spec(&spec["template"]["spec"], "spec.template.spec", causes);
    let restart = &spec["template"]["spec"]["restartPolicy"];
    if restart != "Always" && !restart.is_null() {
        causes.push(Cause::unsupported("spec.template.spec.restartPolicy", restart, &["Always"]));
    }
    if let Some(old) = old
        && old["spec"]["selector"] != spec["selector"]
    {
        causes.push(Cause::invalid("spec.selector", &spec["selector"], "field is immutable"));
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn deployment(selector: Value, labels: Value, replicas: i64) -> Value {
        let mut value = json!({"metadata": {"name": "web"}, "spec": {"replicas": replicas, "selector": selector,
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "a", "image": "b"}]}}}});
        default("Deployment", &mut value);
        value
    }

    #[rstest]
    #[case::fine(json!({"matchLabels": {"app": "a"}}), json!({"app": "a"}), 1, None)]
    #[case::mismatch(json!({"matchLabels": {"app": "a"}}), json!({"app": "b"}), 1, Some("spec.template.metadata.labels"))]
    #[case::no_selector(Value::Null, json!({"app": "b"}), 1, Some("spec.selector"))]
    #[case::negative(json!({"matchLabels": {"app": "a"}}), json!({"app": "a"}), -1, Some("spec.replicas"))]
    fn validation(#[case] selector: Value, #[case] labels: Value, #[case] replicas: i64, #[case] field: Option<&str>) {
        let mut causes = Vec::new();
        validate(&deployment(selector, labels, replicas), None, &mut causes);
        assert_eq!(causes.first().map(|cause| cause.field.as_str()), field, "{causes:?}");
    }

    #[test]
    fn selector_is_immutable() {
        let old = deployment(json!({"matchLabels": {"app": "a"}}), json!({"app": "a"}), 1);
        let new = deployment(json!({"matchLabels": {"app": "b"}}), json!({"app": "b"}), 1);
        let mut causes = Vec::new();
        validate(&new, Some(&old), &mut causes);
        assert_eq!(causes[0].message, "Invalid value: {\"matchLabels\":{\"app\":\"b\"}}: field is immutable");
    }
}
