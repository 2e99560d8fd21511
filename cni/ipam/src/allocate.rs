//! Giving addresses to pods and taking them back.

use std::net::Ipv4Addr;

use crate::Time;
use crate::pool::{Eni, Pool, Slot};
use crate::targets::Mode;

/// What an address is held for: one interface of one sandbox in one network.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    /// The network configuration's name.
    pub network: String,
    /// The sandbox.
    pub container_id: String,
    /// The interface's name in it.
    pub ifname: String,
}

/// The pod that an address is held for, for people and for clean-up.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Owner {
    /// The pod's namespace.
    pub namespace: String,
    /// The pod's name.
    pub name: String,
}

/// An address in a pod's hands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allocation {
    /// The address.
    pub address: Ipv4Addr,
    /// The ENI it belongs to.
    pub eni: String,
    /// That ENI's device number.
    pub device_number: u32,
    /// Who has it.
    pub owner: Owner,
    /// Since when.
    pub since: Time,
}

/// How an address comes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Released {
    /// A pod used it: it rests before the next gets it.
    Used,
    /// No packet can have used it: the next pod may have it at once.
    NeverUsed,
}

impl Pool {
    /// Gives an address: the one already given for the key, else a free one. `None` if there is none now.
    ///
    /// The lowest device comes first, so that the higher ones empty and can be freed; of its addresses the one unused
    /// for the longest time, in prefix mode one of the fullest prefix.
    pub fn assign(&mut self, key: &Key, owner: &Owner, now: Time) -> Option<Allocation> {
        if let Some(known) = self.allocations.get(key) {
            return Some(known.clone());
        }
        let cooldown = self.targets.cooldown;
        let mode = self.targets.mode;
        let (id, address) =
            self.giving().iter().find_map(|eni| Some((eni.id.clone(), eni.pick(mode, now, cooldown)?)))?;
        let eni = self.enis.get_mut(&id).expect("the id was just found in the pool");
        eni.addresses.insert(address, Slot { assigned: true, released_at: None });
        let allocation =
            Allocation { address, eni: id, device_number: eni.device_number, owner: owner.clone(), since: now };
        self.allocations.insert(key.clone(), allocation.clone());
        Some(allocation)
    }

    /// Takes back what the key has; `None` if it has nothing.
    pub fn release(&mut self, key: &Key, how: Released, now: Time) -> Option<Allocation> {
        let allocation = self.allocations.remove(key)?;
        let slot = self.enis.get_mut(&allocation.eni).and_then(|eni| eni.addresses.get_mut(&allocation.address));
        if let Some(slot) = slot {
            *slot = Slot { assigned: false, released_at: (how == Released::Used).then_some(now) };
        }
        Some(allocation)
    }

    /// Takes back what the network's interfaces have, but for the valid ones.
    pub fn release_others(&mut self, network: &str, valid: &[Key], now: Time) -> Vec<Allocation> {
        let stale = |key: &&Key| key.network == network && !valid.contains(key);
        let stale: Vec<_> = self.allocations.keys().filter(stale).cloned().collect();
        stale.iter().filter_map(|key| self.release(key, Released::Used, now)).collect()
    }

    /// What the key has.
    pub fn allocation(&self, key: &Key) -> Option<&Allocation> {
        self.allocations.get(key)
    }

    /// All addresses that pods have.
    pub fn allocations(&self) -> impl Iterator<Item = (&Key, &Allocation)> {
        self.allocations.iter()
    }
}

impl Eni {
    fn pick(&self, mode: Mode, now: Time, cooldown: Time) -> Option<Ipv4Addr> {
        let assignable = self.addresses.iter().filter(|(_, slot)| slot.is_assignable(now, cooldown));
        let fullness = |address: &Ipv4Addr| match mode {
            Mode::SecondaryAddresses => 0,
            Mode::Prefixes => self.assigned_beside(address),
        };
        let best = assignable.min_by_key(|(address, slot)| {
            (std::cmp::Reverse(fullness(address)), slot.released_at.unwrap_or_default(), **address)
        });
        best.map(|(address, _)| *address)
    }

    /// How many addresses pods have of the prefix that this one is in.
    fn assigned_beside(&self, address: &Ipv4Addr) -> usize {
        let Some(prefix) = self.prefixes.iter().find(|prefix| prefix.contains(address)) else { return 0 };
        self.addresses.range(prefix.network()..=prefix.broadcast()).filter(|(_, slot)| slot.assigned).count()
    }
}
