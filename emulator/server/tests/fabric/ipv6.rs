//! IPv6 in the fabric: subnets of both versions and of IPv6 alone, prefixes, branches, peers, and the router.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use ipnet::IpNet;
use linux_net::Netlink;
use linux_net::sysctl;
use vpc_fabric::testing::{Account, block, entry, interface, ipv6_block, rule, trunk};
use vpc_fabric::{Options, Payload, names};
use vpc_model::{Direction, IpProtocol, RulePeer, SecurityGroupId, WantedAddresses};

use crate::probe::OTHER;
use crate::world::{Host, World};
use crate::{listen, of, tcp};

const PAYLOADS: &[Payload] = &[
    Payload::Tcp(80),
    Payload::Tcp(5432),
    Payload::Udp(53),
    Payload::Udp(9999),
    Payload::Icmpv6 { kind: 128, code: 0 },
    Payload::Icmpv6 { kind: 200, code: 1 },
    Payload::Other(OTHER),
];

/// A group that lets everything in, of both versions.
fn open(account: &mut Account, name: &str) -> SecurityGroupId {
    let group = account.group(name);
    for peer in [block("0.0.0.0/0"), ipv6_block("::/0")] {
        account.allow(&group, Direction::Ingress, rule(IpProtocol::All, None, peer));
    }
    group
}

fn ipv6(addresses: usize, prefixes: usize) -> WantedAddresses {
    WantedAddresses { ipv6_count: addresses, ipv6_prefix_count: prefixes, ..WantedAddresses::default() }
}

/// A node with two addresses and a prefix, neighbours in its subnet and another, one with IPv6 alone, and a branch.
pub fn town() -> Option<(World, Vec<Host>)> {
    let mut world = World::start(Options::default())?;
    let account = &mut world.account;
    let (one, two) = (account.ipv6_subnet(Some("10.0.1.0/24")), account.ipv6_subnet(Some("10.0.2.0/24")));
    let native = account.ipv6_subnet(None);
    let (web, database, all) = (account.group("web"), account.group("database"), open(account, "open"));
    let closed = account.closed_group("closed");
    let one_s = account.model.subnet(&one).unwrap().ipv6_cidr_blocks().next().unwrap();
    account.allow(&web, Direction::Ingress, tcp(80, 80, ipv6_block("::/0")));
    account.allow(&web, Direction::Ingress, rule(IpProtocol::Icmpv6, Some((128, -1)), RulePeer::Ipv6(one_s)));
    account.allow(&web, Direction::Ingress, rule(IpProtocol::Udp, Some((0, 65535)), block("0.0.0.0/0")));
    account.allow(&database, Direction::Ingress, tcp(5432, 5432, of(&web)));
    account.allow(&database, Direction::Ingress, rule(IpProtocol::Number(OTHER), None, RulePeer::Ipv6(one_s)));
    account.allow(&closed, Direction::Egress, rule(IpProtocol::Udp, Some((53, 53)), of(&all)));
    account.allow(&closed, Direction::Ingress, rule(IpProtocol::Icmpv6, Some((200, 1)), of(&web)));

    let launch = |account: &mut Account, subnet, group: &SecurityGroupId, addresses| {
        let mut primary = interface(subnet, &[group]);
        primary.addresses = addresses;
        account.instance(primary)
    };
    let (node, node_eni) = launch(account, &one, &web, ipv6(2, 1));
    let (near, near_eni) = launch(account, &one, &database, ipv6(1, 0));
    let (far, far_eni) = launch(account, &two, &all, ipv6(1, 0));
    let (pure, pure_eni) = launch(account, &native, &database, ipv6(1, 0));
    world.settle();
    let account = &mut world.account;
    let carrier = account.eni(trunk(&one, &[&web]));
    account.attach(&carrier, &node, 1);
    let branch = world.carrier.map(|_| {
        let mut branch = interface(&two, &[&closed]);
        branch.addresses = ipv6(1, 0);
        let branch = account.eni(branch);
        account.associate(&carrier, &branch, 7);
        branch
    });
    world.settle();

    let host = |name, instance, eni: &vpc_model::NetworkInterfaceId| {
        let netns = world.fabric.instance_netns(instance).unwrap().clone();
        let address = world.account.get(eni).ipv6_addresses[0].into();
        Host { name, eni: eni.clone(), address, netns }
    };
    let main = host("node", &node, &node_eni);
    let (second, prefix) =
        (world.account.get(&node_eni).ipv6_addresses[1], world.account.get(&node_eni).ipv6_prefixes[0]);
    let mut hosts = vec![
        world.further("second", &main, "eth0", &node_eni, second),
        world.further("prefixed", &main, "eth0", &node_eni, prefix.hosts().nth(77).unwrap()),
        host("near", &near, &near_eni),
        host("far", &far, &far_eni),
        host("pure", &pure, &pure_eni),
    ];
    hosts.extend(branch.iter().map(|branch| {
        let pod = world.branch("branch", &main, "eth1", branch);
        Host { address: world.account.get(branch).ipv6_addresses[0].into(), ..pod }
    }));
    hosts.push(main);
    Some((world, hosts))
}

