//! A pod's status as the node runtime reports it.

use std::net::{IpAddr, Ipv4Addr};

use jiff::Timestamp;
use k8s_openapi::api::core::v1::Pod;
use serde_json::{Value, json};

/// How far a pod is.
#[derive(Debug, Clone)]
pub enum Stage<'a> {
    /// Its sandbox or containers are being made.
    Starting {
        /// Why it is not there yet, as a waiting container shows it.
        reason: &'a str,
        /// More of it.
        message: &'a str,
    },
    /// All containers run.
    Running {
        /// The pod's addresses.
        addresses: &'a [IpAddr],
    },
    /// A container ended.
    Failed {
        /// What became of it.
        message: &'a str,
    },
}

/// The status patch for a stage.
pub fn of(pod: &Pod, host: Ipv4Addr, stage: &Stage<'_>, restarts: u32, started: Timestamp) -> Value {
    let (phase, is_ready) = match stage {
        Stage::Starting { .. } => ("Pending", false),
        Stage::Running { .. } => ("Running", true),
        Stage::Failed { .. } => ("Running", false),
    };
    let addresses = match stage {
        Stage::Running { addresses } => *addresses,
        _ => &[],
    };
    let now = Timestamp::now().to_string();
    let condition = |kind: &str, is_true: bool| json!({ "type": kind, "status": if is_true { "True" } else { "False" }, "lastTransitionTime": now });
    let spec = pod.spec.as_ref();
    let containers: Vec<_> = spec
        .iter()
        .flat_map(|spec| &spec.containers)
        .map(|container| {
            json!({
                "name": container.name, "image": container.image, "imageID": "", "ready": is_ready,
                "started": is_ready, "restartCount": restarts, "state": container_state(stage, &now),
            })
        })
        .collect();
    json!({ "status": {
        "phase": phase,
        "hostIP": host,
        "hostIPs": [{ "ip": host }],
        "podIP": addresses.first(),
        "podIPs": addresses.iter().map(|ip| json!({ "ip": ip })).collect::<Vec<_>>(),
        "startTime": started.to_string(),
        "conditions": [
            condition("PodScheduled", true),
            condition("Initialized", true),
            condition("ContainersReady", is_ready),
            condition("Ready", is_ready),
        ],
        "containerStatuses": containers,
    }})
}

fn container_state(stage: &Stage<'_>, now: &str) -> Value {
    match stage {
        Stage::Starting { reason, message } => json!({ "waiting": { "reason": reason, "message": message } }),
        Stage::Running { .. } => json!({ "running": { "startedAt": now } }),
        Stage::Failed { message } => json!({ "terminated": { "exitCode": 1, "reason": "Error", "message": message } }),
    }
}
