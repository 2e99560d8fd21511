"""Regions, zones, and who calls."""

import boto3
from common import equal, refused, where


def caller_identity(_ec2):
    answer = boto3.client("sts").get_caller_identity()
    equal(answer["Account"], "123456789012")
    assert answer["Arn"].startswith("arn:aws:"), answer["Arn"]
    assert answer["UserId"]


def assumed_role(_ec2):
    role = "arn:aws:iam::123456789012:role/node"
    answer = boto3.client("sts").assume_role(RoleArn=role, RoleSessionName="test")
    equal(answer["AssumedRoleUser"]["Arn"], "arn:aws:sts::123456789012:assumed-role/node/test")
    assert answer["Credentials"]["SessionToken"]


def regions(ec2):
    names = [region["RegionName"] for region in ec2.describe_regions()["Regions"]]
    assert {"us-east-1", "eu-west-1"} <= set(names), names


def zones_of_the_region(ec2):
    zones = ec2.describe_availability_zones(Filters=where(state="available"))["AvailabilityZones"]
    assert all(zone["RegionName"] == "us-east-1" for zone in zones)
    names = [zone["ZoneName"] for zone in zones]
    assert "us-east-1a" in names, names
    equal(len({zone["ZoneId"] for zone in zones}), len(names))


def regions_do_not_share(ec2):
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    other = boto3.client("ec2", region_name="eu-west-1")
    with refused("InvalidVpcID.NotFound", saying=vpc):
        other.describe_vpcs(VpcIds=[vpc])
    [default] = other.describe_vpcs(Filters=where(is_default="true"))["Vpcs"]
    assert default["VpcId"] != ec2.describe_vpcs(Filters=where(is_default="true"))["Vpcs"][0]["VpcId"]


def limits_of_instance_types(ec2):
    types = ["t3.large", "m5.large"]
    found = {it["InstanceType"]: it["NetworkInfo"] for it in _types(ec2, types)}
    equal(sorted(found), sorted(types))
    equal(found["t3.large"]["MaximumNetworkInterfaces"], 3)
    equal(found["t3.large"]["Ipv4AddressesPerInterface"], 12)
    equal(found["m5.large"]["MaximumNetworkInterfaces"], 3)
    equal(found["m5.large"]["Ipv4AddressesPerInterface"], 10)


def _types(ec2, names):
    return ec2.describe_instance_types(InstanceTypes=names)["InstanceTypes"]


def all_instance_types_page_by_page(ec2):
    pages = list(ec2.get_paginator("describe_instance_types").paginate(PaginationConfig={"PageSize": 100}))
    assert len(pages) > 3, len(pages)
    assert "NextToken" not in pages[-1]
    names = [it["InstanceType"] for page in pages for it in page["InstanceTypes"]]
    equal(len(names), len(set(names)))
    assert len(names) > 600, len(names)


def unknown_instance_type(ec2):
    with refused("InvalidInstanceType", saying="x9.huge"):
        _types(ec2, ["x9.huge"])
