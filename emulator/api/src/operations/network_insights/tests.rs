//! Network insights through the wire.

use rstest::rstest;

use crate::testing::{Reply, World};

/// Two instances in two subnets of the default VPC.
struct Net {
    world: World,
    here: String,
    there: String,
    subnets: Vec<String>,
    group: String,
}

fn net() -> Net {
    let mut world = World::with_default_vpc();
    let zones = ["us-east-1a", "us-east-1b"];
    let subnets: Vec<String> = zones
        .iter()
        .map(|zone| {
            let form = format!("Filter.1.Name=availability-zone&Filter.1.Value.1={zone}");
            world.call("DescribeSubnets", &form).ok().text("subnetId").to_owned()
        })
        .collect();
    let mut instance = |subnet: &String| {
        let form = format!("ImageId=ami-01234567&MinCount=1&MaxCount=1&InstanceType=m5.large&SubnetId={subnet}");
        world.call("RunInstances", &form).ok().text("instanceId").to_owned()
    };
    let (here, there) = (instance(&subnets[0]), instance(&subnets[1]));
    world.model.settle(world.now);
    let vpc = world.model.default_vpc().expect("it was made");
    let group = vpc.default_security_group_id.to_string();
    Net { world, here, there, subnets, group }
}

impl Net {
    fn call(&mut self, action: &str, form: &str) -> Reply {
        let form = form.replace("{here}", &self.here).replace("{there}", &self.there).replace("{group}", &self.group);
        let form = form.replace("{a}", &self.subnets[0]).replace("{b}", &self.subnets[1]);
        self.world.call(action, &form)
    }

    fn path(&mut self, form: &str) -> String {
        self.call("CreateNetworkInsightsPath", form).ok().text("networkInsightsPathId").to_owned()
    }

    /// Analyses a path and describes the result.
    fn analysis(&mut self, path: &str, more: &str) -> Reply {
        let form = format!("NetworkInsightsPathId={path}&{more}");
        let started = self.call("StartNetworkInsightsAnalysis", &form).ok();
        assert_eq!(started.text("status"), "running");
        assert!(started.texts("networkPathFound").is_empty());
        let id = started.text("networkInsightsAnalysisId").to_owned();
        self.world.model.settle(self.world.now);
        self.call("DescribeNetworkInsightsAnalyses", &format!("NetworkInsightsAnalysisId.1={id}")).ok()
    }

    fn verdict(&mut self, form: &str) -> String {
        let path = self.path(form);
        let shown = self.analysis(&path, "");
        match shown.text("status") {
            "failed" => shown.text("statusMessage").to_owned(),
            _ if shown.text("networkPathFound") == "true" => "found".to_owned(),
            _ => shown.texts("explanationCode").join(" "),
        }
    }
}

const PATH: &str = "Source={here}&Destination={there}&Protocol=tcp&DestinationPort=443";

#[test]
fn a_way_between_neighbours() {
    let mut net = net();
    let made =
        net.call("CreateNetworkInsightsPath", &format!("{PATH}&FilterAtDestination.DestinationAddress=10.0.0.1"));
    insta::assert_snapshot!(made.ok().lines());
    let path = net.path(PATH);
    insta::assert_snapshot!(net.analysis(&path, "").lines());
}

#[test]
fn what_is_in_the_way() {
    let mut net = net();
    let revoke = "GroupId={group}&IpPermissions.1.IpProtocol=-1&IpPermissions.1.Groups.1.GroupId={group}";
    net.call("RevokeSecurityGroupIngress", revoke).ok();
    let path = net.path(PATH);
    insta::assert_snapshot!(net.analysis(&path, "").lines());
    let open = "GroupId={group}&IpPermissions.1.IpProtocol=tcp&IpPermissions.1.FromPort=443&\
                IpPermissions.1.ToPort=443&IpPermissions.1.IpRanges.1.CidrIp=172.31.0.0/16";
    net.call("AuthorizeSecurityGroupIngress", open).ok();
    assert_eq!(net.verdict(PATH), "found");
    assert_eq!(net.verdict(&PATH.replace("443", "80")), "ENI_SG_RULES_MISMATCH");
    assert_eq!(net.verdict(&PATH.replace("&DestinationPort=443", "")), "found");
    assert_eq!(net.verdict(&PATH.replace("tcp", "udp")), "ENI_SG_RULES_MISMATCH");
}

