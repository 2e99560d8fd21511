//! What RunInstances says about an interface: `NetworkInterface.N.*`, or the parameters beside it.

use std::net::Ipv4Addr;

use vpc_model::instance::{LaunchInterface, LaunchSource};
use vpc_model::{
    ConnectionTracking, EnaSrd, InstanceError, InterfaceType, NetworkInterfaceId, NewInterface, SecurityGroupId,
    SubnetId, Tags, WantedAddresses,
};

use crate::ApiError;
use crate::operations::network_interface;
use crate::query::Query;

/// An interface that a launch asks for.
#[derive(Debug)]
pub(super) struct InterfaceRequest {
    device_index: u16,
    network_card_index: u16,
    delete_on_termination: Option<bool>,
    existing: Option<NetworkInterfaceId>,
    subnet_id: Option<SubnetId>,
    groups: Vec<SecurityGroupId>,
    description: String,
    interface_type: InterfaceType,
    primary_ip: Option<Ipv4Addr>,
    addresses: WantedAddresses,
    public_ip: Option<bool>,
    connection_tracking: ConnectionTracking,
    primary_ipv6: bool,
    ena_srd: Option<EnaSrd>,
    ena_queue_count: Option<u16>,
}

/// What interfaces have that the request says nothing of.
#[derive(Debug)]
pub(super) struct InterfaceDefaults {
    /// The launch's own subnet or the default one; an error matters only to those who need it.
    pub(super) subnet_id: Result<SubnetId, InstanceError>,
    /// The launch's own groups.
    pub(super) groups: Vec<SecurityGroupId>,
    /// Their tags.
    pub(super) tags: Tags,
}

impl InterfaceRequest {
    /// Takes an entry of the list.
    pub(super) fn decode(query: &mut Query) -> Result<Self, ApiError> {
        // Carriers' networks are in Wavelength Zones only.
        query.refuse_flag("AssociateCarrierIpAddress")?;
        let (primary_ip, addresses) = network_interface::decode_addresses(query)?;
        Ok(Self {
            device_index: query.required("DeviceIndex")?,
            network_card_index: query.or("NetworkCardIndex", 0)?,
            delete_on_termination: query.optional("DeleteOnTermination")?,
            existing: query.optional("NetworkInterfaceId")?,
            subnet_id: query.optional("SubnetId")?,
            groups: query.list("SecurityGroupId")?,
            description: query.or("Description", String::new())?,
            interface_type: interface_type(query)?,
            primary_ip,
            addresses,
            public_ip: query.optional("AssociatePublicIpAddress")?,
            connection_tracking: query
                .structure("ConnectionTrackingSpecification", network_interface::decode_connection_tracking)?
                .unwrap_or_default(),
            primary_ipv6: query.flag("PrimaryIpv6")?,
            ena_srd: query.structure("EnaSrdSpecification", network_interface::decode_ena_srd)?,
            ena_queue_count: query.optional("EnaQueueCount")?,
        })
    }

    /// Takes what the call says about its only interface when it lists none.
    pub(super) fn of_launch(query: &mut Query) -> Result<Self, ApiError> {
        let addresses = WantedAddresses {
            ipv6: query.structs("Ipv6Address", network_interface::decode_ipv6_address)?,
            ipv6_count: query.or("Ipv6AddressCount", 0_u16)?.into(),
            ..WantedAddresses::default()
        };
        Ok(Self {
            device_index: 0,
            network_card_index: 0,
            delete_on_termination: None,
            existing: None,
            subnet_id: None,
            groups: Vec::new(),
            description: String::new(),
            interface_type: InterfaceType::Interface,
            primary_ip: query.optional("PrivateIpAddress")?,
            addresses,
            public_ip: None,
            connection_tracking: ConnectionTracking::default(),
            primary_ipv6: query.flag("EnablePrimaryIpv6")?,
            ena_srd: None,
            ena_queue_count: None,
        })
    }

    /// Whether it says which addresses to have, or how many.
    pub(super) fn names_addresses(&self) -> bool {
        self.primary_ip.is_some() || self.addresses != WantedAddresses::default()
    }

    /// Whether it asks for a public address.
    pub(super) fn wants_public_address(&self) -> bool {
        self.public_ip == Some(true)
    }

    /// The interface to launch with.
    pub(super) fn resolve(self, defaults: &InterfaceDefaults) -> Result<LaunchInterface, ApiError> {
        let (device_index, network_card_index) = (self.device_index, self.network_card_index);
        let (ena_srd, ena_queue_count) = (self.ena_srd, self.ena_queue_count);
        let delete_on_termination = self.delete_on_termination.unwrap_or(self.existing.is_none());
        let source = match &self.existing {
            Some(id) => {
                self.check_existing()?;
                LaunchSource::Existing(id.clone())
            }
            None => LaunchSource::New(Box::new(self.new_interface(defaults)?)),
        };
        Ok(LaunchInterface {
            device_index,
            network_card_index,
            delete_on_termination,
            ena_srd,
            ena_queue_count,
            source,
        })
    }

    /// An interface that is there already brings everything along.
    fn check_existing(&self) -> Result<(), ApiError> {
        let conflict = match () {
            () if self.subnet_id.is_some() => "a subnet ID",
            () if !self.groups.is_empty() => "security groups",
            () if self.names_addresses() => "addresses",
            () if self.public_ip.is_some() => "an associate public IP address value",
            () if self.delete_on_termination == Some(true) => "to delete it on termination",
            () => return Ok(()),
        };
        Err(ApiError::combination(format!(
            "A network interface may not specify both a network interface ID and {conflict}"
        )))
    }

    fn new_interface(self, defaults: &InterfaceDefaults) -> Result<NewInterface, ApiError> {
        let subnet_id = match self.subnet_id {
            Some(subnet_id) => subnet_id,
            None => defaults.subnet_id.clone()?,
        };
        Ok(NewInterface {
            description: self.description,
            groups: if self.groups.is_empty() { defaults.groups.clone() } else { self.groups },
            interface_type: self.interface_type,
            primary_ip: self.primary_ip,
            addresses: self.addresses,
            public_ip: self.public_ip,
            connection_tracking: self.connection_tracking,
            primary_ipv6: self.primary_ipv6,
            tags: defaults.tags.clone(),
            ..NewInterface::in_subnet(subnet_id)
        })
    }
}

/// An instance is not launched with a trunk, and a branch is no interface of an instance.
fn interface_type(query: &mut Query) -> Result<InterfaceType, ApiError> {
    let interface_type = query.or("InterfaceType", InterfaceType::Interface)?;
    if matches!(interface_type, InterfaceType::Trunk | InterfaceType::Branch) {
        let name = query.full_name("InterfaceType");
        return Err(ApiError::invalid(&name, &interface_type.to_string(), "Expected one of: interface efa efa-only"));
    }
    Ok(interface_type)
}
