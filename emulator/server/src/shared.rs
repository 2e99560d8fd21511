//! The state that every task shares: one model per region, each behind one lock, with a generation
//! that waiters can watch.
//!
//! A lock is held for the length of a closure and never across an `await`.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use jiff::Timestamp;
use tokio::sync::watch;
use vpc_model::{AccountId, Context, Ids, InstanceId, Model, NetworkInterfaceId, Region};

use crate::Config;
use crate::board::Board;

/// The state that every task shares.
#[derive(Debug)]
pub struct Shared {
    config: Config,
    seed: u64,
    home: Arc<RegionState>,
    elsewhere: RwLock<BTreeMap<Region, Arc<RegionState>>>,
    board: Board,
}

/// One region's model.
#[derive(Debug)]
pub struct RegionState {
    state: RwLock<State>,
    generation: watch::Sender<u64>,
}

#[derive(Debug)]
struct State {
    model: Model,
    ids: Ids,
}

/// A change that no caller asked for: the kernel, or time, completes what a call began.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LifeCycle {
    /// The ENI's link is in its instance.
    AttachmentReady(NetworkInterfaceId),
    /// The ENI's link is gone from its instance.
    AttachmentGone(NetworkInterfaceId),
    /// Nothing is left of a terminated instance.
    InstanceGone(InstanceId),
    /// A stopped instance's processes are gone.
    InstanceStopped(InstanceId),
    /// Everything pending is complete.
    Settle,
}

impl Shared {
    /// A fresh account.
    pub fn new(config: Config) -> Self {
        let seed = config.seed.unwrap_or_else(|| Timestamp::now().as_nanosecond() as u64);
        let home = Arc::new(RegionState::fresh(&config.account, &config.region, seed));
        Self { config, seed, home, elsewhere: RwLock::default(), board: Board::new() }
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
        if *region == self.config.region {
            return Arc::clone(&self.home);
        }
        let mut elsewhere = self.elsewhere.write().unwrap_or_else(PoisonError::into_inner);
        let fresh = || Arc::new(RegionState::fresh(&self.config.account, region, self.seed ^ fold(region)));
        Arc::clone(elsewhere.entry(region.clone()).or_insert_with(fresh))
    }

    /// Reads the home region's model.
    pub fn read<R>(&self, look: impl FnOnce(&Model) -> R) -> R {
        self.home.read(look)
    }

    /// Where the reconciler reports what the kernel has.
    pub fn board(&self) -> &Board {
        &self.board
    }

    /// The home region's generation, and how to wait for the next.
    pub fn watch(&self) -> watch::Receiver<u64> {
        self.home.watch()
    }
}

impl RegionState {
    fn fresh(account: &AccountId, region: &Region, seed: u64) -> Self {
        let ids = Ids::seeded(seed);
        let model = Model::empty(account.clone(), region.clone());
        Self { state: RwLock::new(State { model, ids }), generation: watch::Sender::new(0) }
    }

    /// Reads the model.
    pub fn read<R>(&self, look: impl FnOnce(&Model) -> R) -> R {
        // A handler that panicked was refused halfway at worst; the others go on being served.
        look(&self.state.read().unwrap_or_else(PoisonError::into_inner).model)
    }

    /// The generation, and how to wait for the next.
    pub fn watch(&self) -> watch::Receiver<u64> {
        self.generation.subscribe()
    }

    /// Changes the model and publishes its new generation.
    #[expect(dead_code, reason = "the calls' way in comes with the endpoint")]
    pub(crate) fn write<R>(&self, change: impl FnOnce(&mut Model, &mut Context<'_>) -> R) -> R {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        let State { model, ids } = &mut *state;
        let outcome = change(model, &mut Context { now: Timestamp::now(), ids });
        self.generation.send_modify(|generation| *generation += 1);
        outcome
    }
}

/// Gives each region ids of its own (FNV-1a over the name).
fn fold(region: &Region) -> u64 {
    region.0.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3))
}
