//! Whose state a caller's access key stands for.

use vpc_model::AccountId;

use crate::Shared;

/// The account of an access key: the one configured for it, the key itself if it is an account's number, or
/// the home account.
///
/// Deviation: AWS's own keys name accounts too, but those are nobody's here.
pub(super) fn of(shared: &Shared, access_key_id: &str) -> AccountId {
    let is_account = access_key_id.len() == 12 && access_key_id.bytes().all(|byte| byte.is_ascii_digit());
    match shared.config().keys.get(access_key_id) {
        Some(key) => key.account.clone(),
        None if is_account => AccountId::from(access_key_id),
        None => shared.role_account(access_key_id).unwrap_or_else(|| shared.config().account.clone()),
    }
}

/// The keys that AssumeRole gave stand for the role's account.
pub(super) fn remember(shared: &Shared, form: &str, answer: &[u8]) {
    let answer = String::from_utf8_lossy(answer);
    let key = answer.split_once("<AccessKeyId>").and_then(|(_, rest)| rest.split('<').next());
    let role = form_urlencoded::parse(form.as_bytes()).find(|(name, _)| name == "RoleArn").map(|(_, arn)| arn);
    let account = role.as_deref().and_then(|arn| arn.split(':').nth(4));
    if let (Some(key), Some(account)) = (key, account) {
        shared.remember_role(key.to_owned(), AccountId::from(account));
    }
}
