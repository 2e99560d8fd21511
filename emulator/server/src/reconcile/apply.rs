//! One operation of a plan, done to the kernel.
//!
//! Taking away what is gone already succeeds; making what is there already replaces it.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv6Net};
use linux_net::netlink::{BridgePort, Family, LinkSpec, RouteKind, RouteSpec, RuleSpec, table};
use linux_net::nft::{self, TableError};
use linux_net::{Errno, Netlink, Netns, unless_gone, unless_there, vlan};
use nft_ruleset::encode;
use vpc_fabric::{Branch, Bridge, Key, NextHop, Object, Op, Peering, ServiceWire, names};
use vpc_model::{InstanceId, Mac, NetworkInterfaceId, PeeringConnectionId, SubnetId, TransitGatewayId, VpcId};

use super::advertise;
use super::fabric::Fabric;
use super::namespace::Namespace;
use super::{gateway_endpoint, instance_address, mend, nat_gateway, shelf, transit_gateway};

/// ENIs take jumbo frames.
pub(super) const MTU: u32 = 9001;
/// Rules for VPC route tables come before the main table's.
const RULE_PRIORITY: u32 = 1000;

/// The far end of a peering connection's link, in either fabric; no packet carries it.
pub(super) const PEER: IpAddr = IpAddr::V4(Ipv4Addr::new(169, 254, 0, 2));
pub(super) const PEER_V6: IpAddr = IpAddr::V6(Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 2));

/// A port never hears what is not addressed to it, and is heard only by its ENI's address.
pub(super) const PORT: BridgePort = BridgePort {
    isolated: true,
    locked: true,
    learning: false,
    flood: false,
    mcast_flood: false,
    bcast_flood: false,
    neigh_suppress: false,
};

