//! Transit gateways: a namespace that routes between the VPCs that are attached to it, by ENIs in them.
//!
//! A VPC's packets go to the gateway's ENI in their sender's zone; where the attachment has none there, they are dropped. The
//! gateway looks up the table that the attachment is associated with, and hands them to the other VPC by its ENI in the
//! same zone, or by its first. There the routes and the network ACL of the ENI's subnet are asked, as about every packet. See
//! <https://docs.aws.amazon.com/vpc/latest/tgw/how-transit-gateways-work.html>.
//!
//! Deviation: attachments of VPN connections, Connect and other transit gateways carry nothing; routes to them are blackholes.
//! Groups of other VPCs are not known by their ids. Packets of more than 8,500 bytes pass.

use vpc_model::{
    Model, NetworkInterface, RouteState, TransitGatewayAttachment, TransitGatewayAttachmentId, TransitGatewayId, Vpc,
    VpcId, ZoneName,
};

use super::View;
use crate::{Desired, Key, Object, TransitHop, TransitWire, names};

/// The ENIs of a VPC's attachments that work.
pub(super) fn interfaces<'a>(
    model: &'a Model,
    vpc: &'a Vpc,
) -> impl Iterator<Item = (&'a TransitGatewayAttachment, &'a NetworkInterface)> {
    let working = model.transit_gateway_attachments().filter(|attachment| attachment.life.is_up());
    working.flat_map(move |attachment| {
        let attached = attachment.vpc().filter(|attached| attached.vpc_id == vpc.id);
        let interfaces = attached.into_iter().flat_map(|attached| &attached.subnets);
        interfaces.filter_map(move |(_, eni)| Some((attachment, model.network_interface(eni)?)))
    })
}

/// The ENI by which a zone's packets reach a gateway.
pub(super) fn interface_in<'a>(
    view: &View<'a>,
    gateway: &TransitGatewayId,
    zone: &ZoneName,
) -> Option<&'a NetworkInterface> {
    let mut own = interfaces(view.model, view.vpc).filter(|(attachment, _)| attachment.gateway_id == *gateway);
    own.find(|(_, eni)| zone_of(view.model, eni) == Some(zone)).map(|(_, eni)| eni)
}

/// A gateway's namespace and one of its ENIs.
pub(super) fn compile(attachment: &TransitGatewayAttachment, eni: &NetworkInterface, desired: &mut Desired) {
    let gateway = attachment.gateway_id.clone();
    desired.insert(Key::TransitGateway(gateway.clone()), Object::TransitGateway);
    let wire = TransitWire { gateway, subnet: eni.subnet_id.clone(), mac: eni.mac };
    desired.insert(Key::TransitWire(eni.vpc_id.clone(), eni.id.clone()), Object::TransitWire(wire));
}

/// The routes of all gateways between VPCs that have a fabric.
pub(super) fn routes(model: &Model, desired: &mut Desired) {
    for attachment in model.transit_gateway_attachments() {
        let Some((table, association)) = model.transit_association_of(&attachment.id) else { continue };
        if association.state() != "associated" {
            continue;
        }
        let routes = model.transit_gateway_routes(table);
        for (vpc, eni, zone) in wired(model, desired, &attachment.id) {
            let number = names::transit_route_table(&table.id, zone);
            let rule = Key::TransitRule(attachment.gateway_id.clone(), eni.id.clone(), number);
            desired.insert(rule, Object::TransitRule(vpc.clone()));
            for route in &routes {
                let target = route.target.attachment().filter(|_| route.state == RouteState::Active);
                let hop = target.and_then(|target| way_to(model, desired, target, zone));
                let key = Key::TransitRoute(attachment.gateway_id.clone(), number, route.destination);
                desired.insert(key, Object::TransitRoute(hop.unwrap_or(TransitHop::Blackhole)));
            }
        }
    }
}

/// An attachment's ENIs that are in a fabric, in their order, with their zones.
fn wired<'a>(
    model: &'a Model,
    desired: &Desired,
    id: &TransitGatewayAttachmentId,
) -> Vec<(&'a VpcId, &'a NetworkInterface, &'a ZoneName)> {
    let attached = model.transit_gateway_attachment(id).and_then(TransitGatewayAttachment::vpc);
    let interfaces = attached.into_iter().flat_map(|attached| &attached.subnets);
    let interfaces = interfaces.filter_map(|(_, eni)| model.network_interface(eni));
    let wired = interfaces.filter(|eni| desired.contains(&Key::TransitWire(eni.vpc_id.clone(), eni.id.clone())));
    wired.filter_map(|eni| Some((&eni.vpc_id, eni, zone_of(model, eni)?))).collect()
}

/// To an attachment, in the zone that a packet comes from if that can be.
fn way_to(
    model: &Model,
    desired: &Desired,
    target: &TransitGatewayAttachmentId,
    zone: &ZoneName,
) -> Option<TransitHop> {
    let wired = wired(model, desired, target);
    let chosen = wired.iter().find(|(_, _, own)| *own == zone).or(wired.first());
    chosen.map(|(vpc, eni, _)| TransitHop::Interface((*vpc).clone(), eni.id.clone()))
}

fn zone_of<'a>(model: &'a Model, eni: &NetworkInterface) -> Option<&'a ZoneName> {
    model.subnet(&eni.subnet_id).map(|subnet| &subnet.zone)
}
