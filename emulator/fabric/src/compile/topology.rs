//! Bridges, wires and where addresses are.

use std::net::Ipv4Addr;

use ipnet::Ipv4Net;
use vpc_model::{NetworkInterface, Subnet};

use super::{By, Present, View};
use crate::{Branch, Bridge, Desired, InstanceAddress, Key, Object, Wire, names, options};

/// Stands for the router's address where a subnet has IPv6 only.
///
/// Deviation: the fabric carries no IPv6, so ENIs of such a subnet have their links and nothing else.
const NATIVE_ROUTER: Ipv4Net = Ipv4Net::new_assert(Ipv4Addr::new(169, 254, 0, 1), 32);

pub(super) fn compile(view: &View<'_>, desired: &mut Desired) {
    let vpc = &view.vpc.id;
    let own = view.options.services.iter().copied().chain(options::exempt(view.vpc));
    for service in own {
        desired.insert(Key::ServiceAddress(vpc.clone(), service.address), Object::ServiceAddress);
    }
    for subnet in view.model.subnets().filter(|subnet| subnet.vpc_id == *vpc) {
        let bridge = Bridge { router: router(subnet), mac: names::router_mac(&subnet.id) };
        desired.insert(Key::Bridge(vpc.clone(), subnet.id.clone()), Object::Bridge(bridge));
    }
    for present in view.present.values() {
        link(view, present, desired);
        neighbours(present.eni, desired);
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
            if device_index == 0
                && let Some(address) = instance_address(view, eni)
            {
                desired.insert(Key::InstanceAddress(eni.vpc_id.clone(), instance), Object::InstanceAddress(address));
            }
        }
        By::Trunk(association) => {
            let (subnet, trunk) = (eni.subnet_id.clone(), association.trunk_id.clone());
            let branch = Branch { subnet, trunk, vlan: association.vlan_id, mac: eni.mac };
            desired.insert(Key::Branch(eni.vpc_id.clone(), eni.id.clone()), Object::Branch(branch));
        }
    }
}

/// DHCP serves the primary address of the primary ENI.
fn instance_address(view: &View<'_>, eni: &NetworkInterface) -> Option<InstanceAddress> {
    let subnet = view.model.subnet(&eni.subnet_id)?;
    let address = Ipv4Net::new(eni.primary_ip()?, subnet.cidr_block?.prefix_len()).ok()?;
    Some(InstanceAddress { eni: eni.id.clone(), address, router: subnet.router()? })
}

/// The mapping service: which ENI has an address is known, nobody is asked.
fn neighbours(eni: &NetworkInterface, desired: &mut Desired) {
    for ip in &eni.private_ips {
        let key = Key::Neighbour(eni.vpc_id.clone(), eni.subnet_id.clone(), ip.address);
        desired.insert(key, Object::Neighbour(eni.mac));
    }
}

fn router(subnet: &Subnet) -> Ipv4Net {
    let own = subnet
        .router()
        .zip(subnet.cidr_block)
        .and_then(|(router, block)| Ipv4Net::new(router, block.prefix_len()).ok());
    own.unwrap_or(NATIVE_ROUTER)
}
