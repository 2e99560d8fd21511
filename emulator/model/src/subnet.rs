//! Subnets.
//!
//! See <https://docs.aws.amazon.com/vpc/latest/userguide/configure-subnets.html>.

mod attribute;
mod error;
mod ipv6_block;
mod reservation;

use std::fmt;
use std::net::Ipv4Addr;

use ipnet::{Ipv4Net, Ipv6Net};

pub use self::attribute::SubnetAttribute;
pub use self::error::SubnetError;
pub use self::ipv6_block::SubnetCidrAssociation;
pub use self::reservation::{NewReservation, ReservationType, SubnetCidrReservation};
use crate::address_pool::AddressPool;
use crate::vpc::DEFAULT_SUBNET_LENGTH;
use crate::{Context, Excluded, Model, SubnetId, Tags, Vpc, VpcId, Zone, ZoneId, ZoneName, index};

/// A subnet: one zone's part of a VPC.
#[derive(Debug, Clone)]
pub struct Subnet {
    /// Its id.
    pub id: SubnetId,
    /// Its VPC.
    pub vpc_id: VpcId,
    /// Its IPv4 block; one with IPv6 only has none.
    pub cidr_block: Option<Ipv4Net>,
    /// Its IPv6 blocks: at most one that is not ending, and those that ended a while ago.
    pub ipv6_associations: Vec<SubnetCidrAssociation>,
    /// The zone's name.
    pub zone: ZoneName,
    /// The zone's id.
    pub zone_id: ZoneId,
    /// Whether new instances get a public IPv4 address.
    pub map_public_ip_on_launch: bool,
    /// Whether new ENIs get an IPv6 address.
    pub assign_ipv6_address_on_creation: bool,
    /// Whether the resolver answers with synthetic IPv6 addresses for names that have IPv4 ones only.
    pub enable_dns64: bool,
    /// From which device index on ENIs are local network interfaces.
    pub lni_at_device_index: Option<u8>,
    /// How instances launched here are named.
    pub private_dns_name_options: PrivateDnsNameOptions,
    /// Whether this is its zone's default subnet.
    pub default_for_az: bool,
    /// Its tags.
    pub tags: Tags,
}

/// How an instance's private name is made, and what the resolver tells about the one made of its id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PrivateDnsNameOptions {
    /// Of what the host name is made.
    pub hostname_type: HostnameType,
    /// Whether the name made of the instance's id has an A record.
    pub resource_name_a_record: bool,
    /// Whether it has an AAAA record.
    pub resource_name_aaaa_record: bool,
}

/// Of what an instance's private host name is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum HostnameType {
    /// Of its primary IPv4 address.
    #[default]
    IpName,
    /// Of its id.
    ResourceName,
}

impl fmt::Display for HostnameType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::IpName => "ip-name",
            Self::ResourceName => "resource-name",
        })
    }
}

impl Subnet {
    /// The VPC router's IPv4 address in this subnet: the block's base plus one.
    pub fn router(&self) -> Option<Ipv4Addr> {
        self.cidr_block.map(|block| Ipv4Addr::from(u32::from(block.network()) + 1))
    }

    /// Whether it has IPv6 only.
    pub fn is_ipv6_native(&self) -> bool {
        self.cidr_block.is_none()
    }

    /// Its IPv6 blocks that are not ending.
    pub fn ipv6_cidr_blocks(&self) -> impl Iterator<Item = Ipv6Net> + '_ {
        self.ipv6_associations.iter().filter(|one| one.life.phase().is_alive()).map(|one| one.block)
    }
}

/// What CreateSubnet asks for.
#[derive(Debug, Clone)]
pub struct NewSubnet {
    /// Its VPC.
    pub vpc_id: VpcId,
    /// Its IPv4 block; without one it has IPv6 only.
    pub cidr_block: Option<Ipv4Net>,
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
        Self {
            vpc_id,
            cidr_block: Some(cidr_block),
            ipv6_cidr_block: None,
            zone: None,
            zone_id: None,
            tags: Tags::new(),
        }
    }
}

