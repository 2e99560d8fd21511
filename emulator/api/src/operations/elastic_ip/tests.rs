use rstest::rstest;

use crate::testing::World;

/// A world with an Elastic IP address and an interface in the default VPC.
fn world() -> (World, String, String) {
    let mut world = World::with_default_vpc();
    let id = world.call("AllocateAddress", "").ok().text("allocationId").to_owned();
    let subnet = world.call("DescribeSubnets", "").ok().text("subnetId").to_owned();
    let eni = world.call("CreateNetworkInterface", &format!("SubnetId={subnet}")).ok();
    let eni = eni.text("networkInterfaceId").to_owned();
    (world, id, eni)
}

#[test]
fn allocate() {
    let form =
        "TagSpecification.1.ResourceType=elastic-ip&TagSpecification.1.Tag.1.Key=a&TagSpecification.1.Tag.1.Value=b";
    let mut world = World::new();
    insta::assert_snapshot!(world.call("AllocateAddress", form).ok().lines());
    let tags = world.call("DescribeTags", "Filter.1.Name=resource-type&Filter.1.Value.1=elastic-ip").ok();
    assert_eq!(tags.texts("value"), ["b"]);
}

#[test]
fn an_association() {
    let (mut world, id, eni) = world();
    let form = format!("AllocationId={id}&NetworkInterfaceId={eni}");
    let association = world.call("AssociateAddress", &form).ok().text("associationId").to_owned();
    assert_eq!(world.call("AssociateAddress", &form).ok().text("associationId"), association);
    insta::assert_snapshot!("described", world.call("DescribeAddresses", "").ok().lines());
    let filter = format!("Filter.1.Name=association.allocation-id&Filter.1.Value.1={id}");
    let shown = world.call("DescribeNetworkInterfaces", &filter).ok();
    insta::assert_snapshot!("interface", shown.lines());
    assert_eq!(world.call("ReleaseAddress", &format!("AllocationId={id}")).code, Some("InvalidIPAddress.InUse"));
    world.call("DisassociateAddress", &format!("AssociationId={association}")).ok();
    let gone = world.call("DisassociateAddress", &format!("AssociationId={association}"));
    assert_eq!(gone.code, Some("InvalidAssociationID.NotFound"));
    world.call("ReleaseAddress", &format!("AllocationId={id}")).ok();
    assert_eq!(world.call("DescribeAddresses", "").ok().texts("allocationId"), [""; 0]);
}

#[test]
fn names() {
    let (mut world, id, _) = world();
    let form = format!("AllocationId={id}&DomainName=mail.example.com");
    insta::assert_snapshot!(world.call("ModifyAddressAttribute", &form).ok().lines());
    let shown = world.call("DescribeAddressesAttribute", "Attribute=domain-name&MaxResults=1").ok();
    assert_eq!(shown.texts("ptrRecord"), ["mail.example.com."]);
    world.call("ResetAddressAttribute", &format!("AllocationId={id}&Attribute=domain-name")).ok();
    assert_eq!(world.call("DescribeAddressesAttribute", "").ok().texts("ptrRecord"), [""; 0]);
}

#[test]
fn an_instance_with_a_public_address() {
    let mut world = World::with_default_vpc();
    let run = world.call("RunInstances", "ImageId=ami-01234567&InstanceType=t3.micro&MinCount=1&MaxCount=1").ok();
    let filter = format!("Filter.1.Name=ip-address&Filter.1.Value.1={}", run.text("ipAddress"));
    let found = world.call("DescribeInstances", &filter).ok();
    assert_eq!(found.text("instanceId"), run.text("instanceId"));
    assert_eq!(found.text("ipOwnerId"), "amazon");
    let name = format!("ec2-{}.compute-1.amazonaws.com", run.text("ipAddress").replace('.', "-"));
    assert_eq!(found.text("dnsName"), name);
    let gateway = world.call("DescribeInternetGateways", "").ok();
    let form = format!("InternetGatewayId={}&VpcId={}", gateway.text("internetGatewayId"), gateway.text("vpcId"));
    assert_eq!(world.call("DetachInternetGateway", &form).code, Some("DependencyViolation"));
}

#[rstest]
#[case::off("NetworkInterface.1.DeviceIndex=0&NetworkInterface.1.AssociatePublicIpAddress=false", 0)]
#[case::on("NetworkInterface.1.DeviceIndex=0&NetworkInterface.1.AssociatePublicIpAddress=true", 1)]
#[case::by_subnet("NetworkInterface.1.DeviceIndex=0", 1)]
#[case::several("NetworkInterface.1.DeviceIndex=0&NetworkInterface.2.DeviceIndex=1", 0)]
fn public_addresses_of_launches(#[case] form: &str, #[case] count: usize) {
    let form = format!("ImageId=ami-01234567&InstanceType=t3.micro&MinCount=1&MaxCount=1&{form}");
    assert_eq!(World::with_default_vpc().call("RunInstances", &form).ok().texts("ipAddress").len(), count);
}

