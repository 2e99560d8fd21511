//! Branch ENIs and the security groups that hold for pods, as EC2 shows them.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use anyhow::Context;
use ec2_client::{Filter, NetworkInterface, Query};
use k8s_openapi::api::core::v1::Pod;
use kube::{Api, ResourceExt};
use serde::Deserialize;

use super::{Finding, Runner, pods};
use crate::scenario::Workload;
use crate::world::World;

/// The annotation that carries a pod's branch ENIs.
pub(super) const ANNOTATION: &str = "vpc.amazonaws.com/pod-eni";

/// One entry of the annotation, as far as checks need it.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BranchEni {
    /// The ENI.
    pub eni_id: String,
    /// Its MAC.
    pub if_address: String,
    /// Its VLAN on the trunk.
    pub vlan_id: u16,
}

/// A branch ENI and the pod it serves or served.
#[derive(Debug, Clone)]
pub(super) struct SeenBranch {
    pod: String,
    uid: String,
    eni_id: String,
    vlan_id: u16,
    /// When the pod was first missed.
    missed: Option<Instant>,
}

/// The branch ENIs of a pod.
///
/// # Errors
/// The annotation cannot be understood.
pub fn branches_of(pod: &Pod) -> anyhow::Result<Vec<BranchEni>> {
    let Some(text) = pod.annotations().get(ANNOTATION) else { return Ok(Vec::new()) };
    serde_json::from_str(text).with_context(|| format!("annotation {ANNOTATION} of {}", pod.name_any()))
}

/// Checks which groups the ENIs of pods carry.
pub(super) async fn check_groups(
    world: &World,
    workload: &Workload,
    newest: Option<usize>,
    oldest: Option<usize>,
    expected: &[String],
) -> anyhow::Result<Finding> {
    let mut all = pods::list(world, workload).await?;
    all.retain(pods::is_ready);
    let first = newest.map_or(0, |count| all.len().saturating_sub(count));
    let last = oldest.map_or(all.len(), |count| count.min(all.len()));
    let chosen = all.get(first..last).unwrap_or_default();
    if chosen.is_empty() {
        return Ok(Finding::failed("no such pod is running"));
    }
    let expected: BTreeSet<_> = expected.iter().map(String::as_str).collect();
    let (mut differences, mut enis) = (Vec::new(), BTreeSet::new());
    for pod in chosen {
        let eni = eni_of(world, pod).await?;
        let carried: BTreeSet<_> = world.network.group_names(&eni.groups).into_iter().collect();
        if carried != expected {
            let carried: Vec<_> = carried.into_iter().collect();
            differences.push(format!("{} is held to {}", pod.name_any(), carried.join(", ")));
        }
        enis.insert(eni.id);
    }
    Ok(Finding::of_differences(&differences, format!("{} pods on {} ENIs", chosen.len(), enis.len())))
}

/// The ENI that carries a pod's address: its branch, or its node's.
async fn eni_of(world: &World, pod: &Pod) -> anyhow::Result<NetworkInterface> {
    let branches = branches_of(pod)?;
    let query = match branches.first() {
        Some(branch) => Query::id(&branch.eni_id),
        None => {
            let address = pod.status.as_ref().and_then(|it| it.pod_ip.clone()).unwrap_or_default();
            Query::filters([Filter::new("addresses.private-ip-address", address)])
        }
    };
    let found = world.ec2.describe_network_interfaces(&query).await?;
    found.into_iter().next().with_context(|| format!("no ENI carries the address of {}", pod.name_any()))
}

impl Runner<'_> {
    /// Notes the branch ENIs a workload's pods have now.
    pub(super) async fn remember_branches(&mut self, workload: &Workload) -> anyhow::Result<()> {
        let seen = self.branches.entry(workload.clone()).or_default();
        for pod in pods::list(self.world, workload).await? {
            for branch in branches_of(&pod)? {
                if !seen.iter().any(|it| it.eni_id == branch.eni_id) {
                    seen.push(SeenBranch {
                        pod: pod.name_any(),
                        uid: pod.uid().unwrap_or_default(),
                        eni_id: branch.eni_id,
                        vlan_id: branch.vlan_id,
                        missed: None,
                    });
                }
            }
        }
        Ok(())
    }

    /// Waits until the branch ENIs of pods that are gone are gone too, and looks that none went too early.
    pub(super) async fn check_released(
        &mut self,
        workload: &Workload,
        after: Duration,
        within: Duration,
    ) -> anyhow::Result<Finding> {
        let end = Instant::now() + within;
        let world = self.world;
        let seen = self.branches.entry(workload.clone()).or_default();
        let mut too_early = Vec::new();
        let mut freed: Vec<(String, u16, Duration)> = Vec::new();
        loop {
            let mut waiting = 0;
            for branch in seen.iter_mut() {
                if pod_exists(world, &workload.namespace, branch).await? {
                    continue;
                }
                let missed = *branch.missed.get_or_insert_with(Instant::now);
                if freed.iter().any(|(eni, ..)| *eni == branch.eni_id) {
                    continue;
                }
                if world.ec2.network_interface(&branch.eni_id).await?.is_some() {
                    waiting += 1;
                    continue;
                }
                let lived = missed.elapsed();
                if lived < after {
                    too_early.push(format!("{} of {} went {lived:.1?} after its pod", branch.eni_id, branch.pod));
                }
                freed.push((branch.eni_id.clone(), branch.vlan_id, lived));
            }
            if waiting == 0 && !freed.is_empty() {
                break;
            }
            if Instant::now() > end {
                return Ok(Finding::failed(format!("{waiting} branch ENIs of gone pods still exist after {within:?}")));
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        let longest = freed.iter().map(|(.., lived)| *lived).max().unwrap_or_default();
        let vlans: Vec<_> = freed.iter().map(|(_, vlan, _)| vlan.to_string()).collect();
        let detail =
            format!("{} ENIs and VLANs {} freed, {longest:.1?} after their pods", freed.len(), vlans.join(", "));
        Ok(Finding::of_differences(&too_early, detail))
    }
}

async fn pod_exists(world: &World, namespace: &str, branch: &SeenBranch) -> anyhow::Result<bool> {
    let pods: Api<Pod> = Api::namespaced(world.kube.clone(), namespace);
    let found = pods.get_opt(&branch.pod).await?;
    Ok(found.is_some_and(|pod| pod.uid().as_deref() == Some(&branch.uid)))
}