impl Model {
    /// Makes a subnet.
    pub fn create_subnet(&mut self, cx: &mut Context, new: NewSubnet) -> Result<SubnetId, SubnetError> {
        let vpc = self.vpcs.get(&new.vpc_id).ok_or_else(|| SubnetError::VpcNotFound(new.vpc_id.clone()))?;
        let cidr_block = new.cidr_block.map(|block| block.trunc());
        match (cidr_block, new.ipv6_cidr_block) {
            (Some(block), _) => self.check_subnet_block(vpc, block)?,
            (None, Some(_)) => {}
            (None, None) => return Err(SubnetError::NativeWithoutBlock),
        }
        if let Some(block) = new.ipv6_cidr_block {
            self.check_ipv6_block(vpc, block)?;
        }
        let zone = self.subnet_zone(new.zone, new.zone_id)?;
        let limit = self.quotas.subnets_per_vpc;
        if self.index.subnets_by_vpc.get(&vpc.id).is_some_and(|subnets| subnets.len() >= limit) {
            return Err(SubnetError::TooMany(limit));
        }
        let acl_id = vpc.default_network_acl_id.clone();
        let id: SubnetId = cx.ids.next();
        let subnet = Subnet {
            id: id.clone(),
            vpc_id: new.vpc_id.clone(),
            cidr_block,
            ipv6_associations: new
                .ipv6_cidr_block
                .map(|block| SubnetCidrAssociation::of_new(cx, block))
                .into_iter()
                .collect(),
            zone: zone.name,
            zone_id: zone.id,
            map_public_ip_on_launch: false,
            // With IPv6 only, an ENI would otherwise have no address at all.
            assign_ipv6_address_on_creation: cidr_block.is_none(),
            enable_dns64: false,
            lni_at_device_index: None,
            private_dns_name_options: options_of_new(cidr_block.is_none()),
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

    /// Makes a zone's default subnet in the default VPC, in the first block that is free; one with IPv6 only when asked.
    pub fn create_default_subnet(
        &mut self,
        cx: &mut Context,
        zone: Option<ZoneName>,
        zone_id: Option<ZoneId>,
        ipv6_native: bool,
    ) -> Result<SubnetId, SubnetError> {
        let vpc = self.default_vpc().ok_or(SubnetError::NoDefaultVpc)?;
        let zone = self.subnet_zone(zone, zone_id)?.name;
        if let Some(subnet) = self.subnets_of(&vpc.id).find(|subnet| subnet.default_for_az && subnet.zone == zone) {
            return Err(SubnetError::DefaultExists { zone, subnet: subnet.id.clone() });
        }
        let vpc_id = vpc.id.clone();
        let (cidr_block, ipv6_cidr_block) = match ipv6_native {
            true => (None, Some(self.free_ipv6_block(vpc)?)),
            false => (Some(self.free_block(vpc)?), None),
        };
        let new = NewSubnet { vpc_id, cidr_block, ipv6_cidr_block, zone: Some(zone), zone_id: None, tags: Tags::new() };
        let id = self.create_subnet(cx, new)?;
        if let Some(subnet) = self.subnets.get_mut(&id) {
            subnet.default_for_az = true;
            subnet.map_public_ip_on_launch = !ipv6_native;
        }
        Ok(id)
    }

    fn free_block(&self, vpc: &Vpc) -> Result<Ipv4Net, SubnetError> {
        let mut blocks = vpc.cidr_block.subnets(DEFAULT_SUBNET_LENGTH).into_iter().flatten();
        let free = blocks.find(|block| self.check_subnet_block(vpc, *block).is_ok());
        free.ok_or_else(|| SubnetError::NoRoom(vpc.id.clone()))
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
            table.associations.retain(|association| association.subnet_id() != Some(id));
        }
        for acl in self.network_acls.values_mut() {
            acl.associations.retain(|(_, subnet)| subnet != id);
        }
        self.subnet_cidr_reservations.retain(|_, reservation| reservation.subnet_id != *id);
        self.drop_access_exclusions(&Excluded::Subnet(id.clone()));
        self.subnets.remove(id);
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
        let overlaps = |other: Ipv4Net| other.contains(&block) || block.contains(&other);
        let is_taken = self.subnets_of(&vpc.id).filter_map(|other| other.cidr_block).any(overlaps);
        if is_taken { Err(SubnetError::Overlaps(block)) } else { Ok(()) }
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

/// With IPv6 only, an instance can only be named by its id.
fn options_of_new(ipv6_native: bool) -> PrivateDnsNameOptions {
    let hostname_type = if ipv6_native { HostnameType::ResourceName } else { HostnameType::IpName };
    PrivateDnsNameOptions { hostname_type, ..PrivateDnsNameOptions::default() }
}
