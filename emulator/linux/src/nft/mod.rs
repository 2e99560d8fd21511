//! nf_tables: applies the transactions of `nft-ruleset` and reads back what the kernel holds.
//!
//! The kernel takes a transaction from one datagram and answers within the system call, so nothing is waited for.

mod read;

use nft_ruleset::Batch;
use nix::{errno::Errno, sys::socket::SockProtocol};

pub use self::read::{RuleEntry, chains, dump_rule_count, element_count, list_tables, rules, sets};
use crate::{
    Error, Netns, Result,
    netlink::socket::{Refusal, Socket},
};

/// What the kernel takes of a send buffer for itself.
const BUFFER_RESERVE: usize = 32;

/// Has the kernel do all that the batch says, or nothing.
///
/// # Errors
/// What the kernel refused first, by the batch's own description. `EMSGSIZE` if the batch is larger than the send
/// buffer may be, which without privileges over the machine is twice `net.core.wmem_max`.
pub fn apply(netns: &Netns, batch: &Batch) -> Result<()> {
    let Some(answered) = batch.answered() else { return Ok(()) };
    let mut socket = Socket::open(netns, SockProtocol::NetlinkNetFilter)?;
    let bytes = batch.messages();
    let failed = |errno| Error::new("send", format!("nf_tables transaction of {} bytes", bytes.len()), errno);
    socket.grow_send_buffer(bytes.len() + BUFFER_RESERVE).map_err(failed)?;
    let refusals = socket.transact(bytes, answered).map_err(failed)?;
    match refusals.split_first() {
        None => Ok(()),
        Some(((sequence, refusal), others)) => Err(refused(batch, *sequence, refusal.clone(), others.len())),
    }
}

fn refused(batch: &Batch, sequence: u32, refusal: Refusal, others: usize) -> Error {
    let more = (others > 0).then(|| format!("{others} more refused"));
    let detail = [refusal.words, more].into_iter().flatten().collect::<Vec<_>>().join("; ");
    let detail = (!detail.is_empty()).then_some(detail);
    Error::new(batch.operation(sequence), batch.describe(sequence), refusal.errno).with_detail(detail)
}

/// Nothing there to be listed is an empty list.
fn none_if_missing<T: Default>(result: std::result::Result<T, Refusal>) -> std::result::Result<T, Refusal> {
    match result {
        Err(Refusal { errno: Errno::ENOENT, .. }) => Ok(T::default()),
        other => other,
    }
}
