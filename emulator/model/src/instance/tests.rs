use jiff::SignedDuration;
use proptest::prelude::*;
use rstest::rstest;

use super::InstanceState::{Pending, Running, ShuttingDown, Stopped, Stopping, Terminated};
use super::*;
use crate::instance_type::Architecture;
use crate::testing::Account;
use crate::{
    AttachmentStatus, InterfaceError, InterfaceStatus, InterfaceType, NetworkInterfaceId, NewAttachment, NewInterface,
    NewSubnet,
};

fn launch(account: &mut Account, new: &NewInstances) -> Result<Vec<InstanceId>, InstanceError> {
    account.with(|model, cx| model.run_instances(cx, new)).map(|(_, ids)| ids)
}

fn one(account: &Account) -> NewInstances {
    NewInstances::one("ami-01234567".parse().expect("well-formed"), "m5.large", account.subnet('a'))
}

fn interfaces(account: &Account, id: &InstanceId) -> Vec<NetworkInterfaceId> {
    account.model.interfaces_of(id).map(|interface| interface.id.clone()).collect()
}

#[test]
fn a_launch() {
    let mut account = Account::new();
    let new = NewInstances { min_count: 2, max_count: 2, ..one(&account) };
    let ids = launch(&mut account, &new).expect("there is room");
    let launched: Vec<&Instance> = ids.iter().filter_map(|id| account.model.instance(id)).collect();
    assert_eq!(launched.iter().map(|instance| instance.ami_launch_index).collect::<Vec<_>>(), [0, 1]);
    assert_eq!(launched[0].reservation_id, launched[1].reservation_id);
    assert_eq!(launched[0].groups.len(), 1, "the default group");
    for id in &ids {
        assert_eq!(account.model.instance(id).expect("there").state, Pending);
        let [primary]: [NetworkInterfaceId; 1] = interfaces(&account, id).try_into().expect("one interface");
        account.model.attachment_ready(&primary);
        assert_eq!(account.model.instance(id).expect("there").state, Running);
    }
    assert_eq!(account.model.check_invariants(), Ok(()));
}

/// An image that needs an ARM processor.
fn arm_image() -> crate::ImageId {
    let account = Account::new();
    let mut images = account.model.images();
    images.find(|image| image.architecture == Architecture::Arm64).expect("there are some").id.clone()
}

#[rstest]
#[case::unknown_type(|new: &mut NewInstances| new.instance_type = "m5.huge".into(),
    InstanceError::NoSuchType("m5.huge".into()))]
#[case::no_count(|new: &mut NewInstances| new.min_count = 0, InstanceError::Count { min: 0, max: 1 })]
#[case::fewer_than_least(|new: &mut NewInstances| new.min_count = 2, InstanceError::Count { min: 2, max: 1 })]
#[case::no_primary(|new: &mut NewInstances| new.interfaces[0].device_index = 1, InstanceError::NoPrimaryInterface)]
#[case::key(|new: &mut NewInstances| new.key_name = Some("k".into()), InstanceError::NoSuchKeyPair("k".into()))]
#[case::user_data(|new: &mut NewInstances| new.user_data = Some(vec![0; 16_385]), InstanceError::UserDataLength)]
#[case::architecture(|new: &mut NewInstances| new.image_id = arm_image(),
    InstanceError::OtherArchitecture { image: arm_image(), instance_type: "m5.large".into() })]
#[case::device_index_twice(|new: &mut NewInstances| new.interfaces.push(new.interfaces[0].clone()),
    InstanceError::Interface(InterfaceError::DeviceIndexTaken { instance: "i-01234567".parse().expect("well-formed"),
        device_index: 0 }))]
fn refused_launches(#[case] change: fn(&mut NewInstances), #[case] expected: InstanceError) {
    let mut account = Account::new();
    let mut new = one(&account);
    change(&mut new);
    let refusal = launch(&mut account, &new).expect_err("refused");
    match (&refusal, &expected) {
        (InstanceError::Interface(own), InstanceError::Interface(other)) => {
            assert_eq!(std::mem::discriminant(own), std::mem::discriminant(other));
        }
        _ => assert_eq!(refusal, expected),
    }
    assert_eq!((account.model.instances().count(), account.model.network_interfaces().count()), (0, 0));
    assert_eq!(account.model.check_invariants(), Ok(()));
}

