//! The node's own settings: MTU, rules that hold for all pods, sysctls.

use cni_rpc::MacAddress;
use ipnet::{IpNet, Ipv4Net};
use linux_net::netlink::{Family, RuleSpec, table};
use linux_net::{Netlink, Netns, Result, sysctl, unless_gone, unless_there};

use crate::config::{Enforcing, Settings};
use crate::eni::LinkError;

/// Packets of connections that belong to the primary ENI.
const PRIORITY_MARKED: u32 = 1024;
/// Networks that are always reached by the main table.
const PRIORITY_EXTERNAL_SERVICE: u32 = 1535;
/// The local table's place below the rules of branch ENIs, which are at 10.
const PRIORITY_LOCAL: u32 = 20;

/// Sets up the node; gives the primary link's name.
///
/// # Errors
/// If the primary ENI has no link, or the kernel refuses.
pub fn set_up(netns: &Netns, settings: &Settings, primary: MacAddress) -> std::result::Result<String, LinkError> {
    let netlink = Netlink::open(netns)?;
    let link = netlink.link_by_mac(primary.0)?.ok_or(LinkError::Missing(primary))?;
    if link.mtu != settings.eni_mtu {
        netlink.set_mtu(&link, settings.eni_mtu)?;
    }
    netlink.set_up(&link)?;
    marked_rule(&netlink, settings)?;
    external_services(&netlink, &settings.external_service_cidrs)?;
    if settings.pod_eni && settings.enforcing == Enforcing::Strict {
        lower_local_table(&netlink)?;
    }
    sysctls(netns, settings, &link.name)?;
    Ok(link.name)
}

/// Off-VPC traffic, and answers to what came to a node port, leave by the primary ENI whichever ENI the pod is on.
fn marked_rule(netlink: &Netlink, settings: &Settings) -> Result<()> {
    let rule = RuleSpec::v4(PRIORITY_MARKED, table::MAIN).fwmark(settings.connmark, settings.connmark);
    if settings.node_port_support || !settings.external_snat {
        unless_there(netlink.add_rule(&rule))
    } else {
        unless_gone(netlink.delete_rule(&rule))
    }
}

fn external_services(netlink: &Netlink, cidrs: &[Ipv4Net]) -> Result<()> {
    let wanted: Vec<_> =
        cidrs.iter().map(|cidr| RuleSpec::v4(PRIORITY_EXTERNAL_SERVICE, table::MAIN).to(IpNet::V4(*cidr))).collect();
    let present = netlink.rules()?;
    for stale in present.iter().filter(|rule| rule.priority == PRIORITY_EXTERNAL_SERVICE && !wanted.contains(rule)) {
        unless_gone(netlink.delete_rule(stale))?;
    }
    wanted.iter().try_for_each(|rule| unless_there(netlink.add_rule(rule)))
}

/// Rules of branch ENIs' pods have to come before the node's own addresses, or their packets to the node would not go
/// through the VPC. The new place comes first, so that the node is never without its own addresses.
fn lower_local_table(netlink: &Netlink) -> Result<()> {
    let rules = netlink.rules()?;
    let at = |priority| {
        rules.iter().any(|rule| rule.family == Family::V4 && rule.priority == priority && rule.table == table::LOCAL)
    };
    if !at(PRIORITY_LOCAL) {
        unless_there(netlink.add_rule(&RuleSpec::v4(PRIORITY_LOCAL, table::LOCAL)))?;
    }
    if at(0) {
        unless_gone(netlink.delete_rule(&RuleSpec::v4(0, table::LOCAL)))?;
    }
    Ok(())
}

fn sysctls(netns: &Netns, settings: &Settings, primary: &str) -> Result<()> {
    let demux = if settings.early_demux_off { "0" } else { "1" };
    let rp_filter = format!("net/ipv4/conf/{primary}/rp_filter");
    sysctl::write_all(
        netns,
        &[
            ("net.ipv4.ip_forward", "1"),
            // Answers to pods behind SNAT come in here although the pods' routes lead elsewhere.
            (&rp_filter, "2"),
            ("net.ipv4.tcp_early_demux", demux),
            ("net.ipv4.udp_early_demux", demux),
        ],
    )
}
