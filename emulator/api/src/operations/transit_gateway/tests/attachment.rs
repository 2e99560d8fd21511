//! Attachments and how they use route tables.

use jiff::SignedDuration;
use rstest::rstest;
use vpc_model::Delays;

use super::world;
use crate::testing::{Reply, World};

/// The parameters that attach the default VPC by its first two subnets.
pub(super) fn attach(world: &mut World, gateway: &str) -> String {
    let subnets = world.call("DescribeSubnets", "").ok();
    let zones: Vec<&str> = subnets.texts("availabilityZone");
    let ids = subnets.texts("subnetId");
    let of = |zone: &str| ids[zones.iter().position(|known| *known == zone).expect("a default subnet")];
    let vpc = subnets.text("vpcId");
    let (a, b) = (of("us-east-1a"), of("us-east-1b"));
    format!("TransitGatewayId={gateway}&VpcId={vpc}&SubnetIds.1={a}&SubnetIds.2={b}")
}

/// A transit gateway that the default VPC is attached to.
pub(super) fn attached() -> (World, String, String) {
    let (mut world, gateway) = world();
    let form = attach(&mut world, &gateway);
    let made = world.call("CreateTransitGatewayVpcAttachment", &form).ok();
    world.model.settle(world.now);
    let id = made.text("transitGatewayAttachmentId").to_owned();
    (world, gateway, id)
}

fn interfaces(world: &mut World) -> Reply {
    world.call("DescribeNetworkInterfaces", "Filter.1.Name=interface-type&Filter.1.Value.1=transit_gateway").ok()
}

#[test]
fn an_attachments_life() {
    let (mut world, gateway) = world();
    world.model.set_delays(Delays { transit_gateway: SignedDuration::from_secs(60), ..Delays::default() });
    let tags = "TagSpecifications.1.ResourceType=transit-gateway-attachment&TagSpecifications.1.Tag.1.Key=k";
    let form = format!("{}&Options.Ipv6Support=enable&{tags}", attach(&mut world, &gateway));
    let made = world.call("CreateTransitGatewayVpcAttachment", &form).ok();
    insta::assert_snapshot!(made.lines());
    let id = made.text("transitGatewayAttachmentId").to_owned();
    let again = world.call("CreateTransitGatewayVpcAttachment", &form);
    assert_eq!(again.code, Some("DuplicateTransitGatewayAttachment"));
    let made = interfaces(&mut world);
    assert_eq!(made.texts("requesterManaged"), ["true", "true"]);
    assert_eq!(made.text("description"), format!("Network Interface for Transit Gateway Attachment {id}"));
    let later = |world: &mut World| {
        world.now += SignedDuration::from_secs(60);
        world.model.advance(world.now);
        world.call("DescribeTransitGatewayAttachments", "").ok()
    };
    insta::assert_snapshot!("any", later(&mut world).lines());
    let attachment = format!("TransitGatewayAttachmentId={id}");
    let gone = world.call("DeleteTransitGateway", &format!("TransitGatewayId={gateway}"));
    assert_eq!(gone.code, Some("IncorrectState"));
    assert!(gone.body.contains(&format!("has non-deleted Transit Gateway Attachments: {id}.")), "{}", gone.body);
    let deleted = world.call("DeleteTransitGatewayVpcAttachment", &attachment).ok();
    assert_eq!(deleted.text("state"), "deleting");
    let subnet = format!("SubnetId={}", deleted.text("item"));
    assert_eq!(world.call("DeleteSubnet", &subnet).code, Some("DependencyViolation"));
    assert_eq!(later(&mut world).texts("state"), ["deleted"]);
    assert_eq!(interfaces(&mut world).texts("networkInterfaceId"), [""; 0]);
    world.call("DeleteSubnet", &subnet).ok();
    let gone = world.call("DeleteTransitGatewayVpcAttachment", &attachment);
    assert_eq!(gone.code, Some("InvalidTransitGatewayAttachmentID.NotFound"));
    world.call("DeleteTransitGateway", &format!("TransitGatewayId={gateway}")).ok();
}

