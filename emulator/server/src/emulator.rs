//! Starting and stopping.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use linux_net::Netns;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use vpc_model::{InstanceId, VpcId};

use crate::{Config, Shared};

/// A running emulator. Dropping it stops its tasks; [`Emulator::shutdown`] also waits for them.
#[derive(Debug)]
pub struct Emulator {
    endpoint: SocketAddr,
    shared: Arc<Shared>,
    stop: CancellationToken,
    tasks: TaskTracker,
}

/// Why an emulator did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// EC2's endpoint has to stay on this machine: nothing verifies who calls.
    #[error("listen address {0} is not on loopback")]
    NotLoopback(SocketAddr),
    /// The address cannot be bound.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address asked for.
        address: SocketAddr,
        /// Why.
        #[source]
        source: std::io::Error,
    },
}

impl Emulator {
    /// Starts an emulator: the endpoint accepts connections when this returns.
    ///
    /// # Errors
    /// The listen address is not on loopback or cannot be bound.
    pub async fn start(config: Config) -> Result<Self, StartError> {
        let address = config.listen;
        if !address.ip().is_loopback() {
            return Err(StartError::NotLoopback(address));
        }
        let listener = TcpListener::bind(address).await.map_err(|source| StartError::Listen { address, source })?;
        let endpoint = listener.local_addr().map_err(|source| StartError::Listen { address, source })?;
        let shared = Arc::new(Shared::new(config));
        let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
        let stopped = stop.clone().cancelled_owned();
        tasks.spawn(async move { axum::serve(listener, Router::new()).with_graceful_shutdown(stopped).await });
        tasks.close();
        Ok(Self { endpoint, shared, stop, tasks })
    }

    /// Where EC2 and STS answer.
    pub fn endpoint(&self) -> SocketAddr {
        self.endpoint
    }

    /// The state, for tasks in this process.
    pub fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// The namespace of an instance, once it is made.
    pub fn instance_netns(&self, id: &InstanceId) -> Option<Netns> {
        self.shared.board().instance(id)
    }

    /// The namespace of a VPC's fabric, once it is made.
    pub fn vpc_netns(&self, id: &VpcId) -> Option<Netns> {
        self.shared.board().vpc(id)
    }

    /// Stops every task and waits for it.
    pub async fn shutdown(self) {
        self.stop.cancel();
        self.tasks.wait().await;
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}
