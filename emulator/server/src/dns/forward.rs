//! Asking another resolver about what is not ours.

use std::fs;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use serde::Deserialize;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::Transport;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(3);
/// How many questions may be under way at once, by each of a VPC's resolver addresses.
const AT_ONCE: usize = 64;
const DATAGRAM_BYTES: usize = 4096;
const PORT: u16 = 53;

/// Who is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum Upstream {
    /// The first resolver of this machine's `/etc/resolv.conf`.
    Host,
    /// The resolver at an address.
    At(SocketAddr),
}

impl TryFrom<String> for Upstream {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if text == "host" {
            return Ok(Self::Host);
        }
        let at = text.parse().or_else(|_| text.parse().map(|address| SocketAddr::new(address, PORT)));
        at.map(Self::At).map_err(|_| format!("{text:?} is neither host nor a resolver's address"))
    }
}

/// Asks another resolver, a bounded number of questions at once.
pub(super) struct Forwarder {
    upstream: Upstream,
    permits: Semaphore,
}

impl Forwarder {
    pub(super) fn new(upstream: Upstream) -> Self {
        Self { upstream, permits: Semaphore::new(AT_ONCE) }
    }

    /// The answer to a query, which comes as the query did.
    ///
    /// # Errors
    /// Nobody can be asked, nobody answers in time, or too many questions are under way.
    pub(super) async fn ask(&self, query: &[u8], transport: Transport) -> io::Result<Vec<u8>> {
        let _permit = self.permits.try_acquire().map_err(io::Error::other)?;
        let address = match self.upstream {
            Upstream::At(address) => address,
            Upstream::Host => first_resolver(&fs::read_to_string("/etc/resolv.conf")?)
                .ok_or_else(|| io::Error::other("no nameserver in /etc/resolv.conf"))?,
        };
        match transport {
            Transport::Udp => timeout(PATIENCE, datagram(address, query)).await?,
            Transport::Tcp => timeout(PATIENCE, connection(address, query)).await?,
        }
    }
}

async fn datagram(address: SocketAddr, query: &[u8]) -> io::Result<Vec<u8>> {
    let any: IpAddr = if address.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    let socket = UdpSocket::bind((any, 0)).await?;
    socket.connect(address).await?;
    socket.send(query).await?;
    let mut reply = vec![0; DATAGRAM_BYTES];
    loop {
        let length = socket.recv(&mut reply).await?;
        if length > 1 && reply[..2] == query[..2] {
            reply.truncate(length);
            return Ok(reply);
        }
    }
}

async fn connection(address: SocketAddr, query: &[u8]) -> io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(address).await?;
    let length = u16::try_from(query.len()).map_err(io::Error::other)?;
    stream.write_all(&[&length.to_be_bytes()[..], query].concat()).await?;
    let mut reply = vec![0; usize::from(stream.read_u16().await?)];
    stream.read_exact(&mut reply).await?;
    Ok(reply)
}

fn first_resolver(configuration: &str) -> Option<SocketAddr> {
    let mut servers = configuration.lines().filter_map(|line| line.trim().strip_prefix("nameserver"));
    servers.find_map(|server| Some(SocketAddr::new(server.trim().parse().ok()?, PORT)))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::host("host", Some(Upstream::Host))]
    #[case::address("192.0.2.1", Some(Upstream::At(([192, 0, 2, 1], 53).into())))]
    #[case::port("127.0.0.1:5353", Some(Upstream::At(([127, 0, 0, 1], 5353).into())))]
    #[case::name("dns.example.com", None)]
    fn upstreams(#[case] text: &str, #[case] expected: Option<Upstream>) {
        assert_eq!(Upstream::try_from(text.to_owned()).ok(), expected);
    }

    #[test]
    fn the_first_resolver_is_asked() {
        let configuration = "# nameserver 192.0.2.9\nsearch example.com\nnameserver 192.0.2.1\nnameserver 192.0.2.2\n";
        assert_eq!(first_resolver(configuration), Some(([192, 0, 2, 1], 53).into()));
    }
}
