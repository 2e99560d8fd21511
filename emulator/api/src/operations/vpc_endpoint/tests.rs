//! VPC endpoints through the wire.

use jiff::SignedDuration;
use rstest::rstest;
use vpc_model::Delays;

use crate::testing::{Reply, World};

/// A default VPC, its main route table and its first two subnets.
struct Net {
    world: World,
    vpc: String,
    table: String,
    subnets: Vec<String>,
}

fn net() -> Net {
    let mut world = World::with_default_vpc();
    let vpc = world.model.default_vpc().expect("it was made").id.to_string();
    let table = world.call("DescribeRouteTables", "").ok().text("routeTableId").to_owned();
    let zones = ["us-east-1a", "us-east-1b"];
    let subnets = zones.map(|zone| {
        let form = format!("Filter.1.Name=availability-zone&Filter.1.Value.1={zone}");
        world.call("DescribeSubnets", &form).ok().text("subnetId").to_owned()
    });
    Net { world, vpc, table, subnets: subnets.into() }
}

impl Net {
    fn create(&mut self, form: &str) -> Reply {
        let form = form.replace("{table}", &self.table).replace("{a}", &self.subnets[0]);
        let form = form.replace("{b}", &self.subnets[1]);
        self.world.call("CreateVpcEndpoint", &format!("VpcId={}&{form}", self.vpc))
    }

    fn made(&mut self, form: &str) -> String {
        let id = self.create(form).ok().text("vpcEndpointId").to_owned();
        self.settle();
        id
    }

    fn settle(&mut self) {
        self.world.model.settle(self.world.now);
        self.world.model.check_invariants().expect("the laws hold");
    }

    fn shown(&mut self, id: &str) -> Reply {
        self.world.call("DescribeVpcEndpoints", &format!("VpcEndpointId.1={id}"))
    }
}

const GATEWAY: &str = "ServiceName=com.amazonaws.us-east-1.s3&RouteTableId.1={table}";
const INTERFACE: &str = "VpcEndpointType=Interface&ServiceName=com.amazonaws.us-east-1.sqs&SubnetId.1={a}";

#[test]
fn a_gateway_endpoint_is_a_route() {
    let mut net = net();
    let made = net
        .create(&format!(
            "{GATEWAY}&ClientToken=once&TagSpecification.1.ResourceType=vpc-endpoint&TagSpecification.1.Tag.1.Key=a"
        ))
        .ok();
    insta::assert_snapshot!(made.lines());
    let id = made.text("vpcEndpointId").to_owned();
    let filters = format!(
        "Filter.1.Name=route.gateway-id&Filter.1.Value.1={id}&\
         Filter.2.Name=route.destination-prefix-list-id&Filter.2.Value.1=pl-63a5400a"
    );
    let table = net.world.call("DescribeRouteTables", &filters).ok();
    assert_eq!(table.texts("destinationPrefixListId"), ["pl-63a5400a"]);
    assert_eq!(table.texts("gatewayId").last(), Some(&id.as_str()));
    assert_eq!(net.create(GATEWAY).code, Some("RouteAlreadyExists"));
    let modify = |change: &str| format!("VpcEndpointId={id}&{change}");
    let gone = modify(&format!("RemoveRouteTableId.1={}", net.table));
    net.world.call("ModifyVpcEndpoint", &gone).ok();
    assert_eq!(net.world.call("ModifyVpcEndpoint", &gone).code, Some("InvalidParameter"));
    assert!(net.shown(&id).ok().texts("routeTableIdSet").contains(&""));
    net.world.call("ModifyVpcEndpoint", &modify(&format!("AddRouteTableId.1={}", net.table))).ok();
    assert_eq!(net.world.call("DeleteVpc", &format!("VpcId={}", net.vpc)).code, Some("DependencyViolation"));
    let deleted = net.world.call("DeleteVpcEndpoints", &format!("VpcEndpointId.1={id}")).ok();
    assert!(deleted.texts("code").is_empty());
    assert!(net.world.call("DescribeRouteTables", &filters).ok().texts("routeTableId").is_empty());
}

