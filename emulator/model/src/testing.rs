//! What this crate's tests share: an account to try things on.

use jiff::Timestamp;

use crate::instance::NewInstances;
use crate::{Context, Ids, InstanceId, Model, NetworkInterfaceId, NewAttachment, NewInterface, SubnetId, VpcId};

/// An account with its default VPC, and what changes to it draw on.
#[derive(Debug, Clone)]
pub(crate) struct Account {
    pub(crate) model: Model,
    pub(crate) ids: Ids,
    pub(crate) now: Timestamp,
}

impl Account {
    pub(crate) fn new() -> Self {
        let now = Timestamp::UNIX_EPOCH;
        let mut ids = Ids::seeded(1);
        let mut cx = Context { now, ids: &mut ids };
        let model = Model::with_defaults("123456789012".into(), "us-west-2".into(), &mut cx);
        Self { model, ids, now }
    }

    /// Runs a change.
    pub(crate) fn with<T>(&mut self, change: impl FnOnce(&mut Model, &mut Context) -> T) -> T {
        change(&mut self.model, &mut Context { now: self.now, ids: &mut self.ids })
    }

    pub(crate) fn vpc(&self) -> VpcId {
        self.model.default_vpc().expect("an account has it").id.clone()
    }

    /// The default subnet of a zone, by the zone's letter.
    pub(crate) fn subnet(&self, letter: char) -> SubnetId {
        let mut subnets = self.model.subnets();
        subnets.find(|subnet| subnet.zone.0.ends_with(letter)).expect("each zone has one").id.clone()
    }

    pub(crate) fn interface(&mut self) -> NetworkInterfaceId {
        let new = NewInterface::in_subnet(self.subnet('a'));
        self.with(|model, cx| model.create_network_interface(cx, new)).expect("the subnet has room")
    }

    /// An instance in zone a that runs, with its primary ENI.
    pub(crate) fn instance(&mut self, instance_type: &str) -> InstanceId {
        let new = NewInstances::one("ami-01234567".parse().expect("well-formed"), instance_type, self.subnet('a'));
        let (_, ids) = self.with(|model, cx| model.run_instances(cx, &new)).expect("the subnet has room");
        let primary = self.model.interfaces_of(&ids[0]).next().expect("it has one").id.clone();
        self.model.attachment_ready(&primary);
        ids[0].clone()
    }
}

pub(crate) fn attachment(eni: &NetworkInterfaceId, instance: &InstanceId, device_index: u16) -> NewAttachment {
    NewAttachment {
        network_interface_id: eni.clone(),
        instance_id: instance.clone(),
        device_index,
        network_card_index: 0,
        delete_on_termination: device_index == 0,
    }
}
