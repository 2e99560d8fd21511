//! What EC2 says where the model refuses something about transit gateways.

use std::fmt;

use vpc_model::TransitGatewayError;

use crate::{ApiError, Code};

/// Transit gateways' own words for what is not there.
fn gone(code: Code, what: &str, id: impl fmt::Display) -> ApiError {
    ApiError::new(code, format!("{what} {id} was deleted or does not exist."))
}

fn too_many(code: Code, what: &str, limit: usize) -> ApiError {
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
            TransitGatewayError::State(id) => Self::new(Code::INCORRECT_STATE, format!("{id} is in invalid state")),
            TransitGatewayError::TooManyGateways(limit) => {
                too_many(Code::TRANSIT_GATEWAY_LIMIT_EXCEEDED, "transit gateways", limit)
            }
            TransitGatewayError::TooManyTables(limit) => {
                too_many(Code::TRANSIT_GATEWAY_ROUTE_TABLE_LIMIT_EXCEEDED, "transit gateway route tables", limit)
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
            TransitGatewayError::DefaultTable(id) => {
                Self::new(Code::INCORRECT_STATE, format!("{id} is a default route table and cannot be deleted"))
            }
        }
    }
}
