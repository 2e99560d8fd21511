//! What hosts of the internet say: to whoever comes by HTTP, as whom they see it.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use linux_net::{Netns, socket};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use vpc_fabric::InternetHost;

use super::HTTP_PORT;
use super::door::blocking;
use crate::net::{PeerAddress, PromptListener};

/// How long to wait before a socket that could not be opened is tried again.
const RETRY: Duration = Duration::from_millis(200);

/// Answers at a host until told to close.
pub(super) fn open(host: InternetHost, netns: &Netns, close: &CancellationToken, tasks: &TaskTracker) {
    let (netns, close) = (netns.clone(), close.clone());
    tasks.spawn(async move {
        let mut reported = false;
        while !close.is_cancelled() {
            if let Err(error) = serve(&host, &netns, &close).await
                && !std::mem::replace(&mut reported, true)
            {
                tracing::warn!(host = host.name, address = %host.address, %error, "not open yet");
            }
            close.run_until_cancelled(tokio::time::sleep(RETRY)).await;
        }
    });
}

async fn serve(host: &InternetHost, netns: &Netns, close: &CancellationToken) -> io::Result<()> {
    let (netns, address) = (netns.clone(), SocketAddr::from((host.address, HTTP_PORT)));
    let listener = TcpListener::from_std(blocking(move || socket::tcp_listener(&netns, address)).await?)?;
    let name = host.name.clone();
    let says = move |ConnectInfo(PeerAddress(peer)): ConnectInfo<PeerAddress>| async move {
        format!("{name} sees {}\n", peer.ip())
    };
    let service = Router::new().fallback(says).into_make_service_with_connect_info::<PeerAddress>();
    let closed = close.clone().cancelled_owned();
    let serving = axum::serve(PromptListener(listener), service).with_graceful_shutdown(closed);
    // Whoever keeps a connection open does not keep the host alive.
    close.run_until_cancelled(async { serving.await }).await.unwrap_or(Ok(()))
}
