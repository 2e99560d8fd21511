//! One pod's worker: sandbox, network, containers, and the way back.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use cni_kube::Kind;
use jiff::Timestamp;
use k8s_openapi::api::core::v1::Pod;
use kube::ResourceExt;
use kube::api::{Api, DeleteParams, Patch, PatchParams, Preconditions};
use linux_net::Netns;
use serde_json::Value;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

use super::cni::Target;
use super::container::{self, Running};
use super::status::{self, Stage};
use super::{Runtime, Sandbox};

/// What shall become of a pod.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// It shall run.
    Running,
    /// It has been deleted and has a grace period.
    Stopped,
    /// Its object is gone.
    Gone,
}

/// The first pause after a failed try; it doubles up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Runs a pod until it is no longer wanted.
pub(super) async fn run(runtime: Arc<Runtime>, pod: Pod, mut wanted: watch::Receiver<Wanted>, stop: CancellationToken) {
    let mut worker = Worker { runtime, pod, started: Timestamp::now(), attached: None, restarts: 0 };
    let no_longer_wanted = async {
        tokio::select! {
            () = stop.cancelled() => {}
            // An error means that nobody follows the pod any more.
            _ = wanted.wait_for(|it| *it != Wanted::Running) => {}
        }
    };
    let mut containers = Vec::new();
    tokio::select! {
        () = no_longer_wanted => {}
        () = worker.keep_running(&mut containers) => {}
    }
    let grace = worker.pod.spec.as_ref().and_then(|spec| spec.termination_grace_period_seconds).unwrap_or(30);
    for container in containers {
        container.stop(Duration::from_secs(grace.unsigned_abs())).await;
    }
    worker.tear_down().await;
    if !stop.is_cancelled() && *wanted.borrow() == Wanted::Stopped {
        worker.confirm_deletion().await;
    }
}

struct Worker {
    runtime: Arc<Runtime>,
    pod: Pod,
    started: Timestamp,
    /// What an ADD has made and a DEL must undo.
    attached: Option<(Target, Option<Value>, Netns)>,
    restarts: u32,
}

