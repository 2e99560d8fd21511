//! VPCs and DHCP options.
//!
//! See <https://docs.aws.amazon.com/vpc/latest/userguide/what-is-amazon-vpc.html>.

use std::net::Ipv4Addr;

use ipnet::{Ipv4Net, Ipv6Net};

use crate::{DhcpOptionsId, NetworkAclId, RouteTableId, SecurityGroupId, Tags, VpcCidrAssociationId, VpcId};

/// A virtual private cloud.
#[derive(Debug, Clone)]
pub struct Vpc {
    /// Its id.
    pub id: VpcId,
    /// The primary IPv4 block.
    pub cidr_block: Ipv4Net,
    /// All IPv4 blocks, the primary first.
    pub cidr_associations: Vec<(VpcCidrAssociationId, Ipv4Net)>,
    /// The IPv6 blocks.
    pub ipv6_cidr_associations: Vec<(VpcCidrAssociationId, Ipv6Net)>,
    /// Whether this is the region's default VPC.
    pub is_default: bool,
    /// `default` or `dedicated`.
    pub instance_tenancy: String,
    /// The DHCP options in force.
    pub dhcp_options_id: DhcpOptionsId,
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

/// A set of DHCP options.
#[derive(Debug, Clone)]
pub struct DhcpOptions {
    /// Its id.
    pub id: DhcpOptionsId,
    /// Option names and their values, such as `domain-name-servers` and `AmazonProvidedDNS`.
    pub options: Vec<(String, Vec<String>)>,
    /// Its tags.
    pub tags: Tags,
}
