//! Elastic IP addresses, and the public addresses that instances are launched with.
//!
//! See <https://docs.aws.amazon.com/vpc/latest/userguide/vpc-eips.html> and
//! <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/using-instance-addressing.html>.

#[cfg(test)]
mod tests;
mod transfer;

use std::net::Ipv4Addr;

pub use self::transfer::{AddressOffer, AddressOrigin, AddressTransfer};
use crate::{
    AccountId, AddressAssociationId, AllocationId, Context, InstanceId, Model, NetworkInterface, NetworkInterfaceId,
    ResourceId, Tags, VpcId,
};

/// Where public addresses are taken from: a range of AWS's.
const PUBLIC_RANGE: Ipv4Addr = Ipv4Addr::new(44, 192, 0, 0);
/// How many low bits of an address in the range are free to choose.
const PUBLIC_RANGE_BITS: u32 = 22;

/// An Elastic IP address: public, and the account's until it is released.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ElasticIp {
    /// Its id.
    pub id: AllocationId,
    /// The address.
    pub public_ip: Ipv4Addr,
    /// What it is mapped to.
    pub association: Option<AddressAssociation>,
    /// The name that reverse look-ups give.
    pub domain_name: Option<String>,
    /// The account that it is offered to.
    pub transfer: Option<AddressTransfer>,
    /// The account that it was accepted from.
    pub origin: Option<AddressOrigin>,
    /// Its tags.
    pub tags: Tags,
}

impl ElasticIp {
    fn new(id: AllocationId, public_ip: Ipv4Addr, tags: Tags) -> Self {
        Self { id, public_ip, association: None, domain_name: None, transfer: None, origin: None, tags }
    }
}

/// An Elastic IP address' mapping to a private address of an ENI.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddressAssociation {
    /// Its id.
    pub id: AddressAssociationId,
    /// The ENI.
    pub network_interface_id: NetworkInterfaceId,
    /// Which of the ENI's addresses.
    pub private_ip: Ipv4Addr,
}

/// The public address that a private one is mapped to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PublicAddress<'a> {
    /// The address.
    pub address: Ipv4Addr,
    /// The Elastic IP address it is; others belong to Amazon.
    pub elastic_ip: Option<&'a ElasticIp>,
}

/// Why an operation on an Elastic IP address is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ElasticIpError {
    /// No such allocation.
    #[error("allocation {0} does not exist")]
    NotFound(AllocationId),
    /// The account has no such address.
    #[error("the account has no elastic ip {0}")]
    AddressNotFound(Ipv4Addr),
    /// No such association.
    #[error("address association {0} does not exist")]
    AssociationNotFound(AddressAssociationId),
    /// The account has as many as it may have.
    #[error("the account has as many elastic ips as it may have")]
    TooMany,
    /// It is mapped to something.
    #[error("elastic ip {0} is in use")]
    InUse(Ipv4Addr),
    /// It is mapped to something else, and shall not be taken from there.
    #[error("{resource} is associated already: {association}")]
    AlreadyAssociated {
        /// The allocation or ENI.
        resource: String,
        /// Its association.
        association: AddressAssociationId,
    },
    /// It is not mapped to anything.
    #[error("elastic ip {0} is not associated")]
    NotAssociated(Ipv4Addr),
    /// No such ENI.
    #[error("network interface {0} does not exist")]
    InterfaceNotFound(NetworkInterfaceId),
    /// No such instance.
    #[error("instance {0} does not exist")]
    InstanceNotFound(InstanceId),
    /// The instance is not there yet, or going.
    #[error("instance {id} is {state}")]
    InstanceState {
        /// The instance.
        id: InstanceId,
        /// Its state.
        state: crate::InstanceState,
    },
    /// Which of the instance's ENIs is meant is not said.
    #[error("instance {0} has several network interfaces")]
    SeveralInterfaces(InstanceId),
    /// The instance has no ENI.
    #[error("instance {0} has no network interface")]
    NoInterface(InstanceId),
    /// The ENI does not have the private address.
    #[error("network interface {id} does not have {address}")]
    NotAssigned {
        /// The ENI.
        id: NetworkInterfaceId,
        /// The address.
        address: Ipv4Addr,
    },
    /// The ENI has no IPv4 address.
    #[error("network interface {0} has no ipv4 address")]
    NoPrivateAddress(NetworkInterfaceId),
    /// A service made the ENI for itself.
    #[error("network interface {0} is a service's own")]
    ServiceOwned(NetworkInterfaceId),
    /// It cannot be offered to the account that has it.
    #[error("account {0} has the address already")]
    TransferToOwner(AccountId),
    /// It is offered while it is mapped to something.
    #[error("elastic ip {0} cannot be accepted while it is associated")]
    TransferAssociated(Ipv4Addr),
    /// It is offered while reverse look-ups give a name.
    #[error("elastic ip {0} cannot be accepted while it has a name")]
    TransferNamed(Ipv4Addr),
    /// It is offered to nobody.
    #[error("allocation {0} is not offered to an account")]
    NoTransfer(AllocationId),
    /// Nothing public works without an internet gateway.
    #[error("vpc {0} has no internet gateway")]
    NoGateway(VpcId),
}

