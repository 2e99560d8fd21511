//! The IPv6 blocks of a VPC, and how associations with blocks begin and end.
//!
//! See <https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html#vpc-sizing-ipv6>.

use std::net::Ipv6Addr;

use ipnet::{IpNet, Ipv6Net};
use jiff::Timestamp;

use super::{Vpc, VpcError};
use crate::life_span::{self, LifeSpan};
use crate::{Context, Model, Route, RouteOrigin, Subnet, VpcCidrAssociationId, VpcId};

/// Where AWS-provided IPv6 blocks are taken from: a part of an AWS range; the next 24 bits are random.
const RANGE: Ipv6Addr = Ipv6Addr::new(0x2600, 0x1f13, 0, 0, 0, 0, 0, 0);

/// A VPC's association with a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VpcCidrAssociation<N> {
    /// Its id.
    pub id: VpcCidrAssociationId,
    /// The block.
    pub block: N,
    /// How far it is.
    pub life: LifeSpan,
}

impl<N> VpcCidrAssociation<N> {
    /// Of a block whose end was just asked for.
    pub(super) fn ending(now: Timestamp, id: VpcCidrAssociationId, block: N) -> Self {
        let mut life = LifeSpan::begin(now);
        life.end(now);
        Self { id, block, life }
    }
}

impl VpcCidrAssociation<Ipv6Net> {
    /// Of a block that Amazon provides.
    pub(super) fn provided(cx: &mut Context) -> Self {
        let id = cx.ids.next();
        let random = u128::from(cx.ids.number() & 0x00ff_ffff) << 72;
        let block = Ipv6Net::new_assert(Ipv6Addr::from(u128::from(RANGE) | random), 56);
        Self { id, block, life: LifeSpan::begin(cx.now) }
    }
}

impl Vpc {
    /// Its IPv6 blocks that are not ending.
    pub fn ipv6_cidr_blocks(&self) -> impl Iterator<Item = Ipv6Net> + '_ {
        self.ipv6_cidr_associations.iter().filter(|one| one.life.phase().is_alive()).map(|one| one.block)
    }
}

impl Model {
    /// Gives a VPC a block that Amazon provides; every route table gets its local route.
    pub fn associate_vpc_ipv6_block(
        &mut self,
        cx: &mut Context,
        vpc_id: &VpcId,
        border_group: Option<&str>,
    ) -> Result<VpcCidrAssociation<Ipv6Net>, VpcError> {
        let vpc = self.vpcs.get(vpc_id).ok_or_else(|| VpcError::NotFound(vpc_id.clone()))?;
        self.check_border_group(border_group)?;
        if vpc.ipv6_cidr_blocks().count() >= self.quotas.ipv6_blocks_per_vpc {
            return Err(VpcError::TooManyBlocks(vpc_id.clone()));
        }
        let association = VpcCidrAssociation::provided(cx);
        self.add_local_route(vpc_id, association.block.into());
        self.add_ipv6_acl_entries(vpc_id);
        self.add_ipv6_egress(cx, vpc_id);
        let vpc = self.vpcs.get_mut(vpc_id).expect("it was just found");
        vpc.ipv6_cidr_associations.push(association.clone());
        self.touch();
        Ok(association)
    }

    /// Takes an IPv6 block from its VPC; no subnet may have a part of it.
    pub fn disassociate_vpc_ipv6_block(
        &mut self,
        now: Timestamp,
        id: &VpcCidrAssociationId,
    ) -> Result<(VpcId, VpcCidrAssociation<Ipv6Net>), VpcError> {
        let mut all = self.vpcs.values().flat_map(|vpc| vpc.ipv6_cidr_associations.iter().map(move |one| (vpc, one)));
        let found = all.find(|(_, one)| one.id == *id && one.life.phase().is_alive());
        let (vpc, one) = found.ok_or_else(|| VpcError::AssociationNotFound(id.clone()))?;
        let (vpc_id, block) = (vpc.id.clone(), one.block);
        if self.subnets_of(&vpc_id).flat_map(Subnet::ipv6_cidr_blocks).any(|part| block.contains(&part)) {
            return Err(VpcError::BlockInUse(block.into()));
        }
        self.remove_local_route(&vpc_id, block.into());
        let vpc = self.vpcs.get_mut(&vpc_id).expect("it was just found");
        let one = vpc.ipv6_cidr_associations.iter_mut().find(|one| one.id == *id).expect("it was just found");
        one.life.end(now);
        let shown = one.clone();
        self.touch();
        Ok((vpc_id, shown))
    }

    /// Moves associations on that are due. Whether anything changed.
    pub(crate) fn advance_vpc_blocks(&mut self, now: Timestamp) -> bool {
        let delay = self.delays.other;
        let mut changed = false;
        for vpc in self.vpcs.values_mut() {
            changed |= life_span::advance_list(&mut vpc.ipv6_cidr_associations, |one| &mut one.life, delay, now);
            changed |= life_span::advance_list(&mut vpc.ended_cidr_associations, |one| &mut one.life, delay, now);
        }
        changed
    }

    /// When an association moves on next.
    pub(crate) fn next_vpc_block(&self) -> Option<Timestamp> {
        let ipv6 = self.vpcs.values().flat_map(|vpc| vpc.ipv6_cidr_associations.iter().map(|one| &one.life));
        let ended = self.vpcs.values().flat_map(|vpc| vpc.ended_cidr_associations.iter().map(|one| &one.life));
        life_span::first_due(ipv6.chain(ended), self.delays.other)
    }

    /// Addresses are announced from the region itself: there are no other groups, such as Local Zones' ones.
    pub(super) fn check_border_group(&self, group: Option<&str>) -> Result<(), VpcError> {
        match group.filter(|group| *group != self.region.0) {
            Some(other) => Err(VpcError::NoSuchBorderGroup(other.to_owned())),
            None => Ok(()),
        }
    }

    pub(super) fn add_local_route(&mut self, vpc_id: &VpcId, destination: IpNet) {
        for table in self.route_tables.values_mut().filter(|table| table.vpc_id == *vpc_id) {
            let local = Route::local(destination);
            let locals = table.routes.iter().take_while(|route| route.origin == RouteOrigin::CreateRouteTable).count();
            table.routes.insert(locals, local);
        }
    }

    pub(super) fn remove_local_route(&mut self, vpc_id: &VpcId, destination: IpNet) {
        for table in self.route_tables.values_mut().filter(|table| table.vpc_id == *vpc_id) {
            table.routes.retain(|route| route.destination.block() != Some(destination));
        }
    }
}
