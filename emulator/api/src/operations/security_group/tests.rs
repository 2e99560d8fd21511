//! Security groups over the wire.

use rstest::rstest;

use crate::testing::World;

/// A world with a VPC and a group in it; gives their ids.
fn world() -> (World, String, String) {
    let mut world = World::new();
    let vpc = world.call("CreateVpc", "CidrBlock=10.0.0.0/16").ok().text("vpcId").to_owned();
    let group = create(&mut world, &vpc, "web");
    (world, vpc, group)
}

fn create(world: &mut World, vpc: &str, name: &str) -> String {
    let form = format!("VpcId={vpc}&GroupName={name}&GroupDescription=a%20group");
    world.call("CreateSecurityGroup", &form).ok().text("groupId").to_owned()
}

#[test]
fn one_rule_for_each_peer() {
    let (mut world, vpc, group) = world();
    let other = create(&mut world, &vpc, "clients");
    let form = format!(
        "GroupId={group}&IpPermissions.1.IpProtocol=tcp&IpPermissions.1.FromPort=80&IpPermissions.1.ToPort=81\
         &IpPermissions.1.IpRanges.1.CidrIp=10.0.0.9/8&IpPermissions.1.IpRanges.1.Description=inside\
         &IpPermissions.1.IpRanges.2.CidrIp=192.168.0.0/16&IpPermissions.1.Ipv6Ranges.1.CidrIpv6=2001:db8::/32\
         &IpPermissions.1.Groups.1.GroupId={other}&IpPermissions.2.IpProtocol=1&IpPermissions.2.FromPort=8\
         &IpPermissions.2.ToPort=-1&IpPermissions.2.IpRanges.1.CidrIp=0.0.0.0/0\
         &TagSpecification.1.ResourceType=security-group-rule&TagSpecification.1.Tag.1.Key=k"
    );
    let added = world.call("AuthorizeSecurityGroupIngress", &form).ok();
    insta::assert_snapshot!(added.lines());
    let found = world.call("DescribeSecurityGroups", &format!("GroupId.1={group}")).ok();
    insta::assert_snapshot!(found.lines());
    assert_eq!(world.call("AuthorizeSecurityGroupIngress", &form).code, Some("InvalidPermission.Duplicate"));
}

#[rstest]
#[case::duplicate("web", "x", "InvalidGroup.Duplicate")]
#[case::reserved("default", "x", "InvalidParameterValue")]
#[case::like_an_id("sg-web", "x", "InvalidParameterValue")]
#[case::characters("w%C3%A9b", "x", "InvalidParameterValue")]
#[case::description("other", "%22", "InvalidParameterValue")]
#[case::no_description("other", "", "InvalidParameterValue")]
fn create_is_refused(#[case] name: &str, #[case] description: &str, #[case] code: &str) {
    let (mut world, vpc, _) = world();
    let form = format!("VpcId={vpc}&GroupName={name}&GroupDescription={description}");
    assert_eq!(world.call("CreateSecurityGroup", &form).code, Some(code));
}

#[rstest]
#[case::no_vpc("CreateSecurityGroup", "GroupName=a&GroupDescription=b", "VPCIdNotSpecified")]
#[case::unknown_vpc(
    "CreateSecurityGroup",
    "GroupName=a&GroupDescription=b&VpcId=vpc-01234567",
    "InvalidVpcID.NotFound"
)]
#[case::delete("DeleteSecurityGroup", "GroupId=sg-01234567", "InvalidGroup.NotFound")]
#[case::delete_nothing("DeleteSecurityGroup", "", "MissingParameter")]
#[case::malformed("DeleteSecurityGroup", "GroupId=web", "InvalidGroupId.Malformed")]
#[case::describe("DescribeSecurityGroups", "GroupId.1=sg-01234567", "InvalidGroup.NotFound")]
#[case::rule("DescribeSecurityGroupRules", "SecurityGroupRuleId.1=sgr-01234567", "InvalidSecurityGroupRuleId.NotFound")]
#[case::for_vpc("GetSecurityGroupsForVpc", "VpcId=vpc-01234567", "InvalidVpcID.NotFound")]
#[case::egress_by_name("AuthorizeSecurityGroupEgress", "IpProtocol=-1&CidrIp=0.0.0.0/0", "MissingParameter")]
fn refused(#[case] action: &str, #[case] form: &str, #[case] code: &str) {
    assert_eq!(World::new().call(action, form).code, Some(code));
}

