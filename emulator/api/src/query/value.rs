//! The types parameters can have, and what the caller is told when a text is not one.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use jiff::Timestamp;
use vpc_model::{
    AccessExclusionId, AccountId, AddressAssociationId, AllocationId, AttachmentId, CapacityReservationId,
    CarrierGatewayId, ConnectionNotificationId, CustomerGatewayId, DhcpOptionsId, EgressOnlyGatewayId,
    EndpointServiceId, FlowLogId, ImageId, InsightsAnalysisId, InsightsPathId, InstanceId, InterfacePermissionId,
    InternetGatewayId, KeyPairId, LaunchTemplateId, NatGatewayId, NetworkAclAssociationId, NetworkAclId,
    NetworkInterfaceId, PeeringConnectionId, PlacementGroupId, PrefixListId, ProfileAssociationId, ReservationId,
    ResourceId, RouteTableAssociationId, RouteTableId, SecurityGroupId, SecurityGroupRuleId, SpotRequestId,
    SubnetCidrAssociationId, SubnetCidrReservationId, SubnetId, TransitGatewayAttachmentId,
    TransitGatewayConnectPeerId, TransitGatewayId, TransitGatewayRouteTableId, TrunkAssociationId, VolumeId,
    VpcCidrAssociationId, VpcEndpointId, VpcId, VpnConnectionId, VpnGatewayId, ZoneId, ZoneName,
};

use crate::{ApiError, Code};

/// A type that parameters can have.
pub(crate) trait Value: Sized {
    /// Reads the text of the parameter called `name`.
    fn from_text(name: &str, text: String) -> Result<Self, ApiError>;
}

impl Value for String {
    fn from_text(_: &str, text: String) -> Result<Self, ApiError> {
        Ok(text)
    }
}

impl Value for bool {
    fn from_text(name: &str, text: String) -> Result<Self, ApiError> {
        match text.as_str() {
            "true" | "True" | "TRUE" => Ok(true),
            "false" | "False" | "FALSE" => Ok(false),
            _ => Err(ApiError::invalid(name, &text, "Expected a boolean.")),
        }
    }
}

macro_rules! parsed {
    ($($type:ty, $expected:literal;)*) => {$(
        impl Value for $type {
            fn from_text(name: &str, text: String) -> Result<Self, ApiError> {
                text.parse().map_err(|_| ApiError::invalid(name, &text, $expected))
            }
        }
    )*};
}

parsed! {
    u8, "Expected an integer from 0 to 255.";
    u16, "Expected an integer from 0 to 65535.";
    u32, "Expected an integer that is not negative.";
    i32, "Expected an integer.";
    u64, "Expected an integer that is not negative.";
    Ipv4Addr, "Invalid IPv4 address.";
    Ipv6Addr, "Invalid IPv6 address.";
    IpAddr, "Invalid IP address.";
    Ipv4Net, "This is not a valid CIDR block.";
    Ipv6Net, "This is not a valid CIDR block.";
    IpNet, "This is not a valid CIDR block.";
    Timestamp, "Expected a time such as 2026-01-02T03:04:05Z.";
}

impl Value for AccountId {
    fn from_text(name: &str, text: String) -> Result<Self, ApiError> {
        if text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit()) {
            Ok(Self(text))
        } else {
            Err(ApiError::invalid(name, &text, "Expected an account ID of twelve digits."))
        }
    }
}

impl Value for ZoneName {
    fn from_text(_: &str, text: String) -> Result<Self, ApiError> {
        Ok(Self(text))
    }
}

impl Value for ZoneId {
    fn from_text(_: &str, text: String) -> Result<Self, ApiError> {
        Ok(Self(text))
    }
}

/// Binary data, which the protocol carries in base64.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Base64(pub(crate) Vec<u8>);

impl Value for Base64 {
    fn from_text(name: &str, text: String) -> Result<Self, ApiError> {
        let compact: String = text.chars().filter(|c| !c.is_ascii_whitespace()).collect();
        STANDARD.decode(compact).map(Self).map_err(|_| {
            ApiError::new(Code::INVALID_PARAMETER_VALUE, format!("Invalid BASE64 encoding of parameter {name}"))
        })
    }
}

