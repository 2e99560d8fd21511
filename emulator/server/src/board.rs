//! Where the reconciler and the services inside VPCs report what there is, and where everybody else
//! reads it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use linux_net::Netns;
use tokio::sync::{mpsc, oneshot, watch};
use vpc_model::{InstanceId, NetworkInterfaceId, VpcEndpointId, VpcId};

/// What the kernel has, as far as the reconciler knows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Applied {
    /// The model's generation that the kernel shows.
    pub generation: u64,
    /// What did not work in the last pass and will be tried again.
    pub failed: Vec<FailedOp>,
    /// The fabric of each VPC, once its addresses can be bound.
    pub vpcs: BTreeMap<VpcId, Netns>,
    /// The namespace of each instance.
    pub instances: BTreeMap<InstanceId, Netns>,
    /// The namespaces of interface endpoints' ENIs, and their VPCs.
    pub endpoints: BTreeMap<NetworkInterfaceId, (VpcId, Netns)>,
    /// The namespaces that stand for services behind gateway endpoints, and their VPCs.
    pub gateway_endpoints: BTreeMap<VpcEndpointId, (VpcId, Netns)>,
    /// The hosts of the internet, by name.
    pub internet_hosts: BTreeMap<String, Netns>,
}

/// An operation that did not work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedOp {
    /// What was to be done.
    pub op: String,
    /// Why it was not.
    pub error: String,
    /// The kernel's reason, such as `EEXIST`.
    pub errno: Option<String>,
    /// In how many passes in a row it has failed.
    pub attempts: u32,
}

/// What a pass of the reconciler would do, or did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PlanReport {
    /// The model's generation that it leads to.
    pub generation: u64,
    /// Its steps, in their order.
    pub steps: Vec<PlannedStep>,
    /// What could not be looked at in the kernel.
    pub unseen: Vec<String>,
    /// How many steps worked; nothing for a plan.
    pub done: Option<usize>,
    /// How many steps wait for failed ones.
    pub waiting: usize,
    /// What did not work.
    pub failed: Vec<FailedOp>,
}

/// One step of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedStep {
    /// `add`, `change` or `remove`.
    pub action: &'static str,
    /// The object.
    pub object: String,
    /// The step in a line, as `status` shows it when it fails.
    pub op: String,
    /// Why it is needed.
    pub reason: String,
    /// How it failed in the last pass.
    pub failed_before: Option<FailedOp>,
}

/// What the reconciler is asked for.
#[derive(Debug)]
pub(crate) enum Request {
    /// To say what a pass would do.
    Plan(oneshot::Sender<PlanReport>),
    /// To do a pass that looks at the kernel.
    Reconcile(oneshot::Sender<PlanReport>),
}

/// Where the reconciler reports, and the services inside VPCs.
#[derive(Debug)]
pub struct Board {
    applied: watch::Sender<Applied>,
    serving: watch::Sender<BTreeSet<VpcId>>,
    requests: mpsc::UnboundedSender<Request>,
    /// Until the reconciler takes them.
    asked: Mutex<Option<mpsc::UnboundedReceiver<Request>>>,
}

impl Board {
    pub(crate) fn new() -> Self {
        let (requests, asked) = mpsc::unbounded_channel();
        let asked = Mutex::new(Some(asked));
        Self { applied: watch::Sender::new(Applied::default()), serving: watch::Sender::default(), requests, asked }
    }

    /// Asks the reconciler; nothing where there is none.
    pub(crate) async fn ask(&self, request: impl FnOnce(oneshot::Sender<PlanReport>) -> Request) -> Option<PlanReport> {
        let (sender, answer) = oneshot::channel();
        self.requests.send(request(sender)).ok()?;
        answer.await.ok()
    }

    /// The requests to the reconciler, once.
    pub(crate) fn take_requests(&self) -> Option<mpsc::UnboundedReceiver<Request>> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Reports; whoever watches wakes if something changed.
    pub fn report(&self, change: impl FnOnce(&mut Applied)) {
        self.applied.send_if_modified(|applied| {
            let before = applied.clone();
            change(applied);
            *applied != before
        });
    }

    /// The last report, and how to wait for the next.
    pub fn watch(&self) -> watch::Receiver<Applied> {
        self.applied.subscribe()
    }

    /// Which VPCs have all their services open, and how to wait for that to change.
    pub fn serving(&self) -> watch::Receiver<BTreeSet<VpcId>> {
        self.serving.subscribe()
    }

    /// Reports whether all services of a VPC are open.
    pub(crate) fn report_serving(&self, vpc: &VpcId, all_open: bool) {
        self.serving.send_if_modified(|serving| match all_open {
            true => serving.insert(vpc.clone()),
            false => serving.remove(vpc),
        });
    }

    /// The fabric of a VPC.
    pub fn vpc(&self, id: &VpcId) -> Option<Netns> {
        self.applied.borrow().vpcs.get(id).cloned()
    }

    /// The namespace of an instance.
    pub fn instance(&self, id: &InstanceId) -> Option<Netns> {
        self.applied.borrow().instances.get(id).cloned()
    }
}
