"""Instances."""

from common import equal, find_instance, image, launch, make_group, make_network, refused, tags, where


def an_instances_life(ec2):
    vpc, subnet = make_network(ec2)
    group = make_group(ec2, vpc, "node")
    answer = ec2.run_instances(
        ImageId=image(ec2), InstanceType="m5.large", MinCount=1, MaxCount=1, SubnetId=subnet,
        SecurityGroupIds=[group], TagSpecifications=tags("instance", Name="node-1"),
    )
    [pending] = answer["Instances"]
    equal((pending["State"]["Name"], pending["InstanceType"]), ("pending", "m5.large"))
    ids = [pending["InstanceId"]]
    ec2.get_waiter("instance_running").wait(InstanceIds=ids, WaiterConfig={"Delay": 1})
    running = find_instance(ec2, ids[0])
    [interface] = running["NetworkInterfaces"]
    equal((interface["Attachment"]["DeviceIndex"], interface["Attachment"]["Status"]), (0, "attached"))
    equal(running["PrivateIpAddress"], interface["PrivateIpAddress"])
    equal([it["GroupId"] for it in running["SecurityGroups"]], [group])
    equal(running["Tags"], [{"Key": "Name", "Value": "node-1"}])
    ec2.get_waiter("instance_status_ok").wait(InstanceIds=ids, WaiterConfig={"Delay": 1})
    [change] = ec2.terminate_instances(InstanceIds=ids)["TerminatingInstances"]
    equal(change["PreviousState"]["Name"], "running")
    ec2.get_waiter("instance_terminated").wait(InstanceIds=ids, WaiterConfig={"Delay": 1})
    gone = where(network_interface_id=interface["NetworkInterfaceId"])
    equal(ec2.describe_network_interfaces(Filters=gone)["NetworkInterfaces"], [])


def stopping_and_starting(ec2):
    _, subnet = make_network(ec2)
    [instance] = launch(ec2, subnet)
    ids = [instance["InstanceId"]]
    ec2.stop_instances(InstanceIds=ids)
    ec2.get_waiter("instance_stopped").wait(InstanceIds=ids, WaiterConfig={"Delay": 1})
    ec2.start_instances(InstanceIds=ids)
    ec2.get_waiter("instance_running").wait(InstanceIds=ids, WaiterConfig={"Delay": 1})
    equal(find_instance(ec2, ids[0])["PrivateIpAddress"], instance["PrivateIpAddress"])


def filters(ec2):
    _, subnet = make_network(ec2)
    [node, _] = launch(ec2, subnet, count=2)
    ec2.create_tags(Resources=[node["InstanceId"]], Tags=[{"Key": "Name", "Value": "node"}])
    by_name = ec2.describe_instances(Filters=[{"Name": "tag:Name", "Values": ["node"]}])["Reservations"]
    equal([it["InstanceId"] for group in by_name for it in group["Instances"]], [node["InstanceId"]])
    running = where(instance_state_name=["pending", "running"], subnet_id=subnet)
    [reservation] = ec2.describe_instances(Filters=running)["Reservations"]
    equal(len(reservation["Instances"]), 2)
    address = where(private_ip_address=node["PrivateIpAddress"])
    equal(len(ec2.describe_instances(Filters=address)["Reservations"]), 1)


def several_interfaces(ec2):
    vpc, subnet = make_network(ec2)
    group = make_group(ec2, vpc, "node")
    answer = ec2.run_instances(
        ImageId=image(ec2), InstanceType="m5.large", MinCount=1, MaxCount=1,
        NetworkInterfaces=[
            {"DeviceIndex": 0, "SubnetId": subnet, "Groups": [group], "SecondaryPrivateIpAddressCount": 4},
            {"DeviceIndex": 1, "SubnetId": subnet, "Groups": [group], "DeleteOnTermination": True},
        ],
    )
    found = answer["Instances"][0]["NetworkInterfaces"]
    sizes = {it["Attachment"]["DeviceIndex"]: len(it["PrivateIpAddresses"]) for it in found}
    equal(sizes, {0: 5, 1: 1})


def an_idempotent_launch(ec2):
    _, subnet = make_network(ec2)
    [first] = launch(ec2, subnet, ClientToken="once")
    [second] = launch(ec2, subnet, ClientToken="once")
    equal(first["InstanceId"], second["InstanceId"])


def what_does_not_exist(ec2):
    with refused("InvalidInstanceID.NotFound", saying="i-0123456789abcdef0"):
        ec2.describe_instances(InstanceIds=["i-0123456789abcdef0"])
    with refused("InvalidInstanceID.Malformed"):
        ec2.terminate_instances(InstanceIds=["node-1"])
    with refused("InvalidAMIID.Malformed"):
        ec2.run_instances(ImageId="amazon-linux", InstanceType="m5.large", MinCount=1, MaxCount=1)
    with refused("DryRunOperation", status=412):
        ec2.run_instances(ImageId=image(ec2), InstanceType="m5.large", MinCount=1, MaxCount=1, DryRun=True)
    equal(ec2.describe_instances()["Reservations"], [])


def termination_protection(ec2):
    _, subnet = make_network(ec2)
    [instance] = launch(ec2, subnet, DisableApiTermination=True)
    with refused("OperationNotPermitted"):
        ec2.terminate_instances(InstanceIds=[instance["InstanceId"]])
    ec2.modify_instance_attribute(InstanceId=instance["InstanceId"], DisableApiTermination={"Value": False})
    ec2.terminate_instances(InstanceIds=[instance["InstanceId"]])
