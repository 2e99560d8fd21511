//! The IPv6 blocks of subnets: one at a time, and each shown for a while after its end.
//!
//! See <https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html#subnet-sizing-ipv6>.

use ipnet::Ipv6Net;
use jiff::Timestamp;

use super::{Subnet, SubnetError};
use crate::life_span::{self, LifeSpan};
use crate::{Context, Model, SubnetCidrAssociationId, SubnetId, Vpc};

/// The lengths that an IPv6 block of a subnet can have.
const LENGTHS: [u8; 6] = [44, 48, 52, 56, 60, 64];

/// A subnet's association with an IPv6 block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubnetCidrAssociation {
    /// Its id.
    pub id: SubnetCidrAssociationId,
    /// The block.
    pub block: Ipv6Net,
    /// How far it is.
    pub life: LifeSpan,
}

impl SubnetCidrAssociation {
    /// Of a block that was just asked for.
    pub(super) fn of_new(cx: &mut Context, block: Ipv6Net) -> Self {
        Self { id: cx.ids.next(), block, life: LifeSpan::begin(cx.now) }
    }
}

impl Model {
    /// Gives a subnet an IPv6 block.
    pub fn associate_subnet_cidr_block(
        &mut self,
        cx: &mut Context,
        id: &SubnetId,
        block: Ipv6Net,
    ) -> Result<SubnetCidrAssociation, SubnetError> {
        let subnet = self.subnets.get(id).ok_or_else(|| SubnetError::NotFound(id.clone()))?;
        if subnet.ipv6_cidr_blocks().next().is_some() {
            return Err(SubnetError::HasIpv6Block(id.clone()));
        }
        let vpc = self.vpcs.get(&subnet.vpc_id).ok_or_else(|| SubnetError::VpcNotFound(subnet.vpc_id.clone()))?;
        self.check_ipv6_block(vpc, block)?;
        let association = SubnetCidrAssociation::of_new(cx, block);
        if let Some(subnet) = self.subnets.get_mut(id) {
            subnet.ipv6_associations.push(association.clone());
        }
        self.set_pool_block(id, Some(block));
        Ok(association)
    }

    /// Takes a subnet's IPv6 block away; nobody may use it.
    pub fn disassociate_subnet_cidr_block(
        &mut self,
        now: Timestamp,
        id: &SubnetCidrAssociationId,
    ) -> Result<(SubnetId, SubnetCidrAssociation), SubnetError> {
        let mut all =
            self.subnets.values().flat_map(|subnet| subnet.ipv6_associations.iter().map(move |a| (subnet, a)));
        let found = all.find(|(_, association)| association.id == *id && association.life.phase().is_alive());
        let (subnet, association) = found.ok_or_else(|| SubnetError::AssociationNotFound(id.clone()))?;
        let (subnet_id, block) = (subnet.id.clone(), association.block);
        if subnet.assign_ipv6_address_on_creation {
            return Err(SubnetError::BlockAssigned(id.clone()));
        }
        let has_addresses = self.index.pools.get(&subnet_id).is_some_and(|pool| pool.uses_ipv6());
        if has_addresses || subnet.is_ipv6_native() || self.has_reservation_in(&subnet_id, block.into()) {
            return Err(SubnetError::BlockInUse(id.clone()));
        }
        let subnet = self.subnets.get_mut(&subnet_id).expect("it was just found");
        let association = subnet.ipv6_associations.iter_mut().find(|association| association.id == *id);
        let association = association.expect("it was just found");
        association.life.end(now);
        let shown = association.clone();
        self.set_pool_block(&subnet_id, None);
        Ok((subnet_id, shown))
    }

    /// Moves associations on that are due. Whether anything changed.
    pub(crate) fn advance_subnet_blocks(&mut self, now: Timestamp) -> bool {
        let delay = self.delays.other;
        let mut changed = false;
        for subnet in self.subnets.values_mut().filter(|subnet| !subnet.ipv6_associations.is_empty()) {
            changed |= life_span::advance_list(&mut subnet.ipv6_associations, |one| &mut one.life, delay, now);
        }
        changed
    }

    /// When an association moves on next.
    pub(crate) fn next_subnet_block(&self) -> Option<Timestamp> {
        let all = self.subnets.values().flat_map(|subnet| &subnet.ipv6_associations);
        life_span::first_due(all.map(|association| &association.life), self.delays.other)
    }

    /// The first /64 of a VPC that no subnet has.
    pub(super) fn free_ipv6_block(&self, vpc: &Vpc) -> Result<Ipv6Net, SubnetError> {
        let mut blocks = vpc.ipv6_cidr_blocks().flat_map(|block| block.subnets(64).into_iter().flatten());
        let free = blocks.find(|block| self.check_ipv6_block(vpc, *block).is_ok());
        free.ok_or_else(|| SubnetError::NoRoom(vpc.id.clone()))
    }

    pub(super) fn check_ipv6_block(&self, vpc: &Vpc, block: Ipv6Net) -> Result<(), SubnetError> {
        if !LENGTHS.contains(&block.prefix_len()) || block != block.trunc() {
            return Err(SubnetError::Ipv6Length(block));
        }
        if !vpc.ipv6_cidr_blocks().any(|whole| whole.contains(&block)) {
            return Err(SubnetError::Ipv6Range(block));
        }
        let overlaps = |other: Ipv6Net| other.contains(&block) || block.contains(&other);
        let is_taken = self.subnets_of(&vpc.id).flat_map(Subnet::ipv6_cidr_blocks).any(overlaps);
        if is_taken { Err(SubnetError::Ipv6Overlaps(block)) } else { Ok(()) }
    }

    fn set_pool_block(&mut self, id: &SubnetId, block: Option<Ipv6Net>) {
        if let Some(pool) = self.index.pools.get_mut(id) {
            pool.set_ipv6_block(block);
        }
        self.touch();
    }
}
