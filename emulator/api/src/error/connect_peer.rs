//! What EC2 says where the model refuses something about Connect peers.

use vpc_model::ConnectPeerError;

use super::transit_gateway::{gone, too_many};
use crate::{ApiError, Code};

impl From<ConnectPeerError> for ApiError {
    fn from(err: ConnectPeerError) -> Self {
        let invalid = |message: String| Self::new(Code::INVALID_PARAMETER_VALUE, message);
        match err {
            ConnectPeerError::NotFound(id) => {
                gone(Code::INVALID_TRANSIT_GATEWAY_CONNECT_PEER_ID_NOT_FOUND, "Transit Gateway Connect Peer", id)
            }
            ConnectPeerError::TooMany(limit) => too_many(
                Code::TRANSIT_GATEWAY_CONNECT_PEER_LIMIT_EXCEEDED,
                "Connect peers of a Connect attachment",
                limit,
            ),
            ConnectPeerError::InsideBlocks => {
                invalid("InsideCidrBlocks must have one IPv4 CIDR block and can have one for IPv6.".to_owned())
            }
            ConnectPeerError::Inside(block) => Self::invalid(
                "InsideCidrBlocks",
                &block.to_string(),
                "Expected a /29 CIDR block from 169.254.0.0/16 that is not reserved, or a /125 from fd00::/8.",
            ),
            ConnectPeerError::InsideInUse(block) => Self::invalid(
                "InsideCidrBlocks",
                &block.to_string(),
                "Another Connect peer of the transit gateway uses the CIDR block.",
            ),
            ConnectPeerError::Families(one, other) => {
                invalid(format!("{one} and {other} must both be IPv4 or both be IPv6 addresses"))
            }
            ConnectPeerError::Outside(address) => Self::invalid(
                "TransitGatewayAddress",
                &address.to_string(),
                "Expected an address from a CIDR block of the transit gateway.",
            ),
            ConnectPeerError::NoAddress(gateway) => {
                invalid(format!("{gateway} has no CIDR block with a free address of that family"))
            }
            ConnectPeerError::Exists(gateway, peer) => {
                invalid(format!("A Connect peer between {gateway} and {peer} already exists"))
            }
        }
    }
}
