//! The internet: public addresses one to one, in both directions, and nothing for those that have none.

use std::io::Read;
use std::net::{IpAddr, TcpListener, TcpStream};

use linux_net::Netlink;
use vpc_fabric::testing::{Account, block, entry, everything, interface, ipv6_block, rule};
use vpc_fabric::{InternetHost, Options, Payload, names};
use vpc_model::{AccessBlock, AllocationId, AllowedAccess, Direction, Excluded, IpProtocol, WantedAddresses};

use crate::world::{Host, World};
use crate::{listen, tcp};

const PAYLOADS: &[Payload] =
    &[Payload::Tcp(80), Payload::Tcp(443), Payload::Udp(53), Payload::Udp(9999), Payload::Icmp { kind: 8, code: 0 }];
const PAYLOADS_V6: &[Payload] = &[Payload::Tcp(80), Payload::Udp(53), Payload::Icmpv6 { kind: 128, code: 0 }];

/// A VPC with a gateway, hosts with and without public addresses, and two hosts of the internet.
struct Harbour {
    world: World,
    /// Hosts of the VPC by their private addresses; `pier` has an Elastic IP address, and `pier 2` is its second address.
    hosts: Vec<Host>,
    far: Vec<Host>,
    pier: (AllocationId, IpAddr),
    second: IpAddr,
    quay: IpAddr,
}

fn harbour() -> Option<Harbour> {
    let host = |name: &str, address: &str| InternetHost { name: name.to_owned(), address: address.parse().unwrap() };
    let internet_hosts = vec![host("web", "203.0.113.10"), host("dns", "198.51.100.53"), host("six", "2001:db8::10")];
    let mut world = World::start(Options { internet_hosts, ..Options::default() })?;
    let account = &mut world.account;
    let subnet = account.ipv6_subnet(Some("10.0.1.0/24"));
    account.internet_gateway();
    let open = account.group("open");
    account.allow(&open, Direction::Ingress, everything());
    account.allow(&open, Direction::Ingress, rule(IpProtocol::All, None, ipv6_block("::/0")));
    let shop = account.group("shop");
    account.allow(&shop, Direction::Ingress, tcp(80, 80, block("203.0.113.0/24")));
    account.allow(&shop, Direction::Ingress, rule(IpProtocol::Icmp, Some((8, -1)), block("198.51.100.0/24")));
    let launch = |account: &mut Account, group, ipv4_count| {
        let mut primary = interface(&subnet, &[group]);
        primary.addresses = WantedAddresses { ipv4_count, ipv6_count: 1, ..WantedAddresses::default() };
        account.instance(primary)
    };
    let (pier, pier_eni) = launch(account, &open, 1);
    let (quay, quay_eni) = launch(account, &shop, 0);
    let (inland, inland_eni) = launch(account, &open, 0);
    world.settle();
    let second_private = world.account.get(&pier_eni).private_ips[1].address;
    let (allocation, public) = world.account.publish(&pier_eni, None);
    let (_, second) = world.account.publish(&pier_eni, Some(second_private));
    let (_, quay_public) = world.account.publish(&quay_eni, None);
    world.settle();
    let main = world.primary("pier", &pier, &pier_eni);
    let hosts = vec![
        world.further("pier 2", &main, "eth0", &pier_eni, second_private),
        world.primary("quay", &quay, &quay_eni),
        world.primary("inland", &inland, &inland_eni),
        main,
    ];
    let far = ["web", "dns", "six"].map(|name| world.internet_host(name)).into();
    let (pier, second, quay) = ((allocation, public.into()), second.into(), quay_public.into());
    Some(Harbour { world, hosts, far, pier, second, quay })
}

impl Harbour {
    /// Every payload from everybody to every public address, and to some that nobody has.
    fn packets(&self) -> Vec<(&Host, IpAddr, IpAddr, Payload)> {
        let public = [self.pier.1, self.second, self.quay];
        let others = ["203.0.113.10", "198.51.100.53", "203.0.113.11", "44.255.255.1"].map(|it| it.parse().unwrap());
        let from = self.hosts.iter().chain(self.far.iter().filter(|host| host.address.is_ipv4()));
        let to: Vec<IpAddr> = public.into_iter().chain(others).collect();
        let pairs = from.flat_map(|from| to.iter().map(move |to| (from, *to))).filter(|(from, to)| from.address != *to);
        pairs.flat_map(|(from, to)| PAYLOADS.iter().map(move |payload| (from, from.address, to, *payload))).collect()
    }

