//! What EC2 says where the model refuses something about placement groups.

use vpc_model::PlacementGroupError;

use crate::{ApiError, Code};

impl From<PlacementGroupError> for ApiError {
    fn from(err: PlacementGroupError) -> Self {
        match err {
            PlacementGroupError::NotFound(name) => {
                Self::new(Code::INVALID_PLACEMENT_GROUP_UNKNOWN, format!("The Placement Group '{name}' is unknown."))
            }
            PlacementGroupError::Duplicate(name) => Self::new(
                Code::INVALID_PLACEMENT_GROUP_DUPLICATE,
                format!("The Placement Group '{name}' already exists."),
            ),
            PlacementGroupError::InUse(name) => Self::new(
                Code::INVALID_PLACEMENT_GROUP_IN_USE,
                format!("The placement group '{name}' is in use and may not be deleted."),
            ),
            PlacementGroupError::Name(name) => Self::invalid("GroupName", &name, "Expected 1 to 255 ASCII characters."),
            PlacementGroupError::Partitions(count) => {
                Self::invalid("PartitionCount", &count.to_string(), "Expected an integer from 1 to 7.")
            }
            PlacementGroupError::Parent => {
                Self::combination("ParentGroupId may only be specified with the strategy 'cluster'")
            }
            PlacementGroupError::NoPartition { group, number } => Self::new(
                Code::INVALID_PARAMETER_VALUE,
                format!("The placement group '{group}' has no partition {number}"),
            ),
            PlacementGroupError::Full(name) => Self::new(
                Code::INSUFFICIENT_INSTANCE_CAPACITY,
                format!("The placement group '{name}' has as many running instances in the zone as it can have"),
            ),
        }
    }
}
