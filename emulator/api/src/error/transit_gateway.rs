//! What EC2 says where the model refuses something about transit gateways.

use std::fmt;

use vpc_model::TransitGatewayError;

use crate::{ApiError, Code};

/// Transit gateways' own words for what is not there.
pub(super) fn gone(code: Code, what: &str, id: impl fmt::Display) -> ApiError {
    ApiError::new(code, format!("{what} {id} was deleted or does not exist."))
}

pub(super) fn too_many(code: Code, what: &str, limit: usize) -> ApiError {
    ApiError::new(code, format!("The maximum number of {what} ({limit}) has been reached."))
}

impl From<TransitGatewayError> for ApiError {
    fn from(err: TransitGatewayError) -> Self {
        let invalid = |message: String| Self::new(Code::INVALID_PARAMETER_VALUE, message);
        match err {
            TransitGatewayError::GatewayNotFound(id) => {
                gone(Code::INVALID_TRANSIT_GATEWAY_ID_NOT_FOUND, "Transit Gateway", id)
            }
            TransitGatewayError::TableNotFound(id) => {
                gone(Code::INVALID_ROUTE_TABLE_ID_NOT_FOUND, "Transit Gateway Route Table", id)
            }
            TransitGatewayError::AttachmentNotFound(id) | TransitGatewayError::AttachmentElsewhere(id) => {
                gone(Code::INVALID_TRANSIT_GATEWAY_ATTACHMENT_ID_NOT_FOUND, "Transit Gateway Attachment", id)
            }
            TransitGatewayError::VpcNotFound(id) => Self::not_found(Code::INVALID_VPC_ID_NOT_FOUND, "vpc", id),
            TransitGatewayError::SubnetNotFound(id) => Self::not_found(Code::INVALID_SUBNET_ID_NOT_FOUND, "subnet", id),
            TransitGatewayError::PrefixListNotFound(id) => {
                Self::not_found(Code::INVALID_PREFIX_LIST_ID_NOT_FOUND, "prefix list", id)
            }
            TransitGatewayError::TooManyRoutes(limit) => {
                too_many(Code::TRANSIT_GATEWAY_ROUTE_LIMIT_EXCEEDED, "static routes of a transit gateway", limit)
            }
            TransitGatewayError::RouteExists(block) => {
                Self::new(Code::ROUTE_ALREADY_EXISTS, format!("A static route to {block} already exists."))
            }
            TransitGatewayError::RouteNotFound(block) => {
                Self::new(Code::INVALID_ROUTE_NOT_FOUND, format!("There is no static route to {block}."))
            }
            TransitGatewayError::ReferenceExists(id) => {
                Self::new(Code::ROUTE_ALREADY_EXISTS, format!("The route table already refers to {id}."))
            }
            TransitGatewayError::ReferenceNotFound(id) => {
                Self::new(Code::INVALID_ROUTE_NOT_FOUND, format!("The route table does not refer to {id}."))
            }
            TransitGatewayError::State(id) => Self::new(Code::INCORRECT_STATE, format!("{id} is in invalid state")),
            TransitGatewayError::TooManyGateways(limit) => {
                too_many(Code::TRANSIT_GATEWAY_LIMIT_EXCEEDED, "transit gateways", limit)
            }
            TransitGatewayError::TooManyTables(limit) => {
                too_many(Code::TRANSIT_GATEWAY_ROUTE_TABLE_LIMIT_EXCEEDED, "transit gateway route tables", limit)
            }
            TransitGatewayError::TooManyAttachments(limit) => {
                too_many(Code::TRANSIT_GATEWAY_ATTACHMENT_LIMIT_EXCEEDED, "transit gateway attachments", limit)
            }
            TransitGatewayError::Asn(asn) => {
                let expected = "Expected a number from 64512 to 65534 or from 4200000000 to 4294967294.";
                Self::invalid("AmazonSideAsn", &asn.to_string(), expected)
            }
            TransitGatewayError::BlockSize(block) => {
                invalid(format!("The CIDR block {block} is longer than /24 for IPv4 or /64 for IPv6"))
            }
            TransitGatewayError::BlockOverlaps(block) => {
                invalid(format!("The CIDR block {block} overlaps with another one of the transit gateway"))
            }
            TransitGatewayError::NoSuchBlock(block) => {
                invalid(format!("The transit gateway has no CIDR block {block}"))
            }
            TransitGatewayError::TooManyBlocks(limit) => {
                too_many(Code::CIDR_LIMIT_EXCEEDED, "CIDR blocks of a transit gateway", limit)
            }
            TransitGatewayError::NoDefaultTable(id) => Self::combination(format!(
                "{id} cannot be a default route table where default route tables are disabled"
            )),
            TransitGatewayError::HasAttachments { gateway, attachments } => {
                let ids: Vec<_> = attachments.iter().map(ToString::to_string).collect();
                let message = format!("{gateway} has non-deleted Transit Gateway Attachments: {}.", ids.join(", "));
                Self::new(Code::INCORRECT_STATE, message)
            }
            TransitGatewayError::TableInUse(id) => {
                Self::new(Code::INCORRECT_STATE, format!("{id} has attachments that are associated with it"))
            }
            TransitGatewayError::Duplicate(id) => Self::new(
                Code::DUPLICATE_TRANSIT_GATEWAY_ATTACHMENT,
                format!("{id} has non-deleted Transit Gateway Attachments with same VPC ID."),
            ),
            TransitGatewayError::SubnetElsewhere(id) => invalid(format!("The subnet {id} belongs to another VPC")),
            TransitGatewayError::SameZone(id) => Self::new(
                Code::DUPLICATE_SUBNETS_IN_SAME_ZONE,
                format!("Another subnet of the attachment is in the Availability Zone of {id}"),
            ),
            TransitGatewayError::NotAttached(id) => invalid(format!("The attachment does not have the subnet {id}")),
            TransitGatewayError::AlreadyAttached(id) => invalid(format!("The attachment has the subnet {id} already")),
            TransitGatewayError::LastSubnet(id) => invalid(format!("{id} must keep at least one subnet")),
            TransitGatewayError::Interface(err) => err.into(),
            TransitGatewayError::NoTransport(id) => {
                invalid(format!("{id} is not a VPC attachment and cannot be the transport of a Connect attachment"))
            }
            TransitGatewayError::IsTransport(id) => {
                Self::new(Code::INCORRECT_STATE, format!("{id} is the transport of Connect attachments"))
            }
            TransitGatewayError::HasPeers(id) => {
                Self::new(Code::INCORRECT_STATE, format!("{id} has non-deleted Connect peers"))
            }
            TransitGatewayError::OwnPeer(id) => invalid(format!("{id} cannot be peered with itself")),
            TransitGatewayError::PeeringExists(one, other) => Self::new(
                Code::DUPLICATE_TRANSIT_GATEWAY_ATTACHMENT,
                format!("{one} has a non-deleted Transit Gateway Peering Attachment with {other}."),
            ),
            TransitGatewayError::NotAsked(id) => invalid(format!("Cannot accept or reject {id} as the requester")),
            TransitGatewayError::NoPropagation(id) => {
                invalid(format!("{id} is a peering attachment, which does not support propagation"))
            }
            TransitGatewayError::Peer(err) => err.into(),
            TransitGatewayError::BlockInUse(block) => {
                Self::new(Code::INCORRECT_STATE, format!("A Connect peer uses an address of the CIDR block {block}"))
            }
            TransitGatewayError::AlreadyAssociated(id) => Self::new(
                Code::RESOURCE_ALREADY_ASSOCIATED,
                format!("Transit Gateway Attachment {id} is already associated to a route table."),
            ),
            TransitGatewayError::NotAssociated(table, attachment) => Self::new(
                Code::INVALID_ASSOCIATION_NOT_FOUND,
                format!("Transit Gateway Attachment {attachment} is not associated to {table}."),
            ),
            TransitGatewayError::AlreadyPropagating(table, attachment) => Self::new(
                Code::TRANSIT_GATEWAY_ROUTE_TABLE_PROPAGATION_DUPLICATE,
                format!("Propagation of {attachment} to {table} is already enabled."),
            ),
            TransitGatewayError::NotPropagating(table, attachment) => Self::new(
                Code::TRANSIT_GATEWAY_ROUTE_TABLE_PROPAGATION_NOT_FOUND,
                format!("Propagation of {attachment} to {table} is not enabled."),
            ),
            TransitGatewayError::DefaultTable(id) => {
                Self::new(Code::INCORRECT_STATE, format!("{id} is a default route table and cannot be deleted"))
            }
        }
    }
}
