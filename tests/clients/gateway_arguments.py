"""What the actions of gateways, VPN connections, endpoints and endpoint services are called with."""

from common import tags, where

BALANCER = "arn:aws:elasticloadbalancing:us-east-1:111122223333:loadbalancer/net/name/0123456789abcdef"
TOPIC = "arn:aws:sns:us-east-1:111122223333:name"


def _attached_vpc(made):
    return made["CreateTransitGatewayVpcAttachment"]["TransitGatewayVpcAttachment"]["TransitGatewayAttachmentId"]


def _vpc_attachment(made, **more):
    return {"TransitGatewayAttachmentId": _attached_vpc(made), **more}


def _connect(made, **more):
    connect = made["CreateTransitGatewayConnect"]["TransitGatewayConnect"]
    return {"TransitGatewayAttachmentId": connect["TransitGatewayAttachmentId"], **more}


def _peer(made, name):
    """A transit gateway to peer with; made at most once."""
    found = made.ec2.describe_transit_gateways(Filters=where(**{"tag:Name": name}))["TransitGateways"]
    if not found:
        found = [made.ec2.create_transit_gateway(TagSpecifications=tags("transit-gateway", Name=name))["TransitGateway"]]
    peer = found[0]
    return {
        "PeerTransitGatewayId": peer["TransitGatewayId"], "PeerAccountId": peer["OwnerId"], "PeerRegion": "us-east-1",
    }


def _side(made, name):
    peering = made["CreateTransitGatewayPeeringAttachment"]["TransitGatewayPeeringAttachment"]
    return {"TransitGatewayAttachmentId": peering[name]}


def _peering_request(made):
    """The side asked of a peering that nobody has answered; made at most once."""
    peer = _peer(made, "unwanted")
    here = where(transit_gateway_id=peer["PeerTransitGatewayId"])
    found = made.ec2.describe_transit_gateway_peering_attachments(Filters=here)["TransitGatewayPeeringAttachments"]
    if not found:
        own = made["CreateTransitGateway"]["TransitGateway"]["TransitGatewayId"]
        asked = made.ec2.create_transit_gateway_peering_attachment(TransitGatewayId=own, **peer)
        found = [asked["TransitGatewayPeeringAttachment"]]
    return {"TransitGatewayAttachmentId": found[0]["AccepterTransitGatewayAttachmentId"]}


def _tunnel(made, **more):
    [tunnel, _] = made["CreateVpnConnection"]["VpnConnection"]["Options"]["TunnelOptions"]
    return {"VpnTunnelOutsideIpAddress": tunnel["OutsideIpAddress"], **more}


def _after(*earlier):
    """Nothing besides, but only after these have succeeded."""
    return lambda made: {} if all(made[action] for action in earlier) else {}


def _service(made):
    """The account's own service, where each connection waits for consent. Only after an interface was made."""
    made.id("eni")
    return {
        "ServiceName": made["CreateVpcEndpointServiceConfiguration"]["ServiceConfiguration"]["ServiceName"],
        "VpcEndpointType": "Interface",
        "SubnetIds": [made.id("subnet")],
    }


def _endpoint(made):
    return made["CreateVpcEndpoint"]["VpcEndpoint"]["VpcEndpointId"]


def _nat_address(made):
    """The address that the NAT gateway got besides its first one."""
    [gateway] = made.ec2.describe_nat_gateways(NatGatewayIds=[made.id("nat")])["NatGateways"]
    [other] = [it for it in gateway["NatGatewayAddresses"] if not it["IsPrimary"]]
    return {"AssociationIds": [other["AssociationId"]]}


def _private_gateway(made, **more):
    """A private NAT gateway; made at most once."""
    named = where(**{"tag:Name": "private", "state": ["pending", "available"]})
    found = made.ec2.describe_nat_gateways(Filters=named)["NatGateways"]
    if not found:
        new = {"ConnectivityType": "private", "TagSpecifications": tags("natgateway", Name="private")}
        found = [made.ec2.create_nat_gateway(SubnetId=made.id("subnet"), **new)["NatGateway"]]
    return {"NatGatewayId": found[0]["NatGatewayId"], **more}


def _private_address(made):
    """An address that the private NAT gateway got besides its first one."""
    [gateway] = made.ec2.describe_nat_gateways(NatGatewayIds=[_private_gateway(made)["NatGatewayId"]])["NatGateways"]
    [other] = [it["PrivateIp"] for it in gateway["NatGatewayAddresses"] if not it["IsPrimary"]]
    return _private_gateway(made, PrivateIpAddresses=[other])


