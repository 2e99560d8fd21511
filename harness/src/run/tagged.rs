//! Watches a trunk's wire while a pod with a branch ENI talks.

use std::time::{Duration, Instant};

use anyhow::Context;
use ec2_client::{Filter, Query};
use k8s_openapi::api::core::v1::Pod;
use kube::Api;
use linux_net::capture::Capture;

use super::branch::{BranchEni, branches_of};
use super::{Finding, connect, pods};
use crate::scenario::{Endpoint, Port, Workload};
use crate::world::World;

/// How long frames are waited for after the connection.
const DEADLINE: Duration = Duration::from_secs(2);

/// Checks that every frame of a branch ENI on its trunk carries the branch's VLAN tag.
pub(super) async fn check(world: &World, from: &Workload, to: &Endpoint, port: Port) -> anyhow::Result<Finding> {
    let to = connect::ends(world, to).await?;
    let to = to.first().context("nothing is at the other end")?;
    let (mut differences, mut vlans) = (Vec::new(), Vec::new());
    let mut frames = 0;
    for pod in pods::running(world, from).await? {
        let api: Api<Pod> = Api::namespaced(world.kube.clone(), &pod.namespace);
        let branches = branches_of(&api.get(&pod.name).await?)?;
        let Some(branch) = branches.first() else {
            differences.push(format!("{} has no branch ENI", pod.name));
            continue;
        };
        let machine = world.machine_of_node(&pod.node).context("the pod's node is no machine")?;
        let trunk = trunk_link(world, machine).await?;
        let capture = Capture::open(&machine.netns, &trunk).with_context(|| format!("watch {trunk}"))?;
        connect::once(&pod.netns, to.address, port).await.with_context(|| format!("{} → {}", pod.name, to.name))?;
        match count(&capture, branch)? {
            Ok(count) => frames += count,
            Err(difference) => differences.push(format!("{}: {difference}", pod.name)),
        }
        vlans.push(branch.vlan_id.to_string());
    }
    if vlans.is_empty() && differences.is_empty() {
        return Ok(Finding::failed("no pod is running"));
    }
    Ok(Finding::of_differences(&differences, format!("{frames} frames, VLANs {}", vlans.join(", "))))
}

/// The name of a node's trunk link: found by its MAC, as the node agent does.
async fn trunk_link(world: &World, machine: &crate::world::Machine) -> anyhow::Result<String> {
    let of_node = Query::filters([Filter::new("attachment.instance-id", machine.instance_id.clone())]);
    let enis = world.ec2.describe_network_interfaces(&of_node).await?;
    let trunk = enis.iter().find(|eni| eni.interface_type == "trunk").context("the node has no trunk ENI")?;
    let mac = parse_mac(&trunk.mac_address).context("the trunk's MAC")?;
    let link = linux_net::Netlink::open(&machine.netns)?.link_by_mac(mac)?.context("the trunk's link is missing")?;
    Ok(link.name)
}

fn parse_mac(text: &str) -> Option<[u8; 6]> {
    let bytes: Vec<u8> = text.split(':').map(|part| u8::from_str_radix(part, 16)).collect::<Result<_, _>>().ok()?;
    bytes.try_into().ok()
}

/// Counts the branch's frames; a frame without the tag is a difference.
fn count(capture: &Capture, branch: &BranchEni) -> anyhow::Result<Result<usize, String>> {
    let mac = parse_mac(&branch.if_address).context("the branch's MAC")?;
    let (mut tagged, end) = (0, Instant::now() + DEADLINE);
    // Both directions of the connection have passed already; the first pause ends the look.
    while let Some(frame) = capture.next(end, Duration::from_millis(20))? {
        if frame.source != mac && frame.destination != mac {
            continue;
        }
        if frame.vlan != Some(branch.vlan_id) {
            return Ok(Err(format!("a frame carried VLAN {:?}, not {}", frame.vlan, branch.vlan_id)));
        }
        tagged += 1;
    }
    Ok(if tagged == 0 { Err("no frame of the branch was seen on the trunk".into()) } else { Ok(tagged) })
}
