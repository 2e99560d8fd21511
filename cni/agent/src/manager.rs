//! Keeps the pool at its targets and in step with what is attached.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use cni_ipam::{Action, Amount, EniKind, ObservedEni};
use cni_rpc::MacAddress;
use ec2_client::imds::ImdsError;
use ec2_client::{Error, Imds, NetworkInterface, Query};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use crate::eni::{self, EniLink, LinkError, route_table};
use crate::metadata::{self, MetadataEni};
use crate::provision::{NewEni, Provisioner};
use crate::state::{State, now};

/// Without any signal, the pool is looked at this often.
const TICK: Duration = Duration::from_secs(5);
/// Pods that come together are served by one EC2 call.
const GATHER: Duration = Duration::from_millis(100);
/// What is attached is compared with the pool this often.
const RECONCILE: Duration = Duration::from_secs(60);
/// And this often while a trunk is expected.
const RECONCILE_FOR_TRUNK: Duration = Duration::from_secs(2);
/// The primary ENI's security groups are looked at this often.
const GROUPS_INTERVAL: Duration = Duration::from_secs(30);
/// After EC2 refused, nothing is asked of it for this long.
const PAUSE: Duration = Duration::from_secs(2);
/// How long an attached ENI's link may take to appear.
const LINK_PATIENCE: Duration = Duration::from_secs(60);

