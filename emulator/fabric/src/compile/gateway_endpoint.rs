//! Gateway endpoints: a namespace that has all addresses of its service, and a link to it, which routes lead to.
//!
//! What leaves by it has passed its sender's gate; nothing is translated. See
//! <https://docs.aws.amazon.com/vpc/latest/privatelink/gateway-endpoints.html>.

use ipnet::IpNet;
use nft_ruleset::{Element, KeyPart};
use vpc_model::{EndpointType, RouteTarget, VpcEndpoint, VpcEndpointId};

use super::View;
use crate::{Desired, GatewayEndpoint, Key, Object, names};

/// The VPC's gateway endpoints that work.
fn working<'a>(view: &'a View<'_>) -> impl Iterator<Item = &'a VpcEndpoint> {
    let endpoints = view.model.vpc_endpoints().filter(|endpoint| endpoint.vpc_id == view.vpc.id);
    endpoints.filter(|endpoint| endpoint.kind == EndpointType::Gateway && endpoint.is_working())
}

/// Whether an endpoint is one of them.
pub(super) fn is_working(view: &View<'_>, id: &VpcEndpointId) -> bool {
    working(view).any(|endpoint| endpoint.id == *id)
}

pub(super) fn compile(view: &View<'_>, desired: &mut Desired) {
    for endpoint in working(view) {
        desired.insert(
            Key::GatewayEndpoint(endpoint.id.clone()),
            Object::GatewayEndpoint(GatewayEndpoint { blocks: blocks(view, &endpoint.id) }),
        );
        let link = Key::GatewayEndpointLink(view.vpc.id.clone(), endpoint.id.clone());
        desired.insert(link, Object::GatewayEndpointLink);
    }
}

/// The fabric's links to them, for the gates to know.
pub(super) fn links<'a>(view: &'a View<'_>) -> impl Iterator<Item = Element> + 'a {
    working(view).map(|endpoint| {
        let link = names::gateway_endpoint_link(&endpoint.id);
        Element { key: vec![KeyPart::Interface(link)], verdict: None }
    })
}

/// What routes to an endpoint are about.
fn blocks(view: &View<'_>, id: &VpcEndpointId) -> Vec<IpNet> {
    let tables = view.model.route_tables().filter(|table| table.vpc_id == view.vpc.id);
    let routes = tables.flat_map(|table| view.model.routes_by_block(table));
    let leads_there = |target: &RouteTarget| matches!(target, RouteTarget::VpcEndpoint(target) if target == id);
    let mut blocks: Vec<IpNet> =
        routes.filter(|(_, route)| leads_there(&route.target)).map(|(destination, _)| destination).collect();
    blocks.sort();
    blocks.dedup();
    blocks
}
