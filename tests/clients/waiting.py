"""Waiters: all that boto3 has for actions that are here."""

import botocore.session
from botocore import xform_name
from botocore.exceptions import WaiterError
from common import actions, equal, image, make_group, where
from made import Made

ATTEMPTS = {"Delay": 1, "MaxAttempts": 30}


def _make(made, *names):
    """Calls actions one after the other; but not what was called before."""
    for name in names:
        if name not in made.replies:
            made.remember(name, getattr(made.ec2, xform_name(name))(**made.arguments(name)))


def _instance(made, change=None):
    """A new instance, and what is done to it."""
    _make(made, "CreateVpc", "CreateSubnet", "CreateNetworkInterface")
    [instance] = made.ec2.run_instances(**made.arguments("RunInstances"))["Instances"]
    ids = {"InstanceIds": [instance["InstanceId"]]}
    if change:
        made.ec2.get_waiter("instance_running").wait(**ids, WaiterConfig=ATTEMPTS)
        getattr(made.ec2, change)(**ids)
    return ids


def _made(kind, parameter, *names):
    """Waits for what these actions have made."""

    def done(made):
        _make(made, *names)
        return {parameter: [made.id(kind)]}

    return done


def _key_pair(made):
    _make(made, "CreateKeyPair")
    return {"KeyNames": [made["CreateKeyPair"]["KeyName"]]}


def _image(made):
    return {"ImageIds": [made.ec2.describe_images()["Images"][0]["ImageId"]]}


def _nat_gateway(made):
    _make(made, "CreateVpc", "CreateSubnet")
    reply = made.ec2.create_nat_gateway(SubnetId=made.id("subnet"), ConnectivityType="private")
    return {"NatGatewayIds": [reply["NatGateway"]["NatGatewayId"]]}


def _nat_gateway_going(made):
    ids = _nat_gateway(made)
    made.ec2.get_waiter("nat_gateway_available").wait(**ids, WaiterConfig=ATTEMPTS)
    made.ec2.delete_nat_gateway(NatGatewayId=ids["NatGatewayIds"][0])
    return ids


def _associated_group(made, name="associated"):
    """A group that another VPC uses as well."""
    _make(made, "CreateVpc")
    group = make_group(made.ec2, made.id("vpc"), name)
    made.ec2.associate_security_group_vpc(**{**made.arguments("AssociateSecurityGroupVpc"), "GroupId": group})
    return {"Filters": where(group_id=group)}


def _group_no_longer_associated(made):
    filters = _associated_group(made, "no-longer-associated")
    made.ec2.get_waiter("security_group_vpc_association_associated").wait(**filters, WaiterConfig=ATTEMPTS)
    [found] = made.ec2.describe_security_group_vpc_associations(**filters)["SecurityGroupVpcAssociations"]
    made.ec2.disassociate_security_group_vpc(GroupId=found["GroupId"], VpcId=found["VpcId"])
    return filters


def _spot_request(made):
    _instance(made)
    asked = made.ec2.request_spot_instances(LaunchSpecification={
        "ImageId": image(made.ec2), "InstanceType": "m5.large", "SubnetId": made.id("subnet"),
    })
    return {"SpotInstanceRequestIds": [it["SpotInstanceRequestId"] for it in asked["SpotInstanceRequests"]]}


def _vpn_connection(made):
    _make(made, "CreateCustomerGateway", "CreateVpnGateway", "CreateVpnConnection")
    return {"VpnConnectionIds": [made.id("vpn")]}


def _vpn_connection_going(made):
    ids = _vpn_connection(made)
    made.ec2.delete_vpn_connection(VpnConnectionId=made.id("vpn"))
    return ids


def _peering(made):
    _make(made, "CreateVpc", "CreateVpcPeeringConnection")
    return {"VpcPeeringConnectionIds": [made.id("pcx")]}


def _peering_going(made):
    ids = _peering(made)
    made.ec2.delete_vpc_peering_connection(VpcPeeringConnectionId=made.id("pcx"))
    return ids


# What is done before each waiter begins, and what it waits for.
BEFORE = {
    "CustomerGatewayAvailable": _made("cgw", "CustomerGatewayIds", "CreateCustomerGateway"),
    "ImageAvailable": _image,
    "ImageExists": _image,
    "InstanceExists": _instance,
    "InstanceRunning": _instance,
    "InstanceStatusOk": _instance,
    "InstanceStopped": lambda made: _instance(made, "stop_instances"),
    "InstanceTerminated": lambda made: _instance(made, "terminate_instances"),
    "InternetGatewayExists": _made("igw", "InternetGatewayIds", "CreateInternetGateway"),
    "KeyPairExists": _key_pair,
    "NatGatewayAvailable": _nat_gateway,
    "NatGatewayDeleted": _nat_gateway_going,
    "NetworkInterfaceAvailable": _made(
        "eni", "NetworkInterfaceIds", "CreateVpc", "CreateSubnet", "CreateNetworkInterface"
    ),
    "SecurityGroupExists": _made("sg", "GroupIds", "CreateVpc", "CreateSecurityGroup"),
    "SecurityGroupVpcAssociationAssociated": _associated_group,
    "SecurityGroupVpcAssociationDisassociated": _group_no_longer_associated,
    "SpotInstanceRequestFulfilled": _spot_request,
    "SubnetAvailable": _made("subnet", "SubnetIds", "CreateVpc", "CreateSubnet"),
    "SystemStatusOk": _instance,
    "VpcAvailable": _made("vpc", "VpcIds", "CreateVpc"),
    "VpcExists": _made("vpc", "VpcIds", "CreateVpc"),
    "VpcPeeringConnectionDeleted": _peering_going,
    "VpcPeeringConnectionExists": _peering,
    "VpnConnectionAvailable": _vpn_connection,
    "VpnConnectionDeleted": _vpn_connection_going,
}


def every_waiter(ec2):
    model = botocore.session.get_session().get_waiter_model("ec2")
    here = set(actions())
    made = Made(ec2)
    for name in (it for it in model.waiter_names if model.get_waiter(it).operation in here):
        if name not in BEFORE:
            print("not tried:", name)
            continue
        arguments = BEFORE[name](made)
        ec2.get_waiter(xform_name(name)).wait(**arguments, WaiterConfig=ATTEMPTS)


def no_password_without_windows(ec2):
    made = Made(ec2)
    [instance] = _instance(made)["InstanceIds"]
    try:
        ec2.get_waiter("password_data_available").wait(InstanceId=instance, WaiterConfig={"Delay": 0, "MaxAttempts": 2})
    except WaiterError as error:
        equal(error.last_response["PasswordData"], "")
    else:
        raise AssertionError("there is a password")
