//! Bridges, wires and where addresses are.

use std::net::IpAddr;

use ipnet::{IpNet, Ipv4Net};
use vpc_model::{InstanceId, NetworkInterface, Subnet};

use super::{By, Present, View, endpoint, nat_gateway, transit_gateway};
use crate::{Branch, Bridge, Desired, InstanceAddress, Key, NextHop, Object, Wire, names, options};

pub(super) fn compile(view: &View<'_>, desired: &mut Desired) {
    let vpc = &view.vpc.id;
    let own = view.options.services.iter().copied().chain(options::exempt(view.vpc));
    for service in own {
        desired.insert(Key::ServiceAddress(vpc.clone(), service.address), Object::ServiceAddress);
    }
    for subnet in view.model.subnets().filter(|subnet| subnet.vpc_id == *vpc) {
        let bridge = Bridge { router: router(subnet), mac: names::router_mac(&subnet.id) };
        desired.insert(Key::Bridge(vpc.clone(), subnet.id.clone()), Object::Bridge(bridge));
        for block in subnet.ipv6_cidr_blocks() {
            // The kernel knows an IPv4 block by the router's address; of IPv6 the router has none in the block.
            let within = NextHop::Subnet(subnet.id.clone());
            desired.insert(Key::Route(vpc.clone(), 0, IpNet::V6(block)), Object::Route(within));
        }
    }
    for present in view.present.values() {
        link(view, present, desired);
        neighbours(view, present.eni, desired);
    }
}

/// The ENI's own link, and the instance's namespace with it.
fn link(view: &View<'_>, present: &Present<'_>, desired: &mut Desired) {
    let eni = present.eni;
    match present.by {
        By::Attachment(instance, device_index) => {
            desired.insert(Key::Instance(instance.id.clone()), Object::Instance);
            let (subnet, instance) = (eni.subnet_id.clone(), instance.id.clone());
            let wire = Wire { subnet, instance: instance.clone(), device_index, mac: eni.mac };
            desired.insert(Key::Wire(eni.vpc_id.clone(), eni.id.clone()), Object::Wire(wire));
            if device_index == 0 {
                instance_addresses(view, eni, &instance, desired);
            }
        }
        By::Endpoint => endpoint::compile(view, eni, desired),
        By::Nat(gateway) => nat_gateway::compile(view, gateway, eni, desired),
        By::Transit(attachment) => transit_gateway::compile(attachment, eni, desired),
        By::Trunk(association) => {
            let (subnet, trunk) = (eni.subnet_id.clone(), association.trunk_id.clone());
            let branch = Branch { subnet, trunk, vlan: association.vlan_id, mac: eni.mac };
            desired.insert(Key::Branch(eni.vpc_id.clone(), eni.id.clone()), Object::Branch(branch));
        }
    }
}

/// DHCP serves the primary addresses of the primary ENI.
fn instance_addresses(view: &View<'_>, eni: &NetworkInterface, instance: &InstanceId, desired: &mut Desired) {
    for (address, object) in told(view, eni) {
        let key = Key::InstanceAddress(eni.vpc_id.clone(), instance.clone(), address);
        desired.insert(key, Object::InstanceAddress(object));
    }
}

/// An ENI's primary addresses, and what goes with them.
pub(super) fn told(view: &View<'_>, eni: &NetworkInterface) -> Vec<(IpAddr, InstanceAddress)> {
    let Some(subnet) = view.model.subnet(&eni.subnet_id) else { return Vec::new() };
    let v4 = || Some((eni.primary_ip()?.into(), subnet.cidr_block?.into(), subnet.router()?.into()));
    let v6 = || {
        let address = *eni.ipv6_addresses.first()?;
        let block = subnet.ipv6_cidr_blocks().find(|block| block.contains(&address))?;
        Some((address.into(), block.into(), names::router_link_local(&subnet.id).into()))
    };
    let served: [Option<(IpAddr, IpNet, IpAddr)>; 2] = [v4(), v6()];
    let object = |block, router| InstanceAddress { eni: eni.id.clone(), block, router };
    served.into_iter().flatten().map(|(address, block, router)| (address, object(block, router))).collect()
}

/// The mapping service: which ENI has an address is known, nobody is asked.
fn neighbours(view: &View<'_>, eni: &NetworkInterface, desired: &mut Desired) {
    let v4 = eni.private_ips.iter().map(|ip| IpAddr::V4(ip.address));
    let v6 = eni.ipv6_addresses.iter().map(|address| IpAddr::V6(*address));
    let has_ipv6 = view.model.subnet(&eni.subnet_id).is_some_and(|subnet| subnet.ipv6_cidr_blocks().next().is_some());
    // What is routed to the ENI rather than addressed to it goes by its link-local address.
    let link_local = has_ipv6.then(|| IpAddr::V6(names::link_local(eni.mac)));
    for address in v4.chain(v6).chain(link_local) {
        let key = Key::Neighbour(eni.vpc_id.clone(), eni.subnet_id.clone(), address);
        desired.insert(key, Object::Neighbour(eni.mac));
    }
}

fn router(subnet: &Subnet) -> Option<Ipv4Net> {
    Ipv4Net::new(subnet.router()?, subnet.cidr_block?.prefix_len()).ok()
}
