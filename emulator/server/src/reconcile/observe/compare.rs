//! One applied object against what was seen.

use std::collections::BTreeMap;
use std::net::IpAddr;

use ipnet::IpNet;
use linux_net::netlink::{Link, RouteSpec};
use linux_net::vlan::{self, Carrier};
use linux_net::{nft, sysctl};
use vpc_fabric::{Branch, Bridge, Drift, Key, NextHop, Object, names};
use vpc_model::{Mac, NetworkInterfaceId, SubnetId, VpcId};

use super::seen::Seen;
use super::{Observation, Place, Stray};
use crate::reconcile::apply::{self, ApplyError, MTU, PEER, PEER_V6, PORT, Via};
use crate::reconcile::fabric::Fabric;
use crate::reconcile::namespace::{Namespace, bridge_sysctls, fabric_sysctls, ipv6_sysctls};
use crate::reconcile::{internet, nat_gateway, observe, shelf};

/// A link as it should be.
struct Wanted<'a> {
    name: &'a str,
    mac: Option<Mac>,
    mtu: u32,
    alias: Option<String>,
}

/// A look at what was seen.
pub(super) struct Look<'a> {
    fabric: &'a Fabric,
    seen: BTreeMap<Place<'a>, Seen>,
    /// Whose the settings are, in the order in which [`Seen`] has them.
    owners: BTreeMap<Place<'a>, Vec<Key>>,
}

type Found = Result<(), Drift>;

impl<'a> Look<'a> {
    pub(super) fn new(fabric: &'a Fabric, seen: BTreeMap<Place<'a>, Seen>) -> Self {
        Self { fabric, seen, owners: BTreeMap::new() }
    }

    /// How an object differs; nothing is said of namespaces that were not seen.
    pub(super) fn drift(&mut self, key: &'a Key, object: &'a Object) -> Option<Drift> {
        self.compare(key, object).err()
    }

    fn compare(&mut self, key: &'a Key, object: &'a Object) -> Found {
        match (key, object) {
            (Key::Fabric(vpc), _) => {
                let settings = fabric_sysctls().into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
                self.expect_settings(Place::Vpc(vpc), key, settings);
                Ok(())
            }
            (Key::ServiceAddress(vpc, address), _) => self.address(Place::Vpc(vpc), "lo", IpNet::from(*address)),
            (Key::Bridge(vpc, subnet), Object::Bridge(bridge)) => self.bridge(key, vpc, subnet, bridge),
            (Key::Rules(vpc), _) => self.rules(vpc),
            (Key::Peering(id), Object::Peering(peering)) => {
                let sides = [&peering.requester, &peering.accepter].map(Place::Vpc);
                self.between(key, sides, &names::peering(id), names::peering_macs(id), (MTU, id.as_str()))
            }
            (Key::InternetLink(vpc), _) => {
                let (link, macs) = (names::internet_link(vpc), names::internet_link_macs(vpc));
                let sides = [Place::Vpc(vpc), Place::Internet];
                self.between(key, sides, &link, macs, (internet::MTU, vpc.as_str()))
            }
            (Key::EgressOnlyLink(vpc), _) => {
                let (link, macs) = (names::egress_only_link(vpc), names::egress_only_link_macs(vpc));
                let sides = [Place::Vpc(vpc), Place::Internet];
                self.between(key, sides, &link, macs, (internet::MTU, vpc.as_str()))
            }
            (Key::Internet, _) => {
                let settings = internet::SYSCTLS.iter().map(|(key, value)| ((*key).to_owned(), *value)).collect();
                self.expect_settings(Place::Internet, key, settings);
                let [v4, v6] = internet::own_routes().map(|route| within(self.route(Place::Internet, &route), "route"));
                v4.and(v6)
            }
            (Key::InternetHost(name), Object::InternetHost(address)) => self.internet_host(key, name, *address),
            (Key::InternetRoute(net), Object::InternetRoute(route)) => {
                let link = internet::link_of(route);
                let Some(index) = self.index(Place::Internet, &link) else { return Err(Drift::Missing) };
                self.route(Place::Internet, &apply::over(index, *net))
            }
            (Key::Route(vpc, table, destination), Object::Route(hop)) => {
                self.vpc_route((vpc, *table, *destination), hop)
            }
            (Key::RouteRule(vpc, subnet, table), _) => {
                let Some(seen) = self.seen.get_mut(&Place::Vpc(vpc)) else { return Ok(()) };
                let lacking = apply::route_rules(subnet, *table).iter().filter(|rule| !seen.rules.remove(rule)).count();
                if lacking == 0 { Ok(()) } else { Err(Drift::Missing) }
            }
            (Key::Neighbour(vpc, subnet, address), Object::Neighbour(mac)) => {
                self.neighbour(Place::Vpc(vpc), &names::bridge(subnet), *address, *mac)
            }
            (Key::Wire(vpc, eni), Object::Wire(wire)) => self.wire(vpc, eni, &wire.subnet, wire.mac),
            (Key::EndpointWire(vpc, eni) | Key::NatWire(vpc, eni), Object::ServiceWire(wire)) => {
                self.wire(vpc, eni, &wire.subnet, wire.mac)
            }
            (Key::TransitWire(vpc, eni), Object::TransitWire(wire)) => self.wire(vpc, eni, &wire.subnet, wire.mac),
            (Key::NatGateway(eni), _) => self.nat_gateway(eni),
            // The other end is in the service's namespace.
            (Key::GatewayEndpointLink(vpc, id), _) => {
                let (link, [near, far]) = (names::gateway_endpoint_link(id), names::gateway_endpoint_macs(id));
                self.end(key, Place::Vpc(vpc), &link, [near, far], (MTU, id.as_str()))
            }
            (Key::Branch(vpc, eni), Object::Branch(branch)) => self.branch(vpc, eni, branch),
            // What is inside instances and endpoints is theirs.
            _ => Ok(()),
        }
    }

