//! What EC2 says where the model refuses something about virtual private gateways, customer gateways and the
//! connections between them.

use vpc_model::{CustomerGatewayError, VpcError, VpnConnectionError, VpnGatewayError};

use crate::{ApiError, Code};

impl From<VpnGatewayError> for ApiError {
    fn from(err: VpnGatewayError) -> Self {
        match err {
            VpnGatewayError::NotFound(id) => Self::not_found(Code::INVALID_VPN_GATEWAY_ID_NOT_FOUND, "vpnGateway", id),
            VpnGatewayError::VpcNotFound(id) => VpcError::NotFound(id).into(),
            VpnGatewayError::TooMany(_) => Self::new(
                Code::VPN_GATEWAY_LIMIT_EXCEEDED,
                "The maximum number of virtual private gateways has been reached.",
            ),
            VpnGatewayError::Asn(asn) => {
                Self::invalid("AmazonSideAsn", &asn.to_string(), "Expected a number from 1 to 4294967294.")
            }
            VpnGatewayError::AlreadyAttached { gateway, vpc } => Self::new(
                Code::VPN_GATEWAY_ATTACHMENT_LIMIT_EXCEEDED,
                format!("The vpnGateway '{gateway}' is already attached to {vpc}"),
            ),
            VpnGatewayError::VpcHasOne(vpc) => Self::new(
                Code::INVALID_PARAMETER_VALUE,
                format!("{vpc} already has an attached virtual private gateway"),
            ),
            VpnGatewayError::NotAttached { gateway, vpc } => Self::new(
                Code::INVALID_VPN_GATEWAY_ATTACHMENT_NOT_FOUND,
                format!("The attachment with vpn gateway ID '{gateway}' and vpc ID '{vpc}' does not exist"),
            ),
            VpnGatewayError::State { id, state } => Self::new(
                Code::INVALID_VPN_GATEWAY_STATE,
                format!("The vpnGateway '{id}' is in the invalid state {state}"),
            ),
            VpnGatewayError::InUse(_) => Self::new(Code::INCORRECT_STATE, "The vpn gateway is in use."),
        }
    }
}

impl From<CustomerGatewayError> for ApiError {
    fn from(err: CustomerGatewayError) -> Self {
        match err {
            CustomerGatewayError::NotFound(id) => {
                Self::not_found(Code::INVALID_CUSTOMER_GATEWAY_ID_NOT_FOUND, "customerGateway", id)
            }
            CustomerGatewayError::NoAddress => Self::missing("IpAddress"),
            CustomerGatewayError::Name(name) => Self::invalid("DeviceName", &name, "Expected at most 255 characters."),
            CustomerGatewayError::Certificate(arn) => Self::invalid("CertificateArn", &arn, "Expected an ARN."),
            CustomerGatewayError::TooMany(_) => Self::new(
                Code::CUSTOMER_GATEWAY_LIMIT_EXCEEDED,
                "The maximum number of customer gateways has been reached.",
            ),
            CustomerGatewayError::InUse(_) => Self::new(Code::INCORRECT_STATE, "The customer gateway is in use."),
        }
    }
}

impl From<VpnConnectionError> for ApiError {
    fn from(err: VpnConnectionError) -> Self {
        match err {
            VpnConnectionError::NotFound(id) => {
                Self::not_found(Code::INVALID_VPN_CONNECTION_ID_NOT_FOUND, "vpnConnection", id)
            }
            VpnConnectionError::CustomerGatewayNotFound(id) => CustomerGatewayError::NotFound(id).into(),
            VpnConnectionError::VpnGatewayNotFound(id) => VpnGatewayError::NotFound(id).into(),
            VpnConnectionError::TooMany => Self::new(
                Code::VPN_CONNECTION_LIMIT_EXCEEDED,
                "The maximum number of VPN connections has been reached.",
            ),
            VpnConnectionError::TooManyTunnels(count) => {
                Self::invalid("TunnelOptions", &count.to_string(), "Expected options of at most two tunnels.")
            }
            VpnConnectionError::NoSuchTunnel { id, address } => Self::invalid(
                "VpnTunnelOutsideIpAddress",
                &address.to_string(),
                &format!("The VPN connection {id} has no tunnel with this address."),
            ),
            VpnConnectionError::Inside(block) => {
                Self::invalid("TunnelInsideCidr", &block.to_string(), "The CIDR block cannot be used in a tunnel.")
            }
            VpnConnectionError::InsideInUse(block) => {
                Self::invalid("TunnelInsideCidr", &block.to_string(), "The CIDR block is used by another tunnel.")
            }
            VpnConnectionError::PreSharedKey => Self::new(
                Code::INVALID_PARAMETER_VALUE,
                "Invalid pre-shared key. It must have 8 to 64 alphanumeric characters, periods and underscores, and \
                 cannot start with 0.",
            ),
            VpnConnectionError::Number { name, value, min, max } => {
                Self::invalid(name, &value.to_string(), &format!("Expected a number from {min} to {max}."))
            }
            VpnConnectionError::Choice { name, value } => Self::invalid(name, &value, ""),
            VpnConnectionError::NotStatic(id) => Self::new(
                Code::INVALID_VPN_CONNECTION_INVALID_TYPE,
                format!("The VPN connection {id} does not support static routes."),
            ),
            VpnConnectionError::NoRoute { id, destination } => Self::new(
                Code::INVALID_ROUTE_NOT_FOUND,
                format!("The VPN connection {id} has no route to {destination}"),
            ),
            VpnConnectionError::NeedsTransit(option) => {
                Self::combination(format!("{option} is supported only for VPN connections with a transit gateway"))
            }
            VpnConnectionError::Transit(err) => err.into(),
            VpnConnectionError::RoutesElsewhere(id) => Self::new(
                Code::INVALID_VPN_CONNECTION_INVALID_TYPE,
                format!("Static routes to the VPN connection {id} are routes of its transit gateway's route tables."),
            ),
            VpnConnectionError::HasRoutes(id) => Self::new(
                Code::INCORRECT_STATE,
                format!(
                    "The VPN connection {id} has static routes, which must be deleted before it moves to a transit gateway."
                ),
            ),
            VpnConnectionError::NothingToChange => Self::missing("CustomerGatewayId, VpnGatewayId or TransitGatewayId"),
        }
    }
}
