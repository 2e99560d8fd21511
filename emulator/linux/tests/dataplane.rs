//! Packets through what rtnetlink built: the pieces the fabric is made of, each shown to work in a real kernel.

mod common;

use std::time::Instant;

use linux_net::{
    Netlink,
    netlink::{BridgePort, LinkSpec, RouteSpec, RuleSpec},
};

use common::{DEADLINE, Host, REFUSED, mac, net, tcp_transfer, udp_exchange};

/// How the fabric sets the port of a network interface.
const WIRE: BridgePort = BridgePort {
    isolated: true,
    locked: true,
    learning: false,
    flood: false,
    mcast_flood: false,
    bcast_flood: true,
    neigh_suppress: false,
};

/// A subnet's bridge with the router's address `10.0.1.1`, through which all ports are routed.
fn subnet() -> Host {
    let fabric = Host::new();
    fabric.netlink.add_bridge(&LinkSpec::new("subnet").mac(mac(1)).mtu(9001).up().quiet()).expect("bridge");
    fabric.address("subnet", "10.0.1.1/24");
    for (key, value) in [
        ("net.ipv4.ip_forward", "1"),
        ("net.ipv4.conf.subnet.proxy_arp_pvlan", "1"),
        ("net.ipv4.neigh.subnet.proxy_delay", "0"),
        ("net.ipv4.conf.all.send_redirects", "0"),
        ("net.ipv4.conf.subnet.send_redirects", "0"),
    ] {
        fabric.sysctl(key, value);
    }
    fabric
}

/// A host on the subnet, with `10.0.1.<number>` and a MAC that ends in `number`.
fn attach(fabric: &Host, number: u8) -> Host {
    let host = Host::new();
    let port = format!("port{number}");
    let near = LinkSpec::new(&port).mtu(9001).master(fabric.index("subnet")).up().quiet();
    let far = LinkSpec::new("eth0").mac(mac(number)).mtu(9001).up().quiet();
    fabric.netlink.add_veth(&near, &far, Some(&host.netns)).expect("veth");
    fabric.netlink.set_bridge_port(&port, WIRE).expect("port");
    fabric.netlink.replace_fdb(&port, mac(number)).expect("entry");
    host.address("eth0", &format!("10.0.1.{number}/24"));
    host
}

#[test]
fn two_namespaces_talk() {
    let (a, b) = (Host::new(), Host::new());
    let near = LinkSpec::new("eth0").mtu(9001).up().quiet();
    a.netlink.add_veth(&near, &near, Some(&b.netns)).expect("veth");
    a.address("eth0", "10.0.0.1/24");
    b.address("eth0", "10.0.0.2/24");
    udp_exchange(&a, &b, "10.0.0.2:7000").expect("udp");
    tcp_transfer(&a, &b, "10.0.0.2:7001", 4 << 20);
}

#[test]
fn ports_of_one_subnet_meet_at_the_router() {
    let fabric = subnet();
    let (a, b) = (attach(&fabric, 10), attach(&fabric, 11));
    let start = Instant::now();
    udp_exchange(&a, &b, "10.0.1.11:7000").expect("udp");
    assert!(start.elapsed() < DEADLINE / 10, "no proxy delay: {:?}", start.elapsed());
    tcp_transfer(&b, &a, "10.0.1.10:7001", 1 << 20);
    // The neighbour was reached by the router, which answered for it.
    let neighbours = a.netlink.neighbours_of("eth0").expect("neighbours");
    assert_eq!(neighbours.iter().find(|entry| entry.mac.is_some()).expect("resolved").mac, Some(mac(1)));

    fabric.sysctl("net.ipv4.ip_forward", "0");
    let err = udp_exchange_briefly(&a, &b).expect_err("nothing goes around the router");
    assert_eq!(err.kind(), std::io::ErrorKind::WouldBlock);
}

fn udp_exchange_briefly(from: &Host, to: &Host) -> std::io::Result<()> {
    let server = to.udp("10.0.1.11:7002");
    server.set_read_timeout(Some(REFUSED))?;
    from.udp("0.0.0.0:0").send_to(b"ping", "10.0.1.11:7002")?;
    server.recv(&mut [0; 16]).map(drop)
}

#[test]
fn locked_port_drops_forged_addresses() {
    let fabric = subnet();
    let host = attach(&fabric, 10);
    let server = fabric.udp("10.0.1.1:7000");
    let client = host.udp("10.0.1.10:0");
    let send = |text: &[u8]| client.send_to(text, "10.0.1.1:7000").expect("send");
    // Both ends know each other, so that only the frame's source decides.
    host.netlink.replace_neighbour("eth0", [10, 0, 1, 1], mac(1)).expect("neighbour");

    for round in 0..20u8 {
        host.netlink.set_mac("eth0", mac(0x66)).expect("forge");
        host.netlink.replace_neighbour("eth0", [10, 0, 1, 1], mac(1)).expect("neighbour");
        send(b"forged");
        host.netlink.set_mac("eth0", mac(10)).expect("honest");
        host.netlink.replace_neighbour("eth0", [10, 0, 1, 1], mac(1)).expect("neighbour");
        send(&[round]);
        let mut text = [0; 16];
        let length = server.recv(&mut text).expect("the honest one");
        assert_eq!(&text[..length], &[round]);
    }
}

#[test]
fn incoming_link_chooses_the_table() {
    let (router, a, b) = (Host::new(), Host::new(), Host::new());
    let (east, west) = (Host::new(), Host::new());
    router.sysctl("net.ipv4.ip_forward", "1");
    let wires = [(&a, "a", "10.1.0"), (&b, "b", "10.2.0"), (&east, "east", "10.3.0"), (&west, "west", "10.4.0")];
    for (host, link, subnet) in wires {
        let near = LinkSpec::new(link).up().quiet();
        router.netlink.add_veth(&near, &LinkSpec::new("eth0").up().quiet(), Some(&host.netns)).expect("veth");
        router.address(link, &format!("{subnet}.1/24"));
        host.address("eth0", &format!("{subnet}.2/24"));
        host.default_route(&format!("{subnet}.1"));
    }
    // The same destination is east for what comes by a, and west for what comes by b.
    east.address("lo", "192.0.2.1/32");
    west.address("lo", "192.0.2.1/32");
    for (iif, table, gateway) in [("a", 1001, [10, 3, 0, 2]), ("b", 1002, [10, 4, 0, 2])] {
        let route = RouteSpec::via(net("192.0.2.0/24"), gateway).table(table);
        let outcomes = router.netlink.batch(|batch: &Netlink| {
            batch.replace_route(&route)?;
            batch.add_rule(&RuleSpec::v4(100, table).iif(iif))
        });
        outcomes.expect("batch").into_iter().for_each(|outcome| outcome.expect("route and rule"));
    }
    udp_exchange(&a, &east, "192.0.2.1:7000").expect("a goes east");
    udp_exchange(&b, &west, "192.0.2.1:7000").expect("b goes west");
}
