"""VPCs, subnets, route tables and tags."""

from common import equal, find_interface, make_network, make_subnet, make_vpc, refused, tags, where


def default_vpc(ec2):
    [vpc] = ec2.describe_vpcs(Filters=where(is_default="true"))["Vpcs"]
    equal(vpc["CidrBlock"], "172.31.0.0/16")
    equal(vpc["State"], "available")
    here = where(vpc_id=vpc["VpcId"])
    zones = ec2.describe_availability_zones()["AvailabilityZones"]
    subnets = ec2.describe_subnets(Filters=here)["Subnets"]
    equal(sorted(it["AvailabilityZone"] for it in subnets), sorted(it["ZoneName"] for it in zones))
    assert all(it["DefaultForAz"] and it["MapPublicIpOnLaunch"] for it in subnets)
    assert all(it["AvailableIpAddressCount"] == 4091 for it in subnets)
    [group] = ec2.describe_security_groups(Filters=here)["SecurityGroups"]
    equal(group["GroupName"], "default")
    [table] = ec2.describe_route_tables(Filters=here)["RouteTables"]
    assert table["Associations"][0]["Main"]
    equal([it["DestinationCidrBlock"] for it in table["Routes"]], ["172.31.0.0/16", "0.0.0.0/0"])
    [gateway] = ec2.describe_internet_gateways(Filters=where(attachment__vpc_id=vpc["VpcId"]))["InternetGateways"]
    equal(gateway["Attachments"][0]["State"], "available")


def a_vpcs_life(ec2):
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=tags("vpc", Name="one"))["Vpc"]
    equal(vpc["State"], "pending")
    equal(vpc["Tags"], [{"Key": "Name", "Value": "one"}])
    ec2.get_waiter("vpc_available").wait(VpcIds=[vpc["VpcId"]])
    ec2.get_waiter("vpc_exists").wait(VpcIds=[vpc["VpcId"]])
    [found] = ec2.describe_vpcs(Filters=[{"Name": "tag:Name", "Values": ["o*"]}])["Vpcs"]
    equal(found["VpcId"], vpc["VpcId"])
    ec2.delete_vpc(VpcId=vpc["VpcId"])
    with refused("InvalidVpcID.NotFound", saying=f"The vpc ID '{vpc['VpcId']}' does not exist"):
        ec2.describe_vpcs(VpcIds=[vpc["VpcId"]])


def attributes_of_a_vpc(ec2):
    vpc = make_vpc(ec2)
    answer = ec2.describe_vpc_attribute(VpcId=vpc, Attribute="enableDnsHostnames")
    equal(answer["EnableDnsHostnames"]["Value"], False)
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
    answer = ec2.describe_vpc_attribute(VpcId=vpc, Attribute="enableDnsHostnames")
    equal(answer["EnableDnsHostnames"]["Value"], True)


def a_subnets_life(ec2):
    vpc, subnet = make_network(ec2)
    [found] = ec2.describe_subnets(Filters=where(vpc_id=vpc, availability_zone="us-east-1a"))["Subnets"]
    equal((found["SubnetId"], found["CidrBlock"]), (subnet, "10.0.1.0/24"))
    equal(found["AvailableIpAddressCount"], 251)
    ec2.modify_subnet_attribute(SubnetId=subnet, MapPublicIpOnLaunch={"Value": True})
    [found] = ec2.describe_subnets(SubnetIds=[subnet])["Subnets"]
    equal(found["MapPublicIpOnLaunch"], True)
    with refused("DependencyViolation", saying=vpc):
        ec2.delete_vpc(VpcId=vpc)
    ec2.delete_subnet(SubnetId=subnet)
    ec2.delete_vpc(VpcId=vpc)


def overlapping_subnets(ec2):
    vpc, _ = make_network(ec2)
    with refused("InvalidSubnet.Conflict", saying="10.0.1.128/25"):
        make_subnet(ec2, vpc, "10.0.1.128/25")
    with refused("InvalidSubnet.Range"):
        make_subnet(ec2, vpc, "10.1.0.0/24")


def routes(ec2):
    vpc, subnet = make_network(ec2)
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    with refused("RouteAlreadyExists"):
        ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    association = ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)["AssociationId"]
    [found] = ec2.describe_route_tables(Filters=where(association__subnet_id=subnet))["RouteTables"]
    equal(found["RouteTableId"], table)
    equal({it["DestinationCidrBlock"]: it["State"] for it in found["Routes"]},
          {"10.0.0.0/16": "active", "0.0.0.0/0": "active"})
    ec2.disassociate_route_table(AssociationId=association)
    equal(ec2.describe_route_tables(Filters=where(association__subnet_id=subnet))["RouteTables"], [])


