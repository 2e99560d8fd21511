//! A state is rebuilt from its journal.

mod common;

use std::fs;
use std::path::Path;

use common::{send, signed};
use rstest::rstest;
use vpcbox_emulator::{Config, Emulator};

fn config(journal: &Path) -> Config {
    Config { fabric: false, journal: Some(journal.to_owned()), ..Config::default() }
}

async fn start(journal: &Path) -> Emulator {
    Emulator::start(config(journal)).await.expect("a usable journal")
}

/// Makes a call in a region; gives the answer without its request id.
async fn call(emulator: &Emulator, region: &str, form: &str) -> String {
    let seen = send(emulator.endpoint(), &signed(region, "ec2"), &format!("Version=2016-11-15&{form}")).await;
    let body = seen.body();
    let (start, rest) = body.split_once("<requestId>").unwrap_or((body, ""));
    let end = rest.split_once("</requestId>").map_or(rest, |(_, end)| end);
    format!("{start}{end}")
}

fn text(xml: &str, element: &str) -> String {
    let rest = xml.split_once(&format!("<{element}>")).unwrap_or_else(|| panic!("no <{element}> in {xml}")).1;
    rest.split('<').next().unwrap_or_default().to_owned()
}

/// An ENI in the default VPC.
async fn interface(emulator: &Emulator, region: &str) -> String {
    let subnets = call(emulator, region, "Action=DescribeSubnets").await;
    let create = format!("Action=CreateNetworkInterface&SubnetId={}", text(&subnets, "subnetId"));
    text(&call(emulator, region, &create).await, "networkInterfaceId")
}

const REGIONS: [&str; 2] = ["us-east-1", "eu-west-1"];

async fn interfaces(emulator: &Emulator) -> Vec<String> {
    let mut found = Vec::new();
    for region in REGIONS {
        found.push(call(emulator, region, "Action=DescribeNetworkInterfaces").await);
    }
    found
}

#[tokio::test]
async fn replay_leads_to_the_same_state() {
    let folder = tempfile::tempdir().expect("a folder");
    let journal = folder.path().join("journal.jsonl");
    let first = start(&journal).await;
    for region in REGIONS {
        let eni = interface(&first, region).await;
        call(&first, region, "Action=DeleteNetworkInterface&NetworkInterfaceId=eni-0123456789abcdef0").await;
        call(
            &first,
            region,
            &format!("Action=AssignPrivateIpAddresses&NetworkInterfaceId={eni}&SecondaryPrivateIpAddressCount=2"),
        )
        .await;
    }
    let before = interfaces(&first).await;
    first.shutdown().await;

    let second = start(&journal).await;
    assert_eq!(interfaces(&second).await, before);
    assert_eq!(before.iter().map(|xml| xml.matches("<privateIpAddressesSet>").count()).sum::<usize>(), 2);
    let new = interface(&second, "us-east-1").await;
    assert!(!before[0].contains(&new), "ids go on where they were");
    let after = interfaces(&second).await;
    second.shutdown().await;

    assert_eq!(interfaces(&start(&journal).await).await, after, "and what came after the replay is kept too");
}

#[tokio::test]
async fn a_reset_is_kept() {
    let folder = tempfile::tempdir().expect("a folder");
    let journal = folder.path().join("journal.jsonl");
    let first = start(&journal).await;
    interface(&first, "us-east-1").await;
    let reset = send(first.endpoint(), "POST /_vpcbox/reset HTTP/1.1", "").await;
    assert_eq!(reset.status(), "200", "{}", reset.reply);
    let subnets = call(&first, "us-east-1", "Action=DescribeSubnets").await;
    assert!(!interfaces(&first).await[0].contains("eni-"));
    first.shutdown().await;

    let second = start(&journal).await;
    assert_eq!(call(&second, "us-east-1", "Action=DescribeSubnets").await, subnets);
    assert!(!interfaces(&second).await[0].contains("eni-"));
}

#[tokio::test]
async fn a_line_that_was_cut_off_is_dropped() {
    let folder = tempfile::tempdir().expect("a folder");
    let journal = folder.path().join("journal.jsonl");
    let first = start(&journal).await;
    interface(&first, "us-east-1").await;
    first.shutdown().await;
    let whole = fs::read_to_string(&journal).expect("a journal");
    fs::write(&journal, format!("{whole}{{\"entry\":\"ca")).expect("written");
    let second = start(&journal).await;
    assert_eq!(second.shared().journal().expect("its file"), whole);
    assert_eq!(fs::read_to_string(&journal).expect("a journal"), whole);
}

const BEGIN: &str = "{\"entry\":\"begin\",\"version\":1,\"account\":\"123456789012\",\"region\":\"us-east-1\",\
                     \"seed\":1,\"time\":\"2026-11-22T12:00:00Z\"}\n";

