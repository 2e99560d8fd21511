//! A small Kubernetes API server that runs in the process which starts it: enough for kubectl, kube-rs and AWS's
//! controllers to list, watch, patch and schedule, without etcd, certificates or nodes of its own.
//!
//! Follows the API conventions at <https://kubernetes.io/docs/reference/using-api/api-concepts/>.
//! State lives in memory and ends with the [`Server`]. Everybody is an administrator; RBAC objects are only stored.

mod admission;
mod bootstrap;
mod controllers;
mod convert;
mod crd;
mod events;
mod http;
mod object;
mod operations;
mod patch;
mod quantity;
mod registry;
mod selector;
mod status;
mod store;
mod strategy;
mod types;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::serve::ListenerExt;
use tokio::net::TcpListener;
use tokio::task::{JoinHandle, JoinSet};
use tokio_util::sync::CancellationToken;

use admission::Webhooks;
use operations::Api;

/// How long open requests get to end when the server stops.
const SHUTDOWN: Duration = Duration::from_millis(500);

/// Where and what to serve.
#[derive(Clone, Debug)]
pub struct Config {
    /// Address to listen on; a loopback address, as there is no authentication. Port 0 takes any.
    pub listen: SocketAddr,
}

impl Default for Config {
    fn default() -> Self {
        Self { listen: SocketAddr::from(([127, 0, 0, 1], 0)) }
    }
}

/// Why a server did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address cannot be listened on.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address asked for.
        address: SocketAddr,
        /// What the kernel said.
        #[source]
        source: std::io::Error,
    },
    /// The HTTP client for webhooks cannot be made.
    #[error("cannot make the HTTP client for webhooks")]
    Client(#[source] reqwest::Error),
    /// The objects every cluster starts with were refused.
    #[error("cannot create what every cluster starts with: {0}")]
    Bootstrap(String),
}

/// A running API server.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    stop: CancellationToken,
    serving: JoinHandle<()>,
    controllers: JoinSet<()>,
}

impl Server {
    /// Starts the server and its controllers on the current Tokio runtime.
    ///
    /// # Errors
    /// When the address is taken, or (not seen so far) an HTTP client cannot be made.
    pub async fn start(config: Config) -> Result<Self, StartError> {
        let failed = |source| StartError::Listen { address: config.listen, source };
        let listener = TcpListener::bind(config.listen).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let client = webhook_client().map_err(StartError::Client)?;
        let api = Arc::new(Api::new(Webhooks::new(client)));
        bootstrap::fill(&api).await.map_err(|err| StartError::Bootstrap(err.message))?;
        let stop = CancellationToken::new();
        let controllers = controllers::start(&api, &stop);
        let router = http::router(Arc::new(http::Context { api, stop: stop.clone() }));
        // Watch events are small; Nagle would hold each back until the one before is acknowledged.
        let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
        let stopped = stop.clone().cancelled_owned();
        let serving = tokio::spawn(async move {
            if let Err(err) = axum::serve(listener, router).with_graceful_shutdown(stopped).await {
                tracing::error!(%err, "API server ended");
            }
        });
        Ok(Self { address, stop, serving, controllers })
    }

    /// The address it listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// A kubeconfig for this server.
    pub fn kubeconfig(&self) -> String {
        kubeconfig(self.address, "kubernetes-admin")
    }

    /// A kubeconfig whose requests count as made by `user` (webhooks see it, nothing is denied).
    pub fn kubeconfig_as(&self, user: &str) -> String {
        kubeconfig(self.address, user)
    }

    /// Ends watches, controllers and the listener.
    pub async fn shutdown(mut self) {
        self.stop.cancel();
        if tokio::time::timeout(SHUTDOWN, &mut self.serving).await.is_err() {
            self.serving.abort();
        }
        self.controllers.shutdown().await;
    }
}

/// Only plain http is spoken, but the client wants a TLS configuration of some provider before it exists.
fn webhook_client() -> Result<reqwest::Client, reqwest::Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("ring provides the default protocol versions")
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth();
    reqwest::Client::builder().no_proxy().tls_backend_preconfigured(tls).build()
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.cancel();
        self.serving.abort();
    }
}

/// A kubeconfig for an API server at `address`, for when it is reached by another address than it listens on.
pub fn kubeconfig(address: SocketAddr, user: &str) -> String {
    let impersonated = if user == "kubernetes-admin" { "{}".to_owned() } else { format!("\n    as: {user:?}") };
    format!(
        "apiVersion: v1\n\
         kind: Config\n\
         clusters:\n\
         - name: vpcbox\n  cluster:\n    server: http://{address}\n\
         users:\n\
         - name: vpcbox\n  user: {impersonated}\n\
         contexts:\n\
         - name: vpcbox\n  context:\n    cluster: vpcbox\n    user: vpcbox\n    namespace: default\n\
         current-context: vpcbox\n"
    )
}
