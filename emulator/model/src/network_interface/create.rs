//! Making ENIs and taking them away.
//!
//! See <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateNetworkInterface.html>.

use std::net::Ipv4Addr;

use super::{ConnectionTracking, InterfaceError, InterfaceType, NetworkInterface, PrivateIp};
use crate::{
    AddressError, Addresses, Context, Ids, InterfaceStatus, IpAddressType, Mac, Model, NetworkInterfaceId,
    SecurityGroupId, Subnet, SubnetId, Tags, VpcId, WantedAddresses, index,
};

/// What CreateNetworkInterface asks for.
#[derive(Debug, Clone)]
pub struct NewInterface {
    /// Its subnet.
    pub subnet_id: SubnetId,
    /// Free text.
    pub description: String,
    /// Its security groups; the VPC's default one if there are none.
    pub groups: Vec<SecurityGroupId>,
    /// What it is for.
    pub interface_type: InterfaceType,
    /// Its primary address; the lowest free one unless said.
    pub primary_ip: Option<Ipv4Addr>,
    /// Further addresses and prefixes.
    pub addresses: WantedAddresses,
    /// Which addresses it has; unless said, its subnet decides.
    pub ip_address_type: Option<IpAddressType>,
    /// Idle timeouts of tracked connections.
    pub connection_tracking: ConnectionTracking,
    /// Whether it goes between others, such as a NAT instance: then no check of source and destination.
    pub source_dest_check: bool,
    /// Whether it has a public address of Amazon's; unless said, its subnet decides where an instance is launched
    /// with it alone.
    pub public_ip: Option<bool>,
    /// Whether its first IPv6 address stays as long as the ENI.
    pub primary_ipv6: bool,
    /// The service that operates it for the caller.
    pub operator: Option<String>,
    /// Its tags.
    pub tags: Tags,
}

impl NewInterface {
    /// An ENI in a subnet and nothing else said.
    pub fn in_subnet(subnet_id: SubnetId) -> Self {
        Self {
            subnet_id,
            description: String::new(),
            groups: Vec::new(),
            interface_type: InterfaceType::Interface,
            primary_ip: None,
            addresses: WantedAddresses::default(),
            ip_address_type: None,
            connection_tracking: ConnectionTracking::default(),
            source_dest_check: true,
            public_ip: None,
            primary_ipv6: false,
            operator: None,
            tags: Tags::new(),
        }
    }
}

impl Model {
    /// Makes an ENI.
    pub fn create_network_interface(
        &mut self,
        cx: &mut Context,
        new: NewInterface,
    ) -> Result<NetworkInterfaceId, InterfaceError> {
        let subnet = self.subnets.get(&new.subnet_id);
        let subnet = subnet.ok_or_else(|| InterfaceError::SubnetNotFound(new.subnet_id.clone()))?.clone();
        if self.network_interfaces.len() >= self.quotas.network_interfaces {
            return Err(InterfaceError::TooMany(self.quotas.network_interfaces));
        }
        new.connection_tracking.check()?;
        // Packets through gateways are judged at the other ends, not at the gateways' own ENIs.
        let has_groups = new.interface_type.has_groups();
        let groups = if has_groups { self.groups_for(&subnet, &new.groups)? } else { Vec::new() };
        let addresses = self.addresses_for(cx.ids, &subnet, &new)?;
        let primary_ipv6 = new.primary_ipv6 && !addresses.ipv6.is_empty();
        let id: NetworkInterfaceId = cx.ids.next();
        let interface = NetworkInterface {
            id: id.clone(),
            vpc_id: subnet.vpc_id,
            zone: subnet.zone,
            subnet_id: new.subnet_id,
            mac: self.new_mac(cx.ids),
            interface_type: new.interface_type,
            description: new.description,
            groups,
            private_ips: private_ips(&addresses.ipv4),
            public_ip: None,
            wants_public_ip: false,
            public_name: None,
            ipv4_prefixes: addresses.ipv4_prefixes,
            ipv6_addresses: addresses.ipv6,
            primary_ipv6,
            ipv6_prefixes: addresses.ipv6_prefixes,
            source_dest_check: new.source_dest_check,
            attachment: None,
            permissions: Vec::new(),
            service: None,
            operator: new.operator,
            connection_tracking: new.connection_tracking,
            created: cx.now,
            tags: new.tags,
        };
        self.index_interface(&interface);
        self.network_interfaces.insert(id.clone(), interface);
        self.touch();
        Ok(id)
    }

    /// Takes an ENI away. It must not be attached; its trunk associations end with it, on either side.
    pub fn delete_network_interface(&mut self, id: &NetworkInterfaceId) -> Result<(), InterfaceError> {
        let interface = self.network_interfaces.get(id).ok_or_else(|| InterfaceError::NotFound(id.clone()))?;
        if interface.live_attachment().is_some() || interface.is_requester_managed() {
            return Err(InterfaceError::InUse(id.clone()));
        }
        self.remove_interface(id);
        Ok(())
    }

    /// Takes an ENI away with all that refers to it.
    pub(crate) fn remove_interface(&mut self, id: &NetworkInterfaceId) {
        self.end_trunk_associations(id);
        self.release_public_ip(id);
        let Some(interface) = self.network_interfaces.remove(id) else { return };
        for ip in &interface.private_ips {
            self.end_address_association(&(id.clone(), ip.address));
        }
        self.unindex_addresses(&interface, &interface.addresses());
        self.index.eni_by_mac.remove(&interface.mac);
        index::remove(&mut self.index.interfaces_by_subnet, &interface.subnet_id, id);
        index::remove_tags(&mut self.index.interfaces_by_tag, &interface.tags, id);
        for group in &interface.groups {
            index::remove(&mut self.index.interfaces_by_group, group, id);
        }
        if let Some(attachment) = &interface.attachment {
            self.index.eni_by_attachment.remove(&attachment.id);
            let slot = (attachment.network_card_index, attachment.device_index);
            if interface.live_attachment().is_some() {
                index::remove_entry(&mut self.index.interfaces_by_instance, &attachment.instance_id, &slot);
            }
        }
        self.touch();
    }

