use rstest::rstest;

use crate::testing::World;

#[rstest]
#[case::no_resources("CreateTags", "Tag.1.Key=a", "MissingParameter")]
#[case::no_tags("CreateTags", "ResourceId.1=vpc-01234567", "MissingParameter")]
#[case::no_such_vpc("CreateTags", "ResourceId.1=vpc-01234567&Tag.1.Key=a", "InvalidVpcID.NotFound")]
#[case::no_such_kind("CreateTags", "ResourceId.1=moon-01234567&Tag.1.Key=a", "InvalidID")]
#[case::reserved("CreateTags", "ResourceId.1=vpc-01234567&Tag.1.Key=aws:a", "InvalidParameterValue")]
#[case::long_key("CreateTags", &format!("ResourceId.1=vpc-01234567&Tag.1.Key={}", "a".repeat(129)), "InvalidParameterValue")]
#[case::delete_from_nothing("DeleteTags", "ResourceId.1=eni-01234567", "InvalidNetworkInterfaceID.NotFound")]
#[case::filter("DescribeTags", "Filter.1.Name=colour&Filter.1.Value.1=x", "InvalidParameterValue")]
fn refused(#[case] action: &str, #[case] form: &str, #[case] code: &str) {
    assert_eq!(World::new().call(action, form).code, Some(code));
}
