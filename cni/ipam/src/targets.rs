//! What the pool is to look like, and what bounds it.

use std::time::Duration;

/// How ENIs get addresses for pods.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// One by one, as secondary addresses.
    #[default]
    SecondaryAddresses,
    /// Sixteen at a time, as delegated /28 prefixes.
    Prefixes,
}

/// How much is held ready. A warm IP or minimum target of 0 means there is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Targets {
    /// How ENIs get addresses.
    pub mode: Mode,
    /// Spare addresses (`WARM_IP_TARGET`).
    pub warm_ip: u32,
    /// Addresses in all, at least (`MINIMUM_IP_TARGET`).
    pub minimum_ip: u32,
    /// Spare ENIs' worth of addresses (`WARM_ENI_TARGET`), if there is no IP target.
    pub warm_eni: u32,
    /// Spare prefixes (`WARM_PREFIX_TARGET`), if there is no IP target.
    pub warm_prefix: u32,
    /// How long a freed address rests (`IP_COOLDOWN_PERIOD`).
    pub cooldown: Duration,
}

impl Default for Targets {
    fn default() -> Self {
        Self {
            mode: Mode::default(),
            warm_ip: 0,
            minimum_ip: 0,
            warm_eni: 1,
            warm_prefix: 0,
            cooldown: Duration::from_secs(30),
        }
    }
}

impl Targets {
    /// Whether addresses are counted one by one, not by ENI or prefix.
    pub(crate) fn counts_addresses(&self) -> bool {
        self.warm_ip > 0 || self.minimum_ip > 0
    }
}

/// What the instance and the cluster allow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// ENIs, the primary one included: the instance type's limit or `MAX_ENI`.
    pub max_enis: u32,
    /// IPv4 addresses per ENI, the primary one included.
    pub ipv4_per_eni: u32,
    /// Pods the node takes: no more addresses than that are fetched.
    pub max_pods: u32,
    /// ENIs that somebody else manages.
    pub unmanaged_enis: u32,
    /// Whether a place for an ENI is kept for a trunk that is not there yet.
    pub reserve_trunk: bool,
}

impl Limits {
    /// Secondary addresses, or prefixes, that one ENI can have.
    pub fn slots_per_eni(&self) -> u32 {
        self.ipv4_per_eni.saturating_sub(1)
    }
}