#[rstest]
#[case::nothing("", Some("MissingParameter"))]
#[case::flat("IpProtocol=tcp&FromPort=22&ToPort=22&CidrIp=0.0.0.0/0", None)]
#[case::number("IpProtocol=6&FromPort=22&ToPort=22&CidrIp=0.0.0.0/0", None)]
#[case::any("IpProtocol=-1&CidrIp=0.0.0.0/0", None)]
#[case::group_by_name("IpProtocol=-1&SourceSecurityGroupName=default", None)]
#[case::unknown_name("IpProtocol=-1&SourceSecurityGroupName=nobody", Some("InvalidGroup.NotFound"))]
#[case::protocol("IpProtocol=tcpp&CidrIp=0.0.0.0/0", Some("InvalidParameterValue"))]
#[case::no_ports("IpProtocol=tcp&CidrIp=0.0.0.0/0", Some("InvalidParameterValue"))]
#[case::one_port("IpProtocol=tcp&FromPort=22&CidrIp=0.0.0.0/0", Some("InvalidParameterValue"))]
#[case::ports_backwards("IpProtocol=tcp&FromPort=22&ToPort=21&CidrIp=0.0.0.0/0", Some("InvalidParameterValue"))]
#[case::port_range("IpProtocol=udp&FromPort=1&ToPort=65536&CidrIp=0.0.0.0/0", Some("InvalidParameterValue"))]
#[case::icmp("IpProtocol=icmp&FromPort=-1&ToPort=-1&CidrIp=0.0.0.0/0", None)]
#[case::icmp_code_alone("IpProtocol=icmp&FromPort=-1&ToPort=3&CidrIp=0.0.0.0/0", Some("InvalidParameterValue"))]
#[case::icmp_large("IpProtocol=icmp&FromPort=256&ToPort=0&CidrIp=0.0.0.0/0", Some("InvalidParameterValue"))]
#[case::block("IpProtocol=-1&CidrIp=10.0.0.0/33", Some("InvalidParameterValue"))]
#[case::no_block("IpProtocol=-1", Some("MissingParameter"))]
#[case::no_peer("IpPermissions.1.IpProtocol=-1", Some("InvalidPermission.Malformed"))]
#[case::unknown_group(
    "IpPermissions.1.IpProtocol=-1&IpPermissions.1.Groups.1.GroupId=sg-01234567",
    Some("InvalidGroup.NotFound")
)]
#[case::prefix_list(
    "IpPermissions.1.IpProtocol=-1&IpPermissions.1.PrefixListIds.1.PrefixListId=pl-01234567",
    Some("InvalidPrefixListID.NotFound")
)]
#[case::both_forms(
    "IpProtocol=-1&CidrIp=0.0.0.0/0&IpPermissions.1.IpProtocol=-1&IpPermissions.1.IpRanges.1.CidrIp=0.0.0.0/0",
    Some("InvalidParameterCombination")
)]
#[case::twice_in_one(
    "IpPermissions.1.IpProtocol=-1&IpPermissions.1.IpRanges.1.CidrIp=0.0.0.0/0&IpPermissions.1.IpRanges.2.CidrIp=0.0.0.0/0",
    Some("InvalidPermission.Duplicate")
)]
#[case::description(
    "IpPermissions.1.IpProtocol=-1&IpPermissions.1.IpRanges.1.CidrIp=0.0.0.0/0&IpPermissions.1.IpRanges.1.Description=%22",
    Some("InvalidParameterValue")
)]
#[case::leftover("IpProtocol=-1&CidrIp=0.0.0.0/0&Cidr=x", Some("UnknownParameter"))]
fn authorize(#[case] form: &str, #[case] code: Option<&str>) {
    let (mut world, _, group) = world();
    let reply = world.call("AuthorizeSecurityGroupIngress", &format!("GroupId={group}&{form}"));
    assert_eq!(reply.code, code, "{}", reply.body);
    world.model.check_invariants().unwrap();
}

