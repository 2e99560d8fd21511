//! Fleets through the wire.

use rstest::rstest;

use crate::testing::{Reply, World};

/// An account with a template `node`, and the default subnets of its first two zones.
fn world() -> (World, [String; 2]) {
    let mut world = World::with_default_vpc();
    let group = world.model.security_groups().next().expect("the default one").id.to_string();
    // As a node autoscaler makes it.
    let form = format!(
        "LaunchTemplateName=node&LaunchTemplateData.ImageId=ami-01234567&LaunchTemplateData.UserData=aGk=&\
         LaunchTemplateData.NetworkInterface.1.DeviceIndex=0&\
         LaunchTemplateData.NetworkInterface.1.AssociatePublicIpAddress=false&\
         LaunchTemplateData.NetworkInterface.1.SecurityGroupId.1={group}&\
         LaunchTemplateData.MetadataOptions.HttpTokens=required&LaunchTemplateData.IamInstanceProfile.Name=node&\
         LaunchTemplateData.TagSpecification.1.ResourceType=network-interface&\
         LaunchTemplateData.TagSpecification.1.Tag.1.Key=a"
    );
    world.call("CreateLaunchTemplate", &form).ok();
    let subnet = |letter| {
        let mut subnets = world.model.subnets();
        subnets.find(|subnet| subnet.zone.0.ends_with(letter)).expect("each zone has one").id.to_string()
    };
    let subnets = [subnet('a'), subnet('b')];
    (world, subnets)
}

const CONFIG: &str = "LaunchTemplateConfigs.1.LaunchTemplateSpecification.LaunchTemplateName=node&\
                      LaunchTemplateConfigs.1.LaunchTemplateSpecification.Version=$Latest";

/// The parameters of overrides: instance types with subnets.
fn overrides(all: &[(&str, &str)]) -> String {
    let one = |(at, (kind, subnet)): (usize, &(&str, &str))| {
        let name = format!("LaunchTemplateConfigs.1.Overrides.{}", at + 1);
        format!("&{name}.InstanceType={kind}&{name}.SubnetId={subnet}&{name}.Priority={}", 9 - at)
    };
    all.iter().enumerate().map(one).collect()
}

fn create(world: &mut World, more: &str) -> Reply {
    world.call("CreateFleet", &format!("{CONFIG}&{more}"))
}

#[test]
fn an_instant_fleet_as_a_node_autoscaler_asks_for_it() {
    let (mut world, [a, b]) = world();
    let overrides = overrides(&[("m5.xlarge", &a), ("m5.large", &b), ("c5.large", "subnet-01234567")]);
    let form = format!(
        "Type=instant&Context=&TargetCapacitySpecification.TotalTargetCapacity=1&\
         TargetCapacitySpecification.DefaultTargetCapacityType=spot&\
         SpotOptions.AllocationStrategy=price-capacity-optimized&TagSpecification.1.ResourceType=instance&\
         TagSpecification.1.Tag.1.Key=karpenter.sh/nodepool&TagSpecification.1.Tag.1.Value=default&\
         TagSpecification.2.ResourceType=volume&TagSpecification.2.Tag.1.Key=a&\
         TagSpecification.3.ResourceType=fleet&TagSpecification.3.Tag.1.Key=a{overrides}"
    );
    let made = create(&mut world, &form).ok();
    insta::assert_snapshot!("instant", made.lines());
    let shown = world.call("DescribeInstances", "").ok();
    assert_eq!((shown.text("instanceLifecycle"), shown.text("subnetId")), ("spot", b.as_str()));
    assert_eq!((shown.text("instanceType"), shown.text("httpTokens")), ("m5.large", "required"));
    let keys = shown.texts("key");
    let expected =
        ["aws:ec2:fleet-id", "aws:ec2launchtemplate:id", "aws:ec2launchtemplate:version", "karpenter.sh/nodepool"];
    assert_eq!(keys, expected);
    let fleet = made.text("fleetId");
    assert_eq!(world.call("DescribeFleets", "").ok().texts("fleetId").len(), 0, "it is told by its id only");
    let described = world.call("DescribeFleets", &format!("FleetId.1={fleet}")).ok();
    insta::assert_snapshot!("described", described.lines());
    let instances = world.call("DescribeFleetInstances", &format!("FleetId={fleet}"));
    assert_eq!(instances.code, Some("UnsupportedOperation"));
    let kept = world.call("DeleteFleets", &format!("FleetId.1={fleet}&TerminateInstances=false")).ok();
    assert_eq!(kept.text("code"), "unexpectedError");
    let gone = world.call("DeleteFleets", &format!("FleetId.1={fleet}&TerminateInstances=true")).ok();
    assert_eq!((gone.text("previousFleetState"), gone.text("currentFleetState")), ("active", "deleted_terminating"));
    world.model.settle(world.now);
    let described = world.call("DescribeFleets", &format!("FleetId.1={fleet}")).ok();
    assert_eq!(described.text("fleetState"), "deleted");
}

