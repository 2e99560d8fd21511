//! Further addresses and delegated prefixes of ENIs.
//!
//! See <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AssignPrivateIpAddresses.html>.

use std::net::{IpAddr, Ipv4Addr};

use ipnet::IpNet;

use super::{InterfaceError, NetworkInterface, PrivateIp};
use crate::address_pool::{delegable_ipv4, delegable_ipv6};
use crate::{Addresses, Context, Model, NetworkInterfaceId, VpcId, WantedAddresses, instance_type};

impl Model {
    /// Adds addresses and prefixes to an ENI, all or none of them.
    ///
    /// With `allow_reassignment`, secondary addresses of other ENIs in the subnet may be taken from them.
    pub fn assign_addresses(
        &mut self,
        cx: &mut Context,
        id: &NetworkInterfaceId,
        mut wanted: WantedAddresses,
        allow_reassignment: bool,
    ) -> Result<Addresses, InterfaceError> {
        self.check_callers_own(id)?;
        let interface = self.network_interfaces.get(id).ok_or_else(|| InterfaceError::NotFound(id.clone()))?;
        // Assigning what it has already changes nothing.
        wanted.ipv4.retain(|address| !interface.private_ips.iter().any(|ip| ip.address == *address));
        self.check_address_limit(interface, &wanted)?;
        let subnet_id = interface.subnet_id.clone();
        let moved = if allow_reassignment { self.movable(interface, &mut wanted) } else { Vec::new() };
        let pool = self.index.pools.get_mut(&subnet_id).expect("every subnet has its pool");
        let mut added = pool.take(&wanted, cx.ids)?;
        for (owner, address) in moved {
            self.give_up(&owner, &Addresses { ipv4: vec![address], ..Default::default() });
            let pool = self.index.pools.get_mut(&subnet_id).expect("every subnet has its pool");
            let again = WantedAddresses { ipv4: vec![address], ..Default::default() };
            added.ipv4.extend(pool.take(&again, cx.ids).expect("the address was just given back").ipv4);
        }
        self.add_addresses(id, &added);
        Ok(added)
    }

    /// Adds addresses to an ENI, whoever made it.
    pub(crate) fn give_addresses(
        &mut self,
        cx: &mut Context,
        id: &NetworkInterfaceId,
        wanted: &WantedAddresses,
    ) -> Result<Addresses, InterfaceError> {
        let interface = self.network_interfaces.get(id).ok_or_else(|| InterfaceError::NotFound(id.clone()))?;
        let pool = self.index.pools.get_mut(&interface.subnet_id).expect("every subnet has its pool");
        let added = pool.take(wanted, cx.ids)?;
        self.add_addresses(id, &added);
        Ok(added)
    }

    /// Takes addresses and prefixes from an ENI, all or none of them.
    pub fn unassign_addresses(&mut self, id: &NetworkInterfaceId, given: &Addresses) -> Result<(), InterfaceError> {
        self.check_callers_own(id)?;
        let interface = self.network_interfaces.get(id).ok_or_else(|| InterfaceError::NotFound(id.clone()))?;
        if interface.primary_ip().is_some_and(|primary| given.ipv4.contains(&primary)) {
            return Err(InterfaceError::PrimaryAddress(id.clone()));
        }
        let primary_ipv6 = interface.ipv6_addresses.first().filter(|_| interface.primary_ipv6);
        if primary_ipv6.is_some_and(|primary| given.ipv6.contains(primary)) {
            return Err(InterfaceError::PrimaryIpv6Stays(id.clone()));
        }
        let has = interface.addresses();
        let foreign: Vec<String> = (given.ipv4.iter().filter(|one| !has.ipv4.contains(one)).map(ToString::to_string))
            .chain(given.ipv4_prefixes.iter().filter(|one| !has.ipv4_prefixes.contains(one)).map(ToString::to_string))
            .chain(given.ipv6.iter().filter(|one| !has.ipv6.contains(one)).map(ToString::to_string))
            .chain(given.ipv6_prefixes.iter().filter(|one| !has.ipv6_prefixes.contains(one)).map(ToString::to_string))
            .collect();
        if !foreign.is_empty() {
            return Err(InterfaceError::NotAssigned { id: id.clone(), addresses: foreign.join(", ") });
        }
        let mut given = given.clone();
        given.ipv4.sort_unstable();
        given.ipv4.dedup();
        given.ipv4_prefixes.sort_unstable();
        given.ipv4_prefixes.dedup();
        self.give_up(id, &given);
        Ok(())
    }

    /// The ENI that has an address, or a prefix around it, in a VPC.
    pub fn eni_by_address(&self, vpc_id: &VpcId, address: IpAddr) -> Option<&NetworkInterface> {
        let prefix = match address {
            IpAddr::V4(address) => IpNet::V4(delegable_ipv4(address)),
            IpAddr::V6(address) => IpNet::V6(delegable_ipv6(address)),
        };
        let by_address = self.index.eni_by_address.get(&(vpc_id.clone(), address));
        let id = by_address.or_else(|| self.index.eni_by_prefix.get(&(vpc_id.clone(), prefix)))?;
        self.network_interfaces.get(id)
    }

