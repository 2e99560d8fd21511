//! What is known of ENIs and their addresses.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

use ipnet::Ipv4Net;

use crate::Time;
use crate::allocate::{Allocation, Key};
use crate::targets::{Limits, Mode, Targets};

/// What an ENI is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EniKind {
    /// Device 0: never freed.
    Primary,
    /// Made for pods.
    Secondary,
    /// Carries branch ENIs; gives no addresses.
    Trunk,
}

/// An ENI of the node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Eni {
    /// `eni-…`.
    pub id: String,
    /// Its device number.
    pub device_number: u32,
    /// What it is for.
    pub kind: EniKind,
    /// Whether pods must not get its addresses (its subnet is excluded).
    pub excluded: bool,
    /// Since when the pool has it.
    pub since: Time,
    pub(crate) prefixes: BTreeSet<Ipv4Net>,
    pub(crate) addresses: BTreeMap<Ipv4Addr, Slot>,
}

/// The state of one address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Slot {
    pub(crate) assigned: bool,
    /// When it was last given back.
    pub(crate) released_at: Option<Time>,
}

impl Slot {
    /// Whether it rests after its last use.
    pub(crate) fn is_cooling(&self, now: Time, cooldown: Time) -> bool {
        self.released_at.is_some_and(|at| now < at.saturating_add(cooldown))
    }

    pub(crate) fn is_assignable(&self, now: Time, cooldown: Time) -> bool {
        !self.assigned && !self.is_cooling(now, cooldown)
    }
}

/// An ENI as instance metadata or EC2 shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObservedEni {
    /// `eni-…`.
    pub id: String,
    /// Its device number.
    pub device_number: u32,
    /// What it is for.
    pub kind: EniKind,
    /// Whether pods must not get its addresses.
    pub excluded: bool,
    /// Its secondary addresses.
    pub addresses: BTreeSet<Ipv4Addr>,
    /// Its delegated prefixes.
    pub prefixes: BTreeSet<Ipv4Net>,
}

/// What taking over an observation changed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sync {
    /// Addresses the pool did not have.
    pub added: Vec<Ipv4Addr>,
    /// Free addresses that are gone.
    pub removed: Vec<Ipv4Addr>,
    /// Addresses that are gone although a pod has them; they stay in the pool.
    pub missing_in_use: Vec<Ipv4Addr>,
}

/// Counts over the ENIs that give addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Stats {
    /// All addresses.
    pub total: u32,
    /// Those that pods have.
    pub assigned: u32,
    /// Those that rest after use.
    pub cooling: u32,
    /// Delegated prefixes.
    pub prefixes: u32,
    /// Prefixes of which no pod has an address.
    pub free_prefixes: u32,
    /// ENIs of any kind.
    pub enis: u32,
}

impl Stats {
    /// Addresses that no pod has. As in production, those that rest count: they are available soon.
    pub fn available(&self) -> u32 {
        self.total - self.assigned
    }

    /// Addresses that a pod can get now.
    pub fn assignable(&self) -> u32 {
        self.total - self.assigned - self.cooling
    }
}

/// The node's addresses.
#[derive(Debug, Clone)]
pub struct Pool {
    pub(crate) targets: Targets,
    pub(crate) limits: Limits,
    pub(crate) enis: BTreeMap<String, Eni>,
    pub(crate) allocations: BTreeMap<Key, Allocation>,
    pub(crate) subnet_full_since: Option<Time>,
    pub(crate) decreased_at: Option<Time>,
}

impl Pool {
    /// An empty pool.
    pub fn new(targets: Targets, limits: Limits) -> Self {
        let (enis, allocations) = (BTreeMap::new(), BTreeMap::new());
        Self { targets, limits, enis, allocations, subnet_full_since: None, decreased_at: None }
    }

    /// The bounds.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Replaces the bounds.
    pub fn set_limits(&mut self, limits: Limits) {
        self.limits = limits;
    }

    /// What is held ready.
    pub fn targets(&self) -> &Targets {
        &self.targets
    }

    /// The ENIs, by id.
    pub fn enis(&self) -> impl Iterator<Item = &Eni> {
        self.enis.values()
    }

    /// An ENI.
    pub fn eni(&self, id: &str) -> Option<&Eni> {
        self.enis.get(id)
    }

    /// The trunk ENI, if one is attached.
    pub fn trunk(&self) -> Option<&Eni> {
        self.enis.values().find(|eni| eni.kind == EniKind::Trunk)
    }

    /// Takes over what was seen of an ENI, which is new or known.
    pub fn observe(&mut self, seen: &ObservedEni, now: Time) -> Sync {
        let eni = self.enis.entry(seen.id.clone()).or_insert_with(|| Eni {
            id: seen.id.clone(),
            device_number: seen.device_number,
            kind: seen.kind,
            excluded: seen.excluded,
            since: now,
            prefixes: BTreeSet::new(),
            addresses: BTreeMap::new(),
        });
        (eni.kind, eni.excluded) = (seen.kind, seen.excluded);
        if seen.kind == EniKind::Trunk {
            return Sync::default();
        }
        let mut wanted = seen.addresses.clone();
        wanted.extend(seen.prefixes.iter().flat_map(addresses_of));
        let mut sync = Sync::default();
        for address in &wanted {
            if !eni.addresses.contains_key(address) {
                eni.addresses.insert(*address, Slot::default());
                sync.added.push(*address);
            }
        }
        eni.addresses.retain(|address, slot| {
            let gone = !wanted.contains(address);
            match (gone, slot.assigned) {
                (true, true) => sync.missing_in_use.push(*address),
                (true, false) => sync.removed.push(*address),
                (false, _) => {}
            }
            !gone || slot.assigned
        });
        eni.prefixes = seen.prefixes.clone();
        sync
    }

