//! The Kubernetes side of a world: the controller, and on every node an agent and a node runtime.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use k8s_openapi::api::core::v1::{ConfigMap, Node};
use kube::api::{Patch, PatchParams};
use kube::{Api, Client};
use linux_net::Netns;
use serde_json::json;
use tokio::process::{Child, Command};

use super::{ACCESS_KEY, EC2_IN_FABRIC, Machine, Network, Programs, StateDir};
use crate::kubelet::cni::{Plugin, network_config};
use crate::kubelet::{self, Kubelet, NodeInfo, Sandboxes};
use crate::scenario::Scenario;

/// How long nodes may take to become ready.
const NODES_READY: Duration = Duration::from_secs(60);

/// Where the plugin logs: one JSON object a line.
pub const PLUGIN_LOG: &str = "plugin.log";

/// The extended resource that stands for branch ENIs.
const POD_ENI: &str = "vpc.amazonaws.com/pod-eni";

/// What a cluster is made from.
pub(super) struct Parts<'a> {
    pub scenario: &'a Scenario,
    pub network: &'a Network,
    pub machines: &'a BTreeMap<String, Machine>,
    pub programs: &'a Programs,
    pub state: &'a StateDir,
    pub kube: &'a Client,
    pub ec2: &'a ec2_client::Client,
    pub endpoint: SocketAddr,
    pub sandboxes: &'a Arc<Sandboxes>,
}

/// The cluster's processes and node runtimes.
#[derive(Debug)]
pub struct Cluster {
    nodes: Vec<String>,
    kubelets: Vec<Kubelet>,
    components: Vec<Component>,
}

/// A process of the cluster's network: the controller or a node's agent.
#[derive(Debug)]
struct Component {
    name: String,
    log: PathBuf,
    process: Child,
}

impl Component {
    /// The end of its log: the folder goes with a world that does not start.
    fn last_words(&self) -> String {
        const LINES: usize = 5;
        let text = std::fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<_> = text.lines().collect();
        let last = &lines[lines.len().saturating_sub(LINES)..];
        if last.is_empty() {
            format!("{} has logged nothing", self.name)
        } else {
            format!("{}: {}", self.name, last.join("\n  "))
        }
    }
}

impl Cluster {
    pub(super) async fn start(parts: &Parts<'_>) -> anyhow::Result<Self> {
        configure(parts).await.context("write the configuration of the network components")?;
        let mut cluster = Self { nodes: Vec::new(), kubelets: Vec::new(), components: Vec::new() };
        if parts.scenario.cluster.pod_eni {
            cluster.components.push(start_controller(parts)?);
        }
        for spec in &parts.scenario.nodes {
            let machine = &parts.machines[&spec.name];
            let socket = parts.state.path(&format!("{}.sock", spec.name));
            cluster.components.push(start_agent(parts, machine, &socket)?);
            cluster.kubelets.push(start_kubelet(parts, machine, &socket).await?);
            cluster.nodes.push(machine.dns_name.clone());
        }
        cluster.wait_ready(parts).await?;
        Ok(cluster)
    }

    /// One line that says what is ready.
    pub(super) fn describe(&self) -> String {
        format!("{} nodes are ready: agents, controller, Kubernetes API", self.nodes.len())
    }

    pub(super) async fn stop(self) {
        futures::future::join_all(self.kubelets.into_iter().map(Kubelet::stop)).await;
        for mut component in self.components {
            // A process that has ended already needs no signal.
            let _ = component.process.kill().await;
        }
    }