    /// Checks an ENI's number of addresses against its instance's type.
    fn check_address_limit(&self, interface: &NetworkInterface, more: &WantedAddresses) -> Result<(), InterfaceError> {
        let Some(attachment) = interface.live_attachment() else { return Ok(()) };
        let Some(instance) = self.instances.get(&attachment.instance_id) else { return Ok(()) };
        check_slots(&instance.instance_type, interface, more)
    }

    /// Takes out of `wanted` what other ENIs of the subnet have as secondary addresses.
    fn movable(
        &self,
        interface: &NetworkInterface,
        wanted: &mut WantedAddresses,
    ) -> Vec<(NetworkInterfaceId, Ipv4Addr)> {
        let mut moved = Vec::new();
        wanted.ipv4.retain(|address| {
            let key = (interface.vpc_id.clone(), IpAddr::V4(*address));
            let owner = self.index.eni_by_address.get(&key).and_then(|id| self.network_interfaces.get(id));
            let owner = owner.filter(|owner| owner.subnet_id == interface.subnet_id);
            let Some(owner) = owner.filter(|owner| owner.primary_ip() != Some(*address)) else { return true };
            moved.push((owner.id.clone(), *address));
            false
        });
        moved
    }

    fn add_addresses(&mut self, id: &NetworkInterfaceId, added: &Addresses) {
        let interface = self.network_interfaces.get_mut(id).expect("the caller has looked");
        let new_ips = added.ipv4.iter().map(|address| PrivateIp { address: *address, primary: false });
        interface.private_ips.extend(new_ips);
        interface.ipv4_prefixes.extend_from_slice(&added.ipv4_prefixes);
        interface.ipv6_addresses.extend_from_slice(&added.ipv6);
        interface.ipv6_prefixes.extend_from_slice(&added.ipv6_prefixes);
        let interface = interface.clone();
        self.index_addresses(&interface, added);
        self.touch();
    }

    /// Takes from an ENI what it has, whoever made it.
    pub(crate) fn give_up(&mut self, id: &NetworkInterfaceId, gone: &Addresses) {
        let Some(interface) = self.network_interfaces.get_mut(id) else { return };
        interface.private_ips.retain(|ip| !gone.ipv4.contains(&ip.address));
        interface.ipv4_prefixes.retain(|prefix| !gone.ipv4_prefixes.contains(prefix));
        interface.ipv6_addresses.retain(|address| !gone.ipv6.contains(address));
        interface.ipv6_prefixes.retain(|prefix| !gone.ipv6_prefixes.contains(prefix));
        let interface = interface.clone();
        for address in &gone.ipv4 {
            self.end_address_association(&(id.clone(), *address));
        }
        self.unindex_addresses(&interface, gone);
        self.touch();
    }

    /// Notes whose some addresses now are.
    pub(super) fn index_addresses(&mut self, interface: &NetworkInterface, addresses: &Addresses) {
        for address in addresses.singles() {
            self.index.eni_by_address.insert((interface.vpc_id.clone(), address), interface.id.clone());
        }
        for prefix in addresses.prefixes() {
            self.index.eni_by_prefix.insert((interface.vpc_id.clone(), prefix), interface.id.clone());
        }
    }

    /// Gives some addresses back to their subnet.
    pub(super) fn unindex_addresses(&mut self, interface: &NetworkInterface, addresses: &Addresses) {
        for address in addresses.singles() {
            self.index.eni_by_address.remove(&(interface.vpc_id.clone(), address));
        }
        for prefix in addresses.prefixes() {
            self.index.eni_by_prefix.remove(&(interface.vpc_id.clone(), prefix));
        }
        if let Some(pool) = self.index.pools.get_mut(&interface.subnet_id) {
            pool.give_back(addresses);
        }
    }
}

/// Checks whether an ENI with more addresses would fit an instance type; unknown types have no limits.
pub(super) fn check_slots(
    name: &str,
    interface: &NetworkInterface,
    more: &WantedAddresses,
) -> Result<(), InterfaceError> {
    let Some(known) = instance_type::find(name) else { return Ok(()) };
    // All types allow as many IPv6 addresses as IPv4 ones, save those without IPv6, which are of the past.
    let limit = usize::from(known.ipv4_per_interface);
    let ipv4 = interface.private_ips.len() + interface.ipv4_prefixes.len() + more.ipv4_slots();
    let ipv6 = interface.ipv6_addresses.len() + interface.ipv6_prefixes.len() + more.ipv6_slots();
    if ipv4.max(ipv6) > limit {
        return Err(InterfaceError::TooManyAddresses { instance_type: name.to_owned(), limit });
    }
    Ok(())
}
