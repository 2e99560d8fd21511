//! What EC2 says where the model refuses something about endpoint services of the account's.

use vpc_model::{EndpointServiceError, VpcEndpointError};

use crate::{ApiError, Code};

impl From<EndpointServiceError> for ApiError {
    fn from(err: EndpointServiceError) -> Self {
        match err {
            EndpointServiceError::NotFound(id) => Self::new(
                Code::INVALID_VPC_ENDPOINT_SERVICE_ID_NOT_FOUND,
                format!("The VpcEndpointService Id '{id}' does not exist"),
            ),
            EndpointServiceError::OneKindOfLoadBalancers => {
                invalid("exactly one of network_load_balancer_arn or gateway_load_balancer_arn is a required member")
            }
            EndpointServiceError::LoadBalancer(arn) => {
                invalid(format!("The load balancer {arn} does not exist or is not of a supported type"))
            }
            EndpointServiceError::NoIpFamily => {
                invalid("An endpoint service must support at least one IP address type.")
            }
            EndpointServiceError::NameOfAppliances => {
                invalid("Private DNS names are not supported for endpoint services of type GatewayLoadBalancer.")
            }
            EndpointServiceError::NoPrivateName(id) => {
                invalid(format!("The endpoint service {id} does not have a private DNS name."))
            }
            EndpointServiceError::HasConnections(_) => Self::new(
                Code::EXISTING_VPC_ENDPOINT_CONNECTIONS,
                "Service has existing active VPC Endpoint connections!",
            ),
            EndpointServiceError::Principal(principal) => invalid(format!("Invalid Principal: {principal}")),
            EndpointServiceError::EndpointNotFound(id) => VpcEndpointError::NotFound(id).into(),
            EndpointServiceError::ConnectionState { id, state } => Self::new(
                Code::INVALID_STATE,
                format!("The VPC endpoint {id} is in the state {state}, which does not allow the request"),
            ),
            EndpointServiceError::NotificationNotFound(id) => Self::new(
                Code::INVALID_CONNECTION_NOTIFICATION,
                format!("The Connection Notification Id '{id}' does not exist"),
            ),
            EndpointServiceError::Topic(topic) => invalid(format!("Invalid ConnectionNotificationArn: {topic}")),
            EndpointServiceError::Event(event) => invalid(format!("Invalid ConnectionEvents: {event}")),
        }
    }
}

fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::new(Code::INVALID_PARAMETER, message)
}
