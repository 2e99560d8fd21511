//! What EC2 says where the model refuses something about network ACLs.

use vpc_model::{NetworkAclError, VpcError};

use crate::{ApiError, Code};

impl From<NetworkAclError> for ApiError {
    fn from(err: NetworkAclError) -> Self {
        match err {
            NetworkAclError::NotFound(id) => Self::not_found(Code::INVALID_NETWORK_ACL_ID_NOT_FOUND, "networkAcl", id),
            NetworkAclError::VpcNotFound(id) => VpcError::NotFound(id).into(),
            NetworkAclError::AssociationNotFound(id) => {
                Self::not_found(Code::INVALID_ASSOCIATION_ID_NOT_FOUND, "association", id)
            }
            NetworkAclError::Default(id) => {
                Self::new(Code::INVALID_PARAMETER_VALUE, format!("cannot delete default network ACL {id}"))
            }
            NetworkAclError::HasDependencies(id) => Self::dependency("networkAcl", id),
            NetworkAclError::TooMany(_) => {
                Self::new(Code::NETWORK_ACL_LIMIT_EXCEEDED, "The maximum number of network ACLs has been reached.")
            }
            NetworkAclError::Number(number) => {
                Self::invalid("ruleNumber", &number.to_string(), "Expected a number from 1 to 32766.")
            }
            NetworkAclError::EntryExists(number) => Self::new(
                Code::NETWORK_ACL_ENTRY_ALREADY_EXISTS,
                format!("The network acl entry identified by {number} already exists."),
            ),
            NetworkAclError::EntryNotFound { acl, number } => Self::new(
                Code::INVALID_NETWORK_ACL_ENTRY_NOT_FOUND,
                format!("The network acl entry identified by {number} does not exist in {acl}"),
            ),
            NetworkAclError::TooManyEntries(_) => Self::new(
                Code::NETWORK_ACL_ENTRY_LIMIT_EXCEEDED,
                "The maximum number of network acl entries has been reached.",
            ),
            NetworkAclError::SubnetElsewhere { acl, subnet } => Self::new(
                Code::INVALID_PARAMETER_VALUE,
                format!("Network ACL {acl} and subnet {subnet} belong to different networks"),
            ),
        }
    }
}