/// Every payload from every host to every other.
fn all_packets(hosts: &[Host]) -> Vec<(&Host, IpAddr, IpAddr, Payload)> {
    let pairs = hosts.iter().flat_map(|from| hosts.iter().map(move |to| (from, to)));
    let pairs = pairs.filter(|(from, to)| from.netns != to.netns);
    let packets = pairs.flat_map(|(from, to)| PAYLOADS.iter().map(move |payload| (from, to, *payload)));
    // Without ports, one direction's packets are the other's replies.
    let is_replied = |payload| matches!(payload, Payload::Other(_) | Payload::Icmpv6 { kind: 200, .. });
    let packets = packets.filter(|(from, to, payload)| !is_replied(*payload) || from.address < to.address);
    packets.map(|(from, to, payload)| (from, from.address, to.address, payload)).collect()
}

fn find<'a>(hosts: &'a [Host], name: &str) -> &'a Host {
    hosts.iter().find(|host| host.name == name).unwrap()
}

#[test]
fn kernel_and_oracle_agree_on_ipv6() {
    let Some((world, hosts)) = town() else { return };
    let ears = listen(&hosts);
    let packets = all_packets(&hosts);
    let arrived = world.agree(&ears, &packets);
    println!("{arrived} of {} packets arrived", packets.len());
    assert!((packets.len() / 10..packets.len() * 3 / 4).contains(&arrived));
    let (near, far) = (find(&hosts, "near"), find(&hosts, "far"));
    let nobody = world.account.model.subnet(&world.account.get(&near.eni).subnet_id).unwrap();
    let nobody = nobody.ipv6_cidr_blocks().next().unwrap().hosts().nth(4321).unwrap();
    let udp = Payload::Udp(9999);
    let beyond = ["2001:db8::1", "fd00:ec2::254"].map(|to| (near, near.address, to.parse().unwrap(), udp));
    assert_eq!(world.agree(&ears, &beyond), 0);
    assert_eq!(
        world.agree(&ears, &[(far, far.address, nobody.into(), udp), (near, near.address, nobody.into(), udp)]),
        0
    );
}

#[test]
fn spoofed_ipv6_sources() {
    let Some((world, hosts)) = town() else { return };
    let ears = listen(&hosts);
    let (near, far, pure) = (find(&hosts, "near"), find(&hosts, "far"), find(&hosts, "pure"));
    world.take_address(near, "eth0", pure.address);
    assert_eq!(world.agree(&ears, &[(near, pure.address, far.address, Payload::Udp(9999))]), 0);
    assert_eq!(world.agree(&ears, &[(near, near.address, far.address, Payload::Udp(9999))]), 1);
}

/// Network ACLs have entries about IPv6 of their own.
#[test]
fn network_acls_about_ipv6() {
    let Some((mut world, hosts)) = town() else { return };
    let subnet = world.account.get(&find(&hosts, "far").eni).subnet_id.clone();
    let fence = [
        entry(1, Direction::Egress, true, "-1", "::/0"),
        entry(1, Direction::Ingress, false, "17:9999..9999", "::/0"),
        entry(2, Direction::Ingress, true, "-1", "::/0"),
    ];
    world.account.network_acl(&subnet, fence.into());
    world.settle();
    let ears = listen(&hosts);
    world.agree(&ears, &all_packets(&hosts));
    let (near, far) = (find(&hosts, "near"), find(&hosts, "far"));
    let to_far = |payload| [(near, near.address, far.address, payload)];
    assert_eq!(world.agree(&ears, &to_far(Payload::Udp(9999))), 0);
    assert_eq!(world.agree(&ears, &to_far(Payload::Udp(53))), 1);
}

