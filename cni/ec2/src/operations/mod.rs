//! Typed calls, one module per resource family.

mod addresses;
mod describe;
mod network_interface;
mod trunk;

pub use addresses::{AssignedAddresses, NewAddresses};
pub use describe::Query;
pub use network_interface::{AttachNetworkInterface, CreateNetworkInterface};

use crate::client::Client;
use crate::error::Error;
use crate::params::Params;
use crate::types::Tags;

impl Client {
    /// CreateTags: puts tags on resources, over those of the same key.
    ///
    /// # Errors
    /// EC2's refusal.
    pub async fn create_tags<S: AsRef<str>>(&self, resources: &[S], tags: &Tags) -> Result<(), Error> {
        let params = Params::new().list("ResourceId", resources.iter().map(AsRef::as_ref)).tags("Tag", tags);
        self.call_with("CreateTags", &params).await.map(drop)
    }
}
