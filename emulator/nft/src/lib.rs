//! Typed nf_tables rulesets, rendered as text for people and encoded as netlink messages for the kernel.
//!
//! The text is what `nft -f` takes and `nft list ruleset` prints; see <https://wiki.nftables.org>. The messages
//! follow the kernel's `include/uapi/linux/netfilter/nf_tables.h`. Nothing here talks to the kernel: `linux-net`
//! sends the messages.

pub mod encode;
mod error;
mod field;
mod key;
mod text;
mod types;

pub use encode::Batch;
pub use error::{ElementError, Error, RuleError};
pub use key::merge_intervals;
pub use types::*;
