//! What listens at VPC endpoints: the emulator's own API for the services it has, an explanation for others. Behind gateway
//! endpoints, whoever the settings name answers.
//!
//! Whoever may connect is the endpoint's groups' matter, in the kernel. Endpoints to services of the account's own are
//! silent: load balancers are not here.
//!
//! See <https://docs.aws.amazon.com/vpc/latest/privatelink/privatelink-access-aws-services.html>.
//!
//! Deviation: endpoints of all AWS services listen for HTTP on port 80 too; certificates are of an authority of the emulator's own
//! and name ENIs' addresses as well; endpoints' policies are not asked.

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use linux_net::Netns;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use vpc_model::{Model, NetworkInterfaceId, VpcEndpoint, VpcEndpointId, VpcId};

use super::door::Door;
use super::{Pace, forward};
use crate::net::{PeerAddress, PromptListener};
use crate::tls::{self, TlsListener};
use crate::{Shared, absent_service, endpoint};

const HTTP_PORT: u16 = 80;
const HTTPS_PORT: u16 = 443;

/// The services whose calls the endpoint answers.
const OWN: &[&str] = &["ec2", "sts", "autoscaling", "eks"];

/// An endpoint, or a part of one.
pub(super) enum At<'a> {
    /// An interface endpoint's ENI.
    Interface(&'a NetworkInterfaceId),
    /// A gateway endpoint.
    Gateway(&'a VpcEndpointId),
}

/// What is behind an endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Front {
    /// The service as its name ends, such as `ec2`.
    service: String,
    /// All names that lead to it, or would with private DNS names.
    names: Vec<String>,
    addresses: Vec<IpAddr>,
    /// Who really answers, where it is not this process.
    upstream: Option<SocketAddr>,
}

impl Front {
    fn of(shared: &Shared, at: &At<'_>) -> Option<Self> {
        shared.read(|model| match at {
            At::Interface(eni) => Self::of_interface(model, eni),
            At::Gateway(id) => Self::of_gateway(model, id, &shared.config().gateway_endpoint_targets),
        })
    }

    fn of_interface(model: &Model, eni_id: &NetworkInterfaceId) -> Option<Self> {
        let is_its = |(_, id): &(_, NetworkInterfaceId)| id == eni_id;
        let endpoint = model.vpc_endpoints().find(|endpoint| endpoint.interfaces.iter().any(is_its))?;
        let service = model.endpoint_service(&endpoint.service_id).filter(|service| service.owner.is_none())?;
        let eni = model.network_interface(eni_id)?;
        let v4 = eni.primary_ip().map(IpAddr::V4);
        let v6 = eni.ipv6_addresses.iter().map(|address| IpAddr::V6(*address));
        let mut names: Vec<String> = model.dns_entries(endpoint).into_iter().map(|entry| entry.name).collect();
        names.extend(service.private_names.iter().cloned());
        names.sort();
        names.dedup();
        let service = short_name(model, endpoint);
        Some(Self { service, names, addresses: v4.into_iter().chain(v6).collect(), upstream: None })
    }

    fn of_gateway(model: &Model, id: &VpcEndpointId, targets: &BTreeMap<String, SocketAddr>) -> Option<Self> {
        let service = short_name(model, model.vpc_endpoint(id)?);
        let regional = format!("{service}.{}.amazonaws.com", model.region());
        let everywhere = (service == "s3").then(|| format!("{service}.amazonaws.com"));
        let names = [regional].into_iter().chain(everywhere).flat_map(|name| [format!("*.{name}"), name]).collect();
        let upstream = targets.get(&service).copied();
        // It has all of its service's addresses.
        Some(Self { service, names, addresses: vec![Ipv4Addr::UNSPECIFIED.into()], upstream })
    }

    fn router(&self, shared: &Arc<Shared>) -> Router {
        if OWN.contains(&self.service.as_str()) {
            endpoint::router(Arc::clone(shared))
        } else {
            absent_service::router(&self.service)
        }
    }
}

/// The end of a service's name: `ec2` of `com.amazonaws.us-east-1.ec2`.
fn short_name(model: &Model, endpoint: &VpcEndpoint) -> String {
    let start = format!("com.amazonaws.{}.", model.region());
    endpoint.service_name.strip_prefix(&start).unwrap_or(&endpoint.service_name).to_owned()
}

/// Opens an endpoint, until told to close.
pub(super) fn open(
    shared: &Arc<Shared>,
    (vpc, netns): (&VpcId, &Netns),
    at: &At<'_>,
    close: &CancellationToken,
    tasks: &TaskTracker,
) {
    let Some(front) = Front::of(shared, at) else { return };
    let specific: Vec<IpAddr> = front.addresses.iter().copied().filter(|address| !address.is_unspecified()).collect();
    let acceptor = match tls::acceptor(&front.names, &specific) {
        Ok(acceptor) => acceptor,
        Err(error) => return tracing::error!(%vpc, service = front.service, %error, "no certificate for an endpoint"),
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
        let (router, acceptor, upstream) = (front.router(shared), acceptor.clone(), front.upstream);
        let plain = router.clone();
        tasks.spawn(door(HTTP_PORT).keep(move |door| http(door, plain.clone(), upstream)));
        tasks.spawn(door(HTTPS_PORT).keep(move |door| https(door, router.clone(), upstream, acceptor.clone())));
    }
}

async fn http(door: Door, router: Router, upstream: Option<SocketAddr>) -> io::Result<()> {
    let listener = PromptListener(door.tcp().await?);
    serve(door, listener, router, upstream).await
}

async fn https(door: Door, router: Router, upstream: Option<SocketAddr>, acceptor: TlsAcceptor) -> io::Result<()> {
    let listener = TlsListener::new(PromptListener(door.tcp().await?), acceptor)?;
    serve(door, listener, router, upstream).await
}

async fn serve<L>(door: Door, listener: L, router: Router, upstream: Option<SocketAddr>) -> io::Result<()>
where
    L: Listener<Addr = SocketAddr>,
    PeerAddress: for<'a> Connected<IncomingStream<'a, L>>,
{
    if let Some(upstream) = upstream {
        door.close.run_until_cancelled(forward::connections(listener, upstream)).await;
        return Ok(());
    }
    let service = router.into_make_service_with_connect_info::<PeerAddress>();
    axum::serve(listener, service).with_graceful_shutdown(door.close.cancelled_owned()).await
}
