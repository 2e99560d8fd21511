//! NAT gateways: ways out that nothing comes in by.

use std::collections::BTreeSet;
use std::io::{ErrorKind, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use linux_net::{Netlink, conntrack};
use vpc_fabric::testing::{block, entry, everything, interface, net, rule};
use vpc_fabric::{InternetHost, Options, Payload, names};
use vpc_model::{Direction, IpProtocol, NatGatewayId, NetworkInterfaceId, RouteTarget, SubnetId};

use crate::world::{Host, World};
use crate::{OTHER, listen, tcp};

const PAYLOADS: &[Payload] = &[
    Payload::Tcp(80),
    Payload::Udp(53),
    Payload::Udp(9999),
    Payload::Icmp { kind: 8, code: 0 },
    Payload::Other(OTHER),
];

/// A VPC with a subnet that the internet reaches, one behind a public gateway and one behind a private one, and another VPC
/// that is peered.
struct Estate {
    world: World,
    /// `pier` has an Elastic IP address, `inner` is behind the public gateway and `walled` behind the private one; `far` is
    /// in the other VPC.
    hosts: Vec<Host>,
    web: Host,
    pier: IpAddr,
    public: Gateway,
    private: Gateway,
    inner_subnet: SubnetId,
}

struct Gateway {
    id: NatGatewayId,
    eni: NetworkInterfaceId,
    subnet: SubnetId,
}

fn estate(elastic_ips: usize) -> Option<Estate> {
    let web = InternetHost { name: "web".to_owned(), address: "203.0.113.10".parse().unwrap() };
    let mut world = World::start(Options { internet_hosts: vec![web], ..Options::default() })?;
    let account = &mut world.account;
    let subnets = ["10.0.1.0/24", "10.0.2.0/24", "10.0.3.0/24", "10.0.4.0/24", "10.0.5.0/24"];
    let [outer, inner, walled, public_subnet, private_subnet] = subnets.map(|block| account.subnet(block));
    account.internet_gateway();
    let vpc = account.vpc.clone();
    let open = account.group("open");
    account.allow(&open, Direction::Ingress, everything());
    let shy = account.group("shy");
    // It knows the gateways by their addresses alone.
    account.allow(&shy, Direction::Ingress, tcp(80, 80, block("10.0.4.0/23")));
    let gateways = [(&public_subnet, elastic_ips), (&private_subnet, 0)].map(|(subnet, elastic_ips)| {
        let id = account.nat_gateway(subnet, elastic_ips);
        let eni = account.model.nat_gateway(&id).unwrap().network_interface_id.clone().unwrap();
        Gateway { id, eni, subnet: subnet.clone() }
    });
    let launched = [(&outer, &open), (&outer, &shy), (&inner, &open), (&walled, &open)]
        .map(|(subnet, group)| account.instance(interface(subnet, &[group])));
    account.go_to_vpc("10.1.0.0/16");
    let far_subnet = account.subnet("10.1.1.0/24");
    account.peer(&vpc);
    let group = account.group("far");
    account.allow(&group, Direction::Ingress, rule(IpProtocol::All, None, block("10.0.4.0/23")));
    let far = account.instance(interface(&far_subnet, &[&group]));
    account.vpc = vpc;
    let [public, private] = gateways;
    for (subnet, gateway) in [(&inner, &public), (&walled, &private)] {
        let by = RouteTarget::NatGateway(gateway.id.clone());
        // What is routed by the gateway though it is in the VPC comes from the gateway, too.
        account.route_table(subnet, &[("0.0.0.0/0", by.clone()), ("10.0.1.0/24", by)]);
    }
    world.settle();
    let (_, pier) = world.account.publish(&launched[0].1, None);
    world.settle();
    let names = ["pier", "shy", "inner", "walled"];
    let near = names.iter().zip(&launched).map(|(name, (instance, eni))| world.primary(name, instance, eni));
    let hosts: Vec<Host> = near.chain([world.primary("far", &far.0, &far.1)]).collect();
    let web = world.internet_host("web");
    Some(Estate { world, hosts, web, pier: pier.into(), public, private, inner_subnet: inner })
}

impl Estate {
    fn find(&self, name: &str) -> &Host {
        self.hosts.iter().find(|host| host.name == name).unwrap()
    }

    fn everybody(&self) -> Vec<Host> {
        self.hosts.iter().chain([&self.web]).cloned().collect()
    }

    /// The addresses by which a gateway may be known.
    fn addresses(&self, gateway: &Gateway) -> Vec<IpAddr> {
        let eni = self.world.account.get(&gateway.eni);
        let private = eni.private_ips.iter().map(|ip| ip.address);
        let public =
            private.clone().filter_map(|ip| Some(self.world.account.model.public_address_of(eni, ip)?.address));
        private.chain(public).map(IpAddr::V4).collect()
    }

    /// Every payload from everybody to everybody, to the gateways, and to a public address.
    fn packets<'a>(&'a self, from: &'a [Host]) -> Vec<(&'a Host, IpAddr, IpAddr, Payload)> {
        let gateways = [&self.public, &self.private].into_iter().flat_map(|gateway| self.addresses(gateway));
        let others = from.iter().map(|host| host.address).chain([self.pier]).chain(gateways);
        let others: Vec<IpAddr> = others.collect();
        let pairs = from.iter().flat_map(|from| others.iter().map(move |to| (from, *to)));
        let pairs = pairs.filter(|(from, to)| from.address != *to);
        // The internet has no way to private addresses at all.
        let pairs = pairs.filter(|(from, to)| from.name != "web" || !is_private(*to));
        let packets = pairs.flat_map(|(from, to)| PAYLOADS.iter().map(move |it| (from, from.address, to, *it)));
        // Without ports, one direction's packets are the other's replies.
        packets
            .filter(|(from, source, to, it)| *it != Payload::Other(OTHER) || source < to || from.name == "web")
            .collect()
    }
}

