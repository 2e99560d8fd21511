//! The services inside every VPC: metadata, resolver, time, DHCP, EC2's endpoint and whatever else is forwarded; and what
//! hosts of the internet say.
//!
//! They open when the reconciler reports a VPC's fabric and close when it is gone. An open socket keeps
//! a namespace alive, so closing means every connection too.

mod door;
mod forward;
mod fronts;
mod internet_host;
mod ntp;
mod pace;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};

use linux_net::Netns;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use vpc_fabric::options;
use vpc_model::{Vpc, VpcId};

use self::door::{Door, Pending};
pub(crate) use self::pace::Pace;
use crate::config::EC2_ENDPOINT;
use crate::net::{PeerAddress, PromptListener};
use crate::{Shared, dhcp, dns, endpoint, imds};

const DNS_PORT: u16 = 53;
const HTTP_PORT: u16 = 80;
const NTP_PORT: u16 = 123;

/// Opens and closes services as VPCs and endpoints come and go, until stopped.
pub(crate) async fn run(shared: Arc<Shared>, stop: CancellationToken) {
    let (mut reports, tasks) = (shared.board().watch(), TaskTracker::new());
    let (mut open, mut interface, mut gateway) = (Opened::default(), Opened::default(), Opened::default());
    let mut hosts = Opened::default();
    loop {
        let applied = reports.borrow_and_update().clone();
        for vpc in open.close_others(|vpc, netns| applied.vpcs.get(vpc) == Some(netns)) {
            shared.board().report_serving(&vpc, false);
        }
        interface.close_others(|eni, netns| applied.endpoints.get(eni).is_some_and(|(_, there)| there == netns));
        gateway.close_others(|id, netns| applied.gateway_endpoints.get(id).is_some_and(|(_, there)| there == netns));
        for (vpc, netns) in applied.vpcs {
            open.open(vpc, netns, &stop, |vpc, netns, close| open_all(&shared, vpc, netns, close, &tasks));
        }
        for (eni, (vpc, netns)) in applied.endpoints {
            interface.open(eni, netns, &stop, |eni, netns, close| {
                fronts::open(&shared, (&vpc, netns), &fronts::At::Interface(eni), close, &tasks);
            });
        }
        for (id, (vpc, netns)) in applied.gateway_endpoints {
            gateway.open(id, netns, &stop, |id, netns, close| {
                fronts::open(&shared, (&vpc, netns), &fronts::At::Gateway(id), close, &tasks);
            });
        }
        hosts.close_others(|name, netns| applied.internet_hosts.get(name) == Some(netns));
        for (name, netns) in applied.internet_hosts {
            let known = shared.config().internet_hosts.iter().find(|host| host.name == name).cloned();
            let Some(host) = known else { continue };
            hosts.open(name, netns, &stop, |_, netns, close| internet_host::open(host, netns, close, &tasks));
        }
        let changed = stop.run_until_cancelled(reports.changed()).await;
        if !matches!(changed, Some(Ok(()))) {
            break;
        }
    }
    tasks.close();
    tasks.wait().await;
}

/// Namespaces of one kind whose services are open.
struct Opened<K>(BTreeMap<K, (Netns, CancellationToken)>);

impl<K> Default for Opened<K> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<K: Ord + Clone> Opened<K> {
    /// Closes those that are not to stay; gives which.
    fn close_others(&mut self, stays: impl Fn(&K, &Netns) -> bool) -> Vec<K> {
        let closed = self.0.extract_if(.., |key, (netns, _)| !stays(key, netns));
        let closed = closed.map(|(key, (_, close))| {
            close.cancel();
            key
        });
        closed.collect()
    }

    /// Opens one that is not open yet.
    fn open(
        &mut self,
        key: K,
        netns: Netns,
        stop: &CancellationToken,
        open: impl FnOnce(&K, &Netns, &CancellationToken),
    ) {
        self.0.entry(key.clone()).or_insert_with(|| {
            let close = stop.child_token();
            open(&key, &netns, &close);
            (netns, close)
        });
    }
}

