//! What the service answers, from the model alone.

use http::request::Parts;
use http::{HeaderMap, Method, StatusCode};
use jiff::{SignedDuration, Timestamp};
use vpc_model::{Instance, InstanceId, InstanceState, Model};

use super::tree::{self, Node};
use super::{Imds, identity};
use crate::sessions::Session;

/// Carries a session token.
const TOKEN: &str = "x-aws-ec2-metadata-token";
/// Says how long a session token is to be valid, in seconds; echoed in the answer.
pub(super) const TOKEN_TTL: &str = "x-aws-ec2-metadata-token-ttl-seconds";
/// The longest a session token can be valid: six hours.
const LONGEST_TTL_SECONDS: u32 = 21_600;
/// The IP TTL of every answer that is not about a token.
const ANY_HOP_LIMIT: u8 = 64;

/// Versions EC2 lists beside `latest`; they differ in what they show, ours do not.
const VERSIONS: &[&str] = &[
    "1.0",
    "2007-01-19",
    "2007-03-01",
    "2007-08-29",
    "2007-10-10",
    "2007-12-15",
    "2008-02-01",
    "2008-09-01",
    "2009-04-04",
    "2011-01-01",
    "2011-05-01",
    "2012-01-12",
    "2014-02-25",
    "2014-11-05",
    "2015-10-20",
    "2016-04-19",
    "2016-06-30",
    "2016-09-02",
    "2018-03-28",
    "2018-08-17",
    "2018-09-24",
    "2019-10-01",
    "2020-08-24",
    "2020-10-27",
    "2021-01-03",
    "2021-03-23",
    "2021-07-15",
    "2022-09-24",
    "2024-04-11",
    "latest",
];

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The HTTP status.
    pub status: StatusCode,
    /// The body's type.
    pub content_type: &'static str,
    /// The body.
    pub body: Vec<u8>,
    /// How long the token is still good for: the new one's, or the one that was sent.
    pub token_ttl_seconds: Option<u32>,
    /// The credentials that the body tells. Whoever gives the answer remembers them.
    pub session: Option<Session>,
    /// How far the answer may travel: the IP TTL of its packets.
    pub hop_limit: u8,
}

/// Which of the service's addresses is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Endpoint {
    /// `169.254.169.254`.
    Ipv4,
    /// `fd00:ec2::254`, for instances with `HttpProtocolIpv6`.
    ///
    /// Deviation: an instance without is answered 403, where AWS answers nothing.
    Ipv6,
}

/// What an instance reads.
pub fn answer(
    model: &Model,
    caller: &InstanceId,
    endpoint: Endpoint,
    request: &Parts,
    imds: &Imds,
    now: Timestamp,
) -> Reply {
    let live = |instance: &&Instance| instance.state != InstanceState::Terminated;
    let Some(instance) = model.instance(caller).filter(live) else { return Reply::error(StatusCode::NOT_FOUND) };
    let options = &instance.metadata_options;
    if !options.endpoint_enabled || (endpoint == Endpoint::Ipv6 && !options.ipv6_enabled) {
        return Reply::error(StatusCode::FORBIDDEN);
    }
    if request.uri.path().trim_end_matches('/') == "/latest/api/token" {
        return session(instance, request, imds, now);
    }
    if !matches!(request.method, Method::GET | Method::HEAD) {
        return Reply::error(StatusCode::METHOD_NOT_ALLOWED);
    }
    let Some(token_ttl_seconds) = admitted(instance, &request.headers, imds, now) else {
        return Reply::error(StatusCode::UNAUTHORIZED);
    };
    Reply { token_ttl_seconds, ..read(model, instance, request.uri.path(), imds, now) }
}

