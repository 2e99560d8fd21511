//! What the data plane tests share: hosts in namespaces, and exchanges between them.
#![allow(dead_code, reason = "each test program uses its part")]

use std::{
    io::{Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpListener, UdpSocket},
    thread,
    time::Duration,
};

use ipnet::IpNet;
use linux_net::{Mac, Netlink, Netns, netlink::RouteSpec, socket};

/// Longer than anything here takes, so that only a lost packet meets it.
pub const DEADLINE: Duration = Duration::from_secs(5);
/// For packets that must not come.
pub const REFUSED: Duration = Duration::from_millis(250);

pub struct Host {
    pub netns: Netns,
    pub netlink: Netlink,
}

impl Host {
    pub fn new() -> Self {
        let netns = Netns::create().expect("namespace");
        let netlink = Netlink::open(&netns).expect("netlink");
        Self { netns, netlink }
    }

    pub fn index(&self, link: &str) -> u32 {
        self.netlink.index(link).expect("a link")
    }

    pub fn address(&self, link: &str, address: &str) {
        self.netlink.add_address(link, net(address)).expect("address");
    }

    pub fn default_route(&self, gateway: &str) {
        let gateway: Ipv4Addr = gateway.parse().expect("an address");
        self.netlink.replace_route(&RouteSpec::via(RouteSpec::default_v4(), gateway)).expect("default route");
    }

    pub fn sysctl(&self, key: &str, value: &str) {
        linux_net::sysctl::write(&self.netns, key, value).expect("sysctl");
    }

    pub fn udp(&self, address: &str) -> UdpSocket {
        let socket = socket::udp_socket(&self.netns, address.parse().expect("an address")).expect("socket");
        socket.set_nonblocking(false).expect("blocking");
        socket.set_read_timeout(Some(DEADLINE)).expect("timeout");
        socket
    }

    pub fn listener(&self, address: &str) -> TcpListener {
        let listener = socket::tcp_listener(&self.netns, address.parse().expect("an address")).expect("listener");
        listener.set_nonblocking(false).expect("blocking");
        listener
    }
}

pub fn net(text: &str) -> IpNet {
    text.parse().expect("a network")
}

pub fn mac(last: u8) -> Mac {
    [2, 0, 0, 0, 0, last]
}

/// Sends one datagram there and one back.
pub fn udp_exchange(from: &Host, to: &Host, address: &str) -> std::io::Result<SocketAddr> {
    let server = to.udp(address);
    let client = from.udp("0.0.0.0:0");
    client.connect(address)?;
    client.send(b"ping")?;
    let mut text = [0; 16];
    let (length, peer) = server.recv_from(&mut text)?;
    assert_eq!(&text[..length], b"ping");
    server.send_to(b"pong", peer)?;
    let length = client.recv(&mut text)?;
    assert_eq!(&text[..length], b"pong");
    Ok(peer)
}

/// Sends megabytes over TCP to `address` and checks every byte that arrives.
pub fn tcp_transfer(from: &Host, to: &Host, address: &str, length: usize) {
    let listener = to.listener(address);
    let target = listener.local_addr().expect("address");
    let data: Vec<u8> = (0..length).map(|place| (place % 251) as u8).collect();
    let received = thread::scope(|scope| {
        let receiver = scope.spawn(|| {
            let (mut stream, _) = listener.accept().expect("accept");
            stream.set_read_timeout(Some(DEADLINE)).expect("timeout");
            let mut bytes = Vec::with_capacity(length);
            stream.read_to_end(&mut bytes).expect("read");
            bytes
        });
        let mut stream = socket::tcp_connect(&from.netns, target, DEADLINE).expect("connection");
        stream.set_write_timeout(Some(DEADLINE)).expect("timeout");
        stream.write_all(&data).expect("write");
        drop(stream);
        receiver.join().expect("receiver")
    });
    assert!(received == data, "{} of {length} bytes, or other ones", received.len());
}
