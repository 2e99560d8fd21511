//! Route tables.
//!
//! The kernel's main table is what AWS calls local: subnets are on their bridges (the kernel adds those
//! routes with the router's address), a delegated prefix is behind its ENI's primary address, and anything
//! else is dropped. A VPC route table with routes of its own becomes a kernel table that packets from its
//! subnets look up first; its local routes lead on to the main table, so that longest prefixes win across
//! both. See <https://docs.aws.amazon.com/vpc/latest/userguide/VPC_Route_Tables.html>.

use ipnet::{IpNet, Ipv4Net};
use vpc_model::{NetworkInterface, Route, RouteTable, RouteTarget};

use super::View;
use crate::{Desired, Key, NextHop, Object, names};

pub(super) fn compile(view: &View<'_>, desired: &mut Desired) {
    let vpc = &view.vpc.id;
    // Packets for addresses that no table knows vanish, without the errors a Linux router would send.
    desired.insert(Key::Route(vpc.clone(), 0, Ipv4Net::default()), Object::Route(NextHop::Blackhole));
    for present in view.present.values() {
        delegated(present.eni, desired);
    }
    for subnet in view.model.subnets().filter(|subnet| subnet.vpc_id == *vpc) {
        let Some(table) = view.model.route_table_of(&subnet.id) else { continue };
        if view.model.all_routes(table).iter().all(|route| route.target == RouteTarget::Local) {
            continue;
        }
        let number = names::route_table(&table.id);
        desired.insert(Key::RouteRule(vpc.clone(), subnet.id.clone(), number), Object::RouteRule);
        routes(view, table, desired);
    }
}

fn delegated(eni: &NetworkInterface, desired: &mut Desired) {
    let Some(primary) = eni.primary_ip() else { return };
    for prefix in &eni.ipv4_prefixes {
        let via = NextHop::Interface(eni.subnet_id.clone(), primary);
        desired.insert(Key::Route(eni.vpc_id.clone(), 0, *prefix), Object::Route(via));
    }
}

fn routes(view: &View<'_>, table: &RouteTable, desired: &mut Desired) {
    for (destination, route) in view.model.routes_by_block(table) {
        let IpNet::V4(destination) = destination else { continue };
        let key = Key::Route(view.vpc.id.clone(), names::route_table(&table.id), destination);
        desired.insert(key, Object::Route(next_hop(view, &route)));
    }
}

/// Of the ways out of a VPC only peering connections are built yet: what is routed to others is dropped.
fn next_hop(view: &View<'_>, route: &Route) -> NextHop {
    match &route.target {
        RouteTarget::Local => NextHop::Local,
        RouteTarget::NetworkInterface(id) => {
            let primary = view
                .present
                .get(id)
                .and_then(|present| Some(NextHop::Interface(present.eni.subnet_id.clone(), present.eni.primary_ip()?)));
            primary.unwrap_or(NextHop::Blackhole)
        }
        RouteTarget::Peering(id) if view.peers.contains_key(id) => NextHop::Peering(id.clone()),
        RouteTarget::EgressOnlyGateway(_)
        | RouteTarget::InternetGateway(_)
        | RouteTarget::NatGateway(_)
        | RouteTarget::Peering(_)
        | RouteTarget::TransitGateway(_)
        | RouteTarget::VpcEndpoint(_)
        | RouteTarget::CarrierGateway(_)
        | RouteTarget::VpnGateway(_) => NextHop::Blackhole,
    }
}
