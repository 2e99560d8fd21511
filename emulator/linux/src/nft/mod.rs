//! nf_tables: applies the transactions of `nft-ruleset` and reads back what the kernel holds.
//!
//! [`replace`] and [`update`] are for whole tables, [`apply`] for any batch. The kernel takes a transaction from one datagram and answers within the system call, so nothing is waited for.

mod read;

use nft_ruleset::{Batch, Table, encode};
use nix::{errno::Errno, sys::socket::SockProtocol};

pub use self::read::{RuleEntry, chains, dump_rule_count, element_count, generation, list_tables, rules, sets};
use crate::{
    Error, Netns, Result,
    netlink::socket::{Refusal, Socket},
};

/// What the kernel takes of a send buffer for itself.
const BUFFER_RESERVE: usize = 32;

/// Larger than any batch worth sending.
const LARGE: usize = 256 << 20;

/// Why a table could not be made what it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TableError {
    /// The ruleset itself is wrong.
    #[error(transparent)]
    Ruleset(#[from] nft_ruleset::Error),
    /// The kernel refused it.
    #[error(transparent)]
    Kernel(#[from] Error),
}

/// Has the kernel do all that the batch says, or nothing.
///
/// # Errors
/// What the kernel refused first, by the batch's own description. `EMSGSIZE` if the batch is larger than the send
/// buffer may be, which without privileges over the machine is twice `net.core.wmem_max`; [`replace`] and [`update`]
/// divide what is larger.
pub fn apply(netns: &Netns, batch: &Batch) -> Result<()> {
    send(&mut Socket::open(netns, SockProtocol::NetlinkNetFilter)?, batch)
}

/// Makes a table what is given, whether it existed before or not.
///
/// A ruleset too large for one transaction blocks what the table filters until all of it is there.
///
/// # Errors
/// If the ruleset is wrong or the kernel refuses it.
pub fn replace(netns: &Netns, table: &Table) -> std::result::Result<(), TableError> {
    send_stages(netns, |limit| encode::replace_in_stages(table, limit))
}

/// Turns the table `from`, which was applied before, into `to`; no packet is decided by anything but one of the two.
///
/// If the kernel does not hold what it is taken to hold, the table is made anew.
///
/// # Errors
/// If the ruleset is wrong or the kernel refuses it.
pub fn update(netns: &Netns, from: &Table, to: &Table) -> std::result::Result<(), TableError> {
    match send_stages(netns, |limit| encode::update_in_stages(from, to, limit)) {
        Err(TableError::Kernel(_)) => replace(netns, to),
        other => other,
    }
}

fn send_stages(
    netns: &Netns,
    stages: impl FnOnce(usize) -> std::result::Result<Vec<Batch>, nft_ruleset::Error>,
) -> std::result::Result<(), TableError> {
    let mut socket = Socket::open(netns, SockProtocol::NetlinkNetFilter)?;
    let buffer = socket
        .grow_send_buffer(LARGE)
        .map_err(|errno| Error::new("size", format!("send buffer of a netlink socket in {netns}"), errno))?;
    for batch in stages(buffer.saturating_sub(BUFFER_RESERVE))? {
        send(&mut socket, &batch)?;
    }
    Ok(())
}

fn send(socket: &mut Socket, batch: &Batch) -> Result<()> {
    let Some(answered) = batch.answered() else { return Ok(()) };
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
