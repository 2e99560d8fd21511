//! The state that every task shares: one model per account and region, each behind one lock, with a
//! generation that waiters can watch.
//!
//! A lock is held for the length of a change and never across an `await`; readers hold none. Changes take turns
//! across all models, because one account may have to tell another what it did.

mod deliver;
mod key;
mod region;
mod replay;
#[cfg(test)]
mod tests;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use ec2_api::Response;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::sync::{Notify, watch};
use uuid::Uuid;
use vpc_model::{Context, InstanceId, Model, NetworkInterfaceId};

pub use self::key::StateKey;
pub use self::region::RegionState;
use crate::auto_scaling::{Group, GroupError};
use crate::board::Board;
use crate::clusters::Clusters;
use crate::faults::Faults;
use crate::faults::config::{Capacity, InvalidFault};
use crate::imds::{Imds, Reply};
use crate::journal::{Entry, Journal, JournalError};
use crate::limits::Limits;
use crate::metrics::Metrics;
use crate::sessions::Sessions;
use crate::trail::Trail;
use crate::{Config, clock};

/// The state that every task shares.
#[derive(Debug)]
pub struct Shared {
    config: Config,
    seed: u64,
    home_key: StateKey,
    home: Arc<RegionState>,
    elsewhere: RwLock<BTreeMap<StateKey, Arc<RegionState>>>,
    turn: Mutex<()>,
    changed: Arc<Notify>,
    board: Board,
    trail: Trail,
    faults: Arc<Faults>,
    metrics: Metrics,
    journal: Journal,
    imds: Imds,
    sessions: Sessions,
    clusters: Clusters,
}

