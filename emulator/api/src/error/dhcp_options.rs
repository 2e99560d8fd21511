//! What EC2 says where the model refuses something about DHCP options.

use vpc_model::{DhcpOptionsError, VpcError};

use crate::{ApiError, Code};

impl From<DhcpOptionsError> for ApiError {
    fn from(err: DhcpOptionsError) -> Self {
        match err {
            DhcpOptionsError::NotFound(id) => Self::not_found(Code::INVALID_DHCP_OPTION_ID_NOT_FOUND, "dhcpOption", id),
            DhcpOptionsError::VpcNotFound(id) => VpcError::NotFound(id).into(),
            DhcpOptionsError::HasDependencies(id) => Self::dependency("dhcpOptions", id),
            DhcpOptionsError::Empty => Self::missing("DhcpConfiguration"),
            DhcpOptionsError::Key(key) => {
                Self::invalid("dhcpConfiguration", &key, "Expected each of the known options at most once.")
            }
            DhcpOptionsError::Value { key, value } => Self::invalid(&key, &value, "The option cannot have this value."),
        }
    }
}
