//! Subnets.
//!
//! See <https://docs.aws.amazon.com/vpc/latest/userguide/configure-subnets.html>.

use std::net::Ipv4Addr;

use ipnet::{Ipv4Net, Ipv6Net};

use crate::address_pool::AddressPool;
use crate::vpc::DEFAULT_SUBNET_LENGTH;
use crate::{Context, Model, SubnetId, Tags, Vpc, VpcId, Zone, ZoneId, ZoneName, index};

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
    /// An IPv6 subnet is a /64 within the VPC's block.
    #[error("{0} cannot be a subnet's block in this vpc")]
    Ipv6Range(Ipv6Net),
    /// Another subnet has some of it.
    #[error("{0} overlaps another subnet")]
    Overlaps(Ipv4Net),
    /// Another subnet has some of it.
    #[error("{0} overlaps another subnet")]
    Ipv6Overlaps(Ipv6Net),
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
}

/// What CreateSubnet asks for.
#[derive(Debug, Clone)]
pub struct NewSubnet {
    /// Its VPC.
    pub vpc_id: VpcId,
    /// Its IPv4 block.
    pub cidr_block: Ipv4Net,
    /// Its IPv6 block.
    pub ipv6_cidr_block: Option<Ipv6Net>,
    /// Its zone; the region's first one unless said.
    pub zone: Option<ZoneName>,
    /// The same by the zone's id.
    pub zone_id: Option<ZoneId>,
    /// Its tags.
    pub tags: Tags,
}

impl NewSubnet {
    /// A subnet with an IPv4 block and nothing else said.
    pub fn with_block(vpc_id: VpcId, cidr_block: Ipv4Net) -> Self {
        Self { vpc_id, cidr_block, ipv6_cidr_block: None, zone: None, zone_id: None, tags: Tags::new() }
    }
}

/// An attribute that ModifySubnetAttribute sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SubnetAttribute {
    /// Whether new instances get a public IPv4 address.
    MapPublicIpOnLaunch(bool),
    /// Whether new ENIs get an IPv6 address.
    AssignIpv6AddressOnCreation(bool),
}

impl Model {
    /// Makes a subnet.
    pub fn create_subnet(&mut self, cx: &mut Context, new: NewSubnet) -> Result<SubnetId, SubnetError> {
        let vpc = self.vpcs.get(&new.vpc_id).ok_or_else(|| SubnetError::VpcNotFound(new.vpc_id.clone()))?;
        let cidr_block = new.cidr_block.trunc();
        self.check_subnet_block(vpc, cidr_block)?;
        if let Some(block) = new.ipv6_cidr_block {
            self.check_ipv6_block(vpc, block)?;
        }
        let zone = self.subnet_zone(new.zone, new.zone_id)?;
        let acl_id = vpc.default_network_acl_id.clone();
        let id: SubnetId = cx.ids.next();
        let subnet = Subnet {
            id: id.clone(),
            vpc_id: new.vpc_id.clone(),
            cidr_block,
            ipv6_cidr_blocks: new.ipv6_cidr_block.into_iter().collect(),
            zone: zone.name,
            zone_id: zone.id,
            map_public_ip_on_launch: false,
            assign_ipv6_address_on_creation: false,
            default_for_az: false,
            tags: new.tags,
        };
        if let Some(acl) = self.network_acls.get_mut(&acl_id) {
            acl.associations.push((cx.ids.next(), id.clone()));
        }
        self.index.pools.insert(id.clone(), AddressPool::new(cidr_block, new.ipv6_cidr_block));
        index::insert(&mut self.index.subnets_by_vpc, new.vpc_id, id.clone());
        self.subnets.insert(id.clone(), subnet);
        self.touch();
        Ok(id)
    }

    /// Makes a zone's default subnet in the default VPC, in the first block that is free.
    pub fn create_default_subnet(
        &mut self,
        cx: &mut Context,
        zone: Option<ZoneName>,
        zone_id: Option<ZoneId>,
    ) -> Result<SubnetId, SubnetError> {
        let vpc = self.default_vpc().ok_or(SubnetError::NoDefaultVpc)?;
        let zone = self.subnet_zone(zone, zone_id)?.name;
        if let Some(subnet) = self.subnets_of(&vpc.id).find(|subnet| subnet.default_for_az && subnet.zone == zone) {
            return Err(SubnetError::DefaultExists { zone, subnet: subnet.id.clone() });
        }
        let vpc_id = vpc.id.clone();
        let mut blocks = vpc.cidr_block.subnets(DEFAULT_SUBNET_LENGTH).into_iter().flatten();
        let free = blocks.find(|block| self.check_subnet_block(vpc, *block).is_ok());
        let free = free.ok_or_else(|| SubnetError::NoRoom(vpc_id.clone()))?;
        let new = NewSubnet { zone: Some(zone), ..NewSubnet::with_block(vpc_id, free) };
        let id = self.create_subnet(cx, new)?;
        if let Some(subnet) = self.subnets.get_mut(&id) {
            subnet.default_for_az = true;
            subnet.map_public_ip_on_launch = true;
        }
        Ok(id)
    }

