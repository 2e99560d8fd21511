//! Instance types by requirements, through the wire.

use rstest::rstest;

use crate::testing::World;

const BOTH: &str = "ArchitectureType.1=x86_64&VirtualizationType.1=hvm&InstanceRequirements.VCpuCount.Min=2&\
                    InstanceRequirements.VCpuCount.Max=4&InstanceRequirements.MemoryMiB.Min=0&\
                    InstanceRequirements.AllowedInstanceType.1=m5.*";

#[test]
fn types() {
    let mut world = World::new();
    let found = world.call("GetInstanceTypesFromInstanceRequirements", BOTH).ok();
    assert_eq!(found.texts("instanceType"), ["m5.large", "m5.xlarge"]);
    let first = world.call("GetInstanceTypesFromInstanceRequirements", &format!("{BOTH}&MaxResults=1")).ok();
    assert_eq!(first.texts("instanceType"), ["m5.large"]);
    let arm = BOTH.replace("x86_64", "arm64");
    assert!(world.call("GetInstanceTypesFromInstanceRequirements", &arm).ok().texts("instanceType").is_empty());
}

#[rstest]
#[case::no_memory("InstanceRequirements.VCpuCount.Min=2", "MissingParameter")]
#[case::no_architecture(
    "InstanceRequirements.VCpuCount.Min=2&InstanceRequirements.MemoryMiB.Min=0&VirtualizationType.1=hvm",
    "MissingParameter"
)]
#[case::both_lists(
    "InstanceRequirements.VCpuCount.Min=2&InstanceRequirements.MemoryMiB.Min=0&\
     InstanceRequirements.AllowedInstanceType.1=a&InstanceRequirements.ExcludedInstanceType.1=b",
    "InvalidParameterCombination"
)]
#[case::bandwidth(
    "InstanceRequirements.VCpuCount.Min=2&InstanceRequirements.MemoryMiB.Min=0&\
     InstanceRequirements.NetworkBandwidthGbps.Min=10",
    "UnsupportedOperation"
)]
fn refused(#[case] form: &str, #[case] code: &str) {
    assert_eq!(World::new().call("GetInstanceTypesFromInstanceRequirements", form).code, Some(code));
}
