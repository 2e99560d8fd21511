//! Prefix lists through the wire.

use rstest::rstest;

use crate::testing::World;

const NEW: &str = "PrefixListName=lan&AddressFamily=IPv4&MaxEntries=3&Entry.1.Cidr=10.0.0.0/8";

fn world() -> (World, String) {
    let mut world = World::with_default_vpc();
    let made = world.call("CreateManagedPrefixList", NEW).ok();
    assert_eq!((made.text("state"), made.text("version")), ("create-in-progress", "1"));
    let id = made.text("prefixListId").to_owned();
    let early = world.call("DeleteManagedPrefixList", &format!("PrefixListId={id}"));
    assert_eq!(early.code, Some("IncorrectState"));
    world.model.settle(world.now);
    (world, id)
}

#[test]
fn versions() {
    let (mut world, id) = world();
    let add = format!("PrefixListId={id}&AddEntry.1.Cidr=192.168.0.0/16&AddEntry.1.Description=home");
    assert_eq!(world.call("ModifyManagedPrefixList", &add).code, Some("MissingParameter"));
    let stale = world.call("ModifyManagedPrefixList", &format!("{add}&CurrentVersion=2"));
    assert_eq!(stale.code, Some("PrefixListVersionMismatch"));
    let changed = world.call("ModifyManagedPrefixList", &format!("{add}&CurrentVersion=1")).ok();
    assert_eq!((changed.text("state"), changed.text("version")), ("modify-in-progress", "1"));
    world.model.settle(world.now);
    let list = format!("PrefixListId.1={id}");
    let shown = world.call("DescribeManagedPrefixLists", &list).ok();
    assert_eq!((shown.text("state"), shown.text("version")), ("modify-complete", "2"));
    let entries = world.call("GetManagedPrefixListEntries", &format!("PrefixListId={id}")).ok();
    assert_eq!(entries.texts("cidr"), ["10.0.0.0/8", "192.168.0.0/16"]);
    let old = world.call("GetManagedPrefixListEntries", &format!("PrefixListId={id}&TargetVersion=1")).ok();
    assert_eq!(old.texts("cidr"), ["10.0.0.0/8"]);
    let back = format!("PrefixListId={id}&PreviousVersion=1&CurrentVersion=2");
    world.call("RestoreManagedPrefixListVersion", &back).ok();
    world.model.settle(world.now);
    let shown = world.call("DescribeManagedPrefixLists", &list).ok();
    assert_eq!((shown.text("state"), shown.text("version")), ("restore-complete", "3"));
    let gone = world.call("DeleteManagedPrefixList", &format!("PrefixListId={id}")).ok();
    assert_eq!(gone.text("state"), "delete-in-progress");
    world.model.settle(world.now);
    assert_eq!(world.call("DescribeManagedPrefixLists", &list).code, Some("InvalidPrefixListID.NotFound"));
}

#[test]
fn rules_refer_to_lists() {
    let (mut world, id) = world();
    let rule = |list: &str| {
        format!(
            "GroupName=default&IpPermissions.1.IpProtocol=tcp&IpPermissions.1.FromPort=1&IpPermissions.1.ToPort=2&\
             IpPermissions.1.PrefixListIds.1.PrefixListId={list}"
        )
    };
    let missing = world.call("AuthorizeSecurityGroupIngress", &rule("pl-01234567"));
    assert_eq!(missing.code, Some("InvalidPrefixListID.NotFound"));
    let added = world.call("AuthorizeSecurityGroupIngress", &rule(&id)).ok();
    let group = added.text("groupId").to_owned();
    let users = world.call("GetManagedPrefixListAssociations", &format!("PrefixListId={id}")).ok();
    assert_eq!(users.texts("resourceId"), [group]);
    let delete = format!("PrefixListId={id}");
    assert_eq!(world.call("DeleteManagedPrefixList", &delete).code, Some("DependencyViolation"));
    // With the rule among the group's members, a list for 59 entries fills the 60 rules of a direction.
    world.call("ModifyManagedPrefixList", &format!("PrefixListId={id}&MaxEntries=59")).ok();
    world.model.settle(world.now);
    assert!(world.call("DescribeManagedPrefixLists", "").ok().texts("maxEntries").contains(&"59"));
    let other = world.call("CreateManagedPrefixList", NEW).ok().text("prefixListId").to_owned();
    let full = world.call("AuthorizeSecurityGroupIngress", &rule(&other));
    assert_eq!(full.code, Some("RulesPerSecurityGroupLimitExceeded"));
    world.call("ModifyManagedPrefixList", &format!("PrefixListId={id}&MaxEntries=60")).ok();
    world.model.settle(world.now);
    let shown = world.call("DescribeManagedPrefixLists", &format!("PrefixListId.1={id}")).ok();
    assert_eq!((shown.text("state"), shown.text("maxEntries")), ("modify-failed", "59"));
    world.call("RevokeSecurityGroupIngress", &rule(&id)).ok();
    world.call("DeleteManagedPrefixList", &delete).ok();
}

#[test]
fn lists_of_aws() {
    let mut world = World::new();
    let filter = "Filter.1.Name=owner-id&Filter.1.Value.1=AWS&Filter.2.Name=prefix-list-name&Filter.2.Value.1=*.s3";
    let shown = world.call("DescribeManagedPrefixLists", filter).ok();
    insta::assert_snapshot!(shown.lines());
    let id = shown.text("prefixListId");
    let modify = world.call("ModifyManagedPrefixList", &format!("PrefixListId={id}&MaxEntries=9"));
    assert_eq!(modify.code, Some("OperationNotPermitted"));
    let older = world.call("DescribePrefixLists", &format!("PrefixListId.1={id}")).ok();
    assert_eq!(older.text("prefixListName"), "com.amazonaws.us-east-1.s3");
}

#[rstest]
#[case::family("AddressFamily=IPv6&MaxEntries=1&Entry.1.Cidr=10.0.0.0/8", "InvalidParameterValue")]
#[case::unknown_family("AddressFamily=v4&MaxEntries=1", "InvalidParameterValue")]
#[case::twice(
    "AddressFamily=IPv4&MaxEntries=2&Entry.1.Cidr=10.0.0.0/8&Entry.2.Cidr=10.0.0.0/8",
    "InvalidParameterValue"
)]
#[case::too_many(
    "AddressFamily=IPv4&MaxEntries=1&Entry.1.Cidr=10.0.0.0/8&Entry.2.Cidr=11.0.0.0/8",
    "PrefixListMaxEntriesExceeded"
)]
#[case::size("AddressFamily=IPv4&MaxEntries=1001", "InvalidParameterValue")]
#[case::no_size("AddressFamily=IPv4", "MissingParameter")]
fn refused(#[case] form: &str, #[case] code: &str) {
    let made = World::new().call("CreateManagedPrefixList", &format!("PrefixListName=a&{form}"));
    assert_eq!(made.code, Some(code));
}
