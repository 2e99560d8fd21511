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
#[case::internet("DescribeVpcBlockPublicAccessOptions", "internetGatewayBlockMode", "off")]
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
