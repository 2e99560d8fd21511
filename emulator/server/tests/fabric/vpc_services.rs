//! The services at addresses of the VPC's own, over both IP versions and whatever the groups say.

use std::net::IpAddr;

use vpc_fabric::{Payload, options};

use crate::probe::Ears;
use crate::world::{Host, World};
use crate::{ipv6, shop};

/// Resolver and time answer datagrams, metadata does not; nothing else does at their addresses.
fn agree_on_datagrams(world: &World, hosts: &[Host]) -> usize {
    let (_, fabric) = world.fabric.vpc_namespaces().next().unwrap();
    let ears = Ears::open([fabric], &[53, 80, 123]);
    let resolver: IpAddr = world.account.model.vpc(&world.account.vpc).unwrap().resolver().into();
    let addresses = [options::IMDS, options::RESOLVER, options::TIME].into_iter().flatten().chain([resolver]);
    let packets = hosts.iter().flat_map(|host| {
        let near = addresses.clone().filter(|address| address.is_ipv4() == host.address.is_ipv4());
        near.flat_map(move |address| [53, 80, 123].map(|port| (host, host.address, address, Payload::Udp(port))))
    });
    world.agree(&ears, &packets.collect::<Vec<_>>())
}

#[test]
fn datagrams_over_ipv4() {
    let Some((world, hosts)) = shop() else { return };
    assert_eq!(agree_on_datagrams(&world, &hosts), 3 * hosts.len());
}

#[test]
fn datagrams_over_ipv6() {
    let Some((world, hosts)) = ipv6::town() else { return };
    assert_eq!(agree_on_datagrams(&world, &hosts), 2 * hosts.len());
}

#[test]
fn connections_over_ipv6() {
    let Some((world, hosts)) = ipv6::town() else { return };
    let ears = crate::listen(&hosts);
    let packets = hosts.iter().flat_map(|host| {
        let [imds, resolver] = [options::IMDS, options::RESOLVER].map(|[_, v6]| v6);
        let tries = [(imds, 80), (imds, 443), (resolver, 53), (resolver, 80)];
        tries.map(|(address, port)| (host, host.address, address, Payload::Tcp(port)))
    });
    assert_eq!(world.agree(&ears, &packets.collect::<Vec<_>>()), 2 * hosts.len());
}
