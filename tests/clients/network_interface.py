"""Network interfaces: addresses, attachments, trunks and branches."""

from common import equal, find_interface, launch, make_group, make_network, refused, tags, where


def _create(ec2, subnet, **more):
    return ec2.create_network_interface(SubnetId=subnet, **more)["NetworkInterface"]


def an_interfaces_life(ec2):
    _, subnet = make_network(ec2)
    made = _create(ec2, subnet, Description="pods", TagSpecifications=tags("network-interface", node="n"))
    equal((made["Status"], made["TagSet"]), ("pending", [{"Key": "node", "Value": "n"}]))
    eni = made["NetworkInterfaceId"]
    ec2.get_waiter("network_interface_available").wait(NetworkInterfaceIds=[eni])
    found = find_interface(ec2, eni)
    equal((found["Status"], found["InterfaceType"], found["SourceDestCheck"]), ("available", "interface", True))
    equal((found["PrivateIpAddress"], found["MacAddress"]), (made["PrivateIpAddress"], made["MacAddress"]))
    assert "Attachment" not in found
    ec2.delete_network_interface(NetworkInterfaceId=eni)
    with refused("InvalidNetworkInterfaceID.NotFound", saying=f"'{eni}'"):
        ec2.describe_network_interfaces(NetworkInterfaceIds=[eni])


def secondary_addresses(ec2):
    _, subnet = make_network(ec2)
    made = _create(ec2, subnet, SecondaryPrivateIpAddressCount=2)
    eni = made["NetworkInterfaceId"]
    equal([it["Primary"] for it in made["PrivateIpAddresses"]], [True, False, False])
    answer = ec2.assign_private_ip_addresses(NetworkInterfaceId=eni, SecondaryPrivateIpAddressCount=3)
    new = [it["PrivateIpAddress"] for it in answer["AssignedPrivateIpAddresses"]]
    equal((answer["NetworkInterfaceId"], len(new)), (eni, 3))
    equal(len(find_interface(ec2, eni)["PrivateIpAddresses"]), 6)
    [by_address] = ec2.describe_network_interfaces(Filters=where(addresses__private_ip_address=new[0]))[
        "NetworkInterfaces"
    ]
    equal(by_address["NetworkInterfaceId"], eni)
    ec2.unassign_private_ip_addresses(NetworkInterfaceId=eni, PrivateIpAddresses=new)
    equal(len(find_interface(ec2, eni)["PrivateIpAddresses"]), 3)


def delegated_prefixes(ec2):
    _, subnet = make_network(ec2)
    eni = _create(ec2, subnet, Ipv4PrefixCount=1)["NetworkInterfaceId"]
    answer = ec2.assign_private_ip_addresses(NetworkInterfaceId=eni, Ipv4PrefixCount=1)
    equal(len(answer["AssignedIpv4Prefixes"]), 1)
    prefixes = [it["Ipv4Prefix"] for it in find_interface(ec2, eni)["Ipv4Prefixes"]]
    assert len(prefixes) == 2 and all(it.endswith("/28") for it in prefixes), prefixes


def attaching(ec2):
    _, subnet = make_network(ec2)
    [instance] = launch(ec2, subnet)
    eni = _create(ec2, subnet)["NetworkInterfaceId"]
    to = instance["InstanceId"]
    attachment = ec2.attach_network_interface(NetworkInterfaceId=eni, InstanceId=to, DeviceIndex=1)["AttachmentId"]
    found = find_interface(ec2, eni)
    equal(found["Status"], "in-use")
    equal((found["Attachment"]["InstanceId"], found["Attachment"]["DeviceIndex"]), (to, 1))
    equal((found["Attachment"]["Status"], found["Attachment"]["AttachmentId"]), ("attached", attachment))
    here = ec2.describe_network_interfaces(Filters=where(attachment__instance_id=to))["NetworkInterfaces"]
    equal(sorted(it["Attachment"]["DeviceIndex"] for it in here), [0, 1])
    with refused("InvalidParameterValue"):
        ec2.attach_network_interface(
            NetworkInterfaceId=_create(ec2, subnet)["NetworkInterfaceId"], InstanceId=to, DeviceIndex=1
        )
    with refused("InvalidParameterValue", saying=eni):
        ec2.delete_network_interface(NetworkInterfaceId=eni)
    ec2.detach_network_interface(AttachmentId=attachment)
    ec2.get_waiter("network_interface_available").wait(NetworkInterfaceIds=[eni])
    ec2.delete_network_interface(NetworkInterfaceId=eni)