    /// Adds what EC2 said it assigned to an ENI.
    pub fn add_addresses(&mut self, eni: &str, addresses: &[Ipv4Addr], prefixes: &[Ipv4Net]) {
        let Some(eni) = self.enis.get_mut(eni) else { return };
        eni.prefixes.extend(prefixes);
        let new = addresses.iter().copied().chain(prefixes.iter().flat_map(addresses_of));
        for address in new {
            eni.addresses.entry(address).or_default();
        }
    }

    /// Takes free addresses and prefixes out before EC2 is asked to, so that no pod gets them in the meantime.
    /// Returns those that were free; the others stay.
    pub fn withdraw(
        &mut self,
        eni: &str,
        addresses: &[Ipv4Addr],
        prefixes: &[Ipv4Net],
        now: Time,
    ) -> (Vec<Ipv4Addr>, Vec<Ipv4Net>) {
        self.decreased_at = Some(now);
        let Some(eni) = self.enis.get_mut(eni) else { return (Vec::new(), Vec::new()) };
        let is_free = |eni: &Eni, address: &Ipv4Addr| eni.addresses.get(address).is_some_and(|slot| !slot.assigned);
        let addresses: Vec<_> = addresses.iter().copied().filter(|address| is_free(eni, address)).collect();
        let prefixes: Vec<_> = prefixes
            .iter()
            .copied()
            .filter(|prefix| addresses_of(prefix).all(|address| is_free(eni, &address)))
            .collect();
        for prefix in &prefixes {
            eni.prefixes.remove(prefix);
        }
        for address in addresses.iter().copied().chain(prefixes.iter().flat_map(addresses_of)) {
            eni.addresses.remove(&address);
        }
        (addresses, prefixes)
    }

    /// Takes an ENI out before it is detached. `None` if it is unknown or a pod has one of its addresses.
    pub fn withdraw_eni(&mut self, id: &str, now: Time) -> Option<Eni> {
        if self.enis.get(id)?.addresses.values().any(|slot| slot.assigned) {
            return None;
        }
        self.decreased_at = Some(now);
        self.enis.remove(id)
    }

    /// Forgets an ENI that is no longer attached. Returns what pods had of it.
    pub fn forget_eni(&mut self, id: &str) -> Vec<Allocation> {
        self.enis.remove(id);
        let lost: Vec<_> = self.allocations.values().filter(|allocation| allocation.eni == id).cloned().collect();
        self.allocations.retain(|_, allocation| allocation.eni != id);
        lost
    }

    /// Notes that EC2 has no address left in the subnet: the pool does not ask again for a while.
    pub fn subnet_is_full(&mut self, now: Time) {
        self.subnet_full_since = Some(now);
    }

    /// The counts.
    pub fn stats(&self, now: Time) -> Stats {
        let mut stats = Stats { enis: self.enis.len() as u32, ..Stats::default() };
        for eni in self.giving() {
            stats.total += eni.addresses.len() as u32;
            stats.prefixes += eni.prefixes.len() as u32;
            stats.free_prefixes += eni.prefixes.iter().filter(|prefix| eni.is_unused(prefix)).count() as u32;
            for slot in eni.addresses.values() {
                stats.assigned += u32::from(slot.assigned);
                stats.cooling += u32::from(!slot.assigned && slot.is_cooling(now, self.targets.cooldown));
            }
        }
        stats
    }

    /// The ENIs that give pods addresses, by device number.
    pub(crate) fn giving(&self) -> Vec<&Eni> {
        let mut enis: Vec<_> = self.enis.values().filter(|eni| eni.kind != EniKind::Trunk && !eni.excluded).collect();
        enis.sort_by_key(|eni| eni.device_number);
        enis
    }
}

impl Eni {
    /// Its addresses for pods.
    pub fn addresses(&self) -> impl Iterator<Item = Ipv4Addr> {
        self.addresses.keys().copied()
    }

    /// Its delegated prefixes.
    pub fn prefixes(&self) -> impl Iterator<Item = Ipv4Net> {
        self.prefixes.iter().copied()
    }

    /// Secondary addresses, or prefixes, it has.
    pub(crate) fn slots_used(&self) -> u32 {
        let single = self.addresses.keys().filter(|address| !self.prefixes.iter().any(|p| p.contains(*address)));
        self.prefixes.len() as u32 + single.count() as u32
    }

    pub(crate) fn is_unused(&self, prefix: &Ipv4Net) -> bool {
        addresses_of(prefix).all(|address| self.addresses.get(&address).is_none_or(|slot| !slot.assigned))
    }

    /// Whether this kind of unit is what the mode adds.
    pub(crate) fn is_free(&self) -> bool {
        self.addresses.values().all(|slot| !slot.assigned)
    }
}

/// All addresses of a delegated prefix; pods use the first and the last too.
pub(crate) fn addresses_of(prefix: &Ipv4Net) -> impl Iterator<Item = Ipv4Addr> + use<> {
    let first = u32::from(prefix.network());
    let last = u32::from(prefix.broadcast());
    (first..=last).map(Ipv4Addr::from)
}

impl Mode {
    /// Addresses that one secondary address, or one prefix, brings.
    pub(crate) fn addresses_per_slot(self) -> u32 {
        match self {
            Self::SecondaryAddresses => 1,
            Self::Prefixes => 16,
        }
    }
}
