//! The internet: who can be reached there, and as whom.

use std::net::IpAddr;

use vpc_model::{AccessBlock, Direction, Model, NetworkInterface, SecurityGroupRuleId};

use super::groups;
use super::network_acl::passes;
use super::{Hop, Packet, Path, Payload, Reason, Target, Verdict, must_be_attached, route};
use crate::Options;

/// A packet that a host of the internet sends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrival {
    /// The host's address.
    pub source: IpAddr,
    /// Where it goes: a public IPv4 address, or an IPv6 address.
    pub destination: IpAddr,
    /// What it carries.
    pub payload: Payload,
}

/// What becomes of the first packet of a connection that a host of the internet opens.
pub fn from_internet(model: &Model, options: &Options, packet: &Arrival) -> Path {
    Path::of(|hops| {
        let ingress = arrive(model, options, packet, hops)?;
        Ok(Verdict::Allowed { egress: None, ingress })
    })
}

/// What becomes of the answer to such a packet that arrived, as [`super::reply()`] tells it of others.
pub fn answer_to_internet(model: &Model, options: &Options, packet: &Arrival, port: u16) -> Path {
    Path::of(|hops| {
        if !options.is_internet_host(packet.destination) {
            let answerer = owner(model, packet.destination).ok_or(Reason::NobodyInInternet)?;
            send_back(model, answerer, packet.source, packet.payload.reply(port), hops)?;
        }
        hops.push(Hop::Internet(packet.source));
        Ok(Verdict::Allowed { egress: None, ingress: None })
    })
}

/// From an ENI by its gateway; gives the rule that lets the packet in where it arrives at another.
pub(super) fn leave(
    model: &Model,
    options: &Options,
    sender: &NetworkInterface,
    packet: &Packet,
    hops: &mut Vec<Hop>,
) -> Result<Option<SecurityGroupRuleId>, Reason> {
    hops.extend(passes(model, sender, Direction::Egress, packet.destination, packet.payload)?);
    is_open(model, sender, &[AccessBlock::Bidirectional])?;
    let source = public(model, sender, packet.source)?;
    if source != packet.source {
        hops.push(Hop::Translated { from: packet.source, to: source });
    }
    let Packet { destination, payload, .. } = *packet;
    arrive(model, options, &Arrival { source, destination, payload }, hops)
}

/// The answer to a packet that left by the gateway, back to who asked.
pub(super) fn answer(
    model: &Model,
    options: &Options,
    asker: &NetworkInterface,
    packet: &Packet,
    payload: Payload,
    hops: &mut Vec<Hop>,
) -> Result<(), Reason> {
    if !options.is_internet_host(packet.destination) {
        let answerer = owner(model, packet.destination).ok_or(Reason::NobodyInInternet)?;
        send_back(model, answerer, public(model, asker, packet.source)?, payload, hops)?;
    }
    hops.extend(passes(model, asker, Direction::Ingress, packet.destination, payload)?);
    hops.push(Hop::Arrives(asker.id.clone()));
    Ok(())
}

/// An answer takes the way that its subnet's routes say; only the gateway of the VPC knows whose connection it belongs to.
fn send_back(
    model: &Model,
    (answerer, source): (&NetworkInterface, IpAddr),
    to: IpAddr,
    payload: Payload,
    hops: &mut Vec<Hop>,
) -> Result<(), Reason> {
    hops.push(Hop::Leaves(answerer.id.clone()));
    let back = Packet { sender: answerer.id.clone(), ethernet_source: None, source, destination: to, payload };
    match route(model, answerer, &back, hops)? {
        (last, Target::Internet) if last.id == answerer.id => {}
        // Another VPC's gateway, beyond a transit gateway.
        (_, Target::Internet) => return Err(Reason::NotPublic(source)),
        _ => return Err(Reason::NoRoute),
    }
    hops.extend(passes(model, answerer, Direction::Egress, to, payload)?);
    Ok(())
}

/// At a host of the internet, or by the gateway of its VPC at an ENI.
fn arrive(
    model: &Model,
    options: &Options,
    packet: &Arrival,
    hops: &mut Vec<Hop>,
) -> Result<Option<SecurityGroupRuleId>, Reason> {
    if options.is_internet_host(packet.destination) {
        hops.push(Hop::Internet(packet.destination));
        return Ok(None);
    }
    let (receiver, private) = owner(model, packet.destination).ok_or(Reason::NobodyInInternet)?;
    must_be_attached(model, receiver)?;
    if private != packet.destination {
        hops.push(Hop::Translated { from: packet.destination, to: private });
    }
    is_open(model, receiver, &[AccessBlock::Bidirectional, AccessBlock::Ingress])?;
    hops.extend(passes(model, receiver, Direction::Ingress, packet.source, packet.payload)?);
    let arriving = Packet {
        sender: receiver.id.clone(),
        ethernet_source: None,
        source: packet.source,
        destination: private,
        payload: packet.payload,
    };
    let ingress = groups::allowing(model, receiver, Direction::Ingress, &arriving);
    let ingress = ingress.ok_or(Reason::Ingress(receiver.groups.clone()))?;
    hops.extend([Hop::group(ingress), Hop::Arrives(receiver.id.clone())]);
    Ok(Some(ingress.1.id.clone()))
}

/// Whether the account keeps none of these back between an ENI's subnet and the internet, see
/// <https://docs.aws.amazon.com/vpc/latest/userguide/security-vpc-bpa.html>.
fn is_open(model: &Model, eni: &NetworkInterface, kept: &[AccessBlock]) -> Result<(), Reason> {
    match kept.contains(&model.access_block_of_subnet(&eni.subnet_id)) {
        true => Err(Reason::PublicAccess(eni.subnet_id.clone())),
        false => Ok(()),
    }
}

/// The address that the internet knows an ENI's address by.
fn public(model: &Model, eni: &NetworkInterface, address: IpAddr) -> Result<IpAddr, Reason> {
    match address {
        IpAddr::V4(private) => {
            let mapped = model.public_address_of(eni, private).ok_or(Reason::NotPublic(address))?;
            Ok(mapped.address.into())
        }
        IpAddr::V6(_) => Ok(address),
    }
}

/// The ENI that the internet knows by an address, and its own address; its VPC has to have a gateway.
fn owner(model: &Model, address: IpAddr) -> Option<(&NetworkInterface, IpAddr)> {
    let has_gateway =
        |eni: &&NetworkInterface| model.internet_gateways().any(|gateway| gateway.vpc_id.as_ref() == Some(&eni.vpc_id));
    let mut reachable = model.network_interfaces().filter(has_gateway);
    if address.is_ipv6() {
        return reachable.find(|eni| eni.owns(address)).map(|eni| (eni, address));
    }
    reachable.find_map(|eni| {
        let mut own = eni.private_ips.iter().map(|ip| ip.address);
        let private = own.find(|ip| model.public_address_of(eni, *ip).is_some_and(|it| it.address == address))?;
        Some((eni, private.into()))
    })
}
