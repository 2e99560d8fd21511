//! Groups that are used in other VPCs besides their own.
//!
//! See <https://docs.aws.amazon.com/vpc/latest/userguide/security-group-assoc.html>.

use jiff::Timestamp;

use super::{DEFAULT_GROUP, SecurityGroup, SecurityGroupError};
use crate::{Context, LifeSpan, Model, NetworkInterfaceId, Phase, SecurityGroupId, VpcId, life_span};

/// A group's association with another VPC of its owner.
#[derive(Debug, Clone)]
pub struct GroupVpcAssociation {
    /// The group.
    pub group_id: SecurityGroupId,
    /// The VPC, which is not the group's own.
    pub vpc_id: VpcId,
    span: LifeSpan,
}

impl GroupVpcAssociation {
    /// Its state as EC2 writes it.
    pub fn state(&self) -> &'static str {
        match self.span.phase() {
            Phase::Pending => "associating",
            Phase::Available => "associated",
            Phase::Deleting => "disassociating",
            Phase::Deleted => "disassociated",
        }
    }
}

impl Model {
    /// Begins to associate a group with another VPC.
    pub fn associate_security_group(
        &mut self,
        cx: &mut Context,
        id: &SecurityGroupId,
        vpc_id: &VpcId,
    ) -> Result<(), SecurityGroupError> {
        let group = self.security_groups.get(id).ok_or_else(|| SecurityGroupError::NotFound(id.clone()))?;
        let vpc = self.vpcs.get(vpc_id).ok_or_else(|| SecurityGroupError::VpcNotFound(vpc_id.clone()))?;
        if group.name == DEFAULT_GROUP || vpc.is_default || self.is_in_default_vpc(group) {
            return Err(SecurityGroupError::NotAssociable { group: id.clone(), vpc: vpc_id.clone() });
        }
        let key = (id.clone(), vpc_id.clone());
        let known = self.group_vpc_associations.get(&key).map(|known| known.span.phase());
        if group.vpc_id == *vpc_id || known.is_some_and(|phase| phase != Phase::Deleted) {
            return Err(SecurityGroupError::AlreadyAssociated { group: id.clone(), vpc: vpc_id.clone() });
        }
        let span = LifeSpan::begin(cx.now);
        let association = GroupVpcAssociation { group_id: id.clone(), vpc_id: vpc_id.clone(), span };
        self.group_vpc_associations.insert(key, association);
        self.touch();
        Ok(())
    }

    /// Begins to end a group's association with a VPC, where no ENI carries the group.
    pub fn disassociate_security_group(
        &mut self,
        cx: &mut Context,
        id: &SecurityGroupId,
        vpc_id: &VpcId,
    ) -> Result<(), SecurityGroupError> {
        let key = (id.clone(), vpc_id.clone());
        let none = || SecurityGroupError::NotAssociated { group: id.clone(), vpc: vpc_id.clone() };
        if !self.security_groups.contains_key(id) {
            return Err(SecurityGroupError::NotFound(id.clone()));
        }
        self.group_vpc_associations.get(&key).filter(|known| known.span.phase().is_alive()).ok_or_else(none)?;
        let carriers = self.index.interfaces_by_group.get(id);
        let is_of_vpc = |eni: &NetworkInterfaceId| self.network_interfaces.get(eni).map(|eni| &eni.vpc_id);
        if carriers.is_some_and(|enis| enis.iter().any(|eni| is_of_vpc(eni) == Some(vpc_id))) {
            return Err(SecurityGroupError::HasDependents(id.clone()));
        }
        if let Some(association) = self.group_vpc_associations.get_mut(&key) {
            association.span.end(cx.now);
        }
        self.touch();
        Ok(())
    }

    /// Whether ENIs of a VPC can carry a group.
    pub fn is_group_usable_in(&self, group: &SecurityGroup, vpc_id: &VpcId) -> bool {
        let key = (group.id.clone(), vpc_id.clone());
        group.vpc_id == *vpc_id
            || self.group_vpc_associations.get(&key).is_some_and(|known| known.span.phase() == Phase::Available)
    }

    /// Whether two groups are used in the same VPC, so that rules of one can name the other.
    pub(super) fn share_a_vpc(&self, one: &SecurityGroup, other: &SecurityGroup) -> bool {
        let others = self.group_vpc_associations.values().filter(|known| known.group_id == one.id);
        let mut places = std::iter::once(&one.vpc_id).chain(others.map(|known| &known.vpc_id));
        places.any(|vpc| self.is_group_usable_in(one, vpc) && self.is_group_usable_in(other, vpc))
    }

    /// Whether a group is used in another VPC, or is on the way there or back.
    pub(super) fn has_vpc_associations(&self, id: &SecurityGroupId) -> bool {
        let of_group = |known: &&GroupVpcAssociation| known.group_id == *id;
        self.group_vpc_associations.values().filter(of_group).any(|known| known.span.phase() != Phase::Deleted)
    }

    /// Forgets the associations of a group or VPC that goes away.
    pub(crate) fn drop_vpc_associations(&mut self, is_gone: impl Fn(&GroupVpcAssociation) -> bool) {
        self.group_vpc_associations.retain(|_, known| !is_gone(known));
    }

    /// Completes associations and their ends. Whether anything was.
    pub(crate) fn advance_group_associations(&mut self, now: Timestamp) -> bool {
        life_span::advance((&mut self.group_vpc_associations, |known| &mut known.span), self.delays.other, now)
    }

    /// When something of an association is complete.
    pub(crate) fn group_associations_due(&self) -> Option<Timestamp> {
        life_span::first_due(self.group_vpc_associations.values().map(|known| &known.span), self.delays.other)
    }

    fn is_in_default_vpc(&self, group: &SecurityGroup) -> bool {
        self.vpcs.get(&group.vpc_id).is_some_and(|vpc| vpc.is_default)
    }
}
