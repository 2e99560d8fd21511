//! What an account has chosen for a whole region: whether volumes are encrypted, and what can be shared with everybody.
//!
//! They are kept and shown; nothing else here follows from them.
//!
//! Deviation: there is no KMS here, so every key that is named is taken for one the account can use.
//!
//! See <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-data-protection.html>.

use crate::Model;

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
        }
    }
}

impl Model {
    /// What the account has chosen.
    pub fn account_settings(&self) -> &AccountSettings {
        &self.account_settings
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
