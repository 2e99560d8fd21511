//! What the VPC's router tells IPv6 hosts: a subnet's blocks to all who ask, and of itself now and then to every ENI.

use std::collections::BTreeSet;
use std::net::IpAddr;

use ipnet::IpNet;
use linux_net::Result;
use linux_net::neighbour_discovery::RouterLink;
use vpc_fabric::names;
use vpc_model::{Mac, SubnetId};

use super::apply::MTU;
use super::namespace::Namespace;

/// The router answers for a block on the subnet's bridge.
pub(super) fn add_block(namespace: &Namespace, subnet: &SubnetId, bridge: u32, block: IpNet) -> Result<()> {
    let IpNet::V6(block) = block else { return Ok(()) };
    change(namespace, subnet, bridge, |link| {
        link.blocks.insert(block);
    })
}

/// It answers no more.
pub(super) fn remove_block(namespace: &Namespace, subnet: &SubnetId, bridge: u32, block: IpNet) -> Result<()> {
    let IpNet::V6(block) = block else { return Ok(()) };
    change(namespace, subnet, bridge, |link| {
        link.blocks.remove(&block);
    })
}

/// An ENI that has a link-local address hears of the router.
pub(super) fn add_host(namespace: &Namespace, subnet: &SubnetId, bridge: u32, address: IpAddr, mac: Mac) -> Result<()> {
    if !is_link_local(address) {
        return Ok(());
    }
    change(namespace, subnet, bridge, |link| {
        link.hosts.insert(mac.0);
    })
}

/// It hears no more.
pub(super) fn remove_host(
    namespace: &Namespace,
    subnet: &SubnetId,
    bridge: u32,
    address: IpAddr,
    mac: Mac,
) -> Result<()> {
    if !is_link_local(address) {
        return Ok(());
    }
    change(namespace, subnet, bridge, |link| {
        link.hosts.remove(&mac.0);
    })
}

fn is_link_local(address: IpAddr) -> bool {
    matches!(address, IpAddr::V6(address) if address.is_unicast_link_local())
}

fn change(namespace: &Namespace, subnet: &SubnetId, bridge: u32, change: impl FnOnce(&mut RouterLink)) -> Result<()> {
    let new = || RouterLink {
        mac: names::router_mac(subnet).0,
        link_local: names::router_link_local(subnet),
        mtu: MTU,
        blocks: BTreeSet::new(),
        hosts: BTreeSet::new(),
    };
    namespace.router()?.serve(bridge, new, change);
    Ok(())
}
