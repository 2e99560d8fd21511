//! Network interfaces over the wire: what clients look at, and the codes and texts of refusals.

use rstest::rstest;
use vpc_model::NetworkInterface;

use crate::operations::describe::Describable;
use crate::testing::World;

/// A world with a /26 subnet; gives the subnet's id.
fn world() -> (World, String) {
    let mut world = World::new();
    let vpc = world.call("CreateVpc", "CidrBlock=10.0.0.0/16").ok().text("vpcId").to_owned();
    let subnet = world.call("CreateSubnet", &format!("VpcId={vpc}&CidrBlock=10.0.1.0/26")).ok();
    (world, subnet.text("subnetId").to_owned())
}

fn create(world: &mut World, subnet: &str, form: &str) -> String {
    let reply = world.call("CreateNetworkInterface", &format!("SubnetId={subnet}&{form}")).ok();
    reply.text("networkInterfaceId").to_owned()
}

#[test]
fn create_answers_with_everything() {
    let (mut world, subnet) = world();
    let form = format!(
        "SubnetId={subnet}&Description=aws-k8s-branch-eni&SecondaryPrivateIpAddressCount=1&ClientToken=t1\
         &ConnectionTrackingSpecification.UdpTimeout=40&TagSpecification.1.ResourceType=network-interface\
         &TagSpecification.1.Tag.1.Key=eks:eni:owner&TagSpecification.1.Tag.1.Value=eks-vpc-resource-controller"
    );
    let reply = world.call("CreateNetworkInterface", &form).ok();
    insta::assert_snapshot!(reply.lines());
    let again = world.call("CreateNetworkInterface", &form).ok();
    assert_eq!(again.text("networkInterfaceId"), reply.text("networkInterfaceId"), "the token says it is a repeat");
    let found = world.call("DescribeNetworkInterfaces", "Filter.1.Name=status&Filter.1.Value.1=available").ok();
    assert_eq!(found.texts("networkInterfaceId"), [reply.text("networkInterfaceId")]);
}

#[test]
fn a_time_is_found_as_it_is_shown() {
    let (mut world, subnet) = world();
    let form = format!("ImageId=ami-0123456789abcdef0&InstanceType=m5.large&MinCount=1&MaxCount=1&SubnetId={subnet}");
    world.call("RunInstances", &form).ok();
    let shown = world.call("DescribeNetworkInterfaces", "").ok();
    let filter = format!("Filter.1.Name=attachment.attach-time&Filter.1.Value.1={}", shown.text("attachTime"));
    let found = world.call("DescribeNetworkInterfaces", &filter).ok();
    assert_eq!(found.texts("networkInterfaceId"), shown.texts("networkInterfaceId"));
}

#[rstest]
#[case::secondary_count("SecondaryPrivateIpAddressCount=2", &["10.0.1.4", "10.0.1.5", "10.0.1.6"])]
#[case::primary("PrivateIpAddress=10.0.1.9", &["10.0.1.9"])]
#[case::primary_in_list(
    "PrivateIpAddresses.1.PrivateIpAddress=10.0.1.9&PrivateIpAddresses.2.PrivateIpAddress=10.0.1.8&PrivateIpAddresses.2.Primary=true",
    &["10.0.1.8", "10.0.1.9"]
)]
#[case::no_primary_in_list("PrivateIpAddresses.1.PrivateIpAddress=10.0.1.4", &["10.0.1.5", "10.0.1.4"])]
#[case::primary_and_count("PrivateIpAddress=10.0.1.9&SecondaryPrivateIpAddressCount=1", &["10.0.1.9", "10.0.1.4"])]
#[case::prefix("Ipv4PrefixCount=1", &["10.0.1.4"])]
fn addresses(#[case] form: &str, #[case] expected: &[&str]) {
    let (mut world, subnet) = world();
    let id = create(&mut world, &subnet, form);
    let interface = world.call("DescribeNetworkInterfaces", &format!("NetworkInterfaceId.1={id}")).ok();
    // The primary address is shown by itself, too.
    assert_eq!(interface.texts("privateIpAddress")[0], expected[0]);
    assert_eq!(interface.texts("privateIpAddress")[1..], *expected);
    assert_eq!(interface.texts("primary")[0], "true");
    world.model.check_invariants().unwrap();
}

