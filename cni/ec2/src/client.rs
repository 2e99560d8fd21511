//! The client: builds a form, signs it, sends it, tries again where that helps.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use aws_credential_types::Credentials as SigningKeys;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use tracing::debug;

use crate::Reply;
use crate::credentials::{AccessKey, Credentials, Keys};
use crate::error::Error;
use crate::params::Params;
use crate::retry::{RetryBudget, RetryPolicy, is_transient};

const API_VERSION: &str = "2016-11-15";
const CONTENT_TYPE: &str = "application/x-www-form-urlencoded; charset=utf-8";
/// How long one attempt may take in all.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(10);

/// Whom to call, and as whom.
#[derive(Debug, Clone)]
pub struct Config {
    /// The endpoint's URL, such as `http://127.0.0.1:4566`.
    pub endpoint: String,
    /// The region that requests are signed for.
    pub region: String,
    /// What they are signed with.
    pub credentials: Credentials,
}

/// EC2's endpoint in a region, unless `AWS_ENDPOINT_URL_EC2` or `AWS_ENDPOINT_URL` names another.
pub fn endpoint_from_env(region: &str) -> String {
    ["AWS_ENDPOINT_URL_EC2", "AWS_ENDPOINT_URL"]
        .into_iter()
        .find_map(|name| std::env::var(name).ok().filter(|url| !url.is_empty()))
        .unwrap_or_else(|| format!("https://ec2.{region}.amazonaws.com"))
}

/// An EC2 client. Clones share connections, keys and the retry budget.
#[derive(Debug, Clone)]
pub struct Client {
    shared: Arc<Shared>,
    retry: RetryPolicy,
}

#[derive(Debug)]
struct Shared {
    http: reqwest::Client,
    url: reqwest::Url,
    region: String,
    keys: Keys,
    budget: RetryBudget,
}

impl Client {
    /// A client; it does not connect yet.
    ///
    /// # Errors
    /// [`Error::SET_UP`] if the endpoint is no URL, or is `https` and the process has no rustls provider.
    pub fn new(config: Config) -> Result<Self, Error> {
        let url: reqwest::Url =
            config.endpoint.parse().map_err(|err| Error::local(Error::SET_UP, format_args!("endpoint: {err}")))?;
        let http = http_client(&url, ATTEMPT_TIMEOUT, None)?;
        let keys = Keys::new(config.credentials);
        let shared = Shared { http, url, region: config.region, keys, budget: RetryBudget::new() };
        Ok(Self { shared: Arc::new(shared), retry: RetryPolicy::default() })
    }

    /// The same client with other retries.
    #[must_use]
    pub fn with_retry(mut self, retry: RetryPolicy) -> Self {
        self.retry = retry;
        self
    }

    /// The region that requests are signed for.
    pub fn region(&self) -> &str {
        &self.shared.region
    }

    /// Calls any action with flattened parameters (`("Filter.1.Name", …)`).
    ///
    /// # Errors
    /// EC2's refusal, or one of [`Error`]'s own codes.
    pub async fn call(&self, action: &str, params: &[(&str, String)]) -> Result<Reply, Error> {
        self.send(action, form(action, params.iter().map(|(name, value)| (*name, value.as_str())))).await
    }

    /// Calls any action with parameters built by [`Params`].
    ///
    /// # Errors
    /// As [`Client::call`].
    pub async fn call_with(&self, action: &str, params: &Params) -> Result<Reply, Error> {
        self.send(action, form(action, params.pairs())).await
    }

    async fn send(&self, action: &str, body: String) -> Result<Reply, Error> {
        let mut attempt = 1;
        let mut taken = 0;
        loop {
            let started = Instant::now();
            let error = match self.attempt(&body).await {
                Ok(reply) => {
                    self.shared.budget.put_back(taken);
                    debug!(action, attempt, ms = started.elapsed().as_millis() as u64, "called");
                    return Ok(reply);
                }
                Err(error) => error,
            };
            debug!(action, attempt, %error, "failed");
            if attempt >= self.retry.attempts || !is_transient(&error) {
                return Err(error);
            }
            let Some(price) = self.shared.budget.take(&error) else { return Err(error) };
            taken = price;
            tokio::time::sleep(self.retry.delay(attempt)).await;
            attempt += 1;
        }
    }

    async fn attempt(&self, body: &str) -> Result<Reply, Error> {
        let key = self.shared.keys.current().await?;
        let signature = self.signature(&key, body)?;
        let mut request = self.shared.http.post(self.shared.url.clone()).header("content-type", CONTENT_TYPE);
        for (name, value) in &signature {
            request = request.header(name, value);
        }
        let no_answer = |err: reqwest::Error| Error::local(Error::NO_ANSWER, chain(&err));
        let response = request.body(body.to_owned()).send().await.map_err(no_answer)?;
        let status = response.status();
        let text = response.text().await.map_err(no_answer)?;
        if status.is_success() { Reply::parse(&text) } else { Err(Error::from_answer(status.as_u16(), &text)) }
    }

    /// The headers that carry the request's signature.
    fn signature(&self, key: &AccessKey, body: &str) -> Result<Vec<(String, String)>, Error> {
        let failed = |err: &dyn std::error::Error| Error::local(Error::SET_UP, chain(err));
        let identity =
            SigningKeys::new(key.id.clone(), key.secret.clone(), key.token.clone(), None, "ec2-client").into();
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.shared.region)
            .name("ec2")
            .time(SystemTime::now())
            .settings(SigningSettings::default())
            .build()
            .map_err(|err| failed(&err))?
            .into();
        let headers = [("content-type", CONTENT_TYPE)].into_iter();
        let request =
            SignableRequest::new("POST", self.shared.url.as_str(), headers, SignableBody::Bytes(body.as_bytes()))
                .map_err(|err| failed(&err))?;
        let (instructions, _) = sign(request, &params).map_err(|err| failed(&err))?.into_parts();
        Ok(instructions.headers().map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
    }
}

fn form<'a>(action: &str, params: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("Action", action).append_pair("Version", API_VERSION);
    form.extend_pairs(params);
    form.finish()
}

/// An HTTP client for one URL. Over plain HTTP it needs neither the process's rustls provider nor the machine's
/// certificates, which take tens of milliseconds to read; nor a proxy, since such an endpoint is near.
pub(crate) fn http_client(
    url: &reqwest::Url,
    timeout: Duration,
    connect_timeout: Option<Duration>,
) -> Result<reqwest::Client, Error> {
    let mut builder =
        reqwest::Client::builder().timeout(timeout).redirect(reqwest::redirect::Policy::none()).user_agent("vpcbox");
    if let Some(timeout) = connect_timeout {
        builder = builder.connect_timeout(timeout);
    }
    let failed = |err: &dyn std::fmt::Display| Error::local(Error::SET_UP, err);
    if url.scheme() == "http" {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let unused = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|err| failed(&err))?
            .with_root_certificates(rustls::RootCertStore::empty())
            .with_no_client_auth();
        builder = builder.tls_backend_preconfigured(unused).no_proxy();
    } else if rustls::crypto::CryptoProvider::get_default().is_none() {
        return Err(failed(&"https needs a rustls crypto provider installed in the process"));
    }
    builder.build().map_err(|err| failed(&chain(&err)))
}

/// An error with its causes on one line.
pub(crate) fn chain(err: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(err), |err| err.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
