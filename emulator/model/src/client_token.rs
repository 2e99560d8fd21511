//! Client tokens: a repeated call with the same token gets the first call's answer.
//!
//! See <https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-idempotency.html>.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::map::Map;

/// How long a token is remembered.
const LIFETIME: SignedDuration = SignedDuration::from_hours(24);

/// How many tokens are remembered at most; the oldest go first.
const CAPACITY: usize = 20_000;

/// What a token belongs to: tokens of different actions have nothing to do with each other.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct TokenKey {
    /// The action.
    pub action: &'static str,
    /// The token as the caller gave it.
    pub token: String,
}

/// What a call with a token asked and got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenRecord {
    /// A digest of the call's parameters.
    pub fingerprint: [u8; 32],
    /// The answer, in the form the caller's protocol gives it.
    pub answer: Arc<[u8]>,
}

/// The tokens seen of late.
#[derive(Debug, Clone, Default)]
pub struct ClientTokens {
    records: Map<TokenKey, Remembered>,
    /// By how many there were before.
    by_age: Map<u64, TokenKey>,
    count: u64,
}

#[derive(Debug, Clone)]
struct Remembered {
    at: Timestamp,
    number: u64,
    record: TokenRecord,
}

impl ClientTokens {
    /// What the first call with a token asked and got, unless that is too long ago.
    pub fn find(&self, now: Timestamp, key: &TokenKey) -> Option<&TokenRecord> {
        self.records.get(key).filter(|known| now.duration_since(known.at) < LIFETIME).map(|known| &known.record)
    }

    /// Remembers a call, and forgets those that are too old or too many.
    pub(crate) fn remember(&mut self, now: Timestamp, key: TokenKey, record: TokenRecord) {
        self.count += 1;
        if let Some(known) = self.records.insert(key.clone(), Remembered { at: now, number: self.count, record }) {
            self.by_age.remove(&known.number);
        }
        self.by_age.insert(self.count, key);
        while let Some((number, oldest)) = self.by_age.iter().next().map(|(number, key)| (*number, key.clone())) {
            let expired = self.records.get(&oldest).is_none_or(|known| now.duration_since(known.at) >= LIFETIME);
            if !expired && self.by_age.len() <= CAPACITY {
                break;
            }
            self.records.remove(&oldest);
            self.by_age.remove(&number);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(token: &str) -> TokenKey {
        TokenKey { action: "CreateVpc", token: token.to_owned() }
    }

    fn record() -> TokenRecord {
        TokenRecord { fingerprint: [1; 32], answer: Arc::from(*b"answer") }
    }

    #[test]
    fn a_token_lives_for_a_day() {
        let start = Timestamp::UNIX_EPOCH;
        let mut tokens = ClientTokens::default();
        tokens.remember(start, key("a"), record());
        let later = |hours| start + SignedDuration::from_hours(hours);
        assert_eq!(tokens.find(later(23), &key("a")), Some(&record()));
        assert_eq!(tokens.find(later(24), &key("a")), None);
        assert_eq!(tokens.find(start, &key("b")), None);
        tokens.remember(later(24), key("b"), record());
        assert_eq!(tokens.by_age.len(), 1, "the expired one is forgotten");
    }

    #[test]
    fn tokens_are_bounded() {
        let mut tokens = ClientTokens::default();
        for n in 0..CAPACITY + 10 {
            tokens.remember(Timestamp::UNIX_EPOCH, key(&n.to_string()), record());
        }
        assert_eq!(tokens.records.len(), CAPACITY);
        assert_eq!(tokens.find(Timestamp::UNIX_EPOCH, &key("9")), None);
        assert!(tokens.find(Timestamp::UNIX_EPOCH, &key("10")).is_some());
    }
}
