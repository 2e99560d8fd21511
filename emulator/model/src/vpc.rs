//! VPCs.
//!
//! See <https://docs.aws.amazon.com/vpc/latest/userguide/what-is-amazon-vpc.html>.

mod cidr_block;
mod ipv6_block;

use std::net::Ipv4Addr;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

pub use self::ipv6_block::VpcCidrAssociation;
use crate::{
    Context, DhcpOptionsId, Excluded, Model, NetworkAclId, NewSubnet, RouteTableId, RouteTarget, SecurityGroupId, Tags,
    VpcCidrAssociationId, VpcId,
};

/// The block of every account's default VPC.
const DEFAULT_VPC_BLOCK: Ipv4Net = Ipv4Net::new_assert(Ipv4Addr::new(172, 31, 0, 0), 16);
/// The length of the default subnets' blocks.
pub(crate) const DEFAULT_SUBNET_LENGTH: u8 = 20;

/// A virtual private cloud.
#[derive(Debug, Clone)]
pub struct Vpc {
    /// Its id.
    pub id: VpcId,
    /// The primary IPv4 block.
    pub cidr_block: Ipv4Net,
    /// All IPv4 blocks, the primary first.
    pub cidr_associations: Vec<(VpcCidrAssociationId, Ipv4Net)>,
    /// Associations with IPv4 blocks that ended a while ago.
    pub ended_cidr_associations: Vec<VpcCidrAssociation<Ipv4Net>>,
    /// The IPv6 blocks, and those whose association ended a while ago.
    pub ipv6_cidr_associations: Vec<VpcCidrAssociation<Ipv6Net>>,
    /// Whether this is the region's default VPC.
    pub is_default: bool,
    /// `default` or `dedicated`.
    pub instance_tenancy: String,
    /// The DHCP options in force; it may have none.
    pub dhcp_options_id: Option<DhcpOptionsId>,
    /// Whether the VPC resolver answers.
    pub enable_dns_support: bool,
    /// Whether instances with public addresses get public names.
    pub enable_dns_hostnames: bool,
    /// Whether network address usage metrics are on.
    pub enable_network_address_usage_metrics: bool,
    /// The main route table.
    pub main_route_table_id: RouteTableId,
    /// The default security group.
    pub default_security_group_id: SecurityGroupId,
    /// The default network ACL.
    pub default_network_acl_id: NetworkAclId,
    /// Its tags.
    pub tags: Tags,
}

impl Vpc {
    /// The resolver's address: the base of the primary block plus two.
    pub fn resolver(&self) -> Ipv4Addr {
        Ipv4Addr::from(u32::from(self.cidr_block.network()) + 2)
    }
}

/// Why a VPC operation is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VpcError {
    /// No such VPC.
    #[error("vpc {0} does not exist")]
    NotFound(VpcId),
    /// A VPC's block is between /16 and /28 and of unicast addresses.
    #[error("{0} cannot be a vpc's block")]
    Range(Ipv4Net),
    /// The block is in another private range than the VPC's primary one.
    #[error("{0} does not go together with the vpc's primary block")]
    RestrictedRange(Ipv4Net),
    /// A region has no more VPCs.
    #[error("a region has at most {0} vpcs")]
    TooMany(usize),
    /// A VPC has no more blocks.
    #[error("vpc {0} has as many blocks as a vpc can have")]
    TooManyBlocks(VpcId),
    /// The VPC asked for a peering connection, and nobody has answered yet.
    #[error("vpc {0} has a request for a peering connection")]
    PeeringRequested(VpcId),
    /// No such association.
    #[error("vpc block association {0} does not exist")]
    AssociationNotFound(VpcCidrAssociationId),
    /// The primary block stays as long as its VPC.
    #[error("{0} is the association of the primary block")]
    PrimaryBlock(VpcCidrAssociationId),
    /// Subnets are in the block.
    #[error("block {0} has subnets")]
    BlockInUse(IpNet),
    /// Nothing announces addresses from there.
    #[error("there is no network border group {0}")]
    NoSuchBorderGroup(String),
    /// Something is left in it.
    #[error("vpc {0} has dependencies")]
    HasDependencies(VpcId),
    /// The region has its default VPC already.
    #[error("a default vpc exists already: {0}")]
    DefaultExists(VpcId),
}

