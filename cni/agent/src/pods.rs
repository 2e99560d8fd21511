//! The node's pods, as the Kubernetes API knows them: does a pod want a branch ENI, and has the controller made it?

use std::net::Ipv4Addr;
use std::time::Duration;

use cni_rpc::{MacAddress, Pod as PodName};
use futures::StreamExt;
use ipnet::Ipv4Net;
use k8s_openapi::api::core::v1::Pod;
use kube::runtime::reflector::{self, ObjectRef, Store};
use kube::runtime::{WatchStreamExt, watcher};
use kube::{Api, Client};
use serde::Deserialize;
use tokio::sync::watch;
use tokio::time::Instant;
use tracing::{debug, warn};

/// The resource that a pod with security groups of its own asks for, and the annotation that describes its branch ENI.
const POD_ENI: &str = "vpc.amazonaws.com/pod-eni";

/// A pod's branch ENI, from the controller's annotation.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BranchEni {
    /// `eni-…`.
    pub eni_id: String,
    /// Its MAC address.
    #[serde(rename = "ifAddress")]
    pub mac: MacAddress,
    /// Its address.
    pub private_ip: Ipv4Addr,
    /// The VLAN on the trunk. Writers differ in its spelling.
    #[serde(alias = "vlanID")]
    pub vlan_id: u16,
    /// Its subnet's network.
    pub subnet_cidr: Ipv4Net,
}

/// How a pod is to be connected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wish {
    /// With an address of one of the node's ENIs.
    Regular,
    /// By a branch ENI, which the controller has still to make.
    BranchToCome,
    /// By this branch ENI.
    Branch(BranchEni),
}

/// Why it is not known how to connect a pod.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PodError {
    /// The API knows no such pod on this node.
    #[error("pod {0} is not known to be on this node")]
    Unknown(String),
    /// The controller has not made the branch ENI.
    #[error("pod {0} has no annotation {POD_ENI} yet")]
    NoBranch(String),
    /// The annotation cannot be understood.
    #[error("annotation {POD_ENI} of pod {pod} cannot be understood: {cause}")]
    Malformed {
        /// The pod.
        pod: String,
        /// Why.
        cause: String,
    },
}

/// The node's pods, kept current by a watch.
#[derive(Debug, Clone)]
pub struct Pods {
    store: Store<Pod>,
    changes: watch::Receiver<u64>,
}

impl Pods {
    /// Starts to watch the pods of a node. The watch ends with the runtime.
    pub fn watch(client: Client, node: &str) -> Self {
        let (store, mut writer) = reflector::store();
        let (signal, changes) = watch::channel(0_u64);
        let config = watcher::Config::default().fields(&format!("spec.nodeName={node}"));
        let mut events = watcher(Api::<Pod>::all(client), config).default_backoff().boxed();
        tokio::spawn(async move {
            while let Some(event) = events.next().await {
                match event {
                    Ok(event) => {
                        writer.apply_watcher_event(&event);
                        signal.send_modify(|count| *count += 1);
                    }
                    Err(error) => debug!(%error, "watch of pods was interrupted"),
                }
            }
            warn!("watch of pods has ended");
        });
        Self { store, changes }
    }

    /// How a pod is to be connected. Waits for the pod, and then for its branch ENI, as long as `patience` in all.
    ///
    /// # Errors
    /// If the pod or its branch ENI does not come, or the annotation is no good.
    pub async fn wish(&self, name: &PodName, patience: Duration) -> Result<Wish, PodError> {
        let mut changes = self.changes.clone();
        let until = Instant::now() + patience;
        let reference = ObjectRef::new(&name.name).within(&name.namespace);
        loop {
            changes.borrow_and_update();
            let found = self.store.get(&reference).filter(|pod| is_same(pod, name));
            let missing = match found.as_deref().map(wish_of) {
                None => PodError::Unknown(full_name(name)),
                Some(Ok(Wish::BranchToCome)) => PodError::NoBranch(full_name(name)),
                Some(outcome) => return outcome,
            };
            match tokio::time::timeout_at(until, changes.changed()).await {
                Ok(Ok(())) => {}
                Ok(Err(_)) | Err(_) => return Err(missing),
            }
        }
    }
}

