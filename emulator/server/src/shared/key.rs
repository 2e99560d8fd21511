//! Which of the worlds of state is meant: every account has one in every region.

use vpc_model::{AccountId, Region};

/// An account in a region.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct StateKey {
    /// The account.
    pub account: AccountId,
    /// The region.
    pub region: Region,
}

impl StateKey {
    /// An account in a region.
    pub fn new(account: AccountId, region: Region) -> Self {
        Self { account, region }
    }

    /// Gives each state ids of its own (FNV-1a over the names). The home account's are those of its region alone.
    pub(super) fn fold(&self, home: &AccountId) -> u64 {
        let account = if self.account == *home { "" } else { self.account.0.as_str() };
        let bytes = self.region.0.bytes().chain(account.bytes());
        bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3))
    }
}
