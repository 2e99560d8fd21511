//! Subnets over the wire.

use rstest::rstest;

use crate::testing::World;

fn world() -> (World, String) {
    let mut world = World::new();
    let vpc = world.call("CreateVpc", "CidrBlock=10.0.0.0/16").ok().text("vpcId").to_owned();
    world.call("CreateSubnet", &format!("VpcId={vpc}&CidrBlock=10.0.1.0/24")).ok();
    (world, vpc)
}

#[test]
fn create() {
    let (mut world, vpc) = world();
    let form = format!("VpcId={vpc}&CidrBlock=10.0.2.0/28&AvailabilityZoneId=use1-az2");
    insta::assert_snapshot!(world.call("CreateSubnet", &form).ok().lines());
}

#[test]
fn a_default_one_again() {
    let mut world = World::with_default_vpc();
    let filter = "Filter.1.Name=availability-zone&Filter.1.Value.1=us-east-1b";
    let old = world.call("DescribeSubnets", filter).ok();
    let twice = world.call("CreateDefaultSubnet", "AvailabilityZone=us-east-1b");
    assert_eq!(twice.code, Some("DefaultSubnetAlreadyExistsInAvailabilityZone"));
    world.call("DeleteSubnet", &format!("SubnetId={}", old.text("subnetId"))).ok();
    let new = world.call("CreateDefaultSubnet", "AvailabilityZoneId=use1-az2").ok();
    for name in ["cidrBlock", "availabilityZone", "defaultForAz", "mapPublicIpOnLaunch"] {
        assert_eq!(new.text(name), old.text(name), "{name}");
    }
    assert_eq!(world.model.check_invariants(), Ok(()));
}

#[rstest]
#[case::no_vpc("AvailabilityZone=us-east-1a", "DefaultVpcDoesNotExist")]
#[case::no_zone("", "MissingParameter")]
#[case::two("AvailabilityZone=us-east-1a&AvailabilityZoneId=use1-az1", "InvalidParameterCombination")]
fn no_default_one(#[case] form: &str, #[case] code: &str) {
    assert_eq!(World::new().call("CreateDefaultSubnet", form).code, Some(code));
}

#[rstest]
#[case::inside("CidrBlock=10.0.2.0/24", None)]
#[case::canonical("CidrBlock=10.0.2.7/24", None)]
#[case::outside("CidrBlock=10.1.0.0/24", Some("InvalidSubnet.Range"))]
#[case::too_small("CidrBlock=10.0.2.0/29", Some("InvalidSubnet.Range"))]
#[case::same("CidrBlock=10.0.1.0/24", Some("InvalidSubnet.Conflict"))]
#[case::within("CidrBlock=10.0.1.64/26", Some("InvalidSubnet.Conflict"))]
#[case::around("CidrBlock=10.0.0.0/20", Some("InvalidSubnet.Conflict"))]
#[case::zone("CidrBlock=10.0.2.0/24&AvailabilityZone=us-west-2a", Some("InvalidParameterValue"))]
#[case::two_zones(
    "CidrBlock=10.0.2.0/24&AvailabilityZone=us-east-1a&AvailabilityZoneId=use1-az1",
    Some("InvalidParameterCombination")
)]
#[case::outpost("CidrBlock=10.0.2.0/24&OutpostArn=arn:aws:outposts:x", Some("UnsupportedOperation"))]
#[case::native("CidrBlock=10.0.2.0/24&Ipv6Native=true", Some("InvalidParameterCombination"))]
#[case::native_without_block("Ipv6Native=true", Some("MissingParameter"))]
#[case::no_block("Ipv6CidrBlock=2001:db8::/64", Some("MissingParameter"))]
#[case::ipv6_length("CidrBlock=10.0.2.0/24&Ipv6CidrBlock=2001:db8::/62", Some("InvalidParameterValue"))]
#[case::not_native("CidrBlock=10.0.2.0/24&Ipv6Native=false", None)]
#[case::no_ipv6("CidrBlock=10.0.2.0/24&Ipv6CidrBlock=2001:db8::/64", Some("InvalidSubnet.Range"))]
fn blocks(#[case] form: &str, #[case] code: Option<&str>) {
    let (mut world, vpc) = world();
    assert_eq!(world.call("CreateSubnet", &format!("VpcId={vpc}&{form}")).code, code);
}

