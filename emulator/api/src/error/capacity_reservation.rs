//! What EC2 says where the model refuses something about capacity reservations.

use vpc_model::CapacityError;

use crate::{ApiError, Code};

impl From<CapacityError> for ApiError {
    fn from(err: CapacityError) -> Self {
        match err {
            CapacityError::NotFound(id) => {
                Self::not_found(Code::INVALID_CAPACITY_RESERVATION_ID_NOT_FOUND, "capacity reservation", id)
            }
            CapacityError::Malformed(id) => {
                Self::new(Code::INVALID_CAPACITY_RESERVATION_ID_MALFORMED, format!("Invalid id: \"{id}\""))
            }
            CapacityError::Ended { id, state } => Self::new(
                Code::INVALID_CAPACITY_RESERVATION_STATE,
                format!("The capacity reservation '{id}' is in the '{state}' state."),
            ),
            CapacityError::NoSuchType(name) => Self::invalid("InstanceType", &name, "Unknown instance type."),
            CapacityError::Count(count) => {
                Self::invalid("InstanceCount", &count.to_string(), "Expected an integer from 1 to 1000.")
            }
            CapacityError::InUse { id, used } => Self::new(
                Code::INVALID_PARAMETER_VALUE,
                format!("The capacity reservation '{id}' has {used} instances that use it."),
            ),
            CapacityError::EndIsOver(end) => {
                Self::invalid("EndDate", &crate::xml::time(end), "The end date must be in the future.")
            }
            CapacityError::Mismatch(id) => Self::new(
                Code::INVALID_PARAMETER_VALUE,
                format!("The attributes of the launch do not match those of the capacity reservation '{id}'."),
            ),
            CapacityError::Exceeded => Self::new(
                Code::RESERVATION_CAPACITY_EXCEEDED,
                "The targeted Capacity Reservation has not enough available instance capacity for this launch.",
            ),
        }
    }
}