#[test]
fn a_dry_run_looks_at_the_request_only() {
    let (mut world, _) = world();
    let form = "DryRun=true&Type=instant&TargetCapacitySpecification.TotalTargetCapacity=1&\
        LaunchTemplateConfigs.1.LaunchTemplateSpecification.LaunchTemplateName=mock-lt-name&\
        LaunchTemplateConfigs.1.LaunchTemplateSpecification.LaunchTemplateId=lt-1234567890abcdef0";
    assert_eq!(world.call("CreateFleet", form).code, Some("DryRunOperation"));
    assert_eq!(world.model.fleets().count(), 0);
}

#[rstest]
#[case::cheapest_first("lowest-price", ["m5.large", "m5.large"])]
#[case::by_priority("prioritized", ["m5.2xlarge", "m5.2xlarge"])]
fn strategies(#[case] strategy: &str, #[case] types: [&str; 2]) {
    let (mut world, [a, _]) = world();
    // A later one has the smaller number, and so goes first.
    let overrides = overrides(&[("m5.xlarge", &a), ("m5.large", &a), ("m5.2xlarge", &a)]);
    let form = format!(
        "Type=instant&TargetCapacitySpecification.TotalTargetCapacity=2&OnDemandOptions.AllocationStrategy={strategy}{overrides}"
    );
    create(&mut world, &form).ok();
    assert_eq!(world.call("DescribeInstances", "").ok().texts("instanceType"), types);
}

#[test]
fn a_full_subnet_is_an_error_of_its_pool() {
    let (mut world, [a, _]) = world();
    let vpc = world.model.default_vpc().expect("it is there").id.to_string();
    let form = format!("VpcId={vpc}&CidrBlock=172.31.255.0/28&AvailabilityZone=us-east-1c");
    let small = world.call("CreateSubnet", &form).ok().text("subnetId").to_owned();
    let overrides = overrides(&[("m5.large", &small), ("m5.xlarge", &a)]);
    let form = format!("Type=instant&TargetCapacitySpecification.TotalTargetCapacity=13{overrides}");
    let made = create(&mut world, &form).ok();
    assert_eq!(made.texts("errorCode"), ["InsufficientFreeAddressesInSubnet"]);
    assert_eq!(made.texts("lifecycle"), ["on-demand", "on-demand", "on-demand"]);
    assert_eq!(world.model.instances().filter(|instance| instance.subnet_id.as_str() == small).count(), 11);
    assert_eq!(world.model.instances().count(), 13);
    assert_eq!(world.model.check_invariants(), Ok(()));
}

#[test]
fn too_few_are_none() {
    let (mut world, _) = world();
    let overrides = overrides(&[("m5.large", "subnet-01234567")]);
    let form = format!(
        "Type=instant&TargetCapacitySpecification.TotalTargetCapacity=2&OnDemandOptions.MinTargetCapacity=2&\
         OnDemandOptions.SingleInstanceType=true{overrides}"
    );
    let made = create(&mut world, &form).ok();
    assert_eq!(made.texts("errorCode"), ["InvalidSubnetID.NotFound"]);
    assert_eq!(world.model.instances().count(), 0);
}