#[rstest]
#[case::outside("PrivateIpAddress=10.0.2.9", "InvalidParameterValue")]
#[case::reserved("PrivateIpAddress=10.0.1.1", "InvalidParameterValue")]
#[case::in_use("PrivateIpAddress=10.0.1.4", "InvalidIPAddress.InUse")]
#[case::full("SecondaryPrivateIpAddressCount=60", "InsufficientFreeAddressesInSubnet")]
#[case::no_prefixes("Ipv4PrefixCount=4", "InvalidParameterValue")]
#[case::odd_prefix("Ipv4Prefix.1.Ipv4Prefix=10.0.1.16/29", "InvalidParameterValue")]
#[case::both("SecondaryPrivateIpAddressCount=1&Ipv4PrefixCount=1", "InvalidParameterCombination")]
#[case::no_ipv6("Ipv6AddressCount=1", "InvalidParameterValue")]
#[case::type_("InterfaceType=nat_gateway", "InvalidParameterValue")]
#[case::group("SecurityGroupId.1=sg-01234567", "InvalidGroup.NotFound")]
#[case::timeout("ConnectionTrackingSpecification.UdpTimeout=10", "InvalidParameterValue")]
#[case::two_primaries(
    "PrivateIpAddress=10.0.1.8&PrivateIpAddresses.1.PrivateIpAddress=10.0.1.9&PrivateIpAddresses.1.Primary=true",
    "InvalidParameterCombination"
)]
#[case::leftover("PrivateIpAddresses.1.PrivateIpAddress=10.0.1.9&PrivateIpAddresses.1.Extra=1", "UnknownParameter")]
#[case::primary_ipv6("EnablePrimaryIpv6=true", "InvalidParameterValue")]
fn create_is_refused(#[case] form: &str, #[case] code: &str) {
    let (mut world, subnet) = world();
    create(&mut world, &subnet, "");
    let refused = world.call("CreateNetworkInterface", &format!("SubnetId={subnet}&{form}"));
    assert_eq!(refused.code, Some(code), "{}", refused.body);
    world.model.check_invariants().unwrap();
}