#[test]
fn a_route_table_takes_its_routes_along() {
    let mut net = net();
    let form = format!("VpcId={}", net.vpc);
    let table = net.world.call("CreateRouteTable", &form).ok().text("routeTableId").to_owned();
    let id = net.made(&format!("{GATEWAY}&RouteTableId.2={table}"));
    net.world.call("DeleteRouteTable", &format!("RouteTableId={table}")).ok();
    let shown = net.shown(&id).ok();
    assert!(shown.body.contains(&net.table) && !shown.body.contains(&table));
}

#[test]
fn an_interface_endpoint_has_interfaces() {
    let mut net = net();
    let made = net.create(&format!("{INTERFACE}&SubnetId.2={{b}}")).ok();
    insta::assert_snapshot!(made.lines());
    let id = made.text("vpcEndpointId").to_owned();
    net.settle();
    assert_eq!(net.shown(&id).ok().text("state"), "available");
    let filter = "Filter.1.Name=interface-type&Filter.1.Value.1=vpc_endpoint";
    let shown = net.world.call("DescribeNetworkInterfaces", filter).ok();
    insta::assert_snapshot!(shown.lines());
    let eni = shown.text("networkInterfaceId").to_owned();
    let form = format!("NetworkInterfaceId={eni}");
    assert_eq!(net.world.call("DeleteNetworkInterface", &form).code, Some("InvalidParameterValue"));
    let modify = format!("{form}&Description.Value=mine");
    assert_eq!(net.world.call("ModifyNetworkInterfaceAttribute", &modify).code, Some("AuthFailure"));
    let attachment = format!("AttachmentId={}", shown.text("attachmentId"));
    assert_eq!(net.world.call("DetachNetworkInterface", &attachment).code, Some("OperationNotPermitted"));
    let subnet = format!("SubnetId={}", net.subnets[0]);
    assert_eq!(net.world.call("DeleteSubnet", &subnet).code, Some("DependencyViolation"));
}

#[test]
fn states() {
    let mut net = net();
    let delays = vpc_model::Delays { vpc_endpoint: jiff::SignedDuration::from_secs(60), ..Default::default() };
    net.world.model.set_delays(delays);
    let made = net.create(INTERFACE).ok();
    let id = made.text("vpcEndpointId").to_owned();
    let mut seen = vec![made.text("state").to_owned()];
    let later = |net: &mut Net, seconds| {
        net.world.now += jiff::SignedDuration::from_secs(seconds);
        net.settle();
        net.shown(&id)
    };
    seen.push(later(&mut net, 59).ok().text("state").to_owned());
    seen.push(later(&mut net, 1).ok().text("state").to_owned());
    net.world.call("ModifyVpcEndpoint", &format!("VpcEndpointId={id}&AddSubnetId.1={}", net.subnets[1])).ok();
    seen.push(later(&mut net, 0).ok().text("state").to_owned());
    net.world.call("DeleteVpcEndpoints", &format!("VpcEndpointId.1={id}")).ok();
    seen.push(later(&mut net, 59).ok().text("state").to_owned());
    assert_eq!(net.world.model.network_interfaces().count(), 2);
    seen.push(later(&mut net, 1).ok().text("state").to_owned());
    assert_eq!(net.world.model.network_interfaces().count(), 0);
    assert_eq!(seen, ["pending", "pending", "available", "pending", "deleting", "deleted"]);
    assert_eq!(later(&mut net, 3600).code, Some("InvalidVpcEndpointId.NotFound"));
}

