use rstest::rstest;
use vpc_model::Context;

use crate::testing::{Reply, World};

fn run(world: &mut World, form: &str) -> Reply {
    world.call("RunInstances", &format!("ImageId=ami-01234567&InstanceType=m5.large&MinCount=1&MaxCount=1&{form}"))
}

/// Launches one instance that runs.
fn running(world: &mut World) -> String {
    let id = run(world, "").ok().text("instanceId").to_owned();
    world.model.settle(world.now);
    id
}

/// The default subnet of a zone, by the zone's letter.
fn subnet(world: &World, letter: char) -> String {
    let mut subnets = world.model.subnets();
    subnets.find(|subnet| subnet.zone.0.ends_with(letter)).expect("each zone has one").id.to_string()
}

#[test]
fn a_launch() {
    let mut world = World::with_default_vpc();
    let form = "TagSpecification.1.ResourceType=instance&TagSpecification.1.Tag.1.Key=Name\
        &TagSpecification.1.Tag.1.Value=web&IamInstanceProfile.Name=node&UserData=aGk%3D\
        &MetadataOptions.HttpTokens=required&MetadataOptions.HttpPutResponseHopLimit=2&ClientToken=t";
    insta::assert_snapshot!("pending", run(&mut world, form).ok().lines());
    world.model.settle(world.now);
    insta::assert_snapshot!("running", world.call("DescribeInstances", "").ok().lines());
    let id = world.model.instances().next().expect("it was launched").id.clone();
    insta::assert_snapshot!("ending", world.call("TerminateInstances", &format!("InstanceId.1={id}")).ok().lines());
    world.model.settle(world.now);
    insta::assert_snapshot!("terminated", world.call("DescribeInstances", "").ok().lines());
}

#[test]
fn a_repeated_launch_is_one_launch() {
    let mut world = World::with_default_vpc();
    let first = run(&mut world, "ClientToken=t").ok();
    assert_eq!(run(&mut world, "ClientToken=t").ok().body, first.body);
    assert_eq!(world.model.instances().count(), 1);
    assert_eq!(run(&mut world, "ClientToken=t&KeyName=k").code, Some("IdempotentParameterMismatch"));
    run(&mut world, "ClientToken=u").ok();
    assert_eq!(world.model.instances().count(), 2);
}

#[test]
fn a_dry_run_changes_nothing() {
    let mut world = World::with_default_vpc();
    let before = world.model.generation();
    let reply = run(&mut world, "DryRun=true");
    assert_eq!((reply.status, reply.code), (412, Some("DryRunOperation")));
    assert_eq!(run(&mut world, "DryRun=true&SubnetId=subnet-01234567").code, Some("InvalidSubnetID.NotFound"));
    assert_eq!((world.model.generation(), world.model.instances().count()), (before, 0));
}

#[test]
fn interfaces() {
    let mut world = World::with_default_vpc();
    let (a, group) = (subnet(&world, 'a'), world.model.security_groups().next().expect("the default one").id.clone());
    let form = format!(
        "NetworkInterface.1.DeviceIndex=0&NetworkInterface.1.SubnetId={a}\
        &NetworkInterface.1.SecondaryPrivateIpAddressCount=2&NetworkInterface.1.Description=main\
        &NetworkInterface.2.DeviceIndex=1&NetworkInterface.2.SubnetId={a}&NetworkInterface.2.Ipv4PrefixCount=1\
        &NetworkInterface.2.SecurityGroupId.1={group}&NetworkInterface.2.DeleteOnTermination=false\
        &NetworkInterface.2.ConnectionTrackingSpecification.UdpTimeout=45"
    );
    let reply = run(&mut world, &form).ok();
    assert_eq!(reply.texts("deviceIndex"), ["0", "1"]);
    // The last one is the root volume's.
    assert_eq!(reply.texts("deleteOnTermination"), ["true", "false", "true"]);
    assert_eq!(reply.texts("primary"), ["true", "false", "false", "true"]);
    assert_eq!(reply.texts("ipv4Prefix").len(), 1);
    assert_eq!(reply.text("udpTimeout"), "45");
    assert_eq!(world.model.check_invariants(), Ok(()));
}

