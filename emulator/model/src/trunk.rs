//! Trunk and branch ENIs: one trunk carries many branches, told apart by VLAN id.
//!
//! See <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AssociateTrunkInterface.html>.

use std::fmt;

use crate::{
    AttachmentStatus, Context, InterfaceStatus, InterfaceType, Model, NetworkInterface, NetworkInterfaceId, Tags,
    TrunkAssociationId, index, instance_type,
};

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

/// Why a trunk operation is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TrunkError {
    /// No such ENI.
    #[error("network interface {0} does not exist")]
    InterfaceNotFound(NetworkInterfaceId),
    /// No such association.
    #[error("trunk association {0} does not exist")]
    NotFound(TrunkAssociationId),
    /// The ENI was not made as a trunk.
    #[error("network interface {0} is not a trunk")]
    NotATrunk(NetworkInterfaceId),
    /// The trunk is on its way to or from an instance.
    #[error("trunk {0} is neither attached nor available")]
    TrunkState(NetworkInterfaceId),
    /// Only an ordinary interface can be a branch.
    #[error("network interface {0} cannot be a branch")]
    NotABranch(NetworkInterfaceId),
    /// The branch is attached, or associated already.
    #[error("network interface {0} is not available")]
    BranchInUse(NetworkInterfaceId),
    /// Trunk and branch must share their zone.
    #[error("trunk {trunk} and branch {branch} are in different zones")]
    OtherZone {
        /// The trunk.
        trunk: NetworkInterfaceId,
        /// The branch.
        branch: NetworkInterfaceId,
    },
    /// Another branch of the trunk has the VLAN id.
    #[error("vlan {vlan_id} is in use on trunk {trunk}")]
    VlanInUse {
        /// The trunk.
        trunk: NetworkInterfaceId,
        /// The VLAN id.
        vlan_id: VlanId,
    },
    /// The instance's type does not allow so many branches.
    #[error("a {instance_type} has at most {limit} branch interfaces")]
    TooManyBranches {
        /// The instance's type.
        instance_type: String,
        /// How many it allows.
        limit: u16,
    },
}

impl Model {
    /// Makes an ENI the branch of a trunk.
    pub fn associate_trunk_interface(
        &mut self,
        cx: &mut Context,
        trunk_id: &NetworkInterfaceId,
        branch_id: &NetworkInterfaceId,
        vlan_id: VlanId,
        tags: Tags,
    ) -> Result<TrunkAssociationId, TrunkError> {
        let find = |id: &NetworkInterfaceId| {
            self.network_interfaces.get(id).ok_or_else(|| TrunkError::InterfaceNotFound(id.clone()))
        };
        let (trunk, branch) = (find(trunk_id)?, find(branch_id)?);
        self.check_trunk(trunk)?;
        self.check_branch(branch)?;
        if trunk.zone != branch.zone {
            return Err(TrunkError::OtherZone { trunk: trunk_id.clone(), branch: branch_id.clone() });
        }
        if self.index.branches_by_trunk.get(trunk_id).is_some_and(|branches| branches.contains_key(&vlan_id)) {
            return Err(TrunkError::VlanInUse { trunk: trunk_id.clone(), vlan_id });
        }
        let id: TrunkAssociationId = cx.ids.next();
        let association = TrunkAssociation {
            id: id.clone(),
            trunk_id: trunk_id.clone(),
            branch_id: branch_id.clone(),
            vlan_id,
            tags,
        };
        self.index.branches_by_trunk.or_default(trunk_id.clone()).insert(vlan_id, id.clone());
        self.index.association_by_branch.insert(branch_id.clone(), id.clone());
        self.trunk_associations.insert(id.clone(), association);
        self.touch();
        Ok(id)
    }

    /// Ends an association: the branch is available again.
    pub fn disassociate_trunk_interface(&mut self, id: &TrunkAssociationId) -> Result<(), TrunkError> {
        let association = self.trunk_associations.remove(id).ok_or_else(|| TrunkError::NotFound(id.clone()))?;
        self.index.association_by_branch.remove(&association.branch_id);
        index::remove_entry(&mut self.index.branches_by_trunk, &association.trunk_id, &association.vlan_id);
        self.touch();
        Ok(())
    }

    /// Ends the associations of an ENI that goes, be it their branch or their trunk.
    pub(crate) fn end_trunk_associations(&mut self, id: &NetworkInterfaceId) {
        let as_trunk = self.index.branches_by_trunk.get(id).into_iter().flat_map(|branches| branches.values());
        let as_branch = self.index.association_by_branch.get(id);
        let ending: Vec<TrunkAssociationId> = as_trunk.chain(as_branch).cloned().collect();
        for association_id in ending {
            self.disassociate_trunk_interface(&association_id).expect("the indexes name associations there are");
        }
    }

    /// A trunk's associations in the order of their VLAN ids.
    pub fn branches_of(&self, trunk_id: &NetworkInterfaceId) -> impl Iterator<Item = &TrunkAssociation> {
        let ids = self.index.branches_by_trunk.get(trunk_id).into_iter().flat_map(|branches| branches.values());
        ids.filter_map(|id| self.trunk_associations.get(id))
    }

    /// A branch's association with its trunk.
    pub fn trunk_association_of(&self, branch_id: &NetworkInterfaceId) -> Option<&TrunkAssociation> {
        self.trunk_associations.get(self.index.association_by_branch.get(branch_id)?)
    }

    fn check_trunk(&self, trunk: &NetworkInterface) -> Result<(), TrunkError> {
        if trunk.interface_type != InterfaceType::Trunk {
            return Err(TrunkError::NotATrunk(trunk.id.clone()));
        }
        let Some(attachment) = trunk.live_attachment() else { return Ok(()) };
        if attachment.status == AttachmentStatus::Detaching {
            return Err(TrunkError::TrunkState(trunk.id.clone()));
        }
        let instance = self.instances.get(&attachment.instance_id);
        let known = instance.and_then(|instance| instance_type::find(&instance.instance_type));
        let Some(known) = known else { return Ok(()) };
        let limit = known.branch_interfaces;
        if self.branches_of(&trunk.id).count() >= usize::from(limit) {
            return Err(TrunkError::TooManyBranches { instance_type: known.name.to_owned(), limit });
        }
        Ok(())
    }

    fn check_branch(&self, branch: &NetworkInterface) -> Result<(), TrunkError> {
        if !matches!(branch.interface_type, InterfaceType::Interface | InterfaceType::Branch) {
            return Err(TrunkError::NotABranch(branch.id.clone()));
        }
        let is_available = self.status_of(branch) == InterfaceStatus::Available;
        if is_available { Ok(()) } else { Err(TrunkError::BranchInUse(branch.id.clone())) }
    }
}
