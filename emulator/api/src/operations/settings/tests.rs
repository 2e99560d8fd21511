use rstest::rstest;

use crate::testing::World;

const KEY: &str = "arn:aws:kms:us-east-1:111122223333:key/0ea3fef3-80a7-4778-9d8c-1c0c6EXAMPLE";

#[rstest]
#[case::encryption("GetEbsEncryptionByDefault", "ebsEncryptionByDefault", "false")]
#[case::key("GetEbsDefaultKmsKeyId", "kmsKeyId", "alias/aws/ebs")]
#[case::console("GetSerialConsoleAccessStatus", "serialConsoleAccessEnabled", "false")]
#[case::images("GetImageBlockPublicAccessState", "imageBlockPublicAccessState", "block-new-sharing")]
#[case::snapshots("GetSnapshotBlockPublicAccessState", "state", "unblocked")]
#[case::allowed_images("GetAllowedImagesSettings", "state", "disabled")]
fn a_new_account(#[case] action: &str, #[case] name: &str, #[case] expected: &str) {
    assert_eq!(World::new().call(action, "").ok().text(name), expected);
}

#[rstest]
#[case::encryption("EnableEbsEncryptionByDefault", "", "GetEbsEncryptionByDefault", "ebsEncryptionByDefault", "true")]
#[case::console("EnableSerialConsoleAccess", "", "GetSerialConsoleAccessStatus", "serialConsoleAccessEnabled", "true")]
#[case::images(
    "DisableImageBlockPublicAccess",
    "",
    "GetImageBlockPublicAccessState",
    "imageBlockPublicAccessState",
    "unblocked"
)]
#[case::snapshots(
    "EnableSnapshotBlockPublicAccess",
    "State=block-all-sharing",
    "GetSnapshotBlockPublicAccessState",
    "state",
    "block-all-sharing"
)]
#[case::key(
    "ModifyEbsDefaultKmsKeyId",
    "KmsKeyId=0ea3fef3-80a7-4778-9d8c-1c0c6EXAMPLE",
    "GetEbsDefaultKmsKeyId",
    "kmsKeyId",
    KEY
)]
fn changing(#[case] change: &str, #[case] form: &str, #[case] look: &str, #[case] name: &str, #[case] expected: &str) {
    let mut world = World::new();
    assert_eq!(world.call(change, form).ok().text(name), expected);
    assert_eq!(world.call(look, "").ok().text(name), expected);
}

#[rstest]
#[case::encryption(
    "EnableEbsEncryptionByDefault",
    "",
    "DisableEbsEncryptionByDefault",
    "ebsEncryptionByDefault",
    "false"
)]
#[case::console("EnableSerialConsoleAccess", "", "DisableSerialConsoleAccess", "serialConsoleAccessEnabled", "false")]
#[case::key("ModifyEbsDefaultKmsKeyId", "KmsKeyId=alias/mine", "ResetEbsDefaultKmsKeyId", "kmsKeyId", "alias/aws/ebs")]
#[case::snapshots(
    "EnableSnapshotBlockPublicAccess",
    "State=block-new-sharing",
    "DisableSnapshotBlockPublicAccess",
    "state",
    "unblocked"
)]
fn changing_back(
    #[case] change: &str,
    #[case] form: &str,
    #[case] back: &str,
    #[case] name: &str,
    #[case] expected: &str,
) {
    let mut world = World::new();
    world.call(change, form).ok();
    assert_eq!(world.call(back, "").ok().text(name), expected);
}

#[rstest]
#[case::oldest("t2", "standard")]
#[case::newer("t4g", "unlimited")]
fn credits(#[case] family: &str, #[case] expected: &str) {
    let reply = World::new().call("GetDefaultCreditSpecification", &format!("InstanceFamily={family}")).ok();
    assert_eq!((reply.text("instanceFamily"), reply.text("cpuCredits")), (family, expected));
}

#[rstest]
#[case::no_key("ModifyEbsDefaultKmsKeyId", "", "MissingParameter")]
#[case::images("EnableImageBlockPublicAccess", "ImageBlockPublicAccessState=unblocked", "InvalidParameterValue")]
#[case::snapshots("EnableSnapshotBlockPublicAccess", "State=unblocked", "InvalidParameterValue")]
#[case::family("GetDefaultCreditSpecification", "InstanceFamily=m5", "InvalidParameterValue")]
#[case::dry("EnableSerialConsoleAccess", "DryRun=true", "DryRunOperation")]
fn refused(#[case] action: &str, #[case] form: &str, #[case] code: &str) {
    assert_eq!(World::new().call(action, form).code, Some(code));
}

#[test]
fn new_instances_pay_as_the_account_says() {
    let mut world = World::with_default_vpc();
    let launch = |world: &mut World, instance_type: &str| {
        let form = format!("ImageId=ami-01234567&InstanceType={instance_type}&MinCount=1&MaxCount=1");
        let id = world.call("RunInstances", &form).ok().text("instanceId").to_owned();
        let shown = world.call("DescribeInstanceCreditSpecifications", &format!("InstanceId.1={id}")).ok();
        shown.text("cpuCredits").to_owned()
    };
    let modify = "InstanceFamily=t3&CpuCredits=standard";
    assert_eq!(world.call("ModifyDefaultCreditSpecification", modify).ok().text("cpuCredits"), "standard");
    assert_eq!(world.call("GetDefaultCreditSpecification", "InstanceFamily=t3").ok().text("cpuCredits"), "standard");
    assert_eq!([launch(&mut world, "t3.micro"), launch(&mut world, "t3a.micro")], ["standard", "unlimited"]);
    let own =
        "ImageId=ami-01234567&InstanceType=t3.micro&MinCount=1&MaxCount=1&CreditSpecification.CpuCredits=unlimited";
    world.call("RunInstances", own).ok();
    assert_eq!(world.call("DescribeInstanceCreditSpecifications", "").ok().texts("instanceId").len(), 2);
    let wrong = world.call("ModifyDefaultCreditSpecification", "InstanceFamily=t3&CpuCredits=some");
    assert_eq!(wrong.code, Some("InvalidParameterValue"));
}
