//! The packet oracle: whether AWS would deliver a packet, and what decides.
//!
//! Written from the documentation and from the model's own data, independently of [`crate::compile()`]: tests
//! compare what the kernel does with it. The question is about a connection's first packet; security groups let the
//! later packets and replies of a tracked connection pass either way, network ACLs ask for each ([`reply()`]). The
//! documentation followed:
//!
//! - <https://docs.aws.amazon.com/vpc/latest/userguide/nacl-basics.html>
//! - <https://docs.aws.amazon.com/vpc/latest/userguide/vpc-security-groups.html>
//! - <https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html>
//! - <https://docs.aws.amazon.com/vpc/latest/userguide/VPC_Route_Tables.html#route-tables-priority>
//! - <https://docs.aws.amazon.com/vpc/latest/userguide/VPC_Internet_Gateway.html>
//! - <https://docs.aws.amazon.com/vpc/latest/tgw/how-transit-gateways-work.html>
//! - <https://docs.aws.amazon.com/vpc/latest/tgw/tgw-nacls.html>
//! - <https://docs.aws.amazon.com/vpc/latest/privatelink/gateway-endpoints.html>
//! - <https://docs.aws.amazon.com/vpc/latest/userguide/egress-only-internet-gateway.html>
//! - <https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-basics.html>
//! - <https://docs.aws.amazon.com/vpc/latest/privatelink/create-interface-endpoint.html>
//! - <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/using-eni.html> (source/destination checking)

mod groups;
mod internet;
mod nat_gateway;
mod network_acl;
mod path;
mod transit_gateway;
mod verdict;

use std::net::IpAddr;

use vpc_model::{
    AttachmentStatus, Destination, Direction, EndpointType, InstanceState, InterfaceType, Model, NatGateway,
    NetworkInterface, PeeringStatus, Route, RouteOrigin, RouteTarget, SecurityGroupRuleId, TransitGatewayId,
    VpcEndpoint, VpcId,
};

pub use self::internet::{Arrival, answer_to_internet, from_internet};
pub use self::path::{Hop, Path};
pub use self::verdict::{Packet, Payload, Reason, Verdict};
use crate::Options;
use crate::options::{self, Service};

/// What becomes of the first packet of a connection.
pub fn reachability(model: &Model, options: &Options, packet: &Packet) -> Verdict {
    path(model, options, packet).verdict
}

/// What becomes of the first packet of a connection, and all that it passes on the way.
pub fn path(model: &Model, options: &Options, packet: &Packet) -> Path {
    Path::of(|hops| decide(model, options, packet, hops))
}

fn decide(model: &Model, options: &Options, packet: &Packet, hops: &mut Vec<Hop>) -> Result<Verdict, Reason> {
    let not_attached = || Reason::NotAttached(packet.sender.clone());
    let sender = model.network_interface(&packet.sender).ok_or_else(not_attached)?;
    must_be_attached(model, sender)?;
    hops.push(Hop::Leaves(sender.id.clone()));
    let is_own_mac = packet.ethernet_source.is_none_or(|mac| mac == sender.mac);
    if !is_own_mac || (sender.source_dest_check && !sender.owns(packet.source)) {
        return Err(Reason::SpoofedSource);
    }
    if is_exempt(model, sender, packet) {
        hops.push(Hop::Service(packet.destination));
        return Ok(Verdict::Allowed { egress: None, ingress: None });
    }
    let egress = groups::allowing(model, sender, Direction::Egress, packet);
    let egress = egress.ok_or(Reason::Egress(sender.groups.clone()))?;
    hops.push(Hop::group(egress));
    let egress = Some(egress.1.id.clone());
    if is_vpcs_own(model, options, sender, packet.destination) {
        if !options.services.iter().any(|service| is_to(packet, service)) {
            return Err(Reason::NoService);
        }
        hops.extend(network_acl::passes(model, sender, Direction::Egress, packet.destination, packet.payload)?);
        hops.push(Hop::Service(packet.destination));
        return Ok(Verdict::Allowed { egress, ingress: None });
    }
    let ingress = onward(model, options, sender, packet, hops)?;
    Ok(Verdict::Allowed { egress, ingress })
}

