//! Why an operation on a VPN connection is refused.

use std::net::IpAddr;

use ipnet::{IpNet, Ipv4Net};

use crate::{CustomerGatewayId, TransitGatewayError, VpnConnectionId, VpnGatewayId};

/// Why an operation on a VPN connection is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VpnConnectionError {
    /// No such connection.
    #[error("vpn connection {0} does not exist")]
    NotFound(VpnConnectionId),
    /// No such customer gateway.
    #[error("customer gateway {0} does not exist")]
    CustomerGatewayNotFound(CustomerGatewayId),
    /// No such virtual private gateway.
    #[error("vpn gateway {0} does not exist")]
    VpnGatewayNotFound(VpnGatewayId),
    /// The region or the gateway has no more connections.
    #[error("there are as many vpn connections as there may be")]
    TooMany,
    /// A connection has two tunnels.
    #[error("a vpn connection has two tunnels, not {0}")]
    TooManyTunnels(usize),
    /// No tunnel has the outside address.
    #[error("{id} has no tunnel with the outside address {address}")]
    NoSuchTunnel {
        /// The connection.
        id: VpnConnectionId,
        /// The address.
        address: IpAddr,
    },
    /// A tunnel's inside block is none that it can be.
    #[error("{0} cannot be the inside of a tunnel")]
    Inside(IpNet),
    /// Another tunnel has the block.
    #[error("{0} is the inside of another tunnel")]
    InsideInUse(IpNet),
    /// The key is too short, too long or has characters that it cannot have.
    #[error("that cannot be a pre-shared key")]
    PreSharedKey,
    /// A tunnel's option is out of its range.
    #[error("{value} is not a {name} between {min} and {max}")]
    Number {
        /// The parameter's name.
        name: &'static str,
        /// What was given.
        value: u32,
        /// The least.
        min: u32,
        /// The most.
        max: u32,
    },
    /// A tunnel's option is none of those there are.
    #[error("{value:?} is not a {name}")]
    Choice {
        /// The parameter's name.
        name: &'static str,
        /// What was given.
        value: String,
    },
    /// The connection's routes come by BGP.
    #[error("{0} has no static routes")]
    NotStatic(VpnConnectionId),
    /// The connection has no such route.
    #[error("{id} has no route to {destination}")]
    NoRoute {
        /// The connection.
        id: VpnConnectionId,
        /// The destination.
        destination: Ipv4Net,
    },
    /// An option is there for connections of transit gateways only.
    #[error("{0} needs a transit gateway")]
    NeedsTransit(&'static str),
    /// The transit gateway cannot have the connection.
    #[error(transparent)]
    Transit(#[from] TransitGatewayError),
    /// A transit gateway's tables have the routes to a connection.
    #[error("static routes to {0} are in its transit gateway's tables")]
    RoutesElsewhere(VpnConnectionId),
    /// Static routes do not move to a transit gateway.
    #[error("{0} has static routes")]
    HasRoutes(VpnConnectionId),
    /// It is not said what to change.
    #[error("nothing to change is given")]
    NothingToChange,
}
