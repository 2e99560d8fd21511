//! The VPC's resolver: private names of the VPC's addresses, and names of the services that the fabric
//! itself offers.
//!
//! Deviation: nothing is forwarded; what is not ours is refused.
//!
//! See <https://docs.aws.amazon.com/vpc/latest/userguide/AmazonDNS-concepts.html>, RFC 1035, RFC 2308.

mod message;
pub(crate) mod serve;
#[cfg(test)]
mod tests;
mod zone;

pub use message::{Transport, answer};
pub use zone::{Answer, Zones};