#[rstest]
#[case::create("CreateNetworkInterface", "SubnetId=subnet-01234567", "InvalidSubnetID.NotFound")]
#[case::create_in_nothing("CreateNetworkInterface", "", "MissingParameter")]
#[case::delete("DeleteNetworkInterface", "NetworkInterfaceId=eni-01234567", "InvalidNetworkInterfaceID.NotFound")]
#[case::delete_malformed(
    "DeleteNetworkInterface",
    "NetworkInterfaceId=en-01234567",
    "InvalidNetworkInterfaceId.Malformed"
)]
#[case::describe("DescribeNetworkInterfaces", "NetworkInterfaceId.1=eni-0abc", "InvalidNetworkInterfaceID.NotFound")]
#[case::page_of_ids(
    "DescribeNetworkInterfaces",
    "NetworkInterfaceId.1=eni-01234567&MaxResults=10",
    "InvalidParameterCombination"
)]
#[case::small_page("DescribeNetworkInterfaces", "MaxResults=4", "InvalidParameterValue")]
#[case::filter("DescribeNetworkInterfaces", "Filter.1.Name=state&Filter.1.Value.1=x", "InvalidParameterValue")]
#[case::attach(
    "AttachNetworkInterface",
    "NetworkInterfaceId=eni-01234567&InstanceId=i-01234567&DeviceIndex=1",
    "InvalidInstanceID.NotFound"
)]
#[case::attach_without_index(
    "AttachNetworkInterface",
    "NetworkInterfaceId=eni-01234567&InstanceId=i-01234567",
    "MissingParameter"
)]
#[case::detach_service("DetachNetworkInterface", "AttachmentId=ela-attach-01234567", "OperationNotPermitted")]
#[case::detach("DetachNetworkInterface", "AttachmentId=eni-attach-01234567", "InvalidAttachmentID.NotFound")]
#[case::modify(
    "ModifyNetworkInterfaceAttribute",
    "NetworkInterfaceId=eni-01234567&SourceDestCheck.Value=false",
    "InvalidNetworkInterfaceID.NotFound"
)]
#[case::modify_nothing("ModifyNetworkInterfaceAttribute", "NetworkInterfaceId=eni-01234567", "MissingParameter")]
#[case::modify_two(
    "ModifyNetworkInterfaceAttribute",
    "NetworkInterfaceId=eni-01234567&SourceDestCheck.Value=false&Description.Value=x",
    "InvalidParameterCombination"
)]
#[case::assign(
    "AssignPrivateIpAddresses",
    "NetworkInterfaceId=eni-01234567&SecondaryPrivateIpAddressCount=1",
    "InvalidNetworkInterfaceID.NotFound"
)]
#[case::assign_nothing("AssignPrivateIpAddresses", "NetworkInterfaceId=eni-01234567", "MissingParameter")]
#[case::permission(
    "CreateNetworkInterfacePermission",
    "NetworkInterfaceId=eni-01234567&AwsAccountId=123456789012&Permission=INSTANCE-ATTACH",
    "InvalidNetworkInterfaceID.NotFound"
)]
#[case::unknown_permission(
    "CreateNetworkInterfacePermission",
    "NetworkInterfaceId=eni-01234567&AwsAccountId=123456789012&Permission=ALL",
    "InvalidParameterValue"
)]
#[case::no_permission(
    "DeleteNetworkInterfacePermission",
    "NetworkInterfacePermissionId=eni-perm-01234567",
    "InvalidPermissionID.NotFound"
)]
fn refused(#[case] action: &str, #[case] form: &str, #[case] code: &str) {
    assert_eq!(World::new().call(action, form).code, Some(code));
}

#[test]
fn the_missing_id_is_quoted() {
    let (mut world, subnet) = world();
    let id = create(&mut world, &subnet, "");
    let form =
        format!("NetworkInterfaceId.1={id}&NetworkInterfaceId.2=eni-0123456789abcdef0&NetworkInterfaceId.3=eni-x");
    let reply = world.call("DescribeNetworkInterfaces", &form.replace("&NetworkInterfaceId.3=eni-x", ""));
    assert_eq!(reply.text("Message"), "The networkInterface ID 'eni-0123456789abcdef0' does not exist");
}

#[rstest]
#[case::wildcard("private-ip-address", "*", 3)]
#[case::primary_only("private-ip-address", "10.0.1.7", 0)]
#[case::any_address("addresses.private-ip-address", "10.0.1.7", 1)]
#[case::status("status", "available", 3)]
#[case::in_use("status", "in-use", 0)]
#[case::tag("tag:owner", "one", 1)]
#[case::tag_key("tag-key", "owner", 1)]
#[case::description("description", "aws-K8S-*", 1)]
#[case::instance("attachment.instance-id", "*", 0)]
#[case::interface_type("interface-type", "trunk", 1)]
#[case::group_name("group-name", "default", 3)]
#[case::zone_id("availability-zone-id", "use1-az1", 3)]
fn filters(#[case] name: &str, #[case] value: &str, #[case] found: usize) {
    let (mut world, subnet) = world();
    let tags = "TagSpecification.1.ResourceType=network-interface&TagSpecification.1.Tag.1.Key=owner\
        &TagSpecification.1.Tag.1.Value=one";
    create(&mut world, &subnet, tags);
    create(&mut world, &subnet, "InterfaceType=trunk&Description=aws-K8S-i-1");
    create(&mut world, &subnet, "SecondaryPrivateIpAddressCount=1");
    let form = format!("Filter.1.Name={name}&Filter.1.Value.1={value}");
    let reply = world.call("DescribeNetworkInterfaces", &form).ok();
    assert_eq!(reply.texts("networkInterfaceId").len(), found, "{}", reply.body);
}