/// From an ENI that may send a packet to where the routes say; gives the rule that lets it in where an ENI receives it.
fn onward(
    model: &Model,
    options: &Options,
    sender: &NetworkInterface,
    packet: &Packet,
    hops: &mut Vec<Hop>,
) -> Result<Option<SecurityGroupRuleId>, Reason> {
    let (sender, target) = route(model, sender, packet, hops)?;
    let receiver = match target {
        Target::Interface(receiver) => receiver,
        Target::GatewayEndpoint(endpoint) => {
            hops.extend(network_acl::passes(model, sender, Direction::Egress, packet.destination, packet.payload)?);
            hops.push(Hop::Endpoint(endpoint.id.clone()));
            return Ok(None);
        }
        Target::Internet | Target::EgressOnly => return internet::leave(model, options, sender, packet, hops),
        Target::Nat(gateway) => return nat_gateway::pass(model, options, sender, packet, gateway, hops),
    };
    must_be_attached(model, receiver)?;
    network_acl::between(model, sender, receiver, packet, hops)?;
    if receiver.source_dest_check && !receiver.owns(packet.destination) {
        return Err(Reason::DestinationCheck(receiver.id.clone()));
    }
    let ingress = groups::allowing(model, receiver, Direction::Ingress, packet);
    let ingress = ingress.ok_or(Reason::Ingress(receiver.groups.clone()))?;
    hops.extend([Hop::group(ingress), Hop::Arrives(receiver.id.clone())]);
    Ok(Some(ingress.1.id.clone()))
}

/// What becomes of the answer to a connection's first packet that arrived, and what it passes on the way.
///
/// The port is the one the first packet came from; it matters to TCP and UDP only.
pub fn reply(model: &Model, options: &Options, packet: &Packet, port: u16) -> Path {
    Path::of(|hops| decide_reply(model, options, packet, port, hops))
}

fn decide_reply(
    model: &Model,
    options: &Options,
    packet: &Packet,
    port: u16,
    hops: &mut Vec<Hop>,
) -> Result<Verdict, Reason> {
    let passes = Verdict::Allowed { egress: None, ingress: None };
    let asker = model.network_interface(&packet.sender).ok_or(Reason::NotAttached(packet.sender.clone()))?;
    if is_exempt(model, asker, packet) {
        hops.push(Hop::Arrives(asker.id.clone()));
        return Ok(passes);
    }
    let payload = packet.payload.reply(port);
    if is_vpcs_own(model, options, asker, packet.destination) {
        hops.extend(network_acl::passes(model, asker, Direction::Ingress, packet.destination, payload)?);
        hops.push(Hop::Arrives(asker.id.clone()));
        return Ok(passes);
    }
    answer(model, options, asker, packet, payload, hops)?;
    Ok(passes)
}

/// The way of an answer, from where the routes sent the packet back to the ENI that sent it.
fn answer(
    model: &Model,
    options: &Options,
    asker: &NetworkInterface,
    packet: &Packet,
    payload: Payload,
    hops: &mut Vec<Hop>,
) -> Result<(), Reason> {
    let (_, target) = route(model, asker, packet, &mut Vec::new())?;
    let answerer = match target {
        Target::Interface(answerer) => answerer,
        Target::GatewayEndpoint(_) => {
            hops.extend(network_acl::passes(model, asker, Direction::Ingress, packet.destination, payload)?);
            hops.push(Hop::Arrives(asker.id.clone()));
            return Ok(());
        }
        Target::Internet | Target::EgressOnly => return internet::answer(model, options, asker, packet, payload, hops),
        Target::Nat(gateway) => return nat_gateway::answer(model, options, asker, packet, payload, gateway, hops),
    };
    hops.push(Hop::Leaves(answerer.id.clone()));
    let back = packet.answer(answerer.id.clone(), payload);
    let (last, Target::Interface(receiver)) = route(model, answerer, &back, hops)? else { return Err(Reason::NoRoute) };
    network_acl::between(model, last, receiver, &back, hops)?;
    hops.push(Hop::Arrives(receiver.id.clone()));
    Ok(())
}

