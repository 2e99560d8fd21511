//! Changes, their journal, and beginning anew.

use ec2_api::Response;
use vpc_model::{AttachmentStatus, InstanceState, Model};

use super::{LifeCycle, Shared, StateKey};
use crate::Config;
use crate::board::FailedOp;

fn shared(fabric: bool) -> Shared {
    Shared::open(Config { fabric, seed: Some(1), ..Config::default() }).expect("no journal")
}

fn key(region: &str) -> StateKey {
    StateKey::new("123456789012".into(), region.into())
}

fn call(shared: &Shared, region: &str, form: &str) -> Response {
    let form = format!("Version=2016-11-15&{form}");
    let call = ec2_api::parse(form.as_bytes()).expect("a call");
    shared.call(&key(region), call, &form, "req")
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
fn changes_wait_for_no_reader() {
    let shared = shared(false);
    shared.read(|before| {
        call(&shared, "us-east-1", RUN);
        assert_eq!(before.instances().count(), 0, "a reader sees one moment");
        assert_eq!(shared.read(|model| model.instances().count()), 1);
    });
}

#[test]
fn only_the_home_region_waits_for_the_kernel() {
    let shared = shared(true);
    call(&shared, "us-east-1", RUN);
    call(&shared, "eu-west-1", RUN);
    assert_eq!(shared.read(states), (vec![InstanceState::Pending], vec![AttachmentStatus::Attaching]));
    let elsewhere = shared.state(&key("eu-west-1"));
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
    let (seen, journal) = (shared.read(|model| format!("{model:?}")), shared.journal().expect("its file"));
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
    let failed = FailedOp { op: "delete link eni-1".into(), error: "busy".into(), errno: None, attempts: 1 };
    shared.board().report(|applied| applied.failed.push(failed));
    let error = shared.reset().expect_err("refused");
    assert_eq!(error.to_string(), "1 operations on the kernel fail, first \"delete link eni-1\"");
}

#[test]
fn accounts_and_regions_are_worlds_of_their_own() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("journal.jsonl");
    let config = Config { fabric: false, journal: Some(path), seed: Some(1), ..Config::default() };
    let shared = Shared::open(config.clone()).expect("a fresh journal");
    let keys = ["123456789012", "444455556666"].map(|account| StateKey::new(account.into(), "us-east-1".into()));
    let vpcs = |shared: &Shared| keys.clone().map(|key| shared.state(&key).read(|model| format!("{model:?}")));
    let fresh = vpcs(&shared);
    assert_ne!(fresh[0], fresh[1], "ids differ");
    let form = "Version=2016-11-15&Action=CreateVpc&CidrBlock=10.0.0.0/16";
    shared.call(&keys[1], ec2_api::parse(form.as_bytes()).expect("a call"), form, "req");
    let seen = vpcs(&shared);
    assert_eq!(seen[0], fresh[0]);
    assert_ne!(seen[1], fresh[1]);
    drop(shared);
    let shared = Shared::open(config).expect("its journal");
    assert_eq!(vpcs(&shared), seen);
    shared.reset().expect("nothing fails");
    let reset = shared.state(&keys[1]).read(|model| model.vpcs().count());
    assert_eq!(reset, 1, "the default VPC");
}

#[test]
fn limits_are_journaled() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("journal.jsonl");
    let mut config = Config { fabric: false, journal: Some(path), seed: Some(1), ..Config::default() };
    config.quotas.elastic_ips = 1;
    let allocate = |shared: &Shared| call(shared, "eu-west-1", "Action=AllocateAddress&Domain=vpc").code;
    let shared = Shared::open(config.clone()).expect("a fresh journal");
    assert_eq!([allocate(&shared), allocate(&shared)], [None, Some("AddressLimitExceeded")]);
    drop(shared);
    config.quotas.elastic_ips = 2;
    let shared = Shared::open(config).expect("its journal");
    assert_eq!([allocate(&shared), allocate(&shared)], [None, Some("AddressLimitExceeded")]);
}

#[test]
fn a_reset_is_not_behind() {
    let faults = serde_json::from_str(r#"{"consistency": {"describeLagMs": 600000}}"#).expect("faults");
    let shared = Shared::open(Config { fabric: false, faults, ..Config::default() }).expect("no journal");
    call(&shared, "us-east-1", "Action=CreateVpc&CidrBlock=10.0.0.0/16");
    shared.reset().expect("nothing fails");
    let answer = call(&shared, "us-east-1", "Action=DescribeVpcs");
    assert_eq!(String::from_utf8_lossy(&answer.body).matches("<vpcId>").count(), 1);
}