/// Why an operation did not work.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// The kernel refused.
    #[error(transparent)]
    Kernel(#[from] linux_net::Error),
    /// The ruleset is wrong, or the kernel refused it.
    #[error(transparent)]
    Rules(#[from] TableError),
    /// Neither VLAN devices nor the tag shim work here.
    #[error("this kernel carries no 802.1Q frames: neither VLAN devices nor cls_bpf")]
    NoCarrier,
    /// A namespace that should be held is not.
    #[error("namespace of {0} is not there")]
    NoNamespace(String),
}

impl ApplyError {
    /// The kernel's reason, if it was the kernel that refused.
    pub fn errno(&self) -> Option<Errno> {
        match self {
            Self::Kernel(err) | Self::Rules(TableError::Kernel(err)) => Some(err.errno()),
            Self::Rules(TableError::Ruleset(_)) | Self::NoCarrier | Self::NoNamespace(_) => None,
        }
    }
}

pub(super) type Result<T> = std::result::Result<T, ApplyError>;

/// Does one operation.
pub(super) fn apply(fabric: &mut Fabric, op: &Op) -> Result<()> {
    match op {
        Op::Remove(key, object) => remove(fabric, key, object),
        Op::Add(key, object) => add(fabric, key, object),
        Op::Change { key: Key::Rules(vpc), from: Object::Rules(from), to: Object::Rules(to) } => {
            let namespace = of_vpc(fabric, vpc)?;
            nft::update(namespace.netns(), from, to)?;
            Ok(namespace.note_generation()?)
        }
        Op::Change { key: Key::NatGateway(eni), from: Object::NatGateway(from), to: Object::NatGateway(to) } => {
            let namespace = of_service(&fabric.nat_gateways, eni)?;
            nft::update(namespace.netns(), from, to)?;
            Ok(namespace.note_generation()?)
        }
        Op::Mend(key, object) => mend::mend(fabric, key, object),
        // Routes are replaced as they are added.
        Op::Change { key, to, .. } => add(fabric, key, to),
    }
}

pub(super) fn add(fabric: &mut Fabric, key: &Key, object: &Object) -> Result<()> {
    match (key, object) {
        (Key::Fabric(vpc), _) => {
            fabric.vpcs.insert(vpc.clone(), Namespace::create_fabric()?);
            Ok(())
        }
        (Key::Instance(id), _) => {
            fabric.instances.insert(id.clone(), Namespace::create()?);
            Ok(())
        }
        (Key::Endpoint(eni), _) => {
            fabric.endpoints.insert(eni.clone(), Namespace::create()?);
            Ok(())
        }
        (Key::GatewayEndpoint(id), Object::GatewayEndpoint(gateway)) => {
            fabric.gateway_endpoints.insert(id.clone(), gateway_endpoint::create(gateway)?);
            Ok(())
        }
        (Key::GatewayEndpointLink(vpc, id), _) => {
            let gateway = fabric.gateway_endpoints.get(id).ok_or_else(|| ApplyError::NoNamespace(id.to_string()))?;
            gateway_endpoint::connect(id, gateway, of_vpc(fabric, vpc)?)
        }
        (Key::NatGateway(eni), Object::NatGateway(rules)) => {
            fabric.nat_gateways.insert(eni.clone(), nat_gateway::create(rules)?);
            Ok(())
        }
        (Key::TransitGateway(id), _) => {
            fabric.transit_gateways.insert(id.clone(), transit_gateway::create()?);
            Ok(())
        }
        (Key::TransitWire(vpc, eni), Object::TransitWire(wire)) => {
            transit_gateway::add_wire(of_vpc(fabric, vpc)?, eni, wire, of_transit(fabric, &wire.gateway)?)
        }
        (Key::TransitRoute(id, table, net), Object::TransitRoute(hop)) => {
            transit_gateway::add_route(of_transit(fabric, id)?, (*table, *net), hop)
        }
        (Key::TransitRule(id, eni, table), _) => transit_gateway::add_rule(of_transit(fabric, id)?, eni, *table),
        (Key::ServiceAddress(vpc, address), _) => add_service_address(fabric, vpc, *address),
        (Key::Bridge(vpc, subnet), Object::Bridge(bridge)) => add_bridge(fabric, vpc, subnet, bridge),
        (Key::Rules(vpc), Object::Rules(table)) => {
            let namespace = of_vpc(fabric, vpc)?;
            nft::replace(namespace.netns(), table)?;
            Ok(namespace.note_generation()?)
        }
        (Key::Peering(id), Object::Peering(peering)) => add_peering(fabric, id, peering),
        (Key::Internet, _) => fabric.internet.create(),
        (Key::InternetHost(name), Object::InternetHost(address)) => fabric.internet.add_host(name, *address),
        (Key::InternetLink(vpc), _) => fabric.internet.add_link(vpc, of_vpc(fabric, vpc)?),
        (Key::EgressOnlyLink(vpc), _) => fabric.internet.add_egress_only_link(vpc, of_vpc(fabric, vpc)?),
        (Key::InternetRoute(net), Object::InternetRoute(route)) => fabric.internet.add_route(*net, route),
        (Key::Route(vpc, number, destination), Object::Route(hop)) => {
            add_route(of_vpc(fabric, vpc)?, (vpc, *number, *destination), hop)
        }
        (Key::RouteRule(vpc, subnet, number), _) => add_route_rule(of_vpc(fabric, vpc)?, subnet, *number),
        (Key::Neighbour(vpc, subnet, address), Object::Neighbour(mac)) => {
            let namespace = of_vpc(fabric, vpc)?;
            let bridge = bridge_index(namespace, subnet)?;
            namespace.netlink.replace_neighbour(bridge, *address, mac.0)?;
            Ok(advertise::add_host(namespace, subnet, bridge, *address, *mac)?)
        }
        (Key::Wire(vpc, eni), Object::Wire(wire)) => {
            let (instance, device) = (of_instance(fabric, &wire.instance)?, names::device(wire.device_index));
            add_wire(of_vpc(fabric, vpc)?, eni, (&wire.subnet, wire.mac), (instance, &device))
        }
        (Key::EndpointWire(vpc, eni), Object::ServiceWire(wire)) => {
            add_service_wire(of_vpc(fabric, vpc)?, eni, wire, of_service(&fabric.endpoints, eni)?)
        }
        (Key::NatWire(vpc, eni), Object::ServiceWire(wire)) => {
            add_service_wire(of_vpc(fabric, vpc)?, eni, wire, of_service(&fabric.nat_gateways, eni)?)
        }
        (Key::Branch(vpc, eni), Object::Branch(branch)) => add_branch(fabric, vpc, eni, branch),
        (Key::InstanceAddress(_, instance, address), Object::InstanceAddress(object)) => {
            instance_address::add(&of_instance(fabric, instance)?.netlink, *address, object)
        }
        _ => unreachable!("compile gives every key the object of its kind"),
    }
}

fn remove(fabric: &mut Fabric, key: &Key, object: &Object) -> Result<()> {
    match (key, object) {
        (Key::Fabric(vpc), _) => {
            fabric.vpcs.remove(vpc);
            Ok(())
        }
        (Key::Instance(instance), _) => {
            fabric.instances.remove(instance);
            Ok(())
        }
        (Key::Endpoint(eni), _) => {
            fabric.endpoints.remove(eni);
            Ok(())
        }
        (Key::GatewayEndpoint(id), _) => {
            fabric.gateway_endpoints.remove(id);
            Ok(())
        }
        (Key::GatewayEndpointLink(vpc, id), _) => {
            Ok(unless_gone(of_vpc(fabric, vpc)?.netlink.delete_link(names::gateway_endpoint_link(id).as_str()))?)
        }
        (Key::NatGateway(eni), _) => {
            fabric.nat_gateways.remove(eni);
            Ok(())
        }
        (Key::TransitGateway(id), _) => {
            fabric.transit_gateways.remove(id);
            Ok(())
        }
        (Key::TransitRoute(id, table, net), Object::TransitRoute(hop)) => {
            transit_gateway::remove_route(of_transit(fabric, id)?, (*table, *net), hop)
        }
        (Key::TransitRule(id, eni, table), _) => transit_gateway::remove_rule(of_transit(fabric, id)?, eni, *table),
        (Key::ServiceAddress(vpc, address), _) => {
            Ok(unless_gone(of_vpc(fabric, vpc)?.netlink.delete_address("lo", IpNet::from(*address)))?)
        }
        (Key::Bridge(vpc, subnet), _) => {
            let namespace = fabric.vpcs.get_mut(vpc).ok_or_else(|| ApplyError::NoNamespace(vpc.to_string()))?;
            namespace.forget_bridge(subnet);
            shelf::remove_all(namespace, subnet)?;
            Ok(unless_gone(namespace.netlink.delete_link(names::bridge(subnet).as_str()))?)
        }
        (Key::Rules(vpc), Object::Rules(table)) => {
            let batch = encode::delete_table(table.family, &table.name).map_err(TableError::from)?;
            let namespace = of_vpc(fabric, vpc)?;
            nft::apply(namespace.netns(), &batch)?;
            Ok(namespace.note_generation()?)
        }
        (Key::Internet, _) => {
            fabric.internet.remove();
            Ok(())
        }
        (Key::InternetHost(name), _) => fabric.internet.remove_host(name),
        (Key::InternetLink(vpc), _) => {
            Ok(unless_gone(of_vpc(fabric, vpc)?.netlink.delete_link(names::internet_link(vpc).as_str()))?)
        }
        (Key::EgressOnlyLink(vpc), _) => {
            Ok(unless_gone(of_vpc(fabric, vpc)?.netlink.delete_link(names::egress_only_link(vpc).as_str()))?)
        }
        (Key::InternetRoute(net), Object::InternetRoute(route)) => fabric.internet.remove_route(*net, route),
        (Key::Peering(id), Object::Peering(peering)) => {
            let netlink = &of_vpc(fabric, &peering.requester)?.netlink;
            Ok(unless_gone(netlink.delete_link(names::peering(id).as_str()))?)
        }
        (Key::Route(vpc, number, destination), Object::Route(hop)) => {
            let namespace = of_vpc(fabric, vpc)?;
            if let NextHop::Subnet(subnet) = hop {
                advertise::remove_block(namespace, subnet, bridge_index(namespace, subnet)?, *destination)?;
            }
            Ok(unless_gone(namespace.netlink.delete_route(&route(namespace, (vpc, *number, *destination), hop)?))?)
        }
        (Key::RouteRule(vpc, subnet, number), _) => {
            let netlink = &of_vpc(fabric, vpc)?.netlink;
            route_rules(subnet, *number).iter().try_for_each(|rule| Ok(unless_gone(netlink.delete_rule(rule))?))
        }
        (Key::Neighbour(vpc, subnet, address), Object::Neighbour(mac)) => {
            let namespace = of_vpc(fabric, vpc)?;
            let bridge = bridge_index(namespace, subnet)?;
            advertise::remove_host(namespace, subnet, bridge, *address, *mac)?;
            Ok(unless_gone(namespace.netlink.delete_neighbour(bridge, *address))?)
        }
        (Key::Wire(vpc, eni), Object::Wire(wire)) => remove_wire(of_vpc(fabric, vpc)?, eni, (&wire.subnet, wire.mac)),
        (Key::EndpointWire(vpc, eni) | Key::NatWire(vpc, eni), Object::ServiceWire(wire)) => {
            remove_wire(of_vpc(fabric, vpc)?, eni, (&wire.subnet, wire.mac))
        }
        (Key::TransitWire(vpc, eni), Object::TransitWire(wire)) => {
            remove_wire(of_vpc(fabric, vpc)?, eni, (&wire.subnet, wire.mac))
        }
        (Key::Branch(vpc, eni), Object::Branch(branch)) => remove_branch(of_vpc(fabric, vpc)?, eni, branch),
        (Key::InstanceAddress(_, instance, address), Object::InstanceAddress(object)) => {
            instance_address::remove(&of_instance(fabric, instance)?.netlink, *address, object)
        }
        _ => unreachable!("compile gives every key the object of its kind"),
    }
}

fn add_service_address(fabric: &Fabric, vpc: &VpcId, address: IpAddr) -> Result<()> {
    let added = of_vpc(fabric, vpc)?.netlink.add_address("lo", IpNet::from(address));
    Ok(unless_there(added)?)
}

/// Makes a bridge, of whatever is left of one with its name.
pub(super) fn add_bridge(fabric: &mut Fabric, vpc: &VpcId, subnet: &SubnetId, bridge: &Bridge) -> Result<()> {
    let namespace = fabric.vpcs.get_mut(vpc).ok_or_else(|| ApplyError::NoNamespace(vpc.to_string()))?;
    let netlink = &namespace.netlink;
    let (name, alias) = (names::bridge(subnet), format!("vpcbox:{subnet}"));
    let spec = LinkSpec::new(&name).mac(bridge.mac.0).mtu(MTU).alias(&alias).quiet().up();
    match netlink.add_bridge(&spec) {
        Err(err) if err.is_exists() => match netlink.link(&name)? {
            Some(link) if link.kind.as_deref() == Some("bridge") => mend::link(netlink, &link, &spec)?,
            Some(_) => {
                netlink.delete_link(&name)?;
                netlink.add_bridge(&spec)?;
            }
            None => return Err(err.into()),
        },
        made => made?,
    }
    let index = netlink.index(&name)?;
    if namespace.bridges.get(subnet).is_some_and(|former| *former != index) {
        namespace.forget_bridge(subnet);
    }
    namespace.bridges.insert(subnet.clone(), index);
    namespace.prepare_bridge(&name)?;
    shelf::prepare_all(namespace, subnet)?;
    let mut own = bridge_addresses(subnet, bridge).into_iter();
    own.try_for_each(|address| Ok(unless_there(namespace.netlink.add_address(index, address))?))
}

/// The router's addresses in a subnet.
pub(super) fn bridge_addresses(subnet: &SubnetId, bridge: &Bridge) -> Vec<IpNet> {
    let link_local = IpNet::V6(Ipv6Net::new_assert(names::router_link_local(subnet), 64));
    bridge.router.map(IpNet::V4).into_iter().chain([link_local]).collect()
}

fn add_route(namespace: &Namespace, key: (&VpcId, u32, IpNet), hop: &NextHop) -> Result<()> {
    namespace.netlink.replace_route(&route(namespace, key, hop)?)?;
    match hop {
        NextHop::Subnet(subnet) => {
            Ok(advertise::add_block(namespace, subnet, bridge_index(namespace, subnet)?, key.2)?)
        }
        _ => Ok(()),
    }
}

fn route(namespace: &Namespace, key: (&VpcId, u32, IpNet), hop: &NextHop) -> Result<RouteSpec> {
    let index = |link: Via<'_>| match link {
        Via::Bridge(subnet) => bridge_index(namespace, subnet),
        Via::Link(name) => Ok(namespace.netlink.index(&name)?),
    };
    route_spec(&index, key, hop)
}

