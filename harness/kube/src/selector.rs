//! Label and field selectors, as query parameters and as `LabelSelector` objects.
//!
//! Grammar: <https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors>.

use serde_json::{Map, Value};

use crate::object;
use crate::registry::Resource;
use crate::status::ApiError;

/// How a label is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    In,
    NotIn,
    Exists,
    Missing,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Requirement {
    key: String,
    operator: Operator,
    values: Vec<String>,
}

/// A conjunction of requirements on labels; the empty one matches everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct LabelSelector {
    requirements: Vec<Requirement>,
}

impl LabelSelector {
    /// Parses `a=b,c!=d,e in (f,g),h notin (i),j,!k`.
    pub(crate) fn parse(text: &str) -> Result<Self, ApiError> {
        let requirements = split_outside_parentheses(text)
            .into_iter()
            .filter(|part| !part.trim().is_empty())
            .map(|part| {
                parse_requirement(part.trim()).ok_or_else(|| {
                    ApiError::bad_request(format!("unable to parse requirement: {part:?} in selector {text:?}"))
                })
            })
            .collect::<Result<_, _>>()?;
        Ok(Self { requirements })
    }

    /// Reads a `metav1.LabelSelector`; absent parts require nothing.
    pub(crate) fn from_object(selector: &Value) -> Self {
        let mut requirements = from_map(selector["matchLabels"].as_object());
        for expression in object::items(selector, &["matchExpressions"]) {
            requirements.extend(requirement_of(expression));
        }
        Self { requirements }
    }

    /// Reads a plain map of labels, as `nodeSelector` and Service selectors have it.
    pub(crate) fn from_labels(labels: &Value) -> Self {
        Self { requirements: from_map(labels.as_object()) }
    }

    /// True if it has no requirement.
    pub(crate) fn is_empty(&self) -> bool {
        self.requirements.is_empty()
    }

    /// True if the labels meet every requirement.
    pub(crate) fn matches(&self, labels: Option<&Map<String, Value>>) -> bool {
        self.requirements.iter().all(|requirement| {
            let value = labels.and_then(|labels| labels.get(&requirement.key)).and_then(Value::as_str);
            let listed = value.is_some_and(|value| requirement.values.iter().any(|one| one == value));
            match requirement.operator {
                Operator::In => listed,
                Operator::NotIn => !listed,
                Operator::Exists => value.is_some(),
                Operator::Missing => value.is_none(),
            }
        })
    }
}

/// Writes a `LabelSelector` object the way a query or `Scale` says it.
pub(crate) fn to_text(selector: &Value) -> String {
    let mut parts: Vec<String> = selector["matchLabels"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or_default()))
        .collect();
    for requirement in object::items(selector, &["matchExpressions"]).iter().filter_map(requirement_of) {
        let Requirement { key, operator, values } = requirement;
        parts.push(match operator {
            Operator::In => format!("{key} in ({})", values.join(",")),
            Operator::NotIn => format!("{key} notin ({})", values.join(",")),
            Operator::Exists => key,
            Operator::Missing => format!("!{key}"),
        });
    }
    parts.join(",")
}

fn from_map(labels: Option<&Map<String, Value>>) -> Vec<Requirement> {
    labels
        .into_iter()
        .flatten()
        .map(|(key, value)| Requirement {
            key: key.clone(),
            operator: Operator::In,
            values: vec![value.as_str().unwrap_or_default().to_owned()],
        })
        .collect()
}

fn requirement_of(expression: &Value) -> Option<Requirement> {
    let operator = match expression["operator"].as_str()? {
        "In" => Operator::In,
        "NotIn" => Operator::NotIn,
        "Exists" => Operator::Exists,
        "DoesNotExist" => Operator::Missing,
        _ => return None,
    };
    let values = object::items(expression, &["values"]).iter().filter_map(Value::as_str).map(str::to_owned).collect();
    Some(Requirement { key: expression["key"].as_str()?.to_owned(), operator, values })
}

fn split_outside_parentheses(text: &str) -> Vec<&str> {
    let mut depth = 0;
    text.split(move |c| {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        c == ',' && depth == 0
    })
    .collect()
}

fn parse_requirement(text: &str) -> Option<Requirement> {
    let one = |key: &str, operator, values: Vec<String>| {
        let key = key.trim();
        let valid = !key.is_empty() && !key.contains(|c: char| c.is_whitespace() || "()=!,".contains(c));
        valid.then(|| Requirement { key: key.to_owned(), operator, values })
    };
    if let Some(key) = text.strip_prefix('!') {
        return one(key, Operator::Missing, Vec::new());
    }
    if let Some((head, rest)) = text.split_once('(') {
        let values = rest.strip_suffix(')')?.split(',').map(|value| value.trim().to_owned()).collect();
        let (key, word) = head.trim().rsplit_once(char::is_whitespace)?;
        let operator = match word {
            "in" => Operator::In,
            "notin" => Operator::NotIn,
            _ => return None,
        };
        return one(key, operator, values);
    }
    if let Some((key, value)) = text.split_once("!=") {
        return one(key, Operator::NotIn, vec![value.trim().to_owned()]);
    }
    if let Some((key, value)) = text.split_once("==").or_else(|| text.split_once('=')) {
        return one(key, Operator::In, vec![value.trim().to_owned()]);
    }
    one(text, Operator::Exists, Vec::new())
}

/// A conjunction of `path=value` and `path!=value`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct FieldSelector {
    terms: Vec<(String, bool, String)>,
}

