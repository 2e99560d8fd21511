//! The loop: passes whenever the model changes, and again after a while when something failed. Now and then, and before
//! anything is tried again, it looks whether the kernel still has what was applied.

use std::sync::Arc;
use std::time::{Duration, Instant};
use std::{io, thread};

use linux_net::{features, vlan};
use tokio::runtime::Handle;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{debug, warn};
use vpc_fabric::{Desired, Options, compile};

use super::fabric::{Fabric, PassReport, Plan};
use super::transitions;
use crate::Shared;
use crate::board::{Applied, FailedOp, PlanReport, PlannedStep, Request};

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
    /// How often the kernel is looked at; never without.
    interval: Option<Duration>,
    looked: Instant,
}

/// What ended a pause.
enum Woken {
    /// The model changed.
    Changed,
    /// It is time to stop.
    Stopped,
    /// It is time to look at the kernel.
    Due,
    /// Somebody asks.
    Asked(Request),
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
        let interval = Duration::try_from(shared.config().reconcile_interval).ok().filter(|it| !it.is_zero());
        let fabric = Fabric::new(carrier.ok());
        Self { shared, options, fabric, retry: FIRST_RETRY, interval, looked: Instant::now() }
    }

    fn run(mut self, runtime: &Handle, stop: &CancellationToken) {
        let mut changes = self.shared.watch();
        let Some(mut requests) = self.shared.board().take_requests() else { return };
        changes.mark_unchanged();
        let mut retry = self.pass();
        loop {
            let until_look = self.interval.map(|interval| interval.saturating_sub(self.looked.elapsed()));
            let pause = [retry, until_look].into_iter().flatten().min();
            match runtime.block_on(wake(&mut changes, &mut requests, stop, pause)) {
                Woken::Changed => {
                    changes.mark_unchanged();
                    retry = self.pass();
                }
                Woken::Due => {
                    changes.mark_unchanged();
                    self.look();
                    retry = self.pass();
                }
                Woken::Stopped => break,
                Woken::Asked(Request::Plan(answer)) => drop(answer.send(self.plan())),
                Woken::Asked(Request::Reconcile(answer)) => {
                    changes.mark_unchanged();
                    let unseen = self.look();
                    let (generation, desired) = self.desired();
                    let plan = self.fabric.noted_plan(&desired);
                    let mut report = planned(generation, &plan);
                    report.unseen = unseen;
                    let (after, pass) = self.reconcile(generation, plan);
                    retry = after;
                    (report.done, report.waiting) = (Some(pass.done), pass.waiting);
                    report.failed.clone_from(&self.shared.board().watch().borrow().failed);
                    drop(answer.send(report));
                }
            }
        }
        self.shared.board().report(|applied| *applied = Applied::default());
    }

    /// One pass; gives after which time failed operations are to be tried again.
    fn pass(&mut self) -> Option<Duration> {
        let (generation, desired) = self.desired();
        let plan = self.fabric.noted_plan(&desired);
        self.reconcile(generation, plan).0
    }

    fn desired(&self) -> (u64, Desired) {
        self.shared.read(|model| (model.generation(), compile(model, &self.options)))
    }

    fn reconcile(&mut self, generation: u64, plan: Plan) -> (Option<Duration>, PassReport) {
        let shared = Arc::clone(&self.shared);
        let report = self.fabric.follow(plan, |fabric| shared.board().report(|applied| show(fabric, applied)));
        debug!(generation, done = report.done, failed = report.failures.len(), "reconciled");
        let failed = failed(generation, &report);
        self.shared.board().report(|applied| {
            show(&self.fabric, applied);
            (applied.generation, applied.failed) = (generation, failed);
        });
        for change in self.shared.read(|model| transitions(model, self.fabric.applied())) {
            self.shared.complete(&change);
        }
        (self.after(&report), report)
    }

    /// What a pass would do now.
    fn plan(&self) -> PlanReport {
        let (generation, desired) = self.desired();
        planned(generation, &self.fabric.plan(&desired))
    }

    /// Looks at the kernel, so that the next pass mends what is not as it should be.
    /// Gives what could not be looked at.
    fn look(&mut self) -> Vec<String> {
        let observation = self.fabric.look();
        self.looked = Instant::now();
        for (key, drift) in &observation.drift {
            warn!(%key, ?drift, "the kernel has another object than was applied");
        }
        observation.strays.iter().for_each(|stray| warn!(%stray, "belongs to no object"));
        observation.unseen.iter().for_each(|error| warn!(%error, "a namespace could not be looked at"));
        observation.unseen
    }

    fn after(&mut self, report: &PassReport) -> Option<Duration> {
        if report.failures.is_empty() && report.waiting == 0 {
            self.retry = FIRST_RETRY;
            return None;
        }
        let retry = self.retry;
        self.retry = LAST_RETRY.min(retry * 2);
        Some(retry)
    }
}

