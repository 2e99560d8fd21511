//! Scenario files: a VPC, a cluster in it, and steps that change and check them.
//!
//! A file is read whole before anything is made: every mistake in it, manifests included, is reported
//! with its line.

mod endpoint;
mod manifest;
mod parse;
mod step;
mod tree;
mod types;

pub use endpoint::{Endpoint, Port, Workload};
pub use manifest::Manifest;
pub use parse::parse;
pub use step::{Action, Connect, Expectation, Placement, Step};
pub use tree::{Node, Problem, Value};
pub use types::{
    ClusterSpec, EnforcingMode, GroupSpec, InstanceSpec, NodeSpec, RulePeer, RuleSpec, Scenario, SubnetSpec, VpcSpec,
};
