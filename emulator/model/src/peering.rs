//! VPC peering connections: asking for one, accepting, rejecting and deleting it here, the rest in the submodules.
//!
//! See <https://docs.aws.amazon.com/vpc/latest/peering/vpc-peering-basics.html>.

mod life;
mod news;
mod options;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use jiff::{SignedDuration, Timestamp};

pub use self::options::{PeeringOptionChange, PeeringOptions};
use crate::{AccountId, Context, Model, PeeringConnectionId, Region, SecurityGroupId, Tags, Vpc, VpcError, VpcId};

/// How long a request waits to be accepted.
const OPEN_FOR: SignedDuration = SignedDuration::from_hours(7 * 24);

/// A peering connection between two VPCs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeeringConnection {
    /// Its id.
    pub id: PeeringConnectionId,
    /// The VPC that asked for it.
    pub requester: PeeringSide,
    /// The VPC that was asked.
    pub accepter: PeeringSide,
    /// When a request that nobody accepts ends.
    pub expires: Timestamp,
    /// How far it is.
    pub status: PeeringStatus,
    /// Since when.
    pub since: Timestamp,
    /// Its tags; each side has its own.
    pub tags: Tags,
}

/// One of the two VPCs of a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeeringSide {
    /// The VPC's owner.
    pub owner: AccountId,
    /// The VPC's region.
    pub region: Region,
    /// The VPC.
    pub vpc_id: VpcId,
    /// The VPC's IPv4 blocks, as far as the other side knows them.
    pub ipv4_blocks: Vec<Ipv4Net>,
    /// The VPC's IPv6 blocks, likewise.
    pub ipv6_blocks: Vec<Ipv6Net>,
    /// What this side has switched on.
    pub options: PeeringOptions,
    /// The VPC's security groups, where another account tells which there are for the other side's rules to name.
    pub groups: BTreeSet<SecurityGroupId>,
    /// The other side's groups that this side's rules name, likewise.
    pub references: BTreeSet<SecurityGroupId>,
}

/// How far a connection is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PeeringStatus {
    /// Just asked for.
    Initiating,
    /// The accepter has to say something.
    PendingAcceptance,
    /// Accepted.
    Provisioning,
    /// In use.
    Active,
    /// Between regions: the end was asked for by an account.
    Deleting(AccountId),
    /// Ended by an account.
    Deleted(AccountId),
    /// Turned down by an account.
    Rejected(AccountId),
    /// It cannot be.
    Failed,
    /// Nobody accepted in time.
    Expired,
}

/// Why an operation on a peering connection is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PeeringError {
    /// No such connection.
    #[error("peering connection {0} does not exist")]
    NotFound(PeeringConnectionId),
    /// No such VPC.
    #[error("vpc {0} does not exist")]
    VpcNotFound(VpcId),
    /// The two VPCs have one already.
    #[error("peering connection {0} connects the vpcs already")]
    Exists(PeeringConnectionId),
    /// A VPC has no more connections.
    #[error("vpc {0} has as many peering connections as a vpc can have")]
    TooMany(VpcId),
    /// An account has no more open requests.
    #[error("an account has at most {0} open requests")]
    TooManyOpen(usize),
    /// The other side has to do it.
    #[error("{account} cannot {action} peering {id}")]
    NotYours {
        /// The connection.
        id: PeeringConnectionId,
        /// Who asks.
        account: AccountId,
        /// What cannot be done.
        action: &'static str,
    },
    /// It has to be done in another region.
    #[error("peering connection {id} must be {action} in {region}")]
    Elsewhere {
        /// The connection.
        id: PeeringConnectionId,
        /// The region in question.
        region: Region,
        /// The caller's.
        here: Region,
        /// What has to be done there.
        action: &'static str,
    },
    /// Its state does not allow it.
    #[error("peering connection {id} cannot go from {from} to {to}")]
    State {
        /// The connection.
        id: PeeringConnectionId,
        /// Its state.
        from: &'static str,
        /// The state it would have.
        to: &'static str,
    },
    /// Options belong to active connections.
    #[error("peering connection {0} is not active")]
    NotActive(PeeringConnectionId),
    /// An option is for connections between regions.
    #[error("peering connection {0} lies within a region")]
    OneRegion(PeeringConnectionId),
}

