//! Launch templates through the wire.

use rstest::rstest;

use crate::testing::World;

const NEW: &str = "LaunchTemplateName=web&LaunchTemplateData.InstanceType=m5.large&\
                   LaunchTemplateData.ImageId=ami-0a120000000000001";

fn world() -> (World, String) {
    let mut world = World::with_default_vpc();
    let made = world.call("CreateLaunchTemplate", NEW).ok();
    let id = made.text("launchTemplateId").to_owned();
    (world, id)
}

#[test]
fn every_parameter_is_shown_again() {
    let mut world = World::new();
    let data = "KernelId=aki-1&EbsOptimized=True&IamInstanceProfile.Name=node&BlockDeviceMapping.1.DeviceName=/dev/xvda&\
        BlockDeviceMapping.1.Ebs.VolumeSize=20&BlockDeviceMapping.1.Ebs.VolumeType=gp3&\
        NetworkInterface.1.DeviceIndex=0&NetworkInterface.1.AssociatePublicIpAddress=false&\
        NetworkInterface.1.SecurityGroupId.1=sg-1&NetworkInterface.1.Ipv6Addresses.1.Ipv6Address=fd00::1&\
        NetworkInterface.1.Ipv4Prefix.1.Ipv4Prefix=10.0.0.0/28&\
        NetworkInterface.1.ConnectionTrackingSpecification.UdpTimeout=40&ImageId=ami-1&KeyName=k&\
        Monitoring.Enabled=true&Placement.AvailabilityZone=us-east-1a&Placement.Tenancy=default&RamDiskId=ari-1&\
        DisableApiTermination=true&InstanceInitiatedShutdownBehavior=terminate&UserData=aGk=&\
        TagSpecification.1.ResourceType=instance&TagSpecification.1.Tag.1.Key=a&TagSpecification.1.Tag.1.Value=b&\
        SecurityGroupId.1=sg-2&SecurityGroupId.2=sg-3&InstanceMarketOptions.MarketType=spot&\
        InstanceMarketOptions.SpotOptions.MaxPrice=0.1&InstanceMarketOptions.SpotOptions.ValidUntil=2030-01-02T03:04:05Z&\
        CreditSpecification.CpuCredits=unlimited&CpuOptions.CoreCount=2&\
        CapacityReservationSpecification.CapacityReservationTarget.CapacityReservationId=cr-1&\
        LicenseSpecification.1.LicenseConfigurationArn=arn&HibernationOptions.Configured=false&\
        MetadataOptions.HttpTokens=required&MetadataOptions.HttpPutResponseHopLimit=1&EnclaveOptions.Enabled=false&\
        InstanceRequirements.VCpuCount.Min=2&InstanceRequirements.MemoryMiB.Min=1024&\
        InstanceRequirements.MemoryGiBPerVCpu.Max=4.5&InstanceRequirements.CpuManufacturer.1=amd&\
        InstanceRequirements.BaselinePerformanceFactors.Cpu.Reference.1.InstanceFamily=m5&\
        PrivateDnsNameOptions.HostnameType=ip-name&MaintenanceOptions.AutoRecovery=default&DisableApiStop=false&\
        NetworkPerformanceOptions.BandwidthWeighting=vpc-1&SecondaryInterface.1.DeviceIndex=1";
    let data: Vec<String> = data.split('&').map(|pair| format!("LaunchTemplateData.{pair}")).collect();
    let form = format!(
        "LaunchTemplateName=all&VersionDescription=first&TagSpecification.1.ResourceType=launch-template&\
         TagSpecification.1.Tag.1.Key=team&TagSpecification.1.Tag.1.Value=net&{}",
        data.join("&")
    );
    insta::assert_snapshot!("created", world.call("CreateLaunchTemplate", &form).ok().lines());
    let shown = world.call("DescribeLaunchTemplateVersions", "LaunchTemplateName=all").ok();
    insta::assert_snapshot!("whole_version", shown.lines());
}