/// Why a step failed.
#[derive(Debug, thiserror::Error)]
pub enum StepError {
    /// EC2 refused.
    #[error("EC2: {0}")]
    Ec2(#[from] Error),
    /// Metadata could not be read.
    #[error(transparent)]
    Metadata(#[from] ImdsError),
    /// A link could not be set up.
    #[error(transparent)]
    Link(#[from] LinkError),
}

/// The pool's keeper.
#[derive(Debug, Clone)]
pub struct Manager {
    /// What it keeps.
    pub state: Arc<State>,
    /// Where it looks.
    pub imds: Imds,
    /// What it acts with.
    pub provisioner: Provisioner,
}

impl Manager {
    /// Keeps the pool until told to stop.
    pub async fn run(self, stop: CancellationToken) {
        let mut reconciled = Instant::now();
        while !stop.is_cancelled() {
            let patience = if self.expects_trunk() { RECONCILE_FOR_TRUNK } else { TICK };
            tokio::select! {
                () = stop.cancelled() => return,
                () = self.state.need.notified() => self.gather().await,
                () = tokio::time::sleep(patience) => {}
            }
            let every = if self.expects_trunk() { RECONCILE_FOR_TRUNK } else { RECONCILE };
            if reconciled.elapsed() >= every {
                if let Err(error) = self.reconcile().await {
                    warn!(%error, "attached ENIs cannot be compared with the pool");
                }
                reconciled = Instant::now();
            }
            if let Err(error) = self.fill().await {
                warn!(%error, "pool cannot be brought to its targets");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }

    /// Keeps the security groups of the agent's ENIs those of the primary one. The trunk's are the controller's.
    pub async fn follow_groups(self) {
        let mut known = self.provisioner.facts.security_groups(&self.imds).await.ok();
        loop {
            tokio::time::sleep(GROUPS_INTERVAL).await;
            let Ok(groups) = self.provisioner.facts.security_groups(&self.imds).await else { continue };
            if known.as_ref() == Some(&groups) {
                continue;
            }
            info!(?groups, "the primary ENI's security groups changed");
            match self.set_groups(&groups).await {
                Ok(()) => known = Some(groups),
                Err(error) => warn!(%error, "security groups cannot be set on all ENIs yet"),
            }
        }
    }

    async fn set_groups(&self, groups: &[String]) -> Result<(), Error> {
        let enis: Vec<_> = {
            let inner = self.state.lock();
            let secondary = inner.pool.enis().filter(|eni| eni.kind == EniKind::Secondary);
            secondary.map(|eni| eni.id.clone()).collect()
        };
        for id in enis {
            match self.provisioner.ec2.modify_network_interface_groups(&id, groups).await {
                Err(error) if !error.is_not_found() => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }

    /// Lets further pods come, unless one waits already.
    async fn gather(&self) {
        if self.state.demand().waiting == 0 {
            tokio::time::sleep(GATHER).await;
        }
    }

    fn expects_trunk(&self) -> bool {
        self.state.settings.pod_eni && self.state.lock().pool.trunk().is_none()
    }

    /// Does what the pool wants, until it wants nothing more.
    ///
    /// # Errors
    /// The first step that failed.
    pub async fn fill(&self) -> Result<(), StepError> {
        if !self.state.settings.provisioning {
            return Ok(());
        }
        loop {
            let demand = self.state.demand();
            let action = self.state.lock().pool.next_action(demand, now());
            if action == Action::Nothing {
                return Ok(());
            }
            debug!(?action, "next");
            let outcome = self.perform(action).await;
            self.state.changed();
            if let Err(StepError::Ec2(error)) = &outcome
                && error.is_out_of_addresses()
            {
                self.state.lock().pool.subnet_is_full(now());
            }
            outcome?;
        }
    }

    async fn perform(&self, action: Action) -> Result<(), StepError> {
        match action {
            Action::Assign { eni, amount } => self.assign(&eni, amount).await,
            Action::CreateEni { amount } => self.create_eni(amount).await,
            Action::Unassign { eni, addresses, prefixes } => {
                let (addresses, prefixes) = self.state.lock().pool.withdraw(&eni, &addresses, &prefixes, now());
                let outcome = self.provisioner.ec2.unassign_private_ip_addresses(&eni, &addresses, &prefixes).await;
                if outcome.is_err() {
                    self.state.lock().pool.add_addresses(&eni, &addresses, &prefixes);
                }
                Ok(outcome?)
            }
            Action::FreeEni { eni } => self.free_eni(eni),
            Action::Nothing => Ok(()),
        }
    }

    async fn assign(&self, id: &str, amount: Amount) -> Result<(), StepError> {
        match self.provisioner.assign(id, amount).await {
            Ok(assigned) => {
                info!(eni = id, addresses = ?assigned.addresses, prefixes = ?assigned.prefixes, "addresses assigned");
                self.state.lock().pool.add_addresses(id, &assigned.addresses, &assigned.prefixes);
                Ok(())
            }
            // Somebody else has assigned some: take over what there is.
            Err(error) if error.code == "PrivateIpAddressLimitExceeded" => {
                let Some(eni) = self.provisioner.ec2.network_interface(id).await? else { return Err(error.into()) };
                let known = self.state.lock().pool.eni(id).map(|eni| (eni.device_number, eni.kind, eni.excluded));
                let Some((device_number, kind, excluded)) = known else { return Err(error.into()) };
                let seen = ObservedEni { excluded, ..observed(&eni, device_number, kind) };
                let sync = self.state.lock().pool.observe(&seen, now());
                if sync.added.is_empty() { Err(error.into()) } else { Ok(()) }
            }
            Err(error) => Err(error.into()),
        }
    }

    async fn create_eni(&self, amount: Amount) -> Result<(), StepError> {
        let groups = self.provisioner.facts.security_groups(&self.imds).await?;
        let new = self.provisioner.create_eni(amount, &groups).await?;
        let outcome = self.bring_up(&new).await;
        if let Err(error) = &outcome {
            warn!(eni = %new.eni.id, %error, "ENI cannot be set up, freeing it");
            self.provisioner.free(&new.eni.id).await?;
        }
        outcome
    }

    async fn bring_up(&self, new: &NewEni) -> Result<(), StepError> {
        let malformed = || Error {
            code: Error::MALFORMED_REPLY.to_owned(),
            message: format!("{} has no address or no MAC address", new.eni.id),
            status: 0,
        };
        let link = EniLink {
            mac: new.eni.mac_address.parse().map_err(|_| malformed())?,
            address: new.eni.private_ip_address.ok_or_else(malformed)?,
            subnet: new.subnet.cidr_block.ok_or_else(malformed)?,
            route_table: route_table(0, new.device_number),
            mtu: self.state.settings.eni_mtu,
            trunk: false,
        };
        eni::wait_for_link(&self.state.netns, link.mac, LINK_PATIENCE).await?;
        link.set_up(&self.state.netns)?;
        let seen = observed(&new.eni, new.device_number, EniKind::Secondary);
        let mut inner = self.state.lock();
        inner.links.insert(new.eni.id.clone(), link);
        inner.pool.observe(&seen, now());
        Ok(())
    }

    /// Takes an ENI out of the pool at once; EC2 is told in the background, since detaching takes seconds.
    fn free_eni(&self, id: String) -> Result<(), StepError> {
        let link = {
            let mut inner = self.state.lock();
            if inner.pool.withdraw_eni(&id, now()).is_none() {
                return Ok(());
            }
            inner.links.remove(&id)
        };
        if let Some(link) = link {
            link.tear_down(&self.state.netns).map_err(LinkError::from)?;
        }
        let provisioner = self.provisioner.clone();
        tokio::spawn(async move {
            if let Err(error) = provisioner.free(&id).await {
                warn!(eni = %id, %error, "ENI is left behind");
            }
        });
        Ok(())
    }

    /// Compares what is attached with the pool and takes over the differences.
    ///
    /// # Errors
    /// If metadata or EC2 cannot be asked, or a new ENI's link cannot be set up.
    pub async fn reconcile(&self) -> Result<(), StepError> {
        let attached = metadata::interfaces(&self.imds).await?;
        let is_new = |eni: &&MetadataEni| self.state.lock().pool.eni(&eni.id).is_none();
        let new: Vec<_> = attached.iter().filter(is_new).collect();
        let described = self.describe(&new).await?;
        for eni in &attached {
            if let Err(error) = self.take_over(eni, &described).await {
                warn!(eni = %eni.id, %error, "ENI cannot be taken over yet");
            }
        }
        self.forget_others(&attached);
        self.state.changed();
        Ok(())
    }

    /// Asks EC2 for what metadata does not tell of new ENIs: kind and tags.
    async fn describe(&self, new: &[&MetadataEni]) -> Result<BTreeMap<String, NetworkInterface>, StepError> {
        if new.is_empty() || self.state.settings.imds_only {
            return Ok(BTreeMap::new());
        }
        let query = Query::ids(new.iter().map(|eni| eni.id.clone()));
        let found = match self.provisioner.ec2.describe_network_interfaces(&query).await {
            // One was deleted meanwhile; the next round asks without it.
            Err(error) if error.is_not_found() => Vec::new(),
            outcome => outcome?,
        };
        Ok(found.into_iter().map(|eni| (eni.id.clone(), eni)).collect())
    }

    async fn take_over(
        &self,
        seen: &MetadataEni,
        described: &BTreeMap<String, NetworkInterface>,
    ) -> Result<(), StepError> {
        let known = self.state.lock().pool.eni(&seen.id).map(|eni| (eni.kind, eni.excluded));
        let Some(address) = seen.primary_address else { return Ok(()) };
        let (kind, excluded) = match (known, described.get(&seen.id)) {
            (Some(known), _) => known,
            (None, None) if !self.state.settings.imds_only => return Ok(()),
            (None, eni) => {
                let kind = kind_of(seen.device_number, eni);
                if let (Some(eni), true, true) = (eni, self.state.settings.provisioning, kind != EniKind::Trunk) {
                    self.provisioner.tag(eni).await?;
                }
                self.set_up_link(seen, address, kind).await?;
                info!(eni = %seen.id, ?kind, device = seen.device_number, "ENI taken over");
                (kind, false)
            }
        };
        let observed = ObservedEni {
            id: seen.id.clone(),
            device_number: seen.device_number,
            kind,
            excluded,
            addresses: seen.secondary_addresses.iter().copied().collect(),
            prefixes: seen.prefixes.iter().copied().collect(),
        };
        self.observe(&observed).await
    }

    /// Metadata lags behind EC2, so before an address is taken out EC2 has the last word.
    async fn observe(&self, seen: &ObservedEni) -> Result<(), StepError> {
        let would_lose = {
            let inner = self.state.lock();
            inner.pool.eni(&seen.id).is_some_and(|eni| {
                let held: BTreeSet<_> = eni.addresses().collect();
                held.iter().any(|address| {
                    !seen.addresses.contains(address) && !seen.prefixes.iter().any(|prefix| prefix.contains(address))
                })
            })
        };
        let truth = if would_lose && !self.state.settings.imds_only {
            self.provisioner.ec2.network_interface(&seen.id).await?
        } else {
            None
        };
        let seen = match &truth {
            Some(eni) => ObservedEni { excluded: seen.excluded, ..observed(eni, seen.device_number, seen.kind) },
            None => seen.clone(),
        };
        let sync = self.state.lock().pool.observe(&seen, now());
        if !sync.missing_in_use.is_empty() {
            warn!(eni = %seen.id, addresses = ?sync.missing_in_use, "pods have addresses that the ENI lost");
        }
        Ok(())
    }

    async fn set_up_link(
        &self,
        seen: &MetadataEni,
        address: std::net::Ipv4Addr,
        kind: EniKind,
    ) -> Result<(), LinkError> {
        if kind == EniKind::Primary {
            return Ok(());
        }
        let link = EniLink {
            mac: seen.mac,
            address,
            subnet: seen.subnet_cidr,
            route_table: route_table(seen.network_card, seen.device_number),
            mtu: self.state.settings.eni_mtu,
            trunk: kind == EniKind::Trunk,
        };
        eni::wait_for_link(&self.state.netns, link.mac, LINK_PATIENCE).await?;
        link.set_up(&self.state.netns)?;
        self.state.lock().links.insert(seen.id.clone(), link);
        Ok(())
    }

    /// Forgets ENIs whose link and metadata are both gone. One alone may be a lag: then pods keep their addresses.
    fn forget_others(&self, attached: &[MetadataEni]) {
        let mut inner = self.state.lock();
        let ids: Vec<_> = inner.pool.enis().map(|eni| eni.id.clone()).collect();
        for id in ids.into_iter().filter(|id| !attached.iter().any(|eni| eni.id == *id)) {
            let Some(link) = inner.links.get(&id).copied() else { continue };
            if self.has_link(link.mac) {
                continue;
            }
            let lost = inner.pool.forget_eni(&id);
            inner.links.remove(&id);
            if let Err(error) = link.tear_down(&self.state.netns) {
                warn!(eni = %id, %error, "rules of the ENI cannot be removed");
            }
            warn!(eni = %id, pods = lost.len(), "ENI is gone");
        }
    }

    fn has_link(&self, mac: MacAddress) -> bool {
        let found = linux_net::Netlink::open(&self.state.netns).and_then(|netlink| netlink.link_by_mac(mac.0));
        // If the kernel does not tell, the link counts as there.
        found.map_or(true, |link| link.is_some())
    }
}

fn kind_of(device_number: u32, eni: Option<&NetworkInterface>) -> EniKind {
    match eni.map(|eni| eni.interface_type.as_str()) {
        _ if device_number == 0 => EniKind::Primary,
        Some("trunk") => EniKind::Trunk,
        _ => EniKind::Secondary,
    }
}

/// An ENI as EC2 describes it.
fn observed(eni: &NetworkInterface, device_number: u32, kind: EniKind) -> ObservedEni {
    let secondary = eni.private_ip_addresses.iter().filter(|address| !address.primary);
    ObservedEni {
        id: eni.id.clone(),
        device_number,
        kind,
        excluded: false,
        addresses: secondary.map(|address| address.address).collect(),
        prefixes: eni.ipv4_prefixes.iter().copied().collect(),
    }
}
