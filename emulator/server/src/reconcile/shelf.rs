//! Shelves: further bridges for a subnet's ENIs, for the kernel allows 1,023 ports on one.
//!
//! The subnet's bridge takes the first ENIs. Further ones are ports of a shelf, which a veth pair joins to the subnet's
//! bridge; there the pair's end is a port like an ENI's, that lets all Ethernet addresses of the shelf's ENIs pass. So
//! routes, rules and neighbours know one bridge for each subnet. An ENI keeps its place as long as it has a wire.

use std::collections::{BTreeMap, HashMap};
use std::sync::{MutexGuard, PoisonError};

use linux_net::netlink::{BridgePort, LinkSpec};
use linux_net::unless_gone;
use vpc_fabric::names;
use vpc_model::{Mac, NetworkInterfaceId, SubnetId};

use super::apply::{MTU, PORT, Result, bridge_index};
use super::mend;
use super::namespace::Namespace;

/// How many ENIs the subnet's bridge takes; the rest of its ports is for shelves. A /16, the largest subnet, needs 65.
const ON_BRIDGE: usize = 900;
/// How many ENIs a shelf takes.
const ON_SHELF: usize = 1000;

/// A shelf's end of the pair hears what the shelf does not know: all that is for the router.
pub(super) const UPLINK: BridgePort = BridgePort {
    isolated: false,
    locked: false,
    learning: false,
    flood: true,
    mcast_flood: true,
    bcast_flood: true,
    neigh_suppress: false,
};

/// Which ENI of a subnet is where: 0 is the subnet's bridge.
#[derive(Debug, Default)]
pub(super) struct Shelves {
    places: HashMap<NetworkInterfaceId, usize>,
    ports: Vec<usize>,
}

impl Shelves {
    /// An ENI's place, which is the first free one unless it has one.
    fn place(&mut self, eni: &NetworkInterfaceId) -> usize {
        if let Some(place) = self.places.get(eni) {
            return *place;
        }
        let is_free = |(at, ports): &(usize, &usize)| **ports < if *at == 0 { ON_BRIDGE } else { ON_SHELF };
        let place = self.ports.iter().enumerate().find(is_free).map_or(self.ports.len(), |(at, _)| at);
        if place == self.ports.len() {
            self.ports.push(0);
        }
        self.ports[place] += 1;
        self.places.insert(eni.clone(), place);
        place
    }

    fn leave(&mut self, eni: &NetworkInterfaceId) -> usize {
        let place = self.places.remove(eni).unwrap_or_default();
        if let Some(ports) = self.ports.get_mut(place) {
            *ports = ports.saturating_sub(1);
        }
        place
    }
}

fn shelves(namespace: &Namespace) -> MutexGuard<'_, BTreeMap<SubnetId, Shelves>> {
    namespace.shelves.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Opens a port, which is down until then, on the bridge where its ENI's place is.
pub(super) fn attach(
    namespace: &Namespace,
    subnet: &SubnetId,
    eni: &NetworkInterfaceId,
    port: u32,
    mac: Mac,
) -> Result<()> {
    let place = shelves(namespace).entry(subnet.clone()).or_default().place(eni);
    let bridge = if place == 0 { bridge_index(namespace, subnet)? } else { shelf_index(namespace, subnet, place)? };
    let outcomes = namespace.netlink.batch(|batch| {
        batch.set_master(port, Some(bridge))?;
        batch.set_bridge_port(port, PORT)?;
        batch.replace_fdb(port, mac.0)?;
        if place > 0 {
            batch.replace_fdb(&names::shelf_uplink(subnet, place), mac.0)?;
        }
        batch.set_up(port)
    })?;
    Ok(outcomes.into_iter().collect::<linux_net::Result<()>>()?)
}

/// Frees the place of an ENI whose port is gone.
pub(super) fn leave(namespace: &Namespace, subnet: &SubnetId, eni: &NetworkInterfaceId, mac: Mac) -> Result<()> {
    let place = shelves(namespace).get_mut(subnet).map_or(0, |shelves| shelves.leave(eni));
    if place == 0 {
        return Ok(());
    }
    Ok(unless_gone(namespace.netlink.delete_fdb(&names::shelf_uplink(subnet, place), mac.0))?)
}