fn is_private(address: IpAddr) -> bool {
    matches!(address, IpAddr::V4(address) if address.is_private())
}

/// Who connects, as the other end sees it.
fn seen_by(listening: &Host, from: &Host, to: IpAddr) -> SocketAddr {
    let listener = listening.netns.run(|| TcpListener::bind((listening.address, 80))).unwrap().unwrap();
    let stream = from.netns.run(|| TcpStream::connect((to, 80))).unwrap().unwrap();
    let seen = listener.accept().unwrap().1;
    drop(stream);
    seen
}

#[test]
fn kernel_and_oracle_agree_on_nat_gateways() {
    let Some(estate) = estate(1) else { return };
    let everybody = estate.everybody();
    let ears = listen(&everybody);
    let packets = estate.packets(&everybody);
    let arrived = estate.world.agree(&ears, &packets);
    println!("{arrived} of {} packets arrived", packets.len());
    assert!((packets.len() / 5..packets.len() * 3 / 4).contains(&arrived));
}

/// The other end sees the gateway.
#[test]
fn who_is_behind_a_gateway() {
    let Some(estate) = estate(1) else { return };
    let (public, private) = (estate.addresses(&estate.public), estate.addresses(&estate.private));
    let (inner, walled, web) = (estate.find("inner"), estate.find("walled"), &estate.web);
    let (far, shy, pier) = (estate.find("far"), estate.find("shy"), estate.find("pier"));
    assert_eq!(seen_by(web, inner, web.address).ip(), public[1], "the Elastic IP address");
    assert_eq!(seen_by(pier, inner, estate.pier).ip(), public[1], "out and back in");
    assert_eq!(seen_by(far, inner, far.address).ip(), public[0]);
    assert_eq!(seen_by(far, walled, far.address).ip(), private[0]);
    assert_eq!(seen_by(shy, walled, shy.address).ip(), private[0]);
}

