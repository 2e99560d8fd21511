//! Answers the plugin.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use cni_ipam::{Allocation, Key, Owner, Released};
use cni_rpc::wire::{MAX_LINE, decode_request, encode};
use cni_rpc::{
    AddReply, AddRequest, Attachment, Branch, DelReason, DelReply, DelRequest, GcReply, GcRequest, PodAddress, Refusal,
    RefusalKind, Reply, Request,
};
use ipnet::IpNet;
use linux_net::Netlink;
use linux_net::netlink::table;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tracing::{debug, warn};

use crate::eni::router;
use crate::manager::Manager;
use crate::pods::{BranchEni, Pods, Wish};
use crate::state::{State, now};

/// How long an ADD waits for an address. The runtime comes again after that.
const ADDRESS_PATIENCE: Duration = Duration::from_secs(10);
/// How long an ADD waits for a pod's branch ENI.
const BRANCH_PATIENCE: Duration = Duration::from_secs(10);

/// What answers need.
#[derive(Debug, Clone)]
pub struct Server {
    /// The agent's memory.
    pub state: Arc<State>,
    /// Looks for a trunk when one is needed.
    pub manager: Manager,
    /// The node's pods, if any can have a branch ENI.
    pub pods: Option<Pods>,
}

/// Opens the socket, in place of an earlier agent's.
///
/// # Errors
/// If the file system refuses.
pub fn listen(path: &Path) -> std::io::Result<UnixListener> {
    use std::os::unix::fs::PermissionsExt;
    match std::fs::remove_file(path) {
        Err(err) if err.kind() != std::io::ErrorKind::NotFound => return Err(err),
        _ => {}
    }
    let listener = UnixListener::bind(path)?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o660))?;
    Ok(listener)
}