    fn bridge(&mut self, key: &Key, vpc: &'a VpcId, subnet: &SubnetId, bridge: &Bridge) -> Found {
        let (place, name) = (Place::Vpc(vpc), names::bridge(subnet));
        let alias = Some(format!("vpcbox:{subnet}"));
        let mut outcome = self.link(place, &Wanted { name: &name, mac: Some(bridge.mac), mtu: MTU, alias }, "bridge");
        if outcome == Err(Drift::Missing) {
            return outcome;
        }
        self.expect_settings(place, key, bridge_sysctls(&name));
        // Each is looked for, so that none is taken for a stray.
        for address in apply::bridge_addresses(subnet, bridge) {
            outcome = outcome.and(within(self.address(place, &name, address), &address.to_string()));
        }
        outcome.and(self.shelves(vpc, subnet))
    }

    /// Rules are not read: the kernel counts the changes that anybody makes.
    fn rules(&self, vpc: &'a VpcId) -> Found {
        let (Some(seen), Some(namespace)) = (self.seen.get(&Place::Vpc(vpc)), self.fabric.vpcs.get(vpc)) else {
            return Ok(());
        };
        same_generation(namespace, seen.generation)
    }

    /// Of a NAT gateway's namespace only what it is there for.
    fn nat_gateway(&self, eni: &NetworkInterfaceId) -> Found {
        let Some(namespace) = self.fabric.nat_gateways.get(eni) else { return Ok(()) };
        let differing = sysctl::differing(namespace.netns(), nat_gateway::SYSCTLS).unwrap_or_default();
        if let Some((setting, found)) = differing.first() {
            return Err(Drift::Altered(format!("{setting} is {found:?}")));
        }
        nft::generation(namespace.netns()).map_or(Ok(()), |found| same_generation(namespace, found))
    }

