//! Instances that are changed after their launch, through the wire.

use rstest::rstest;

use crate::testing::World;

/// A running instance of a type.
fn running(instance_type: &str, more: &str) -> (World, String) {
    let mut world = World::with_default_vpc();
    let form = format!("ImageId=ami-01234567&InstanceType={instance_type}&MinCount=1&MaxCount=1&{more}");
    let id = world.call("RunInstances", &form).ok().text("instanceId").to_owned();
    world.model.settle(world.now);
    (world, id)
}

fn stop(world: &mut World, id: &str) {
    world.call("StopInstances", &format!("InstanceId.1={id}")).ok();
    world.model.settle(world.now);
}

#[test]
fn profiles() {
    let (mut world, id) = running("m5.large", "");
    assert!(world.call("DescribeIamInstanceProfileAssociations", "").ok().texts("associationId").is_empty());
    let associate = format!("InstanceId={id}&IamInstanceProfile.Name=node");
    let made = world.call("AssociateIamInstanceProfile", &associate).ok();
    insta::assert_snapshot!("associated", made.lines());
    let association = made.text("associationId");
    assert_eq!(world.call("AssociateIamInstanceProfile", &associate).code, Some("IncorrectState"));
    let by_instance = format!("Filter.1.Name=instance-id&Filter.1.Value.1={id}");
    let shown = world.call("DescribeIamInstanceProfileAssociations", &by_instance).ok();
    assert_eq!((shown.text("associationId"), shown.text("state")), (association, "associated"));
    let replace =
        format!("AssociationId={association}&IamInstanceProfile.Arn=arn:aws:iam::111122223333:instance-profile/b");
    let replaced = world.call("ReplaceIamInstanceProfileAssociation", &replace).ok();
    assert_ne!(replaced.text("associationId"), association);
    let instance = world.call("DescribeInstances", "").ok();
    assert_eq!(instance.text("arn"), "arn:aws:iam::111122223333:instance-profile/b");
    let gone = world.call("DescribeIamInstanceProfileAssociations", &format!("AssociationId.1={association}"));
    assert_eq!(gone.code, Some("InvalidAssociationID.NotFound"));
    let last = format!("AssociationId={}", replaced.text("associationId"));
    assert_eq!(world.call("DisassociateIamInstanceProfile", &last).ok().text("state"), "disassociating");
    assert_eq!(world.call("DisassociateIamInstanceProfile", &last).code, Some("InvalidAssociationID.NotFound"));
    assert!(world.call("DescribeInstances", "").ok().texts("arn").is_empty());
}

#[test]
fn a_launch_with_a_profile_has_an_association() {
    let (mut world, id) = running("m5.large", "IamInstanceProfile.Name=node");
    let shown = world.call("DescribeIamInstanceProfileAssociations", "").ok();
    assert_eq!((shown.text("instanceId"), shown.texts("associationId").len()), (id.as_str(), 1));
}

#[test]
fn monitoring() {
    let (mut world, id) = running("m5.large", "");
    let form = format!("InstanceId.1={id}");
    assert_eq!(world.call("MonitorInstances", &form).ok().text("state"), "pending");
    assert_eq!(world.call("MonitorInstances", &form).ok().text("state"), "enabled");
    let shown = world.call("DescribeInstances", "Filter.1.Name=monitoring-state&Filter.1.Value.1=enabled").ok();
    assert_eq!(shown.texts("instanceId"), [id.as_str()]);
    assert_eq!(world.call("UnmonitorInstances", &form).ok().text("state"), "disabling");
    assert_eq!(world.call("UnmonitorInstances", &form).ok().text("state"), "disabled");
}

#[test]
fn credits() {
    let (mut world, id) = running("t3.micro", "");
    let form = format!("InstanceId.1={id}");
    let shown = world.call("DescribeInstanceCreditSpecifications", &form).ok();
    assert_eq!(shown.text("cpuCredits"), "unlimited");
    let modify = format!(
        "InstanceCreditSpecification.1.InstanceId={id}&InstanceCreditSpecification.1.CpuCredits=standard\
         &InstanceCreditSpecification.2.InstanceId=i-01234567&InstanceCreditSpecification.2.CpuCredits=standard"
    );
    let modified = world.call("ModifyInstanceCreditSpecification", &modify).ok();
    assert_eq!(modified.texts("instanceId"), [id.as_str(), "i-01234567"]);
    assert_eq!(modified.text("code"), "InvalidInstanceID.NotFound");
    assert_eq!(world.call("DescribeInstanceCreditSpecifications", &form).ok().text("cpuCredits"), "standard");
    assert!(world.call("DescribeInstanceCreditSpecifications", "").ok().texts("instanceId").is_empty());
}

