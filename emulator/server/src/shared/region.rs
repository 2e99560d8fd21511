//! One account's model in one region, behind its lock.

use std::collections::VecDeque;
use std::sync::{Arc, PoisonError, RwLock};

use jiff::{SignedDuration, Timestamp};
use tokio::sync::{Notify, watch};
use vpc_model::{Context, Ids, Model};

use super::StateKey;
use crate::faults::Faults;

/// One account's model in one region, behind its lock.
#[derive(Debug)]
pub struct RegionState {
    /// Changes are made under this lock, and looked at under none: readers take the model as it is at that
    /// moment, and a change copies what they hold.
    state: RwLock<State>,
    generation: watch::Sender<u64>,
    faults: Arc<Faults>,
    /// Tells the timer that something may be due at another time.
    changed: Arc<Notify>,
}

#[derive(Debug)]
struct State {
    model: Arc<Model>,
    /// Draws a seed for each change. A change that is refused draws none, so the seeds depend on
    /// nothing but the changes made.
    seeds: Ids,
    /// What was true before, and until when; kept only while answers are to be behind.
    past: VecDeque<(Timestamp, Arc<Model>)>,
}

/// How many past models are kept: with more changes than that, answers are less behind.
const PAST: usize = 64;

impl RegionState {
    /// A fresh account's default resources.
    pub(super) fn fresh(key: &StateKey, seed: u64, now: Timestamp, faults: Arc<Faults>, changed: Arc<Notify>) -> Self {
        let mut seeds = Ids::seeded(seed);
        let mut cx = Context { now, ids: &mut Ids::seeded(seeds.number()) };
        let model = Model::with_defaults(key.account.clone(), key.region.clone(), &mut cx);
        let generation = watch::Sender::new(model.generation());
        let state = State { model: Arc::new(model), seeds, past: VecDeque::new() };
        Self { state: RwLock::new(state), generation, faults, changed }
    }

    /// The model as it is now, for as long as one likes.
    pub fn model(&self) -> Arc<Model> {
        // After a handler's panic its own change may be half made; the others go on being served.
        Arc::clone(&self.state.read().unwrap_or_else(PoisonError::into_inner).model)
    }

    /// Reads the model.
    pub fn read<R>(&self, look: impl FnOnce(&Model) -> R) -> R {
        look(&self.model())
    }

    /// The model as it was some time ago, as far as that is still known.
    pub(crate) fn model_behind(&self, now: Timestamp, lag: SignedDuration) -> Arc<Model> {
        if lag.is_zero() {
            return self.model();
        }
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        let past = state.past.iter().find(|(until, _)| now.duration_since(*until) < lag);
        Arc::clone(past.map_or(&state.model, |(_, model)| model))
    }

    /// The generation, and how to wait for the next.
    pub fn watch(&self) -> watch::Receiver<u64> {
        self.generation.subscribe()
    }

    /// Changes the model. If it did change, `record` learns which seed its ids came from before anybody
    /// else can change it, and the new generation is published.
    ///
    /// The seed is given when a recorded change is made again.
    pub(crate) fn change<R>(
        &self,
        now: Timestamp,
        seed: Option<u64>,
        change: impl FnOnce(&mut Model, &mut Context<'_>) -> R,
        record: impl FnOnce(u64),
    ) -> R {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        let State { model, seeds, past } = &mut *state;
        let lag = self.faults.longest_lag();
        past.retain(|(until, _)| now.duration_since(*until) < lag);
        let before_it = (!lag.is_zero()).then(|| Arc::clone(model));
        let (before, mut drawn) = (model.generation(), seeds.clone());
        let next = drawn.number();
        let seed = seed.unwrap_or(next);
        let model = Arc::make_mut(model);
        let outcome = change(model, &mut Context { now, ids: &mut Ids::seeded(seed) });
        if model.generation() != before {
            model.write_messages();
            *seeds = drawn;
            if past.len() == PAST {
                past.pop_front();
            }
            past.extend(before_it.map(|model| (now, model)));
            record(seed);
            self.generation.send_replace(model.generation());
            self.changed.notify_one();
        }
        outcome
    }

    /// Begins anew. What was true before is forgotten, so that no answer can be behind the reset.
    pub(super) fn reset(&self, now: Timestamp, seed: Option<u64>, record: impl FnOnce(u64)) {
        self.change(now, seed, Model::reset, record);
        self.state.write().unwrap_or_else(PoisonError::into_inner).past.clear();
    }
}
