use rstest::rstest;

use crate::testing::World;

/// A world with a default VPC, and the ids that cases name in braces.
fn world() -> (World, String) {
    let mut world = World::with_default_vpc();
    let vpc = world.call("DescribeVpcs", "").ok().text("vpcId").to_owned();
    (world, vpc)
}

const BUCKET: &str = "LogDestinationType=s3&LogDestination=arn:aws:s3:::flows&TrafficType=ALL";
const GROUP: &str =
    "LogGroupName=flows&DeliverLogsPermissionArn=arn:aws:iam::111122223333:role/logs&TrafficType=REJECT";

#[test]
fn a_life() {
    let (mut world, vpc) = world();
    let tags = "TagSpecification.1.ResourceType=vpc-flow-log&TagSpecification.1.Tag.1.Key=k";
    let options = "DestinationOptions.FileFormat=parquet&DestinationOptions.PerHourPartition=true";
    let fields = "TagFieldSpecification.1.ResourceType=instance&TagFieldSpecification.1.TagKey.1=Name";
    let form = format!("ResourceType=VPC&ResourceId.1={vpc}&{BUCKET}&{options}&{fields}&{tags}&ClientToken=a");
    let made = world.call("CreateFlowLogs", &form).ok();
    assert_eq!(world.call("CreateFlowLogs", &form).ok().body, made.body);
    insta::assert_snapshot!("created", made.lines());
    insta::assert_snapshot!("described", world.call("DescribeFlowLogs", "").ok().lines());
    let again = world.call("CreateFlowLogs", &form.replace("ClientToken=a", "ClientToken=b"));
    assert_eq!(again.code, Some("FlowLogAlreadyExists"));
    let tags = world.call("DescribeTags", "Filter.1.Name=resource-type&Filter.1.Value.1=vpc-flow-log").ok();
    let id = made.texts("item")[0].to_owned();
    assert_eq!(tags.texts("resourceId"), [&id]);
    world.call("DeleteFlowLogs", &format!("FlowLogId.1={id}")).ok();
    let gone = world.call("DeleteFlowLogs", &format!("FlowLogId.1={id}"));
    assert_eq!(gone.code, Some("InvalidFlowLogId.NotFound"));
    assert!(gone.body.contains(&format!("[TotalCount: 1] {id}")));
}

#[test]
fn one_resource_named_twice_gets_no_two() {
    let (mut world, vpc) = world();
    let twice = format!("ResourceType=VPC&ResourceId.1={vpc}&ResourceId.2={vpc}&{BUCKET}");
    assert_eq!(world.call("CreateFlowLogs", &twice).code, Some("FlowLogAlreadyExists"));
    assert_eq!(world.model.flow_logs().count(), 0);
}

#[test]
fn to_a_log_group() {
    let (mut world, _) = world();
    let subnet = world.call("DescribeSubnets", "").ok().text("subnetId").to_owned();
    let form = format!("ResourceType=Subnet&ResourceId.1={subnet}&{GROUP}");
    assert!(!world.call("CreateFlowLogs", &form).ok().text("clientToken").is_empty());
    insta::assert_snapshot!(world.call("DescribeFlowLogs", "").ok().lines());
}

#[test]
fn what_is_missing_is_told_beside_what_is_made() {
    let (mut world, vpc) = world();
    let form = format!("ResourceType=VPC&ResourceId.1=vpc-01234567&ResourceId.2={vpc}&{BUCKET}");
    let made = world.call("CreateFlowLogs", &form).ok();
    assert_eq!((made.text("code"), made.text("resourceId")), ("InvalidVpcID.NotFound", "vpc-01234567"));
    assert_eq!(world.call("DescribeFlowLogs", "").ok().texts("resourceId"), [vpc]);
}

