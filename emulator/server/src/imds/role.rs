//! The credentials of an instance: those of its role, and those that EC2's own agents on it use.
//!
//! They come from a secret of this process, the instance and the hour, so nothing has to be kept to give the same
//! ones for an hour; who gives them remembers the [`Session`] so that requests signed with them are understood.
//!
//! See <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-metadata-security-credentials.html>.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use vpc_model::instance::options::profile_id;
use vpc_model::{Instance, Model};

use super::identity::{pretty, seconds};
use super::tree::{Node, folder, leaf};
use crate::sessions::{Session, unique_id};

/// How long credentials last.
const LAST: SignedDuration = SignedDuration::from_hours(6);
/// How long the same ones are given.
const SAME_FOR_SECONDS: i64 = 3600;
/// The role of EC2's own agents.
const OWN_ROLE: &str = "aws:ec2-instance";

/// Makes credentials for instances.
#[derive(Debug)]
pub struct RoleKeys {
    secret: [u8; 32],
}

/// Whose credentials are meant.
#[derive(Debug, Clone, Copy)]
enum User<'a> {
    /// The instance profile's role.
    Role(&'a str),
    /// EC2's own agents.
    Instance,
}

impl RoleKeys {
    /// Credentials that only this secret's owner can make.
    pub fn new(secret: [u8; 32]) -> Self {
        Self { secret }
    }

    /// The credentials that a path below a version names.
    pub(super) fn session_at(&self, model: &Model, instance: &Instance, path: &str, now: Timestamp) -> Option<Session> {
        let names: Vec<_> = path.split('/').filter(|name| !name.is_empty()).collect();
        match names[..] {
            ["meta-data", "iam", "security-credentials", name] if role(instance) == Some(name) => {
                Some(self.session(model, instance, User::Role(name), now))
            }
            ["meta-data", "identity-credentials", "ec2", "security-credentials", "ec2-instance"] => {
                Some(self.session(model, instance, User::Instance, now))
            }
            _ => None,
        }
    }

    /// `iam/`, for instances with an instance profile.
    ///
    /// Deviation: the model knows the profile only, so the role carries the profile's name; and AWS does not
    /// accept the credentials.
    pub(super) fn iam(&self, model: &Model, instance: &Instance, now: Timestamp) -> Option<Node> {
        let profile = instance.iam_instance_profile.as_deref()?;
        let role = role(instance)?;
        let info = pretty(&json!({
            "Code": "Success",
            "LastUpdated": seconds(updated(instance, now)),
            "InstanceProfileArn": profile,
            "InstanceProfileId": profile_id(profile),
        }));
        let session = self.session(model, instance, User::Role(role), now);
        let roles = folder([(role, Some(leaf(shown(&session))))]);
        let roles = Node::Folder(roles);
        Some(Node::Folder(folder([("info", Some(leaf(info))), ("security-credentials", Some(roles))])))
    }

    /// `identity-credentials/`: what EC2's own agents use.
    pub(super) fn identity_credentials(&self, model: &Model, instance: &Instance, now: Timestamp) -> Node {
        let info = pretty(&json!({
            "Code": "Success",
            "LastUpdated": seconds(updated(instance, now)),
            "AccountId": model.account().0,
        }));
        let session = self.session(model, instance, User::Instance, now);
        let credentials = folder([("ec2-instance", Some(leaf(shown(&session))))]);
        let credentials = Node::Folder(credentials);
        let ec2 = folder([("info", Some(leaf(info))), ("security-credentials", Some(credentials))]);
        Node::Folder(folder([("ec2", Some(Node::Folder(ec2)))]))
    }

    fn session(&self, model: &Model, instance: &Instance, user: User<'_>, now: Timestamp) -> Session {
        let (account, id) = (model.account(), &instance.id);
        let updated = updated(instance, now);
        let (role, unique) = match user {
            User::Role(role) => {
                let profile = instance.iam_instance_profile.as_deref().unwrap_or_default();
                (role, unique_id("AROA", &Sha256::digest(format!("role of {profile}"))))
            }
            User::Instance => (OWN_ROLE, format!("{account}:{OWN_ROLE}")),
        };
        let drawn = |what: &str| -> [u8; 32] {
            let digest = Sha256::new().chain_update(self.secret).chain_update(what).chain_update(role);
            let digest = digest.chain_update(id.as_str()).chain_update(updated.as_second().to_be_bytes());
            // A digest of a digest cannot be extended, which a plain keyed SHA-256 could.
            Sha256::digest(digest.finalize()).into()
        };
        let [key, secret, token] = ["key", "secret", "token"].map(drawn);
        Session {
            access_key_id: unique_id("ASIA", &key),
            secret_access_key: BASE64_STANDARD.encode(&secret[..30]),
            token: BASE64_STANDARD.encode([token, drawn("more"), drawn("yet more")].concat()),
            expires: updated.saturating_add(LAST).unwrap_or(Timestamp::MAX),
            account: account.clone(),
            arn: format!("arn:aws:sts::{account}:assumed-role/{role}/{id}"),
            user_id: format!("{unique}:{id}"),
        }
    }
}

/// The role's name: the profile's, whose path does not count.
fn role(instance: &Instance) -> Option<&str> {
    instance.iam_instance_profile.as_deref()?.rsplit('/').next()
}

/// The beginning of an instance's hour, counted from its launch.
fn updated(instance: &Instance, now: Timestamp) -> Timestamp {
    let since = now.as_second().saturating_sub(instance.launch_time.as_second());
    Timestamp::from_second(now.as_second() - since.rem_euclid(SAME_FOR_SECONDS)).unwrap_or(now)
}

fn shown(session: &Session) -> String {
    let updated = session.expires.saturating_sub(LAST).unwrap_or(Timestamp::MIN);
    pretty(&json!({
        "Code": "Success",
        "LastUpdated": seconds(updated),
        "Type": "AWS-HMAC",
        "AccessKeyId": session.access_key_id,
        "SecretAccessKey": session.secret_access_key,
        "Token": session.token,
        "Expiration": seconds(session.expires),
    }))
}
