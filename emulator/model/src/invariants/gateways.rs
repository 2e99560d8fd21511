//! NAT gateways and their addresses, and the other gateways, peerings and VPN connections.

use super::Broken;
use crate::{Excluded, InterfaceType, Model, NatAddress, NatGateway, PeeringStatus, VpcId, VpnConnection};

pub(super) fn check(model: &Model, broken: &mut Broken) {
    for gateway in model.nat_gateways.values() {
        check_nat_gateway(model, gateway, broken);
    }
    for elastic_ip in model.elastic_ips.values() {
        let to_owner = elastic_ip.transfer.as_ref().is_some_and(|transfer| transfer.account == model.account);
        broken.unless(!to_owner, || format!("{} is offered to its owner", elastic_ip.id));
    }
    let attached = model.internet_gateways.values().filter_map(|it| it.vpc_id.as_ref());
    check_one_each(model, "internet gateway", attached, broken);
    check_one_each(model, "egress-only gateway", model.egress_only_gateways.values().map(|it| &it.vpc_id), broken);
    let carriers = model.carrier_gateways.values().filter(|it| it.state() != "deleted");
    check_one_each(model, "carrier gateway", carriers.map(|it| &it.vpc_id), broken);
    check_exclusions(model, broken);
    let attachments = model.vpn_gateways.values().flat_map(|it| &it.attachments);
    let held = attachments.filter(|it| it.state() != "detached").map(|it| &it.vpc_id);
    check_one_each(model, "vpn gateway", held, broken);
    for gateway in model.vpn_gateways.values() {
        let is_held = gateway.attachments.iter().any(|it| it.state() != "detached");
        broken.unless(gateway.is_alive() || !is_held, || format!("{} ends and is attached", gateway.id));
        let count = gateway.attachments.len();
        broken.unless(count <= 1, || format!("{} has {count} attachments", gateway.id));
    }
    for connection in model.vpn_connections.values() {
        check_vpn_connection(model, connection, broken);
    }
    check_peerings(model, broken);
}

/// Checks that VPCs are there and have one gateway of a kind at most.
fn check_one_each<'a>(model: &Model, kind: &str, vpcs: impl Iterator<Item = &'a VpcId>, broken: &mut Broken) {
    let mut seen = std::collections::BTreeSet::new();
    for vpc in vpcs {
        broken.unless(model.vpcs.contains_key(vpc), || format!("a {kind} is attached to {vpc}, which is gone"));
        broken.unless(seen.insert(vpc), || format!("{vpc} has two: {kind}"));
    }
}

fn check_nat_gateway(model: &Model, gateway: &NatGateway, broken: &mut Broken) {
    let id = &gateway.id;
    if gateway.failure.is_some() {
        broken.unless(gateway.network_interface_id.is_none(), || format!("{id} failed and has an eni"));
        return;
    }
    if gateway.state() == "deleted" {
        return;
    }
    let primaries = gateway.addresses.iter().filter(|one| one.is_primary).count();
    let is_first = gateway.addresses.first().is_some_and(|one| one.is_primary);
    broken.unless(primaries == 1 && is_first, || format!("{id} has {primaries} primary addresses"));
    // One that failed, and whose end was asked for, never had an ENI.
    let Some(eni) = &gateway.network_interface_id else {
        broken.unless(gateway.state() == "deleting", || format!("{id} has no eni"));
        return;
    };
    let Some(interface) = model.network_interfaces.get(eni) else {
        broken.unless(false, || format!("{id}'s {eni} is gone"));
        return;
    };
    let is_own = interface.subnet_id == gateway.subnet_id
        && interface.interface_type == InterfaceType::NatGateway
        && interface.is_requester_managed();
    broken.unless(is_own, || format!("{eni} is not {id}'s"));
    let mut named: Vec<_> = gateway.addresses.iter().filter_map(|one| one.private_ip).collect();
    let mut held: Vec<_> = interface.private_ips.iter().map(|ip| ip.address).collect();
    broken.unless(interface.primary_ip() == named.first().copied(), || format!("{id}'s primary address is another"));
    named.sort_unstable();
    held.sort_unstable();
    broken.unless(named == held, || format!("{id} has {named:?}, but its eni {held:?}"));
    for address in &gateway.addresses {
        check_nat_address(model, gateway, address, broken);
    }
}

fn check_nat_address(model: &Model, gateway: &NatGateway, address: &NatAddress, broken: &mut Broken) {
    let id = &gateway.id;
    let is_public = gateway.connectivity == crate::Connectivity::Public;
    broken.unless(address.allocation_id.is_some() == is_public, || format!("{id}: {address:?} is of the other kind"));
    let Some(allocation) = &address.allocation_id else { return };
    let found = model.elastic_ips.get(allocation);
    broken.unless(found.is_some(), || format!("{id} has {allocation}, which is gone"));
    let mapping = found.and_then(|it| it.association.as_ref().map(|one| (one, it.public_ip)));
    let is_mapped = mapping.is_some_and(|(one, public_ip)| {
        gateway.network_interface_id.as_ref() == Some(&one.network_interface_id)
            && address.private_ip == Some(one.private_ip)
            && address.association.as_ref() == Some(&(one.id.clone(), public_ip))
    });
    broken.unless(is_mapped, || format!("{id}: {address:?} is not mapped like that, but {mapping:?}"));
}

