//! Network ACLs: asked about every packet that leaves or enters their subnets, replies included.

use std::net::IpAddr;

use vpc_model::{Direction, Model, NetworkInterface};

use super::{Packet, Payload, Reason, covers};

/// Asks the ACLs of both ENIs' subnets; nobody is asked about packets that stay in one.
pub(super) fn between(
    model: &Model,
    sender: &NetworkInterface,
    receiver: &NetworkInterface,
    packet: &Packet,
) -> Result<(), Reason> {
    if sender.subnet_id == receiver.subnet_id {
        return Ok(());
    }
    passes(model, sender, Direction::Egress, packet.destination, packet.payload)?;
    passes(model, receiver, Direction::Ingress, packet.source, packet.payload)
}

/// Asks the ACL of an ENI's subnet about a packet from or to somewhere outside of it.
pub(super) fn passes(
    model: &Model,
    eni: &NetworkInterface,
    direction: Direction,
    other_end: IpAddr,
    payload: Payload,
) -> Result<(), Reason> {
    let Some(acl) = model.network_acl_of(&eni.subnet_id) else { return Ok(()) };
    let mut entries = acl.entries.iter().filter(|entry| entry.egress == (direction == Direction::Egress));
    let decides =
        entries.find(|entry| entry.block.contains(&other_end) && covers(entry.ip_protocol(), entry.ports, payload));
    match decides {
        Some(entry) if !entry.allow => Err(Reason::NetworkAcl { acl: acl.id.clone(), direction, entry: entry.number }),
        _ => Ok(()),
    }
}