#[test]
fn assign_and_unassign() {
    let (mut world, subnet) = world();
    let id = create(&mut world, &subnet, "");
    let assigned = world
        .call("AssignPrivateIpAddresses", &format!("NetworkInterfaceId={id}&SecondaryPrivateIpAddressCount=2"))
        .ok();
    assert_eq!(assigned.texts("privateIpAddress"), ["10.0.1.5", "10.0.1.6"]);
    let prefix = world.call("AssignPrivateIpAddresses", &format!("NetworkInterfaceId={id}&Ipv4PrefixCount=2")).ok();
    assert_eq!(prefix.texts("ipv4Prefix").iter().filter(|text| !text.is_empty()).count(), 2);
    let more = world.call("AssignPrivateIpAddresses", &format!("NetworkInterfaceId={id}&Ipv4PrefixCount=1"));
    assert_eq!(more.code, Some("InsufficientCidrBlocks"));
    let primary =
        world.call("UnassignPrivateIpAddresses", &format!("NetworkInterfaceId={id}&PrivateIpAddress.1=10.0.1.4"));
    assert_eq!(primary.code, Some("InvalidParameterValue"));
    let foreign =
        world.call("UnassignPrivateIpAddresses", &format!("NetworkInterfaceId={id}&PrivateIpAddress.1=10.0.1.9"));
    assert_eq!(foreign.text("Message"), format!("Some of [10.0.1.9] are not assigned to interface [{id}]"));
    let form = format!("NetworkInterfaceId={id}&PrivateIpAddress.1=10.0.1.5&PrivateIpAddress.2=10.0.1.6");
    world.call("UnassignPrivateIpAddresses", &form).ok();
    world.call("UnassignPrivateIpAddresses", &format!("NetworkInterfaceId={id}&Ipv4Prefix.1=10.0.1.16/28")).ok();
    let left = world.call("DescribeNetworkInterfaces", "").ok();
    assert_eq!((left.texts("privateIpAddress").len(), left.texts("ipv4Prefix")), (2, vec!["10.0.1.32/28"]));
    world.model.check_invariants().unwrap();
}

#[test]
fn ipv6_prefixes() {
    let mut world = World::new();
    let vpc = world.call("CreateVpc", "CidrBlock=10.0.0.0/16&AmazonProvidedIpv6CidrBlock=true").ok();
    let block = vpc.text("ipv6CidrBlock").replace("/56", "/64");
    let form = format!("VpcId={}&CidrBlock=10.0.1.0/24&Ipv6CidrBlock={block}", vpc.text("vpcId"));
    let subnet = world.call("CreateSubnet", &form).ok().text("subnetId").to_owned();
    let id = create(&mut world, &subnet, "");
    let assigned = world.call("AssignIpv6Addresses", &format!("NetworkInterfaceId={id}&Ipv6PrefixCount=1")).ok();
    let prefix = assigned.texts("item")[0].to_owned();
    assert!(prefix.ends_with("/80"), "{prefix}");
    let found = world.call("DescribeNetworkInterfaces", "").ok();
    assert_eq!(found.text("ipv6Prefix"), prefix);
    world.call("UnassignIpv6Addresses", &format!("NetworkInterfaceId={id}&Ipv6Prefix.1={prefix}")).ok();
    world.model.check_invariants().unwrap();
}

