//! Objects that somebody deletes, alters or adds behind our back: one pass makes all as it was, and connections go on.

use std::io::{Read, Write};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use ipnet::IpNet;
use linux_net::netlink::{BridgePort, LinkSpec, RouteKind, RouteSpec, RuleSpec};
use linux_net::{Netlink, Netns, nft, sysctl};
use nft_ruleset::{Base, Chain, ChainKind, Family, Hook, Policy, Table, encode};
use vpc_fabric::{Key, Payload, compile, names};

use crate::world::{Host, World};
use crate::{listen, shop};

/// A connection that is open all the time.
struct Flow {
    here: TcpStream,
    there: TcpStream,
}

impl Flow {
    fn open(from: &Host, to: &Host, port: u16) -> Self {
        let listener = to.netns.run(|| TcpListener::bind((to.address, port))).unwrap().unwrap();
        let address = SocketAddr::from((to.address, port));
        let here = from.netns.run(|| TcpStream::connect(address)).unwrap().unwrap();
        let (there, _) = listener.accept().unwrap();
        for end in [&here, &there] {
            end.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        }
        Self { here, there }
    }

    /// Sends a word there and back.
    fn goes_on(&mut self) -> bool {
        let mut buffer = [0; 4];
        let mut exchange = || {
            self.here.write_all(b"ping")?;
            self.there.read_exact(&mut buffer)?;
            self.there.write_all(&buffer)?;
            self.here.read_exact(&mut buffer)
        };
        exchange().is_ok() && buffer == *b"ping"
    }
}

/// The fabric of a world, and what to break in it.
struct Fabric {
    netns: Netns,
    netlink: Netlink,
    bridge: String,
    port: String,
    other: IpAddr,
}

impl Fabric {
    fn of(world: &World, host: &Host) -> Self {
        let netns = world.fabric.vpc_netns(&world.account.vpc).unwrap().clone();
        let eni = world.account.get(&host.eni);
        Self {
            netlink: Netlink::open(&netns).unwrap(),
            bridge: names::bridge(&eni.subnet_id),
            port: names::port(&host.eni),
            other: host.address,
            netns,
        }
    }
}

/// A table that drops all it sees.
fn wall(name: &str) -> Table {
    let base = Base { kind: ChainKind::Filter, hook: Hook::Forward, priority: -5, policy: Policy::Drop };
    let chain = Chain { name: "wall".into(), base: Some(base), rules: vec![] };
    Table { family: Family::Inet, name: name.into(), sets: vec![], chains: vec![chain] }
}

