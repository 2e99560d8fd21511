//! What EC2 says where the model refuses something about volumes.

use vpc_model::VolumeError;

use crate::{ApiError, Code};

impl From<VolumeError> for ApiError {
    fn from(err: VolumeError) -> Self {
        match err {
            VolumeError::NotFound(id) => {
                Self::new(Code::INVALID_VOLUME_NOT_FOUND, format!("The volume '{id}' does not exist."))
            }
            VolumeError::InUse { id, instance } => {
                Self::new(Code::VOLUME_IN_USE, format!("Volume {id} is currently attached to {instance}"))
            }
            VolumeError::DuplicateDevice(device) => Self::new(
                Code::INVALID_BLOCK_DEVICE_MAPPING,
                format!("The device '{device}' is used in more than one block-device mapping"),
            ),
            VolumeError::Device { device, what } => Self::new(
                Code::INVALID_BLOCK_DEVICE_MAPPING,
                format!("Invalid block device mapping for device '{device}': {what}"),
            ),
            VolumeError::Combination(message) => Self::combination(message),
            VolumeError::NoSize(_) => Self::missing("size or snapshotId"),
            VolumeError::TooSmall { size_gib, snapshot, least_gib } => Self::new(
                Code::INVALID_BLOCK_DEVICE_MAPPING,
                format!(
                    "Volume of size {size_gib}GB is smaller than snapshot '{snapshot}', expect size >= {least_gib}GB"
                ),
            ),
            VolumeError::NoDevice(device) => {
                Self::new(Code::INVALID_INSTANCE_ATTRIBUTE_VALUE, format!("No device is currently mapped at {device}"))
            }
        }
    }
}
