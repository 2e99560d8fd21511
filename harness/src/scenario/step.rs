//! The steps of a scenario: things to do and things to check.

use std::time::Duration;

use super::{Endpoint, Manifest, Port, Workload};

/// One step.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// The line it stands on.
    pub line: u64,
    /// What the run prints for it; derived from the action if the file gives none.
    pub name: String,
    /// What is done or checked.
    pub action: Action,
}

/// What a step does or checks.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// Applies Kubernetes objects, as `kubectl apply` would.
    Apply(Vec<Manifest>),
    /// Sets a Deployment's number of replicas.
    Scale {
        /// Which Deployment.
        workload: Workload,
        /// How many pods it shall have.
        replicas: u32,
    },
    /// Waits until Deployments have all their pods ready.
    WaitReady {
        /// Which Deployments.
        workloads: Vec<Workload>,
        /// How long at most.
        within: Duration,
    },
    /// Connects, and compares what happens with what is expected.
    Connect(Connect),
    /// Checks that each pod's address is of its node's subnet and belongs to an ENI of that node.
    PodAddresses(Vec<Workload>),
    /// Checks which security groups hold for pods.
    PodGroups {
        /// Whose pods.
        workload: Workload,
        /// Only the youngest so many; `None` means every pod.
        newest: Option<usize>,
        /// Only the oldest so many; `None` means every pod.
        oldest: Option<usize>,
        /// The groups' names.
        groups: Vec<String>,
    },
    /// Checks that a connection's frames carry the branch ENI's VLAN tag on the trunk.
    Tagged {
        /// Pods with branch ENIs.
        from: Workload,
        /// Whom they talk to.
        to: Endpoint,
        /// On which port.
        port: Port,
    },
    /// Checks that pods stay Pending, and why.
    Pending {
        /// Whose pods.
        workload: Workload,
        /// How many of them.
        count: usize,
        /// What their events must say.
        because: String,
    },
    /// Checks that branch ENIs and VLANs of pods that are gone are freed.
    Released {
        /// Whose pods.
        workload: Workload,
        /// Not before this has passed since the pod went.
        after: Duration,
        /// How long to wait at most.
        within: Duration,
    },
}

/// A connection to try.
#[derive(Debug, Clone, PartialEq)]
pub struct Connect {
    /// Who connects.
    pub from: Endpoint,
    /// To whom.
    pub to: Endpoint,
    /// On which port.
    pub port: Port,
    /// What shall happen.
    pub expect: Expectation,
    /// Which pairs of pods are tried.
    pub placement: Placement,
}

/// What shall happen to a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expectation {
    /// It works, and the server sees the client's own address.
    Allowed,
    /// Nothing comes back.
    Denied,
}

/// Which pairs of ends are tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Placement {
    /// All.
    Any,
    /// Those on one node.
    SameNode,
    /// Those on two nodes.
    AcrossNodes,
}

impl Step {
    /// Whether it counts as a check in the summary.
    pub fn is_check(&self) -> bool {
        !matches!(self.action, Action::Apply(_) | Action::Scale { .. } | Action::WaitReady { .. })
    }
}

impl Action {
    /// A name for a step whose file gives none.
    pub fn default_name(&self) -> String {
        match self {
            Self::Apply(manifests) => {
                let names: Vec<_> = manifests.iter().map(|it| format!("{} {}", it.kind, it.name)).collect();
                format!("apply {}", names.join(", "))
            }
            Self::Scale { workload, replicas } => format!("scale {} to {replicas}", workload.name),
            Self::WaitReady { workloads, .. } => {
                let names: Vec<_> = workloads.iter().map(|it| it.name.as_str()).collect();
                format!("pods of {} are ready", names.join(", "))
            }
            Self::Connect(it) => {
                let verb = match it.expect {
                    Expectation::Allowed => "reaches",
                    Expectation::Denied => "does not reach",
                };
                let whence = match it.placement {
                    Placement::Any => "",
                    Placement::SameNode => " on the same node",
                    Placement::AcrossNodes => " across nodes",
                };
                format!("{} {verb} {} on {}{whence}", it.from, it.to, it.port)
            }
            Self::PodAddresses(workloads) => {
                let names: Vec<_> = workloads.iter().map(|it| it.name.as_str()).collect();
                format!("pods of {} have addresses of their node's subnet", names.join(", "))
            }
            Self::PodGroups { workload, groups, .. } => {
                format!("pods of {} are held to {}", workload.name, groups.join(", "))
            }
            Self::Tagged { from, to, port } => {
                format!("frames of {} to {to} {port} are tagged on the trunk", from.name)
            }
            Self::Pending { workload, count, .. } => format!("{count} pod(s) of {} stay Pending", workload.name),
            Self::Released { workload, .. } => format!("branch ENIs of gone {} pods are freed", workload.name),
        }
    }
}
