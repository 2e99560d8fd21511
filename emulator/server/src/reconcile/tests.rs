//! The loop, in a real kernel.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use linux_net::netlink::LinkSpec;
use linux_net::{Netlink, Netns, features};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use vpc_model::instance::NewInstances;
use vpc_model::{
    AttachmentStatus, Context, InstanceId, InstanceState, Model, NetworkInterfaceId, NewAttachment, NewInterface,
    NewSubnet, NewVpc, SubnetId,
};

use super::start;
use crate::board::Applied;
use crate::{Config, Shared};

const SOON: Duration = Duration::from_secs(5);

struct Loop {
    shared: Arc<Shared>,
    stop: CancellationToken,
    tasks: TaskTracker,
    subnet: SubnetId,
}

impl Loop {
    /// A running loop over a VPC with one subnet.
    fn start() -> Option<Self> {
        if let Some(missing) = features::probe().obstacles().first() {
            println!("skipped: {missing}");
            return None;
        }
        let shared = Arc::new(Shared::open(Config { seed: Some(1), ..Config::default() }).unwrap());
        let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
        start(Arc::clone(&shared), &stop, &tasks).unwrap();
        tasks.close();
        let subnet = change(&shared, |model, cx| {
            let vpc = model.create_vpc(cx, NewVpc::with_block("10.7.0.0/16".parse().unwrap())).unwrap();
            model.create_subnet(cx, NewSubnet::with_block(vpc, "10.7.1.0/24".parse().unwrap())).unwrap()
        });
        Some(Self { shared, stop, tasks, subnet })
    }

    fn launch(&self) -> InstanceId {
        let new = NewInstances::one("ami-12345678".parse().unwrap(), "m5.large", self.subnet.clone());
        change(&self.shared, |model, cx| model.run_instances(cx, &new).unwrap().1.remove(0))
    }

    fn attach(&self, instance: &InstanceId, device_index: u16) -> NetworkInterfaceId {
        change(&self.shared, |model, cx| {
            let eni = model.create_network_interface(cx, NewInterface::in_subnet(self.subnet.clone())).unwrap();
            let new = NewAttachment {
                network_interface_id: eni.clone(),
                instance_id: instance.clone(),
                device_index,
                network_card_index: 0,
                delete_on_termination: true,
            };
            model.attach_network_interface(cx, new).unwrap();
            eni
        })
    }

    /// Waits for a report.
    async fn reported(&self, what: &str, holds: impl FnMut(&Applied) -> bool) {
        let mut reports = self.shared.board().watch();
        assert!(timeout(SOON, reports.wait_for(holds)).await.is_ok(), "{what}: {:?}", self.shared.board().watch());
    }

    /// Waits for the model.
    async fn becomes(&self, what: &str, holds: impl Fn(&Model) -> bool) {
        let mut changes = self.shared.watch();
        let wait = async {
            while !self.shared.read(&holds) {
                changes.changed().await.unwrap();
            }
        };
        assert!(timeout(SOON, wait).await.is_ok(), "{what}: {:?}", self.shared.board().watch());
    }

    async fn runs(&self, instance: &InstanceId) -> Netns {
        self.becomes("running", |model| state(model, instance) == InstanceState::Running).await;
        self.shared.board().instance(instance).expect("its namespace is shown before it runs")
    }
}

fn change<R>(shared: &Shared, change: impl FnOnce(&mut Model, &mut Context<'_>) -> R) -> R {
    shared.home().change(Timestamp::now(), None, change, |_| ())
}

fn state(model: &Model, instance: &InstanceId) -> InstanceState {
    model.instance(instance).unwrap().state
}

fn status(model: &Model, eni: &NetworkInterfaceId) -> AttachmentStatus {
    model.network_interface(eni).unwrap().attachment.as_ref().unwrap().status
}

fn links(netns: &Netns) -> Vec<String> {
    let links = Netlink::open(netns).unwrap().links().unwrap();
    links.into_iter().map(|link| link.name).filter(|name| name.starts_with("eth")).collect()
}

#[tokio::test]
async fn instances_come_stop_and_go() {
    let Some(kernel) = Loop::start() else { return };
    let instance = kernel.launch();
    let first = kernel.runs(&instance).await;
    assert_eq!(links(&first), ["eth0"]);
    let generation = kernel.shared.read(Model::generation);
    kernel.reported("all applied", |applied| applied.generation >= generation && applied.failed.is_empty()).await;

    change(&kernel.shared, |model, cx| model.stop_instances(cx.now, std::slice::from_ref(&instance)).unwrap());
    kernel.becomes("stopped", |model| state(model, &instance) == InstanceState::Stopped).await;
    assert_eq!(links(&first), Vec::<String>::new());
    kernel.reported("no fabric without instances", |applied| applied.vpcs.is_empty()).await;

    change(&kernel.shared, |model, cx| model.start_instances(cx.now, std::slice::from_ref(&instance)).unwrap());
    let second = kernel.runs(&instance).await;
    assert_ne!(first, second);
    assert_eq!(links(&second), ["eth0"]);

    change(&kernel.shared, |model, cx| model.terminate_instances(cx.now, std::slice::from_ref(&instance)).unwrap());
    kernel.becomes("terminated", |model| state(model, &instance) == InstanceState::Terminated).await;
    assert_eq!(links(&second), Vec::<String>::new());
    assert_eq!(kernel.shared.board().instance(&instance), None);
}

/// A name that the instance took keeps an ENI from being attached until it is free.
#[tokio::test]
async fn failures_are_shown_and_tried_again() {
    let Some(kernel) = Loop::start() else { return };
    let instance = kernel.launch();
    let netns = kernel.runs(&instance).await;
    let netlink = Netlink::open(&netns).unwrap();
    netlink.add_bridge(&LinkSpec::new("eth1")).unwrap();
    let (taken, free) = (kernel.attach(&instance, 1), kernel.attach(&instance, 2));
    kernel.becomes("the other is attached", |model| status(model, &free) == AttachmentStatus::Attached).await;
    kernel.reported("a failure", |applied| applied.failed.len() == 1 && applied.failed[0].op.contains("eth1")).await;
    assert_eq!(kernel.shared.read(|model| status(model, &taken)), AttachmentStatus::Attaching);
    netlink.delete_link("eth1").unwrap();
    kernel.becomes("attached", |model| status(model, &taken) == AttachmentStatus::Attached).await;
    kernel.reported("no failure", |applied| applied.failed.is_empty()).await;
}

#[tokio::test]
async fn nothing_is_left_when_stopped() {
    let Some(kernel) = Loop::start() else { return };
    let instance = kernel.launch();
    let netns = kernel.runs(&instance).await;
    kernel.stop.cancel();
    assert!(timeout(SOON, kernel.tasks.wait()).await.is_ok(), "the loop ends");
    assert_eq!(*kernel.shared.board().watch().borrow(), Applied::default());
    // The namespace is held here still; its wire went with the fabric, as soon as the kernel gets to it.
    let gone = async {
        while !links(&netns).is_empty() {
            tokio::task::yield_now().await;
        }
    };
    assert!(timeout(SOON, gone).await.is_ok(), "{:?}", links(&netns));
}