impl Server {
    /// Answers until the runtime ends.
    pub async fn serve(self, listener: UnixListener) {
        loop {
            match listener.accept().await {
                Ok((stream, _)) => {
                    let server = self.clone();
                    tokio::spawn(async move {
                        if let Err(error) = server.connection(stream).await {
                            debug!(%error, "plugin hung up");
                        }
                    });
                }
                Err(error) => {
                    warn!(%error, "connection cannot be accepted");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            }
        }
    }

    async fn connection(&self, stream: UnixStream) -> std::io::Result<()> {
        let (read, mut write) = stream.into_split();
        let mut line = Vec::new();
        BufReader::new(read.take(MAX_LINE as u64)).read_until(b'\n', &mut line).await?;
        let reply = match decode_request(&line) {
            Ok(request) => self.answer(request).await,
            Err(refusal) => refusal,
        };
        write.write_all(&encode(&reply)).await
    }

    async fn answer(&self, request: Request) -> Reply {
        let started = std::time::Instant::now();
        let outcome = match &request {
            Request::Add(request) => self.add(request).await.map(Reply::Added),
            Request::Del(request) => Ok(Reply::Deleted(self.del(request))),
            Request::Check(request) => self.check(&request.attachment).map(Reply::Added),
            Request::Gc(request) => Ok(Reply::Collected(self.gc(request))),
            Request::Status => self.status().map(|()| Reply::Ready),
        };
        let reply = outcome.unwrap_or_else(Reply::Refused);
        debug!(?request, ?reply, us = started.elapsed().as_micros() as u64, "answered");
        reply
    }

    async fn add(&self, request: &AddRequest) -> Result<AddReply, Refusal> {
        if let Some(pods) = &self.pods {
            let wish = pods.wish(&request.pod, BRANCH_PATIENCE).await;
            let wish = wish.map_err(|error| Refusal::new(RefusalKind::TryAgain, error))?;
            if let Wish::Branch(branch) = wish {
                return self.add_branch(&branch).await;
            }
        }
        let owner = Owner { namespace: request.pod.namespace.clone(), name: request.pod.name.clone() };
        let given = self.state.assign(&key(&request.attachment), &owner, ADDRESS_PATIENCE).await;
        let given = given.ok_or_else(|| Refusal::new(RefusalKind::TryAgain, "no address is free"))?;
        Ok(self.reply(vec![self.pod_address(&given)], None))
    }

    async fn add_branch(&self, branch: &BranchEni) -> Result<AddReply, Refusal> {
        let trunk_link = match self.trunk_link()? {
            Some(link) => link,
            None => {
                // The trunk may have been attached since the last look.
                let looked = self.manager.reconcile().await;
                looked.map_err(|error| Refusal::new(RefusalKind::TryAgain, error))?;
                self.trunk_link()?
                    .ok_or_else(|| Refusal::new(RefusalKind::TryAgain, "the node has no trunk ENI yet"))?
            }
        };
        let address = PodAddress { address: branch.private_ip.into(), device_number: 0, route_table: table::MAIN };
        let branch =
            Branch { vlan_id: branch.vlan_id, mac: branch.mac, subnet_gateway: router(branch.subnet_cidr), trunk_link };
        Ok(self.reply(vec![address], Some(branch)))
    }

    /// The trunk ENI's link, by its MAC address.
    fn trunk_link(&self) -> Result<Option<String>, Refusal> {
        let mac = {
            let inner = self.state.lock();
            inner.pool.trunk().and_then(|trunk| inner.links.get(&trunk.id)).map(|link| link.mac)
        };
        let Some(mac) = mac else { return Ok(None) };
        let found = Netlink::open(&self.state.netns).and_then(|netlink| netlink.link_by_mac(mac.0));
        Ok(found.map_err(|error| Refusal::new(RefusalKind::Failed, error))?.map(|link| link.name))
    }

    fn reply(&self, addresses: Vec<PodAddress>, branch: Option<Branch>) -> AddReply {
        let vpc_cidrs = self.state.lock().vpc_cidrs.iter().copied().map(IpNet::V4).collect();
        AddReply { addresses, branch, vpc_cidrs, external_snat: self.state.settings.external_snat }
    }

    fn del(&self, request: &DelRequest) -> DelReply {
        let how = match request.reason {
            DelReason::PodDeleted => Released::Used,
            DelReason::SetUpFailed => Released::NeverUsed,
        };
        let released = self.state.lock().pool.release(&key(&request.attachment), how, now());
        let addresses: Vec<_> = released.iter().map(|allocation| self.pod_address(allocation)).collect();
        if !addresses.is_empty() {
            self.state.save();
            self.state.changed();
        }
        DelReply { addresses }
    }

    fn check(&self, attachment: &Attachment) -> Result<AddReply, Refusal> {
        let given = self.state.lock().pool.allocation(&key(attachment)).cloned();
        let given = given.ok_or_else(|| Refusal::new(RefusalKind::Unknown, "it has no address"))?;
        Ok(self.reply(vec![self.pod_address(&given)], None))
    }

    fn gc(&self, request: &GcRequest) -> GcReply {
        let valid: Vec<_> = request.valid.iter().map(key).collect();
        let released = self.state.lock().pool.release_others(&request.network, &valid, now());
        if !released.is_empty() {
            self.state.save();
            self.state.changed();
        }
        GcReply { released: released.iter().map(|allocation| self.pod_address(allocation)).collect() }
    }

    fn status(&self) -> Result<(), Refusal> {
        let stats = self.state.lock().pool.stats(now());
        if stats.assignable() > 0 { Ok(()) } else { Err(Refusal::new(RefusalKind::TryAgain, "no address is free")) }
    }

    fn pod_address(&self, allocation: &Allocation) -> PodAddress {
        let link = self.state.lock().links.get(&allocation.eni).copied();
        PodAddress {
            address: allocation.address.into(),
            device_number: allocation.device_number,
            route_table: link.map_or(table::MAIN, |link| link.route_table),
        }
    }
}

fn key(attachment: &Attachment) -> Key {
    Key {
        network: attachment.network.clone(),
        container_id: attachment.container_id.clone(),
        ifname: attachment.ifname.clone(),
    }
}
