//! Why an operation on a service of the account's is refused.

use crate::{ConnectionNotificationId, EndpointServiceId, VpcEndpointId};

/// Why an operation on a service of the account's is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EndpointServiceError {
    /// No such service.
    #[error("endpoint service {0} does not exist")]
    NotFound(EndpointServiceId),
    /// A service has load balancers, either Network or Gateway ones.
    #[error("a service has load balancers of one kind")]
    OneKindOfLoadBalancers,
    /// Not a load balancer's ARN, or one of the other kind.
    #[error("{0:?} is not a load balancer of the service's kind")]
    LoadBalancer(String),
    /// A service speaks at least one version of IP.
    #[error("the service would speak no version of ip")]
    NoIpFamily,
    /// A service with Gateway Load Balancers has no name.
    #[error("a service of appliances has no private name")]
    NameOfAppliances,
    /// It has no name to verify.
    #[error("endpoint service {0} has no private name")]
    NoPrivateName(EndpointServiceId),
    /// Endpoints lead to it.
    #[error("endpoint service {0} has endpoints")]
    HasConnections(EndpointServiceId),
    /// Not a principal.
    #[error("{0:?} is not a principal")]
    Principal(String),
    /// No such endpoint to the service.
    #[error("endpoint {0} does not exist")]
    EndpointNotFound(VpcEndpointId),
    /// The endpoint cannot be accepted or rejected any more.
    #[error("endpoint {id} is {state}")]
    ConnectionState {
        /// The endpoint.
        id: VpcEndpointId,
        /// Its state.
        state: &'static str,
    },
    /// No such notification.
    #[error("notification {0} does not exist")]
    NotificationNotFound(ConnectionNotificationId),
    /// Not a topic's ARN.
    #[error("{0:?} is not a topic")]
    Topic(String),
    /// Nothing that can be told about.
    #[error("{0:?} is not an event")]
    Event(String),
}
