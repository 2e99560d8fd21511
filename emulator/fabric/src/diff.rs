//! How to get from what the kernel holds to what it should hold: an ordered list of operations.
//!
//! First everything superfluous goes, in the reverse of the order in which things are made; then rules and
//! objects are changed and made. So no address is reachable at its former ENI under its new ENI's rules,
//! and no ENI has a wire before its rules are in force.

use std::collections::BTreeSet;
use std::fmt;

use crate::desired::{Desired, Key, Object, goes_with, needs};
use crate::names;
use crate::{Bridge, InstanceAddress, InternetRoute, NextHop, Peering, ServiceWire, TransitHop, TransitWire, Wire};

/// One step on the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Op {
    /// Take an object away.
    Remove(Key, Object),
    /// Make an object.
    Add(Key, Object),
    /// Make an object like this again, in place: the kernel's has been altered.
    Mend(Key, Object),
    /// Change an object in place.
    Change {
        /// Which.
        key: Key,
        /// What it is like now.
        from: Object,
        /// What it becomes.
        to: Object,
    },
}

impl Op {
    /// The object concerned.
    pub fn key(&self) -> &Key {
        match self {
            Self::Remove(key, _) | Self::Add(key, _) | Self::Mend(key, _) | Self::Change { key, .. } => key,
        }
    }

    /// The objects without which the step cannot be done.
    pub fn needs(&self) -> Vec<Key> {
        match self {
            Self::Remove(..) => vec![],
            Self::Add(key, object) | Self::Mend(key, object) | Self::Change { key, to: object, .. } => {
                needs(key, object)
            }
        }
    }

    /// Does to a value what the step does to the kernel.
    pub fn apply_to(&self, applied: &mut Desired) {
        match self {
            Self::Remove(key, _) => applied.remove(key),
            Self::Add(key, object) | Self::Mend(key, object) | Self::Change { key, to: object, .. } => {
                applied.insert(key.clone(), object.clone());
            }
        }
    }
}

/// The steps from what is applied to what is desired.
pub fn diff(applied: &Desired, desired: &Desired) -> Vec<Op> {
    let gone = gone(applied, desired);
    let removed = applied
        .objects()
        .rev()
        .filter(|(key, object)| gone.contains(key) && !goes_with(key, object).iter().any(|other| gone.contains(other)));
    let mut ops: Vec<Op> = removed.map(|(key, object)| Op::Remove(key.clone(), object.clone())).collect();
    for (key, to) in desired.objects() {
        match applied.get(key).filter(|_| !gone.contains(key)) {
            // What stays and is not changed in place has been compared already.
            Some(_) if !changes_in_place(key) => {}
            Some(from) if from == to => {}
            Some(from) => ops.push(Op::Change { key: key.clone(), from: from.clone(), to: to.clone() }),
            None => ops.push(Op::Add(key.clone(), to.clone())),
        }
    }
    ops
}

/// Objects that go, if only to be made anew.
fn gone<'a>(applied: &'a Desired, desired: &Desired) -> BTreeSet<&'a Key> {
    let mut gone = BTreeSet::new();
    for (key, object) in applied.objects() {
        let stays = match desired.get(key) {
            Some(wanted) => changes_in_place(key) || wanted == object,
            None => false,
        };
        if !stays || needs(key, object).iter().any(|other| gone.contains(other)) {
            gone.insert(key);
        }
    }
    gone
}

/// Objects that the kernel can exchange in one step.
fn changes_in_place(key: &Key) -> bool {
    matches!(key, Key::Rules(_) | Key::Route(..) | Key::NatGateway(_) | Key::TransitRoute(..))
}

impl fmt::Display for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Remove(key, object) => write!(f, "- {}", Shown(key, object)),
            Self::Add(key, object) => write!(f, "+ {}", Shown(key, object)),
            Self::Mend(key, object) => write!(f, "~ {}", Shown(key, object)),
            Self::Change { key, from: Object::Rules(from), to: Object::Rules(to) } => {
                write!(f, "~ {key}: ")?;
                let count = |chains: &nft_ruleset::Table| {
                    let rules: usize = chains.chains.iter().map(|chain| chain.rules.len()).sum();
                    let elements: usize = chains.sets.iter().map(|set| set.elements.len()).sum();
                    (rules, elements)
                };
                let ((rules, elements), (now_rules, now_elements)) = (count(from), count(to));
                write!(f, "{rules} → {now_rules} rules, {elements} → {now_elements} elements")
            }
            Self::Change { key, to, .. } => write!(f, "~ {}", Shown(key, to)),
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fabric(vpc) => write!(f, "{vpc} namespace"),
            Self::Instance(instance) => write!(f, "{instance} namespace"),
            Self::Endpoint(eni) => write!(f, "{eni} namespace"),
            Self::GatewayEndpoint(id) => write!(f, "{id} namespace"),
            Self::GatewayEndpointLink(vpc, id) => write!(f, "{vpc} {}", names::gateway_endpoint_link(id)),
            Self::ServiceAddress(vpc, address) => write!(f, "{vpc} lo {address}"),
            Self::Bridge(vpc, subnet) => write!(f, "{vpc} {}", names::bridge(subnet)),
            Self::Rules(vpc) => write!(f, "{vpc} rules"),
            Self::NatGateway(eni) => write!(f, "namespace of the NAT gateway with {eni}"),
            Self::Internet => f.write_str("internet namespace"),
            Self::InternetHost(name) => write!(f, "internet host {name}"),
            Self::InternetLink(vpc) => write!(f, "{vpc} {}", names::internet_link(vpc)),
            Self::EgressOnlyLink(vpc) => write!(f, "{vpc} {}", names::egress_only_link(vpc)),
            Self::InternetRoute(net) => write!(f, "internet route {net}"),
            Self::Peering(peering) => f.write_str(&names::peering(peering)),
            Self::Route(vpc, 0, destination) => write!(f, "{vpc} main route {destination}"),
            Self::Route(vpc, table, destination) => write!(f, "{vpc} table {table:#x} route {destination}"),
            Self::RouteRule(vpc, subnet, table) => {
                write!(f, "{vpc} from {} use table {table:#x}", names::bridge(subnet))
            }
            Self::Neighbour(vpc, subnet, address) => write!(f, "{vpc} {} {address}", names::bridge(subnet)),
            Self::Wire(vpc, eni)
            | Self::EndpointWire(vpc, eni)
            | Self::NatWire(vpc, eni)
            | Self::TransitWire(vpc, eni) => write!(f, "{vpc} {}", names::port(eni)),
            Self::TransitGateway(gateway) => write!(f, "{gateway} namespace"),
            Self::TransitRoute(gateway, table, net) => write!(f, "{gateway} table {table:#x} route {net}"),
            Self::TransitRule(gateway, eni, table) => {
                write!(f, "{gateway} from {} use table {table:#x}", names::transit_link(eni))
            }
            Self::Branch(vpc, eni) => write!(f, "{vpc} {}", names::branch_port(eni)),
            Self::InstanceAddress(_, instance, address) => write!(f, "{instance} {address}"),
        }
    }
}