/// A pod of the same name that was there before does not count, if the runtime tells the UID.
fn is_same(pod: &Pod, name: &PodName) -> bool {
    name.uid.is_empty() || pod.metadata.uid.as_deref().is_none_or(|uid| uid == name.uid)
}

fn full_name(name: &PodName) -> String {
    format!("{}/{}", name.namespace, name.name)
}

/// How a pod is to be connected, as far as it says so now.
pub fn wish_of(pod: &Pod) -> Result<Wish, PodError> {
    let containers = pod.spec.iter().flat_map(|spec| &spec.containers);
    let limits = containers.filter_map(|container| container.resources.as_ref()?.limits.as_ref());
    if !limits.flat_map(|limits| limits.keys()).any(|name| name.starts_with(POD_ENI)) {
        return Ok(Wish::Regular);
    }
    let Some(text) = pod.metadata.annotations.as_ref().and_then(|all| all.get(POD_ENI)) else {
        return Ok(Wish::BranchToCome);
    };
    let pod_name = || {
        let metadata = &pod.metadata;
        format!(
            "{}/{}",
            metadata.namespace.as_deref().unwrap_or_default(),
            metadata.name.as_deref().unwrap_or_default()
        )
    };
    let malformed = |cause: String| PodError::Malformed { pod: pod_name(), cause };
    let branches: Vec<BranchEni> = serde_json::from_str(text).map_err(|err| malformed(err.to_string()))?;
    branches.into_iter().next().map(Wish::Branch).ok_or_else(|| malformed("it is empty".to_owned()))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::{Value, json};

    use super::*;

    fn pod(limit: bool, annotation: Option<&str>) -> Pod {
        let limits = if limit { json!({ POD_ENI: "1" }) } else { json!({ "cpu": "1" }) };
        let annotations = annotation.map_or(json!({}), |text| json!({ POD_ENI: text }));
        let pod: Value = json!({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": { "name": "web", "namespace": "default", "annotations": annotations },
            "spec": { "containers": [{ "name": "c", "resources": { "limits": limits } }] },
        });
        serde_json::from_value(pod).unwrap()
    }

    fn branch() -> Wish {
        Wish::Branch(BranchEni {
            eni_id: "eni-1".to_owned(),
            mac: "0a:00:00:00:00:01".parse().unwrap(),
            private_ip: Ipv4Addr::new(10, 0, 1, 7),
            vlan_id: 3,
            subnet_cidr: "10.0.1.0/24".parse().unwrap(),
        })
    }

    const BRANCH: &str = r#"[{"eniId":"eni-1","ifAddress":"0a:00:00:00:00:01","privateIp":"10.0.1.7","ipv6Addr":"",
        "vlanId":3,"subnetCidr":"10.0.1.0/24","subnetV6Cidr":"","associationID":"trunk-assoc-1"}]"#;

    #[rstest]
    #[case::plain(false, None, Ok(Wish::Regular))]
    #[case::annotation_without_limit(false, Some(BRANCH), Ok(Wish::Regular))]
    #[case::waiting(true, None, Ok(Wish::BranchToCome))]
    #[case::made(true, Some(BRANCH), Ok(branch()))]
    #[case::empty(true, Some("[]"), Err("it is empty"))]
    #[case::no_json(true, Some("x"), Err("expected value"))]
    fn wishes(#[case] limit: bool, #[case] annotation: Option<&str>, #[case] expected: Result<Wish, &str>) {
        match (wish_of(&pod(limit, annotation)), expected) {
            (Err(error), Err(words)) => assert!(error.to_string().contains(words), "{error}"),
            (found, expected) => assert_eq!(found.map_err(|error| error.to_string()), expected.map_err(str::to_owned)),
        }
    }

    #[test]
    fn the_other_spelling_is_read() {
        assert_eq!(wish_of(&pod(true, Some(&BRANCH.replace("vlanId", "vlanID")))), Ok(branch()));
    }
}
