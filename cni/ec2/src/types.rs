//! What replies are read into: only the members that the agent, the controller and the harness use.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, Ipv6Addr};

use ipnet::{Ipv4Net, Ipv6Net};

use crate::error::Error;
use crate::xml::Element;

/// Tags by key.
pub type Tags = BTreeMap<String, String>;

/// An instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instance {
    /// `i-…`.
    pub id: String,
    /// Such as `m5.large`.
    pub instance_type: String,
    /// Such as `running`.
    pub state: String,
    /// Its primary ENI's subnet; `None` once it is terminated.
    pub subnet_id: Option<String>,
    /// Its VPC; `None` once it is terminated.
    pub vpc_id: Option<String>,
    /// Its primary ENI's primary address; `None` once it is terminated.
    pub private_ip_address: Option<Ipv4Addr>,
    /// Its zone.
    pub availability_zone: Option<String>,
    /// The ENIs attached to it; branches are not.
    pub network_interfaces: Vec<NetworkInterface>,
    /// Its tags.
    pub tags: Tags,
}

/// A subnet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subnet {
    /// `subnet-…`.
    pub id: String,
    /// Its VPC.
    pub vpc_id: String,
    /// Its zone.
    pub availability_zone: String,
    /// Its IPv4 block; one with IPv6 only has none.
    pub cidr_block: Option<Ipv4Net>,
    /// Its IPv6 blocks.
    pub ipv6_cidr_blocks: Vec<Ipv6Net>,
    /// How many addresses are free.
    pub available_ip_address_count: u32,
    /// Its tags.
    pub tags: Tags,
}

/// An ENI. In an [`Instance`]'s list a few members are not told: zone and tags.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NetworkInterface {
    /// `eni-…`.
    pub id: String,
    /// Its subnet.
    pub subnet_id: String,
    /// Its VPC.
    pub vpc_id: String,
    /// Its zone.
    pub availability_zone: Option<String>,
    /// What its maker wrote.
    pub description: String,
    /// `interface`, `trunk`, `efa`, ….
    pub interface_type: String,
    /// Its MAC address, in lower case with colons.
    pub mac_address: String,
    /// `available`, `in-use`, ….
    pub status: String,
    /// Its primary address.
    pub private_ip_address: Option<Ipv4Addr>,
    /// All its IPv4 addresses; the primary one among them.
    pub private_ip_addresses: Vec<PrivateIpAddress>,
    /// Its delegated IPv4 prefixes.
    pub ipv4_prefixes: Vec<Ipv4Net>,
    /// Its IPv6 addresses.
    pub ipv6_addresses: Vec<Ipv6Addr>,
    /// Its security groups' ids.
    pub groups: Vec<String>,
    /// Its attachment to an instance.
    pub attachment: Option<Attachment>,
    /// Its tags.
    pub tags: Tags,
}

/// One of an ENI's IPv4 addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PrivateIpAddress {
    /// The address.
    pub address: Ipv4Addr,
    /// Whether it is the primary one.
    pub primary: bool,
}

/// An ENI's attachment to an instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// `eni-attach-…`.
    pub id: String,
    /// The instance; absent in an [`Instance`]'s own list.
    pub instance_id: Option<String>,
    /// The device index; the primary ENI's is 0.
    pub device_index: u32,
    /// The network card.
    pub network_card_index: u32,
    /// `attaching`, `attached`, `detaching`, `detached`.
    pub status: String,
    /// Whether the ENI goes when the instance goes.
    pub delete_on_termination: bool,
}

/// A branch ENI's association with its trunk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrunkInterfaceAssociation {
    /// `trunk-assoc-…`.
    pub association_id: String,
    /// The branch ENI.
    pub branch_interface_id: String,
    /// The trunk ENI.
    pub trunk_interface_id: String,
    /// The VLAN that carries its frames.
    pub vlan_id: Option<u16>,
}

/// An instance type's network limits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstanceTypeInfo {
    /// Such as `m5.large`.
    pub instance_type: String,
    /// ENIs on the default network card.
    pub maximum_network_interfaces: u32,
    /// IPv4 addresses per ENI, the primary one included.
    pub ipv4_addresses_per_interface: u32,
    /// `nitro` or `xen`.
    pub hypervisor: Option<String>,
    /// Whether there is no hypervisor at all.
    pub bare_metal: bool,
}

/// Reads the tags at `tagSet` or `tags`.
pub(crate) fn tags(element: &Element, path: &str) -> Tags {
    let pair = |tag: &Element| Some((tag.text("key")?.to_owned(), tag.text("value").unwrap_or_default().to_owned()));
    element.items(path).filter_map(pair).collect()
}

fn owned(text: Option<&str>) -> Option<String> {
    text.filter(|text| !text.is_empty()).map(str::to_owned)
}

