//! What EC2 says where the model refuses something about VPC peering connections.

use vpc_model::{PeeringError, VpcError};

use crate::{ApiError, Code};

impl From<PeeringError> for ApiError {
    fn from(err: PeeringError) -> Self {
        let not_permitted = |message: String| Self::new(Code::OPERATION_NOT_PERMITTED, message);
        match err {
            PeeringError::NotFound(id) => {
                Self::not_found(Code::INVALID_VPC_PEERING_CONNECTION_ID_NOT_FOUND, "vpcPeeringConnection", id)
            }
            PeeringError::VpcNotFound(id) => VpcError::NotFound(id).into(),
            PeeringError::Exists(id) => Self::new(
                Code::VPC_PEERING_CONNECTION_ALREADY_EXISTS,
                format!("A peering connection between the VPCs already exists: {id}"),
            ),
            PeeringError::TooMany(id) => Self::new(
                Code::VPC_PEERING_CONNECTIONS_PER_VPC_LIMIT_EXCEEDED,
                format!("The maximum number of peering connections of {id} has been reached."),
            ),
            PeeringError::TooManyOpen(_) => Self::new(
                Code::OUTSTANDING_VPC_PEERING_CONNECTION_LIMIT_EXCEEDED,
                "The maximum number of outstanding peering connection requests has been reached.",
            ),
            PeeringError::NotYours { id, account, action } => {
                not_permitted(format!("User ({account}) cannot {action} peering {id}"))
            }
            // Without a space after the first sentence, as EC2 writes it.
            PeeringError::Elsewhere { id, region, here, action } => not_permitted(format!(
                "Incorrect region ({here}) specified for this request.VPC peering connection {id} must be {action} in \
                 region {region}"
            )),
            PeeringError::State { id, from, to } => Self::new(
                Code::INVALID_STATE_TRANSITION,
                format!("Invalid state transition for {id}, attempted to transition from {from} to {to}"),
            ),
            PeeringError::NotActive(id) => not_permitted(format!(
                "Peering {id} is not active. Peering options can be added only to active peerings."
            )),
            PeeringError::OneRegion(id) => Self::new(
                Code::INVALID_PARAMETER_VALUE,
                format!("Multipath resilience is for peering connections between regions, which {id} is not"),
            ),
        }
    }
}