#[test]
fn what_exists_is_described_as_ec2_does() {
    let (mut world, _, group) = world();
    let form = format!("GroupId={group}&IpProtocol=tcp&FromPort=22&ToPort=22&CidrIp=0.0.0.0/0");
    world.call("AuthorizeSecurityGroupIngress", &form).ok();
    let again = world.call("AuthorizeSecurityGroupIngress", &form);
    let expected = "the specified rule \"peer: 0.0.0.0/0, TCP, from port: 22, to port: 22, ALLOW\" already exists";
    assert_eq!(again.text("Message"), expected);
}

#[test]
fn revoke_by_rule_and_by_id() {
    let (mut world, _, group) = world();
    let form = format!("GroupId={group}&IpProtocol=tcp&FromPort=22&ToPort=22&CidrIp=0.0.0.0/0");
    let added = world.call("AuthorizeSecurityGroupIngress", &form).ok();
    assert_eq!(world.call("RevokeSecurityGroupEgress", &form).code, Some("InvalidPermission.NotFound"));
    let revoked = world.call("RevokeSecurityGroupIngress", &form).ok();
    assert_eq!(revoked.text("securityGroupRuleId"), added.text("securityGroupRuleId"));
    assert_eq!(world.call("RevokeSecurityGroupIngress", &form).code, Some("InvalidPermission.NotFound"));
    let rules = world.call("DescribeSecurityGroupRules", &format!("Filter.1.Name=group-id&Filter.1.Value.1={group}"));
    let rule = rules.ok().text("securityGroupRuleId").to_owned();
    let by_id = format!("GroupId={group}&SecurityGroupRuleId.1={rule}");
    let wrong_direction = world.call("RevokeSecurityGroupIngress", &by_id);
    assert_eq!(wrong_direction.code, Some("InvalidSecurityGroupRuleId.NotFound"));
    world.call("RevokeSecurityGroupEgress", &by_id).ok();
    let found = world.call("DescribeSecurityGroups", &format!("GroupId.1={group}")).ok();
    assert_eq!(found.texts("ipProtocol").len(), 0);
}

#[test]
fn the_default_vpc_is_lenient_about_what_to_revoke() {
    let mut world = World::with_default_vpc();
    let form = "GroupName=default&IpProtocol=tcp&FromPort=22&ToPort=22&CidrIp=0.0.0.0/0";
    let revoked = world.call("RevokeSecurityGroupIngress", form).ok();
    assert_eq!(revoked.text("cidrIp"), "0.0.0.0/0");
    assert_eq!(revoked.texts("securityGroupRuleId").len(), 0);
}

#[test]
fn groups_stay_while_they_are_needed() {
    let (mut world, vpc, group) = world();
    let client = create(&mut world, &vpc, "clients");
    let form = format!("GroupId={group}&IpPermissions.1.IpProtocol=-1&IpPermissions.1.Groups.1.GroupId={client}");
    world.call("AuthorizeSecurityGroupIngress", &form).ok();
    let delete = |world: &mut World, id: &str| world.call("DeleteSecurityGroup", &format!("GroupId={id}")).code;
    assert_eq!(delete(&mut world, &client), Some("DependencyViolation"));
    let subnet = world.call("CreateSubnet", &format!("VpcId={vpc}&CidrBlock=10.0.1.0/24")).ok();
    let form = format!("SubnetId={}&SecurityGroupId.1={group}", subnet.text("subnetId"));
    let eni = world.call("CreateNetworkInterface", &form).ok().text("networkInterfaceId").to_owned();
    assert_eq!(delete(&mut world, &group), Some("DependencyViolation"));
    world.call("DeleteNetworkInterface", &format!("NetworkInterfaceId={eni}")).ok();
    assert_eq!(delete(&mut world, &group), None);
    assert_eq!(delete(&mut world, &client), None);
    let default = world.call("DescribeSecurityGroups", "").ok().text("groupId").to_owned();
    assert_eq!(delete(&mut world, &default), Some("CannotDelete"));
    world.model.check_invariants().unwrap();
}