#[test]
fn subnets_groups_and_addresses_change() {
    let mut net = net();
    let id = net.made(INTERFACE);
    let group = format!("GroupName=web&GroupDescription=web&VpcId={}", net.vpc);
    let group = net.world.call("CreateSecurityGroup", &group).ok().text("groupId").to_owned();
    let old = net.shown(&id).ok().text("groupId").to_owned();
    let change = format!("AddSecurityGroupId.1={group}&RemoveSecurityGroupId.1={old}");
    net.world.call("ModifyVpcEndpoint", &format!("VpcEndpointId={id}&{change}")).ok();
    assert_eq!(net.shown(&id).ok().text("groupName"), "web");
    let filter = "Filter.1.Name=interface-type&Filter.1.Value.1=vpc_endpoint";
    let eni = net.world.call("DescribeNetworkInterfaces", filter).ok();
    assert_eq!(eni.text("groupId"), group);
    assert_eq!(net.world.call("DeleteSecurityGroup", &format!("GroupId={group}")).code, Some("DependencyViolation"));
    let none = format!("VpcEndpointId={id}&RemoveSecurityGroupId.1={group}");
    assert_eq!(net.world.call("ModifyVpcEndpoint", &none).code, Some("InvalidParameter"));

    let place = "SubnetConfiguration.1.SubnetId={a}&SubnetConfiguration.1.Ipv4=172.31.0.77";
    let place = format!("VpcEndpointId={id}&{}", place.replace("{a}", &net.subnets[0]));
    net.world.call("ModifyVpcEndpoint", &place).ok();
    assert_eq!(net.world.call("DescribeNetworkInterfaces", filter).ok().text("privateIpAddress"), "172.31.0.77");
    let interfaces = |net: &mut Net| net.world.call("DescribeNetworkInterfaces", filter).ok().body;
    let before = interfaces(&mut net);
    net.world.call("ModifyVpcEndpoint", &place).ok();
    assert_eq!(interfaces(&mut net), before);

    let wrong = format!("VpcEndpointId={id}&RemoveSubnetId.1={}&AddSubnetId.1=subnet-01234567", net.subnets[0]);
    assert_eq!(net.world.call("ModifyVpcEndpoint", &wrong).code, Some("InvalidSubnetID.NotFound"));
    net.settle();
    let moved = format!("VpcEndpointId={id}&RemoveSubnetId.1={}&AddSubnetId.1={}", net.subnets[0], net.subnets[1]);
    net.world.call("ModifyVpcEndpoint", &moved).ok();
    net.settle();
    let shown = net.shown(&id).ok();
    assert!(shown.body.contains(&net.subnets[1]) && !shown.body.contains(&net.subnets[0]));
    assert!(shown.texts("dnsName")[1].contains("us-east-1b"));
}

#[test]
fn groups_stay_as_long_as_endpoints_without_interfaces() {
    let mut net = net();
    let group = format!("GroupName=web&GroupDescription=web&VpcId={}", net.vpc);
    let group = net.world.call("CreateSecurityGroup", &group).ok().text("groupId").to_owned();
    let form = format!("{}&SecurityGroupId.1={group}", INTERFACE.replace("&SubnetId.1={a}", ""));
    let made = net.create(&form).ok();
    assert!(made.texts("dnsName").is_empty());
    let delete = format!("GroupId={group}");
    assert_eq!(net.world.call("DeleteSecurityGroup", &delete).code, Some("DependencyViolation"));
    let id = format!("VpcEndpointId.1={}", made.text("vpcEndpointId"));
    net.world.call("DeleteVpcEndpoints", &id).ok();
    net.settle();
    net.world.call("DeleteSecurityGroup", &delete).ok();
}

