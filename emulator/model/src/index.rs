//! What the model keeps besides the resources, so that no look-up scans them.
//!
//! Everything here can be recounted from the resources; [`crate::Model::check_invariants`] does.

use std::net::{IpAddr, Ipv4Addr};

use ipnet::IpNet;

use crate::address_pool::AddressPool;
use crate::map::{Map, Set};
use crate::{
    AllocationId, AttachmentId, InstanceId, Mac, NetworkInterfaceId, RouteTableId, SecurityGroupId,
    SecurityGroupRuleId, SubnetId, Tags, TrunkAssociationId, VlanId, VpcId,
};

/// A place of an instance where an ENI can be attached: network card and device index.
pub(crate) type Slot = (u16, u16);

/// Relations between resources, by their other end.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Indexes {
    pub(crate) eni_by_address: Map<(VpcId, IpAddr), NetworkInterfaceId>,
    pub(crate) eni_by_prefix: Map<(VpcId, IpNet), NetworkInterfaceId>,
    pub(crate) eni_by_mac: Map<Mac, NetworkInterfaceId>,
    pub(crate) eni_by_attachment: Map<AttachmentId, NetworkInterfaceId>,
    /// Attachments that hold a device index: detached ones that are merely still shown do not.
    pub(crate) interfaces_by_instance: Map<InstanceId, Map<Slot, NetworkInterfaceId>>,
    pub(crate) interfaces_by_subnet: Map<SubnetId, Set<NetworkInterfaceId>>,
    pub(crate) interfaces_by_group: Map<SecurityGroupId, Set<NetworkInterfaceId>>,
    /// By key, then by value.
    pub(crate) interfaces_by_tag: Map<String, Map<String, Set<NetworkInterfaceId>>>,
    /// Instances that are neither running nor stopped, or have an ENI that comes or goes.
    pub(crate) under_way: Set<InstanceId>,
    pub(crate) branches_by_trunk: Map<NetworkInterfaceId, Map<VlanId, TrunkAssociationId>>,
    pub(crate) association_by_branch: Map<NetworkInterfaceId, TrunkAssociationId>,
    pub(crate) elastic_ip_by_private: Map<(NetworkInterfaceId, Ipv4Addr), AllocationId>,
    /// The public addresses that are taken, be they elastic or Amazon's.
    pub(crate) public_ips: Set<Ipv4Addr>,
    pub(crate) pools: Map<SubnetId, AddressPool>,
    pub(crate) subnets_by_vpc: Map<VpcId, Set<SubnetId>>,
    pub(crate) group_by_name: Map<(VpcId, String), SecurityGroupId>,
    pub(crate) group_by_rule: Map<SecurityGroupRuleId, SecurityGroupId>,
    /// Explicit associations only; other subnets use their VPC's main table.
    pub(crate) table_by_subnet: Map<SubnetId, RouteTableId>,
}

/// Adds to a set in a map of sets.
pub(crate) fn insert<K: Ord + Clone, V: Ord + Clone>(map: &mut Map<K, Set<V>>, key: K, value: V) {
    map.or_default(key).insert(value);
}

/// Removes from a set in a map of sets; an empty set goes.
pub(crate) fn remove<K: Ord + Clone, V: Ord + Clone>(map: &mut Map<K, Set<V>>, key: &K, value: &V) {
    if let Some(set) = map.get_mut(key) {
        set.remove(value);
        if set.is_empty() {
            map.remove(key);
        }
    }
}

/// Removes from a map in a map; an empty inner map goes.
pub(crate) fn remove_entry<K: Ord + Clone, L: Ord + Clone, V: Clone>(map: &mut Map<K, Map<L, V>>, key: &K, inner: &L) {
    if let Some(entries) = map.get_mut(key) {
        entries.remove(inner);
        if entries.is_empty() {
            map.remove(key);
        }
    }
}

/// Adds an ENI under each of its tags.
pub(crate) fn insert_tags(
    map: &mut Map<String, Map<String, Set<NetworkInterfaceId>>>,
    tags: &Tags,
    id: &NetworkInterfaceId,
) {
    for (key, value) in tags {
        insert(map.or_default(key.clone()), value.clone(), id.clone());
    }
}

/// Removes an ENI from under each of its tags.
pub(crate) fn remove_tags(
    map: &mut Map<String, Map<String, Set<NetworkInterfaceId>>>,
    tags: &Tags,
    id: &NetworkInterfaceId,
) {
    for (key, value) in tags {
        if let Some(values) = map.get_mut(key) {
            remove(values, value, id);
            if values.is_empty() {
                map.remove(key);
            }
        }
    }
}
