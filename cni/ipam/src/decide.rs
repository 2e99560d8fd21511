//! Which EC2 call comes next.

use std::net::Ipv4Addr;
use std::time::Duration;

use ipnet::Ipv4Net;

use crate::Time;
use crate::pool::{Eni, EniKind, Pool, Stats};
use crate::targets::Mode;

/// After EC2 said that the subnet is full, nothing is asked of it for this long.
const SUBNET_FULL_PAUSE: Duration = Duration::from_secs(120);
/// The pool shrinks at most this often.
const DECREASE_INTERVAL: Duration = Duration::from_secs(30);
/// A younger ENI is not freed.
const MINIMUM_ENI_AGE: Duration = Duration::from_secs(60);

/// An amount of addresses to ask EC2 for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Amount {
    /// Secondary addresses.
    Addresses(u32),
    /// /28 prefixes.
    Prefixes(u32),
}

/// A step towards the targets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Give an ENI more addresses.
    Assign {
        /// The ENI.
        eni: String,
        /// How many.
        amount: Amount,
    },
    /// Make and attach another ENI with so many addresses.
    CreateEni {
        /// How many.
        amount: Amount,
    },
    /// Give free addresses and prefixes back to the subnet.
    Unassign {
        /// The ENI.
        eni: String,
        /// Addresses.
        addresses: Vec<Ipv4Addr>,
        /// Prefixes.
        prefixes: Vec<Ipv4Net>,
    },
    /// Detach and delete an ENI.
    FreeEni {
        /// The ENI.
        eni: String,
    },
    /// The pool is as it should be, or nothing can be done now.
    Nothing,
}

/// What asks for addresses beyond the targets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Demand {
    /// Pods that wait for an address now.
    pub waiting: u32,
}

impl Pool {
    /// The next step. Whoever takes it tells the pool the outcome and asks again.
    pub fn next_action(&self, demand: Demand, now: Time) -> Action {
        let stats = self.stats(now);
        let shortage = self.shortage(&stats, demand);
        if shortage > 0 {
            return self.increase(&stats, shortage, demand, now);
        }
        let rested = self.decreased_at.is_none_or(|at| now >= at.saturating_add(DECREASE_INTERVAL));
        if demand.waiting > 0 || !rested {
            return Action::Nothing;
        }
        self.decrease(&stats, now)
    }

    /// How many addresses are wanted and not there.
    fn shortage(&self, stats: &Stats, demand: Demand) -> u32 {
        let waiting = demand.waiting.saturating_sub(stats.assignable());
        if stats.total >= self.limits.max_pods {
            return 0;
        }
        waiting.max(self.below_targets(stats))
    }

    fn below_targets(&self, stats: &Stats) -> u32 {
        let targets = &self.targets;
        let available = stats.available();
        if targets.counts_addresses() {
            let warm = targets.warm_ip.saturating_sub(available);
            return warm.max(targets.minimum_ip.saturating_sub(stats.total));
        }
        let wanted = match targets.mode {
            Mode::SecondaryAddresses => targets.warm_eni * self.limits.slots_per_eni(),
            Mode::Prefixes => targets.warm_prefix * targets.mode.addresses_per_slot(),
        };
        // A target of 0 still wants an address to be there when the last one is taken.
        wanted.max(1).saturating_sub(available)
    }

    fn increase(&self, stats: &Stats, shortage: u32, demand: Demand, now: Time) -> Action {
        let full = |since: Time| now < since.saturating_add(SUBNET_FULL_PAUSE);
        if self.subnet_full_since.is_some_and(full) {
            return Action::Nothing;
        }
        let slots = self.slots_wanted(shortage, demand);
        let room = |eni: &Eni| self.limits.slots_per_eni().saturating_sub(eni.slots_used());
        let with_room = self.giving().into_iter().find(|eni| room(eni) > 0);
        match with_room {
            Some(eni) => Action::Assign { eni: eni.id.clone(), amount: self.amount(slots.min(room(eni))) },
            None if self.has_place_for_eni(stats) && self.limits.slots_per_eni() > 0 => {
                Action::CreateEni { amount: self.amount(slots.min(self.limits.slots_per_eni())) }
            }
            None => Action::Nothing,
        }
    }

    /// The shortage in addresses or prefixes to ask for. With an ENI target, ENIs are filled whole.
    fn slots_wanted(&self, shortage: u32, demand: Demand) -> u32 {
        match self.targets.mode {
            Mode::SecondaryAddresses if self.targets.counts_addresses() => shortage,
            Mode::SecondaryAddresses => self.limits.slots_per_eni().max(demand.waiting),
            Mode::Prefixes => shortage.div_ceil(self.targets.mode.addresses_per_slot()),
        }
    }

