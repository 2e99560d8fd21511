use rstest::rstest;

use super::*;
use crate::testing::World;

fn all() -> impl Iterator<Item = &'static Row> {
    [address_plans::ROWS, capacity::ROWS, more_networks::ROWS, outposts::ROWS].into_iter().flatten()
}

/// The parameters a row's action does not do without.
fn required(row: &Row) -> String {
    let members = row.members.iter().filter(|(_, kind)| matches!(kind, Kind::Required));
    members.map(|(name, _)| format!("{name}=x&")).collect()
}

#[test]
fn nothing_is_answered_with_an_empty_set() {
    let mut world = World::new();
    for row in all().filter(|row| !matches!(row.id.count, Count::One)) {
        let reply = world.call(row.action, &required(row)).ok();
        assert!(reply.body.contains(&format!("</requestId><{}/></{}Response>", row.set, row.action)), "{}", reply.body);
    }
}

#[test]
fn ids_are_not_found() {
    let mut world = World::new();
    for row in all().filter(|row| !row.id.name.is_empty()) {
        let number = if matches!(row.id.count, Count::Many) { ".1" } else { "" };
        let form = format!("{}{}{number}=x-01234567", required(row), row.id.name);
        assert_eq!(world.call(row.action, &form).code, Some(row.id.missing.name()), "{}", row.action);
    }
}

#[test]
fn unknown_parameters_and_filters_are_refused() {
    let mut world = World::new();
    for row in all() {
        let mut given = required(row);
        if matches!(row.id.count, Count::One) {
            given = format!("{given}{}=x-01234567&", row.id.name);
        }
        let unknown = world.call(row.action, &format!("{given}Colour=red"));
        assert_eq!(unknown.code, Some("UnknownParameter"), "{}", row.action);
        let filtered = world.call(row.action, &format!("{given}Filter.1.Name=colour&Filter.1.Value.1=red"));
        let expected = match row.filters {
            Filterable::Absent => Some("UnknownParameter"),
            Filterable::Any => matches!(row.id.count, Count::One).then_some(row.id.missing.name()),
            Filterable::Of(_) => Some("InvalidParameterValue"),
        };
        assert_eq!(filtered.code, expected, "{}", row.action);
    }
}

#[rstest]
#[case::page("DescribeHosts", "MaxResults=500&Filter.1.Name=state&Filter.1.Value.1=available", None)]
#[case::large_page("DescribeHosts", "MaxResults=501", Some("InvalidParameterValue"))]
#[case::token("DescribeIpams", "NextToken=abcd", Some("InvalidNextToken"))]
#[case::dry_run("DescribeSnapshots", "DryRun=true", Some("DryRunOperation"))]
#[case::owner("DescribeSnapshots", "Owner.1=self&RestorableBy.1=all", None)]
#[case::snapshot("DescribeSnapshots", "SnapshotId.1=snap-01234567", Some("InvalidSnapshot.NotFound"))]
#[case::tag("DescribeCapacityReservations", "Filter.1.Name=tag:k&Filter.1.Value.1=v", None)]
#[case::no_tag("DescribeMovingAddresses", "Filter.1.Name=tag:k&Filter.1.Value.1=v", Some("InvalidParameterValue"))]
#[case::span("DescribeScheduledInstances", "SlotStartTimeRange.EarliestTime=2026-01-02T03:04:05Z", None)]
#[case::span_in_words("DescribeScheduledInstances", "SlotStartTimeRange.LatestTime=now", Some("InvalidParameterValue"))]
#[case::no_pages("DescribeBundleTasks", "MaxResults=5", Some("UnknownParameter"))]
#[case::pool("GetAssociatedIpv6PoolCidrs", "", Some("MissingParameter"))]
#[case::listing("DescribeReservedInstancesListings", "ReservedInstancesId=x", Some("InvalidReservedInstancesId"))]
fn cases(#[case] action: &str, #[case] form: &str, #[case] code: Option<&str>) {
    assert_eq!(World::new().call(action, form).code, code);
}

#[test]
fn what_is_here_can_be_asked_about() {
    let mut world = World::with_default_vpc();
    let vpc = world.model.default_vpc().expect("there is one").id.clone();
    world.call("DescribeVpcClassicLink", &format!("VpcId.1={vpc}")).ok();
    let address = world.call("AllocateAddress", "").ok().text("publicIp").to_owned();
    world.call("DescribeMovingAddresses", &format!("PublicIp.1={address}")).ok();
}
