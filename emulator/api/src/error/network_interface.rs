//! What EC2 says where the model refuses something about network interfaces and trunks. The VPC CNI and
//! others look for some of these texts.

use vpc_model::{AddressError, InterfaceError, SecurityGroupError, SubnetError, TrunkError};

use crate::{ApiError, Code};

impl From<InterfaceError> for ApiError {
    fn from(err: InterfaceError) -> Self {
        match err {
            InterfaceError::NotFound(id) => {
                Self::not_found(Code::INVALID_NETWORK_INTERFACE_ID_NOT_FOUND, "networkInterface", id)
            }
            InterfaceError::SubnetNotFound(id) => SubnetError::NotFound(id).into(),
            InterfaceError::GroupNotFound(id) => SecurityGroupError::NotFound(id).into(),
            InterfaceError::GroupInOtherVpc(_) => {
                invalid("You have specified two resources that belong to different networks.")
            }
            InterfaceError::TooMany(_) => Self::new(
                Code::NETWORK_INTERFACE_LIMIT_EXCEEDED,
                "The maximum number of network interfaces has been reached.",
            ),
            InterfaceError::TooManyGroups(_) => Self::new(
                Code::SECURITY_GROUPS_PER_INTERFACE_LIMIT_EXCEEDED,
                "The maximum number of security groups per interface has been reached.",
            ),
            InterfaceError::Address(err) => err.into(),
            // Where assigning to an ENI that is there would say InsufficientCidrBlocks.
            InterfaceError::NoPrefixForNew => AddressError::TooFewForPrefixes.into(),
            InterfaceError::TooManyAddresses { .. } => {
                Self::new(Code::PRIVATE_IP_ADDRESS_LIMIT_EXCEEDED, "Number of private addresses will exceed limit.")
            }
            InterfaceError::NotAssigned { id, addresses } => {
                invalid(format!("Some of [{addresses}] are not assigned to interface [{id}]"))
            }
            InterfaceError::PrimaryAddress(id) => {
                invalid(format!("The primary private IP address of interface [{id}] cannot be unassigned"))
            }
            InterfaceError::PrimaryIpv6Stays(id) => {
                invalid(format!("The primary IPv6 address of interface [{id}] cannot be unassigned or disabled"))
            }
            InterfaceError::NoIpv6Address(id) => invalid(format!("Interface [{id}] has no IPv6 address")),
            InterfaceError::ServiceOwned(_) => Self::new(
                Code::AUTH_FAILURE.answered_with(400),
                "You do not have permission to access the specified resource.",
            ),
            InterfaceError::NotAttached(id) => invalid(format!("Interface [{id}] is not attached to an instance")),
            InterfaceError::PermissionNotFound(id) => {
                Self::not_found(Code::INVALID_PERMISSION_ID_NOT_FOUND, "networkInterfacePermission", id)
            }
            InterfaceError::PermissionInUse(id) => Self::new(
                Code::OPERATION_NOT_PERMITTED,
                format!("The permission '{id}' is in use; it can only be removed with force."),
            ),
            InterfaceError::Timeout { name, value, min, max } => {
                Self::invalid(name, &value.to_string(), &format!("Expected a number from {min} to {max}."))
            }
            // About attachments.
            InterfaceError::InUse(id) => invalid(format!("Network interface '{id}' is currently in use.")),
            InterfaceError::AlreadyAttached(id) => {
                Self::new(Code::INVALID_NETWORK_INTERFACE_IN_USE, format!("Interface: [{id}] in use."))
            }
            InterfaceError::InstanceNotFound(id) => {
                Self::not_found(Code::INVALID_INSTANCE_ID_NOT_FOUND, "instance", id)
            }
            InterfaceError::InstanceState(id) => {
                Self::new(Code::INCORRECT_STATE, format!("Instance '{id}' is not 'running'."))
            }
            InterfaceError::OtherZone { .. } => Self::combination(
                "You may not attach a network interface to an instance if they are not in the same availability zone",
            ),
            InterfaceError::DeviceIndexTaken { instance, device_index } => invalid(format!(
                "Instance '{instance}' already has an interface attached at device index '{device_index}'."
            )),
            InterfaceError::DeviceIndexRange(index) => {
                invalid(format!("Invalid device index '{index}' for the instance's type."))
            }
            InterfaceError::NoSuchCard { instance_type, index } => {
                invalid(format!("Network card index '{index}' is not supported by instance type {instance_type}."))
            }
            InterfaceError::TooManyAttachments { instance_type, count } => Self::new(
                Code::ATTACHMENT_LIMIT_EXCEEDED,
                format!("Interface count {count} exceeds the limit for {instance_type}"),
            ),
            InterfaceError::TrunkUnsupported(instance_type) => Self::combination(format!(
                "Network interfaces of type 'trunk' are not supported by instance type {instance_type}."
            )),
            InterfaceError::AttachmentNotFound(id) => {
                Self::not_found(Code::INVALID_ATTACHMENT_ID_NOT_FOUND, "attachment", id)
            }
            InterfaceError::AttachmentEnding(id) => {
                Self::new(Code::INCORRECT_STATE, format!("Attachment '{id}' is already being detached."))
            }
            InterfaceError::PrimaryInterface => {
                Self::new(Code::OPERATION_NOT_PERMITTED, "The network interface at device index 0 cannot be detached.")
            }
        }
    }
}