#[test]
fn acls_and_instances_stop_packets() {
    let mut net = net();
    let acl = net.call("DescribeNetworkAcls", "").ok().text("networkAclId").to_owned();
    let deny = |number: u16, egress: bool, from: u16, to: u16| {
        format!(
            "NetworkAclId={acl}&RuleNumber={number}&Egress={egress}&Protocol=6&RuleAction=deny&\
             CidrBlock=172.31.0.0/16&PortRange.From={from}&PortRange.To={to}"
        )
    };
    net.call("CreateNetworkAclEntry", &deny(1, false, 443, 443)).ok();
    assert_eq!(net.verdict(PATH), "SUBNET_ACL_RESTRICTION");
    net.call("ReplaceNetworkAclEntry", &deny(1, false, 40000, 65535)).ok();
    assert_eq!(net.verdict(PATH), "SUBNET_ACL_RESTRICTION", "the answers are not let through");
    net.call("DeleteNetworkAclEntry", &format!("NetworkAclId={acl}&RuleNumber=1&Egress=false")).ok();
    assert_eq!(net.verdict(PATH), "found");
    net.call("StopInstances", "InstanceId.1={there}").ok();
    net.world.model.settle(net.world.now);
    assert_eq!(net.verdict(PATH), "BAD_STATE");
}

#[test]
fn ways_to_gateways() {
    let mut net = net();
    let gateway = net.call("DescribeInternetGateways", "").ok().text("internetGatewayId").to_owned();
    let out = format!("Source={{here}}&Destination={gateway}&Protocol=tcp&DestinationPort=443");
    assert_eq!(net.verdict(&out), "found");
    let inward = format!("Source={gateway}&Destination={{here}}&Protocol=tcp&DestinationPort=443");
    assert_eq!(net.verdict(&inward), "ENI_SG_RULES_MISMATCH");
    let eni = net.call("CreateNetworkInterface", "SubnetId={a}").ok().text("networkInterfaceId").to_owned();
    assert_eq!(net.verdict(&out.replace("{here}", &eni)), "IGW_PRIVATE_IP_ASSOCIATION_FOR_EGRESS");
    let table = net.call("DescribeRouteTables", "").ok().text("routeTableId").to_owned();
    let vpc = net.world.model.default_vpc().expect("it was made").id.to_string();
    let endpoint = format!("VpcId={vpc}&ServiceName=com.amazonaws.us-east-1.s3&RouteTableId.1={table}");
    let endpoint = net.call("CreateVpcEndpoint", &endpoint).ok().text("vpcEndpointId").to_owned();
    assert_eq!(net.verdict(&out.replace(&gateway, &endpoint)), "found");
    let route = format!("RouteTableId={table}&DestinationCidrBlock=0.0.0.0/0");
    net.call("DeleteRoute", &route).ok();
    assert_eq!(net.verdict(&out), "NO_ROUTE_TO_DESTINATION");
    let astray = "Source={here}&DestinationIp=172.31.0.200&Protocol=udp";
    assert_eq!(net.verdict(&astray.replace("0.200", "16.200")), "NO_POSSIBLE_DESTINATION");
}

#[test]
fn ways_over_a_peering_connection() {
    let mut net = net();
    let here = net.world.model.default_vpc().expect("it was made").id.to_string();
    let there = net.call("CreateVpc", "CidrBlock=10.0.0.0/16").ok().text("vpcId").to_owned();
    let subnet = format!("VpcId={there}&CidrBlock=10.0.0.0/24");
    let subnet = net.call("CreateSubnet", &subnet).ok().text("subnetId").to_owned();
    let eni = net.call("CreateNetworkInterface", &format!("SubnetId={subnet}")).ok();
    let (eni, group) = (eni.text("networkInterfaceId").to_owned(), eni.text("groupId").to_owned());
    let open = format!("GroupId={group}&IpProtocol=tcp&FromPort=1&ToPort=65535&CidrIp=172.31.0.0/16");
    net.call("AuthorizeSecurityGroupIngress", &open).ok();
    let form = format!("Source={{here}}&Destination={eni}&Protocol=tcp&DestinationPort=443");
    // The default route leads to the internet, which does not know the address.
    assert_eq!(net.verdict(&form), "NO_POSSIBLE_DESTINATION");
    let peering = format!("VpcId={here}&PeerVpcId={there}");
    let peering = net.call("CreateVpcPeeringConnection", &peering).ok().text("vpcPeeringConnectionId").to_owned();
    net.world.model.settle(net.world.now);
    net.call("AcceptVpcPeeringConnection", &format!("VpcPeeringConnectionId={peering}")).ok();
    net.world.model.settle(net.world.now);
    let route = |net: &mut Net, vpc: &str, to: &str| {
        let table = format!("Filter.1.Name=vpc-id&Filter.1.Value.1={vpc}");
        let table = net.call("DescribeRouteTables", &table).ok().text("routeTableId").to_owned();
        let form = format!("RouteTableId={table}&DestinationCidrBlock={to}&VpcPeeringConnectionId={peering}");
        net.call("CreateRoute", &form).ok();
    };
    route(&mut net, &here, "10.0.0.0/16");
    assert_eq!(net.verdict(&form), "NO_ROUTE_TO_DESTINATION", "there is no way back");
    route(&mut net, &there, "172.31.0.0/16");
    assert_eq!(net.verdict(&form), "found");
}

