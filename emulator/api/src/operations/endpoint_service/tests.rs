//! Endpoint services through the wire.

use rstest::rstest;

use crate::testing::World;

#[test]
fn services_of_aws() {
    let mut world = World::in_region("eu-west-1");
    let names = "ServiceName.1=com.amazonaws.eu-west-1.s3&ServiceName.2=com.amazonaws.eu-west-1.ecr.dkr";
    insta::assert_snapshot!(world.call("DescribeVpcEndpointServices", names).ok().lines());
}

#[rstest]
#[case::gateways("service-type", "Gateway", 2)]
#[case::name("service-name", "*.ssm*", 4)]
#[case::region("service-region", "us-west-2", 0)]
#[case::owner("owner", "111122223333", 0)]
#[case::family("supported-ip-address-types", "ipv?", 77)]
#[case::tag("tag-key", "a", 0)]
fn filtered(#[case] name: &str, #[case] value: &str, #[case] count: usize) {
    let form = format!("Filter.1.Name={name}&Filter.1.Value.1={value}");
    let shown = World::new().call("DescribeVpcEndpointServices", &form).ok();
    assert_eq!(shown.texts("serviceId").len(), count);
}

#[test]
fn pages() {
    let mut world = World::new();
    let (mut seen, mut form) = (Vec::new(), "MaxResults=20".to_owned());
    loop {
        let page = world.call("DescribeVpcEndpointServices", &form).ok();
        seen.extend(page.texts("serviceId").into_iter().map(str::to_owned));
        let Some(token) = page.texts("nextToken").first().map(ToString::to_string) else { break };
        form = format!("MaxResults=20&NextToken={token}");
    }
    let all = world.call("DescribeVpcEndpointServices", "").ok();
    assert_eq!(seen, all.texts("serviceId"));
    let elsewhere = world.call("DescribeVpcEndpointServices", "ServiceRegion.1=eu-west-1").ok();
    assert!(elsewhere.texts("serviceId").is_empty());
}

#[rstest]
#[case::name("ServiceName.1=s3", "InvalidServiceName")]
#[case::filter("Filter.1.Name=ServiceType&Filter.1.Value.1=Gateway", "InvalidParameterValue")]
fn refused(#[case] form: &str, #[case] code: &str) {
    assert_eq!(World::new().call("DescribeVpcEndpointServices", form).code, Some(code));
}
