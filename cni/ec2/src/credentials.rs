//! What requests are signed with: a key pair, the environment's, or the instance's role.

use std::time::{Duration, SystemTime};

use serde::Deserialize;
use tokio::sync::Mutex;

use crate::error::Error;
use crate::imds::Imds;

/// A role's keys are fetched anew this long before they expire.
const REFRESH_BEFORE_EXPIRY: Duration = Duration::from_secs(300);

/// A key pair, with the session token that temporary ones have.
#[derive(Clone, PartialEq, Eq)]
pub struct AccessKey {
    /// `AKIA…` or `ASIA…`.
    pub id: String,
    /// The secret.
    pub secret: String,
    /// The session token.
    pub token: Option<String>,
}

impl std::fmt::Debug for AccessKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "AccessKey({})", self.id)
    }
}

/// Where a client's keys come from.
#[derive(Debug, Clone)]
pub enum Credentials {
    /// Always the same key pair.
    Static(AccessKey),
    /// The role of the instance, from its metadata.
    InstanceRole(Imds),
}

impl Credentials {
    /// A key pair without session token.
    pub fn from_keys(id: impl Into<String>, secret: impl Into<String>) -> Self {
        Self::Static(AccessKey { id: id.into(), secret: secret.into(), token: None })
    }

    /// The environment's keys (`AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`); `None` without.
    pub fn from_env() -> Option<Self> {
        let set = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
        Some(Self::Static(AccessKey {
            id: set("AWS_ACCESS_KEY_ID")?,
            secret: set("AWS_SECRET_ACCESS_KEY")?,
            token: set("AWS_SESSION_TOKEN"),
        }))
    }

    /// The environment's keys if it has any, else those of the instance's role.
    pub fn from_env_or_role(imds: &Imds) -> Self {
        Self::from_env().unwrap_or_else(|| Self::InstanceRole(imds.clone()))
    }
}

/// Hands out keys and keeps a role's until shortly before they expire.
#[derive(Debug)]
pub(crate) struct Keys {
    source: Credentials,
    cached: Mutex<Option<(AccessKey, SystemTime)>>,
}

impl Keys {
    pub(crate) fn new(source: Credentials) -> Self {
        Self { source, cached: Mutex::new(None) }
    }

    pub(crate) async fn current(&self) -> Result<AccessKey, Error> {
        let imds = match &self.source {
            Credentials::Static(key) => return Ok(key.clone()),
            Credentials::InstanceRole(imds) => imds,
        };
        // Held over the fetch, so that callers at start-up share one.
        let mut cached = self.cached.lock().await;
        if let Some((key, expiry)) = cached.as_ref()
            && SystemTime::now() + REFRESH_BEFORE_EXPIRY < *expiry
        {
            return Ok(key.clone());
        }
        let fresh = role_keys(imds).await?;
        Ok(cached.insert(fresh).0.clone())
    }
}

/// The document under `iam/security-credentials/<role>`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RoleDocument {
    access_key_id: String,
    secret_access_key: String,
    token: String,
    expiration: jiff::Timestamp,
}

async fn role_keys(imds: &Imds) -> Result<(AccessKey, SystemTime), Error> {
    const PATH: &str = "iam/security-credentials/";
    let missing = |what: &dyn std::fmt::Display| Error::local(Error::NO_CREDENTIALS, what);
    let roles = imds.get(PATH).await.map_err(|err| missing(&err))?;
    let role = roles.as_deref().and_then(|roles| roles.lines().next()).map(str::trim).filter(|role| !role.is_empty());
    let role = role.ok_or_else(|| missing(&"neither keys in the environment nor a role of the instance"))?;
    let document = imds.get(&format!("{PATH}{role}")).await.map_err(|err| missing(&err))?.unwrap_or_default();
    let document: RoleDocument = serde_json::from_str(&document).map_err(|err| missing(&err))?;
    let key = AccessKey { id: document.access_key_id, secret: document.secret_access_key, token: Some(document.token) };
    Ok((key, document.expiration.into()))
}