#[test]
fn subnets_change() {
    let (mut world, _, id) = attached();
    let subnets = world.call("DescribeTransitGatewayVpcAttachments", "").ok();
    let [first, second] = subnets.texts("item")[..2] else { panic!("two subnets") };
    let third = world.call("DescribeSubnets", "Filter.1.Name=availability-zone&Filter.1.Value.1=us-east-1c").ok();
    let third = third.text("subnetId");
    let form = format!("TransitGatewayAttachmentId={id}");
    let change = format!("{form}&AddSubnetIds.1={third}&RemoveSubnetIds.1={first}&Options.ApplianceModeSupport=enable");
    let changed = world.call("ModifyTransitGatewayVpcAttachment", &change).ok();
    assert_eq!((changed.text("state"), changed.text("applianceModeSupport")), ("modifying", "enable"));
    assert_eq!(changed.texts("item"), [second, third]);
    assert_eq!(interfaces(&mut world).texts("subnetId").len(), 2);
    assert_eq!(world.call("ModifyTransitGatewayVpcAttachment", &change).code, Some("IncorrectState"));
    world.model.settle(world.now);
    for refused in [
        format!("AddSubnetIds.1={second}"),
        format!("RemoveSubnetIds.1={first}"),
        format!("RemoveSubnetIds.1={second}&RemoveSubnetIds.2={third}"),
    ] {
        let reply = world.call("ModifyTransitGatewayVpcAttachment", &format!("{form}&{refused}"));
        assert_eq!(reply.code, Some("InvalidParameterValue"), "{refused}");
    }
}

#[test]
fn one_subnet_a_zone() {
    let (mut world, gateway) = world();
    let form = attach(&mut world, &gateway);
    let vpc = form.split('&').nth(1).expect("the vpc");
    let new = format!("{vpc}&CidrBlock=172.31.255.0/24&AvailabilityZone=us-east-1a");
    let subnet = world.call("CreateSubnet", &new).ok().text("subnetId").to_owned();
    let two = world.call("CreateTransitGatewayVpcAttachment", &format!("{form}&SubnetIds.3={subnet}"));
    assert_eq!(two.code, Some("DuplicateSubnetsInSameZone"));
    let missing = world.call("CreateTransitGatewayVpcAttachment", &format!("{form}&SubnetIds.3=subnet-01234567"));
    assert_eq!(missing.code, Some("InvalidSubnetID.NotFound"));
    let other = world.call("CreateVpc", "CidrBlock=10.0.0.0/16").ok().text("vpcId").to_owned();
    let elsewhere = format!("TransitGatewayId={gateway}&VpcId={other}&SubnetIds.1={subnet}");
    assert_eq!(world.call("CreateTransitGatewayVpcAttachment", &elsewhere).code, Some("InvalidParameterValue"));
    assert_eq!(interfaces(&mut world).texts("networkInterfaceId"), [""; 0]);
}

