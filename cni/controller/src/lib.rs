//! The VPC resource controller: gives pods that a SecurityGroupPolicy selects a branch ENI of their own.
//!
//! It knows EC2 and the Kubernetes API only, so it runs against AWS as well. What others rely on (the pod
//! annotation, tags, capacity, event reasons, webhook names) is as in production:
//! <https://github.com/aws/amazon-vpc-resource-controller-k8s>.

pub mod admission;
pub mod annotation;
mod branch;
mod cninode;
mod cooldown;
pub mod limits;
mod nodes;
pub mod objects;
mod pods;
pub mod policy;
pub mod tags;
mod trunk;
pub mod vlan;

use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use anyhow::Context;
use cni_kube::Events;
use ec2_client::Client as Ec2;
use kube::Client as Kube;
use tokio::net::TcpListener;
use tokio::sync::{RwLock, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use trunk::Trunk;

/// Who reports events.
const COMPONENT: &str = "vpc-resource-controller";

/// What a controller is started with.
#[derive(Debug, Clone)]
pub struct Config {
    /// The cluster's name, for tags.
    pub cluster: String,
    /// The VPC whose left-over ENIs are looked for.
    pub vpc_id: String,
    /// The account that may attach ENIs (`AwsAccountId` of their permission).
    pub account: String,
    /// Where the admission webhook listens; port 0 takes a free one.
    pub webhook: SocketAddr,
}

/// What all tasks share.
pub(crate) struct Shared {
    config: Config,
    ec2: Ec2,
    kube: Kube,
    events: Events,
    /// Ready trunks by node name.
    trunks: RwLock<HashMap<String, Arc<Trunk>>>,
    /// Nodes whose trunk is being made.
    in_work: Mutex<HashSet<String>>,
    /// Counts up when a trunk becomes ready or gets room: pods that wait look again.
    progress: watch::Sender<u64>,
    /// How long a branch ENI outlives its pod.
    cooldown: watch::Receiver<std::time::Duration>,
    tasks: TaskTracker,
}

impl Shared {
    /// Wakes pods that wait for a trunk or for room on it.
    pub(crate) fn announce_progress(&self) {
        self.progress.send_modify(|count| *count += 1);
    }
}

/// Runs the controller until told to stop.
///
/// # Errors
/// The webhook cannot be served or registered.
pub async fn run(config: Config, ec2: Ec2, kube: Kube, stop: CancellationToken) -> anyhow::Result<()> {
    let listener = TcpListener::bind(config.webhook).await.context("listen for the webhook")?;
    let webhook = listener.local_addr().context("the webhook's address")?;
    let tasks = TaskTracker::new();
    let cooldown = cooldown::follow(kube.clone(), &tasks, stop.clone());
    let shared = Arc::new(Shared {
        config,
        ec2,
        kube: kube.clone(),
        events: Events::new(kube.clone(), COMPONENT, None),
        in_work: Mutex::default(),
        trunks: RwLock::default(),
        progress: watch::Sender::new(0),
        cooldown,
        tasks: tasks.clone(),
    });
    tasks.spawn(admission::serve(listener, kube.clone(), stop.clone()));
    admission::register(&kube, webhook).await.context("register the webhook")?;
    tasks.spawn(nodes::follow(Arc::clone(&shared), stop.clone()));
    tasks.spawn(cninode::follow(Arc::clone(&shared), stop.clone()));
    tasks.spawn(pods::follow(shared, stop.clone()));
    stop.cancelled().await;
    tasks.close();
    Ok(())
}