async fn wake(
    changes: &mut watch::Receiver<u64>,
    requests: &mut mpsc::UnboundedReceiver<Request>,
    stop: &CancellationToken,
    pause: Option<Duration>,
) -> Woken {
    let pause = async {
        match pause {
            Some(pause) => tokio::time::sleep(pause).await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        // The model's sender lives as long as the reconciler holds the state.
        _ = changes.changed() => Woken::Changed,
        Some(request) = requests.recv() => Woken::Asked(request),
        () = stop.cancelled() => Woken::Stopped,
        () = pause => Woken::Due,
    }
}

/// A plan as it is told.
fn planned(generation: u64, plan: &Plan) -> PlanReport {
    let strays = plan.strays.iter().map(|stray| PlannedStep {
        action: "remove",
        object: stray.to_string().trim_start_matches("- ").to_owned(),
        op: stray.to_string(),
        reason: "belongs to no object of the model".to_owned(),
        failed_before: None,
    });
    let steps = plan.steps.iter().map(|step| PlannedStep {
        action: step.op.action(),
        object: step.op.key().to_string(),
        op: step.op.to_string(),
        reason: step.cause.to_string(),
        failed_before: plan.failed.get(step.op.key()).map(|before| FailedOp {
            op: step.op.to_string(),
            error: before.error.clone(),
            errno: before.errno.map(|errno| format!("{errno:?}")),
            attempts: before.attempts,
        }),
    });
    PlanReport {
        generation,
        steps: strays.chain(steps).collect(),
        unseen: plan.unseen.clone(),
        ..PlanReport::default()
    }
}

/// Shows the namespaces on the board.
fn show(fabric: &Fabric, applied: &mut Applied) {
    applied.vpcs = fabric.vpc_namespaces().map(|(id, netns)| (id.clone(), netns.clone())).collect();
    let endpoints = fabric.endpoint_namespaces();
    applied.endpoints = endpoints.map(|(vpc, eni, netns)| (eni.clone(), (vpc.clone(), netns.clone()))).collect();
    let gateways = fabric.gateway_endpoint_namespaces();
    applied.gateway_endpoints = gateways.map(|(vpc, id, netns)| (id.clone(), (vpc.clone(), netns.clone()))).collect();
    let hosts = fabric.internet_hosts();
    applied.internet_hosts = hosts.map(|(name, netns)| (name.to_owned(), netns.clone())).collect();
    applied.instances = fabric.instance_namespaces().map(|(id, netns)| (id.clone(), netns.clone())).collect();
}

fn failed(generation: u64, report: &PassReport) -> Vec<FailedOp> {
    let ops = report.failures.iter().map(|failure| {
        let error = failure.source.to_string();
        warn!(generation, op = %failure.op, %error, "operation failed");
        let errno = failure.source.errno().map(|errno| format!("{errno:?}"));
        FailedOp { op: failure.op.clone(), error, errno, attempts: failure.attempts }
    });
    ops.collect()
}
