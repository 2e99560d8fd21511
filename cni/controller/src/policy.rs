//! Which security groups hold for a pod: the union over the policies that select it.

use std::collections::BTreeMap;

use anyhow::Context;
use k8s_openapi::api::core::v1::{Pod, ServiceAccount};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use kube::api::{Api, ListParams};
use kube::core::{Selector, SelectorExt};
use kube::{Client, ResourceExt};
use tracing::warn;

use crate::objects::{self, PolicySpec};

type Labels = BTreeMap<String, String>;

/// Whether a policy selects a pod with these labels; both selectors must, where both are given.
///
/// A selector that cannot be understood selects nothing, and one without any term selects everything.
pub fn selects(policy: &PolicySpec, pod: &Labels, service_account: &Labels) -> bool {
    let is_empty = policy.pod_selector.is_none() && policy.service_account_selector.is_none();
    let holds = |selector: &Option<LabelSelector>, labels: &Labels| {
        selector.clone().is_none_or(|selector| match Selector::try_from(selector) {
            Ok(selector) => selector.matches(labels),
            Err(err) => {
                warn!(error = %err, "a selector cannot be understood");
                false
            }
        })
    };
    !is_empty && holds(&policy.pod_selector, pod) && holds(&policy.service_account_selector, service_account)
}

/// The union of the groups of all policies that select a pod, each once, in the order first seen.
pub fn groups<'a>(
    policies: impl IntoIterator<Item = &'a PolicySpec>,
    pod: &Labels,
    service_account: &Labels,
) -> Vec<String> {
    let mut union: Vec<String> = Vec::new();
    for policy in policies.into_iter().filter(|policy| selects(policy, pod, service_account)) {
        for group in &policy.security_groups.group_ids {
            if !union.contains(group) {
                union.push(group.clone());
            }
        }
    }
    union
}

/// The groups for a pod as the API server has its policies now.
///
/// They are read anew each time, not from a cache: a policy applied just before a pod must count. The
/// service account is read only if a policy asks for its labels.
///
/// # Errors
/// The API server does not answer, or the service account a policy needs does not exist.
pub async fn groups_for(client: &Client, namespace: &str, pod: &Pod) -> anyhow::Result<Vec<String>> {
    let listed = objects::policies(client.clone(), namespace).list(&ListParams::default()).await;
    let objects = match listed {
        Ok(list) => list.items,
        // The kind itself is not there: nobody uses policies.
        Err(kube::Error::Api(err)) if err.code == 404 => return Ok(Vec::new()),
        Err(err) => return Err(err).context("list SecurityGroupPolicies"),
    };
    let mut policies = Vec::new();
    for object in &objects {
        match objects::spec::<PolicySpec>(object) {
            Ok(spec) => policies.push(spec),
            Err(err) => warn!(policy = object.name_any(), error = %err, "a policy cannot be understood"),
        }
    }
    let labels = if policies.iter().any(|policy| policy.service_account_selector.is_some()) {
        service_account_labels(client, namespace, pod).await?
    } else {
        Labels::new()
    };
    Ok(groups(&policies, pod.labels(), &labels))
}

async fn service_account_labels(client: &Client, namespace: &str, pod: &Pod) -> anyhow::Result<Labels> {
    let name = pod.spec.as_ref().and_then(|spec| spec.service_account_name.as_deref()).unwrap_or("default");
    let accounts: Api<ServiceAccount> = Api::namespaced(client.clone(), namespace);
    let account = accounts.get(name).await.with_context(|| format!("get ServiceAccount {namespace}/{name}"))?;
    Ok(account.labels().clone())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::{Value, json};

    use super::*;

    fn labels(pairs: &[(&str, &str)]) -> Labels {
        pairs.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect()
    }

    fn policy(spec: Value) -> PolicySpec {
        serde_json::from_value(spec).expect("a policy")
    }

    #[rstest]
    #[case::labels(json!({"podSelector": {"matchLabels": {"app": "pay"}}}), true)]
    #[case::other_labels(json!({"podSelector": {"matchLabels": {"app": "web"}}}), false)]
    #[case::expression(json!({"podSelector": {"matchExpressions": [{"key": "app", "operator": "In", "values": ["pay", "web"]}]}}), true)]
    #[case::not_in(json!({"podSelector": {"matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["pay"]}]}}), false)]
    #[case::exists(json!({"podSelector": {"matchExpressions": [{"key": "app", "operator": "Exists"}]}}), true)]
    #[case::everything(json!({"podSelector": {}}), true)]
    #[case::nothing(json!({}), false)]
    #[case::service_account(json!({"serviceAccountSelector": {"matchLabels": {"team": "money"}}}), true)]
    #[case::both(json!({"podSelector": {"matchLabels": {"app": "pay"}}, "serviceAccountSelector": {"matchLabels": {"team": "money"}}}), true)]
    #[case::only_one_of_both(json!({"podSelector": {"matchLabels": {"app": "pay"}}, "serviceAccountSelector": {"matchLabels": {"team": "ads"}}}), false)]
    #[case::not_understood(json!({"podSelector": {"matchExpressions": [{"key": "app", "operator": "Near"}]}}), false)]
    fn selection(#[case] spec: Value, #[case] selected: bool) {
        let (pod, account) = (labels(&[("app", "pay")]), labels(&[("team", "money")]));
        assert_eq!(selects(&policy(spec), &pod, &account), selected);
    }

    #[test]
    fn the_union_has_each_group_once() {
        let policies = [
            policy(json!({"podSelector": {}, "securityGroups": {"groupIds": ["sg-1", "sg-2"]}})),
            policy(json!({"podSelector": {"matchLabels": {"app": "web"}}, "securityGroups": {"groupIds": ["sg-9"]}})),
            policy(json!({"podSelector": {}, "securityGroups": {"groupIds": ["sg-2", "sg-3"]}})),
        ];
        assert_eq!(groups(&policies, &labels(&[("app", "pay")]), &Labels::new()), ["sg-1", "sg-2", "sg-3"]);
    }
}
