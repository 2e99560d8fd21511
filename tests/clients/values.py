"""Values that fit request parameters: what a caller could well give, from the names and types in the model."""

import base64
import re

# By the end of a member's name, in lower case and without a plural's s; the first that fits counts.
BY_NAME = [
    ("vpcendpointconnectionnotificationid", "vpce-nfn-0123456789abcdef0"),
    ("connectionnotificationid", "vpce-nfn-0123456789abcdef0"),
    ("vpcendpointid", "vpce-0123456789abcdef0"),
    ("serviceid", "vpce-svc-0123456789abcdef0"),
    ("vpcpeeringconnectionid", "pcx-0123456789abcdef0"),
    ("spotinstancerequestid", "sir-0123456789abcdef0"),
    ("fleetid", "fleet-01234567-89ab-cdef-0123-456789abcdef"),
    ("vpnconnectiondevicetypeid", "9d9470de"),
    ("vpnconnectionid", "vpn-0123456789abcdef0"),
    ("vpcid", "vpc-0123456789abcdef0"),
    ("subnetcidrreservationid", "scr-0123456789abcdef0"),
    ("subnetid", "subnet-0123456789abcdef0"),
    ("networkinterfacepermissionid", "eni-perm-0123456789abcdef0"),
    ("networkinterfaceid", "eni-0123456789abcdef0"),
    ("branchinterfaceid", "eni-0123456789abcdef0"),
    ("trunkinterfaceid", "eni-0123456789abcdef1"),
    ("transitgatewayattachmentid", "tgw-attach-0123456789abcdef0"),
    ("transitgatewayconnectpeerid", "tgw-connect-peer-0123456789abcdef0"),
    ("transitgatewayroutetableid", "tgw-rtb-0123456789abcdef0"),
    ("transitgatewayid", "tgw-0123456789abcdef0"),
    ("attachmentid", "eni-attach-0123456789abcdef0"),
    ("securitygroupruleid", "sgr-0123456789abcdef0"),
    ("securitygroupid", "sg-0123456789abcdef0"),
    ("referencedgroupid", "sg-0123456789abcdef0"),
    ("groupid", "sg-0123456789abcdef0"),
    ("securitygroup", "sg-0123456789abcdef0"),
    ("routetableid", "rtb-0123456789abcdef0"),
    ("egressonlyinternetgatewayid", "eigw-0123456789abcdef0"),
    ("exclusionid", "vpcbpa-exclude-0123456789abcdef0"),
    ("carriergatewayid", "cagw-0123456789abcdef0"),
    ("localgatewayid", "lgw-0123456789abcdef0"),
    ("internetgatewayid", "igw-0123456789abcdef0"),
    ("natgatewayid", "nat-0123456789abcdef0"),
    ("customergatewayid", "cgw-0123456789abcdef0"),
    ("vpngatewayid", "vgw-0123456789abcdef0"),
    ("gatewayid", "igw-0123456789abcdef0"),
    ("networkaclid", "acl-0123456789abcdef0"),
    ("dhcpoptionsid", "dopt-0123456789abcdef0"),
    ("allocationid", "eipalloc-0123456789abcdef0"),
    ("prefixlistid", "pl-0123456789abcdef0"),
    ("flowlogid", "fl-0123456789abcdef0"),
    ("launchtemplateid", "lt-0123456789abcdef0"),
    ("placementgroupid", "pg-0123456789abcdef0"),
    ("capacityreservationid", "cr-0123456789abcdef0"),
    ("volumeid", "vol-0123456789abcdef0"),
    ("snapshotid", "snap-0123456789abcdef0"),
    ("reservationid", "r-0123456789abcdef0"),
    ("instanceid", "i-0123456789abcdef0"),
    ("imageid", "ami-0123456789abcdef0"),
    ("keypairid", "key-0123456789abcdef0"),
    ("networkinsightspathid", "nip-0123456789abcdef0"),
    ("networkinsightsanalysisid", "nia-0123456789abcdef0"),
    ("ipamid", "ipam-0123456789abcdef0"),
    ("ownerid", "111122223333"),
    ("accountid", "111122223333"),
    ("userid", "111122223333"),
    ("owner", "111122223333"),
    ("availabilityzoneid", "use1-az1"),
    ("availabilityzone", "us-east-1a"),
    ("zonename", "us-east-1a"),
    ("zoneid", "use1-az1"),
    ("region", "us-east-1"),
    ("regionname", "us-east-1"),
    ("networkbordergroup", "us-east-1"),
    ("destinationipv6cidrblock", "2001:db8:1::/56"),
    ("ipv6cidrblock", "2001:db8:1::/56"),
    ("cidripv6", "2001:db8::/32"),
    ("ipv6cidr", "2001:db8::/32"),
    ("ipv6networkcidr", "2001:db8::/32"),
    ("ipv6prefix", "2001:db8:0:1::/80"),
    ("ipv4prefix", "10.0.1.16/28"),
    ("subnetcidr", "10.0.1.0/24"),
    ("cidrblock", "10.0.0.0/16"),
    ("cidripv4", "10.0.0.0/16"),
    ("cidrip", "10.0.0.0/16"),
    ("cidr", "10.0.0.0/16"),
    ("ipv6address", "2001:db8::10"),
    ("customeripv4address", "10.0.1.10"),
    ("privateipaddress", "10.0.1.10"),
    ("privatedualstackdnsname", "name"),
    ("publicip", "203.0.113.10"),
    ("policydocument", '{"Statement": []}'),
    ("supportedipaddresstype", "ipv4"),
    ("ipaddress", "10.0.1.10"),
    ("ipv4", "10.0.1.10"),
    ("ipv6", "2001:db8::10"),
    ("address", "10.0.1.10"),
    ("sourceip", "10.0.1.10"),
    ("destinationip", "10.0.1.11"),
    ("ipprotocol", "tcp"),
    ("protocol", "6"),
    ("instancetype", "m5.large"),
    ("resourceid", "vpc-0123456789abcdef0"),
    ("resource", "vpc-0123456789abcdef0"),
    ("id", "eni-0123456789abcdef0"),
    ("arn", "arn:aws:iam::111122223333:role/name"),
    ("clienttoken", "token-1"),
    # Only an endpoint's own tokens are good; an empty one asks for the first page.
    ("nexttoken", ""),
]

