//! Routes of transit gateways' tables.

use rstest::rstest;

use super::attachment::attached;
use crate::testing::World;

/// An attachment, and the parameter with its gateway's default table.
fn table() -> (World, String, String) {
    let (mut world, _, attachment) = attached();
    let table = world.call("DescribeTransitGatewayRouteTables", "").ok().text("transitGatewayRouteTableId").to_owned();
    (world, format!("TransitGatewayRouteTableId={table}"), format!("TransitGatewayAttachmentId={attachment}"))
}

fn search(world: &mut World, table: &str, filter: &str, value: &str) -> Vec<String> {
    let form = format!("{table}&Filter.1.Name={filter}&Filter.1.Value.1={value}");
    let found = world.call("SearchTransitGatewayRoutes", &form).ok();
    found.texts("destinationCidrBlock").into_iter().map(str::to_owned).collect()
}

#[test]
fn a_static_routes_life() {
    let (mut world, table, attachment) = table();
    let route = format!("{table}&DestinationCidrBlock=10.0.0.0/8");
    let made = world.call("CreateTransitGatewayRoute", &format!("{route}&{attachment}")).ok();
    assert_eq!((made.text("type"), made.text("state"), made.text("resourceType")), ("static", "active", "vpc"));
    let twice = world.call("CreateTransitGatewayRoute", &format!("{route}&Blackhole=true"));
    assert_eq!(twice.code, Some("RouteAlreadyExists"));
    let replaced = world.call("ReplaceTransitGatewayRoute", &format!("{route}&Blackhole=true")).ok();
    assert_eq!(replaced.text("state"), "blackhole");
    assert_eq!(replaced.texts("resourceId"), [""; 0]);
    let gone = world.call("DeleteTransitGatewayRoute", &route).ok();
    assert_eq!(gone.text("state"), "deleted");
    for action in ["DeleteTransitGatewayRoute", "ReplaceTransitGatewayRoute"] {
        let form = if action.starts_with('D') { route.clone() } else { format!("{route}&Blackhole=true") };
        assert_eq!(world.call(action, &form).code, Some("InvalidRoute.NotFound"));
    }
}

#[rstest]
#[case::exact("route-search.exact-match", "10.1.0.0/16", &["10.1.0.0/16"])]
#[case::not_exact("route-search.exact-match", "10.1.0.0/17", &[])]
#[case::longest("route-search.longest-prefix-match", "10.1.2.3", &["10.1.2.0/24"])]
#[case::longest_of_block("route-search.longest-prefix-match", "10.1.3.0/24", &["10.1.0.0/16"])]
#[case::none_is_longest("route-search.longest-prefix-match", "11.0.0.1", &[])]
#[case::subnets("route-search.subnet-of-match", "10.1.0.0/16", &["10.1.0.0/16", "10.1.2.0/24"])]
#[case::supernets("route-search.supernet-of-match", "10.1.0.0/17", &["10.0.0.0/8", "10.1.0.0/16"])]
#[case::propagated("type", "propagated", &["172.31.0.0/16"])]
#[case::blackholes("state", "blackhole", &["10.0.0.0/8", "10.1.0.0/16", "10.1.2.0/24"])]
#[case::attachments("attachment.resource-type", "vpc", &["172.31.0.0/16"])]
fn searches(#[case] filter: &str, #[case] value: &str, #[case] expected: &[&str]) {
    let (mut world, table, _) = table();
    for block in ["10.0.0.0/8", "10.1.0.0/16", "10.1.2.0/24"] {
        let form = format!("{table}&DestinationCidrBlock={block}&Blackhole=true");
        world.call("CreateTransitGatewayRoute", &form).ok();
    }
    assert_eq!(search(&mut world, &table, filter, value), expected);
}

#[test]
fn static_routes_win_and_stay() {
    let (mut world, table, attachment) = table();
    let form = format!("{table}&DestinationCidrBlock=172.31.0.0/16&{attachment}");
    world.call("CreateTransitGatewayRoute", &form).ok();
    assert_eq!(search(&mut world, &table, "type", "propagated"), [""; 0]);
    world.call("DeleteTransitGatewayVpcAttachment", &attachment).ok();
    world.model.settle(world.now);
    assert_eq!(search(&mut world, &table, "state", "blackhole"), ["172.31.0.0/16"]);
    let late = world.call("CreateTransitGatewayRoute", &format!("{table}&DestinationCidrBlock=1.0.0.0/8&{attachment}"));
    assert_eq!(late.code, Some("InvalidTransitGatewayAttachmentID.NotFound"));
}

#[test]
fn pages() {
    let (mut world, table, _) = table();
    for at in 0..6 {
        let form = format!("{table}&DestinationCidrBlock=10.{at}.0.0/16&Blackhole=true");
        world.call("CreateTransitGatewayRoute", &form).ok();
    }
    let form = format!("{table}&Filter.1.Name=type&Filter.1.Value.1=static&MaxResults=5");
    let first = world.call("SearchTransitGatewayRoutes", &form).ok();
    assert_eq!(first.text("additionalRoutesAvailable"), "true");
    let next = world.call("SearchTransitGatewayRoutes", &format!("{form}&NextToken={}", first.text("nextToken"))).ok();
    assert_eq!(next.texts("destinationCidrBlock"), ["10.5.0.0/16"]);
    assert_eq!(next.text("additionalRoutesAvailable"), "false");
}