#[test]
fn credits_are_for_burstable_types() {
    let (mut world, id) = running("m5.large", "");
    let described = world.call("DescribeInstanceCreditSpecifications", &format!("InstanceId.1={id}"));
    assert_eq!(described.code, Some("InvalidParameterValue"));
    let modify =
        format!("InstanceCreditSpecification.1.InstanceId={id}&InstanceCreditSpecification.1.CpuCredits=standard");
    let modified = world.call("ModifyInstanceCreditSpecification", &modify).ok();
    assert_eq!(modified.text("code"), "InstanceCreditSpecification.NotSupported");
}

#[test]
fn placement() {
    let (mut world, id) = running("m5.large", "");
    world.call("CreatePlacementGroup", "GroupName=near&Strategy=cluster").ok();
    let place = format!("InstanceId={id}&GroupName=near");
    assert_eq!(world.call("ModifyInstancePlacement", &place).code, Some("IncorrectInstanceState"));
    stop(&mut world, &id);
    world.call("ModifyInstancePlacement", &place).ok();
    assert_eq!(world.call("DescribeInstances", "").ok().text("groupName"), "near");
    let missing = world.call("ModifyInstancePlacement", &format!("InstanceId={id}&GroupName=far"));
    assert_eq!(missing.code, Some("InvalidPlacementGroup.Unknown"));
    world.call("ModifyInstancePlacement", &format!("InstanceId={id}&GroupName=")).ok();
    assert_eq!(world.call("DescribeInstances", "").ok().texts("groupName").first(), Some(&""));
}

#[test]
fn reserved_capacity() {
    let (mut world, id) = running("m5.large", "");
    let form = format!("InstanceId={id}&CapacityReservationSpecification.CapacityReservationPreference=none");
    let early = world.call("ModifyInstanceCapacityReservationAttributes", &form);
    assert_eq!(early.code, Some("IncorrectInstanceState"));
    stop(&mut world, &id);
    world.call("ModifyInstanceCapacityReservationAttributes", &form).ok();
    assert_eq!(world.call("DescribeInstances", "").ok().text("capacityReservationPreference"), "none");
}

#[test]
fn maintenance() {
    let (mut world, id) = running("m5.large", "");
    let form = format!("InstanceId={id}&AutoRecovery=disabled");
    let modified = world.call("ModifyInstanceMaintenanceOptions", &form).ok();
    assert_eq!((modified.text("autoRecovery"), modified.texts("rebootMigration").len()), ("disabled", 0));
    let shown = world.call("DescribeInstances", "").ok();
    assert_eq!((shown.text("autoRecovery"), shown.text("rebootMigration")), ("disabled", "default"));
}

#[test]
fn attributes_that_are_kept() {
    let (mut world, id) = running("m5.large", "");
    let form = format!("InstanceId={id}&EbsOptimized.Value=true");
    assert_eq!(world.call("ModifyInstanceAttribute", &form).code, Some("IncorrectInstanceState"));
    stop(&mut world, &id);
    world.call("ModifyInstanceAttribute", &form).ok();
    let shown = world.call("DescribeInstanceAttribute", &format!("InstanceId={id}&Attribute=ebsOptimized")).ok();
    assert_eq!(shown.text("value"), "true");
    let kernel = format!("InstanceId={id}&Attribute=kernel");
    world.call("ModifyInstanceAttribute", &format!("{kernel}&Value=aki-1")).ok();
    assert_eq!(world.call("DescribeInstanceAttribute", &kernel).ok().text("value"), "aki-1");
    world.call("ResetInstanceAttribute", &kernel).ok();
    assert!(world.call("DescribeInstanceAttribute", &kernel).ok().texts("value").is_empty());
    let ena = world.call("ModifyInstanceAttribute", &format!("InstanceId={id}&EnaSupport.Value=false"));
    assert_eq!(ena.code, Some("InvalidParameterValue"));
}

#[test]
fn the_source_check_is_reset() {
    let (mut world, id) = running("m5.large", "");
    world.call("ModifyInstanceAttribute", &format!("InstanceId={id}&SourceDestCheck.Value=false")).ok();
    let check = format!("InstanceId={id}&Attribute=sourceDestCheck");
    assert_eq!(world.call("DescribeInstanceAttribute", &check).ok().text("value"), "false");
    world.call("ResetInstanceAttribute", &check).ok();
    assert_eq!(world.call("DescribeInstanceAttribute", &check).ok().text("value"), "true");
}

