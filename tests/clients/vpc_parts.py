"""Prefix lists, flow logs, reservations, IPv6 blocks, permissions and gateways of a VPC."""

from common import equal, make_group, make_network, make_vpc, refused, where


def a_prefix_lists_life(ec2):
    made = ec2.create_managed_prefix_list(
        PrefixListName="office", MaxEntries=3, AddressFamily="IPv4", Entries=[{"Cidr": "203.0.113.0/24"}]
    )["PrefixList"]
    equal((made["State"], made["Version"]), ("create-in-progress", 1))
    mine = where(prefix_list_name="office")
    [found] = ec2.describe_managed_prefix_lists(Filters=mine)["PrefixLists"]
    assert found["State"] in ("create-in-progress", "create-complete"), found
    name = found["PrefixListId"]
    equal(ec2.get_managed_prefix_list_entries(PrefixListId=name)["Entries"], [{"Cidr": "203.0.113.0/24"}])
    ec2.modify_managed_prefix_list(
        PrefixListId=name, CurrentVersion=1, AddEntries=[{"Cidr": "198.51.100.0/24", "Description": "two"}]
    )
    equal(len(ec2.get_managed_prefix_list_entries(PrefixListId=name)["Entries"]), 2)
    equal(len(ec2.get_managed_prefix_list_entries(PrefixListId=name, TargetVersion=1)["Entries"]), 1)
    with refused("PrefixListVersionMismatch"):
        ec2.modify_managed_prefix_list(
            PrefixListId=name, CurrentVersion=1, AddEntries=[{"Cidr": "192.0.2.0/24"}]
        )
    ec2.delete_managed_prefix_list(PrefixListId=name)


def a_prefix_list_in_a_rule(ec2):
    vpc, _ = make_network(ec2)
    group = make_group(ec2, vpc, "web")
    made = ec2.create_managed_prefix_list(PrefixListName="office", MaxEntries=3, AddressFamily="IPv4")["PrefixList"]
    rule = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "PrefixListIds": [{"PrefixListId": made["PrefixListId"]}]}
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[rule])
    [used] = ec2.get_managed_prefix_list_associations(PrefixListId=made["PrefixListId"])["PrefixListAssociations"]
    equal(used["ResourceId"], group)


def a_flow_logs_life(ec2):
    vpc = make_vpc(ec2)
    answer = ec2.create_flow_logs(
        ResourceIds=[vpc], ResourceType="VPC", TrafficType="ALL", LogGroupName="flows",
        DeliverLogsPermissionArn="arn:aws:iam::123456789012:role/flows",
    )
    equal(answer["Unsuccessful"], [])
    [name] = answer["FlowLogIds"]
    [found] = ec2.describe_flow_logs(Filter=where(resource_id=vpc))["FlowLogs"]
    equal((found["FlowLogId"], found["FlowLogStatus"], found["TrafficType"]), (name, "ACTIVE", "ALL"))
    ec2.delete_flow_logs(FlowLogIds=[name])
    equal(ec2.describe_flow_logs(Filter=where(resource_id=vpc))["FlowLogs"], [])


def reserved_blocks(ec2):
    _, subnet = make_network(ec2)
    made = ec2.create_subnet_cidr_reservation(SubnetId=subnet, Cidr="10.0.1.64/28", ReservationType="prefix")
    name = made["SubnetCidrReservation"]["SubnetCidrReservationId"]
    [found] = ec2.get_subnet_cidr_reservations(SubnetId=subnet)["SubnetIpv4CidrReservations"]
    equal((found["SubnetCidrReservationId"], found["Cidr"]), (name, "10.0.1.64/28"))
    ec2.delete_subnet_cidr_reservation(SubnetCidrReservationId=name)
    equal(ec2.get_subnet_cidr_reservations(SubnetId=subnet)["SubnetIpv4CidrReservations"], [])


def blocks_of_ipv6(ec2):
    vpc, subnet = make_network(ec2)
    made = ec2.associate_vpc_cidr_block(VpcId=vpc, AmazonProvidedIpv6CidrBlock=True)["Ipv6CidrBlockAssociation"]
    equal(made["Ipv6CidrBlockState"]["State"], "associating")
    [block] = ec2.describe_vpcs(VpcIds=[vpc])["Vpcs"][0]["Ipv6CidrBlockAssociationSet"]
    assert block["Ipv6CidrBlock"].endswith("::/56"), block
    own = block["Ipv6CidrBlock"].replace("/56", "/64")
    part = ec2.associate_subnet_cidr_block(SubnetId=subnet, Ipv6CidrBlock=own)["Ipv6CidrBlockAssociation"]
    [found] = ec2.describe_subnets(SubnetIds=[subnet])["Subnets"]
    equal([it["Ipv6CidrBlock"] for it in found["Ipv6CidrBlockAssociationSet"]], [own])
    eni = ec2.create_network_interface(SubnetId=subnet, Ipv6AddressCount=1)["NetworkInterface"]
    equal(len(eni["Ipv6Addresses"]), 1)
    ec2.delete_network_interface(NetworkInterfaceId=eni["NetworkInterfaceId"])
    ec2.disassociate_subnet_cidr_block(AssociationId=part["AssociationId"])
    ec2.disassociate_vpc_cidr_block(AssociationId=block["AssociationId"])


