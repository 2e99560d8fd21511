//! Transit gateways through the wire.

mod attachment;
mod connect;
mod peering;
mod route;
mod vpn;

use jiff::SignedDuration;
use rstest::rstest;
use vpc_model::Delays;

use crate::testing::World;

/// An account with a transit gateway that is there.
fn world() -> (World, String) {
    let mut world = World::with_default_vpc();
    let id = world.call("CreateTransitGateway", "").ok().text("transitGatewayId").to_owned();
    world.model.settle(world.now);
    (world, id)
}

#[test]
fn a_gateways_life() {
    let mut world = World::new();
    world.model.set_delays(Delays { transit_gateway: SignedDuration::from_secs(60), ..Delays::default() });
    let tags = "TagSpecification.1.ResourceType=transit-gateway&TagSpecification.1.Tag.1.Key=k";
    let form = format!("Description=hub&Options.TransitGatewayCidrBlocks.1=10.99.0.0/24&{tags}");
    let made = world.call("CreateTransitGateway", &form).ok();
    insta::assert_snapshot!(made.lines());
    let id = format!("TransitGatewayId={}", made.text("transitGatewayId"));
    let early = world.call("ModifyTransitGateway", &format!("{id}&Description=other"));
    assert_eq!(early.code, Some("IncorrectState"));
    let later = |world: &mut World| {
        world.now += SignedDuration::from_secs(60);
        world.model.advance(world.now);
        world.call("DescribeTransitGateways", "Filter.1.Name=tag-key&Filter.1.Value.1=k").ok()
    };
    assert_eq!(later(&mut world).text("state"), "available");
    let table = world.call("DescribeTransitGatewayRouteTables", "").ok();
    insta::assert_snapshot!("default_table", table.lines());
    let changed = world.call("ModifyTransitGateway", &format!("{id}&Options.DnsSupport=disable")).ok();
    assert_eq!((changed.text("state"), changed.text("dnsSupport")), ("modifying", "disable"));
    assert_eq!(changed.text("description"), "hub");
    assert_eq!(later(&mut world).text("state"), "available");
    assert_eq!(world.call("DeleteTransitGateway", &id).ok().text("state"), "deleting");
    assert_eq!(world.call("DescribeTransitGatewayRouteTables", "").ok().texts("state"), ["deleting"]);
    assert_eq!(later(&mut world).text("state"), "deleted");
    assert_eq!(world.call("DeleteTransitGateway", &id).code, Some("InvalidTransitGatewayID.NotFound"));
    world.now += SignedDuration::from_hours(1);
    world.model.advance(world.now);
    assert_eq!(world.call("DescribeTransitGateways", "").ok().texts("state"), [""; 0]);
}

#[test]
fn a_table_that_ends_becomes_no_default_one() {
    let (mut world, gateway) = world();
    let table = world.call("CreateTransitGatewayRouteTable", &format!("TransitGatewayId={gateway}")).ok();
    world.model.settle(world.now);
    world.model.set_delays(Delays { transit_gateway: SignedDuration::from_secs(60), ..Delays::default() });
    let table = table.text("transitGatewayRouteTableId").to_owned();
    world.call("DeleteTransitGatewayRouteTable", &format!("TransitGatewayRouteTableId={table}")).ok();
    let form = format!("TransitGatewayId={gateway}&Options.AssociationDefaultRouteTableId={table}");
    assert_eq!(world.call("ModifyTransitGateway", &form).code, Some("IncorrectState"));
    world.model.check_invariants().unwrap();
}

#[rstest]
#[case::none("Options.DefaultRouteTableAssociation=disable&Options.DefaultRouteTablePropagation=disable", &[])]
#[case::associations("Options.DefaultRouteTablePropagation=disable", &[("true", "false")])]
#[case::propagations("Options.DefaultRouteTableAssociation=disable", &[("false", "true")])]
#[case::both("", &[("true", "true")])]
fn default_tables(#[case] form: &str, #[case] expected: &[(&str, &str)]) {
    let mut world = World::new();
    world.call("CreateTransitGateway", form).ok();
    let tables = world.call("DescribeTransitGatewayRouteTables", "").ok();
    let (one, other) = (tables.texts("defaultAssociationRouteTable"), tables.texts("defaultPropagationRouteTable"));
    assert_eq!(one.into_iter().zip(other).collect::<Vec<_>>(), expected);
}

