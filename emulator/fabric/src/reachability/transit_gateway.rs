//! Transit gateways: from one VPC to another by the gateway's ENIs in them.

use vpc_model::{
    Model, NetworkInterface, RouteState, TransitGatewayAttachment, TransitGatewayId, TransitGatewayRoute, VpcId,
    ZoneName,
};

use super::network_acl::between;
use super::{Hop, Packet, Reason};

/// A packet goes to the gateway's ENI in its sender's zone, and comes out of one in another VPC, which is given.
pub(super) fn cross<'a>(
    model: &'a Model,
    sender: &NetworkInterface,
    gateway: &TransitGatewayId,
    packet: &Packet,
    hops: &mut Vec<Hop>,
) -> Result<&'a NetworkInterface, Reason> {
    let attachment = attachment_of(model, gateway, &sender.vpc_id).ok_or(Reason::NoRoute)?;
    let zone = zone_of(model, sender).ok_or(Reason::NoRoute)?;
    let into = interfaces(model, attachment).find(|eni| zone_of(model, eni) == Some(zone));
    let into = into.ok_or_else(|| Reason::NotInZone(gateway.clone(), zone.clone()))?;
    between(model, sender, into, packet, hops)?;
    let (table, association) = model.transit_association_of(&attachment.id).ok_or(Reason::NoRoute)?;
    if association.state() != "associated" {
        return Err(Reason::NoRoute);
    }
    let covering = model.transit_gateway_routes(table).into_iter();
    let covering = covering.filter(|route| route.destination.contains(&packet.destination));
    let route: TransitGatewayRoute =
        covering.max_by_key(|route| route.destination.prefix_len()).ok_or(Reason::NoRoute)?;
    let target = route.target.attachment().filter(|_| route.state == RouteState::Active).ok_or(Reason::NoRoute)?;
    let (table, destination) = (table.id.clone(), route.destination);
    hops.push(Hop::TransitGateway { table, destination, attachment: target.clone() });
    let target = model.transit_gateway_attachment(target).ok_or(Reason::NoRoute)?;
    // A flow keeps to its zone if it can.
    let in_zone = interfaces(model, target).find(|eni| zone_of(model, eni) == Some(zone));
    in_zone.or_else(|| interfaces(model, target).next()).ok_or(Reason::NoRoute)
}

/// A VPC's attachment to a gateway, as long as it works.
fn attachment_of<'a>(
    model: &'a Model,
    gateway: &TransitGatewayId,
    vpc: &VpcId,
) -> Option<&'a TransitGatewayAttachment> {
    let is_it = |attachment: &&TransitGatewayAttachment| {
        attachment.gateway_id == *gateway && attachment.vpc().is_some_and(|attached| attached.vpc_id == *vpc)
    };
    model.transit_gateway_attachments().filter(|attachment| attachment.life.is_up()).find(is_it)
}

fn interfaces<'a>(
    model: &'a Model,
    attachment: &'a TransitGatewayAttachment,
) -> impl Iterator<Item = &'a NetworkInterface> {
    let subnets = attachment.vpc().into_iter().flat_map(|attached| &attached.subnets);
    subnets.filter_map(|(_, eni)| model.network_interface(eni))
}

fn zone_of<'a>(model: &'a Model, eni: &NetworkInterface) -> Option<&'a ZoneName> {
    model.subnet(&eni.subnet_id).map(|subnet| &subnet.zone)
}
