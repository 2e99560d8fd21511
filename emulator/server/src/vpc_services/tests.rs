//! The services inside a VPC, in namespaces that stand for a fabric, a node and a pod behind the node.
//!
//! Need `CAP_SYS_ADMIN` and `CAP_NET_ADMIN`.

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use ipnet::{IpNet, Ipv4Net};
use jiff::Timestamp;
use linux_net::netlink::{LinkSpec, RouteSpec};
use linux_net::{Netlink, Netns, socket, sysctl};
use rstest::rstest;
use simple_dns::{CLASS, Name, Packet, QCLASS, QTYPE, Question, RCODE, TYPE};
use tokio_util::sync::CancellationToken;
use vpc_fabric::options;
use vpc_model::instance::{LaunchSource, MetadataChange};
use vpc_model::{Context, InstanceId, Model, VpcId};

use crate::config::{EC2_ENDPOINT, FabricService};
use crate::testing::{self, NODE};
use crate::{Config, Shared};

const METADATA: Ipv4Addr = Ipv4Addr::new(169, 254, 169, 254);
const RESOLVER: Ipv4Addr = Ipv4Addr::new(169, 254, 169, 253);
const TIME: Ipv4Addr = Ipv4Addr::new(169, 254, 169, 123);
const POD: Ipv4Addr = Ipv4Addr::new(10, 0, 1, 6);
const VPC_RESOLVER: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 2);
const SERVICE: Ipv4Addr = Ipv4Addr::new(169, 254, 171, 2);
const ROUTER: Ipv4Addr = Ipv4Addr::new(10, 0, 1, 1);
/// Long enough for whatever should come, on a busy machine.
const SOON: Duration = Duration::from_secs(5);
/// What has not come by then was dropped.
const NEVER: Duration = Duration::from_millis(400);

struct Place {
    shared: Arc<Shared>,
    stop: CancellationToken,
    vpc: VpcId,
    instance: InstanceId,
    fabric: Netns,
    node: Netns,
    pod: Netns,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// Makes the namespaces, an account with an instance at [`NODE`], and opens the services; `None` without privileges.
async fn place(upstream: SocketAddr) -> Option<Place> {
    let Ok(fabric) = Netns::create() else {
        println!("skipped: CAP_SYS_ADMIN");
        return None;
    };
    let (node, pod) = (Netns::create().expect("a namespace"), Netns::create().expect("a namespace"));
    connect(&fabric, &node, &pod).expect("links, addresses and routes");
    let name = "kubernetes.default.svc".to_owned();
    let services = vec![FabricService { name, address: SERVICE, port: 6443, upstream }];
    let shared = Arc::new(Shared::open(Config { seed: Some(1), services, ..Config::default() }).expect("no journal"));
    let (vpc, instance) = change(&shared, |model, cx| {
        let subnet = testing::subnet(model, cx);
        let instance = testing::launch(model, cx, &subnet, |new| {
            if let LaunchSource::New(interface) = &mut new.interfaces[0].source {
                interface.addresses.ipv4.push(POD);
            }
        });
        (model.subnet(&subnet).expect("it was just made").vpc_id.clone(), instance)
    });
    let stop = CancellationToken::new();
    tokio::spawn(super::run(Arc::clone(&shared), stop.clone()));
    let place = Place { shared, stop, vpc, instance, fabric, node, pod };
    let mut serving = place.shared.board().serving();
    place.report_fabric();
    let all_open = serving.wait_for(|vpcs| vpcs.contains(&place.vpc));
    tokio::time::timeout(SOON, all_open).await.expect("in time").expect("the board is there");
    Some(place)
}

fn change<T>(shared: &Shared, change: impl FnOnce(&mut Model, &mut Context<'_>) -> T) -> T {
    shared.home().change(Timestamp::now(), None, change, drop)
}

/// Fabric and node share a link, node and pod another; the node forwards.
fn connect(fabric: &Netns, node: &Netns, pod: &Netns) -> linux_net::Result<()> {
    let [at_fabric, at_node, at_pod] = [fabric, node, pod].map(|netns| Netlink::open(netns).expect("netlink"));
    let up = |name| LinkSpec::new(name).up();
    at_fabric.add_veth(&up("node"), &up("eth0"), Some(node))?;
    at_node.add_veth(&up("pod"), &up("eth0"), Some(pod))?;
    for address in [METADATA, RESOLVER, TIME, EC2_ENDPOINT, SERVICE, VPC_RESOLVER] {
        at_fabric.add_address("lo", host(address))?;
    }
    for address in [options::IMDS, options::RESOLVER, options::TIME].map(|[_, v6]| v6) {
        at_fabric.add_address("lo", IpNet::from(address))?;
    }
    at_fabric.add_address("node", net(ROUTER, 24))?;
    at_node.add_address("eth0", net(NODE, 24))?;
    at_pod.add_address("eth0", host(POD))?;
    let everywhere = RouteSpec::default_v4();
    at_node.add_route(&RouteSpec::via(everywhere, ROUTER))?;
    at_fabric.add_route(&RouteSpec::via(host(POD), NODE))?;
    at_node.add_route(&RouteSpec::on_link(host(POD), at_node.index("pod")?))?;
    at_pod.add_route(&RouteSpec::via(everywhere, NODE).link(at_pod.index("eth0")?).onlink())?;
    sysctl::write(node, "net.ipv4.ip_forward", "1")
}

fn net(address: Ipv4Addr, length: u8) -> IpNet {
    IpNet::V4(Ipv4Net::new(address, length).expect("a length up to 32"))
}

fn host(address: Ipv4Addr) -> IpNet {
    net(address, 32)
}

impl Place {
    fn report_fabric(&self) {
        self.shared.board().report(|applied| {
            applied.vpcs.insert(self.vpc.clone(), self.fabric.clone());
        });
    }

    /// Sends bytes on a connection and reads until the other side closes; what came until the deadline.
    async fn exchange(&self, from: &Netns, to: (Ipv4Addr, u16), request: String, patience: Duration) -> String {
        let (from, to) = (from.clone(), SocketAddr::from(to));
        let exchange = move || {
            let mut stream = connected(&from, to);
            stream.write_all(request.as_bytes()).expect("the request is taken");
            stream.set_read_timeout(Some(patience)).expect("a timeout");
            let mut reply = Vec::new();
            let _ = stream.read_to_end(&mut reply);
            String::from_utf8(reply).expect("UTF-8")
        };
        tokio::task::spawn_blocking(exchange).await.expect("no panic")
    }

    async fn metadata(&self, from: &Netns, request: &str, patience: Duration) -> String {
        let request = format!("{request}\r\nHost: {METADATA}\r\nConnection: close\r\n\r\n");
        self.exchange(from, (METADATA, 80), request, patience).await
    }
}

fn connected(from: &Netns, to: SocketAddr) -> std::net::TcpStream {
    socket::tcp_connect(from, to, SOON).expect("a listener")
}

fn nobody() -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, 9))
}