#[test]
fn routes_to_prefix_lists() {
    let (mut world, table, attachment) = table();
    let new = "PrefixListName=lan&AddressFamily=IPv4&MaxEntries=3&Entry.1.Cidr=10.0.0.0/8";
    let list = world.call("CreateManagedPrefixList", new).ok().text("prefixListId").to_owned();
    world.model.settle(world.now);
    let form = format!("{table}&PrefixListId={list}");
    let made = world.call("CreateTransitGatewayPrefixListReference", &format!("{form}&{attachment}")).ok();
    assert_eq!((made.text("state"), made.text("blackhole")), ("pending", "false"));
    world.model.settle(world.now);
    assert_eq!(search(&mut world, &table, "prefix-list-id", &list), ["10.0.0.0/8"]);
    let twice = world.call("CreateTransitGatewayPrefixListReference", &format!("{form}&Blackhole=true"));
    assert_eq!(twice.code, Some("RouteAlreadyExists"));
    let in_use = world.call("DeleteManagedPrefixList", &format!("PrefixListId={list}"));
    assert_eq!(in_use.code, Some("DependencyViolation"));
    let users = world.call("GetManagedPrefixListAssociations", &format!("PrefixListId={list}")).ok();
    assert_eq!(format!("TransitGatewayRouteTableId={}", users.text("resourceId")), table);
    let changed = world.call("ModifyTransitGatewayPrefixListReference", &format!("{form}&Blackhole=true")).ok();
    assert_eq!((changed.text("state"), changed.text("blackhole")), ("modifying", "true"));
    world.model.settle(world.now);
    let filter = "Filter.1.Name=is-blackhole&Filter.1.Value.1=true";
    let listed = world.call("GetTransitGatewayPrefixListReferences", &format!("{table}&{filter}")).ok();
    assert_eq!((listed.text("prefixListId"), listed.text("state")), (list.as_str(), "available"));
    assert_eq!(world.call("DeleteTransitGatewayPrefixListReference", &form).ok().text("state"), "deleting");
    world.model.settle(world.now);
    let gone = world.call("DeleteTransitGatewayPrefixListReference", &form);
    assert_eq!(gone.code, Some("InvalidRoute.NotFound"));
    world.call("DeleteManagedPrefixList", &format!("PrefixListId={list}")).ok();
}

#[rstest]
#[case::no_filter("SearchTransitGatewayRoutes", "", "MissingParameter")]
#[case::odd_filter(
    "SearchTransitGatewayRoutes",
    "Filter.1.Name=route-search.exact-match&Filter.1.Value.1=10.*",
    "InvalidParameterValue"
)]
#[case::no_target("CreateTransitGatewayRoute", "DestinationCidrBlock=1.0.0.0/8", "MissingParameter")]
#[case::two_targets(
    "CreateTransitGatewayRoute",
    "DestinationCidrBlock=1.0.0.0/8&Blackhole=true&TransitGatewayAttachmentId=tgw-attach-01234567",
    "InvalidParameterCombination"
)]
#[case::attachment(
    "CreateTransitGatewayRoute",
    "DestinationCidrBlock=1.0.0.0/8&TransitGatewayAttachmentId=tgw-attach-01234567",
    "InvalidTransitGatewayAttachmentID.NotFound"
)]
#[case::list(
    "CreateTransitGatewayPrefixListReference",
    "PrefixListId=pl-01234567&Blackhole=true",
    "InvalidPrefixListID.NotFound"
)]
fn refused(#[case] action: &str, #[case] form: &str, #[case] code: &str) {
    let (mut world, table, _) = table();
    assert_eq!(world.call(action, &format!("{table}&{form}")).code, Some(code));
}

#[test]
fn routes_are_exported() {
    let (mut world, _, _) = attached();
    let table = world.call("DescribeTransitGatewayRouteTables", "").ok().text("transitGatewayRouteTableId").to_owned();
    let form = format!("TransitGatewayRouteTableId={table}&S3Bucket=name");
    let by_type = "Filter.1.Name=transit-gateway-route-destination-cidr-block&Filter.1.Value.1=172.31.0.0/16";
    let exported = world.call("ExportTransitGatewayRoutes", &format!("{form}&{by_type}")).ok();
    let folder = "s3://name/VPCTransitGateway/TransitGatewayRouteTables/";
    let expected = format!("{folder}{table}_{}.json", world.now.as_second());
    assert_eq!(exported.text("s3Location"), expected);
    let other = world.call("ExportTransitGatewayRoutes", &format!("{form}&Filter.1.Name=other&Filter.1.Value.1=x"));
    assert_eq!(other.code, Some("InvalidParameterValue"));
    let gone = "TransitGatewayRouteTableId=tgw-rtb-01234567&S3Bucket=name";
    assert_eq!(world.call("ExportTransitGatewayRoutes", gone).code, Some("InvalidRouteTableID.NotFound"));
}