#[rstest]
#[case::vpc("CreateSubnet", "VpcId=vpc-01234567&CidrBlock=10.0.2.0/24", "InvalidVpcID.NotFound")]
#[case::delete("DeleteSubnet", "SubnetId=subnet-01234567", "InvalidSubnetID.NotFound")]
#[case::modify(
    "ModifySubnetAttribute",
    "SubnetId=subnet-01234567&MapPublicIpOnLaunch.Value=true",
    "InvalidSubnetID.NotFound"
)]
#[case::nothing_to_modify("ModifySubnetAttribute", "SubnetId=subnet-01234567", "MissingParameter")]
#[case::describe("DescribeSubnets", "SubnetId.1=subnet-01234567", "InvalidSubnetID.NotFound")]
#[case::describe_malformed("DescribeSubnets", "SubnetId.1=net-01234567", "InvalidSubnetID.Malformed")]
fn refused(#[case] action: &str, #[case] form: &str, #[case] code: &str) {
    assert_eq!(World::new().call(action, form).code, Some(code));
}

#[test]
fn a_subnet_with_an_interface_stays() {
    let (mut world, _) = world();
    let subnet = world.call("DescribeSubnets", "").ok().text("subnetId").to_owned();
    world.call("CreateNetworkInterface", &format!("SubnetId={subnet}")).ok();
    assert_eq!(world.call("DeleteSubnet", &format!("SubnetId={subnet}")).code, Some("DependencyViolation"));
    let described = world.call("DescribeSubnets", &format!("SubnetId.1={subnet}")).ok();
    assert_eq!(described.text("availableIpAddressCount"), "250");
}

#[rstest]
#[case::zone("availability-zone", "us-east-1?", 6)]
#[case::one_zone("availability-zone", "us-east-1b", 1)]
#[case::default("default-for-az", "true", 6)]
#[case::cidr("cidr-block", "172.31.16.0/20", 1)]
#[case::free("available-ip-address-count", "4091", 6)]
#[case::tag_key("tag-key", "Name", 0)]
fn filters(#[case] name: &str, #[case] value: &str, #[case] found: usize) {
    let form = format!("Filter.1.Name={name}&Filter.1.Value.1={value}");
    let reply = World::with_default_vpc().call("DescribeSubnets", &form).ok();
    assert_eq!(reply.texts("subnetId").len(), found);
}

#[test]
fn pages() {
    let mut world = World::with_default_vpc();
    let first = world.call("DescribeSubnets", "MaxResults=5").ok();
    assert_eq!(first.texts("subnetId").len(), 5);
    let next = format!("MaxResults=5&NextToken={}", first.text("nextToken"));
    let last = world.call("DescribeSubnets", &next).ok();
    assert_eq!((last.texts("subnetId").len(), last.texts("nextToken").len()), (1, 0));
}

/// A world whose VPC has an IPv6 block: gives VPC, subnet without IPv6, and a /64 by its last digits.
fn world_with_ipv6() -> (World, String, String, impl Fn(&str) -> String) {
    let mut world = World::new();
    let vpc = world.call("CreateVpc", "CidrBlock=10.0.0.0/16&AmazonProvidedIpv6CidrBlock=true").ok();
    let block = vpc.text("ipv6CidrBlock").to_owned();
    let vpc = vpc.text("vpcId").to_owned();
    let subnet = world.call("CreateSubnet", &format!("VpcId={vpc}&CidrBlock=10.0.1.0/24")).ok();
    let part = move |rest: &str| block.replace("00::/56", rest);
    (world, vpc, subnet.text("subnetId").to_owned(), part)
}

