//! Real packets between namespaces, and whether they arrive.
//!
//! What should arrive is given seconds, what should not only a moment, so that a wrong expectation shows as
//! a difference either way and right ones are fast. No server runs anywhere: a refused TCP connection has
//! arrived, and datagrams are seen by sockets that only listen.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{ErrorKind, Read};
use std::net::{IpAddr, Ipv6Addr, SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use linux_net::Netns;
use socket2::{Domain, Protocol, SockAddr, Socket, Type};
use vpc_fabric::Payload;

/// How long to wait for what should arrive, and for what should not.
const ARRIVES: Duration = Duration::from_secs(3);
const DROPPED: Duration = Duration::from_millis(150);
const POLL: Duration = Duration::from_millis(20);
/// A protocol that nothing here uses.
pub const OTHER: u8 = 99;

/// A packet to try.
#[derive(Debug, Clone)]
pub struct Try {
    /// Where it is sent.
    pub from: Netns,
    /// From which address.
    pub source: IpAddr,
    /// Where to.
    pub destination: IpAddr,
    /// What.
    pub payload: Payload,
    /// Whether it should arrive.
    pub is_expected: bool,
}

/// Sockets that see the datagrams arriving in namespaces.
pub struct Ears {
    heard: Arc<Heard>,
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

#[derive(Default)]
struct Heard {
    numbers: Mutex<BTreeSet<u32>>,
    news: Condvar,
}

impl Ears {
    /// Listens in the namespaces, on UDP ports and for raw protocols.
    pub fn open<'a>(namespaces: impl IntoIterator<Item = &'a Netns>, udp_ports: &[u16]) -> Self {
        let (heard, stop) = (Arc::new(Heard::default()), Arc::new(AtomicBool::new(false)));
        let each: BTreeMap<u64, &Netns> = namespaces.into_iter().map(|netns| (netns.inode(), netns)).collect();
        let mut sockets = Vec::new();
        for netns in each.into_values() {
            for port in udp_ports {
                // It hears datagrams of both versions.
                let socket = netns.run(|| UdpSocket::bind((Ipv6Addr::UNSPECIFIED, *port))).unwrap().unwrap();
                sockets.push((Socket::from(socket), 0));
            }
            let other = Protocol::from(i32::from(OTHER));
            // Of IPv4 a raw socket hears the head too.
            sockets.extend([
                (raw(netns, Domain::IPV4, Protocol::ICMPV4), 20 + 4),
                (raw(netns, Domain::IPV4, other), 20),
                (raw(netns, Domain::IPV6, Protocol::ICMPV6), 4),
                (raw(netns, Domain::IPV6, other), 0),
            ]);
        }
        let threads = sockets.into_iter().map(|(socket, skip)| listen(socket, skip, &heard, &stop)).collect();
        Self { heard, stop, threads }
    }

    fn wait_for(&self, number: u32, limit: Duration) -> bool {
        let numbers = self.heard.numbers.lock().unwrap();
        let waited = self.heard.news.wait_timeout_while(numbers, limit, |numbers| !numbers.contains(&number));
        waited.unwrap().0.contains(&number)
    }

    /// Whether each packet arrives.
    pub fn try_all(&self, tries: &[Try]) -> Vec<bool> {
        let mut outcomes = Vec::new();
        for (chunk, tries) in tries.chunks(64).enumerate() {
            outcomes.extend(thread::scope(|scope| {
                let numbered = tries.iter().zip(1 + 64 * chunk as u32..);
                let running: Vec<_> =
                    numbered.map(|(one, number)| scope.spawn(move || self.arrives(one, number))).collect();
                running.into_iter().map(|thread| thread.join().unwrap()).collect::<Vec<_>>()
            }));
        }
        self.heard.numbers.lock().unwrap().clear();
        outcomes
    }

    /// Whether one packet arrives.
    pub fn try_one(&self, one: &Try) -> bool {
        self.try_all(std::slice::from_ref(one))[0]
    }

    fn arrives(&self, one: &Try, number: u32) -> bool {
        let limit = if one.is_expected { ARRIVES } else { DROPPED };
        if let Payload::Tcp(port) = one.payload {
            return connects(one, port, limit);
        }
        match send(one, number) {
            Ok(()) => self.wait_for(number, limit),
            Err(err) => panic!("cannot send {one:?}: {err}"),
        }
    }
}

impl Drop for Ears {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        self.threads.drain(..).for_each(|thread| thread.join().unwrap());
    }
}

