//! Launches a scenario's nodes and other instances through the EC2 API.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use ec2_client::{Client, Params};
use linux_net::Netns;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use vpcbox_emulator::Emulator;

use super::{Network, Programs};
use crate::probe::server::READY;
use crate::scenario::{InstanceSpec, NodeSpec, Port, Scenario};

/// The machine image of every instance; the emulator takes any well-formed id.
const IMAGE_ID: &str = "ami-0123456789abcdef0";

/// How long an instance may take to run, or its probe to open its ports.
const DEADLINE: Duration = Duration::from_secs(20);

/// An instance at work.
#[derive(Debug)]
pub struct Machine {
    /// What the scenario calls it.
    pub name: String,
    /// Its instance id.
    pub instance_id: String,
    /// Its type.
    pub instance_type: String,
    /// Its primary address.
    pub address: Ipv4Addr,
    /// Its private DNS name; a node's name in Kubernetes.
    pub dns_name: String,
    /// Its zone.
    pub zone: String,
    /// Its subnet as the scenario calls it.
    pub subnet: String,
    /// Its network namespace.
    pub netns: Netns,
    /// The probe that answers on its ports; it goes with this value.
    #[expect(dead_code, reason = "held so that the process lives as long as the machine")]
    probe: Option<Child>,
}

/// One line that says what was launched.
pub(super) fn describe(scenario: &Scenario) -> String {
    let mut types: BTreeMap<&str, usize> = BTreeMap::new();
    scenario.nodes.iter().for_each(|node| *types.entry(&node.instance_type).or_default() += 1);
    let nodes: Vec<_> = types.iter().map(|(kind, count)| format!("{count} × {kind}")).collect();
    let others: Vec<_> = scenario.instances.iter().map(|it| it.name.as_str()).collect();
    format!("instances run: nodes {}; others {}", nodes.join(", "), others.join(", "))
}

/// Launches everything and waits until it runs.
pub(super) async fn launch(
    ec2: &Client,
    emulator: &Emulator,
    scenario: &Scenario,
    network: &Network,
    programs: &Programs,
) -> anyhow::Result<BTreeMap<String, Machine>> {
    let plain = scenario.nodes.iter().map(|node| (node.clone(), Vec::new()));
    let others = scenario.instances.iter().map(|it| (as_node(it), it.listen.clone()));
    let mut launched = Vec::new();
    for (spec, listen) in plain.chain(others) {
        let id = run_instance(ec2, network, &spec).await.with_context(|| format!("launch {}", spec.name))?;
        launched.push((spec, listen, id));
    }
    let mut machines = BTreeMap::new();
    for (spec, listen, id) in launched {
        let machine =
            wait_running(ec2, emulator, &spec, id).await.with_context(|| format!("wait for {}", spec.name))?;
        let probe = serve(programs, &machine.netns, &spec.name, &listen).await?;
        machines.insert(spec.name.clone(), Machine { probe, ..machine });
    }
    Ok(machines)
}

fn as_node(it: &InstanceSpec) -> NodeSpec {
    NodeSpec {
        name: it.name.clone(),
        instance_type: it.instance_type.clone(),
        subnet: it.subnet.clone(),
        groups: it.groups.clone(),
    }
}

async fn run_instance(ec2: &Client, network: &Network, spec: &NodeSpec) -> anyhow::Result<String> {
    let params = Params::new()
        .set("ImageId", IMAGE_ID)
        .set("InstanceType", &spec.instance_type)
        .set("MinCount", 1)
        .set("MaxCount", 1)
        .set("SubnetId", &network.subnets[&spec.subnet].id)
        .list("SecurityGroupId", network.group_ids(&spec.groups))
        .set("TagSpecification.1.ResourceType", "instance")
        .set("TagSpecification.1.Tag.1.Key", "Name")
        .set("TagSpecification.1.Tag.1.Value", &spec.name);
    let reply = ec2.call_with("RunInstances", &params).await?;
    let instance = reply.items("instancesSet").next().context("RunInstances answered without an instance")?;
    Ok(instance.required("instanceId")?.to_owned())
}

async fn wait_running(ec2: &Client, emulator: &Emulator, spec: &NodeSpec, id: String) -> anyhow::Result<Machine> {
    let end = Instant::now() + DEADLINE;
    loop {
        let reply = ec2.call("DescribeInstances", &[("InstanceId.1", id.clone())]).await?;
        let reservation = reply.items("reservationSet").next().context("the instance is gone")?;
        let instance = reservation.items("instancesSet").next().context("the instance is gone")?;
        let state = instance.required("instanceState/name")?;
        let netns = emulator.instance_netns(&id.parse().context("instance id")?);
        if let ("running", Some(netns)) = (state, netns) {
            return Ok(Machine {
                name: spec.name.clone(),
                address: instance.parsed("privateIpAddress")?,
                dns_name: instance.required("privateDnsName")?.to_owned(),
                zone: instance.required("placement/availabilityZone")?.to_owned(),
                instance_type: spec.instance_type.clone(),
                subnet: spec.subnet.clone(),
                instance_id: id,
                netns,
                probe: None,
            });
        }
        if Instant::now() > end {
            bail!(
                "instance {id} is still {state} after {DEADLINE:?}; see GET /_vpcbox/status for what the kernel refused"
            );
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Starts the probe on an instance's ports.
async fn serve(programs: &Programs, netns: &Netns, name: &str, listen: &[Port]) -> anyhow::Result<Option<Child>> {
    if listen.is_empty() {
        return Ok(None);
    }
    let mut process = std::process::Command::new(&programs.vpcbox);
    linux_net::process::in_netns(&mut process, netns);
    process.args(["probe", "--name", name]);
    listen.iter().for_each(|port| {
        process.arg("--listen").arg(port.to_string());
    });
    // Its stderr must not keep the terminal of a command that has ended.
    process.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = Command::from(process).kill_on_drop(true).spawn().context("start the probe")?;
    let stdout = child.stdout.take().expect("stdout is piped above");
    let line = tokio::time::timeout(DEADLINE, BufReader::new(stdout).lines().next_line()).await;
    match line {
        Ok(Ok(Some(line))) if line == READY => Ok(Some(child)),
        _ => bail!("the probe of {name} did not open its ports"),
    }
}
