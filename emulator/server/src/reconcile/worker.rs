//! The loop: passes whenever the model changes, and again after a while when something failed.

use std::sync::Arc;
use std::time::Duration;
use std::{io, thread};

use linux_net::{features, vlan};
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{debug, warn};
use vpc_fabric::{Options, compile};

use super::fabric::{Fabric, PassReport};
use super::transitions;
use crate::Shared;
use crate::board::{Applied, FailedOp};

/// How long to wait before failed operations are tried again: doubled each time, up to the last.
const FIRST_RETRY: Duration = Duration::from_millis(20);
const LAST_RETRY: Duration = Duration::from_secs(5);

/// Keeps the kernel like the model.
#[derive(Debug)]
struct Reconciler {
    shared: Arc<Shared>,
    options: Options,
    fabric: Fabric,
    retry: Duration,
}

/// Starts reconciling, until stopped; then everything goes from the kernel, and `tasks` may end.
///
/// Kernel calls block, so the loop has a thread of its own.
///
/// # Errors
/// There is no such thread to be had.
pub(crate) fn start(shared: Arc<Shared>, stop: &CancellationToken, tasks: &TaskTracker) -> io::Result<()> {
    let (stop, task, runtime) = (stop.clone(), tasks.token(), Handle::current());
    let thread = thread::Builder::new().name("reconciler".to_owned());
    thread.spawn(move || {
        Reconciler::new(shared).run(&runtime, &stop);
        drop(task);
    })?;
    Ok(())
}

impl Reconciler {
    fn new(shared: Arc<Shared>) -> Self {
        let carrier = vlan::carrier(&features::probe());
        if let Err(missing) = &carrier {
            warn!(%missing, "branch network interfaces cannot be connected");
        }
        let options = shared.config().fabric_options();
        Self { shared, options, fabric: Fabric::new(carrier.ok()), retry: FIRST_RETRY }
    }

    fn run(mut self, runtime: &Handle, stop: &CancellationToken) {
        let mut changes = self.shared.watch();
        while !stop.is_cancelled() {
            changes.mark_unchanged();
            let retry = self.pass();
            runtime.block_on(wake(&mut changes, stop, retry));
        }
        self.shared.board().report(|applied| *applied = Applied::default());
    }

    /// One pass; gives after which time failed operations are to be tried again.
    fn pass(&mut self) -> Option<Duration> {
        let (generation, desired) = self.shared.read(|model| (model.generation(), compile(model, &self.options)));
        let shared = Arc::clone(&self.shared);
        let report = self.fabric.pass(&desired, |fabric| shared.board().report(|applied| show(fabric, applied)));
        debug!(generation, done = report.done, failed = report.failures.len(), "reconciled");
        let failed = failed(generation, &report);
        self.shared.board().report(|applied| {
            show(&self.fabric, applied);
            (applied.generation, applied.failed) = (generation, failed);
        });
        for change in self.shared.read(|model| transitions(model, self.fabric.applied())) {
            self.shared.complete(&change);
        }
        self.after(&report)
    }

    fn after(&mut self, report: &PassReport) -> Option<Duration> {
        if report.failures.is_empty() && report.waiting == 0 {
            self.retry = FIRST_RETRY;
            return None;
        }
        let lost = self.fabric.observe();
        if lost > 0 {
            warn!(lost, "objects vanished from the kernel and are made again");
        }
        let retry = self.retry;
        self.retry = LAST_RETRY.min(retry * 2);
        Some(retry)
    }
}

async fn wake(changes: &mut watch::Receiver<u64>, stop: &CancellationToken, retry: Option<Duration>) {
    let pause = async {
        match retry {
            Some(retry) => tokio::time::sleep(retry).await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        // The model's sender lives as long as the reconciler holds the state.
        _ = changes.changed() => {}
        () = stop.cancelled() => {}
        () = pause => {}
    }
}

/// Shows the namespaces on the board.
fn show(fabric: &Fabric, applied: &mut Applied) {
    applied.vpcs = fabric.vpc_namespaces().map(|(id, netns)| (id.clone(), netns.clone())).collect();
    let endpoints = fabric.endpoint_namespaces();
    applied.endpoints = endpoints.map(|(vpc, eni, netns)| (eni.clone(), (vpc.clone(), netns.clone()))).collect();
    let gateways = fabric.gateway_endpoint_namespaces();
    applied.gateway_endpoints = gateways.map(|(vpc, id, netns)| (id.clone(), (vpc.clone(), netns.clone()))).collect();
    applied.instances = fabric.instance_namespaces().map(|(id, netns)| (id.clone(), netns.clone())).collect();
}

fn failed(generation: u64, report: &PassReport) -> Vec<FailedOp> {
    let ops = report.failures.iter().map(|failure| {
        let error = failure.source.to_string();
        warn!(generation, op = %failure.op, %error, "operation failed");
        FailedOp { op: failure.op.clone(), error }
    });
    ops.collect()
}
