use rstest::rstest;

use crate::testing::{Reply, World};

/// An image whose root volume has 20 GiB.
fn known_image(world: &mut World) -> String {
    let form = "Owner.1=amazon&Filter.1.Name=name&Filter.1.Value.1=amazon-eks-node-al2023-x86_64-standard-1.34-*";
    world.call("DescribeImages", form).ok().text("imageId").to_owned()
}

fn run(world: &mut World, image: &str, form: &str) -> Reply {
    let form = format!("ImageId={image}&InstanceType=m5.large&MinCount=1&MaxCount=1&{form}");
    let reply = world.call("RunInstances", &form);
    world.model.settle(world.now);
    reply
}

fn launched(world: &mut World, form: &str) -> String {
    let image = known_image(world);
    run(world, &image, form).ok().text("instanceId").to_owned()
}

#[test]
fn a_root_volume() {
    let mut world = World::with_default_vpc();
    let id = launched(&mut world, "TagSpecification.1.ResourceType=volume&TagSpecification.1.Tag.1.Key=a");
    insta::assert_snapshot!(world.call("DescribeVolumes", "").ok().lines());
    let shown = world.call("DescribeInstances", &format!("InstanceId.1={id}")).ok();
    let volume = world.call("DescribeVolumes", "").text("volumeId").to_owned();
    assert_eq!((shown.text("rootDeviceName"), shown.texts("deviceName")), ("/dev/xvda", vec!["/dev/xvda"]));
    assert_eq!(shown.text("volumeId"), volume);
    let attribute = format!("InstanceId={id}&Attribute=blockDeviceMapping");
    assert_eq!(world.call("DescribeInstanceAttribute", &attribute).ok().text("volumeId"), volume);
    let tags = format!("Filter.1.Name=resource-id&Filter.1.Value.1={volume}");
    assert_eq!(world.call("DescribeTags", &tags).ok().text("resourceType"), "volume");
}

#[test]
fn what_the_launch_says() {
    let mut world = World::with_default_vpc();
    let form = "BlockDeviceMapping.1.DeviceName=/dev/xvda&BlockDeviceMapping.1.Ebs.VolumeSize=100\
                &BlockDeviceMapping.1.Ebs.VolumeType=io2&BlockDeviceMapping.1.Ebs.Iops=4000\
                &BlockDeviceMapping.1.Ebs.DeleteOnTermination=false\
                &BlockDeviceMapping.2.DeviceName=/dev/xvdb&BlockDeviceMapping.2.Ebs.VolumeSize=50\
                &BlockDeviceMapping.2.Ebs.Encrypted=true&BlockDeviceMapping.3.DeviceName=/dev/xvdc\
                &BlockDeviceMapping.3.VirtualName=ephemeral0";
    let id = launched(&mut world, form);
    let volumes = world.call("DescribeVolumes", "").ok();
    let mut seen: Vec<_> = volumes.texts("size").into_iter().zip(volumes.texts("volumeType")).collect();
    seen.sort_unstable();
    assert_eq!(seen, [("100", "io2"), ("50", "gp2")]);
    let of_instance = world.call("DescribeInstances", "").ok();
    assert_eq!(of_instance.texts("deviceName"), ["/dev/xvda", "/dev/xvdb"]);

    world.call("TerminateInstances", &format!("InstanceId.1={id}")).ok();
    world.model.settle(world.now);
    let left = world.call("DescribeVolumes", "").ok();
    assert_eq!((left.texts("size"), left.text("status")), (vec!["100"], "available"));
    assert!(left.texts("instanceId").is_empty());
    let form = format!("VolumeId={}", left.text("volumeId"));
    world.call("DeleteVolume", &form).ok();
    assert_eq!(world.call("DeleteVolume", &form).code, Some("InvalidVolume.NotFound"));
}

#[test]
fn whether_it_goes_can_be_changed() {
    let mut world = World::with_default_vpc();
    let id = launched(&mut world, "");
    let change = |device: &str, on: bool| {
        format!(
            "InstanceId={id}&BlockDeviceMapping.1.DeviceName={device}&BlockDeviceMapping.1.Ebs.DeleteOnTermination={on}"
        )
    };
    world.call("ModifyInstanceAttribute", &change("/dev/xvda", false)).ok();
    assert_eq!(world.call("DescribeVolumes", "").ok().text("deleteOnTermination"), "false");
    let missing = world.call("ModifyInstanceAttribute", &change("/dev/xvdz", true));
    assert_eq!(missing.code, Some("InvalidInstanceAttributeValue"), "{}", missing.body);
    let volume = world.call("DescribeVolumes", "").text("volumeId").to_owned();
    assert_eq!(world.call("DeleteVolume", &format!("VolumeId={volume}")).code, Some("VolumeInUse"));
}