/// What an Elastic IP address is to be mapped to.
#[derive(Debug, Clone)]
pub enum AddressTarget {
    /// An ENI.
    Interface(NetworkInterfaceId),
    /// An instance that has one ENI.
    Instance(InstanceId),
}

impl Model {
    /// Gives the account an Elastic IP address.
    pub fn allocate_address(&mut self, cx: &mut Context, tags: Tags) -> Result<AllocationId, ElasticIpError> {
        self.check_room_for_address()?;
        let id: AllocationId = cx.ids.next();
        let public_ip = self.take_public_ip(&id);
        Ok(self.keep_address(id, public_ip, tags))
    }

    /// Gives the account an Elastic IP address that it had before and nobody has now.
    pub fn recover_address(
        &mut self,
        cx: &mut Context,
        address: Ipv4Addr,
        tags: Tags,
    ) -> Result<AllocationId, ElasticIpError> {
        self.check_recoverable(address)?;
        self.check_room_for_address()?;
        self.index.public_ips.insert(address);
        self.released_ips.remove(&address);
        Ok(self.keep_address(cx.ids.next(), address, tags))
    }

    fn check_room_for_address(&self) -> Result<(), ElasticIpError> {
        if self.elastic_ips.len() >= self.quotas.elastic_ips { Err(ElasticIpError::TooMany) } else { Ok(()) }
    }

    fn keep_address(&mut self, id: AllocationId, public_ip: Ipv4Addr, tags: Tags) -> AllocationId {
        self.elastic_ips.insert(id.clone(), ElasticIp::new(id.clone(), public_ip, tags));
        self.touch();
        id
    }

    /// Gives an Elastic IP address back that is not mapped to anything.
    pub fn release_address(&mut self, id: &AllocationId) -> Result<(), ElasticIpError> {
        let found = self.elastic_ips.get(id).ok_or_else(|| ElasticIpError::NotFound(id.clone()))?;
        let public_ip = found.public_ip;
        if found.association.is_some() {
            return Err(ElasticIpError::InUse(public_ip));
        }
        self.elastic_ips.remove(id);
        self.index.public_ips.remove(&public_ip);
        self.released_ips.insert(public_ip);
        self.touch();
        Ok(())
    }

    /// Whether the account had an address and nobody has it now.
    ///
    /// Deviation: an address that was released can be recovered for ever, unless the account's own instances or
    /// addresses took it again; accounts take their addresses without looking at each other's.
    fn check_recoverable(&self, address: Ipv4Addr) -> Result<(), ElasticIpError> {
        if self.index.public_ips.contains(&address) {
            return Err(ElasticIpError::InUse(address));
        }
        if self.released_ips.contains(&address) { Ok(()) } else { Err(ElasticIpError::AddressNotFound(address)) }
    }