/// Traffic flows once the link is asked for: it may be there before `attached` is shown. An interface endpoint's ENI is its
/// service's, as long as the service's owner wants the endpoint.
fn must_be_attached(model: &Model, eni: &NetworkInterface) -> Result<(), Reason> {
    let mut endpoints = model.vpc_endpoints().filter(|endpoint| endpoint.kind == EndpointType::Interface);
    if endpoints.any(|endpoint| endpoint.is_working() && endpoint.interfaces.iter().any(|(_, id)| *id == eni.id)) {
        return Ok(());
    }
    if matches!(eni.interface_type, InterfaceType::NatGateway | InterfaceType::TransitGateway) {
        return Err(Reason::Gateway(eni.id.clone()));
    }
    let trunk = model.trunk_associations().find(|association| association.branch_id == eni.id);
    let carrier = trunk.and_then(|association| model.network_interface(&association.trunk_id)).unwrap_or(eni);
    let attachment = carrier
        .attachment
        .as_ref()
        .filter(|attachment| matches!(attachment.status, AttachmentStatus::Attaching | AttachmentStatus::Attached));
    let instance = attachment.and_then(|attachment| model.instance(&attachment.instance_id));
    match instance.map(|instance| instance.state) {
        Some(InstanceState::Pending | InstanceState::Running) => Ok(()),
        _ => Err(Reason::NotAttached(eni.id.clone())),
    }
}

/// Metadata and resolver: security groups do not apply.
fn is_exempt(model: &Model, sender: &NetworkInterface, packet: &Packet) -> bool {
    let vpc = model.vpc(&sender.vpc_id);
    vpc.is_some_and(|vpc| options::exempt(vpc).iter().any(|service| is_to(packet, service)))
}

fn is_to(packet: &Packet, service: &Service) -> bool {
    let (protocol, port) = match packet.payload {
        Payload::Tcp(port) => (6, port),
        Payload::Udp(port) => (17, port),
        _ => return false,
    };
    packet.destination == service.address && service.protocol == protocol && service.port == port
}

/// Addresses that belong to the VPC itself: link-local ones, services, routers and the resolver.
fn is_vpcs_own(model: &Model, options: &Options, sender: &NetworkInterface, destination: IpAddr) -> bool {
    let is_link_local = match destination {
        IpAddr::V4(address) => address.is_link_local(),
        IpAddr::V6(address) => address.is_unicast_link_local() || options::is_service_block(address),
    };
    let is_resolver = || model.vpc(&sender.vpc_id).is_some_and(|vpc| vpc.resolver() == destination);
    let mut subnets = model.subnets().filter(|subnet| subnet.vpc_id == sender.vpc_id);
    is_link_local
        || options.services.iter().any(|service| service.address == destination)
        || is_resolver()
        || subnets.any(|subnet| subnet.router().is_some_and(|router| router == destination))
}

/// Where a route hands a packet to.
#[derive(Clone, Copy)]
enum Target<'a> {
    Interface(&'a NetworkInterface),
    GatewayEndpoint(&'a VpcEndpoint),
    Internet,
    EgressOnly,
    Nat(&'a NatGateway),
}

/// Where routes hand a packet to in the end, and the ENI that it comes from there: the sender's, or where it has crossed
/// transit gateways, the last one's.
fn route<'a>(
    model: &'a Model,
    sender: &'a NetworkInterface,
    packet: &Packet,
    hops: &mut Vec<Hop>,
) -> Result<(&'a NetworkInterface, Target<'a>), Reason> {
    let mut at = sender;
    for _ in 0..MOST_TRANSITS {
        match next(model, at, packet.destination, hops)? {
            Next::Target(target) => return Ok((at, target)),
            Next::Transit(gateway) => at = transit_gateway::cross(model, at, gateway, packet, hops)?,
        }
    }
    Err(Reason::NoRoute)
}

/// Who crosses transit gateways more often goes in circles.
const MOST_TRANSITS: usize = 8;

/// Where a route hands a packet to.
enum Next<'a> {
    Target(Target<'a>),
    Transit(&'a TransitGatewayId),
}

/// Where the most specific route of an ENI's subnet hands a packet to.
fn next<'a>(
    model: &'a Model,
    sender: &NetworkInterface,
    destination: IpAddr,
    hops: &mut Vec<Hop>,
) -> Result<Next<'a>, Reason> {
    let table = model.route_table_of(&sender.subnet_id).ok_or(Reason::NoRoute)?;
    // Of equally specific ones a route by a block has priority over one by a prefix list, and that over a
    // propagated one.
    let specificity = |route: &Route| match &route.destination {
        Destination::Block(block) => {
            let priority = if route.origin == RouteOrigin::Propagation { 0 } else { 2 };
            block.contains(&destination).then_some((block.prefix_len(), priority))
        }
        Destination::PrefixList(id) => {
            let entries = model.prefix_list(id)?.entries().keys();
            entries.filter(|entry| entry.contains(&destination)).map(|entry| (entry.prefix_len(), 1)).max()
        }
    };
    let covering = model.all_routes(table).into_iter().filter_map(|route| Some((specificity(&route)?, route)));
    let (_, route) = covering.max_by_key(|(specificity, _)| *specificity).ok_or(Reason::NoRoute)?;
    hops.push(Hop::route(table, &route));
    if let RouteTarget::TransitGateway(id) = &route.target {
        let gateway = model.transit_gateway(id).ok_or(Reason::NoRoute)?;
        return Ok(Next::Transit(&gateway.id));
    }
    target(model, sender, destination, &route.target).map(Next::Target)
}

