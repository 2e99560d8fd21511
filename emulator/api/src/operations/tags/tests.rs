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

fn tags_of(world: &mut World, id: &str) -> Vec<(String, String)> {
    let form = format!("Filter.1.Name=resource-id&Filter.1.Value.1={id}");
    let reply = world.call("DescribeTags", &form).ok();
    let texts = |name| reply.texts(name).into_iter().map(str::to_owned).collect::<Vec<_>>();
    texts("key").into_iter().zip(texts("value")).collect()
}

fn pairs(list: &[(&str, &str)]) -> Vec<(String, String)> {
    list.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

#[test]
fn a_life() {
    let mut world = World::with_default_vpc();
    let vpc = world.model.default_vpc().expect("there").id.to_string();
    let group = world.model.security_groups().next().expect("there").id.to_string();
    let both = format!("ResourceId.1={vpc}&ResourceId.2={group}");
    world.call("CreateTags", &format!("{both}&Tag.1.Key=a&Tag.1.Value=1&Tag.2.Key=b&Tag.2.Value=2")).ok();
    world.call("CreateTags", &format!("ResourceId.1={vpc}&Tag.1.Key=a&Tag.1.Value=3")).ok();
    assert_eq!(tags_of(&mut world, &vpc), pairs(&[("a", "3"), ("b", "2")]));
    insta::assert_snapshot!(world.call("DescribeTags", "Filter.1.Name=tag:a&Filter.1.Value.1=1").ok().lines());

    world.call("DeleteTags", &format!("{both}&Tag.1.Key=a&Tag.1.Value=1")).ok();
    assert_eq!(tags_of(&mut world, &vpc), pairs(&[("a", "3"), ("b", "2")]), "the value differs");
    assert_eq!(tags_of(&mut world, &group), pairs(&[("b", "2")]));
    world.call("DeleteTags", &both).ok();
    assert_eq!(tags_of(&mut world, &vpc), []);
}

#[test]
fn all_or_none() {
    let mut world = World::with_default_vpc();
    let vpc = world.model.default_vpc().expect("there").id.to_string();
    let form = format!("ResourceId.1={vpc}&ResourceId.2=eni-01234567&Tag.1.Key=a");
    assert_eq!(world.call("CreateTags", &form).code, Some("InvalidNetworkInterfaceID.NotFound"));
    assert_eq!(tags_of(&mut world, &vpc), []);
}

#[test]
fn a_resource_has_fifty_at_most() {
    let mut world = World::with_default_vpc();
    let vpc = world.model.default_vpc().expect("there").id.to_string();
    let tags: Vec<String> = (1..=50).map(|n| format!("Tag.{n}.Key=k{n}")).collect();
    world.call("CreateTags", &format!("ResourceId.1={vpc}&{}", tags.join("&"))).ok();
    let again = world.call("CreateTags", &format!("ResourceId.1={vpc}&Tag.1.Key=k1&Tag.1.Value=new"));
    assert_eq!(again.code, None, "changing a value adds none");
    let more = world.call("CreateTags", &format!("ResourceId.1={vpc}&Tag.1.Key=other"));
    assert_eq!(more.code, Some("TagLimitExceeded"));
}
