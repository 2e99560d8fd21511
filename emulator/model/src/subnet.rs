//! Subnets.
//!
//! See <https://docs.aws.amazon.com/vpc/latest/userguide/configure-subnets.html>.

use std::net::Ipv4Addr;

use ipnet::{Ipv4Net, Ipv6Net};

use crate::{SubnetId, Tags, VpcId, ZoneId, ZoneName};

/// A subnet: one zone's part of a VPC.
#[derive(Debug, Clone)]
pub struct Subnet {
    /// Its id.
    pub id: SubnetId,
    /// Its VPC.
    pub vpc_id: VpcId,
    /// Its IPv4 block.
    pub cidr_block: Ipv4Net,
    /// Its IPv6 blocks (a /64 each).
    pub ipv6_cidr_blocks: Vec<Ipv6Net>,
    /// The zone's name.
    pub zone: ZoneName,
    /// The zone's id.
    pub zone_id: ZoneId,
    /// Whether new instances get a public IPv4 address.
    pub map_public_ip_on_launch: bool,
    /// Whether new ENIs get an IPv6 address.
    pub assign_ipv6_address_on_creation: bool,
    /// Whether this is its zone's default subnet.
    pub default_for_az: bool,
    /// Its tags.
    pub tags: Tags,
}

impl Subnet {
    /// The VPC router's address in this subnet: the block's base plus one.
    pub fn router(&self) -> Ipv4Addr {
        Ipv4Addr::from(u32::from(self.cidr_block.network()) + 1)
    }

    /// Whether AWS keeps an address for itself: the first four and the last.
    pub fn is_reserved(&self, address: Ipv4Addr) -> bool {
        let offset = u32::from(address).wrapping_sub(u32::from(self.cidr_block.network()));
        offset < 4 || address == self.cidr_block.broadcast()
    }
}