impl FieldSelector {
    /// Parses a selector; the fields must be ones the resource can be selected by.
    pub(crate) fn parse(text: &str, resource: &Resource) -> Result<Self, ApiError> {
        let mut terms = Vec::new();
        for part in text.split(',').filter(|part| !part.is_empty()) {
            let (path, equal, value) = if let Some((path, value)) = part.split_once("!=") {
                (path, false, value)
            } else if let Some((path, value)) = part.split_once("==").or_else(|| part.split_once('=')) {
                (path, true, value)
            } else {
                return Err(ApiError::bad_request(format!("invalid selector: {text:?}; can't understand {part:?}")));
            };
            if !is_selectable(resource, path) {
                return Err(ApiError::bad_request(format!("field label not supported: {path}")));
            }
            terms.push((path.to_owned(), equal, value.to_owned()));
        }
        Ok(Self { terms })
    }

    /// True if the object meets every term.
    pub(crate) fn matches(&self, object: &Value) -> bool {
        self.terms.iter().all(|(path, equal, value)| (field(object, path) == *value) == *equal)
    }
}

fn is_selectable(resource: &Resource, path: &str) -> bool {
    if path == "metadata.name" || (resource.namespaced && path == "metadata.namespace") {
        return true;
    }
    if let Some(custom) = resource.custom() {
        return custom.selectable_fields.iter().any(|field| field == path);
    }
    match resource.collection.as_str() {
        "pods" => matches!(
            path,
            "spec.nodeName"
                | "spec.restartPolicy"
                | "spec.schedulerName"
                | "spec.serviceAccountName"
                | "spec.hostNetwork"
                | "status.phase"
                | "status.podIP"
                | "status.podIPs"
                | "status.nominatedNodeName"
        ),
        "nodes" => path == "spec.unschedulable",
        "namespaces" => path == "status.phase",
        "secrets" => path == "type",
        "services" => matches!(path, "spec.clusterIP" | "spec.type"),
        "replicasets.apps" => path == "status.replicas",
        "events" => {
            let path = path.replace("regarding.", "involvedObject.");
            matches!(path.as_str(), "reason" | "type" | "source" | "reportingComponent" | "reportingController")
                || path.strip_prefix("involvedObject.").is_some_and(|field| {
                    matches!(
                        field,
                        "kind" | "namespace" | "name" | "uid" | "apiVersion" | "resourceVersion" | "fieldPath"
                    )
                })
        }
        _ => false,
    }
}

fn field(object: &Value, path: &str) -> String {
    let path = match path {
        "source" => "source.component",
        "reportingController" => "reportingComponent",
        _ => path,
    };
    let value = path
        .strip_prefix("regarding.")
        .map_or_else(|| path.split('.').fold(object, |value, key| &value[key]), |rest| &object["involvedObject"][rest]);
    match value {
        Value::String(text) => text.clone(),
        Value::Null if path == "spec.unschedulable" || path == "spec.hostNetwork" => "false".to_owned(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;
    use crate::registry::Registry;

    #[rstest]
    #[case::equal("app=web", true)]
    #[case::double_equal("app==web", true)]
    #[case::not_equal("app!=web", false)]
    #[case::absent_differs("tier!=db", true)]
    #[case::listed("app in (db, web)", true)]
    #[case::unlisted("app notin (db, web)", false)]
    #[case::exists("app", true)]
    #[case::missing("!app", false)]
    #[case::all_of("app=web,zone in (a,b),!gone", true)]
    #[case::one_fails("app=web,zone=b", false)]
    #[case::empty("", true)]
    fn label_selector(#[case] text: &str, #[case] expected: bool) {
        let labels = json!({"app": "web", "zone": "a"});
        assert_eq!(LabelSelector::parse(text).unwrap().matches(labels.as_object()), expected);
    }

    #[rstest]
    #[case::no_list("app in web")]
    #[case::open("app in (web")]
    #[case::no_key("=web")]
    fn bad_label_selector(#[case] text: &str) {
        assert_eq!(LabelSelector::parse(text).unwrap_err().code, 400);
    }

    #[test]
    fn selector_object_reads_and_writes() {
        let selector = json!({"matchLabels": {"app": "web"}, "matchExpressions": [
            {"key": "zone", "operator": "In", "values": ["a", "b"]}, {"key": "old", "operator": "DoesNotExist"}]});
        let parsed = LabelSelector::from_object(&selector);
        assert!(parsed.matches(json!({"app": "web", "zone": "b"}).as_object()));
        assert!(!parsed.matches(json!({"app": "web", "zone": "b", "old": ""}).as_object()));
        assert_eq!(to_text(&selector), "app=web,zone in (a,b),!old");
    }

    #[rstest]
    #[case::node("spec.nodeName=a", Ok(true))]
    #[case::not_phase("status.phase!=Failed,status.phase!=Succeeded", Ok(true))]
    #[case::phase("status.phase=Failed", Ok(false))]
    #[case::host_network_defaults("spec.hostNetwork=false", Ok(true))]
    #[case::unknown("spec.color=red", Err("field label not supported: spec.color"))]
    fn field_selector(#[case] text: &str, #[case] expected: Result<bool, &str>) {
        let pods = Registry::new().known("", "pods");
        let pod = json!({"metadata": {"name": "x"}, "spec": {"nodeName": "a"}, "status": {"phase": "Running"}});
        let found = FieldSelector::parse(text, &pods).map(|selector| selector.matches(&pod));
        assert_eq!(found.map_err(|err| err.message), expected.map_err(str::to_owned));
    }
}
