//! Why a subnet operation is refused.

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use crate::{SubnetCidrAssociationId, SubnetCidrReservationId, SubnetId, VpcId, ZoneName};

/// Why a subnet operation is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SubnetError {
    /// No such subnet.
    #[error("subnet {0} does not exist")]
    NotFound(SubnetId),
    /// No such VPC.
    #[error("vpc {0} does not exist")]
    VpcNotFound(VpcId),
    /// A subnet's block is between /16 and /28 and lies within one of the VPC's.
    #[error("{0} cannot be a subnet's block in this vpc")]
    Range(Ipv4Net),
    /// An IPv6 block of a subnet is between /44 and /64 in steps of four, and starts at a multiple of its size.
    #[error("{0} has not the length of a subnet's block")]
    Ipv6Length(Ipv6Net),
    /// An IPv6 subnet lies within the VPC's block.
    #[error("{0} cannot be a subnet's block in this vpc")]
    Ipv6Range(Ipv6Net),
    /// Another subnet has some of it.
    #[error("{0} overlaps another subnet")]
    Overlaps(Ipv4Net),
    /// Another subnet has some of it.
    #[error("{0} overlaps another subnet")]
    Ipv6Overlaps(Ipv6Net),
    /// Without an IPv4 block there must be an IPv6 one.
    #[error("a subnet with ipv6 only needs an ipv6 block")]
    NativeWithoutBlock,
    /// A VPC has so many subnets.
    #[error("a vpc has at most {0} subnets")]
    TooMany(usize),
    /// A subnet has one IPv6 block at a time.
    #[error("subnet {0} has an ipv6 block already")]
    HasIpv6Block(SubnetId),
    /// No such association of an IPv6 block.
    #[error("subnet block association {0} does not exist")]
    AssociationNotFound(SubnetCidrAssociationId),
    /// New ENIs get addresses of the block.
    #[error("the subnet of {0} assigns ipv6 addresses on creation")]
    BlockAssigned(SubnetCidrAssociationId),
    /// ENIs have addresses of the block, something is reserved in it, or the subnet has IPv6 only.
    #[error("the block of {0} is in use")]
    BlockInUse(SubnetCidrAssociationId),
    /// The attribute goes together with an IPv6 block only.
    #[error("{attribute} of {subnet} needs an ipv6 block")]
    NeedsIpv6Block {
        /// The attribute, as EC2 writes it.
        attribute: &'static str,
        /// The subnet.
        subnet: SubnetId,
    },
    /// The attribute goes together with an IPv4 block only.
    #[error("{attribute} of {subnet} needs an ipv4 block")]
    NeedsIpv4Block {
        /// The attribute, as EC2 writes it.
        attribute: &'static str,
        /// The subnet.
        subnet: SubnetId,
    },
    /// The primary ENI is no local network interface.
    #[error("there is no local network interface at device index {0}")]
    LniIndex(u8),
    /// The region has no such zone.
    #[error("zone {0} does not exist")]
    NoSuchZone(String),
    /// The account has no default VPC.
    #[error("there is no default vpc")]
    NoDefaultVpc,
    /// The zone has its default subnet already.
    #[error("zone {zone} has its default subnet already: {subnet}")]
    DefaultExists {
        /// The zone.
        zone: ZoneName,
        /// The subnet.
        subnet: SubnetId,
    },
    /// The default VPC has no block left.
    #[error("vpc {0} has no room for a default subnet")]
    NoRoom(VpcId),
    /// ENIs are left in it.
    #[error("subnet {0} has dependencies")]
    HasDependencies(SubnetId),
    /// A reserved block lies within the subnet's.
    #[error("{0} is not within the subnet")]
    ReservationRange(IpNet),
    /// Reserved blocks do not overlap.
    #[error("{0} overlaps another reservation")]
    ReservationOverlaps(IpNet),
    /// No such reservation.
    #[error("reservation {0} does not exist")]
    ReservationNotFound(SubnetCidrReservationId),
}
