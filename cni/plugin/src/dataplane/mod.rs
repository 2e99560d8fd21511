//! Links, routes and rules of a pod, in the node's namespace and in the pod's.

pub mod branch;
pub mod pod;
pub mod regular;

use ipnet::IpNet;
use linux_net::netlink::RuleSpec;
use linux_net::{Error, Netlink, Netns, Result, sysctl, unless_gone, unless_there};

use crate::names::{PRIORITY_FROM_POD, PRIORITY_TO_POD};

/// The node's side: the namespace that the plugin runs in.
#[derive(Debug)]
pub struct Host {
    /// The namespace.
    pub netns: Netns,
    /// Its forwarding state.
    pub netlink: Netlink,
}

impl Host {
    /// The namespace of this process.
    pub fn open() -> Result<Self> {
        let netns = Netns::current()?;
        let netlink = Netlink::open(&netns)?;
        Ok(Self { netns, netlink })
    }

    /// Removes rules and routes that lead to or from a pod's address by its ENI.
    pub fn remove_address(&self, address: IpNet) -> Result<()> {
        for rule in self.netlink.rules()? {
            let ours = match rule.priority {
                PRIORITY_TO_POD => rule.destination == Some(address),
                PRIORITY_FROM_POD => rule.source == Some(address),
                _ => false,
            };
            if ours {
                unless_gone(self.netlink.delete_rule(&rule))?;
            }
        }
        self.remove_route(address, linux_net::netlink::table::MAIN)
    }

    /// Removes the routes to a pod's address in a table.
    pub fn remove_route(&self, address: IpNet, table: u32) -> Result<()> {
        for route in self.netlink.routes_in(table)? {
            if route.destination == address && route.gateway.is_none() {
                unless_gone(self.netlink.delete_route(&route))?;
            }
        }
        Ok(())
    }

    /// Sets what production sets on the host's links of pods; IPv6 may be absent.
    pub fn quieten(&self, link: &str) -> Result<()> {
        let settings = [("accept_ra", "0"), ("accept_redirects", "1"), ("forwarding", "0")];
        for (name, value) in settings {
            // Slashes, since VLAN links have dots in their names.
            unless_gone(sysctl::write(&self.netns, &format!("net/ipv6/conf/{link}/{name}"), value))?;
        }
        Ok(())
    }
}

/// The first error of a batch's outcomes.
pub fn all(outcomes: Vec<Result<()>>) -> Result<()> {
    outcomes.into_iter().collect()
}

/// Adds a rule unless the same is there.
pub fn add_rule(netlink: &Netlink, rule: &RuleSpec) -> std::result::Result<(), Error> {
    unless_there(netlink.add_rule(rule))
}