def permissions_of_interfaces(ec2):
    _, subnet = make_network(ec2)
    eni = ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]["NetworkInterfaceId"]
    made = ec2.create_network_interface_permission(
        NetworkInterfaceId=eni, AwsAccountId="111122223333", Permission="INSTANCE-ATTACH"
    )["InterfacePermission"]
    mine = where(network_interface_permission__network_interface_id=eni)
    [found] = ec2.describe_network_interface_permissions(Filters=mine)["NetworkInterfacePermissions"]
    equal(found["NetworkInterfacePermissionId"], made["NetworkInterfacePermissionId"])
    equal((found["AwsAccountId"], found["PermissionState"]["State"]), ("111122223333", "granted"))
    ec2.delete_network_interface_permission(NetworkInterfacePermissionId=made["NetworkInterfacePermissionId"])
    equal(ec2.describe_network_interface_permissions(Filters=mine)["NetworkInterfacePermissions"], [])


def internet_gateways(ec2):
    vpc = make_vpc(ec2)
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    with refused("Resource.AlreadyAssociated"):
        ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    with refused("DependencyViolation"):
        ec2.delete_internet_gateway(InternetGatewayId=gateway)
    ec2.detach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    with refused("Gateway.NotAttached"):
        ec2.detach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    ec2.delete_internet_gateway(InternetGatewayId=gateway)


def egress_only_gateways(ec2):
    vpc = make_vpc(ec2)
    made = ec2.create_egress_only_internet_gateway(VpcId=vpc)["EgressOnlyInternetGateway"]
    equal([(it["State"], it["VpcId"]) for it in made["Attachments"]], [("attached", vpc)])
    name = made["EgressOnlyInternetGatewayId"]
    equal(len(ec2.describe_egress_only_internet_gateways(EgressOnlyInternetGatewayIds=[name])
              ["EgressOnlyInternetGateways"]), 1)
    equal(ec2.delete_egress_only_internet_gateway(EgressOnlyInternetGatewayId=name)["ReturnCode"], True)


def internet_access_blocked(ec2):
    vpc, subnet = make_network(ec2)
    changed = ec2.modify_vpc_block_public_access_options(InternetGatewayBlockMode="block-bidirectional")
    equal(changed["VpcBlockPublicAccessOptions"]["InternetGatewayBlockMode"], "block-bidirectional")
    made = ec2.create_vpc_block_public_access_exclusion(
        SubnetId=subnet, InternetGatewayExclusionMode="allow-egress"
    )["VpcBlockPublicAccessExclusion"]
    equal(made["State"], "create-in-progress")
    [shown] = ec2.describe_vpc_block_public_access_exclusions(
        Filters=where(resource_arn=made["ResourceArn"])
    )["VpcBlockPublicAccessExclusions"]
    equal(shown["ExclusionId"], made["ExclusionId"])
    [seen] = ec2.describe_subnets(SubnetIds=[subnet])["Subnets"]
    equal(seen["BlockPublicAccessStates"]["InternetGatewayBlockMode"], "block-ingress")
    [seen] = ec2.describe_vpcs(VpcIds=[vpc])["Vpcs"]
    equal(seen["BlockPublicAccessStates"]["InternetGatewayBlockMode"], "block-bidirectional")
    ec2.delete_vpc_block_public_access_exclusion(ExclusionId=made["ExclusionId"])
    with refused("InvalidParameterValue"):
        ec2.modify_vpc_block_public_access_options(InternetGatewayBlockMode="sometimes")


def key_pairs(ec2):
    made = ec2.create_key_pair(KeyName="mine", KeyType="ed25519")
    assert made["KeyMaterial"].startswith("-----BEGIN OPENSSH PRIVATE KEY-----"), made["KeyMaterial"][:40]
    with refused("InvalidKeyPair.Duplicate"):
        ec2.create_key_pair(KeyName="mine", KeyType="ed25519")
    [found] = ec2.describe_key_pairs(KeyNames=["mine"])["KeyPairs"]
    equal((found["KeyPairId"], found["KeyFingerprint"]), (made["KeyPairId"], made["KeyFingerprint"]))
    ec2.delete_key_pair(KeyName="mine")
    with refused("InvalidKeyPair.NotFound"):
        ec2.describe_key_pairs(KeyNames=["mine"])


def too_many_vpcs(ec2):
    for number in range(4):
        make_vpc(ec2, f"10.{number}.0.0/16")
    with refused("VpcLimitExceeded"):
        ec2.create_vpc(CidrBlock="10.100.0.0/16")
    attributes = ec2.describe_account_attributes(AttributeNames=["vpc-max-elastic-ips"])["AccountAttributes"]
    limit = int(attributes[0]["AttributeValues"][0]["AttributeValue"])
    for _ in range(limit):
        ec2.allocate_address()
    with refused("AddressLimitExceeded"):
        ec2.allocate_address()
