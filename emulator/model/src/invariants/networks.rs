//! VPCs, their blocks, and what lies in them: subnets, reservations, route tables, ACLs and groups.

use ipnet::IpNet;

use super::Broken;
use crate::{
    Destination, EdgeGateway, EndpointType, IpAddressType, Model, NetworkInterface, RouteTable, RouteTarget, Subnet,
    TableUser, TransitGatewayAttachment, Vpc,
};

pub(super) fn check(model: &Model, broken: &mut Broken) {
    for vpc in model.vpcs.values() {
        check_vpc(model, vpc, broken);
    }
    let defaults = model.vpcs.values().filter(|vpc| vpc.is_default).count();
    broken.unless(defaults <= 1, || format!("there are {defaults} default vpcs"));
    for subnet in model.subnets.values() {
        check_subnet(model, subnet, broken);
    }
    for table in model.route_tables.values() {
        check_table(model, table, broken);
    }
    for interface in model.network_interfaces.values() {
        check_interface(model, interface, broken);
    }
    for acl in model.network_acls.values() {
        broken.unless(model.vpcs.contains_key(&acl.vpc_id), || format!("{}'s vpc is gone", acl.id));
        for (_, id) in &acl.associations {
            let is_same = model.subnets.get(id).is_some_and(|subnet| subnet.vpc_id == acl.vpc_id);
            broken.unless(is_same, || format!("{} is associated with {id}, which is not its vpc's", acl.id));
        }
    }
    for group in model.security_groups.values() {
        broken.unless(model.vpcs.contains_key(&group.vpc_id), || format!("{}'s vpc is gone", group.id));
    }
    for known in model.group_vpc_associations.values() {
        let is_there = model.vpcs.contains_key(&known.vpc_id) && model.security_groups.contains_key(&known.group_id);
        broken.unless(is_there, || format!("{known:?} names what is gone"));
    }
    check_reservations(model, broken);
}

fn check_vpc(model: &Model, vpc: &Vpc, broken: &mut Broken) {
    let main = model.route_tables.get(&vpc.main_route_table_id);
    let is_main = main.is_some_and(|table| table.is_main() && table.vpc_id == vpc.id);
    broken.unless(is_main, || format!("{} has no main route table", vpc.id));
    let mains = model.route_tables.values().filter(|table| table.vpc_id == vpc.id && table.is_main()).count();
    broken.unless(mains == 1, || format!("{} has {mains} main route tables", vpc.id));
    let group = model.security_groups.get(&vpc.default_security_group_id);
    let is_own = group.is_some_and(|group| group.vpc_id == vpc.id);
    broken.unless(is_own, || format!("{} has no default security group", vpc.id));
    let acl = model.network_acls.get(&vpc.default_network_acl_id);
    let is_own = acl.is_some_and(|acl| acl.is_default && acl.vpc_id == vpc.id);
    broken.unless(is_own, || format!("{} has no default network acl", vpc.id));
    let has_options = vpc.dhcp_options_id.as_ref().is_none_or(|id| model.dhcp_options.contains_key(id));
    broken.unless(has_options, || format!("{}'s dhcp options are gone", vpc.id));
    let first = vpc.cidr_associations.first().map(|(_, block)| *block);
    broken.unless(first == Some(vpc.cidr_block), || format!("{}'s primary block is not its first", vpc.id));
    check_apart(&blocks(vpc), broken);
    check_apart(&model.subnets_of(&vpc.id).flat_map(subnet_blocks).collect::<Vec<_>>(), broken);
}

fn blocks(vpc: &Vpc) -> Vec<IpNet> {
    let ipv4 = vpc.cidr_associations.iter().map(|(_, block)| IpNet::V4(*block));
    ipv4.chain(vpc.ipv6_cidr_blocks().map(IpNet::V6)).collect()
}

fn subnet_blocks(subnet: &Subnet) -> Vec<IpNet> {
    subnet.cidr_block.map(IpNet::V4).into_iter().chain(subnet.ipv6_cidr_blocks().map(IpNet::V6)).collect()
}

/// Checks that no two of some blocks overlap.
fn check_apart(blocks: &[IpNet], broken: &mut Broken) {
    for (at, one) in blocks.iter().enumerate() {
        for other in &blocks[..at] {
            let overlap = one.contains(other) || other.contains(one);
            broken.unless(!overlap, || format!("{one} and {other} overlap"));
        }
    }
}

fn check_subnet(model: &Model, subnet: &Subnet, broken: &mut Broken) {
    let associations = model.network_acls.values().flat_map(|acl| &acl.associations);
    let count = associations.filter(|(_, id)| *id == subnet.id).count();
    broken.unless(count == 1, || format!("{} has {count} network acls", subnet.id));
    let around = model.vpcs.get(&subnet.vpc_id).map(blocks);
    broken.unless(around.is_some(), || format!("{}'s vpc is gone", subnet.id));
    let around = around.unwrap_or_default();
    for block in subnet_blocks(subnet) {
        let is_inside = around.iter().any(|whole| whole.contains(&block));
        broken.unless(is_inside, || format!("{}'s {block} is outside its vpc", subnet.id));
    }
}