#[test]
fn versions() {
    let (mut world, id) = world();
    let next = |world: &mut World, more: &str| {
        let form = format!("LaunchTemplateId={id}&{more}");
        world.call("CreateLaunchTemplateVersion", &form).ok().text("versionNumber").to_owned()
    };
    assert_eq!(next(&mut world, "SourceVersion=1&LaunchTemplateData.InstanceType=m5.xlarge"), "2");
    assert_eq!(next(&mut world, "SourceVersion=$Latest&VersionDescription=same"), "3");
    let shown = |world: &mut World, more: &str| {
        let reply = world.call("DescribeLaunchTemplateVersions", more).ok();
        let of = |name| reply.texts(name).join(" ");
        (of("versionNumber"), of("instanceType"))
    };
    let pair = |numbers: &str, types: &str| (numbers.to_owned(), types.to_owned());
    let named = format!("LaunchTemplateId={id}&");
    assert_eq!(shown(&mut world, &named), pair("3 2 1", "m5.xlarge m5.xlarge m5.large"));
    assert_eq!(shown(&mut world, &format!("{named}MinVersion=2&MaxVersion=2")), pair("2", "m5.xlarge"));
    let both = "LaunchTemplateVersion.1=$Latest&LaunchTemplateVersion.2=$Default";
    assert_eq!(shown(&mut world, &format!("{named}{both}")), pair("3 1", "m5.xlarge m5.large"));
    let other = NEW.replace("web", "other");
    world.call("CreateLaunchTemplate", &other).ok();
    let all = world.call("DescribeLaunchTemplateVersions", both).ok();
    assert_eq!(all.texts("versionNumber").len(), 3, "the other one's only version is shown once");
    let filter = "Filter.1.Name=instance-type&Filter.1.Value.1=m5.large&Filter.2.Name=is-default-version&\
                  Filter.2.Value.1=true&Filter.3.Name=image-id&Filter.3.Value.1=ami-0a12*";
    assert_eq!(shown(&mut world, &format!("{named}{filter}")), pair("1", "m5.large"));
    let first = world.call("DescribeLaunchTemplateVersions", &format!("{named}MaxResults=2")).ok();
    let rest = format!("{named}MaxResults=2&NextToken={}", first.text("nextToken"));
    assert_eq!(shown(&mut world, &rest), pair("1", "m5.large"));
}

#[test]
fn the_default_version() {
    let (mut world, id) = world();
    let form = format!("LaunchTemplateId={id}&SourceVersion=1");
    world.call("CreateLaunchTemplateVersion", &form).ok();
    let delete =
        format!("LaunchTemplateId={id}&LaunchTemplateVersion.1=1&LaunchTemplateVersion.2=2&LaunchTemplateVersion.3=9");
    let set = |number: u8| format!("LaunchTemplateName=web&SetDefaultVersion={number}");
    let missing = world.call("ModifyLaunchTemplate", &set(7));
    assert_eq!(missing.code, Some("InvalidLaunchTemplateId.VersionNotFound"));
    let shown = world.call("ModifyLaunchTemplate", &set(2)).ok();
    assert_eq!((shown.text("defaultVersionNumber"), shown.text("latestVersionNumber")), ("2", "2"));
    let deleted = world.call("DeleteLaunchTemplateVersions", &delete).ok();
    insta::assert_snapshot!("deleted_versions", deleted.lines());
    let none = world.call("DeleteLaunchTemplateVersions", &format!("{delete}0").replace(&id, "lt-01234567")).ok();
    assert_eq!(none.texts("code"), ["launchTemplateIdDoesNotExist"; 3]);
    world.call("DeleteLaunchTemplate", &format!("LaunchTemplateId={id}")).ok();
    let gone = world.call("DescribeLaunchTemplateVersions", &format!("LaunchTemplateId={id}"));
    assert_eq!(gone.code, Some("InvalidLaunchTemplateId.NotFound"));
    world.call("CreateLaunchTemplate", NEW).ok();
}

#[test]
fn templates() {
    let (mut world, id) = world();
    world.call("CreateLaunchTemplate", &NEW.replace("web", "db-1")).ok();
    world.call("CreateTags", &format!("ResourceId.1={id}&Tag.1.Key=team&Tag.1.Value=net")).ok();
    let names = |world: &mut World, form: &str| {
        world.call("DescribeLaunchTemplates", form).ok().texts("launchTemplateName").join(" ")
    };
    assert_eq!(names(&mut world, "LaunchTemplateName.1=web"), "web");
    assert_eq!(names(&mut world, "Filter.1.Name=launch-template-name&Filter.1.Value.1=db-*"), "db-1");
    assert_eq!(names(&mut world, "Filter.1.Name=tag:team&Filter.1.Value.1=net"), "web");
    assert_eq!(names(&mut world, "Filter.1.Name=tag-key&Filter.1.Value.1=none"), "");
    let by_name = world.call("DescribeLaunchTemplates", "LaunchTemplateName.1=web&LaunchTemplateName.2=none");
    assert_eq!(by_name.code, Some("InvalidLaunchTemplateName.NotFoundException"));
    let by_id = world.call("DescribeLaunchTemplates", "LaunchTemplateId.1=lt-01234567");
    assert_eq!(by_id.code, Some("InvalidLaunchTemplateId.NotFound"));
    let tags = world.call("DescribeTags", "Filter.1.Name=resource-type&Filter.1.Value.1=launch-template").ok();
    assert_eq!(tags.texts("resourceId"), [id]);
}

