//! The scheduler: which node a pod goes to, or why to none.
//!
//! Filters and wording are kube-scheduler's; the score is only "fewest pods". There is no preemption.

mod filter;

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::changes::Changes;
use crate::events::{self, Severity};
use crate::object;
use crate::operations::{Api, WriteOptions};

use filter::{Misfit, NodeState};

pub(super) use filter::fits_node;

const COMPONENT: &str = "default-scheduler";
const TICK: Duration = Duration::from_secs(30);

/// Runs the scheduler.
pub(super) async fn run(api: Arc<Api>, stop: CancellationToken) {
    let mut changes = Changes::of(&api.store, &["pods", "nodes"], stop);
    while changes.next(TICK).await {
        let pods = api.store.all("pods");
        let mut pending: Vec<&Arc<Value>> = pods.iter().filter(|pod| is_pending(pod)).collect();
        if pending.is_empty() {
            continue;
        }
        pending.sort_by_key(|pod| {
            let created = object::text(pod, &["metadata", "creationTimestamp"]).to_owned();
            (Reverse(pod["spec"]["priority"].as_i64().unwrap_or(0)), created)
        });
        let mut nodes: Vec<NodeState> = api.store.all("nodes").into_iter().map(NodeState::new).collect();
        for pod in &pods {
            let name = object::text(pod, &["spec", "nodeName"]);
            if let Some(node) = nodes.iter_mut().find(|node| object::name(&node.node) == name) {
                node.add(pod);
            }
        }
        for pod in pending {
            schedule(&api, pod, &mut nodes).await;
        }
    }
}

fn is_pending(pod: &Value) -> bool {
    object::text(pod, &["spec", "nodeName"]).is_empty()
        && !object::is_deleting(pod)
        && pod["spec"]["schedulerName"] == COMPONENT
        && object::items(pod, &["spec", "schedulingGates"]).is_empty()
        && !matches!(object::text(pod, &["status", "phase"]), "Succeeded" | "Failed")
}

async fn schedule(api: &Api, pod: &Arc<Value>, nodes: &mut [NodeState]) {
    let verdicts: Vec<Result<(), Misfit>> = nodes.iter().map(|node| node.admits(pod)).collect();
    let best = nodes
        .iter()
        .enumerate()
        .filter(|(index, _)| verdicts[*index].is_ok())
        .min_by_key(|(_, node)| (node.pods(), object::name(&node.node).to_owned()))
        .map(|(index, _)| index);
    let Some(index) = best else {
        let message = explain(&verdicts);
        refuse(api, pod, &message).await;
        return;
    };
    let node = object::name(&nodes[index].node).to_owned();
    let binding = json!({"metadata": {"uid": object::uid(pod)}, "target": {"kind": "Node", "name": node}});
    let (namespace, name) = (object::namespace(pod), object::name(pod));
    match api.bind(namespace, name, &binding, &WriteOptions::system(COMPONENT)).await {
        Ok(()) => {
            nodes[index].add(pod);
            let message = format!("Successfully assigned {namespace}/{name} to {node}");
            events::record(api, COMPONENT, pod, Severity::Normal, "Scheduled", &message);
        }
        // The pod changed or went meanwhile; that change wakes the next pass.
        Err(err) => tracing::debug!(pod = name, %err, "not bound"),
    }
}

/// Why no node takes the pod, in kube-scheduler's words.
fn explain(verdicts: &[Result<(), Misfit>]) -> String {
    let total = verdicts.len();
    if total == 0 {
        return "no nodes available to schedule pods".to_owned();
    }
    let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
    let mut preemption: BTreeMap<&str, usize> = BTreeMap::new();
    for misfit in verdicts.iter().filter_map(|verdict| verdict.as_ref().err()) {
        for reason in &misfit.reasons {
            *reasons.entry(reason).or_default() += 1;
        }
        let outlook = if misfit.resolvable {
            "No preemption victims found for incoming pod"
        } else {
            "Preemption is not helpful for scheduling"
        };
        *preemption.entry(outlook).or_default() += 1;
    }
    let (reasons, preemption) = (histogram(&reasons), histogram(&preemption));
    format!("0/{total} nodes are available: {reasons}. preemption: 0/{total} nodes are available: {preemption}.")
}

fn histogram(counts: &BTreeMap<&str, usize>) -> String {
    let mut parts: Vec<String> = counts.iter().map(|(reason, count)| format!("{count} {reason}")).collect();
    parts.sort();
    parts.join(", ")
}

