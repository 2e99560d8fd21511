//! A node, a pod, what is at the other end of the node's wires, and an agent that gives what a test says.

use std::io::{BufRead, BufReader, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use cni_rpc::wire::{decode_request, encode};
use cni_rpc::*;
use ipnet::{IpNet, Ipv4Net};
use linux_net::netlink::{AddressSpec, LinkSpec, RouteSpec, RuleSpec, table};
use linux_net::{Mac, Netlink, Netns, features, process, socket, sysctl};
use serde_json::{Value, json};

pub const NODE_ADDRESS: Ipv4Addr = Ipv4Addr::new(10, 0, 1, 10);
pub const ROUTER: Ipv4Addr = Ipv4Addr::new(10, 0, 1, 1);
pub const POD_ADDRESS: Ipv4Addr = Ipv4Addr::new(10, 0, 1, 20);
pub const BRANCH_ADDRESS: Ipv4Addr = Ipv4Addr::new(10, 0, 2, 30);
pub const BRANCH_ROUTER: Ipv4Addr = Ipv4Addr::new(10, 0, 2, 1);
pub const BRANCH_MAC: Mac = [0x0a, 0, 0, 0, 2, 30];
pub const VLAN: u16 = 7;
const ECHO_PORT: u16 = 9000;

/// Everything a test needs; the namespaces go with it.
pub struct World {
    pub node: Netns,
    pub pod: Netns,
    pub fabric: Netns,
    pub agent: Agent,
    pub conf: Value,
    dir: tempfile::TempDir,
}

/// What the plugin printed and how it ended.
#[derive(Debug)]
pub struct Output {
    pub stdout: String,
    pub ok: bool,
}

impl Output {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|err| panic!("{err}: {:?}", self.stdout))
    }

    pub fn code(&self) -> u64 {
        self.json()["code"].as_u64().unwrap_or_else(|| panic!("no error: {}", self.stdout))
    }

    #[track_caller]
    pub fn expect_ok(&self) {
        assert!(self.ok, "{}", self.stdout);
    }
}

pub fn net(text: &str) -> IpNet {
    text.parse().expect("a network")
}

pub fn host_net(address: Ipv4Addr) -> IpNet {
    IpNet::from(IpAddr::V4(address))
}

fn in_24(address: Ipv4Addr) -> IpNet {
    IpNet::V4(Ipv4Net::new(address, 24).expect("24 is a length"))
}

impl World {
    /// A node with `eth0` (table main), `eth1` (table 2) and the trunk `eth2`, none of them with pods.
    /// Nothing where our rights or this kernel do not allow it.
    pub fn start() -> Option<Self> {
        let features = features::probe();
        if features.privilege != features::Privilege::Root {
            println!("skipped: root in a namespace of one's own");
            return None;
        }
        if let Some(missing) = features.obstacles().first() {
            println!("skipped: {missing}");
            return None;
        }
        Some(Self::new())
    }

    fn new() -> Self {
        let [node, pod, fabric] = [(); 3].map(|()| Netns::create().expect("namespace"));
        for netns in [&node, &fabric] {
            sysctl::write(netns, "net.ipv4.ip_forward", "1").expect("forwarding");
        }
        let (on_node, on_fabric) = (Netlink::open(&node).expect("node"), Netlink::open(&fabric).expect("fabric"));
        for (device, last) in [(0_u32, 10), (1, 11), (2, 12)] {
            let (name, far) = (format!("eth{device}"), format!("port{device}"));
            let mac = [0x0a, 0, 0, 0, 1, last];
            let near = LinkSpec::new(&name).mac(mac).mtu(9001).up();
            on_node.add_veth(&near, &LinkSpec::new(&far).mtu(9001).up().quiet(), Some(&fabric)).expect("veth");
        }
        let world = Self {
            agent: Agent::default(),
            conf: json!({
                "cniVersion": "1.1.0", "name": "aws-cni", "type": "vpcbox-cni", "vethPrefix": "eni", "mtu": "9001",
                "podSGEnforcingMode": "strict",
            }),
            dir: tempfile::tempdir().expect("directory"),
            node,
            pod,
            fabric,
        };
        world.connect_primary(&on_node, &on_fabric);
        world.connect_secondary(&on_node, &on_fabric);
        let mut world = world;
        let socket = world.dir.path().join("agent.sock");
        world.conf["socket"] = json!(socket);
        world.agent.serve(UnixListener::bind(socket).expect("socket"));
        world
    }