/// One VPC's services, each in its own task.
fn open_all(shared: &Arc<Shared>, vpc: &VpcId, netns: &Netns, close: &CancellationToken, tasks: &TaskTracker) {
    let Some(resolver) = shared.read(|model| model.vpc(vpc).map(Vpc::resolver)) else { return };
    let pending = Arc::new(Pending { shared: Arc::clone(shared), vpc: vpc.clone(), close: close.clone() });
    let pace = Arc::new(Pace::new(shared.config().link_local_packets_per_second));
    let door = |name: &str, address: IpAddr, port| Door {
        name: name.to_owned(),
        shared: Arc::clone(shared),
        vpc: vpc.clone(),
        netns: netns.clone(),
        address: SocketAddr::from((address, port)),
        close: close.clone(),
        pace: Arc::clone(&pace),
        pending: Arc::new(Mutex::new(Some(Arc::clone(&pending)))),
    };
    for address in options::IMDS {
        tasks.spawn(door("metadata", address, HTTP_PORT).keep(metadata));
    }
    tasks.spawn(door("ec2", EC2_ENDPOINT.into(), HTTP_PORT).keep(ec2));
    for address in options::RESOLVER.into_iter().chain([resolver.into()]) {
        tasks.spawn(door("dns over udp", address, DNS_PORT).keep(datagrams));
        tasks.spawn(door("dns over tcp", address, DNS_PORT).keep(connections));
    }
    for address in options::TIME {
        tasks.spawn(door("ntp", address, NTP_PORT).keep(time));
    }
    for version in [dhcp::serve::Version::V4, dhcp::serve::Version::V6] {
        let serve = move |door: Door| async move {
            let packets = door.packets(version.questions()).await?;
            let served = dhcp::serve::questions(&door.shared, &door.vpc, version, packets);
            door.close.run_until_cancelled(served).await.unwrap_or(Ok(()))
        };
        // Asked by broadcast and multicast: it has no address of its own.
        tasks.spawn(door("dhcp", Ipv4Addr::UNSPECIFIED.into(), 0).keep(serve));
    }
    for service in &shared.config().services {
        let upstream = service.upstream;
        let forward = move |door: Door| async move {
            let listener = PromptListener(door.tcp().await?);
            door.close.run_until_cancelled(forward::connections(listener, upstream)).await;
            Ok(())
        };
        tasks.spawn(door(&service.name, service.address.into(), service.port).keep(forward));
    }
}

async fn metadata(door: Door) -> io::Result<()> {
    let router = imds::serve::router(Arc::clone(&door.shared), door.vpc.clone());
    let service = router.into_make_service_with_connect_info::<imds::serve::Peer>();
    let listener = PromptListener(door.tcp().await?);
    axum::serve(listener, service).with_graceful_shutdown(door.close.cancelled_owned()).await
}

async fn ec2(door: Door) -> io::Result<()> {
    let service = endpoint::router(Arc::clone(&door.shared)).into_make_service_with_connect_info::<PeerAddress>();
    let listener = PromptListener(door.tcp().await?);
    axum::serve(listener, service).with_graceful_shutdown(door.close.cancelled_owned()).await
}

async fn datagrams(door: Door) -> io::Result<()> {
    let socket = door.udp().await?;
    door.close.run_until_cancelled(dns::serve::datagrams(&door.shared, &door.vpc, &door.pace, socket)).await;
    Ok(())
}

async fn connections(door: Door) -> io::Result<()> {
    let listener = door.tcp().await?;
    let served = dns::serve::connections(&door.shared, &door.vpc, listener);
    door.close.run_until_cancelled(served).await.unwrap_or(Ok(()))
}

async fn time(door: Door) -> io::Result<()> {
    let socket = door.udp().await?;
    door.close.run_until_cancelled(ntp::datagrams(&door.shared, &door.vpc, &door.pace, socket)).await;
    Ok(())
}