def too_many_for_the_instance(ec2):
    _, subnet = make_network(ec2)
    [instance] = launch(ec2, subnet)
    for index in (1, 2):
        eni = _create(ec2, subnet)["NetworkInterfaceId"]
        ec2.attach_network_interface(NetworkInterfaceId=eni, InstanceId=instance["InstanceId"], DeviceIndex=index)
    with refused("AttachmentLimitExceeded"):
        eni = _create(ec2, subnet)["NetworkInterfaceId"]
        ec2.attach_network_interface(NetworkInterfaceId=eni, InstanceId=instance["InstanceId"], DeviceIndex=3)
    primary = instance["NetworkInterfaces"][0]["NetworkInterfaceId"]
    with refused("PrivateIpAddressLimitExceeded"):
        ec2.assign_private_ip_addresses(NetworkInterfaceId=primary, SecondaryPrivateIpAddressCount=10)


def changing_groups(ec2):
    vpc, subnet = make_network(ec2)
    first, second = make_group(ec2, vpc, "first"), make_group(ec2, vpc, "second")
    eni = _create(ec2, subnet, Groups=[first])["NetworkInterfaceId"]
    ec2.modify_network_interface_attribute(NetworkInterfaceId=eni, Groups=[second])
    ec2.modify_network_interface_attribute(NetworkInterfaceId=eni, SourceDestCheck={"Value": False})
    found = find_interface(ec2, eni)
    equal(([it["GroupId"] for it in found["Groups"]], found["SourceDestCheck"]), ([second], False))
    [by_group] = ec2.describe_network_interfaces(Filters=where(group_id=second))["NetworkInterfaces"]
    equal(by_group["NetworkInterfaceId"], eni)


def pages_of_interfaces(ec2):
    vpc, subnet = make_network(ec2)
    made = {_create(ec2, subnet)["NetworkInterfaceId"] for _ in range(12)}
    pages = list(
        ec2.get_paginator("describe_network_interfaces").paginate(
            Filters=where(vpc_id=vpc), PaginationConfig={"PageSize": 5}
        )
    )
    equal([len(page["NetworkInterfaces"]) for page in pages], [5, 5, 2])
    equal({it["NetworkInterfaceId"] for page in pages for it in page["NetworkInterfaces"]}, made)
    assert "NextToken" not in pages[-1]


def trunk_and_branch(ec2):
    vpc, subnet = make_network(ec2)
    [instance] = launch(ec2, subnet)
    trunk = _create(ec2, subnet, InterfaceType="trunk")["NetworkInterfaceId"]
    ec2.attach_network_interface(NetworkInterfaceId=trunk, InstanceId=instance["InstanceId"], DeviceIndex=1)
    equal(find_interface(ec2, trunk)["InterfaceType"], "trunk")
    branch = _create(ec2, subnet, Groups=[make_group(ec2, vpc, "pod")])["NetworkInterfaceId"]
    granted = ec2.create_network_interface_permission(
        NetworkInterfaceId=branch, AwsAccountId="123456789012", Permission="INSTANCE-ATTACH"
    )["InterfacePermission"]
    equal((granted["NetworkInterfaceId"], granted["PermissionState"]["State"]), (branch, "granted"))
    made = ec2.associate_trunk_interface(BranchInterfaceId=branch, TrunkInterfaceId=trunk, VlanId=7)
    association = made["InterfaceAssociation"]
    equal((association["InterfaceProtocol"], association["VlanId"]), ("VLAN", 7))
    [found] = ec2.describe_trunk_interface_associations()["InterfaceAssociations"]
    equal((found["BranchInterfaceId"], found["TrunkInterfaceId"]), (branch, trunk))
    equal(find_interface(ec2, branch)["InterfaceType"], "branch")
    ec2.disassociate_trunk_interface(AssociationId=association["AssociationId"])
    equal(ec2.describe_trunk_interface_associations()["InterfaceAssociations"], [])


def an_idempotent_create(ec2):
    _, subnet = make_network(ec2)
    made = [_create(ec2, subnet, ClientToken="once")["NetworkInterfaceId"] for _ in range(2)]
    equal(made[0], made[1])
    with refused("IdempotentParameterMismatch"):
        _create(ec2, subnet, ClientToken="once", Description="another")


def an_address_twice(ec2):
    _, subnet = make_network(ec2)
    _create(ec2, subnet, PrivateIpAddress="10.0.1.50")
    with refused("InvalidIPAddress.InUse"):
        _create(ec2, subnet, PrivateIpAddress="10.0.1.50")
    with refused("InvalidParameterValue"):
        _create(ec2, subnet, PrivateIpAddress="10.0.2.50")
