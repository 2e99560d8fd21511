//! How many pods each ReplicaSet of a Deployment may have next.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::Value;

use super::replicas;
use crate::controllers::replica_set::is_active;
use crate::object;

/// `maxSurge` and `maxUnavailable` in pods.
fn bounds(deployment: &Value) -> (i64, i64) {
    let rolling = &deployment["spec"]["strategy"]["rollingUpdate"];
    let wanted = replicas(deployment);
    let surge = amount(&rolling["maxSurge"], wanted, true);
    let unavailable = amount(&rolling["maxUnavailable"], wanted, false);
    // With neither, an update could never begin.
    if surge == 0 && unavailable == 0 { (0, 1) } else { (surge, unavailable.min(wanted)) }
}

/// A number, or a percentage of `total` rounded up or down.
fn amount(value: &Value, total: i64, up: bool) -> i64 {
    if let Some(number) = value.as_i64() {
        return number;
    }
    let percent: i64 = value.as_str().and_then(|text| text.strip_suffix('%')?.parse().ok()).unwrap_or(0);
    if up { (total * percent + 99) / 100 } else { total * percent / 100 }
}

/// How many pods may be missing while a Deployment still counts as available.
pub(super) fn allowed_missing(unavailable: &Value, wanted: i64) -> i64 {
    amount(unavailable, wanted, false).min(wanted)
}

fn recreates(deployment: &Value) -> bool {
    deployment["spec"]["strategy"]["type"] == "Recreate"
}

/// The most pods a Deployment may have during an update.
pub(super) fn most_pods(deployment: &Value) -> i64 {
    let wanted = replicas(deployment);
    if recreates(deployment) || wanted == 0 { wanted } else { wanted + bounds(deployment).0 }
}

/// Replicas of a ReplicaSet that is just made.
pub(super) fn first_replicas(deployment: &Value, old: &[Arc<Value>]) -> i64 {
    let others: i64 = old.iter().map(|set| replicas(set)).sum();
    let wanted = replicas(deployment);
    if recreates(deployment) {
        return if others == 0 { wanted } else { 0 };
    }
    (most_pods(deployment) - others).clamp(0, wanted)
}

/// The next sizes, for ReplicaSets that change theirs.
pub(super) fn steps(
    deployment: &Value,
    new: &Arc<Value>,
    old: &[Arc<Value>],
    pods: &HashMap<String, Vec<Arc<Value>>>,
) -> Vec<(Arc<Value>, i64)> {
    let others: i64 = old.iter().map(|set| replicas(set)).sum();
    let wanted = replicas(deployment);
    if others == 0 && !recreates(deployment) {
        return vec![(new.clone(), wanted)];
    }
    if deployment["spec"]["paused"] == true {
        return Vec::new();
    }
    if recreates(deployment) {
        return recreate(new, old, pods, wanted);
    }
    let size = replicas(new);
    let mut steps = Vec::new();
    let next =
        if size > wanted { wanted } else { size + (most_pods(deployment) - others - size).clamp(0, wanted - size) };
    if next != size {
        steps.push((new.clone(), next));
    }
    steps.extend(shrink_old(deployment, new, old, pods));
    steps
}

fn recreate(
    new: &Arc<Value>,
    old: &[Arc<Value>],
    pods: &HashMap<String, Vec<Arc<Value>>>,
    wanted: i64,
) -> Vec<(Arc<Value>, i64)> {
    let big: Vec<_> = old.iter().filter(|set| replicas(set) > 0).map(|set| (set.clone(), 0)).collect();
    if !big.is_empty() {
        return big;
    }
    // Old pods must really be gone, not only asked to go.
    let left = old.iter().any(|set| pods.get(object::uid(set)).is_some_and(|pods| !pods.is_empty()));
    if left { Vec::new() } else { vec![(new.clone(), wanted)] }
}

fn available(set: &Value, pods: &HashMap<String, Vec<Arc<Value>>>) -> i64 {
    let owned = pods.get(object::uid(set)).map_or(&[][..], Vec::as_slice);
    let ready = owned.iter().filter(|pod| is_active(pod) && object::condition_is_true(pod, "Ready")).count();
    i64::try_from(ready).unwrap_or(i64::MAX)
}

