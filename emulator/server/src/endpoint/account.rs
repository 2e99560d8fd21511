//! Whose state a caller's access key stands for.

use ec2_api::Caller;
use sha2::{Digest as _, Sha256};
use vpc_model::AccountId;

use crate::Shared;
use crate::sessions::{Session, unique_id};

/// The account of an access key: the one configured for it, the one it was handed out for, the key itself if it is an
/// account's number, or the home account.
///
/// Deviation: AWS's own keys name accounts too, but those are nobody's here.
pub(super) fn of(shared: &Shared, access_key_id: &str) -> AccountId {
    let is_account = access_key_id.len() == 12 && access_key_id.bytes().all(|byte| byte.is_ascii_digit());
    match (shared.config().keys.get(access_key_id), shared.sessions().of(access_key_id)) {
        (Some(key), _) => key.account.clone(),
        (None, Some(session)) => session.account.clone(),
        (None, None) if is_account => AccountId::from(access_key_id),
        (None, None) => shared.config().account.clone(),
    }
}

/// Who uses an access key, where it is not the account's root.
pub(super) fn caller(shared: &Shared, access_key_id: &str) -> Option<Caller> {
    match shared.config().keys.get(access_key_id) {
        Some(key) => key.user.as_deref().map(|user| of_user(&key.account, user)),
        None => {
            let session = shared.sessions().of(access_key_id)?;
            Some(Caller { arn: session.arn.clone(), user_id: session.user_id.clone() })
        }
    }
}

/// An IAM user. Its unique id follows from its name, so that it is the same in every run.
fn of_user(account: &AccountId, user: &str) -> Caller {
    let arn = format!("arn:aws:iam::{account}:user/{user}");
    let user_id = unique_id("AIDA", &Sha256::digest(&arn));
    Caller { arn, user_id }
}

/// The credentials that STS gives in an answer. Without another user they speak for `account`'s root.
pub(super) fn given(answer: &[u8], account: &AccountId) -> Option<Session> {
    let answer = String::from_utf8_lossy(answer);
    let text = |name: &str| {
        let (_, rest) = answer.split_once(&format!("<{name}>"))?;
        rest.split('<').next()
    };
    let arn = text("Arn").map_or_else(|| format!("arn:aws:iam::{account}:root"), str::to_owned);
    let user = text("AssumedRoleId").or_else(|| text("FederatedUserId"));
    Some(Session {
        access_key_id: text("AccessKeyId")?.to_owned(),
        secret_access_key: text("SecretAccessKey")?.to_owned(),
        token: text("SessionToken")?.to_owned(),
        expires: text("Expiration")?.parse().ok()?,
        account: arn.split(':').nth(4).map_or_else(|| account.clone(), AccountId::from),
        user_id: user.map_or_else(|| account.to_string(), str::to_owned),
        arn,
    })
}
