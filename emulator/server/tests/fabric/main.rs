//! The fabric in a real kernel: packets are sent, and what becomes of them is what the oracle says.

mod connections;
mod egress_only;
mod endpoints;
mod internet;
mod ipv6;
mod many;
mod nat;
mod network_acls;
mod peering;
mod probe;
mod random;
mod repair;
mod transit;
mod vpc_services;
mod world;

use std::io::{Read, Write};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use linux_net::Netlink;
use vpc_fabric::{Options, Payload, Service};
use vpc_model::{Direction, InterfaceAttribute, IpProtocol, RouteTarget, RulePeer, SecurityGroupId, WantedAddresses};

use crate::probe::{Ears, OTHER, Try};
use crate::world::{Host, World};
use vpc_fabric::testing::{block, interface, rule, trunk};

/// Everything a rule can tell apart.
const PAYLOADS: &[Payload] = &[
    Payload::Tcp(80),
    Payload::Tcp(5432),
    Payload::Tcp(8010),
    Payload::Tcp(8011),
    Payload::Udp(53),
    Payload::Udp(9999),
    Payload::Icmp { kind: 8, code: 0 },
    Payload::Icmp { kind: 13, code: 0 },
    Payload::Other(OTHER),
];
const UDP_PORTS: &[u16] = &[53, 9999];

fn tcp(from: i32, to: i32, peer: RulePeer) -> vpc_model::NewRule {
    rule(IpProtocol::Tcp, Some((from, to)), peer)
}

fn of(group: &SecurityGroupId) -> RulePeer {
    RulePeer::Group(group.clone())
}

/// Web servers, a database and pods in two subnets, all kinds of addresses among them.
fn shop() -> Option<(World, Vec<Host>)> {
    let mut world =
        World::start(Options { services: vec![Service::tcp([169, 254, 171, 1], 80)], ..Options::default() })?;
    let account = &mut world.account;
    let (one, two) = (account.subnet("10.0.1.0/24"), account.subnet("10.0.2.0/24"));
    let (web, database, open) = (account.group("web"), account.group("database"), account.group("open"));
    let closed = account.closed_group("closed");
    account.allow(&web, Direction::Ingress, tcp(80, 80, block("0.0.0.0/0")));
    account.allow(&web, Direction::Ingress, rule(IpProtocol::Udp, Some((53, 53)), block("10.0.2.0/24")));
    account.allow(&web, Direction::Ingress, rule(IpProtocol::Icmp, Some((8, -1)), block("0.0.0.0/0")));
    account.allow(&database, Direction::Ingress, tcp(5432, 5432, of(&web)));
    account.allow(&database, Direction::Ingress, tcp(8000, 8010, of(&closed)));
    account.allow(&database, Direction::Ingress, rule(IpProtocol::Icmp, Some((13, 0)), of(&database)));
    account.allow(&database, Direction::Ingress, rule(IpProtocol::Number(OTHER), None, block("10.0.1.0/24")));
    account.allow(&open, Direction::Ingress, rule(IpProtocol::All, None, block("0.0.0.0/0")));
    account.allow(&closed, Direction::Ingress, tcp(0, 65535, of(&web)));
    account.allow(&closed, Direction::Egress, tcp(8005, 8100, of(&database)));
    account.allow(&closed, Direction::Egress, rule(IpProtocol::Udp, Some((0, 65535)), of(&open)));
    account.allow(&closed, Direction::Egress, tcp(80, 80, block("169.254.0.0/16")));

    let mut rich = interface(&one, &[&web]);
    rich.addresses = WantedAddresses { ipv4_count: 1, ipv4_prefix_count: 1, ..WantedAddresses::default() };
    let (node, node_eni) = account.instance(rich);
    let (web_2, web_2_eni) = account.instance(interface(&one, &[&web]));
    let (data, data_eni) = account.instance(interface(&two, &[&database]));
    let (wide, wide_eni) = account.instance(interface(&two, &[&open, &database]));
    world.settle();

    let account = &mut world.account;
    let second = account.eni(interface(&two, &[&open]));
    account.attach(&second, &node, 1);
    let carrier = account.eni(trunk(&one, &[&web]));
    account.attach(&carrier, &node, 2);
    let mut branches = vec![("branch 1", &one, 1), ("branch 4094", &two, 4094)];
    branches.retain(|_| world.carrier.is_some());
    let branches = branches.into_iter().map(|(name, subnet, vlan)| {
        let branch = account.eni(interface(subnet, &[&closed]));
        account.associate(&carrier, &branch, vlan);
        (name, branch)
    });
    let branches: Vec<_> = branches.collect();
    world.settle();

    let main = world.primary("web", &node, &node_eni);
    let secondary = world.account.get(&node_eni).private_ips[1].address;
    let prefixed = world.account.get(&node_eni).ipv4_prefixes[0].hosts().nth(3).unwrap();
    let on_second = world.account.get(&second).primary_ip().unwrap();
    let mut hosts = vec![
        world.further("web secondary", &main, "eth0", &node_eni, secondary),
        world.further("web prefix", &main, "eth0", &node_eni, prefixed),
        world.further("second eni", &main, "eth1", &second, on_second),
        world.primary("web 2", &web_2, &web_2_eni),
        world.primary("database", &data, &data_eni),
        world.primary("open database", &wide, &wide_eni),
    ];
    hosts.extend(branches.iter().map(|(name, branch)| world.branch(name, &main, "eth2", branch)));
    hosts.push(main);
    Some((world, hosts))
}

