"""Security groups and their rules."""

from common import equal, make_group, make_network, make_vpc, refused, tags, where


def _tcp(port, **peers):
    return {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, **peers}


def a_new_group(ec2):
    vpc = make_vpc(ec2)
    group = make_group(ec2, vpc, "web")
    [found] = ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"]
    equal(found["IpPermissions"], [])
    [egress] = found["IpPermissionsEgress"]
    equal((egress["IpProtocol"], egress["IpRanges"]), ("-1", [{"CidrIp": "0.0.0.0/0"}]))
    ec2.get_waiter("security_group_exists").wait(GroupIds=[group])
    with refused("InvalidGroup.Duplicate", saying="web"):
        make_group(ec2, vpc, "web")


def rules_by_cidr_and_group(ec2):
    vpc = make_vpc(ec2)
    client, server = make_group(ec2, vpc, "client"), make_group(ec2, vpc, "server")
    answer = ec2.authorize_security_group_ingress(
        GroupId=server,
        IpPermissions=[
            _tcp(8080, UserIdGroupPairs=[{"GroupId": client, "Description": "clients"}]),
            _tcp(443, IpRanges=[{"CidrIp": "10.0.0.0/8"}, {"CidrIp": "192.168.0.0/16"}]),
        ],
        TagSpecifications=tags("security-group-rule", why="test"),
    )
    equal(answer["Return"], True)
    rules = {it["SecurityGroupRuleId"]: it for it in answer["SecurityGroupRules"]}
    equal(len(rules), 3)
    found = ec2.describe_security_group_rules(Filters=where(group_id=server))["SecurityGroupRules"]
    inbound = [it for it in found if not it["IsEgress"]]
    equal({it["SecurityGroupRuleId"] for it in inbound}, set(rules))
    assert all(it["Tags"] == [{"Key": "why", "Value": "test"}] for it in inbound)
    [by_group] = [it for it in inbound if "ReferencedGroupInfo" in it]
    equal((by_group["ReferencedGroupInfo"]["GroupId"], by_group["Description"]), (client, "clients"))
    [group] = ec2.describe_security_groups(GroupIds=[server])["SecurityGroups"]
    equal(sorted(it["FromPort"] for it in group["IpPermissions"]), [443, 8080])
    with refused("DependencyViolation", saying=client):
        ec2.delete_security_group(GroupId=client)


def the_same_rule_twice(ec2):
    group = make_group(ec2, make_vpc(ec2), "web")
    rule = [_tcp(443, IpRanges=[{"CidrIp": "0.0.0.0/0"}])]
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=rule)
    with refused("InvalidPermission.Duplicate", saying="already exists"):
        ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=rule)


def revoking(ec2):
    group = make_group(ec2, make_vpc(ec2), "web")
    everything = [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
    equal(ec2.revoke_security_group_egress(GroupId=group, IpPermissions=everything)["Return"], True)
    [found] = ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"]
    equal(found["IpPermissionsEgress"], [])
    rules = ec2.authorize_security_group_egress(GroupId=group, IpPermissions=everything)["SecurityGroupRules"]
    ids = [it["SecurityGroupRuleId"] for it in rules]
    ec2.revoke_security_group_egress(GroupId=group, SecurityGroupRuleIds=ids)
    equal(ec2.describe_security_group_rules(Filters=where(group_id=group))["SecurityGroupRules"], [])


def a_group_in_use(ec2):
    vpc, subnet = make_network(ec2)
    group = make_group(ec2, vpc, "web")
    interface = ec2.create_network_interface(SubnetId=subnet, Groups=[group])["NetworkInterface"]
    with refused("DependencyViolation", saying=group):
        ec2.delete_security_group(GroupId=group)
    ec2.delete_network_interface(NetworkInterfaceId=interface["NetworkInterfaceId"])
    ec2.delete_security_group(GroupId=group)
    with refused("InvalidGroup.NotFound", saying=group):
        ec2.describe_security_groups(GroupIds=[group])


def pages_of_groups(ec2):
    vpc = make_vpc(ec2)
    made = {make_group(ec2, vpc, f"group-{number}") for number in range(11)}
    paginator = ec2.get_paginator("describe_security_groups")
    wanted = where(vpc_id=vpc, group_name="group-*")
    pages = list(paginator.paginate(Filters=wanted, PaginationConfig={"PageSize": 5}))
    equal([len(page["SecurityGroups"]) for page in pages], [5, 5, 1])
    equal({it["GroupId"] for page in pages for it in page["SecurityGroups"]}, made)