_POLICY = '{"Version": "2012-10-17", "Statement": []}'

# By the action and the parameter's path, without the numbers in it.
BY_PLACE = {
    ("UpdateAutoScalingGroup", "LaunchTemplate.Version"): "$Latest",
    ("UpdateAutoScalingGroup", "VPCZoneIdentifier"): "subnet-0123456789abcdef0",
    ("AllocateAddress", "PublicIpv4Pool"): "amazon",
    ("AssignIpv6Addresses", "Ipv6Addresses"): "2001:db8::10",
    ("AssignIpv6Addresses", "Ipv6Prefix"): "2001:db8:0:1::/80",
    ("AssignPrivateIpAddresses", "Ipv4Prefix"): "10.0.1.16/28",
    ("CreateCustomerGateway", "BgpAsnExtended"): "4200000000",
    ("CreateFlowLogs", "LogDestination"): "arn:aws:logs:us-east-1:111122223333:log-group:name",
    ("CreateFlowLogs", "LogFormat"): "${version} ${srcaddr}",
    ("CreateFlowLogs", "MaxAggregationInterval"): "60",
    ("CreateLaunchTemplateVersion", "SourceVersion"): "1",
    ("CreateManagedPrefixList", "AddressFamily"): "IPv4",
    ("CreatePlacementGroup", "ParentGroupId"): "pg-0123456789abcdef0",
    ("CreateVpcEndpoint", "PolicyDocument"): _POLICY,
    ("CreateVpcEndpointServiceConfiguration", "SupportedIpAddressType"): "ipv4",
    ("CreateVpnConnection", "Options.LocalIpv6NetworkCidr"): "::/0",
    ("CreateVpnConnection", "Options.OutsideIpAddressType"): "PublicIpv4",
    ("CreateVpnConnection", "Options.RemoteIpv6NetworkCidr"): "::/0",
    ("CreateVpnConnection", "Options.TunnelOptions.TunnelInsideIpv6Cidr"): "fd00::/126",
    ("CreateVpnConnection", "PreSharedKeyStorage"): "Standard",
    ("CreateVpnConnection", "Type"): "ipsec.1",
    ("DeleteLaunchTemplateVersions", "LaunchTemplateVersion"): "1",
    ("DescribeIamInstanceProfileAssociations", "AssociationId"): "iip-assoc-0123456789abcdef0",
    ("DescribeIdFormat", "Resource"): "vpc",
    ("DescribeIdentityIdFormat", "Resource"): "vpc",
    ("DescribeImages", "ExecutableBy"): "self",
    ("DescribeLaunchTemplateVersions", "LaunchTemplateVersion"): "$Latest",
    ("DescribeLaunchTemplateVersions", "MaxVersion"): "1",
    ("DescribeLaunchTemplateVersions", "MinVersion"): "1",
    ("DescribePlacementGroups", "GroupId"): "pg-0123456789abcdef0",
    ("DescribeTrunkInterfaceAssociations", "AssociationId"): "trunk-assoc-0123456789abcdef0",
    ("DisableVgwRoutePropagation", "GatewayId"): "vgw-0123456789abcdef0",
    ("DisassociateAddress", "AssociationId"): "eipassoc-0123456789abcdef0",
    ("DisassociateIamInstanceProfile", "AssociationId"): "iip-assoc-0123456789abcdef0",
    ("DisassociateNatGatewayAddress", "AssociationId"): "eipassoc-0123456789abcdef0",
    ("DisassociateRouteTable", "AssociationId"): "rtbassoc-0123456789abcdef0",
    ("DisassociateSubnetCidrBlock", "AssociationId"): "subnet-cidr-assoc-0123456789abcdef0",
    ("DisassociateTrunkInterface", "AssociationId"): "trunk-assoc-0123456789abcdef0",
    ("DisassociateVpcCidrBlock", "AssociationId"): "vpc-cidr-assoc-0123456789abcdef0",
    ("EnableVgwRoutePropagation", "GatewayId"): "vgw-0123456789abcdef0",
    ("GetVpnConnectionDeviceSampleConfiguration", "InternetKeyExchangeVersion"): "ikev2",
    ("GetVpnConnectionDeviceSampleConfiguration", "SampleType"): "recommended",
    ("ImportKeyPair", "PublicKeyMaterial"): base64.b64encode(
        b"ssh-ed25519 " + base64.b64encode(b"\0\0\0\x0bssh-ed25519\0\0\0 " + bytes(32))
    ).decode(),
    ("ModifyInstanceAttribute", "EnaSupport.Value"): "true",
    ("ModifyInstanceAttribute", "InstanceInitiatedShutdownBehavior.Value"): "stop",
    ("ModifyInstanceAttribute", "SriovNetSupport.Value"): "simple",
    ("ModifyAvailabilityZoneGroup", "GroupName"): "us-east-1-bos-1",
    ("ModifyAvailabilityZoneGroup", "OptInStatus"): "opted-in",
    ("ModifyDefaultCreditSpecification", "CpuCredits"): "unlimited",
    ("ModifyInstanceCreditSpecification", "InstanceCreditSpecification.CpuCredits"): "unlimited",
    ("ModifyLaunchTemplate", "SetDefaultVersion"): "1",
    ("ModifyTransitGateway", "Options.AssociationDefaultRouteTableId"): "tgw-rtb-0123456789abcdef0",
    ("ModifyTransitGateway", "Options.PropagationDefaultRouteTableId"): "tgw-rtb-0123456789abcdef0",
    ("ModifyVpcEndpoint", "PolicyDocument"): _POLICY,
    ("ModifyVpcEndpointServiceConfiguration", "AddSupportedIpAddressType"): "ipv4",
    ("ModifyVpcEndpointServiceConfiguration", "RemoveSupportedIpAddressType"): "ipv4",
    ("ModifyVpnConnectionOptions", "LocalIpv6NetworkCidr"): "::/0",
    ("ModifyVpnConnectionOptions", "RemoteIpv6NetworkCidr"): "::/0",
    ("ModifyVpnTunnelOptions", "PreSharedKeyStorage"): "Standard",
    ("ModifyVpnTunnelOptions", "TunnelOptions.TunnelInsideIpv6Cidr"): "fd00::/126",
    ("RegisterImage", "SriovNetSupport"): "simple",
    ("ReplaceIamInstanceProfileAssociation", "AssociationId"): "iip-assoc-0123456789abcdef0",
    ("ReplaceNetworkAclAssociation", "AssociationId"): "aclassoc-0123456789abcdef0",
    ("ReplaceRouteTableAssociation", "AssociationId"): "rtbassoc-0123456789abcdef0",
    ("RequestSpotInstances", "LaunchSpecification.NetworkInterface.InterfaceType"): "interface",
    ("RequestSpotInstances", "SpotPrice"): "0.1",
    ("ResetInstanceAttribute", "Attribute"): "sourceDestCheck",
    ("RunInstances", "InstanceMarketOptions.SpotOptions.MaxPrice"): "0.1",
    ("RunInstances", "LaunchTemplate.Version"): "1",
    ("RunInstances", "NetworkInterface.InterfaceType"): "interface",
    ("RunInstances", "Placement.GroupId"): "pg-0123456789abcdef0",
    ("UnassignIpv6Addresses", "Ipv6Addresses"): "2001:db8::10",
    ("UnassignIpv6Addresses", "Ipv6Prefix"): "2001:db8:0:1::/80",
    ("UnassignPrivateIpAddresses", "Ipv4Prefix"): "10.0.1.16/28",
}

