//! Spot Instances' requests through the wire.

use rstest::rstest;

use crate::testing::World;

const LAUNCH: &str = "LaunchSpecification.ImageId=ami-01234567&LaunchSpecification.InstanceType=m5.large";

#[test]
fn the_request_of_a_launch() {
    let mut world = World::with_default_vpc();
    let form = "ImageId=ami-01234567&InstanceType=m5.large&MinCount=1&MaxCount=1&\
                InstanceMarketOptions.MarketType=spot&TagSpecification.1.ResourceType=spot-instances-request&\
                TagSpecification.1.Tag.1.Key=team&TagSpecification.1.Tag.1.Value=net";
    let launched = world.call("RunInstances", form).ok();
    world.model.settle(world.now);
    let request = launched.text("spotInstanceRequestId");
    let form = format!("SpotInstanceRequestId.1={request}");
    insta::assert_snapshot!("fulfilled", world.call("DescribeSpotInstanceRequests", &form).ok().lines());
    for (name, value, count) in [
        ("state", "active", 1),
        ("status-code", "fulfilled", 1),
        ("type", "persistent", 0),
        ("launch.instance-type", "m5.*", 1),
        ("network-interface.device-index", "0", 1),
        ("tag:team", "net", 1),
        ("launch.key-name", "*", 0),
    ] {
        let filter = format!("Filter.1.Name={name}&Filter.1.Value.1={value}");
        let found = world.call("DescribeSpotInstanceRequests", &filter).ok();
        assert_eq!(found.texts("spotInstanceRequestId").len(), count, "{name}");
    }
    assert_eq!(world.call("CancelSpotInstanceRequests", &form).ok().text("state"), "cancelled");
    let status = |world: &mut World| {
        let shown = world.call("DescribeSpotInstanceRequests", &form).ok();
        (shown.texts("state")[0].to_owned(), shown.texts("code")[0].to_owned())
    };
    let pair = |state: &str, code: &str| (state.to_owned(), code.to_owned());
    assert_eq!(status(&mut world), pair("cancelled", "request-canceled-and-instance-running"));
    world.call("TerminateInstances", &format!("InstanceId.1={}", launched.text("instanceId"))).ok();
    world.model.settle(world.now);
    assert_eq!(status(&mut world), pair("cancelled", "instance-terminated-by-user"));
}

#[test]
fn requests_launch() {
    let mut world = World::with_default_vpc();
    let form = format!("{LAUNCH}&InstanceCount=2&SpotPrice=0.05&Type=persistent");
    let made = world.call("RequestSpotInstances", &form).ok();
    assert_eq!(made.texts("spotPrice"), ["0.050000"; 2]);
    assert_eq!(made.texts("instanceInterruptionBehavior"), ["stop"; 2]);
    world.model.settle(world.now);
    let form = format!("InstanceId.1={}", made.text("instanceId"));
    world.call("StopInstances", &form).ok();
    let shown = world.call("DescribeSpotInstanceRequests", "Filter.1.Name=state&Filter.1.Value.1=disabled").ok();
    assert_eq!(shown.texts("instanceId"), [made.text("instanceId")]);
}

#[test]
fn refusals_name_the_structure() {
    let form = format!("{LAUNCH}&LaunchSpecification.Monitoring.MetricCategoryId.1=a");
    let refused = World::with_default_vpc().call("RequestSpotInstances", &form);
    assert!(refused.text("Message").ends_with("LaunchSpecification.Monitoring.Enabled"), "{}", refused.body);
}

#[test]
fn a_failed_launch_leaves_no_request() {
    let mut world = World::with_default_vpc();
    let form = "ImageId=ami-01234567&InstanceType=m5.large&MinCount=1&MaxCount=1&\
                InstanceMarketOptions.MarketType=spot&NetworkInterface.1.DeviceIndex=0&\
                NetworkInterface.2.DeviceIndex=1&NetworkInterface.3.DeviceIndex=1";
    assert!(world.call("RunInstances", form).code.is_some());
    assert_eq!(world.model.spot_requests().count(), 0);
}

#[rstest]
#[case::nothing("RequestSpotInstances", "SpotPrice=1", "MissingParameter")]
#[case::no_image("RequestSpotInstances", "LaunchSpecification.InstanceType=m5.large", "MissingParameter")]
#[case::unknown("RequestSpotInstances", "LaunchSpecification.Colour=red", "UnknownParameter")]
#[case::missing(
    "CancelSpotInstanceRequests",
    "SpotInstanceRequestId.1=sir-01234567",
    "InvalidSpotInstanceRequestID.NotFound"
)]
#[case::malformed(
    "DescribeSpotInstanceRequests",
    "SpotInstanceRequestId.1=x",
    "InvalidSpotInstanceRequestID.Malformed"
)]
fn refused(#[case] action: &str, #[case] form: &str, #[case] code: &str) {
    assert_eq!(World::with_default_vpc().call(action, form).code, Some(code));
}
