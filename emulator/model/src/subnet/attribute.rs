//! Attributes of subnets.
//!
//! See <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifySubnetAttribute.html>.

use super::{HostnameType, Subnet, SubnetError};
use crate::{Model, SubnetId};

/// An attribute that ModifySubnetAttribute sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SubnetAttribute {
    /// Whether new instances get a public IPv4 address.
    MapPublicIpOnLaunch(bool),
    /// Whether new ENIs get an IPv6 address.
    AssignIpv6AddressOnCreation(bool),
    /// Whether the resolver answers with synthetic IPv6 addresses.
    Dns64(bool),
    /// Of what the names of new instances are made.
    HostnameType(HostnameType),
    /// Whether the names made of new instances' ids have A records.
    ResourceNameARecord(bool),
    /// Whether they have AAAA records.
    ResourceNameAaaaRecord(bool),
    /// From which device index on ENIs are local network interfaces.
    LniAtDeviceIndex(Option<u8>),
}

impl Model {
    /// Changes one attribute of a subnet.
    pub fn modify_subnet_attribute(&mut self, id: &SubnetId, attribute: SubnetAttribute) -> Result<(), SubnetError> {
        let subnet = self.subnets.get_mut(id).ok_or_else(|| SubnetError::NotFound(id.clone()))?;
        attribute.check(subnet)?;
        let options = &mut subnet.private_dns_name_options;
        match attribute {
            SubnetAttribute::MapPublicIpOnLaunch(on) => subnet.map_public_ip_on_launch = on,
            SubnetAttribute::AssignIpv6AddressOnCreation(on) => subnet.assign_ipv6_address_on_creation = on,
            SubnetAttribute::Dns64(on) => subnet.enable_dns64 = on,
            SubnetAttribute::HostnameType(hostname_type) => options.hostname_type = hostname_type,
            SubnetAttribute::ResourceNameARecord(on) => options.resource_name_a_record = on,
            SubnetAttribute::ResourceNameAaaaRecord(on) => options.resource_name_aaaa_record = on,
            SubnetAttribute::LniAtDeviceIndex(index) => subnet.lni_at_device_index = index,
        }
        self.touch();
        Ok(())
    }
}

impl SubnetAttribute {
    fn check(self, subnet: &Subnet) -> Result<(), SubnetError> {
        let needs_ipv6 = match self {
            Self::AssignIpv6AddressOnCreation(true) => Some("assign-ipv6-address-on-creation"),
            Self::Dns64(true) => Some("enable-dns64"),
            Self::ResourceNameAaaaRecord(true) => Some("enable-resource-name-dns-aaaa-record-on-launch"),
            _ => None,
        };
        if let Some(attribute) = needs_ipv6.filter(|_| subnet.ipv6_cidr_blocks().next().is_none()) {
            return Err(SubnetError::NeedsIpv6Block { attribute, subnet: subnet.id.clone() });
        }
        let needs_ipv4 = match self {
            Self::MapPublicIpOnLaunch(true) => Some("map-public-ip-on-launch"),
            Self::HostnameType(HostnameType::IpName) => Some("private-dns-hostname-type-on-launch"),
            Self::ResourceNameARecord(true) => Some("enable-resource-name-dns-a-record-on-launch"),
            _ => None,
        };
        if let Some(attribute) = needs_ipv4.filter(|_| subnet.is_ipv6_native()) {
            return Err(SubnetError::NeedsIpv4Block { attribute, subnet: subnet.id.clone() });
        }
        match self {
            Self::LniAtDeviceIndex(Some(0)) => Err(SubnetError::LniIndex(0)),
            _ => Ok(()),
        }
    }
}
