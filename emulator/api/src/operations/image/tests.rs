//! Images through the wire.

use rstest::rstest;

use crate::testing::{Reply, World};

fn named(pattern: &str) -> String {
    format!("Filter.1.Name=name&Filter.1.Value.1={pattern}")
}

fn found(form: &str) -> Vec<String> {
    let reply = World::new().call("DescribeImages", form).ok();
    let mut names: Vec<String> = reply.texts("name").into_iter().map(str::to_owned).collect();
    names.sort();
    names
}

#[rstest]
#[case::amazon("amazon-eks-node-al2023-x86_64-standard-1.34-v20251112")]
#[case::bottlerocket("bottlerocket-aws-k8s-1.34-x86_64-v1.49.0-713f44ce")]
#[case::windows("Windows_Server-2022-English-Full-Base-2025.11.12")]
#[case::ubuntu("ubuntu/images/hvm-ssd/ubuntu-jammy-22.04-arm64-server-20251022")]
fn shown(#[case] name: &str) {
    let reply = World::new().call("DescribeImages", &named(name)).ok();
    let first = name.split(['/', '-', '_']).next().expect("a word");
    insta::assert_snapshot!(first.to_lowercase(), reply.lines());
}

#[rstest]
#[case::newest("Owner.1=amazon", "amazon-eks-node-al2023-x86_64-standard-1.34-*", 3)]
#[case::by_account("Owner.1=602401143452", "amazon-eks-node-al2023-x86_64-standard-1.34-*", 3)]
#[case::alias_filter("Filter.2.Name=owner-alias&Filter.2.Value.1=amazon", "amazon-eks-node-1.3?-v20251112", 3)]
#[case::architecture("Filter.2.Name=architecture&Filter.2.Value.1=arm64", "al2023-ami-2023*", 4)]
#[case::deprecated("IncludeDeprecated=true&Owner.1=amazon", "al2023-ami-2023*-kernel-6.1-arm64", 3)]
#[case::not_deprecated("Owner.1=amazon", "al2023-ami-2023*-kernel-6.1-arm64", 2)]
#[case::no_alias("Owner.1=amazon", "ubuntu/images/*", 0)]
#[case::several_owners("Owner.1=amazon&Owner.2=099720109477", "ubuntu/images/*-arm64-server-20251022", 2)]
#[case::own("Owner.1=self", "*", 0)]
#[case::everybody("ExecutableBy.1=all", "amazon-eks-gpu-node-1.29-*", 3)]
#[case::me("ExecutableBy.1=self", "*", 0)]
#[case::platform("Filter.2.Name=platform&Filter.2.Value.1=windows", "*-Base-2025.11.12", 6)]
#[case::volume("Filter.2.Name=block-device-mapping.device-name&Filter.2.Value.1=/dev/xvdb", "*-1.29-x86_64-*", 2)]
#[case::day("Filter.2.Name=creation-date&Filter.2.Value.1=2025-10-16T*", "*-standard-1.34-*", 2)]
#[case::parameter(
    "Filter.2.Name=public-ssm-parameter-name\
     &Filter.2.Value.1=/aws/service/eks/optimized-ami/1.34/amazon-linux-2023/x86_64/standard/recommended/image_id",
    "*",
    1
)]
fn filtered(#[case] form: &str, #[case] pattern: &str, #[case] count: usize) {
    let names = found(&format!("{form}&{}", named(pattern)));
    assert_eq!(names.len(), count, "{names:?}");
}

#[test]
fn an_id_finds_deprecated_images_too() {
    let mut world = World::new();
    let old = format!("{}&IncludeDeprecated=true", named("al2023-ami-2023.8.20250915.0-kernel-6.1-x86_64"));
    let id = world.call("DescribeImages", &old).ok().text("imageId").to_owned();
    assert_eq!(world.call("DescribeImages", &format!("ImageId.1={id}")).ok().texts("imageId"), [id]);
}

#[test]
fn pages_hold_every_image_once() {
    let (mut world, mut seen, mut token) = (World::new(), Vec::new(), String::new());
    loop {
        let reply = world.call("DescribeImages", &format!("MaxResults=50&IncludeDeprecated=true{token}")).ok();
        seen.extend(reply.texts("imageId").into_iter().map(str::to_owned));
        match reply.texts("nextToken").first() {
            Some(next) => token = format!("&NextToken={next}"),
            None => break,
        }
    }
    let all: Vec<String> = world.model.images().map(|image| image.id.to_string()).collect();
    assert_eq!(seen, all);
}

#[rstest]
#[case::unknown("ImageId.1=ami-01234567", "InvalidAMIID.NotFound", "The image id '[ami-01234567]' does not exist")]
#[case::several(
    "ImageId.1=ami-01234567&ImageId.2=ami-76543210",
    "InvalidAMIID.NotFound",
    "The image ids '[ami-01234567, ami-76543210]' do not exist"
)]
#[case::malformed("ImageId.1=ami-x", "InvalidAMIID.Malformed", "Invalid id: \"ami-x\"")]
#[case::owner("Owner.1=ubuntu", "InvalidUserID.Malformed", "Invalid user id: \"ubuntu\"")]
#[case::filter("Filter.1.Name=colour&Filter.1.Value.1=red", "InvalidParameterValue", "The filter 'colour' is invalid")]
fn refused(#[case] form: &str, #[case] code: &str, #[case] message: &str) {
    let reply = World::new().call("DescribeImages", form);
    assert_eq!((reply.code, reply.text("Message")), (Some(code), message));
}

fn launch(world: &mut World, image: &str, instance_type: &str) -> Reply {
    let form = format!("ImageId={image}&InstanceType={instance_type}&MinCount=1&MaxCount=1");
    world.call("RunInstances", &form)
}

#[test]
fn launches_fit_their_images() {
    let mut world = World::with_default_vpc();
    let arm = named("amazon-eks-node-al2023-arm64-standard-1.34-v20251112");
    let arm = world.call("DescribeImages", &arm).ok().text("imageId").to_owned();
    let other = launch(&mut world, &arm, "m5.large");
    assert_eq!(other.code, Some("InvalidParameterValue"));
    launch(&mut world, &arm, "m7g.large").ok();
    launch(&mut world, "ami-01234567", "m5.large").ok();
    world.model.set_strict_images(true);
    let unknown = launch(&mut world, "ami-01234567", "m5.large");
    assert_eq!(unknown.code, Some("InvalidAMIID.NotFound"));
    assert_eq!(unknown.text("Message"), "The image id '[ami-01234567]' does not exist");
    launch(&mut world, &arm, "m7g.large").ok();
}

#[test]
fn attributes_are_for_the_owner() {
    let mut world = World::new();
    let id = world.model.images().next().expect("there are some").id.clone();
    let form = format!("ImageId={id}&Attribute=launchPermission");
    assert_eq!(world.call("DescribeImageAttribute", &form).code, Some("AuthFailure"));
    let unknown = world.call("DescribeImageAttribute", "ImageId=ami-01234567&Attribute=description");
    assert_eq!(unknown.code, Some("InvalidAMIID.NotFound"));
}
