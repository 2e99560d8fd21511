//! A model for tests, at a fixed time and with fixed ids.

use std::net::Ipv4Addr;

use jiff::Timestamp;
use vpc_model::instance::{LaunchSource, NewInstances};
use vpc_model::{AccountId, Context, Ids, InstanceId, Model, NewSubnet, NewVpc, Region, SubnetId};

/// The address of instances that [`launch`] makes.
pub(crate) const NODE: Ipv4Addr = Ipv4Addr::new(10, 0, 1, 5);

/// A model, and what changes to it draw on.
pub(crate) struct World {
    pub(crate) model: Model,
    pub(crate) now: Timestamp,
    ids: Ids,
}

impl World {
    /// A fresh account in a region.
    pub(crate) fn new(region: &str) -> Self {
        let mut ids = Ids::seeded(1);
        let now: Timestamp = "2026-11-22T12:00:00Z".parse().expect("a timestamp");
        let mut cx = Context { now, ids: &mut ids };
        let model = Model::with_defaults(AccountId::from("123456789012"), Region::from(region), &mut cx);
        Self { model, now, ids }
    }

    /// Makes a change and settles.
    pub(crate) fn with<T>(&mut self, change: impl FnOnce(&mut Model, &mut Context<'_>) -> T) -> T {
        let outcome = change(&mut self.model, &mut Context { now: self.now, ids: &mut self.ids });
        self.model.settle(self.now);
        outcome
    }
}

/// A VPC 10.0.0.0/16 with one subnet 10.0.1.0/24.
pub(crate) fn subnet(model: &mut Model, cx: &mut Context<'_>) -> SubnetId {
    let vpc = model.create_vpc(cx, NewVpc::with_block("10.0.0.0/16".parse().expect("a block"))).expect("a VPC");
    let subnet = NewSubnet::with_block(vpc, "10.0.1.0/24".parse().expect("a block"));
    model.create_subnet(cx, subnet).expect("a subnet")
}

/// An instance at [`NODE`], with further wishes.
pub(crate) fn launch(
    model: &mut Model,
    cx: &mut Context<'_>,
    subnet: &SubnetId,
    wishes: impl FnOnce(&mut NewInstances),
) -> InstanceId {
    let image = "ami-0123456789abcdef0".parse().expect("an image id");
    let mut new = NewInstances::one(image, "m5.large", subnet.clone());
    if let LaunchSource::New(interface) = &mut new.interfaces[0].source {
        interface.primary_ip = Some(NODE);
    }
    wishes(&mut new);
    let (_, mut launched) = model.run_instances(cx, &new).expect("room for an instance");
    launched.remove(0)
}
