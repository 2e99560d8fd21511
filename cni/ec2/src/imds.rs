//! Instance metadata: version 2 with a session token, version 1 where the service has no tokens.
//!
//! Follows <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html>.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::Deserialize;
use tokio::sync::Mutex;

use crate::client::{chain, http_client};

const DEFAULT_ENDPOINT: &str = "http://169.254.169.254";
const TOKEN_LIFETIME: Duration = Duration::from_secs(300);
const ATTEMPTS: u32 = 3;
const TIMEOUT: Duration = Duration::from_secs(2);
const CONNECT_TIMEOUT: Duration = Duration::from_millis(500);

/// Why metadata could not be read.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ImdsError {
    /// The service did not answer.
    #[error("instance metadata at {path} did not answer: {cause}")]
    NoAnswer {
        /// What was asked for.
        path: String,
        /// What went wrong.
        cause: String,
    },
    /// The service refused.
    #[error("instance metadata at {path} answered with status {status}")]
    Refused {
        /// What was asked for.
        path: String,
        /// The HTTP status.
        status: u16,
    },
    /// Something that every instance has is missing.
    #[error("instance metadata has no {0}")]
    Missing(String),
    /// An answer that cannot be understood.
    #[error("instance metadata at {path} is not what it should be: {text:?}")]
    Malformed {
        /// What was asked for.
        path: String,
        /// What came.
        text: String,
    },
    /// The client could not be set up.
    #[error("client for instance metadata: {0}")]
    SetUp(String),
}

/// The parts of the identity document that are of use.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IdentityDocument {
    /// The region.
    pub region: String,
    /// The account that owns the instance.
    #[serde(default)]
    pub account_id: String,
    /// The instance.
    #[serde(default)]
    pub instance_id: String,
    /// Its type.
    #[serde(default)]
    pub instance_type: String,
}

/// A client for instance metadata. Clones share the session token.
#[derive(Debug, Clone)]
pub struct Imds {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    http: reqwest::Client,
    endpoint: String,
    token: Mutex<Option<Session>>,
}

/// What is known of sessions: a token and when to renew it, or that this service has none.
#[derive(Debug, Clone)]
struct Session {
    token: Option<String>,
    renew_at: Instant,
}

impl Imds {
    /// A client for the service at a URL.
    ///
    /// # Errors
    /// [`ImdsError::SetUp`] if that is no URL.
    pub fn new(endpoint: &str) -> Result<Self, ImdsError> {
        let set_up = |err: &dyn std::fmt::Display| ImdsError::SetUp(err.to_string());
        let url = endpoint.parse().map_err(|err| set_up(&err))?;
        let http = http_client(&url, TIMEOUT, Some(CONNECT_TIMEOUT)).map_err(|err| set_up(&err))?;
        let endpoint = endpoint.trim_end_matches('/').to_owned();
        Ok(Self { shared: Arc::new(Shared { http, endpoint, token: Mutex::new(None) }) })
    }

    /// A client for `AWS_EC2_METADATA_SERVICE_ENDPOINT`, else the usual address.
    ///
    /// # Errors
    /// As [`Imds::new`].
    pub fn from_env() -> Result<Self, ImdsError> {
        let set = std::env::var("AWS_EC2_METADATA_SERVICE_ENDPOINT").ok().filter(|url| !url.is_empty());
        Self::new(set.as_deref().unwrap_or(DEFAULT_ENDPOINT))
    }

    /// What is at a path below `/latest/meta-data/`; `None` if the service has no such thing.
    ///
    /// # Errors
    /// If the service does not answer or refuses, three times.
    pub async fn get(&self, path: &str) -> Result<Option<String>, ImdsError> {
        self.read(&format!("/latest/meta-data/{path}")).await
    }

    /// As [`Imds::get`], for what every instance has; without white space around it.
    ///
    /// # Errors
    /// [`ImdsError::Missing`] too.
    pub async fn required(&self, path: &str) -> Result<String, ImdsError> {
        let text = self.get(path).await?.ok_or_else(|| ImdsError::Missing(path.to_owned()))?;
        Ok(text.trim().to_owned())
    }

    /// The lines at a path, none if it is absent.
    ///
    /// # Errors
    /// As [`Imds::get`].
    pub async fn lines(&self, path: &str) -> Result<Vec<String>, ImdsError> {
        let text = self.get(path).await?.unwrap_or_default();
        Ok(text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect())
    }

    /// The lines at a path, each read as a value.
    ///
    /// # Errors
    /// [`ImdsError::Malformed`] too.
    pub async fn values<T: std::str::FromStr>(&self, path: &str) -> Result<Vec<T>, ImdsError> {
        let malformed = |text: &String| ImdsError::Malformed { path: path.to_owned(), text: text.clone() };
        self.lines(path).await?.iter().map(|line| line.parse().map_err(|_| malformed(line))).collect()
    }

    /// The instance's identity document.
    ///
    /// # Errors
    /// As [`Imds::required`], [`ImdsError::Malformed`] too.
    pub async fn identity(&self) -> Result<IdentityDocument, ImdsError> {
        let path = "/latest/dynamic/instance-identity/document";
        let text = self.read(path).await?.ok_or_else(|| ImdsError::Missing("identity document".to_owned()))?;
        serde_json::from_str(&text).map_err(|_| ImdsError::Malformed { path: path.to_owned(), text })
    }

    async fn read(&self, path: &str) -> Result<Option<String>, ImdsError> {
        let mut attempt = 1;
        loop {
            match self.attempt(path).await {
                Err(_) if attempt < ATTEMPTS => attempt += 1,
                outcome => return outcome,
            }
            tokio::time::sleep(Duration::from_millis(50 << attempt)).await;
        }
    }

    async fn attempt(&self, path: &str) -> Result<Option<String>, ImdsError> {
        let no_answer = |err: reqwest::Error| ImdsError::NoAnswer { path: path.to_owned(), cause: chain(&err) };
        let mut request = self.shared.http.get(format!("{}{path}", self.shared.endpoint));
        if let Some(token) = self.token().await? {
            request = request.header("x-aws-ec2-metadata-token", token);
        }
        let response = request.send().await.map_err(no_answer)?;
        match response.status().as_u16() {
            200 => response.text().await.map(Some).map_err(no_answer),
            404 => Ok(None),
            status => {
                if status == 401 {
                    // The token is no longer good: the next attempt gets another.
                    *self.shared.token.lock().await = None;
                }
                Err(ImdsError::Refused { path: path.to_owned(), status })
            }
        }
    }

    async fn token(&self) -> Result<Option<String>, ImdsError> {
        let path = "/latest/api/token";
        let mut session = self.shared.token.lock().await;
        if let Some(known) = session.as_ref().filter(|known| Instant::now() < known.renew_at) {
            return Ok(known.token.clone());
        }
        let lifetime = TOKEN_LIFETIME.as_secs().to_string();
        let request = self.shared.http.put(format!("{}{path}", self.shared.endpoint));
        let answer = request.header("x-aws-ec2-metadata-token-ttl-seconds", lifetime).send().await;
        let no_answer = |err: reqwest::Error| ImdsError::NoAnswer { path: path.to_owned(), cause: chain(&err) };
        let response = answer.map_err(no_answer)?;
        let token = match response.status().as_u16() {
            200 => Some(response.text().await.map_err(no_answer)?),
            403..=405 => None,
            status => return Err(ImdsError::Refused { path: path.to_owned(), status }),
        };
        let renew_at = Instant::now() + TOKEN_LIFETIME / 2;
        *session = Some(Session { token: token.clone(), renew_at });
        Ok(token)
    }
}
