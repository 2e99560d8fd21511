"""What reaches from one account or region into another."""

import boto3
from common import equal, make_group, make_vpc, refused, tags, where

HOME = "123456789012"
OTHER = "444455556666"


def _client(account, region="us-east-1"):
    """A client of another account, whose number is a key here, or of another region."""
    return boto3.client("ec2", region_name=region, aws_access_key_id=account, aws_secret_access_key="secret")


def _status(ec2, peering):
    [found] = ec2.describe_vpc_peering_connections(VpcPeeringConnectionIds=[peering])["VpcPeeringConnections"]
    return found["Status"]["Code"]


def _ask(ec2, vpc, peer, **where_it_is):
    answer = ec2.create_vpc_peering_connection(VpcId=vpc, PeerVpcId=peer, **where_it_is)
    peering = answer["VpcPeeringConnection"]["VpcPeeringConnectionId"]
    ec2.get_waiter("vpc_peering_connection_exists").wait(VpcPeeringConnectionIds=[peering])
    return peering


def an_address_moves(ec2):
    other = _client(OTHER)
    mine = ec2.allocate_address(Domain="vpc", TagSpecifications=tags("elastic-ip", Name="mine"))
    address, allocation = mine["PublicIp"], mine["AllocationId"]
    offer = ec2.enable_address_transfer(AllocationId=allocation, TransferAccountId=OTHER)["AddressTransfer"]
    equal(offer["AddressTransferStatus"], "pending")
    accepted = other.accept_address_transfer(Address=address)["AddressTransfer"]
    equal(accepted["AddressTransferStatus"], "accepted")
    [found] = other.describe_addresses(AllocationIds=[accepted["AllocationId"]])["Addresses"]
    equal((found["PublicIp"], found.get("Tags", [])), (address, []))
    with refused("InvalidAllocationID.NotFound"):
        ec2.describe_addresses(AllocationIds=[allocation])
    [seen] = ec2.describe_address_transfers(AllocationIds=[allocation])["AddressTransfers"]
    equal((seen["AddressTransferStatus"], seen["TransferAccountId"]), ("accepted", OTHER))


def an_offer_taken_back(ec2):
    mine = ec2.allocate_address(Domain="vpc")
    ec2.enable_address_transfer(AllocationId=mine["AllocationId"], TransferAccountId=OTHER)
    ec2.disable_address_transfer(AllocationId=mine["AllocationId"])
    with refused("InvalidAddress.NotFound"):
        _client(OTHER).accept_address_transfer(Address=mine["PublicIp"])


def peering_across_accounts(ec2):
    other = _client(OTHER)
    vpc, peer = make_vpc(ec2), make_vpc(other, "10.1.0.0/16")
    peering = _ask(ec2, vpc, peer, PeerOwnerId=OTHER)
    equal([_status(it, peering) for it in (ec2, other)], ["pending-acceptance"] * 2)
    with refused("OperationNotPermitted", saying=f"User ({HOME}) cannot accept peering {peering}"):
        ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=peering)
    with refused("OperationNotPermitted"):
        other.delete_vpc_peering_connection(VpcPeeringConnectionId=peering)
    other.accept_vpc_peering_connection(VpcPeeringConnectionId=peering)
    [mine], [theirs] = (it.describe_vpc_peering_connections()["VpcPeeringConnections"] for it in (ec2, other))
    equal(mine, theirs)
    equal((mine["AccepterVpcInfo"]["OwnerId"], mine["AccepterVpcInfo"]["CidrBlock"]), (OTHER, "10.1.0.0/16"))

    group, named = make_group(ec2, vpc, "mine"), make_group(other, peer, "theirs")
    pair = {"UserId": OTHER, "GroupId": named}
    ec2.authorize_security_group_ingress(
        GroupId=group, IpPermissions=[{"IpProtocol": "-1", "UserIdGroupPairs": [pair]}]
    )
    [reference] = other.describe_security_group_references(GroupId=[named])["SecurityGroupReferenceSet"]
    equal((reference["ReferencingVpcId"], reference["VpcPeeringConnectionId"]), (vpc, peering))
    equal(ec2.describe_stale_security_groups(VpcId=vpc)["StaleSecurityGroupSet"], [])
    other.delete_vpc_peering_connection(VpcPeeringConnectionId=peering)
    [stale] = ec2.describe_stale_security_groups(VpcId=vpc)["StaleSecurityGroupSet"]
    equal(stale["GroupId"], group)
    for it in (ec2, other):
        it.get_waiter("vpc_peering_connection_deleted").wait(VpcPeeringConnectionIds=[peering])


def peering_across_regions(ec2):
    there = _client(HOME, "eu-west-1")
    vpc, peer = make_vpc(ec2), make_vpc(there, "10.1.0.0/16")
    peering = _ask(ec2, vpc, peer, PeerRegion="eu-west-1")
    with refused("OperationNotPermitted", saying="eu-west-1"):
        ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=peering)
    there.accept_vpc_peering_connection(VpcPeeringConnectionId=peering)
    equal([_status(it, peering) for it in (ec2, there)], ["active"] * 2)
    for it, mine, block in ((ec2, vpc, "10.1.0.0/16"), (there, peer, "10.0.0.0/16")):
        [table] = it.describe_route_tables(Filters=where(vpc_id=mine))["RouteTables"]
        it.create_route(
            RouteTableId=table["RouteTableId"], DestinationCidrBlock=block, VpcPeeringConnectionId=peering
        )
    ec2.delete_vpc_peering_connection(VpcPeeringConnectionId=peering)
    for it, mine in ((ec2, vpc), (there, peer)):
        [table] = it.describe_route_tables(Filters=where(vpc_id=mine))["RouteTables"]
        equal(sorted(route["State"] for route in table["Routes"]), ["active", "blackhole"])


def requests_that_cannot_be(ec2):
    other = _client(OTHER)
    vpc, peer = make_vpc(ec2), make_vpc(other)
    for asked in (peer, "vpc-0123456789abcdef0"):
        peering = _ask(ec2, vpc, asked, PeerOwnerId=OTHER)
        equal(_status(ec2, peering), "failed")
        with refused("InvalidVpcPeeringConnectionID.NotFound"):
            other.describe_vpc_peering_connections(VpcPeeringConnectionIds=[peering])