#[test]
fn an_interface_that_is_there_already() {
    let mut world = World::with_default_vpc();
    let subnet_id = subnet(&world, 'b').parse().expect("an id");
    let new = vpc_model::NewInterface::in_subnet(subnet_id);
    let eni = world
        .model
        .create_network_interface(&mut Context { now: world.now, ids: &mut world.ids }, new)
        .expect("there is room");
    let form = format!("NetworkInterface.1.DeviceIndex=0&NetworkInterface.1.NetworkInterfaceId={eni}");
    let reply = run(&mut world, &form).ok();
    assert_eq!(reply.text("networkInterfaceId"), eni.to_string());
    assert_eq!((reply.text("availabilityZone"), reply.text("deleteOnTermination")), ("us-east-1b", "false"));
}

#[rstest]
#[case::no_image("RunInstances", "MinCount=1&MaxCount=1", "MissingParameter")]
#[case::malformed_image("RunInstances", "ImageId=ami-1&MinCount=1&MaxCount=1", "InvalidAMIID.Malformed")]
#[case::no_count("RunInstances", "ImageId=ami-01234567&MaxCount=1", "MissingParameter")]
#[case::zero("RunInstances", "ImageId=ami-01234567&MinCount=0&MaxCount=1", "InvalidParameterValue")]
#[case::type_(
    "RunInstances",
    "ImageId=ami-01234567&MinCount=1&MaxCount=1&InstanceType=m5.huge",
    "InvalidParameterValue"
)]
#[case::zone(
    "RunInstances",
    "ImageId=ami-01234567&MinCount=1&MaxCount=1&Placement.AvailabilityZone=us-west-2a",
    "InvalidParameterValue"
)]
#[case::tenancy(
    "RunInstances",
    "ImageId=ami-01234567&MinCount=1&MaxCount=1&Placement.Tenancy=host",
    "UnsupportedOperation"
)]
#[case::hibernation(
    "RunInstances",
    "ImageId=ami-01234567&MinCount=1&MaxCount=1&HibernationOptions.Configured=true",
    "UnsupportedOperation"
)]
#[case::carrier_address(
    "RunInstances",
    "ImageId=ami-01234567&MinCount=1&MaxCount=1&NetworkInterface.1.DeviceIndex=0&NetworkInterface.1.AssociateCarrierIpAddress=true",
    "UnsupportedOperation"
)]
#[case::template(
    "RunInstances",
    "MinCount=1&MaxCount=1&LaunchTemplate.LaunchTemplateName=x",
    "InvalidLaunchTemplateName.NotFoundException"
)]
#[case::group_name(
    "RunInstances",
    "ImageId=ami-01234567&MinCount=1&MaxCount=1&SecurityGroup.1=web",
    "InvalidGroup.NotFound"
)]
#[case::key("RunInstances", "ImageId=ami-01234567&MinCount=1&MaxCount=1&KeyName=me", "InvalidKeyPair.NotFound")]
#[case::user_data("RunInstances", "ImageId=ami-01234567&MinCount=1&MaxCount=1&UserData=!", "InvalidParameterValue")]
#[case::hop_limit(
    "RunInstances",
    "ImageId=ami-01234567&MinCount=1&MaxCount=1&MetadataOptions.HttpPutResponseHopLimit=65",
    "InvalidParameterValue"
)]
#[case::two_ways(
    "RunInstances",
    "ImageId=ami-01234567&MinCount=1&MaxCount=1&SubnetId=subnet-01234567&NetworkInterface.1.DeviceIndex=0",
    "InvalidParameterCombination"
)]
#[case::no_primary(
    "RunInstances",
    "ImageId=ami-01234567&InstanceType=m5.large&MinCount=1&MaxCount=1&NetworkInterface.1.DeviceIndex=1",
    "InvalidParameterValue"
)]
#[case::unknown_inside(
    "RunInstances",
    "ImageId=ami-01234567&MinCount=1&MaxCount=1&NetworkInterface.1.DeviceIndex=0&NetworkInterface.1.Colour=red",
    "UnknownParameter"
)]
#[case::tag_of_other_kind(
    "RunInstances",
    "ImageId=ami-01234567&MinCount=1&MaxCount=1&TagSpecification.1.ResourceType=vpc&TagSpecification.1.Tag.1.Key=a",
    "InvalidParameterValue"
)]
#[case::describe_missing("DescribeInstances", "InstanceId.1=i-01234567", "InvalidInstanceID.NotFound")]
#[case::describe_malformed("DescribeInstances", "InstanceId.1=i-1", "InvalidInstanceID.Malformed")]
#[case::describe_ids_and_pages(
    "DescribeInstances",
    "InstanceId.1=i-01234567&MaxResults=5",
    "InvalidParameterCombination"
)]
#[case::describe_filter("DescribeInstances", "Filter.1.Name=colour&Filter.1.Value.1=red", "InvalidParameterValue")]
#[case::terminate_none("TerminateInstances", "", "MissingParameter")]
#[case::terminate_missing("TerminateInstances", "InstanceId.1=i-01234567", "InvalidInstanceID.NotFound")]
#[case::status_missing("DescribeInstanceStatus", "InstanceId.1=i-01234567", "InvalidInstanceID.NotFound")]
#[case::attribute("DescribeInstanceAttribute", "InstanceId=i-01234567&Attribute=colour", "InvalidParameterValue")]
fn refused(#[case] action: &str, #[case] form: &str, #[case] code: &str) {
    assert_eq!(World::with_default_vpc().call(action, form).code, Some(code));
}

