//! What takes time: with delays, states come one after the other.

mod common;

use std::time::Duration;

use common::call;
use jiff::SignedDuration;
use vpc_model::{AttachmentStatus, InstanceState, Model};
use vpcbox_emulator::{Config, Emulator, Transitions};

const SOON: Duration = Duration::from_secs(10);

async fn emulator(instance: i64, attachment: i64) -> Emulator {
    let transitions = Transitions {
        instance: SignedDuration::from_millis(instance),
        attachment: SignedDuration::from_millis(attachment),
    };
    let config = Config { fabric: false, seed: Some(1), transitions, ..Config::default() };
    Emulator::start(config).await.expect("a free port on loopback")
}

/// Waits until the model says something.
async fn becomes(emulator: &Emulator, what: &str, holds: impl Fn(&Model) -> bool) {
    let mut changes = emulator.shared().watch();
    let wait = async {
        while !emulator.shared().read(&holds) {
            changes.changed().await.expect("the state is there");
        }
    };
    assert!(tokio::time::timeout(SOON, wait).await.is_ok(), "{what}");
}

const RUN: &str = "Action=RunInstances&ImageId=ami-0123456789abcdef0&InstanceType=m5.large&MinCount=1&MaxCount=1";

fn state(model: &Model) -> Option<InstanceState> {
    model.instances().next().map(|instance| instance.state)
}

fn attachment(model: &Model, index: u16) -> Option<AttachmentStatus> {
    let attachments = model.network_interfaces().filter_map(|eni| eni.attachment.as_ref());
    attachments.filter(|found| found.device_index == index).map(|found| found.status).next()
}

#[tokio::test]
async fn an_instance_comes_and_goes() {
    let emulator = emulator(40, 0).await;
    let id = call(&emulator, RUN, "instanceId").await;
    assert_eq!(call(&emulator, "Action=DescribeInstances", "name").await, "pending");
    becomes(&emulator, "running", |model| state(model) == Some(InstanceState::Running)).await;
    assert_eq!(emulator.shared().read(|model| attachment(model, 0)), Some(AttachmentStatus::Attached));
    for (action, under_way, done) in [
        ("StopInstances", "stopping", InstanceState::Stopped),
        ("StartInstances", "pending", InstanceState::Running),
        ("TerminateInstances", "shutting-down", InstanceState::Terminated),
    ] {
        call(&emulator, &format!("Action={action}&InstanceId.1={id}"), "instanceId").await;
        assert_eq!(call(&emulator, "Action=DescribeInstances", "name").await, under_way);
        becomes(&emulator, action, |model| state(model) == Some(done)).await;
    }
}

#[tokio::test]
async fn an_attachment_comes_and_goes() {
    let emulator = emulator(0, 40).await;
    let instance = call(&emulator, RUN, "instanceId").await;
    assert_eq!(emulator.shared().read(state), Some(InstanceState::Running), "instances take no time");
    let subnet = call(&emulator, "Action=DescribeInstances", "subnetId").await;
    let eni = call(&emulator, &format!("Action=CreateNetworkInterface&SubnetId={subnet}"), "networkInterfaceId").await;
    let attach = format!("Action=AttachNetworkInterface&NetworkInterfaceId={eni}&InstanceId={instance}&DeviceIndex=1");
    let id = call(&emulator, &attach, "attachmentId").await;
    assert_eq!(emulator.shared().read(|model| attachment(model, 1)), Some(AttachmentStatus::Attaching));
    becomes(&emulator, "attached", |model| attachment(model, 1) == Some(AttachmentStatus::Attached)).await;
    call(&emulator, &format!("Action=DetachNetworkInterface&AttachmentId={id}"), "return").await;
    assert_eq!(emulator.shared().read(|model| attachment(model, 1)), Some(AttachmentStatus::Detaching));
    becomes(&emulator, "detached", |model| attachment(model, 1) != Some(AttachmentStatus::Detaching)).await;
}