#[test]
fn aliases_of_images() {
    let mut world = World::new();
    let alias = "resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64";
    let form = format!("LaunchTemplateName=web&LaunchTemplateData.ImageId={alias}");
    world.call("CreateLaunchTemplate", &form).ok();
    let shown = world.call("DescribeLaunchTemplateVersions", "LaunchTemplateName=web").ok();
    assert_eq!(shown.text("imageId"), alias);
    let resolved = world.call("DescribeLaunchTemplateVersions", "LaunchTemplateName=web&ResolveAlias=true").ok();
    let image = resolved.text("imageId").parse().ok().and_then(|id| world.model.image(&id)).expect("an image");
    assert_eq!(image.name, "al2023-ami-2023.9.20251110.1-kernel-6.1-arm64");
}

#[rstest]
#[case::taken("CreateLaunchTemplate", NEW, "InvalidLaunchTemplateName.AlreadyExistsException")]
#[case::name(
    "CreateLaunchTemplate",
    "LaunchTemplateName=a&LaunchTemplateData.ImageId=ami-1",
    "InvalidLaunchTemplateName.Malformed"
)]
#[case::no_data("CreateLaunchTemplate", "LaunchTemplateName=abc", "MissingParameter")]
#[case::user_data(
    "CreateLaunchTemplate",
    "LaunchTemplateName=abc&LaunchTemplateData.UserData=%21",
    "InvalidUserData.Malformed"
)]
#[case::flag(
    "CreateLaunchTemplate",
    "LaunchTemplateName=abc&LaunchTemplateData.EbsOptimized=on",
    "InvalidParameterValue"
)]
#[case::unknown("CreateLaunchTemplate", "LaunchTemplateName=abc&LaunchTemplateData.Colour=red", "UnknownParameter")]
#[case::malformed_id("DescribeLaunchTemplates", "LaunchTemplateId.1=web", "InvalidLaunchTemplateId.Malformed")]
#[case::no_template("DeleteLaunchTemplate", "", "MissingParameter")]
#[case::id_and_name(
    "DeleteLaunchTemplate",
    "LaunchTemplateId=lt-01234567&LaunchTemplateName=web",
    "InvalidParameterCombination"
)]
#[case::missing_name("DeleteLaunchTemplate", "LaunchTemplateName=none", "InvalidLaunchTemplateName.NotFoundException")]
#[case::no_version("DescribeLaunchTemplateVersions", "", "MissingParameter")]
#[case::number_of_none("DescribeLaunchTemplateVersions", "LaunchTemplateVersion.1=1", "InvalidParameterValue")]
#[case::missing_version(
    "DescribeLaunchTemplateVersions",
    "LaunchTemplateName=web&LaunchTemplateVersion.1=5",
    "InvalidLaunchTemplateId.VersionNotFound"
)]
#[case::bad_version(
    "DescribeLaunchTemplateVersions",
    "LaunchTemplateName=web&LaunchTemplateVersion.1=new",
    "InvalidParameterValue"
)]
#[case::source(
    "CreateLaunchTemplateVersion",
    "LaunchTemplateName=web&SourceVersion=4&LaunchTemplateData.KeyName=k",
    "InvalidLaunchTemplateId.VersionNotFound"
)]
fn refused(#[case] action: &str, #[case] form: &str, #[case] code: &str) {
    let (mut world, _) = world();
    assert_eq!(world.call(action, form).code, Some(code));
}

#[test]
fn as_many_as_there_can_be() {
    let mut world = World::new();
    let quotas = vpc_model::Quotas { launch_templates: 1, launch_template_versions: 2, ..vpc_model::Quotas::default() };
    world.model.set_quotas(quotas);
    let data = "LaunchTemplateData.InstanceType=m5.large";
    world.call("CreateLaunchTemplate", &format!("LaunchTemplateName=one&{data}")).ok();
    let second = world.call("CreateLaunchTemplate", &format!("LaunchTemplateName=two&{data}"));
    assert_eq!(second.code, Some("MaxTemplateLimitExceeded"));
    let version = format!("LaunchTemplateName=one&{data}");
    world.call("CreateLaunchTemplateVersion", &version).ok();
    let third = world.call("CreateLaunchTemplateVersion", &version);
    assert_eq!(third.code, Some("MaxTemplateVersionLimitExceeded"));
    world.call("DeleteLaunchTemplateVersions", "LaunchTemplateName=one&LaunchTemplateVersion.1=2").ok();
    world.call("CreateLaunchTemplateVersion", &version).ok();
}
