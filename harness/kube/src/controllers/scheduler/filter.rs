//! Whether a node can take a pod: cordons, taints, selectors and affinity, resources.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::object;
use crate::quantity::Quantity;
use crate::selector::LabelSelector;

/// Pods a node takes that says nothing about it.
const DEFAULT_PODS: i64 = 110;

/// Why a node does not take a pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Misfit {
    pub reasons: Vec<String>,
    /// True if removing other pods might help.
    pub resolvable: bool,
}

impl Misfit {
    fn final_because(reason: impl Into<String>) -> Self {
        Self { reasons: vec![reason.into()], resolvable: false }
    }
}

/// A node and what its pods use.
#[derive(Clone, Debug)]
pub(super) struct NodeState {
    pub node: Arc<Value>,
    used: BTreeMap<String, Quantity>,
    pods: usize,
}

impl NodeState {
    /// A node without pods.
    pub(super) fn new(node: Arc<Value>) -> Self {
        Self { node, used: BTreeMap::new(), pods: 0 }
    }

    /// Counts a pod that is or will be on the node; finished pods use nothing.
    pub(super) fn add(&mut self, pod: &Value) {
        if matches!(object::text(pod, &["status", "phase"]), "Succeeded" | "Failed") {
            return;
        }
        self.pods += 1;
        for (key, amount) in requests(pod) {
            let used = self.used.entry(key).or_default();
            *used = used.plus(amount);
        }
    }

    /// Pods on the node.
    pub(super) fn pods(&self) -> usize {
        self.pods
    }

    /// Whether the node can take the pod.
    pub(super) fn admits(&self, pod: &Value) -> Result<(), Misfit> {
        check_node(pod, &self.node)?;
        let mut reasons = Vec::new();
        let allocatable = &self.node["status"]["allocatable"];
        let most = Quantity::from_value(&allocatable["pods"]).unwrap_or(Quantity::units(DEFAULT_PODS));
        if Quantity::units(i64::try_from(self.pods).unwrap_or(i64::MAX) + 1) > most {
            reasons.push("Too many pods".to_owned());
        }
        for (key, amount) in requests(pod) {
            let there = Quantity::from_value(&allocatable[&key]).unwrap_or_default();
            let used = self.used.get(&key).copied().unwrap_or_default();
            if !amount.is_zero() && used.plus(amount) > there {
                reasons.push(format!("Insufficient {key}"));
            }
        }
        if reasons.is_empty() { Ok(()) } else { Err(Misfit { reasons, resolvable: true }) }
    }
}

/// True if a pod may be on a node as far as cordons, taints and selectors decide.
pub(crate) fn fits_node(pod: &Value, node: &Value) -> bool {
    check_node(pod, node).is_ok()
}

fn check_node(pod: &Value, node: &Value) -> Result<(), Misfit> {
    if node["spec"]["unschedulable"] == true
        && !tolerates(pod, &json!({"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}))
    {
        return Err(Misfit::final_because("node(s) were unschedulable"));
    }
    let hard = |taint: &&Value| matches!(taint["effect"].as_str(), Some("NoSchedule" | "NoExecute"));
    let taints = object::items(node, &["spec", "taints"]);
    if let Some(taint) = taints.iter().filter(hard).find(|taint| !tolerates(pod, taint)) {
        let (key, value) = (object::text(taint, &["key"]), object::text(taint, &["value"]));
        return Err(Misfit::final_because(format!("node(s) had untolerated taint {{{key}: {value}}}")));
    }
    if !selects(pod, node) {
        return Err(Misfit::final_because("node(s) didn't match Pod's node affinity/selector"));
    }
    Ok(())
}

fn tolerates(pod: &Value, taint: &Value) -> bool {
    object::items(pod, &["spec", "tolerations"]).iter().any(|toleration| {
        let effect = toleration["effect"].as_str().unwrap_or_default();
        let key = toleration["key"].as_str().unwrap_or_default();
        let effect_fits = effect.is_empty() || taint["effect"] == effect;
        let key_fits = key.is_empty() || taint["key"] == key;
        let value_fits = match toleration["operator"].as_str() {
            Some("Exists") => true,
            _ => !key.is_empty() && object::text(toleration, &["value"]) == object::text(taint, &["value"]),
        };
        effect_fits && key_fits && value_fits
    })
}

fn selects(pod: &Value, node: &Value) -> bool {
    let labels = object::labels(node);
    if !LabelSelector::from_labels(&pod["spec"]["nodeSelector"]).matches(labels) {
        return false;
    }
    let required = &pod["spec"]["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"];
    let terms = object::items(required, &["nodeSelectorTerms"]);
    if required.is_null() {
        return true;
    }
    let fields = json!({"metadata.name": object::name(node)});
    // Terms are alternatives; an empty one matches nothing.
    terms.iter().any(|term| {
        let expressions = object::items(term, &["matchExpressions"]);
        let by_field = object::items(term, &["matchFields"]);
        let selector = |list: &[Value]| LabelSelector::from_object(&json!({"matchExpressions": list}));
        (!expressions.is_empty() || !by_field.is_empty())
            && selector(expressions).matches(labels)
            && selector(by_field).matches(fields.as_object())
    })
}

/// What a pod asks for: its containers together, or an init container that needs more.
fn requests(pod: &Value) -> BTreeMap<String, Quantity> {
    let mut sum: BTreeMap<String, Quantity> = BTreeMap::new();
    for container in object::items(pod, &["spec", "containers"]) {
        for (key, amount) in requests_of(container) {
            let total = sum.entry(key).or_default();
            *total = total.plus(amount);
        }
    }
    for container in object::items(pod, &["spec", "initContainers"]) {
        for (key, amount) in requests_of(container) {
            let total = sum.entry(key).or_default();
            *total = amount.max(*total);
        }
    }
    sum
}

fn requests_of(container: &Value) -> impl Iterator<Item = (String, Quantity)> {
    let requests = container["resources"]["requests"].as_object();
    requests.into_iter().flatten().filter_map(|(key, amount)| Some((key.clone(), Quantity::from_value(amount)?)))
}
