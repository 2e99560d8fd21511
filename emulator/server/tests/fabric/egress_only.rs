//! Egress-only internet gateways: IPv6 ways out that nothing comes in by.

use std::io::{Read, Write};
use std::net::{IpAddr, TcpListener, TcpStream};

use linux_net::Netlink;
use vpc_fabric::testing::{Account, interface, ipv6_block, rule};
use vpc_fabric::{InternetHost, Options, Payload, names};
use vpc_model::{Direction, IpProtocol, RouteTarget, SubnetId, VpcId, WantedAddresses};

use crate::listen;
use crate::world::{Host, World};

const PAYLOADS: &[Payload] =
    &[Payload::Tcp(80), Payload::Udp(53), Payload::Udp(9999), Payload::Icmpv6 { kind: 128, code: 0 }];

/// Two VPCs. The first has both kinds of gateways, `quay` in a subnet that uses the internet gateway and `cell` in one that
/// uses the egress-only one; the second has only the latter, used by `cave`.
struct Coast {
    world: World,
    hosts: Vec<Host>,
    first: VpcId,
}

fn coast() -> Option<Coast> {
    let six = InternetHost { name: "six".to_owned(), address: "2001:db8::10".parse().unwrap() };
    let mut world = World::start(Options { internet_hosts: vec![six], ..Options::default() })?;
    let account = &mut world.account;
    let first = account.vpc.clone();
    let (outer, inner) = (account.ipv6_subnet(Some("10.0.1.0/24")), account.ipv6_subnet(Some("10.0.2.0/24")));
    account.internet_gateway();
    let quay = launch(account, &outer, "quay");
    let cell = launch(account, &inner, "cell");
    go_out(account, &inner);
    account.go_to_vpc("10.1.0.0/16");
    let deep = account.ipv6_subnet(None);
    let cave = launch(account, &deep, "cave");
    go_out(account, &deep);
    account.vpc = first.clone();
    world.settle();
    let host = |name, (instance, eni): &(_, _)| {
        let netns = world.fabric.instance_netns(instance).unwrap().clone();
        let address = IpAddr::V6(world.account.get(eni).ipv6_addresses[0]);
        Host { name, eni: eni.clone(), address, netns }
    };
    let hosts = vec![host("quay", &quay), host("cell", &cell), host("cave", &cave), world.internet_host("six")];
    Some(Coast { world, hosts, first })
}

fn launch(
    account: &mut Account,
    subnet: &SubnetId,
    name: &str,
) -> (vpc_model::InstanceId, vpc_model::NetworkInterfaceId) {
    let open = account.group(name);
    account.allow(&open, Direction::Ingress, rule(IpProtocol::All, None, ipv6_block("::/0")));
    let mut primary = interface(subnet, &[&open]);
    primary.addresses = WantedAddresses { ipv6_count: 1, ..WantedAddresses::default() };
    account.instance(primary)
}

fn go_out(account: &mut Account, subnet: &SubnetId) {
    let gateway = account.egress_only_gateway();
    account.route_table(subnet, &[("::/0", RouteTarget::EgressOnlyGateway(gateway))]);
}

impl Coast {
    fn find(&self, name: &str) -> &Host {
        self.hosts.iter().find(|host| host.name == name).unwrap()
    }

    fn packets(&self) -> Vec<(&Host, IpAddr, IpAddr, Payload)> {
        let pairs = self.hosts.iter().flat_map(|from| self.hosts.iter().map(move |to| (from, to.address)));
        let pairs = pairs.filter(|(from, to)| from.address != *to);
        pairs.flat_map(|(from, to)| PAYLOADS.iter().map(move |it| (from, from.address, to, *it))).collect()
    }
}

#[test]
fn kernel_and_oracle_agree_on_egress_only_gateways() {
    let Some(coast) = coast() else { return };
    let ears = listen(&coast.hosts);
    let packets = coast.packets();
    let arrived = coast.world.agree(&ears, &packets);
    println!("{arrived} of {} packets arrived", packets.len());
    let out = ["cell", "cave"].map(|name| coast.find(name));
    let six = coast.find("six");
    let ways_out = out.map(|from| (from, from.address, six.address, Payload::Tcp(80)));
    assert_eq!(coast.world.agree(&ears, &ways_out), 2);
    let ways_in = out.map(|to| (six, six.address, to.address, Payload::Tcp(80)));
    assert_eq!(coast.world.agree(&ears, &ways_in), 0);
}

/// Connections from inside work both ways, also after the link was made anew.
#[test]
fn connections_by_an_egress_only_gateway() {
    let Some(mut coast) = coast() else { return };
    let talk = |coast: &Coast| {
        let (cave, six) = (coast.find("cave"), coast.find("six"));
        let listener = six.netns.run(|| TcpListener::bind((six.address, 80))).unwrap().unwrap();
        let mut here = cave.netns.run(|| TcpStream::connect((six.address, 80))).unwrap().unwrap();
        let (mut there, from) = listener.accept().unwrap();
        assert_eq!(from.ip(), cave.address, "nothing is translated");
        let mut heard = [0; 4];
        here.write_all(b"ping").unwrap();
        there.read_exact(&mut heard).unwrap();
        there.write_all(b"pong").unwrap();
        here.read_exact(&mut heard).unwrap();
        assert_eq!(&heard, b"pong");
    };
    talk(&coast);
    let vpc = coast.world.account.get(&coast.find("cave").eni).vpc_id.clone();
    assert_ne!(vpc, coast.first);
    let fabric = Netlink::open(coast.world.fabric.vpc_netns(&vpc).unwrap()).unwrap();
    fabric.delete_link(names::egress_only_link(&vpc).as_str()).unwrap();
    assert!(!coast.world.fabric.look().is_clean());
    coast.world.settle();
    talk(&coast);
}