    /// A link between two namespaces.
    fn between(
        &mut self,
        key: &Key,
        sides: [Place<'a>; 2],
        name: &str,
        [near, far]: [Mac; 2],
        wanted: (u32, &str),
    ) -> Found {
        let one = self.end(key, sides[0], name, [near, far], wanted);
        let other = self.end(key, sides[1], name, [far, near], wanted);
        one.and(other)
    }

    /// One end of such a link: its own Ethernet address, and the far end's.
    fn end(
        &mut self,
        key: &Key,
        side: Place<'a>,
        name: &str,
        [own, far]: [Mac; 2],
        (mtu, alias): (u32, &str),
    ) -> Found {
        let alias = Some(format!("vpcbox:{alias}"));
        let mut outcome = self.link(side, &Wanted { name, mac: Some(own), mtu, alias }, "veth");
        if outcome == Err(Drift::Missing) {
            return outcome;
        }
        self.expect_settings(side, key, ipv6_sysctls(name));
        for address in [PEER, PEER_V6] {
            outcome = outcome.and(within(self.neighbour(side, name, address, far), "neighbour entry of the far end"));
        }
        outcome
    }

    fn internet_host(&mut self, key: &Key, name: &str, address: IpAddr) -> Found {
        let (link, [near, far]) = (names::internet_host_link(name), names::internet_host_macs(address));
        let place = Place::Internet;
        let mut outcome =
            self.link(place, &Wanted { name: &link, mac: Some(far), mtu: internet::MTU, alias: None }, "veth");
        let Some(index) = self.index(place, &link) else { return outcome };
        let mut settings = ipv6_sysctls(&link);
        settings.push((internet::host_sysctl(&link), "1"));
        self.expect_settings(place, key, settings);
        let route = RouteSpec::on_link(IpNet::from(address), index);
        outcome = outcome.and(within(self.route(place, &route), "route"));
        for known in [PEER, PEER_V6, address] {
            outcome = outcome.and(within(self.neighbour(place, &link, known, near), "neighbour entry"));
        }
        outcome
    }

    fn vpc_route(&mut self, key: (&'a VpcId, u32, IpNet), hop: &NextHop) -> Found {
        let Some(seen) = self.seen.get(&Place::Vpc(key.0)) else { return Ok(()) };
        let index = |via: Via<'_>| {
            let name = match via {
                Via::Bridge(subnet) => names::bridge(subnet),
                Via::Link(name) => name,
            };
            seen.index(&name).ok_or(ApplyError::NoNamespace(name))
        };
        // Without the link that it leaves by there is no such route.
        let spec = apply::route_spec(&index, key, hop).map_err(|_| Drift::Missing)?;
        self.route(Place::Vpc(key.0), &spec)
    }

    fn wire(&mut self, vpc: &'a VpcId, eni: &NetworkInterfaceId, subnet: &SubnetId, mac: Mac) -> Found {
        let name = names::port(eni);
        let alias = Some(format!("vpcbox:{eni}"));
        let link = self.link(Place::Vpc(vpc), &Wanted { name: &name, mac: None, mtu: MTU, alias }, "veth");
        let port = self.port(vpc, &name, (eni, subnet), mac);
        link.and(port)
    }

    fn branch(&mut self, vpc: &'a VpcId, eni: &NetworkInterfaceId, branch: &Branch) -> Found {
        let (name, place) = (names::branch_port(eni), Place::Vpc(vpc));
        let Some(trunk) = self.index(place, &names::port(&branch.trunk)) else { return Err(Drift::Missing) };
        let mac = Some(names::branch_port_mac(eni));
        let is_shim = self.fabric.carrier == Some(Carrier::TagShim);
        let kind = if is_shim { "veth" } else { "vlan" };
        let link = self.link(place, &Wanted { name: &name, mac, mtu: MTU, alias: None }, kind);
        let port = self.port(vpc, &name, (eni, &branch.subnet), branch.mac);
        let namespace = self.fabric.vpcs.get(vpc);
        if let Some(namespace) = namespace.filter(|_| is_shim)
            && !vlan::has_filter(&namespace.netlink, trunk, branch.vlan.get()).unwrap_or(true)
        {
            return Err(Drift::Altered(format!("no frames of vlan {} come to it", branch.vlan)));
        }
        link.and(port)
    }

    /// A port of a subnet's bridge, or of a shelf, which hears its ENI and nobody else.
    fn port(&mut self, vpc: &'a VpcId, name: &str, (eni, subnet): (&NetworkInterfaceId, &SubnetId), mac: Mac) -> Found {
        let (Some(seen), Some(namespace)) = (self.seen.get_mut(&Place::Vpc(vpc)), self.fabric.vpcs.get(vpc)) else {
            return Ok(());
        };
        let (bridge, uplink) = shelf::bridge_of(namespace, subnet, eni);
        let altered = |found: &str| Err(Drift::Altered(found.to_owned()));
        let uplink = uplink.map(|uplink| seen.index(&uplink).unwrap_or_default());
        let mut is_known = uplink.is_none_or(|uplink| seen.forwarding.remove(&(uplink, mac.0)));
        let bridge = seen.index(&bridge);
        let Some(port) = seen.links.get(name) else { return Err(Drift::Missing) };
        is_known &= seen.forwarding.remove(&(port.index, mac.0));
        match port {
            port if port.master.is_none() || port.master != bridge => altered("no port of its subnet's bridge"),
            port if port.port != Some(PORT) => altered("other flags as a bridge's port"),
            _ if !is_known => altered("no forwarding entry for its Ethernet address"),
            _ => Ok(()),
        }
    }

    /// The shelves of a subnet's bridge, and how they are joined to it.
    fn shelves(&mut self, vpc: &'a VpcId, subnet: &SubnetId) -> Found {
        let (Some(seen), Some(namespace)) = (self.seen.get(&Place::Vpc(vpc)), self.fabric.vpcs.get(vpc)) else {
            return Ok(());
        };
        for number in shelf::numbers(namespace, subnet) {
            let name = names::shelf(subnet, number);
            let ends = [
                (names::shelf_uplink(subnet, number), names::bridge(subnet), PORT),
                (names::shelf_downlink(subnet, number), name.clone(), shelf::UPLINK),
            ];
            let is_fine = |link: &Link| link.up && link.mtu == MTU;
            let is_there = seen.links.get(&name).is_some_and(is_fine);
            let are_joined = ends.iter().all(|(end, bridge, flags)| {
                let end = seen.links.get(end).filter(|link| is_fine(link) && link.port == Some(*flags));
                end.is_some_and(|end| end.master.is_some() && end.master == seen.index(bridge))
            });
            if !(is_there && are_joined) {
                return Err(Drift::Altered(format!("{name} is not joined to it")));
            }
        }
        Ok(())
    }

    fn link(&mut self, place: Place<'a>, wanted: &Wanted<'_>, kind: &str) -> Found {
        let Some(seen) = self.seen.get_mut(&place) else { return Ok(()) };
        let is = seen.link(wanted.name).filter(|link| link.kind.as_deref() == Some(kind)).ok_or(Drift::Missing)?;
        let mac = wanted.mac.map(|mac| mac.0);
        let found = match is {
            link if !link.up => "down".to_owned(),
            link if link.mtu != wanted.mtu => format!("mtu {}", link.mtu),
            link if mac.is_some() && link.mac != mac => "another Ethernet address".to_owned(),
            link if wanted.alias.is_some() && link.alias != wanted.alias => "another alias".to_owned(),
            _ => return Ok(()),
        };
        Err(Drift::Altered(found))
    }

    fn address(&mut self, place: Place<'a>, link: &str, address: IpNet) -> Found {
        let Some(seen) = self.seen.get_mut(&place) else { return Ok(()) };
        let found = seen.index(link).is_some_and(|index| seen.addresses.remove(&(index, address)));
        if found { Ok(()) } else { Err(Drift::Missing) }
    }

    fn neighbour(&mut self, place: Place<'a>, link: &str, address: IpAddr, mac: Mac) -> Found {
        let Some(seen) = self.seen.get_mut(&place) else { return Ok(()) };
        let Some(index) = seen.index(link) else { return Err(Drift::Missing) };
        seen.neighbour(index, address, mac.0).map_err(drift)
    }

    fn route(&mut self, place: Place<'a>, expected: &RouteSpec) -> Found {
        let Some(seen) = self.seen.get_mut(&place) else { return Ok(()) };
        seen.route(expected).map_err(drift)
    }

    fn index(&self, place: Place<'a>, link: &str) -> Option<u32> {
        self.seen.get(&place)?.index(link)
    }

    fn expect_settings(&mut self, place: Place<'a>, key: &Key, settings: Vec<(String, &'static str)>) {
        let Some(seen) = self.seen.get_mut(&place) else { return };
        self.owners.entry(place).or_default().extend(settings.iter().map(|_| key.clone()));
        seen.settings.extend(settings);
    }