    /// Takes a subnet away; its ENIs must be gone.
    pub fn delete_subnet(&mut self, id: &SubnetId) -> Result<(), SubnetError> {
        let subnet = self.subnets.get(id).ok_or_else(|| SubnetError::NotFound(id.clone()))?;
        if self.index.interfaces_by_subnet.contains_key(id) {
            return Err(SubnetError::HasDependencies(id.clone()));
        }
        index::remove(&mut self.index.subnets_by_vpc, &subnet.vpc_id, id);
        self.index.pools.remove(id);
        if let Some(table) = self.index.table_by_subnet.remove(id).and_then(|table| self.route_tables.get_mut(&table)) {
            table.associations.retain(|association| association.subnet_id.as_ref() != Some(id));
        }
        for acl in self.network_acls.values_mut() {
            acl.associations.retain(|(_, subnet)| subnet != id);
        }
        self.subnets.remove(id);
        self.touch();
        Ok(())
    }

    /// Changes one attribute of a subnet.
    pub fn modify_subnet_attribute(&mut self, id: &SubnetId, attribute: SubnetAttribute) -> Result<(), SubnetError> {
        let subnet = self.subnets.get_mut(id).ok_or_else(|| SubnetError::NotFound(id.clone()))?;
        match attribute {
            SubnetAttribute::MapPublicIpOnLaunch(on) => subnet.map_public_ip_on_launch = on,
            SubnetAttribute::AssignIpv6AddressOnCreation(on) => subnet.assign_ipv6_address_on_creation = on,
        }
        self.touch();
        Ok(())
    }

    /// The subnets of a VPC in the order of their ids.
    pub fn subnets_of(&self, vpc_id: &VpcId) -> impl Iterator<Item = &Subnet> {
        self.index.subnets_by_vpc.get(vpc_id).into_iter().flatten().filter_map(|id| self.subnets.get(id))
    }

    /// How many IPv4 addresses of a subnet are free.
    pub fn available_ip_address_count(&self, id: &SubnetId) -> u32 {
        self.index.pools.get(id).map_or(0, AddressPool::free_count)
    }

    fn check_subnet_block(&self, vpc: &Vpc, block: Ipv4Net) -> Result<(), SubnetError> {
        let is_inside = vpc.cidr_associations.iter().any(|(_, whole)| whole.contains(&block));
        if !(16..=28).contains(&block.prefix_len()) || !is_inside {
            return Err(SubnetError::Range(block));
        }
        let overlaps = |other: &Subnet| other.cidr_block.contains(&block) || block.contains(&other.cidr_block);
        if self.subnets_of(&vpc.id).any(overlaps) { Err(SubnetError::Overlaps(block)) } else { Ok(()) }
    }

    fn check_ipv6_block(&self, vpc: &Vpc, block: Ipv6Net) -> Result<(), SubnetError> {
        let is_inside = vpc.ipv6_cidr_associations.iter().any(|(_, whole)| whole.contains(&block));
        if block.prefix_len() != 64 || block != block.trunc() || !is_inside {
            return Err(SubnetError::Ipv6Range(block));
        }
        let is_taken = self.subnets_of(&vpc.id).any(|other| other.ipv6_cidr_blocks.contains(&block));
        if is_taken { Err(SubnetError::Ipv6Overlaps(block)) } else { Ok(()) }
    }

    fn subnet_zone(&self, name: Option<ZoneName>, id: Option<ZoneId>) -> Result<Zone, SubnetError> {
        let found = match (&name, &id) {
            (Some(name), _) => self.zone(name),
            (None, Some(id)) => self.zone_by_id(id),
            (None, None) => self.zones().into_iter().next(),
        };
        let asked = name.map(|name| name.0).or(id.map(|id| id.0)).unwrap_or_default();
        found.ok_or(SubnetError::NoSuchZone(asked))
    }
}
