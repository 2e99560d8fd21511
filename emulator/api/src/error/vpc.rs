//! What EC2 says where the model refuses something about VPCs or gateways.

use vpc_model::{EgressOnlyGatewayError, GatewayError, VpcError};

use crate::{ApiError, Code};

impl From<VpcError> for ApiError {
    fn from(err: VpcError) -> Self {
        match err {
            VpcError::NotFound(id) => Self::not_found(Code::INVALID_VPC_ID_NOT_FOUND, "vpc", id),
            VpcError::PeeringRequested(id) => Self::new(
                Code::OPERATION_NOT_PERMITTED,
                format!("The vpc '{id}' has a VPC peering connection request that is pending acceptance."),
            ),
            VpcError::Range(block) => Self::new(Code::INVALID_VPC_RANGE, format!("The CIDR '{block}' is invalid.")),
            VpcError::TooMany(_) => Self::new(Code::VPC_LIMIT_EXCEEDED, "The maximum number of VPCs has been reached."),
            VpcError::RestrictedRange(block) => Self::new(
                Code::INVALID_VPC_RANGE,
                format!(
                    "The CIDR '{block}' is restricted. Use a CIDR from the same private address range as the current \
                     VPC CIDR, or use a publicly-routable CIDR."
                ),
            ),
            VpcError::TooManyBlocks(id) => Self::new(
                Code::CIDR_LIMIT_EXCEEDED,
                format!("This network '{id}' has met its maximum number of allowed CIDRs"),
            ),
            VpcError::AssociationNotFound(id) => {
                Self::not_found(Code::INVALID_VPC_CIDR_BLOCK_ASSOCIATION_ID_NOT_FOUND, "vpc CIDR block association", id)
            }
            VpcError::PrimaryBlock(id) => Self::new(
                Code::OPERATION_NOT_PERMITTED,
                format!(
                    "The vpc CIDR block with association ID {id} may not be disassociated. It is the primary IPv4 CIDR block of the VPC"
                ),
            ),
            VpcError::BlockInUse(block) => Self::new(
                Code::DEPENDENCY_VIOLATION,
                format!("The CIDR block '{block}' has dependencies and cannot be disassociated."),
            ),
            VpcError::NoSuchBorderGroup(group) => {
                Self::invalid("ipv6CidrBlockNetworkBorderGroup", &group, "There is no such network border group.")
            }
            VpcError::HasDependencies(id) => Self::dependency("vpc", id),
            VpcError::DefaultExists(id) => Self::new(
                Code::DEFAULT_VPC_ALREADY_EXISTS,
                format!("A Default VPC already exists for this account in this region: {id}"),
            ),
        }
    }
}

impl From<GatewayError> for ApiError {
    fn from(err: GatewayError) -> Self {
        match err {
            GatewayError::NotFound(id) => {
                Self::not_found(Code::INVALID_INTERNET_GATEWAY_ID_NOT_FOUND, "internetGateway", id)
            }
            GatewayError::VpcNotFound(id) => VpcError::NotFound(id).into(),
            GatewayError::TooMany(_) => Self::new(
                Code::INTERNET_GATEWAY_LIMIT_EXCEEDED,
                "The maximum number of internet gateways has been reached.",
            ),
            GatewayError::AlreadyAttached { gateway, vpc } => Self::new(
                Code::RESOURCE_ALREADY_ASSOCIATED,
                format!("resource {gateway} is already attached to network {vpc}"),
            ),
            GatewayError::VpcHasOne(vpc) => Self::new(
                Code::INVALID_PARAMETER_VALUE,
                format!("Network {vpc} already has an internet gateway attached"),
            ),
            GatewayError::NotAttached { gateway, vpc } => {
                Self::new(Code::GATEWAY_NOT_ATTACHED, format!("resource {gateway} is not attached to network {vpc}"))
            }
            GatewayError::MappedAddresses(vpc) => Self::new(
                Code::DEPENDENCY_VIOLATION,
                format!(
                    "Network {vpc} has some mapped public address(es). Please unmap those public address(es) before \
                     detaching the gateway."
                ),
            ),
            GatewayError::HasDependencies(id) => Self::dependency("internetGateway", id),
        }
    }
}

impl From<EgressOnlyGatewayError> for ApiError {
    fn from(err: EgressOnlyGatewayError) -> Self {
        match err {
            EgressOnlyGatewayError::NotFound(id) => Self::not_found(
                Code::INVALID_EGRESS_ONLY_INTERNET_GATEWAY_ID_NOT_FOUND,
                "egressOnlyInternetGateway",
                id,
            ),
            EgressOnlyGatewayError::VpcNotFound(id) => VpcError::NotFound(id).into(),
            EgressOnlyGatewayError::TooMany(_) => Self::new(
                Code::EGRESS_ONLY_INTERNET_GATEWAY_LIMIT_EXCEEDED,
                "The maximum number of egress-only internet gateways has been reached.",
            ),
            EgressOnlyGatewayError::VpcHasOne(vpc) => Self::new(
                Code::INVALID_PARAMETER_VALUE,
                format!("Network {vpc} already has an egress-only internet gateway attached"),
            ),
        }
    }
}
