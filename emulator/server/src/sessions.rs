//! The temporary credentials that were handed out: whom each of them speaks for, until when, and with which secret.
//!
//! They are kept in memory only. After a restart clients ask for new ones, as they do when theirs expire.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use jiff::Timestamp;
use vpc_model::AccountId;

/// How many are remembered. Those that expire first are forgotten first.
const MOST: usize = 10_000;

/// Temporary credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// The access key's id.
    pub access_key_id: String,
    /// The secret that requests are signed with.
    pub secret_access_key: String,
    /// What is sent along with every request.
    pub token: String,
    /// When they are over.
    pub expires: Timestamp,
    /// The account they speak for.
    pub account: AccountId,
    /// Who uses them, as GetCallerIdentity tells it.
    pub arn: String,
    /// The unique id of who uses them.
    pub user_id: String,
}

/// An access key's id, or the unique id of a user or role: a prefix and sixteen characters that bytes decide.
///
/// See <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids>.
pub(crate) fn unique_id(prefix: &str, bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let drawn = bytes.iter().take(16).map(|byte| char::from(ALPHABET[usize::from(byte % 32)]));
    prefix.chars().chain(drawn).collect()
}

/// All that are remembered.
#[derive(Debug, Default)]
pub(crate) struct Sessions(RwLock<BTreeMap<String, Arc<Session>>>);

impl Sessions {
    /// The credentials of an access key, also when they are over.
    pub(crate) fn of(&self, access_key_id: &str) -> Option<Arc<Session>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(access_key_id).cloned()
    }

    /// Remembers credentials that are given to somebody.
    pub(crate) fn remember(&self, session: Session) {
        if self.of(&session.access_key_id).is_some_and(|known| *known == session) {
            return;
        }
        let mut sessions = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if sessions.len() >= MOST {
            let first = sessions.values().min_by_key(|session| session.expires);
            if let Some(first) = first.map(|session| session.access_key_id.clone()) {
                sessions.remove(&first);
            }
        }
        sessions.insert(session.access_key_id.clone(), Arc::new(session));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(number: usize) -> Session {
        Session {
            access_key_id: format!("ASIA{number}"),
            secret_access_key: String::new(),
            token: String::new(),
            expires: Timestamp::from_second(number as i64).expect("within range"),
            account: AccountId::from("123456789012"),
            arn: String::new(),
            user_id: String::new(),
        }
    }

    #[test]
    fn those_that_expire_first_are_forgotten_first() {
        let sessions = Sessions::default();
        for number in (0..=MOST).rev() {
            sessions.remember(session(number));
        }
        assert_eq!(sessions.of("ASIA1"), None);
        assert_eq!(sessions.of("ASIA0"), Some(Arc::new(session(0))), "the newest is kept, however soon it expires");
        assert_eq!(sessions.of(&format!("ASIA{MOST}")), Some(Arc::new(session(MOST))));
    }
}
