//! The node runtime: a small kubelet. It registers a node, runs the pods bound to it as processes in
//! namespaces of their own, and calls the CNI plugin the way a container runtime does.
//!
//! Everything goes through the Kubernetes API and the plugin binary; nothing here knows of ENIs.

pub mod cni;
mod container;
mod node;
mod pod;
mod status;

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context as _;
use cni_kube::Events;
use futures::TryStreamExt;
use k8s_openapi::api::core::v1::Pod;
use kube::runtime::watcher;
use kube::{Api, Client, ResourceExt};
use linux_net::Netns;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::warn;

pub use node::NodeInfo;

/// What a node runtime works with.
#[derive(Debug)]
pub struct Config {
    /// The node as the Kubernetes API shows it.
    pub node: NodeInfo,
    /// The node's network namespace.
    pub netns: Netns,
    /// How the CNI plugin is called.
    pub cni: cni::Plugin,
    /// The program that is the image `vpcbox/probe`.
    pub probe: PathBuf,
}

/// A pod's sandbox, for those who want to look into it.
#[derive(Debug, Clone)]
pub struct Sandbox {
    /// Its network namespace.
    pub netns: Netns,
    /// The node it is on.
    pub node: String,
    /// Its first address.
    pub address: Option<IpAddr>,
    /// How long the plugin's ADD took, process start included.
    pub add_elapsed: Duration,
}

/// The sandboxes of all nodes by namespace and pod name.
#[derive(Debug, Default)]
pub struct Sandboxes(Mutex<BTreeMap<(String, String), Sandbox>>);

impl Sandboxes {
    /// One pod's.
    pub fn get(&self, namespace: &str, name: &str) -> Option<Sandbox> {
        self.lock().get(&(namespace.to_owned(), name.to_owned())).cloned()
    }

    /// All of them.
    pub fn all(&self) -> BTreeMap<(String, String), Sandbox> {
        self.lock().clone()
    }

    fn insert(&self, pod: &Pod, sandbox: Sandbox) {
        self.lock().insert((pod.namespace().unwrap_or_default(), pod.name_any()), sandbox);
    }

    fn remove(&self, pod: &Pod) {
        self.lock().remove(&(pod.namespace().unwrap_or_default(), pod.name_any()));
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<(String, String), Sandbox>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What pod workers share.
struct Runtime {
    config: Config,
    client: Client,
    events: Events,
    sandboxes: Arc<Sandboxes>,
}

/// A node runtime at work. [`Kubelet::stop`] ends its pods.
#[derive(Debug)]
pub struct Kubelet {
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl Kubelet {
    /// Registers the node (not ready yet) and begins to run its pods.
    ///
    /// # Errors
    /// The node's network cannot be prepared, or the node cannot be registered.
    pub async fn start(config: Config, client: Client, sandboxes: Arc<Sandboxes>) -> anyhow::Result<Self> {
        let name = config.node.name.clone();
        node::prepare(&config.netns).with_context(|| format!("prepare the network of node {name}"))?;
        node::register(&client, &config.node).await.with_context(|| format!("register node {name}"))?;
        let events = Events::new(client.clone(), "kubelet", Some(&name));
        let runtime = Arc::new(Runtime { config, client, events, sandboxes });
        let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
        tasks.spawn(node::keep_ready(Arc::clone(&runtime), stop.clone()));
        tasks.spawn(follow_pods(runtime, stop.clone(), tasks.clone()));
        Ok(Self { stop, tasks })
    }

    /// Ends all pods of the node and waits for them.
    pub async fn stop(self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }
}

/// Follows the pods bound to the node; each has a worker that is told when to stop.
async fn follow_pods(runtime: Arc<Runtime>, stop: CancellationToken, tasks: TaskTracker) {
    let pods: Api<Pod> = Api::all(runtime.client.clone());
    let selector = watcher::Config::default().fields(&format!("spec.nodeName={}", runtime.config.node.name));
    let mut events = std::pin::pin!(watcher(pods, selector));
    let mut workers = Workers { runtime, tasks, stop: stop.clone(), by_uid: HashMap::new() };
    loop {
        let event = tokio::select! {
            () = stop.cancelled() => break,
            event = events.try_next() => event,
        };
        match event {
            Ok(Some(event)) => workers.take(event),
            Ok(None) => break,
            // The watcher itself begins again with back-off.
            Err(err) => {
                warn!(error = %err, "watching pods");
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        }
    }
}

/// The pod workers of a node.
struct Workers {
    runtime: Arc<Runtime>,
    tasks: TaskTracker,
    stop: CancellationToken,
    by_uid: HashMap<String, watch::Sender<pod::Wanted>>,
}

impl Workers {
    fn take(&mut self, event: watcher::Event<Pod>) {
        match event {
            watcher::Event::Apply(pod) | watcher::Event::InitApply(pod) => self.applied(pod),
            watcher::Event::Delete(pod) => {
                if let Some(worker) = self.by_uid.remove(&pod.uid().unwrap_or_default()) {
                    worker.send_replace(pod::Wanted::Gone);
                }
            }
            watcher::Event::Init | watcher::Event::InitDone => {}
        }
    }

    fn applied(&mut self, pod: Pod) {
        let uid = pod.uid().unwrap_or_default();
        let wanted = match &pod.metadata.deletion_timestamp {
            Some(_) => pod::Wanted::Stopped,
            None => pod::Wanted::Running,
        };
        if let Some(worker) = self.by_uid.get(&uid) {
            worker.send_if_modified(|it| std::mem::replace(it, wanted) != wanted);
        } else {
            let (sender, receiver) = watch::channel(wanted);
            self.by_uid.insert(uid, sender);
            self.tasks.spawn(pod::run(Arc::clone(&self.runtime), pod, receiver, self.stop.clone()));
        }
    }
}
