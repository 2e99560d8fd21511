//! What EC2 says where the model refuses something about launch templates.

use vpc_model::LaunchTemplateError;

use crate::{ApiError, Code};

impl From<LaunchTemplateError> for ApiError {
    fn from(err: LaunchTemplateError) -> Self {
        match err {
            LaunchTemplateError::NotFound(id) => Self::new(
                Code::INVALID_LAUNCH_TEMPLATE_ID_NOT_FOUND,
                format!("The specified launch template, with template ID {id}, does not exist."),
            ),
            LaunchTemplateError::NameNotFound(name) => Self::new(
                Code::INVALID_LAUNCH_TEMPLATE_NAME_NOT_FOUND,
                format!("The specified launch template, with template name {name}, does not exist."),
            ),
            LaunchTemplateError::Name(_) => Self::new(
                Code::INVALID_LAUNCH_TEMPLATE_NAME_MALFORMED,
                "A launch template name must be between 3 and 128 characters, and may contain letters, numbers, and \
                 the following characters: - ( ) . / _.",
            ),
            LaunchTemplateError::Duplicate(_) => {
                Self::new(Code::INVALID_LAUNCH_TEMPLATE_NAME_ALREADY_EXISTS, "Launch template name already in use.")
            }
            LaunchTemplateError::VersionNotFound { id, version } => Self::new(
                Code::INVALID_LAUNCH_TEMPLATE_ID_VERSION_NOT_FOUND,
                format!("Could not find the specified version {version} for the launch template with ID {id}."),
            ),
            LaunchTemplateError::DefaultVersion(version) => Self::new(
                Code::OPERATION_NOT_PERMITTED,
                format!("Version {version} is the default version of the launch template and cannot be deleted."),
            ),
            LaunchTemplateError::TooMany(_) => {
                Self::new(Code::MAX_TEMPLATE_LIMIT_EXCEEDED, "Account has already reached max permitted templates")
            }
            LaunchTemplateError::TooManyVersions { id, limit } => Self::new(
                Code::MAX_TEMPLATE_VERSION_LIMIT_EXCEEDED,
                format!("The launch template {id} has already reached max permitted versions: {limit}"),
            ),
            LaunchTemplateError::NoData => Self::missing("LaunchTemplateData"),
            LaunchTemplateError::Description(text) => Self::invalid("VersionDescription", &text, ""),
        }
    }
}