    fn amount(&self, slots: u32) -> Amount {
        match self.targets.mode {
            Mode::SecondaryAddresses => Amount::Addresses(slots),
            Mode::Prefixes => Amount::Prefixes(slots),
        }
    }

    fn has_place_for_eni(&self, stats: &Stats) -> bool {
        let for_trunk = u32::from(self.limits.reserve_trunk && self.trunk().is_none());
        stats.enis + self.limits.unmanaged_enis + for_trunk < self.limits.max_enis
    }

    fn decrease(&self, stats: &Stats, now: Time) -> Action {
        if let Some(eni) = self.deletable_eni(stats, now) {
            return Action::FreeEni { eni: eni.id.clone() };
        }
        match self.targets.mode {
            Mode::SecondaryAddresses => self.unassign_addresses(stats, now),
            Mode::Prefixes => self.unassign_prefixes(stats, now),
        }
    }

    fn deletable_eni(&self, stats: &Stats, now: Time) -> Option<&Eni> {
        let per_eni = self.limits.slots_per_eni();
        let targets = &self.targets;
        let spare = match targets.mode {
            _ if targets.counts_addresses() => true,
            Mode::SecondaryAddresses => stats.available() >= (targets.warm_eni + 1) * per_eni,
            Mode::Prefixes => true,
        };
        let old = |eni: &Eni| now >= eni.since.saturating_add(MINIMUM_ENI_AGE);
        let resting = |eni: &Eni| eni.addresses.values().any(|slot| slot.is_cooling(now, targets.cooldown));
        let mut candidates: Vec<_> = self
            .enis
            .values()
            .filter(|eni| eni.kind == EniKind::Secondary && eni.is_free() && old(eni) && !resting(eni))
            .collect();
        candidates.sort_by_key(|eni| std::cmp::Reverse(eni.device_number));
        candidates.into_iter().find(|eni| eni.excluded || (spare && !self.is_needed(eni, stats)))
    }

    /// Whether a target would be missed without the ENI.
    fn is_needed(&self, eni: &Eni, stats: &Stats) -> bool {
        let targets = &self.targets;
        let left = stats.total - eni.addresses.len() as u32;
        let available = left - stats.assigned;
        if targets.counts_addresses() {
            return available < targets.warm_ip || left < targets.minimum_ip;
        }
        match targets.mode {
            Mode::SecondaryAddresses => available < targets.warm_eni * self.limits.slots_per_eni(),
            Mode::Prefixes => stats.free_prefixes - (eni.prefixes.len() as u32) < targets.warm_prefix.max(1),
        }
    }

    fn unassign_addresses(&self, stats: &Stats, now: Time) -> Action {
        if !self.targets.counts_addresses() {
            return Action::Nothing;
        }
        let over_warm = stats.available().saturating_sub(self.targets.warm_ip);
        let over = over_warm.min(stats.total.saturating_sub(self.targets.minimum_ip)) as usize;
        if over == 0 {
            return Action::Nothing;
        }
        for eni in self.giving().into_iter().rev() {
            let free = eni.addresses.iter().filter(|(_, slot)| slot.is_assignable(now, self.targets.cooldown));
            let addresses: Vec<_> = free.map(|(address, _)| *address).take(over).collect();
            if !addresses.is_empty() {
                return Action::Unassign { eni: eni.id.clone(), addresses, prefixes: Vec::new() };
            }
        }
        Action::Nothing
    }

    fn unassign_prefixes(&self, stats: &Stats, now: Time) -> Action {
        let over = self.prefixes_over(stats) as usize;
        if over == 0 {
            return Action::Nothing;
        }
        for eni in self.giving().into_iter().rev() {
            let resting = |prefix: &Ipv4Net| {
                let slots = eni.addresses.range(prefix.network()..=prefix.broadcast());
                slots.into_iter().any(|(_, slot)| slot.is_cooling(now, self.targets.cooldown))
            };
            let free = eni.prefixes.iter().filter(|prefix| eni.is_unused(prefix) && !resting(prefix));
            let prefixes: Vec<_> = free.copied().take(over).collect();
            if !prefixes.is_empty() {
                return Action::Unassign { eni: eni.id.clone(), addresses: Vec::new(), prefixes };
            }
        }
        Action::Nothing
    }

    fn prefixes_over(&self, stats: &Stats) -> u32 {
        let per_prefix = self.targets.mode.addresses_per_slot();
        let free = stats.free_prefixes;
        if !self.targets.counts_addresses() {
            return free.saturating_sub(self.targets.warm_prefix.max(1));
        }
        let warm = stats.prefixes.saturating_sub((stats.assigned + self.targets.warm_ip).div_ceil(per_prefix));
        let minimum = stats.prefixes.saturating_sub(self.targets.minimum_ip.div_ceil(per_prefix));
        free.min(warm).min(minimum)
    }
}