/// The bridge of a port, and the link by which the subnet's bridge reaches it if it is a shelf.
pub(super) fn bridge_of(
    namespace: &Namespace,
    subnet: &SubnetId,
    eni: &NetworkInterfaceId,
) -> (String, Option<String>) {
    let place = shelves(namespace).get(subnet).and_then(|shelves| shelves.places.get(eni).copied()).unwrap_or_default();
    match place {
        0 => (names::bridge(subnet), None),
        place => (names::shelf(subnet, place), Some(names::shelf_uplink(subnet, place))),
    }
}

/// The numbers of a subnet's shelves.
pub(super) fn numbers(namespace: &Namespace, subnet: &SubnetId) -> std::ops::Range<usize> {
    1..shelves(namespace).get(subnet).map_or(1, |shelves| shelves.ports.len().max(1))
}

/// A shelf, which is made when the first ENI comes to it.
fn shelf_index(namespace: &Namespace, subnet: &SubnetId, number: usize) -> Result<u32> {
    let name = names::shelf(subnet, number);
    match namespace.netlink.link(&name)? {
        Some(link) => Ok(link.index),
        None => {
            prepare(namespace, subnet, number)?;
            Ok(namespace.netlink.index(&name)?)
        }
    }
}

/// Makes all shelves of a subnet what they should be.
pub(super) fn prepare_all(namespace: &Namespace, subnet: &SubnetId) -> Result<()> {
    numbers(namespace, subnet).try_for_each(|number| prepare(namespace, subnet, number))
}

fn prepare(namespace: &Namespace, subnet: &SubnetId, number: usize) -> Result<()> {
    let (netlink, alias) = (&namespace.netlink, format!("vpcbox:{subnet}"));
    let (name, near, far) =
        (names::shelf(subnet, number), names::shelf_uplink(subnet, number), names::shelf_downlink(subnet, number));
    let shelf = LinkSpec::new(&name).mac(names::shelf_mac(subnet).0).mtu(MTU).alias(&alias).quiet().up();
    match netlink.link(&name)? {
        Some(link) => mend::link(netlink, &link, &shelf)?,
        None => netlink.add_bridge(&shelf)?,
    }
    let [near, far] = [&near, &far].map(|name| LinkSpec::new(name).mtu(MTU).alias(&alias).quiet());
    if netlink.link(near.name)?.is_none() {
        netlink.add_veth(&near, &far, None)?;
    }
    let ends = [(near, bridge_index(namespace, subnet)?, PORT), (far, netlink.index(&name)?, UPLINK)];
    for (end, bridge, flags) in ends {
        netlink.set_mtu(end.name, MTU)?;
        netlink.set_master(end.name, Some(bridge))?;
        netlink.set_bridge_port(end.name, flags)?;
        netlink.set_up(end.name)?;
    }
    Ok(())
}

/// Takes all shelves of a subnet away.
pub(super) fn remove_all(namespace: &Namespace, subnet: &SubnetId) -> Result<()> {
    let Some(shelves) = shelves(namespace).remove(subnet) else { return Ok(()) };
    (1..shelves.ports.len()).try_for_each(|number| {
        // The pair is on both bridges, and goes whole.
        unless_gone(namespace.netlink.delete_link(&names::shelf_uplink(subnet, number)))?;
        Ok(unless_gone(namespace.netlink.delete_link(&names::shelf(subnet, number)))?)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn eni(number: usize) -> NetworkInterfaceId {
        format!("eni-{number:08}").parse().expect("an id")
    }

    #[test]
    fn places_are_filled_one_shelf_after_the_other_and_kept() {
        let mut shelves = Shelves::default();
        let places: Vec<usize> = (0..2500).map(|number| shelves.place(&eni(number))).collect();
        assert_eq!([0, 899, 900, 1899, 1900].map(|number| places[number]), [0, 0, 1, 1, 2]);
        assert_eq!((shelves.place(&eni(1000)), shelves.ports.clone()), (1, vec![900, 1000, 600]));
        assert_eq!(shelves.leave(&eni(3)), 0);
        assert_eq!(shelves.place(&eni(3000)), 0, "the first free place");
        assert_eq!(shelves.place(&eni(3)), 2);
    }
}
