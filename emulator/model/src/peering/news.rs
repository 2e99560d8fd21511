//! Peering connections with other accounts and regions: both sides keep the connection and tell each other.
//!
//! Each side knows its own VPC and takes the other's from the news. How far the connection is changes on one side
//! at a time, so the last news are right.

use super::{PeeringConnection, PeeringSide, PeeringStatus};
use crate::outbox::{News, Place, Subject};
use crate::{Model, RulePeer, Tags};

impl PeeringSide {
    fn is_at(&self, place: &Place) -> bool {
        (&self.owner, &self.region) == (&place.account, &place.region)
    }

    fn place(&self) -> Place {
        Place { account: self.owner.clone(), region: self.region.clone() }
    }
}

impl Model {
    /// Whether a connection is shown here. Of a request that cannot be, the other side never learns.
    pub fn is_peering_shown(&self, peering: &PeeringConnection) -> bool {
        let is_request = matches!(peering.status, PeeringStatus::Initiating | PeeringStatus::Failed);
        !is_request || !peering.accepter.ipv4_blocks.is_empty() || self.is_own_side(&peering.requester)
    }

    /// What other places have to know of peering connections.
    pub(crate) fn peering_news(&self) -> impl Iterator<Item = ((Place, Subject), News)> + '_ {
        self.peerings.values().filter_map(|peering| {
            let other = match [&peering.requester, &peering.accepter].map(|side| self.is_own_side(side)) {
                [true, false] => &peering.accepter,
                [false, true] => &peering.requester,
                _ => return None,
            };
            let [requester, accepter] =
                [&peering.requester, &peering.accepter].map(|side| self.told_side(peering, side));
            // Each side has tags of its own.
            let seen = PeeringConnection { requester, accepter, tags: Tags::default(), ..peering.clone() };
            Some(((other.place(), Subject::Peering(peering.id.clone())), News::Peering(Box::new(seen))))
        })
    }

    /// A side as another place learns of it. Rules name groups of other VPCs only in the same region.
    fn told_side(&self, peering: &PeeringConnection, side: &PeeringSide) -> PeeringSide {
        let seen = self.peering_side(side);
        if peering.status != PeeringStatus::Active || peering.is_inter_region() || !self.is_own_side(side) {
            return seen;
        }
        let groups = || self.security_groups.values().filter(|group| group.vpc_id == side.vpc_id);
        let named = groups().flat_map(|group| &group.rules).filter_map(|rule| match &rule.peer {
            RulePeer::PeerGroup(peer) if peer.peering_id == peering.id => Some(peer.id.clone()),
            _ => None,
        });
        PeeringSide { groups: groups().map(|group| group.id.clone()).collect(), references: named.collect(), ..seen }
    }

    /// Takes what another place tells about a connection.
    pub(crate) fn hear_of_peering(&mut self, from: &Place, theirs: &PeeringConnection) {
        let Some(known) = self.peerings.get_mut(&theirs.id) else {
            // Only a request begins a connection; what has been forgotten here stays so.
            if theirs.status == PeeringStatus::Initiating && self.is_own_side(&theirs.accepter) {
                self.peerings.insert(theirs.id.clone(), theirs.clone());
            }
            return;
        };
        (known.status, known.since) = (theirs.status.clone(), theirs.since);
        if known.requester.is_at(from) {
            known.requester = theirs.requester.clone();
        } else {
            known.accepter = theirs.accepter.clone();
        }
    }
}
