//! One region's model behind its lock.

use std::sync::{PoisonError, RwLock};

use jiff::Timestamp;
use tokio::sync::watch;
use vpc_model::{AccountId, Context, Ids, Model, Region};

/// One region's model behind its lock.
#[derive(Debug)]
pub struct RegionState {
    state: RwLock<State>,
    generation: watch::Sender<u64>,
}

#[derive(Debug)]
struct State {
    model: Model,
    /// Draws a seed for each change. A change that is refused draws none, so the seeds depend on
    /// nothing but the changes made.
    seeds: Ids,
}

impl RegionState {
    /// A fresh account's default resources.
    pub(super) fn fresh(account: &AccountId, region: &Region, seed: u64, now: Timestamp) -> Self {
        let mut seeds = Ids::seeded(seed);
        let mut cx = Context { now, ids: &mut Ids::seeded(seeds.number()) };
        let model = Model::with_defaults(account.clone(), region.clone(), &mut cx);
        let generation = watch::Sender::new(model.generation());
        Self { state: RwLock::new(State { model, seeds }), generation }
    }

    /// Reads the model.
    pub fn read<R>(&self, look: impl FnOnce(&Model) -> R) -> R {
        // After a handler's panic its own change may be half made; the others go on being served.
        look(&self.state.read().unwrap_or_else(PoisonError::into_inner).model)
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
        let State { model, seeds } = &mut *state;
        let (before, mut drawn) = (model.generation(), seeds.clone());
        let next = drawn.number();
        let seed = seed.unwrap_or(next);
        let outcome = change(model, &mut Context { now, ids: &mut Ids::seeded(seed) });
        if model.generation() != before {
            *seeds = drawn;
            record(seed);
            self.generation.send_replace(model.generation());
        }
        outcome
    }
}
