//! What this crate's tests share: an account to try things on.

use jiff::{SignedDuration, Timestamp};

use crate::instance::NewInstances;
use crate::{
    Context, Ids, InstanceId, Model, NetworkInterfaceId, NewAttachment, NewInterface, NewVpc, SubnetId, VpcId,
};

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

/// Two accounts or regions that tell each other their news.
pub(crate) struct Pair {
    pub(crate) sides: [Model; 2],
    ids: Ids,
    pub(crate) now: Timestamp,
    delivered: usize,
}

pub(crate) const HERE: (&str, &str) = ("111122223333", "us-east-1");
pub(crate) const OTHER_ACCOUNT: (&str, &str) = ("444455556666", "us-east-1");
pub(crate) const OTHER_REGION: (&str, &str) = ("111122223333", "eu-west-1");
pub(crate) const OTHER_BOTH: (&str, &str) = ("444455556666", "eu-west-1");

impl Pair {
    pub(crate) fn new(there: (&str, &str)) -> Self {
        let model = |(account, region): (&str, &str)| Model::empty(account.into(), region.into());
        let (sides, now) = ([model(HERE), model(there)], Timestamp::UNIX_EPOCH);
        Self { sides, ids: Ids::seeded(1), now, delivered: 0 }
    }

    /// Makes a change on a side, and lets both sides hear of it.
    pub(crate) fn on<T>(&mut self, side: usize, change: impl FnOnce(&mut Model, &mut Context<'_>) -> T) -> T {
        let outcome = change(&mut self.sides[side], &mut Context { now: self.now, ids: &mut self.ids });
        self.sides[side].advance(self.now);
        self.deliver();
        outcome
    }

    fn deliver(&mut self) {
        loop {
            self.sides.iter_mut().for_each(Model::write_messages);
            let waiting = |side: usize| self.sides[side].messages().next().map(|message| (side, message.clone()));
            let Some((side, message)) = waiting(0).or_else(|| waiting(1)) else { return };
            let [from, to] = [self.sides[side].place(), self.sides[1 - side].place()];
            assert_eq!(message.to, to);
            self.sides[1 - side].receive_message(&from, &message, self.now);
            let before = self.sides[1 - side].generation();
            self.sides[1 - side].receive_message(&from, &message, self.now);
            assert_eq!(self.sides[1 - side].generation(), before, "a second copy changes nothing");
            self.sides[side].message_delivered(message.number);
            self.delivered += 1;
            assert!(self.delivered < 100, "they come to an end");
        }
    }

    pub(crate) fn pass(&mut self, time: SignedDuration) {
        self.now += time;
        for side in 0..2 {
            self.on(side, |_, _| ());
        }
    }

    pub(crate) fn vpc(&mut self, side: usize, block: &str) -> VpcId {
        let new = NewVpc::with_block(block.parse().expect("a block"));
        self.on(side, |model, cx| model.create_vpc(cx, new)).expect("there is room")
    }
}