/// What a route within a VPC, or out of it, leads to.
fn target<'a>(
    model: &'a Model,
    sender: &NetworkInterface,
    destination: IpAddr,
    target: &RouteTarget,
) -> Result<Target<'a>, Reason> {
    match target {
        RouteTarget::Local => owner(model, &sender.vpc_id, destination).map(Target::Interface),
        RouteTarget::NetworkInterface(id) => model.network_interface(id).map(Target::Interface).ok_or(Reason::NoRoute),
        RouteTarget::InternetGateway(id) => {
            let gateway = model.internet_gateway(id).ok_or(Reason::NoRoute)?;
            let is_attached = gateway.vpc_id.as_ref() == Some(&sender.vpc_id);
            is_attached.then_some(Target::Internet).ok_or(Reason::NoRoute)
        }
        // Of the other kinds routes lead to appliances, which are not here.
        RouteTarget::VpcEndpoint(id) => {
            let endpoint = model.vpc_endpoint(id).filter(|endpoint| endpoint.kind == EndpointType::Gateway);
            endpoint.filter(|endpoint| endpoint.is_working()).map(Target::GatewayEndpoint).ok_or(Reason::NoRoute)
        }
        RouteTarget::Peering(id) => {
            let connection = model.peering(id).filter(|connection| connection.status == PeeringStatus::Active);
            let across = connection.and_then(|connection| connection.across(&sender.vpc_id)).ok_or(Reason::NoRoute)?;
            // A VPC of another account or region is another model's.
            let vpc = model.vpc(&across.vpc_id).ok_or(Reason::NoRoute)?;
            owner(model, &vpc.id, destination).map(Target::Interface)
        }
        RouteTarget::NatGateway(id) if destination.is_ipv4() => {
            let gateway = model.nat_gateway(id).filter(|gateway| gateway.state() == "available");
            gateway.map(Target::Nat).ok_or(Reason::NoRoute)
        }
        RouteTarget::EgressOnlyGateway(id) if destination.is_ipv6() => {
            let gateway = model.egress_only_gateway(id).filter(|gateway| gateway.vpc_id == sender.vpc_id);
            gateway.map(|_| Target::EgressOnly).ok_or(Reason::NoRoute)
        }
        RouteTarget::EgressOnlyGateway(_)
        | RouteTarget::NatGateway(_)
        | RouteTarget::TransitGateway(_)
        | RouteTarget::CarrierGateway(_)
        | RouteTarget::VpnGateway(_) => Err(Reason::NoRoute),
    }
}

/// The ENI of a VPC that has an address.
fn owner<'a>(model: &'a Model, vpc_id: &VpcId, address: IpAddr) -> Result<&'a NetworkInterface, Reason> {
    let mut owners = model.network_interfaces().filter(|eni| eni.vpc_id == *vpc_id);
    owners.find(|eni| eni.owns(address)).ok_or(Reason::NobodyThere)
}

#[cfg(test)]
mod tests;
