//! Objects that somebody altered, made again in place: what hangs on them, and what an instance has set up on its end
//! of a wire, stays.

use linux_net::Netlink;
use linux_net::netlink::{Link, LinkSpec};
use vpc_fabric::{Key, Object, names};
use vpc_model::{Mac, NetworkInterfaceId, PeeringConnectionId, SubnetId, VpcEndpointId, VpcId};

use super::apply::{self, ApplyError, MTU, Result, between, know_each_other, of_service, of_vpc};
use super::fabric::Fabric;
use super::namespace::Namespace;
use super::{internet, nat_gateway, shelf};

/// Makes an object what it was applied as.
pub(super) fn mend(fabric: &mut Fabric, key: &Key, object: &Object) -> Result<()> {
    match (key, object) {
        (Key::Fabric(vpc), _) => Ok(of_vpc(fabric, vpc)?.prepare_fabric()?),
        (Key::Bridge(vpc, subnet), Object::Bridge(bridge)) => apply::add_bridge(fabric, vpc, subnet, bridge),
        (Key::Wire(vpc, eni), Object::Wire(wire)) => port(of_vpc(fabric, vpc)?, eni, &wire.subnet, wire.mac),
        (Key::EndpointWire(vpc, eni) | Key::NatWire(vpc, eni), Object::ServiceWire(wire)) => {
            port(of_vpc(fabric, vpc)?, eni, &wire.subnet, wire.mac)
        }
        (Key::TransitWire(vpc, eni), Object::TransitWire(wire)) => {
            port(of_vpc(fabric, vpc)?, eni, &wire.subnet, wire.mac)
        }
        (Key::Peering(id), Object::Peering(peering)) => {
            let sides = [of_vpc(fabric, &peering.requester)?, of_vpc(fabric, &peering.accepter)?];
            self::peering(id, sides)
        }
        (Key::GatewayEndpointLink(vpc, id), _) => {
            let gateway = fabric.gateway_endpoints.get(id).ok_or_else(|| ApplyError::NoNamespace(id.to_string()))?;
            gateway_endpoint_link(id, [of_vpc(fabric, vpc)?, gateway])
        }
        (Key::NatGateway(eni), Object::NatGateway(rules)) => {
            nat_gateway::prepare(of_service(&fabric.nat_gateways, eni)?, rules)
        }
        (Key::Internet, _) => fabric.internet.prepare(),
        (Key::InternetHost(name), Object::InternetHost(address)) => {
            let link = names::internet_host_link(name);
            let host = fabric.internet.hosts.get(name).ok_or_else(|| ApplyError::NoNamespace(name.clone()))?;
            let macs = names::internet_host_macs(*address);
            let specs = macs.map(|mac| LinkSpec::new(&link).mac(mac.0).mtu(internet::MTU).up());
            pair([host, fabric.internet.namespace()?], &specs)?;
            fabric.internet.know_host(host, name, *address)
        }
        (Key::InternetLink(vpc), _) => {
            internet_link(fabric, vpc, &names::internet_link(vpc), names::internet_link_macs(vpc))
        }
        (Key::EgressOnlyLink(vpc), _) => {
            internet_link(fabric, vpc, &names::egress_only_link(vpc), names::egress_only_link_macs(vpc))
        }
        // A branch's port is nothing that its instance sees: it is made anew.
        _ => apply::add(fabric, key, object),
    }
}

/// Gives a link what it should have, without touching what it has.
pub(super) fn link(netlink: &Netlink, is: &Link, spec: &LinkSpec<'_>) -> Result<()> {
    if let Some(mac) = spec.mac.filter(|mac| is.mac != Some(*mac)) {
        netlink.set_mac(is, mac)?;
    }
    if let Some(mtu) = spec.mtu.filter(|mtu| is.mtu != *mtu) {
        netlink.set_mtu(is, mtu)?;
    }
    if let Some(alias) = spec.alias.filter(|alias| is.alias.as_deref() != Some(*alias)) {
        netlink.set_alias(is, alias)?;
    }
    if spec.up && !is.up {
        netlink.set_up(is)?;
    }
    Ok(())
}

/// Both ends of a link between namespaces.
fn pair(sides: [&Namespace; 2], specs: &[LinkSpec<'_>; 2]) -> Result<()> {
    for (side, spec) in sides.into_iter().zip(specs) {
        let is = side.netlink.link(spec.name)?;
        let gone = || linux_net::Error::new("mend", spec.name, linux_net::Errno::ENODEV);
        link(&side.netlink, &is.ok_or_else(gone)?, spec)?;
    }
    Ok(())
}

fn peering(id: &PeeringConnectionId, sides: [&Namespace; 2]) -> Result<()> {
    let (name, alias, macs) = (names::peering(id), format!("vpcbox:{id}"), names::peering_macs(id));
    pair(sides, &macs.map(|mac| between(&name, &alias, mac, MTU)))?;
    know_each_other(&name, sides, macs)
}

fn gateway_endpoint_link(id: &VpcEndpointId, sides: [&Namespace; 2]) -> Result<()> {
    let macs = names::gateway_endpoint_macs(id);
    let (name, alias) = (names::gateway_endpoint_link(id), format!("vpcbox:{id}"));
    pair(sides, &macs.map(|mac| between(&name, &alias, mac, MTU)))?;
    know_each_other(&name, sides, macs)
}

fn internet_link(fabric: &Fabric, vpc: &VpcId, name: &str, macs: [Mac; 2]) -> Result<()> {
    let sides = [of_vpc(fabric, vpc)?, fabric.internet.namespace()?];
    let alias = format!("vpcbox:{vpc}");
    pair(sides, &macs.map(|mac| between(name, &alias, mac, internet::MTU)))?;
    know_each_other(name, sides, macs)
}

/// The fabric's end of a wire.
fn port(namespace: &Namespace, eni: &NetworkInterfaceId, subnet: &SubnetId, mac: Mac) -> Result<()> {
    let name = names::port(eni);
    let index = namespace.netlink.index(&name)?;
    namespace.netlink.set_mtu(index, MTU)?;
    // A port that comes from nowhere has a new port's flags, with which it must hear nothing.
    namespace.netlink.set_down(index)?;
    shelf::attach(namespace, subnet, eni, index, mac)
}