#[rstest]
#[case::not_json("x\n", "line 1 is not a journal entry")]
#[case::later_line(&format!("{BEGIN}{{}}\n"), "line 2 is not a journal entry")]
#[case::another_version(&BEGIN.replace("\"version\":1", "\"version\":2"), "the journal has version 2, not 1")]
#[case::another_account(&BEGIN.replace("123456789012", "210987654321"), "the journal is of account 210987654321 in us-east-1")]
#[case::begins_twice(&format!("{BEGIN}{BEGIN}"), "line 2 is out of place")]
#[case::refused(
    &format!("{BEGIN}{{\"entry\":\"call\",\"region\":\"us-east-1\",\"time\":\"2026-11-22T12:00:00Z\",\"seed\":1,\"request_id\":\"\",\"form\":\"Action=X&Version=2016-11-15\"}}\n"),
    "the call on line 2 is refused now: InvalidAction"
)]
#[tokio::test]
async fn unusable_journals(#[case] content: &str, #[case] message: &str) {
    let folder = tempfile::tempdir().expect("a folder");
    let journal = folder.path().join("journal.jsonl");
    fs::write(&journal, content).expect("written");
    let error = Emulator::start(config(&journal)).await.expect_err("refused");
    let cause = std::error::Error::source(&error).expect("a cause").to_string();
    assert_eq!(cause, message);
}

#[tokio::test]
async fn a_journal_belongs_to_one_emulator() {
    let folder = tempfile::tempdir().expect("a folder");
    let journal = folder.path().join("journal.jsonl");
    let first = start(&journal).await;
    Emulator::start(config(&journal)).await.expect_err("the file is in use");
    first.shutdown().await;
}

#[tokio::test]
async fn groups_and_what_they_launched_are_kept() {
    let folder = tempfile::tempdir().expect("a folder");
    let journal = folder.path().join("journal.jsonl");
    let first = start(&journal).await;
    let data = "LaunchTemplateData.ImageId=ami-0123456789abcdef0&LaunchTemplateData.InstanceType=m5.large";
    call(&first, "us-east-1", &format!("Action=CreateLaunchTemplate&LaunchTemplateName=one&{data}")).await;
    let subnet = text(&call(&first, "us-east-1", "Action=DescribeSubnets").await, "subnetId");
    let template = r#"{"template": "one"}"#;
    let told =
        format!(r#"{{"maxSize": 2, "desiredCapacity": 1, "launchTemplate": {template}, "subnetIds": ["{subnet}"]}}"#);
    for name in ["one", "two"] {
        let head = format!("PUT /_vpcbox/auto-scaling-groups/{name} HTTP/1.1");
        assert_eq!(send(first.endpoint(), &head, &told).await.status(), "200");
    }
    let head = "DELETE /_vpcbox/auto-scaling-groups/two HTTP/1.1";
    assert_eq!(send(first.endpoint(), head, "").await.status(), "204");
    let scale = "Action=SetDesiredCapacity&Version=2011-01-01&AutoScalingGroupName=one&DesiredCapacity=2";
    assert_eq!(send(first.endpoint(), &signed("us-east-1", "autoscaling"), scale).await.status(), "200");
    let before = call(&first, "us-east-1", "Action=DescribeInstances").await;
    first.shutdown().await;

    let second = start(&journal).await;
    assert_eq!(call(&second, "us-east-1", "Action=DescribeInstances").await, before);
    assert_eq!(before.matches("<instanceId>").count(), 3);
    let kept = send(second.endpoint(), "GET /_vpcbox/auto-scaling-groups/one HTTP/1.1", "").await;
    assert!(kept.body().contains(r#""desiredCapacity":2"#), "{}", kept.reply);
}

#[tokio::test]
async fn what_was_sold_out_is_sold_out_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let journal = folder.path().join("journal.jsonl");
    let first = start(&journal).await;
    let rule = r#"{"capacity": [{"instanceType": "m5.large"}]}"#;
    assert_eq!(send(first.endpoint(), "PUT /_vpcbox/faults HTTP/1.1", rule).await.status(), "200");
    let data = "LaunchTemplateData.ImageId=ami-0123456789abcdef0";
    call(&first, "us-east-1", &format!("Action=CreateLaunchTemplate&LaunchTemplateName=one&{data}")).await;
    let one = "LaunchTemplateConfigs.1";
    let form = format!(
        "Action=CreateFleet&Type=instant&TargetCapacitySpecification.TotalTargetCapacity=1\
         &{one}.LaunchTemplateSpecification.LaunchTemplateName=one&{one}.LaunchTemplateSpecification.Version=1\
         &{one}.Overrides.1.InstanceType=m5.large&{one}.Overrides.2.InstanceType=m5.xlarge"
    );
    call(&first, "us-east-1", &form).await;
    let before = call(&first, "us-east-1", "Action=DescribeInstances").await;
    assert_eq!(text(&before, "instanceType"), "m5.xlarge");
    first.shutdown().await;
    let second = start(&journal).await;
    assert_eq!(call(&second, "us-east-1", "Action=DescribeInstances").await, before);
}