/// Takes away old pods as far as enough stay available; broken ones first.
fn shrink_old(
    deployment: &Value,
    new: &Value,
    old: &[Arc<Value>],
    pods: &HashMap<String, Vec<Arc<Value>>>,
) -> Vec<(Arc<Value>, i64)> {
    let least = replicas(deployment) - bounds(deployment).1;
    let total: i64 = replicas(new) + old.iter().map(|set| replicas(set)).sum::<i64>();
    let new_missing = (replicas(new) - available(new, pods)).max(0);
    let mut budget = (total - least - new_missing).max(0);
    let all_available: i64 = available(new, pods) + old.iter().map(|set| available(set, pods)).sum::<i64>();
    let mut spare = (all_available - least).max(0);
    let mut steps = Vec::new();
    let mut oldest_first: Vec<&Arc<Value>> = old.iter().filter(|set| replicas(set) > 0).collect();
    oldest_first.sort_by_key(|set| super::revision(set));
    for set in oldest_first {
        let size = replicas(set);
        let broken = (size - available(set, pods)).clamp(0, budget);
        budget -= broken;
        let healthy = (size - broken).min(spare).min(budget).max(0);
        budget -= healthy;
        spare -= healthy;
        if broken + healthy > 0 {
            steps.push((set.clone(), size - broken - healthy));
        }
    }
    steps
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    /// A ReplicaSet and its pods.
    fn set(name: &str, size: i64, ready: i64, pods: &mut HashMap<String, Vec<Arc<Value>>>) -> Arc<Value> {
        let owned = (0..size).map(|index| {
            let status = if index < ready { "True" } else { "False" };
            Arc::new(json!({"status": {"phase": "Running", "conditions": [{"type": "Ready", "status": status}]}}))
        });
        pods.insert(name.to_owned(), owned.collect());
        Arc::new(json!({"metadata": {"uid": name, "name": name}, "spec": {"replicas": size}}))
    }

    #[rstest]
    #[case::begins("25%", "25%", 4, (0, 0), (4, 4), &[("new", 1), ("old", 3)])]
    #[case::waits_for_new("25%", "25%", 4, (2, 0), (3, 3), &[])]
    #[case::goes_on("25%", "25%", 4, (2, 2), (3, 3), &[("old", 1)])]
    #[case::no_surge("0", "1", 2, (0, 0), (2, 2), &[("old", 1)])]
    #[case::no_unavailable("1", "0", 2, (0, 0), (2, 2), &[("new", 1)])]
    #[case::broken_old_go_first("1", "0", 2, (1, 0), (2, 1), &[])]
    #[case::broken_old_make_room("1", "1", 3, (1, 1), (3, 1), &[("old", 1)])]
    #[case::ends("25%", "25%", 4, (4, 4), (1, 1), &[("old", 0)])]
    fn rolling_update(
        #[case] surge: &str,
        #[case] unavailable: &str,
        #[case] wanted: i64,
        #[case] (new_size, new_ready): (i64, i64),
        #[case] (old_size, old_ready): (i64, i64),
        #[case] expected: &[(&str, i64)],
    ) {
        let number = |text: &str| text.parse::<i64>().map_or_else(|_| json!(text), |number| json!(number));
        let deployment = json!({"spec": {"replicas": wanted, "strategy": {"type": "RollingUpdate",
            "rollingUpdate": {"maxSurge": number(surge), "maxUnavailable": number(unavailable)}}}});
        let mut pods = HashMap::new();
        let new = set("new", new_size, new_ready, &mut pods);
        let old = set("old", old_size, old_ready, &mut pods);
        let steps = steps(&deployment, &new, &[old], &pods);
        let found: Vec<(&str, i64)> = steps.iter().map(|(set, size)| (object::name(set), *size)).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn recreate_waits_for_the_last_old_pod() {
        let deployment = json!({"spec": {"replicas": 2, "strategy": {"type": "Recreate"}}});
        let mut pods = HashMap::new();
        let new = set("new", 0, 0, &mut pods);
        let old = set("old", 2, 2, &mut pods);
        assert_eq!(steps(&deployment, &new, std::slice::from_ref(&old), &pods)[0].1, 0);
        let empty = Arc::new(json!({"metadata": {"uid": "old"}, "spec": {"replicas": 0}}));
        assert!(steps(&deployment, &new, std::slice::from_ref(&empty), &pods).is_empty());
        pods.clear();
        assert_eq!(steps(&deployment, &new, &[empty], &pods)[0].1, 2);
    }
}