#[rstest]
#[case::allocation(
    "AssociateAddress",
    "AllocationId=eipalloc-01234567&NetworkInterfaceId={eni}",
    "InvalidAllocationID.NotFound"
)]
#[case::address("AssociateAddress", "PublicIp=192.0.2.1&NetworkInterfaceId={eni}", "InvalidAddress.NotFound")]
#[case::both(
    "AssociateAddress",
    "AllocationId={id}&PublicIp=192.0.2.1&NetworkInterfaceId={eni}",
    "InvalidParameterCombination"
)]
#[case::neither("AssociateAddress", "NetworkInterfaceId={eni}", "MissingParameter")]
#[case::no_target("AssociateAddress", "AllocationId={id}", "MissingParameter")]
#[case::interface(
    "AssociateAddress",
    "AllocationId={id}&NetworkInterfaceId=eni-01234567",
    "InvalidNetworkInterfaceID.NotFound"
)]
#[case::instance("AssociateAddress", "AllocationId={id}&InstanceId=i-01234567", "InvalidInstanceID.NotFound")]
#[case::private(
    "AssociateAddress",
    "AllocationId={id}&NetworkInterfaceId={eni}&PrivateIpAddress=10.9.9.9",
    "InvalidParameterValue"
)]
#[case::dry("AssociateAddress", "AllocationId={id}&NetworkInterfaceId={eni}&DryRun=true", "DryRunOperation")]
#[case::not_associated("DisassociateAddress", "", "MissingParameter")]
#[case::release("ReleaseAddress", "AllocationId=eipalloc-01234567", "InvalidAllocationID.NotFound")]
#[case::release_malformed("ReleaseAddress", "AllocationId=alloc-01234567", "InvalidAllocationID.Malformed")]
#[case::release_by_address("ReleaseAddress", "PublicIp=192.0.2.1", "InvalidParameterValue")]
#[case::describe_id("DescribeAddresses", "AllocationId.1=eipalloc-01234567", "InvalidAllocationID.NotFound")]
#[case::describe_address("DescribeAddresses", "PublicIp.1=192.0.2.1", "InvalidAddress.NotFound")]
#[case::classic("AllocateAddress", "Domain=standard", "InvalidParameterValue")]
#[case::pool("AllocateAddress", "PublicIpv4Pool=ipv4pool-ec2-01234567", "InvalidPublicIpv4PoolID.NotFound")]
#[case::border_group("AllocateAddress", "NetworkBorderGroup=us-east-1-wl1", "InvalidParameterValue")]
#[case::attribute("DescribeAddressesAttribute", "Attribute=colour", "InvalidParameterValue")]
fn refused(#[case] action: &str, #[case] form: &str, #[case] code: &str) {
    let (mut world, id, eni) = world();
    let form = form.replace("{id}", &id).replace("{eni}", &eni);
    assert_eq!(world.call(action, &form).code, Some(code));
}

#[test]
fn a_vpc_without_gateway() {
    let mut world = World::new();
    let vpc = world.call("CreateVpc", "CidrBlock=10.0.0.0/16").ok().text("vpcId").to_owned();
    let subnet = world.call("CreateSubnet", &format!("VpcId={vpc}&CidrBlock=10.0.1.0/24")).ok();
    let eni = world.call("CreateNetworkInterface", &format!("SubnetId={}", subnet.text("subnetId"))).ok();
    let id = world.call("AllocateAddress", "").ok().text("allocationId").to_owned();
    let form = format!("AllocationId={id}&NetworkInterfaceId={}", eni.text("networkInterfaceId"));
    assert_eq!(world.call("AssociateAddress", &form).code, Some("Gateway.NotAttached"));
}

#[test]
fn reassociation_can_be_refused() {
    let (mut world, id, eni) = world();
    world.call("AssociateAddress", &format!("AllocationId={id}&NetworkInterfaceId={eni}")).ok();
    let other = world.call("AllocateAddress", "").ok().text("allocationId").to_owned();
    let form = format!("AllocationId={other}&NetworkInterfaceId={eni}");
    let refused = world.call("AssociateAddress", &format!("{form}&AllowReassociation=false"));
    assert_eq!(refused.code, Some("Resource.AlreadyAssociated"));
    world.call("AssociateAddress", &form).ok();
    let filter = format!("Filter.1.Name=network-interface-id&Filter.1.Value.1={eni}");
    assert_eq!(world.call("DescribeAddresses", &filter).ok().texts("allocationId"), [other]);
}

#[test]
fn an_address_is_recovered() {
    let mut world = World::new();
    let made = world.call("AllocateAddress", "").ok();
    let (id, address) = (made.text("allocationId").to_owned(), made.text("publicIp").to_owned());
    let recover = format!("Address={address}");
    assert_eq!(world.call("AllocateAddress", &recover).code, Some("InvalidIPAddress.InUse"));
    world.call("ReleaseAddress", &format!("AllocationId={id}")).ok();
    let again = world.call("AllocateAddress", &recover).ok();
    assert_eq!(again.text("publicIp"), address);
    assert_ne!(again.text("allocationId"), id);
    assert_eq!(world.call("AllocateAddress", "Address=203.0.113.7").code, Some("InvalidAddress.NotFound"));
    assert_eq!(world.call("AllocateAddress", "Address=here").code, Some("InvalidParameterValue"));
}