    fn connect_primary(&self, node: &Netlink, fabric: &Netlink) {
        node.add_address("eth0", in_24(NODE_ADDRESS)).expect("address");
        // As the agent does in strict mode: the rules of branch ENIs come before the node's own addresses.
        node.add_rule(&RuleSpec::v4(20, table::LOCAL)).expect("rule");
        node.delete_rule(&RuleSpec::v4(0, table::LOCAL)).expect("rule");
        node.replace_route(&RouteSpec::via(RouteSpec::default_v4(), ROUTER)).expect("route");
        fabric.add_address("port0", in_24(ROUTER)).expect("address");
    }

    /// As the agent would have set up a secondary ENI, with the fabric sending pods' addresses to it.
    fn connect_secondary(&self, node: &Netlink, fabric: &Netlink) {
        let (eth1, port1) = (node.index("eth1").expect("eth1"), fabric.index("port1").expect("port1"));
        let router = host_net(ROUTER);
        node.replace_route(&RouteSpec::on_link(router, eth1).table(2)).expect("route");
        node.replace_route(&RouteSpec::via(RouteSpec::default_v4(), ROUTER).link(eth1).table(2)).expect("route");
        // The subnet's router is behind every ENI.
        let address = AddressSpec { prefix_route: false, ..AddressSpec::from(host_net(ROUTER)) };
        fabric.add_address(port1, address).expect("address");
        let port_mac = fabric.link(port1).expect("look up").expect("port1").mac.expect("a MAC");
        node.replace_neighbour(eth1, ROUTER, port_mac).expect("neighbour");
        fabric.replace_route(&RouteSpec::on_link(host_net(POD_ADDRESS), port1)).expect("route");
        fabric.replace_neighbour(port1, POD_ADDRESS, [0x0a, 0, 0, 0, 1, 11]).expect("neighbour");
    }

    /// The plugin, run on the node for the pod `default/web` in container `c1`.
    pub fn run(&self, command: &str) -> Output {
        self.run_with(command, &self.conf.to_string(), |_| {})
    }

    pub fn run_with(&self, command: &str, stdin: &str, change: impl FnOnce(&mut Command)) -> Output {
        let mut plugin = Command::new(env!("CARGO_BIN_EXE_vpcbox-cni"));
        plugin.env_clear().env("CNI_COMMAND", command).env("CNI_CONTAINERID", "c1").env("CNI_IFNAME", "eth0");
        plugin.env("CNI_NETNS", self.pod.path()).env("CNI_PATH", "/opt/cni/bin");
        plugin.env("CNI_ARGS", "IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=web;K8S_POD_UID=u1");
        plugin.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit());
        change(&mut plugin);
        process::in_netns(&mut plugin, &self.node);
        let mut child = plugin.spawn().expect("plugin");
        child.stdin.take().expect("piped").write_all(stdin.as_bytes()).expect("stdin");
        let output = child.wait_with_output().expect("plugin");
        Output { stdout: String::from_utf8(output.stdout).expect("UTF-8"), ok: output.status.success() }
    }

    /// Puts an ADD's result where DEL and CHECK expect it.
    pub fn remember(&mut self, added: &Output) {
        added.expect_ok();
        self.conf["prevResult"] = added.json();
    }

    pub fn on_node(&self) -> Netlink {
        Netlink::open(&self.node).expect("node")
    }

    /// The node's rules but for those every namespace has.
    pub fn rules(&self) -> Vec<RuleSpec> {
        let mut rules = self.on_node().rules().expect("rules");
        rules.retain(|rule| rule.table != table::LOCAL && rule.priority < 32766);
        rules.sort_by_key(|rule| (rule.priority, rule.iif.clone()));
        rules
    }

    /// Links of the node beyond `lo` and the ENIs.
    pub fn pod_links(&self) -> Vec<String> {
        let links = self.on_node().links().expect("links");
        links.into_iter().map(|link| link.name).filter(|name| name != "lo" && !name.starts_with("eth")).collect()
    }

    /// Asserts that the node is as it was before any ADD.
    #[track_caller]
    pub fn expect_clean(&self) {
        assert_eq!(self.pod_links(), Vec::<String>::new());
        assert_eq!(self.rules(), vec![]);
        let routes = self.on_node().routes().expect("routes");
        let pods: Vec<_> = routes
            .iter()
            .filter(|route| route.table > 99 && route.table < table::DEFAULT)
            .chain(routes.iter().filter(|route| route.destination == host_net(POD_ADDRESS)))
            .collect();
        assert_eq!(pods, Vec::<&RouteSpec>::new());
    }
}

