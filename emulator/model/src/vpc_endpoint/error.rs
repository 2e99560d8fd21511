//! Why an operation on a VPC endpoint is refused.

use super::{ChargeScope, Payer};
use crate::{EndpointType, InterfaceError, IpAddressType, PrefixListId, RouteTableId, SubnetId, VpcEndpointId, VpcId};

/// Why an operation on a VPC endpoint is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VpcEndpointError {
    /// No such endpoint.
    #[error("vpc endpoint {0} does not exist")]
    NotFound(VpcEndpointId),
    /// No such VPC.
    #[error("vpc {0} does not exist")]
    VpcNotFound(VpcId),
    /// No such service.
    #[error("endpoint service {0:?} does not exist")]
    ServiceNotFound(String),
    /// The service has endpoints of other types.
    #[error("{wanted} is not among the service's types of endpoints")]
    Type {
        /// The type asked for.
        wanted: EndpointType,
        /// The types there are.
        available: Vec<EndpointType>,
    },
    /// Something that endpoints of the type do not have.
    #[error("{what} are for other types of endpoints than {kind}")]
    NotForType {
        /// What was asked for.
        what: &'static str,
        /// The endpoint's type.
        kind: EndpointType,
    },
    /// No such route table.
    #[error("route table {0} does not exist")]
    TableNotFound(RouteTableId),
    /// The route table is another VPC's.
    #[error("route table {0} belongs to another vpc")]
    TableElsewhere(RouteTableId),
    /// A route table has one endpoint to a service.
    #[error("route table {table} has a route to {list}")]
    RouteExists {
        /// The table.
        table: RouteTableId,
        /// The list of the service's addresses.
        list: PrefixListId,
    },
    /// The endpoint is not in this route table.
    #[error("the endpoint is not in route table {0}")]
    TableNotAssociated(RouteTableId),
    /// No such subnet.
    #[error("subnet {0} does not exist")]
    SubnetNotFound(SubnetId),
    /// The subnet is another VPC's.
    #[error("subnet {0} belongs to another vpc")]
    SubnetElsewhere(SubnetId),
    /// An endpoint has one subnet of a zone.
    #[error("there is another subnet in the zone of {0}")]
    DuplicateZone(SubnetId),
    /// The service is not in the subnet's zone.
    #[error("service {service} is not in the zone of {subnet}")]
    ZoneUnsupported {
        /// The service.
        service: String,
        /// The subnet.
        subnet: SubnetId,
    },
    /// The endpoint is not in this subnet.
    #[error("the endpoint is not in subnet {0}")]
    SubnetNotAssociated(SubnetId),
    /// A Gateway Load Balancer endpoint has one subnet.
    #[error("the endpoint has more than one subnet")]
    OneSubnet,
    /// An interface endpoint has a security group.
    #[error("the endpoint would have no security group")]
    NoGroup,
    /// An ENI cannot be made or changed.
    #[error(transparent)]
    Interface(#[from] InterfaceError),
    /// The service does not speak these versions of IP.
    #[error("service {service} does not do {wanted}")]
    IpType {
        /// The service.
        service: String,
        /// What was asked for.
        wanted: IpAddressType,
    },
    /// Records for addresses that the endpoint does not have.
    #[error("the dns records do not go together with {0} addresses")]
    RecordType(IpAddressType),
    /// Endpoints to the service have no policies.
    #[error("service {0} has no endpoint policies")]
    NoPolicies(String),
    /// The VPC's resolver or host names are off.
    #[error("vpc {0} has no dns support or no dns host names")]
    VpcWithoutDns(VpcId),
    /// The service has no name for use inside VPCs.
    #[error("service {0} has no private dns name")]
    NoPrivateName(String),
    /// The service's owner has not shown that the name is theirs.
    #[error("the private dns name of service {0} is not verified")]
    NotVerified(String),
    /// Private DNS has to wait until the endpoint is accepted.
    #[error("the endpoint is not accepted by the owner of {0}")]
    NotAccepted(String),
    /// Another endpoint has the name in the VPC.
    #[error("{name} leads to another endpoint in {vpc}")]
    NameTaken {
        /// The name.
        name: String,
        /// The VPC.
        vpc: VpcId,
    },
    /// Queries from inside the VPC would lead nowhere.
    #[error("vpc {0} has no gateway endpoint for the service")]
    NoGatewayEndpoint(VpcId),
    /// There are as many endpoints as there can be.
    #[error("there are {0} vpc endpoints already")]
    TooMany(usize),
    /// This account does not pay for that.
    #[error("{} cannot pay the {}", payer.as_str(), scope.as_str())]
    Payer {
        /// What is paid for.
        scope: ChargeScope,
        /// Who shall pay.
        payer: Payer,
    },
    /// Routes lead to it.
    #[error("routes lead to vpc endpoint {0}")]
    HasRoutes(VpcEndpointId),
}