    fn find(&self, name: &str) -> &Host {
        self.hosts.iter().chain(&self.far).find(|host| host.name == name).unwrap()
    }
}

#[test]
fn kernel_and_oracle_agree_on_the_internet() {
    let Some(harbour) = harbour() else { return };
    let all: Vec<Host> = harbour.hosts.iter().chain(&harbour.far).cloned().collect();
    let ears = listen(&all);
    let packets = harbour.packets();
    let arrived = harbour.world.agree(&ears, &packets);
    println!("{arrived} of {} packets arrived", packets.len());
    assert!((packets.len() / 5..packets.len() * 3 / 4).contains(&arrived));
    let inland = harbour.find("inland");
    let out = (inland, inland.address, harbour.find("web").address, Payload::Tcp(80));
    assert_eq!(harbour.world.agree(&ears, &[out]), 0, "without a public address");
}

#[test]
fn ipv6_needs_no_translation() {
    let Some(harbour) = harbour() else { return };
    let own = |host: &Host| IpAddr::V6(harbour.world.account.get(&host.eni).ipv6_addresses[0]);
    let hosts = ["pier", "quay", "inland"].map(|name| {
        let host = harbour.find(name);
        Host { address: own(host), ..host.clone() }
    });
    let six = harbour.find("six");
    let ears = listen(&[&hosts[..], std::slice::from_ref(six)].concat());
    let pairs = hosts.iter().flat_map(|host| [(host, six), (six, host)]);
    let packets = pairs.flat_map(|(from, to)| PAYLOADS_V6.iter().map(move |it| (from, from.address, to.address, *it)));
    let packets: Vec<_> = packets.collect();
    let arrived = harbour.world.agree(&ears, &packets);
    // All go out; groups decide who gets in.
    assert_eq!(arrived, packets.len() - PAYLOADS_V6.len());
}

/// The other end sees public addresses.
#[test]
fn who_is_seen() {
    let Some(harbour) = harbour() else { return };
    let seen_by = |listening: &Host, at: IpAddr, from: &Host, to: IpAddr| {
        let listener = listening.netns.run(|| TcpListener::bind((at, 80))).unwrap().unwrap();
        let stream = from.netns.run(|| TcpStream::connect((to, 80))).unwrap().unwrap();
        let seen = listener.accept().unwrap().1.ip();
        drop(stream);
        seen
    };
    let (pier, quay, web) = (harbour.find("pier"), harbour.find("quay"), harbour.find("web"));
    assert_eq!(seen_by(web, web.address, pier, web.address), harbour.pier.1);
    assert_eq!(seen_by(quay, quay.address, web, harbour.quay), web.address);
    // A way out and back in, within one VPC.
    assert_eq!(seen_by(pier, pier.address, quay, harbour.pier.1), harbour.quay);
}

/// What goes by the gateway leaves and enters its subnet.
#[test]
fn network_acls_at_the_gateway() {
    let Some(mut harbour) = harbour() else { return };
    let subnet = harbour.world.account.get(&harbour.find("pier").eni).subnet_id.clone();
    let fence = [
        entry(1, Direction::Egress, true, "-1", "0.0.0.0/0"),
        entry(1, Direction::Ingress, false, "17", "203.0.113.0/24"),
        entry(2, Direction::Ingress, false, "6:443..443", "0.0.0.0/0"),
        entry(3, Direction::Ingress, true, "-1", "0.0.0.0/0"),
    ];
    harbour.world.account.network_acl(&subnet, fence.into());
    harbour.world.settle();
    let all: Vec<Host> = harbour.hosts.iter().chain(&harbour.far).cloned().collect();
    let ears = listen(&all);
    harbour.world.agree(&ears, &harbour.packets());
}

