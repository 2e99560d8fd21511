//! Changes, their journal, and beginning anew.

use ec2_api::Response;
use vpc_model::{AttachmentStatus, InstanceState, Model, Region};

use super::{LifeCycle, Shared};
use crate::Config;
use crate::board::FailedOp;

fn shared(fabric: bool) -> Shared {
    Shared::open(Config { fabric, seed: Some(1), ..Config::default() }).expect("no journal")
}

fn call(shared: &Shared, region: &str, form: &str) -> Response {
    let form = format!("Version=2016-11-15&{form}");
    let call = ec2_api::parse(form.as_bytes()).expect("a call");
    shared.call(&Region::from(region), call, &form, "req")
}

const RUN: &str = "Action=RunInstances&ImageId=ami-0123456789abcdef0&InstanceType=m5.large&MinCount=1&MaxCount=1";

fn states(model: &Model) -> (Vec<InstanceState>, Vec<AttachmentStatus>) {
    let attachments = model.network_interfaces().filter_map(|eni| eni.attachment.as_ref());
    (model.instances().map(|instance| instance.state).collect(), attachments.map(|found| found.status).collect())
}

#[test]
fn without_a_fabric_everything_is_complete_at_once() {
    let shared = shared(false);
    call(&shared, "us-east-1", RUN);
    assert_eq!(shared.read(states), (vec![InstanceState::Running], vec![AttachmentStatus::Attached]));
}

#[test]
fn only_the_home_region_waits_for_the_kernel() {
    let shared = shared(true);
    call(&shared, "us-east-1", RUN);
    call(&shared, "eu-west-1", RUN);
    assert_eq!(shared.read(states), (vec![InstanceState::Pending], vec![AttachmentStatus::Attaching]));
    let elsewhere = shared.region(&Region::from("eu-west-1"));
    assert_eq!(elsewhere.read(states), (vec![InstanceState::Running], vec![AttachmentStatus::Attached]));
}

#[test]
fn what_the_kernel_completed_is_replayed() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = Config { journal: Some(folder.path().join("journal.jsonl")), ..Config::default() };
    let shared = Shared::open(config.clone()).expect("a fresh journal");
    call(&shared, "us-east-1", RUN);
    let eni = shared.read(|model| model.network_interfaces().next().expect("the primary ENI").id.clone());
    shared.complete(&LifeCycle::AttachmentReady(eni.clone()));
    shared.complete(&LifeCycle::AttachmentReady(eni));
    let (seen, journal) = (shared.read(|model| format!("{model:?}")), shared.journal());
    assert_eq!(journal.matches("attachment_ready").count(), 1, "what changes nothing is not kept: {journal}");
    drop(shared);
    assert_eq!(Shared::open(config).expect("its journal").read(|model| format!("{model:?}")), seen);
}

#[test]
fn refused_calls_do_not_decide_ids() {
    let [plain, refused] = [shared(false), shared(false)];
    call(&refused, "us-east-1", "Action=CreateVpc&CidrBlock=10.0.0.0/8");
    for shared in [&plain, &refused] {
        call(shared, "us-east-1", "Action=CreateVpc&CidrBlock=10.0.0.0/16");
    }
    let ids = |model: &Model| model.vpcs().map(|vpc| vpc.id.clone()).collect::<Vec<_>>();
    assert_eq!(plain.read(ids), refused.read(ids));
}

#[test]
fn beginning_anew_goes_on_counting() {
    let shared = shared(false);
    let fresh = shared.read(Model::generation);
    call(&shared, "us-east-1", RUN);
    let before = shared.read(Model::generation);
    shared.reset().expect("nothing fails");
    assert!(shared.read(Model::generation) > before && before > fresh);
    assert_eq!(*shared.watch().borrow(), shared.read(Model::generation));
    assert_eq!(shared.read(|model| model.instances().count()), 0);
}

#[test]
fn an_account_does_not_begin_anew_where_the_kernel_cannot_follow() {
    let shared = shared(true);
    let failed = FailedOp { op: "delete link eni-1".into(), error: "busy".into() };
    shared.board().report(|applied| applied.failed.push(failed));
    let error = shared.reset().expect_err("refused");
    assert_eq!(error.to_string(), "1 operations on the kernel fail, first \"delete link eni-1\"");
}
