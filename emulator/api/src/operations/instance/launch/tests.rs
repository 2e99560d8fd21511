//! Launches from templates, and what they say beyond the network.

use rstest::rstest;
use vpc_model::Quotas;
use vpc_model::sold_out::SoldOut;

use crate::testing::{Reply, World};

const IMAGE: &str = "ami-0a120000000000001";

/// A world with a launch template called `web` of these parameters.
fn with_template(data: &str) -> World {
    let mut world = World::with_default_vpc();
    let data: Vec<String> = data.split('&').map(|pair| format!("LaunchTemplateData.{pair}")).collect();
    world.call("CreateLaunchTemplate", &format!("LaunchTemplateName=web&{}", data.join("&"))).ok();
    world
}

fn launch(world: &mut World, more: &str) -> Reply {
    world.call("RunInstances", &format!("LaunchTemplate.LaunchTemplateName=web&MinCount=1&MaxCount=1&{more}"))
}

fn run(world: &mut World, more: &str) -> Reply {
    world.call("RunInstances", &format!("ImageId={IMAGE}&InstanceType=m5.large&MinCount=1&MaxCount=1&{more}"))
}

fn tags(reply: &Reply) -> Vec<(&str, &str)> {
    reply.texts("key").into_iter().zip(reply.texts("value")).collect()
}

#[test]
fn a_template_and_what_the_call_says_otherwise() {
    let mut world = with_template(&format!(
        "ImageId={IMAGE}&InstanceType=m5.large&UserData=aGk=&MetadataOptions.HttpTokens=required&\
         IamInstanceProfile.Name=node&TagSpecification.1.ResourceType=instance&TagSpecification.1.Tag.1.Key=Name&\
         TagSpecification.1.Tag.1.Value=web&TagSpecification.1.Tag.2.Key=team&TagSpecification.1.Tag.2.Value=net"
    ));
    world
        .call(
            "CreateLaunchTemplateVersion",
            "LaunchTemplateName=web&SourceVersion=1&LaunchTemplateData.InstanceType=m5.xlarge",
        )
        .ok();
    let plain = launch(&mut world, "").ok();
    assert_eq!((plain.text("instanceType"), plain.text("httpTokens")), ("m5.large", "required"));
    assert!(plain.text("arn").ends_with("instance-profile/node"));
    let id = plain.text("instanceId");
    let form = format!("InstanceId={id}&Attribute=userData");
    assert_eq!(world.call("DescribeInstanceAttribute", &form).ok().text("value"), "aGk=");
    let template = world.model.launch_templates().next().expect("it is there").id.to_string();
    let more = "LaunchTemplate.Version=$Latest&InstanceType=m5.2xlarge&TagSpecification.1.ResourceType=instance&\
                TagSpecification.1.Tag.1.Key=team&TagSpecification.1.Tag.1.Value=other";
    let changed = launch(&mut world, more).ok();
    assert_eq!((changed.text("instanceType"), changed.text("imageId")), ("m5.2xlarge", IMAGE));
    let expected = [
        ("Name", "web"),
        ("aws:ec2launchtemplate:id", &template),
        ("aws:ec2launchtemplate:version", "2"),
        ("team", "other"),
    ];
    assert_eq!(tags(&changed), expected);
}

#[rstest]
#[case::missing_template("LaunchTemplate.LaunchTemplateName=none", "InvalidLaunchTemplateName.NotFoundException")]
#[case::missing_id("LaunchTemplate.LaunchTemplateId=lt-01234567", "InvalidLaunchTemplateId.NotFound")]
#[case::missing_version(
    "LaunchTemplate.LaunchTemplateName=web&LaunchTemplate.Version=9",
    "InvalidLaunchTemplateId.VersionNotFound"
)]
#[case::no_image("LaunchTemplate.LaunchTemplateName=web", "MissingParameter")]
#[case::no_template("LaunchTemplate.Version=1", "MissingParameter")]
#[case::unknown("LaunchTemplate.LaunchTemplateName=web&Colour=red", "UnknownParameter")]
#[case::subnet(
    "LaunchTemplate.LaunchTemplateName=web&ImageId=ami-0a120000000000001&SubnetId=subnet-01234567",
    "InvalidParameterCombination"
)]
fn templates_that_do_not_launch(#[case] form: &str, #[case] code: &str) {
    let mut world = with_template("InstanceType=m5.large&NetworkInterface.1.DeviceIndex=0");
    let reply = world.call("RunInstances", &format!("MinCount=1&MaxCount=1&{form}"));
    assert_eq!(reply.code, Some(code), "{}", reply.body);
}

