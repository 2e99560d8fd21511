//! From a model to the kernel objects it takes.
//!
//! A VPC has a fabric once it has an instance with a network: nobody could look at it before. What is in a
//! fabric: the ENIs of pending and running instances, the branches of trunks among them, and those of interface endpoints
//! and of NAT and transit gateways.

mod endpoint;
mod gateway_endpoint;
mod groups;
mod internet;
mod matching;
mod nat_gateway;
mod network_acls;
mod peering;
mod public_access;
mod routes;
mod rules;
mod topology;
mod transit_gateway;
mod version;

use std::collections::BTreeMap;
use std::sync::Arc;

use vpc_model::{
    AttachmentStatus, Instance, InstanceState, Model, NatGateway, NetworkInterface, NetworkInterfaceId,
    PeeringConnection, PeeringConnectionId, TransitGatewayAttachment, TrunkAssociation, Vpc,
};

use crate::{Desired, Key, Object, Options};

/// What the kernel should hold for a model.
pub fn compile(model: &Model, options: &Options) -> Desired {
    let mut desired = Desired::default();
    let views = model.vpcs().map(|vpc| View::of(model, options, vpc));
    let mut views: Vec<View<'_>> = views.filter(|view| !view.present.is_empty()).collect();
    peering::connect(model, &mut views);
    for view in views {
        desired.insert(Key::Fabric(view.vpc.id.clone()), Object::Fabric);
        peering::compile(&view, &mut desired);
        internet::compile(&view, &mut desired);
        gateway_endpoint::compile(&view, &mut desired);
        topology::compile(&view, &mut desired);
        routes::compile(&view, &mut desired);
        desired.insert(Key::Rules(view.vpc.id.clone()), Object::Rules(Arc::new(rules::compile(&view))));
    }
    transit_gateway::routes(model, &mut desired);
    desired
}

/// One VPC as the compilers see it.
pub(crate) struct View<'a> {
    pub(crate) model: &'a Model,
    pub(crate) options: &'a Options,
    pub(crate) vpc: &'a Vpc,
    /// The ENIs that are in the fabric, and how.
    pub(crate) present: BTreeMap<&'a NetworkInterfaceId, Present<'a>>,
    /// The VPCs across active peering connections that have a fabric too.
    pub(crate) peers: BTreeMap<&'a PeeringConnectionId, Peer<'a>>,
}

/// A VPC across a peering connection.
pub(crate) struct Peer<'a> {
    pub(crate) connection: &'a PeeringConnection,
    /// Its ENIs in the fabric.
    pub(crate) present: Vec<&'a NetworkInterface>,
}

/// An ENI in the fabric.
#[derive(Clone, Copy)]
pub(crate) struct Present<'a> {
    pub(crate) eni: &'a NetworkInterface,
    pub(crate) by: By<'a>,
}

/// How an ENI comes to be in the fabric.
#[derive(Clone, Copy)]
pub(crate) enum By<'a> {
    /// Attached to an instance at a device index.
    Attachment(&'a Instance, u16),
    /// As a branch of a trunk that is attached.
    Trunk(&'a TrunkAssociation),
    /// As an interface endpoint's.
    Endpoint,
    /// As a NAT gateway's.
    Nat(&'a NatGateway),
    /// As one of its VPC's attachment to a transit gateway.
    Transit(&'a TransitGatewayAttachment),
}

impl<'a> View<'a> {
    fn of(model: &'a Model, options: &'a Options, vpc: &'a Vpc) -> Self {
        let of_vpc = model.network_interfaces().filter(|eni| eni.vpc_id == vpc.id);
        let attached = of_vpc.filter_map(|eni| Some((&eni.id, Present { eni, by: attachment(model, eni)? })));
        let mut present: BTreeMap<_, _> = attached.collect();
        let branches = model.trunk_associations().filter(|branch| present.contains_key(&branch.trunk_id));
        let branches: Vec<_> = branches
            .filter_map(|association| {
                let eni = model.network_interface(&association.branch_id)?;
                (eni.vpc_id == vpc.id).then_some((&eni.id, Present { eni, by: By::Trunk(association) }))
            })
            .collect();
        present.extend(branches);
        present.extend(endpoint::interfaces(model, vpc).map(|eni| (&eni.id, Present { eni, by: By::Endpoint })));
        present.extend(
            nat_gateway::interfaces(model, vpc).map(|(gateway, eni)| (&eni.id, Present { eni, by: By::Nat(gateway) })),
        );
        present.extend(
            transit_gateway::interfaces(model, vpc).map(|(by, eni)| (&eni.id, Present { eni, by: By::Transit(by) })),
        );
        Self { model, options, vpc, present, peers: BTreeMap::new() }
    }
}

/// The attachment by which an ENI is in the fabric.
fn attachment<'a>(model: &'a Model, eni: &NetworkInterface) -> Option<By<'a>> {
    let attachment = eni.attachment.as_ref()?;
    let is_wanted = matches!(attachment.status, AttachmentStatus::Attaching | AttachmentStatus::Attached);
    let instance = model.instance(&attachment.instance_id).filter(|_| is_wanted)?;
    let is_up = matches!(instance.state, InstanceState::Pending | InstanceState::Running);
    is_up.then_some(By::Attachment(instance, attachment.device_index))
}

#[cfg(test)]
mod tests;
