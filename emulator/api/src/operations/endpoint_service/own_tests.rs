//! Services of the account's own through the wire.

use rstest::rstest;

use crate::testing::World;

const NLB: &str = "arn:aws:elasticloadbalancing:us-east-1:111122223333:loadbalancer/net/web/0123456789abcdef";
const GWLB: &str = "arn:aws:elasticloadbalancing:us-east-1:111122223333:loadbalancer/gwy/wall/0123456789abcdef";

/// A world with a default VPC and a service.
fn world(more: &str) -> (World, String, String) {
    let mut world = World::with_default_vpc();
    let form = format!("NetworkLoadBalancerArn.1={NLB}&{more}");
    let made = world.call("CreateVpcEndpointServiceConfiguration", &form).ok();
    let (id, name) = (made.text("serviceId").to_owned(), made.text("serviceName").to_owned());
    (world, id, name)
}

/// Makes an endpoint in the first subnet.
fn endpoint(world: &mut World, service: &str, kind: &str) -> String {
    let subnet = world.model.subnets().next().expect("there are some").clone();
    let form = format!("VpcId={}&SubnetId.1={}&ServiceName={service}&VpcEndpointType={kind}", subnet.vpc_id, subnet.id);
    let id = world.call("CreateVpcEndpoint", &form).ok().text("vpcEndpointId").to_owned();
    world.model.settle(world.now);
    id
}

fn state(world: &mut World, id: &str) -> String {
    world.model.settle(world.now);
    world.call("DescribeVpcEndpoints", &format!("VpcEndpointId.1={id}")).ok().text("state").to_owned()
}

#[test]
fn a_new_service() {
    let mut world = World::new();
    let form = format!(
        "NetworkLoadBalancerArn.1={NLB}&PrivateDnsName=api.example.com&SupportedRegion.1=eu-west-1&ClientToken=once&\
         TagSpecification.1.ResourceType=vpc-endpoint-service&TagSpecification.1.Tag.1.Key=Name&\
         TagSpecification.1.Tag.1.Value=web"
    );
    let made = world.call("CreateVpcEndpointServiceConfiguration", &form).ok();
    insta::assert_snapshot!(made.lines());
    let named = format!("ServiceName.1={}", made.text("serviceName"));
    let seen = world.call("DescribeVpcEndpointServices", &named).ok();
    assert_eq!((seen.text("owner"), seen.text("acceptanceRequired")), ("111122223333", "true"));
    assert_eq!(seen.text("privateDnsNameVerificationState"), "pendingVerification");
    let tag = "Filter.1.Name=tag:Name&Filter.1.Value.1=web&Filter.2.Name=service-state&Filter.2.Value.1=Available";
    let shown = world.call("DescribeVpcEndpointServiceConfigurations", tag).ok();
    assert_eq!(shown.texts("serviceId"), made.texts("serviceId"));
}

#[test]
fn an_endpoint_waits_until_it_is_accepted() {
    let (mut world, service, name) = world("");
    let id = endpoint(&mut world, &name, "Interface");
    assert_eq!(state(&mut world, &id), "pendingAcceptance");
    insta::assert_snapshot!(world.call("DescribeVpcEndpointConnections", "").ok().lines());
    let private = format!("VpcEndpointId={id}&PrivateDnsEnabled=true");
    assert_eq!(world.call("ModifyVpcEndpoint", &private).code, Some("InvalidParameter"));
    let form = format!("ServiceId={service}&VpcEndpointId.1={id}&VpcEndpointId.2=vpce-01234567");
    let accepted = world.call("AcceptVpcEndpointConnections", &form).ok();
    assert_eq!(accepted.texts("resourceId"), ["vpce-01234567"]);
    assert_eq!(accepted.text("code"), "InvalidVpcEndpointId.NotFound");
    assert_eq!(state(&mut world, &id), "available");
    let again = format!("ServiceId={service}&VpcEndpointId.1={id}");
    assert_eq!(world.call("AcceptVpcEndpointConnections", &again).ok().text("code"), "InvalidState");
    let delete = format!("ServiceId.1={service}");
    let refused = world.call("DeleteVpcEndpointServiceConfigurations", &delete).ok();
    assert_eq!(refused.text("code"), "ExistingVpcEndpointConnections");
    assert!(world.call("RejectVpcEndpointConnections", &again).ok().texts("code").is_empty());
    assert_eq!(state(&mut world, &id), "rejected");
    assert!(world.call("DeleteVpcEndpointServiceConfigurations", &delete).ok().texts("code").is_empty());
    let gone = world.call("DeleteVpcEndpointServiceConfigurations", &delete).ok();
    assert_eq!(gone.text("code"), "InvalidVpcEndpointService.NotFound");
    assert!(world.call("DeleteVpcEndpoints", &format!("VpcEndpointId.1={id}")).ok().texts("code").is_empty());
    world.model.settle(world.now);
    assert_eq!(world.model.network_interfaces().count(), 0);
}

