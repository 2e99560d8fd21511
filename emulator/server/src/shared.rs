//! The state that every task shares: one model per region, each behind one lock, with a generation
//! that waiters can watch.
//!
//! A lock is held for the length of a closure and never across an `await`.

mod region;
mod replay;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use ec2_api::Response;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use uuid::Uuid;
use vpc_model::{InstanceId, Model, NetworkInterfaceId, Region};

pub use self::region::RegionState;
use crate::Config;
use crate::board::Board;
use crate::faults::Faults;
use crate::faults::config::InvalidFault;
use crate::imds::Tokens;
use crate::journal::{Entry, Journal, JournalError};
use crate::metrics::Metrics;
use crate::trail::Trail;

/// The state that every task shares.
#[derive(Debug)]
pub struct Shared {
    config: Config,
    seed: u64,
    home: Arc<RegionState>,
    elsewhere: RwLock<BTreeMap<Region, Arc<RegionState>>>,
    board: Board,
    trail: Trail,
    faults: Arc<Faults>,
    metrics: Metrics,
    journal: Journal,
    tokens: Tokens,
}

/// A change that no caller asked for: the kernel, or time, completes what a call began.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", rename_all_fields = "snake_case")]
pub enum LifeCycle {
    /// The ENI's link is in its instance.
    AttachmentReady(#[serde(with = "as_text")] NetworkInterfaceId),
    /// The ENI's link is gone from its instance.
    AttachmentGone(#[serde(with = "as_text")] NetworkInterfaceId),
    /// Nothing is left of a terminated instance.
    InstanceGone(#[serde(with = "as_text")] InstanceId),
    /// Nothing is left of a stopped instance's network.
    InstanceStopped(#[serde(with = "as_text")] InstanceId),
    /// Everything pending is complete.
    Settle,
    /// Time has passed: what is due in the background is complete.
    Advance,
}

/// Why there is no account.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The journal cannot be used.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// A fault cannot be.
    #[error(transparent)]
    Fault(#[from] InvalidFault),
}

/// Why an account did not begin anew.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ResetError {
    /// What the kernel has could not be taken down either.
    #[error("{count} operations on the kernel fail, first {first:?}")]
    FabricFails {
        /// How many.
        count: usize,
        /// One of them.
        first: String,
    },
}

impl Shared {
    /// An account: fresh, or rebuilt from its journal.
    ///
    /// # Errors
    /// The journal cannot be used, or a fault cannot be.
    pub fn open(config: Config) -> Result<Self, OpenError> {
        let faults = Faults::new(config.faults.clone())?;
        match config.journal.clone() {
            None => Ok(Self::begin(config, faults, Journal::in_memory())),
            Some(path) => match Journal::open(&path)? {
                (journal, entries) if entries.is_empty() => Ok(Self::begin(config, faults, journal)),
                (journal, entries) => Ok(replay::rebuild(config, faults, journal, &entries)?),
            },
        }
    }

    fn begin(config: Config, faults: Faults, journal: Journal) -> Self {
        let now = Timestamp::now();
        let seed = config.seed.unwrap_or_else(|| now.as_nanosecond() as u64);
        journal.push(&Entry::begin(&config.account.0, &config.region.0, seed, now));
        Self::fresh(config, faults, journal, seed, now)
    }

    fn fresh(config: Config, faults: Faults, journal: Journal, seed: u64, now: Timestamp) -> Self {
        let faults = Arc::new(faults);
        let home = RegionState::fresh(&config.account, &config.region, seed, now, Arc::clone(&faults));
        let mut secret = [0; 32];
        secret[..16].copy_from_slice(Uuid::new_v4().as_bytes());
        secret[16..].copy_from_slice(Uuid::new_v4().as_bytes());
        Self {
            config,
            seed,
            home: Arc::new(home),
            elsewhere: RwLock::default(),
            board: Board::new(),
            trail: Trail::default(),
            faults,
            metrics: Metrics::default(),
            journal,
            tokens: Tokens::new(secret),
        }
    }

    /// What the emulator was started with.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The region whose VPCs are built in the kernel.
    pub fn home(&self) -> &Arc<RegionState> {
        &self.home
    }

    /// A region's state, made when first asked for.
    pub fn region(&self, region: &Region) -> Arc<RegionState> {
        self.region_at(region, Timestamp::now())
    }

    fn region_at(&self, region: &Region, now: Timestamp) -> Arc<RegionState> {
        if *region == self.config.region {
            return Arc::clone(&self.home);
        }
        let mut elsewhere = self.elsewhere.write().unwrap_or_else(PoisonError::into_inner);
        let state = elsewhere.entry(region.clone()).or_insert_with(|| {
            self.journal.push(&Entry::Region { region: region.0.clone(), time: now });
            let seed = self.seed ^ fold(region);
            Arc::new(RegionState::fresh(&self.config.account, region, seed, now, Arc::clone(&self.faults)))
        });
        Arc::clone(state)
    }

    /// Reads the home region's model.
    pub fn read<R>(&self, look: impl FnOnce(&Model) -> R) -> R {
        self.home.read(look)
    }

    /// The home region's generation, and how to wait for the next.
    pub fn watch(&self) -> watch::Receiver<u64> {
        self.home.watch()
    }

    /// Where the reconciler reports what the kernel has.
    pub fn board(&self) -> &Board {
        &self.board
    }

    /// The calls that were made.
    pub fn trail(&self) -> &Trail {
        &self.trail
    }

    /// Everything that changed the models so far, one JSON object a line.
    pub fn journal(&self) -> String {
        self.journal.text()
    }

    /// The faults that calls meet.
    pub fn faults(&self) -> &Faults {
        &self.faults
    }

    /// How many calls there were and how long they took.
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    pub(crate) fn tokens(&self) -> &Tokens {
        &self.tokens
    }

    /// Answers a call that has been parsed.
    pub(crate) fn call(&self, region: &Region, call: ec2_api::Call, form: &str, request_id: &str) -> Response {
        let (state, now) = (self.region(region), Timestamp::now());
        if call.is_read_only() {
            let lag = self.faults.describe_lag();
            return state.read_behind(now, lag, |model| ec2_api::dispatch_read(call, model, now, request_id));
        }
        let answer = state.change(
            now,
            None,
            |model, cx| ec2_api::dispatch(call, model, cx, request_id),
            |seed| {
                let (region, form, request_id) = (region.0.clone(), form.to_owned(), request_id.to_owned());
                self.journal.push(&Entry::Call { region, time: now, seed, request_id, form });
            },
        );
        let next = if self.is_built(region) { LifeCycle::Advance } else { LifeCycle::Settle };
        self.complete_in(&state, region, &next);
        answer
    }

    /// Whether a region's VPCs are built in the kernel, so that the kernel decides when something is complete.
    ///
    /// Deviation: only the home region is built; elsewhere everything completes at once.
    fn is_built(&self, region: &Region) -> bool {
        self.config.fabric && *region == self.config.region
    }

    /// Tells the home region's model what the kernel, or time, has completed.
    pub fn complete(&self, event: &LifeCycle) {
        self.complete_in(&self.home, &self.config.region, event);
    }

    fn complete_in(&self, state: &RegionState, region: &Region, event: &LifeCycle) {
        let now = Timestamp::now();
        state.change(
            now,
            None,
            |model, _| event.apply(model, now),
            |_| self.journal.push(&Entry::Complete { region: region.0.clone(), time: now, event: event.clone() }),
        );
    }

    /// Begins the account anew.
    ///
    /// # Errors
    /// The kernel does not follow the model, so what was built could not be taken down either.
    pub fn reset(&self) -> Result<(), ResetError> {
        if let [first, ..] = self.board.watch().borrow().failed.as_slice() {
            let count = self.board.watch().borrow().failed.len();
            return Err(ResetError::FabricFails { count, first: first.op.clone() });
        }
        self.reset_at(Timestamp::now(), None);
        self.faults.restore();
        Ok(())
    }

    fn reset_at(&self, now: Timestamp, seed: Option<u64>) {
        self.elsewhere.write().unwrap_or_else(PoisonError::into_inner).clear();
        let record = |seed| self.journal.push(&Entry::Reset { time: now, seed });
        self.home.change(now, seed, Model::reset, record);
    }
}

impl LifeCycle {
    fn apply(&self, model: &mut Model, now: Timestamp) {
        match self {
            Self::AttachmentReady(eni) => model.attachment_ready(eni),
            Self::AttachmentGone(eni) => model.attachment_gone(eni),
            Self::InstanceGone(instance) => model.instance_gone(instance, now),
            Self::InstanceStopped(instance) => model.instance_stopped(instance),
            Self::Settle => model.settle(now),
            Self::Advance => model.advance(now),
        }
    }
}

/// Gives each region ids of its own (FNV-1a over the name).
fn fold(region: &Region) -> u64 {
    region.0.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3))
}

/// Ids as their text.
mod as_text {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};
    use vpc_model::ResourceId;

    pub(super) fn serialize<T: ResourceId, S: Serializer>(id: &T, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(id)
    }

    pub(super) fn deserialize<'de, T: ResourceId, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}
