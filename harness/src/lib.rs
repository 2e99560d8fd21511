//! vpcbox: a real AWS VPC on one Linux machine.
//!
//! The command people run, as a library: worlds, nodes, pods, scenarios and their reports.

pub mod bench;
pub mod cli;
pub mod kubelet;
pub mod probe;
pub mod report;
pub mod run;
pub mod scenario;
pub mod world;
