//! What is made can be described, and what is removed cannot any more, unless as something that is gone.

use ec2_api::Response;

use crate::laws::must;
use crate::world::World;

/// The actions that describe resources by their ids: how the ids begin, the action, and its parameter.
const DESCRIBE: &[(&str, &str, &str)] = &[
    ("acl", "DescribeNetworkAcls", "NetworkAclId.1"),
    ("ami", "DescribeImages", "ImageId.1"),
    ("cagw", "DescribeCarrierGateways", "CarrierGatewayId.1"),
    ("cgw", "DescribeCustomerGateways", "CustomerGatewayId.1"),
    ("cr", "DescribeCapacityReservations", "CapacityReservationId.1"),
    ("dopt", "DescribeDhcpOptions", "DhcpOptionsId.1"),
    ("eigw", "DescribeEgressOnlyInternetGateways", "EgressOnlyInternetGatewayId.1"),
    ("eipalloc", "DescribeAddresses", "AllocationId.1"),
    ("eni", "DescribeNetworkInterfaces", "NetworkInterfaceId.1"),
    ("fl", "DescribeFlowLogs", "FlowLogId.1"),
    ("i", "DescribeInstances", "InstanceId.1"),
    ("igw", "DescribeInternetGateways", "InternetGatewayId.1"),
    ("key", "DescribeKeyPairs", "KeyPairId.1"),
    ("lt", "DescribeLaunchTemplates", "LaunchTemplateId.1"),
    ("nat", "DescribeNatGateways", "NatGatewayId.1"),
    ("nia", "DescribeNetworkInsightsAnalyses", "NetworkInsightsAnalysisId.1"),
    ("nip", "DescribeNetworkInsightsPaths", "NetworkInsightsPathId.1"),
    ("pcx", "DescribeVpcPeeringConnections", "VpcPeeringConnectionId.1"),
    ("pg", "DescribePlacementGroups", "GroupId.1"),
    ("pl", "DescribeManagedPrefixLists", "PrefixListId.1"),
    ("rtb", "DescribeRouteTables", "RouteTableId.1"),
    ("sg", "DescribeSecurityGroups", "GroupId.1"),
    ("sgr", "DescribeSecurityGroupRules", "SecurityGroupRuleId.1"),
    ("sir", "DescribeSpotInstanceRequests", "SpotInstanceRequestId.1"),
    ("subnet", "DescribeSubnets", "SubnetId.1"),
    ("tgw", "DescribeTransitGateways", "TransitGatewayIds.1"),
    ("tgw-attach", "DescribeTransitGatewayAttachments", "TransitGatewayAttachmentIds.1"),
    ("tgw-rtb", "DescribeTransitGatewayRouteTables", "TransitGatewayRouteTableIds.1"),
    ("trunk-assoc", "DescribeTrunkInterfaceAssociations", "AssociationId.1"),
    ("vgw", "DescribeVpnGateways", "VpnGatewayId.1"),
    ("vpc", "DescribeVpcs", "VpcId.1"),
    ("vpcbpa-exclude", "DescribeVpcBlockPublicAccessExclusions", "ExclusionId.1"),
    ("vpce", "DescribeVpcEndpoints", "VpcEndpointId.1"),
    ("vpce-nfn", "DescribeVpcEndpointConnectionNotifications", "ConnectionNotificationId"),
    ("vpce-svc", "DescribeVpcEndpointServiceConfigurations", "ServiceId.1"),
    ("vpn", "DescribeVpnConnections", "VpnConnectionId.1"),
];

/// The beginnings of the names of actions that make something, and of those that remove what they name.
const MAKE: &[&str] = &["Allocate", "Create", "Register", "Request", "Run"];
const REMOVE: &[&str] = &["Delete", "Deregister", "Release", "Terminate"];

/// What is said of something that is gone or goes.
const GONE: &[&str] = &["delet", "cancelled", "closed", "failed", "shutting-down", "terminated"];

/// Checks what an accepted call made or removed. What follows from it has happened; `before` is the text of the model
/// as it was.
pub fn check(world: &World, action: &str, form: &str, response: &Response, before: &str) -> Result<(), String> {
    let starts = |words: &[&str]| words.iter().any(|word| action.starts_with(word));
    let body = String::from_utf8_lossy(&response.body);
    if starts(MAKE) {
        for id in ids(&body).filter(|id| !before.contains(id) && !form.contains(id)) {
            let Some(shown) = describe(world, id) else { continue };
            let is_there = shown.code.is_none() && String::from_utf8_lossy(&shown.body).contains(id);
            must(is_there, &format!("{id} was made and is not shown: {}", String::from_utf8_lossy(&shown.body)))?;
        }
    }
    if starts(REMOVE) && !body.contains("<unsuccessful>") {
        // Those of a list may have been refused one by one.
        for id in ids(form).filter(|id| is_removed(action, form, id) && before.contains(id)) {
            let Some(shown) = describe(world, id) else { continue };
            let said = String::from_utf8_lossy(&shown.body).into_owned();
            let is_gone = shown.code.is_some() || !said.contains(id) || GONE.iter().any(|word| said.contains(word));
            must(is_gone, &format!("{id} was removed and is shown: {said}"))?;
        }
    }
    Ok(())
}

/// Whether an action removes what has an id, and not something of it: the first parameter says.
fn is_removed(action: &str, form: &str, id: &str) -> bool {
    let parts = ["Route", "Entry", "PrefixListReference", "Versions", "ConnectionNotifications"];
    let is_part = parts.iter().any(|part| action.ends_with(part)) || action == "DeleteTags";
    let first = form.split('&').nth(1).unwrap_or_default();
    !is_part && first.ends_with(id)
}

/// What EC2 says of an id; `None` where nothing is described by it.
fn describe(world: &World, id: &str) -> Option<Response> {
    let (kind, _) = id.rsplit_once('-')?;
    let (_, action, parameter) = DESCRIBE.iter().find(|(known, ..)| *known == kind)?;
    let (shown, events) = world.clone().call(&format!("Action={action}&{parameter}={id}"), 0);
    assert!(events.is_empty(), "{action} changed something");
    Some(shown)
}

/// The ids in a text.
fn ids(text: &str) -> impl Iterator<Item = &str> {
    let words = text.split(|c: char| !(c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'));
    words.filter(|word| {
        let digits = word.rsplit_once('-').map_or("", |(_, digits)| digits);
        digits.len() == 17 && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
    })
}