    /// Waits until every node is ready and shows the branch ENIs its type has.
    async fn wait_ready(&mut self, parts: &Parts<'_>) -> anyhow::Result<()> {
        let nodes: Api<Node> = Api::all(parts.kube.clone());
        let end = Instant::now() + NODES_READY;
        for name in &self.nodes {
            loop {
                let node = nodes.get(name).await?;
                let missing = what_is_missing(&node, parts.scenario.cluster.pod_eni);
                let Some(missing) = missing else { break };
                for component in &mut self.components {
                    if let Some(status) = component.process.try_wait()? {
                        bail!("{} ended ({status})\n  {}", component.name, component.last_words());
                    }
                }
                if Instant::now() > end {
                    let words: Vec<_> = self.components.iter().map(Component::last_words).collect();
                    bail!("node {name} is not ready after {NODES_READY:?}: {missing}\n  {}", words.join("\n  "));
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        }
        Ok(())
    }
}

fn what_is_missing(node: &Node, pod_eni: bool) -> Option<String> {
    let status = node.status.as_ref();
    let ready = status.and_then(|it| it.conditions.as_ref()?.iter().find(|it| it.type_ == "Ready"));
    match ready {
        Some(condition) if condition.status != "True" => return condition.message.clone(),
        None => return Some("no condition Ready".into()),
        _ => {}
    }
    let has_pod_eni = status.and_then(|it| it.allocatable.as_ref()).is_some_and(|it| it.contains_key(POD_ENI));
    (pod_eni && !has_pod_eni).then(|| format!("no capacity {POD_ENI}"))
}

async fn configure(parts: &Parts<'_>) -> anyhow::Result<()> {
    let maps: Api<ConfigMap> = Api::namespaced(parts.kube.clone(), "kube-system");
    let cooldown = parts.scenario.cluster.branch_eni_cooldown.as_secs().to_string();
    let object = json!({
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": { "name": "amazon-vpc-cni", "namespace": "kube-system" },
        "data": { "branch-eni-cooldown": cooldown },
    });
    maps.patch("amazon-vpc-cni", &PatchParams::apply("vpcbox").force(), &Patch::Apply(object)).await?;
    Ok(())
}

fn start_controller(parts: &Parts<'_>) -> anyhow::Result<Component> {
    let endpoint = format!("http://{}", parts.endpoint);
    let mut process = command(parts, &parts.programs.controller, "kubeconfig", &endpoint);
    linux_net::process::die_with_parent(&mut process);
    process.args(["--cluster-name", &parts.scenario.name, "--vpc-id", &parts.network.vpc_id]);
    process.args(["--webhook-listen", "127.0.0.1:0"]);
    spawn(parts, process, "controller")
}

fn start_agent(parts: &Parts<'_>, machine: &Machine, socket: &Path) -> anyhow::Result<Component> {
    let mut process = command(parts, &parts.programs.agent, "kubeconfig-in-fabric", EC2_IN_FABRIC);
    linux_net::process::in_netns(&mut process, &machine.netns);
    let cluster = &parts.scenario.cluster;
    process
        .env("MY_NODE_NAME", &machine.dns_name)
        .env("CLUSTER_NAME", &parts.scenario.name)
        .env("ENABLE_IPv4", "true")
        .env("ENABLE_POD_ENI", cluster.pod_eni.to_string())
        .env("POD_SECURITY_GROUP_ENFORCING_MODE", cluster.enforcing_mode.as_str())
        .env("WARM_IP_TARGET", cluster.warm_ip_target.to_string())
        .env("MINIMUM_IP_TARGET", cluster.minimum_ip_target.to_string())
        .env("VPCBOX_CNI_SOCKET", socket)
        .env("AWS_VPC_K8S_CNI_BACKING_STORE", parts.state.path(&format!("{}-ipam.json", machine.name)));
    spawn(parts, process, &format!("agent-{}", machine.name))
}

async fn start_kubelet(parts: &Parts<'_>, machine: &Machine, socket: &Path) -> anyhow::Result<Kubelet> {
    let limits = instance_type(parts.ec2, &machine.instance_type).await?;
    let config = kubelet::Config {
        node: NodeInfo {
            name: machine.dns_name.clone(),
            label: machine.name.clone(),
            address: machine.address,
            instance_id: machine.instance_id.clone(),
            instance_type: machine.instance_type.clone(),
            region: parts.scenario.region.clone(),
            zone: machine.zone.clone(),
            max_pods: limits.0,
            cpus: limits.1,
        },
        netns: Netns::clone(&machine.netns),
        cni: Plugin {
            program: parts.programs.plugin.clone(),
            config: network_config(
                socket,
                &parts.state.path(PLUGIN_LOG),
                parts.scenario.cluster.enforcing_mode.as_str(),
            ),
        },
        probe: PathBuf::clone(&parts.programs.vpcbox),
    };
    Kubelet::start(config, parts.kube.clone(), Arc::clone(parts.sandboxes)).await
}

/// How many pods a type takes with secondary addresses, and its vCPUs.
async fn instance_type(ec2: &ec2_client::Client, name: &str) -> anyhow::Result<(u32, u32)> {
    let reply = ec2.call("DescribeInstanceTypes", &[("InstanceType.1", name.to_owned())]).await?;
    let found = reply.items("instanceTypeSet").next().with_context(|| format!("EC2 knows no instance type {name}"))?;
    let interfaces: u32 = found.parsed("networkInfo/maximumNetworkInterfaces")?;
    let addresses: u32 = found.parsed("networkInfo/ipv4AddressesPerInterface")?;
    let cpus: Option<u32> = found.optional("vCpuInfo/defaultVCpus")?;
    Ok((interfaces * (addresses - 1) + 2, cpus.unwrap_or(2)))
}

/// A component's process with the environment all of them share.
fn command(parts: &Parts<'_>, program: &Path, kubeconfig: &str, endpoint: &str) -> std::process::Command {
    let mut process = std::process::Command::new(program);
    process
        .env_clear()
        .env("KUBECONFIG", parts.state.path(kubeconfig))
        .env("AWS_ENDPOINT_URL_EC2", endpoint)
        .env("AWS_REGION", &parts.scenario.region)
        .env("AWS_ACCESS_KEY_ID", ACCESS_KEY.0)
        .env("AWS_SECRET_ACCESS_KEY", ACCESS_KEY.1)
        .env("RUST_LOG", std::env::var("VPCBOX_COMPONENT_LOG").unwrap_or_else(|_| "info".into()));
    process
}

/// Starts a component; what it says goes to a log in the world's folder.
fn spawn(parts: &Parts<'_>, mut process: std::process::Command, name: &str) -> anyhow::Result<Component> {
    let file = format!("{name}.log");
    let log = parts.state.create_file(&file)?;
    process.stdin(Stdio::null()).stdout(log.try_clone().context("log file")?).stderr(log);
    let process = Command::from(process).kill_on_drop(true).spawn().with_context(|| format!("start {name}"))?;
    Ok(Component { name: name.to_owned(), log: parts.state.path(&file), process })
}