#[test]
fn a_fleet_that_stays() {
    let (mut world, [a, b]) = world();
    let both = format!("{a},{b}");
    let overrides = overrides(&[("m5.large", &both)]);
    let form = format!(
        "TargetCapacitySpecification.TotalTargetCapacity=3&TargetCapacitySpecification.OnDemandTargetCapacity=1&\
         TargetCapacitySpecification.DefaultTargetCapacityType=spot{overrides}"
    );
    let made = create(&mut world, &form).ok();
    assert_eq!(made.texts("lifecycle").len(), 0, "what came of it is not told");
    let shown = world.call("DescribeFleets", "Filter.1.Name=type&Filter.1.Value.1=maintain").ok();
    let capacity = |name| shown.text(name).to_owned();
    assert_eq!((capacity("fulfilledCapacity"), capacity("fulfilledOnDemandCapacity")), ("3.0".into(), "1.0".into()));
    assert_eq!((capacity("activityStatus"), capacity("spotTargetCapacity")), ("fulfilled".into(), "2".into()));
    let fleet = made.text("fleetId");
    let active = world.call("DescribeFleetInstances", &format!("FleetId={fleet}")).ok();
    assert_eq!((active.texts("instanceId").len(), active.texts("spotInstanceRequestId").len()), (3, 2));
    let gone = world.call("DeleteFleets", &format!("FleetId.1={fleet}&TerminateInstances=false")).ok();
    assert_eq!(gone.text("currentFleetState"), "deleted_running");
    let again = world.call("DeleteFleets", &format!("FleetId.1={fleet}&FleetId.2=x&TerminateInstances=true")).ok();
    assert_eq!(again.texts("code"), ["fleetNotInDeletableState", "fleetIdMalformed"]);
}

#[test]
fn weights() {
    let (mut world, [a, _]) = world();
    let overrides = overrides(&[("m5.large", &a)]);
    let form = format!(
        "Type=instant&TargetCapacitySpecification.TotalTargetCapacity=5{overrides}&\
         LaunchTemplateConfigs.1.Overrides.1.WeightedCapacity=2"
    );
    create(&mut world, &form).ok();
    assert_eq!(world.model.instances().count(), 3);
}

#[rstest]
#[case::no_configs("TargetCapacitySpecification.TotalTargetCapacity=1", "MissingParameter")]
#[case::no_target(
    "Type=instant&LaunchTemplateConfigs.1.LaunchTemplateSpecification.LaunchTemplateName=node",
    "MissingParameter"
)]
#[case::too_much(
    "TargetCapacitySpecification.TotalTargetCapacity=1&TargetCapacitySpecification.SpotTargetCapacity=2&\
     LaunchTemplateConfigs.1.LaunchTemplateSpecification.LaunchTemplateName=node",
    "InvalidParameterCombination"
)]
#[case::missing_template(
    "Type=instant&TargetCapacitySpecification.TotalTargetCapacity=1&\
     LaunchTemplateConfigs.1.LaunchTemplateSpecification.LaunchTemplateName=none",
    "InvalidLaunchTemplateName.NotFoundException"
)]
#[case::missing_version(
    "Type=instant&TargetCapacitySpecification.TotalTargetCapacity=1&\
     LaunchTemplateConfigs.1.LaunchTemplateSpecification.LaunchTemplateName=node&\
     LaunchTemplateConfigs.1.LaunchTemplateSpecification.Version=7",
    "InvalidLaunchTemplateId.VersionNotFound"
)]
#[case::tags_of_instances(
    "TargetCapacitySpecification.TotalTargetCapacity=1&TagSpecification.1.ResourceType=instance&\
     TagSpecification.1.Tag.1.Key=a&LaunchTemplateConfigs.1.LaunchTemplateSpecification.LaunchTemplateName=node",
    "InvalidParameterValue"
)]
#[case::reserved(
    "TargetCapacitySpecification.TotalTargetCapacity=1&TargetCapacitySpecification.DefaultTargetCapacityType=capacity-block&\
     LaunchTemplateConfigs.1.LaunchTemplateSpecification.LaunchTemplateName=node",
    "UnsupportedOperation"
)]
#[case::type_("Type=often", "InvalidParameterValue")]
fn refused(#[case] form: &str, #[case] code: &str) {
    let (mut world, _) = world();
    let reply = world.call("CreateFleet", form);
    assert_eq!(reply.code, Some(code), "{}", reply.body);
}

