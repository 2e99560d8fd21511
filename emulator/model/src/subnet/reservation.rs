//! Parts of a subnet that are not handed out by chance: kept for delegated prefixes, or for whoever names an address.
//!
//! See <https://docs.aws.amazon.com/vpc/latest/userguide/subnet-cidr-reservation.html>.

use std::fmt;

use ipnet::IpNet;

use super::SubnetError;
use crate::{Context, Model, SubnetCidrReservationId, SubnetId, Tags};

/// A reserved part of a subnet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubnetCidrReservation {
    /// Its id.
    pub id: SubnetCidrReservationId,
    /// The subnet.
    pub subnet_id: SubnetId,
    /// The part.
    pub cidr: IpNet,
    /// What it is kept for.
    pub reservation_type: ReservationType,
    /// Free text.
    pub description: Option<String>,
    /// Its tags.
    pub tags: Tags,
}

/// What a part of a subnet is kept for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ReservationType {
    /// For delegated prefixes.
    Prefix,
    /// For addresses that a caller names.
    Explicit,
}

impl fmt::Display for ReservationType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Prefix => "prefix",
            Self::Explicit => "explicit",
        })
    }
}

/// What CreateSubnetCidrReservation asks for.
#[derive(Debug, Clone)]
pub struct NewReservation {
    /// The subnet.
    pub subnet_id: SubnetId,
    /// The part.
    pub cidr: IpNet,
    /// What it is kept for.
    pub reservation_type: ReservationType,
    /// Free text.
    pub description: Option<String>,
    /// Its tags.
    pub tags: Tags,
}

impl Model {
    /// Reserves a part of a subnet. Addresses of it that are in use stay so.
    pub fn create_subnet_cidr_reservation(
        &mut self,
        cx: &mut Context,
        new: NewReservation,
    ) -> Result<SubnetCidrReservationId, SubnetError> {
        let subnet = self.subnets.get(&new.subnet_id).ok_or_else(|| SubnetError::NotFound(new.subnet_id.clone()))?;
        let is_inside = match new.cidr {
            IpNet::V4(cidr) => subnet.cidr_block.is_some_and(|block| block.contains(&cidr)),
            IpNet::V6(cidr) => subnet.ipv6_cidr_blocks().any(|block| block.contains(&cidr)),
        };
        if !is_inside || new.cidr != new.cidr.trunc() {
            return Err(SubnetError::ReservationRange(new.cidr));
        }
        if self.has_reservation_in(&new.subnet_id, new.cidr) {
            return Err(SubnetError::ReservationOverlaps(new.cidr));
        }
        let id: SubnetCidrReservationId = cx.ids.next();
        let reservation = SubnetCidrReservation {
            id: id.clone(),
            subnet_id: new.subnet_id,
            cidr: new.cidr,
            reservation_type: new.reservation_type,
            description: new.description,
            tags: new.tags,
        };
        if let Some(pool) = self.index.pools.get_mut(&reservation.subnet_id) {
            pool.reserve(reservation.cidr, reservation.reservation_type);
        }
        self.subnet_cidr_reservations.insert(id.clone(), reservation);
        self.touch();
        Ok(id)
    }

    /// Ends a reservation. Addresses of it that are in use stay so.
    pub fn delete_subnet_cidr_reservation(
        &mut self,
        id: &SubnetCidrReservationId,
    ) -> Result<SubnetCidrReservation, SubnetError> {
        let gone = self.subnet_cidr_reservations.remove(id);
        let gone = gone.ok_or_else(|| SubnetError::ReservationNotFound(id.clone()))?;
        if let Some(pool) = self.index.pools.get_mut(&gone.subnet_id) {
            pool.unreserve(gone.cidr);
        }
        self.touch();
        Ok(gone)
    }

    /// Whether something of a block is reserved in a subnet.
    pub(super) fn has_reservation_in(&self, id: &SubnetId, block: IpNet) -> bool {
        let mut own = self.subnet_cidr_reservations.values().filter(|reservation| reservation.subnet_id == *id);
        own.any(|reservation| reservation.cidr.contains(&block) || block.contains(&reservation.cidr))
    }
}
