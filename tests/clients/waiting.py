"""Waiters: all that boto3 has for actions that are here."""

import botocore.session
from botocore import xform_name
from common import actions
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


def _peering(made):
    _make(made, "CreateVpc", "CreateVpcPeeringConnection")
    return {"VpcPeeringConnectionIds": [made.id("pcx")]}


def _peering_going(made):
    ids = _peering(made)
    made.ec2.delete_vpc_peering_connection(VpcPeeringConnectionId=made.id("pcx"))
    return ids


# What is done before each waiter begins, and what it waits for.
BEFORE = {
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
    "SubnetAvailable": _made("subnet", "SubnetIds", "CreateVpc", "CreateSubnet"),
    "SystemStatusOk": _instance,
    "VpcAvailable": _made("vpc", "VpcIds", "CreateVpc"),
    "VpcExists": _made("vpc", "VpcIds", "CreateVpc"),
    "VpcPeeringConnectionDeleted": _peering_going,
    "VpcPeeringConnectionExists": _peering,
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
