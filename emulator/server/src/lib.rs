//! The emulator: one AWS account's EC2 and STS over HTTP on loopback, and inside every VPC the
//! instance metadata service, the resolver and the EC2 endpoint.
//!
//! This crate is wiring. What an answer says is decided in `vpc-model` and `ec2-api`; what the kernel
//! should look like in `vpc-fabric`; here are sockets, locks, time and tasks.

mod absent_service;
mod admin;
mod auto_scaling;
pub mod board;
mod clock;
mod clusters;
pub mod config;
pub mod coverage;
mod der;
mod dhcp;
pub mod dns;
pub mod emulator;
mod endpoint;
mod explain;
pub mod faults;
pub mod imds;
mod journal;
mod limits;
pub mod metrics;
mod net;
mod probe;
pub mod reconcile;
pub mod sessions;
pub mod settings;
pub mod shared;
#[cfg(test)]
mod testing;
mod tls;
pub mod trail;
mod vpc_services;

pub use config::{Config, FabricService};
pub use coverage::Coverage;
pub use emulator::{Emulator, NotConverged, StartError};
pub use faults::config::FaultConfig;
pub use journal::JournalError;
pub use limits::Transitions;
pub use shared::{LifeCycle, RegionState, Shared, StateKey};
