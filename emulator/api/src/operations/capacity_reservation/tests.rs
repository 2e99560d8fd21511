//! Capacity reservations through the wire.

use jiff::SignedDuration;
use rstest::rstest;

use crate::testing::{Reply, World};

const NEW: &str = "InstanceType=m5.large&InstancePlatform=Linux/UNIX&AvailabilityZone=us-east-1a&InstanceCount=2";

fn create(world: &mut World, more: &str) -> String {
    world.call("CreateCapacityReservation", &format!("{NEW}{more}")).ok().text("capacityReservationId").to_owned()
}

fn run(world: &mut World, count: u32) -> Reply {
    let form = format!(
        "ImageId=ami-01234567&InstanceType=m5.large&MinCount={count}&MaxCount={count}\
         &Placement.AvailabilityZone=us-east-1a"
    );
    let reply = world.call("RunInstances", &form);
    world.model.settle(world.now);
    reply
}

fn available(world: &mut World, id: &str) -> String {
    let reply = world.call("GetCapacityReservationUsage", &format!("CapacityReservationId={id}")).ok();
    format!("{} of {}", reply.text("availableInstanceCount"), reply.text("totalInstanceCount"))
}

#[test]
fn a_life() {
    let mut world = World::with_default_vpc();
    let tags = "&TagSpecifications.1.ResourceType=capacity-reservation&TagSpecifications.1.Tag.1.Key=a\
                &TagSpecifications.1.Tag.1.Value=b";
    let form = format!("{NEW}{tags}&EndDateType=limited&EndDate=2026-01-03T00:00:00Z&InstanceMatchCriteria=targeted");
    let made = world.call("CreateCapacityReservation", &form).ok();
    insta::assert_snapshot!(made.lines());
    let named = format!("CapacityReservationId={}", made.text("capacityReservationId"));
    world.call("ModifyCapacityReservation", &format!("{named}&InstanceCount=5&EndDateType=unlimited")).ok();
    let list = named.replace("Id=", "Id.1=");
    let shown = world.call("DescribeCapacityReservations", &list).ok();
    assert_eq!((shown.text("totalInstanceCount"), shown.text("endDateType")), ("5", "unlimited"));
    world.call("CancelCapacityReservation", &named).ok();
    assert_eq!(world.call("DescribeCapacityReservations", &list).ok().text("state"), "cancelled");
    let again = world.call("CancelCapacityReservation", &named);
    assert_eq!(again.code, Some("InvalidCapacityReservationState"));
    world.model.advance(world.now + SignedDuration::from_hours(1));
    let gone = world.call("DescribeCapacityReservations", &list);
    assert_eq!(gone.code, Some("InvalidCapacityReservationId.NotFound"));
}

#[test]
fn one_that_expired_long_ago_is_gone_at_once() {
    let mut world = World::with_default_vpc();
    create(&mut world, "&EndDateType=limited&EndDate=2026-01-02T05:00:00Z");
    world.pass("24h");
    assert_eq!(world.model.capacity_reservations().count(), 0);
    assert_eq!(world.model.next_due(), None);
}

#[test]
fn launches_take_open_reservations() {
    let mut world = World::with_default_vpc();
    let id = create(&mut world, "");
    assert_eq!(available(&mut world, &id), "2 of 2");
    let one = run(&mut world, 1).ok().text("instanceId").to_owned();
    assert_eq!(available(&mut world, &id), "1 of 2");
    run(&mut world, 2).ok();
    assert_eq!(available(&mut world, &id), "0 of 2");
    let few = world.call("ModifyCapacityReservation", &format!("CapacityReservationId={id}&InstanceCount=1"));
    assert_eq!(few.code, Some("InvalidParameterValue"));
    world.call("StopInstances", &format!("InstanceId.1={one}")).ok();
    world.model.settle(world.now);
    assert_eq!(available(&mut world, &id), "1 of 2");
    world.call("StartInstances", &format!("InstanceId.1={one}")).ok();
    assert_eq!(available(&mut world, &id), "0 of 2");
    let usage = world.call("GetCapacityReservationUsage", &format!("CapacityReservationId={id}")).ok();
    assert_eq!((usage.text("accountId"), usage.text("usedInstanceCount")), ("111122223333", "2"));
}