#[test]
fn policies() {
    let mut net = net();
    let id = net.made(GATEWAY);
    let policy = "PolicyDocument=%7B%22Statement%22%3A%5B%5D%7D";
    net.world.call("ModifyVpcEndpoint", &format!("VpcEndpointId={id}&{policy}")).ok();
    assert_eq!(net.shown(&id).ok().text("policyDocument"), "{\"Statement\":[]}");
    let both = format!("VpcEndpointId={id}&{policy}&ResetPolicy=true");
    assert_eq!(net.world.call("ModifyVpcEndpoint", &both).code, Some("InvalidParameterCombination"));
    net.world.call("ModifyVpcEndpoint", &format!("VpcEndpointId={id}&ResetPolicy=true")).ok();
    assert!(net.shown(&id).ok().text("policyDocument").contains("Allow"));
}

#[test]
fn private_names_lead_to_one_endpoint() {
    let mut net = net();
    let first = net.made(INTERFACE);
    let message = "private-dns-enabled cannot be set because there is already a conflicting DNS domain for \
                   sqs.us-east-1.amazonaws.com in the VPC";
    let refused = net.create(INTERFACE);
    assert_eq!(refused.code, Some("InvalidParameter"));
    assert!(refused.body.contains(message), "{}", refused.body);
    let second = net.made(&format!("{INTERFACE}&PrivateDnsEnabled=false"));
    let switch = |id: &str, on: bool| format!("VpcEndpointId={id}&PrivateDnsEnabled={on}");
    assert_eq!(net.world.call("ModifyVpcEndpoint", &switch(&second, true)).code, Some("InvalidParameter"));
    net.world.call("ModifyVpcEndpoint", &switch(&first, false)).ok();
    net.world.call("ModifyVpcEndpoint", &switch(&second, true)).ok();
    assert!(net.shown(&second).ok().texts("dnsName").contains(&"sqs.us-east-1.amazonaws.com"));
    let off = format!("VpcId={}&EnableDnsHostnames.Value=false", net.vpc);
    net.world.call("ModifyVpcAttribute", &off).ok();
    assert_eq!(net.world.call("ModifyVpcEndpoint", &switch(&first, true)).code, Some("InvalidParameter"));
}

#[test]
fn private_names_of_s3_need_a_gateway_endpoint() {
    let mut net = net();
    let form = "VpcEndpointType=Interface&ServiceName=com.amazonaws.us-east-1.s3&SubnetId.1={a}";
    assert_eq!(net.create(form).ok().text("privateDnsEnabled"), "false");
    let private = format!("{form}&PrivateDnsEnabled=true");
    assert_eq!(net.create(&private).code, Some("InvalidParameter"));
    net.made(GATEWAY);
    let made = net.create(&private).ok();
    assert_eq!(made.text("privateDnsOnlyForInboundResolverEndpoint"), "true");
    assert!(made.text("dnsName").starts_with("*.vpce-"));
}