#[test]
fn resources_on_the_way() {
    let mut net = net();
    let path = net.path(PATH);
    let arn = format!("arn:aws:ec2:us-east-1:111122223333:security-group/{}", net.group);
    assert_eq!(net.analysis(&path, &format!("FilterInArn.1={arn}")).text("networkPathFound"), "true");
    assert_eq!(net.analysis(&path, &format!("FilterOutArn.1={arn}")).text("networkPathFound"), "false");
    let found = format!("NetworkInsightsPathId={path}&Filter.1.Name=path-found&Filter.1.Value.1=true");
    let shown = net.call("DescribeNetworkInsightsAnalyses", &found).ok();
    assert_eq!(shown.texts("networkInsightsAnalysisId").len(), 1);
    let later = format!("NetworkInsightsPathId={path}&AnalysisStartTime=2027-01-01T00:00:00Z");
    let shown = net.call("DescribeNetworkInsightsAnalyses", &later).ok();
    assert!(shown.texts("networkInsightsAnalysisId").is_empty());
}

#[test]
fn paths_stay_as_long_as_their_analyses() {
    let mut net = net();
    let path = net
        .path(&format!("{PATH}&TagSpecification.1.ResourceType=network-insights-path&TagSpecification.1.Tag.1.Key=a"));
    let analysis = net.analysis(&path, "").text("networkInsightsAnalysisId").to_owned();
    let delete = format!("NetworkInsightsPathId={path}");
    let refused = net.call("DeleteNetworkInsightsPath", &delete);
    assert_eq!(refused.code, Some("AnalysisExistsForNetworkInsightsPath"));
    let gone = net.call("DeleteNetworkInsightsAnalysis", &format!("NetworkInsightsAnalysisId={analysis}")).ok();
    assert_eq!(gone.text("networkInsightsAnalysisId"), analysis);
    let filters = "Filter.1.Name=tag-key&Filter.1.Value.1=a&Filter.2.Name=protocol&Filter.2.Value.1=tcp";
    assert_eq!(net.call("DescribeNetworkInsightsPaths", filters).ok().text("networkInsightsPathId"), path);
    assert_eq!(net.call("DeleteNetworkInsightsPath", &delete).ok().text("networkInsightsPathId"), path);
    assert_eq!(net.call("DeleteNetworkInsightsPath", &delete).code, Some("InvalidNetworkInsightsPathId.NotFound"));
}

#[test]
fn what_is_gone_cannot_be_analysed() {
    let mut net = net();
    let verdict = net.verdict("Source=i-01234567&Destination={there}&Protocol=tcp");
    assert_eq!(verdict, "The resource i-01234567 does not exist");
}

#[rstest]
#[case::no_source("CreateNetworkInsightsPath", "Protocol=tcp&Destination=i-01234567", "MissingParameter")]
#[case::no_destination("CreateNetworkInsightsPath", "Protocol=tcp&Source=i-01234567", "MissingParameter")]
#[case::no_end(
    "CreateNetworkInsightsPath",
    "Protocol=tcp&Source=i-01234567&Destination=vpc-01234567",
    "InvalidParameterValue"
)]
#[case::protocol(
    "CreateNetworkInsightsPath",
    "Protocol=icmp&Source=i-01234567&Destination=i-01234567",
    "InvalidParameterValue"
)]
#[case::ports(
    "CreateNetworkInsightsPath",
    "Protocol=tcp&Source=i-01234567&Destination=i-01234567&FilterAtSource.SourcePortRange.FromPort=9&\
     FilterAtSource.SourcePortRange.ToPort=8",
    "InvalidParameterValue"
)]
#[case::both(
    "CreateNetworkInsightsPath",
    "Protocol=tcp&Source=i-01234567&Destination=i-01234567&FilterAtSource.SourceAddress=10.0.0.1&DestinationPort=1",
    "InvalidParameterCombination"
)]
#[case::start(
    "StartNetworkInsightsAnalysis",
    "NetworkInsightsPathId=nip-01234567",
    "InvalidNetworkInsightsPathId.NotFound"
)]
#[case::paths(
    "DescribeNetworkInsightsPaths",
    "NetworkInsightsPathId.1=nip-01234567",
    "InvalidNetworkInsightsPathId.NotFound"
)]
#[case::analyses(
    "DescribeNetworkInsightsAnalyses",
    "NetworkInsightsAnalysisId.1=nia-01234567",
    "InvalidNetworkInsightsAnalysisId.NotFound"
)]
#[case::delete(
    "DeleteNetworkInsightsAnalysis",
    "NetworkInsightsAnalysisId=nia-01234567",
    "InvalidNetworkInsightsAnalysisId.NotFound"
)]
#[case::scope("CreateNetworkInsightsAccessScope", "ClientToken=a", "UnsupportedOperation")]
fn refused(#[case] action: &str, #[case] form: &str, #[case] code: &str) {
    assert_eq!(World::new().call(action, form).code, Some(code));
}
