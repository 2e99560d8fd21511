//! Rebuilding a state from its journal.

use jiff::Timestamp;
use vpc_model::{Context, Model};

use super::Shared;
use crate::Config;
use crate::faults::Faults;
use crate::journal::{Entry, Journal, JournalError};
use crate::limits::Limits;

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
    let mut shared = Shared::fresh(config, faults, Journal::unnamed(), *seed, *time);
    for (line, entry) in (2..).zip(entries) {
        repeat(&shared, line, entry)?;
    }
    shared.journal = journal;
    let now = Timestamp::now();
    shared.states().iter().for_each(|(key, state)| shared.limit(key, state, now));
    shared.deliver_all(now);
    Ok(shared)
}

fn repeat(shared: &Shared, line: usize, entry: &Entry) -> Result<(), JournalError> {
    let Some((key, time)) = entry.state(&shared.home_key) else { return Err(JournalError::OutOfPlace(line)) };
    let state = shared.state_at(&key, time);
    match entry {
        Entry::Begin { .. } | Entry::Region { .. } => {}
        Entry::Call { seed, request_id, form, sold_out, .. } => {
            let refused = |code: &str| JournalError::Refused { line, code: code.to_owned() };
            let call = ec2_api::parse(form.as_bytes()).map_err(|error| refused(error.code().name()))?;
            let before = state.read(Model::generation);
            let sold_out = sold_out.iter().map(|rule| rule.sold_out(rule.count)).collect();
            let dispatch = |model: &mut Model, cx: &mut Context<'_>| {
                model.set_sold_out(sold_out);
                let answer = ec2_api::dispatch(call, model, cx, request_id);
                model.take_sold_out();
                answer
            };
            let answer = state.change(time, Some(*seed), dispatch, drop);
            if state.read(Model::generation) == before {
                return Err(refused(answer.code.unwrap_or("no change")));
            }
        }
        Entry::Complete { event, .. } => state.change(time, None, |model, _| event.apply(model, time), drop),
        Entry::Deliver { number, .. } => {
            let from = entry.sender(&shared.home_key).ok_or(JournalError::OutOfPlace(line))?;
            shared.deliver_again(line, &from, &state, *number, time)?;
        }
        Entry::Limits { quotas, delays, strict_images, .. } => {
            let limits = Limits::from_named(quotas, delays, *strict_images);
            state.change(time, None, |model, _| limits.apply(model), drop);
        }
        Entry::Group { seed, name, told, .. } => {
            let change = |model: &mut Model, cx: &mut Context<'_>| match told {
                Some(told) => told.apply(name, model, cx),
                None => {
                    model.forget_auto_scaling_group(name);
                    Ok(())
                }
            };
            let told = state.change(time, Some(*seed), change, drop);
            told.map_err(|error| JournalError::Refused { line, code: error.to_string() })?;
        }
        Entry::Fill { seed, sold_out, .. } => {
            let sold_out = sold_out.iter().map(|rule| rule.sold_out(rule.count)).collect();
            let fill = |model: &mut Model, cx: &mut Context<'_>| {
                model.set_sold_out(sold_out);
                ec2_api::replace_lost(model, cx);
                model.take_sold_out();
            };
            state.change(time, Some(*seed), fill, drop);
        }
        Entry::Reset { seed, .. } => state.reset(time, Some(*seed), drop),
    }
    Ok(())
}
