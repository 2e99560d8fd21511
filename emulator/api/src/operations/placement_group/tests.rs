//! Placement groups through the wire.

use rstest::rstest;

use crate::testing::World;

#[test]
fn groups() {
    let mut world = World::with_default_vpc();
    let form = "GroupName=parts&Strategy=partition&PartitionCount=3&TagSpecification.1.ResourceType=placement-group&\
                TagSpecification.1.Tag.1.Key=team&TagSpecification.1.Tag.1.Value=net";
    insta::assert_snapshot!("created", world.call("CreatePlacementGroup", form).ok().lines());
    world.call("CreatePlacementGroup", "GroupName=wide&Strategy=spread").ok();
    let names = |world: &mut World, form: &str| {
        let reply = world.call("DescribePlacementGroups", form).ok();
        let mut names: Vec<String> = reply.texts("groupName").iter().map(ToString::to_string).collect();
        names.sort();
        names.join(" ")
    };
    assert_eq!(names(&mut world, ""), "parts wide");
    assert_eq!(names(&mut world, "GroupName.1=wide"), "wide");
    let id = world.call("DescribePlacementGroups", "GroupName.1=parts").ok().text("groupId").to_owned();
    assert_eq!(names(&mut world, &format!("GroupId.1={id}")), "parts");
    for (filter, value, expected) in [
        ("strategy", "spread", "wide"),
        ("spread-level", "rack", "wide"),
        ("group-name", "p*", "parts"),
        ("group-arn", "*:placement-group/wide", "wide"),
        ("tag:team", "net", "parts"),
        ("state", "deleted", ""),
    ] {
        assert_eq!(names(&mut world, &format!("Filter.1.Name={filter}&Filter.1.Value.1={value}")), expected);
    }
}

#[test]
fn instances_in_groups() {
    let mut world = World::with_default_vpc();
    world.call("CreatePlacementGroup", "GroupName=parts&Strategy=partition").ok();
    let group = world.call("DescribePlacementGroups", "").ok().text("groupId").to_owned();
    let run = |world: &mut World, form: &str| {
        let form = format!("ImageId=ami-01234567&InstanceType=m5.large&MinCount=1&MaxCount=1&Placement.{form}");
        world.call("RunInstances", &form)
    };
    let launched = run(&mut world, "GroupName=parts").ok();
    assert_eq!(launched.texts("groupName")[0], "parts");
    assert_eq!((launched.text("groupId"), launched.text("partitionNumber")), (group.as_str(), "1"));
    let by_id = run(&mut world, &format!("GroupId={group}")).ok();
    assert_eq!((by_id.texts("groupName")[0], by_id.text("partitionNumber")), ("parts", "2"));
    let filter = "Filter.1.Name=placement-group-name&Filter.1.Value.1=parts&\
                  Filter.2.Name=placement-partition-number&Filter.2.Value.1=2";
    assert_eq!(world.call("DescribeInstances", filter).ok().texts("instanceId").len(), 1);
    assert_eq!(run(&mut world, "GroupName=none").code, Some("InvalidPlacementGroup.Unknown"));
    let number = run(&mut world, "GroupName=parts&Placement.PartitionNumber=3");
    assert_eq!(number.code, Some("InvalidParameterValue"));
    let delete = "GroupName=parts";
    assert_eq!(world.call("DeletePlacementGroup", delete).code, Some("InvalidPlacementGroup.InUse"));
    for id in [launched.text("instanceId"), by_id.text("instanceId")] {
        world.call("TerminateInstances", &format!("InstanceId.1={id}")).ok();
    }
    world.model.settle(world.now);
    world.call("DeletePlacementGroup", delete).ok();
    assert_eq!(world.call("DescribePlacementGroups", "GroupName.1=parts").code, Some("InvalidPlacementGroup.Unknown"));
}

#[rstest]
#[case::no_name("CreatePlacementGroup", "Strategy=cluster", "MissingParameter")]
#[case::taken("CreatePlacementGroup", "GroupName=a", "InvalidPlacementGroup.Duplicate")]
#[case::strategy("CreatePlacementGroup", "GroupName=b&Strategy=pile", "InvalidParameterValue")]
#[case::partitions("CreatePlacementGroup", "GroupName=b&Strategy=partition&PartitionCount=8", "InvalidParameterValue")]
#[case::of_cluster("CreatePlacementGroup", "GroupName=b&PartitionCount=2", "InvalidParameterCombination")]
#[case::hosts("CreatePlacementGroup", "GroupName=b&Strategy=spread&SpreadLevel=host", "UnsupportedOperation")]
#[case::level("CreatePlacementGroup", "GroupName=b&SpreadLevel=rack", "InvalidParameterCombination")]
#[case::parent("CreatePlacementGroup", "GroupName=b&ParentGroupId=pg-01234567", "InvalidPlacementGroup.Unknown")]
#[case::missing("DeletePlacementGroup", "GroupName=b", "InvalidPlacementGroup.Unknown")]
#[case::malformed("DescribePlacementGroups", "GroupId.1=b", "InvalidPlacementGroupId.Malformed")]
fn refused(#[case] action: &str, #[case] form: &str, #[case] code: &str) {
    let mut world = World::with_default_vpc();
    world.call("CreatePlacementGroup", "GroupName=a").ok();
    assert_eq!(world.call(action, form).code, Some(code));
}
