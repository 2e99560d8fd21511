"""What the checks share."""

import os
from contextlib import contextmanager

from botocore.exceptions import ClientError
from walk import Endpoint


def equal(found, expected):
    assert found == expected, f"found {found!r}, expected {expected!r}"


@contextmanager
def refused(code, status=400, saying=""):
    """The calls below end with this error code."""
    try:
        yield
    except ClientError as error:
        equal(error.response["Error"]["Code"], code)
        equal(error.response["ResponseMetadata"]["HTTPStatusCode"], status)
        assert saying in error.response["Error"]["Message"], error.response["Error"]["Message"]
        assert error.response["ResponseMetadata"]["RequestId"]
    else:
        raise AssertionError(f"accepted, expected {code}")


def tags(kind, **values):
    pairs = [{"Key": key, "Value": value} for key, value in values.items()]
    return [{"ResourceType": kind, "Tags": pairs}]


def where(**filters):
    """Filters; `_` stands for `-`, and `__` for `.`."""
    named = {name.replace("__", ".").replace("_", "-"): value for name, value in filters.items()}
    return [{"Name": name, "Values": value if isinstance(value, list) else [value]} for name, value in named.items()]


def make_vpc(ec2, cidr="10.0.0.0/16"):
    vpc = ec2.create_vpc(CidrBlock=cidr)["Vpc"]["VpcId"]
    ec2.get_waiter("vpc_available").wait(VpcIds=[vpc])
    return vpc


def make_subnet(ec2, vpc, cidr="10.0.1.0/24", zone="us-east-1a"):
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock=cidr, AvailabilityZone=zone)["Subnet"]["SubnetId"]
    ec2.get_waiter("subnet_available").wait(SubnetIds=[subnet])
    return subnet


def make_network(ec2):
    vpc = make_vpc(ec2)
    return vpc, make_subnet(ec2, vpc)


def make_group(ec2, vpc, name):
    return ec2.create_security_group(VpcId=vpc, GroupName=name, Description=name)["GroupId"]


def image(ec2):
    images = ec2.describe_images(Owners=["amazon"], Filters=where(architecture="x86_64"))["Images"]
    return images[0]["ImageId"]


def launch(ec2, subnet, kind="m5.large", count=1, **more):
    """Running instances."""
    answer = ec2.run_instances(
        ImageId=image(ec2), InstanceType=kind, MinCount=count, MaxCount=count, SubnetId=subnet, **more
    )
    ids = [instance["InstanceId"] for instance in answer["Instances"]]
    ec2.get_waiter("instance_running").wait(InstanceIds=ids, WaiterConfig={"Delay": 1})
    return [find_instance(ec2, it) for it in ids]


def find_instance(ec2, instance):
    [reservation] = ec2.describe_instances(InstanceIds=[instance])["Reservations"]
    [found] = reservation["Instances"]
    return found


def find_interface(ec2, interface):
    [found] = ec2.describe_network_interfaces(NetworkInterfaceIds=[interface])["NetworkInterfaces"]
    return found


# Families of other services than EC2.
OTHER_SERVICES = ("auto_scaling", "sts")


def actions():
    """EC2's actions that are here, those apart whose answer is always that there is none."""
    told = Endpoint(os.environ["AWS_ENDPOINT_URL"]).actions()
    skipped = {*OTHER_SERVICES, *told["noneHere"]}
    families = {name: names for name, names in told["families"].items() if name not in skipped}
    return sorted(name for names in families.values() for name in names)
