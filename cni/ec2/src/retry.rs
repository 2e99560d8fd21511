//! When and how often a failed call is tried again: the SDKs' standard mode.

use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use crate::error::Error;

/// Codes that ask the caller to slow down or to come again.
const THROTTLE_CODES: [&str; 14] = [
    "RequestLimitExceeded",
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "RequestThrottled",
    "RequestThrottledException",
    "TooManyRequestsException",
    "EC2ThrottledException",
    "ProvisionedThroughputExceededException",
    "TransactionInProgressException",
    "BandwidthLimitExceeded",
    "LimitExceededException",
    "PriorRequestNotComplete",
    "SlowDown",
];

/// How often a call is tried and how long the client waits in between.
#[derive(Debug, Clone, Copy)]
pub struct RetryPolicy {
    /// Attempts in all.
    pub attempts: u32,
    /// The wait's upper bound before the second attempt; it doubles each time.
    pub base: Duration,
    /// The wait's upper bound however many attempts there were.
    pub max: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self { attempts: 3, base: Duration::from_secs(1), max: Duration::from_secs(20) }
    }
}

impl RetryPolicy {
    /// How long to wait after failed attempt number `attempt` (from 1): a random part of the bound, so that many
    /// clients throttled at once do not come back at once.
    pub(crate) fn delay(&self, attempt: u32) -> Duration {
        let bound = self.base.saturating_mul(1 << (attempt - 1).min(20)).min(self.max);
        bound.mul_f64(random_fraction())
    }
}

/// A random number in `[0, 1)` from the standard library's hash keys; jitter needs no better one.
fn random_fraction() -> f64 {
    let bits = RandomState::new().hash_one(0_u8) >> 11;
    bits as f64 / (1_u64 << 53) as f64
}

/// A client's allowance for retries: without it a failing service would get three times its usual load.
#[derive(Debug)]
pub(crate) struct RetryBudget(AtomicI64);

impl RetryBudget {
    const SIZE: i64 = 500;
    const RETRY: i64 = 5;
    const TIMEOUT_RETRY: i64 = 10;

    pub(crate) fn new() -> Self {
        Self(AtomicI64::new(Self::SIZE))
    }

    /// Takes the price of retrying after `error`; `None` if the budget is spent.
    pub(crate) fn take(&self, error: &Error) -> Option<i64> {
        let price = if error.status == 0 { Self::TIMEOUT_RETRY } else { Self::RETRY };
        self.0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| (left >= price).then_some(left - price))
            .ok()
            .map(|_| price)
    }

    /// Pays back after a success: what its retries took, or one token.
    pub(crate) fn put_back(&self, tokens: i64) {
        let _ = self
            .0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| Some((left + tokens.max(1)).min(Self::SIZE)));
    }
}

/// Whether the code asks to slow down.
pub(crate) fn is_throttle_code(code: &str) -> bool {
    THROTTLE_CODES.contains(&code)
}

/// Whether the same call may succeed if sent again.
pub(crate) fn is_transient(error: &Error) -> bool {
    is_throttle_code(&error.code)
        || matches!(error.code.as_str(), "RequestTimeout" | "RequestTimeoutException" | Error::NO_ANSWER)
        || matches!(error.status, 500 | 502 | 503 | 504)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::throttled("RequestLimitExceeded", 503, true)]
    #[case::throttled_with_400("Throttling", 400, true)]
    #[case::server_error("InternalError", 500, true)]
    #[case::no_answer(Error::NO_ANSWER, 0, true)]
    #[case::refused("InvalidSubnetID.NotFound", 400, false)]
    #[case::no_credentials(Error::NO_CREDENTIALS, 0, false)]
    fn transient_errors(#[case] code: &str, #[case] status: u16, #[case] expected: bool) {
        let error = Error { code: code.to_owned(), message: String::new(), status };
        assert_eq!(is_transient(&error), expected);
    }

    #[test]
    fn delays_stay_below_their_bound() {
        let policy = RetryPolicy::default();
        for attempt in 1..40 {
            assert!(policy.delay(attempt) <= policy.max);
        }
        assert!(policy.delay(1) <= policy.base);
    }

    #[test]
    fn an_empty_budget_allows_no_retry() {
        let budget = RetryBudget::new();
        let timeout = Error::local(Error::NO_ANSWER, "");
        assert_eq!((0..100).filter_map(|_| budget.take(&timeout)).count(), 50);
        budget.put_back(10);
        assert_eq!(budget.take(&timeout), Some(10));
    }
}