/// What CreateVpc asks for.
#[derive(Debug, Clone)]
pub struct NewVpc {
    /// The primary IPv4 block.
    pub cidr_block: Ipv4Net,
    /// Whether AWS provides an IPv6 block.
    pub ipv6_block: bool,
    /// From where that block is announced; only the region itself is possible.
    pub border_group: Option<String>,
    /// `default` or `dedicated`.
    pub instance_tenancy: String,
    /// Its tags.
    pub tags: Tags,
}

impl NewVpc {
    /// A VPC with a block and nothing else said.
    pub fn with_block(cidr_block: Ipv4Net) -> Self {
        let instance_tenancy = "default".into();
        Self { cidr_block, ipv6_block: false, border_group: None, instance_tenancy, tags: Tags::new() }
    }
}

/// An attribute that ModifyVpcAttribute sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VpcAttribute {
    /// Whether the VPC resolver answers.
    DnsSupport(bool),
    /// Whether instances with public addresses get public names.
    DnsHostnames(bool),
    /// Whether network address usage metrics are on.
    NetworkAddressUsageMetrics(bool),
    /// Instances share their hosts with others; the way back does not exist.
    DefaultTenancy,
}

impl Model {
    /// Makes a VPC with its main route table, default security group and default network ACL.
    pub fn create_vpc(&mut self, cx: &mut Context, new: NewVpc) -> Result<VpcId, VpcError> {
        let cidr_block = new.cidr_block.trunc();
        if !is_vpc_block(cidr_block) {
            return Err(VpcError::Range(new.cidr_block));
        }
        if self.vpcs.len() >= self.quotas.vpcs {
            return Err(VpcError::TooMany(self.quotas.vpcs));
        }
        self.check_border_group(new.border_group.as_deref())?;
        let id: VpcId = cx.ids.next();
        let ipv6_block = new.ipv6_block.then(|| VpcCidrAssociation::provided(cx));
        let ipv6_net = ipv6_block.as_ref().map(|one| IpNet::V6(one.block));
        let local_blocks: Vec<IpNet> = std::iter::once(cidr_block.into()).chain(ipv6_net).collect();
        let vpc = Vpc {
            id: id.clone(),
            cidr_block,
            cidr_associations: vec![(cx.ids.next(), cidr_block)],
            ended_cidr_associations: Vec::new(),
            ipv6_cidr_associations: ipv6_block.into_iter().collect(),
            is_default: false,
            instance_tenancy: new.instance_tenancy,
            dhcp_options_id: Some(self.default_dhcp_options(cx)),
            enable_dns_support: true,
            enable_dns_hostnames: false,
            enable_network_address_usage_metrics: false,
            main_route_table_id: self.create_main_route_table(cx, &id, &local_blocks),
            default_security_group_id: self.create_default_security_group(cx, &id),
            default_network_acl_id: self.create_default_network_acl(cx, &id),
            tags: new.tags,
        };
        self.vpcs.insert(id.clone(), vpc);
        if new.ipv6_block {
            self.add_ipv6_acl_entries(&id);
            self.add_ipv6_egress(cx, &id);
        }
        self.touch();
        Ok(id)
    }