    /// Maps an Elastic IP address to a private address, the ENI's primary one unless said. What either of
    /// them was mapped to loses it, unless reassociation is not allowed.
    pub fn associate_address(
        &mut self,
        cx: &mut Context,
        id: &AllocationId,
        target: &AddressTarget,
        private_ip: Option<Ipv4Addr>,
        allow_reassociation: bool,
    ) -> Result<AddressAssociationId, ElasticIpError> {
        let elastic_ip = self.elastic_ips.get(id).ok_or_else(|| ElasticIpError::NotFound(id.clone()))?;
        let interface = self.target_interface(target)?;
        let mapped_to = elastic_ip.association.as_ref().map(|association| &association.network_interface_id);
        for id in mapped_to.into_iter().chain([&interface.id]) {
            if self.network_interfaces.get(id).is_some_and(NetworkInterface::is_requester_managed) {
                return Err(ElasticIpError::ServiceOwned(id.clone()));
            }
        }
        let private_ip = private_address(interface, private_ip)?;
        if !self.internet_gateways.values().any(|gateway| gateway.vpc_id.as_ref() == Some(&interface.vpc_id)) {
            return Err(ElasticIpError::NoGateway(interface.vpc_id.clone()));
        }
        let key = (interface.id.clone(), private_ip);
        if let Some(association) = &elastic_ip.association {
            if (&association.network_interface_id, association.private_ip) == (&key.0, key.1) {
                return Ok(association.id.clone());
            }
            if !allow_reassociation {
                let (resource, association) = (id.to_string(), association.id.clone());
                return Err(ElasticIpError::AlreadyAssociated { resource, association });
            }
        }
        if let Some(association) = self.elastic_ip_of(&key).and_then(|other| other.association.as_ref())
            && !allow_reassociation
        {
            let (resource, association) = (key.0.to_string(), association.id.clone());
            return Err(ElasticIpError::AlreadyAssociated { resource, association });
        }
        self.end_address_association(&key);
        if let Some(association) = self.elastic_ips.get_mut(id).and_then(|found| found.association.take()) {
            let old = (association.network_interface_id, association.private_ip);
            self.index.elastic_ip_by_private.remove(&old);
        }
        Ok(self.map_address(cx, id, key))
    }

    /// Ends a mapping.
    pub fn disassociate_address(&mut self, id: &AddressAssociationId) -> Result<(), ElasticIpError> {
        let mut associations = self.elastic_ips.values().filter_map(|found| found.association.as_ref());
        let found = associations.find(|association| association.id == *id);
        let found = found.ok_or_else(|| ElasticIpError::AssociationNotFound(id.clone()))?;
        if self.network_interfaces.get(&found.network_interface_id).is_some_and(NetworkInterface::is_requester_managed)
        {
            return Err(ElasticIpError::ServiceOwned(found.network_interface_id.clone()));
        }
        let key = (found.network_interface_id.clone(), found.private_ip);
        self.end_address_association(&key);
        Ok(())
    }

    /// Sets or forgets the name that reverse look-ups of an address give.
    pub fn set_address_name(&mut self, id: &AllocationId, name: Option<String>) -> Result<(), ElasticIpError> {
        let found = self.elastic_ips.get_mut(id).ok_or_else(|| ElasticIpError::NotFound(id.clone()))?;
        found.domain_name = name;
        self.touch();
        Ok(())
    }

    /// The account's Elastic IP address of a value.
    pub fn elastic_ip_by_address(&self, address: Ipv4Addr) -> Result<&ElasticIp, ElasticIpError> {
        let mut all = self.elastic_ips.values();
        all.find(|found| found.public_ip == address).ok_or(ElasticIpError::AddressNotFound(address))
    }

