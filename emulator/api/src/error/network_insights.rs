//! What EC2 says where the model refuses something about network insights.

use vpc_model::InsightsError;

use crate::{ApiError, Code};

impl From<InsightsError> for ApiError {
    fn from(err: InsightsError) -> Self {
        match err {
            InsightsError::PathNotFound(id) => {
                Self::not_found(Code::INVALID_NETWORK_INSIGHTS_PATH_ID_NOT_FOUND, "networkInsightsPath", id)
            }
            InsightsError::AnalysisNotFound(id) => {
                Self::not_found(Code::INVALID_NETWORK_INSIGHTS_ANALYSIS_ID_NOT_FOUND, "networkInsightsAnalysis", id)
            }
            InsightsError::End(id) => Self::new(
                Code::INVALID_PARAMETER_VALUE,
                format!("The resource '{id}' is not supported as the source or destination of a path"),
            ),
            InsightsError::NoDestination => Self::missing("Destination"),
            InsightsError::HasAnalyses(id) => Self::new(
                Code::ANALYSIS_EXISTS_FOR_NETWORK_INSIGHTS_PATH,
                format!("There are analyses of the network insights path '{id}'. Delete them first."),
            ),
        }
    }
}