fn body(reply: &str) -> &str {
    reply.split_once("\r\n\r\n").map_or("", |(_, body)| body)
}

#[tokio::test]
async fn the_callers_address_tells_the_instance() {
    let Some(place) = place(nobody()).await else { return };
    for from in [&place.node, &place.pod] {
        let reply = place.metadata(from, "GET /latest/meta-data/instance-id HTTP/1.1", SOON).await;
        assert_eq!(body(&reply), place.instance.as_str(), "{reply}");
    }
}

const TOKEN: &str = "PUT /latest/api/token HTTP/1.1\r\nX-aws-ec2-metadata-token-ttl-seconds: 60\r\nContent-Length: 0";

#[rstest]
#[case::only_the_node(1, false)]
#[case::pods_too(2, true)]
#[tokio::test]
async fn tokens_travel_as_far_as_the_hop_limit(#[case] limit: u8, #[case] reaches_the_pod: bool) {
    let Some(place) = place(nobody()).await else { return };
    let id = &place.instance;
    let wish = MetadataChange { hop_limit: Some(limit), ..MetadataChange::default() };
    change(&place.shared, |model, cx| model.modify_metadata_options(cx.now, id, &wish)).expect("an instance");
    let reply = place.metadata(&place.node, TOKEN, SOON).await;
    assert!(reply.starts_with("HTTP/1.1 200 "), "{reply}");
    let patience = if reaches_the_pod { SOON } else { NEVER };
    let reply = place.metadata(&place.pod, TOKEN, patience).await;
    assert_eq!(reply.starts_with("HTTP/1.1 200 "), reaches_the_pod, "{reply}");
}

#[tokio::test]
async fn ec2_answers_inside() {
    let Some(place) = place(nobody()).await else { return };
    let query = "Action=DescribeRegions&Version=2016-11-15";
    let request = format!("GET /?{query} HTTP/1.1\r\nHost: ec2\r\nConnection: close\r\n\r\n");
    let reply = place.exchange(&place.node, (EC2_ENDPOINT, 80), request, SOON).await;
    assert!(body(&reply).contains("DescribeRegionsResponse"), "{reply}");
    let records = place.shared.trail().records(&crate::trail::Wanted::default()).0;
    assert_eq!(records[0].source, Some(NODE.into()));
    let request = "GET /_vpcbox/status HTTP/1.1\r\nHost: ec2\r\nConnection: close\r\n\r\n".to_owned();
    let reply = place.exchange(&place.node, (EC2_ENDPOINT, 80), request, SOON).await;
    assert!(reply.starts_with("HTTP/1.1 404 "), "what is for people stays on loopback: {reply}");
}