#[test]
fn what_makes_no_difference_is_taken() {
    let form = "EbsOptimized=true&Monitoring.Enabled=true&BlockDeviceMapping.1.DeviceName=/dev/xvda\
        &BlockDeviceMapping.1.Ebs.VolumeSize=20&HibernationOptions.Configured=false&EnclaveOptions.Enabled=false\
        &CapacityReservationSpecification.CapacityReservationPreference=open&Placement.Tenancy=default\
        &TagSpecification.1.ResourceType=volume&TagSpecification.1.Tag.1.Key=a";
    run(&mut World::with_default_vpc(), form).ok();
}

#[test]
fn no_default_vpc() {
    assert_eq!(run(&mut World::new(), "").code, Some("VPCIdNotSpecified"));
}

#[rstest]
#[case::state("instance-state-name", "running", 1)]
#[case::other_state("instance-state-name", "stopped", 0)]
#[case::name("private-dns-name", "ip-172-31-*.ec2.internal", 1)]
#[case::address("network-interface.addresses.private-ip-address", "172.31.*", 1)]
#[case::tag("tag:Name", "web", 0)]
#[case::zone("availability-zone-id", "use1-az1", 1)]
#[case::index("launch-index", "0", 1)]
fn filters(#[case] name: &str, #[case] value: &str, #[case] found: usize) {
    let mut world = World::with_default_vpc();
    running(&mut world);
    let reply = world.call("DescribeInstances", &format!("Filter.1.Name={name}&Filter.1.Value.1={value}"));
    assert_eq!(reply.ok().texts("instanceId").len(), found);
}

#[test]
fn reservations_and_pages() {
    let mut world = World::with_default_vpc();
    let form = "ImageId=ami-01234567&InstanceType=m5.large&MinCount=4&MaxCount=4";
    for _ in 0..2 {
        assert_eq!(world.call("RunInstances", form).ok().texts("amiLaunchIndex"), ["0", "1", "2", "3"]);
    }
    assert_eq!(world.call("DescribeInstances", "").ok().texts("reservationId").len(), 2);
    let page = world.call("DescribeInstances", "MaxResults=5").ok();
    assert_eq!((page.texts("instanceId").len(), page.texts("reservationId").len()), (5, 2));
    let form = format!("MaxResults=5&NextToken={}", page.text("nextToken"));
    let rest = world.call("DescribeInstances", &form).ok();
    assert_eq!((rest.texts("instanceId").len(), rest.texts("nextToken").len()), (3, 0));
}

#[test]
fn states() {
    let mut world = World::with_default_vpc();
    let id = running(&mut world);
    let form = format!("InstanceId.1={id}");
    let mut change = |action: &str| {
        let reply = world.call(action, &form);
        world.model.settle(world.now);
        reply.texts("name").into_iter().map(str::to_owned).collect::<Vec<_>>().join(" after ")
    };
    assert_eq!(change("StopInstances"), "stopping after running");
    assert_eq!(change("StopInstances"), "stopped after stopped");
    assert_eq!(change("RebootInstances"), "", "refused");
    assert_eq!(change("StartInstances"), "pending after stopped");
    assert_eq!(change("RebootInstances"), "");
    assert_eq!(change("TerminateInstances"), "shutting-down after running");
    assert_eq!(change("TerminateInstances"), "terminated after terminated");
    assert_eq!(world.call("StartInstances", &form).code, Some("IncorrectInstanceState"));
}

