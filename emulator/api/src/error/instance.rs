//! What EC2 says where the model refuses something about instances and key pairs.

use vpc_model::instance_type;
use vpc_model::{InstanceError, InstanceId, KeyPairError};

use crate::{ApiError, Code};

impl From<InstanceError> for ApiError {
    fn from(err: InstanceError) -> Self {
        let invalid = |message: String| Self::new(Code::INVALID_PARAMETER_VALUE, message);
        match err {
            InstanceError::NotFound(ids) => Self::new(Code::INVALID_INSTANCE_ID_NOT_FOUND, not_found(&ids)),
            InstanceError::State { id, verb } => Self::new(
                Code::INCORRECT_INSTANCE_STATE,
                format!("The instance '{id}' is not in a state from which it can be {verb}."),
            ),
            InstanceError::NotStopped(id) => {
                Self::new(Code::INCORRECT_INSTANCE_STATE, format!("The instance '{id}' is not in the 'stopped' state."))
            }
            InstanceError::HasProfile(id) => {
                Self::new(Code::INCORRECT_STATE, format!("There is an existing association for instance {id}"))
            }
            InstanceError::NoSuchProfileAssociation(id) => {
                Self::not_found(Code::INVALID_ASSOCIATION_ID_NOT_FOUND, "association", id)
            }
            InstanceError::TerminationProtected(id) => Self::new(
                Code::OPERATION_NOT_PERMITTED,
                format!(
                    "The instance '{id}' may not be terminated. Modify its 'disableApiTermination' instance \
                     attribute and try again."
                ),
            ),
            InstanceError::StopProtected(id) => Self::new(
                Code::OPERATION_NOT_PERMITTED,
                format!(
                    "The instance '{id}' may not be stopped. Modify its 'disableApiStop' instance attribute and \
                     try again."
                ),
            ),
            InstanceError::OneTimeSpot(id) => Self::new(
                Code::UNSUPPORTED_OPERATION,
                format!(
                    "You can't stop the Spot Instance '{id}' because it is associated with a one-time Spot Instance \
                     request. You can only stop Spot Instances associated with persistent Spot Instance requests."
                ),
            ),
            InstanceError::NoSuchType(name) => invalid(format!("Invalid value '{name}' for InstanceType.")),
            InstanceError::NoTypeToChangeTo(name) => Self::new(
                Code::INVALID_INSTANCE_ATTRIBUTE_VALUE,
                format!("The instanceType attribute value '{name}' is not valid"),
            ),
            InstanceError::NoSuchImage(id) => {
                Self::new(Code::INVALID_AMI_ID_NOT_FOUND, format!("The image id '[{id}]' does not exist"))
            }
            InstanceError::OtherArchitecture { image, instance_type } => {
                let own = instance_type::find(&instance_type).and_then(|known| known.architecture());
                let own = own.map(|own| own.to_string()).unwrap_or_default();
                invalid(format!(
                    "The architecture '{own}' of the specified instance type '{instance_type}' does not match the \
                     architecture of the specified AMI '{image}'."
                ))
            }
            InstanceError::NoSuchKeyPair(name) => {
                Self::new(Code::INVALID_KEY_PAIR_NOT_FOUND, format!("The key pair '{name}' does not exist"))
            }
            InstanceError::NoDefaultVpc => {
                Self::new(Code::VPC_ID_NOT_SPECIFIED, "No default VPC for this user. Specify a subnet.")
            }
            InstanceError::NoDefaultSubnet => {
                Self::new(Code::MISSING_INPUT, "No subnets found for the default VPC. Please specify a subnet.")
            }
            InstanceError::SubnetInOtherZone { subnet, zone } => {
                invalid(format!("The subnet '{subnet}' is not in the availability zone '{zone}'"))
            }
            InstanceError::NoPrimaryInterface => {
                invalid("When specifying network interfaces, you must include a device at index 0.".to_owned())
            }
            InstanceError::NamedForSeveral => Self::combination(
                "Network interfaces and addresses may not be specified when launching multiple instances",
            ),
            InstanceError::Count { min: 0, .. } => {
                invalid("Value (0) for parameter minCount is invalid. Expected a positive integer.".to_owned())
            }
            InstanceError::Count { .. } => {
                Self::combination("The parameter MinCount must not be greater than MaxCount")
            }
            InstanceError::UserDataLength => invalid("User data is limited to 16384 bytes".to_owned()),
            InstanceError::SeveralInterfaces(id) => Self::new(
                Code::INVALID_INSTANCE_ID,
                format!(
                    "There are multiple interfaces attached to instance '{id}'. Please specify an interface ID for \
                     the operation instead."
                ),
            ),
            InstanceError::Capacity(err) => err.into(),
            InstanceError::PlacementGroup(err) => err.into(),
            InstanceError::SoldOut { instance_type, zone } => Self::new(
                Code::INSUFFICIENT_INSTANCE_CAPACITY,
                format!(
                    "We currently do not have sufficient {instance_type} capacity in the Availability Zone you \
                     requested ({zone}). Our system will be working on provisioning additional capacity."
                ),
            ),
            InstanceError::VcpuLimit(limit) => Self::new(
                Code::VCPU_LIMIT_EXCEEDED,
                format!(
                    "You have requested more vCPU capacity than your current vCPU limit of {limit} allows for the \
                     instance bucket that the specified instance type belongs to. Please visit \
                     http://aws.amazon.com/contact-us/ec2-request to request an adjustment to this limit."
                ),
            ),
            InstanceError::SpotLimit => {
                Self::new(Code::MAX_SPOT_INSTANCE_COUNT_EXCEEDED, "Max spot instance count exceeded")
            }
            InstanceError::Volume(err) => err.into(),
            InstanceError::Interface(err) => err.into(),
        }
    }
}

fn not_found(ids: &[InstanceId]) -> String {
    match ids {
        [id] => format!("The instance ID '{id}' does not exist"),
        ids => {
            let ids: Vec<&str> = ids.iter().map(InstanceId::as_str).collect();
            format!("The instance IDs '{}' do not exist", ids.join(", "))
        }
    }
}

impl From<KeyPairError> for ApiError {
    fn from(err: KeyPairError) -> Self {
        match err {
            KeyPairError::Duplicate(name) => {
                Self::new(Code::INVALID_KEY_PAIR_DUPLICATE, format!("The keypair '{name}' already exists."))
            }
        }
    }
}
