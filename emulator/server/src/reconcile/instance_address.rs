//! What DHCP and router advertisements do on a real instance: addresses, and the ways to the subnet and beyond.

use std::net::IpAddr;

use ipnet::IpNet;
use linux_net::netlink::RouteSpec;
use linux_net::{Netlink, unless_gone, unless_there};
use vpc_fabric::{InstanceAddress, names};

use super::apply::Result;

/// The kernel's preference for blocks that routers advertise: further links hear of their blocks too, and come second.
const ADVERTISED: u32 = 256;

/// Gives an instance's primary link an address.
pub(super) fn add(netlink: &Netlink, address: IpAddr, object: &InstanceAddress) -> Result<()> {
    let device = netlink.index(names::device(0).as_str())?;
    netlink.set_up(device)?;
    unless_there(netlink.add_address(device, net(address, object)))?;
    for route in routes(address, object, device) {
        netlink.replace_route(&route)?;
    }
    Ok(())
}

/// Takes an address away, and the routes that came with it.
pub(super) fn remove(netlink: &Netlink, address: IpAddr, object: &InstanceAddress) -> Result<()> {
    let Some(link) = netlink.link(names::device(0).as_str())? else { return Ok(()) };
    for route in routes(address, object, link.index) {
        unless_gone(netlink.delete_route(&route))?;
    }
    Ok(unless_gone(netlink.delete_address(link.index, net(address, object)))?)
}

/// An IPv4 address tells the subnet's block by its length; DHCPv6 gives single addresses.
fn net(address: IpAddr, object: &InstanceAddress) -> IpNet {
    match address {
        IpAddr::V4(_) => IpNet::new(address, object.block.prefix_len()).expect("a block's length is one of its family"),
        IpAddr::V6(_) => IpNet::from(address),
    }
}

/// The default route, and of IPv6 the route to the subnet's block, which the router advertises.
fn routes(address: IpAddr, object: &InstanceAddress, device: u32) -> Vec<RouteSpec> {
    match address {
        IpAddr::V4(_) => vec![RouteSpec::via(RouteSpec::default_v4(), object.router).link(device)],
        IpAddr::V6(_) => vec![
            RouteSpec::on_link(object.block, device).metric(ADVERTISED),
            RouteSpec::via(RouteSpec::default_v6(), object.router).link(device),
        ],
    }
}