#[test]
fn one_ipv6_block_after_the_other() {
    let (mut world, _, subnet, part) = world_with_ipv6();
    let associate = |world: &mut World, rest: &str| {
        world.call("AssociateSubnetCidrBlock", &format!("SubnetId={subnet}&Ipv6CidrBlock={}", part(rest)))
    };
    let made = associate(&mut world, "01::/64").ok();
    insta::assert_snapshot!(made.lines());
    assert_eq!(associate(&mut world, "02::/64").code, Some("CidrLimitExceeded"));
    world.model.settle(world.now);
    let set =
        |world: &mut World, form: &str| world.call("ModifySubnetAttribute", &format!("SubnetId={subnet}&{form}")).code;
    assert_eq!(set(&mut world, "AssignIpv6AddressOnCreation.Value=true"), None);
    let eni = world.call("CreateNetworkInterface", &format!("SubnetId={subnet}")).ok();
    assert!(eni.text("ipv6Address").starts_with(&part("01:")), "{}", eni.body);
    let end = format!("AssociationId={}", made.text("associationId"));
    assert_eq!(world.call("DisassociateSubnetCidrBlock", &end).code, Some("InvalidCidrBlock.InUse"));
    assert_eq!(set(&mut world, "AssignIpv6AddressOnCreation.Value=false"), None);
    assert_eq!(world.call("DisassociateSubnetCidrBlock", &end).code, Some("InvalidCidrBlock.InUse"));
    world.call("DeleteNetworkInterface", &format!("NetworkInterfaceId={}", eni.text("networkInterfaceId"))).ok();
    assert_eq!(world.call("DisassociateSubnetCidrBlock", &end).ok().texts("state"), ["disassociating"]);
    world.model.settle(world.now);
    associate(&mut world, "f0::/60").ok();
    world.model.settle(world.now);
    let filter = "Filter.1.Name=ipv6-cidr-block-association.state&Filter.1.Value.1=disassociated";
    let shown = world.call("DescribeSubnets", filter).ok();
    assert_eq!(shown.texts("state"), ["available", "disassociated", "associated"]);
    assert_eq!(
        world.call("DisassociateSubnetCidrBlock", &end).code,
        Some("InvalidSubnetCidrBlockAssociationID.NotFound")
    );
    assert_eq!(world.model.check_invariants(), Ok(()));
}

#[test]
fn a_subnet_with_ipv6_only() {
    let (mut world, vpc, _, part) = world_with_ipv6();
    let form = format!("VpcId={vpc}&Ipv6Native=true&Ipv6CidrBlock={}", part("07::/64"));
    let made = world.call("CreateSubnet", &form).ok();
    world.model.settle(world.now);
    assert_eq!(made.texts("cidrBlock"), [""; 0]);
    for (name, value) in [("ipv6Native", "true"), ("hostnameType", "resource-name"), ("availableIpAddressCount", "0")] {
        assert_eq!(made.text(name), value);
    }
    let subnet = made.text("subnetId");
    let eni = world.call("CreateNetworkInterface", &format!("SubnetId={subnet}")).ok();
    assert_eq!((eni.texts("privateIpAddress").len(), eni.texts("ipv6Address").len()), (0, 2), "{}", eni.body);
    assert_eq!(eni.text("ipv6Native"), "true");
    let four = world.call("CreateNetworkInterface", &format!("SubnetId={subnet}&PrivateIpAddress=10.0.1.9"));
    assert_eq!(four.code, Some("InvalidParameterValue"));
    let by_ip = format!("SubnetId={subnet}&PrivateDnsHostnameTypeOnLaunch=ip-name");
    assert_eq!(world.call("ModifySubnetAttribute", &by_ip).code, Some("InvalidParameterValue"));
    let found = world.call("DescribeSubnets", "Filter.1.Name=ipv6-native&Filter.1.Value.1=true").ok();
    assert_eq!(found.texts("subnetId"), [subnet]);
    assert_eq!(world.model.check_invariants(), Ok(()));
}

