//! Why an operation on a NAT gateway is refused, and why one fails.

use std::fmt;
use std::net::Ipv4Addr;

use crate::{AddressAssociationId, AllocationId, InterfaceError, NatGatewayId, SubnetId, VpcId};

/// Why a NAT gateway could not be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NatFailure {
    /// Its VPC has no internet gateway.
    NoInternetGateway(VpcId),
    /// The Elastic IP address is mapped to something.
    AlreadyAssociated(AllocationId),
    /// The subnet is full.
    NoFreeAddress,
}

impl NatFailure {
    /// EC2's code for it.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NoInternetGateway(_) => "Gateway.NotAttached",
            Self::AlreadyAssociated(_) => "Resource.AlreadyAssociated",
            Self::NoFreeAddress => "InsufficientFreeAddressesInSubnet",
        }
    }
}

impl fmt::Display for NatFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoInternetGateway(vpc) => write!(f, "Network {vpc} has no Internet gateway attached"),
            Self::AlreadyAssociated(id) => write!(f, "Elastic IP address [{id}] is already associated"),
            Self::NoFreeAddress => f.write_str("Subnet has insufficient free addresses to create this NAT gateway"),
        }
    }
}

/// Why an operation on a NAT gateway is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NatGatewayError {
    /// No such gateway.
    #[error("nat gateway {0} does not exist")]
    NotFound(NatGatewayId),
    /// No such subnet.
    #[error("subnet {0} does not exist")]
    SubnetNotFound(SubnetId),
    /// The subnet has no IPv4 block.
    #[error("subnet {0} has ipv6 only")]
    Ipv6Only(SubnetId),
    /// No such Elastic IP address.
    #[error("elastic ip {0} does not exist")]
    AllocationNotFound(AllocationId),
    /// An Elastic IP address is given twice.
    #[error("elastic ip {0} is given twice")]
    AllocationTwice(AllocationId),
    /// The Elastic IP address is mapped to something.
    #[error("elastic ip {0} is associated already")]
    AlreadyAssociated(AllocationId),
    /// No such mapping of the gateway's.
    #[error("association {0} does not exist")]
    AssociationNotFound(AddressAssociationId),
    /// A public gateway has an Elastic IP address.
    #[error("a public nat gateway needs an elastic ip")]
    NoElasticIp,
    /// A private gateway has none.
    #[error("a private nat gateway has no elastic ips")]
    ElasticIpOfPrivate,
    /// The private addresses of a public gateway go with its Elastic IP addresses.
    #[error("a public nat gateway takes no number of private addresses")]
    CountOfPublic,
    /// More private addresses are named than Elastic IP addresses.
    #[error("there are more private addresses than elastic ips")]
    MorePrivateThanElastic,
    /// Addresses by name and by number at once.
    #[error("addresses are named and counted at once")]
    NamedAndCounted,
    /// Neither addresses nor a number.
    #[error("neither addresses nor a number of them are given")]
    NothingAsked,
    /// A zone has no more gateways.
    #[error("the zone has as many nat gateways as it may have")]
    TooMany,
    /// A gateway has no more Elastic IP addresses.
    #[error("a nat gateway has at most {0} elastic ips")]
    TooManyElasticIps(usize),
    /// A gateway has no more private addresses.
    #[error("a nat gateway has at most {0} private addresses")]
    TooManyPrivateIps(usize),
    /// The action is for gateways of the other connectivity.
    #[error("nat gateway {0} is of the other connectivity")]
    OtherConnectivity(NatGatewayId),
    /// The gateway is not available.
    #[error("nat gateway {id} is {state}")]
    State {
        /// The gateway.
        id: NatGatewayId,
        /// Its state.
        state: &'static str,
    },
    /// Its addresses are being changed already.
    #[error("addresses are under way: {work} {addresses:?}")]
    UnderWay {
        /// What is done to them, as EC2 writes it.
        work: &'static str,
        /// The Elastic IP addresses, or private ones.
        addresses: Vec<String>,
    },
    /// The primary address stays as long as the gateway.
    #[error("the primary address of {0} cannot be taken away")]
    PrimaryAddress(NatGatewayId),
    /// The gateway does not have the private address.
    #[error("nat gateway {id} does not have {address}")]
    NotAssigned {
        /// The gateway.
        id: NatGatewayId,
        /// The address.
        address: Ipv4Addr,
    },
    /// Its ENI is refused.
    #[error(transparent)]
    Interface(#[from] InterfaceError),
}
