//! What the kernel should look like for a model, how to get there, and what becomes of a packet.
//!
//! [`compile()`] turns a model into [`Desired`] kernel objects, [`diff()`] turns two of those into ordered
//! [`Op`]s, and [`reachability()`] answers from AWS's documentation alone whether a packet arrives, so
//! that kernel and documentation can be compared. Nothing here touches the kernel: the emulator's
//! reconciler does.
//!
//! A VPC becomes one network namespace, its *fabric*. Each subnet is a bridge in it that owns the router's
//! address; the bridge's ports are isolated from each other and it answers for every address of the
//! subnet, so that all packets are routed and meet the rules. Each network interface is a pair of links:
//! one a port of its subnet's bridge, the other in its instance's namespace.

pub mod compile;
pub mod desired;
pub mod diff;
pub mod names;
pub mod options;
pub mod plan;
pub mod reachability;
#[cfg(any(test, feature = "testing"))]
pub mod testing;

pub use compile::compile;
pub use desired::{
    Branch, Bridge, Desired, GatewayEndpoint, InstanceAddress, InternetRoute, Key, NextHop, Object, Peering,
    ServiceWire, TransitHop, TransitWire, Wire,
};
pub use diff::{Op, diff};
pub use options::{InternetHost, Options, Service};
pub use plan::{Cause, Drift, Step, losses, plan};
pub use reachability::{Arrival, Hop, Packet, Path, Payload, Reason, Verdict};
pub use reachability::{answer_to_internet, from_internet, path, reachability, reply};
