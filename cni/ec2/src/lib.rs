//! A signed client for the EC2 calls that the node agent and the controller make, and for instance metadata.
//!
//! It speaks the EC2 Query protocol over HTTP and knows nothing of who answers: AWS or an emulator.
//! Follows <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/Query-Requests.html>, with the retries of the
//! AWS SDKs' standard mode (<https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html>).
//!
//! [`Client::call`] sends any action; the typed methods on top live in [`operations`]. A binary that calls
//! an `https` endpoint has to install a rustls crypto provider first.

mod client;
mod credentials;
mod error;
pub mod imds;
pub mod operations;
mod params;
mod retry;
pub mod types;
mod xml;

pub use client::{Client, Config, endpoint_from_env};
pub use credentials::{AccessKey, Credentials};
pub use error::Error;
pub use imds::Imds;
pub use operations::{AssignedAddresses, AttachNetworkInterface, CreateNetworkInterface, NewAddresses, Query};
pub use params::{Filter, Params};
pub use retry::RetryPolicy;
pub use types::*;
pub use xml::Element;

/// The answer to a call: the tree below the reply's root element.
pub type Reply = Element;