fn check_table(model: &Model, table: &RouteTable, broken: &mut Broken) {
    let id = &table.id;
    let vpc = model.vpcs.get(&table.vpc_id);
    broken.unless(vpc.is_some(), || format!("{id}'s vpc is gone"));
    for association in &table.associations {
        let is_there = match &association.user {
            TableUser::Main => vpc.is_some_and(|vpc| vpc.main_route_table_id == *id),
            TableUser::Subnet(subnet) => model.subnets.get(subnet).is_some_and(|it| it.vpc_id == table.vpc_id),
            TableUser::Gateway(EdgeGateway::Internet(gateway)) => {
                model.internet_gateways.get(gateway).is_some_and(|it| it.vpc_id.as_ref() == Some(&table.vpc_id))
            }
            TableUser::Gateway(EdgeGateway::Vpn(gateway)) => {
                model.vpn_gateways.get(gateway).is_some_and(|it| it.vpc_id() == Some(&table.vpc_id))
            }
        };
        broken.unless(is_there, || format!("{association:?} of {id} is with what is not its vpc's"));
    }
    for gateway in &table.propagating_gateways {
        let is_attached = model.vpn_gateways.get(gateway).is_some_and(|it| it.vpc_id() == Some(&table.vpc_id));
        broken.unless(is_attached, || format!("{gateway} propagates to {id} and is not attached"));
    }
    for (at, route) in table.routes.iter().enumerate() {
        let is_twice = table.routes[..at].iter().any(|other| other.destination == route.destination);
        broken.unless(!is_twice, || format!("{id} has two routes to {:?}", route.destination));
        if let Destination::PrefixList(list) = &route.destination {
            let is_there = model.prefix_lists.contains_key(list);
            broken.unless(is_there, || format!("{id} has a route to {list}, which is gone"));
        }
        // A gateway endpoint takes its routes with it; other targets leave black holes.
        if let (Destination::PrefixList(_), RouteTarget::VpcEndpoint(endpoint)) = (&route.destination, &route.target) {
            let found = model.vpc_endpoints.get(endpoint);
            let is_alive = found.is_some_and(|it| it.is_alive() && it.kind == EndpointType::Gateway);
            broken.unless(is_alive, || format!("{id} leads to {endpoint}, which is gone"));
        }
    }
    let own = vpc.map(blocks).unwrap_or_default();
    for block in own {
        let is_there = table.routes.iter().any(|route| route.destination.block() == Some(block));
        broken.unless(is_there, || format!("{id} has no route to its vpc's {block}"));
    }
}

fn check_interface(model: &Model, interface: &NetworkInterface, broken: &mut Broken) {
    let id = &interface.id;
    let subnet = model.subnets.get(&interface.subnet_id);
    let fits = subnet.is_some_and(|it| it.vpc_id == interface.vpc_id && it.zone == interface.zone);
    broken.unless(fits, || format!("{id} is in {}, which it is not in", interface.subnet_id));
    let instance = interface.live_attachment().map(|attachment| &attachment.instance_id);
    let is_there = instance.is_none_or(|instance| model.instances.get(instance).is_some_and(|it| !it.is_terminated()));
    broken.unless(is_there, || format!("{id} is attached to {instance:?}, which is gone"));
    let is_both = instance.is_some() && interface.is_requester_managed();
    broken.unless(!is_both, || format!("{id} is a service's and attached to an instance"));
    broken.unless(!interface.is_requester_managed() || model.service_of(interface), || {
        format!("{id} is a service's that is gone")
    });
    let has_address = !interface.private_ips.is_empty() || !interface.ipv6_addresses.is_empty();
    broken.unless(has_address, || format!("{id} has no address"));
}

impl Model {
    /// Whether a resource of a service's has an ENI, and one only.
    fn service_of(&self, interface: &NetworkInterface) -> bool {
        let gateways = self.nat_gateways.values().filter(|it| it.network_interface_id.as_ref() == Some(&interface.id));
        let gateways = gateways.filter(|it| it.state() != "deleted").count();
        let endpoints = self.vpc_endpoints.values().flat_map(|it| &it.interfaces);
        let transits = self.transit_gateway_attachments.values().filter(|it| !it.life.is_over());
        let places = endpoints.chain(transits.filter_map(TransitGatewayAttachment::vpc).flat_map(|it| &it.subnets));
        gateways + places.filter(|(_, id)| *id == interface.id).count() == 1
    }
}

fn check_reservations(model: &Model, broken: &mut Broken) {
    let all: Vec<_> = model.subnet_cidr_reservations.values().collect();
    for (at, one) in all.iter().enumerate() {
        let subnet = model.subnets.get(&one.subnet_id);
        let is_inside = subnet.is_some_and(|it| subnet_blocks(it).iter().any(|block| block.contains(&one.cidr)));
        broken.unless(is_inside, || format!("{} is outside its subnet", one.id));
        let overlap = |other: &IpNet| one.cidr.contains(other) || other.contains(&one.cidr);
        let other = all[..at].iter().find(|other| other.subnet_id == one.subnet_id && overlap(&other.cidr));
        broken.unless(other.is_none(), || format!("{} and {other:?} overlap", one.id));
    }
}

/// Whether an ENI has addresses of the kinds that its resource has, and no others.
pub(super) fn has_families(interface: &NetworkInterface, kind: IpAddressType) -> bool {
    kind.has_ipv4() != interface.private_ips.is_empty() && kind.has_ipv6() != interface.ipv6_addresses.is_empty()
}