    /// Reads all settings that were asked for, with one visit to each namespace.
    pub(super) fn settings(&self, into: &mut Observation) {
        for (place, namespace) in observe::places(self.fabric) {
            let (Some(seen), Some(owners)) = (self.seen.get(&place), self.owners.get(&place)) else { continue };
            let settings: Vec<(&str, &str)> = seen.settings.iter().map(|(key, value)| (key.as_str(), *value)).collect();
            match sysctl::differing(namespace.netns(), &settings) {
                Ok(differing) => {
                    for (setting, found) in differing {
                        let Some(at) = settings.iter().position(|(key, _)| *key == setting) else { continue };
                        let found = Drift::Altered(format!("{setting} is {found:?}"));
                        into.drift.entry(owners[at].clone()).or_insert(found);
                    }
                }
                Err(err) => into.unseen.push(err.to_string()),
            }
        }
    }

    /// What nobody claimed.
    pub(super) fn strays(self) -> Vec<Stray> {
        self.seen.into_iter().flat_map(|(place, seen)| Stray::of(place, seen)).collect()
    }
}

fn same_generation(namespace: &Namespace, found: u32) -> Found {
    let noted = namespace.noted_generation();
    let text = || format!("somebody changed rules: generation {found}, {noted} is ours");
    if found == noted { Ok(()) } else { Err(Drift::Altered(text())) }
}

/// A fact that is a part of an object: where it is not there, the object is another.
fn within(found: Found, part: &str) -> Found {
    found.map_err(|drift| match drift {
        Drift::Missing => Drift::Altered(format!("no {part}")),
        altered => altered,
    })
}

fn drift(found: Option<String>) -> Drift {
    found.map_or(Drift::Missing, Drift::Altered)
}
