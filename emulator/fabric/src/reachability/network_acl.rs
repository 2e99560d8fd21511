//! Network ACLs: asked about every packet that leaves or enters their subnets, replies included.

use std::net::IpAddr;

use vpc_model::{Direction, Model, NetworkInterface};

use super::groups::covers;
use super::{Hop, Packet, Payload, Reason};

/// Asks the ACLs of both ENIs' subnets; nobody is asked about packets that stay in one.
pub(super) fn between(
    model: &Model,
    sender: &NetworkInterface,
    receiver: &NetworkInterface,
    packet: &Packet,
    hops: &mut Vec<Hop>,
) -> Result<(), Reason> {
    if sender.subnet_id == receiver.subnet_id {
        return Ok(());
    }
    hops.extend(passes(model, sender, Direction::Egress, packet.destination, packet.payload)?);
    hops.extend(passes(model, receiver, Direction::Ingress, packet.source, packet.payload)?);
    Ok(())
}

/// Asks the ACL of an ENI's subnet about a packet from or to somewhere outside of it; gives the entry that lets it pass.
pub(super) fn passes(
    model: &Model,
    eni: &NetworkInterface,
    direction: Direction,
    other_end: IpAddr,
    payload: Payload,
) -> Result<Option<Hop>, Reason> {
    let Some(acl) = model.network_acl_of(&eni.subnet_id) else { return Ok(None) };
    let mut entries = acl.entries.iter().filter(|entry| entry.egress == (direction == Direction::Egress));
    let decides =
        entries.find(|entry| entry.block.contains(&other_end) && covers(entry.ip_protocol(), entry.ports, payload));
    let Some(entry) = decides else { return Ok(None) };
    let (acl, number) = (acl.id.clone(), entry.number);
    if entry.allow {
        Ok(Some(Hop::NetworkAcl { acl, entry: number, direction }))
    } else {
        Err(Reason::NetworkAcl { acl, direction, entry: number })
    }
}
