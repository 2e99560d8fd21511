//! More ENIs in a subnet than a bridge has ports.

use std::net::IpAddr;

use jiff::Timestamp;
use linux_net::Netlink;
use vpc_fabric::testing::{block, interface, rule};
use vpc_fabric::{Options, Payload, compile, names};
use vpc_model::{Direction, IpProtocol};

use crate::listen;
use crate::world::{Host, World};

/// So many that a shelf is needed.
const ENIS: usize = 1_110;
/// Addresses that are an ENI's.
const EACH: usize = 15;

#[test]
fn more_enis_in_a_subnet_than_a_bridge_has_ports() {
    let Some(mut world) = World::start(Options::default()) else { return };
    let account = &mut world.account;
    let (subnet, other) = (account.subnet("10.0.0.0/18"), account.subnet("10.0.64.0/24"));
    let (open, closed) = (account.group("open"), account.closed_group("closed"));
    account.allow(&open, Direction::Ingress, rule(IpProtocol::Udp, Some((53, 53)), block("10.0.0.0/16")));
    // Few instances with many ENIs each, so that it is the subnet that is large and not the machine.
    let mut instances = Vec::new();
    for _ in 0..ENIS.div_ceil(EACH) {
        instances.push(account.large_instance(interface(&subnet, &[&open])));
    }
    let far = account.instance(interface(&other, &[&open]));
    world.settle();
    let account = &mut world.account;
    for (instance, _) in &instances {
        for device in 1..EACH {
            let eni = account.eni(interface(&subnet, &[&closed]));
            account.attach(&eni, instance, u16::try_from(device).unwrap());
        }
    }
    let took = world.settle();
    println!("{} ENIs: {took:?}", instances.len() * EACH);
    // The last come to the last shelf.
    let last = world.account.large_instance(interface(&subnet, &[&open]));
    let guarded = world.account.large_instance(interface(&subnet, &[&closed]));
    world.settle();

    let netns = world.fabric.vpc_netns(&world.account.vpc).unwrap().clone();
    let fabric = Netlink::open(&netns).unwrap();
    let links = fabric.links().unwrap();
    let master = |eni| links.iter().find(|link| link.name == names::port(eni)).unwrap().master.unwrap();
    let index = |name: &str| links.iter().find(|link| link.name == name).unwrap().index;
    assert_eq!(master(&instances[0].1), index(&names::bridge(&subnet)));
    assert_eq!(master(&last.1), index(&names::shelf(&subnet, 1)));

    let host = |name, (instance, eni): &(_, _)| world.primary(name, instance, eni);
    let hosts = vec![
        host("first", &instances[0]),
        host("last", &last),
        host("far", &far),
        host("guarded", &guarded),
        host("beside first", &instances[1]),
    ];
    agree(&world, &hosts);

    // Whoever is on a shelf is known by the address there is, and no other.
    let spoofing = &hosts[1];
    let thief = Netlink::open(&spoofing.netns).unwrap();
    let own = world.account.mac(&spoofing.eni).0;
    world.take_mac(&thief, world.account.mac(&hosts[0].eni).0);
    let ears = listen(&hosts);
    let packet = (spoofing, spoofing.address, hosts[2].address, Payload::Udp(53));
    assert!(!ears.try_one(&crate::probe::Try {
        from: packet.0.netns.clone(),
        source: packet.1,
        destination: packet.2,
        payload: packet.3,
        is_expected: false,
    }));
    world.take_mac(&thief, own);
    drop(ears);

    for (what, link) in [("shelf", names::shelf(&subnet, 1)), ("uplink", names::shelf_uplink(&subnet, 1))] {
        fabric.delete_link(&link).unwrap();
        let desired = compile(&world.account.model, &world.options);
        assert!(!world.fabric.look().is_clean(), "{what}");
        let report = world.fabric.pass(&desired, |_| ());
        assert!(report.failures.is_empty(), "{what}: {:#?}", report.failures);
        let after = world.fabric.look();
        assert!(after.is_clean(), "{what}: {after:#?}");
    }
    fabric.delete_link(&names::bridge(&subnet)).unwrap();
    world.fabric.look();
    world.settle();
    agree(&world, &hosts);

    // A place that is free again is taken again, and nothing of the former ENI is left there.
    let instance = last.0.clone();
    world.account.model.terminate_instances(Timestamp::UNIX_EPOCH, &[instance]).unwrap();
    world.settle();
    let next = world.account.large_instance(interface(&subnet, &[&open]));
    world.settle();
    agree(&world, &[hosts[0].clone(), world.primary("next", &next.0, &next.1)]);
}

fn agree(world: &World, hosts: &[Host]) {
    let ears = listen(hosts);
    let pairs = hosts
        .iter()
        .flat_map(|from| hosts.iter().filter(move |to| to.address != from.address).map(move |to| (from, to)));
    let payloads = [Payload::Udp(53), Payload::Udp(9999), Payload::Tcp(80), Payload::Icmp { kind: 8, code: 0 }];
    let packets: Vec<(&Host, IpAddr, IpAddr, Payload)> = pairs
        .flat_map(|(from, to)| payloads.iter().map(move |payload| (from, from.address, to.address, *payload)))
        .collect();
    assert!(world.agree(&ears, &packets) > 0);
}
