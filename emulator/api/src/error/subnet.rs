//! What EC2 says where the model refuses something about subnets.

use vpc_model::{SubnetError, VpcError};

use crate::{ApiError, Code};

impl From<SubnetError> for ApiError {
    fn from(err: SubnetError) -> Self {
        match err {
            SubnetError::NotFound(id) => Self::not_found(Code::INVALID_SUBNET_ID_NOT_FOUND, "subnet", id),
            SubnetError::VpcNotFound(id) => VpcError::NotFound(id).into(),
            SubnetError::Range(block) => range(block),
            SubnetError::Ipv6Range(block) => range(block),
            SubnetError::Ipv6Length(block) => invalid(format!("invalid value for parameter ipv6-cidr-block: {block}")),
            SubnetError::Overlaps(block) => conflict(block),
            SubnetError::Ipv6Overlaps(block) => conflict(block),
            SubnetError::NativeWithoutBlock => Self::missing("Ipv6CidrBlock"),
            SubnetError::TooMany(_) => {
                Self::new(Code::SUBNET_LIMIT_EXCEEDED, "The maximum number of subnets has been reached.")
            }
            SubnetError::NoSuchZone(zone) => Self::invalid(
                "availabilityZone",
                &zone,
                "Subnets can only be created in the availability zones of the region.",
            ),
            SubnetError::NoDefaultVpc => {
                Self::new(Code::DEFAULT_VPC_DOES_NOT_EXIST, "No default VPC exists for this account in this region.")
            }
            SubnetError::DefaultExists { zone, subnet } => Self::new(
                Code::DEFAULT_SUBNET_ALREADY_EXISTS_IN_AVAILABILITY_ZONE,
                format!("'{subnet}' is already the default subnet in {zone}."),
            ),
            SubnetError::NoRoom(vpc) => Self::new(
                Code::INVALID_SUBNET_CONFLICT,
                format!("The default VPC '{vpc}' has no free CIDR block for a default subnet."),
            ),
            SubnetError::HasDependencies(id) => Self::dependency("subnet", id),
            SubnetError::HasIpv6Block(id) => Self::new(
                Code::CIDR_LIMIT_EXCEEDED,
                format!("This subnet '{id}' has met its maximum number of allowed IPv6 CIDRs: 1"),
            ),
            SubnetError::AssociationNotFound(id) => Self::new(
                Code::INVALID_SUBNET_CIDR_BLOCK_ASSOCIATION_ID_NOT_FOUND,
                format!("The subnet CIDR block with association ID {id} does not exist"),
            ),
            SubnetError::BlockAssigned(id) => Self::new(
                Code::INVALID_CIDR_BLOCK_IN_USE,
                format!(
                    "The subnet IPv6 CIDR block with association ID {id} may not be disassociated, because its subnet has \
                     assign-ipv6-address-on-creation set to true."
                ),
            ),
            SubnetError::BlockInUse(id) => Self::new(
                Code::INVALID_CIDR_BLOCK_IN_USE,
                format!(
                    "The subnet IPv6 CIDR block with association ID {id} may not be disassociated, because it is in use."
                ),
            ),
            SubnetError::NeedsIpv6Block { attribute, subnet } => invalid(format!(
                "Invalid value 'true' for {attribute}. Cannot set {attribute} to true unless the subnet ({subnet}) has an \
                 IPv6 CIDR block associated with it."
            )),
            SubnetError::NeedsIpv4Block { attribute, subnet } => {
                invalid(format!("Cannot set {attribute} this way: the subnet ({subnet}) is an IPv6-only subnet."))
            }
            SubnetError::LniIndex(index) => Self::invalid(
                "enableLniAtDeviceIndex",
                &index.to_string(),
                "The primary network interface cannot be a local network interface.",
            ),
            SubnetError::ReservationRange(block) => Self::new(
                Code::INVALID_PARAMETER_VALUE,
                format!("The CIDR '{block}' is not within the CIDR blocks of the subnet."),
            ),
            SubnetError::ReservationOverlaps(block) => Self::new(
                Code::INVALID_PARAMETER_VALUE,
                format!("The CIDR '{block}' conflicts with another subnet CIDR reservation."),
            ),
            SubnetError::ReservationNotFound(id) => {
                Self::not_found(Code::INVALID_SUBNET_CIDR_RESERVATION_ID_NOT_FOUND, "subnet CIDR reservation", id)
            }
        }
    }
}

fn range(block: impl std::fmt::Display) -> ApiError {
    ApiError::new(Code::INVALID_SUBNET_RANGE, format!("The CIDR '{block}' is invalid."))
}

fn conflict(block: impl std::fmt::Display) -> ApiError {
    ApiError::new(Code::INVALID_SUBNET_CONFLICT, format!("The CIDR '{block}' conflicts with another subnet"))
}

fn invalid(message: String) -> ApiError {
    ApiError::new(Code::INVALID_PARAMETER_VALUE, message)
}
