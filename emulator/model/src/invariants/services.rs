//! VPC endpoints, the services they lead to, and notifications.

use std::collections::BTreeSet;

use super::{Broken, networks};
use crate::{EndpointType, InterfaceType, Model, Noticed, VpcEndpoint};

pub(super) fn check(model: &Model, broken: &mut Broken) {
    for endpoint in model.vpc_endpoints.values() {
        check_endpoint(model, endpoint, broken);
    }
    for notification in model.connection_notifications.values() {
        let is_there = match &notification.about {
            Noticed::Service(id) => model.offered_services.contains_key(id),
            Noticed::Endpoint(id) => model.vpc_endpoints.get(id).is_some_and(|it| !it.is_deleted()),
        };
        broken.unless(is_there, || format!("{} is about what is gone", notification.id));
    }
    for service in model.offered_services.values() {
        let arns: BTreeSet<_> = service.load_balancers.iter().collect();
        let is_once = arns.len() == service.load_balancers.len() && !arns.is_empty();
        broken.unless(is_once, || format!("{} has no load balancer, or one twice", service.id));
        let principals: BTreeSet<_> = service.allowed.iter().map(|it| &it.principal).collect();
        broken.unless(principals.len() == service.allowed.len(), || format!("{} allows somebody twice", service.id));
    }
}

fn check_endpoint(model: &Model, endpoint: &VpcEndpoint, broken: &mut Broken) {
    let id = &endpoint.id;
    if endpoint.is_deleted() {
        broken.unless(endpoint.interfaces.is_empty(), || format!("{id} is gone and has enis"));
        return;
    }
    broken.unless(model.vpcs.contains_key(&endpoint.vpc_id), || format!("{id}'s vpc is gone"));
    let is_gateway = endpoint.kind == EndpointType::Gateway;
    broken.unless(!is_gateway || endpoint.interfaces.is_empty(), || format!("{id} is a gateway endpoint with enis"));
    let has_groups = endpoint.kind == EndpointType::Interface;
    broken.unless(has_groups != endpoint.groups.is_empty(), || format!("{id} has groups {:?}", endpoint.groups));
    for group in &endpoint.groups {
        let found = model.security_groups.get(group);
        let is_usable = found.is_some_and(|it| model.is_group_usable_in(it, &endpoint.vpc_id));
        broken.unless(is_usable, || format!("{id} has {group}, which is not its vpc's"));
    }
    let mut zones = BTreeSet::new();
    for (subnet, eni) in &endpoint.interfaces {
        let found = model.subnets.get(subnet);
        let is_own = found.is_some_and(|it| it.vpc_id == endpoint.vpc_id && zones.insert(&it.zone));
        broken.unless(is_own, || format!("{id} is in {subnet}, which is another vpc's or in a zone it has"));
        let wanted = match endpoint.kind {
            EndpointType::Interface => InterfaceType::VpcEndpoint,
            EndpointType::Gateway | EndpointType::GatewayLoadBalancer => InterfaceType::GatewayLoadBalancerEndpoint,
        };
        let interface = model.network_interfaces.get(eni);
        let is_own = interface.is_some_and(|it| {
            let fits = it.subnet_id == *subnet && it.interface_type == wanted && it.groups == endpoint.groups;
            fits && it.is_requester_managed() && networks::has_families(it, endpoint.ip_address_type)
        });
        broken.unless(is_own, || format!("{id}'s {eni} is gone or not as the endpoint says"));
    }
}
