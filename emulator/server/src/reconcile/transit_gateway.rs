//! The namespace of a transit gateway: a router without addresses, which asks a table for each link that packets come by.

use ipnet::IpNet;
use linux_net::netlink::{Family, RouteKind, RouteSpec, RuleSpec};
use linux_net::{sysctl, unless_gone, unless_there};
use vpc_fabric::{TransitHop, TransitWire, names};
use vpc_model::NetworkInterfaceId;

use super::apply::{self, ApplyError, PEER, PEER_V6, Result, across};
use super::namespace::Namespace;

const SYSCTLS: &[(&str, &str)] = &[
    ("net.ipv4.ip_forward", "1"),
    ("net.ipv6.conf.all.forwarding", "1"),
    ("net.ipv4.conf.all.rp_filter", "0"),
    ("net.ipv4.conf.default.rp_filter", "0"),
    ("net.ipv4.conf.all.send_redirects", "0"),
    ("net.ipv4.conf.default.send_redirects", "0"),
];

/// Rules of links come before the main table's, which leads nowhere.
const RULE_PRIORITY: u32 = 1000;

/// A namespace that leads nowhere yet.
pub(super) fn create() -> Result<Namespace> {
    let namespace = Namespace::create()?;
    sysctl::write_all(namespace.netns(), SYSCTLS)?;
    for everything in [RouteSpec::default_v4(), RouteSpec::default_v6()] {
        namespace.netlink.replace_route(&RouteSpec::of_kind(everything, RouteKind::Blackhole))?;
    }
    Ok(namespace)
}

/// An ENI's wire to a VPC, in which the gateway has no address.
pub(super) fn add_wire(
    fabric: &Namespace,
    eni: &NetworkInterfaceId,
    wire: &TransitWire,
    gateway: &Namespace,
) -> Result<()> {
    let link = names::transit_link(eni);
    apply::add_wire(fabric, eni, (&wire.subnet, wire.mac), (gateway, &link))?;
    gateway.netlink.set_up(link.as_str())?;
    let router = names::router_mac(&wire.subnet);
    [PEER, PEER_V6]
        .into_iter()
        .try_for_each(|far| Ok(gateway.netlink.replace_neighbour(link.as_str(), far, router.0)?))
}

pub(super) fn add_route(gateway: &Namespace, key: (u32, IpNet), hop: &TransitHop) -> Result<()> {
    Ok(gateway.netlink.replace_route(&route(gateway, key, hop)?)?)
}

pub(super) fn remove_route(gateway: &Namespace, key: (u32, IpNet), hop: &TransitHop) -> Result<()> {
    match route(gateway, key, hop) {
        Ok(route) => Ok(unless_gone(gateway.netlink.delete_route(&route))?),
        // With the link its routes have gone.
        Err(ApplyError::Kernel(err)) if err.is_not_found() => Ok(()),
        Err(err) => Err(err),
    }
}

fn route(gateway: &Namespace, (table, destination): (u32, IpNet), hop: &TransitHop) -> Result<RouteSpec> {
    let route = match hop {
        TransitHop::Blackhole => RouteSpec::of_kind(destination, RouteKind::Blackhole),
        TransitHop::Interface(_, eni) => across(gateway, &names::transit_link(eni), destination)?,
    };
    Ok(route.table(table))
}

pub(super) fn add_rule(gateway: &Namespace, eni: &NetworkInterfaceId, table: u32) -> Result<()> {
    rules(eni, table).iter().try_for_each(|rule| Ok(unless_there(gateway.netlink.add_rule(rule))?))
}

pub(super) fn remove_rule(gateway: &Namespace, eni: &NetworkInterfaceId, table: u32) -> Result<()> {
    rules(eni, table).iter().try_for_each(|rule| Ok(unless_gone(gateway.netlink.delete_rule(rule))?))
}

fn rules(eni: &NetworkInterfaceId, table: u32) -> [RuleSpec; 2] {
    let link = names::transit_link(eni);
    [Family::V4, Family::V6].map(|family| RuleSpec::new(family, RULE_PRIORITY, table).iif(&link))
}
