//! What EC2 says where the model refuses something about virtual private gateways, customer gateways and the
//! connections between them.

use vpc_model::{CustomerGatewayError, VpcError, VpnGatewayError};

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