ARGUMENTS = {
    "AcceptTransitGatewayPeeringAttachment": lambda made: _side(made, "AccepterTransitGatewayAttachmentId"),
    "AcceptVpcEndpointConnections": lambda made: {"VpcEndpointIds": [_endpoint(made)]},
    "AssignPrivateNatGatewayAddress": lambda made: _private_gateway(made, PrivateIpAddressCount=1),
    "AssociateTransitGatewayRouteTable": _vpc_attachment,
    "CreateCustomerGateway": lambda made: {"IpAddress": "198.51.100.7", "BgpAsn": 65010},
    # Without default tables, so that attachments can be associated by hand.
    "CreateTransitGateway": lambda made: {
        "Options": {
            "DefaultRouteTableAssociation": "disable",
            "DefaultRouteTablePropagation": "disable",
            "TransitGatewayCidrBlocks": ["10.99.0.0/24"],
        },
    },
    "CreateTransitGatewayConnect": lambda made: {"TransportTransitGatewayAttachmentId": _attached_vpc(made)},
    "CreateTransitGatewayConnectPeer": lambda made: _connect(made, InsideCidrBlocks=["169.254.6.0/29"]),
    "CreateTransitGatewayPeeringAttachment": lambda made: _peer(made, "peer"),
    "CreateTransitGatewayPrefixListReference": _vpc_attachment,
    "CreateTransitGatewayRoute": _vpc_attachment,
    "CreateVpcEndpoint": _service,
    "CreateVpcEndpointConnectionNotification": lambda made: {
        "ServiceId": made.id("vpce-svc"), "ConnectionNotificationArn": TOPIC, "ConnectionEvents": ["Accept"],
    },
    "CreateVpcEndpointServiceConfiguration": lambda made: {
        "NetworkLoadBalancerArns": [BALANCER], "AcceptanceRequired": True, "PrivateDnsName": "name.example.com",
    },
    "CreateVpnConnection": lambda made: {"VpnGatewayId": made.id("vgw"), "Options": {"StaticRoutesOnly": True}},
    "DeleteTransitGatewayConnect": _connect,
    "DeleteTransitGatewayPeeringAttachment": lambda made: _side(made, "TransitGatewayAttachmentId"),
    "DeleteTransitGatewayRouteTable": _after("DeleteTransitGatewayPrefixListReference", "DeleteTransitGatewayRoute"),
    "DeleteTransitGatewayVpcAttachment": _vpc_attachment,
    "DeleteVpnConnection": _after("DeleteVpnConnectionRoute"),
    "DisableTransitGatewayRouteTablePropagation": _vpc_attachment,
    "DisassociateNatGatewayAddress": _nat_address,
    "DisassociateTransitGatewayRouteTable": _vpc_attachment,
    "EnableTransitGatewayRouteTablePropagation": _vpc_attachment,
    "GetActiveVpnTunnelStatus": _tunnel,
    "GetTransitGatewayAttachmentPropagations": _vpc_attachment,
    "GetVpnTunnelReplacementStatus": _tunnel,
    "ModifyTransitGatewayPeeringAttachment": lambda made: _side(made, "TransitGatewayAttachmentId"),
    "ModifyTransitGatewayPrefixListReference": lambda made: {"Blackhole": True},
    "ModifyTransitGatewayVpcAttachment": _vpc_attachment,
    "ModifyVpcEndpoint": lambda made: {"VpcEndpointId": _endpoint(made), "AddSecurityGroupIds": [made.id("sg")]},
    "ModifyVpcEndpointConnectionNotification": lambda made: {"ConnectionEvents": ["Reject"]},
    "ModifyVpcEndpointServiceConfiguration": lambda made: {"AcceptanceRequired": True},
    "ModifyVpcEndpointServicePermissions": lambda made: {"AddAllowedPrincipals": ["arn:aws:iam::111122223333:root"]},
    "ModifyVpnConnection": lambda made: {"VpnGatewayId": made.id("vgw")},
    "ModifyVpnTunnelCertificate": _tunnel,
    "ModifyVpnTunnelOptions": lambda made: _tunnel(made, TunnelOptions={"StartupAction": "start"}),
    "RejectTransitGatewayPeeringAttachment": _peering_request,
    "RejectVpcEndpointConnections": lambda made: {"VpcEndpointIds": [_endpoint(made)]},
    "ReplaceTransitGatewayRoute": lambda made: {"Blackhole": True},
    "ReplaceVpnTunnel": _tunnel,
    "UnassignPrivateNatGatewayAddress": _private_address,
}