async fn refuse(api: &Api, pod: &Arc<Value>, message: &str) {
    let known = object::condition(pod, "PodScheduled").is_some_and(|found| found["message"] == message);
    if known {
        return;
    }
    let options = WriteOptions::system(COMPONENT);
    let written = api
        .change_status(pod, &options, |pod| {
            object::set_condition(pod, "PodScheduled", "False", "Unschedulable", message)
        })
        .await;
    if let Err(err) = written {
        tracing::warn!(pod = object::name(pod), %err, "condition not written");
    }
    events::record(api, COMPONENT, pod, Severity::Warning, "FailedScheduling", message);
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn node(name: &str, spec: Value, allocatable: Value) -> NodeState {
        NodeState::new(Arc::new(json!({"metadata": {"name": name, "labels": {"kubernetes.io/hostname": name}},
            "spec": spec, "status": {"allocatable": allocatable}})))
    }

    fn pod(spec: Value) -> Value {
        let mut pod = json!({"metadata": {"name": "web"}, "spec": spec});
        pod["spec"]["containers"] = match &spec["resources"] {
            Value::Null => json!([{"name": "a"}]),
            resources => json!([{"name": "a", "resources": {"requests": resources}}]),
        };
        pod
    }

    #[rstest]
    #[case::extended(json!({"resources": {"vpc.amazonaws.com/pod-eni": "1"}, "nodeSelector": {"kubernetes.io/hostname": "a"}}),
        "0/2 nodes are available: 1 Insufficient vpc.amazonaws.com/pod-eni, 1 node(s) didn't match Pod's node \
         affinity/selector. preemption: 0/2 nodes are available: 1 No preemption victims found for incoming pod, 1 \
         Preemption is not helpful for scheduling.")]
    #[case::two_resources(json!({"resources": {"cpu": "8", "memory": "8Gi"}}),
        "0/2 nodes are available: 2 Insufficient cpu, 2 Insufficient memory. preemption: 0/2 nodes are available: 2 No \
         preemption victims found for incoming pod.")]
    fn explanation(#[case] spec: Value, #[case] expected: &str) {
        let allocatable = json!({"cpu": "2", "memory": "4Gi", "pods": "10"});
        let nodes = [node("a", json!({}), allocatable.clone()), node("b", json!({}), allocatable)];
        let pod = pod(spec);
        let verdicts: Vec<_> = nodes.iter().map(|node| node.admits(&pod)).collect();
        assert_eq!(explain(&verdicts), expected);
    }

    #[rstest]
    #[case::taint(json!({"taints": [{"key": "dedicated", "value": "x", "effect": "NoSchedule"}]}), json!({}),
        Some("node(s) had untolerated taint {dedicated: x}"))]
    #[case::tolerated(json!({"taints": [{"key": "dedicated", "value": "x", "effect": "NoSchedule"}]}),
        json!({"tolerations": [{"key": "dedicated", "operator": "Exists"}]}), None)]
    #[case::preferred_is_no_filter(json!({"taints": [{"key": "a", "effect": "PreferNoSchedule"}]}), json!({}), None)]
    #[case::cordoned(json!({"unschedulable": true}), json!({}), Some("node(s) were unschedulable"))]
    #[case::not_in(json!({}), json!({"affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution":
        {"nodeSelectorTerms": [{"matchExpressions": [{"key": "kubernetes.io/hostname", "operator": "NotIn",
        "values": ["a"]}]}]}}}}), Some("node(s) didn't match Pod's node affinity/selector"))]
    #[case::by_name(json!({}), json!({"affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution":
        {"nodeSelectorTerms": [{"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["a"]}]}]}}}}), None)]
    #[case::full(json!({}), json!({}), None)]
    fn filters(#[case] node_spec: Value, #[case] pod_spec: Value, #[case] reason: Option<&str>) {
        let node = node("a", node_spec, json!({"pods": "1"}));
        let verdict = node.admits(&pod(pod_spec));
        assert_eq!(verdict.err().map(|misfit| misfit.reasons.join("; ")).as_deref(), reason);
    }

    #[test]
    fn a_full_node_takes_no_more() {
        let mut node = node("a", json!({}), json!({"pods": "1"}));
        node.add(&pod(json!({})));
        assert_eq!(node.admits(&pod(json!({}))).unwrap_err().reasons, ["Too many pods"]);
    }

    #[test]
    fn no_nodes() {
        assert_eq!(explain(&[]), "no nodes available to schedule pods");
    }
}