fn check_vpn_connection(model: &Model, connection: &VpnConnection, broken: &mut Broken) {
    if connection.state() == "deleted" {
        return;
    }
    let id = &connection.id;
    let customer = model.customer_gateways.get(&connection.customer_gateway_id);
    broken.unless(customer.is_some_and(|it| it.is_alive()), || format!("{id}'s customer gateway is gone"));
    if let Some(gateway) = connection.vpn_gateway_id() {
        let is_alive = model.vpn_gateways.get(gateway).is_some_and(|it| it.is_alive());
        broken.unless(is_alive, || format!("{id}'s {gateway} is gone"));
    }
    let attached: Vec<_> = model
        .transit_gateway_attachments
        .values()
        .filter(|it| it.life.is_alive() && it.resource_id() == id.as_str())
        .map(|it| &it.gateway_id)
        .collect();
    let expected: Vec<_> = connection.transit_gateway_id().filter(|_| connection.is_alive()).into_iter().collect();
    broken.unless(attached == expected, || format!("{id} is attached to {attached:?}, not to {expected:?}"));
    let [one, other] = &connection.tunnels;
    broken.unless(one.outside != other.outside, || format!("{id}'s tunnels have one address"));
    for (at, route) in connection.routes.iter().enumerate() {
        let is_twice = connection.routes[..at].iter().any(|it| it.destination == route.destination);
        broken.unless(!is_twice, || format!("{id} has {} twice", route.destination));
    }
    // Tunnels' inside blocks are unique among the connections of a gateway.
    let blocks = |it: &VpnConnection| it.tunnels.clone().map(|tunnel| tunnel.options.inside);
    let rivals = model
        .vpn_connections
        .values()
        .filter(|it| it.id > *id && it.is_alive() && it.target.is_some() && it.target == connection.target);
    for rival in rivals.filter(|_| connection.is_alive()) {
        let shared = blocks(rival).into_iter().flatten().find(|block| blocks(connection).contains(&Some(*block)));
        broken.unless(shared.is_none(), || format!("{id} and {} share {shared:?}", rival.id));
    }
}

fn check_peerings(model: &Model, broken: &mut Broken) {
    for peering in model.peerings.values() {
        let is_agreed = matches!(
            peering.status,
            PeeringStatus::PendingAcceptance | PeeringStatus::Provisioning | PeeringStatus::Active
        );
        let own = [&peering.requester, &peering.accepter].into_iter().filter(|side| model.is_own_side(side));
        for side in own.filter(|_| is_agreed) {
            let is_there = model.vpcs.contains_key(&side.vpc_id);
            broken.unless(is_there, || format!("{} is {:?}, yet {} is gone", peering.id, peering.status, side.vpc_id));
        }
    }
    for peering in model.peerings.values() {
        let is_up = matches!(peering.status, PeeringStatus::Provisioning | PeeringStatus::Active);
        let [one, other] = [&peering.requester, &peering.accepter].map(|side| model.peering_side(side).ipv4_blocks);
        let shared = one.iter().find(|block| other.iter().any(|its| block.contains(its) || its.contains(*block)));
        broken.unless(!is_up || shared.is_none(), || format!("both sides of {} have {shared:?}", peering.id));
    }
    let alive: Vec<_> = model.peerings.values().filter(|it| it.status.is_alive()).collect();
    for (at, one) in alive.iter().enumerate() {
        let is_same = |other: &crate::PeeringConnection| {
            one.has(&other.requester.vpc_id) && one.has(&other.accepter.vpc_id) && !other.is_to_itself()
        };
        let other = alive[..at].iter().find(|other| is_same(other) && !one.is_to_itself());
        broken.unless(other.is_none(), || format!("{} and {:?} connect the same vpcs", one.id, other.map(|it| &it.id)));
    }
}

impl crate::PeeringConnection {
    /// Whether it was asked for between a VPC and itself, so that it will fail.
    fn is_to_itself(&self) -> bool {
        self.requester.vpc_id == self.accepter.vpc_id
    }
}

/// Exclusions from VPC Block Public Access: one for each resource, which is there.
fn check_exclusions(model: &Model, broken: &mut Broken) {
    let exclusions: Vec<_> = model.access_exclusions.values().filter(|it| it.deleted().is_none()).collect();
    for (at, exclusion) in exclusions.iter().enumerate() {
        let is_there = match &exclusion.of {
            Excluded::Vpc(id) => model.vpcs.contains_key(id),
            Excluded::Subnet(id) => model.subnets.contains_key(id),
        };
        broken.unless(is_there, || format!("{} excepts {:?}, which is gone", exclusion.id, exclusion.of));
        let is_twice = exclusions[..at].iter().any(|other| other.of == exclusion.of);
        broken.unless(!is_twice, || format!("{:?} is excepted twice", exclusion.of));
    }
}