#[test]
fn defaults_of_metadata() {
    let mut world = World::with_default_vpc();
    let launch = |world: &mut World, image: &str, more: &str| {
        let form = format!("ImageId={image}&InstanceType=m5.large&MinCount=1&MaxCount=1&{more}");
        let reply = world.call("RunInstances", &form).ok();
        format!("{} {}", reply.text("httpTokens"), reply.text("httpPutResponseHopLimit"))
    };
    let node = "Filter.1.Name=name&Filter.1.Value.1=amazon-eks-node-al2023-x86_64-standard-1.34-v20251112";
    let node = world.call("DescribeImages", node).ok().text("imageId").to_owned();
    assert_eq!(launch(&mut world, "ami-01234567", ""), "optional 1");
    assert_eq!(launch(&mut world, &node, ""), "required 2");
    world.call("ModifyInstanceMetadataDefaults", "HttpTokens=required&HttpPutResponseHopLimit=3").ok();
    let shown = world.call("GetInstanceMetadataDefaults", "").ok();
    assert_eq!((shown.text("httpTokens"), shown.text("managedBy")), ("required", "account"));
    assert_eq!(launch(&mut world, "ami-01234567", ""), "required 3");
    assert_eq!(launch(&mut world, &node, "MetadataOptions.HttpTokens=optional"), "optional 3");
    let none = "HttpTokens=no-preference&HttpPutResponseHopLimit=-1";
    world.call("ModifyInstanceMetadataDefaults", none).ok();
    assert!(world.call("GetInstanceMetadataDefaults", "").ok().texts("httpTokens").is_empty());
    assert_eq!(launch(&mut world, "ami-01234567", ""), "optional 1");
}

#[rstest]
#[case::hop_limit("ModifyInstanceMetadataDefaults", "HttpPutResponseHopLimit=65", "InvalidParameterValue")]
#[case::tokens("ModifyInstanceMetadataDefaults", "HttpTokens=maybe", "InvalidParameterValue")]
#[case::reset("ResetInstanceAttribute", "InstanceId=i-01234567&Attribute=userData", "InvalidParameterValue")]
#[case::console("GetConsoleOutput", "InstanceId=i-01234567", "InvalidInstanceID.NotFound")]
#[case::password("GetPasswordData", "InstanceId=i-01234567", "InvalidInstanceID.NotFound")]
#[case::monitor("MonitorInstances", "", "MissingParameter")]
#[case::unmonitor("UnmonitorInstances", "InstanceId.1=i-01234567", "InvalidInstanceID.NotFound")]
#[case::profile("AssociateIamInstanceProfile", "InstanceId=i-01234567", "MissingParameter")]
#[case::association("DisassociateIamInstanceProfile", "AssociationId=iip-x", "InvalidAssociationID.Malformed")]
#[case::credits("ModifyInstanceCreditSpecification", "", "MissingParameter")]
#[case::host("ModifyInstancePlacement", "InstanceId=i-01234567&HostId=h-1", "UnsupportedOperation")]
#[case::recovery(
    "ModifyInstanceMaintenanceOptions",
    "InstanceId=i-01234567&AutoRecovery=maybe",
    "InvalidParameterValue"
)]
#[case::capacity("ModifyInstanceCapacityReservationAttributes", "InstanceId=i-01234567", "MissingParameter")]
fn refused(#[case] action: &str, #[case] form: &str, #[case] code: &str) {
    assert_eq!(World::new().call(action, form).code, Some(code));
}

#[test]
fn there_is_no_console() {
    let (mut world, id) = running("m5.large", "");
    let form = format!("InstanceId={id}");
    assert!(world.call("GetConsoleOutput", &form).ok().texts("output").is_empty());
    assert_eq!(world.call("GetPasswordData", &form).ok().text("passwordData"), "");
}

#[test]
fn private_names() {
    let (mut world, id) = running("m5.large", "");
    let change = |world: &mut World, form: &str| {
        world.call("ModifyPrivateDnsNameOptions", &format!("InstanceId={id}&{form}")).code
    };
    assert_eq!(change(&mut world, "EnableResourceNameDnsARecord=true"), None);
    assert_eq!(change(&mut world, "PrivateDnsHostnameType=resource-name"), Some("IncorrectInstanceState"));
    stop(&mut world, &id);
    assert_eq!(change(&mut world, "PrivateDnsHostnameType=resource-name"), None);
    let shown = world.call("DescribeInstances", "").ok();
    assert_eq!(shown.text("hostnameType"), "resource-name");
    assert_eq!(shown.text("enableResourceNameDnsARecord"), "true");
    assert_eq!(shown.text("privateDnsName"), format!("{id}.ec2.internal"));
    assert_eq!(change(&mut world, "PrivateDnsHostnameType=name"), Some("InvalidParameterValue"));
}