    /// The public address that a private address of an ENI is mapped to.
    pub fn public_address_of(&self, interface: &NetworkInterface, private_ip: Ipv4Addr) -> Option<PublicAddress<'_>> {
        if let Some(found) = self.elastic_ip_of(&(interface.id.clone(), private_ip)) {
            return Some(PublicAddress { address: found.public_ip, elastic_ip: Some(found) });
        }
        let address = interface.public_ip.filter(|_| interface.primary_ip() == Some(private_ip))?;
        Some(PublicAddress { address, elastic_ip: None })
    }

    /// The instance behind an Elastic IP address.
    pub fn instance_behind(&self, elastic_ip: &ElasticIp) -> Option<&InstanceId> {
        let interface = self.network_interfaces.get(&elastic_ip.association.as_ref()?.network_interface_id)?;
        interface.live_attachment().map(|attachment| &attachment.instance_id)
    }

    /// Whether public addresses are mapped to anything in a VPC.
    pub(crate) fn has_public_addresses(&self, vpc_id: &VpcId) -> bool {
        let is_mapped = |interface: &NetworkInterface| {
            interface.public_ip.is_some()
                || interface.private_ips.iter().any(|ip| self.public_address_of(interface, ip.address).is_some())
        };
        self.network_interfaces.values().any(|interface| interface.vpc_id == *vpc_id && is_mapped(interface))
    }

    /// Ends the mapping of a private address, if it has one.
    pub(crate) fn end_address_association(&mut self, key: &(NetworkInterfaceId, Ipv4Addr)) {
        let Some(id) = self.index.elastic_ip_by_private.remove(key) else { return };
        if let Some(elastic_ip) = self.elastic_ips.get_mut(&id) {
            elastic_ip.association = None;
        }
        self.touch();
    }

    /// Gives an ENI a public address of Amazon's, unless it has a public one.
    pub(crate) fn assign_public_ip(&mut self, id: &NetworkInterfaceId) {
        let Some(interface) = self.network_interfaces.get(id) else { return };
        let Some(primary) = interface.primary_ip() else { return };
        if self.public_address_of(interface, primary).is_some() {
            return;
        }
        let address = self.take_public_ip(id);
        if let Some(interface) = self.network_interfaces.get_mut(id) {
            interface.public_ip = Some(address);
        }
        self.touch();
    }

    /// Takes Amazon's public address from an ENI.
    pub(crate) fn release_public_ip(&mut self, id: &NetworkInterfaceId) {
        let released = self.network_interfaces.get_mut(id).and_then(|interface| interface.public_ip.take());
        if let Some(address) = released {
            self.index.public_ips.remove(&address);
            self.touch();
        }
    }

    fn elastic_ip_of(&self, key: &(NetworkInterfaceId, Ipv4Addr)) -> Option<&ElasticIp> {
        self.elastic_ips.get(self.index.elastic_ip_by_private.get(key)?)
    }

    /// Maps an Elastic IP address that is free to a private address that is.
    pub(crate) fn map_address(
        &mut self,
        cx: &mut Context,
        id: &AllocationId,
        key: (NetworkInterfaceId, Ipv4Addr),
    ) -> AddressAssociationId {
        let (network_interface_id, private_ip) = key.clone();
        let is_primary = self.network_interfaces.get(&key.0).and_then(NetworkInterface::primary_ip) == Some(private_ip);
        if is_primary {
            // The Elastic IP address takes the place of the one of Amazon's.
            self.release_public_ip(&network_interface_id);
        }
        let association_id: AddressAssociationId = cx.ids.next();
        let association = AddressAssociation { id: association_id.clone(), network_interface_id, private_ip };
        if let Some(elastic_ip) = self.elastic_ips.get_mut(id) {
            elastic_ip.association = Some(association);
        }
        self.index.elastic_ip_by_private.insert(key, id.clone());
        self.touch();
        association_id
    }

    /// Takes a public address that nobody has. The id it is for decides which.
    fn take_public_ip(&mut self, id: &impl ResourceId) -> Ipv4Addr {
        let text = id.to_string();
        let digits = &text[text.len() - 8..];
        let mut number = u32::from_str_radix(digits, 16).expect("ids end with at least 8 hexadecimal digits");
        loop {
            let within = number & ((1 << PUBLIC_RANGE_BITS) - 1);
            let address = Ipv4Addr::from(u32::from(PUBLIC_RANGE) | within);
            if self.index.public_ips.insert(address) {
                self.released_ips.remove(&address);
                return address;
            }
            number = number.wrapping_add(1);
        }
    }

    fn target_interface(&self, target: &AddressTarget) -> Result<&NetworkInterface, ElasticIpError> {
        use crate::InstanceState::{Pending, ShuttingDown, Terminated};
        let instance_id = match target {
            AddressTarget::Interface(id) => {
                let interface = self.network_interfaces.get(id);
                return interface.ok_or_else(|| ElasticIpError::InterfaceNotFound(id.clone()));
            }
            AddressTarget::Instance(id) => id,
        };
        let instance = self.instances.get(instance_id);
        let instance = instance.ok_or_else(|| ElasticIpError::InstanceNotFound(instance_id.clone()))?;
        if matches!(instance.state, Pending | ShuttingDown | Terminated) {
            return Err(ElasticIpError::InstanceState { id: instance_id.clone(), state: instance.state });
        }
        let mut interfaces = self.interfaces_of(instance_id);
        match (interfaces.next(), interfaces.next()) {
            (Some(only), None) => Ok(only),
            (Some(_), Some(_)) => Err(ElasticIpError::SeveralInterfaces(instance_id.clone())),
            (None, _) => Err(ElasticIpError::NoInterface(instance_id.clone())),
        }
    }
}

/// The private address meant: the one named, or the primary one.
fn private_address(interface: &NetworkInterface, named: Option<Ipv4Addr>) -> Result<Ipv4Addr, ElasticIpError> {
    let Some(address) = named else {
        return interface.primary_ip().ok_or_else(|| ElasticIpError::NoPrivateAddress(interface.id.clone()));
    };
    if interface.private_ips.iter().any(|ip| ip.address == address) {
        Ok(address)
    } else {
        Err(ElasticIpError::NotAssigned { id: interface.id.clone(), address })
    }
}