/// Whether a datagram from one namespace is answered by an echo at an address in another.
pub fn reaches(from: &Netns, source: Ipv4Addr, to: &Netns, address: Ipv4Addr) -> bool {
    let echo = socket::udp_socket(to, SocketAddr::new(address.into(), ECHO_PORT)).expect("echo");
    let client = socket::udp_socket(from, SocketAddr::new(source.into(), 0)).expect("client");
    client.connect(SocketAddr::new(address.into(), ECHO_PORT)).expect("connect");
    let until = Instant::now() + Duration::from_millis(1500);
    let mut buffer = [0; 64];
    while Instant::now() < until {
        if client.send(b"ping").is_err() {
            continue;
        }
        if let Some((count, peer)) = receive(&echo, &mut buffer) {
            assert_eq!(peer.ip(), IpAddr::V4(source), "the source was changed on the way");
            echo.send_to(&buffer[..count], peer).expect("answer");
            if receive(&client, &mut buffer).is_some() {
                return true;
            }
        }
    }
    false
}

fn receive(socket: &UdpSocket, buffer: &mut [u8]) -> Option<(usize, SocketAddr)> {
    socket.set_nonblocking(false).expect("blocking");
    socket.set_read_timeout(Some(Duration::from_millis(300))).expect("timeout");
    socket.recv_from(buffer).ok()
}

/// An agent that answers ADD with what it was told and keeps what it was asked.
#[derive(Clone, Default)]
pub struct Agent {
    script: Arc<Mutex<Script>>,
}

#[derive(Default)]
struct Script {
    gives: Option<AddReply>,
    asked: Vec<Request>,
}

impl Agent {
    pub fn give(&self, reply: AddReply) {
        self.script.lock().expect("script").gives = Some(reply);
    }

    pub fn asked(&self) -> Vec<Request> {
        self.script.lock().expect("script").asked.clone()
    }

    fn serve(&self, listener: UnixListener) {
        let agent = self.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                agent.answer(stream);
            }
        });
    }

    fn answer(&self, mut stream: UnixStream) {
        let mut line = String::new();
        BufReader::new(stream.try_clone().expect("clone")).read_line(&mut line).expect("a line");
        let mut script = self.script.lock().expect("script");
        let reply = match decode_request(line.as_bytes()) {
            Ok(request) => {
                script.asked.push(request.clone());
                script.reply(&request)
            }
            Err(refusal) => refusal,
        };
        stream.write_all(&encode(&reply)).expect("reply");
    }
}

impl Script {
    fn reply(&mut self, request: &Request) -> Reply {
        let refused = |kind| Reply::Refused(Refusal::new(kind, "nothing to give"));
        match (request, &self.gives) {
            (Request::Add(_) | Request::Check(_), Some(given)) => Reply::Added(given.clone()),
            (Request::Add(_) | Request::Status, None) => refused(RefusalKind::TryAgain),
            (Request::Check(_), None) => refused(RefusalKind::Unknown),
            (Request::Status, Some(_)) => Reply::Ready,
            (Request::Del(_), _) => {
                let given = self.gives.take().filter(|given| given.branch.is_none());
                Reply::Deleted(DelReply { addresses: given.map(|given| given.addresses).unwrap_or_default() })
            }
            (Request::Gc(_), _) => {
                let given = self.gives.take().filter(|given| given.branch.is_none());
                Reply::Collected(GcReply { released: given.map(|given| given.addresses).unwrap_or_default() })
            }
        }
    }
}

/// An address of the secondary ENI.
pub fn regular() -> AddReply {
    let address = PodAddress { address: POD_ADDRESS.into(), device_number: 1, route_table: 2 };
    AddReply { addresses: vec![address], branch: None, vpc_cidrs: vec![net("10.0.0.0/16")], external_snat: false }
}

/// A branch ENI on the trunk `eth2`.
pub fn branch() -> AddReply {
    let address = PodAddress { address: BRANCH_ADDRESS.into(), device_number: 0, route_table: table::MAIN };
    let branch = Branch {
        vlan_id: VLAN,
        mac: MacAddress(BRANCH_MAC),
        subnet_gateway: BRANCH_ROUTER,
        trunk_link: "eth2".to_owned(),
    };
    AddReply { addresses: vec![address], branch: Some(branch), ..regular() }
}

/// A path that leads to no namespace.
pub fn no_netns() -> PathBuf {
    PathBuf::from("/proc/self/ns/absent")
}