#[test]
fn status() {
    let mut world = World::with_default_vpc();
    let id = running(&mut world);
    insta::assert_snapshot!(world.call("DescribeInstanceStatus", "").ok().lines());
    world.call("StopInstances", &format!("InstanceId.1={id}")).ok();
    assert_eq!(world.call("DescribeInstanceStatus", "").ok().texts("instanceId").len(), 0);
    let all = world.call("DescribeInstanceStatus", "IncludeAllInstances=true").ok();
    assert_eq!(all.texts("status"), ["not-applicable", "not-applicable"]);
}

#[rstest]
#[case::check("SourceDestCheck.Value=false", "sourceDestCheck", "false")]
#[case::check_by_name("Attribute=sourceDestCheck&Value=false", "sourceDestCheck", "false")]
#[case::termination("DisableApiTermination.Value=true", "disableApiTermination", "true")]
#[case::stop("DisableApiStop.Value=true", "disableApiStop", "true")]
#[case::shutdown("InstanceInitiatedShutdownBehavior.Value=terminate", "instanceInitiatedShutdownBehavior", "terminate")]
fn attributes(#[case] form: &str, #[case] attribute: &str, #[case] value: &str) {
    let mut world = World::with_default_vpc();
    let id = running(&mut world);
    let reply = world.call("ModifyInstanceAttribute", &format!("InstanceId={id}&{form}")).ok();
    assert_eq!(reply.text("return"), "true");
    let reply = world.call("DescribeInstanceAttribute", &format!("InstanceId={id}&Attribute={attribute}")).ok();
    assert_eq!(reply.text("value"), value);
}

#[rstest]
#[case::none("", "MissingParameter")]
#[case::two("SourceDestCheck.Value=false&DisableApiStop.Value=true", "InvalidParameterCombination")]
#[case::running("InstanceType.Value=m5.xlarge", "IncorrectInstanceState")]
#[case::kernel("Kernel.Value=aki-1", "IncorrectInstanceState")]
#[case::group("GroupId.1=sg-01234567", "InvalidGroup.NotFound")]
fn refused_attributes(#[case] form: &str, #[case] code: &str) {
    let mut world = World::with_default_vpc();
    let id = running(&mut world);
    assert_eq!(world.call("ModifyInstanceAttribute", &format!("InstanceId={id}&{form}")).code, Some(code));
}

#[test]
fn every_attribute_can_be_described() {
    let mut world = World::with_default_vpc();
    let id = running(&mut world);
    for attribute in [
        "blockDeviceMapping",
        "disableApiStop",
        "disableApiTermination",
        "ebsOptimized",
        "enaSupport",
        "enclaveOptions",
        "groupSet",
        "instanceInitiatedShutdownBehavior",
        "instanceType",
        "kernel",
        "productCodes",
        "ramdisk",
        "rootDeviceName",
        "sourceDestCheck",
        "sriovNetSupport",
        "userData",
    ] {
        let form = format!("InstanceId={id}&Attribute={attribute}");
        let reply = world.call("DescribeInstanceAttribute", &form).ok();
        assert!(reply.body.contains(&format!("<{attribute}")), "{}", reply.body);
    }
}

#[test]
fn metadata_options() {
    let mut world = World::with_default_vpc();
    let id = running(&mut world);
    let form = format!("InstanceId={id}&HttpTokens=required&HttpPutResponseHopLimit=2&InstanceMetadataTags=enabled");
    insta::assert_snapshot!(world.call("ModifyInstanceMetadataOptions", &form).ok().lines());
    let reply = world.call("ModifyInstanceMetadataOptions", &format!("InstanceId={id}&HttpEndpoint=disabled")).ok();
    assert_eq!((reply.text("httpTokens"), reply.text("httpEndpoint")), ("required", "disabled"));
}
