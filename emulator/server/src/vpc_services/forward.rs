//! Forwards connections from a fabric to a service on this machine's loopback.

use std::io;
use std::net::SocketAddr;

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// Forwards connections; all end when this is dropped.
pub(super) async fn connections(listener: TcpListener, upstream: SocketAddr) -> io::Result<()> {
    let mut open = JoinSet::new();
    loop {
        let (stream, peer) = listener.accept().await?;
        while open.try_join_next().is_some() {}
        open.spawn(async move {
            if let Err(error) = connection(stream, upstream).await {
                tracing::debug!(%peer, %upstream, %error, "forwarded connection ended");
            }
        });
    }
}

async fn connection(mut inside: TcpStream, upstream: SocketAddr) -> io::Result<()> {
    let mut outside = TcpStream::connect(upstream).await?;
    inside.set_nodelay(true)?;
    outside.set_nodelay(true)?;
    copy_bidirectional(&mut inside, &mut outside).await.map(drop)
}
