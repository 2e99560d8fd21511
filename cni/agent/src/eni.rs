//! A secondary ENI's link: its address, and a table by which pods on it reach the VPC.

use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, Instant};

use cni_rpc::MacAddress;
use ipnet::{IpNet, Ipv4Net};
use linux_net::netlink::{Link, RouteSpec, RuleSpec, table};
use linux_net::{Netlink, Netns, unless_gone, unless_there};

/// `from` an ENI's own address → its table.
const PRIORITY_ENI: u32 = 32765;
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// Why an ENI's link could not be set up.
#[derive(Debug, Clone, thiserror::Error)]
pub enum LinkError {
    /// There is none.
    #[error("no link has the MAC address {0}")]
    Missing(MacAddress),
    /// The kernel refused.
    #[error(transparent)]
    Kernel(#[from] linux_net::Error),
}

/// How an ENI's link is to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EniLink {
    /// Its MAC address, by which it is found.
    pub mac: MacAddress,
    /// Its primary address.
    pub address: Ipv4Addr,
    /// Its subnet's network.
    pub subnet: Ipv4Net,
    /// The table that routes by it.
    pub route_table: u32,
    /// Its MTU.
    pub mtu: u32,
    /// Whether it carries branch ENIs: then nothing is sent from its own address.
    pub trunk: bool,
}

/// The table that routes by an ENI: the same number as in production.
pub fn route_table(network_card: u32, device_number: u32) -> u32 {
    match (network_card, device_number) {
        (0, 0) => table::MAIN,
        (0, device) => device + 1,
        (card, device) => 10_000 + device + 100 * card,
    }
}

/// A subnet's router: the address after its base.
pub fn router(subnet: Ipv4Net) -> Ipv4Addr {
    Ipv4Addr::from(u32::from(subnet.network()) + 1)
}

/// Waits until an ENI's link is there.
///
/// # Errors
/// If it does not come in time, or the kernel refuses to tell.
pub async fn wait_for_link(netns: &Netns, mac: MacAddress, patience: Duration) -> Result<Link, LinkError> {
    let until = Instant::now() + patience;
    let netlink = Netlink::open(netns)?;
    loop {
        if let Some(link) = netlink.link_by_mac(mac.0)? {
            return Ok(link);
        }
        if Instant::now() >= until {
            return Err(LinkError::Missing(mac));
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

impl EniLink {
    /// Sets the link up as it is to be; doing it again changes nothing.
    ///
    /// # Errors
    /// If the link is not there, or the kernel refuses.
    pub fn set_up(&self, netns: &Netns) -> Result<(), LinkError> {
        let netlink = Netlink::open(netns)?;
        let link = netlink.link_by_mac(self.mac.0)?.ok_or(LinkError::Missing(self.mac))?;
        if link.mtu != self.mtu {
            netlink.set_mtu(&link, self.mtu)?;
        }
        netlink.set_up(&link)?;
        self.give_address(&netlink, &link)?;
        let gateway = router(self.subnet);
        let to_gateway = RouteSpec::on_link(IpNet::from(IpAddr::V4(gateway)), link.index).table(self.route_table);
        netlink.replace_route(&to_gateway)?;
        let default = RouteSpec::via(RouteSpec::default_v4(), gateway).link(link.index).table(self.route_table);
        netlink.replace_route(&default)?;
        self.unlearn_subnet(&netlink, &link)?;
        if !self.trunk {
            unless_there(netlink.add_rule(&self.rule()))?;
        }
        Ok(())
    }

    /// Removes what is not removed with the link itself.
    ///
    /// # Errors
    /// If the kernel refuses.
    pub fn tear_down(&self, netns: &Netns) -> linux_net::Result<()> {
        unless_gone(Netlink::open(netns)?.delete_rule(&self.rule()))
    }

    fn rule(&self) -> RuleSpec {
        RuleSpec::v4(PRIORITY_ENI, self.route_table).from(IpNet::from(IpAddr::V4(self.address)))
    }

    fn give_address(&self, netlink: &Netlink, link: &Link) -> linux_net::Result<()> {
        let wanted = IpNet::V4(Ipv4Net::new_assert(self.address, self.subnet.prefix_len()));
        let present: Vec<_> =
            netlink.addresses_of(link)?.into_iter().map(|held| held.address).filter(|a| a.addr().is_ipv4()).collect();
        for stale in present.iter().filter(|address| **address != wanted) {
            unless_gone(netlink.delete_address(link, *stale))?;
        }
        if present.contains(&wanted) { Ok(()) } else { netlink.add_address(link, wanted) }
    }

    /// The kernel's route to the subnet would take the node's own traffic to this ENI; only its table may.
    fn unlearn_subnet(&self, netlink: &Netlink, link: &Link) -> linux_net::Result<()> {
        let subnet = IpNet::V4(self.subnet.trunc());
        for route in netlink.routes_in(table::MAIN)? {
            if route.destination == subnet && route.link == Some(link.index) {
                unless_gone(netlink.delete_route(&route))?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    #[rstest]
    #[case::primary(0, 0, 254)]
    #[case::first_secondary(0, 1, 2)]
    #[case::second_card(1, 2, 10_102)]
    fn tables(#[case] card: u32, #[case] device: u32, #[case] expected: u32) {
        assert_eq!(super::route_table(card, device), expected);
    }
}