impl Instance {
    pub(crate) fn read(item: &Element) -> Result<Self, Error> {
        Ok(Self {
            id: item.parsed("instanceId")?,
            instance_type: item.parsed("instanceType")?,
            state: item.parsed("instanceState/name")?,
            subnet_id: owned(item.text("subnetId")),
            vpc_id: owned(item.text("vpcId")),
            private_ip_address: item.optional("privateIpAddress")?,
            availability_zone: owned(item.text("placement/availabilityZone")),
            network_interfaces: item
                .items("networkInterfaceSet")
                .map(NetworkInterface::read)
                .collect::<Result<_, _>>()?,
            tags: tags(item, "tagSet"),
        })
    }
}

impl Subnet {
    pub(crate) fn read(item: &Element) -> Result<Self, Error> {
        let blocks = item.items("ipv6CidrBlockAssociationSet");
        Ok(Self {
            id: item.parsed("subnetId")?,
            vpc_id: item.parsed("vpcId")?,
            availability_zone: item.parsed("availabilityZone")?,
            cidr_block: item.optional("cidrBlock")?,
            ipv6_cidr_blocks: blocks.map(|block| block.parsed("ipv6CidrBlock")).collect::<Result<_, _>>()?,
            available_ip_address_count: item.optional("availableIpAddressCount")?.unwrap_or(0),
            tags: tags(item, "tagSet"),
        })
    }
}

impl NetworkInterface {
    pub(crate) fn read(item: &Element) -> Result<Self, Error> {
        let texts = |list: &str, path: &str| -> Vec<String> {
            item.items(list).filter_map(|entry| owned(entry.text(path))).collect()
        };
        Ok(Self {
            id: item.parsed("networkInterfaceId")?,
            subnet_id: item.parsed("subnetId")?,
            vpc_id: item.parsed("vpcId")?,
            availability_zone: owned(item.text("availabilityZone")),
            description: item.text("description").unwrap_or_default().to_owned(),
            interface_type: item.text("interfaceType").unwrap_or("interface").to_owned(),
            mac_address: item.required("macAddress")?.to_ascii_lowercase(),
            status: item.text("status").unwrap_or_default().to_owned(),
            private_ip_address: item.optional("privateIpAddress")?,
            private_ip_addresses: item
                .items("privateIpAddressesSet")
                .map(PrivateIpAddress::read)
                .collect::<Result<_, _>>()?,
            ipv4_prefixes: parse_all(item, "ipv4PrefixSet", "ipv4Prefix")?,
            ipv6_addresses: parse_all(item, "ipv6AddressesSet", "ipv6Address")?,
            groups: texts("groupSet", "groupId"),
            attachment: item.element("attachment").map(Attachment::read).transpose()?,
            tags: tags(item, "tagSet"),
        })
    }
}

/// Reads one value of each item of a list.
pub(crate) fn parse_all<T: std::str::FromStr>(element: &Element, list: &str, path: &str) -> Result<Vec<T>, Error> {
    element.items(list).map(|item| item.parsed(path)).collect()
}

impl PrivateIpAddress {
    fn read(item: &Element) -> Result<Self, Error> {
        Ok(Self { address: item.parsed("privateIpAddress")?, primary: item.optional("primary")?.unwrap_or(false) })
    }
}

impl Attachment {
    fn read(item: &Element) -> Result<Self, Error> {
        Ok(Self {
            id: item.parsed("attachmentId")?,
            instance_id: owned(item.text("instanceId")),
            device_index: item.parsed("deviceIndex")?,
            network_card_index: item.optional("networkCardIndex")?.unwrap_or(0),
            status: item.parsed("status")?,
            delete_on_termination: item.optional("deleteOnTermination")?.unwrap_or(false),
        })
    }
}

impl TrunkInterfaceAssociation {
    pub(crate) fn read(item: &Element) -> Result<Self, Error> {
        Ok(Self {
            association_id: item.parsed("associationId")?,
            branch_interface_id: item.parsed("branchInterfaceId")?,
            trunk_interface_id: item.parsed("trunkInterfaceId")?,
            vlan_id: item.optional("vlanId")?,
        })
    }
}

impl InstanceTypeInfo {
    pub(crate) fn read(item: &Element) -> Result<Self, Error> {
        let network = item.element("networkInfo").unwrap_or(item);
        let default_card: u32 = network.optional("defaultNetworkCardIndex")?.unwrap_or(0);
        let card = network
            .items("networkCards")
            .find(|card| card.optional("networkCardIndex").is_ok_and(|index| index == Some(default_card)));
        let on_card = match card {
            Some(card) => card.optional("maximumNetworkInterfaces")?,
            None => None,
        };
        let maximum_network_interfaces = match on_card {
            Some(limit) => limit,
            None => network.parsed("maximumNetworkInterfaces")?,
        };
        Ok(Self {
            instance_type: item.parsed("instanceType")?,
            maximum_network_interfaces,
            ipv4_addresses_per_interface: network.parsed("ipv4AddressesPerInterface")?,
            hypervisor: owned(item.text("hypervisor")),
            bare_metal: item.optional("bareMetal")?.unwrap_or(false),
        })
    }
}
