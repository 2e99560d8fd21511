//! Interface endpoints: each ENI is in a namespace of its own, where the service's front listens.
//!
//! To the VPC they are ENIs as all others: their groups and their subnets' network ACLs say who reaches them. See
//! <https://docs.aws.amazon.com/vpc/latest/privatelink/create-interface-endpoint.html>.

use vpc_model::{EndpointType, Model, NetworkInterface, Vpc};

use super::View;
use super::topology::told;
use crate::{Desired, Key, Object, ServiceWire};

/// The ENIs of a VPC's interface endpoints that work.
pub(super) fn interfaces<'a>(model: &'a Model, vpc: &'a Vpc) -> impl Iterator<Item = &'a NetworkInterface> {
    let endpoints = model.vpc_endpoints().filter(|endpoint| endpoint.vpc_id == vpc.id);
    let working = endpoints.filter(|endpoint| endpoint.kind == EndpointType::Interface && endpoint.is_working());
    working.flat_map(|endpoint| &endpoint.interfaces).filter_map(|(_, eni)| model.network_interface(eni))
}

/// An ENI's namespace and its link.
pub(super) fn compile(view: &View<'_>, eni: &NetworkInterface, desired: &mut Desired) {
    desired.insert(Key::Endpoint(eni.id.clone()), Object::Endpoint);
    let wire = ServiceWire { subnet: eni.subnet_id.clone(), mac: eni.mac, addresses: told(view, eni) };
    desired.insert(Key::EndpointWire(eni.vpc_id.clone(), eni.id.clone()), Object::ServiceWire(wire));
}
