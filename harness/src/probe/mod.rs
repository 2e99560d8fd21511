//! The probe: a small echo server that runs as the container `vpcbox/probe`, and the client that checks
//! connect with.
//!
//! The server answers every TCP line, UDP datagram and HTTP request with [`Answer`]: whom it saw, and as
//! whom it was addressed. So a client learns from the answer whether its address was rewritten on the way.

pub mod client;
pub mod server;

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

/// What the server says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// The address the server saw.
    pub client: SocketAddr,
    /// The server's own address as the client addressed it.
    pub server: SocketAddr,
    /// The server's host name: the pod's name.
    pub name: String,
}
