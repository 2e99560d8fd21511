//! Transit gateways, their attachments and route tables.

use std::collections::BTreeSet;

use super::Broken;
use crate::{
    AttachedResource, InterfaceType, Model, TransitConnectPeer, TransitGateway, TransitGatewayAttachment,
    TransitGatewayAttachmentId, TransitGatewayId, TransitGatewayRouteTable, TransitGatewayRouteTableId, VpcAttachment,
    VpnConnection,
};

pub(super) fn check(model: &Model, broken: &mut Broken) {
    for gateway in model.transit_gateways.values().filter(|it| !it.life.is_over()) {
        check_gateway(model, gateway, broken);
    }
    for attachment in model.transit_gateway_attachments.values().filter(|it| !it.life.is_over()) {
        check_attachment(model, attachment, broken);
    }
    for peer in model.transit_gateway_connect_peers.values().filter(|it| !it.life.is_over()) {
        check_peer(model, peer, broken);
    }
    for table in model.transit_gateway_route_tables.values().filter(|it| it.state() != "deleted") {
        check_table(model, table, broken);
    }
}

fn check_gateway(model: &Model, gateway: &TransitGateway, broken: &mut Broken) {
    let id = &gateway.id;
    for table in gateway.association_table.iter().chain(&gateway.propagation_table) {
        let is_own = table_of(model, table) == Some(id);
        broken.unless(is_own, || format!("{id}'s default table {table} is gone"));
        let found = model.transit_gateway_route_tables.get(table).map(TransitGatewayRouteTable::state);
        let is_ending = matches!(found, Some("deleting"));
        broken.unless(!is_ending || !gateway.life.is_alive(), || format!("{id}'s default table {table} ends"));
    }
    let options = &gateway.options;
    let has_tables = options.default_association == gateway.association_table.is_some()
        && options.default_propagation == gateway.propagation_table.is_some();
    broken.unless(has_tables, || format!("{id}'s default tables are not as its options say"));
}

/// The gateway of a table that is not gone.
fn table_of<'a>(model: &'a Model, id: &TransitGatewayRouteTableId) -> Option<&'a TransitGatewayId> {
    let table = model.transit_gateway_route_tables.get(id).filter(|table| table.state() != "deleted");
    table.map(|table| &table.gateway_id)
}

fn check_attachment(model: &Model, attachment: &TransitGatewayAttachment, broken: &mut Broken) {
    let id = &attachment.id;
    let gateway = model.transit_gateways.get(&attachment.gateway_id);
    let is_up = gateway.is_some_and(|it| it.life.is_alive());
    broken.unless(is_up, || format!("{id}'s {} is gone", attachment.gateway_id));
    let tables = model.transit_gateway_route_tables.values();
    let associations = tables.flat_map(|it| &it.associations).filter(|it| it.attachment_id == *id).count();
    broken.unless(associations <= 1, || format!("{id} has {associations} associations"));
    match &attachment.resource {
        AttachedResource::Vpc(vpc) => check_vpc(model, id, vpc, broken),
        AttachedResource::Vpn(connection) => {
            let connection = model.vpn_connections.get(connection);
            let is_there = connection.is_some_and(VpnConnection::is_alive);
            broken.unless(is_there || !attachment.life.is_alive(), || format!("{id}'s connection is gone"));
        }
        AttachedResource::Peering(peering) => {
            let other = model.transit_gateway_attachments.get(&peering.peer_attachment_id);
            let is_mutual = other.filter(|it| it.life.is_alive() == attachment.life.is_alive()).is_some_and(|it| {
                it.gateway_id == peering.peer_gateway_id && it.peering().is_some_and(|it| it.peer_attachment_id == *id)
            });
            broken.unless(is_mutual, || format!("{id}'s {} is gone, or of another one", peering.peer_attachment_id));
        }
        AttachedResource::Connect(transport) => {
            let carrier = model.transit_gateway_attachments.get(transport).filter(|it| it.life.is_up());
            let is_there = carrier.is_some_and(|it| it.vpc().is_some() && it.gateway_id == attachment.gateway_id);
            broken.unless(is_there, || format!("{id}'s {transport} is gone, or of another gateway"));
        }
    }
    let same = model.transit_gateway_attachments.values().filter(|it| {
        !it.life.is_over() && it.gateway_id == attachment.gateway_id && it.resource_id() == attachment.resource_id()
    });
    let (is_vpc, resource) = (attachment.vpc().is_some(), attachment.resource_id());
    broken.unless(!is_vpc || same.count() == 1, || format!("{resource} is attached twice"));
}