fn question(name: &str) -> Vec<u8> {
    let mut query = Packet::new_query(7);
    let name = Name::new(name).expect("a name");
    query.questions.push(Question::new(name, QTYPE::TYPE(TYPE::A), QCLASS::CLASS(CLASS::IN), false));
    query.build_bytes_vec().expect("a message")
}

fn assert_answers(reply: &[u8]) {
    let reply = Packet::parse(reply).expect("a message");
    assert_eq!((reply.rcode(), reply.answers.len()), (RCODE::NoError, 1));
}

#[rstest]
#[case::link_local(RESOLVER)]
#[case::base_plus_two(VPC_RESOLVER)]
#[tokio::test]
async fn names_are_resolved(#[case] resolver: Ipv4Addr) {
    let Some(place) = place(nobody()).await else { return };
    let node = place.node.clone();
    let ask = move || {
        let to = SocketAddr::from((resolver, 53));
        let query = question("ip-10-0-1-5.ec2.internal");
        let mut stream = connected(&node, to);
        let length = u16::try_from(query.len()).expect("a short query").to_be_bytes();
        stream.write_all(&[&length[..], &query].concat()).expect("the query is taken");
        let (mut length, mut reply) = ([0; 2], Vec::new());
        stream.read_exact(&mut length).expect("a length");
        reply.resize(usize::from(u16::from_be_bytes(length)), 0);
        stream.read_exact(&mut reply).expect("a reply");
        assert_answers(&reply);
        assert_answers(&ask_in_a_datagram(&node, to, &query));
    };
    tokio::task::spawn_blocking(ask).await.expect("no panic");
}

fn ask_in_a_datagram(from: &Netns, to: SocketAddr, query: &[u8]) -> Vec<u8> {
    let socket = socket::udp_socket(from, (IpAddr::from(NODE), 0).into()).expect("a socket");
    socket.set_nonblocking(false).expect("a blocking socket");
    socket.set_read_timeout(Some(SOON)).expect("a timeout");
    socket.send_to(query, to).expect("the query is sent");
    let mut reply = vec![0; 512];
    let (length, peer) = socket.recv_from(&mut reply).expect("an answer");
    assert_eq!(peer, to, "the answer comes from where the question went");
    reply.truncate(length);
    reply
}

#[tokio::test]
async fn the_time_is_told() {
    let Some(place) = place(nobody()).await else { return };
    let (node, to) = (place.node.clone(), SocketAddr::from((TIME, 123)));
    let mut query = [0; 48];
    query[0] = 0x23;
    let reply = tokio::task::spawn_blocking(move || ask_in_a_datagram(&node, to, &query)).await.expect("no panic");
    assert_eq!((reply.len(), reply[0], reply[1]), (48, 0x24, 3));
}

#[tokio::test]
async fn services_are_forwarded_until_the_vpc_goes() {
    let upstream = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
    let Some(place) = place(upstream.local_addr().expect("an address")).await else { return };
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = upstream.accept().await {
            tokio::spawn(async move {
                let (mut from, mut to) = stream.split();
                tokio::io::copy(&mut from, &mut to).await
            });
        }
    });
    let (node, to) = (place.node.clone(), SocketAddr::from((SERVICE, 6443)));
    let mut stream = tokio::task::spawn_blocking(move || {
        let mut stream = connected(&node, to);
        stream.write_all(b"ping").expect("sent");
        let mut echo = [0; 4];
        stream.read_exact(&mut echo).expect("an echo");
        assert_eq!(&echo, b"ping");
        stream
    })
    .await
    .expect("no panic");
    place.shared.board().report(|applied| applied.vpcs.clear());
    let node = place.node.clone();
    let closed = move || {
        stream.set_read_timeout(Some(SOON)).expect("a timeout");
        assert_eq!(stream.read(&mut [0; 1]).ok(), Some(0), "the open connection is closed");
        let deadline = Instant::now() + SOON;
        while socket::tcp_connect(&node, to, SOON).is_ok() {
            assert!(Instant::now() < deadline, "still listening");
        }
    };
    tokio::task::spawn_blocking(closed).await.expect("no panic");
}
