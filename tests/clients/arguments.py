"""What each action is called with besides, or instead of, what botocore's model says that it requires.

`made` knows what the calls before have made: ids by what they begin with, and replies by action.
"""

import base64
from datetime import UTC, datetime, timedelta

import gateway_arguments
import values
from common import image, launch, tags, where

KEY = base64.b64decode(values.BY_PLACE["ImportKeyPair", "PublicKeyMaterial"])
PERMISSIONS = [{"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "IpRanges": [{"CidrIp": "10.0.0.0/16"}]}]
RULE = {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 90, "CidrIpv4": "10.0.0.0/16"}
ROUTE = {"DestinationCidrBlock": "192.168.0.0/24"}
ENTRY = {"CidrBlock": "10.0.0.0/16", "Protocol": "-1"}
SECONDARY = "10.0.1.100"


def _group(made, **more):
    return {"GroupId": made.id("sg"), **more}


def _permissions(made):
    return _group(made, IpPermissions=PERMISSIONS)


def _egress(made):
    return _group(made, IpPermissions=[{"IpProtocol": "udp", "FromPort": 53, "ToPort": 53,
                                        "IpRanges": [{"CidrIp": "10.0.0.0/16"}]}])


def _default_acl(made):
    """The subnet's association with an ACL."""
    here = where(association__subnet_id=made.id("subnet"))
    [acl] = made.ec2.describe_network_acls(Filters=here)["NetworkAcls"]
    [association] = [it for it in acl["Associations"] if it["SubnetId"] == made.id("subnet")]
    return {"AssociationId": association["NetworkAclAssociationId"]}


def _trunk(made):
    """A trunk and a branch; made for this only."""
    subnet = made.id("subnet")
    trunk, branch = (
        made.ec2.create_network_interface(SubnetId=subnet, InterfaceType=kind)["NetworkInterface"]["NetworkInterfaceId"]
        for kind in ("trunk", "branch")
    )
    return {"TrunkInterfaceId": trunk, "BranchInterfaceId": branch, "VlanId": 7}


def _block(made):
    """A free IPv6 block of the VPC's."""
    [association] = made.ec2.describe_vpcs(VpcIds=[made.id("vpc")])["Vpcs"][0]["Ipv6CidrBlockAssociationSet"]
    return association["Ipv6CidrBlock"].replace("::/56", "::/64")


def _without_default_subnet(made):
    """Where no default subnet is any more."""
    [subnet] = made.ec2.describe_subnets(Filters=where(default_for_az="true", availability_zone="us-east-1f"))["Subnets"]
    made.ec2.delete_subnet(SubnetId=subnet["SubnetId"])
    return {"AvailabilityZone": "us-east-1f"}


def _without_default_vpc(made):
    """Removes the default VPC."""
    [vpc] = made.ec2.describe_vpcs(Filters=where(is_default="true"))["Vpcs"]
    vpc = vpc["VpcId"]
    for subnet in made.ec2.describe_subnets(Filters=where(vpc_id=vpc))["Subnets"]:
        made.ec2.delete_subnet(SubnetId=subnet["SubnetId"])
    for gateway in made.ec2.describe_internet_gateways(Filters=where(attachment__vpc_id=vpc))["InternetGateways"]:
        made.ec2.detach_internet_gateway(InternetGatewayId=gateway["InternetGatewayId"], VpcId=vpc)
        made.ec2.delete_internet_gateway(InternetGatewayId=gateway["InternetGatewayId"])
    made.ec2.delete_vpc(VpcId=vpc)
    return {}


def _address(made):
    """An address that nothing uses; there can be few."""
    for address in made.ec2.describe_addresses()["Addresses"]:
        if "AssociationId" not in address and address["AllocationId"] != made.id("eipalloc"):
            return address["AllocationId"]
    return made.ec2.allocate_address()["AllocationId"]


def _peer(made):
    """A VPC to peer with; made at most once."""
    cidr = "10.9.0.0/16"
    found = made.ec2.describe_vpcs(Filters=where(cidr=cidr))["Vpcs"]
    return (found[0] if found else made.ec2.create_vpc(CidrBlock=cidr)["Vpc"])["VpcId"]


def _peering(made):
    """A request for peering that nobody has answered."""
    [default] = made.ec2.describe_vpcs(Filters=where(is_default="true"))["Vpcs"]
    asked = made.ec2.create_vpc_peering_connection(VpcId=default["VpcId"], PeerVpcId=made.id("vpc"))
    return {"VpcPeeringConnectionId": asked["VpcPeeringConnection"]["VpcPeeringConnectionId"]}


def _nat_gateway(made):
    """Only after the VPC has a way out; it fails otherwise."""
    assert made["AttachInternetGateway"]
    return {"SubnetId": made.id("subnet"), "AllocationId": _address(made)}


def _launch(made):
    """Only after an interface was made, for that is the one to attach."""
    made.id("eni")
    return {"ImageId": image(made.ec2), "InstanceType": "m5.large", "SubnetId": made.id("subnet")}


def _idle(made):
    """A stopped instance with one interface; made at most once."""
    found = made.ec2.describe_instances(Filters=where(**{"tag:Name": "idle"}))["Reservations"]
    if found:
        return {"InstanceId": found[0]["Instances"][0]["InstanceId"]}
    [idle] = launch(made.ec2, made.id("subnet"), TagSpecifications=tags("instance", Name="idle"))
    made.ec2.stop_instances(InstanceIds=[idle["InstanceId"]])
    made.ec2.get_waiter("instance_stopped").wait(InstanceIds=[idle["InstanceId"]], WaiterConfig={"Delay": 1})
    return {"InstanceId": idle["InstanceId"]}


def _launch_with_volume(made):
    """A launch with a volume that outlives the instance."""
    volume = {"VolumeSize": 1, "DeleteOnTermination": False}
    return {**_launch(made), "BlockDeviceMappings": [{"DeviceName": "/dev/sdb", "Ebs": volume}]}


def _volume_left(made):
    """The volume of an instance that is gone."""
    return {"VolumeId": made.ec2.describe_volumes(Filters=where(status="available"))["Volumes"][0]["VolumeId"]}


def _all_instances(made):
    """Those that fleets and Spot requests have launched as well."""
    there = where(instance_state_name=["pending", "running", "stopping", "stopped"])
    reservations = made.ec2.describe_instances(Filters=there)["Reservations"]
    return {"InstanceIds": [it["InstanceId"] for reservation in reservations for it in reservation["Instances"]]}


def _fleet(made):
    """Every instance as the launch template says, in the subnet."""
    template = {"LaunchTemplateId": made.id("lt"), "Version": "1"}
    overrides = [{"SubnetId": made.id("subnet")}]
    return {"LaunchTemplateConfigs": [{"LaunchTemplateSpecification": template, "Overrides": overrides}]}


def _unused_options(made):
    """The options made, after the VPC went back to the default ones."""
    made.ec2.associate_dhcp_options(DhcpOptionsId="default", VpcId=made.id("vpc"))
    return {}


def _profile(made, action):
    return made[action]["IamInstanceProfileAssociation"]["AssociationId"]


def _emptied(made):
    """Removes what was made in the subnet for one call only."""
    for gateway in made.ec2.describe_nat_gateways(Filters=where(subnet_id=made.id("subnet")))["NatGateways"]:
        if gateway["State"] == "available":
            made.ec2.delete_nat_gateway(NatGatewayId=gateway["NatGatewayId"])
    here = where(subnet_id=made.id("subnet"), status="available")
    for interface in made.ec2.describe_network_interfaces(Filters=here)["NetworkInterfaces"]:
        if interface["NetworkInterfaceId"] != made.id("eni"):
            made.ec2.delete_network_interface(NetworkInterfaceId=interface["NetworkInterfaceId"])
    return {}


ARGUMENTS = {
    **gateway_arguments.ARGUMENTS,
    "AcceptVpcPeeringConnection": lambda made: {"VpcPeeringConnectionId": made.id("pcx")},
    "AssignIpv6Addresses": lambda made: {"Ipv6AddressCount": 1},
    "AssignPrivateIpAddresses": lambda made: {"PrivateIpAddresses": [SECONDARY]},
    "AssociateAddress": lambda made: {
        "AllocationId": made.id("eipalloc"), "NetworkInterfaceId": made.id("eni"),
    },
    "AssociateIamInstanceProfile": lambda made: {"IamInstanceProfile": {"Name": "name"}},
    "AssociateNatGatewayAddress": lambda made: {"AllocationIds": [_address(made)]},
    "AssociateRouteTable": lambda made: {"SubnetId": made.id("subnet")},
    "AssociateSecurityGroupVpc": lambda made: {"VpcId": _peer(made)},
    "AssociateSubnetCidrBlock": lambda made: {"Ipv6CidrBlock": _block(made)},
    "AssociateTrunkInterface": _trunk,
    "AssociateVpcCidrBlock": lambda made: {"CidrBlock": "10.1.0.0/16"},
    "AuthorizeSecurityGroupEgress": _egress,
    "AuthorizeSecurityGroupIngress": _permissions,
    "CreateCapacityReservation": lambda made: {"AvailabilityZone": "us-east-1a"},
    "CreateDefaultSubnet": _without_default_subnet,
    "CreateDefaultVpc": _without_default_vpc,
    "CreateDhcpOptions": lambda made: {
        "DhcpConfigurations": [{"Key": "domain-name", "Values": ["example.internal"]}],
    },
    "CreateFleet": _fleet,
    "CreateFlowLogs": lambda made: {
        "LogGroupName": "name", "DeliverLogsPermissionArn": "arn:aws:iam::123456789012:role/name", "TrafficType": "ALL",
    },
    "CreateLaunchTemplate": lambda made: {"LaunchTemplateData": {"InstanceType": "m5.large"}},
    "CreateLaunchTemplateVersion": lambda made: {
        "LaunchTemplateId": made.id("lt"), "LaunchTemplateData": {"InstanceType": "m5.xlarge"},
    },
    "CreateNatGateway": _nat_gateway,
    "CreateNetworkAclEntry": lambda made: ENTRY,
    "CreateNetworkInsightsPath": lambda made: {"Source": made.id("i"), "Destination": made.id("eni")},
    "CreateNetworkInterfacePermission": lambda made: {"AwsAccountId": "111122223333"},
    "CreatePlacementGroup": lambda made: {"GroupName": "name", "Strategy": "cluster"},
    "CreateRoute": lambda made: {**ROUTE, "NetworkInterfaceId": made.id("eni")},
    "CreateSecurityGroup": lambda made: {"VpcId": made.id("vpc")},
    "CreateSubnet": lambda made: {"CidrBlock": "10.0.1.0/24", "AvailabilityZone": "us-east-1a"},
    "CreateSubnetCidrReservation": lambda made: {"Cidr": "10.0.1.64/28"},
    "CreateTags": lambda made: {"Tags": [{"Key": "Name", "Value": "everything"}]},
    "CreateVpc": lambda made: {"CidrBlock": "10.0.0.0/16", "AmazonProvidedIpv6CidrBlock": True},
    "CreateVpcBlockPublicAccessExclusion": lambda made: {"VpcId": made.id("vpc")},
    "CreateVpcPeeringConnection": lambda made: {"PeerVpcId": _peer(made)},
    "DeleteDhcpOptions": _unused_options,
    "DeleteFleets": lambda made: {"TerminateInstances": False},
    "DeleteKeyPair": lambda made: {"KeyName": made["CreateKeyPair"]["KeyName"]},
    "DeleteLaunchTemplate": lambda made: {"LaunchTemplateId": made.id("lt")},
    "DeleteLaunchTemplateVersions": lambda made: {"LaunchTemplateId": made.id("lt"), "Versions": ["2"]},
    "DeleteNetworkInsightsAnalysis": lambda made: {
        "NetworkInsightsAnalysisId":
            made["StartNetworkInsightsAnalysis"]["NetworkInsightsAnalysis"]["NetworkInsightsAnalysisId"],
    },
    # With the path go its analyses.
    "DeleteNetworkInsightsPath": lambda made: {} if made["DeleteNetworkInsightsAnalysis"] else {},
    # With the interface goes its permission.
    "DeleteNetworkInterface": lambda made: {} if made["DeleteNetworkInterfacePermission"] else {},
    "DeletePlacementGroup": lambda made: {"GroupName": "name"},
    "DeleteRoute": lambda made: ROUTE,
    "DeleteSecurityGroup": _group,
    "DeleteSubnet": _emptied,
    "DeleteVolume": _volume_left,
    "DescribeSpotPriceHistory": lambda made: {
        "InstanceTypes": ["m5.large"], "StartTime": datetime.now(UTC) - timedelta(days=7), "EndTime": datetime.now(UTC),
    },
    "DescribeLaunchTemplateVersions": lambda made: {"LaunchTemplateId": made.id("lt")},
    "DescribeNetworkInterfaceAttribute": lambda made: {"Attribute": "description"},
    "DetachNetworkInterface": lambda made: {"AttachmentId": made["AttachNetworkInterface"]["AttachmentId"]},
    "DisassociateAddress": lambda made: {"AssociationId": made["AssociateAddress"]["AssociationId"]},
    "DisassociateIamInstanceProfile": lambda made: {
        "AssociationId": _profile(made, "ReplaceIamInstanceProfileAssociation"),
    },
    "DisassociateRouteTable": lambda made: {
        "AssociationId": made["ReplaceRouteTableAssociation"]["NewAssociationId"],
    },
    "DisassociateSecurityGroupVpc": lambda made: {"VpcId": _peer(made)},
    "DisassociateSubnetCidrBlock": lambda made: {
        "AssociationId": made["AssociateSubnetCidrBlock"]["Ipv6CidrBlockAssociation"]["AssociationId"],
    },
    "DisassociateTrunkInterface": lambda made: {
        "AssociationId": made["AssociateTrunkInterface"]["InterfaceAssociation"]["AssociationId"],
    },
    "DisassociateVpcCidrBlock": lambda made: {
        "AssociationId": made["AssociateVpcCidrBlock"]["CidrBlockAssociation"]["AssociationId"],
    },
    "ImportKeyPair": lambda made: {"KeyName": "imported", "PublicKeyMaterial": KEY},
    "ModifyAddressAttribute": lambda made: {"DomainName": "name.example.com"},
    "ModifyInstanceAttribute": lambda made: {"DisableApiTermination": {"Value": False}},
    "ModifyInstanceCapacityReservationAttributes": lambda made: {
        **_idle(made), "CapacityReservationSpecification": {"CapacityReservationPreference": "none"},
    },
    "ModifyInstancePlacement": _idle,
    "ModifyLaunchTemplate": lambda made: {"LaunchTemplateId": made.id("lt"), "DefaultVersion": "1"},
    "ModifyNetworkInterfaceAttribute": lambda made: {"Description": {"Value": "changed"}},
    "ModifySecurityGroupRules": lambda made: {
        "SecurityGroupRules": [{
            "SecurityGroupRuleId": made["AuthorizeSecurityGroupIngress"]["SecurityGroupRules"][0]["SecurityGroupRuleId"],
            "SecurityGroupRule": RULE,
        }],
    },
    "ModifySubnetAttribute": lambda made: {"MapPublicIpOnLaunch": {"Value": True}},
    "ModifyVpcAttribute": lambda made: {"EnableDnsHostnames": {"Value": True}},
    "ModifyVpcPeeringConnectionOptions": lambda made: {
        "RequesterPeeringConnectionOptions": {"AllowDnsResolutionFromRemoteVpc": False},
    },
    "RejectVpcPeeringConnection": _peering,
    "CreateImage": lambda made: {**_idle(made), "Name": "idle"},
    "DeregisterImage": lambda made: {"ImageId": made["RegisterImage"]["ImageId"]},
    "RegisterImage": lambda made: {
        "Name": "registered",
        "BlockDeviceMappings": [{"DeviceName": "/dev/sda1", "Ebs": {"SnapshotId": "snap-0123456789abcdef0"}}],
    },
    "ReleaseAddress": lambda made: {"AllocationId": made.id("eipalloc")},
    "ReplaceIamInstanceProfileAssociation": lambda made: {
        "IamInstanceProfile": {"Name": "other"}, "AssociationId": _profile(made, "AssociateIamInstanceProfile"),
    },
    "ReplaceNetworkAclAssociation": _default_acl,
    "ReplaceNetworkAclEntry": lambda made: ENTRY,
    "ReplaceRoute": lambda made: {**ROUTE, "NetworkInterfaceId": made.id("eni")},
    "ReplaceRouteTableAssociation": lambda made: {
        "AssociationId": made["AssociateRouteTable"]["AssociationId"],
    },
    # The instance to work with is not the one that this launches.
    "RequestSpotInstances": lambda made: {"LaunchSpecification": _launch(made)} if made.id("i") else {},
    "ResetInstanceAttribute": _idle,
    "ResetNetworkInterfaceAttribute": lambda made: {"SourceDestCheck": "true"},
    "RevokeSecurityGroupEgress": _egress,
    "RevokeSecurityGroupIngress": lambda made: _group(
        made, IpPermissions=[{**PERMISSIONS[0], "ToPort": 90}],
    ),
    "RunInstances": _launch_with_volume,
    "SearchTransitGatewayRoutes": lambda made: {"Filters": [{"Name": "type", "Values": ["static"]}]},
    "TerminateInstances": _all_instances,
    "UnassignIpv6Addresses": lambda made: {"Ipv6Addresses": made["AssignIpv6Addresses"]["AssignedIpv6Addresses"]},
    "UnassignPrivateIpAddresses": lambda made: {"PrivateIpAddresses": [SECONDARY]},
    "UpdateSecurityGroupRuleDescriptionsEgress": _egress,
    "UpdateSecurityGroupRuleDescriptionsIngress": lambda made: _group(
        made, IpPermissions=[{**PERMISSIONS[0], "ToPort": 90}],
    ),
}
