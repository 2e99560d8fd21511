//! What EC2 says where the model refuses something about flow logs.

use vpc_model::FlowLogError;

use crate::{ApiError, Code};

impl From<FlowLogError> for ApiError {
    fn from(err: FlowLogError) -> Self {
        match err {
            FlowLogError::NotFound(ids) => {
                let texts: Vec<String> = ids.iter().map(ToString::to_string).collect();
                Self::new(
                    Code::INVALID_FLOW_LOG_ID_NOT_FOUND,
                    format!(
                        "These flow log ids in the input list are not found: [TotalCount: {}] {}",
                        texts.len(),
                        texts.join(", ")
                    ),
                )
            }
            FlowLogError::AlreadyExists(_) => Self::new(
                Code::FLOW_LOG_ALREADY_EXISTS,
                "Error. There is an existing Flow Log with the same configuration and log destination.",
            ),
        }
    }
}
