//! The one table of EC2's error codes, their HTTP status, and how this crate's and the model's errors
//! become them. Each family's model error has its exhaustive `match` in a submodule.
//!
//! See <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html>.

mod auto_scaling;
mod capacity_reservation;
mod connect_peer;
mod dhcp_options;
mod elastic_ip;
mod endpoint_service;
mod flow_log;
mod instance;
mod launch_template;
mod nat_gateway;
mod network_acl;
mod network_insights;
mod network_interface;
mod peering;
mod placement_group;
mod prefix_list;
mod route_table;
mod security_group;
mod subnet;
mod tags;
mod transit_gateway;
mod volume;
mod vpc;
mod vpc_endpoint;
mod vpn;

use std::fmt;

use crate::query::MAX_BODY_BYTES;

/// An error code of EC2 or STS and the HTTP status that goes with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Code {
    name: &'static str,
    status: u16,
}

macro_rules! codes {
    ($($constant:ident $name:literal $status:literal;)*) => {
        #[allow(missing_docs, reason = "the names are EC2's and documented there")]
        impl Code {
            $(pub const $constant: Self = Self { name: $name, status: $status };)*

            /// Every code there is.
            pub const ALL: &'static [Self] = &[$(Self::$constant),*];
        }
    };
}

codes! {
    // The request as such.
    ACCESS_DENIED "AccessDenied" 403;
    AUTH_FAILURE "AuthFailure" 401;
    DRY_RUN_OPERATION "DryRunOperation" 412;
    EXPIRED_TOKEN "ExpiredToken" 403;
    FILTER_LIMIT_EXCEEDED "FilterLimitExceeded" 400;
    IDEMPOTENT_PARAMETER_MISMATCH "IdempotentParameterMismatch" 400;
    INCOMPLETE_SIGNATURE "IncompleteSignature" 400;
    INVALID_ACTION "InvalidAction" 400;
    INVALID_AUTHORIZATION_MESSAGE "InvalidAuthorizationMessageException" 400;
    INVALID_CLIENT_TOKEN_ID "InvalidClientTokenId" 403;
    INVALID_FILTER "InvalidFilter" 400;
    INVALID_NEXT_TOKEN "InvalidNextToken" 400;
    INVALID_PARAMETER "InvalidParameter" 400;
    INVALID_PARAMETER_COMBINATION "InvalidParameterCombination" 400;
    INVALID_PARAMETER_VALUE "InvalidParameterValue" 400;
    MALFORMED_QUERY_STRING "MalformedQueryString" 400;
    MISSING_ACTION "MissingAction" 400;
    MISSING_AUTHENTICATION_TOKEN "MissingAuthenticationToken" 403;
    MISSING_PARAMETER "MissingParameter" 400;
    NO_SUCH_VERSION "NoSuchVersion" 400;
    OPERATION_NOT_PERMITTED "OperationNotPermitted" 400;
    REQUEST_ENTITY_TOO_LARGE "RequestEntityTooLargeException" 413;
    REQUEST_EXPIRED "RequestExpired" 400;
    SIGNATURE_DOES_NOT_MATCH "SignatureDoesNotMatch" 403;
    UNAUTHORIZED_OPERATION "UnauthorizedOperation" 403;
    UNKNOWN_PARAMETER "UnknownParameter" 400;
    UNSUPPORTED "Unsupported" 400;
    UNSUPPORTED_OPERATION "UnsupportedOperation" 400;
    VALIDATION_ERROR "ValidationError" 400;
    // The service.
    INTERNAL_ERROR "InternalError" 500;
    REQUEST_LIMIT_EXCEEDED "RequestLimitExceeded" 503;
    UNAVAILABLE "Unavailable" 503;
    // Any resource.
    DEPENDENCY_VIOLATION "DependencyViolation" 400;
    INVALID_ID "InvalidID" 400;
    RESOURCE_COUNT_EXCEEDED "ResourceCountExceeded" 400;
    TAG_LIMIT_EXCEEDED "TagLimitExceeded" 400;
    // Instances, images and key pairs.
    INCORRECT_INSTANCE_STATE "IncorrectInstanceState" 400;
    INCORRECT_STATE "IncorrectState" 400;
    RESOURCE_LIMIT_EXCEEDED "ResourceLimitExceeded" 400;
    INSTANCE_LIMIT_EXCEEDED "InstanceLimitExceeded" 400;
    INSUFFICIENT_INSTANCE_CAPACITY "InsufficientInstanceCapacity" 500;
    INVALID_CAPACITY_RESERVATION_ID_MALFORMED "InvalidCapacityReservationId.Malformed" 400;
    INVALID_CAPACITY_RESERVATION_ID_NOT_FOUND "InvalidCapacityReservationId.NotFound" 400;
    INVALID_CAPACITY_RESERVATION_STATE "InvalidCapacityReservationState" 400;
    RESERVATION_CAPACITY_EXCEEDED "ReservationCapacityExceeded" 400;
    MAX_SPOT_INSTANCE_COUNT_EXCEEDED "MaxSpotInstanceCountExceeded" 400;
    SCALING_ACTIVITY_IN_PROGRESS "ScalingActivityInProgress" 400;
    VCPU_LIMIT_EXCEEDED "VcpuLimitExceeded" 400;
    INVALID_BLOCK_DEVICE_MAPPING "InvalidBlockDeviceMapping" 400;
    VOLUME_IN_USE "VolumeInUse" 400;
    INVALID_AMI_ID_MALFORMED "InvalidAMIID.Malformed" 400;
    INVALID_AMI_NAME_DUPLICATE "InvalidAMIName.Duplicate" 400;
    INVALID_AMI_NAME_MALFORMED "InvalidAMIName.Malformed" 400;
    INVALID_AMI_ID_NOT_FOUND "InvalidAMIID.NotFound" 400;
    INVALID_INSTANCE_ATTRIBUTE_VALUE "InvalidInstanceAttributeValue" 400;
    INVALID_INSTANCE_ID "InvalidInstanceID" 400;
    INVALID_INSTANCE_ID_MALFORMED "InvalidInstanceID.Malformed" 400;
    INVALID_INSTANCE_ID_NOT_FOUND "InvalidInstanceID.NotFound" 400;
    INVALID_INSTANCE_TYPE "InvalidInstanceType" 400;
    INVALID_KEY_FORMAT "InvalidKey.Format" 400;
    INVALID_KEY_PAIR_DUPLICATE "InvalidKeyPair.Duplicate" 400;
    INVALID_KEY_PAIR_NOT_FOUND "InvalidKeyPair.NotFound" 400;
    INVALID_USER_ID_MALFORMED "InvalidUserID.Malformed" 400;
    MISSING_INPUT "MissingInput" 400;
    INVALID_USER_DATA_MALFORMED "InvalidUserData.Malformed" 400;
    INVALID_RESERVATION_ID_MALFORMED "InvalidReservationID.Malformed" 400;
    // Launch templates.
    MAX_TEMPLATE_LIMIT_EXCEEDED "MaxTemplateLimitExceeded" 400;
    MAX_TEMPLATE_VERSION_LIMIT_EXCEEDED "MaxTemplateVersionLimitExceeded" 400;
    INVALID_LAUNCH_TEMPLATE_ID_MALFORMED "InvalidLaunchTemplateId.Malformed" 400;
    INVALID_LAUNCH_TEMPLATE_ID_NOT_FOUND "InvalidLaunchTemplateId.NotFound" 400;
    INVALID_LAUNCH_TEMPLATE_ID_VERSION_NOT_FOUND "InvalidLaunchTemplateId.VersionNotFound" 400;
    INVALID_LAUNCH_TEMPLATE_NAME_ALREADY_EXISTS "InvalidLaunchTemplateName.AlreadyExistsException" 400;
    INVALID_LAUNCH_TEMPLATE_NAME_MALFORMED "InvalidLaunchTemplateName.Malformed" 400;
    INVALID_LAUNCH_TEMPLATE_NAME_NOT_FOUND "InvalidLaunchTemplateName.NotFoundException" 400;
    // Fleets.
    INVALID_FLEET_ID_MALFORMED "InvalidFleetId.Malformed" 400;
    INVALID_FLEET_ID_NOT_FOUND "InvalidFleetId.NotFound" 400;
    // Spot Instances' requests.
    INVALID_SPOT_INSTANCE_REQUEST_ID_MALFORMED "InvalidSpotInstanceRequestID.Malformed" 400;
    INVALID_SPOT_INSTANCE_REQUEST_ID_NOT_FOUND "InvalidSpotInstanceRequestID.NotFound" 400;
    // Placement groups.
    INVALID_PLACEMENT_GROUP_DUPLICATE "InvalidPlacementGroup.Duplicate" 400;
    INVALID_PLACEMENT_GROUP_ID_MALFORMED "InvalidPlacementGroupId.Malformed" 400;
    INVALID_PLACEMENT_GROUP_IN_USE "InvalidPlacementGroup.InUse" 400;
    INVALID_PLACEMENT_GROUP_UNKNOWN "InvalidPlacementGroup.Unknown" 400;
    // Regions and zones.
    INVALID_ZONE_NOT_FOUND "InvalidZone.NotFound" 400;
    // VPCs and subnets.
    CIDR_LIMIT_EXCEEDED "CidrLimitExceeded" 400;
    DEFAULT_SUBNET_ALREADY_EXISTS_IN_AVAILABILITY_ZONE "DefaultSubnetAlreadyExistsInAvailabilityZone" 400;
    DEFAULT_VPC_ALREADY_EXISTS "DefaultVpcAlreadyExists" 400;
    DEFAULT_VPC_DOES_NOT_EXIST "DefaultVpcDoesNotExist" 400;
    INVALID_DHCP_OPTIONS_ID_MALFORMED "InvalidDhcpOptionsId.Malformed" 400;
    INVALID_DHCP_OPTION_ID_NOT_FOUND "InvalidDhcpOptionID.NotFound" 400;
    INVALID_CIDR_BLOCK_IN_USE "InvalidCidrBlock.InUse" 400;
    INVALID_SUBNET_CIDR_BLOCK_ASSOCIATION_ID_MALFORMED "InvalidSubnetCidrBlockAssociationId.Malformed" 400;
    INVALID_SUBNET_CIDR_BLOCK_ASSOCIATION_ID_NOT_FOUND "InvalidSubnetCidrBlockAssociationID.NotFound" 400;
    INVALID_SUBNET_CIDR_RESERVATION_ID_MALFORMED "InvalidSubnetCidrReservationId.Malformed" 400;
    INVALID_SUBNET_CIDR_RESERVATION_ID_NOT_FOUND "InvalidSubnetCidrReservationID.NotFound" 400;
    INVALID_SUBNET_CONFLICT "InvalidSubnet.Conflict" 400;
    INVALID_SUBNET_ID_MALFORMED "InvalidSubnetID.Malformed" 400;
    INVALID_SUBNET_ID_NOT_FOUND "InvalidSubnetID.NotFound" 400;
    INVALID_SUBNET_RANGE "InvalidSubnet.Range" 400;
    INVALID_VPC_CIDR_BLOCK_ASSOCIATION_ID_MALFORMED "InvalidVpcCidrBlockAssociationId.Malformed" 400;
    INVALID_VPC_CIDR_BLOCK_ASSOCIATION_ID_NOT_FOUND "InvalidVpcCidrBlockAssociationID.NotFound" 400;
    INVALID_VPC_ID_MALFORMED "InvalidVpcID.Malformed" 400;
    INVALID_VPC_ID_NOT_FOUND "InvalidVpcID.NotFound" 400;
    INVALID_VPC_RANGE "InvalidVpc.Range" 400;
    SUBNET_LIMIT_EXCEEDED "SubnetLimitExceeded" 400;
    VPC_ID_NOT_SPECIFIED "VPCIdNotSpecified" 400;
    VPC_LIMIT_EXCEEDED "VpcLimitExceeded" 400;
    // Elastic IP addresses.
    ADDRESS_LIMIT_EXCEEDED "AddressLimitExceeded" 400;
    INVALID_ADDRESS_NOT_FOUND "InvalidAddress.NotFound" 400;
    INVALID_ALLOCATION_ID_MALFORMED "InvalidAllocationID.Malformed" 400;
    INVALID_ALLOCATION_ID_NOT_FOUND "InvalidAllocationID.NotFound" 400;
    INVALID_PUBLIC_IPV4_POOL_ID_NOT_FOUND "InvalidPublicIpv4PoolID.NotFound" 400;
    // Route tables and gateways.
    GATEWAY_NOT_ATTACHED "Gateway.NotAttached" 400;
    INVALID_ASSOCIATION_ID_MALFORMED "InvalidAssociationID.Malformed" 400;
    INVALID_ASSOCIATION_ID_NOT_FOUND "InvalidAssociationID.NotFound" 400;
    INVALID_EGRESS_ONLY_INTERNET_GATEWAY_ID_MALFORMED "InvalidEgressOnlyInternetGatewayId.Malformed" 400;
    INVALID_EGRESS_ONLY_INTERNET_GATEWAY_ID_NOT_FOUND "InvalidEgressOnlyInternetGatewayId.NotFound" 400;
    EGRESS_ONLY_INTERNET_GATEWAY_LIMIT_EXCEEDED "EgressOnlyInternetGatewayLimitExceeded" 400;
    INTERNET_GATEWAY_LIMIT_EXCEEDED "InternetGatewayLimitExceeded" 400;
    INVALID_GATEWAY_ID_NOT_FOUND "InvalidGatewayID.NotFound" 400;
    INVALID_INTERNET_GATEWAY_ID_MALFORMED "InvalidInternetGatewayId.Malformed" 400;
    INVALID_INTERNET_GATEWAY_ID_NOT_FOUND "InvalidInternetGatewayID.NotFound" 400;
    INVALID_NAT_GATEWAY_ID_NOT_FOUND "InvalidNatGatewayID.NotFound" 400;
    INVALID_ELASTIC_IP_ID_MALFORMED "InvalidElasticIpID.Malformed" 400;
    INVALID_ELASTIC_IP_ID_NOT_FOUND "InvalidElasticIpID.NotFound" 400;
    INVALID_SUBNET "InvalidSubnet" 400;
    OPERATION_IN_PROGRESS "OperationInProgress" 400;
    NAT_GATEWAY_LIMIT_EXCEEDED "NatGatewayLimitExceeded" 400;
    NAT_GATEWAY_NOT_FOUND "NatGatewayNotFound" 400;
    NAT_GATEWAY_MALFORMED "NatGatewayMalformed" 400;
    INVALID_NETWORK_ACL_ID_NOT_FOUND "InvalidNetworkAclID.NotFound" 400;
    INVALID_NETWORK_ACL_ID_MALFORMED "InvalidNetworkAclId.Malformed" 400;
    INVALID_NETWORK_ACL_ENTRY_NOT_FOUND "InvalidNetworkAclEntry.NotFound" 400;
    NETWORK_ACL_ENTRY_ALREADY_EXISTS "NetworkAclEntryAlreadyExists" 400;
    NETWORK_ACL_ENTRY_LIMIT_EXCEEDED "NetworkAclEntryLimitExceeded" 400;
    NETWORK_ACL_LIMIT_EXCEEDED "NetworkAclLimitExceeded" 400;
    INVALID_ROUTE_NOT_FOUND "InvalidRoute.NotFound" 400;
    INVALID_ROUTE_TABLE_ID_MALFORMED "InvalidRouteTableId.Malformed" 400;
    INVALID_ROUTE_TABLE_ID_NOT_FOUND "InvalidRouteTableID.NotFound" 400;
    INVALID_STATE_TRANSITION "InvalidStateTransition" 400;
    OUTSTANDING_VPC_PEERING_CONNECTION_LIMIT_EXCEEDED "OutstandingVpcPeeringConnectionLimitExceeded" 400;
    VPC_PEERING_CONNECTION_ALREADY_EXISTS "VpcPeeringConnectionAlreadyExists" 400;
    VPC_PEERING_CONNECTIONS_PER_VPC_LIMIT_EXCEEDED "VpcPeeringConnectionsPerVpcLimitExceeded" 400;
    INVALID_VPC_PEERING_CONNECTION_ID_NOT_FOUND "InvalidVpcPeeringConnectionID.NotFound" 400;
    INVALID_VPC_PEERING_CONNECTION_ID_MALFORMED "InvalidVpcPeeringConnectionId.Malformed" 400;
    DUPLICATE_TRANSIT_GATEWAY_ATTACHMENT "DuplicateTransitGatewayAttachment" 400;
    INVALID_ASSOCIATION_NOT_FOUND "InvalidAssociation.NotFound" 400;
    TRANSIT_GATEWAY_ATTACHMENT_LIMIT_EXCEEDED "TransitGatewayAttachmentLimitExceeded" 400;
    TRANSIT_GATEWAY_ROUTE_TABLE_PROPAGATION_DUPLICATE "TransitGatewayRouteTablePropagation.Duplicate" 400;
    TRANSIT_GATEWAY_ROUTE_TABLE_PROPAGATION_NOT_FOUND "TransitGatewayRouteTablePropagation.NotFound" 400;
    TRANSIT_GATEWAY_CONNECT_PEER_LIMIT_EXCEEDED "TransitGatewayConnectPeerLimitExceeded" 400;
    INVALID_TRANSIT_GATEWAY_CONNECT_PEER_ID_MALFORMED "InvalidTransitGatewayConnectPeerID.Malformed" 400;
    TRANSIT_GATEWAY_ROUTE_LIMIT_EXCEEDED "TransitGatewayRouteLimitExceeded" 400;
    TRANSIT_GATEWAY_LIMIT_EXCEEDED "TransitGatewayLimitExceeded" 400;
    TRANSIT_GATEWAY_ROUTE_TABLE_LIMIT_EXCEEDED "TransitGatewayRouteTableLimitExceeded" 400;
    INVALID_TRANSFER_ADDRESS_ASSOCIATED "InvalidTransfer.AddressAssociated" 400;
    INVALID_TRANSFER_ADDRESS_CUSTOM_PTR_SET "InvalidTransfer.AddressCustomPtrSet" 400;
    INVALID_TRANSIT_GATEWAY_ATTACHMENT_ID_MALFORMED "InvalidTransitGatewayAttachmentID.Malformed" 400;
    INVALID_TRANSIT_GATEWAY_ID_MALFORMED "InvalidTransitGatewayID.Malformed" 400;
    INVALID_TRANSIT_GATEWAY_ID_NOT_FOUND "InvalidTransitGatewayID.NotFound" 400;
    INVALID_VPC_ENDPOINT_ID_MALFORMED "InvalidVpcEndpointId.Malformed" 400;
    INVALID_VPC_ENDPOINT_ID_NOT_FOUND "InvalidVpcEndpointId.NotFound" 400;
    INVALID_CARRIER_GATEWAY_ID_MALFORMED "InvalidCarrierGatewayID.Malformed" 400;
    INVALID_CARRIER_GATEWAY_ID_NOT_FOUND "InvalidCarrierGatewayID.NotFound" 400;
    INVALID_VPN_GATEWAY_ID_MALFORMED "InvalidVpnGatewayID.Malformed" 400;
    INVALID_VPN_GATEWAY_ID_NOT_FOUND "InvalidVpnGatewayID.NotFound" 400;
    CUSTOMER_GATEWAY_LIMIT_EXCEEDED "CustomerGatewayLimitExceeded" 400;
    INVALID_CUSTOMER_GATEWAY_ID_NOT_FOUND "InvalidCustomerGatewayID.NotFound" 400;
    INVALID_VPN_GATEWAY_ATTACHMENT_NOT_FOUND "InvalidVpnGatewayAttachment.NotFound" 400;
    INVALID_VPN_GATEWAY_STATE "InvalidVpnGatewayState" 400;
    VPN_GATEWAY_ATTACHMENT_LIMIT_EXCEEDED "VpnGatewayAttachmentLimitExceeded" 400;
    VPN_GATEWAY_LIMIT_EXCEEDED "VpnGatewayLimitExceeded" 400;
    INVALID_CUSTOMER_GATEWAY_ID_MALFORMED "InvalidCustomerGatewayId.Malformed" 400;
    INVALID_VPN_CONNECTION_INVALID_TYPE "InvalidVpnConnection.InvalidType" 400;
    INVALID_VPN_CONNECTION_ID_NOT_FOUND "InvalidVpnConnectionID.NotFound" 400;
    VPN_CONNECTION_LIMIT_EXCEEDED "VpnConnectionLimitExceeded" 400;
    INVALID_VPN_CONNECTION_ID_MALFORMED "InvalidVpnConnectionID.Malformed" 400;
    RESOURCE_ALREADY_ASSOCIATED "Resource.AlreadyAssociated" 400;
    ROUTE_ALREADY_EXISTS "RouteAlreadyExists" 400;
    ROUTE_LIMIT_EXCEEDED "RouteLimitExceeded" 400;
    ROUTE_TABLE_LIMIT_EXCEEDED "RouteTableLimitExceeded" 400;
    // Flow logs.
    FLOW_LOG_ALREADY_EXISTS "FlowLogAlreadyExists" 400;
    INVALID_FLOW_LOG_ID_NOT_FOUND "InvalidFlowLogId.NotFound" 400;
    // VPC endpoints and endpoint services.
    DUPLICATE_SUBNETS_IN_SAME_ZONE "DuplicateSubnetsInSameZone" 400;
    EXISTING_VPC_ENDPOINT_CONNECTIONS "ExistingVpcEndpointConnections" 400;
    INVALID_CONNECTION_NOTIFICATION "InvalidConnectionNotification" 400;
    INVALID_POLICY_DOCUMENT "InvalidPolicyDocument" 400;
    INVALID_SERVICE_NAME "InvalidServiceName" 400;
    INVALID_STATE "InvalidState" 400;
    INVALID_VPC_ENDPOINT_SERVICE_ID_MALFORMED "InvalidVpcEndpointServiceId.Malformed" 400;
    INVALID_VPC_ENDPOINT_SERVICE_ID_NOT_FOUND "InvalidVpcEndpointServiceId.NotFound" 400;
    INVALID_VPC_ENDPOINT_SERVICE_NOT_FOUND "InvalidVpcEndpointService.NotFound" 400;
    INVALID_VPC_ENDPOINT_TYPE "InvalidVpcEndpointType" 400;
    VPC_ENDPOINT_LIMIT_EXCEEDED "VpcEndpointLimitExceeded" 400;
    // Network insights.
    ANALYSIS_EXISTS_FOR_NETWORK_INSIGHTS_PATH "AnalysisExistsForNetworkInsightsPath" 400;
    INVALID_NETWORK_INSIGHTS_ANALYSIS_ID_NOT_FOUND "InvalidNetworkInsightsAnalysisId.NotFound" 400;
    INVALID_NETWORK_INSIGHTS_PATH_ID_NOT_FOUND "InvalidNetworkInsightsPathId.NotFound" 400;
    // Network interfaces and trunks.
    ATTACHMENT_LIMIT_EXCEEDED "AttachmentLimitExceeded" 400;
    INSUFFICIENT_CIDR_BLOCKS "InsufficientCidrBlocks" 400;
    INSUFFICIENT_FREE_ADDRESSES_IN_SUBNET "InsufficientFreeAddressesInSubnet" 400;
    INVALID_ATTACHMENT_ID_MALFORMED "InvalidAttachmentID.Malformed" 400;
    INVALID_ATTACHMENT_ID_NOT_FOUND "InvalidAttachmentID.NotFound" 400;
    INVALID_IP_ADDRESS_IN_USE "InvalidIPAddress.InUse" 400;
    INVALID_NETWORK_INTERFACE_ATTACHMENT_ID_MALFORMED "InvalidNetworkInterfaceAttachmentId.Malformed" 400;
    INVALID_NETWORK_INTERFACE_ID_MALFORMED "InvalidNetworkInterfaceId.Malformed" 400;
    INVALID_NETWORK_INTERFACE_ID_NOT_FOUND "InvalidNetworkInterfaceID.NotFound" 400;
    INVALID_NETWORK_INTERFACE_IN_USE "InvalidNetworkInterface.InUse" 400;
    INVALID_PERMISSION_ID_NOT_FOUND "InvalidPermissionID.NotFound" 400;
    NETWORK_INTERFACE_LIMIT_EXCEEDED "NetworkInterfaceLimitExceeded" 400;
    NETWORK_INTERFACE_NOT_SUPPORTED "NetworkInterfaceNotSupported" 400;
    PRIVATE_IP_ADDRESS_LIMIT_EXCEEDED "PrivateIpAddressLimitExceeded" 400;
    // Security groups.
    CANNOT_DELETE "CannotDelete" 400;
    INVALID_GROUP_DUPLICATE "InvalidGroup.Duplicate" 400;
    INVALID_GROUP_ID_MALFORMED "InvalidGroupId.Malformed" 400;
    INVALID_GROUP_IN_USE "InvalidGroup.InUse" 400;
    INVALID_GROUP_NOT_FOUND "InvalidGroup.NotFound" 400;
    INVALID_GROUP_RESERVED "InvalidGroup.Reserved" 400;
    INVALID_PERMISSION_DUPLICATE "InvalidPermission.Duplicate" 400;
    INVALID_PERMISSION_MALFORMED "InvalidPermission.Malformed" 400;
    INVALID_PERMISSION_NOT_FOUND "InvalidPermission.NotFound" 400;
    INVALID_PREFIX_LIST_ID_NOT_FOUND "InvalidPrefixListID.NotFound" 400;
    INVALID_PREFIX_LIST_ID_MALFORMED "InvalidPrefixListId.Malformed" 400;
    INVALID_SECURITY_GROUP_VPC_ASSOCIATION_NOT_FOUND "InvalidSecurityGroupVpcAssociation.NotFound" 400;
    INVALID_SECURITY_GROUP_ID_NOT_FOUND "InvalidSecurityGroupID.NotFound" 400;
    INVALID_SECURITY_GROUP_RULE_ID_MALFORMED "InvalidSecurityGroupRuleId.Malformed" 400;
    INVALID_SECURITY_GROUP_RULE_ID_NOT_FOUND "InvalidSecurityGroupRuleId.NotFound" 400;
    PREFIX_LIST_MAX_ENTRIES_EXCEEDED "PrefixListMaxEntriesExceeded" 400;
    PREFIX_LIST_VERSION_MISMATCH "PrefixListVersionMismatch" 400;
    RULES_PER_SECURITY_GROUP_LIMIT_EXCEEDED "RulesPerSecurityGroupLimitExceeded" 400;
    SECURITY_GROUP_LIMIT_EXCEEDED "SecurityGroupLimitExceeded" 400;
    SECURITY_GROUPS_PER_INTERFACE_LIMIT_EXCEEDED "SecurityGroupsPerInterfaceLimitExceeded" 400;
    // What is never here.
    INVALID_BUNDLE_ID_NOT_FOUND "InvalidBundleID.NotFound" 400;
    INVALID_CAPACITY_BLOCK_ID_NOT_FOUND "InvalidCapacityBlockId.NotFound" 400;
    INVALID_CAPACITY_RESERVATION_FLEET_ID_NOT_FOUND "InvalidCapacityReservationFleetId.NotFound" 400;
    INVALID_CLIENT_VPN_ENDPOINT_ID_NOT_FOUND "InvalidClientVpnEndpointId.NotFound" 400;
    INVALID_CONVERSION_TASK_ID "InvalidConversionTaskId" 400;
    INVALID_ELASTIC_GPU_ID_NOT_FOUND "InvalidElasticGpuID.NotFound" 400;
    INVALID_EXPORT_TASK_ID_NOT_FOUND "InvalidExportTaskID.NotFound" 400;
    INVALID_FPGA_IMAGE_ID_NOT_FOUND "InvalidFpgaImageID.NotFound" 400;
    INVALID_HOST_ID_NOT_FOUND "InvalidHostID.NotFound" 400;
    INVALID_HOST_RESERVATION_ID_NOT_FOUND "InvalidHostReservationId.NotFound" 400;
    INVALID_INSTANCE_CONNECT_ENDPOINT_ID_NOT_FOUND "InvalidInstanceConnectEndpointId.NotFound" 400;
    INVALID_INSTANCE_EVENT_WINDOW_ID_NOT_FOUND "InvalidInstanceEventWindowID.NotFound" 400;
    INVALID_IPAM_EXTERNAL_RESOURCE_VERIFICATION_TOKEN_ID_NOT_FOUND
        "InvalidIpamExternalResourceVerificationTokenId.NotFound" 400;
    INVALID_IPAM_ID_NOT_FOUND "InvalidIpamId.NotFound" 400;
    INVALID_IPAM_INTERNET_REGISTRY_ASSOCIATION_ID_NOT_FOUND "InvalidIpamInternetRegistryAssociationId.NotFound" 400;
    INVALID_IPAM_POLICY_ID_NOT_FOUND "InvalidIpamPolicyId.NotFound" 400;
    INVALID_IPAM_POOL_ALLOCATION_ID_NOT_FOUND "InvalidIpamPoolAllocationId.NotFound" 400;
    INVALID_IPAM_POOL_ID_NOT_FOUND "InvalidIpamPoolId.NotFound" 400;
    INVALID_IPAM_PREFIX_LIST_RESOLVER_ID_NOT_FOUND "InvalidIpamPrefixListResolverId.NotFound" 400;
    INVALID_IPAM_PREFIX_LIST_RESOLVER_TARGET_ID_NOT_FOUND "InvalidIpamPrefixListResolverTargetId.NotFound" 400;
    INVALID_IPAM_RESOURCE_DISCOVERY_ASSOCIATION_ID_NOT_FOUND "InvalidIpamResourceDiscoveryAssociationId.NotFound" 400;
    INVALID_IPAM_RESOURCE_DISCOVERY_ID_NOT_FOUND "InvalidIpamResourceDiscoveryId.NotFound" 400;
    INVALID_IPAM_SCOPE_ID_NOT_FOUND "InvalidIpamScopeId.NotFound" 400;
    INVALID_LOCAL_GATEWAY_ID_NOT_FOUND "InvalidLocalGatewayID.NotFound" 400;
    INVALID_LOCAL_GATEWAY_ROUTE_TABLE_ID_NOT_FOUND "InvalidLocalGatewayRouteTableID.NotFound" 400;
    INVALID_LOCAL_GATEWAY_ROUTE_TABLE_VIRTUAL_INTERFACE_GROUP_ASSOCIATION_ID_NOT_FOUND
        "InvalidLocalGatewayRouteTableVirtualInterfaceGroupAssociationID.NotFound" 400;
    INVALID_LOCAL_GATEWAY_ROUTE_TABLE_VPC_ASSOCIATION_ID_NOT_FOUND
        "InvalidLocalGatewayRouteTableVpcAssociationID.NotFound" 400;
    INVALID_LOCAL_GATEWAY_VIRTUAL_INTERFACE_GROUP_ID_NOT_FOUND
        "InvalidLocalGatewayVirtualInterfaceGroupID.NotFound" 400;
    INVALID_LOCAL_GATEWAY_VIRTUAL_INTERFACE_ID_NOT_FOUND "InvalidLocalGatewayVirtualInterfaceID.NotFound" 400;
    INVALID_MAC_MODIFICATION_TASK_ID_NOT_FOUND "InvalidMacModificationTaskId.NotFound" 400;
    INVALID_NETWORK_INSIGHTS_ACCESS_SCOPE_ANALYSIS_ID_NOT_FOUND
        "InvalidNetworkInsightsAccessScopeAnalysisId.NotFound" 400;
    INVALID_NETWORK_INSIGHTS_ACCESS_SCOPE_ID_NOT_FOUND "InvalidNetworkInsightsAccessScopeId.NotFound" 400;
    INVALID_OUTPOST_LAG_ID_NOT_FOUND "InvalidOutpostLagId.NotFound" 400;
    INVALID_POOL_ID_NOT_FOUND "InvalidPoolID.NotFound" 400;
    INVALID_REPLACE_ROOT_VOLUME_TASK_ID_NOT_FOUND "InvalidReplaceRootVolumeTaskId.NotFound" 400;
    INVALID_RESERVED_INSTANCES_ID "InvalidReservedInstancesId" 400;
    INVALID_RESERVED_INSTANCES_MODIFICATION_ID "InvalidReservedInstancesModificationId" 400;
    INVALID_ROUTE_SERVER_ENDPOINT_ID_NOT_FOUND "InvalidRouteServerEndpointId.NotFound" 400;
    INVALID_ROUTE_SERVER_ID_NOT_FOUND "InvalidRouteServerId.NotFound" 400;
    INVALID_ROUTE_SERVER_PEER_ID_NOT_FOUND "InvalidRouteServerPeerId.NotFound" 400;
    INVALID_SCHEDULED_INSTANCE "InvalidScheduledInstance" 400;
    INVALID_SECONDARY_INTERFACE_ID_NOT_FOUND "InvalidSecondaryInterfaceId.NotFound" 400;
    INVALID_SECONDARY_NETWORK_ID_NOT_FOUND "InvalidSecondaryNetworkId.NotFound" 400;
    INVALID_SECONDARY_SUBNET_ID_NOT_FOUND "InvalidSecondarySubnetId.NotFound" 400;
    INVALID_SERVICE_LINK_VIRTUAL_INTERFACE_ID_NOT_FOUND "InvalidServiceLinkVirtualInterfaceId.NotFound" 400;
    INVALID_SNAPSHOT_NOT_FOUND "InvalidSnapshot.NotFound" 400;
    INVALID_SPOT_DATAFEED_NOT_FOUND "InvalidSpotDatafeed.NotFound" 400;
    INVALID_SPOT_FLEET_REQUEST_ID_NOT_FOUND "InvalidSpotFleetRequestId.NotFound" 400;
    INVALID_TRAFFIC_MIRROR_FILTER_ID_NOT_FOUND "InvalidTrafficMirrorFilterId.NotFound" 400;
    INVALID_TRAFFIC_MIRROR_FILTER_RULE_ID_NOT_FOUND "InvalidTrafficMirrorFilterRuleId.NotFound" 400;
    INVALID_TRAFFIC_MIRROR_SESSION_ID_NOT_FOUND "InvalidTrafficMirrorSessionId.NotFound" 400;
    INVALID_TRAFFIC_MIRROR_TARGET_ID_NOT_FOUND "InvalidTrafficMirrorTargetId.NotFound" 400;
    INVALID_TRANSIT_GATEWAY_ATTACHMENT_ID_NOT_FOUND "InvalidTransitGatewayAttachmentID.NotFound" 400;
    INVALID_TRANSIT_GATEWAY_CONNECT_PEER_ID_NOT_FOUND "InvalidTransitGatewayConnectPeerID.NotFound" 400;
    INVALID_TRANSIT_GATEWAY_METERING_POLICY_ID_NOT_FOUND "InvalidTransitGatewayMeteringPolicyId.NotFound" 400;
    INVALID_TRANSIT_GATEWAY_MULTICAST_DOMAIN_ID_NOT_FOUND "InvalidTransitGatewayMulticastDomainId.NotFound" 400;
    INVALID_TRANSIT_GATEWAY_POLICY_TABLE_ID_NOT_FOUND "InvalidTransitGatewayPolicyTableId.NotFound" 400;
    INVALID_TRANSIT_GATEWAY_ROUTE_TABLE_ANNOUNCEMENT_ID_NOT_FOUND
        "InvalidTransitGatewayRouteTableAnnouncementId.NotFound" 400;
    INVALID_VERIFIED_ACCESS_ENDPOINT_ID_NOT_FOUND "InvalidVerifiedAccessEndpointId.NotFound" 400;
    INVALID_VERIFIED_ACCESS_GROUP_ID_NOT_FOUND "InvalidVerifiedAccessGroupId.NotFound" 400;
    INVALID_VERIFIED_ACCESS_INSTANCE_ID_NOT_FOUND "InvalidVerifiedAccessInstanceId.NotFound" 400;
    INVALID_VERIFIED_ACCESS_TRUST_PROVIDER_ID_NOT_FOUND "InvalidVerifiedAccessTrustProviderId.NotFound" 400;
    INVALID_VOLUME_NOT_FOUND "InvalidVolume.NotFound" 400;
    INVALID_VPC_BLOCK_PUBLIC_ACCESS_EXCLUSION_ID_NOT_FOUND "InvalidVpcBlockPublicAccessExclusionId.NotFound" 400;
    INVALID_VPC_ENCRYPTION_CONTROL_ID_NOT_FOUND "InvalidVpcEncryptionControlId.NotFound" 400;
    INVALID_VPN_CONCENTRATOR_ID_NOT_FOUND "InvalidVpnConcentratorID.NotFound" 400;
}