#[test]
fn peers_by_ipv6() {
    let Some((mut world, mut hosts)) = town() else { return };
    let town = world.account.go_to_vpc("10.9.0.0/16");
    let subnet = world.account.ipv6_subnet(Some("10.9.1.0/24"));
    let all = open(&mut world.account, "all");
    let mut primary = interface(&subnet, &[&all]);
    primary.addresses = ipv6(1, 0);
    let (abroad, eni) = world.account.instance(primary);
    world.account.peer(&town);
    world.settle();
    let netns = world.fabric.instance_netns(&abroad).unwrap().clone();
    let address = world.account.get(&eni).ipv6_addresses[0].into();
    hosts.push(Host { name: "abroad", eni, address, netns });
    let ears = listen(&hosts);
    world.agree(&ears, &all_packets(&hosts));
    let (abroad, far) = (find(&hosts, "abroad"), find(&hosts, "far"));
    assert_eq!(world.agree(&ears, &[(abroad, abroad.address, far.address, Payload::Udp(9999))]), 1);
}

/// A subnet can get its block when its ENIs are at work, and lose it.
#[test]
fn blocks_come_and_go() {
    let Some(mut world) = World::start(Options::default()) else { return };
    let account = &mut world.account;
    let dual = account.ipv6_subnet(Some("10.0.1.0/24"));
    let late = account.subnet("10.0.2.0/24");
    let all = open(account, "open");
    let mut with = interface(&dual, &[&all]);
    with.addresses = ipv6(1, 0);
    let (one, one_eni) = account.instance(with);
    let (two, two_eni) = account.instance(interface(&late, &[&all]));
    world.settle();
    let wire = Netlink::open(world.fabric.instance_netns(&two).unwrap()).unwrap().index("eth0").unwrap();
    world.account.give_ipv6_block(&late);
    world.account.assign(&two_eni, ipv6(1, 0));
    world.settle();
    let host = |world: &World, name, instance, eni: &vpc_model::NetworkInterfaceId| {
        let netns = world.fabric.instance_netns(instance).unwrap().clone();
        Host { name, eni: eni.clone(), address: world.account.get(eni).ipv6_addresses[0].into(), netns }
    };
    let hosts = [host(&world, "one", &one, &one_eni), host(&world, "two", &two, &two_eni)];
    let ears = listen(&hosts);
    let there = [(&hosts[0], hosts[0].address, hosts[1].address, Payload::Udp(53))];
    assert_eq!(world.agree(&ears, &there), 1);
    let netlink = Netlink::open(&hosts[1].netns).unwrap();
    assert_eq!(netlink.index("eth0").unwrap(), wire, "the link is the same");
    world.account.unassign_ipv6(&two_eni);
    world.settle();
    assert!(netlink.addresses().unwrap().iter().all(|one| one.address != IpNet::from(hosts[1].address)));
}

/// A host that listens to router advertisements learns its router and its block.
#[test]
fn routers_advertise() {
    let Some((world, hosts)) = town() else { return };
    let far = find(&hosts, "far");
    let netlink = Netlink::open(&far.netns).unwrap();
    let subnet = &world.account.get(&far.eni).subnet_id;
    netlink
        .routes()
        .unwrap()
        .iter()
        .filter(|route| route.destination.addr().is_ipv6() && route.gateway.is_some())
        .for_each(|route| netlink.delete_route(route).unwrap());
    sysctl::write(&far.netns, "net.ipv6.conf.eth0.accept_ra", "2").unwrap();
    netlink.set_down("eth0").unwrap();
    netlink.set_up("eth0").unwrap();
    let gateway = IpAddr::V6(names::router_link_local(subnet));
    let deadline = Instant::now() + Duration::from_secs(15);
    let has_learned = || {
        let routes = netlink.routes().unwrap();
        routes.iter().any(|route| route.gateway == Some(gateway) && route.destination.prefix_len() == 0)
    };
    while !has_learned() {
        assert!(Instant::now() < deadline, "no router advertisement: {:?}", netlink.routes().unwrap());
        std::thread::yield_now();
    }
}