def elastic_addresses(ec2):
    vpc, subnet = make_network(ec2)
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    eni = ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]["NetworkInterfaceId"]
    made = ec2.allocate_address(Domain="vpc")
    association = ec2.associate_address(AllocationId=made["AllocationId"], NetworkInterfaceId=eni)["AssociationId"]
    [found] = ec2.describe_addresses(AllocationIds=[made["AllocationId"]])["Addresses"]
    equal((found["PublicIp"], found["NetworkInterfaceId"]), (made["PublicIp"], eni))
    equal(find_interface(ec2, eni)["Association"]["PublicIp"], made["PublicIp"])
    with refused("InvalidIPAddress.InUse"):
        ec2.release_address(AllocationId=made["AllocationId"])
    ec2.disassociate_address(AssociationId=association)
    ec2.release_address(AllocationId=made["AllocationId"])
    equal(ec2.describe_addresses()["Addresses"], [])


def network_acls(ec2):
    vpc, subnet = make_network(ec2)
    [default] = ec2.describe_network_acls(Filters=where(vpc_id=vpc, default="true"))["NetworkAcls"]
    [association] = default["Associations"]
    equal(association["SubnetId"], subnet)
    acl = ec2.create_network_acl(VpcId=vpc)["NetworkAcl"]["NetworkAclId"]
    entry = {"NetworkAclId": acl, "RuleNumber": 100, "Protocol": "6", "RuleAction": "allow", "Egress": False}
    ports = {"From": 443, "To": 443}
    ec2.create_network_acl_entry(**entry, CidrBlock="0.0.0.0/0", PortRange=ports)
    with refused("NetworkAclEntryAlreadyExists"):
        ec2.create_network_acl_entry(**entry, CidrBlock="0.0.0.0/0", PortRange=ports)
    ec2.replace_network_acl_association(AssociationId=association["NetworkAclAssociationId"], NetworkAclId=acl)
    [found] = ec2.describe_network_acls(Filters=where(association__subnet_id=subnet))["NetworkAcls"]
    equal(found["NetworkAclId"], acl)
    numbers = [it["RuleNumber"] for it in found["Entries"] if not it["Egress"]]
    equal(numbers, [100, 32767])


def dhcp_options(ec2):
    vpc = make_vpc(ec2)
    configuration = [{"Key": "domain-name", "Values": ["example.internal"]}]
    made = ec2.create_dhcp_options(DhcpConfigurations=configuration)["DhcpOptions"]["DhcpOptionsId"]
    ec2.associate_dhcp_options(DhcpOptionsId=made, VpcId=vpc)
    [found] = ec2.describe_vpcs(VpcIds=[vpc])["Vpcs"]
    equal(found["DhcpOptionsId"], made)
    with refused("DependencyViolation"):
        ec2.delete_dhcp_options(DhcpOptionsId=made)


def tags_of_anything(ec2):
    vpc, subnet = make_network(ec2)
    ec2.create_tags(Resources=[vpc, subnet], Tags=[{"Key": "team", "Value": "payments"}])
    found = ec2.describe_tags(Filters=where(key="team"))["Tags"]
    equal({it["ResourceId"]: it["ResourceType"] for it in found}, {vpc: "vpc", subnet: "subnet"})
    ec2.delete_tags(Resources=[subnet], Tags=[{"Key": "team"}])
    equal([it["ResourceId"] for it in ec2.describe_tags(Filters=where(key="team"))["Tags"]], [vpc])


def dry_run(ec2):
    with refused("DryRunOperation", status=412, saying="would have succeeded"):
        ec2.create_vpc(CidrBlock="10.0.0.0/16", DryRun=True)
    equal(len(ec2.describe_vpcs()["Vpcs"]), 1)


def malformed_and_unknown_ids(ec2):
    with refused("InvalidVpcID.NotFound"):
        ec2.create_subnet(VpcId="vpc-0123456789abcdef0", CidrBlock="10.0.0.0/24")
    with refused("InvalidSubnetID.NotFound"):
        ec2.describe_subnets(SubnetIds=["subnet-0123456789abcdef0"])
    with refused("InvalidGroup.NotFound"):
        ec2.describe_security_groups(GroupIds=["sg-0123456789abcdef0"])
    with refused("InvalidRouteTableID.NotFound"):
        ec2.describe_route_tables(RouteTableIds=["rtb-0123456789abcdef0"])
    with refused("InvalidInternetGatewayID.NotFound"):
        ec2.delete_internet_gateway(InternetGatewayId="igw-0123456789abcdef0")


def unknown_filter(ec2):
    with refused("InvalidParameterValue", saying="colour"):
        ec2.describe_vpcs(Filters=where(colour="blue"))