#[rstest]
#[case::as_many_as_there_is_room_for(5, 20, Some(11))]
#[case::all(11, 11, Some(11))]
#[case::too_few(12, 20, None)]
fn a_full_subnet(#[case] min_count: u32, #[case] max_count: u32, #[case] expected: Option<usize>) {
    let mut account = Account::new();
    let block = "172.31.255.0/28".parse().expect("a block");
    let subnet = NewSubnet::with_block(account.vpc(), block);
    let subnet_id = account.with(|model, cx| model.create_subnet(cx, subnet)).expect("the block is free");
    let new = NewInstances {
        min_count,
        max_count,
        ..NewInstances::one("ami-01234567".parse().expect("well-formed"), "m5.large", subnet_id.clone())
    };
    assert_eq!(launch(&mut account, &new).ok().map(|ids| ids.len()), expected);
    let left = 11 - expected.unwrap_or(0);
    assert_eq!(account.model.available_ip_address_count(&subnet_id) as usize, left);
    assert_eq!(account.model.check_invariants(), Ok(()));
}

#[test]
fn a_failed_launch_leaves_what_was_there() {
    let mut account = Account::new();
    let existing = account.interface();
    let mut new = one(&account);
    let further = |device_index, source| LaunchInterface {
        delete_on_termination: false,
        ..LaunchInterface::at(device_index, source)
    };
    new.interfaces.push(further(1, LaunchSource::Existing(existing.clone())));
    new.interfaces.push(further(2, LaunchSource::New(Box::new(NewInterface::in_subnet(account.subnet('a'))))));
    new.interfaces.push(further(3, LaunchSource::New(Box::new(NewInterface::in_subnet(account.subnet('a'))))));
    let refusal = launch(&mut account, &new).expect_err("an m5.large has three interfaces");
    assert!(matches!(refusal, InstanceError::Interface(InterfaceError::TooManyAttachments { .. })), "{refusal:?}");
    let left: Vec<_> = account.model.network_interfaces().map(|interface| interface.id.clone()).collect();
    assert_eq!(left, std::slice::from_ref(&existing));
    assert_eq!(account.model.network_interface(&existing).expect("there").attachment, None);
    assert_eq!(account.model.check_invariants(), Ok(()));
}

/// Puts an instance into a state on the ways that lead there.
fn in_state(account: &mut Account, state: InstanceState) -> InstanceId {
    let id = account.instance("m5.large");
    let (now, ids) = (account.now, std::slice::from_ref(&id));
    let model = &mut account.model;
    match state {
        Running => {}
        Stopping | Stopped | Pending => {
            model.stop_instances(now, ids).expect("it runs");
        }
        ShuttingDown | Terminated => {
            model.terminate_instances(now, ids).expect("it runs");
        }
    }
    match state {
        Stopped | Pending => model.instance_stopped(&id),
        Terminated => model.instance_gone(&id, now),
        _ => {}
    }
    if state == Pending {
        model.start_instances(now, ids).expect("it is stopped");
    }
    assert_eq!(model.instance(&id).expect("there").state, state);
    id
}

#[rstest]
#[case::start_stopped("start", Stopped, Some(Pending))]
#[case::start_running("start", Running, Some(Running))]
#[case::start_stopping("start", Stopping, None)]
#[case::start_terminated("start", Terminated, None)]
#[case::stop_running("stop", Running, Some(Stopping))]
#[case::stop_stopped("stop", Stopped, Some(Stopped))]
#[case::stop_pending("stop", Pending, None)]
#[case::stop_terminated("stop", Terminated, None)]
#[case::terminate_running("terminate", Running, Some(ShuttingDown))]
#[case::terminate_pending("terminate", Pending, Some(ShuttingDown))]
#[case::terminate_stopped("terminate", Stopped, Some(Terminated))]
#[case::terminate_terminated("terminate", Terminated, Some(Terminated))]
#[case::reboot_running("reboot", Running, Some(Running))]
#[case::reboot_stopped("reboot", Stopped, None)]
fn states(#[case] wish: &str, #[case] from: InstanceState, #[case] to: Option<InstanceState>) {
    let mut account = Account::new();
    let id = in_state(&mut account, from);
    let (now, ids) = (account.now, std::slice::from_ref(&id));
    let done = match wish {
        "start" => account.model.start_instances(now, ids).map(|_| ()),
        "stop" => account.model.stop_instances(now, ids).map(|_| ()),
        "reboot" => account.model.reboot_instances(now, ids),
        _ => account.model.terminate_instances(now, ids).map(|_| ()),
    };
    assert_eq!(done.is_ok(), to.is_some(), "{done:?}");
    assert_eq!(account.model.instance(&id).expect("there").state, to.unwrap_or(from));
    assert_eq!(account.model.check_invariants(), Ok(()));
}