#[test]
fn launches_name_reservations() {
    let mut world = World::with_default_vpc();
    let specification = |rest: &str| {
        format!(
            "ImageId=ami-01234567&InstanceType=m5.large&MinCount=1&MaxCount=1&Placement.AvailabilityZone=us-east-1a\
             &CapacityReservationSpecification.{rest}"
        )
    };
    let only = specification("CapacityReservationPreference=capacity-reservations-only");
    assert_eq!(world.call("RunInstances", &only).code, Some("ReservationCapacityExceeded"));
    let id = create(&mut world, "&InstanceMatchCriteria=targeted");
    run(&mut world, 1).ok();
    assert_eq!(available(&mut world, &id), "2 of 2", "only those that name it take it");
    let named = |id: &str| specification(&format!("CapacityReservationTarget.CapacityReservationId={id}"));
    let launched = world.call("RunInstances", &named(&id)).ok();
    assert_eq!(launched.texts("capacityReservationId"), [id.as_str(), id.as_str()]);
    let several = named(&id).replace("MaxCount=1", "MaxCount=5");
    assert_eq!(world.call("RunInstances", &several).ok().texts("instanceId").len(), 1);
    assert_eq!(available(&mut world, &id), "0 of 2");
    assert_eq!(world.call("RunInstances", &named(&id)).code, Some("ReservationCapacityExceeded"));
    let other = named(&id).replace("m5.large", "c5.large");
    assert_eq!(world.call("RunInstances", &other).code, Some("InvalidParameterValue"));
    let missing = world.call("RunInstances", &named("cr-01234567"));
    assert_eq!(missing.code, Some("InvalidCapacityReservationId.NotFound"));
    assert_eq!(world.call("RunInstances", &named("cr-x")).code, Some("InvalidCapacityReservationId.Malformed"));
    world.call("CancelCapacityReservation", &format!("CapacityReservationId={id}")).ok();
    assert_eq!(world.call("RunInstances", &named(&id)).code, Some("InvalidCapacityReservationState"));
}

#[test]
fn running_instances_fill_a_new_reservation() {
    let mut world = World::with_default_vpc();
    run(&mut world, 1).ok();
    let open = create(&mut world, "");
    assert_eq!(available(&mut world, &open), "1 of 2");
    let targeted = create(&mut world, "&InstanceMatchCriteria=targeted");
    assert_eq!(available(&mut world, &targeted), "2 of 2");
    let other = create(&mut world, "&InstanceMatchCriteria=open");
    assert_eq!(available(&mut world, &other), "2 of 2", "the instance has one");
}

#[test]
fn an_end_comes_by_itself() {
    let mut world = World::with_default_vpc();
    let id = create(&mut world, "&EndDateType=limited&EndDate=2026-01-02T04:00:00Z");
    run(&mut world, 1).ok();
    world.model.advance("2026-01-02T04:00:00Z".parse().expect("a time"));
    let shown = world.call("DescribeCapacityReservations", "Filter.1.Name=state&Filter.1.Value.1=expired").ok();
    assert_eq!(shown.texts("capacityReservationId"), [id.as_str()]);
    assert_eq!(available(&mut world, &id), "0 of 2");
}

#[rstest]
#[case::type_(
    "InstanceType=m5.huge&InstancePlatform=Windows&AvailabilityZone=us-east-1a&InstanceCount=1",
    "InvalidParameterValue"
)]
#[case::platform(
    "InstanceType=m5.large&InstancePlatform=Plan9&AvailabilityZone=us-east-1a&InstanceCount=1",
    "InvalidParameterValue"
)]
#[case::zone(
    "InstanceType=m5.large&InstancePlatform=Windows&AvailabilityZone=us-west-2a&InstanceCount=1",
    "InvalidParameterValue"
)]
#[case::no_zone("InstanceType=m5.large&InstancePlatform=Windows&InstanceCount=1", "MissingParameter")]
#[case::none(
    "InstanceType=m5.large&InstancePlatform=Windows&AvailabilityZone=us-east-1a&InstanceCount=0",
    "InvalidParameterValue"
)]
#[case::past(
    "InstanceType=m5.large&InstancePlatform=Windows&AvailabilityZone=us-east-1a&InstanceCount=1\
    &EndDateType=limited&EndDate=2025-01-01T00:00:00Z",
    "InvalidParameterValue"
)]
#[case::end(
    "InstanceType=m5.large&InstancePlatform=Windows&AvailabilityZone=us-east-1a&InstanceCount=1\
    &EndDateType=unlimited&EndDate=2027-01-01T00:00:00Z",
    "InvalidParameterCombination"
)]
#[case::no_end(
    "InstanceType=m5.large&InstancePlatform=Windows&AvailabilityZone=us-east-1a&InstanceCount=1\
    &EndDateType=limited",
    "MissingParameter"
)]
fn refused(#[case] form: &str, #[case] code: &str) {
    assert_eq!(World::new().call("CreateCapacityReservation", form).code, Some(code));
}

#[rstest]
#[case::malformed("cr-x", "InvalidCapacityReservationId.Malformed")]
#[case::unknown("cr-01234567", "InvalidCapacityReservationId.NotFound")]
fn not_there(
    #[case] id: &str,
    #[case] code: &str,
    #[values("ModifyCapacityReservation", "CancelCapacityReservation", "GetCapacityReservationUsage")] action: &str,
) {
    assert_eq!(World::new().call(action, &format!("CapacityReservationId={id}")).code, Some(code));
}
