//! What EC2 says where the model refuses something about Elastic IP addresses.

use vpc_model::{ElasticIpError, InstanceError, InterfaceError};

use crate::{ApiError, Code};

impl From<ElasticIpError> for ApiError {
    fn from(err: ElasticIpError) -> Self {
        match err {
            ElasticIpError::NotFound(id) => Self::not_found(Code::INVALID_ALLOCATION_ID_NOT_FOUND, "allocation", id),
            ElasticIpError::AddressNotFound(address) => {
                Self::new(Code::INVALID_ADDRESS_NOT_FOUND, format!("Address '{address}' not found."))
            }
            ElasticIpError::AssociationNotFound(id) => {
                Self::not_found(Code::INVALID_ASSOCIATION_ID_NOT_FOUND, "association", id)
            }
            ElasticIpError::TooMany => {
                Self::new(Code::ADDRESS_LIMIT_EXCEEDED, "The maximum number of addresses has been reached.")
            }
            ElasticIpError::InUse(address) => {
                Self::new(Code::INVALID_IP_ADDRESS_IN_USE, format!("Address {address} is in use."))
            }
            ElasticIpError::AlreadyAssociated { resource, association } => Self::new(
                Code::RESOURCE_ALREADY_ASSOCIATED,
                format!("resource {resource} is already associated with associate-id {association}"),
            ),
            ElasticIpError::NotAssociated(address) => Self::new(
                Code::INVALID_ASSOCIATION_ID_NOT_FOUND,
                format!("The address '{address}' is not associated with anything"),
            ),
            ElasticIpError::InterfaceNotFound(id) => InterfaceError::NotFound(id).into(),
            ElasticIpError::InstanceNotFound(id) => InstanceError::NotFound(vec![id]).into(),
            ElasticIpError::InstanceState { id, state } => Self::new(
                Code::INVALID_INSTANCE_ID,
                format!("The {state} instance '{id}' is not in a valid state for this operation."),
            ),
            ElasticIpError::SeveralInterfaces(id) => Self::new(
                Code::INVALID_INSTANCE_ID,
                format!(
                    "There are multiple interfaces attached to instance '{id}'. Please specify an interface ID for \
                     the operation instead."
                ),
            ),
            ElasticIpError::NoInterface(id) => {
                Self::new(Code::INVALID_INSTANCE_ID, format!("There is no interface attached to instance '{id}'."))
            }
            ElasticIpError::NotAssigned { id, address } => Self::new(
                Code::INVALID_PARAMETER_VALUE,
                format!("Private IP address {address} is not assigned to network interface {id}."),
            ),
            ElasticIpError::NoPrivateAddress(id) => Self::new(
                Code::INVALID_PARAMETER_VALUE,
                format!("Network interface {id} does not have a primary private IP address."),
            ),
            ElasticIpError::ServiceOwned(id) => InterfaceError::ServiceOwned(id).into(),
            ElasticIpError::TransferToOwner(account) => {
                Self::invalid("TransferAccountId", &account.0, "The address belongs to this account.")
            }
            ElasticIpError::TransferAssociated(address) => Self::new(
                Code::INVALID_TRANSFER_ADDRESS_ASSOCIATED,
                format!("The address {address} cannot be transferred while it is associated"),
            ),
            ElasticIpError::TransferNamed(address) => Self::new(
                Code::INVALID_TRANSFER_ADDRESS_CUSTOM_PTR_SET,
                format!("The address {address} cannot be transferred while it has a reverse DNS record"),
            ),
            ElasticIpError::NoTransfer(id) => Self::new(
                Code::INVALID_PARAMETER_VALUE,
                format!("The allocation ID '{id}' does not have a pending address transfer"),
            ),
            ElasticIpError::NoGateway(vpc) => {
                Self::new(Code::GATEWAY_NOT_ATTACHED, format!("Network {vpc} is not attached to any internet gateway"))
            }
        }
    }
}