#[rstest]
#[case::too_small("Ebs.VolumeSize=1", "InvalidBlockDeviceMapping")]
#[case::no_size("Ebs.VolumeSize=0", "InvalidBlockDeviceMapping")]
#[case::unknown_kind("Ebs.VolumeType=gp4", "InvalidBlockDeviceMapping")]
#[case::iops("Ebs.VolumeType=gp2&BlockDeviceMapping.1.Ebs.Iops=100", "InvalidParameterCombination")]
#[case::no_iops("Ebs.VolumeType=io1", "InvalidParameterCombination")]
#[case::throughput("Ebs.VolumeType=gp2&BlockDeviceMapping.1.Ebs.Throughput=125", "InvalidParameterCombination")]
#[case::without_root("NoDevice=", "InvalidBlockDeviceMapping")]
#[case::twice("Ebs.VolumeSize=30&BlockDeviceMapping.2.DeviceName=/dev/xvda", "InvalidBlockDeviceMapping")]
#[case::nothing_said(
    "Ebs.VolumeSize=30&BlockDeviceMapping.2.DeviceName=/dev/b&BlockDeviceMapping.2.Ebs.Encrypted=true",
    "MissingParameter"
)]
fn launches_that_cannot_be(#[case] form: &str, #[case] code: &str) {
    let mut world = World::with_default_vpc();
    let image = known_image(&mut world);
    let form = format!("BlockDeviceMapping.1.DeviceName=/dev/xvda&BlockDeviceMapping.1.{form}");
    let reply = run(&mut world, &image, &form);
    assert_eq!(reply.code, Some(code), "{}", reply.body);
    assert!(world.call("DescribeVolumes", "").ok().texts("volumeId").is_empty());
}

#[rstest]
#[case::state("status", "in-use", true)]
#[case::other_state("status", "available", false)]
#[case::device("attachment.device", "/dev/xvda", true)]
#[case::attached("attachment.status", "attached", true)]
#[case::goes("attachment.delete-on-termination", "false", false)]
#[case::kind("volume-type", "gp?", true)]
#[case::zone("availability-zone", "us-east-1a", true)]
#[case::tag("tag:a", "b", true)]
#[case::other_tag("tag-key", "b", false)]
fn filters(#[case] name: &str, #[case] value: &str, #[case] found: bool) {
    let mut world = World::with_default_vpc();
    let tag = "TagSpecification.1.Tag.1.Key=a&TagSpecification.1.Tag.1.Value=b";
    launched(&mut world, &format!("TagSpecification.1.ResourceType=volume&{tag}"));
    let form = format!("Filter.1.Name={name}&Filter.1.Value.1={value}");
    assert_eq!(!world.call("DescribeVolumes", &form).ok().texts("volumeId").is_empty(), found);
}

#[test]
fn instances_are_found_by_their_volumes() {
    let mut world = World::with_default_vpc();
    let id = launched(&mut world, "");
    let volume = world.call("DescribeVolumes", "").text("volumeId").to_owned();
    for (name, value) in [("volume-id", volume.as_str()), ("device-name", "/dev/xvda"), ("status", "attached")] {
        let form = format!("Filter.1.Name=block-device-mapping.{name}&Filter.1.Value.1={value}");
        assert_eq!(world.call("DescribeInstances", &form).ok().texts("instanceId"), [&id], "{name}");
    }
}

#[rstest]
#[case::missing("VolumeId.1=vol-0123456789abcdef0", "InvalidVolume.NotFound")]
#[case::malformed("VolumeId.1=volume", "InvalidParameterValue")]
#[case::both("VolumeId.1=vol-0123456789abcdef0&MaxResults=5", "InvalidParameterCombination")]
#[case::filter("Filter.1.Name=colour&Filter.1.Value.1=red", "InvalidParameterValue")]
fn refusals(#[case] form: &str, #[case] code: &str) {
    assert_eq!(World::with_default_vpc().call("DescribeVolumes", form).code, Some(code));
}

#[test]
fn pages() {
    let mut world = World::with_default_vpc();
    let image = known_image(&mut world);
    (0..7).for_each(|_| drop(run(&mut world, &image, "").ok()));
    let first = world.call("DescribeVolumes", "MaxResults=5").ok();
    let second = world.call("DescribeVolumes", &format!("MaxResults=5&NextToken={}", first.text("nextToken"))).ok();
    assert_eq!((first.texts("size").len(), second.texts("size").len()), (5, 2));
}
