//! Typed nf_tables rulesets, rendered as text for people and encoded as netlink messages for the kernel.
//!
//! The text is what `nft -f` would take; see <https://wiki.nftables.org>. Nothing here talks to the kernel:
//! `linux-net` sends the messages.

mod types;

pub use types::*;