fn listen(hosts: &[Host]) -> Ears {
    Ears::open(hosts.iter().map(|host| &host.netns), UDP_PORTS)
}

/// Every payload from every host to every other.
fn all_packets(hosts: &[Host]) -> Vec<(&Host, IpAddr, IpAddr, Payload)> {
    let pairs = hosts.iter().flat_map(|from| hosts.iter().map(move |to| (from, to)));
    let pairs = pairs.filter(|(from, to)| from.netns != to.netns);
    let packets = pairs.flat_map(|(from, to)| PAYLOADS.iter().map(move |payload| (from, to, *payload)));
    // Without ports, one direction's packets are the other's replies.
    let packets = packets.filter(|(from, to, payload)| *payload != Payload::Other(OTHER) || from.address < to.address);
    packets.map(|(from, to, payload)| (from, from.address, to.address, payload)).collect()
}

#[test]
fn kernel_and_oracle_agree() {
    let Some((world, hosts)) = shop() else { return };
    let ears = listen(&hosts);
    let packets = all_packets(&hosts);
    let arrived = world.agree(&ears, &packets);
    println!("{arrived} of {} packets arrived", packets.len());
    assert!((packets.len() / 10..packets.len() * 2 / 3).contains(&arrived));
}

#[test]
fn services_of_the_vpc() {
    let Some((world, hosts)) = shop() else { return };
    let ears = listen(&hosts);
    let mut packets = Vec::new();
    for host in &hosts {
        let mut to = |address: [u8; 4], payload| packets.push((host, host.address, address.into(), payload));
        to([169, 254, 169, 254], Payload::Tcp(80));
        to([169, 254, 169, 254], Payload::Tcp(81));
        to([169, 254, 169, 253], Payload::Tcp(53));
        to([10, 0, 0, 2], Payload::Tcp(53));
        to([10, 0, 0, 2], Payload::Tcp(80));
        to([169, 254, 171, 1], Payload::Tcp(80));
        to([169, 254, 171, 1], Payload::Tcp(443));
        to([10, 0, 1, 1], Payload::Tcp(53));
        to([10, 0, 9, 9], Payload::Tcp(80));
        to([8, 8, 8, 8], Payload::Tcp(53));
    }
    assert_eq!(world.agree(&ears, &packets), 4 * hosts.len());
}

/// Neither addresses nor Ethernet addresses of others can be used, not even within one instance.
#[test]
fn spoofed_sources() {
    let Some((world, hosts)) = shop() else { return };
    let ears = listen(&hosts);
    let find = |name: &str| hosts.iter().find(|host| host.name == name).unwrap();
    let (thief, victim, target) = (find("web 2"), find("web secondary"), find("open database"));
    let branch = hosts.iter().find(|host| host.name == "branch 1").map(|pod| (pod, "vlan.eth.1"));
    let (pod, device) = branch.unwrap_or_else(|| (find("database"), "eth0"));
    for (host, device, stolen) in [(thief, "eth0", victim.address), (pod, device, thief.address)] {
        world.take_address(host, device, stolen);
    }
    world.take_address(thief, "eth0", [192, 0, 2, 1].into());
    let udp = Payload::Udp(9999);
    let own = [(thief, thief.address, target.address, udp), (pod, pod.address, target.address, udp)];
    assert_eq!(world.agree(&ears, &own), 2);
    let stolen = [
        (thief, victim.address, target.address, udp),
        (thief, [192, 0, 2, 1].into(), target.address, udp),
        (pod, thief.address, target.address, udp),
        (pod, thief.address, [169, 254, 169, 254].into(), Payload::Tcp(80)),
    ];
    assert_eq!(world.agree(&ears, &stolen), 0);

    let netlink = Netlink::open(&thief.netns).unwrap();
    let mut packet = Try {
        from: thief.netns.clone(),
        source: thief.address,
        destination: target.address,
        payload: udp,
        is_expected: false,
    };
    for mac in [world.account.mac(&victim.eni).0, [0x02, 0, 0, 0, 0, 0x99]] {
        world.take_mac(&netlink, mac);
        assert!(!ears.try_one(&packet), "arrived from {mac:02x?}");
    }
    world.take_mac(&netlink, world.account.mac(&thief.eni).0);
    packet.is_expected = true;
    assert!(ears.try_one(&packet));
}