/// What CreateVpcPeeringConnection asks for.
#[derive(Debug, Clone)]
pub struct NewPeering {
    /// The VPC that asks.
    pub vpc_id: VpcId,
    /// The VPC that is asked.
    pub peer_vpc_id: VpcId,
    /// Its owner; the caller where it is not said.
    pub peer_owner: Option<AccountId>,
    /// Its region; the caller's where it is not said.
    pub peer_region: Option<Region>,
    /// What the requester switches on.
    pub options: PeeringOptions,
    /// Tags of the requester's side.
    pub tags: Tags,
}

impl PeeringSide {
    fn of(model: &Model, vpc: &Vpc) -> Self {
        Self {
            owner: model.account.clone(),
            region: model.region.clone(),
            vpc_id: vpc.id.clone(),
            ipv4_blocks: vpc.cidr_associations.iter().map(|(_, block)| *block).collect(),
            ipv6_blocks: vpc.ipv6_cidr_blocks().collect(),
            options: PeeringOptions::default(),
            groups: BTreeSet::new(),
            references: BTreeSet::new(),
        }
    }

    fn blocks(&self) -> impl Iterator<Item = IpNet> + '_ {
        self.ipv4_blocks.iter().copied().map(IpNet::V4).chain(self.ipv6_blocks.iter().copied().map(IpNet::V6))
    }
}

impl PeeringConnection {
    /// Whether it lies between two regions.
    pub fn is_inter_region(&self) -> bool {
        self.requester.region != self.accepter.region
    }

    /// Whether one of its sides is a VPC.
    pub fn has(&self, vpc_id: &VpcId) -> bool {
        self.requester.vpc_id == *vpc_id || self.accepter.vpc_id == *vpc_id
    }

    /// The side across from a VPC.
    pub fn across(&self, vpc_id: &VpcId) -> Option<&PeeringSide> {
        match vpc_id {
            vpc if *vpc == self.requester.vpc_id => Some(&self.accepter),
            vpc if *vpc == self.accepter.vpc_id => Some(&self.requester),
            _ => None,
        }
    }

    fn turn(&mut self, status: PeeringStatus, now: Timestamp) {
        (self.status, self.since) = (status, now);
    }
}

impl Model {
    /// Asks for a peering connection. One that cannot be is made too, and fails.
    pub fn create_peering(&mut self, cx: &mut Context, new: NewPeering) -> Result<PeeringConnectionId, PeeringError> {
        let vpc = self.vpcs.get(&new.vpc_id).ok_or_else(|| PeeringError::VpcNotFound(new.vpc_id.clone()))?;
        let requester = PeeringSide { options: new.options, ..PeeringSide::of(self, vpc) };
        let accepter = PeeringSide {
            owner: new.peer_owner.unwrap_or_else(|| self.account.clone()),
            region: new.peer_region.unwrap_or_else(|| self.region.clone()),
            vpc_id: new.peer_vpc_id,
            ipv4_blocks: Vec::new(),
            ipv6_blocks: Vec::new(),
            options: PeeringOptions::default(),
            groups: BTreeSet::new(),
            references: BTreeSet::new(),
        };
        self.check_new_peering(&requester.vpc_id, &accepter.vpc_id)?;
        let id: PeeringConnectionId = cx.ids.next();
        let peering = PeeringConnection {
            id: id.clone(),
            requester,
            accepter,
            expires: cx.now.checked_add(OPEN_FOR).unwrap_or(Timestamp::MAX),
            status: PeeringStatus::Initiating,
            since: cx.now,
            tags: new.tags,
        };
        if peering.requester.options.multipath && !peering.is_inter_region() {
            return Err(PeeringError::OneRegion(id));
        }
        self.peerings.insert(id.clone(), peering);
        self.touch();
        Ok(id)
    }