#[test]
fn a_starting_instance_needs_its_links_again() {
    let mut account = Account::new();
    let id = in_state(&mut account, Pending);
    let [primary]: [NetworkInterfaceId; 1] = interfaces(&account, &id).try_into().expect("one interface");
    let status = |account: &Account| {
        account.model.network_interface(&primary).and_then(|found| found.attachment.as_ref()).map(|own| own.status)
    };
    assert_eq!(status(&account), Some(AttachmentStatus::Attaching));
    account.model.attachment_ready(&primary);
    assert_eq!(status(&account), Some(AttachmentStatus::Attached));
    assert_eq!(account.model.instance(&id).expect("there").state, Running);
}

#[test]
fn the_end_of_an_instance() {
    let mut account = Account::new();
    let id = account.instance("m5.large");
    let [primary]: [NetworkInterfaceId; 1] = interfaces(&account, &id).try_into().expect("one interface");
    let trunk = NewInterface { interface_type: InterfaceType::Trunk, ..NewInterface::in_subnet(account.subnet('a')) };
    let trunk = account.with(|model, cx| model.create_network_interface(cx, trunk)).expect("there is room");
    let attach = NewAttachment {
        network_interface_id: trunk.clone(),
        instance_id: id.clone(),
        device_index: 1,
        network_card_index: 0,
        delete_on_termination: false,
    };
    account.with(|model, cx| model.attach_network_interface(cx, attach)).expect("there is a place");
    let now = account.now;
    account.model.terminate_instances(now, std::slice::from_ref(&id)).expect("it runs");
    assert!(account.model.network_interface(&primary).is_some(), "until its network is gone");
    account.model.instance_gone(&id, now);
    assert!(account.model.network_interface(&primary).is_none());
    let trunk = account.model.network_interface(&trunk).expect("it was to stay");
    assert_eq!(account.model.status_of(trunk), InterfaceStatus::Available);
    assert_eq!(account.model.check_invariants(), Ok(()));

    let later = now + SignedDuration::from_hours(1);
    assert!(account.model.find_instances(now, std::slice::from_ref(&id)).is_ok());
    assert_eq!(
        account.model.find_instances(later, std::slice::from_ref(&id)).map(|_| ()),
        Err(InstanceError::NotFound(vec![id.clone()]))
    );
    account.model.settle(later);
    assert_eq!(account.model.instance(&id).map(|instance| instance.state), None);
}

#[test]
fn protection() {
    let mut account = Account::new();
    let id = account.instance("m5.large");
    let (now, ids) = (account.now, std::slice::from_ref(&id));
    for attribute in [InstanceAttribute::DisableApiTermination(true), InstanceAttribute::DisableApiStop(true)] {
        account.model.modify_instance_attribute(now, &id, attribute).expect("it runs");
    }
    assert_eq!(account.model.stop_instances(now, ids), Err(InstanceError::StopProtected(id.clone())));
    assert_eq!(account.model.terminate_instances(now, ids), Err(InstanceError::TerminationProtected(id.clone())));
}

#[rstest]
#[case::type_while_running(InstanceAttribute::InstanceType("m5.xlarge".into()), Running, false)]
#[case::type_while_stopped(InstanceAttribute::InstanceType("m5.xlarge".into()), Stopped, true)]
#[case::unknown_type(InstanceAttribute::InstanceType("m5.huge".into()), Stopped, false)]
#[case::user_data(InstanceAttribute::UserData(b"x".to_vec()), Running, false)]
#[case::check(InstanceAttribute::SourceDestCheck(false), Running, true)]
#[case::after_the_end(InstanceAttribute::SourceDestCheck(false), Terminated, false)]
fn attributes(#[case] attribute: InstanceAttribute, #[case] state: InstanceState, #[case] accepted: bool) {
    let mut account = Account::new();
    let id = in_state(&mut account, state);
    let now = account.now;
    assert_eq!(account.model.modify_instance_attribute(now, &id, attribute).is_ok(), accepted);
}

#[test]
fn attributes_of_one_of_several_interfaces_are_not_the_instance_s() {
    let mut account = Account::new();
    let id = account.instance("m5.large");
    let (second, now) = (account.interface(), account.now);
    let attach = crate::testing::attachment(&second, &id, 1);
    account.with(|model, cx| model.attach_network_interface(cx, attach)).expect("there is a place");
    let refusal = account.model.modify_instance_attribute(now, &id, InstanceAttribute::SourceDestCheck(false));
    assert_eq!(refusal, Err(InstanceError::SeveralInterfaces(id)));
}