#[test]
fn rules_can_be_changed() {
    let (mut world, _, group) = world();
    let form = format!("GroupId={group}&IpProtocol=tcp&FromPort=22&ToPort=22&CidrIp=0.0.0.0/0");
    let rule = world.call("AuthorizeSecurityGroupIngress", &form).ok().text("securityGroupRuleId").to_owned();
    let change = format!(
        "GroupId={group}&SecurityGroupRule.1.SecurityGroupRuleId={rule}&SecurityGroupRule.1.SecurityGroupRule.IpProtocol=udp\
         &SecurityGroupRule.1.SecurityGroupRule.FromPort=53&SecurityGroupRule.1.SecurityGroupRule.ToPort=53\
         &SecurityGroupRule.1.SecurityGroupRule.CidrIpv4=10.0.0.0/8"
    );
    world.call("ModifySecurityGroupRules", &change).ok();
    let describe = format!(
        "GroupId={group}&SecurityGroupRuleDescription.1.SecurityGroupRuleId={rule}\
        &SecurityGroupRuleDescription.1.Description=names"
    );
    world.call("UpdateSecurityGroupRuleDescriptionsIngress", &describe).ok();
    let wrong_direction = world.call("UpdateSecurityGroupRuleDescriptionsEgress", &describe);
    assert_eq!(wrong_direction.code, Some("InvalidSecurityGroupRuleId.NotFound"));
    let found = world.call("DescribeSecurityGroupRules", &format!("SecurityGroupRuleId.1={rule}")).ok();
    let shown = ["ipProtocol", "fromPort", "cidrIpv4", "description", "isEgress"].map(|name| found.text(name));
    assert_eq!(shown, ["udp", "53", "10.0.0.0/8", "names", "false"]);
}

#[rstest]
#[case::block("IpProtocol=-1&CidrIp=10.0.0.0/33", "CIDR block 10.0.0.0/33 is malformed")]
#[case::no_length("IpProtocol=-1&CidrIp=10.0.0.0", "CIDR block 10.0.0.0 is malformed")]
#[case::ipv6(
    "IpPermissions.1.IpProtocol=-1&IpPermissions.1.Ipv6Ranges.1.CidrIpv6=fe80:::/64",
    "CIDR block fe80:::/64 is malformed"
)]
#[case::no_ports(
    "IpProtocol=tcp&FromPort=-1&ToPort=-1&CidrIp=0.0.0.0/0",
    "Invalid value 'Must specify both from and to ports with TCP/UDP.' for portRange."
)]
#[case::backwards("IpProtocol=tcp&FromPort=22&ToPort=21&CidrIp=0.0.0.0/0", "Invalid TCP/UDP port range (22:21)")]
#[case::description(
    "IpPermissions.1.IpProtocol=-1&IpPermissions.1.IpRanges.1.CidrIp=0.0.0.0/0&IpPermissions.1.IpRanges.1.Description=%22",
    "Invalid rule description. Valid descriptions are strings less than 256 characters from the following set: \
     a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*"
)]
fn messages(#[case] form: &str, #[case] message: &str) {
    let (mut world, _, group) = world();
    let reply = world.call("AuthorizeSecurityGroupIngress", &format!("GroupId={group}&{form}"));
    assert_eq!((reply.code, reply.text("Message")), (Some("InvalidParameterValue"), message));
}

#[test]
fn with_ipv6_all_of_it_may_leave() {
    let (mut world, vpc, group) = world();
    let egress = |world: &mut World, id: &str| {
        let form = format!("Filter.1.Name=group-id&Filter.1.Value.1={id}");
        world.call("DescribeSecurityGroupRules", &form).ok().texts("cidrIpv6").len()
    };
    let closed = create(&mut world, &vpc, "closed");
    world.call("RevokeSecurityGroupEgress", &format!("GroupId={closed}&IpProtocol=-1&CidrIp=0.0.0.0/0")).ok();
    world.call("AssociateVpcCidrBlock", &format!("VpcId={vpc}&AmazonProvidedIpv6CidrBlock=true")).ok();
    let later = create(&mut world, &vpc, "later");
    let counts = [&group, &closed, &later].map(|id| egress(&mut world, id));
    assert_eq!(counts, [1, 0, 1]);
    world.model.check_invariants().unwrap();
}