#[rstest]
#[case::dns64("EnableDns64.Value=true", Some("InvalidParameterValue"))]
#[case::no_dns64("EnableDns64.Value=false", None)]
#[case::assign("AssignIpv6AddressOnCreation.Value=true", Some("InvalidParameterValue"))]
#[case::names("PrivateDnsHostnameTypeOnLaunch=resource-name", None)]
#[case::other_names("PrivateDnsHostnameTypeOnLaunch=name", Some("InvalidParameterValue"))]
#[case::a_record("EnableResourceNameDnsARecordOnLaunch.Value=true", None)]
#[case::aaaa_record("EnableResourceNameDnsAAAARecordOnLaunch.Value=true", Some("InvalidParameterValue"))]
#[case::lni("EnableLniAtDeviceIndex=1", None)]
#[case::primary_lni("EnableLniAtDeviceIndex=0", Some("InvalidParameterValue"))]
#[case::no_lni("DisableLniAtDeviceIndex.Value=true", None)]
#[case::customer_owned("CustomerOwnedIpv4Pool=ipv4pool-coip-1", Some("UnsupportedOperation"))]
#[case::two("MapPublicIpOnLaunch.Value=true&EnableDns64.Value=false", Some("InvalidParameterCombination"))]
fn attributes(#[case] form: &str, #[case] code: Option<&str>) {
    let (mut world, _) = world();
    let subnet = world.call("DescribeSubnets", "").ok().text("subnetId").to_owned();
    assert_eq!(world.call("ModifySubnetAttribute", &format!("SubnetId={subnet}&{form}")).code, code);
}

#[test]
fn reservations_keep_addresses() {
    let (mut world, _) = world();
    let subnet = world.call("DescribeSubnets", "").ok().text("subnetId").to_owned();
    let reserve = |world: &mut World, cidr: &str, kind: &str| {
        let form = format!("SubnetId={subnet}&Cidr={cidr}&ReservationType={kind}&Description=kept");
        world.call("CreateSubnetCidrReservation", &form)
    };
    let explicit = reserve(&mut world, "10.0.1.0/27", "explicit").ok();
    insta::assert_snapshot!(explicit.lines());
    reserve(&mut world, "10.0.1.128/27", "prefix").ok();
    assert_eq!(reserve(&mut world, "10.0.1.16/28", "prefix").code, Some("InvalidParameterValue"));
    assert_eq!(reserve(&mut world, "10.0.2.16/28", "prefix").code, Some("InvalidParameterValue"));
    let mut create = |form: &str| {
        let reply = world.call("CreateNetworkInterface", &format!("SubnetId={subnet}&{form}"));
        match reply.code {
            Some(code) => code.to_owned(),
            None => format!("{} {}", reply.text("privateIpAddress"), reply.texts("ipv4Prefix").join(",")),
        }
    };
    assert_eq!(create("Ipv4PrefixCount=3"), "10.0.1.48 10.0.1.128/28,10.0.1.144/28,10.0.1.32/28");
    assert_eq!(create("PrivateIpAddress=10.0.1.9"), "10.0.1.9 ");
    assert_eq!(create("PrivateIpAddress=10.0.1.130"), "InvalidParameterValue");
    let listed = world.call("GetSubnetCidrReservations", &format!("SubnetId={subnet}")).ok();
    assert_eq!(listed.texts("reservationType").len(), 2);
    assert_eq!(world.model.check_invariants(), Ok(()));
    let id = format!("SubnetCidrReservationId={}", explicit.text("subnetCidrReservationId"));
    world.call("DeleteSubnetCidrReservation", &id).ok();
    let again = world.call("DeleteSubnetCidrReservation", &id);
    assert_eq!(again.code, Some("InvalidSubnetCidrReservationID.NotFound"));
    let next = world.call("CreateNetworkInterface", &format!("SubnetId={subnet}")).ok();
    assert_eq!(next.text("privateIpAddress"), "10.0.1.4");
    assert_eq!(world.model.check_invariants(), Ok(()));
}
