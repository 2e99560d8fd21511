//! The resolver's sockets: datagrams and connections.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::task::JoinSet;
use tokio::time::timeout;
use vpc_model::VpcId;

use super::{Transport, Zones, answer};
use crate::Shared;

/// The longest datagram that is read; queries are far shorter.
const DATAGRAM_BYTES: usize = 4096;
/// How long a connection may be idle.
const IDLE: Duration = Duration::from_secs(10);

/// Answers datagrams until dropped.
pub(crate) async fn datagrams(shared: &Shared, vpc: &VpcId, socket: UdpSocket) {
    let mut buffer = vec![0; DATAGRAM_BYTES];
    loop {
        // A reply that found nobody is reported on the next receive: not our failure.
        let Ok((length, peer)) = socket.recv_from(&mut buffer).await else { continue };
        if let Some(reply) = resolve(shared, vpc, &buffer[..length], Transport::Udp)
            && let Err(error) = socket.send_to(&reply, peer).await
        {
            tracing::debug!(%peer, %error, "dns reply lost");
        }
    }
}

/// Answers connections; all end when this is dropped.
pub(crate) async fn connections(shared: &Arc<Shared>, vpc: &VpcId, listener: TcpListener) -> io::Result<()> {
    let mut open = JoinSet::new();
    loop {
        let (stream, peer) = listener.accept().await?;
        while open.try_join_next().is_some() {}
        let (shared, vpc) = (Arc::clone(shared), vpc.clone());
        open.spawn(async move {
            if let Err(error) = connection(&shared, &vpc, stream).await {
                tracing::debug!(%peer, %error, "dns connection ended");
            }
        });
    }
}

/// One connection: each message is preceded by its length (RFC 1035, 4.2.2).
async fn connection(shared: &Shared, vpc: &VpcId, mut stream: TcpStream) -> io::Result<()> {
    while let Ok(length) = timeout(IDLE, stream.read_u16()).await? {
        let mut query = vec![0; usize::from(length)];
        timeout(IDLE, stream.read_exact(&mut query)).await??;
        let Some(reply) = resolve(shared, vpc, &query, Transport::Tcp) else { break };
        let Ok(length) = u16::try_from(reply.len()) else { break };
        stream.write_all(&[&length.to_be_bytes()[..], &reply].concat()).await?;
    }
    Ok(())
}

fn resolve(shared: &Shared, vpc: &VpcId, query: &[u8], transport: Transport) -> Option<Vec<u8>> {
    shared.read(|model| {
        let zones = Zones { model, vpc: model.vpc(vpc)?, services: &shared.config().services };
        answer(&zones, query, transport)
    })
}
