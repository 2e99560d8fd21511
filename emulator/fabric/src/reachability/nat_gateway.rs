//! NAT gateways: packets go on as the gateway's own, and only answers come back.

use std::net::IpAddr;

use vpc_model::{Model, NatGateway, NetworkInterface, SecurityGroupRuleId};

use super::network_acl::between;
use super::{Hop, Packet, Payload, Reason, Target, onward, route};
use crate::Options;

/// A packet goes in, and on from the gateway's subnet by its routes.
pub(super) fn pass(
    model: &Model,
    options: &Options,
    sender: &NetworkInterface,
    packet: &Packet,
    gateway: &NatGateway,
    hops: &mut Vec<Hop>,
) -> Result<Option<SecurityGroupRuleId>, Reason> {
    let is_again = |hop: &Hop| matches!(hop, Hop::NatGateway { gateway: passed, .. } if *passed == gateway.id);
    if hops.iter().any(is_again) {
        return Err(Reason::NoRoute);
    }
    let own = interface(model, gateway)?;
    between(model, sender, own, packet, hops)?;
    let is_passed = match packet.payload {
        Payload::Tcp(_) | Payload::Udp(_) => true,
        Payload::Icmp { kind, .. } => matches!(kind, 8 | 13 | 15 | 17),
        Payload::Icmpv6 { .. } | Payload::Other(_) => false,
    };
    if !is_passed {
        return Err(Reason::NotTranslated);
    }
    let onwards = translated(own, packet)?;
    hops.push(Hop::NatGateway { gateway: gateway.id.clone(), from: packet.source, to: onwards.source });
    onward(model, options, own, &onwards, hops)
}

/// An answer comes back to the gateway, which knows whose it is.
pub(super) fn answer(
    model: &Model,
    options: &Options,
    asker: &NetworkInterface,
    packet: &Packet,
    payload: Payload,
    gateway: &NatGateway,
    hops: &mut Vec<Hop>,
) -> Result<(), Reason> {
    let own = interface(model, gateway)?;
    let onwards = translated(own, packet)?;
    super::answer(model, options, own, &onwards, payload, hops)?;
    hops.push(Hop::NatGateway { gateway: gateway.id.clone(), from: onwards.source, to: packet.source });
    let back = packet.answer(own.id.clone(), payload);
    let last = match route(model, own, &back, hops)? {
        (last, Target::Interface(receiver)) if receiver.id == asker.id => last,
        _ => return Err(Reason::NoRoute),
    };
    between(model, last, asker, &back, hops)?;
    hops.push(Hop::Arrives(asker.id.clone()));
    Ok(())
}

fn interface<'a>(model: &'a Model, gateway: &NatGateway) -> Result<&'a NetworkInterface, Reason> {
    let id = gateway.network_interface_id.as_ref();
    id.and_then(|id| model.network_interface(id)).ok_or(Reason::NoRoute)
}

/// The packet as the gateway sends it on. Of several addresses any may be its source: all of them lead as far.
fn translated(own: &NetworkInterface, packet: &Packet) -> Result<Packet, Reason> {
    let source = own.primary_ip().map(IpAddr::V4).ok_or(Reason::NoRoute)?;
    Ok(Packet { sender: own.id.clone(), ethernet_source: None, source, ..packet.clone() })
}