#[test]
fn a_verified_name_leads_to_the_endpoint() {
    let (mut world, service, name) = world("AcceptanceRequired=false&PrivateDnsName=api.example.com");
    let id = endpoint(&mut world, &name, "Interface");
    let private = format!("VpcEndpointId={id}&PrivateDnsEnabled=true");
    assert_eq!(world.call("ModifyVpcEndpoint", &private).code, Some("InvalidParameter"));
    let form = format!("ServiceId={service}");
    world.call("StartVpcEndpointServicePrivateDnsVerification", &form).ok();
    world.call("ModifyVpcEndpoint", &private).ok();
    let shown = world.call("DescribeVpcEndpoints", "").ok();
    assert!(shown.texts("dnsName").contains(&"api.example.com"));
    world.call("ModifyVpcEndpointServiceConfiguration", &format!("{form}&RemovePrivateDnsName=true")).ok();
    let refused = world.call("StartVpcEndpointServicePrivateDnsVerification", &form);
    assert_eq!(refused.code, Some("InvalidParameter"));
}

#[test]
fn routes_lead_to_appliances() {
    let mut world = World::with_default_vpc();
    let form = format!("GatewayLoadBalancerArn.1={GWLB}&AcceptanceRequired=false");
    let name = world.call("CreateVpcEndpointServiceConfiguration", &form).ok().text("serviceName").to_owned();
    let id = endpoint(&mut world, &name, "GatewayLoadBalancer");
    let interface = world.call("DescribeNetworkInterfaces", "").ok();
    assert_eq!(interface.text("interfaceType"), "gateway_load_balancer_endpoint");
    assert!(interface.texts("groupId").is_empty());
    let table = world.call("DescribeRouteTables", "").ok().text("routeTableId").to_owned();
    let route = format!("RouteTableId={table}&DestinationCidrBlock=10.9.0.0/16");
    world.call("CreateRoute", &format!("{route}&VpcEndpointId={id}")).ok();
    let delete = format!("VpcEndpointId.1={id}");
    assert_eq!(world.call("DeleteVpcEndpoints", &delete).ok().text("code"), "InvalidParameter");
    world.call("DeleteRoute", &route).ok();
    assert!(world.call("DeleteVpcEndpoints", &delete).ok().texts("code").is_empty());
}

#[test]
fn changes() {
    let (mut world, id, _) = world("");
    let other = NLB.replace("web", "more");
    let form = format!(
        "ServiceId={id}&AddNetworkLoadBalancerArn.1={other}&RemoveNetworkLoadBalancerArn.1={NLB}&\
         AcceptanceRequired=false&AddSupportedIpAddressType.1=ipv6&RemoveSupportedIpAddressType.1=ipv4&\
         AddSupportedRegion.1=eu-west-1"
    );
    world.call("ModifyVpcEndpointServiceConfiguration", &form).ok();
    world
        .call(
            "ModifyVpcEndpointServicePayerResponsibility",
            &format!("ServiceId={id}&PayerResponsibility=ServiceOwner"),
        )
        .ok();
    let shown = world.call("DescribeVpcEndpointServiceConfigurations", &format!("ServiceId.1={id}")).ok();
    assert!(shown.body.contains(&other) && !shown.body.contains(NLB));
    assert_eq!((shown.text("acceptanceRequired"), shown.text("payerResponsibility")), ("false", "ServiceOwner"));
    assert_eq!(shown.texts("region"), ["eu-west-1", "us-east-1"]);
    let none = format!("ServiceId={id}&RemoveNetworkLoadBalancerArn.1={other}");
    assert_eq!(world.call("ModifyVpcEndpointServiceConfiguration", &none).code, Some("InvalidParameter"));
}

#[test]
fn principals_are_allowed() {
    let (mut world, id, _) = world("");
    let root = "arn:aws:iam::999999999999:root";
    let add = format!("ServiceId={id}&AddAllowedPrincipals.1={root}&AddAllowedPrincipals.2=*");
    let added = world.call("ModifyVpcEndpointServicePermissions", &add).ok();
    assert_eq!(added.texts("principalType"), ["Account", "All"]);
    assert!(world.call("ModifyVpcEndpointServicePermissions", &add).ok().texts("principal").is_empty());
    let accounts = format!("ServiceId={id}&Filter.1.Name=principal-type&Filter.1.Value.1=Account");
    let shown = world.call("DescribeVpcEndpointServicePermissions", &accounts).ok();
    assert_eq!(shown.texts("principal"), [root]);
    let remove = format!("ServiceId={id}&RemoveAllowedPrincipals.1={root}");
    world.call("ModifyVpcEndpointServicePermissions", &remove).ok();
    let shown = world.call("DescribeVpcEndpointServicePermissions", &format!("ServiceId={id}")).ok();
    assert_eq!(shown.texts("principal"), ["*"]);
}

