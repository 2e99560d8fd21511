//! Session tokens of IMDSv2.
//!
//! A token carries its own expiry and is sealed with a secret of this process, so nothing has to be
//! remembered per token. It has the length of EC2's tokens: 40 bytes, 56 characters.

use std::sync::atomic::{AtomicU64, Ordering};

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE;
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};
use vpc_model::InstanceId;

const SEAL_BYTES: usize = 24;

/// Issues and checks session tokens.
#[derive(Debug)]
pub struct Tokens {
    secret: [u8; 32],
    issued: AtomicU64,
}

impl Tokens {
    /// Tokens that only this secret's owner can issue.
    pub fn new(secret: [u8; 32]) -> Self {
        Self { secret, issued: AtomicU64::new(0) }
    }

    /// A token for an instance, valid until a time.
    pub fn issue(&self, instance: &InstanceId, expires: Timestamp) -> String {
        let mut token = Vec::with_capacity(16 + SEAL_BYTES);
        token.extend(expires.as_second().to_be_bytes());
        token.extend(self.issued.fetch_add(1, Ordering::Relaxed).to_be_bytes());
        token.extend(self.seal(instance, &token));
        BASE64_URL_SAFE.encode(token)
    }

    /// How many seconds a token is still good for, if it was issued to this instance and has not expired.
    pub fn remaining_seconds(&self, token: &str, instance: &InstanceId, now: Timestamp) -> Option<u32> {
        let token = BASE64_URL_SAFE.decode(token).ok()?;
        let (claim, seal) = token.split_at_checked(16)?;
        let expires = claim.first_chunk().map_or(0, |seconds| i64::from_be_bytes(*seconds));
        let is_ours = seal == self.seal(instance, claim);
        let left = expires.checked_sub(now.as_second()).filter(|left| is_ours && *left > 0)?;
        u32::try_from(left).ok()
    }

    /// A digest cut short cannot be extended, which a plain keyed SHA-256 could.
    fn seal(&self, instance: &InstanceId, claim: &[u8]) -> [u8; SEAL_BYTES] {
        let digest =
            Sha256::new().chain_update(self.secret).chain_update(claim).chain_update(instance.as_str()).finalize();
        let mut seal = [0; SEAL_BYTES];
        seal.copy_from_slice(&digest[..SEAL_BYTES]);
        seal
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn instance(last: char) -> InstanceId {
        format!("i-0123456789abcdef{last}").parse().expect("a well-formed id")
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("within range")
    }

    #[rstest]
    #[case::fresh('0', 99, Some(1))]
    #[case::expired('0', 100, None)]
    #[case::another_instance('1', 99, None)]
    fn acceptance(#[case] caller: char, #[case] now: i64, #[case] left: Option<u32>) {
        let tokens = Tokens::new([7; 32]);
        let token = tokens.issue(&instance('0'), at(100));
        assert_eq!(token.len(), 56);
        assert_eq!(tokens.remaining_seconds(&token, &instance(caller), at(now)), left);
    }

    #[rstest]
    #[case::empty("")]
    #[case::short("AAAA")]
    #[case::not_base64("?")]
    #[case::zeros("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==")]
    fn forgeries(#[case] token: &str) {
        assert_eq!(Tokens::new([7; 32]).remaining_seconds(token, &instance('0'), at(0)), None);
    }

    #[test]
    fn secrets_and_tokens_differ() {
        let (ours, theirs) = (Tokens::new([7; 32]), Tokens::new([8; 32]));
        let token = ours.issue(&instance('0'), at(100));
        assert_eq!(theirs.remaining_seconds(&token, &instance('0'), at(0)), None);
        assert_ne!(token, ours.issue(&instance('0'), at(100)));
    }
}