#[test]
fn options_are_kept_and_shown() {
    let mut world = World::with_default_vpc();
    let form = "Monitoring.Enabled=true&Placement.Tenancy=dedicated&CpuOptions.CoreCount=1&CpuOptions.ThreadsPerCore=1&\
        CreditSpecification.CpuCredits=standard&EnclaveOptions.Enabled=true&HibernationOptions.Configured=false&\
        PrivateDnsNameOptions.HostnameType=resource-name&PrivateDnsNameOptions.EnableResourceNameDnsARecord=true&\
        MaintenanceOptions.AutoRecovery=disabled&NetworkPerformanceOptions.BandwidthWeighting=vpc-1&EbsOptimized=true&\
        CapacityReservationSpecification.CapacityReservationPreference=none&KernelId=aki-1&RamdiskId=ari-1&\
        LicenseSpecification.1.LicenseConfigurationArn=arn&BlockDeviceMapping.1.DeviceName=/dev/xvda&\
        BlockDeviceMapping.1.Ebs.VolumeSize=20&InstanceMarketOptions.MarketType=spot&\
        InstanceMarketOptions.SpotOptions.MaxPrice=0.1&IamInstanceProfile.Arn=arn:aws:iam::111122223333:instance-profile/a&\
        TagSpecification.1.ResourceType=spot-instances-request&TagSpecification.1.Tag.1.Key=a";
    insta::assert_snapshot!("options", run(&mut world, form).ok().lines());
    let id = world.model.instances().next().expect("launched").id.to_string();
    let data = world.call("GetLaunchTemplateData", &format!("InstanceId={id}")).ok();
    insta::assert_snapshot!("as_template", data.lines());
}

#[rstest]
#[case::ebs("ebsOptimized", "value", "true")]
#[case::enclave("enclaveOptions", "enabled", "true")]
#[case::kernel("kernel", "value", "aki-1")]
#[case::ramdisk("ramdisk", "value", "ari-1")]
fn attributes_of_a_launch(#[case] attribute: &str, #[case] element: &str, #[case] value: &str) {
    let mut world = World::with_default_vpc();
    let form = "EbsOptimized=true&EnclaveOptions.Enabled=true&KernelId=aki-1&RamdiskId=ari-1";
    let id = run(&mut world, form).ok().text("instanceId").to_owned();
    let form = format!("InstanceId={id}&Attribute={attribute}");
    assert_eq!(world.call("DescribeInstanceAttribute", &form).ok().text(element), value);
}

#[rstest]
#[case::one_time("", Some("UnsupportedOperation"))]
#[case::persistent(
    "&InstanceMarketOptions.SpotOptions.SpotInstanceType=persistent&\
     InstanceMarketOptions.SpotOptions.InstanceInterruptionBehavior=stop",
    None
)]
fn stopping_spot_instances(#[case] more: &str, #[case] code: Option<&str>) {
    let mut world = World::with_default_vpc();
    let launched = run(&mut world, &format!("InstanceMarketOptions.MarketType=spot{more}")).ok();
    world.model.settle(world.now);
    let form = format!("InstanceId.1={}", launched.text("instanceId"));
    assert_eq!(world.call("StopInstances", &form).code, code);
}

#[test]
fn names_are_as_the_subnet_says() {
    let mut world = World::with_default_vpc();
    let subnet = world.model.subnets().next().expect("a default one").id.to_string();
    let form = format!("SubnetId={subnet}&PrivateDnsHostnameTypeOnLaunch=resource-name");
    world.call("ModifySubnetAttribute", &form).ok();
    let launched = run(&mut world, &format!("SubnetId={subnet}")).ok();
    assert_eq!(launched.text("hostnameType"), "resource-name");
    assert_eq!(launched.text("privateDnsName"), format!("{}.ec2.internal", launched.text("instanceId")));
    let own = format!("SubnetId={subnet}&PrivateDnsNameOptions.HostnameType=ip-name");
    assert!(run(&mut world, &own).ok().text("privateDnsName").starts_with("ip-172-31-"));
}