#[test]
fn default_tables_change() {
    let (mut world, id) = world();
    let gateway = format!("TransitGatewayId={id}");
    let first = world.call("DescribeTransitGatewayRouteTables", "").ok().text("transitGatewayRouteTableId").to_owned();
    let table = format!("TransitGatewayRouteTableId={first}");
    assert_eq!(world.call("DeleteTransitGatewayRouteTable", &table).code, Some("IncorrectState"));
    let tags = "TagSpecifications.1.ResourceType=transit-gateway-route-table&TagSpecifications.1.Tag.1.Key=k";
    let second = world.call("CreateTransitGatewayRouteTable", &format!("{gateway}&{tags}")).ok();
    assert_eq!(second.text("state"), "pending");
    let second = second.text("transitGatewayRouteTableId").to_owned();
    world.model.settle(world.now);
    let other = format!(
        "{gateway}&Options.AssociationDefaultRouteTableId={second}&Options.DefaultRouteTablePropagation=disable"
    );
    let changed = world.call("ModifyTransitGateway", &other).ok();
    assert_eq!(changed.text("associationDefaultRouteTableId"), second);
    assert_eq!(changed.texts("propagationDefaultRouteTableId"), [""; 0]);
    world.model.settle(world.now);
    assert_eq!(world.call("DeleteTransitGatewayRouteTable", &table).ok().text("state"), "deleting");
    world.model.settle(world.now);
    let missing =
        world.call("ModifyTransitGateway", &format!("{gateway}&Options.AssociationDefaultRouteTableId={first}"));
    assert_eq!(missing.code, Some("InvalidRouteTableID.NotFound"));
    let back =
        world.call("ModifyTransitGateway", &format!("{gateway}&Options.DefaultRouteTablePropagation=enable")).ok();
    assert_eq!(back.text("propagationDefaultRouteTableId"), second);
}

#[test]
fn blocks_change() {
    let (mut world, id) = world();
    let add = |blocks: &[&str]| {
        let list = blocks.iter().enumerate();
        let list = list.map(|(at, block)| format!("&Options.AddTransitGatewayCidrBlocks.{}={block}", at + 1));
        format!("TransitGatewayId={id}{}", list.collect::<String>())
    };
    let shown = world.call("ModifyTransitGateway", &add(&["10.0.0.0/24", "fd00::/64"])).ok();
    assert_eq!(shown.texts("item"), ["10.0.0.0/24", "fd00::/64"]);
    world.model.settle(world.now);
    for (blocks, code) in [
        (&["10.0.0.0/16"][..], "InvalidParameterValue"),
        (&["10.1.0.0/25"], "InvalidParameterValue"),
        (&["10.1.0.0/24", "10.2.0.0/24", "10.3.0.0/24", "10.4.0.0/24"], "CidrLimitExceeded"),
    ] {
        assert_eq!(world.call("ModifyTransitGateway", &add(blocks)).code, Some(code), "{blocks:?}");
    }
    let remove = format!("TransitGatewayId={id}&Options.RemoveTransitGatewayCidrBlocks.1=10.0.0.0/24");
    assert_eq!(world.call("ModifyTransitGateway", &remove).ok().texts("item"), ["fd00::/64"]);
    world.model.settle(world.now);
    assert_eq!(world.call("ModifyTransitGateway", &remove).code, Some("InvalidParameterValue"));
}

#[rstest]
#[case::asn("CreateTransitGateway", "Options.AmazonSideAsn=65535", "InvalidParameterValue")]
#[case::switch("CreateTransitGateway", "Options.DnsSupport=on", "InvalidParameterValue")]
#[case::tags("CreateTransitGateway", "TagSpecification.1.ResourceType=vpc", "InvalidParameterValue")]
#[case::no_gateway("ModifyTransitGateway", "", "MissingParameter")]
#[case::change("ModifyTransitGateway", "TransitGatewayId=tgw-01234567", "InvalidTransitGatewayID.NotFound")]
#[case::malformed("DeleteTransitGateway", "TransitGatewayId=igw-01234567", "InvalidTransitGatewayID.Malformed")]
#[case::delete("DeleteTransitGateway", "TransitGatewayId=tgw-01234567", "InvalidTransitGatewayID.NotFound")]
#[case::describe("DescribeTransitGateways", "TransitGatewayIds.1=tgw-01234567", "InvalidTransitGatewayID.NotFound")]
#[case::encryption(
    "ModifyTransitGateway",
    "TransitGatewayId=tgw-01234567&Options.EncryptionSupport=enable",
    "UnsupportedOperation"
)]
#[case::table("CreateTransitGatewayRouteTable", "TransitGatewayId=tgw-01234567", "InvalidTransitGatewayID.NotFound")]
#[case::no_table(
    "DeleteTransitGatewayRouteTable",
    "TransitGatewayRouteTableId=tgw-rtb-01234567",
    "InvalidRouteTableID.NotFound"
)]
#[case::malformed_table(
    "DeleteTransitGatewayRouteTable",
    "TransitGatewayRouteTableId=rtb-01234567",
    "InvalidRouteTableId.Malformed"
)]
fn refused(#[case] action: &str, #[case] form: &str, #[case] code: &str) {
    assert_eq!(World::new().call(action, form).code, Some(code));
}

#[test]
fn limits() {
    let (mut world, id) = world();
    for _ in 0..4 {
        world.call("CreateTransitGateway", "").ok();
    }
    assert_eq!(world.call("CreateTransitGateway", "").code, Some("TransitGatewayLimitExceeded"));
    let table = format!("TransitGatewayId={id}");
    for _ in 0..19 {
        world.call("CreateTransitGatewayRouteTable", &table).ok();
    }
    let more = world.call("CreateTransitGatewayRouteTable", &table);
    assert_eq!(more.code, Some("TransitGatewayRouteTableLimitExceeded"));
}
