//! Tries a connection from inside a network namespace.

use std::io::{self, BufRead, BufReader, Write};
use std::mem::MaybeUninit;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream, UdpSocket};
use std::time::{Duration, Instant};

use linux_net::Netns;
use socket2::{Domain, Protocol, Socket, Type};

use super::Answer;
use crate::scenario::Port;

/// What became of a try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The other end answered.
    Answered {
        /// Which address it saw; ICMP does not tell.
        client: Option<IpAddr>,
    },
    /// Nothing came back in time.
    Silent,
    /// The other end, or a router, refused.
    Refused(String),
}

/// Tries to reach a port from a namespace.
///
/// # Errors
/// The namespace cannot be entered, or a socket cannot be made there.
pub fn reach(from: &Netns, to: Ipv4Addr, port: Port, deadline: Duration) -> io::Result<Outcome> {
    from.run(|| match port {
        Port::Tcp { from, .. } => settle(tcp(SocketAddr::from((to, from)), deadline)),
        Port::Udp { from, .. } => settle(udp(SocketAddr::from((to, from)), deadline)),
        Port::Icmp => settle(ping(to, deadline)),
        Port::All => Err(io::Error::other("\"all\" is not something to connect to")),
    })
    .map_err(io::Error::other)?
}

/// Tells silence and refusals from failures of our own.
fn settle(result: io::Result<Option<IpAddr>>) -> io::Result<Outcome> {
    use io::ErrorKind as Kind;
    match result {
        Ok(client) => Ok(Outcome::Answered { client }),
        Err(err) => match err.kind() {
            Kind::TimedOut | Kind::WouldBlock => Ok(Outcome::Silent),
            Kind::ConnectionRefused
            | Kind::ConnectionReset
            | Kind::HostUnreachable
            | Kind::NetworkUnreachable
            | Kind::UnexpectedEof => Ok(Outcome::Refused(err.to_string())),
            _ => Err(err),
        },
    }
}

fn tcp(to: SocketAddr, deadline: Duration) -> io::Result<Option<IpAddr>> {
    let mut stream = TcpStream::connect_timeout(&to, deadline)?;
    stream.set_read_timeout(Some(deadline))?;
    stream.write_all(b"hello\n")?;
    let mut line = String::new();
    if BufReader::new(stream).read_line(&mut line)? == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    client_of(line.as_bytes()).map(Some)
}

fn udp(to: SocketAddr, deadline: Duration) -> io::Result<Option<IpAddr>> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?;
    socket.connect(to)?;
    let mut buffer = [0; 2048];
    exchange(deadline, || {
        socket.send(b"hello\n")?;
        socket.set_read_timeout(Some(RETRY.min(deadline)))?;
        let length = socket.recv(&mut buffer)?;
        client_of(&buffer[..length]).map(Some)
    })
}

/// Datagrams are sent again after this: one may meet a link that is just coming up.
const RETRY: Duration = Duration::from_millis(250);

/// Repeats a datagram exchange until it succeeds or time is up.
fn exchange<T>(deadline: Duration, mut once: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    let end = Instant::now() + deadline;
    loop {
        match once() {
            Err(err) if err.kind() == io::ErrorKind::WouldBlock && Instant::now() < end => {}
            other => return other,
        }
    }
}

fn ping(to: Ipv4Addr, deadline: Duration) -> io::Result<Option<IpAddr>> {
    let socket = Socket::new(Domain::IPV4, Type::RAW, Some(Protocol::ICMPV4))?;
    socket.connect(&SocketAddr::from((to, 0)).into())?;
    let id = std::process::id() as u16;
    let mut sequence = 0;
    exchange(deadline, || {
        sequence += 1;
        socket.send(&echo_request(id, sequence))?;
        wait_for_reply(&socket, id, Instant::now() + RETRY.min(deadline))
    })?;
    Ok(None)
}

/// An ICMP echo request (RFC 792).
fn echo_request(id: u16, sequence: u16) -> [u8; 16] {
    let mut packet = [8, 0, 0, 0, 0, 0, 0, 0, b'v', b'p', b'c', b'b', b'o', b'x', 0, 0];
    packet[4..6].copy_from_slice(&id.to_be_bytes());
    packet[6..8].copy_from_slice(&sequence.to_be_bytes());
    let sum: u32 = packet.chunks(2).map(|pair| u32::from(u16::from_be_bytes([pair[0], pair[1]]))).sum();
    let folded = (sum & 0xffff) + (sum >> 16);
    let checksum = !((folded & 0xffff) + (folded >> 16)) as u16;
    packet[2..4].copy_from_slice(&checksum.to_be_bytes());
    packet
}

/// Reads until an echo reply to us arrives; a raw socket sees all ICMP.
fn wait_for_reply(socket: &Socket, id: u16, end: Instant) -> io::Result<()> {
    let mut buffer = [MaybeUninit::<u8>::uninit(); 256];
    loop {
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        socket.set_read_timeout(Some(left))?;
        let length = socket.recv(&mut buffer)?;
        // SAFETY: recv initialised the first `length` bytes, and u8 has no invalid values.
        let packet = unsafe { std::slice::from_raw_parts(buffer.as_ptr().cast::<u8>(), length) };
        let header = usize::from(packet.first().map_or(0, |byte| byte & 0xf)) * 4;
        match packet.get(header..header + 8) {
            Some([0, _, _, _, a, b, ..]) if [*a, *b] == id.to_be_bytes() => return Ok(()),
            _ => {}
        }
    }
}

fn client_of(body: &[u8]) -> io::Result<IpAddr> {
    let answer: Answer = serde_json::from_slice(body)
        .map_err(|err| io::Error::other(format!("something other than the probe answered ({err})")))?;
    Ok(answer.client.ip())
}
