//! What an account has chosen for a whole region: whether volumes are encrypted, and what can be shared with everybody.
//!
//! They are kept and shown; little else here follows from them: how new burstable instances pay, and the zones there are.
//!
//! Deviation: there is no KMS here, so every key that is named is taken for one the account can use.
//!
//! See <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-data-protection.html>.

use std::collections::{BTreeMap, BTreeSet};

use crate::Model;
use crate::region::EDGE_ZONES;

/// Why a choice is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingError {
    /// No such group of zones, or one that is always in use.
    #[error("zone group {0:?} cannot be opted in to")]
    ZoneGroup(String),
    /// Only AWS's support can do this.
    #[error("zone group {0:?} cannot be left")]
    StaysOptedIn(String),
}

/// The choices of an account in a region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountSettings {
    /// Whether new volumes are encrypted.
    pub encrypts_volumes: bool,
    /// With which key they are, where it is not the one of EBS.
    pub volume_key: Option<String>,
    /// Whether instances' serial consoles can be used.
    pub has_serial_console: bool,
    /// Whether images can no longer be shared with everybody.
    pub blocks_public_images: bool,
    /// The same for snapshots.
    pub public_snapshots: PublicSnapshots,
    /// How new burstable instances pay when their credits are used up, by family where it is not the usual way.
    pub credits: BTreeMap<String, Credits>,
    /// The groups of Local and Wavelength Zones that can be used.
    pub zone_groups: BTreeSet<String>,
}

/// How a burstable instance pays when its credits are used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Credits {
    /// It slows down.
    Standard,
    /// It goes on, for a price.
    Unlimited,
}

impl Credits {
    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Unlimited => "unlimited",
        }
    }
}

/// Whether snapshots can be shared with everybody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PublicSnapshots {
    /// They can.
    Allowed,
    /// Only those that are already.
    NoNewOnes,
    /// They cannot, and those that are count as private.
    None,
}

impl Default for AccountSettings {
    /// What a new account has.
    fn default() -> Self {
        Self {
            encrypts_volumes: false,
            volume_key: None,
            has_serial_console: false,
            blocks_public_images: true,
            public_snapshots: PublicSnapshots::Allowed,
            credits: BTreeMap::new(),
            zone_groups: BTreeSet::new(),
        }
    }
}

impl AccountSettings {
    /// How new instances of a burstable family pay: all but those of the oldest one go on, unless told otherwise.
    pub fn credits_of(&self, family: &str) -> Credits {
        let usual = if family == "t2" { Credits::Standard } else { Credits::Unlimited };
        self.credits.get(family).copied().unwrap_or(usual)
    }
}

impl Model {
    /// What the account has chosen.
    pub fn account_settings(&self) -> &AccountSettings {
        &self.account_settings
    }

    /// Whether a group of zones shall be used. Once it is, it stays so.
    pub fn opt_in_to_zones(&mut self, group: &str, opt_in: bool) -> Result<(), SettingError> {
        if !EDGE_ZONES.iter().any(|zone| zone.group == group && zone.is_in(&self.region)) {
            return Err(SettingError::ZoneGroup(group.to_owned()));
        }
        if !opt_in {
            return Err(SettingError::StaysOptedIn(group.to_owned()));
        }
        self.change_account_settings(|settings| {
            settings.zone_groups.insert(group.to_owned());
        });
        Ok(())
    }

    /// Chooses otherwise.
    pub fn change_account_settings(&mut self, change: impl FnOnce(&mut AccountSettings)) {
        let before = self.account_settings.clone();
        change(&mut self.account_settings);
        if self.account_settings != before {
            self.touch();
        }
    }
}