#[rstest]
#[case::missing("DescribeFleets", "FleetId.1", "fleet-c7d0d7f4-fa44-4dd4-8eba-b1d4a5d4d0c9", "InvalidFleetId.NotFound")]
#[case::malformed("DescribeFleets", "FleetId.1", "fleet-1", "InvalidFleetId.Malformed")]
#[case::instances(
    "DescribeFleetInstances",
    "FleetId",
    "fleet-c7d0d7f4-fa44-4dd4-8eba-b1d4a5d4d0c9",
    "InvalidFleetId.NotFound"
)]
fn missing_fleets(#[case] action: &str, #[case] name: &str, #[case] id: &str, #[case] code: &str) {
    assert_eq!(World::new().call(action, &format!("{name}={id}")).code, Some(code));
}

#[rstest]
#[case::instances("units", 2)]
#[case::vcpus("vcpu", 1)]
fn types_by_requirements(#[case] unit: &str, #[case] count: usize) {
    let (mut world, [a, _]) = world();
    let name = "LaunchTemplateConfigs.1.Overrides.1";
    let form = format!(
        "Type=instant&TargetCapacitySpecification.TotalTargetCapacity=2&\
         TargetCapacitySpecification.TargetCapacityUnitType={unit}&{name}.SubnetId={a}&\
         {name}.InstanceRequirements.VCpuCount.Min=2&{name}.InstanceRequirements.MemoryMiB.Min=8192&\
         {name}.InstanceRequirements.AllowedInstanceType.1=m5.*"
    );
    create(&mut world, &form).ok();
    let shown = world.call("DescribeInstances", "").ok();
    assert_eq!(shown.texts("instanceType"), vec!["m5.large"; count]);
    let none = create(&mut world, &form.replace("m5.*", "none.*"));
    assert_eq!(none.code, Some("InvalidParameterValue"));
}

/// A fleet that keeps two instances.
fn kept(world: &mut World, more: &str) -> String {
    let form = format!("{CONFIG}&Type=maintain&TargetCapacitySpecification.TotalTargetCapacity=2{more}");
    let overrides = overrides(&[("m5.large", "")]).replace("&LaunchTemplateConfigs.1.Overrides.1.SubnetId=", "");
    world.call("CreateFleet", &format!("{form}{overrides}")).ok().text("fleetId").to_owned()
}

fn active(world: &mut World, fleet: &str) -> Vec<String> {
    let reply = world.call("DescribeFleetInstances", &format!("FleetId={fleet}")).ok();
    reply.texts("instanceId").into_iter().map(str::to_owned).collect()
}

#[rstest]
#[case::more("TotalTargetCapacity=3", "", 3)]
#[case::fewer("TotalTargetCapacity=1", "", 1)]
#[case::fewer_but_kept("TotalTargetCapacity=1", "&ExcessCapacityTerminationPolicy=no-termination", 2)]
fn another_capacity(#[case] target: &str, #[case] more: &str, #[case] count: usize) {
    let (mut world, _) = world();
    let fleet = kept(&mut world, "");
    world.call("ModifyFleet", &format!("FleetId={fleet}&TargetCapacitySpecification.{target}{more}")).ok();
    world.model.settle(world.now);
    assert_eq!(active(&mut world, &fleet).len(), count);
    let shown = world.call("DescribeFleets", &format!("FleetId.1={fleet}")).ok();
    assert_eq!(format!("TotalTargetCapacity={}", shown.text("totalTargetCapacity")), target);
    assert_eq!(shown.text("onDemandTargetCapacity"), shown.text("totalTargetCapacity"));
}

