"""What tools that build whole networks do: in the order of their calls, and with those they ask before they plan."""

from botocore.exceptions import ClientError
from common import equal, launch, refused, tags, where

ZONES = ("us-east-1a", "us-east-1b")
QUICK = {"Delay": 1, "MaxAttempts": 30}


def _named(kind, name):
    return {"TagSpecifications": tags(kind, Name=name)}


def questions_before_a_plan(ec2):
    """What Terraform asks about an account, a new VPC and a new instance's surroundings."""
    equal(ec2.get_ebs_encryption_by_default()["EbsEncryptionByDefault"], False)
    equal(ec2.get_ebs_default_kms_key_id()["KmsKeyId"], "alias/aws/ebs")
    equal(ec2.get_serial_console_access_status()["SerialConsoleAccessEnabled"], False)
    equal(ec2.get_image_block_public_access_state()["ImageBlockPublicAccessState"], "block-new-sharing")
    equal(ec2.get_snapshot_block_public_access_state()["State"], "unblocked")
    equal(ec2.get_allowed_images_settings()["State"], "disabled")
    credits = ec2.get_default_credit_specification(InstanceFamily="t3")["InstanceFamilyCreditSpecification"]
    equal(credits, {"InstanceFamily": "t3", "CpuCredits": "unlimited"})
    options = ec2.describe_vpc_block_public_access_options()["VpcBlockPublicAccessOptions"]
    equal((options["InternetGatewayBlockMode"], options["State"]), ("off", "default-state"))
    equal(ec2.describe_vpc_block_public_access_exclusions()["VpcBlockPublicAccessExclusions"], [])
    equal(ec2.describe_vpc_encryption_controls()["VpcEncryptionControls"], [])
    assert all(it["UseLongIds"] for it in ec2.describe_id_format()["Statuses"])
    with refused("InvalidSpotDatafeed.NotFound"):
        ec2.describe_spot_datafeed_subscription()
    [vpc] = ec2.describe_vpcs(Filters=where(is_default="true"))["Vpcs"]
    vpc = vpc["VpcId"]
    attributes = {"enableDnsSupport": True, "enableDnsHostnames": True, "enableNetworkAddressUsageMetrics": False}
    for name, expected in attributes.items():
        shown = ec2.describe_vpc_attribute(VpcId=vpc, Attribute=name)
        equal(shown[name[0].upper() + name[1:]]["Value"], expected)
    equal(len(ec2.describe_network_acls(Filters=where(vpc_id=vpc, default="true"))["NetworkAcls"]), 1)
    equal(len(ec2.describe_route_tables(Filters=where(vpc_id=vpc, association__main="true"))["RouteTables"]), 1)
    equal(len(ec2.describe_security_groups(Filters=where(vpc_id=vpc, group_name="default"))["SecurityGroups"]), 1)
    zones = ec2.describe_availability_zones(Filters=where(zone_type="availability-zone", opt_in_status="opt-in-not-required"))
    equal({it["GroupLongName"] for it in zones["AvailabilityZones"]}, {"US East (N. Virginia) 1"})
    around = ec2.describe_availability_zones(AllAvailabilityZones=True, Filters=where(zone_type="local-zone"))
    equal({it["OptInStatus"] for it in around["AvailabilityZones"]}, {"not-opted-in"})


def _network(ec2):
    """A VPC with public and private subnets, as Terraform's modules and eksctl make it."""
    vpc = ec2.create_vpc(CidrBlock="192.168.0.0/16", **_named("vpc", "net"))["Vpc"]["VpcId"]
    ec2.get_waiter("vpc_available").wait(VpcIds=[vpc], WaiterConfig=QUICK)
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsSupport={"Value": True})
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
    gateway = ec2.create_internet_gateway(**_named("internet-gateway", "net"))["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    made = {"vpc": vpc, "gateway": gateway, "subnets": [], "tables": [], "associations": []}
    for number, zone in enumerate(ZONES):
        for kind, block in (("public", 32 * number), ("private", 96 + 32 * number)):
            subnet = ec2.create_subnet(
                VpcId=vpc, CidrBlock=f"192.168.{block}.0/19", AvailabilityZone=zone, **_named("subnet", f"{kind}-{zone}")
            )["Subnet"]["SubnetId"]
            if kind == "public":
                ec2.modify_subnet_attribute(SubnetId=subnet, MapPublicIpOnLaunch={"Value": True})
            table = ec2.create_route_table(VpcId=vpc, **_named("route-table", f"{kind}-{zone}"))["RouteTable"]["RouteTableId"]
            associated = ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)
            equal(associated["AssociationState"]["State"], "associated")
            made["subnets"].append(subnet)
            made["tables"].append(table)
            made["associations"].append(associated["AssociationId"])
    address = ec2.allocate_address(Domain="vpc", **_named("elastic-ip", "nat"))["AllocationId"]
    nat = ec2.create_nat_gateway(SubnetId=made["subnets"][0], AllocationId=address)["NatGateway"]["NatGatewayId"]
    ec2.get_waiter("nat_gateway_available").wait(NatGatewayIds=[nat], WaiterConfig=QUICK)
    for number, table in enumerate(made["tables"]):
        to = {"NatGatewayId": nat} if number % 2 else {"GatewayId": gateway}
        ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", **to)
    return {**made, "address": address, "nat": nat}