/// A change that no caller asked for: the kernel, or time, completes what a call began.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", rename_all_fields = "snake_case")]
pub enum LifeCycle {
    /// The ENI's link is in its instance.
    AttachmentReady(#[serde(with = "as_text")] NetworkInterfaceId),
    /// The ENI's link is gone from its instance.
    AttachmentGone(#[serde(with = "as_text")] NetworkInterfaceId),
    /// The ENIs that an instance starts with are there.
    InstanceReady(#[serde(with = "as_text")] InstanceId),
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
    /// The trail's file cannot be written.
    #[error(transparent)]
    Trail(std::io::Error),
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
        let trail = Trail::open(config.trail_file.as_deref()).map_err(OpenError::Trail)?;
        let shared = match config.journal.clone() {
            None => Self::begin(config, faults, Journal::unnamed()),
            Some(path) => match Journal::open(&path)? {
                (journal, entries) if entries.is_empty() => Self::begin(config, faults, journal),
                (journal, entries) => replay::rebuild(config, faults, journal, &entries)?,
            },
        };
        Ok(Self { trail, ..shared })
    }

    fn begin(config: Config, faults: Faults, journal: Journal) -> Self {
        let now = Timestamp::now();
        let seed = config.seed.unwrap_or_else(|| now.as_nanosecond() as u64);
        journal.push(&Entry::begin(&config.account.0, &config.region.0, seed, now));
        let shared = Self::fresh(config, faults, journal, seed, now);
        shared.limit(&shared.home_key, &shared.home, now);
        shared
    }

    fn fresh(config: Config, faults: Faults, journal: Journal, seed: u64, now: Timestamp) -> Self {
        let (faults, changed) = (Arc::new(faults), Arc::new(Notify::new()));
        let home_key = StateKey::new(config.account.clone(), config.region.clone());
        let home = RegionState::fresh(&home_key, seed, now, Arc::clone(&faults), Arc::clone(&changed));
        let mut secret = [0; 32];
        secret[..16].copy_from_slice(Uuid::new_v4().as_bytes());
        secret[16..].copy_from_slice(Uuid::new_v4().as_bytes());
        Self {
            config,
            seed,
            home_key,
            home: Arc::new(home),
            elsewhere: RwLock::default(),
            turn: Mutex::default(),
            changed,
            board: Board::new(),
            trail: Trail::default(),
            faults,
            metrics: Metrics::default(),
            journal,
            imds: Imds::new(secret),
            sessions: Sessions::default(),
            clusters: Clusters::default(),
        }
    }

    /// What the emulator was started with.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The account and region whose VPCs are built in the kernel.
    pub fn home(&self) -> &Arc<RegionState> {
        &self.home
    }

    /// Which account and region are home.
    pub fn home_key(&self) -> &StateKey {
        &self.home_key
    }

    /// An account's state in a region, made when first asked for.
    pub fn state(&self, key: &StateKey) -> Arc<RegionState> {
        if let Some(state) = self.known(key) {
            return state;
        }
        let mut elsewhere = self.elsewhere.write().unwrap_or_else(PoisonError::into_inner);
        // Somebody else may have been faster.
        let state = elsewhere.entry(key.clone()).or_insert_with(|| {
            let now = Timestamp::now();
            self.journal.push(&Entry::region(&self.home_key, key, now));
            let state = Arc::new(self.fresh_state(key, now));
            self.limit(key, &state, now);
            state
        });
        Arc::clone(state)
    }

    /// A state as an earlier emulator made it.
    fn state_at(&self, key: &StateKey, now: Timestamp) -> Arc<RegionState> {
        self.known(key).unwrap_or_else(|| {
            let mut elsewhere = self.elsewhere.write().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(elsewhere.entry(key.clone()).or_insert_with(|| Arc::new(self.fresh_state(key, now))))
        })
    }

    fn known(&self, key: &StateKey) -> Option<Arc<RegionState>> {
        if *key == self.home_key {
            return Some(Arc::clone(&self.home));
        }
        self.elsewhere.read().unwrap_or_else(PoisonError::into_inner).get(key).cloned()
    }

    fn fresh_state(&self, key: &StateKey, now: Timestamp) -> RegionState {
        let seed = self.seed ^ key.fold(&self.home_key.account);
        RegionState::fresh(key, seed, now, Arc::clone(&self.faults), Arc::clone(&self.changed))
    }

    /// All states there are so far, home first.
    pub fn states(&self) -> Vec<(StateKey, Arc<RegionState>)> {
        let elsewhere = self.elsewhere.read().unwrap_or_else(PoisonError::into_inner);
        let elsewhere = elsewhere.iter().map(|(key, state)| (key.clone(), Arc::clone(state)));
        [(self.home_key.clone(), Arc::clone(&self.home))].into_iter().chain(elsewhere).collect()
    }

    /// Wakes one who waits for any state to change.
    pub(crate) fn changed(&self) -> &Notify {
        &self.changed
    }

    /// Puts the configured limits in force, if others are.
    fn limit(&self, key: &StateKey, state: &RegionState, now: Timestamp) {
        let Config { quotas, delays, strict_images, .. } = self.config;
        let limits = Limits { quotas, delays, strict_images };
        if state.read(Limits::of) == limits {
            return;
        }
        let record = |_| self.journal.push(&Entry::limits(&self.home_key, key, now, limits));
        state.change(now, None, |model, _| limits.apply(model), record);
    }

    /// Reads the home state's model.
    pub fn read<R>(&self, look: impl FnOnce(&Model) -> R) -> R {
        self.home.read(look)
    }

    /// The home state's generation, and how to wait for the next.
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
    ///
    /// # Errors
    /// The journal's file cannot be read.
    pub fn journal(&self) -> std::io::Result<String> {
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

    pub(crate) fn imds(&self) -> &Imds {
        &self.imds
    }

    /// The temporary credentials that were handed out.
    pub(crate) fn sessions(&self) -> &Sessions {
        &self.sessions
    }

    /// An answer of the metadata service as it goes out: the credentials that it tells are good from now on.
    pub(crate) fn give(&self, mut reply: Reply) -> Reply {
        if let Some(session) = reply.session.take() {
            self.sessions.remember(session);
        }
        reply
    }

    /// Where an instance is.
    pub(crate) fn place_of(&self, instance: &InstanceId) -> Option<StateKey> {
        let has_it = |state: &RegionState| state.read(|model| model.instance(instance).is_some());
        self.states().into_iter().find(|(_, state)| has_it(state)).map(|(key, _)| key)
    }

    /// Interrupts the Spot Instances whose time has come, as EC2 would: with a call nobody made.
    pub(crate) fn interrupt(&self, now: Timestamp) {
        for (instance, action) in self.imds.notices.take_due(now) {
            let Some(key) = self.place_of(&instance) else { continue };
            let form = format!("Version=2016-11-15&Action={}&InstanceId.1={instance}", action.call());
            let call = ec2_api::parse(form.as_bytes()).expect("an action with its parameters");
            let answer = self.call(&key, call, &form, &Uuid::new_v4().to_string());
            tracing::info!(%instance, code = answer.code, "interrupted");
        }
    }

    pub(crate) fn clusters(&self) -> &Clusters {
        &self.clusters
    }

    /// Makes an Auto Scaling group known.
    pub(crate) fn set_group(&self, key: &StateKey, name: &str, told: &Group) -> Result<(), GroupError> {
        let state = self.state(key);
        let _turn = self.take_turn();
        let now = Timestamp::now();
        let record = |seed| self.journal.push(&Entry::group(&self.home_key, key, now, seed, name, Some(told)));
        state.change(now, None, |model, cx| told.apply(name, model, cx), record)?;
        self.follow(key, &state, now);
        self.deliver(key, now);
        Ok(())
    }

    /// Forgets an Auto Scaling group; whether it was there.
    pub(crate) fn forget_group(&self, key: &StateKey, name: &str) -> bool {
        let state = self.state(key);
        let _turn = self.take_turn();
        let now = Timestamp::now();
        let record = |seed| self.journal.push(&Entry::group(&self.home_key, key, now, seed, name, None));
        state.change(now, None, |model, _| model.forget_auto_scaling_group(name).is_some(), record)
    }

    /// Answers a call that has been parsed.
    pub(crate) fn call(&self, key: &StateKey, call: ec2_api::Call, form: &str, request_id: &str) -> Response {
        self.call_under_faults(key, call, form, request_id, &mut Vec::new())
    }

    /// The same; adds the names of the faults that it met on the way.
    pub(crate) fn call_under_faults(
        &self,
        key: &StateKey,
        call: ec2_api::Call,
        form: &str,
        request_id: &str,
        names: &mut Vec<String>,
    ) -> Response {
        let state = self.state(key);
        if call.is_read_only() {
            let (now, lag) = (Timestamp::now(), self.faults.describe_lag());
            return ec2_api::dispatch_read(call, &state.model_behind(now, lag), now, request_id);
        }
        let _turn = self.take_turn();
        let now = Timestamp::now();
        let mut is_changed = false;
        // Credentials change no state, so nothing else would make the next ones differ.
        let is_sts = call.service() == ec2_api::Service::Sts;
        let seed = is_sts.then(|| Uuid::new_v4().as_u64_pair().1);
        let (sold_out, met) = (self.faults.sold_out(), RefCell::new(Vec::new()));
        let answer = state.change(
            now,
            seed,
            |model, cx| {
                model.set_sold_out(sold_out.clone());
                let answer = ec2_api::dispatch(call, model, cx, request_id);
                *met.borrow_mut() = model.take_sold_out();
                answer
            },
            |seed| {
                is_changed = true;
                let has_met = met.borrow().iter().any(|rule| rule.hits > 0);
                let sold_out = sold_out.iter().filter(|_| has_met).map(Capacity::of).collect();
                self.journal.push(&Entry::call(&self.home_key, key, now, seed, request_id, form, sold_out));
            },
        );
        names.extend(self.faults.meet(&met.borrow()));
        if is_changed {
            self.follow(key, &state, now);
            self.deliver(key, now);
        }
        answer
    }

    /// Completes what a call began and nothing holds up, and lets fleets and groups launch what they lost.
    fn follow(&self, key: &StateKey, state: &RegionState, now: Timestamp) {
        self.complete_begun(key, state, now);
        self.replace_in_turn(key, state, now);
    }

    /// Lets fleets and groups launch what they lost.
    pub(crate) fn replace_lost(&self, key: &StateKey, state: &RegionState, now: Timestamp) {
        let _turn = self.take_turn();
        self.replace_in_turn(key, state, now);
        self.deliver(key, now);
    }

    fn replace_in_turn(&self, key: &StateKey, state: &RegionState, now: Timestamp) {
        if state.read(|model| ec2_api::is_to_replace(model, now)) {
            let sold_out = self.faults.sold_out();
            let record = |seed| {
                let sold_out = sold_out.iter().map(Capacity::of).collect();
                self.journal.push(&Entry::fill(&self.home_key, key, now, seed, sold_out));
            };
            let fill = |model: &mut Model, cx: &mut Context<'_>| {
                model.set_sold_out(sold_out.clone());
                ec2_api::replace_lost(model, cx);
                model.take_sold_out()
            };
            self.faults.meet(&state.change(now, None, fill, record));
            self.complete_begun(key, state, now);
        }
    }

    fn complete_begun(&self, key: &StateKey, state: &RegionState, now: Timestamp) {
        if self.is_built(key) {
            return self.complete_in_turn(state, key, &LifeCycle::Advance, now);
        }
        let transitions = self.config.transitions;
        if transitions.is_immediate() {
            return self.complete_in_turn(state, key, &LifeCycle::Settle, now);
        }
        for event in state.read(clock::under_way) {
            if event.delay(transitions).is_zero() {
                self.complete_in_turn(state, key, &event, now);
            }
        }
        self.complete_in_turn(state, key, &LifeCycle::Advance, now);
    }

    /// Whether a state's VPCs are built in the kernel, so that the kernel decides when something is complete.
    ///
    /// Deviation: only the home account's in the home region are; elsewhere everything completes after a time.
    pub(crate) fn is_built(&self, key: &StateKey) -> bool {
        self.config.fabric && *key == self.home_key
    }

    /// Tells the home state's model what the kernel, or time, has completed.
    pub fn complete(&self, event: &LifeCycle) {
        self.complete_at(&self.home, &self.home_key, event, Timestamp::now());
    }

    pub(crate) fn complete_at(&self, state: &RegionState, key: &StateKey, event: &LifeCycle, now: Timestamp) {
        let _turn = self.take_turn();
        self.complete_in_turn(state, key, event, now);
        self.deliver(key, now);
    }

    fn complete_in_turn(&self, state: &RegionState, key: &StateKey, event: &LifeCycle, now: Timestamp) {
        let record = |_| self.journal.push(&Entry::complete(&self.home_key, key, now, event));
        state.change(now, None, |model, _| event.apply(model, now), record);
    }

    /// Begins every account anew.
    ///
    /// # Errors
    /// The kernel does not follow the model, so what was built could not be taken down either.
    pub fn reset(&self) -> Result<(), ResetError> {
        if let [first, ..] = self.board.watch().borrow().failed.as_slice() {
            let count = self.board.watch().borrow().failed.len();
            return Err(ResetError::FabricFails { count, first: first.op.clone() });
        }
        let _turn = self.take_turn();
        let now = Timestamp::now();
        for (key, state) in self.states() {
            let record = |seed| self.journal.push(&Entry::reset(&self.home_key, &key, now, seed));
            state.reset(now, None, record);
        }
        self.imds.notices.clear();
        self.clusters.clear();
        self.faults.restore();
        self.trail.clear();
        Ok(())
    }
}

impl LifeCycle {
    fn apply(&self, model: &mut Model, now: Timestamp) {
        match self {
            Self::AttachmentReady(eni) => model.attachment_ready(eni),
            Self::AttachmentGone(eni) => model.attachment_gone(eni),
            Self::InstanceReady(instance) => {
                let interfaces: Vec<_> = model.interfaces_of(instance).map(|eni| eni.id.clone()).collect();
                interfaces.iter().for_each(|eni| model.attachment_ready(eni));
            }
            Self::InstanceGone(instance) => model.instance_gone(instance, now),
            Self::InstanceStopped(instance) => model.instance_stopped(instance),
            Self::Settle => model.settle(now),
            Self::Advance => model.advance(now),
        }
    }
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
