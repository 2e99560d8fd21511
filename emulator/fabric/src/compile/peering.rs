//! Peering connections: a link between two fabrics. What comes over it has passed its sender's gate and meets the receiver's.
//!
//! A packet from a peer finds the main table only, which knows the VPC's own networks and nothing beyond: peering is not
//! transitive, and a gateway or another connection cannot be reached through it. See
//! <https://docs.aws.amazon.com/vpc/latest/peering/vpc-peering-basics.html#vpc-peering-limitations>.
//!
//! Deviation: connections to other accounts and regions carry nothing; routes to them are blackholes.

use nft_ruleset::{Element, KeyPart};
use vpc_model::{Model, PeeringStatus};

use super::{Peer, View};
use crate::{Desired, Key, Object, Peering, names};

/// Tells VPCs that have a fabric of each other, where an active connection joins them.
pub(super) fn connect<'a>(model: &'a Model, views: &mut [View<'a>]) {
    for connection in model.peerings().filter(|connection| connection.status == PeeringStatus::Active) {
        let sides = [&connection.requester, &connection.accepter];
        let [Some(one), Some(other)] = sides.map(|side| views.iter().position(|view| view.vpc.id == side.vpc_id))
        else {
            continue;
        };
        for (here, across) in [(one, other), (other, one)] {
            let present = views[across].present.values().map(|present| present.eni).collect();
            views[here].peers.insert(&connection.id, Peer { connection, present });
        }
    }
}

/// Each side asks for the link; it is the same one.
pub(super) fn compile(view: &View<'_>, desired: &mut Desired) {
    for (id, peer) in &view.peers {
        let [requester, accepter] =
            [&peer.connection.requester, &peer.connection.accepter].map(|side| side.vpc_id.clone());
        desired.insert(Key::Peering((*id).clone()), Object::Peering(Peering { requester, accepter }));
    }
}

/// The fabric's links to peers, for the gates to know.
pub(super) fn links<'a>(view: &'a View<'_>) -> impl Iterator<Item = Element> + 'a {
    view.peers.keys().map(|id| Element { key: vec![KeyPart::Interface(names::peering(id))], verdict: None })
}
