//! A pod with a branch ENI of its own: its frames travel tagged on the trunk's wire.
//!
//! In strict mode all its traffic takes that way, also to the node and to pods on it: rules on the incoming link, above
//! even the local table, send everything from the pod to the VLAN and everything from the VLAN to the pod.

use std::net::{IpAddr, Ipv4Addr};

use ipnet::IpNet;
use linux_net::netlink::{Link, RouteSpec, RuleSpec};
use linux_net::vlan::{self, Carrier};
use linux_net::{Mac, Result, unless_gone};

use super::{Host, add_rule};
use crate::names::{PRIORITY_BRANCH, vlan_link, vlan_of_table, vlan_table};

/// A branch ENI on this node.
#[derive(Debug, Clone)]
pub struct Branch<'a> {
    /// The VLAN that carries its frames.
    pub vlan_id: u16,
    /// Its MAC address.
    pub mac: Mac,
    /// Its subnet's router.
    pub gateway: Ipv4Addr,
    /// The trunk's link.
    pub trunk: &'a str,
    /// The MTU.
    pub mtu: u32,
}

impl Branch<'_> {
    /// Makes the VLAN's link and its table.
    ///
    /// # Errors
    /// What the kernel refused; what was made stays, for [`disconnect`] to remove.
    pub fn connect(&self, host: &Host) -> Result<()> {
        let name = vlan_link(self.vlan_id);
        // A link under this name is of an earlier pod: EC2 has given the VLAN to this one now.
        vlan::remove(&host.netns, self.trunk, &name, self.vlan_id)?;
        let add = |carrier| vlan::add(&host.netns, self.trunk, &name, self.vlan_id, self.mac, self.mtu, carrier);
        let link = match add(Carrier::VlanDevice) {
            Err(err) if err.is_unsupported() => add(Carrier::TagShim)?,
            made => made?,
        };
        host.quieten(&name)?;
        host.netlink.set_up(link)?;
        let table = vlan_table(self.vlan_id);
        let gateway = IpNet::from(IpAddr::V4(self.gateway));
        host.netlink.replace_route(&RouteSpec::on_link(gateway, link).table(table))?;
        host.netlink.replace_route(&RouteSpec::via(RouteSpec::default_v4(), self.gateway).link(link).table(table))
    }
}

/// Strict mode: ties a pod's host end to its VLAN.
pub fn tie(host: &Host, vlan_id: u16, address: Ipv4Addr, host_link: u32, host_link_name: &str) -> Result<()> {
    let table = vlan_table(vlan_id);
    for rule in rules_of(host, table)? {
        unless_gone(host.netlink.delete_rule(&rule))?;
    }
    let address = IpNet::from(IpAddr::V4(address));
    // What led to the address when it was on an ENI of the node.
    host.remove_address(address)?;
    host.netlink.replace_route(&RouteSpec::on_link(address, host_link).table(table))?;
    rules(vlan_id, host_link_name).iter().try_for_each(|rule| add_rule(&host.netlink, rule))
}

/// Removes a branch ENI's link, table and rules. If another pod got the VLAN since, only the old one's rule.
pub fn disconnect(host: &Host, vlan_id: u16, host_link_name: &str) -> Result<()> {
    let table = vlan_table(vlan_id);
    let name = vlan_link(vlan_id);
    let tied = rules_of(host, table)?;
    let reused = tied.iter().any(|rule| rule.iif.as_deref().is_some_and(|iif| iif != name && iif != host_link_name));
    for rule in tied {
        if !reused || rule.iif.as_deref() == Some(host_link_name) {
            unless_gone(host.netlink.delete_rule(&rule))?;
        }
    }
    if reused {
        return Ok(());
    }
    if let Some(trunk) = trunk_of(host, vlan_id)? {
        vlan::remove(&host.netns, &trunk, &name, vlan_id)?;
    }
    unless_gone(host.netlink.delete_link(name.as_str()))?;
    for route in host.netlink.routes_in(table)? {
        unless_gone(host.netlink.delete_route(&route))?;
    }
    Ok(())
}