_PERMISSION = {
    "GroupId": "sg-0123456789abcdef0",
    "IpPermissions.1.IpProtocol": "tcp",
    "IpPermissions.1.FromPort": "80",
    "IpPermissions.1.ToPort": "80",
    "IpPermissions.1.IpRanges.1.CidrIp": "10.0.0.0/16",
}
_PLAIN_PERMISSION = {
    "GroupId": "sg-0123456789abcdef0",
    "IpProtocol": "tcp",
    "FromPort": "80",
    "ToPort": "80",
    "CidrIp": "10.0.0.0/16",
}
_TEMPLATE = "lt-0123456789abcdef0"
_ROUTE = {
    "RouteTableId": "rtb-0123456789abcdef0",
    "DestinationCidrBlock": "10.0.0.0/16",
    "GatewayId": "igw-0123456789abcdef0",
}

# Parameters that only make sense together: what an action is tried with when it refuses one alone.
TOGETHER = {
    "CreateCapacityReservation": [{"EndDateType": "limited"}],
    "CreateLaunchTemplateVersion": [{"LaunchTemplateId": _TEMPLATE, "LaunchTemplateData.InstanceType": "m5.large"}],
    "CreatePlacementGroup": [{"GroupName": "text", "Strategy": "partition"}],
    "DeleteLaunchTemplate": [{"LaunchTemplateId": _TEMPLATE}],
    "DeleteLaunchTemplateVersions": [{"LaunchTemplateId": _TEMPLATE}],
    "DescribeLaunchTemplateVersions": [
        {"LaunchTemplateId": _TEMPLATE},
        {"LaunchTemplateId": _TEMPLATE, "Filter.1.Name": "text", "Filter.1.Value.1": "text"},
    ],
    "ModifyCapacityReservation": [{"EndDateType": "limited"}],
    "ModifyLaunchTemplate": [{"LaunchTemplateId": _TEMPLATE}],
    "UpdateAutoScalingGroup": [{"LaunchTemplate.LaunchTemplateId": _TEMPLATE}],
    "RequestSpotInstances": [
        {"LaunchSpecification.ImageId": "ami-0123456789abcdef0", "LaunchSpecification.InstanceType": "m5.large"}
    ],
    "AssociateVpcCidrBlock": [{"AmazonProvidedIpv6CidrBlock": "true"}],
    "CreateFlowLogs": [
        {"LogGroupName": "text", "DeliverLogsPermissionArn": "arn:aws:iam::111122223333:role/name"},
        {"DeliverLogsPermissionArn": "arn:aws:iam::111122223333:role/name"},
        {"LogDestinationType": "s3", "LogDestination": "arn:aws:s3:::bucket"},
    ],
    "AuthorizeSecurityGroupEgress": [_PERMISSION, _PLAIN_PERMISSION],
    "AuthorizeSecurityGroupIngress": [_PERMISSION, _PLAIN_PERMISSION],
    "CreateRoute": [_ROUTE, {key: _ROUTE[key] for key in ("RouteTableId", "DestinationCidrBlock")}],
    "ModifyInstanceAttribute": [{"DisableApiStop.Value": "false"}, {"Attribute": "disableApiStop", "Value": "false"}],
    "ModifySecurityGroupRules": [
        {
            "SecurityGroupRule.1.SecurityGroupRule.IpProtocol": "tcp",
            "SecurityGroupRule.1.SecurityGroupRule.FromPort": "80",
            "SecurityGroupRule.1.SecurityGroupRule.ToPort": "80",
            "SecurityGroupRule.1.SecurityGroupRule.CidrIpv4": "10.0.0.0/16",
        }
    ],
    "ReleaseAddress": [{"AllocationId": "eipalloc-0123456789abcdef0"}],
    "ReplaceRoute": [_ROUTE, {key: _ROUTE[key] for key in ("RouteTableId", "DestinationCidrBlock")}],
    "RevokeSecurityGroupEgress": [_PERMISSION, _PLAIN_PERMISSION],
    "RevokeSecurityGroupIngress": [_PERMISSION, _PLAIN_PERMISSION],
    "RunInstances": [
        {"Placement.Tenancy": "host"},
        {"Placement.GroupName": "text"},
        {"LaunchTemplate.LaunchTemplateId": _TEMPLATE},
        {"InstanceMarketOptions.MarketType": "spot"},
        {
            "InstanceMarketOptions.MarketType": "spot",
            "InstanceMarketOptions.SpotOptions.SpotInstanceType": "persistent",
            "InstanceMarketOptions.SpotOptions.InstanceInterruptionBehavior": "stop",
        },
    ],
    "SearchTransitGatewayRoutes": [{"Filter.1.Name": "type", "Filter.1.Value.1": "static"}],
    "UpdateSecurityGroupRuleDescriptionsEgress": [_PERMISSION],
    "UpdateSecurityGroupRuleDescriptionsIngress": [_PERMISSION],
}