impl From<AddressError> for ApiError {
    fn from(err: AddressError) -> Self {
        match err {
            AddressError::Exhausted => Self::new(
                Code::INSUFFICIENT_FREE_ADDRESSES_IN_SUBNET,
                "The specified subnet does not have enough free addresses to satisfy the request.",
            ),
            AddressError::NoPrefix => Self::new(
                Code::INSUFFICIENT_CIDR_BLOCKS,
                "The specified subnet does not have enough free cidr blocks to satisfy the request.",
            ),
            AddressError::TooFewForPrefixes => invalid("There aren't sufficient free Ipv4 addresses or prefixes"),
            AddressError::InUse(address) => {
                Self::new(Code::INVALID_IP_ADDRESS_IN_USE, format!("Address {address} is in use."))
            }
            AddressError::PrefixInUse(prefix) => {
                Self::new(Code::INVALID_IP_ADDRESS_IN_USE, format!("Prefix {prefix} is in use."))
            }
            AddressError::Outside(address) => {
                invalid(format!("Address {address} does not fall within the subnet's address range"))
            }
            AddressError::Reserved(address) => {
                invalid(format!("Address {address} is in subnet's reserved address range"))
            }
            AddressError::NotDelegable(prefix) => invalid(format!(
                "Prefix {prefix} is not valid: it must be a /28 or /80 block at a multiple of its size"
            )),
            AddressError::NoIpv4 => invalid("The specified subnet does not have an IPv4 CIDR block"),
            AddressError::NoIpv6 => invalid("The specified subnet does not have an IPv6 CIDR block"),
        }
    }
}

/// AWS documents no codes for trunks; these are what its other actions say in the same situations.
impl From<TrunkError> for ApiError {
    fn from(err: TrunkError) -> Self {
        match err {
            TrunkError::InterfaceNotFound(id) => InterfaceError::NotFound(id).into(),
            TrunkError::NotFound(id) => {
                Self::not_found(Code::INVALID_ASSOCIATION_ID_NOT_FOUND, "trunk interface association", id)
            }
            TrunkError::NotATrunk(id) => invalid(format!("Network interface '{id}' is not of type 'trunk'.")),
            TrunkError::TrunkState(id) => {
                Self::new(Code::INCORRECT_STATE, format!("Trunk interface '{id}' is neither attached nor available."))
            }
            TrunkError::NotABranch(id) => {
                invalid(format!("Network interface '{id}' is not of a type that can be a branch interface."))
            }
            TrunkError::BranchInUse(id) => {
                Self::new(Code::INVALID_NETWORK_INTERFACE_IN_USE, format!("Interface: [{id}] in use."))
            }
            TrunkError::OtherZone { .. } => {
                Self::combination("Trunk and branch interfaces must be in the same availability zone.")
            }
            TrunkError::VlanInUse { trunk, vlan_id } => {
                invalid(format!("VLAN ID '{vlan_id}' is already in use on trunk interface '{trunk}'."))
            }
            TrunkError::TooManyBranches { instance_type, limit } => Self::new(
                Code::ATTACHMENT_LIMIT_EXCEEDED,
                format!("Branch interface count exceeds the limit of {limit} for {instance_type}"),
            ),
        }
    }
}

fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::new(Code::INVALID_PARAMETER_VALUE, message)
}
