//! Faults as clients on loopback meet them.

mod common;

use std::time::{Duration, Instant};

use common::{Seen, send};
use rstest::rstest;
use vpcbox_emulator::{Config, Emulator};

async fn emulator() -> Emulator {
    let config = Config { fabric: false, seed: Some(1), ..Config::default() };
    Emulator::start(config).await.expect("a free port on loopback")
}

async fn call(emulator: &Emulator, form: &str) -> Seen {
    send(emulator.endpoint(), "POST / HTTP/1.1", &format!("Version=2016-11-15&{form}")).await
}

async fn put(emulator: &Emulator, config: &str) -> Seen {
    send(emulator.endpoint(), "PUT /_vpcbox/faults HTTP/1.1", config).await
}

fn vpcs(seen: &Seen) -> usize {
    seen.body().matches("<vpcId>").count()
}

const CREATE: &str = "Action=CreateVpc&CidrBlock=10.0.0.0/16";

#[tokio::test]
async fn they_are_set_named_and_taken_back() {
    let emulator = emulator().await;
    let set = put(&emulator, r#"{"errors": [{"action": "CreateVpc", "code": "Unavailable"}]}"#).await;
    assert_eq!(set.status(), "200", "{}", set.reply);
    let failed = call(&emulator, CREATE).await;
    assert_eq!(failed.status(), "503");
    assert!(failed.body().contains("<Code>Unavailable</Code>"), "{}", failed.reply);
    let record = emulator.shared().trail().records(&Default::default()).0.pop().expect("a record");
    assert_eq!(record.faults, ["errors[0]"]);
    let metrics = send(emulator.endpoint(), "GET /_vpcbox/metrics HTTP/1.1", "").await;
    let line = "vpcbox_requests_total{action=\"CreateVpc\",code=\"Unavailable\"} 1\n";
    assert!(metrics.body().contains(line), "{}", metrics.reply);
    send(emulator.endpoint(), "DELETE /_vpcbox/faults HTTP/1.1", "").await;
    assert_eq!(call(&emulator, CREATE).await.status(), "200");
    let shown = send(emulator.endpoint(), "GET /_vpcbox/faults HTTP/1.1", "").await;
    assert!(shown.body().contains("\"errors\":[]"), "{}", shown.reply);
}

#[rstest]
#[case::no_json("x", "expected value")]
#[case::unknown(r#"{"x": 1}"#, "unknown field `x`")]
#[case::impossible(r#"{"consistency": {"describeLagMs": 900000}}"#, "consistency.describeLagMs is not at most 600000")]
#[tokio::test]
async fn mistakes_change_nothing(#[case] config: &str, #[case] expected: &str) {
    let emulator = emulator().await;
    let refused = put(&emulator, config).await;
    assert_eq!(refused.status(), "400");
    assert!(refused.body().contains(expected), "{}", refused.reply);
    assert_eq!(emulator.shared().faults().config(), vpcbox_emulator::FaultConfig::default());
}

#[tokio::test]
async fn a_call_can_be_done_and_its_answer_lost() {
    let emulator = emulator().await;
    put(&emulator, r#"{"errors": [{"action": "CreateVpc", "code": "InternalError", "done": true}]}"#).await;
    assert_eq!(call(&emulator, CREATE).await.status(), "500");
    assert_eq!(vpcs(&call(&emulator, "Action=DescribeVpcs").await), 2);
}

#[tokio::test]
async fn answers_can_be_behind() {
    let emulator = emulator().await;
    put(&emulator, r#"{"consistency": {"describeLagMs": 400}}"#).await;
    let begun = Instant::now();
    call(&emulator, CREATE).await;
    let seen = vpcs(&call(&emulator, "Action=DescribeVpcs").await);
    // A machine that is too slow to look in time shows nothing either way.
    assert!(seen == 1 || begun.elapsed() >= Duration::from_millis(400), "{seen} VPCs at once");
    let deadline = Instant::now() + Duration::from_secs(20);
    while vpcs(&call(&emulator, "Action=DescribeVpcs").await) < 2 {
        assert!(Instant::now() < deadline, "the VPC never appears");
    }
    assert!(begun.elapsed() >= Duration::from_millis(400));
}

#[tokio::test]
async fn calls_can_be_late_and_a_reset_ends_it() {
    let emulator = emulator().await;
    put(&emulator, r#"{"latency": [{"action": "DescribeVpcs", "distribution": {"constantMs": 150}}]}"#).await;
    let begun = Instant::now();
    call(&emulator, "Action=DescribeVpcs").await;
    assert!(begun.elapsed() >= Duration::from_millis(150));
    send(emulator.endpoint(), "POST /_vpcbox/reset HTTP/1.1", "").await;
    assert!(emulator.shared().faults().config().latency.is_empty());
}

#[tokio::test]
async fn impossible_faults_are_refused_at_the_start() {
    let faults = serde_json::from_str(r#"{"errors": [{"action": "*", "code": "Unavailable", "probability": 7}]}"#);
    let config = Config { fabric: false, faults: faults.expect("a configuration"), ..Config::default() };
    let error = Emulator::start(config).await.expect_err("refused");
    assert_eq!(error.to_string(), "the faults cannot be put in force");
}

/// What is launched by default.
const LAUNCH: &str = "Action=RunInstances&ImageId=ami-0123456789abcdef0&InstanceType=m5.large&MinCount=1&MaxCount=1";

#[tokio::test]
async fn a_type_is_sold_out_in_a_zone() {
    let emulator = emulator().await;
    let rule = r#"{"capacity": [{"instanceType": "m5.*", "zone": "us-east-1a", "count": 1}]}"#;
    assert_eq!(put(&emulator, rule).await.status(), "200");
    let elsewhere = call(&emulator, &format!("{LAUNCH}&Placement.AvailabilityZone=us-east-1b")).await;
    assert_eq!(elsewhere.status(), "200", "{}", elsewhere.reply);
    let refused = call(&emulator, LAUNCH).await;
    assert!(refused.body().contains("<Code>InsufficientInstanceCapacity</Code>"), "{}", refused.reply);
    let record = emulator.shared().trail().records(&Default::default()).0.pop().expect("a record");
    assert_eq!(record.faults, ["capacity[0]"]);
    assert_eq!(call(&emulator, LAUNCH).await.status(), "200", "one launch fails and no more");
}

#[tokio::test]
async fn a_fleet_goes_on_to_its_next_override() {
    let emulator = emulator().await;
    let rule = r#"{"capacity": [{"instanceType": "m5.large", "zone": "us-east-1a"}]}"#;
    assert_eq!(put(&emulator, rule).await.status(), "200");
    let data = "LaunchTemplateData.ImageId=ami-0123456789abcdef0";
    call(&emulator, &format!("Action=CreateLaunchTemplate&LaunchTemplateName=one&{data}")).await;
    let one = "LaunchTemplateConfigs.1";
    let form = format!(
        "Action=CreateFleet&Type=instant&TargetCapacitySpecification.TotalTargetCapacity=2\
         &{one}.LaunchTemplateSpecification.LaunchTemplateName=one\
         &{one}.LaunchTemplateSpecification.Version=1&OnDemandOptions.AllocationStrategy=prioritized\
         &{one}.Overrides.1.InstanceType=m5.large&{one}.Overrides.1.AvailabilityZone=us-east-1a&{one}.Overrides.1.Priority=1\
         &{one}.Overrides.2.InstanceType=m5.large&{one}.Overrides.2.AvailabilityZone=us-east-1b&{one}.Overrides.2.Priority=2"
    );
    let made = call(&emulator, &form).await;
    assert_eq!(made.status(), "200", "{}", made.reply);
    let (errors, instances) = made.body().split_once("<fleetInstanceSet>").expect("both are told");
    assert!(errors.contains("<errorCode>InsufficientInstanceCapacity</errorCode>"), "{errors}");
    assert!(errors.contains("<availabilityZone>us-east-1a</availabilityZone>"), "{errors}");
    assert!(instances.contains("<availabilityZone>us-east-1b</availabilityZone>"), "{instances}");
    assert_eq!(instances.matches("<item>i-").count(), 2, "{instances}");
}

#[tokio::test]
async fn a_group_launches_again_what_somebody_ends() {
    let emulator = emulator().await;
    let data = "LaunchTemplateData.ImageId=ami-0123456789abcdef0&LaunchTemplateData.InstanceType=m5.large";
    call(&emulator, &format!("Action=CreateLaunchTemplate&LaunchTemplateName=one&{data}")).await;
    let subnet = emulator.shared().read(|model| model.subnets().next().expect("a default subnet").id.to_string());
    let told = format!(
        r#"{{"maxSize": 2, "desiredCapacity": 1, "subnetIds": ["{subnet}"], "launchTemplate": {{"template": "one"}}}}"#
    );
    let seen = send(emulator.endpoint(), "PUT /_vpcbox/auto-scaling-groups/one HTTP/1.1", &told).await;
    assert_eq!(seen.status(), "200", "{}", seen.reply);
    let member = || {
        emulator.shared().read(|model| {
            let group = model.auto_scaling_group("one").expect("it was told of");
            model.members_of(group).map(|(_, instance, _)| instance.id.to_string()).collect::<Vec<_>>()
        })
    };
    let before = member();
    call(&emulator, &format!("Action=TerminateInstances&InstanceId.1={}", before[0])).await;
    let after = member();
    assert!(after.len() == 1 && after != before, "{before:?} {after:?}");
}