fn listen(socket: Socket, skip: usize, heard: &Arc<Heard>, stop: &Arc<AtomicBool>) -> JoinHandle<()> {
    let (heard, stop) = (Arc::clone(heard), Arc::clone(stop));
    socket.set_read_timeout(Some(POLL)).unwrap();
    thread::spawn(move || {
        let mut buffer = [0; 2048];
        while !stop.load(Ordering::Relaxed) {
            let length = match (&socket).read(&mut buffer) {
                Ok(length) => length,
                Err(err) if matches!(err.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => continue,
                Err(err) => panic!("cannot receive: {err}"),
            };
            if let Some(number) = buffer[..length].get(skip..skip + 4) {
                let number = u32::from_be_bytes(number.try_into().unwrap());
                heard.numbers.lock().unwrap().insert(number);
                heard.news.notify_all();
            }
        }
    })
}

fn raw(netns: &Netns, domain: Domain, protocol: Protocol) -> Socket {
    netns.run(|| Socket::new(domain, Type::RAW, Some(protocol))).unwrap().unwrap()
}

/// Whether a TCP connection is answered, be it with a refusal.
fn connects(one: &Try, port: u16, limit: Duration) -> bool {
    let domain = Domain::for_address(SocketAddr::new(one.source, 0));
    let socket = one.from.run(|| Socket::new(domain, Type::STREAM, None)).unwrap().unwrap();
    socket.bind(&address(one.source, 0)).unwrap();
    match socket.connect_timeout(&address(one.destination, port), limit) {
        Ok(()) => true,
        Err(err) => err.kind() == ErrorKind::ConnectionRefused,
    }
}

/// Sends a datagram that carries a number.
fn send(one: &Try, number: u32) -> std::io::Result<()> {
    let domain = Domain::for_address(SocketAddr::new(one.source, 0));
    let (socket, bytes, port) = match one.payload {
        Payload::Udp(port) => {
            let socket = one.from.run(|| Socket::new(domain, Type::DGRAM, None)).unwrap()?;
            (socket, number.to_be_bytes().to_vec(), port)
        }
        Payload::Icmp { kind, code } => (raw(&one.from, domain, Protocol::ICMPV4), icmp(kind, code, number), 0),
        // The kernel writes the checksum of these.
        Payload::Icmpv6 { kind, code } => (raw(&one.from, domain, Protocol::ICMPV6), icmp(kind, code, number), 0),
        Payload::Other(protocol) => {
            let socket = raw(&one.from, domain, Protocol::from(i32::from(protocol)));
            (socket, number.to_be_bytes().to_vec(), 0)
        }
        Payload::Tcp(_) => unreachable!("not a datagram"),
    };
    socket.bind(&address(one.source, 0))?;
    socket.send_to(&bytes, &address(one.destination, port)).map(|_| ())
}

fn icmp(kind: u8, code: u8, number: u32) -> Vec<u8> {
    let mut bytes = vec![kind, code, 0, 0];
    bytes.extend(number.to_be_bytes());
    bytes.extend([0; 12]);
    let sum: u32 = bytes.chunks(2).map(|pair| u32::from(u16::from_be_bytes([pair[0], pair[1]]))).sum();
    let checksum = !((sum & 0xffff) + (sum >> 16)) as u16;
    bytes[2..4].copy_from_slice(&checksum.to_be_bytes());
    bytes
}

fn address(address: IpAddr, port: u16) -> SockAddr {
    SockAddr::from(SocketAddr::new(address, port))
}