/// A link that a route leaves by.
pub(super) enum Via<'a> {
    /// A subnet's bridge.
    Bridge(&'a SubnetId),
    /// A link to another namespace, by its name.
    Link(String),
}

/// The kernel's route, where links have these indexes.
pub(super) fn route_spec(
    index: &dyn Fn(Via<'_>) -> Result<u32>,
    (vpc, number, destination): (&VpcId, u32, IpNet),
    hop: &NextHop,
) -> Result<RouteSpec> {
    let number = if number == 0 { table::MAIN } else { number };
    let spec = match hop {
        NextHop::Blackhole => RouteSpec::of_kind(destination, RouteKind::Blackhole),
        NextHop::Local => RouteSpec::of_kind(destination, RouteKind::Throw),
        NextHop::Subnet(subnet) => RouteSpec::on_link(destination, index(Via::Bridge(subnet))?),
        NextHop::Interface(subnet, address) => {
            RouteSpec::via(destination, *address).link(index(Via::Bridge(subnet))?).onlink()
        }
        NextHop::Peering(id) => over(index(Via::Link(names::peering(id)))?, destination),
        NextHop::GatewayEndpoint(id) => over(index(Via::Link(names::gateway_endpoint_link(id)))?, destination),
        NextHop::EgressOnly => over(index(Via::Link(names::egress_only_link(vpc)))?, destination),
        NextHop::Internet => over(index(Via::Link(names::internet_link(vpc)))?, destination),
    };
    Ok(spec.table(number))
}

/// A route over a link between namespaces.
pub(super) fn across(namespace: &Namespace, link: &str, destination: IpNet) -> Result<RouteSpec> {
    Ok(over(namespace.netlink.index(link)?, destination))
}

/// The same, by the link's index.
pub(super) fn over(link: u32, destination: IpNet) -> RouteSpec {
    let far = if destination.addr().is_ipv4() { PEER } else { PEER_V6 };
    RouteSpec::via(destination, far).link(link).onlink()
}

pub(super) fn route_rules(subnet: &SubnetId, number: u32) -> [RuleSpec; 2] {
    [Family::V4, Family::V6].map(|family| RuleSpec::new(family, RULE_PRIORITY, number).iif(&names::bridge(subnet)))
}

fn add_route_rule(namespace: &Namespace, subnet: &SubnetId, number: u32) -> Result<()> {
    route_rules(subnet, number).iter().try_for_each(|rule| Ok(unless_there(namespace.netlink.add_rule(rule))?))
}

/// A link between two fabrics. Each end knows the other's Ethernet address, so nobody is asked for it.
fn add_peering(fabric: &Fabric, id: &PeeringConnectionId, peering: &Peering) -> Result<()> {
    let (requester, accepter) = (of_vpc(fabric, &peering.requester)?, of_vpc(fabric, &peering.accepter)?);
    let (name, alias, macs) = (names::peering(id), format!("vpcbox:{id}"), names::peering_macs(id));
    let [near, far] = macs.map(|mac| between(&name, &alias, mac, MTU));
    add_veth(&requester.netlink, &name, [&near, &far], accepter.netns())?;
    know_each_other(&name, [requester, accepter], macs)
}

/// One end of a link between namespaces.
pub(super) fn between<'a>(name: &'a str, alias: &'a str, mac: Mac, mtu: u32) -> LinkSpec<'a> {
    LinkSpec::new(name).mac(mac.0).mtu(mtu).alias(alias).quiet().up()
}

/// Tells both ends of a link between namespaces the other's Ethernet address.
pub(super) fn know_each_other(link: &str, sides: [&Namespace; 2], macs: [Mac; 2]) -> Result<()> {
    for (side, far) in [(sides[0], macs[1]), (sides[1], macs[0])] {
        side.enable_ipv6(link)?;
        for address in [PEER, PEER_V6] {
            side.netlink.replace_neighbour(link, address, far.0)?;
        }
    }
    Ok(())
}

/// Makes a pair of links, of which one may be left over from a namespace that the kernel has not taken back yet.
pub(super) fn add_veth(
    netlink: &Netlink,
    name: &str,
    [near, far]: [&LinkSpec<'_>; 2],
    far_netns: &Netns,
) -> Result<()> {
    match netlink.add_veth(near, far, Some(far_netns)) {
        Err(err) if err.is_exists() && netlink.link(name)?.is_some() => {
            netlink.delete_link(name)?;
            Ok(netlink.add_veth(near, far, Some(far_netns))?)
        }
        made => Ok(made?),
    }
}

/// A port of a subnet's bridge for an ENI, and its other end in a namespace.
pub(super) fn add_wire(
    namespace: &Namespace,
    eni: &NetworkInterfaceId,
    (subnet, mac): (&SubnetId, Mac),
    (far, device): (&Namespace, &str),
) -> Result<()> {
    let netlink = &namespace.netlink;
    let (port, alias) = (names::port(eni), format!("vpcbox:{eni}"));
    let near_link = LinkSpec::new(&port).mtu(MTU).alias(&alias).quiet();
    let far_link = LinkSpec::new(device).mac(mac.0).mtu(MTU).alias(&alias);
    add_veth(netlink, &port, [&near_link, &far_link], far.netns())?;
    let index = netlink.index(&port).map_err(ApplyError::from);
    let connected = index.and_then(|index| shelf::attach(namespace, subnet, eni, index, mac));
    connected.inspect_err(|_| drop(remove_wire(namespace, eni, (subnet, mac))))
}

/// The ENI of something that AWS runs, with its addresses from the start.
fn add_service_wire(
    namespace: &Namespace,
    eni: &NetworkInterfaceId,
    wire: &ServiceWire,
    service: &Namespace,
) -> Result<()> {
    add_wire(namespace, eni, (&wire.subnet, wire.mac), (service, &names::device(0)))?;
    let mut addresses = wire.addresses.iter();
    addresses.try_for_each(|(address, object)| instance_address::add(&service.netlink, *address, object))
}

fn remove_wire(namespace: &Namespace, eni: &NetworkInterfaceId, (subnet, mac): (&SubnetId, Mac)) -> Result<()> {
    unless_gone(namespace.netlink.delete_link(names::port(eni).as_str()))?;
    shelf::leave(namespace, subnet, eni, mac)
}

pub(super) fn add_branch(fabric: &Fabric, vpc: &VpcId, eni: &NetworkInterfaceId, branch: &Branch) -> Result<()> {
    let carrier = fabric.carrier.ok_or(ApplyError::NoCarrier)?;
    let namespace = of_vpc(fabric, vpc)?;
    let (port, trunk, vlan) = (names::branch_port(eni), names::port(&branch.trunk), branch.vlan.get());
    let mac = names::branch_port_mac(eni).0;
    let add = || vlan::add(namespace.netns(), &trunk, &port, vlan, mac, MTU, carrier);
    let index = match add() {
        Err(err) if err.is_exists() => {
            remove_branch(namespace, eni, branch)?;
            add()?
        }
        added => added?,
    };
    let connected = shelf::attach(namespace, &branch.subnet, eni, index, branch.mac);
    connected.inspect_err(|_| drop(remove_branch(namespace, eni, branch)))
}

fn remove_branch(namespace: &Namespace, eni: &NetworkInterfaceId, branch: &Branch) -> Result<()> {
    let (port, trunk) = (names::branch_port(eni), names::port(&branch.trunk));
    vlan::remove(namespace.netns(), &trunk, &port, branch.vlan.get())?;
    shelf::leave(namespace, &branch.subnet, eni, branch.mac)
}

pub(super) fn of_vpc<'a>(fabric: &'a Fabric, vpc: &VpcId) -> Result<&'a Namespace> {
    fabric.vpcs.get(vpc).ok_or_else(|| ApplyError::NoNamespace(vpc.to_string()))
}

fn of_instance<'a>(fabric: &'a Fabric, instance: &InstanceId) -> Result<&'a Namespace> {
    fabric.instances.get(instance).ok_or_else(|| ApplyError::NoNamespace(instance.to_string()))
}

fn of_transit<'a>(fabric: &'a Fabric, id: &TransitGatewayId) -> Result<&'a Namespace> {
    fabric.transit_gateways.get(id).ok_or_else(|| ApplyError::NoNamespace(id.to_string()))
}

/// The namespace of something that AWS runs, by its ENI.
pub(super) fn of_service<'a>(
    services: &'a BTreeMap<NetworkInterfaceId, Namespace>,
    eni: &NetworkInterfaceId,
) -> Result<&'a Namespace> {
    services.get(eni).ok_or_else(|| ApplyError::NoNamespace(eni.to_string()))
}

pub(super) fn bridge_index(namespace: &Namespace, subnet: &SubnetId) -> Result<u32> {
    match namespace.bridges.get(subnet) {
        Some(index) => Ok(*index),
        None => Ok(namespace.netlink.index(names::bridge(subnet).as_str())?),
    }
}