#[rstest]
#[case::service("ServiceName=com.amazonaws.us-east-1.nothing", "InvalidServiceName")]
#[case::no_service("VpcEndpointType=Interface", "MissingParameter")]
#[case::unknown_type("VpcEndpointType=Door&ServiceName=s3", "InvalidVpcEndpointType")]
#[case::resource("VpcEndpointType=Resource&ResourceConfigurationArn=arn", "UnsupportedOperation")]
#[case::other_type("ServiceName=com.amazonaws.us-east-1.sqs", "InvalidParameter")]
#[case::subnet_of_gateway("ServiceName=com.amazonaws.us-east-1.s3&SubnetId.1={a}", "InvalidParameter")]
#[case::group_of_gateway("ServiceName=com.amazonaws.us-east-1.s3&SecurityGroupId.1=sg-01234567", "InvalidParameter")]
#[case::dns_of_gateway("ServiceName=com.amazonaws.us-east-1.s3&PrivateDnsEnabled=true", "InvalidParameter")]
#[case::table_of_interface(
    "VpcEndpointType=Interface&ServiceName=com.amazonaws.us-east-1.sqs&RouteTableId.1={table}",
    "InvalidParameter"
)]
#[case::table("ServiceName=com.amazonaws.us-east-1.s3&RouteTableId.1=rtb-01234567", "InvalidRouteTableID.NotFound")]
#[case::subnet(
    "VpcEndpointType=Interface&ServiceName=com.amazonaws.us-east-1.sqs&SubnetId.1=subnet-01234567",
    "InvalidSubnetID.NotFound"
)]
#[case::group(
    "VpcEndpointType=Interface&ServiceName=com.amazonaws.us-east-1.sqs&SecurityGroupId.1=sg-01234567",
    "InvalidGroup.NotFound"
)]
#[case::nameless(
    "VpcEndpointType=Interface&ServiceName=com.amazonaws.us-east-1.dynamodb&PrivateDnsEnabled=true",
    "InvalidParameter"
)]
#[case::no_ipv6(
    "VpcEndpointType=Interface&ServiceName=com.amazonaws.us-east-1.athena&IpAddressType=dualstack",
    "InvalidParameter"
)]
#[case::records(
    "VpcEndpointType=Interface&ServiceName=com.amazonaws.us-east-1.sqs&DnsOptions.DnsRecordIpType=ipv6",
    "InvalidParameter"
)]
#[case::policy("ServiceName=com.amazonaws.us-east-1.s3&PolicyDocument=none", "InvalidPolicyDocument")]
#[case::no_policies(
    "VpcEndpointType=Interface&ServiceName=com.amazonaws.us-east-1.email-smtp&PolicyDocument=%7B%22Statement%22:1%7D",
    "InvalidParameter"
)]
#[case::region("ServiceName=com.amazonaws.us-east-1.s3&ServiceRegion=eu-west-1", "UnsupportedOperation")]
fn refused(#[case] form: &str, #[case] code: &str) {
    let mut net = net();
    assert_eq!(net.create(form).code, Some(code));
    net.settle();
    assert_eq!(net.world.model.network_interfaces().count(), 0);
}

#[test]
fn one_subnet_a_zone() {
    let mut net = net();
    let subnet = format!("VpcId={}&CidrBlock=172.31.96.0/24&AvailabilityZone=us-east-1a", net.vpc);
    let other = net.world.call("CreateSubnet", &subnet).ok().text("subnetId").to_owned();
    let refused = net.create(&format!("{INTERFACE}&SubnetId.2={other}"));
    assert_eq!(refused.code, Some("DuplicateSubnetsInSameZone"));
    net.settle();
}

#[test]
fn limits() {
    let mut net = net();
    let quotas = vpc_model::Quotas { gateway_endpoints: 1, interface_endpoints_per_vpc: 1, ..Default::default() };
    net.world.model.set_quotas(quotas);
    net.made(GATEWAY);
    let other = "ServiceName=com.amazonaws.us-east-1.dynamodb";
    assert_eq!(net.create(other).code, Some("VpcEndpointLimitExceeded"));
    let first = net.made(INTERFACE);
    let second = INTERFACE.replace("sqs", "sns");
    assert_eq!(net.create(&second).code, Some("VpcEndpointLimitExceeded"));
    net.world.call("DeleteVpcEndpoints", &format!("VpcEndpointId.1={first}")).ok();
    net.settle();
    net.made(&second);
}

#[rstest]
#[case::kind("vpc-endpoint-type", "Gateway", 1)]
#[case::service("service-name", "*.sqs", 1)]
#[case::region("service-region", "us-east-1", 2)]
#[case::state("vpc-endpoint-state", "available", 2)]
#[case::address_type("ip-address-type", "ipv4", 2)]
#[case::vpc("vpc-id", "vpc-01234567", 0)]
#[case::tag("tag-key", "a", 0)]
fn filtered(#[case] name: &str, #[case] value: &str, #[case] count: usize) {
    let mut net = net();
    net.made(GATEWAY);
    net.made(INTERFACE);
    let form = format!("Filter.1.Name={name}&Filter.1.Value.1={value}");
    let shown = net.world.call("DescribeVpcEndpoints", &form).ok();
    assert_eq!(shown.texts("vpcEndpointId").len(), count);
}