impl Code {
    /// Its name, as clients compare it.
    pub const fn name(self) -> &'static str {
        self.name
    }

    /// The HTTP status it is answered with.
    pub const fn status(self) -> u16 {
        self.status
    }

    /// The same where it is answered with another status than mostly.
    pub(crate) const fn answered_with(self, status: u16) -> Self {
        Self { status, ..self }
    }

    /// The code of a name, if there is one.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.name == name)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// Why a call was refused, as the caller is told.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct ApiError {
    code: Code,
    message: String,
    /// The service the caller speaks to: their errors look different.
    pub(crate) service: crate::Service,
}

impl ApiError {
    /// A refusal with the text the caller reads.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), service: crate::Service::Ec2 }
    }

    /// Its code.
    pub fn code(&self) -> Code {
        self.code
    }

    /// Its text.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// A request of more bytes than are read.
    ///
    /// See <https://docs.aws.amazon.com/imagebuilder/latest/APIReference/CommonErrors.html>: EC2's own list has no
    /// word on it.
    pub fn too_large() -> Self {
        let message = format!("The request entity is too large: at most {MAX_BODY_BYTES} bytes are read.");
        Self::new(Code::REQUEST_ENTITY_TOO_LARGE, message)
    }

    /// A parameter that must be there and is not.
    pub(crate) fn missing(name: &str) -> Self {
        Self::new(Code::MISSING_PARAMETER, format!("The request must contain the parameter {name}"))
    }

    /// A parameter the action does not have.
    pub(crate) fn unknown(name: &str) -> Self {
        Self::new(Code::UNKNOWN_PARAMETER, format!("The parameter {name} is not recognized"))
    }

    /// A parameter whose value cannot be, and what would be right, as a sentence.
    pub(crate) fn invalid(name: &str, value: &str, expected: &str) -> Self {
        let name = lower_first(name);
        Self::new(
            Code::INVALID_PARAMETER_VALUE,
            format!("Value ({value}) for parameter {name} is invalid. {expected}").trim_end().to_owned(),
        )
    }

    /// A resource that is not there, in the words that clients read ids from.
    pub(crate) fn not_found(code: Code, noun: &str, id: impl fmt::Display) -> Self {
        Self::new(code, format!("The {noun} ID '{id}' does not exist"))
    }

    /// A resource that others still need.
    pub(crate) fn dependency(noun: &str, id: impl fmt::Display) -> Self {
        Self::new(Code::DEPENDENCY_VIOLATION, format!("The {noun} '{id}' has dependencies and cannot be deleted."))
    }

    /// A parameter or value that EC2 has and this emulator has not.
    pub(crate) fn unsupported(what: &str) -> Self {
        Self::new(Code::UNSUPPORTED_OPERATION, format!("{what} is not supported by this emulator"))
    }

    /// A zone that the region does not have.
    pub(crate) fn no_such_zone(zone: impl fmt::Display) -> Self {
        Self::new(Code::INVALID_PARAMETER_VALUE, format!("Invalid availability zone: [{zone}]"))
    }

    /// Two parameters that do not go together.
    pub(crate) fn combination(message: impl Into<String>) -> Self {
        Self::new(Code::INVALID_PARAMETER_COMBINATION, message)
    }
}

/// EC2's messages name parameters with a small first letter.
fn lower_first(name: &str) -> String {
    let mut chars = name.chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_distinct() {
        for (at, code) in Code::ALL.iter().enumerate() {
            assert_eq!(Code::ALL.iter().position(|other| other.name == code.name), Some(at), "{code}");
            assert_eq!(Code::named(code.name), Some(*code));
        }
    }
}