#[test]
fn settling_completes_everything() {
    let mut account = Account::new();
    let now = account.now;
    let (stopping, ending) = (account.instance("m5.large"), account.instance("m5.large"));
    let new = one(&account);
    let pending = launch(&mut account, &new).expect("there is room").remove(0);
    account.model.stop_instances(now, std::slice::from_ref(&stopping)).expect("it runs");
    account.model.terminate_instances(now, std::slice::from_ref(&ending)).expect("it runs");
    account.model.settle(now);
    let state = |id| account.model.instance(id).expect("there").state;
    assert_eq!((state(&stopping), state(&ending), state(&pending)), (Stopped, Terminated, Running));
    assert_eq!(account.model.check_invariants(), Ok(()));
    let generation = account.model.generation();
    account.model.settle(now);
    assert_eq!(account.model.generation(), generation, "there is nothing left to do");
}

/// One step of a random history: what is done, and to which of the instances.
#[derive(Debug, Clone)]
enum Step {
    Launch { count: u32, interfaces: u16 },
    Start(usize),
    Stop(usize),
    Terminate(usize),
    Gone(usize),
    Stopped(usize),
    Ready(usize),
    Settle,
    Later,
}

fn step() -> impl Strategy<Value = Step> {
    let which = 0..8_usize;
    prop_oneof![
        (1..4_u32, 1..5_u16).prop_map(|(count, interfaces)| Step::Launch { count, interfaces }),
        which.clone().prop_map(Step::Start),
        which.clone().prop_map(Step::Stop),
        which.clone().prop_map(Step::Terminate),
        which.clone().prop_map(Step::Gone),
        which.clone().prop_map(Step::Stopped),
        which.prop_map(Step::Ready),
        Just(Step::Settle),
        Just(Step::Later),
    ]
}

fn take(account: &mut Account, step: &Step) {
    let known: Vec<InstanceId> = account.model.instances().map(|instance| instance.id.clone()).collect();
    let pick = |at: &usize| known.get(at % known.len().max(1)).into_iter().cloned().collect::<Vec<_>>();
    let now = account.now;
    match step {
        Step::Launch { count, interfaces } => {
            let mut new = NewInstances { min_count: *count, max_count: *count, ..one(account) };
            let first = new.interfaces[0].clone();
            new.interfaces
                .extend((1..*interfaces).map(|device_index| LaunchInterface { device_index, ..first.clone() }));
            // An m5.large has three interfaces, so some launches are refused.
            assert_eq!(launch(account, &new).is_ok(), *interfaces <= 3);
        }
        Step::Start(at) => drop(account.model.start_instances(now, &pick(at))),
        Step::Stop(at) => drop(account.model.stop_instances(now, &pick(at))),
        Step::Terminate(at) => drop(account.model.terminate_instances(now, &pick(at))),
        Step::Gone(at) => pick(at).iter().for_each(|id| account.model.instance_gone(id, now)),
        Step::Stopped(at) => pick(at).iter().for_each(|id| account.model.instance_stopped(id)),
        Step::Ready(at) => {
            let attached: Vec<_> = pick(at).iter().flat_map(|id| interfaces(account, id)).collect();
            attached.iter().for_each(|id| account.model.attachment_ready(id));
        }
        Step::Settle => account.model.settle(now),
        Step::Later => account.now += SignedDuration::from_mins(40),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn every_history_keeps_the_laws(steps in prop::collection::vec(step(), 1..25)) {
        let mut account = Account::new();
        for step in &steps {
            take(&mut account, step);
            prop_assert_eq!(account.model.check_invariants(), Ok(()));
            for instance in account.model.instances() {
                let attached = account.model.interfaces_of(&instance.id).count();
                prop_assert_eq!(attached == 0, instance.is_terminated(), "{:?}", instance.state);
            }
        }
        let now = account.now;
        account.model.settle(now);
        let ids: Vec<InstanceId> = account.model.instances().map(|instance| instance.id.clone()).collect();
        prop_assert!(account.model.terminate_instances(now, &ids).is_ok());
        account.model.settle(now);
        prop_assert!(account.model.instances().all(Instance::is_terminated));
        prop_assert_eq!(account.model.network_interfaces().count(), 0, "all were made for an instance");
    }
}
