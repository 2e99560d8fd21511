//! What listens at interface endpoints: the emulator's own API for the services it has, an explanation for others.
//!
//! Whoever may connect is the endpoint's groups' matter, in the kernel. Endpoints to services of the account's own are
//! silent: load balancers are not here.
//!
//! See <https://docs.aws.amazon.com/vpc/latest/privatelink/privatelink-access-aws-services.html>.
//!
//! Deviation: endpoints of all AWS services listen for HTTP on port 80 too, and their policies are not asked.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};

use axum::Router;
use linux_net::Netns;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use vpc_model::{Model, NetworkInterfaceId, VpcId};

use super::Pace;
use super::door::Door;
use crate::net::{PeerAddress, PromptListener};
use crate::{Shared, absent_service, endpoint};

const HTTP_PORT: u16 = 80;

/// The services whose calls the endpoint answers.
const OWN: &[&str] = &["ec2", "sts", "autoscaling", "eks"];

/// What is behind an interface endpoint's ENI.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Front {
    /// The service as its name ends, such as `ec2`.
    service: String,
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
        Some(Self {
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
    for address in &front.addresses {
        let door = Door {
            name: format!("endpoint of {}", front.service),
            shared: Arc::clone(shared),
            vpc: vpc.clone(),
            netns: netns.clone(),
            address: SocketAddr::from((*address, HTTP_PORT)),
            close: close.clone(),
            pace: Arc::new(Pace::new(None)),
            pending: Arc::new(Mutex::new(None)),
        };
        let router = front.router(shared);
        tasks.spawn(door.keep(move |door| http(door, router.clone())));
    }
}

async fn http(door: Door, router: Router) -> io::Result<()> {
    let service = router.into_make_service_with_connect_info::<PeerAddress>();
    let listener = PromptListener(door.tcp().await?);
    axum::serve(listener, service).with_graceful_shutdown(door.close.cancelled_owned()).await
}
