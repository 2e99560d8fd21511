//! What the agent's parts share: the pool, the ENIs' links, and signals between those who need and those who provide.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use cni_ipam::{Allocation, Demand, Key, Owner, Pool, Time};
use ipnet::Ipv4Net;
use linux_net::Netns;
use tokio::sync::{Notify, watch};
use tracing::warn;

use crate::checkpoint;
use crate::config::Settings;
use crate::eni::EniLink;

/// The agent's memory.
#[derive(Debug)]
pub struct State {
    /// The settings.
    pub settings: Settings,
    /// The node's network namespace.
    pub netns: Netns,
    /// Somebody may need addresses.
    pub need: Notify,
    /// Counts what changed in the pool, for those who wait.
    changes: watch::Sender<u64>,
    inner: Mutex<Inner>,
}

/// What the lock guards.
#[derive(Debug)]
pub struct Inner {
    /// ENIs and addresses.
    pub pool: Pool,
    /// The links of ENIs, by the ENI's id.
    pub links: BTreeMap<String, EniLink>,
    /// The VPC's networks.
    pub vpc_cidrs: Vec<Ipv4Net>,
    /// Pods that wait for an address.
    waiting: u32,
}

/// A pod that waits for an address; counts as demand while it lives.
struct Waiting<'a>(&'a State);

impl State {
    /// A state with an empty pool.
    pub fn new(settings: Settings, netns: Netns, pool: Pool, vpc_cidrs: Vec<Ipv4Net>) -> Self {
        let inner = Inner { pool, links: BTreeMap::new(), vpc_cidrs, waiting: 0 };
        Self { settings, netns, need: Notify::new(), changes: watch::Sender::new(0), inner: Mutex::new(inner) }
    }

    /// The guarded part. It holds no broken invariants between calls, so a panic elsewhere does not matter.
    pub fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says that the pool has changed.
    pub fn changed(&self) {
        self.changes.send_modify(|count| *count += 1);
    }

    /// What asks for addresses beyond the targets.
    pub fn demand(&self) -> Demand {
        Demand { waiting: self.lock().waiting }
    }

    /// Gives an address; waits for one as long as `patience` if there is none.
    pub async fn assign(&self, key: &Key, owner: &Owner, patience: Duration) -> Option<Allocation> {
        let mut changes = self.changes.subscribe();
        if let Some(given) = self.try_assign(key, owner) {
            return Some(given);
        }
        let _waiting = Waiting::new(self);
        let until = tokio::time::Instant::now() + patience;
        loop {
            match tokio::time::timeout_at(until, changes.changed()).await {
                Ok(Ok(())) => {}
                Ok(Err(_)) | Err(_) => return self.try_assign(key, owner),
            }
            if let Some(given) = self.try_assign(key, owner) {
                return Some(given);
            }
        }
    }

    fn try_assign(&self, key: &Key, owner: &Owner) -> Option<Allocation> {
        let given = self.lock().pool.assign(key, owner, now())?;
        self.save();
        self.need.notify_one();
        Some(given)
    }

    /// Writes the checkpoint. Without it addresses in use would be given again after a restart, which the next write
    /// may still prevent, so a failure is only told.
    pub fn save(&self) {
        let checkpoint = self.lock().pool.checkpoint();
        if let Err(error) = checkpoint::write(&self.settings.backing_store, &checkpoint) {
            let cause = std::error::Error::source(&error).map(ToString::to_string);
            warn!(%error, cause, "allocations are not saved");
        }
    }
}

impl<'a> Waiting<'a> {
    fn new(state: &'a State) -> Self {
        state.lock().waiting += 1;
        state.need.notify_one();
        Self(state)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.lock().waiting -= 1;
    }
}

/// Now, as the pool counts time.
pub fn now() -> Time {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
}