/// What the account keeps back does not pass, also where a connection is there already.
#[test]
fn block_public_access() {
    let Some(mut harbour) = harbour() else { return };
    let all: Vec<Host> = harbour.hosts.iter().chain(&harbour.far).cloned().collect();
    let ears = listen(&all);
    let (pier, web) = (harbour.find("pier").clone(), harbour.find("web").clone());
    let subnet = harbour.world.account.get(&pier.eni).subnet_id.clone();
    let out = (&pier, pier.address, web.address, Payload::Udp(53));
    let into = (&web, web.address, harbour.pier.1, Payload::Udp(53));
    let listener = web.netns.run(|| TcpListener::bind((web.address, 80))).unwrap().unwrap();
    let here = pier.netns.run(|| TcpStream::connect((web.address, 80))).unwrap().unwrap();
    let (mut there, _) = listener.accept().unwrap();
    let mut says = |text: &[u8]| {
        std::io::Write::write_all(&mut &here, text).unwrap();
        there.set_read_timeout(Some(std::time::Duration::from_millis(300))).unwrap();
        there.read(&mut [0; 8]).is_ok()
    };

    harbour.world.account.block_public_access(AccessBlock::Ingress);
    harbour.world.settle();
    harbour.world.agree(&ears, &harbour.packets());
    assert_eq!([out, into].map(|packet| harbour.world.agree(&ears, &[packet])), [1, 0]);
    assert!(says(b"on"));

    harbour.world.account.block_public_access(AccessBlock::Bidirectional);
    harbour.world.settle();
    harbour.world.agree(&ears, &harbour.packets());
    assert_eq!(harbour.world.agree(&ears, &[out, into]), 0);
    assert!(!says(b"off"));

    harbour.world.account.except_from_block(Excluded::Subnet(subnet), AllowedAccess::Egress);
    harbour.world.settle();
    assert_eq!([out, into].map(|packet| harbour.world.agree(&ears, &[packet])), [1, 0]);
    harbour
        .world
        .account
        .except_from_block(Excluded::Vpc(harbour.world.account.vpc.clone()), AllowedAccess::Bidirectional);
    harbour.world.settle();
    assert_eq!(harbour.world.agree(&ears, &[out, into]), 2);
}

/// An Elastic IP address that moves takes no connection with it.
#[test]
fn addresses_that_move() {
    let Some(mut harbour) = harbour() else { return };
    let (pier, inland, web) =
        (harbour.find("pier").clone(), harbour.find("inland").clone(), harbour.find("web").clone());
    let listener = pier.netns.run(|| TcpListener::bind((pier.address, 80))).unwrap().unwrap();
    let public = harbour.pier.1;
    let mut here = web.netns.run(|| TcpStream::connect((public, 80))).unwrap().unwrap();
    let (there, _) = listener.accept().unwrap();
    harbour.world.account.republish(&harbour.pier.0, &inland.eni, None);
    harbour.world.settle();
    let ears = listen(&[inland.clone(), web.clone()]);
    let to_inland = (&web, web.address, public, Payload::Udp(53));
    assert_eq!(harbour.world.agree(&ears, &[to_inland]), 1);
    let out = |host: &Host| (host.address, web.address);
    for (host, arrives) in [(&inland, 1), (&pier, 0)] {
        let (source, to) = out(host);
        assert_eq!(harbour.world.agree(&ears, &[(host, source, to, Payload::Udp(9999))]), arrives, "{}", host.name);
    }
    // The old end's words do not arrive any more.
    std::io::Write::write_all(&mut &there, b"late").unwrap();
    here.set_read_timeout(Some(std::time::Duration::from_millis(300))).unwrap();
    assert!(here.read(&mut [0; 4]).is_err());
}

/// A link to the internet that somebody deleted is made again, and so is what hangs on it.
#[test]
fn repaired_links_to_the_internet() {
    let Some(mut harbour) = harbour() else { return };
    let vpc = harbour.world.account.vpc.clone();
    let fabric = Netlink::open(harbour.world.fabric.vpc_netns(&vpc).unwrap()).unwrap();
    fabric.delete_link(names::internet_link(&vpc).as_str()).unwrap();
    assert!(!harbour.world.fabric.look().is_clean());
    harbour.world.settle();
    let ears = listen(&[harbour.find("web").clone()]);
    let (pier, web) = (harbour.find("pier"), harbour.find("web"));
    assert_eq!(harbour.world.agree(&ears, &[(pier, pier.address, web.address, Payload::Udp(53))]), 1);
}
