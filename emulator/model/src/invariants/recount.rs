//! The indexes, counted anew from the resources.

use std::collections::BTreeSet;

use crate::address_pool::AddressPool;
use crate::index::{self, Indexes};
use crate::{Ids, Model, NetworkInterface, RouteTableAssociation, WantedAddresses};

impl Model {
    /// Recounts every index from the resources, and finds what is there twice.
    pub(super) fn recount(&self, broken: &mut Vec<String>) -> Indexes {
        let mut index = Indexes::default();
        for subnet in self.subnets.values() {
            index::insert(&mut index.subnets_by_vpc, subnet.vpc_id.clone(), subnet.id.clone());
            let alive = subnet.ipv6_cidr_blocks().count();
            if alive > 1 || (alive == 0 && subnet.is_ipv6_native()) {
                broken.push(format!("{} has {alive} ipv6 blocks", subnet.id));
            }
            let ipv6 = subnet.ipv6_cidr_blocks().next();
            index.pools.insert(subnet.id.clone(), AddressPool::new(subnet.cidr_block, ipv6));
        }
        index.under_way = self.count_under_way();
        for interface in self.network_interfaces.values() {
            recount_interface(&mut index, interface, broken);
            for group in &interface.groups {
                match self.security_groups.get(group) {
                    Some(group) if self.is_group_usable_in(group, &interface.vpc_id) => {}
                    _ => broken.push(format!("{} carries {group}, which is not its vpc's", interface.id)),
                }
            }
        }
        // Only now: what is reserved may have been taken before.
        for reservation in self.subnet_cidr_reservations.values() {
            match index.pools.get_mut(&reservation.subnet_id) {
                Some(pool) => pool.reserve(reservation.cidr, reservation.reservation_type),
                None => broken.push(format!("{} is in a subnet that is gone", reservation.id)),
            }
        }
        for association in self.trunk_associations.values() {
            let branches = index.branches_by_trunk.or_default(association.trunk_id.clone());
            if branches.insert(association.vlan_id, association.id.clone()).is_some() {
                broken.push(format!("vlan {} is there twice on {}", association.vlan_id, association.trunk_id));
            }
            let branch = association.branch_id.clone();
            if index.association_by_branch.insert(branch, association.id.clone()).is_some() {
                broken.push(format!("{} is a branch twice", association.branch_id));
            }
            for id in [&association.trunk_id, &association.branch_id] {
                if !self.network_interfaces.contains_key(id) {
                    broken.push(format!("{} names {id}, which is gone", association.id));
                }
            }
        }
        for elastic_ip in self.elastic_ips.values() {
            if !index.public_ips.insert(elastic_ip.public_ip) {
                broken.push(format!("{} is there twice", elastic_ip.public_ip));
            }
            let Some(association) = &elastic_ip.association else { continue };
            let key = (association.network_interface_id.clone(), association.private_ip);
            let interface = self.network_interfaces.get(&key.0);
            if !interface.is_some_and(|found| found.private_ips.iter().any(|ip| ip.address == key.1)) {
                broken.push(format!("{} is mapped to {key:?}, which is gone", elastic_ip.id));
            }
            if index.elastic_ip_by_private.insert(key, elastic_ip.id.clone()).is_some() {
                broken.push(format!("{} shares its private address", elastic_ip.id));
            }
        }
        for group in self.security_groups.values() {
            index.group_by_name.insert((group.vpc_id.clone(), group.name.clone()), group.id.clone());
            for rule in &group.rules {
                if index.group_by_rule.insert(rule.id.clone(), group.id.clone()).is_some() {
                    broken.push(format!("{} is there twice", rule.id));
                }
            }
        }
        for table in self.route_tables.values() {
            for subnet in table.associations.iter().filter_map(RouteTableAssociation::subnet_id) {
                if index.table_by_subnet.insert(subnet.clone(), table.id.clone()).is_some() {
                    broken.push(format!("{subnet} has two route tables"));
                }
            }
        }
        index
    }
}

fn recount_interface(index: &mut Indexes, interface: &NetworkInterface, broken: &mut Vec<String>) {
    let id = &interface.id;
    let addresses = interface.addresses();
    for address in addresses.singles() {
        index.eni_by_address.insert((interface.vpc_id.clone(), address), id.clone());
    }
    for prefix in addresses.prefixes() {
        index.eni_by_prefix.insert((interface.vpc_id.clone(), prefix), id.clone());
    }
    let wanted = WantedAddresses {
        ipv4: addresses.ipv4,
        ipv4_prefixes: addresses.ipv4_prefixes,
        ipv6: addresses.ipv6,
        ipv6_prefixes: addresses.ipv6_prefixes,
        ..WantedAddresses::default()
    };
    // Taking each address once more from a fresh pool shows any that was handed out twice.
    let taken = index.pools.get_mut(&interface.subnet_id).map(|pool| pool.take(&wanted, &mut Ids::seeded(0)));
    if !matches!(taken, Some(Ok(_))) {
        broken.push(format!("{id} has addresses it cannot have: {taken:?}"));
    }
    if index.eni_by_mac.insert(interface.mac, id.clone()).is_some() {
        broken.push(format!("{} is there twice", interface.mac));
    }
    let primaries: BTreeSet<bool> = interface.private_ips.iter().skip(1).map(|ip| ip.primary).collect();
    if primaries.contains(&true) {
        broken.push(format!("{id} has more than one primary address"));
    }
    if let Some(address) = interface.public_ip
        && !index.public_ips.insert(address)
    {
        broken.push(format!("{address} is there twice"));
    }
    index::insert(&mut index.interfaces_by_subnet, interface.subnet_id.clone(), id.clone());
    index::insert_tags(&mut index.interfaces_by_tag, &interface.tags, id);
    for group in &interface.groups {
        index::insert(&mut index.interfaces_by_group, group.clone(), id.clone());
    }
    if let Some(attachment) = interface.live_attachment() {
        index.eni_by_attachment.insert(attachment.id.clone(), id.clone());
        let slot = (attachment.network_card_index, attachment.device_index);
        let slots = index.interfaces_by_instance.or_default(attachment.instance_id.clone());
        if slots.insert(slot, id.clone()).is_some() {
            broken.push(format!("{slot:?} of {} is there twice", attachment.instance_id));
        }
    }
}
