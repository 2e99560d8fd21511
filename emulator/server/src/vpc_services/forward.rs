//! Forwards connections from inside a VPC to a service on this machine.

use std::io;
use std::net::SocketAddr;

use axum::serve::Listener;
use tokio::io::{AsyncRead, AsyncWrite, copy_bidirectional};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// Forwards connections; all end when this is dropped.
pub(super) async fn connections<L: Listener<Addr = SocketAddr>>(mut listener: L, upstream: SocketAddr) {
    let mut open = JoinSet::new();
    loop {
        let (stream, peer) = listener.accept().await;
        while open.try_join_next().is_some() {}
        open.spawn(async move {
            if let Err(error) = connection(stream, upstream).await {
                tracing::debug!(%peer, %upstream, %error, "forwarded connection ended");
            }
        });
    }
}

async fn connection(mut inside: impl AsyncRead + AsyncWrite + Unpin, upstream: SocketAddr) -> io::Result<()> {
    let mut outside = TcpStream::connect(upstream).await?;
    outside.set_nodelay(true)?;
    copy_bidirectional(&mut inside, &mut outside).await.map(drop)
}
