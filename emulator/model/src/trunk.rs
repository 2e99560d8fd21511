//! Trunk and branch ENIs: one trunk carries many branches, told apart by VLAN id.
//!
//! See <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AssociateTrunkInterface.html>.

use std::fmt;

use crate::{NetworkInterfaceId, Tags, TrunkAssociationId};

/// An 802.1Q VLAN id, 1 to 4094.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct VlanId(u16);

impl VlanId {
    /// A VLAN id, if the number is one.
    pub fn new(number: u16) -> Option<Self> {
        (1..=4094).contains(&number).then_some(Self(number))
    }

    /// The number.
    pub fn get(self) -> u16 {
        self.0
    }
}

impl fmt::Display for VlanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A branch ENI's association with a trunk ENI.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrunkAssociation {
    /// Its id.
    pub id: TrunkAssociationId,
    /// The trunk.
    pub trunk_id: NetworkInterfaceId,
    /// The branch.
    pub branch_id: NetworkInterfaceId,
    /// Which frames on the trunk belong to the branch.
    pub vlan_id: VlanId,
    /// Its tags.
    pub tags: Tags,
}