    /// Accepts a request.
    pub fn accept_peering(&mut self, cx: &mut Context, id: &PeeringConnectionId) -> Result<(), PeeringError> {
        let peering = self.shown_peering(id)?;
        self.must_be_accepter(peering, "accept")?;
        peering.must_be(&[PeeringStatus::PendingAcceptance], "provisioning")?;
        let vpc_id = &peering.accepter.vpc_id;
        let vpc = self.vpcs.get(vpc_id).ok_or_else(|| PeeringError::VpcNotFound(vpc_id.clone()))?;
        let mut accepter = PeeringSide::of(self, vpc);
        accepter.options.multipath = peering.requester.options.multipath;
        // Blocks may have been added since the request.
        let mut requester = peering.requester.clone();
        if let Some(vpc) = self.own_vpc(&requester) {
            requester = PeeringSide { options: requester.options, ..PeeringSide::of(self, vpc) };
        }
        let status = if overlap(&requester, &accepter) { PeeringStatus::Failed } else { PeeringStatus::Provisioning };
        let peering = self.peering_mut(id)?;
        (peering.requester, peering.accepter) = (requester, accepter);
        peering.turn(status, cx.now);
        self.touch();
        Ok(())
    }

    /// Turns a request down.
    pub fn reject_peering(&mut self, cx: &mut Context, id: &PeeringConnectionId) -> Result<(), PeeringError> {
        let peering = self.shown_peering(id)?;
        self.must_be_accepter(peering, "reject")?;
        peering.must_be(&[PeeringStatus::PendingAcceptance], "rejected")?;
        let account = self.account.clone();
        self.peering_mut(id)?.turn(PeeringStatus::Rejected(account), cx.now);
        self.touch();
        Ok(())
    }

    /// Ends a connection, or takes a request back.
    pub fn delete_peering(&mut self, cx: &mut Context, id: &PeeringConnectionId) -> Result<(), PeeringError> {
        let peering = self.shown_peering(id)?;
        let is_open = matches!(peering.status, PeeringStatus::Initiating | PeeringStatus::PendingAcceptance);
        if is_open && peering.requester.owner != self.account {
            return Err(self.not_yours(id, "delete"));
        }
        if !is_open {
            peering.must_be(&[PeeringStatus::Provisioning, PeeringStatus::Active], "deleting")?;
        }
        self.end_peering(id, cx.now);
        self.touch();
        Ok(())
    }

    /// The connection in use between a VPC and another.
    pub fn peering_between(&self, one: &VpcId, other: &VpcId) -> Option<&PeeringConnection> {
        let mut connections = self.peerings.values().filter(|peering| peering.status == PeeringStatus::Active);
        connections.find(|peering| peering.across(one).is_some_and(|side| side.vpc_id == *other))
    }

    /// A VPC of a connection as it is now: what is known of it, and more where it is one's own.
    pub fn peering_side(&self, side: &PeeringSide) -> PeeringSide {
        match self.own_vpc(side) {
            // An accepter shows nothing before it accepts.
            Some(vpc) if !side.ipv4_blocks.is_empty() => {
                PeeringSide { options: side.options, ..PeeringSide::of(self, vpc) }
            }
            _ => side.clone(),
        }
    }

    /// Whether a side is here: of this account and in this region.
    pub(crate) fn is_own_side(&self, side: &PeeringSide) -> bool {
        side.owner == self.account && side.region == self.region
    }

    /// Whether somebody else's request keeps a VPC from being deleted.
    pub(crate) fn has_open_peering_request(&self, vpc_id: &VpcId) -> bool {
        self.peerings.values().any(|peering| {
            let is_open = peering.status == PeeringStatus::PendingAcceptance;
            is_open && peering.accepter.vpc_id == *vpc_id && !self.is_own_side(&peering.requester)
        })
    }