# Parameters that EC2 itself refuses wherever they make sense, and why the emulator does as well.
REFUSED = {
    ("DisableTransitGatewayRouteTablePropagation", "TransitGatewayRouteTableAnnouncementId"): "there is never one here",
    ("EnableTransitGatewayRouteTablePropagation", "TransitGatewayRouteTableAnnouncementId"): "there is never one here",
    ("CreateTransitGatewayPeeringAttachment", "Options.MultipathResilienceMode"): "only between regions",
    ("ModifyTransitGatewayPeeringAttachment", "Options.MultipathResilienceMode"): "only between regions",
    ("DescribePublicIpv4Pools", "PoolId.1"): "an account here never has a pool, so none can be named",
    ("AssociateTrunkInterface", "GreKey"): "only AWS's own services tunnel branches in GRE",
    ("RunInstances", "Placement.Affinity"): "only for dedicated hosts, which are not here",
    ("ReleaseAddress", "PublicIp"): "for EC2-Classic, which is gone; an address in a VPC goes by its allocation",
}

# The same in every action.
TOGETHER_ANYWHERE = [
    {"Filter.1.Name": "text", "Filter.1.Value.1": "text"},
    {"Filters.member.1.Name": "text", "Filters.member.1.Values.member.1": "text"},
]


def together(action, path):
    """What else to try a parameter with."""
    anywhere = [texts for texts in TOGETHER_ANYWHERE if path in texts]
    return [{}, *TOGETHER.get(action, ()), *anywhere]


def of(action, path, member, shape):
    """A text for a scalar parameter; `member` is its name in the model, or that of the list it is in."""
    plain = re.sub(r"\.\d+", "", path)
    if (action, plain) in BY_PLACE:
        return BY_PLACE[action, plain]
    if shape.type_name == "boolean":
        return "false"
    if member == "MaxResults":
        # The model knows the least where there is a rule of the action's own.
        return str(max(5, int(shape.metadata.get("min", 1))))
    if shape.type_name in ("integer", "long", "float", "double"):
        return str(max(1, int(shape.metadata.get("min", 1))))
    if shape.type_name == "timestamp":
        return "2026-01-02T03:04:05Z"
    if shape.type_name == "blob":
        return "dGV4dA=="
    enum = getattr(shape, "enum", None)
    if enum:
        return enum[0]
    names = [name for text in (member, shape.name) for name in (text.lower(), _singular(text.lower()))]
    for name in names:
        for ending, value in BY_NAME:
            if name.endswith(ending):
                return value
    return "text"


def _singular(name):
    return name.removesuffix("es") if name.endswith("ses") else name.removesuffix("s")