#[rstest]
#[case::status("deliver-log-status", "SUCCESS", 2)]
#[case::destination("log-destination-type", "s3", 1)]
#[case::id("flow-log-id", "fl-*", 2)]
#[case::group("log-group-name", "flows", 1)]
#[case::resource("resource-id", "vpc-*", 2)]
#[case::traffic("traffic-type", "REJECT", 1)]
#[case::tag_key("tag-key", "k", 0)]
fn filters(#[case] name: &str, #[case] value: &str, #[case] count: usize) {
    let (mut world, vpc) = world();
    for destination in [BUCKET, GROUP] {
        world.call("CreateFlowLogs", &format!("ResourceType=VPC&ResourceId.1={vpc}&{destination}")).ok();
    }
    let form = format!("Filter.1.Name={name}&Filter.1.Value.1={value}");
    assert_eq!(world.call("DescribeFlowLogs", &form).ok().texts("flowLogId").len(), count);
}

#[rstest]
#[case::no_resource("ResourceType=VPC&{bucket}", "MissingParameter")]
#[case::no_type("ResourceId.1={vpc}&{bucket}", "MissingParameter")]
#[case::other_type("ResourceType=Bus&ResourceId.1={vpc}&{bucket}", "InvalidParameterValue")]
#[case::wrong_type("ResourceType=Subnet&ResourceId.1={vpc}&{bucket}", "InvalidParameterValue")]
#[case::no_traffic(
    "ResourceType=VPC&ResourceId.1={vpc}&LogDestinationType=s3&LogDestination=arn:aws:s3:::b",
    "MissingParameter"
)]
#[case::transit_traffic(
    "ResourceType=TransitGateway&ResourceId.1=tgw-01234567&{bucket}",
    "InvalidParameterCombination"
)]
#[case::no_bucket("ResourceType=VPC&ResourceId.1={vpc}&LogDestinationType=s3&TrafficType=ALL", "InvalidParameter")]
#[case::no_group("ResourceType=VPC&ResourceId.1={vpc}&TrafficType=ALL", "InvalidParameter")]
#[case::no_role("ResourceType=VPC&ResourceId.1={vpc}&TrafficType=ALL&LogGroupName=g", "InvalidParameter")]
#[case::both("ResourceType=VPC&ResourceId.1={vpc}&{bucket}&LogGroupName=g", "InvalidParameterCombination")]
#[case::arn(
    "ResourceType=VPC&ResourceId.1={vpc}&LogDestinationType=s3&LogDestination=b&TrafficType=ALL",
    "InvalidParameter"
)]
#[case::interval("ResourceType=VPC&ResourceId.1={vpc}&{bucket}&MaxAggregationInterval=90", "InvalidParameter")]
#[case::format("ResourceType=VPC&ResourceId.1={vpc}&{bucket}&LogFormat=${colour}", "InvalidParameter")]
#[case::options(
    "ResourceType=VPC&ResourceId.1={vpc}&{group}&DestinationOptions.FileFormat=parquet",
    "InvalidParameter"
)]
#[case::tag_type(
    "ResourceType=VPC&ResourceId.1={vpc}&{bucket}&TagSpecification.1.ResourceType=vpc&TagSpecification.1.Tag.1.Key=k",
    "InvalidParameterValue"
)]
fn refused(#[case] form: &str, #[case] code: &str) {
    let (mut world, vpc) = world();
    let form = form.replace("{vpc}", &vpc).replace("{bucket}", BUCKET).replace("{group}", GROUP);
    assert_eq!(world.call("CreateFlowLogs", &form).code, Some(code));
}

#[rstest]
#[case::missing("DescribeFlowLogs", "FlowLogId.1=fl-01234567", "InvalidFlowLogId.NotFound")]
#[case::malformed("DescribeFlowLogs", "FlowLogId.1=f-01234567", "InvalidParameterValue")]
#[case::filter("DescribeFlowLogs", "Filter.1.Name=colour&Filter.1.Value.1=x", "InvalidParameterValue")]
#[case::none("DeleteFlowLogs", "", "MissingParameter")]
fn other_refusals(#[case] action: &str, #[case] form: &str, #[case] code: &str) {
    assert_eq!(World::new().call(action, form).code, Some(code));
}
