//! A world: one emulated AWS region with a VPC, instances, and a Kubernetes cluster on some of them.
//!
//! The network is made through the EC2 API and the cluster through the Kubernetes API, as anybody else
//! would; only the entry into instances' namespaces goes through the emulator's handle.

mod cluster;
pub mod control;
mod machines;
mod network;
mod programs;
pub mod state;

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Instant;

use anyhow::Context;
use ec2_client::{Client as Ec2, Config as Ec2Config, Credentials};
use linux_net::Netns;
use vpcbox_emulator::{Config as EmulatorConfig, Emulator, FabricService};

pub use cluster::{Cluster, PLUGIN_LOG};
pub use machines::Machine;
pub use network::Network;
pub use programs::Programs;
pub use state::StateDir;

use crate::kubelet::Sandboxes;
use crate::report::Progress;
use crate::scenario::Scenario;

/// Where nodes find the EC2 endpoint.
pub const EC2_IN_FABRIC: &str = "http://169.254.171.1";

/// Where nodes find the Kubernetes API.
pub const KUBE_IN_FABRIC: (Ipv4Addr, u16) = (Ipv4Addr::new(169, 254, 171, 2), 6443);

/// Credentials every world accepts.
pub const ACCESS_KEY: (&str, &str) = ("vpcbox", "vpcbox");

/// A world at work.
pub struct World {
    /// The EC2 API.
    pub ec2: Ec2,
    /// What EC2's endpoint listens on.
    pub endpoint: SocketAddr,
    /// The Kubernetes API.
    pub kube: kube::Client,
    /// The network as made.
    pub network: Network,
    /// Nodes and other instances by the scenario's names.
    pub machines: BTreeMap<String, Machine>,
    /// The sandboxes of all pods.
    pub sandboxes: Arc<Sandboxes>,
    /// Its files.
    pub state: StateDir,
    cluster: Cluster,
    kube_server: kube_lite::Server,
    emulator: Emulator,
}

impl World {
    /// Makes everything a scenario's VPC, nodes, instances and cluster sections say.
    ///
    /// # Errors
    /// Whatever could not be made; what had been made by then goes away.
    pub async fn start(scenario: &Scenario, state: StateDir, progress: &Progress) -> anyhow::Result<Self> {
        let programs = Programs::find()?;
        let since = Instant::now();
        progress.working_on("starting the emulator");
        let kube_server = kube_lite::Server::start(kube_lite::Config::default()).await.context("start kube-lite")?;
        let emulator = start_emulator(scenario, kube_server.address()).await?;
        let endpoint = emulator.endpoint();
        let ec2 = ec2_client(endpoint, &scenario.region)?;
        let kube = cni_kube::client_at(&format!("http://{}", kube_server.address()))?;
        state.write_kubeconfig("kubeconfig", &kube_server.kubeconfig())?;
        state.write_kubeconfig("kubeconfig-in-fabric", &in_fabric(&kube_server))?;
        progress
            .done(format!("EC2 API on http://{endpoint}, Kubernetes API on http://{}", kube_server.address()), since);

        let since = Instant::now();
        progress.working_on("making the VPC");
        let network = network::create(&ec2, &scenario.vpc).await?;
        progress.done(network.describe(), since);

        let since = Instant::now();
        progress.working_on("launching instances");
        let machines = machines::launch(&ec2, &emulator, scenario, &network, &programs).await?;
        progress.done(machines::describe(scenario), since);

        let since = Instant::now();
        progress.working_on("starting node agents and the controller");
        let sandboxes = Arc::new(Sandboxes::default());
        let parts = cluster::Parts {
            scenario,
            network: &network,
            machines: &machines,
            programs: &programs,
            state: &state,
            kube: &kube,
            ec2: &ec2,
            endpoint,
            sandboxes: &sandboxes,
        };
        let cluster = Cluster::start(&parts).await?;
        progress.done(cluster.describe(), since);
        Ok(Self { ec2, endpoint, kube, network, machines, sandboxes, state, cluster, kube_server, emulator })
    }

    /// The network namespace of a machine.
    pub fn machine_netns(&self, name: &str) -> Option<&Netns> {
        self.machines.get(name).map(|machine| &machine.netns)
    }

    /// The machine whose Kubernetes node has this name.
    pub fn machine_of_node(&self, node: &str) -> Option<&Machine> {
        self.machines.values().find(|machine| machine.dns_name == node)
    }

    /// Waits until everything EC2 was told is in the kernel.
    ///
    /// # Errors
    /// The kernel refused something.
    pub async fn converged(&self) -> anyhow::Result<()> {
        self.emulator.converged(std::time::Duration::from_secs(10)).await.context("the fabric does not follow the API")
    }

    /// The Kubernetes API's address on this machine.
    pub fn kube_address(&self) -> SocketAddr {
        self.kube_server.address()
    }

    /// Ends every process and removes everything from the kernel.
    pub async fn stop(self) {
        self.cluster.stop().await;
        self.kube_server.shutdown().await;
        // The machines' processes and namespace handles go before the fabric they hang on.
        drop(self.machines);
        self.emulator.shutdown().await;
    }
}

async fn start_emulator(scenario: &Scenario, kube: SocketAddr) -> anyhow::Result<Emulator> {
    let service = FabricService {
        name: "kubernetes.default.svc".into(),
        address: KUBE_IN_FABRIC.0,
        port: KUBE_IN_FABRIC.1,
        upstream: kube,
    };
    let config = EmulatorConfig {
        region: scenario.region.as_str().into(),
        services: vec![service],
        ..EmulatorConfig::default()
    };
    Emulator::start(config).await.context("start the emulator")
}

/// A client for the world's own endpoint.
///
/// # Errors
/// The HTTP client cannot be made.
pub fn ec2_client(endpoint: SocketAddr, region: &str) -> anyhow::Result<Ec2> {
    let credentials = Credentials::from_keys(ACCESS_KEY.0, ACCESS_KEY.1);
    Ec2::new(Ec2Config { endpoint: format!("http://{endpoint}"), region: region.into(), credentials })
        .context("make an EC2 client")
}

/// The kubeconfig for processes inside nodes.
fn in_fabric(server: &kube_lite::Server) -> String {
    let (address, port) = KUBE_IN_FABRIC;
    server.kubeconfig().replace(&server.address().to_string(), &format!("{address}:{port}"))
}