#[test]
fn tables_are_used() {
    let (mut world, gateway, id) = attached();
    let new = world.call("CreateTransitGatewayRouteTable", &format!("TransitGatewayId={gateway}")).ok();
    world.model.settle(world.now);
    let other = new.text("transitGatewayRouteTableId").to_owned();
    let default = world
        .call(
            "DescribeTransitGatewayRouteTables",
            "Filter.1.Name=default-association-route-table&Filter.1.Value.1=true",
        )
        .ok();
    let default = default.text("transitGatewayRouteTableId").to_owned();
    let pair = |table: &str| format!("TransitGatewayRouteTableId={table}&TransitGatewayAttachmentId={id}");
    let about = |table: &str| format!("TransitGatewayRouteTableId={table}");
    let taken = world.call("AssociateTransitGatewayRouteTable", &pair(&other));
    assert_eq!(taken.code, Some("Resource.AlreadyAssociated"));
    let not_there = world.call("DisassociateTransitGatewayRouteTable", &pair(&other));
    assert_eq!(not_there.code, Some("InvalidAssociation.NotFound"));
    let ended = world.call("DisassociateTransitGatewayRouteTable", &pair(&default)).ok();
    assert_eq!(ended.text("state"), "disassociating");
    world.model.settle(world.now);
    assert_eq!(world.call("GetTransitGatewayRouteTableAssociations", &about(&default)).ok().texts("item"), [""; 0]);
    let begun = world.call("AssociateTransitGatewayRouteTable", &pair(&other)).ok();
    insta::assert_snapshot!(begun.lines());
    world.model.settle(world.now);
    let filter = "Filter.1.Name=resource-type&Filter.1.Value.1=vpc";
    let listed = world.call("GetTransitGatewayRouteTableAssociations", &format!("{}&{filter}", about(&other))).ok();
    assert_eq!((listed.text("transitGatewayAttachmentId"), listed.text("state")), (id.as_str(), "associated"));
    assert_eq!(world.call("DeleteTransitGatewayRouteTable", &about(&other)).code, Some("IncorrectState"));
    let twice = world.call("EnableTransitGatewayRouteTablePropagation", &pair(&default));
    assert_eq!(twice.code, Some("TransitGatewayRouteTablePropagation.Duplicate"));
    let enabled = world.call("EnableTransitGatewayRouteTablePropagation", &pair(&other)).ok();
    assert_eq!(enabled.text("state"), "enabled");
    let tables =
        world.call("GetTransitGatewayAttachmentPropagations", &format!("TransitGatewayAttachmentId={id}")).ok();
    assert_eq!(tables.texts("state"), ["enabled", "enabled"]);
    let disabled = world.call("DisableTransitGatewayRouteTablePropagation", &pair(&other)).ok();
    assert_eq!(disabled.text("state"), "disabled");
    let gone = world.call("DisableTransitGatewayRouteTablePropagation", &pair(&other));
    assert_eq!(gone.code, Some("TransitGatewayRouteTablePropagation.NotFound"));
    let listed = world.call("GetTransitGatewayRouteTablePropagations", &about(&other)).ok();
    assert_eq!(listed.texts("state"), [""; 0]);
}

#[test]
fn a_vpcs_routes_lead_there() {
    let (mut world, gateway) = world();
    let table = world.call("DescribeRouteTables", "").ok().text("routeTableId").to_owned();
    let route = format!("RouteTableId={table}&DestinationCidrBlock=10.0.0.0/8&TransitGatewayId={gateway}");
    assert_eq!(world.call("CreateRoute", &route).code, Some("InvalidTransitGatewayID.NotFound"));
    let form = attach(&mut world, &gateway);
    let made = world.call("CreateTransitGatewayVpcAttachment", &form).ok();
    assert_eq!(world.call("CreateRoute", &route).code, Some("InvalidTransitGatewayID.NotFound"));
    world.model.settle(world.now);
    world.call("CreateRoute", &route).ok();
    assert!(!world.call("DescribeRouteTables", "").ok().texts("state").contains(&"blackhole"));
    let id = format!("TransitGatewayAttachmentId={}", made.text("transitGatewayAttachmentId"));
    world.call("DeleteTransitGatewayVpcAttachment", &id).ok();
    assert!(world.call("DescribeRouteTables", "").ok().texts("state").contains(&"blackhole"));
}

#[test]
fn flow_logs_are_about_them() {
    let (mut world, gateway, id) = attached();
    for (kind, resource) in [("TransitGateway", &gateway), ("TransitGatewayAttachment", &id)] {
        let form = format!(
            "ResourceType={kind}&ResourceId.1={resource}&LogDestinationType=s3&LogDestination=arn:aws:s3:::logs"
        );
        let made = world.call("CreateFlowLogs", &form).ok();
        assert_eq!(made.texts("code"), [""; 0], "{}", made.body);
    }
    let logs = world.call("DescribeFlowLogs", "").ok();
    assert_eq!(logs.texts("resourceId").len(), 2);
}

