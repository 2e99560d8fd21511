//! Further IPv4 blocks of a VPC.
//!
//! See <https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html#add-cidr-block-restrictions>.

use std::net::Ipv4Addr;

use ipnet::{IpNet, Ipv4Net};
use jiff::Timestamp;

use super::{VpcCidrAssociation, VpcError, is_vpc_block};
use crate::{Context, Model, Route, VpcCidrAssociationId, VpcId};

/// The private ranges that do not mix in one VPC.
const PRIVATE: [Ipv4Net; 4] = [
    Ipv4Net::new_assert(Ipv4Addr::new(10, 0, 0, 0), 8),
    Ipv4Net::new_assert(Ipv4Addr::new(172, 16, 0, 0), 12),
    Ipv4Net::new_assert(Ipv4Addr::new(192, 168, 0, 0), 16),
    Ipv4Net::new_assert(Ipv4Addr::new(198, 19, 0, 0), 16),
];

impl Model {
    /// Gives a VPC a further block; every route table gets its local route.
    pub fn associate_vpc_cidr_block(
        &mut self,
        cx: &mut Context,
        vpc_id: &VpcId,
        block: Ipv4Net,
    ) -> Result<(VpcCidrAssociationId, Ipv4Net), VpcError> {
        let vpc = self.vpcs.get(vpc_id).ok_or_else(|| VpcError::NotFound(vpc_id.clone()))?;
        let block = block.trunc();
        let overlaps = |other: &Ipv4Net| other.contains(&block) || block.contains(other);
        if !is_vpc_block(block) || vpc.cidr_associations.iter().any(|(_, other)| overlaps(other)) {
            return Err(VpcError::Range(block));
        }
        if is_restricted(vpc.cidr_block, block) {
            return Err(VpcError::RestrictedRange(block));
        }
        if vpc.cidr_associations.len() >= self.quotas.ipv4_blocks_per_vpc {
            return Err(VpcError::TooManyBlocks(vpc_id.clone()));
        }
        // A route to somewhere within the block would then lead out of the VPC.
        let is_inside =
            |route: &Route| matches!(route.destination.block(), Some(IpNet::V4(net)) if block.contains(&net));
        let mut tables = self.route_tables.values().filter(|table| table.vpc_id == *vpc_id);
        if tables.any(|table| table.routes.iter().any(is_inside)) {
            return Err(VpcError::Range(block));
        }
        self.check_peerings_allow(vpc_id, block)?;
        self.add_local_route(vpc_id, block.into());
        let id: VpcCidrAssociationId = cx.ids.next();
        let vpc = self.vpcs.get_mut(vpc_id).expect("it was just found");
        vpc.cidr_associations.push((id.clone(), block));
        self.touch();
        Ok((id, block))
    }

    /// Takes a block from its VPC; no subnet may be in it, and the primary one stays.
    pub fn disassociate_vpc_cidr_block(
        &mut self,
        now: Timestamp,
        id: &VpcCidrAssociationId,
    ) -> Result<(VpcId, Ipv4Net), VpcError> {
        let all = self.vpcs.values().flat_map(|vpc| vpc.cidr_associations.iter().map(move |found| (vpc, found)));
        let found = all.into_iter().find(|(_, (known, _))| known == id);
        let (vpc, (_, block)) = found.ok_or_else(|| VpcError::AssociationNotFound(id.clone()))?;
        let (vpc_id, block) = (vpc.id.clone(), *block);
        if block == vpc.cidr_block {
            return Err(VpcError::PrimaryBlock(id.clone()));
        }
        if self.subnets_of(&vpc_id).filter_map(|subnet| subnet.cidr_block).any(|other| block.contains(&other)) {
            return Err(VpcError::BlockInUse(block.into()));
        }
        self.remove_local_route(&vpc_id, block.into());
        let vpc = self.vpcs.get_mut(&vpc_id).expect("it was just found");
        vpc.cidr_associations.retain(|(known, _)| known != id);
        vpc.ended_cidr_associations.push(VpcCidrAssociation::ending(now, id.clone(), block));
        self.touch();
        Ok((vpc_id, block))
    }
}

/// Whether a block is in a private range other than the one of the VPC's primary block.
fn is_restricted(primary: Ipv4Net, block: Ipv4Net) -> bool {
    let range_of = |net: Ipv4Net| PRIVATE.iter().position(|range| range.contains(&net));
    range_of(block).is_some_and(|range| Some(range) != range_of(primary))
}
