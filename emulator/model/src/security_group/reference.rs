//! Rules that name groups: of the same VPC, of one on the other side of a peering connection, or gone.
//!
//! See <https://docs.aws.amazon.com/vpc/latest/peering/vpc-peering-security-groups.html>.

use super::{RulePeer, SecurityGroup, SecurityGroupError, SecurityGroupRule};
use crate::{AccountId, Model, PeeringConnectionId, PeeringStatus, SecurityGroupId, VpcId};

/// A group on the other side of a peering connection.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PeerGroup {
    /// The group.
    pub id: SecurityGroupId,
    /// Its owner.
    pub owner: AccountId,
    /// Its VPC.
    pub vpc_id: VpcId,
    /// The connection.
    pub peering_id: PeeringConnectionId,
}

impl RulePeer {
    /// The group it names, wherever that is.
    pub fn group(&self) -> Option<&SecurityGroupId> {
        match self {
            Self::Group(id) => Some(id),
            Self::PeerGroup(group) => Some(&group.id),
            Self::Ipv4(_) | Self::Ipv6(_) | Self::PrefixList(_) => None,
        }
    }

    /// Whether rules with these are about the same: a group is known by its id alone.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        self == other || self.group().is_some() && self.group() == other.group()
    }
}

impl Model {
    /// What a group's rules refer to when they name a group of another account.
    pub fn group_of_peer(
        &self,
        vpc_id: &VpcId,
        id: &SecurityGroupId,
        owner: &AccountId,
        peering_id: Option<&PeeringConnectionId>,
    ) -> Result<RulePeer, SecurityGroupError> {
        let connections = self.peerings().filter(|peering| peering.status == PeeringStatus::Active);
        let mut sides = connections
            .filter(|peering| !peering.is_inter_region() && peering_id.is_none_or(|wanted| peering.id == *wanted))
            .filter_map(|peering| Some((peering, peering.across(vpc_id)?)));
        let found = sides.find(|(_, side)| side.owner == *owner && side.groups.contains(id));
        let (peering, side) = found.ok_or_else(|| SecurityGroupError::NotFound(id.clone()))?;
        let (vpc_id, peering_id) = (side.vpc_id.clone(), peering.id.clone());
        Ok(RulePeer::PeerGroup(PeerGroup { id: id.clone(), owner: owner.clone(), vpc_id, peering_id }))
    }

    /// What a group's rules refer to when they name a group of the same account.
    pub(super) fn group_in_reach(
        &self,
        group: &SecurityGroup,
        id: &SecurityGroupId,
    ) -> Result<RulePeer, SecurityGroupError> {
        let other = self.security_groups.get(id).ok_or_else(|| SecurityGroupError::NotFound(id.clone()))?;
        if self.share_a_vpc(group, other) {
            return Ok(RulePeer::Group(id.clone()));
        }
        let peering = self.peering_between(&group.vpc_id, &other.vpc_id);
        let peering = peering.ok_or_else(|| SecurityGroupError::OtherNetwork(id.clone()))?;
        Ok(RulePeer::PeerGroup(PeerGroup {
            id: id.clone(),
            owner: self.account.clone(),
            vpc_id: other.vpc_id.clone(),
            peering_id: peering.id.clone(),
        }))
    }

    /// The state of the connection that a rule's group lies behind. Of one that is not shown any more it is known
    /// that it was deleted.
    pub fn peering_status(&self, group: &PeerGroup) -> &'static str {
        self.peerings.get(&group.peering_id).map_or("deleted", |peering| peering.status.code())
    }

    /// Whether a rule of a group names one that is gone or cannot be reached any more.
    pub fn is_stale(&self, group: &SecurityGroup, rule: &SecurityGroupRule) -> bool {
        match &rule.peer {
            RulePeer::PeerGroup(peer) => {
                self.peering_status(peer) != PeeringStatus::Active.code() || !self.is_peer_group_there(group, peer)
            }
            RulePeer::Group(id) => self.security_groups.get(id).is_none_or(|other| !self.share_a_vpc(group, other)),
            RulePeer::Ipv4(_) | RulePeer::Ipv6(_) | RulePeer::PrefixList(_) => false,
        }
    }

    fn is_peer_group_there(&self, group: &SecurityGroup, peer: &PeerGroup) -> bool {
        if peer.owner == self.account {
            return self.security_groups.contains_key(&peer.id);
        }
        let peering = self.peerings.get(&peer.peering_id);
        peering.and_then(|found| found.across(&group.vpc_id)).is_some_and(|side| side.groups.contains(&peer.id))
    }

    /// From which VPCs, and over which connections, rules name a group on their other side.
    pub fn references_to(&self, id: &SecurityGroupId) -> Vec<(&VpcId, &PeeringConnectionId)> {
        let mut found = Vec::new();
        for group in self.security_groups.values() {
            let peers = group.rules.iter().filter_map(|rule| match &rule.peer {
                RulePeer::PeerGroup(peer) if peer.id == *id => Some((&group.vpc_id, &peer.peering_id)),
                _ => None,
            });
            found.extend(peers);
        }
        // What other accounts' rules name, they tell.
        for peering in self.peerings.values().filter(|peering| peering.status == PeeringStatus::Active) {
            let sides = [&peering.requester, &peering.accepter].into_iter();
            let naming = sides.filter(|side| side.references.contains(id) && !self.is_own_side(side));
            found.extend(naming.map(|side| (&side.vpc_id, &peering.id)));
        }
        found.sort();
        found.dedup();
        found
    }
}