/// A session begins. The reply's packets travel no further than the instance's hop limit.
fn session(instance: &Instance, request: &Parts, imds: &Imds, now: Timestamp) -> Reply {
    let hop_limit = instance.metadata_options.hop_limit;
    let refuse = |status| Reply { hop_limit, ..Reply::error(status) };
    if request.method != Method::PUT {
        return refuse(StatusCode::METHOD_NOT_ALLOWED);
    }
    // What came through a proxy may not be the instance's own wish.
    if request.headers.contains_key("x-forwarded-for") {
        return refuse(StatusCode::FORBIDDEN);
    }
    let ttl = request.headers.get(TOKEN_TTL).and_then(|value| value.to_str().ok()?.parse().ok());
    let Some(ttl) = ttl.filter(|ttl| (1..=LONGEST_TTL_SECONDS).contains(ttl)) else {
        return refuse(StatusCode::BAD_REQUEST);
    };
    let expires = now.saturating_add(SignedDuration::from_secs(i64::from(ttl))).unwrap_or(Timestamp::MAX);
    let token = imds.tokens.issue(&instance.id, expires);
    Reply { token_ttl_seconds: Some(ttl), hop_limit, ..Reply::text(token.into_bytes()) }
}

/// How long the token is still good for, for those who are let in: a token that is sent must be good, also where
/// none is required.
fn admitted(instance: &Instance, headers: &HeaderMap, imds: &Imds, now: Timestamp) -> Option<Option<u32>> {
    match headers.get(TOKEN) {
        Some(token) => imds.tokens.remaining_seconds(token.to_str().ok()?, &instance.id, now).map(Some),
        None => (!instance.metadata_options.tokens_required).then_some(None),
    }
}

fn read(model: &Model, instance: &Instance, path: &str, imds: &Imds, now: Timestamp) -> Reply {
    let (version, rest) = path.trim_start_matches('/').split_once('/').unwrap_or((path.trim_start_matches('/'), ""));
    if version.is_empty() {
        return Reply::text(VERSIONS.join("\n").into_bytes());
    }
    if !VERSIONS.contains(&version) {
        return Reply::error(StatusCode::NOT_FOUND);
    }
    let tree = tree::version(model, instance, imds, now);
    match tree.at(rest) {
        None => Reply::error(StatusCode::NOT_FOUND),
        Some(Node::Leaf(value)) if rest.starts_with("user-data") => {
            Reply { content_type: "application/octet-stream", ..Reply::text(value.clone()) }
        }
        Some(Node::Leaf(value)) => {
            let session = imds.role_keys.session_at(model, instance, rest, now);
            Reply { session, ..Reply::text(value.clone()) }
        }
        Some(Node::Signature(signature)) => {
            let document = identity::document(model, instance);
            Reply::text(signature.of(&document, instance.launch_time).into_bytes())
        }
        // EC2 lists a version's folders without slashes, unlike those below.
        Some(Node::Folder(entries)) if rest.is_empty() => {
            Reply::text(entries.keys().cloned().collect::<Vec<_>>().join("\n").into_bytes())
        }
        Some(Node::Folder(entries) | Node::Titled(_, entries)) => Reply::text(tree::listing(entries).into_bytes()),
    }
}

impl Reply {
    fn text(body: Vec<u8>) -> Self {
        Self {
            status: StatusCode::OK,
            content_type: "text/plain",
            body,
            token_ttl_seconds: None,
            session: None,
            hop_limit: ANY_HOP_LIMIT,
        }
    }

    /// An error as the service words it: a small XHTML page.
    pub(super) fn error(status: StatusCode) -> Self {
        let title = format!("{} - {}", status.as_u16(), status.canonical_reason().unwrap_or_default());
        let page = format!(
            "<?xml version=\"1.0\" encoding=\"iso-8859-1\"?>\n\
             <!DOCTYPE html PUBLIC \"-//W3C//DTD XHTML 1.0 Transitional//EN\"\n\
             \t\"http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd\">\n\
             <html xmlns=\"http://www.w3.org/1999/xhtml\" xml:lang=\"en\" lang=\"en\">\n \
             <head>\n  <title>{title}</title>\n </head>\n <body>\n  <h1>{title}</h1>\n </body>\n</html>\n"
        );
        Self { status, content_type: "text/html", ..Self::text(page.into_bytes()) }
    }
}
