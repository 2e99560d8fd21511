//! The VPC's resolver: names of the VPC's addresses, of its endpoints and of AWS's services, private hosted zones
//! from the configuration, and, where that is allowed, whatever this machine's resolver knows.
//!
//! Deviation: what is not ours is refused unless it may be forwarded; and a private zone's CNAME that leads to what
//! is not ours is answered without its target's records.
//!
//! See <https://docs.aws.amazon.com/vpc/latest/userguide/AmazonDNS-concepts.html>, RFC 1035, RFC 2308, RFC 6891.

mod endpoints;
mod forward;
pub mod hosted;
mod message;
mod names;
pub(crate) mod serve;
#[cfg(test)]
mod tests;
mod zone;

pub(crate) use endpoints::GATEWAY_SERVICES;
pub use forward::Upstream;
pub use message::{Outcome, Transport, answer};
pub use zone::{Answer, Zones};