#[test]
fn unknown_ids() {
    let mut net = net();
    assert_eq!(net.shown("vpce-01234567").code, Some("InvalidVpcEndpointId.NotFound"));
    assert_eq!(net.shown("vpc-01234567").code, Some("InvalidVpcEndpointId.Malformed"));
    let modify = net.world.call("ModifyVpcEndpoint", "VpcEndpointId=vpce-01234567");
    assert_eq!(modify.code, Some("InvalidVpcEndpointId.NotFound"));
    let deleted = net.world.call("DeleteVpcEndpoints", "VpcEndpointId.1=vpce-01234567").ok();
    assert_eq!((deleted.text("code"), deleted.text("resourceId")), ("InvalidVpcEndpointId.NotFound", "vpce-01234567"));
}

#[test]
fn notifications_go_with_their_endpoint() {
    let mut world = World::with_default_vpc();
    let vpc = world.call("DescribeVpcs", "").ok().text("vpcId").to_owned();
    let form = format!("VpcId={vpc}&ServiceName=com.amazonaws.us-east-1.s3");
    let id = world.call("CreateVpcEndpoint", &form).ok().text("vpcEndpointId").to_owned();
    let topic = "ConnectionNotificationArn=arn:aws:sns:us-east-1:111122223333:topic&ConnectionEvents.1=Accept";
    world.call("CreateVpcEndpointConnectionNotification", &format!("VpcEndpointId={id}&{topic}")).ok();
    world.call("DeleteVpcEndpoints", &format!("VpcEndpointId.1={id}")).ok();
    world.pass("0s");
    assert_eq!(world.model.connection_notifications().count(), 0);
}

#[test]
fn time_that_passes_an_endpoints_end_and_its_hour_takes_the_enis_too() {
    let mut net = net();
    net.world.model.set_delays(Delays { vpc_endpoint: SignedDuration::from_secs(60), ..Delays::default() });
    let id = net.made(INTERFACE);
    let subnet = net.subnets[0].clone();
    let free = |net: &mut Net| {
        let shown = net.world.call("DescribeSubnets", &format!("SubnetId.1={subnet}")).ok();
        shown.text("availableIpAddressCount").to_owned()
    };
    let taken = free(&mut net);
    net.world.call("DeleteVpcEndpoints", &format!("VpcEndpointId.1={id}")).ok();
    net.world.now += SignedDuration::from_hours(2);
    net.world.model.advance(net.world.now);
    net.world.model.check_invariants().expect("the laws hold");
    assert_eq!(net.world.call("DescribeNetworkInterfaces", "").ok().texts("networkInterfaceId"), [""; 0]);
    assert_ne!(free(&mut net), taken);
}

#[test]
fn who_pays() {
    let mut net = net();
    let id = net.made(INTERFACE);
    let form =
        format!("VpcEndpointId={id}&Scope=vpc-endpoint-charges&PayerResponsibility=vpc-endpoint-service-account");
    let changed = net.world.call("ModifyVpcEndpointPayerResponsibility", &form).ok();
    assert_eq!(changed.text("payerResponsibilityType"), "vpc-endpoint-service-account");
    assert_eq!(net.shown(&id).text("scope"), "vpc-endpoint-charges");
    for (form, code) in [
        (form.replace("charges", "charge"), "InvalidParameterValue"),
        (form.replace("vpc-endpoint-charges", "resource-gateway-charges"), "InvalidParameter"),
        (format!("{form}&ServiceId=vpce-svc-01234567"), "InvalidServiceName"),
        (form.replace(&id, "vpce-01234567"), "InvalidVpcEndpointId.NotFound"),
    ] {
        assert_eq!(net.world.call("ModifyVpcEndpointPayerResponsibility", &form).code, Some(code), "{form}");
    }
}
