//! Where the reconciler reports what the kernel has, and where everybody else reads it.

use std::collections::BTreeMap;

use linux_net::Netns;
use tokio::sync::watch;
use vpc_model::{InstanceId, VpcId};

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
}

/// An operation that did not work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedOp {
    /// What was to be done.
    pub op: String,
    /// Why it was not.
    pub error: String,
}

/// Where the reconciler reports.
#[derive(Debug)]
pub struct Board {
    applied: watch::Sender<Applied>,
}

impl Board {
    pub(crate) fn new() -> Self {
        Self { applied: watch::Sender::new(Applied::default()) }
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

    /// The fabric of a VPC.
    pub fn vpc(&self, id: &VpcId) -> Option<Netns> {
        self.applied.borrow().vpcs.get(id).cloned()
    }

    /// The namespace of an instance.
    pub fn instance(&self, id: &InstanceId) -> Option<Netns> {
        self.applied.borrow().instances.get(id).cloned()
    }
}
