//! The resolver's sockets: datagrams and connections.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use simple_dns::RCODE;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::task::JoinSet;
use tokio::time::timeout;
use vpc_model::VpcId;

use super::forward::Forwarder;
use super::message::{UDP_BYTES, failure};
use super::{Outcome, Transport, Zones, answer};
use crate::Shared;
use crate::vpc_services::Pace;

/// How long a connection may be idle.
const IDLE: Duration = Duration::from_secs(10);

/// Answers datagrams until dropped; only what has to be asked elsewhere is answered out of turn.
pub(crate) async fn datagrams(shared: &Shared, vpc: &VpcId, pace: &Pace, socket: UdpSocket) {
    let resolver = Arc::new(Resolver::new(shared));
    let socket = Arc::new(socket);
    let (mut buffer, mut asked) = (vec![0; usize::from(UDP_BYTES)], JoinSet::new());
    loop {
        // A reply that found nobody is reported on the next receive: not our failure.
        let Ok((length, peer)) = socket.recv_from(&mut buffer).await else { continue };
        while asked.try_join_next().is_some() {}
        if !pace.admits(shared, vpc, peer.ip()) {
            continue;
        }
        let query = &buffer[..length];
        match outcome(shared, vpc, query, Transport::Udp) {
            Outcome::Silence => {}
            Outcome::Reply(reply) => send(&socket, &reply, peer).await,
            Outcome::Forward => {
                let (resolver, socket, query) = (Arc::clone(&resolver), Arc::clone(&socket), query.to_vec());
                asked.spawn(async move {
                    if let Some(reply) = resolver.forward(&query, Transport::Udp).await {
                        send(&socket, &reply, peer).await;
                    }
                });
            }
        }
    }
}

async fn send(socket: &UdpSocket, reply: &[u8], peer: SocketAddr) {
    if let Err(error) = socket.send_to(reply, peer).await {
        tracing::debug!(%peer, %error, "dns reply lost");
    }
}

/// Answers connections; all end when this is dropped.
pub(crate) async fn connections(shared: &Arc<Shared>, vpc: &VpcId, listener: TcpListener) -> io::Result<()> {
    let resolver = Arc::new(Resolver::new(shared));
    let mut open = JoinSet::new();
    loop {
        let (stream, peer) = listener.accept().await?;
        while open.try_join_next().is_some() {}
        let (shared, vpc, resolver) = (Arc::clone(shared), vpc.clone(), Arc::clone(&resolver));
        open.spawn(async move {
            if let Err(error) = connection(&shared, &vpc, &resolver, stream).await {
                tracing::debug!(%peer, %error, "dns connection ended");
            }
        });
    }
}

/// One connection: each message is preceded by its length (RFC 1035, 4.2.2).
async fn connection(shared: &Shared, vpc: &VpcId, resolver: &Resolver, mut stream: TcpStream) -> io::Result<()> {
    while let Ok(length) = timeout(IDLE, stream.read_u16()).await? {
        let mut query = vec![0; usize::from(length)];
        timeout(IDLE, stream.read_exact(&mut query)).await??;
        let reply = match outcome(shared, vpc, &query, Transport::Tcp) {
            Outcome::Silence => break,
            Outcome::Reply(reply) => Some(reply),
            Outcome::Forward => resolver.forward(&query, Transport::Tcp).await,
        };
        let Some(reply) = reply else { break };
        let Ok(length) = u16::try_from(reply.len()) else { break };
        stream.write_all(&[&length.to_be_bytes()[..], &reply].concat()).await?;
    }
    Ok(())
}

fn outcome(shared: &Shared, vpc: &VpcId, query: &[u8], transport: Transport) -> Outcome {
    let config = shared.config();
    shared.read(|model| {
        let Some(vpc) = model.vpc(vpc) else { return Outcome::Silence };
        let (services, hosted) = (&config.services, &config.private_zones);
        let zones = Zones { model, vpc, services, hosted, forwards: config.dns_forward.is_some() };
        answer(&zones, query, transport)
    })
}

/// Who answers what this VPC does not know.
struct Resolver(Option<Forwarder>);

impl Resolver {
    fn new(shared: &Shared) -> Self {
        Self(shared.config().dns_forward.map(Forwarder::new))
    }

    async fn forward(&self, query: &[u8], transport: Transport) -> Option<Vec<u8>> {
        match self.0.as_ref()?.ask(query, transport).await {
            Ok(reply) => Some(reply),
            Err(error) => {
                tracing::debug!(%error, "dns query not forwarded");
                failure(query, RCODE::ServerFailure)
            }
        }
    }
}