/// Reads an id. Services differ in what they say about an id that starts right and goes on wrong: the VPC
/// ones look for it and find nothing, the others call it malformed.
fn id<T: ResourceId>(text: &str, malformed: Code, not_found: Option<(Code, &str)>) -> Result<T, ApiError> {
    text.parse().map_err(|_| match not_found {
        Some((code, noun)) if text.starts_with(T::PREFIX) => {
            ApiError::new(code, format!("The {noun} ID '{text}' does not exist"))
        }
        _ if text.starts_with(T::PREFIX) => ApiError::new(malformed, format!("Invalid id: \"{text}\"")),
        _ => ApiError::new(malformed, format!("Invalid id: \"{text}\" (expecting \"{}...\")", T::PREFIX)),
    })
}

macro_rules! ids {
    ($($type:ty, $malformed:ident $(, $not_found:ident $noun:literal)?;)*) => {$(
        impl Value for $type {
            fn from_text(_: &str, text: String) -> Result<Self, ApiError> {
                #[allow(unused_mut, unused_assignments, reason = "only some ids have a noun")]
                let mut not_found = None;
                $(not_found = Some((Code::$not_found, $noun));)?
                id(&text, Code::$malformed, not_found)
            }
        }
    )*};
}

ids! {
    VpcId, INVALID_VPC_ID_MALFORMED, INVALID_VPC_ID_NOT_FOUND "vpc";
    VpcCidrAssociationId, INVALID_VPC_CIDR_BLOCK_ASSOCIATION_ID_MALFORMED;
    SubnetId, INVALID_SUBNET_ID_MALFORMED, INVALID_SUBNET_ID_NOT_FOUND "subnet";
    SubnetCidrAssociationId, INVALID_SUBNET_CIDR_BLOCK_ASSOCIATION_ID_MALFORMED;
    SubnetCidrReservationId, INVALID_SUBNET_CIDR_RESERVATION_ID_MALFORMED;
    NetworkInterfaceId, INVALID_NETWORK_INTERFACE_ID_MALFORMED,
        INVALID_NETWORK_INTERFACE_ID_NOT_FOUND "networkInterface";
    AttachmentId, INVALID_NETWORK_INTERFACE_ATTACHMENT_ID_MALFORMED;
    InterfacePermissionId, INVALID_PARAMETER_VALUE;
    TrunkAssociationId, INVALID_ASSOCIATION_ID_MALFORMED;
    SecurityGroupId, INVALID_GROUP_ID_MALFORMED;
    SecurityGroupRuleId, INVALID_SECURITY_GROUP_RULE_ID_MALFORMED;
    PrefixListId, INVALID_PREFIX_LIST_ID_MALFORMED;
    NetworkAclId, INVALID_NETWORK_ACL_ID_MALFORMED, INVALID_NETWORK_ACL_ID_NOT_FOUND "networkAcl";
    NetworkAclAssociationId, INVALID_ASSOCIATION_ID_MALFORMED, INVALID_ASSOCIATION_ID_NOT_FOUND "association";
    RouteTableId, INVALID_ROUTE_TABLE_ID_MALFORMED, INVALID_ROUTE_TABLE_ID_NOT_FOUND "routeTable";
    RouteTableAssociationId, INVALID_ASSOCIATION_ID_MALFORMED;
    InternetGatewayId, INVALID_INTERNET_GATEWAY_ID_MALFORMED,
        INVALID_INTERNET_GATEWAY_ID_NOT_FOUND "internetGateway";
    EgressOnlyGatewayId, INVALID_EGRESS_ONLY_INTERNET_GATEWAY_ID_MALFORMED,
        INVALID_EGRESS_ONLY_INTERNET_GATEWAY_ID_NOT_FOUND "egressOnlyInternetGateway";
    NatGatewayId, NAT_GATEWAY_MALFORMED;
    PeeringConnectionId, INVALID_VPC_PEERING_CONNECTION_ID_MALFORMED;
    TransitGatewayId, INVALID_TRANSIT_GATEWAY_ID_MALFORMED;
    TransitGatewayAttachmentId, INVALID_TRANSIT_GATEWAY_ATTACHMENT_ID_MALFORMED;
    TransitGatewayConnectPeerId, INVALID_TRANSIT_GATEWAY_CONNECT_PEER_ID_MALFORMED;
    TransitGatewayRouteTableId, INVALID_ROUTE_TABLE_ID_MALFORMED;
    VpcEndpointId, INVALID_VPC_ENDPOINT_ID_MALFORMED;
    EndpointServiceId, INVALID_VPC_ENDPOINT_SERVICE_ID_MALFORMED,
        INVALID_VPC_ENDPOINT_SERVICE_ID_NOT_FOUND "VpcEndpointService";
    ConnectionNotificationId, INVALID_CONNECTION_NOTIFICATION;
    InsightsPathId, INVALID_PARAMETER_VALUE, INVALID_NETWORK_INSIGHTS_PATH_ID_NOT_FOUND "networkInsightsPath";
    InsightsAnalysisId, INVALID_PARAMETER_VALUE,
        INVALID_NETWORK_INSIGHTS_ANALYSIS_ID_NOT_FOUND "networkInsightsAnalysis";
    AccessExclusionId, INVALID_PARAMETER_VALUE;
    CarrierGatewayId, INVALID_CARRIER_GATEWAY_ID_MALFORMED;
    VpnGatewayId, INVALID_VPN_GATEWAY_ID_MALFORMED;
    CustomerGatewayId, INVALID_CUSTOMER_GATEWAY_ID_MALFORMED;
    VpnConnectionId, INVALID_VPN_CONNECTION_ID_MALFORMED;
    DhcpOptionsId, INVALID_DHCP_OPTIONS_ID_MALFORMED, INVALID_DHCP_OPTION_ID_NOT_FOUND "dhcpOption";
    AllocationId, INVALID_ALLOCATION_ID_MALFORMED, INVALID_ALLOCATION_ID_NOT_FOUND "allocation";
    AddressAssociationId, INVALID_ASSOCIATION_ID_MALFORMED, INVALID_ASSOCIATION_ID_NOT_FOUND "association";
    FlowLogId, INVALID_PARAMETER_VALUE;
    InstanceId, INVALID_INSTANCE_ID_MALFORMED;
    SpotRequestId, INVALID_SPOT_INSTANCE_REQUEST_ID_MALFORMED;
    PlacementGroupId, INVALID_PLACEMENT_GROUP_ID_MALFORMED;
    LaunchTemplateId, INVALID_LAUNCH_TEMPLATE_ID_MALFORMED;
    ReservationId, INVALID_RESERVATION_ID_MALFORMED;
    ImageId, INVALID_AMI_ID_MALFORMED;
    VolumeId, INVALID_PARAMETER_VALUE;
    CapacityReservationId, INVALID_CAPACITY_RESERVATION_ID_MALFORMED;
    ProfileAssociationId, INVALID_ASSOCIATION_ID_MALFORMED;
    KeyPairId, INVALID_KEY_PAIR_NOT_FOUND;
}

/// Declares the texts an enum's parameter can have:
/// `values! { LocationType { Region "region", Zone "availability-zone" } }`.
macro_rules! values {
    ($($type:ty { $($variant:ident $text:literal),* $(,)? })*) => {$(
        impl $crate::query::Value for $type {
            fn from_text(name: &str, text: String) -> Result<Self, $crate::ApiError> {
                match text.as_str() {
                    $($text => Ok(Self::$variant),)*
                    _ => Err($crate::ApiError::invalid(
                        name, &text, concat!("Expected one of:" $(, " ", $text)*),
                    )),
                }
            }
        }
    )*};
}
pub(crate) use values;