fn check_peer(model: &Model, peer: &TransitConnectPeer, broken: &mut Broken) {
    let id = &peer.id;
    let attachment = model.transit_gateway_attachments.get(&peer.attachment_id).filter(|it| it.life.is_alive());
    let Some(attachment) = attachment.filter(|it| it.transport().is_some()) else {
        broken.unless(false, || format!("{id}'s attachment is gone"));
        return;
    };
    let gateway = model.transit_gateways.get(&attachment.gateway_id);
    let mut blocks = gateway.into_iter().flat_map(|it| &it.options.cidr_blocks);
    let is_inside = blocks.any(|block| block.contains(&peer.gateway_address));
    broken.unless(is_inside, || format!("{id} ends at {}, which is not the gateway's", peer.gateway_address));
    broken.unless(peer.sessions().len() == 2, || format!("{id} has not two sessions"));
}

fn check_vpc(model: &Model, id: &TransitGatewayAttachmentId, vpc: &VpcAttachment, broken: &mut Broken) {
    broken.unless(model.vpcs.contains_key(&vpc.vpc_id), || format!("{id}'s vpc is gone"));
    broken.unless(!vpc.subnets.is_empty(), || format!("{id} is in no subnet"));
    let mut zones = BTreeSet::new();
    for (subnet, eni) in &vpc.subnets {
        let found = model.subnets.get(subnet);
        let is_own = found.is_some_and(|it| it.vpc_id == vpc.vpc_id && zones.insert(&it.zone));
        broken.unless(is_own, || format!("{id} is in {subnet}, which is another vpc's or in a zone it has"));
        let interface = model.network_interfaces.get(eni);
        let is_own = interface.is_some_and(|it| {
            it.subnet_id == *subnet && it.interface_type == InterfaceType::TransitGateway && it.is_requester_managed()
        });
        broken.unless(is_own, || format!("{id}'s {eni} is gone or not its own"));
    }
}

fn check_table(model: &Model, table: &TransitGatewayRouteTable, broken: &mut Broken) {
    let id = &table.id;
    let gateway = model.transit_gateways.get(&table.gateway_id).filter(|it| !it.life.is_over());
    broken.unless(gateway.is_some(), || format!("{id}'s gateway is gone"));
    let attached = |attachment: &_| {
        let found = model.transit_gateway_attachments.get(attachment).filter(|it| !it.life.is_over());
        found.is_some_and(|it| it.gateway_id == table.gateway_id)
    };
    for association in &table.associations {
        let is_there = attached(&association.attachment_id);
        broken.unless(is_there, || format!("{id} is associated with {}, which is gone", association.attachment_id));
    }
    for (at, attachment) in table.propagations.iter().enumerate() {
        broken.unless(attached(attachment), || format!("{attachment} propagates to {id} and is gone"));
        let is_twice = table.propagations[..at].contains(attachment);
        broken.unless(!is_twice, || format!("{attachment} propagates to {id} twice"));
    }
    for (at, reference) in table.references.iter().enumerate() {
        let list = &reference.prefix_list_id;
        broken.unless(model.prefix_lists.contains_key(list), || format!("{id} refers to {list}, which is gone"));
        let is_twice = table.references[..at].iter().any(|other| other.prefix_list_id == *list);
        broken.unless(!is_twice, || format!("{id} refers to {list} twice"));
    }
    for route in model.transit_gateway_routes(table) {
        let up = route.target.attachment().and_then(|it| model.transit_gateway_attachments.get(it));
        let leads = up.is_some_and(|it| it.life.is_up() && it.gateway_id == table.gateway_id);
        let is_active = route.state == crate::RouteState::Active;
        broken.unless(leads == is_active, || format!("{id}: {route:?} is not what it says"));
    }
}
