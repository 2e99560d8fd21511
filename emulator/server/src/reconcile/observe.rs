//! What of the applied objects the kernel still has.
//!
//! Links are looked at, for they are what processes in a namespace can take away, and with them goes all that
//! hangs on them. Rules, routes and neighbours live in the fabric, where only this process acts.

use std::collections::BTreeSet;

use vpc_fabric::{Key, Object, names};
use vpc_model::VpcId;

use super::fabric::Fabric;
use super::namespace::Namespace;

/// Forgets applied objects whose links are missing; gives how many.
pub(super) fn observe(fabric: &mut Fabric) -> usize {
    let lost = missing(fabric);
    lost.iter().for_each(|key| fabric.applied.forget(key));
    lost.len()
}

fn missing(fabric: &Fabric) -> Vec<Key> {
    let links: BTreeSet<_> = fabric.vpcs.iter().flat_map(|(vpc, namespace)| named(vpc, namespace)).collect();
    let is_missing = |key: &Key, object: &Object| match (key, object) {
        (Key::Bridge(vpc, subnet), _) => !links.contains(&(vpc, names::bridge(subnet))),
        (Key::GatewayEndpointLink(vpc, id), _) => !links.contains(&(vpc, names::gateway_endpoint_link(id))),
        (Key::EgressOnlyLink(vpc), _) => !links.contains(&(vpc, names::egress_only_link(vpc))),
        (Key::InternetLink(vpc), _) => !links.contains(&(vpc, names::internet_link(vpc))),
        (Key::Peering(id), Object::Peering(peering)) => !links.contains(&(&peering.requester, names::peering(id))),
        // One end of a wire is not without the other; instances may give theirs another name.
        (Key::Wire(vpc, eni) | Key::EndpointWire(vpc, eni) | Key::NatWire(vpc, eni), _) => {
            !links.contains(&(vpc, names::port(eni)))
        }
        (Key::Branch(vpc, eni), _) => !links.contains(&(vpc, names::branch_port(eni))),
        _ => false,
    };
    let missing = fabric.applied.objects().filter(|(key, object)| is_missing(key, object));
    missing.map(|(key, _)| key.clone()).collect()
}

/// The links of a fabric. One that cannot be listed counts as empty: what was in it is made anew.
fn named<'a>(vpc: &'a VpcId, namespace: &Namespace) -> Vec<(&'a VpcId, String)> {
    let links = namespace.netlink.links().unwrap_or_default();
    links.into_iter().map(|link| (vpc, link.name)).collect()
}
