"""NAT gateways from beginning to end, and what network insights and flow logs tell of a VPC's packets."""

from common import equal, launch, make_network, make_vpc, refused, tags, where

QUICK = {"Delay": 1, "MaxAttempts": 30}
WRITER = "arn:aws:iam::123456789012:role/flows"


def _with_way_out(ec2):
    vpc, subnet = make_network(ec2)
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    return vpc, subnet, gateway


def a_public_nat_gateway(ec2):
    vpc, subnet, gateway = _with_way_out(ec2)
    address = ec2.allocate_address(Domain="vpc")
    made = ec2.create_nat_gateway(
        SubnetId=subnet, AllocationId=address["AllocationId"], TagSpecifications=tags("natgateway", Name="out")
    )["NatGateway"]
    equal((made["State"], made["VpcId"], made["ConnectivityType"]), ("pending", vpc, "public"))
    name = {"NatGatewayIds": [made["NatGatewayId"]]}
    ec2.get_waiter("nat_gateway_available").wait(**name, WaiterConfig=QUICK)
    [found] = ec2.describe_nat_gateways(Filters=where(vpc_id=vpc, state="available"))["NatGateways"]
    [mapped] = found["NatGatewayAddresses"]
    equal((mapped["PublicIp"], mapped["Status"], mapped["IsPrimary"]), (address["PublicIp"], "succeeded", True))
    [interface] = ec2.describe_network_interfaces(NetworkInterfaceIds=[mapped["NetworkInterfaceId"]])["NetworkInterfaces"]
    equal((interface["InterfaceType"], interface["RequesterManaged"]), ("nat_gateway", True))
    with refused("InvalidIPAddress.InUse"):
        ec2.release_address(AllocationId=address["AllocationId"])
    with refused("DependencyViolation"):
        ec2.detach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    with refused("DependencyViolation"):
        ec2.delete_subnet(SubnetId=subnet)
    ec2.delete_nat_gateway(NatGatewayId=made["NatGatewayId"])
    ec2.get_waiter("nat_gateway_deleted").wait(**name, WaiterConfig=QUICK)
    ec2.release_address(AllocationId=address["AllocationId"])
    ec2.detach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)


def a_nat_gateway_that_cannot_be(ec2):
    _, subnet = make_network(ec2)
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    made = ec2.create_nat_gateway(SubnetId=subnet, AllocationId=address)["NatGateway"]["NatGatewayId"]
    [found] = ec2.describe_nat_gateways(NatGatewayIds=[made])["NatGateways"]
    while found["State"] == "pending":
        [found] = ec2.describe_nat_gateways(NatGatewayIds=[made])["NatGateways"]
    equal((found["State"], found["FailureCode"]), ("failed", "Gateway.NotAttached"))
    with refused("NatGatewayNotFound"):
        ec2.describe_nat_gateways(NatGatewayIds=["nat-0123456789abcdef0"])


def what_insights_find(ec2):
    _, subnet = make_network(ec2)
    here, there = (it["InstanceId"] for it in launch(ec2, subnet, count=2))
    path = ec2.create_network_insights_path(Source=here, Destination=there, Protocol="tcp", DestinationPort=443)
    path = path["NetworkInsightsPath"]["NetworkInsightsPathId"]
    started = ec2.start_network_insights_analysis(NetworkInsightsPathId=path)["NetworkInsightsAnalysis"]
    analysis = {"NetworkInsightsAnalysisIds": [started["NetworkInsightsAnalysisId"]]}
    [found] = ec2.describe_network_insights_analyses(**analysis)["NetworkInsightsAnalyses"]
    while found["Status"] == "running":
        [found] = ec2.describe_network_insights_analyses(**analysis)["NetworkInsightsAnalyses"]
    equal((found["Status"], found["NetworkPathFound"]), ("succeeded", True))
    with refused("AnalysisExistsForNetworkInsightsPath"):
        ec2.delete_network_insights_path(NetworkInsightsPathId=path)
    ec2.delete_network_insights_analysis(NetworkInsightsAnalysisId=started["NetworkInsightsAnalysisId"])
    ec2.delete_network_insights_path(NetworkInsightsPathId=path)
    with refused("InvalidNetworkInsightsPathId.NotFound"):
        ec2.delete_network_insights_path(NetworkInsightsPathId=path)


def flow_logs_of_several(ec2):
    one, other = make_vpc(ec2), make_vpc(ec2, "10.1.0.0/16")
    asked = {"ResourceType": "VPC", "TrafficType": "REJECT", "LogGroupName": "flows", "DeliverLogsPermissionArn": WRITER}
    made = ec2.create_flow_logs(ResourceIds=[one, other], MaxAggregationInterval=60, **asked)
    equal((len(made["FlowLogIds"]), made["Unsuccessful"]), (2, []))
    [found] = ec2.describe_flow_logs(Filter=where(resource_id=other, traffic_type="REJECT"))["FlowLogs"]
    equal((found["LogDestinationType"], found["MaxAggregationInterval"]), ("cloud-watch-logs", 60))
    with refused("FlowLogAlreadyExists"):
        ec2.create_flow_logs(ResourceIds=[one], **asked)
    with refused("InvalidFlowLogId.NotFound"):
        ec2.delete_flow_logs(FlowLogIds=["fl-0123456789abcdef0"])
    equal(ec2.delete_flow_logs(FlowLogIds=made["FlowLogIds"])["Unsuccessful"], [])
