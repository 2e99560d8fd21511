//! The instance metadata service.
//!
//! [`answer`] decides from the model alone what an instance reads; [`serve`] owns the sockets and finds
//! out which instance asks.
//!
//! See <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-categories.html> and
//! <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-metadata-v2-how-it-works.html>.

mod answer;
mod identity;
mod network;
pub(crate) mod serve;
#[cfg(test)]
mod tests;
mod token;
mod tree;

pub use answer::{Reply, answer};
pub use token::Tokens;
