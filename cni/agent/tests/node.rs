//! A node's own set-up in the kernel: what leaves the VPC leaves by the primary ENI with the node's address, what stays
//! in it leaves by the pod's ENI with the pod's.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use cni_agent::eni::{EniLink, route_table};
use cni_agent::snat::Snat;
use cni_agent::{Settings, host};
use cni_rpc::MacAddress;
use ipnet::{IpNet, Ipv4Net};
use linux_net::netlink::{LinkSpec, RouteSpec, RuleSpec, table};
use linux_net::{Netlink, Netns, features, socket, sysctl};

const PRIMARY: MacAddress = MacAddress([0x0a, 0, 0, 0, 1, 10]);
const SECONDARY: MacAddress = MacAddress([0x0a, 0, 0, 0, 1, 11]);
const NODE: Ipv4Addr = Ipv4Addr::new(10, 0, 1, 10);
const ENI: Ipv4Addr = Ipv4Addr::new(10, 0, 1, 11);
const POD: Ipv4Addr = Ipv4Addr::new(10, 0, 1, 20);
/// Two hosts behind the router: one in the VPC, one not.
const IN_VPC: Ipv4Addr = Ipv4Addr::new(10, 0, 9, 9);
const OFF_VPC: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 9);

struct World {
    node: Netns,
    pod: Netns,
    router: Netns,
}

fn settings(pairs: &[(&str, &str)]) -> Settings {
    let get = |name: &str| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
    Settings::read(get).expect("settings")
}

fn host_net(address: Ipv4Addr) -> IpNet {
    IpNet::from(IpAddr::V4(address))
}

fn net(text: &str) -> IpNet {
    text.parse().expect("a network")
}

fn eni() -> EniLink {
    let subnet = "10.0.1.0/24".parse::<Ipv4Net>().expect("a network");
    EniLink { mac: SECONDARY, address: ENI, subnet, route_table: route_table(0, 1), mtu: 9001, trunk: false }
}

impl World {
    /// Nothing where our rights or this kernel do not allow it.
    fn start(settings: &Settings) -> Option<Self> {
        let features = features::probe();
        if features.privilege != features::Privilege::Root {
            println!("skipped: root in a namespace of one's own");
            return None;
        }
        if let Some(missing) = features.obstacles().first() {
            println!("skipped: {missing}");
            return None;
        }
        Some(Self::new(settings))
    }

    /// A node with two ENIs and a pod on the second, both wires ending at one router.
    fn new(settings: &Settings) -> Self {
        let [node, pod, router] = [(); 3].map(|()| Netns::create().expect("namespace"));
        let world = Self { node, pod, router };
        let (on_node, on_router) = (world.on(&world.node), world.on(&world.router));
        for (name, far, mac) in [("eth0", "port0", PRIMARY), ("eth1", "port1", SECONDARY)] {
            let near = LinkSpec::new(name).mac(mac.0);
            on_node.add_veth(&near, &LinkSpec::new(far).mtu(9001).up().quiet(), Some(&world.router)).expect("veth");
        }
        on_node.set_up("eth0").expect("up");
        on_node.add_address("eth0", net("10.0.1.10/24")).expect("address");
        on_node.replace_route(&RouteSpec::via(RouteSpec::default_v4(), Ipv4Addr::new(10, 0, 1, 1))).expect("route");
        world.set_up_router(&on_router);
        world.set_up_pod(&on_node);
        let primary = host::set_up(&world.node, settings, PRIMARY).expect("host");
        assert_eq!(primary, "eth0");
        eni().set_up(&world.node).expect("ENI");
        let snat = Snat {
            primary_link: primary,
            node_address: NODE,
            exempt: vec!["10.0.0.0/16".parse().expect("a network")],
            veth_prefix: "eni".to_owned(),
            mark: settings.connmark,
            enabled: !settings.external_snat,
            random: true,
            node_ports: settings.node_port_support,
        };
        snat.apply(&world.node).expect("SNAT");
        world
    }

    fn on(&self, netns: &Netns) -> Netlink {
        Netlink::open(netns).expect("netlink")
    }

    /// Like a VPC's router: knows which address is behind which wire, and drops what comes by the wrong one.
    fn set_up_router(&self, router: &Netlink) {
        sysctl::write_all(&self.router, &[("net.ipv4.conf.all.rp_filter", "1")]).expect("rp_filter");
        for port in ["port0", "port1"] {
            router.add_address(port, host_net(Ipv4Addr::new(10, 0, 1, 1))).expect("address");
        }
        for address in [IN_VPC, OFF_VPC] {
            router.add_address("lo", host_net(address)).expect("address");
        }
        for (address, port, mac) in [(NODE, "port0", PRIMARY), (ENI, "port1", SECONDARY), (POD, "port1", SECONDARY)] {
            let link = router.index(port).expect("port");
            router.replace_route(&RouteSpec::on_link(host_net(address), link)).expect("route");
            router.replace_neighbour(link, address, mac.0).expect("neighbour");
        }
    }

