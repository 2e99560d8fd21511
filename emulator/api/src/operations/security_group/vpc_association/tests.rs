//! Groups in VPCs besides their own.

use rstest::rstest;

use crate::testing::World;

/// A world with two VPCs, a subnet in the second and a group of the first.
fn world() -> (World, [String; 2], String, String) {
    let mut world = World::with_default_vpc();
    let vpcs = ["10.0.0.0/16", "10.1.0.0/16"]
        .map(|block| world.call("CreateVpc", &format!("CidrBlock={block}")).ok().text("vpcId").to_owned());
    let form = format!("VpcId={}&CidrBlock=10.1.0.0/24", vpcs[1]);
    let subnet = world.call("CreateSubnet", &form).ok().text("subnetId").to_owned();
    let form = format!("VpcId={}&GroupName=shared&GroupDescription=d", vpcs[0]);
    let group = world.call("CreateSecurityGroup", &form).ok().text("groupId").to_owned();
    (world, vpcs, subnet, group)
}

fn states(world: &mut World, filter: &str) -> Vec<String> {
    let found = world.call("DescribeSecurityGroupVpcAssociations", filter).ok();
    found.texts("state").into_iter().map(str::to_owned).collect()
}

#[test]
fn a_group_is_used_in_another_vpc() {
    let (mut world, vpcs, subnet, group) = world();
    let eni = format!("SubnetId={subnet}&SecurityGroupId.1={group}");
    assert_eq!(world.call("CreateNetworkInterface", &eni).code, Some("InvalidParameterValue"));
    let both = format!("GroupId={group}&VpcId={}", vpcs[1]);
    assert_eq!(world.call("AssociateSecurityGroupVpc", &both).ok().text("state"), "associating");
    world.pass("0s");
    insta::assert_snapshot!(world.call("DescribeSecurityGroupVpcAssociations", "").ok().lines());
    let eni = world.call("CreateNetworkInterface", &eni).ok().text("networkInterfaceId").to_owned();
    let for_vpc = world.call("GetSecurityGroupsForVpc", &format!("VpcId={}", vpcs[1])).ok();
    assert!(for_vpc.texts("groupName").contains(&"shared"), "{}", for_vpc.body);
    world.model.check_invariants().unwrap();
    for action in ["DisassociateSecurityGroupVpc", "DeleteSecurityGroup"] {
        let form = if action == "DeleteSecurityGroup" { format!("GroupId={group}") } else { both.clone() };
        assert_eq!(world.call(action, &form).code, Some("DependencyViolation"), "{action}");
    }
    world.call("DeleteNetworkInterface", &format!("NetworkInterfaceId={eni}")).ok();
    assert_eq!(world.call("DeleteSecurityGroup", &format!("GroupId={group}")).code, Some("DependencyViolation"));
    assert_eq!(world.call("DisassociateSecurityGroupVpc", &both).ok().text("state"), "disassociating");
    world.pass("0s");
    assert_eq!(states(&mut world, "Filter.1.Name=state&Filter.1.Value.1=dis*"), ["disassociated"]);
    world.call("DeleteSecurityGroup", &format!("GroupId={group}")).ok();
    assert_eq!(states(&mut world, ""), [""; 0]);
}

#[test]
fn rules_name_groups_of_every_vpc_they_are_used_in() {
    let (mut world, vpcs, _, group) = world();
    let form = format!("VpcId={}&GroupName=local&GroupDescription=d", vpcs[1]);
    let local = world.call("CreateSecurityGroup", &form).ok().text("groupId").to_owned();
    let rule = format!("GroupId={local}&IpPermissions.1.IpProtocol=-1&IpPermissions.1.Groups.1.GroupId={group}");
    assert_eq!(world.call("AuthorizeSecurityGroupIngress", &rule).code, Some("InvalidGroup.NotFound"));
    let both = format!("GroupId={group}&VpcId={}", vpcs[1]);
    world.call("AssociateSecurityGroupVpc", &both).ok();
    world.pass("0s");
    world.call("AuthorizeSecurityGroupIngress", &rule).ok();
    world.call("DisassociateSecurityGroupVpc", &both).ok();
    let stale = world.call("DescribeStaleSecurityGroups", &format!("VpcId={}", vpcs[1])).ok();
    assert_eq!(stale.text("groupName"), "local");
}

#[test]
fn an_associated_vpc_can_be_deleted() {
    let (mut world, vpcs, subnet, group) = world();
    world.call("AssociateSecurityGroupVpc", &format!("GroupId={group}&VpcId={}", vpcs[1])).ok();
    world.pass("0s");
    world.call("DeleteSubnet", &format!("SubnetId={subnet}")).ok();
    world.call("DeleteVpc", &format!("VpcId={}", vpcs[1])).ok();
    assert_eq!(states(&mut world, ""), [""; 0]);
}

#[rstest]
#[case::own_vpc("AssociateSecurityGroupVpc", 0, "InvalidParameterValue")]
#[case::not_there("DisassociateSecurityGroupVpc", 1, "InvalidSecurityGroupVpcAssociation.NotFound")]
fn refused(#[case] action: &str, #[case] vpc: usize, #[case] code: &str) {
    let (mut world, vpcs, _, group) = world();
    assert_eq!(world.call(action, &format!("GroupId={group}&VpcId={}", vpcs[vpc])).code, Some(code));
}

#[test]
fn default_groups_and_vpcs_are_left_out() {
    let (mut world, vpcs, _, group) = world();
    let default_vpc = world.call("DescribeVpcs", "Filter.1.Name=is-default&Filter.1.Value.1=true").ok();
    let form = format!("GroupId={group}&VpcId={}", default_vpc.text("vpcId"));
    assert_eq!(world.call("AssociateSecurityGroupVpc", &form).code, Some("InvalidParameterValue"));
    let filter = format!("Filter.1.Name=vpc-id&Filter.1.Value.1={}", vpcs[0]);
    let groups =
        world.call("DescribeSecurityGroups", &format!("{filter}&Filter.2.Name=group-name&Filter.2.Value.1=default"));
    let form = format!("GroupId={}&VpcId={}", groups.ok().text("groupId"), vpcs[1]);
    assert_eq!(world.call("AssociateSecurityGroupVpc", &form).code, Some("InvalidParameterValue"));
}
