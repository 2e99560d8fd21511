//! What Auto Scaling says where the model refuses something about its groups.

use vpc_model::AutoScalingError;

use crate::{ApiError, Code};

impl From<AutoScalingError> for ApiError {
    fn from(err: AutoScalingError) -> Self {
        let message = match err {
            AutoScalingError::Rests { activity, until } => {
                let until = crate::xml::time(until);
                return Self::new(
                    Code::SCALING_ACTIVITY_IN_PROGRESS,
                    format!("Scaling activity {activity} is in progress until {until} and blocks this action"),
                );
            }
            AutoScalingError::Name(name) => format!("Invalid Auto Scaling group name: {name}"),
            AutoScalingError::NotFound(name) => format!("AutoScalingGroup name not found - no such group: {name}"),
            AutoScalingError::Bounds { min, max } => {
                format!("Max bound, {max}, must be greater than or equal to min bound, {min}")
            }
            AutoScalingError::Desired(size) => format!(
                "Desired capacity:{} must be between the specified min size:{} and max size:{}",
                size.desired, size.min, size.max
            ),
            AutoScalingError::UnknownSubnet(id) => format!("The subnet ID '{id}' does not exist"),
            AutoScalingError::NoSubnet => "At least one Availability Zone or VPC Subnet is required.".to_owned(),
            AutoScalingError::UnknownInstance(id) => format!("Invalid Instance ID(s): [{id}] specified"),
            AutoScalingError::OtherGroups { id, group } => {
                format!("Instance {id} is already part of AutoScalingGroup:{group}")
            }
            AutoScalingError::NotManaged(id) => {
                format!("Instance Id not found - No managed instance found for instance ID: {id}")
            }
            AutoScalingError::AtLeast(least) => format!(
                "Currently, desiredSize equals minSize ({least}). Terminating instance without replacement will \
                 violate group's min size constraint. Either set shouldDecrementDesiredCapacity flag to false or \
                 lower group's min size."
            ),
        };
        Self::new(Code::VALIDATION_ERROR, message)
    }
}