/// Connections are spread over a gateway's addresses, and those that went stay away from new ones.
#[test]
fn gateways_with_several_addresses() {
    let Some(estate) = estate(2) else { return };
    let (inner, web) = (estate.find("inner"), &estate.web);
    let known: BTreeSet<IpAddr> = estate.addresses(&estate.public).into_iter().filter(|it| !is_private(*it)).collect();
    assert_eq!(known.len(), 2);
    // With one in two chances each, all of 40 are the same once in 5·10¹¹ runs.
    let seen: BTreeSet<IpAddr> = (0..40).map(|_| seen_by(web, inner, web.address).ip()).collect();
    assert_eq!(seen, known);
}

/// Both subnets' edges are passed: into the gateway's and out of it.
#[test]
fn network_acls_about_a_gateway() {
    let Some(mut estate) = estate(1) else { return };
    let fence = |from: &str| {
        vec![
            entry(1, Direction::Ingress, false, "17:53..53", from),
            entry(2, Direction::Ingress, true, "-1", "0.0.0.0/0"),
            entry(1, Direction::Egress, false, "6:443..443", "203.0.113.0/24"),
            entry(2, Direction::Egress, true, "-1", "0.0.0.0/0"),
        ]
    };
    let (gateways, inner) = (estate.public.subnet.clone(), estate.inner_subnet.clone());
    estate.world.account.network_acl(&gateways, fence("10.0.2.0/24"));
    estate.world.account.network_acl(&inner, fence("203.0.113.0/24"));
    estate.world.settle();
    let everybody = estate.everybody();
    let ears = listen(&everybody);
    let (inner, web) = (estate.find("inner"), &estate.web);
    let try_out = [Payload::Tcp(443), Payload::Udp(53)].map(|it| (inner, inner.address, web.address, it));
    assert_eq!(estate.world.agree(&ears, &try_out), 0);
    estate.world.agree(&ears, &estate.packets(&everybody));
}

/// A connection that the gateway has forgotten ends with a reset, as one that was idle for too long does.
#[test]
fn forgotten_connections_are_reset() {
    let Some(estate) = estate(1) else { return };
    let (inner, web) = (estate.find("inner"), &estate.web);
    let listener = web.netns.run(|| TcpListener::bind((web.address, 80))).unwrap().unwrap();
    let mut stream = inner.netns.run(|| TcpStream::connect((web.address, 80))).unwrap().unwrap();
    let (mut there, _) = listener.accept().unwrap();
    stream.write_all(b"one").unwrap();
    there.read_exact(&mut [0; 3]).unwrap();
    let gateway = estate.world.fabric.nat_gateway_netns(&estate.public.eni).unwrap();
    let timeout = linux_net::sysctl::read(gateway, "net.netfilter.nf_conntrack_tcp_timeout_established").unwrap();
    assert_eq!(timeout.trim(), "350");
    assert!(conntrack::forget(gateway, &[net("10.0.2.0/24").into()]).unwrap() > 0);
    stream.set_read_timeout(Some(Duration::from_secs(3))).unwrap();
    stream.write_all(b"two").unwrap();
    assert_eq!(stream.read(&mut [0; 1]).unwrap_err().kind(), ErrorKind::ConnectionReset);
}

/// A gateway that goes leaves nothing behind, and its subnets without a way.
#[test]
fn gateways_come_and_go() {
    let Some(mut estate) = estate(1) else { return };
    let out = |estate: &Estate| {
        let ears = listen(std::slice::from_ref(&estate.web));
        let inner = estate.find("inner");
        estate.world.agree(&ears, &[(inner, inner.address, estate.web.address, Payload::Udp(53))])
    };
    assert_eq!(out(&estate), 1);
    // Somebody deletes its link.
    let vpc = estate.world.account.vpc.clone();
    let fabric = Netlink::open(estate.world.fabric.vpc_netns(&vpc).unwrap()).unwrap();
    fabric.delete_link(names::port(&estate.public.eni).as_str()).unwrap();
    assert!(!estate.world.fabric.look().is_clean());
    estate.world.settle();
    assert_eq!(out(&estate), 1);
    let id = estate.public.id.clone();
    estate.world.account.end_nat_gateway(&id);
    estate.world.settle();
    assert_eq!(out(&estate), 0);
    assert!(estate.world.fabric.nat_gateway_netns(&estate.public.eni).is_none());
}
