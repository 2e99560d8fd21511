//! The pod's own namespace: one link, one address, and a router that exists only as a neighbour entry.

use std::hash::{BuildHasher, RandomState};
use std::net::{IpAddr, Ipv4Addr};

use ipnet::IpNet;
use linux_net::netlink::{LinkSpec, RouteSpec};
use linux_net::{Error, Mac, Netlink, Netns, Result, unless_gone};

use super::{Host, all};

/// The router that pods see. Nobody answers ARP for it: a permanent neighbour entry leads to the host end.
pub const ROUTER: Ipv4Addr = Ipv4Addr::new(169, 254, 1, 1);

/// A pod's link to be.
#[derive(Debug, Clone)]
pub struct PodLink<'a> {
    /// The pod's namespace.
    pub netns: &'a Netns,
    /// The host end's name.
    pub host_link: &'a str,
    /// The pod end's name.
    pub ifname: &'a str,
    /// The MTU of both.
    pub mtu: u32,
    /// The pod's address.
    pub address: Ipv4Addr,
    /// The mark of the host end.
    pub alias: &'a str,
}

impl PodLink<'_> {
    /// Makes the link and all that is inside the pod; gives the host end's index.
    ///
    /// # Errors
    /// What the kernel refused; then nothing of it is left.
    pub fn connect(&self, host: &Host) -> Result<u32> {
        // One of a pod of the same name that went without DEL.
        unless_gone(host.netlink.delete_link(self.host_link))?;
        let mac = random_mac();
        let near = LinkSpec::new(self.host_link).mac(mac).mtu(self.mtu).alias(self.alias).up();
        let far = LinkSpec::new(self.ifname).mtu(self.mtu).up();
        host.netlink.add_veth(&near, &far, Some(self.netns))?;
        let done = self.configure(mac).and_then(|()| {
            host.quieten(self.host_link)?;
            host.netlink.index(self.host_link)
        });
        done.inspect_err(|_| drop(host.netlink.delete_link(self.host_link)))
    }

    fn configure(&self, router_mac: Mac) -> Result<()> {
        let pod = Netlink::open(self.netns)?;
        let link = pod.index(self.ifname)?;
        all(pod.batch(|pod| {
            pod.add_address(link, IpNet::from(IpAddr::V4(self.address)))?;
            pod.replace_route(&RouteSpec::on_link(IpNet::from(IpAddr::V4(ROUTER)), link))?;
            pod.replace_route(&RouteSpec::via(RouteSpec::default_v4(), ROUTER).link(link))?;
            pod.replace_neighbour(link, ROUTER, router_mac)
        })?)
    }
}

/// Removes the pod's end, and with it the host's; whatever is gone already is fine.
pub fn disconnect(netns: &Netns, ifname: &str) -> Result<()> {
    let pod = Netlink::open(netns)?;
    match pod.link(ifname)? {
        Some(link) if link.kind.as_deref() == Some("veth") => unless_gone(pod.delete_link(&link)),
        _ => Ok(()),
    }
}

/// Says what is not as [`PodLink::connect`] made it; gives the index of the host end.
pub fn check(netns: &Netns, ifname: &str, address: IpAddr) -> Result<std::result::Result<u32, String>> {
    let pod = Netlink::open(netns)?;
    let Some(link) = pod.link(ifname)? else { return Ok(Err(format!("link {ifname} is missing"))) };
    if !link.up {
        return Ok(Err(format!("link {ifname} is down")));
    }
    if !pod.addresses_of(&link)?.iter().any(|held| held.address.addr() == address) {
        return Ok(Err(format!("link {ifname} has not the address {address}")));
    }
    let routes = pod.routes_in(linux_net::netlink::table::MAIN)?;
    let router = Some(IpAddr::V4(ROUTER));
    let default = |route: &&RouteSpec| route.destination.prefix_len() == 0 && route.gateway == router;
    if !routes.iter().any(|route| default(&route) && route.link == Some(link.index)) {
        return Ok(Err(format!("no default route by {ROUTER}")));
    }
    let neighbours = pod.neighbours_of(&link)?;
    if !neighbours.iter().any(|neighbour| neighbour.address == IpAddr::V4(ROUTER) && neighbour.permanent) {
        return Ok(Err(format!("no permanent neighbour entry for {ROUTER}")));
    }
    Ok(link.parent.ok_or_else(|| format!("link {ifname} has no other end")))
}

/// A random, locally administered unicast address; keyed hashes of the standard library are random enough.
fn random_mac() -> Mac {
    let bytes = RandomState::new().hash_one(0_u8).to_be_bytes();
    [(bytes[0] & 0xfc) | 0x02, bytes[1], bytes[2], bytes[3], bytes[4], bytes[5]]
}

/// The path's namespace, if it is still there.
pub fn open(path: &std::path::Path) -> Result<Option<Netns>> {
    match Netns::open(path) {
        Ok(netns) => Ok(Some(netns)),
        Err(err) if Error::is_not_found(&err) => Ok(None),
        Err(err) => Err(err),
    }
}