#[test]
fn what_ends_is_replaced() {
    let (mut world, _) = world();
    let fleet = kept(&mut world, "");
    let gone = active(&mut world, &fleet).remove(0);
    world.call("TerminateInstances", &format!("InstanceId.1={gone}")).ok();
    assert!(crate::is_to_replace(&world.model, world.now));
    let mut cx = vpc_model::Context { now: world.now, ids: &mut world.ids };
    crate::replace_lost(&mut world.model, &mut cx);
    assert!(!crate::is_to_replace(&world.model, world.now));
    let now = active(&mut world, &fleet);
    assert!(now.len() == 2 && !now.contains(&gone), "{now:?}");
}

#[test]
fn only_fleets_that_keep_their_capacity_are_modified() {
    let (mut world, _) = world();
    let form = format!("{CONFIG}&Type=request&TargetCapacitySpecification.TotalTargetCapacity=1");
    let overrides = overrides(&[("m5.large", "")]).replace("&LaunchTemplateConfigs.1.Overrides.1.SubnetId=", "");
    let fleet = world.call("CreateFleet", &format!("{form}{overrides}")).ok().text("fleetId").to_owned();
    let form = format!("FleetId={fleet}&TargetCapacitySpecification.TotalTargetCapacity=2");
    assert_eq!(world.call("ModifyFleet", &form).code, Some("UnsupportedOperation"));
}

#[test]
fn what_happened_to_a_fleet() {
    let (mut world, [a, _]) = world();
    world.model.set_quotas(vpc_model::Quotas { spot_vcpus: 2, ..vpc_model::Quotas::default() });
    let form = format!(
        "Type=maintain&TargetCapacitySpecification.TotalTargetCapacity=2&\
         TargetCapacitySpecification.DefaultTargetCapacityType=spot&{}",
        overrides(&[("m5.large", &a)])
    );
    let id = create(&mut world, &form).ok().text("fleetId").to_owned();
    let start = format!("FleetId={id}&StartTime=2026-01-01T00:00:00Z");
    let shown = world.call("DescribeFleetHistory", &start).ok();
    let told = ["submitted", "launched", "spotInstanceCountLimitExceeded", "active"];
    assert_eq!(shown.texts("eventSubType"), told, "{}", shown.body);
    assert_eq!(shown.texts("eventType"), ["fleet-change", "instance-change", "service-error", "fleet-change"]);
    let first = world.call("DescribeFleetHistory", &format!("{start}&MaxResults=3")).ok();
    let rest = format!("{start}&MaxResults=3&NextToken={}", first.text("nextToken"));
    assert_eq!(world.call("DescribeFleetHistory", &rest).ok().texts("eventSubType"), ["active"]);
    world.pass("1h");
    world.call("DeleteFleets", &format!("FleetId.1={id}&TerminateInstances=true")).ok();
    let later = format!("FleetId={id}&StartTime=2026-01-02T04:00:00Z");
    let shown = world.call("DescribeFleetHistory", &later).ok();
    assert_eq!(shown.texts("eventSubType"), ["terminated", "deleted_terminating"]);
    let only = world.call("DescribeFleetHistory", &format!("{start}&EventType=instance-change")).ok();
    assert_eq!(only.texts("eventSubType"), ["launched", "terminated"]);
    let unknown = format!("{start}&EventType=other");
    assert_eq!(world.call("DescribeFleetHistory", &unknown).code, Some("InvalidParameterValue"));
    assert_eq!(world.call("DescribeFleetHistory", &format!("FleetId={id}")).code, Some("MissingParameter"));
    world.pass("48h");
    assert_eq!(world.call("DescribeFleetHistory", &start).code, Some("InvalidFleetId.NotFound"));
}