#[test]
fn permissions_repeat() {
    let (mut world, subnet) = world();
    let id = create(&mut world, &subnet, "");
    let form = format!("NetworkInterfaceId={id}&AwsAccountId=123456789012&Permission=INSTANCE-ATTACH");
    let granted = world.call("CreateNetworkInterfacePermission", &form).ok();
    assert_eq!(granted.text("state"), "granted");
    let permission = granted.text("networkInterfacePermissionId");
    let again = world.call("CreateNetworkInterfacePermission", &form).ok();
    assert_eq!(again.text("networkInterfacePermissionId"), permission);
    assert_eq!(world.call("DescribeNetworkInterfacePermissions", "").ok().texts("permission"), ["INSTANCE-ATTACH"]);
    world.call("DeleteNetworkInterfacePermission", &format!("NetworkInterfacePermissionId={permission}")).ok();
}

#[test]
fn attributes() {
    let (mut world, subnet) = world();
    let id = create(&mut world, &subnet, "");
    let set = |world: &mut World, form: &str| {
        world.call("ModifyNetworkInterfaceAttribute", &format!("NetworkInterfaceId={id}&{form}")).code
    };
    assert_eq!(set(&mut world, "SourceDestCheck.Value=false"), None);
    assert_eq!(set(&mut world, "Description.Value=a%20router"), None);
    assert_eq!(set(&mut world, "SecurityGroupId.1=sg-01234567"), Some("InvalidGroup.NotFound"));
    let attached = "Attachment.AttachmentId=eni-attach-01234567&Attachment.DeleteOnTermination=true";
    assert_eq!(set(&mut world, attached), Some("InvalidAttachmentID.NotFound"));
    let get = |world: &mut World, name: &str| {
        let form = format!("NetworkInterfaceId={id}&Attribute={name}");
        world.call("DescribeNetworkInterfaceAttribute", &form).ok()
    };
    assert_eq!(get(&mut world, "sourceDestCheck").text("value"), "false");
    assert_eq!(get(&mut world, "description").text("value"), "a router");
    assert_eq!(get(&mut world, "groupSet").text("groupName"), "default");
    let reset = format!("NetworkInterfaceId={id}&SourceDestCheck=true");
    world.call("ResetNetworkInterfaceAttribute", &reset).ok();
    assert_eq!(get(&mut world, "sourceDestCheck").text("value"), "true");
}

#[test]
fn branches_are_in_use_and_can_be_deleted() {
    let (mut world, subnet) = world();
    let trunk = create(&mut world, &subnet, "InterfaceType=trunk");
    let branch = create(&mut world, &subnet, "");
    let associate = |world: &mut World, branch: &str, vlan: u32| {
        let form = format!("TrunkInterfaceId={trunk}&BranchInterfaceId={branch}&VlanId={vlan}");
        world.call("AssociateTrunkInterface", &form)
    };
    let association = associate(&mut world, &branch, 7).ok();
    insta::assert_snapshot!(association.lines());
    let found = world.call("DescribeNetworkInterfaces", &format!("NetworkInterfaceId.1={branch}")).ok();
    assert_eq!((found.text("status"), found.text("interfaceType")), ("in-use", "branch"));
    let other = create(&mut world, &subnet, "");
    assert_eq!(associate(&mut world, &other, 7).code, Some("InvalidParameterValue"));
    assert_eq!(associate(&mut world, &branch, 8).code, Some("InvalidNetworkInterface.InUse"));
    assert_eq!(associate(&mut world, &other, 0).code, Some("InvalidParameterValue"));
    assert_eq!(associate(&mut world, &other, 4095).code, Some("InvalidParameterValue"));
    assert_eq!(associate(&mut world, &trunk, 9).code, Some("InvalidParameterValue"));
    let form = format!("Filter.1.Name=trunk-interface-association.trunk-interface-id&Filter.1.Value.1={trunk}");
    let listed = world.call("DescribeTrunkInterfaceAssociations", &form).ok();
    assert_eq!(listed.texts("vlanId"), ["7"]);
    world.call("DeleteNetworkInterface", &format!("NetworkInterfaceId={branch}")).ok();
    let gone = format!("AssociationId={}", association.text("associationId"));
    let refused = world.call("DisassociateTrunkInterface", &gone);
    assert_eq!(refused.code, Some("InvalidAssociationID.NotFound"));
    world.model.check_invariants().unwrap();
}