/// An object with its key, as plans show it.
struct Shown<'a>(&'a Key, &'a Object);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(key, object) = self;
        write!(f, "{key}")?;
        match object {
            Object::Internet | Object::InternetLink | Object::EgressOnlyLink | Object::GatewayEndpointLink => Ok(()),
            Object::GatewayEndpoint(gateway) => gateway.blocks.iter().try_for_each(|block| write!(f, " {block}")),
            Object::Route(NextHop::GatewayEndpoint(id)) => write!(f, " by {}", names::gateway_endpoint_link(id)),
            Object::InternetHost(address) => write!(f, " {address}"),
            Object::InternetRoute(InternetRoute { vpc, private: None, .. }) => write!(f, " to {vpc}"),
            Object::InternetRoute(InternetRoute { vpc, private: Some((eni, private)), .. }) => {
                write!(f, " to {vpc}, {private} of {eni}")
            }
            Object::Route(NextHop::Internet) => f.write_str(" by the internet gateway"),
            Object::Route(NextHop::EgressOnly) => f.write_str(" by the egress-only gateway"),
            Object::Fabric | Object::Instance | Object::Endpoint | Object::ServiceAddress | Object::RouteRule => Ok(()),
            Object::Bridge(Bridge { router: Some(router), mac, .. }) => write!(f, " {router} {mac}"),
            Object::Bridge(bridge) => write!(f, " {}", bridge.mac),
            Object::TransitGateway | Object::TransitRule(_) => Ok(()),
            Object::TransitWire(TransitWire { gateway, subnet, mac }) => {
                write!(f, " in {} ↔ {gateway} {mac}", names::bridge(subnet))
            }
            Object::TransitRoute(TransitHop::Blackhole) => f.write_str(" blackhole"),
            Object::TransitRoute(TransitHop::Interface(vpc, eni)) => {
                write!(f, " to {vpc} by {}", names::transit_link(eni))
            }
            Object::NatGateway(table) => write!(f, ": {} chains", table.chains.len()),
            Object::Rules(table) => write!(f, ": {} sets, {} chains", table.sets.len(), table.chains.len()),
            Object::Route(NextHop::Blackhole) => f.write_str(" blackhole"),
            Object::Route(NextHop::Local) => f.write_str(" local"),
            Object::Route(NextHop::Subnet(subnet)) => write!(f, " in {}", names::bridge(subnet)),
            Object::Route(NextHop::Interface(subnet, address)) => {
                write!(f, " via {address} {}", names::bridge(subnet))
            }
            Object::Route(NextHop::Peering(peering)) => write!(f, " by {}", names::peering(peering)),
            Object::Peering(Peering { requester, accepter }) => write!(f, " {requester} ↔ {accepter}"),
            Object::Neighbour(mac) => write!(f, " at {mac}"),
            Object::Wire(Wire { subnet, instance, device_index, mac }) => {
                let (bridge, device) = (names::bridge(subnet), names::device(*device_index));
                write!(f, " in {bridge} ↔ {instance} {device} {mac}")
            }
            Object::ServiceWire(ServiceWire { subnet, mac, addresses }) => {
                write!(f, " in {} ↔ {mac}", names::bridge(subnet))?;
                addresses.iter().try_for_each(|(address, _)| write!(f, " {address}"))
            }
            Object::Branch(branch) => {
                let (bridge, trunk) = (names::bridge(&branch.subnet), names::port(&branch.trunk));
                write!(f, " in {bridge} ↔ {trunk} vlan {} {}", branch.vlan, branch.mac)
            }
            Object::InstanceAddress(InstanceAddress { eni, block, router }) => {
                write!(f, " in {block} on {eni}, default via {router}")
            }
        }
    }
}

#[cfg(test)]
mod tests;
