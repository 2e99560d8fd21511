//! What connects networks, looks into them or guards them, and is not made here.

use super::Filterable::{Any, Of};
use super::Kind::{Text, Texts, Time};
use super::{Id, ROW, Row, decode, many, one, rows, tagged};
use crate::Code;

rows! {
    DescribeVpcEncryptionControls "vpcEncryptionControlSet" {
        id: many("VpcEncryptionControlId", Code::INVALID_VPC_ENCRYPTION_CONTROL_ID_NOT_FOUND),
        members: &[("VpcId", Texts)],
        pages: Some((5, 1000)),
        filters: Any,
    }
    DescribeClientVpnEndpoints "clientVpnEndpoint" {
        id: many("ClientVpnEndpointId", Code::INVALID_CLIENT_VPN_ENDPOINT_ID_NOT_FOUND),
        filters: Of(&["endpoint-id", "transport-protocol"]),
        tags: true,
    }
    DescribeClientVpnAuthorizationRules "authorizationRule" {
        id: one("ClientVpnEndpointId", Code::INVALID_CLIENT_VPN_ENDPOINT_ID_NOT_FOUND),
        filters: Of(&["description", "destination-cidr", "group-id"]),
    }
    DescribeClientVpnConnections "connections" {
        id: one("ClientVpnEndpointId", Code::INVALID_CLIENT_VPN_ENDPOINT_ID_NOT_FOUND),
        filters: Of(&["connection-id", "username"]),
    }
    DescribeClientVpnRoutes "routes" {
        id: one("ClientVpnEndpointId", Code::INVALID_CLIENT_VPN_ENDPOINT_ID_NOT_FOUND),
        filters: Of(&["destination-cidr", "origin", "target-subnet"]),
    }
    DescribeClientVpnTargetNetworks "clientVpnTargetNetworks" {
        id: one("ClientVpnEndpointId", Code::INVALID_CLIENT_VPN_ENDPOINT_ID_NOT_FOUND),
        members: &[("AssociationIds", Texts)],
        filters: Of(&["association-id", "target-network-id", "vpc-id"]),
    }
    DescribeInstanceConnectEndpoints "instanceConnectEndpointSet" {
        id: many("InstanceConnectEndpointId", Code::INVALID_INSTANCE_CONNECT_ENDPOINT_ID_NOT_FOUND),
        pages: Some((1, 50)),
        filters: Of(&["instance-connect-endpoint-id", "state", "subnet-id", "vpc-id"]),
        tags: true,
    }
    DescribeNetworkInsightsAccessScopes "networkInsightsAccessScopeSet" {
        id: many("NetworkInsightsAccessScopeId", Code::INVALID_NETWORK_INSIGHTS_ACCESS_SCOPE_ID_NOT_FOUND),
        pages: Some((1, 100)),
        filters: Any,
    }
    DescribeNetworkInsightsAccessScopeAnalyses "networkInsightsAccessScopeAnalysisSet" {
        id: many(
            "NetworkInsightsAccessScopeAnalysisId",
            Code::INVALID_NETWORK_INSIGHTS_ACCESS_SCOPE_ANALYSIS_ID_NOT_FOUND,
        ),
        members: &[
            ("NetworkInsightsAccessScopeId", Text),
            ("AnalysisStartTimeBegin", Time),
            ("AnalysisStartTimeEnd", Time),
        ],
        pages: Some((1, 100)),
        filters: Any,
    }
    DescribeRouteServers "routeServerSet" {
        id: many("RouteServerId", Code::INVALID_ROUTE_SERVER_ID_NOT_FOUND),
        filters: Any,
    }
    DescribeRouteServerEndpoints "routeServerEndpointSet" {
        id: many("RouteServerEndpointId", Code::INVALID_ROUTE_SERVER_ENDPOINT_ID_NOT_FOUND),
        filters: Any,
    }
    DescribeRouteServerPeers "routeServerPeerSet" {
        id: many("RouteServerPeerId", Code::INVALID_ROUTE_SERVER_PEER_ID_NOT_FOUND),
        filters: Any,
    }
    DescribeSecondaryInterfaces "secondaryInterfaceSet" {
        id: many("SecondaryInterfaceId", Code::INVALID_SECONDARY_INTERFACE_ID_NOT_FOUND),
        filters: Of(&[
            "attachment.attachment-id", "attachment.instance-id", "attachment.instance-owner-id",
            "attachment.status", "private-ipv4-addresses.private-ip-address", "owner-id", "secondary-interface-arn",
            "secondary-interface-id", "secondary-interface-type", "secondary-network-id", "secondary-network-type",
            "secondary-subnet-id", "status",
        ]),
        tags: true,
    }
    DescribeSecondaryNetworks "secondaryNetworkSet" {
        id: many("SecondaryNetworkId", Code::INVALID_SECONDARY_NETWORK_ID_NOT_FOUND),
        filters: Of(&[
            "ipv4-cidr-block-association.association-id", "ipv4-cidr-block-association.cidr-block",
            "ipv4-cidr-block-association.state", "owner-id", "secondary-network-id", "secondary-network-arn",
            "state", "type",
        ]),
        tags: true,
    }
    DescribeSecondarySubnets "secondarySubnetSet" {
        id: many("SecondarySubnetId", Code::INVALID_SECONDARY_SUBNET_ID_NOT_FOUND),
        filters: Of(&[
            "ipv4-cidr-block-association.association-id", "ipv4-cidr-block-association.cidr-block",
            "ipv4-cidr-block-association.state", "owner-id", "secondary-network-id", "secondary-network-type",
            "secondary-subnet-id", "secondary-subnet-arn", "state",
        ]),
        tags: true,
    }
    DescribeTrafficMirrorFilters "trafficMirrorFilterSet" {
        id: many("TrafficMirrorFilterId", Code::INVALID_TRAFFIC_MIRROR_FILTER_ID_NOT_FOUND),
        filters: Of(&["description", "traffic-mirror-filter-id"]),
        tags: true,
    }
    DescribeTrafficMirrorFilterRules "trafficMirrorFilterRuleSet" {
        id: many("TrafficMirrorFilterRuleId", Code::INVALID_TRAFFIC_MIRROR_FILTER_RULE_ID_NOT_FOUND),
        members: &[("TrafficMirrorFilterId", Text)],
        filters: Of(&[
            "traffic-mirror-filter-rule-id", "traffic-mirror-filter-id", "rule-number", "rule-action",
            "traffic-direction", "protocol", "source-cidr-block", "destination-cidr-block", "description",
        ]),
        tags: true,
    }
    DescribeTrafficMirrorSessions "trafficMirrorSessionSet" {
        id: many("TrafficMirrorSessionId", Code::INVALID_TRAFFIC_MIRROR_SESSION_ID_NOT_FOUND),
        filters: Of(&[
            "description", "network-interface-id", "owner-id", "packet-length", "session-number",
            "traffic-mirror-filter-id", "traffic-mirror-session-id", "traffic-mirror-target-id",
            "virtual-network-id",
        ]),
        tags: true,
    }
    DescribeTrafficMirrorTargets "trafficMirrorTargetSet" {
        id: many("TrafficMirrorTargetId", Code::INVALID_TRAFFIC_MIRROR_TARGET_ID_NOT_FOUND),
        filters: Of(&[
            "description", "network-interface-id", "network-load-balancer-arn", "owner-id",
            "traffic-mirror-target-id",
        ]),
        tags: true,
    }
    DescribeTransitGatewayMulticastDomains "transitGatewayMulticastDomains" {
        id: many("TransitGatewayMulticastDomainIds", Code::INVALID_TRANSIT_GATEWAY_MULTICAST_DOMAIN_ID_NOT_FOUND),
        filters: Of(&["state", "transit-gateway-id", "transit-gateway-multicast-domain-id"]),
        tags: true,
    }
    DescribeTransitGatewayPolicyTables "transitGatewayPolicyTables" {
        id: many("TransitGatewayPolicyTableIds", Code::INVALID_TRANSIT_GATEWAY_POLICY_TABLE_ID_NOT_FOUND),
        filters: Any,
    }
    DescribeTransitGatewayRouteTableAnnouncements "transitGatewayRouteTableAnnouncements" {
        id: many(
            "TransitGatewayRouteTableAnnouncementIds",
            Code::INVALID_TRANSIT_GATEWAY_ROUTE_TABLE_ANNOUNCEMENT_ID_NOT_FOUND,
        ),
        filters: Any,
    }
    DescribeTransitGatewayMeteringPolicies "transitGatewayMeteringPolicies" {
        id: many("TransitGatewayMeteringPolicyIds", Code::INVALID_TRANSIT_GATEWAY_METERING_POLICY_ID_NOT_FOUND),
        filters: Any,
    }
    DescribeVerifiedAccessEndpoints "verifiedAccessEndpointSet" {
        id: many("VerifiedAccessEndpointId", Code::INVALID_VERIFIED_ACCESS_ENDPOINT_ID_NOT_FOUND),
        members: &[("VerifiedAccessInstanceId", Text), ("VerifiedAccessGroupId", Text)],
        filters: Any,
    }
    DescribeVerifiedAccessGroups "verifiedAccessGroupSet" {
        id: many("VerifiedAccessGroupId", Code::INVALID_VERIFIED_ACCESS_GROUP_ID_NOT_FOUND),
        members: &[("VerifiedAccessInstanceId", Text)],
        filters: Any,
    }
    DescribeVerifiedAccessInstances "verifiedAccessInstanceSet" {
        id: many("VerifiedAccessInstanceId", Code::INVALID_VERIFIED_ACCESS_INSTANCE_ID_NOT_FOUND),
        pages: Some((5, 200)),
        filters: Any,
    }
    DescribeVerifiedAccessInstanceLoggingConfigurations "loggingConfigurationSet" {
        id: many("VerifiedAccessInstanceId", Code::INVALID_VERIFIED_ACCESS_INSTANCE_ID_NOT_FOUND),
        pages: Some((1, 10)),
        filters: Any,
    }
    DescribeVerifiedAccessTrustProviders "verifiedAccessTrustProviderSet" {
        id: many("VerifiedAccessTrustProviderId", Code::INVALID_VERIFIED_ACCESS_TRUST_PROVIDER_ID_NOT_FOUND),
        pages: Some((5, 200)),
        filters: Any,
    }
    DescribeVpnConcentrators "vpnConcentratorSet" {
        id: many("VpnConcentratorId", Code::INVALID_VPN_CONCENTRATOR_ID_NOT_FOUND),
        pages: Some((200, 1000)),
        filters: Any,
    }
    DescribeAwsNetworkPerformanceMetricSubscriptions "subscriptionSet" {
        pages: Some((0, 100)),
        filters: Any,
    }
    DescribeVpcEndpointAssociations "vpcEndpointAssociationSet" {
        id: Id { is_here: tagged, ..many("VpcEndpointId", Code::INVALID_VPC_ENDPOINT_ID_NOT_FOUND) },
        filters: Of(&[
            "vpc-endpoint-id", "associated-resource-accessibility", "association-id", "associated-resource-id",
            "service-network-arn", "resource-configuration-group-arn",
        ]),
    }
    DescribeVpcClassicLink "vpcSet" {
        id: Id { is_here: tagged, ..many("VpcId", Code::INVALID_VPC_ID_NOT_FOUND) },
        pages: None,
        filters: Of(&["is-classic-link-enabled"]),
        tags: true,
    }
    DescribeVpcClassicLinkDnsSupport "vpcs" {
        id: Id { is_here: tagged, ..many("VpcIds", Code::INVALID_VPC_ID_NOT_FOUND) },
        pages: Some((5, 255)),
    }
    DescribeClassicLinkInstances "instancesSet" {
        id: Id { is_here: tagged, ..many("InstanceId", Code::INVALID_INSTANCE_ID_NOT_FOUND) },
        filters: Of(&["group-id", "instance-id", "vpc-id"]),
        tags: true,
    }
}