    /// An ENI's state as DescribeNetworkInterfaces shows it.
    ///
    /// EC2 shows `in-use` from the call to attach on, while the attachment itself is still `attaching`.
    pub fn status_of(&self, interface: &NetworkInterface) -> InterfaceStatus {
        use crate::AttachmentStatus::{Attached, Attaching, Detaching};
        match interface.live_attachment().map(|attachment| attachment.status) {
            Some(Attaching | Attached) => InterfaceStatus::InUse,
            Some(Detaching) => InterfaceStatus::Detaching,
            _ if interface.is_requester_managed() => InterfaceStatus::InUse,
            _ if self.index.association_by_branch.contains_key(&interface.id) => InterfaceStatus::InUse,
            _ => InterfaceStatus::Available,
        }
    }

    /// An ENI's type as DescribeNetworkInterfaces shows it: one that is associated with a trunk is a branch.
    pub fn shown_type_of(&self, interface: &NetworkInterface) -> InterfaceType {
        let is_branch = self.index.association_by_branch.contains_key(&interface.id);
        if is_branch { InterfaceType::Branch } else { interface.interface_type }
    }

    /// Checks groups that an ENI in a subnet shall have; none means the default one.
    pub(super) fn groups_for(
        &self,
        subnet: &Subnet,
        wanted: &[SecurityGroupId],
    ) -> Result<Vec<SecurityGroupId>, InterfaceError> {
        self.groups_in(&subnet.vpc_id, wanted)
    }

    /// The same in a VPC.
    pub(crate) fn groups_in(
        &self,
        vpc_id: &VpcId,
        wanted: &[SecurityGroupId],
    ) -> Result<Vec<SecurityGroupId>, InterfaceError> {
        let mut groups: Vec<SecurityGroupId> = Vec::new();
        for id in wanted {
            let group = self.security_groups.get(id).ok_or_else(|| InterfaceError::GroupNotFound(id.clone()))?;
            if !self.is_group_usable_in(group, vpc_id) {
                return Err(InterfaceError::GroupInOtherVpc(id.clone()));
            }
            if !groups.contains(id) {
                groups.push(id.clone());
            }
        }
        if groups.is_empty() {
            groups.extend(self.vpcs.get(vpc_id).map(|vpc| vpc.default_security_group_id.clone()));
        }
        let limit = self.quotas.groups_per_interface;
        if groups.len() > limit { Err(InterfaceError::TooManyGroups(limit)) } else { Ok(groups) }
    }

    /// Takes a new ENI's addresses, the primary first; EFA-only interfaces have none.
    fn addresses_for(
        &mut self,
        ids: &mut Ids,
        subnet: &Subnet,
        new: &NewInterface,
    ) -> Result<Addresses, InterfaceError> {
        let mut wanted = new.addresses.clone();
        // Where the primary address will be among those taken: named ones come before counted ones.
        let mut primary_at = 0;
        if new.interface_type != InterfaceType::EfaOnly {
            let wants_ipv4 = new.ip_address_type.map_or(!subnet.is_ipv6_native(), IpAddressType::has_ipv4);
            match new.primary_ip {
                Some(address) => wanted.ipv4.insert(0, address),
                None if !wants_ipv4 => {}
                None => {
                    primary_at = wanted.ipv4.len();
                    wanted.ipv4_count += 1;
                }
            }
            let by_subnet = subnet.assign_ipv6_address_on_creation || new.primary_ipv6;
            let wants_ipv6 = new.ip_address_type.map_or(by_subnet, IpAddressType::has_ipv6);
            if wants_ipv6 && wanted.ipv6_slots() == 0 {
                wanted.ipv6_count = 1;
            }
        }
        let pool = self.index.pools.get_mut(&subnet.id).expect("every subnet has its pool");
        let mut taken = pool.take(&wanted, ids).map_err(|error| match error {
            AddressError::NoPrefix => InterfaceError::NoPrefixForNew,
            other => InterfaceError::Address(other),
        })?;
        if let Some(up_to_primary) = taken.ipv4.get_mut(..=primary_at) {
            up_to_primary.rotate_right(1);
        }
        Ok(taken)
    }

    fn new_mac(&self, ids: &mut Ids) -> Mac {
        loop {
            let [.., a, b, c, d, e] = ids.number().to_be_bytes();
            // Locally administered, as EC2's are.
            let mac = Mac([0x02, a, b, c, d, e]);
            if !self.index.eni_by_mac.contains_key(&mac) {
                return mac;
            }
        }
    }

    fn index_interface(&mut self, interface: &NetworkInterface) {
        self.index_addresses(interface, &interface.addresses());
        self.index.eni_by_mac.insert(interface.mac, interface.id.clone());
        index::insert(&mut self.index.interfaces_by_subnet, interface.subnet_id.clone(), interface.id.clone());
        index::insert_tags(&mut self.index.interfaces_by_tag, &interface.tags, &interface.id);
        for group in &interface.groups {
            index::insert(&mut self.index.interfaces_by_group, group.clone(), interface.id.clone());
        }
    }
}

/// The addresses of a new ENI, the first being its primary one.
fn private_ips(addresses: &[Ipv4Addr]) -> Vec<PrivateIp> {
    addresses.iter().enumerate().map(|(at, address)| PrivateIp { address: *address, primary: at == 0 }).collect()
}
