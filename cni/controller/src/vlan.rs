//! VLAN ids of a trunk: 1 to 120, the lowest free one first.

use std::collections::BTreeSet;

/// The highest id that is given out.
pub const LAST: u16 = 120;

/// The ids of one trunk and how many branches it takes.
#[derive(Debug, Clone)]
pub struct Vlans {
    used: BTreeSet<u16>,
    limit: usize,
}

impl Vlans {
    /// No id is used yet; at most `limit` can be at a time.
    pub fn new(limit: u16) -> Self {
        Self { used: BTreeSet::new(), limit: limit.into() }
    }

    /// Takes the lowest free id; `None` when the trunk is full.
    pub fn take(&mut self) -> Option<u16> {
        if self.used.len() >= self.limit {
            return None;
        }
        let free = (1..=LAST).find(|id| !self.used.contains(id))?;
        self.used.insert(free);
        Some(free)
    }

    /// Marks an id as used; false if it is already.
    pub fn claim(&mut self, id: u16) -> bool {
        self.used.insert(id)
    }

    /// Gives an id back.
    pub fn free(&mut self, id: u16) {
        self.used.remove(&id);
    }

    /// How many are used.
    pub fn used(&self) -> usize {
        self.used.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lowest_free_id_first_and_no_more_than_the_limit() {
        let mut vlans = Vlans::new(3);
        assert!(vlans.claim(2));
        assert!(!vlans.claim(2));
        assert_eq!((vlans.take(), vlans.take(), vlans.take()), (Some(1), Some(3), None));
        vlans.free(2);
        assert_eq!(vlans.take(), Some(2));
        assert_eq!(vlans.used(), 3);
    }

    #[test]
    fn ids_end_at_the_last() {
        let mut vlans = Vlans::new(4000);
        assert_eq!((0..LAST).filter_map(|_| vlans.take()).max(), Some(LAST));
        assert_eq!(vlans.take(), None);
    }
}