/// A route hands an ENI packets that are not for it; it takes and forwards them only without the check.
#[test]
fn routes_to_an_eni() {
    let Some((mut world, mut hosts)) = shop() else { return };
    let gateway = hosts.iter().find(|host| host.name == "open database").unwrap().clone();
    world.account.route("192.168.0.0/16", RouteTarget::NetworkInterface(gateway.eni.clone()));
    world.settle();
    let beyond = IpAddr::from([192, 168, 7, 7]);
    world.take_address(&gateway, "eth0", beyond);
    hosts.push(Host { name: "beyond", address: beyond, ..gateway.clone() });
    let ears = listen(&hosts);
    let near = hosts.iter().find(|host| host.name == "web 2").unwrap();
    let there = (near, near.address, beyond, Payload::Udp(9999));
    let back = (&gateway, beyond, near.address, Payload::Udp(53));
    assert_eq!(world.agree(&ears, &[there, back]), 0);
    let attribute = InterfaceAttribute::SourceDestCheck(false);
    world.account.model.modify_network_interface(&gateway.eni, attribute).unwrap();
    world.settle();
    let tcp = (near, near.address, beyond, Payload::Tcp(1));
    assert_eq!(world.agree(&ears, &[there, tcp]), 2);
    // Not from the 10.0.2.0/24 that the rule names.
    assert_eq!(world.agree(&ears, &[back]), 0);
}

/// Changed rules are about new connections; those that are tracked go on.
#[test]
fn revoked_rules_spare_tracked_connections() {
    let Some((mut world, hosts)) = shop() else { return };
    let find = |name: &str| hosts.iter().find(|host| host.name == name).unwrap();
    let (from, to) = (find("web 2"), find("database"));
    let ears = listen(&hosts);
    let listener = to.netns.run(|| TcpListener::bind((to.address, 5432))).unwrap().unwrap();
    let address = SocketAddr::from((to.address, 5432));
    let mut here = from.netns.run(|| TcpStream::connect(address)).unwrap().unwrap();
    let (mut there, _) = listener.accept().unwrap();
    let mut exchange = |text: &[u8; 4]| {
        let mut buffer = [0; 4];
        here.write_all(text).unwrap();
        there.read_exact(&mut buffer).unwrap();
        there.write_all(&buffer).unwrap();
        here.read_exact(&mut buffer).unwrap();
        buffer == *text
    };
    assert!(exchange(b"ping"));
    let groups = [&from.eni, &to.eni].map(|eni| world.account.get(eni).groups[0].clone());
    world.account.revoke(&groups[1], Direction::Ingress, tcp(5432, 5432, of(&groups[0])));
    world.settle();
    assert_eq!(world.agree(&ears, &[(from, from.address, to.address, Payload::Tcp(5432))]), 0);
    assert!(exchange(b"pong"));
    world.account.allow(&groups[1], Direction::Ingress, tcp(5432, 5432, of(&groups[0])));
    world.settle();
    assert_eq!(world.agree(&ears, &[(from, from.address, to.address, Payload::Tcp(5432))]), 1);
}

