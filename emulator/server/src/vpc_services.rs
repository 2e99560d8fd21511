//! The services inside every VPC: metadata, resolver, EC2's endpoint and whatever else is forwarded.
//!
//! They open when the reconciler reports a VPC's fabric and close when it is gone. An open socket keeps
//! a namespace alive, so closing means every connection too.

mod door;
mod forward;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};

use linux_net::Netns;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use vpc_model::{Vpc, VpcId};

use self::door::{Door, Pending};
use crate::config::{EC2_ENDPOINT, METADATA, RESOLVER};
use crate::net::{PeerAddress, PromptListener};
use crate::{Shared, dns, endpoint, imds};

const DNS_PORT: u16 = 53;
const HTTP_PORT: u16 = 80;

/// Opens and closes services as VPCs come and go, until stopped.
pub(crate) async fn run(shared: Arc<Shared>, stop: CancellationToken) {
    let mut reports = shared.board().watch();
    let (mut open, tasks) = (BTreeMap::<VpcId, (Netns, CancellationToken)>::new(), TaskTracker::new());
    loop {
        let vpcs = reports.borrow_and_update().vpcs.clone();
        open.retain(|id, (netns, close)| {
            let stays = vpcs.get(id) == Some(netns);
            if !stays {
                close.cancel();
                shared.board().report_serving(id, false);
            }
            stays
        });
        for (id, netns) in vpcs {
            open.entry(id.clone()).or_insert_with(|| {
                let close = stop.child_token();
                open_all(&shared, &id, &netns, &close, &tasks);
                (netns, close)
            });
        }
        let changed = stop.run_until_cancelled(reports.changed()).await;
        if !matches!(changed, Some(Ok(()))) {
            break;
        }
    }
    tasks.close();
    tasks.wait().await;
}

/// One VPC's services, each in its own task.
fn open_all(shared: &Arc<Shared>, vpc: &VpcId, netns: &Netns, close: &CancellationToken, tasks: &TaskTracker) {
    let Some(resolver) = shared.read(|model| model.vpc(vpc).map(Vpc::resolver)) else { return };
    let pending = Arc::new(Pending { shared: Arc::clone(shared), vpc: vpc.clone(), close: close.clone() });
    let door = |name: &str, address: Ipv4Addr, port| Door {
        name: name.to_owned(),
        shared: Arc::clone(shared),
        vpc: vpc.clone(),
        netns: netns.clone(),
        address: SocketAddr::from((address, port)),
        close: close.clone(),
        pending: Arc::new(Mutex::new(Some(Arc::clone(&pending)))),
    };
    tasks.spawn(door("metadata", METADATA, HTTP_PORT).keep(metadata));
    tasks.spawn(door("ec2", EC2_ENDPOINT, HTTP_PORT).keep(ec2));
    for address in [RESOLVER, resolver] {
        tasks.spawn(door("dns over udp", address, DNS_PORT).keep(datagrams));
        tasks.spawn(door("dns over tcp", address, DNS_PORT).keep(connections));
    }
    for service in &shared.config().services {
        let upstream = service.upstream;
        let forward = move |door: Door| async move {
            let listener = door.tcp().await?;
            door.close.run_until_cancelled(forward::connections(listener, upstream)).await.unwrap_or(Ok(()))
        };
        tasks.spawn(door(&service.name, service.address, service.port).keep(forward));
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
    door.close.run_until_cancelled(dns::serve::datagrams(&door.shared, &door.vpc, socket)).await;
    Ok(())
}

async fn connections(door: Door) -> io::Result<()> {
    let listener = door.tcp().await?;
    let served = dns::serve::connections(&door.shared, &door.vpc, listener);
    door.close.run_until_cancelled(served).await.unwrap_or(Ok(()))
}
