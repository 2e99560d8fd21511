//! HTTPS inside the VPCs: an authority of this process's own, and listeners with certificates of its.
//!
//! The authority is made anew by every process and its key never leaves it, so whoever trusts its certificate trusts this
//! emulator and nobody else. `/_vpcbox/certificate-authority` has the certificate.

mod certificate;

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use rustls::ServerConfig;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use self::certificate::Authority;
use crate::net::{PeerAddress, PromptListener};

/// How long a client may take until it is agreed how to speak.
const PATIENCE: Duration = Duration::from_secs(10);
/// How many clients may be about to agree at a time; others wait.
const HANDSHAKES: usize = 256;

static AUTHORITY: LazyLock<Authority> = LazyLock::new(Authority::new);

/// The authority's certificate in PEM.
pub(crate) fn authority_certificate() -> String {
    certificate::pem(AUTHORITY.certificate())
}

/// What agrees with clients, under a new certificate for names and addresses.
///
/// # Errors
/// A name that cannot be in a certificate makes one that TLS does not take.
pub(crate) fn acceptor(names: &[String], addresses: &[IpAddr]) -> io::Result<TlsAcceptor> {
    let (certificate, key) = AUTHORITY.issue(names, addresses);
    let chain = vec![CertificateDer::from(certificate), CertificateDer::from(AUTHORITY.certificate().to_vec())];
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key));
    let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, key));
    let mut config = config.map_err(io::Error::other)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

/// A listener whose connections are agreed upon out of turn, so that a slow client holds up nobody.
#[derive(Debug)]
pub(crate) struct TlsListener {
    agreed: mpsc::Receiver<(TlsStream<TcpStream>, SocketAddr)>,
    local: SocketAddr,
    /// Ends with the listener.
    _accepting: JoinSet<()>,
}

impl TlsListener {
    pub(crate) fn new(listener: PromptListener, acceptor: TlsAcceptor) -> io::Result<Self> {
        let local = listener.local_addr()?;
        let (sender, agreed) = mpsc::channel(1);
        let mut accepting = JoinSet::new();
        accepting.spawn(accept(listener, acceptor, sender));
        Ok(Self { agreed, local, _accepting: accepting })
    }
}

async fn accept(
    mut listener: PromptListener,
    acceptor: TlsAcceptor,
    sender: mpsc::Sender<(TlsStream<TcpStream>, SocketAddr)>,
) {
    let mut handshakes = JoinSet::new();
    loop {
        while handshakes.len() >= HANDSHAKES {
            handshakes.join_next().await;
        }
        let (stream, peer) = listener.accept().await;
        while handshakes.try_join_next().is_some() {}
        let (acceptor, sender) = (acceptor.clone(), sender.clone());
        handshakes.spawn(async move {
            match timeout(PATIENCE, acceptor.accept(stream)).await {
                // Nobody takes it only when the listener ends.
                Ok(Ok(stream)) => drop(sender.send((stream, peer)).await),
                Ok(Err(error)) => tracing::debug!(%peer, %error, "no agreement about TLS"),
                Err(_) => tracing::debug!(%peer, "no agreement about TLS in time"),
            }
        });
    }
}

impl Listener for TlsListener {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, SocketAddr) {
        match self.agreed.recv().await {
            Some(agreed) => agreed,
            // What accepts ends with this listener, not before.
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.local)
    }
}

impl Connected<IncomingStream<'_, TlsListener>> for PeerAddress {
    fn connect_info(stream: IncomingStream<'_, TlsListener>) -> Self {
        Self(*stream.remote_addr())
    }
}