impl Worker {
    /// Brings the pod up, again and again if need be, and stays.
    async fn keep_running(&mut self, containers: &mut Vec<Running>) {
        let mut pause = FIRST_PAUSE;
        let addresses = loop {
            match self.set_up_sandbox().await {
                Ok(addresses) => break addresses,
                Err(message) => {
                    self.warn("FailedCreatePodSandBox", &message).await;
                    self.report(&Stage::Starting { reason: "ContainerCreating", message: &message }).await;
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
            }
        };
        pause = FIRST_PAUSE;
        loop {
            match self.start_containers(containers).await {
                Ok(()) => {
                    self.report(&Stage::Running { addresses: &addresses }).await;
                    let (name, how) = first_to_end(containers).await;
                    let message = format!("container {name} ended ({how})");
                    self.report(&Stage::Failed { message: &message }).await;
                    self.warn("BackOff", &message).await;
                    self.restarts += 1;
                }
                Err(err) => {
                    let reason =
                        if matches!(err, container::Error::Image { .. }) { "ErrImageNeverPull" } else { "Failed" };
                    self.warn("Failed", &err.to_string()).await;
                    self.report(&Stage::Starting { reason, message: &err.to_string() }).await;
                }
            }
            containers.clear();
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Makes the pod's namespace and has the plugin connect it.
    async fn set_up_sandbox(&mut self) -> Result<Vec<IpAddr>, String> {
        let config = &self.runtime.config;
        if self.pod.spec.as_ref().and_then(|spec| spec.host_network) == Some(true) {
            let addresses = vec![IpAddr::V4(config.node.address)];
            self.register(config.netns.clone(), &addresses, Duration::ZERO);
            return Ok(addresses);
        }
        let netns = Netns::create().map_err(|err| format!("cannot create a network namespace: {err}"))?;
        let target = Target {
            container_id: container_id(&self.pod),
            netns: netns.path(),
            namespace: self.pod.namespace().unwrap_or_default(),
            name: self.pod.name_any(),
            uid: self.pod.uid().unwrap_or_default(),
        };
        // Remembered before the call: what a broken-off ADD has made must be undone as well.
        self.attached = Some((target.clone(), None, netns.clone()));
        let since = Instant::now();
        let added = config.cni.add(&config.netns, &target).await;
        let elapsed = since.elapsed();
        match added {
            Ok((addresses, result)) => {
                debug!(pod = target.name, ?addresses, ?elapsed, "connected");
                self.attached = Some((target, Some(result), netns.clone()));
                self.register(netns, &addresses, elapsed);
                Ok(addresses)
            }
            Err(err) => {
                self.tear_down().await;
                Err(format!("failed to set up the network of sandbox for pod \"{}\": {err}", target.name))
            }
        }
    }

    fn register(&self, netns: Netns, addresses: &[IpAddr], add_elapsed: Duration) {
        let node = self.runtime.config.node.name.clone();
        self.runtime
            .sandboxes
            .insert(&self.pod, Sandbox { netns, node, address: addresses.first().copied(), add_elapsed });
    }

    async fn start_containers(&self, containers: &mut Vec<Running>) -> Result<(), container::Error> {
        let config = &self.runtime.config;
        let netns = self.attached.as_ref().map_or(&config.netns, |(_, _, netns)| netns);
        for spec in self.pod.spec.iter().flat_map(|spec| &spec.containers) {
            containers.push(container::start(config, &self.pod, spec, netns).await?);
        }
        Ok(())
    }

    /// Has the plugin undo what its ADD made; the namespace goes with the last file descriptor.
    async fn tear_down(&mut self) {
        self.runtime.sandboxes.remove(&self.pod);
        let Some((target, result, netns)) = self.attached.take() else { return };
        let mut pause = FIRST_PAUSE;
        for _ in 0..5 {
            match self.runtime.config.cni.del(&self.runtime.config.netns, &target, result.clone()).await {
                Ok(()) => break,
                Err(err) => warn!(pod = target.name, error = %err, "DEL failed"),
            }
            tokio::time::sleep(pause).await;
            pause *= 2;
        }
        drop(netns);
    }

    /// Tells the API server that the pod's processes are gone.
    async fn confirm_deletion(&self) {
        let pods: Api<Pod> = Api::namespaced(self.runtime.client.clone(), &self.pod.namespace().unwrap_or_default());
        let preconditions = Preconditions { uid: self.pod.uid(), resource_version: None };
        let params = DeleteParams { preconditions: Some(preconditions), ..DeleteParams::default() }.grace_period(0);
        match pods.delete(&self.pod.name_any(), &params).await {
            Err(kube::Error::Api(err)) if err.code == 404 || err.code == 409 => {}
            Err(err) => warn!(pod = self.pod.name_any(), error = %err, "deletion not confirmed"),
            Ok(_) => {}
        }
    }

    async fn report(&self, stage: &Stage<'_>) {
        let pods: Api<Pod> = Api::namespaced(self.runtime.client.clone(), &self.pod.namespace().unwrap_or_default());
        let patch = status::of(&self.pod, self.runtime.config.node.address, stage, self.restarts, self.started);
        let patched = pods.patch_status(&self.pod.name_any(), &PatchParams::default(), &Patch::Merge(patch)).await;
        match patched {
            Err(kube::Error::Api(err)) if err.code == 404 => {}
            Err(err) => warn!(pod = self.pod.name_any(), error = %err, "status not reported"),
            Ok(_) => {}
        }
    }

    async fn warn(&self, reason: &str, message: &str) {
        self.runtime.events.record(&self.pod, Kind::Warning, reason, message).await;
    }
}

/// Waits for the first container that ends; a pod without containers waits forever.
async fn first_to_end(containers: &mut [Running]) -> (String, String) {
    if containers.is_empty() {
        return std::future::pending().await;
    }
    let waits = containers.iter_mut().map(|it| {
        let name = it.name.clone();
        Box::pin(async move { (name, it.ended().await) })
    });
    futures::future::select_all(waits).await.0
}

/// A sandbox id of 64 hexadecimal digits, as container runtimes give them.
fn container_id(pod: &Pod) -> String {
    let digits: String = pod.uid().unwrap_or_default().chars().filter(char::is_ascii_hexdigit).collect();
    format!("{digits:0<64}")
}