/// What goes takes its links with it; an address that comes to another ENI is reached there.
#[test]
fn detached_terminated_and_moved() {
    let Some((mut world, hosts)) = shop() else { return };
    let find = |name: &str| hosts.iter().find(|host| host.name == name).unwrap().clone();
    let (node, second, thief) = (find("web"), find("second eni"), find("web 2"));
    let links = |host: &Host| {
        let links = Netlink::open(&host.netns).unwrap().links().unwrap();
        links.into_iter().map(|link| link.name).filter(|name| name.starts_with("eth")).collect::<Vec<_>>()
    };
    assert_eq!(links(&node), ["eth0", "eth1", "eth2"]);
    world.account.detach(&second.eni);
    world.settle();
    assert_eq!(links(&node), ["eth0", "eth2"]);
    assert!(world.account.get(&second.eni).attachment.as_ref().is_none_or(|was| was.detach_time.is_some()));

    let instance = world.account.get(&thief.eni).attachment.as_ref().unwrap().instance_id.clone();
    world.account.model.terminate_instances(Timestamp::UNIX_EPOCH, std::slice::from_ref(&instance)).unwrap();
    world.settle();
    assert!(world.account.model.network_interface(&thief.eni).is_none());
    assert_eq!(world.fabric.instance_netns(&instance), None);
    assert_eq!(links(&thief), Vec::<String>::new());

    let IpAddr::V4(address) = thief.address else { panic!("the shop has no IPv6") };
    let wanted = WantedAddresses { ipv4: vec![address], ..WantedAddresses::default() };
    world.account.assign(&node.eni, wanted);
    world.settle();
    world.take_address(&node, "eth0", thief.address);
    let ears = listen(&hosts);
    let from = find("database");
    assert_eq!(world.agree(&ears, &[(&from, from.address, thief.address, Payload::Tcp(80))]), 1);
}

/// No change of rules opens a gap, in either direction: what is denied never arrives, what is allowed always.
#[test]
fn no_gap_while_rules_change() {
    let Some((mut world, hosts)) = shop() else { return };
    let find = |name: &str| hosts.iter().find(|host| host.name == name).unwrap();
    let (from, to) = (find("database"), find("web 2"));
    let bind = |host: &Host, port| host.netns.run(|| UdpSocket::bind((host.address, port))).unwrap().unwrap();
    let (allowed, denied) = (bind(to, 53), bind(to, 9999));
    denied.set_nonblocking(true).unwrap();
    allowed.set_read_timeout(Some(Duration::from_millis(500))).unwrap();
    let (stop, sent, arrived) = (AtomicBool::new(false), AtomicUsize::new(0), AtomicUsize::new(0));
    thread::scope(|scope| {
        scope.spawn(|| {
            while allowed.recv(&mut [0; 8]).is_ok() {
                arrived.fetch_add(1, Ordering::Relaxed);
            }
        });
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                // Each from a port of its own: to connection tracking every packet is a new connection.
                let socket = bind(from, 0);
                socket.send_to(b"denied", (to.address, 9999)).unwrap();
                socket.send_to(b"allowed", (to.address, 53)).unwrap();
                let sent = sent.fetch_add(1, Ordering::Relaxed) + 1;
                // More than the receiver's buffer holds would be lost there.
                let sent_at = Instant::now();
                while sent > arrived.load(Ordering::Relaxed) + 64 && sent_at.elapsed() < Duration::from_millis(100) {
                    thread::yield_now();
                }
            }
        });
        let subnet = world.account.get(&to.eni).subnet_id.clone();
        for round in 0..20 {
            let group = world.account.group(&format!("group {round}"));
            world.account.allow(&group, Direction::Ingress, tcp(80, 80, of(&group)));
            let (instance, _) = world.account.instance(interface(&subnet, &[&group]));
            world.settle();
            world.account.model.terminate_instances(Timestamp::UNIX_EPOCH, &[instance]).unwrap();
            world.settle();
        }
        stop.store(true, Ordering::Relaxed);
    });
    let arrived = arrived.into_inner();
    assert!(denied.recv(&mut [0; 8]).is_err());
    assert_eq!(arrived, sent.into_inner());
    assert!(arrived > 100);
}

/// A world is built in a moment, and a branch ENI connected in milliseconds (a loaded machine takes longer).
#[test]
fn quick() {
    let Some(mut world) = World::start(Options::default()) else { return };
    let account = &mut world.account;
    let (one, two) = (account.subnet("10.0.1.0/24"), account.subnet("10.0.2.0/24"));
    let nodes = [&one, &two].map(|subnet| account.instance(interface(subnet, &[])).0);
    let mut took = world.settle();
    let carrier = world.account.eni(trunk(&one, &[]));
    world.account.attach(&carrier, &nodes[0], 1);
    took += world.settle();
    println!("two nodes: {took:?}");
    assert!(took < Duration::from_secs(2));
    if world.carrier.is_none() {
        return;
    }
    let mut branches: Vec<_> = (1..=9)
        .map(|vlan| {
            let branch = world.account.eni(interface(&one, &[]));
            world.account.associate(&carrier, &branch, vlan);
            world.settle()
        })
        .collect();
    branches.sort();
    println!("a branch: {:?} (median of {})", branches[4], branches.len());
    assert!(branches[4] < Duration::from_millis(200));
}
