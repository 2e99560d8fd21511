//! What EC2 says where the model refuses something about route tables.

use ipnet::IpNet;
use vpc_model::{
    Destination, EgressOnlyGatewayError, InterfaceError, PrefixListError, RouteError, RouteTarget, SubnetError,
    VpcEndpointError, VpcError,
};

use crate::{ApiError, Code};

impl From<RouteError> for ApiError {
    fn from(err: RouteError) -> Self {
        match err {
            RouteError::TableNotFound(id) => Self::not_found(Code::INVALID_ROUTE_TABLE_ID_NOT_FOUND, "routeTable", id),
            RouteError::VpcNotFound(id) => VpcError::NotFound(id).into(),
            RouteError::SubnetNotFound(id) => SubnetError::NotFound(id).into(),
            RouteError::AssociationNotFound(id) => {
                Self::not_found(Code::INVALID_ASSOCIATION_ID_NOT_FOUND, "association", id)
            }
            RouteError::TargetNotFound(target) => target_not_found(target),
            RouteError::PrefixListNotFound(id) => PrefixListError::NotFound(id).into(),
            RouteError::TargetElsewhere { table, target } => {
                let noun = noun(&target);
                invalid(format!("route table {table} and {noun} {target} belong to different networks"))
            }
            RouteError::SubnetElsewhere { table, subnet } => {
                invalid(format!("Route table {table} and subnet {subnet} belong to different networks"))
            }
            RouteError::Ipv6Only(target) => {
                invalid(format!("The target {target} can only be used with an IPv6 destination"))
            }
            RouteError::Exists(destination) => {
                Self::new(Code::ROUTE_ALREADY_EXISTS, format!("The route identified by {destination} already exists."))
            }
            RouteError::NotFound { table, destination } => Self::new(
                Code::INVALID_ROUTE_NOT_FOUND,
                format!("no route with {} {destination} in route table {table}", parameter(&destination)),
            ),
            RouteError::NothingToReplace(destination) => invalid(format!(
                "There is no route defined for '{destination}' in the route table. Use CreateRoute instead."
            )),
            RouteError::Reserved(destination) => {
                invalid(format!("The destination CIDR block {destination} is reserved for AWS services"))
            }
            RouteError::NoSubnets(destination) => invalid(format!(
                "The destination CIDR block {destination} is more specific than one of this VPC's CIDR blocks. It must \
                 match the CIDR block of a subnet."
            )),
            RouteError::EndpointRoute { table, destination } => {
                invalid(format!("cannot remove VPC endpoint route {destination} in route table {table}"))
            }
            RouteError::WithinVpc(destination) => invalid(format!(
                "The destination CIDR block {destination} is equal to or more specific than one of this VPC's CIDR \
                 blocks. This route can target only an interface or an instance."
            )),
            RouteError::NotLocal(destination) => {
                invalid(format!("The route to {destination} is not a local route and cannot have the local target"))
            }
            RouteError::Local(destination) => invalid(format!("cannot remove local route {destination}")),
            RouteError::AlreadyAssociated(user) => {
                let noun = if user.starts_with("subnet-") { "subnet" } else { "route table" };
                let message =
                    format!("the specified association for {noun} {user} conflicts with an existing association");
                Self::new(Code::RESOURCE_ALREADY_ASSOCIATED, message)
            }
            RouteError::GatewayNotFound(gateway) => {
                Self::not_found(Code::INVALID_GATEWAY_ID_NOT_FOUND, "gateway", gateway)
            }
            RouteError::GatewayElsewhere { table, gateway } => {
                invalid(format!("route table {table} and network gateway {gateway} belong to different networks"))
            }
            RouteError::GatewayNotAttached { table, gateway } => Self::new(
                Code::GATEWAY_NOT_ATTACHED,
                format!("Virtual private gateway {gateway} is not attached to the network of route table {table}"),
            ),
            RouteError::PropagatingForGateway(table) => invalid(format!(
                "Route table {table} cannot have route propagation enabled and be associated with a gateway"
            )),
            RouteError::TargetOfGateway { table, target } => invalid(format!(
                "Route table {table} is for a gateway and cannot have a route with the target {target}. Its routes can \
                 target only an interface, a Gateway Load Balancer endpoint or local."
            )),
            RouteError::DestinationOfGateway { table, destination } => invalid(format!(
                "Route table {table} is for a gateway and cannot have a route to {destination}. Its routes must be \
                 within the CIDR blocks of the VPC."
            )),
            RouteError::MainAssociation(id) => {
                invalid(format!("cannot disassociate the main route table association {id}"))
            }
            RouteError::TooManyTables(_) => {
                Self::new(Code::ROUTE_TABLE_LIMIT_EXCEEDED, "The maximum number of route tables has been reached.")
            }
            RouteError::TooManyRoutes(id) => Self::new(
                Code::ROUTE_LIMIT_EXCEEDED,
                format!("The maximum number of routes has been reached in route table {id}."),
            ),
            RouteError::HasDependencies(id) => Self::dependency("routeTable", id),
        }
    }
}

fn invalid(message: String) -> ApiError {
    ApiError::new(Code::INVALID_PARAMETER_VALUE, message)
}

/// The parameter by which routes of a destination are named.
fn parameter(destination: &Destination) -> &'static str {
    match destination {
        Destination::Block(IpNet::V4(_)) => "destination-cidr-block",
        Destination::Block(IpNet::V6(_)) => "destination-ipv6-cidr-block",
        Destination::PrefixList(_) => "destination-prefix-list-id",
    }
}

/// What EC2 calls a target that is not the VPC's.
fn noun(target: &RouteTarget) -> &'static str {
    match target {
        RouteTarget::NetworkInterface(_) => "interface",
        RouteTarget::Peering(_) => "vpc peering connection",
        _ => "network gateway",
    }
}

fn target_not_found(target: RouteTarget) -> ApiError {
    match target {
        // What is given as a gateway is called one, whatever kind it is.
        RouteTarget::Local | RouteTarget::InternetGateway(_) | RouteTarget::VpnGateway(_) => {
            ApiError::not_found(Code::INVALID_GATEWAY_ID_NOT_FOUND, "gateway", target)
        }
        RouteTarget::EgressOnlyGateway(id) => EgressOnlyGatewayError::NotFound(id).into(),
        RouteTarget::NatGateway(id) => ApiError::not_found(Code::INVALID_NAT_GATEWAY_ID_NOT_FOUND, "natGateway", id),
        RouteTarget::NetworkInterface(id) => InterfaceError::NotFound(id).into(),
        RouteTarget::Peering(id) => {
            ApiError::not_found(Code::INVALID_VPC_PEERING_CONNECTION_ID_NOT_FOUND, "vpcPeeringConnection", id)
        }
        RouteTarget::TransitGateway(id) => {
            ApiError::not_found(Code::INVALID_TRANSIT_GATEWAY_ID_NOT_FOUND, "transitGateway", id)
        }
        RouteTarget::VpcEndpoint(id) => VpcEndpointError::NotFound(id).into(),
        RouteTarget::CarrierGateway(id) => {
            ApiError::not_found(Code::INVALID_CARRIER_GATEWAY_ID_NOT_FOUND, "carrierGateway", id)
        }
    }
}
