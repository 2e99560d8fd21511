use rstest::rstest;

use crate::testing::World;

/// A world with a VPC, its subnet and a network ACL of its own.
fn world() -> (World, String, String) {
    let mut world = World::new();
    let vpc = world.call("CreateVpc", "CidrBlock=10.0.0.0/16").ok().text("vpcId").to_owned();
    world.call("CreateSubnet", &format!("VpcId={vpc}&CidrBlock=10.0.1.0/24")).ok();
    let acl = world.call("CreateNetworkAcl", &format!("VpcId={vpc}")).ok().text("networkAclId").to_owned();
    (world, vpc, acl)
}

#[test]
fn the_default_one() {
    let mut world = World::new();
    let vpc = world.call("CreateVpc", "CidrBlock=10.0.0.0/16").ok().text("vpcId").to_owned();
    let subnet = world.call("CreateSubnet", &format!("VpcId={vpc}&CidrBlock=10.0.1.0/24")).ok();
    let form = format!("Filter.1.Name=association.subnet-id&Filter.1.Value.1={}", subnet.text("subnetId"));
    insta::assert_snapshot!(world.call("DescribeNetworkAcls", &form).ok().lines());
}

#[test]
fn an_unknown_one() {
    let reply = World::new().call("DescribeNetworkAcls", "NetworkAclId.1=acl-01234567");
    assert_eq!(reply.code, Some("InvalidNetworkAclID.NotFound"));
}

#[test]
fn entries() {
    let (mut world, _, acl) = world();
    let add =
        |world: &mut World, form: &str| world.call("CreateNetworkAclEntry", &format!("NetworkAclId={acl}&{form}")).ok();
    let tcp = "Protocol=tcp&RuleAction=allow&CidrBlock=10.9.9.9/8&PortRange.From=80&PortRange.To=443";
    add(&mut world, &format!("RuleNumber=200&Egress=false&{tcp}"));
    add(&mut world, &format!("RuleNumber=200&Egress=true&{tcp}"));
    let icmp = "Protocol=58&RuleAction=deny&Ipv6CidrBlock=::/0&Icmp.Type=128&Icmp.Code=-1";
    add(&mut world, &format!("RuleNumber=100&Egress=false&{icmp}"));
    let filter = "Filter.1.Name=entry.icmp.type&Filter.1.Value.1=128";
    insta::assert_snapshot!(world.call("DescribeNetworkAcls", filter).ok().lines());
    for protocol in ["6", "tcp"] {
        let filter = format!("Filter.1.Name=entry.protocol&Filter.1.Value.1={protocol}");
        assert_eq!(world.call("DescribeNetworkAcls", &filter).ok().texts("vpcId").len(), 1, "{protocol}");
    }
    let udp = format!("NetworkAclId={acl}&RuleNumber=200&Egress=true&{}", tcp.replace("tcp", "17"));
    world.call("ReplaceNetworkAclEntry", &udp).ok();
    let shown = world.call("DescribeNetworkAcls", &format!("NetworkAclId.1={acl}")).ok();
    assert_eq!(shown.texts("protocol"), ["17", "-1", "58", "6", "-1"]);
    let gone = format!("NetworkAclId={acl}&RuleNumber=200&Egress=true");
    world.call("DeleteNetworkAclEntry", &gone).ok();
    assert_eq!(world.call("DeleteNetworkAclEntry", &gone).code, Some("InvalidNetworkAclEntry.NotFound"));
}

#[test]
fn a_subnet_changes_its_acl() {
    let (mut world, vpc, acl) = world();
    let filter = "Filter.1.Name=default&Filter.1.Value.1=true";
    let old = world.call("DescribeNetworkAcls", filter).ok().text("networkAclAssociationId").to_owned();
    let form = format!("AssociationId={old}&NetworkAclId={acl}");
    let new = world.call("ReplaceNetworkAclAssociation", &form).ok().text("newAssociationId").to_owned();
    assert_eq!(world.call("ReplaceNetworkAclAssociation", &form).code, Some("InvalidAssociationID.NotFound"));
    let filter = format!("Filter.1.Name=association.association-id&Filter.1.Value.1={new}");
    assert!(world.call("DescribeNetworkAcls", &filter).ok().texts("networkAclId").contains(&acl.as_str()));
    let delete = format!("NetworkAclId={acl}");
    assert_eq!(world.call("DeleteNetworkAcl", &delete).code, Some("DependencyViolation"));
    assert_eq!(world.model.check_invariants(), Ok(()));
    let subnet = world.call("DescribeSubnets", "").ok().text("subnetId").to_owned();
    world.call("DeleteSubnet", &format!("SubnetId={subnet}")).ok();
    assert_eq!(world.call("DeleteVpc", &format!("VpcId={vpc}")).code, Some("DependencyViolation"));
    world.call("DeleteNetworkAcl", &delete).ok();
    world.call("DeleteVpc", &format!("VpcId={vpc}")).ok();
}

