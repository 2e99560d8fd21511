//! What one account's or region's model tells another's: messages are carried from outbox to outbox, until nobody has
//! anything to tell.
//!
//! All of it belongs to the turn of the change that caused it (see [`Shared::take_turn`]), so both sides agree
//! before anybody else can change either; and only one model is locked at a time.

use std::sync::{MutexGuard, PoisonError};

use jiff::Timestamp;
use vpc_model::{Message, Model, Place};

use super::{RegionState, Shared, StateKey};
use crate::journal::{Entry, JournalError};

impl From<&Place> for StateKey {
    fn from(place: &Place) -> Self {
        Self::new(place.account.clone(), place.region.clone())
    }
}

impl Shared {
    /// Changes take turns, in all accounts and regions: a change, and what others hear of it, is one step.
    ///
    /// Every change ends in the one journal anyway. The turn is taken before any other lock.
    pub(super) fn take_turn(&self) -> MutexGuard<'_, ()> {
        self.turn.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Delivers what a state has to tell, and what its hearers have to tell then.
    pub(super) fn deliver(&self, key: &StateKey, now: Timestamp) {
        let mut tellers = vec![key.clone()];
        while let Some(from) = tellers.pop() {
            let sender = self.state(&from);
            let messages: Vec<Message> = sender.read(|model| model.messages().cloned().collect());
            for message in messages {
                let to = StateKey::from(&message.to);
                let record = || self.journal.push(&Entry::deliver(&self.home_key, &to, now, &from, message.number));
                hand_over(&sender, &self.state(&to), &message, now, record);
                tellers.push(to);
            }
        }
    }

    /// Delivers what an earlier emulator did not get to.
    pub(super) fn deliver_all(&self, now: Timestamp) {
        self.states().iter().for_each(|(key, _)| self.deliver(key, now));
    }

    /// Delivers a message again as the journal tells.
    pub(super) fn deliver_again(
        &self,
        line: usize,
        from: &StateKey,
        to: &RegionState,
        number: u64,
        now: Timestamp,
    ) -> Result<(), JournalError> {
        let sender = self.known(from).ok_or(JournalError::OutOfPlace(line))?;
        let message = sender.read(|model| model.message(number).cloned()).ok_or(JournalError::OutOfPlace(line))?;
        hand_over(&sender, to, &message, now, || ());
        Ok(())
    }
}

fn hand_over(sender: &RegionState, receiver: &RegionState, message: &Message, now: Timestamp, record: impl FnOnce()) {
    let from = sender.read(Model::place);
    receiver.change(now, None, |model, _| model.receive_message(&from, message, now), |_| record());
    sender.change(now, None, |model, _| model.message_delivered(message.number), drop);
}

#[cfg(test)]
mod tests;