    /// Makes the default VPC with a default subnet in each zone and a route to the internet.
    pub fn create_default_vpc(&mut self, cx: &mut Context) -> Result<VpcId, VpcError> {
        if let Some(vpc) = self.default_vpc() {
            return Err(VpcError::DefaultExists(vpc.id.clone()));
        }
        let id = self.create_vpc(cx, NewVpc::with_block(DEFAULT_VPC_BLOCK))?;
        let blocks = DEFAULT_VPC_BLOCK.subnets(DEFAULT_SUBNET_LENGTH).expect("a /16 holds /20 blocks");
        for (zone, cidr_block) in self.zones().into_iter().zip(blocks) {
            let new = NewSubnet { zone: Some(zone.name), ..NewSubnet::with_block(id.clone(), cidr_block) };
            let subnet_id = self.create_subnet(cx, new).expect("default subnets lie side by side");
            let subnet = self.subnets.get_mut(&subnet_id).expect("it was just made");
            subnet.default_for_az = true;
            subnet.map_public_ip_on_launch = true;
        }
        let gateway_id = self.insert_internet_gateway(cx, Tags::new());
        self.attach_internet_gateway(&gateway_id, &id).expect("gateway and vpc are new");
        let vpc = self.vpcs.get_mut(&id).expect("it was just made");
        vpc.is_default = true;
        vpc.enable_dns_hostnames = true;
        let table_id = vpc.main_route_table_id.clone();
        self.create_route(&table_id, IpNet::V4(Ipv4Net::default()), RouteTarget::InternetGateway(gateway_id))
            .expect("the main route table is new");
        Ok(id)
    }

    /// The region's default VPC.
    pub fn default_vpc(&self) -> Option<&Vpc> {
        self.vpcs.values().find(|vpc| vpc.is_default)
    }

    /// Takes a VPC away with what came into being with it; all else must be gone.
    pub fn delete_vpc(&mut self, cx: &mut Context, id: &VpcId) -> Result<(), VpcError> {
        let vpc = self.vpcs.get(id).ok_or_else(|| VpcError::NotFound(id.clone()))?;
        let has_subnets = self.index.subnets_by_vpc.contains_key(id);
        let has_groups =
            self.security_groups.values().any(|group| group.vpc_id == *id && group.id != vpc.default_security_group_id);
        let has_tables =
            self.route_tables.values().any(|table| table.vpc_id == *id && table.id != vpc.main_route_table_id);
        let has_gateway = self.internet_gateways.values().any(|gateway| gateway.vpc_id.as_ref() == Some(id));
        let has_acls = self.network_acls.values().any(|acl| acl.vpc_id == *id && !acl.is_default);
        let has_way_out = self.egress_only_gateways.values().any(|gateway| gateway.vpc_id == *id);
        let has_vpn = self.has_vpn_gateway(id) || self.has_carrier_gateway(id);
        let is_asked = self.has_open_peering_request(id);
        let has_endpoints = self.has_endpoints(id);
        let has_ways = has_gateway || has_way_out || has_vpn || has_endpoints;
        if has_subnets || has_groups || has_tables || has_ways || has_acls || is_asked {
            return Err(VpcError::HasDependencies(id.clone()));
        }
        self.end_peerings_of(id, cx.now);
        self.drop_vpc_associations(|known| known.vpc_id == *id);
        self.drop_access_exclusions(&Excluded::Vpc(id.clone()));
        let vpc = self.vpcs.remove(id).expect("it was just found");
        self.route_tables.remove(&vpc.main_route_table_id);
        self.network_acls.remove(&vpc.default_network_acl_id);
        self.remove_security_group(&vpc.default_security_group_id);
        self.touch();
        Ok(())
    }

    /// Changes one attribute of a VPC.
    pub fn modify_vpc_attribute(&mut self, id: &VpcId, attribute: VpcAttribute) -> Result<(), VpcError> {
        let vpc = self.vpcs.get_mut(id).ok_or_else(|| VpcError::NotFound(id.clone()))?;
        match attribute {
            VpcAttribute::DnsSupport(on) => vpc.enable_dns_support = on,
            VpcAttribute::DnsHostnames(on) => vpc.enable_dns_hostnames = on,
            VpcAttribute::NetworkAddressUsageMetrics(on) => vpc.enable_network_address_usage_metrics = on,
            VpcAttribute::DefaultTenancy => "default".clone_into(&mut vpc.instance_tenancy),
        }
        self.touch();
        Ok(())
    }
}

/// See <https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html>.
fn is_vpc_block(block: Ipv4Net) -> bool {
    let first = block.network();
    let is_unicast =
        !(first.is_loopback() || first.is_link_local() || first.octets()[0] == 0 || first.octets()[0] >= 224);
    (16..=28).contains(&block.prefix_len()) && is_unicast
}
