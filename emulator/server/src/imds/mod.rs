//! The instance metadata service, in both its versions.
//!
//! [`answer`] decides from the model alone what an instance reads; [`serve`] owns the sockets and finds
//! out which instance asks.
//!
//! See <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-categories.html> and
//! <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-metadata-v2-how-it-works.html>.

mod answer;
mod identity;
mod network;
mod notice;
mod paths;
mod role;
pub(crate) mod serve;
#[cfg(test)]
mod tests;
mod token;
mod tree;

pub use answer::{Endpoint, Reply, answer};
pub use notice::{Notice, Notices};
pub(crate) use paths::{NOT_BUILT, PATHS};
pub use role::RoleKeys;
pub use token::Tokens;

/// What the service knows beyond the model.
#[derive(Debug)]
pub struct Imds {
    /// The session tokens.
    pub tokens: Tokens,
    /// The credentials of instances.
    pub role_keys: RoleKeys,
    /// What instances are told ahead.
    pub notices: Notices,
}

/// The certificate that verifies the signatures of identity documents, in PEM.
pub fn identity_certificate() -> String {
    identity::certificate()
}

impl Imds {
    /// Nobody is told anything; tokens and credentials are those of a secret.
    pub fn new(secret: [u8; 32]) -> Self {
        Self { tokens: Tokens::new(secret), role_keys: RoleKeys::new(secret), notices: Notices::default() }
    }
}