#[test]
fn an_acl_of_a_vpc_with_ipv6() {
    let mut world = World::new();
    let vpc = world.call("CreateVpc", "CidrBlock=10.0.0.0/16&AmazonProvidedIpv6CidrBlock=true").ok();
    let form = format!(
        "VpcId={}&ClientToken=a&TagSpecification.1.ResourceType=network-acl&TagSpecification.1.Tag.1.Key=k",
        vpc.text("vpcId")
    );
    let made = world.call("CreateNetworkAcl", &form).ok();
    insta::assert_snapshot!(made.lines());
    assert_eq!(world.call("CreateNetworkAcl", &form).ok().body, made.body);
}

#[test]
fn entries_are_limited() {
    let (mut world, _, acl) = world();
    let add = |world: &mut World, number: u16| {
        let form = format!("NetworkAclId={acl}&RuleNumber={number}&Protocol=-1&RuleAction=allow&CidrBlock=0.0.0.0/0");
        world.call("CreateNetworkAclEntry", &form).code
    };
    assert!((1..=20).all(|number| add(&mut world, number).is_none()));
    assert_eq!(add(&mut world, 1), Some("NetworkAclEntryAlreadyExists"));
    assert_eq!(add(&mut world, 21), Some("NetworkAclEntryLimitExceeded"));
}

#[rstest]
#[case::acl(
    "NetworkAclId=acl-01234567&RuleNumber=1&Protocol=-1&RuleAction=allow&CidrBlock=0.0.0.0/0",
    "InvalidNetworkAclID.NotFound"
)]
#[case::no_acl("RuleNumber=1&Protocol=-1&RuleAction=allow&CidrBlock=0.0.0.0/0", "MissingParameter")]
#[case::number(
    "NetworkAclId=ACL&RuleNumber=32767&Protocol=-1&RuleAction=allow&CidrBlock=0.0.0.0/0",
    "InvalidParameterValue"
)]
#[case::zero("NetworkAclId=ACL&RuleNumber=0&Protocol=-1&RuleAction=allow&CidrBlock=0.0.0.0/0", "InvalidParameterValue")]
#[case::action(
    "NetworkAclId=ACL&RuleNumber=1&Protocol=-1&RuleAction=drop&CidrBlock=0.0.0.0/0",
    "InvalidParameterValue"
)]
#[case::protocol(
    "NetworkAclId=ACL&RuleNumber=1&Protocol=ipx&RuleAction=allow&CidrBlock=0.0.0.0/0",
    "InvalidParameterValue"
)]
#[case::no_block("NetworkAclId=ACL&RuleNumber=1&Protocol=-1&RuleAction=allow", "MissingParameter")]
#[case::two_blocks(
    "NetworkAclId=ACL&RuleNumber=1&Protocol=-1&RuleAction=allow&CidrBlock=0.0.0.0/0&Ipv6CidrBlock=::/0",
    "InvalidParameterCombination"
)]
#[case::no_ports("NetworkAclId=ACL&RuleNumber=1&Protocol=6&RuleAction=allow&CidrBlock=0.0.0.0/0", "MissingParameter")]
#[case::ports(
    "NetworkAclId=ACL&RuleNumber=1&Protocol=6&RuleAction=allow&CidrBlock=0.0.0.0/0&PortRange.From=9&PortRange.To=8",
    "InvalidParameterValue"
)]
#[case::no_icmp("NetworkAclId=ACL&RuleNumber=1&Protocol=1&RuleAction=allow&CidrBlock=0.0.0.0/0", "MissingParameter")]
#[case::dry(
    "NetworkAclId=ACL&RuleNumber=1&Protocol=-1&RuleAction=allow&CidrBlock=0.0.0.0/0&DryRun=true",
    "DryRunOperation"
)]
fn entry_is_refused(#[case] form: &str, #[case] code: &str) {
    let (mut world, _, acl) = world();
    assert_eq!(world.call("CreateNetworkAclEntry", &form.replace("ACL", &acl)).code, Some(code));
}

#[rstest]
#[case::vpc("CreateNetworkAcl", "VpcId=vpc-01234567", "InvalidVpcID.NotFound")]
#[case::no_vpc("CreateNetworkAcl", "", "MissingParameter")]
#[case::delete("DeleteNetworkAcl", "NetworkAclId=acl-01234567", "InvalidNetworkAclID.NotFound")]
#[case::malformed("DeleteNetworkAcl", "NetworkAclId=nacl-01234567", "InvalidNetworkAclId.Malformed")]
#[case::association(
    "ReplaceNetworkAclAssociation",
    "AssociationId=aclassoc-01234567&NetworkAclId=ACL",
    "InvalidAssociationID.NotFound"
)]
#[case::replace(
    "ReplaceNetworkAclEntry",
    "NetworkAclId=ACL&RuleNumber=1&Protocol=-1&RuleAction=allow&CidrBlock=0.0.0.0/0",
    "InvalidNetworkAclEntry.NotFound"
)]
fn refused(#[case] action: &str, #[case] form: &str, #[case] code: &str) {
    let (mut world, _, acl) = world();
    assert_eq!(world.call(action, &form.replace("ACL", &acl)).code, Some(code));
}

#[test]
fn the_default_one_stays() {
    let (mut world, ..) = world();
    let acl = world.call("DescribeNetworkAcls", "Filter.1.Name=default&Filter.1.Value.1=true").ok();
    let form = format!("NetworkAclId={}", acl.text("networkAclId"));
    assert_eq!(world.call("DeleteNetworkAcl", &form).code, Some("InvalidParameterValue"));
}