/// The VLAN that a host end is tied to by a rule.
pub fn tied_vlan(host: &Host, host_link_name: &str) -> Result<Option<u16>> {
    let rules = host.netlink.rules()?;
    let tied = rules.iter().find(|rule| is_tie(rule) && rule.iif.as_deref() == Some(host_link_name));
    Ok(tied.and_then(|rule| vlan_of_table(rule.table)))
}

/// Host ends that rules tie to a VLAN although the links are gone.
pub fn stale_ties(host: &Host, prefix: &str) -> Result<Vec<(u16, String)>> {
    let links: Vec<Link> = host.netlink.links()?;
    let rules = host.netlink.rules()?;
    let stale = rules.into_iter().filter(is_tie).filter_map(|rule| {
        let iif = rule.iif?;
        let is_host_end = iif.starts_with(prefix) && !iif.starts_with("vlan.eth.");
        (is_host_end && !links.iter().any(|link| link.name == iif)).then_some((vlan_of_table(rule.table)?, iif))
    });
    Ok(stale.collect())
}

/// Says what is not as [`Branch::connect`] and [`tie`] made it.
pub fn check_tied(
    host: &Host,
    vlan_id: u16,
    address: IpAddr,
    host_link: &str,
) -> Result<std::result::Result<(), String>> {
    let present = host.netlink.rules()?;
    if let Some(rule) = rules(vlan_id, host_link).into_iter().find(|rule| !present.contains(rule)) {
        return Ok(Err(format!("no rule for what comes in by {}", rule.iif.unwrap_or_default())));
    }
    let routes = host.netlink.routes_in(vlan_table(vlan_id))?;
    let found = routes.iter().any(|route| route.destination == IpNet::from(address));
    Ok(if found { Ok(()) } else { Err(format!("no route to {address} from VLAN {vlan_id}")) })
}

/// Says what is wrong with a branch ENI's link and its table.
pub fn check_link(host: &Host, vlan_id: u16) -> Result<std::result::Result<(), String>> {
    let name = vlan_link(vlan_id);
    match host.netlink.link(name.as_str())? {
        Some(link) if link.up => {}
        Some(_) => return Ok(Err(format!("link {name} is down"))),
        None => return Ok(Err(format!("link {name} is missing"))),
    }
    let routes = host.netlink.routes_in(vlan_table(vlan_id))?;
    let has_default = routes.iter().any(|route| route.destination.prefix_len() == 0);
    Ok(if has_default { Ok(()) } else { Err(format!("no default route by {name}")) })
}

fn rules(vlan_id: u16, host_link: &str) -> [RuleSpec; 2] {
    let table = vlan_table(vlan_id);
    [RuleSpec::v4(PRIORITY_BRANCH, table).iif(&vlan_link(vlan_id)), RuleSpec::v4(PRIORITY_BRANCH, table).iif(host_link)]
}

fn is_tie(rule: &RuleSpec) -> bool {
    rule.priority == PRIORITY_BRANCH && rule.iif.is_some()
}

fn rules_of(host: &Host, table: u32) -> Result<Vec<RuleSpec>> {
    Ok(host.netlink.rules()?.into_iter().filter(|rule| is_tie(rule) && rule.table == table).collect())
}

/// The trunk that carries a VLAN.
fn trunk_of(host: &Host, vlan_id: u16) -> Result<Option<String>> {
    let name = vlan_link(vlan_id);
    for link in host.netlink.links()? {
        // ENIs' links are veth pairs or hardware; host ends of pods carry no VLANs.
        if link.name == "lo" || link.alias.as_deref().is_some_and(|alias| alias.starts_with(crate::HOST_END)) {
            continue;
        }
        if vlan::list(&host.netns, &link.name)?.iter().any(|vlan| vlan.id == vlan_id && vlan.name == name) {
            return Ok(Some(link.name));
        }
    }
    Ok(None)
}
