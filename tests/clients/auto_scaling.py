"""Auto Scaling groups that the emulator was told of."""

import json
import os
import urllib.request

import boto3
from common import equal, find_instance, image, launch, make_network, refused, where


def _tell(name, **group):
    """Tells of a group, as a harness does."""
    url = f"{os.environ['AWS_ENDPOINT_URL']}/_vpcbox/auto-scaling-groups/{name}"
    request = urllib.request.Request(url, json.dumps(group).encode(), method="PUT")
    with urllib.request.urlopen(request) as reply:
        return json.load(reply)


def _find(client, name):
    [found] = client.describe_auto_scaling_groups(AutoScalingGroupNames=[name])["AutoScalingGroups"]
    return found


def _group(ec2, **more):
    """A group that launches."""
    _, subnet = make_network(ec2)
    data = {"ImageId": image(ec2), "InstanceType": "m5.large"}
    template = ec2.create_launch_template(LaunchTemplateName="worker", LaunchTemplateData=data)
    told = {"template": template["LaunchTemplate"]["LaunchTemplateId"], "version": "$Latest"}
    _tell("workers", launchTemplate=told, subnetIds=[subnet], **more)
    return boto3.client("autoscaling"), subnet


def instances_as_a_scaler_wants_them(ec2):
    client, subnet = _group(ec2, minSize=0, maxSize=3, desiredCapacity=1, tags={"k8s.io/cluster/one": "owned"})
    filters = where(tag_key="k8s.io/cluster/one")
    [group] = client.describe_auto_scaling_groups(Filters=filters)["AutoScalingGroups"]
    equal((group["MinSize"], group["MaxSize"], group["DesiredCapacity"]), (0, 3, 1))
    client.set_desired_capacity(AutoScalingGroupName="workers", DesiredCapacity=2, HonorCooldown=False)
    instances = [it["InstanceId"] for it in _find(client, "workers")["Instances"]]
    equal(len(instances), 2)
    ec2.get_waiter("instance_running").wait(InstanceIds=instances, WaiterConfig={"Delay": 1})
    found = find_instance(ec2, instances[0])
    equal(found["SubnetId"], subnet)
    assert {"Key": "k8s.io/cluster/one", "Value": "owned"} in found["Tags"], found["Tags"]
    reply = client.terminate_instance_in_auto_scaling_group(
        InstanceId=instances[0], ShouldDecrementDesiredCapacity=True
    )
    equal(reply["Activity"]["AutoScalingGroupName"], "workers")
    ec2.get_waiter("instance_terminated").wait(InstanceIds=instances[:1], WaiterConfig={"Delay": 1})
    group = _find(client, "workers")
    equal(([it["InstanceId"] for it in group["Instances"]], group["DesiredCapacity"]), (instances[1:], 1))
    activities = client.describe_scaling_activities(AutoScalingGroupName="workers")["Activities"]
    equal([it["Description"].split()[0] for it in activities], ["Terminating", "Launching", "Launching"])


def a_group_of_instances_made_elsewhere(ec2):
    _, subnet = make_network(ec2)
    [instance] = launch(ec2, subnet)
    told = _tell("nodes", maxSize=5, instances=[instance["InstanceId"]], subnetIds=[subnet])
    equal(told["desiredCapacity"], 1)
    client = boto3.client("autoscaling")
    client.update_auto_scaling_group(AutoScalingGroupName="nodes", DesiredCapacity=3, MinSize=1)
    group = _find(client, "nodes")
    equal((group["MinSize"], group["DesiredCapacity"]), (1, 3))
    [member] = group["Instances"]
    equal((member["LifecycleState"], member["HealthStatus"]), ("InService", "Healthy"))
    [member] = client.describe_auto_scaling_instances(InstanceIds=[instance["InstanceId"]])["AutoScalingInstances"]
    equal((member["AutoScalingGroupName"], member["AvailabilityZone"]), ("nodes", "us-east-1a"))


def pages_of_groups(_ec2):
    names = [f"group-{number}" for number in range(7)]
    for name in names:
        _tell(name, maxSize=2)
    client = boto3.client("autoscaling")
    pages = list(client.get_paginator("describe_auto_scaling_groups").paginate(PaginationConfig={"PageSize": 3}))
    equal([len(page["AutoScalingGroups"]) for page in pages], [3, 3, 1])
    equal([group["AutoScalingGroupName"] for page in pages for group in page["AutoScalingGroups"]], names)


def capacities_that_cannot_be(ec2):
    client, _ = _group(ec2, minSize=1, maxSize=3, desiredCapacity=1)
    with refused("ValidationError", saying="above max value 3"):
        client.set_desired_capacity(AutoScalingGroupName="workers", DesiredCapacity=4)
    with refused("ValidationError", saying="min size:1 and max size:3"):
        client.update_auto_scaling_group(AutoScalingGroupName="workers", DesiredCapacity=0)
    with refused("ValidationError", saying="not found"):
        client.set_desired_capacity(AutoScalingGroupName="others", DesiredCapacity=1)
    [member] = _find(client, "workers")["Instances"]
    with refused("ValidationError", saying="desiredSize equals minSize (1)"):
        client.terminate_instance_in_auto_scaling_group(
            InstanceId=member["InstanceId"], ShouldDecrementDesiredCapacity=True
        )
    with refused("UnsupportedOperation", saying="DescribePolicies"):
        client.describe_policies()
