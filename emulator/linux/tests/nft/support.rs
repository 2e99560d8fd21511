//! Short ways to write rulesets, and three namespaces in a row to send packets through.

use std::{
    io::{ErrorKind, Write},
    net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use linux_net::{
    Mac, Netlink, Netns,
    netlink::{LinkSpec, RouteSpec},
    nft, process, socket, sysctl,
};
use nft_ruleset::*;

/// Long enough for a packet on any machine.
const DEADLINE: Duration = Duration::from_secs(5);

pub const CLIENT: Ipv4Addr = Ipv4Addr::new(10, 0, 1, 2);
pub const SERVER: Ipv4Addr = Ipv4Addr::new(10, 0, 2, 2);
pub const CLIENT_MAC: Mac = [2, 0, 0, 0, 1, 2];
/// Packets to this port always pass, so that one tells that those before it are through.
const SENTINEL: u16 = 9;

/// A new namespace, unless this machine does not let us make any.
pub fn netns() -> Option<Netns> {
    match Netns::create() {
        Ok(netns) => Some(netns),
        Err(err) => {
            println!("skipped: network namespaces ({err})");
            None
        }
    }
}

pub fn table(sets: Vec<Set>, chains: Vec<Chain>) -> Table {
    Table { family: Family::Inet, name: "vpcbox".into(), sets, chains }
}

pub fn rule(statements: Vec<Statement>) -> Rule {
    Rule { statements, comment: None }
}

pub fn chain(name: &str, rules: Vec<Vec<Statement>>) -> Chain {
    Chain { name: name.into(), base: None, rules: rules.into_iter().map(rule).collect() }
}

pub fn forward(policy: Policy, rules: Vec<Vec<Statement>>) -> Chain {
    let base = Base { kind: ChainKind::Filter, hook: Hook::Forward, priority: 0, policy };
    Chain { base: Some(base), ..chain("forward", rules) }
}

pub fn set(name: &str, key: &[KeyType], interval: bool, elements: Vec<Vec<KeyPart>>) -> Set {
    let elements = elements.into_iter().map(|key| Element { key, verdict: None }).collect();
    Set { name: name.into(), key: key.to_vec(), interval, verdicts: false, elements }
}

pub fn map(name: &str, key: &[KeyType], interval: bool, elements: Vec<(Vec<KeyPart>, Verdict)>) -> Set {
    let elements = elements.into_iter().map(|(key, verdict)| Element { key, verdict: Some(verdict) }).collect();
    Set { name: name.into(), key: key.to_vec(), interval, verdicts: true, elements }
}

pub fn net(text: &str) -> KeyPart {
    KeyPart::Network(text.parse().expect("a network"))
}

pub fn address(text: &str) -> KeyPart {
    KeyPart::Address(text.parse().expect("an address"))
}

pub fn matches(field: Field, value: Value) -> Statement {
    Statement::Match { field, op: Op::Equal, value }
}

pub fn differs(field: Field, value: Value) -> Statement {
    Statement::Match { field, op: Op::NotEqual, value }
}

pub fn lookup(fields: &[Field], set: &str) -> Statement {
    Statement::Lookup { fields: fields.to_vec(), set: set.into(), negated: false }
}

pub fn not_in(fields: &[Field], set: &str) -> Statement {
    Statement::Lookup { fields: fields.to_vec(), set: set.into(), negated: true }
}

pub fn dispatch(fields: &[Field], map: &str) -> Statement {
    Statement::VerdictMap { fields: fields.to_vec(), map: map.into() }
}

pub fn udp() -> Statement {
    matches(Field::L4Protocol, Value::Number(17))
}

pub const ACCEPT: Statement = Statement::Verdict(Verdict::Accept);
pub const DROP: Statement = Statement::Verdict(Verdict::Drop);

pub fn jump(chain: &str) -> Verdict {
    Verdict::Jump(chain.into())
}

pub fn replace(netns: &Netns, table: &Table) {
    nft::apply(netns, &encode::replace_table(table).expect("encodes")).expect("applies");
}

/// What the nft program lists in a namespace; `None` where it is not installed or prints otherwise than 1.0 does.
pub fn listed(netns: &Netns) -> Option<String> {
    let version = Command::new("nft").arg("--version").output().ok();
    if !version.is_some_and(|output| output.stdout.starts_with(b"nftables v1.0.")) {
        println!("skipped: nft 1.0 (comparison with its listing)");
        return None;
    }
    let mut command = Command::new("nft");
    command.args(["--stateless", "--numeric-priority", "list", "ruleset"]);
    process::in_netns(&mut command, netns);
    let output = command.output().expect("nft runs");
    assert!(output.status.success(), "nft: {}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8(output.stdout).expect("text"))
}

/// Has the nft program take a text; `None` where it is not installed.
pub fn load_text(netns: &Netns, text: &str) -> Option<()> {
    let mut command = Command::new("nft");
    command.args(["-f", "-"]).stdin(Stdio::piped());
    process::in_netns(&mut command, netns);
    let mut child = command.spawn().ok()?;
    child.stdin.take().expect("a pipe").write_all(text.as_bytes()).expect("nft reads");
    assert!(child.wait().expect("nft ends").success(), "nft refuses:\n{text}");
    Some(())
}

/// A client, a router with the ruleset, a server.
pub struct Path {
    pub client: Netns,
    pub router: Netns,
    pub server: Netns,
}

impl Path {
    pub fn new() -> Option<Self> {
        let path = Self { client: netns()?, router: netns()?, server: netns()? };
        let router = Netlink::open(&path.router).expect("netlink");
        let ends = [(&path.client, "client", CLIENT, CLIENT_MAC), (&path.server, "server", SERVER, [2, 0, 0, 0, 2, 2])];
        for (netns, name, address, mac) in ends {
            let [a, b, c, _] = address.octets();
            let gateway = Ipv4Addr::new(a, b, c, 1);
            let host = Netlink::open(netns).expect("netlink");
            router
                .add_veth(&LinkSpec::new(name).up(), &LinkSpec::new("eth0").mac(mac).up(), Some(netns))
                .expect("veth");
            router.add_address(name, in_24(gateway)).expect("address");
            host.add_address("eth0", in_24(address)).expect("address");
            host.replace_route(&RouteSpec::via(RouteSpec::default_v4(), gateway)).expect("route");
        }
        sysctl::write(&path.router, "net.ipv4.ip_forward", "1").expect("forwarding");
        Some(path)
    }

    /// Replaces the router's ruleset by one that drops what the rules do not accept.
    pub fn filter(&self, sets: Vec<Set>, mut chains: Vec<Chain>, rules: Vec<Vec<Statement>>) {
        let sentinel = vec![udp(), matches(Field::DestinationPort, Value::Number(SENTINEL.into())), ACCEPT];
        let rules = std::iter::once(sentinel).chain(rules).collect();
        chains.push(forward(Policy::Drop, rules));
        replace(&self.router, &table(sets, chains));
    }

    /// Whether a UDP packet from the client reaches a port of the server.
    pub fn passes(&self, port: u16) -> bool {
        self.passes_from(CLIENT, port)
    }

    /// As [`passes`](Self::passes), from a certain address of the client.
    pub fn passes_from(&self, source: Ipv4Addr, port: u16) -> bool {
        self.source_seen(source, port).is_some()
    }

    /// Where the server sees a packet come from that the client sends; `None` if it does not arrive.
    pub fn source_seen(&self, source: Ipv4Addr, port: u16) -> Option<SocketAddr> {
        let at = |netns, address: Ipv4Addr, port| {
            socket::udp_socket(netns, SocketAddr::from((address, port))).expect("socket")
        };
        let (asked, sentinel) = (at(&self.server, SERVER, port), at(&self.server, SERVER, SENTINEL));
        let client = at(&self.client, source, 0);
        client.send_to(b"probe", (SERVER, port)).expect("sends");
        let own = at(&self.client, CLIENT, 0);
        own.send_to(b"sentinel", (SERVER, SENTINEL)).expect("sends");
        receive(&sentinel, DEADLINE).expect("the sentinel always arrives");
        receive(&asked, Duration::ZERO)
    }
}

/// Who sent what a socket receives, if anything comes before the deadline.
pub fn receive(socket: &UdpSocket, deadline: Duration) -> Option<SocketAddr> {
    let start = Instant::now();
    loop {
        match socket.recv_from(&mut [0; 64]) {
            Ok((_, from)) => return Some(from),
            Err(err) if err.kind() == ErrorKind::WouldBlock && start.elapsed() < deadline => std::thread::yield_now(),
            Err(_) => return None,
        }
    }
}

pub fn in_24(address: Ipv4Addr) -> ipnet::IpNet {
    ipnet::IpNet::new(IpAddr::V4(address), 24).expect("a network")
}
