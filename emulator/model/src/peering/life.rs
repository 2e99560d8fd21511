//! How peering connections come, wait and go, and how long what has ended is still shown.
//!
//! See <https://docs.aws.amazon.com/vpc/latest/peering/vpc-peering-basics.html#vpc-peering-lifecycle>.

use jiff::{SignedDuration, Timestamp};

use super::{PeeringConnection, PeeringError, PeeringSide, PeeringStatus, overlap};
use crate::Model;

const TWO_HOURS: SignedDuration = SignedDuration::from_hours(2);
const TWO_DAYS: SignedDuration = SignedDuration::from_hours(48);

impl PeeringStatus {
    /// Its code as EC2 writes it.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Initiating => "initiating-request",
            Self::PendingAcceptance => "pending-acceptance",
            Self::Provisioning => "provisioning",
            Self::Active => "active",
            Self::Deleting(_) => "deleting",
            Self::Deleted(_) => "deleted",
            Self::Rejected(_) => "rejected",
            Self::Failed => "failed",
            Self::Expired => "expired",
        }
    }

    /// Whether it is on its way or in use.
    pub fn is_alive(&self) -> bool {
        matches!(self, Self::Initiating | Self::PendingAcceptance | Self::Provisioning | Self::Active)
    }
}

impl PeeringConnection {
    /// The sentence that goes with its code.
    pub fn message(&self) -> String {
        match &self.status {
            PeeringStatus::Initiating => format!("Initiating Request to {}", self.accepter.owner),
            PeeringStatus::PendingAcceptance => format!("Pending Acceptance by {}", self.accepter.owner),
            PeeringStatus::Provisioning => "Provisioning".to_owned(),
            PeeringStatus::Active => "Active".to_owned(),
            PeeringStatus::Deleting(_) => "Deleting".to_owned(),
            PeeringStatus::Deleted(by) => format!("Deleted by {by}"),
            PeeringStatus::Rejected(by) => format!("Rejected by {by}"),
            PeeringStatus::Failed => "Failed due to incorrect VPC-ID, Account ID, or overlapping CIDR range".to_owned(),
            PeeringStatus::Expired => "Expired".to_owned(),
        }
    }

    /// Refuses what only some states allow.
    pub(super) fn must_be(&self, allowed: &[PeeringStatus], to: &'static str) -> Result<(), PeeringError> {
        if allowed.contains(&self.status) {
            return Ok(());
        }
        Err(PeeringError::State { id: self.id.clone(), from: self.status.code(), to })
    }

    /// When it moves on or is not shown any more, seen from a model.
    fn due(&self, model: &Model) -> Option<Timestamp> {
        let (viewer, delay) = (&model.account, model.delays.other);
        let wait = match &self.status {
            // Only where the asked VPC is can it be said whether the request is one.
            PeeringStatus::Initiating if !model.is_own_side(&self.accepter) => return None,
            PeeringStatus::Initiating | PeeringStatus::Provisioning | PeeringStatus::Deleting(_) => delay,
            PeeringStatus::PendingAcceptance => return Some(self.expires),
            PeeringStatus::Active => return None,
            PeeringStatus::Failed => TWO_HOURS,
            PeeringStatus::Expired => TWO_DAYS,
            PeeringStatus::Deleted(by) | PeeringStatus::Rejected(by) if by == viewer => TWO_HOURS,
            PeeringStatus::Deleted(_) | PeeringStatus::Rejected(_) => TWO_DAYS,
        };
        self.since.checked_add(wait).ok()
    }
}

impl Model {
    /// Moves on what is due of peering connections. Whether anything was.
    pub(crate) fn advance_peerings(&mut self, now: Timestamp) -> bool {
        let is_due = |at: Option<Timestamp>| at.is_some_and(|due| due <= now);
        let mut moved = false;
        loop {
            let due = self.peerings.values().find(|peering| is_due(peering.due(self)));
            let Some(peering) = due else { return moved };
            moved = true;
            let (id, next) = (peering.id.clone(), self.next_status(peering));
            let at = peering.due(self).unwrap_or(now);
            match (next, self.peerings.get_mut(&id)) {
                (Some(status), Some(peering)) => peering.turn(status, at),
                _ => drop(self.peerings.remove(&id)),
            }
        }
    }

    /// When something of a peering connection is due.
    pub(crate) fn peerings_due(&self) -> Option<Timestamp> {
        self.peerings.values().filter_map(|peering| peering.due(self)).min()
    }

    /// What follows when its time has come; `None` when it is not shown any more.
    fn next_status(&self, peering: &PeeringConnection) -> Option<PeeringStatus> {
        match &peering.status {
            PeeringStatus::Initiating if self.can_be(&peering.requester, &peering.accepter) => {
                Some(PeeringStatus::PendingAcceptance)
            }
            PeeringStatus::Initiating => Some(PeeringStatus::Failed),
            PeeringStatus::PendingAcceptance => Some(PeeringStatus::Expired),
            PeeringStatus::Provisioning => Some(PeeringStatus::Active),
            PeeringStatus::Deleting(by) => Some(PeeringStatus::Deleted(by.clone())),
            _ => None,
        }
    }

    /// Whether a VPC of this model's can be connected with another.
    fn can_be(&self, requester: &PeeringSide, accepter: &PeeringSide) -> bool {
        let accepter = self.vpcs.get(&accepter.vpc_id).map(|vpc| PeeringSide::of(self, vpc));
        accepter.is_some_and(|accepter| accepter.vpc_id != requester.vpc_id && !overlap(requester, &accepter))
    }
}