/// Two ENIs on an instance, one of them with everything an ENI can have, and some beside.
fn many() -> World {
    let mut world = World::with_default_vpc();
    let subnet = world.call("DescribeSubnets", "").ok().text("subnetId").to_owned();
    let run = format!("ImageId=ami-0123456789abcdef0&InstanceType=m5.large&MinCount=1&MaxCount=1&SubnetId={subnet}");
    let instance = world.call("RunInstances", &run).ok().text("instanceId").to_owned();
    world.model.settle(world.now);
    let tags = "TagSpecification.1.ResourceType=network-interface&TagSpecification.1.Tag.1.Key=k&TagSpecification.1.Tag.1.Value=v";
    let form = format!("SubnetId={subnet}&SecondaryPrivateIpAddressCount=2&{tags}");
    let eni = world.call("CreateNetworkInterface", &form).ok().text("networkInterfaceId").to_owned();
    let attach = format!("NetworkInterfaceId={eni}&InstanceId={instance}&DeviceIndex=1");
    world.call("AttachNetworkInterface", &attach).ok();
    for _ in 0..3 {
        world.call("CreateNetworkInterface", &format!("SubnetId={subnet}")).ok();
    }
    world.model.settle(world.now);
    world
}

#[test]
fn indexes_find_all_that_filters_match() {
    let world = many();
    for (name, find) in NetworkInterface::INDEXES {
        let values = NetworkInterface::FIELDS.by_name.iter().find(|(known, _)| known == name).expect("a filter").1;
        for value in world.model.network_interfaces().flat_map(|eni| values(&world.model, eni)) {
            let mut found: Vec<_> = find(&world.model, &value).iter().map(|eni| &eni.id).collect();
            found.sort();
            let matching = world.model.network_interfaces().filter(|eni| values(&world.model, eni).contains(&value));
            let mut matching: Vec<_> = matching.map(|eni| &eni.id).collect();
            // The index knows an ENI's other addresses too; the filter judges them.
            if *name == "private-ip-address" {
                found.retain(|id| matching.contains(id));
            }
            matching.sort();
            assert_eq!(found, matching, "{name}={value}");
        }
    }
}

#[rstest]
#[case::tag("Filter.1.Name=tag:k&Filter.1.Value.1=v", 1)]
#[case::one_of_two("Filter.1.Name=tag:k&Filter.1.Value.1=w&Filter.1.Value.2=v", 1)]
#[case::other_value("Filter.1.Name=tag:k&Filter.1.Value.1=w", 0)]
#[case::wildcard("Filter.1.Name=tag:k&Filter.1.Value.1=*", 1)]
#[case::index_and_filter("Filter.1.Name=vpc-id&Filter.1.Value.1=*&Filter.2.Name=tag:k&Filter.2.Value.1=v", 1)]
#[case::no_id("Filter.1.Name=vpc-id&Filter.1.Value.1=my-vpc", 0)]
#[case::no_address("Filter.1.Name=addresses.private-ip-address&Filter.1.Value.1=host", 0)]
fn looked_up(#[case] form: &str, #[case] found: usize) {
    let reply = many().call("DescribeNetworkInterfaces", form).ok();
    assert_eq!(reply.texts("macAddress").len(), found);
}

#[test]
fn tags_are_found_as_they_are_now() {
    let mut world = many();
    let enis = world.call("DescribeNetworkInterfaces", "Filter.1.Name=status&Filter.1.Value.1=available").ok();
    let (eni, form) = (enis.text("networkInterfaceId"), "Filter.1.Name=tag:k&Filter.1.Value.1=v");
    world.call("CreateTags", &format!("ResourceId.1={eni}&Tag.1.Key=k&Tag.1.Value=v")).ok();
    assert_eq!(world.call("DescribeNetworkInterfaces", form).ok().texts("macAddress").len(), 2);
    world.call("DeleteTags", &format!("ResourceId.1={eni}&Tag.1.Key=k")).ok();
    assert_eq!(world.call("DescribeNetworkInterfaces", form).ok().texts("macAddress").len(), 1);
    assert_eq!(world.model.check_invariants(), Ok(()));
}