    /// As the plugin connects a pod.
    fn set_up_pod(&self, node: &Netlink) {
        let (near, far) = (LinkSpec::new("eni0123456789a").up(), LinkSpec::new("eth0").up());
        node.add_veth(&near, &far, Some(&self.pod)).expect("veth");
        let (pod, gateway) = (self.on(&self.pod), Ipv4Addr::new(169, 254, 1, 1));
        let (inner, outer) =
            (pod.index("eth0").expect("eth0"), node.link("eni0123456789a").expect("link").expect("veth"));
        pod.add_address(inner, host_net(POD)).expect("address");
        pod.replace_route(&RouteSpec::on_link(host_net(gateway), inner)).expect("route");
        pod.replace_route(&RouteSpec::via(RouteSpec::default_v4(), gateway).link(inner)).expect("route");
        pod.replace_neighbour(inner, gateway, outer.mac.expect("a MAC")).expect("neighbour");
        node.replace_route(&RouteSpec::on_link(host_net(POD), outer.index)).expect("route");
        node.add_rule(&RuleSpec::v4(512, table::MAIN).to(host_net(POD))).expect("rule");
        node.add_rule(&RuleSpec::v4(1536, route_table(0, 1)).from(host_net(POD))).expect("rule");
    }

    /// The source that a host behind the router sees when the pod talks to it; `None` if no answer comes back.
    fn seen_source(&self, target: Ipv4Addr) -> Option<IpAddr> {
        let echo = socket::udp_socket(&self.router, SocketAddr::new(target.into(), 9000)).expect("echo");
        let client = socket::udp_socket(&self.pod, SocketAddr::new(POD.into(), 0)).expect("client");
        for socket in [&echo, &client] {
            socket.set_nonblocking(false).expect("blocking");
            socket.set_read_timeout(Some(Duration::from_millis(300))).expect("timeout");
        }
        let until = Instant::now() + Duration::from_millis(1500);
        let mut buffer = [0; 16];
        while Instant::now() < until {
            client.send_to(b"ping", (target, 9000)).ok();
            let Ok((_, peer)) = echo.recv_from(&mut buffer) else { continue };
            echo.send_to(b"pong", peer).expect("answer");
            if client.recv_from(&mut buffer).is_ok_and(|(_, from)| from.ip() == target) {
                return Some(peer.ip());
            }
        }
        None
    }
}

#[test]
fn off_vpc_traffic_has_the_nodes_address_and_vpc_traffic_the_pods() {
    let Some(world) = World::start(&settings(&[])) else { return };
    assert_eq!(world.seen_source(OFF_VPC), Some(NODE.into()));
    assert_eq!(world.seen_source(IN_VPC), Some(POD.into()));
}

#[test]
fn with_external_snat_the_pod_keeps_its_address() {
    let Some(world) = World::start(&settings(&[("AWS_VPC_K8S_CNI_EXTERNALSNAT", "true")])) else { return };
    assert_eq!(world.seen_source(OFF_VPC), Some(POD.into()));
}

#[test]
fn setting_up_twice_changes_nothing() {
    let settings = settings(&[("ENABLE_POD_ENI", "true"), ("MY_NODE_NAME", "n")]);
    let Some(world) = World::start(&settings) else { return };
    let netlink = world.on(&world.node);
    let state = || {
        (netlink.rules().expect("rules"), netlink.routes().expect("routes"), netlink.addresses().expect("addresses"))
    };
    let before = state();
    host::set_up(&world.node, &settings, PRIMARY).expect("host");
    eni().set_up(&world.node).expect("ENI");
    assert_eq!(state(), before);
    let local: Vec<_> =
        before.0.iter().filter(|rule| rule.table == table::LOCAL).map(|rule| (rule.family, rule.priority)).collect();
    assert!(
        local.contains(&(linux_net::netlink::Family::V4, 20)) && !local.contains(&(linux_net::netlink::Family::V4, 0))
    );
    assert_eq!(netlink.link("eth1").expect("look up").expect("eth1").mtu, 9001);
    // The subnet is reached by eth0 alone, but for traffic that the secondary table is for.
    let subnet: Vec<_> = before.1.iter().filter(|route| route.destination == net("10.0.1.0/24")).collect();
    assert_eq!(subnet.len(), 1);
    assert_eq!(subnet[0].link, Some(netlink.index("eth0").expect("eth0")));
}

#[test]
fn tearing_down_removes_the_enis_rule() {
    let Some(world) = World::start(&settings(&[])) else { return };
    let has_rule = || world.on(&world.node).rules().expect("rules").iter().any(|rule| rule.priority == 32765);
    assert!(has_rule());
    eni().tear_down(&world.node).expect("tear down");
    eni().tear_down(&world.node).expect("again");
    assert!(!has_rule());
}