type Damage = (&'static str, fn(&Fabric));

/// What can be done to objects of a VPC's fabric.
const DAMAGES: &[Damage] = &[
    ("bridge deleted", |it| it.netlink.delete_link(&it.bridge).unwrap()),
    ("bridge down", |it| it.netlink.set_down(&it.bridge).unwrap()),
    ("bridge of another mtu", |it| it.netlink.set_mtu(&it.bridge, 1500).unwrap()),
    ("bridge of another Ethernet address", |it| it.netlink.set_mac(&it.bridge, [2, 0, 0, 0, 9, 9]).unwrap()),
    ("router without its address", |it| {
        let own = it.netlink.addresses_of(&it.bridge).unwrap();
        own.into_iter().for_each(|own| it.netlink.delete_address(&it.bridge, own.address).unwrap());
    }),
    ("router with an address more", |it| {
        it.netlink.add_address(&it.bridge, "10.0.77.1/24".parse::<IpNet>().unwrap()).unwrap();
    }),
    ("service without its address", |it| {
        it.netlink.delete_address("lo", "169.254.169.254/32".parse().unwrap()).unwrap();
    }),
    ("port down", |it| it.netlink.set_down(&it.port).unwrap()),
    ("port of no bridge", |it| it.netlink.set_master(&it.port, None).unwrap()),
    ("port of another mtu", |it| it.netlink.set_mtu(&it.port, 1400).unwrap()),
    ("port with another flag", |it| {
        it.netlink.set_bridge_port(&it.port, BridgePort { learning: true, ..BridgePort::default() }).unwrap();
    }),
    ("port without its forwarding entry", |it| {
        let index = it.netlink.index(&it.port).unwrap();
        let entries = it.netlink.fdb(None).unwrap().into_iter().filter(|entry| entry.link == index && !entry.local);
        entries.for_each(|entry| it.netlink.delete_fdb(index, entry.mac).unwrap());
    }),
    ("port that lets a stranger pass", |it| it.netlink.replace_fdb(&it.port, [2, 0, 0, 0, 9, 9]).unwrap()),
    ("neighbour deleted", |it| it.netlink.delete_neighbour(&it.bridge, it.other).unwrap()),
    ("neighbour elsewhere", |it| it.netlink.replace_neighbour(&it.bridge, it.other, [2, 0, 0, 0, 9, 9]).unwrap()),
    ("a neighbour more", |it| {
        it.netlink.replace_neighbour(&it.bridge, IpAddr::from([10, 0, 1, 250]), [2, 0, 0, 0, 9, 9]).unwrap();
    }),
    ("routes deleted", |it| {
        let routes = it.netlink.set_routes().unwrap();
        assert!(!routes.is_empty());
        routes.iter().for_each(|route| it.netlink.delete_route(route).unwrap());
    }),
    ("routes elsewhere", |it| {
        let routes = it.netlink.set_routes().unwrap().into_iter();
        routes.for_each(|route| {
            let kind = match route.kind {
                RouteKind::Blackhole => RouteKind::Unreachable,
                _ => RouteKind::Blackhole,
            };
            let mut other = RouteSpec::of_kind(route.destination, kind).table(route.table);
            other.metric = route.metric.filter(|_| route.destination.addr().is_ipv6());
            it.netlink.replace_route(&other).unwrap();
        });
    }),
    ("a route more", |it| {
        let other = RouteSpec::of_kind("10.0.1.0/26".parse::<IpNet>().unwrap(), RouteKind::Blackhole);
        it.netlink.replace_route(&other).unwrap();
        it.netlink.replace_route(&other.table(77)).unwrap();
    }),
    ("a routing rule more", |it| it.netlink.add_rule(&RuleSpec::v4(5, 77)).unwrap()),
    ("no forwarding", |it| sysctl::write(&it.netns, "net.ipv4.ip_forward", "0").unwrap()),
    ("source check", |it| sysctl::write(&it.netns, "net.ipv4.conf.all.rp_filter", "1").unwrap()),
    ("no answers for neighbours", |it| {
        sysctl::write(&it.netns, "net.ipv4.conf.all.proxy_arp_pvlan", "0").unwrap();
        sysctl::write(&it.netns, &format!("net/ipv4/conf/{}/proxy_arp_pvlan", it.bridge), "0").unwrap();
    }),
    ("neighbours asked for", |it| {
        sysctl::write(&it.netns, &format!("net/ipv4/neigh/{}/mcast_solicit", it.bridge), "3").unwrap();
    }),
    ("table deleted", |it| {
        let batch = encode::delete_table(Family::Inet, names::TABLE).unwrap();
        nft::apply(&it.netns, &batch).unwrap();
    }),
    ("table of another content", |it| nft::replace(&it.netns, &wall(names::TABLE)).unwrap()),
    ("a table more", |it| nft::replace(&it.netns, &wall("wall")).unwrap()),
];

/// A pass that looks first. It has to be enough.
fn repair(world: &mut World, what: &str) {
    let desired = compile(&world.account.model, &world.options);
    let planned = world.fabric.plan(&desired);
    assert!(!planned.steps.is_empty() || !planned.strays.is_empty(), "{what}: nobody noticed");
    assert!(!world.fabric.look().is_clean());
    let report = world.fabric.pass(&desired, |_| ());
    assert!(report.failures.is_empty() && report.waiting == 0, "{what}: {report:#?}");
    assert_eq!(report.done, planned.steps.len() + planned.strays.len(), "{what}: the plan is what was done");
    let after = world.fabric.look();
    assert!(after.is_clean(), "{what}: {after:#?}");
    assert_eq!(world.fabric.applied(), &desired);
}

#[test]
fn whatever_is_done_behind_our_back_one_pass_mends_it() {
    let Some((mut world, hosts)) = shop() else { return };
    let find = |name: &str| hosts.iter().find(|host| host.name == name).unwrap();
    let (from, to) = (find("web 2"), find("database"));
    let mut flow = Flow::open(from, to, 5432);
    assert!(world.fabric.look().is_clean());
    for (what, damage) in DAMAGES {
        for host in [from, to] {
            damage(&Fabric::of(&world, host));
            repair(&mut world, what);
            assert!(flow.goes_on(), "{what}: the connection is cut");
        }
    }
    let ears = listen(&hosts);
    let packets = crate::all_packets(&hosts);
    world.agree(&ears, &packets);
}

/// A wire, whose other end went too, is made anew, with the branches on it; nobody else notices.
#[test]
fn a_wire_that_is_gone() {
    let Some((mut world, hosts)) = shop() else { return };
    let find = |name: &str| hosts.iter().find(|host| host.name == name).unwrap();
    let (from, to) = (find("web 2"), find("database"));
    let mut flow = Flow::open(from, to, 5432);
    let bystander = find("open database");
    Netlink::open(&bystander.netns).unwrap().delete_link("eth0").unwrap();
    repair(&mut world, "wire deleted in the instance");
    if world.carrier.is_some() {
        let association = world.account.model.trunk_associations().next().unwrap().clone();
        let fabric = Fabric::of(&world, from);
        fabric.netlink.delete_link(names::branch_port(&association.branch_id).as_str()).unwrap();
        repair(&mut world, "branch deleted");
        fabric.netlink.delete_link(names::port(&association.trunk_id).as_str()).unwrap();
        repair(&mut world, "trunk deleted");
    }
    assert!(flow.goes_on());
    let ears = listen(std::slice::from_ref(bystander));
    assert_eq!(world.agree(&ears, &[(from, from.address, bystander.address, Payload::Udp(9999))]), 1);
}

/// Names that are taken in the fabric stop nothing: what has them is not ours to keep.
#[test]
fn names_that_are_taken() {
    let Some((mut world, hosts)) = shop() else { return };
    let host = &hosts[0];
    let fabric = Fabric::of(&world, host);
    let subnet = world.account.subnet("10.0.3.0/24");
    let name = names::bridge(&subnet);
    fabric.netlink.add_veth(&LinkSpec::new(&name), &LinkSpec::new("other"), None).unwrap();
    let (_, eni) = world.account.instance(vpc_fabric::testing::interface(&subnet, &[]));
    fabric.netlink.add_bridge(&LinkSpec::new(&names::port(&eni))).unwrap();
    world.settle();
    let leftover = world.account.subnet("10.0.4.0/24");
    fabric.netlink.add_bridge(&LinkSpec::new(&names::bridge(&leftover)).mtu(1500)).unwrap();
    world.account.instance(vpc_fabric::testing::interface(&leftover, &[]));
    world.settle();
    assert!(world.fabric.applied().contains(&Key::Bridge(world.account.vpc.clone(), leftover)));
}