#[rstest]
#[case::block("InstanceMarketOptions.MarketType=capacity-block", "UnsupportedOperation")]
#[case::market("InstanceMarketOptions.MarketType=flea", "InvalidParameterValue")]
#[case::persistent(
    "InstanceMarketOptions.MarketType=spot&InstanceMarketOptions.SpotOptions.SpotInstanceType=persistent",
    "InvalidParameterCombination"
)]
#[case::price(
    "InstanceMarketOptions.MarketType=spot&InstanceMarketOptions.SpotOptions.MaxPrice=-1",
    "InvalidParameterValue"
)]
#[case::partition("Placement.PartitionNumber=2", "InvalidParameterCombination")]
#[case::tenancy("Placement.Tenancy=own", "InvalidParameterValue")]
#[case::affinity("Placement.Affinity=host", "InvalidParameterCombination")]
#[case::threads("CpuOptions.ThreadsPerCore=many", "InvalidParameterValue")]
#[case::recovery("MaintenanceOptions.AutoRecovery=later", "InvalidParameterValue")]
#[case::alias("ImageId=resolve:ssm:/own/image", "InvalidParameterValue")]
#[case::reservation(
    "CapacityReservationSpecification.CapacityReservationPreference=open&\
     CapacityReservationSpecification.CapacityReservationTarget.CapacityReservationId=cr-1",
    "InvalidParameterCombination"
)]
#[case::public_addresses(
    "NetworkInterface.1.DeviceIndex=0&NetworkInterface.1.AssociatePublicIpAddress=true&NetworkInterface.2.DeviceIndex=1",
    "InvalidParameterCombination"
)]
fn refused_options(#[case] form: &str, #[case] code: &str) {
    let mut world = World::with_default_vpc();
    let form = if form.starts_with("ImageId") { form.to_owned() } else { format!("ImageId={IMAGE}&{form}") };
    let reply = world.call("RunInstances", &format!("MinCount=1&MaxCount=1&InstanceType=m5.large&{form}"));
    assert_eq!(reply.code, Some(code), "{}", reply.body);
}

#[test]
fn adapters() {
    let mut world = World::with_default_vpc();
    let form = "NetworkInterface.1.DeviceIndex=0&NetworkInterface.1.EnaSrdSpecification.EnaSrdEnabled=true&\
                NetworkInterface.1.EnaQueueCount=2";
    let launched = run(&mut world, form).ok();
    assert_eq!((launched.text("enaSrdEnabled"), launched.text("enaQueueCount")), ("true", "2"));
}

#[rstest]
#[case::room("MinCount=1&MaxCount=2", None, 2)]
#[case::as_many_as_there_is_room_for("MinCount=1&MaxCount=9", None, 3)]
#[case::too_few("MinCount=4&MaxCount=4", Some("VcpuLimitExceeded"), 0)]
#[case::spot("MinCount=2&MaxCount=2&InstanceMarketOptions.MarketType=spot", Some("MaxSpotInstanceCountExceeded"), 0)]
#[case::another_group("InstanceType=x1.16xlarge&MinCount=1&MaxCount=1", Some("VcpuLimitExceeded"), 0)]
fn quotas_of_vcpus(#[case] form: &str, #[case] code: Option<&str>, #[case] count: usize) {
    let mut world = World::with_default_vpc();
    world.model.set_quotas(Quotas { on_demand_vcpus: 8, spot_vcpus: 2, ..Quotas::default() });
    let launch = |form: &str| {
        let kind = if form.contains("InstanceType") { "" } else { "&InstanceType=m5.large" };
        format!("ImageId=ami-0123456789abcdef0{kind}&{form}")
    };
    world.call("RunInstances", &launch("MinCount=1&MaxCount=1")).ok();
    let reply = world.call("RunInstances", &launch(form));
    assert_eq!((reply.code, reply.texts("instanceId").len()), (code, count), "{}", reply.body);
}

#[test]
fn quotas_hold_for_instances_that_start_again() {
    let mut world = World::with_default_vpc();
    let launch = "ImageId=ami-01234567&InstanceType=m5.large&MinCount=1&MaxCount=1";
    let ids = [(); 2].map(|()| world.call("RunInstances", launch).ok().text("instanceId").to_owned());
    let both = format!("InstanceId.1={}&InstanceId.2={}", ids[0], ids[1]);
    world.model.settle(world.now);
    world.call("StopInstances", &both).ok();
    world.model.settle(world.now);
    world.model.set_quotas(Quotas { on_demand_vcpus: 3, ..Quotas::default() });
    let generation = world.model.generation();
    assert_eq!(world.call("StartInstances", &both).code, Some("VcpuLimitExceeded"));
    assert_eq!(world.model.generation(), generation);
    world.call("StartInstances", &format!("InstanceId.1={}", ids[0])).ok();
    world.model.set_quotas(Quotas::default());
    let sold_out = SoldOut { instance_type: "m5.*".to_owned(), zone: "*".to_owned(), left: None, hits: 0 };
    world.model.set_sold_out(vec![sold_out]);
    assert_eq!(world.call("StartInstances", &both).code, Some("InsufficientInstanceCapacity"));
    world.model.take_sold_out();
    world.call("StartInstances", &both).ok();
}
