//! The node agent's decisions about addresses, as pure data and functions.
//!
//! [`Pool`] holds what is known of the node's ENIs and their addresses, hands addresses to pods and takes them back;
//! [`Pool::next_action`] says which EC2 call brings the pool nearer to its [`Targets`]. Time is an argument, as the
//! time since the Unix epoch. Behaves like the production CNI's pool
//! (<https://github.com/aws/amazon-vpc-cni-k8s/blob/master/docs/eni-and-ip-target.md>,
//! <https://github.com/aws/amazon-vpc-cni-k8s/blob/master/docs/prefix-and-ip-target.md>).

mod allocate;
mod checkpoint;
mod decide;
mod pool;
mod targets;

pub use allocate::{Allocation, Key, Owner, Released};
pub use checkpoint::{Checkpoint, CheckpointEntry, EntryMetadata, FORMAT, RestoreError};
pub use decide::{Action, Amount, Demand};
pub use pool::{Eni, EniKind, ObservedEni, Pool, Stats, Sync};
pub use targets::{Limits, Mode, Targets};

/// A moment: the time since the Unix epoch.
pub type Time = std::time::Duration;
