use rstest::rstest;

use super::*;
use crate::testing::World;

#[test]
fn an_error() {
    let reply = World::new().call("DescribeRegions", "Filter.1.Name=x<y&Filter.1.Value.1=z");
    assert_eq!(reply.status, 400);
    insta::assert_snapshot!(reply.body);
}

#[rstest]
#[case::no_action("Version=2016-11-15", "MissingAction")]
#[case::no_version("Action=DescribeRegions", "MissingParameter")]
#[case::unknown_action("Action=DescribeMoons&Version=2016-11-15", "InvalidAction")]
#[case::not_built("Action=CreateVolume&Version=2016-11-15", "UnsupportedOperation")]
#[case::action_of_other_service("Action=GetCallerIdentity&Version=2016-11-15", "InvalidAction")]
#[case::future("Action=DescribeRegions&Version=2017-01-01", "NoSuchVersion")]
#[case::not_a_date("Action=DescribeRegions&Version=latest", "NoSuchVersion")]
#[case::unknown_parameter("Action=DescribeRegions&Version=2016-11-15&Colour=red", "UnknownParameter")]
#[case::token_where_none_is_taken("Action=DescribeRegions&Version=2016-11-15&ClientToken=a", "UnknownParameter")]
#[case::dry_run("Action=DescribeRegions&Version=2016-11-15&DryRun=true", "DryRunOperation")]
#[case::dry_run_comes_after_validation(
    "Action=DescribeRegions&Version=2016-11-15&DryRun=true&Colour=red",
    "UnknownParameter"
)]
fn refused(#[case] form: &str, #[case] code: &str) {
    assert_eq!(World::new().send(form).code, Some(code));
}

#[test]
fn the_version_asked_for_is_echoed() {
    let reply = World::new().send("Action=DescribeRegions&Version=2014-10-01&RegionName.1=us-east-1").ok();
    insta::assert_snapshot!(reply.body);
}

#[test]
fn reading_needs_no_writer() {
    let world = World::new();
    let call = parse(b"Action=DescribeRegions&Version=2016-11-15").expect("a call");
    assert!(call.is_read_only());
    assert_eq!((call.action(), call.service()), ("DescribeRegions", Service::Ec2));
    assert_eq!(dispatch_read(call, &world.model, world.now, "id").status, 200);
}

#[test]
fn a_dry_run_knows_the_tokens() {
    let mut world = World::with_default_vpc();
    let form = "PrefixListName=list&AddressFamily=IPv4&MaxEntries=1&ClientToken=a";
    world.call("CreateManagedPrefixList", form).ok();
    let other = form.replace("MaxEntries=1", "MaxEntries=2");
    let cases = [(form, "DryRunOperation"), (other.as_str(), "IdempotentParameterMismatch")];
    for (form, code) in cases {
        assert_eq!(world.call("CreateManagedPrefixList", &format!("{form}&DryRun=true")).code, Some(code));
    }
    assert_eq!(world.call("CreateManagedPrefixList", &other).code, Some("IdempotentParameterMismatch"));
}