#[test]
fn notifications() {
    let (mut world, service, _) = world("");
    let topic = "arn:aws:sns:us-east-1:111122223333:doors";
    let events = "ConnectionEvents.1=Connect&ConnectionEvents.2=Accept";
    let form = format!("ServiceId={service}&ConnectionNotificationArn={topic}&{events}");
    let made = world.call("CreateVpcEndpointConnectionNotification", &form).ok();
    insta::assert_snapshot!(made.lines());
    let id = made.text("connectionNotificationId").to_owned();
    let change = format!("ConnectionNotificationId={id}&ConnectionEvents.1=Reject");
    world.call("ModifyVpcEndpointConnectionNotification", &change).ok();
    let about = format!("Filter.1.Name=service-id&Filter.1.Value.1={service}");
    let shown = world.call("DescribeVpcEndpointConnectionNotifications", &about).ok();
    assert_eq!(shown.texts("item").last(), Some(&"Reject"));
    let delete = format!("ConnectionNotificationId.1={id}");
    assert!(world.call("DeleteVpcEndpointConnectionNotifications", &delete).ok().texts("code").is_empty());
    let gone = world.call("DeleteVpcEndpointConnectionNotifications", &delete).ok();
    assert_eq!(gone.text("code"), "InvalidConnectionNotification");
}

#[rstest]
#[case::no_balancer("CreateVpcEndpointServiceConfiguration", "", "InvalidParameter")]
#[case::kind(
    "CreateVpcEndpointServiceConfiguration",
    "NetworkLoadBalancerArn.1=arn:aws:elasticloadbalancing:us-east-1:111122223333:loadbalancer/app/a/b",
    "InvalidParameter"
)]
#[case::family(
    "CreateVpcEndpointServiceConfiguration",
    "NetworkLoadBalancerArn.1=a&SupportedIpAddressType.1=ipx",
    "InvalidParameterValue"
)]
#[case::describe(
    "DescribeVpcEndpointServiceConfigurations",
    "ServiceId.1=vpce-svc-01234567",
    "InvalidVpcEndpointServiceId.NotFound"
)]
#[case::malformed(
    "DescribeVpcEndpointServiceConfigurations",
    "ServiceId.1=vpce-01234567",
    "InvalidVpcEndpointServiceId.Malformed"
)]
#[case::modify(
    "ModifyVpcEndpointServiceConfiguration",
    "ServiceId=vpce-svc-01234567",
    "InvalidVpcEndpointServiceId.NotFound"
)]
#[case::permissions(
    "DescribeVpcEndpointServicePermissions",
    "ServiceId=vpce-svc-01234567",
    "InvalidVpcEndpointServiceId.NotFound"
)]
#[case::accept(
    "AcceptVpcEndpointConnections",
    "ServiceId=vpce-svc-01234567&VpcEndpointId.1=vpce-01234567",
    "InvalidVpcEndpointServiceId.NotFound"
)]
#[case::payer(
    "ModifyVpcEndpointServicePayerResponsibility",
    "ServiceId=vpce-svc-01234567&PayerResponsibility=me",
    "InvalidParameterValue"
)]
#[case::nothing_noticed(
    "CreateVpcEndpointConnectionNotification",
    "ConnectionNotificationArn=arn:aws:sns:us-east-1:111122223333:a&ConnectionEvents.1=Accept",
    "MissingParameter"
)]
#[case::no_endpoint(
    "CreateVpcEndpointConnectionNotification",
    "VpcEndpointId=vpce-01234567&ConnectionNotificationArn=arn:aws:sns:us-east-1:111122223333:a&\
     ConnectionEvents.1=Accept",
    "InvalidVpcEndpointId.NotFound"
)]
#[case::notification(
    "DescribeVpcEndpointConnectionNotifications",
    "ConnectionNotificationId=vpce-nfn-01234567",
    "InvalidConnectionNotification"
)]
fn refused(#[case] action: &str, #[case] form: &str, #[case] code: &str) {
    assert_eq!(World::new().call(action, form).code, Some(code));
}

#[rstest]
#[case::principal("ModifyVpcEndpointServicePermissions", "AddAllowedPrincipals.1=me")]
#[case::topic(
    "CreateVpcEndpointConnectionNotification",
    "ConnectionNotificationArn=arn:aws:sqs:us-east-1:111122223333:a&ConnectionEvents.1=Accept"
)]
#[case::event(
    "CreateVpcEndpointConnectionNotification",
    "ConnectionNotificationArn=arn:aws:sns:us-east-1:111122223333:a&ConnectionEvents.1=Knock"
)]
#[case::other_kind(
    "ModifyVpcEndpointServiceConfiguration",
    "AddGatewayLoadBalancerArn.1=arn:aws:elasticloadbalancing:us-east-1:111122223333:loadbalancer/gwy/a/b"
)]
fn refused_of_a_service(#[case] action: &str, #[case] form: &str) {
    let (mut world, id, _) = world("");
    assert_eq!(world.call(action, &format!("ServiceId={id}&{form}")).code, Some("InvalidParameter"));
}
