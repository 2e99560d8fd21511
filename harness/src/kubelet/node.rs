//! The Node object: registration, readiness and its lease.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::api::core::v1::Node;
use kube::Client;
use kube::api::{Api, Patch, PatchParams};
use linux_net::Netns;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::Runtime;

/// Where a node's lease lives.
const LEASES: &str = "kube-node-lease";

/// How often a node says that it is alive.
const HEARTBEAT: Duration = Duration::from_secs(10);

/// How often the plugin is asked while the node is not ready.
const NOT_READY_POLL: Duration = Duration::from_millis(20);

/// At least so many times as long as the answer took: where starting a process is slow, asking must not keep the
/// agent from getting ready.
const NOT_READY_REST: u32 = 4;

/// A node as the Kubernetes API shows it.
#[derive(Debug, Clone)]
pub struct NodeInfo {
    /// Its name: the instance's private DNS name.
    pub name: String,
    /// What the scenario calls it.
    pub label: String,
    /// Its primary address.
    pub address: Ipv4Addr,
    /// Its instance's id.
    pub instance_id: String,
    /// Its instance's type.
    pub instance_type: String,
    /// Its region.
    pub region: String,
    /// Its zone.
    pub zone: String,
    /// How many pods it takes: ENIs × (addresses − 1) + 2.
    pub max_pods: u32,
    /// Its vCPUs.
    pub cpus: u32,
}

/// Sets what a node's machine image brings: packets between pods and the VPC are forwarded.
///
/// EKS's images do this at boot and the VPC CNI relies on it, so it is not the agent's alone to do.
pub(super) fn prepare(netns: &Netns) -> linux_net::Result<()> {
    linux_net::sysctl::write(netns, "net.ipv4.ip_forward", "1")
}

/// Creates or updates the Node object; it is not ready yet.
pub(super) async fn register(client: &Client, info: &NodeInfo) -> kube::Result<()> {
    let nodes: Api<Node> = Api::all(client.clone());
    let params = PatchParams::apply("vpcbox-kubelet").force();
    nodes.patch(&info.name, &params, &Patch::Apply(object(info))).await?;
    let status = json!({ "status": status(info, Some("the network plugin is not ready yet")) });
    nodes.patch_status(&info.name, &PatchParams::default(), &Patch::Merge(status)).await?;
    Ok(())
}

fn object(info: &NodeInfo) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": info.name,
            "labels": {
                "kubernetes.io/hostname": info.name,
                "kubernetes.io/os": "linux",
                "kubernetes.io/arch": "amd64",
                "node.kubernetes.io/instance-type": info.instance_type,
                "topology.kubernetes.io/region": info.region,
                "topology.kubernetes.io/zone": info.zone,
                "vpcbox.dev/node": info.label,
            },
        },
        "spec": { "providerID": format!("aws:///{}/{}", info.zone, info.instance_id) },
    })
}

fn status(info: &NodeInfo, not_ready: Option<&str>) -> Value {
    let now = Timestamp::now().to_string();
    let (ready, reason, message) = match not_ready {
        None => ("True", "KubeletReady", "the node runtime and the network plugin are ready"),
        Some(why) => ("False", "KubeletNotReady", why),
    };
    let quantities = json!({
        "pods": info.max_pods.to_string(),
        "cpu": info.cpus.to_string(),
        "memory": format!("{}Gi", 4 * info.cpus),
    });
    json!({
        "capacity": quantities,
        "allocatable": quantities,
        "addresses": [
            { "type": "InternalIP", "address": info.address },
            { "type": "Hostname", "address": info.name },
            { "type": "InternalDNS", "address": info.name },
        ],
        "conditions": [{
            "type": "Ready", "status": ready, "reason": reason, "message": message,
            "lastHeartbeatTime": now, "lastTransitionTime": now,
        }],
        "nodeInfo": {
            "kubeletVersion": concat!("v1.34.0-vpcbox-", env!("CARGO_PKG_VERSION")),
            "kubeProxyVersion": "", "containerRuntimeVersion": "vpcbox://1", "osImage": "vpcbox",
            "operatingSystem": "linux", "architecture": "amd64", "kernelVersion": kernel_release(),
            "machineID": info.instance_id, "systemUUID": info.instance_id, "bootID": info.instance_id,
        },
    })
}

fn kernel_release() -> String {
    nix::sys::utsname::uname().map(|it| it.release().to_string_lossy().into_owned()).unwrap_or_default()
}

/// Makes the node ready once the plugin says STATUS is fine, and keeps it so with a lease.
pub(super) async fn keep_ready(runtime: Arc<Runtime>, stop: CancellationToken) {
    let work = async {
        let mut asked = Instant::now();
        while let Err(err) = runtime.config.cni.status(&runtime.config.netns).await {
            tracing::debug!(error = %err, "network plugin not ready");
            tokio::time::sleep(NOT_READY_POLL.max(asked.elapsed() * NOT_READY_REST)).await;
            asked = Instant::now();
        }
        loop {
            if let Err(err) = heartbeat(&runtime).await {
                warn!(error = %err, node = runtime.config.node.name, "heartbeat");
            }
            tokio::time::sleep(HEARTBEAT).await;
        }
    };
    tokio::select! {
        () = stop.cancelled() => {}
        () = work => {}
    }
}

async fn heartbeat(runtime: &Runtime) -> kube::Result<()> {
    let info = &runtime.config.node;
    let nodes: Api<Node> = Api::all(runtime.client.clone());
    // Capacity stays out of the patch: extended resources there belong to others.
    let mut status = status(info, None);
    if let Some(status) = status.as_object_mut() {
        status.remove("capacity");
        status.remove("allocatable");
    }
    nodes.patch_status(&info.name, &PatchParams::default(), &Patch::Merge(json!({ "status": status }))).await?;
    let leases: Api<Lease> = Api::namespaced(runtime.client.clone(), LEASES);
    let lease = json!({
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": { "name": info.name, "namespace": LEASES },
        "spec": {
            "holderIdentity": info.name,
            "leaseDurationSeconds": 40,
            "renewTime": format!("{:.6}", Timestamp::now()),
        },
    });
    leases.patch(&info.name, &PatchParams::apply("vpcbox-kubelet").force(), &Patch::Apply(lease)).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_forwards_whatever_its_agent_does() {
        if !nix::unistd::geteuid().is_root() {
            println!("skipped: root");
            return;
        }
        let netns = Netns::create().expect("namespace");
        let forwarding = || linux_net::sysctl::read(&netns, "net.ipv4.ip_forward").expect("readable");
        assert_eq!(forwarding(), "0");
        prepare(&netns).expect("prepared");
        assert_eq!(forwarding(), "1");
    }
}