#[test]
fn a_primary_ipv6_address_stays() {
    let mut world = World::new();
    let vpc = world.call("CreateVpc", "CidrBlock=10.0.0.0/16&AmazonProvidedIpv6CidrBlock=true").ok();
    let block = vpc.text("ipv6CidrBlock").replace("/56", "/64");
    let form = format!("VpcId={}&CidrBlock=10.0.1.0/24&Ipv6CidrBlock={block}", vpc.text("vpcId"));
    let subnet = world.call("CreateSubnet", &form).ok().text("subnetId").to_owned();
    let made = world.call("CreateNetworkInterface", &format!("SubnetId={subnet}&EnablePrimaryIpv6=true")).ok();
    assert_eq!(made.text("isPrimaryIpv6"), "true");
    let id = format!("NetworkInterfaceId={}", made.text("networkInterfaceId"));
    let unassign = format!("{id}&Ipv6Addresses.1={}", made.text("ipv6Address"));
    assert_eq!(world.call("UnassignIpv6Addresses", &unassign).code, Some("InvalidParameterValue"));
    let undo = world.call("ModifyNetworkInterfaceAttribute", &format!("{id}&EnablePrimaryIpv6=false"));
    assert_eq!(undo.code, Some("InvalidParameterValue"));
    let plain = create(&mut world, &subnet, "");
    let form = format!("NetworkInterfaceId={plain}&EnablePrimaryIpv6=true");
    assert_eq!(world.call("ModifyNetworkInterfaceAttribute", &form).code, Some("InvalidParameterValue"));
}

#[test]
fn an_operator_is_shown() {
    let (mut world, subnet) = world();
    let id = create(&mut world, &subnet, "Operator.Principal=service.example.com");
    create(&mut world, &subnet, "");
    let form = "Filter.1.Name=operator.principal&Filter.1.Value.1=service.*";
    let found = world.call("DescribeNetworkInterfaces", form).ok();
    assert_eq!((found.texts("networkInterfaceId"), found.text("managed")), (vec![id.as_str()], "true"));
}

#[test]
fn a_service_may_have_a_permission() {
    let (mut world, subnet) = world();
    let id = create(&mut world, &subnet, "");
    let form = format!("NetworkInterfaceId={id}&Permission=EIP-ASSOCIATE");
    assert_eq!(world.call("CreateNetworkInterfacePermission", &form).code, Some("MissingParameter"));
    world.call("CreateNetworkInterfacePermission", &format!("{form}&AwsService=service.example.com")).ok();
    let filter = "Filter.1.Name=network-interface-permission.aws-service&Filter.1.Value.1=*";
    let found = world.call("DescribeNetworkInterfacePermissions", filter).ok();
    assert_eq!(found.text("awsService"), "service.example.com");
}

#[test]
fn a_public_name_is_chosen() {
    let (mut world, subnet) = world();
    let id = create(&mut world, &subnet, "");
    let form = format!("NetworkInterfaceId={id}&HostnameType=public-ipv4-dns-name");
    assert_eq!(world.call("ModifyPublicIpDnsNameOptions", &form).ok().text("successful"), "true");
    let shown = world.call("DescribeNetworkInterfaces", "").ok();
    assert_eq!(shown.text("dnsHostnameType"), "public-ipv4-dns-name");
    let wrong = world.call("ModifyPublicIpDnsNameOptions", &form.replace("ipv4", "ipv5"));
    assert_eq!(wrong.code, Some("InvalidParameterValue"));
}
