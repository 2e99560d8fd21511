//! What EC2 says where the model refuses something about VPC endpoints. Terraform's provider and others look for
//! some of these texts.

use vpc_model::{EndpointType, RouteError, SubnetError, VpcEndpointError, VpcError};

use crate::{ApiError, Code};

impl From<VpcEndpointError> for ApiError {
    fn from(err: VpcEndpointError) -> Self {
        match err {
            VpcEndpointError::NotFound(id) => {
                Self::new(Code::INVALID_VPC_ENDPOINT_ID_NOT_FOUND, format!("The Vpc Endpoint Id '{id}' does not exist"))
            }
            VpcEndpointError::VpcNotFound(id) => VpcError::NotFound(id).into(),
            VpcEndpointError::ServiceNotFound(name) => {
                Self::new(Code::INVALID_SERVICE_NAME, format!("The Vpc Endpoint Service '{name}' does not exist"))
            }
            VpcEndpointError::Type { wanted, available } => {
                let names: Vec<_> = available.into_iter().map(EndpointType::as_str).collect();
                invalid(format!(
                    "Endpoint type ({wanted}) does not match available service types ([{}]).",
                    names.join(", ")
                ))
            }
            VpcEndpointError::NotForType { what, kind } => {
                invalid(format!("{what} are not supported for {kind} type VPC Endpoint."))
            }
            VpcEndpointError::TableNotFound(id) => RouteError::TableNotFound(id).into(),
            VpcEndpointError::TableElsewhere(id) => {
                invalid(format!("Route table {id} and the endpoint belong to different networks"))
            }
            VpcEndpointError::RouteExists { table, list } => Self::new(
                Code::ROUTE_ALREADY_EXISTS,
                format!("route table {table} already has a route with destination-prefix-list-id {list}"),
            ),
            VpcEndpointError::TableNotAssociated(id) => {
                invalid(format!("Route table {id} is not associated with the VPC endpoint"))
            }
            VpcEndpointError::SubnetNotFound(id) => SubnetError::NotFound(id).into(),
            VpcEndpointError::SubnetElsewhere(id) => {
                invalid(format!("Subnet {id} and the endpoint belong to different networks"))
            }
            VpcEndpointError::DuplicateZone(subnet) => Self::new(
                Code::DUPLICATE_SUBNETS_IN_SAME_ZONE,
                format!("Found another VPC endpoint subnet in the availability zone of {subnet}"),
            ),
            VpcEndpointError::ZoneUnsupported { service, subnet } => invalid(format!(
                "The VPC endpoint service {service} does not support the availability zone of the subnet: {subnet}."
            )),
            VpcEndpointError::SubnetNotAssociated(id) => {
                invalid(format!("Subnet {id} is not associated with the VPC endpoint"))
            }
            VpcEndpointError::OneSubnet => {
                invalid("Only one subnet can be specified for GatewayLoadBalancer type VPC Endpoint.")
            }
            VpcEndpointError::NoGroup => invalid("An interface VPC endpoint must have at least one security group."),
            VpcEndpointError::Interface(err) => err.into(),
            VpcEndpointError::IpType { service, wanted } => {
                invalid(format!("The VPC endpoint service {service} does not support the IP address type {wanted}."))
            }
            VpcEndpointError::RecordType(ip) => {
                invalid(format!("The DNS record IP type does not go together with the IP address type {ip}."))
            }
            VpcEndpointError::NoPolicies(service) => {
                invalid(format!("The VPC endpoint service {service} does not support endpoint policies."))
            }
            VpcEndpointError::VpcWithoutDns(vpc) => invalid(format!(
                "Enabling private DNS requires both enableDnsSupport and enableDnsHostnames VPC attributes set to \
                 true for {vpc}"
            )),
            VpcEndpointError::NoPrivateName(service) => invalid(format!(
                "Private DNS can't be enabled because the service {service} does not provide a private DNS name."
            )),
            VpcEndpointError::NotVerified(service) => invalid(format!(
                "Private DNS can't be enabled because the service {service} has not verified the private DNS name."
            )),
            VpcEndpointError::NotAccepted(service) => invalid(format!(
                "Private DNS can only be enabled after the endpoint connection is accepted by the owner of {service}."
            )),
            VpcEndpointError::NameTaken { name, vpc } => invalid(format!(
                "private-dns-enabled cannot be set because there is already a conflicting DNS domain for {name} in \
                 the VPC {vpc}"
            )),
            VpcEndpointError::NoGatewayEndpoint(vpc) => invalid(format!(
                "To set PrivateDnsOnlyForInboundResolverEndpoint to true, the VPC {vpc} must have a Gateway endpoint \
                 for the service."
            )),
            VpcEndpointError::TooMany(_) => {
                Self::new(Code::VPC_ENDPOINT_LIMIT_EXCEEDED, "The maximum number of VPC endpoints has been reached.")
            }
            VpcEndpointError::Payer { scope, payer } => invalid(format!(
                "The payer responsibility {} is not valid for the scope {}.",
                payer.as_str(),
                scope.as_str()
            )),
            VpcEndpointError::HasRoutes(_) => invalid("Endpoint must be removed from route table before deletion"),
        }
    }
}

/// EC2 says `InvalidParameter` about endpoints, where it says `InvalidParameterValue` about most others.
fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::new(Code::INVALID_PARAMETER, message)
}