def terraform_builds_and_destroys(ec2):
    made = _network(ec2)
    vpc = made["vpc"]
    # The groups that Terraform makes lose the rule they begin with.
    group = ec2.create_security_group(GroupName="web", Description="Managed by Terraform", VpcId=vpc)["GroupId"]
    [found] = ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"]
    ec2.revoke_security_group_egress(GroupId=group, IpPermissions=found["IpPermissionsEgress"])
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[
        {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]},
    ])
    [instance] = launch(ec2, made["subnets"][0], SecurityGroupIds=[group])
    assert instance["PublicIpAddress"] and instance["PublicDnsName"].startswith("ec2-"), instance
    # Everything that depends on something goes before it.
    with refused("DependencyViolation"):
        ec2.delete_security_group(GroupId=group)
    with refused("DependencyViolation"):
        ec2.detach_internet_gateway(InternetGatewayId=made["gateway"], VpcId=vpc)
    ec2.terminate_instances(InstanceIds=[instance["InstanceId"]])
    ec2.get_waiter("instance_terminated").wait(InstanceIds=[instance["InstanceId"]], WaiterConfig=QUICK)
    for association in made["associations"]:
        ec2.disassociate_route_table(AssociationId=association)
        with refused("InvalidAssociationID.NotFound"):
            ec2.disassociate_route_table(AssociationId=association)
    for table in made["tables"]:
        ec2.delete_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0")
        ec2.delete_route_table(RouteTableId=table)
        with refused("InvalidRouteTableID.NotFound"):
            ec2.describe_route_tables(RouteTableIds=[table])
    ec2.delete_nat_gateway(NatGatewayId=made["nat"])
    ec2.get_waiter("nat_gateway_deleted").wait(NatGatewayIds=[made["nat"]], WaiterConfig=QUICK)
    ec2.release_address(AllocationId=made["address"])
    with refused("InvalidAllocationID.NotFound"):
        ec2.describe_addresses(AllocationIds=[made["address"]])
    ec2.detach_internet_gateway(InternetGatewayId=made["gateway"], VpcId=vpc)
    ec2.delete_internet_gateway(InternetGatewayId=made["gateway"])
    ec2.delete_security_group(GroupId=group)
    for subnet in made["subnets"]:
        ec2.delete_subnet(SubnetId=subnet)
    ec2.delete_vpc(VpcId=vpc)
    with refused("InvalidVpcID.NotFound"):
        ec2.describe_vpcs(VpcIds=[vpc])


def _until_gone(ec2, *steps):
    """Tries to remove things, in an order that may not fit, as CloudFormation does; round after round."""
    open_steps = list(steps)
    for _ in range(len(steps)):
        waiting = []
        for call, arguments in open_steps:
            try:
                getattr(ec2, call)(**arguments)
            except ClientError as error:
                assert error.response["Error"]["Code"] == "DependencyViolation", error
                waiting.append((call, arguments))
        if not waiting:
            return
        open_steps = waiting
    raise AssertionError(open_steps)


def eksctl_builds_and_destroys(ec2):
    made = _network(ec2)
    vpc = made["vpc"]
    # The control plane's group and the nodes' admit each other.
    plane, nodes = (
        ec2.create_security_group(GroupName=name, Description=name, VpcId=vpc)["GroupId"]
        for name in ("ControlPlaneSecurityGroup", "ClusterSharedNodeSecurityGroup")
    )
    for group, other in ((plane, nodes), (nodes, plane), (nodes, nodes)):
        rule = {"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": other}]}
        ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[rule])
    endpoint = ec2.create_vpc_endpoint(
        VpcId=vpc, ServiceName="com.amazonaws.us-east-1.s3", RouteTableIds=made["tables"]
    )["VpcEndpoint"]["VpcEndpointId"]
    named = ec2.describe_subnets(Filters=where(vpc_id=vpc, **{"tag:Name": "private-*"}))["Subnets"]
    equal({it["AvailabilityZone"] for it in named}, set(ZONES))
    with refused("DependencyViolation"):
        ec2.delete_vpc(VpcId=vpc)
    equal(ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint])["Unsuccessful"], [])
    ec2.delete_nat_gateway(NatGatewayId=made["nat"])
    ec2.get_waiter("nat_gateway_deleted").wait(NatGatewayIds=[made["nat"]], WaiterConfig=QUICK)
    ec2.release_address(AllocationId=made["address"])
    for group, other in ((plane, nodes), (nodes, plane)):
        rule = {"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": other}]}
        ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=[rule])
    _until_gone(
        ec2,
        ("delete_vpc", {"VpcId": vpc}),
        ("delete_internet_gateway", {"InternetGatewayId": made["gateway"]}),
        *(("delete_route_table", {"RouteTableId": table}) for table in made["tables"]),
        *(("delete_subnet", {"SubnetId": subnet}) for subnet in made["subnets"]),
        ("detach_internet_gateway", {"InternetGatewayId": made["gateway"], "VpcId": vpc}),
        ("delete_security_group", {"GroupId": nodes}),
        ("delete_security_group", {"GroupId": plane}),
    )
