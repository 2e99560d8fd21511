//! What listens at interface endpoints: the emulator's own API for the services it has, an explanation for others.
//!
//! Whoever may connect is the endpoint's groups' matter, in the kernel. Endpoints to services of the account's own are
//! silent: load balancers are not here.
//!
//! See <https://docs.aws.amazon.com/vpc/latest/privatelink/privatelink-access-aws-services.html>.
//!
//! Deviation: endpoints of all AWS services listen for HTTP on port 80 too; certificates are of an authority of the emulator's own
//! and name ENIs' addresses as well; endpoints' policies are not asked.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};

use axum::Router;
use linux_net::Netns;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use vpc_model::{Model, NetworkInterfaceId, VpcId};

use super::Pace;
use super::door::Door;
use crate::net::{PeerAddress, PromptListener};
use crate::tls::{self, TlsListener};
use crate::{Shared, absent_service, endpoint};

const HTTP_PORT: u16 = 80;
const HTTPS_PORT: u16 = 443;

/// The services whose calls the endpoint answers.
const OWN: &[&str] = &["ec2", "sts", "autoscaling", "eks"];

/// What is behind an interface endpoint's ENI.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Front {
    /// The service as its name ends, such as `ec2`.
    service: String,
    /// All names that lead to it, or would with private DNS names.
    names: Vec<String>,
    addresses: Vec<IpAddr>,
}

impl Front {
    fn of(model: &Model, eni_id: &NetworkInterfaceId) -> Option<Self> {
        let is_its = |(_, id): &(_, NetworkInterfaceId)| id == eni_id;
        let endpoint = model.vpc_endpoints().find(|endpoint| endpoint.interfaces.iter().any(is_its))?;
        let service = model.endpoint_service(&endpoint.service_id).filter(|service| service.owner.is_none())?;
        let start = format!("com.amazonaws.{}.", model.region());
        let eni = model.network_interface(eni_id)?;
        let v4 = eni.primary_ip().map(IpAddr::V4);
        let v6 = eni.ipv6_addresses.iter().map(|address| IpAddr::V6(*address));
        let mut names: Vec<String> = model.dns_entries(endpoint).into_iter().map(|entry| entry.name).collect();
        names.extend(service.private_names.iter().cloned());
        names.sort();
        names.dedup();
        Some(Self {
            names,
            service: service.name.strip_prefix(&start).unwrap_or(&service.name).to_owned(),
            addresses: v4.into_iter().chain(v6).collect(),
        })
    }

    fn router(&self, shared: &Arc<Shared>) -> Router {
        if OWN.contains(&self.service.as_str()) {
            endpoint::router(Arc::clone(shared))
        } else {
            absent_service::router(&self.service)
        }
    }
}

/// Opens an endpoint's ENI, until told to close.
pub(super) fn open(
    shared: &Arc<Shared>,
    (eni, vpc, netns): (&NetworkInterfaceId, &VpcId, &Netns),
    close: &CancellationToken,
    tasks: &TaskTracker,
) {
    let Some(front) = shared.read(|model| Front::of(model, eni)) else { return };
    let acceptor = match tls::acceptor(&front.names, &front.addresses) {
        Ok(acceptor) => acceptor,
        Err(error) => return tracing::error!(%eni, %error, "no certificate for an endpoint"),
    };
    for address in &front.addresses {
        let door = |port| Door {
            name: format!("endpoint of {}", front.service),
            shared: Arc::clone(shared),
            vpc: vpc.clone(),
            netns: netns.clone(),
            address: SocketAddr::from((*address, port)),
            close: close.clone(),
            pace: Arc::new(Pace::new(None)),
            pending: Arc::new(Mutex::new(None)),
        };
        let (router, acceptor) = (front.router(shared), acceptor.clone());
        let plain = router.clone();
        tasks.spawn(door(HTTP_PORT).keep(move |door| http(door, plain.clone())));
        tasks.spawn(door(HTTPS_PORT).keep(move |door| https(door, router.clone(), acceptor.clone())));
    }
}

async fn http(door: Door, router: Router) -> io::Result<()> {
    let service = router.into_make_service_with_connect_info::<PeerAddress>();
    let listener = PromptListener(door.tcp().await?);
    axum::serve(listener, service).with_graceful_shutdown(door.close.cancelled_owned()).await
}

async fn https(door: Door, router: Router, acceptor: TlsAcceptor) -> io::Result<()> {
    let service = router.into_make_service_with_connect_info::<PeerAddress>();
    let listener = TlsListener::new(PromptListener(door.tcp().await?), acceptor)?;
    axum::serve(listener, service).with_graceful_shutdown(door.close.cancelled_owned()).await
}