#[test]
fn a_rule_is_found_by_its_id() {
    let (mut world, _, group) = world();
    let form = format!(
        "GroupId={group}&IpProtocol=tcp&FromPort=22&ToPort=22&CidrIp=0.0.0.0/0\
         &TagSpecification.1.ResourceType=security-group-rule&TagSpecification.1.Tag.1.Key=k"
    );
    let rule = world.call("AuthorizeSecurityGroupIngress", &form).ok().text("securityGroupRuleId").to_owned();
    let tags = world.call("DescribeTags", &format!("Filter.1.Name=resource-id&Filter.1.Value.1={rule}")).ok();
    assert_eq!((tags.text("resourceType"), tags.texts("key")), ("security-group-rule", vec!["k"]));
    for (name, value, count) in [("security-group-rule-id", &rule, 1), ("group-id", &group, 2), ("tag-key", &rule, 0)] {
        let form = format!("Filter.1.Name={name}&Filter.1.Value.1={value}");
        let found = world.call("DescribeSecurityGroupRules", &form).ok();
        assert_eq!(found.texts("securityGroupRuleId").len(), count, "{name}");
    }
    world.call("RevokeSecurityGroupIngress", &format!("GroupId={group}&SecurityGroupRuleId.1={rule}")).ok();
    assert_eq!(world.call("CreateTags", &format!("ResourceId.1={rule}&Tag.1.Key=k")).code, Some("InvalidID"));
    world.model.check_invariants().unwrap();
}

#[test]
fn rules_are_limited() {
    let (mut world, _, group) = world();
    for port in 1..=60 {
        let form = format!("GroupId={group}&IpProtocol=tcp&FromPort={port}&ToPort={port}&CidrIp=0.0.0.0/0");
        world.call("AuthorizeSecurityGroupIngress", &form).ok();
    }
    let form = format!("GroupId={group}&IpProtocol=tcp&FromPort=61&ToPort=61&CidrIp=0.0.0.0/0");
    let reply = world.call("AuthorizeSecurityGroupIngress", &form);
    assert_eq!(reply.code, Some("RulesPerSecurityGroupLimitExceeded"));
    let of = |peer: &str| format!("GroupId={group}&IpPermissions.1.IpProtocol=-1&IpPermissions.1.{peer}");
    world.call("AuthorizeSecurityGroupIngress", &of("Ipv6Ranges.1.CidrIpv6=::/0")).ok();
    let reply = world.call("AuthorizeSecurityGroupIngress", &of(&format!("Groups.1.GroupId={group}")));
    assert_eq!(reply.code, Some("RulesPerSecurityGroupLimitExceeded"), "a group is about IPv4 too");
}

#[rstest]
#[case::name("group-name", "web", 1)]
#[case::description("description", "default*", 1)]
#[case::egress("egress.ip-permission.cidr", "0.0.0.0/0", 2)]
#[case::protocol("ip-permission.protocol", "-1", 1)]
#[case::reference("ip-permission.group-id", "sg-*", 1)]
#[case::no_port("ip-permission.from-port", "*", 0)]
#[case::referred_name("ip-permission.group-name", "default", 1)]
#[case::referred_owner("ip-permission.user-id", "111122223333", 1)]
#[case::egress_owner("egress.ip-permission.user-id", "*", 0)]
fn filters(#[case] name: &str, #[case] value: &str, #[case] found: usize) {
    let (mut world, vpc, _) = world();
    let form = format!("Filter.1.Name={name}&Filter.1.Value.1={value}&Filter.2.Name=vpc-id&Filter.2.Value.1={vpc}");
    assert_eq!(world.call("DescribeSecurityGroups", &form).ok().texts("groupName").len(), found);
}

#[test]
fn groups_for_a_vpc() {
    let (mut world, vpc, _) = world();
    let found = world.call("GetSecurityGroupsForVpc", &format!("VpcId={vpc}")).ok();
    let mut names = found.texts("groupName");
    names.sort_unstable();
    assert_eq!((names, found.texts("primaryVpcId")), (vec!["default", "web"], vec![vpc.as_str(), vpc.as_str()]));
}
