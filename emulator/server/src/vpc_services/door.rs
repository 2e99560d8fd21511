//! One listening address inside one fabric, and keeping it open.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use linux_net::packets::{Packets, Wanted};
use linux_net::{Netns, socket};
use tokio::net::{TcpListener, UdpSocket};
use tokio_util::sync::CancellationToken;
use vpc_model::VpcId;

use super::Pace;
use crate::Shared;

/// How long to wait before a socket that could not be opened is tried again.
const RETRY: Duration = Duration::from_millis(200);
/// How long requests under way may take when a service closes.
const GRACE: Duration = Duration::from_secs(1);

/// One listening address inside one fabric.
#[derive(Debug, Clone)]
pub(super) struct Door {
    /// What is behind it, for people.
    pub(super) name: String,
    pub(super) shared: Arc<Shared>,
    pub(super) vpc: VpcId,
    pub(super) netns: Netns,
    pub(super) address: SocketAddr,
    /// Says when to close.
    pub(super) close: CancellationToken,
    /// How many packets each ENI may send.
    pub(super) pace: Arc<Pace>,
    /// Held until it is open for the first time.
    pub(super) pending: Arc<Mutex<Option<Arc<Pending>>>>,
}

/// A VPC some of whose services are not open yet: dropped by the last one that opens.
#[derive(Debug)]
pub(super) struct Pending {
    pub(super) shared: Arc<Shared>,
    pub(super) vpc: VpcId,
    pub(super) close: CancellationToken,
}

impl Drop for Pending {
    fn drop(&mut self) {
        // Services that close drop it too.
        if !self.close.is_cancelled() {
            self.shared.board().report_serving(&self.vpc, true);
        }
    }
}

impl Door {
    /// Serves until told to close. What cannot be opened now may be openable soon, so it tries on.
    pub(super) async fn keep<F: Future<Output = io::Result<()>>>(self, serve: impl Fn(Self) -> F) {
        let mut reported = false;
        let serving = async {
            while !self.close.is_cancelled() {
                if let Err(error) = serve(self.clone()).await
                    && !reported
                {
                    tracing::warn!(vpc = %self.vpc, name = self.name, address = %self.address, %error, "not open yet");
                    reported = true;
                }
                self.close.run_until_cancelled(tokio::time::sleep(RETRY)).await;
            }
        };
        let overdue = async {
            self.close.cancelled().await;
            tokio::time::sleep(GRACE).await;
        };
        tokio::select! { () = serving => {}, () = overdue => {} }
    }

    pub(super) async fn tcp(&self) -> io::Result<TcpListener> {
        let (netns, address) = (self.netns.clone(), self.address);
        let listener = TcpListener::from_std(blocking(move || socket::tcp_listener(&netns, address)).await?)?;
        self.opened();
        Ok(listener)
    }

    pub(super) async fn udp(&self) -> io::Result<UdpSocket> {
        let (netns, address) = (self.netns.clone(), self.address);
        let socket = UdpSocket::from_std(blocking(move || socket::udp_socket(&netns, address)).await?)?;
        self.opened();
        Ok(socket)
    }

    /// Whatever is sent to nobody in particular.
    pub(super) async fn packets(&self, wanted: Wanted) -> io::Result<Packets> {
        let netns = self.netns.clone();
        let packets = blocking(move || Packets::open(&netns, wanted)).await?;
        self.opened();
        Ok(packets)
    }

    fn opened(&self) {
        drop(self.pending.lock().unwrap_or_else(PoisonError::into_inner).take());
    }
}

/// Opening a socket in another namespace takes a thread of its own.
pub(super) async fn blocking<T: Send + 'static>(
    open: impl FnOnce() -> linux_net::Result<T> + Send + 'static,
) -> io::Result<T> {
    tokio::task::spawn_blocking(open).await.map_err(io::Error::other)?.map_err(io::Error::other)
}