#[test]
fn limits() {
    let (mut world, gateway, _) = attached();
    let quotas = vpc_model::Quotas { transit_gateways_per_vpc: 1, ..world.model.quotas() };
    world.model.set_quotas(quotas);
    let other = world.call("CreateTransitGateway", "").ok().text("transitGatewayId").to_owned();
    let form = attach(&mut world, &other);
    assert_eq!(world.call("CreateTransitGatewayVpcAttachment", &form).code, Some("IncorrectState"));
    world.model.settle(world.now);
    let second = world.call("CreateTransitGatewayVpcAttachment", &form);
    assert_eq!(second.code, Some("TransitGatewayAttachmentLimitExceeded"));
    assert_ne!(gateway, other);
}

#[rstest]
#[case::accept("AcceptTransitGatewayVpcAttachment", "IncorrectState")]
#[case::reject("RejectTransitGatewayVpcAttachment", "IncorrectState")]
fn nothing_waits_for_consent(#[case] action: &str, #[case] code: &str) {
    let (mut world, _, id) = attached();
    assert_eq!(world.call(action, &format!("TransitGatewayAttachmentId={id}")).code, Some(code));
    let missing = world.call(action, "TransitGatewayAttachmentId=tgw-attach-01234567");
    assert_eq!(missing.code, Some("InvalidTransitGatewayAttachmentID.NotFound"));
}

#[rstest]
#[case::malformed(
    "DeleteTransitGatewayVpcAttachment",
    "TransitGatewayAttachmentId=tgw-01234567",
    "InvalidTransitGatewayAttachmentID.Malformed"
)]
#[case::describe(
    "DescribeTransitGatewayAttachments",
    "TransitGatewayAttachmentIds.1=tgw-attach-01234567",
    "InvalidTransitGatewayAttachmentID.NotFound"
)]
#[case::describe_vpc(
    "DescribeTransitGatewayVpcAttachments",
    "TransitGatewayAttachmentIds.1=tgw-attach-01234567",
    "InvalidTransitGatewayAttachmentID.NotFound"
)]
#[case::no_subnets(
    "CreateTransitGatewayVpcAttachment",
    "TransitGatewayId=tgw-01234567&VpcId=vpc-1",
    "InvalidVpcID.NotFound"
)]
#[case::list("GetTransitGatewayRouteTableAssociations", "", "MissingParameter")]
#[case::list_of_none(
    "GetTransitGatewayRouteTablePropagations",
    "TransitGatewayRouteTableId=tgw-rtb-01234567",
    "InvalidRouteTableID.NotFound"
)]
#[case::announcement(
    "EnableTransitGatewayRouteTablePropagation",
    "TransitGatewayRouteTableId=tgw-rtb-01234567&TransitGatewayRouteTableAnnouncementId=x",
    "InvalidTransitGatewayRouteTableAnnouncementId.NotFound"
)]
fn refused(#[case] action: &str, #[case] form: &str, #[case] code: &str) {
    assert_eq!(World::new().call(action, form).code, Some(code));
}

#[test]
fn time_that_passes_an_attachments_end_and_its_hour_takes_the_enis_too() {
    let (mut world, _, id) = attached();
    assert_eq!(interfaces(&mut world).texts("networkInterfaceId").len(), 2);
    world.model.set_delays(Delays { transit_gateway: SignedDuration::from_secs(60), ..Delays::default() });
    world.call("DeleteTransitGatewayVpcAttachment", &format!("TransitGatewayAttachmentId={id}")).ok();
    world.now += SignedDuration::from_hours(2);
    world.model.advance(world.now);
    world.model.check_invariants().expect("the laws hold");
    assert_eq!(interfaces(&mut world).texts("networkInterfaceId"), [""; 0]);
}
