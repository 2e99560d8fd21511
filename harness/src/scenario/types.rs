//! What a scenario file says, once it is known to be right.

use std::time::Duration;

use ipnet::Ipv4Net;

use super::{Action, Port, Step};

/// A whole scenario.
#[derive(Debug, Clone, PartialEq)]
pub struct Scenario {
    /// Its name, also the world's.
    pub name: String,
    /// What it shows, in a sentence or two.
    pub description: String,
    /// The AWS region it plays in.
    pub region: String,
    /// The network.
    pub vpc: VpcSpec,
    /// The cluster's nodes.
    pub nodes: Vec<NodeSpec>,
    /// Instances outside the cluster.
    pub instances: Vec<InstanceSpec>,
    /// How the cluster's networking is set up.
    pub cluster: ClusterSpec,
    /// What is done and checked, in order.
    pub steps: Vec<Step>,
}

impl Scenario {
    /// The steps up to the first that checks or changes what stands: they set the stage.
    pub fn setting_up(&self) -> Vec<Step> {
        let sets_up = |step: &&Step| matches!(step.action, Action::Apply(_) | Action::WaitReady { .. });
        self.steps.iter().take_while(sets_up).cloned().collect()
    }
}

/// The VPC of a scenario.
#[derive(Debug, Clone, PartialEq)]
pub struct VpcSpec {
    /// Its address block.
    pub cidr: Ipv4Net,
    /// Its subnets.
    pub subnets: Vec<SubnetSpec>,
    /// Its security groups.
    pub groups: Vec<GroupSpec>,
}

/// A subnet.
#[derive(Debug, Clone, PartialEq)]
pub struct SubnetSpec {
    /// What the file calls it.
    pub name: String,
    /// Its address block.
    pub cidr: Ipv4Net,
    /// Its availability zone.
    pub zone: String,
}

/// A security group.
#[derive(Debug, Clone, PartialEq)]
pub struct GroupSpec {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// Who may come in.
    pub ingress: Vec<RuleSpec>,
    /// Where one may go; `None` keeps AWS's default, everywhere.
    pub egress: Option<Vec<RuleSpec>>,
}

/// One rule of a security group.
#[derive(Debug, Clone, PartialEq)]
pub struct RuleSpec {
    /// What may pass: `tcp/8080`, `udp/5000-5010`, `icmp` or `all`.
    pub allow: Port,
    /// The other end.
    pub peer: RulePeer,
}

/// The other end of a rule.
#[derive(Debug, Clone, PartialEq)]
pub enum RulePeer {
    /// An address block.
    Cidr(Ipv4Net),
    /// Members of the group of this name.
    Group(String),
}

/// A node of the cluster.
#[derive(Debug, Clone, PartialEq)]
pub struct NodeSpec {
    /// What the file calls it; also its label `vpcbox.dev/node`.
    pub name: String,
    /// Its instance type.
    pub instance_type: String,
    /// Its subnet's name.
    pub subnet: String,
    /// Its groups' names.
    pub groups: Vec<String>,
}

/// An instance outside the cluster.
#[derive(Debug, Clone, PartialEq)]
pub struct InstanceSpec {
    /// What the file calls it.
    pub name: String,
    /// Its instance type.
    pub instance_type: String,
    /// Its subnet's name.
    pub subnet: String,
    /// Its groups' names.
    pub groups: Vec<String>,
    /// Ports on which it answers as the probe does.
    pub listen: Vec<Port>,
}

/// How the cluster's networking is set up.
#[derive(Debug, Clone, PartialEq)]
pub struct ClusterSpec {
    /// Whether pods can have security groups of their own (`ENABLE_POD_ENI`).
    pub pod_eni: bool,
    /// `POD_SECURITY_GROUP_ENFORCING_MODE`.
    pub enforcing_mode: EnforcingMode,
    /// `WARM_IP_TARGET`.
    pub warm_ip_target: u32,
    /// `MINIMUM_IP_TARGET`.
    pub minimum_ip_target: u32,
    /// `branch-eni-cooldown`: how long a branch ENI outlives its pod.
    pub branch_eni_cooldown: Duration,
}

impl Default for ClusterSpec {
    fn default() -> Self {
        Self {
            pod_eni: true,
            enforcing_mode: EnforcingMode::Strict,
            warm_ip_target: 3,
            minimum_ip_target: 6,
            branch_eni_cooldown: Duration::from_secs(60),
        }
    }
}

/// Whether traffic of a pod with groups of its own always goes through the VPC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EnforcingMode {
    /// All of it, also within the node.
    Strict,
    /// Only what leaves the node.
    Standard,
}

impl EnforcingMode {
    /// As the environment variable has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Strict => "strict",
            Self::Standard => "standard",
        }
    }
}
