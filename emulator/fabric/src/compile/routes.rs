//! Route tables.
//!
//! The kernel's main table is what AWS calls local: subnets are on their bridges (the kernel adds those
//! routes with the router's address), a delegated prefix is behind its ENI's primary address, and anything
//! else is dropped. A VPC route table with routes of its own becomes a kernel table that packets from its
//! subnets look up first; its local routes lead on to the main table, so that longest prefixes win across
//! both. There is one for each zone, whose subnets reach a transit gateway by an ENI of their own. See <https://docs.aws.amazon.com/vpc/latest/userguide/VPC_Route_Tables.html>.

use std::net::IpAddr;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use vpc_model::{NetworkInterface, Route, RouteTable, RouteTarget, ZoneName};

use super::{View, gateway_endpoint, internet, nat_gateway, transit_gateway};
use crate::{Desired, Key, NextHop, Object, names};

pub(super) fn compile(view: &View<'_>, desired: &mut Desired) {
    let vpc = &view.vpc.id;
    // Packets for addresses that no table knows vanish, without the errors a Linux router would send.
    for everything in [IpNet::V4(Ipv4Net::default()), IpNet::V6(Ipv6Net::default())] {
        desired.insert(Key::Route(vpc.clone(), 0, everything), Object::Route(NextHop::Blackhole));
    }
    for present in view.present.values() {
        delegated(present.eni, desired);
    }
    for subnet in view.model.subnets().filter(|subnet| subnet.vpc_id == *vpc) {
        let Some(table) = view.model.route_table_of(&subnet.id) else { continue };
        if view.model.all_routes(table).iter().all(|route| route.target == RouteTarget::Local) {
            continue;
        }
        let number = names::route_table(&table.id, &subnet.zone);
        desired.insert(Key::RouteRule(vpc.clone(), subnet.id.clone(), number), Object::RouteRule);
        routes(view, table, &subnet.zone, desired);
    }
}

fn delegated(eni: &NetworkInterface, desired: &mut Desired) {
    let v4 = eni.ipv4_prefixes.iter().map(|prefix| IpNet::V4(*prefix));
    let v6 = eni.ipv6_prefixes.iter().map(|prefix| IpNet::V6(*prefix));
    for prefix in v4.chain(v6) {
        let Some(via) = interface(eni, prefix) else { continue };
        desired.insert(Key::Route(eni.vpc_id.clone(), 0, prefix), Object::Route(via));
    }
}

fn routes(view: &View<'_>, table: &RouteTable, zone: &ZoneName, desired: &mut Desired) {
    for (destination, route) in view.model.routes_by_block(table) {
        let key = Key::Route(view.vpc.id.clone(), names::route_table(&table.id, zone), destination);
        desired.insert(key, Object::Route(next_hop(view, zone, &route, destination)));
    }
}

/// An ENI as the next hop: by its primary IPv4 address, or its link-local IPv6 address.
fn interface(eni: &NetworkInterface, destination: IpNet) -> Option<NextHop> {
    Some(NextHop::Interface(eni.subnet_id.clone(), hop_address(eni, destination)?))
}

/// The address by which packets for others are sent to an ENI.
pub(super) fn hop_address(eni: &NetworkInterface, destination: IpNet) -> Option<IpAddr> {
    match destination {
        IpNet::V4(_) => eni.primary_ip().map(IpAddr::V4),
        IpNet::V6(_) => Some(IpAddr::V6(names::link_local(eni.mac))),
    }
}

/// Carrier and VPN gateways are not built yet: what is routed to them is dropped.
fn next_hop(view: &View<'_>, zone: &ZoneName, route: &Route, destination: IpNet) -> NextHop {
    match &route.target {
        RouteTarget::Local => NextHop::Local,
        RouteTarget::NetworkInterface(id) => {
            let present = view.present.get(id);
            present.and_then(|present| interface(present.eni, destination)).unwrap_or(NextHop::Blackhole)
        }
        RouteTarget::NatGateway(id) if destination.addr().is_ipv4() => {
            let eni = nat_gateway::interface_of(view, id);
            eni.and_then(|eni| interface(eni, destination)).unwrap_or(NextHop::Blackhole)
        }
        RouteTarget::TransitGateway(id) => {
            let eni = transit_gateway::interface_in(view, id, zone);
            eni.and_then(|eni| interface(eni, destination)).unwrap_or(NextHop::Blackhole)
        }
        RouteTarget::Peering(id) if view.peers.contains_key(id) => NextHop::Peering(id.clone()),
        RouteTarget::InternetGateway(id) if internet::is_by(view, id) => NextHop::Internet,
        RouteTarget::EgressOnlyGateway(_) if destination.addr().is_ipv6() && internet::has_egress_only(view) => {
            NextHop::EgressOnly
        }
        RouteTarget::VpcEndpoint(id) if gateway_endpoint::is_working(view, id) => NextHop::GatewayEndpoint(id.clone()),
        RouteTarget::EgressOnlyGateway(_)
        | RouteTarget::InternetGateway(_)
        | RouteTarget::NatGateway(_)
        | RouteTarget::Peering(_)
        | RouteTarget::VpcEndpoint(_)
        | RouteTarget::CarrierGateway(_)
        | RouteTarget::VpnGateway(_) => NextHop::Blackhole,
    }
}
