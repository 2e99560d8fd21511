//! What EC2 says where the model refuses something about NAT gateways.

use vpc_model::{NatGatewayError, SubnetError};

use crate::{ApiError, Code};

impl From<NatGatewayError> for ApiError {
    fn from(err: NatGatewayError) -> Self {
        match err {
            NatGatewayError::NotFound(id) => {
                Self::new(Code::NAT_GATEWAY_NOT_FOUND, format!("The Nat Gateway {id} was not found"))
            }
            NatGatewayError::SubnetNotFound(id) => SubnetError::NotFound(id).into(),
            NatGatewayError::Ipv6Only(id) => {
                Self::new(Code::INVALID_SUBNET, format!("NAT gateways are not supported in the IPv6-only subnet {id}"))
            }
            NatGatewayError::AllocationNotFound(id) => {
                Self::not_found(Code::INVALID_ELASTIC_IP_ID_NOT_FOUND, "elasticIp", id)
            }
            NatGatewayError::AllocationTwice(id) => {
                invalid(format!("Elastic IP address [{id}] is specified more than once"))
            }
            NatGatewayError::AlreadyAssociated(id) => {
                Self::new(Code::RESOURCE_ALREADY_ASSOCIATED, format!("Elastic IP address [{id}] is already associated"))
            }
            NatGatewayError::AssociationNotFound(id) => {
                Self::not_found(Code::INVALID_ASSOCIATION_ID_NOT_FOUND, "association", id)
            }
            NatGatewayError::NoElasticIp => Self::missing("AllocationId"),
            NatGatewayError::ElasticIpOfPrivate => {
                Self::combination("An Elastic IP address cannot be specified for a private NAT gateway")
            }
            NatGatewayError::CountOfPublic => {
                Self::combination("SecondaryPrivateIpAddressCount cannot be specified for a public NAT gateway")
            }
            NatGatewayError::MorePrivateThanElastic => {
                Self::combination("There must be an Elastic IP address for each private IP address")
            }
            NatGatewayError::NamedAndCounted => {
                Self::combination("Private IP addresses and their number cannot be specified together")
            }
            NatGatewayError::NothingAsked => Self::missing("PrivateIpAddress or PrivateIpAddressCount"),
            NatGatewayError::TooMany => {
                Self::new(Code::NAT_GATEWAY_LIMIT_EXCEEDED, "The maximum number of NAT Gateways has been reached.")
            }
            NatGatewayError::TooManyElasticIps(limit) => Self::new(
                Code::ADDRESS_LIMIT_EXCEEDED,
                format!("The maximum number of Elastic IP addresses of a NAT gateway is {limit}."),
            ),
            NatGatewayError::TooManyPrivateIps(limit) => Self::new(
                Code::PRIVATE_IP_ADDRESS_LIMIT_EXCEEDED,
                format!("The maximum number of private IP addresses of a NAT gateway is {limit}."),
            ),
            NatGatewayError::OtherConnectivity(id) => Self::new(
                Code::INVALID_PARAMETER,
                format!("The connectivity type of NAT gateway {id} does not allow this operation"),
            ),
            NatGatewayError::State { id, state } => {
                Self::new(Code::INCORRECT_STATE, format!("The NAT gateway {id} is in the state {state}"))
            }
            NatGatewayError::UnderWay { work, addresses } => Self::new(
                Code::OPERATION_IN_PROGRESS,
                format!("Service is currently {} the following EIPs: [{}].", work.to_uppercase(), addresses.join(", ")),
            ),
            NatGatewayError::PrimaryAddress(id) => {
                invalid(format!("The primary address of NAT gateway {id} cannot be removed"))
            }
            NatGatewayError::NotAssigned { id, address } => {
                invalid(format!("Private IP address {address} is not assigned to NAT gateway {id}"))
            }
            NatGatewayError::Interface(err) => err.into(),
        }
    }
}

fn invalid(message: String) -> ApiError {
    ApiError::new(Code::INVALID_PARAMETER_VALUE, message)
}
