//! The node agent: holds a pool of VPC addresses ready, and tells the plugin what each pod gets.
//!
//! Runs in the node's network namespace and knows only instance metadata, EC2 and the Kubernetes API, so it works
//! against AWS as well. Does the job of the production CNI's `ipamd`
//! (<https://github.com/aws/amazon-vpc-cni-k8s>), by the same environment variables.

pub mod checkpoint;
pub mod cninode;
pub mod config;
pub mod eni;
pub mod host;
pub mod manager;
pub mod metadata;
pub mod pods;
pub mod provision;
pub mod server;
pub mod snat;
pub mod start;
pub mod state;
pub mod subnets;

pub use config::Settings;
pub use start::run;