    /// Checks that a VPC can have a further block: none that the other side of a connection in use has, and none at
    /// all while its own request waits for an answer.
    ///
    /// See <https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html#add-cidr-block-restrictions>.
    pub(crate) fn check_peerings_allow(&self, vpc_id: &VpcId, block: Ipv4Net) -> Result<(), VpcError> {
        for peering in self.peerings.values() {
            let Some(other) = peering.across(vpc_id) else { continue };
            match peering.status {
                PeeringStatus::PendingAcceptance if peering.requester.vpc_id == *vpc_id => {
                    return Err(VpcError::PeeringRequested(vpc_id.clone()));
                }
                PeeringStatus::Provisioning | PeeringStatus::Active => {
                    let overlaps = |its: &Ipv4Net| its.contains(&block) || block.contains(its);
                    if self.peering_side(other).ipv4_blocks.iter().any(overlaps) {
                        return Err(VpcError::Range(block));
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Ends all connections of a VPC that goes away.
    pub(crate) fn end_peerings_of(&mut self, vpc_id: &VpcId, now: Timestamp) {
        let connections = self.peerings.values().filter(|peering| peering.has(vpc_id) && peering.status.is_alive());
        let ids: Vec<_> = connections.map(|peering| peering.id.clone()).collect();
        ids.iter().for_each(|id| self.end_peering(id, now));
    }

    /// A route's target: whether the connection is there, and whether a VPC is one of its sides.
    pub(crate) fn peering_of(&self, id: &PeeringConnectionId) -> Option<&PeeringConnection> {
        self.peerings.get(id).filter(|peering| peering.status.is_alive())
    }

    fn own_vpc(&self, side: &PeeringSide) -> Option<&Vpc> {
        self.vpcs.get(&side.vpc_id).filter(|_| self.is_own_side(side))
    }

    fn shown_peering(&self, id: &PeeringConnectionId) -> Result<&PeeringConnection, PeeringError> {
        let found = self.peerings.get(id).filter(|peering| self.is_peering_shown(peering));
        found.ok_or_else(|| PeeringError::NotFound(id.clone()))
    }

    fn peering_mut(&mut self, id: &PeeringConnectionId) -> Result<&mut PeeringConnection, PeeringError> {
        self.peerings.get_mut(id).ok_or_else(|| PeeringError::NotFound(id.clone()))
    }

    fn check_new_peering(&self, one: &VpcId, other: &VpcId) -> Result<(), PeeringError> {
        let alive = || self.peerings.values().filter(|peering| peering.status.is_alive());
        if let Some(known) = alive().find(|peering| one != other && peering.has(one) && peering.has(other)) {
            return Err(PeeringError::Exists(known.id.clone()));
        }
        let is_open = |peering: &&PeeringConnection| {
            let waits = matches!(peering.status, PeeringStatus::Initiating | PeeringStatus::PendingAcceptance);
            waits && self.is_own_side(&peering.requester)
        };
        if alive().filter(is_open).count() >= self.quotas.open_peering_requests {
            return Err(PeeringError::TooManyOpen(self.quotas.open_peering_requests));
        }
        let in_use = alive().filter(|peering| peering.status == PeeringStatus::Active && peering.has(one)).count();
        if in_use >= self.quotas.peerings_per_vpc {
            return Err(PeeringError::TooMany(one.clone()));
        }
        Ok(())
    }

    fn must_be_accepter(&self, peering: &PeeringConnection, action: &'static str) -> Result<(), PeeringError> {
        if peering.accepter.owner != self.account {
            return Err(self.not_yours(&peering.id, action));
        }
        let done = if action == "accept" { "accepted" } else { "rejected" };
        self.must_be_here(&peering.id, &peering.accepter, done)
    }

    fn must_be_here(
        &self,
        id: &PeeringConnectionId,
        side: &PeeringSide,
        action: &'static str,
    ) -> Result<(), PeeringError> {
        if side.region == self.region {
            return Ok(());
        }
        Err(PeeringError::Elsewhere { id: id.clone(), region: side.region.clone(), here: self.region.clone(), action })
    }

    fn not_yours(&self, id: &PeeringConnectionId, action: &'static str) -> PeeringError {
        PeeringError::NotYours { id: id.clone(), account: self.account.clone(), action }
    }

    fn end_peering(&mut self, id: &PeeringConnectionId, now: Timestamp) {
        let account = self.account.clone();
        if let Some(peering) = self.peerings.get_mut(id) {
            let takes_time = peering.is_inter_region() && peering.status == PeeringStatus::Active;
            let status = if takes_time { PeeringStatus::Deleting(account) } else { PeeringStatus::Deleted(account) };
            peering.turn(status, now);
        }
    }
}

/// Whether two VPCs share addresses.
fn overlap(one: &PeeringSide, other: &PeeringSide) -> bool {
    one.blocks().any(|block| other.blocks().any(|its| block.contains(&its.addr()) || its.contains(&block.addr())))
}
