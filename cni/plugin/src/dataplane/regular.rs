//! A pod with an address of one of the node's ENIs, and a branch ENI's pod in standard mode.
//!
//! To the pod: a route in the main table, looked at first. From the pod: the ENI's table, since the VPC drops packets
//! that leave by an ENI that has not their source; the primary ENI's table is main, which needs no rule.

use std::net::{IpAddr, Ipv4Addr};

use ipnet::IpNet;
use linux_net::Result;
use linux_net::netlink::{RouteSpec, RuleSpec, table};

use super::{Host, add_rule};
use crate::names::{PRIORITY_FROM_POD, PRIORITY_TO_POD};

/// Routes a pod's address to and from its host end.
pub fn connect(host: &Host, address: Ipv4Addr, host_link: u32, route_table: u32) -> Result<()> {
    let address = IpNet::from(IpAddr::V4(address));
    // Rules of a pod that had the address before and went without DEL would win over the new ones.
    host.remove_address(address)?;
    host.netlink.replace_route(&RouteSpec::on_link(address, host_link))?;
    for rule in rules(address, route_table) {
        add_rule(&host.netlink, &rule)?;
    }
    Ok(())
}

fn rules(address: IpNet, route_table: u32) -> Vec<RuleSpec> {
    let mut rules = vec![RuleSpec::v4(PRIORITY_TO_POD, table::MAIN).to(address)];
    if route_table != table::MAIN {
        rules.push(RuleSpec::v4(PRIORITY_FROM_POD, route_table).from(address));
    }
    rules
}

/// Says what is not as [`connect`] made it.
pub fn check(
    host: &Host,
    address: IpAddr,
    host_link: u32,
    route_table: u32,
) -> Result<std::result::Result<(), String>> {
    let address = IpNet::from(address);
    let routes = host.netlink.routes_in(table::MAIN)?;
    if !routes.iter().any(|route| route.destination == address && route.link == Some(host_link)) {
        return Ok(Err(format!("no route to {address}")));
    }
    let present = host.netlink.rules()?;
    let missing = rules(address, route_table).into_iter().find(|rule| !present.contains(rule));
    Ok(missing.map_or(Ok(()), |rule| Err(format!("no rule of priority {} for {address}", rule.priority))))
}
