//! Rebuilding a state from its journal.

use vpc_model::{Context, Model, Region};

use super::Shared;
use crate::Config;
use crate::faults::Faults;
use crate::journal::{Entry, Journal, JournalError};

/// The state that the entries lead to; the journal goes on after them.
pub(super) fn rebuild(
    config: Config,
    faults: Faults,
    journal: Journal,
    entries: &[Entry],
) -> Result<Shared, JournalError> {
    let Some((Entry::Begin { account, region, seed, time, .. }, entries)) = entries.split_first() else {
        return Err(JournalError::OutOfPlace(1));
    };
    if (account, region) != (&config.account.0, &config.region.0) {
        return Err(JournalError::AnotherAccount { account: account.clone(), region: region.clone() });
    }
    // What is replayed is in the journal already, so it goes to one that is thrown away.
    let mut shared = Shared::fresh(config, faults, Journal::in_memory(), *seed, *time);
    for (line, entry) in (2..).zip(entries) {
        repeat(&shared, line, entry)?;
    }
    shared.journal = journal;
    Ok(shared)
}

fn repeat(shared: &Shared, line: usize, entry: &Entry) -> Result<(), JournalError> {
    match entry {
        Entry::Begin { .. } => return Err(JournalError::OutOfPlace(line)),
        Entry::Region { region, time } => {
            shared.region_at(&Region(region.clone()), *time);
        }
        Entry::Call { region, time, seed, request_id, form } => {
            let refused = |code: &str| JournalError::Refused { line, code: code.to_owned() };
            let call = ec2_api::parse(form.as_bytes()).map_err(|error| refused(error.code().name()))?;
            let state = shared.region_at(&Region(region.clone()), *time);
            let before = state.read(Model::generation);
            let dispatch = |model: &mut Model, cx: &mut Context<'_>| ec2_api::dispatch(call, model, cx, request_id);
            let answer = state.change(*time, Some(*seed), dispatch, drop);
            if state.read(Model::generation) == before {
                return Err(refused(answer.code.unwrap_or("no change")));
            }
        }
        Entry::Complete { region, time, event } => {
            let state = shared.region_at(&Region(region.clone()), *time);
            state.change(*time, None, |model, _| event.apply(model, *time), drop);
        }
        Entry::Reset { time, seed } => shared.reset_at(*time, Some(*seed)),
    }
    Ok(())
}
