//! The endpoint of EC2, STS and Auto Scaling: an HTTP request in, one call on the model, an HTTP reply out.
//!
//! The same service answers on loopback and, inside each VPC's fabric, at [`EC2_ENDPOINT`].
//!
//! [`EC2_ENDPOINT`]: crate::config::EC2_ENDPOINT

mod account;
mod credential;
mod eks;
mod signature;

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::body::{Body, Bytes, HttpBody as _};
use axum::extract::{ConnectInfo, Request, State};
use axum::response::Response;
use axum::routing::any;
use ec2_api::{ApiError, Call, Code, MAX_BODY_BYTES, Service};
use http::header::{CONTENT_TYPE, SERVER, USER_AGENT};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use jiff::Timestamp;
use tracing::Instrument as _;
use uuid::Uuid;

use self::credential::{Credential, credential};
use self::signature::{Refusal, Secret};
use crate::faults::{Facts, Places, Verdict};
use crate::net::PeerAddress;
use crate::trail::Record;
use crate::{Shared, StateKey};

/// How much more of too large a request is taken from the connection, so that its sender gets to the answer.
const DISCARDED_BYTES: usize = 64 << 20;

/// The calls of EC2, STS, Auto Scaling and EKS.
pub(crate) fn router(shared: Arc<Shared>) -> Router {
    Router::new().route("/", any(handle)).merge(eks::router()).with_state(shared)
}

async fn handle(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let request_id = Uuid::new_v4().to_string();
    let span = tracing::info_span!("call", action = tracing::field::Empty, request_id);
    async move {
        let (head, body) = request.into_parts();
        let answer = match read(body).await.and_then(|body| Ok((form(&head, &body)?, body))) {
            Ok((form, body)) => answer(&shared, &head, &body, form, &request_id).await,
            Err(error) => plain(error.response(&request_id)),
        };
        response(answer, &request_id)
    }
    .instrument(span)
    .await
}

fn unreadable(message: String) -> ApiError {
    ApiError::new(Code::MALFORMED_QUERY_STRING, message)
}

/// The whole body. Of one that is too large, the rest is taken and forgotten: a client that is still sending when
/// the connection closes would not see the answer.
async fn read(body: Body) -> Result<Bytes, ApiError> {
    let (mut body, mut read, mut discarded) = (body, Vec::new(), 0);
    while let Some(frame) = poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {
        let frame = frame.map_err(|_| unreadable("The request ends too early.".to_owned()))?;
        let data = frame.into_data().unwrap_or_default();
        if discarded > 0 || read.len() + data.len() > MAX_BODY_BYTES {
            discarded += data.len();
        } else {
            read.extend_from_slice(&data);
        }
        if discarded > DISCARDED_BYTES {
            break;
        }
    }
    if discarded > 0 { Err(ApiError::too_large()) } else { Ok(read.into()) }
}

/// The parameters: the body's, or the query's where there is no body.
fn form(head: &Parts, body: &Bytes) -> Result<String, ApiError> {
    if head.method == Method::GET || body.is_empty() {
        return Ok(head.uri.query().unwrap_or_default().to_owned());
    }
    String::from_utf8(body.to_vec()).map_err(|_| unreadable("The request is not UTF-8.".to_owned()))
}

/// Checks who calls, where that is wanted.
fn verified(
    shared: &Shared,
    head: &Parts,
    body: &[u8],
    form: &str,
    credential: Option<&Credential>,
) -> Result<(), ApiError> {
    let parameter = |wanted: &str| {
        let mut parameters = form_urlencoded::parse(form.as_bytes());
        parameters.find(|(name, _)| name == wanted).map(|(_, value)| value)
    };
    // Whoever comes with a web identity has no key yet.
    let is_open = parameter("Action").is_some_and(|action| action == "AssumeRoleWithWebIdentity");
    if !shared.config().verify_signatures || is_open {
        return Ok(());
    }
    let service = match credential {
        Some(credential) => Service::of_scope(&credential.service),
        None => parameter("Version").map_or(Service::Ec2, |version| Service::of_version(&version)),
    };
    let outcome = match credential {
        None => Err(Refusal::Unsigned),
        Some(credential) => {
            let session = shared.sessions().of(&credential.access_key_id);
            let configured = shared.config().keys.get(&credential.access_key_id);
            let secret = match (configured.and_then(|key| key.secret.as_deref()), &session) {
                (Some(key), _) => Some(Secret { key, session: None }),
                (None, Some(session)) => {
                    let (key, token) = (&session.secret_access_key, &session.token);
                    Some(Secret { key, session: Some((token, session.expires)) })
                }
                (None, None) => None,
            };
            signature::verify(head, body, credential, secret, Timestamp::now())
        }
    };
    outcome.map_err(|refusal| refusal.error(service))
}

async fn answer(shared: &Shared, head: &Parts, body: &[u8], form: String, request_id: &str) -> (u16, Bytes) {
    let started = Instant::now();
    let credential = match credential(&head.headers, head.uri.query()) {
        Ok(credential) => credential,
        Err(error) => {
            let error = ApiError::new(Code::INCOMPLETE_SIGNATURE, error.to_string());
            return plain(error.response(request_id));
        }
    };
    if let Err(error) = verified(shared, head, body, &form, credential.as_ref()) {
        tracing::info!(code = error.code().name(), "not verified");
        return plain(error.response(request_id));
    }
    let key = match &credential {
        Some(found) => StateKey::new(account::of(shared, &found.access_key_id), found.region.clone()),
        None => shared.home_key().clone(),
    };
    let caller = credential.as_ref().and_then(|found| account::caller(shared, &found.access_key_id));
    let region = &key.region;
    let (known, read_only, verdict, answer) = match ec2_api::parse(form.as_bytes()) {
        Ok(call) => {
            let call = match &caller {
                Some(caller) => call.by(caller.clone()),
                None => call,
            };
            let access_key_id = credential.as_ref().map(|found| found.access_key_id.as_str());
            let mut verdict = decide(shared, &key, access_key_id, &call, &form);
            tracing::Span::current().record("action", call.action());
            if !verdict.delay.is_zero() {
                tokio::time::sleep(verdict.delay).await;
            }
            let (known, read_only) = (call.action(), call.is_read_only());
            let refusal = verdict.refusal.as_ref().map(|error| call.refuse(error.clone(), request_id));
            let answer = match refusal {
                Some(refusal) if verdict.done => {
                    shared.call_under_faults(&key, call, &form, request_id, &mut verdict.names);
                    refusal
                }
                Some(refusal) => refusal,
                None => shared.call_under_faults(&key, call, &form, request_id, &mut verdict.names),
            };
            (known, read_only, verdict, answer)
        }
        Err(error) => ("", false, Verdict::default(), error.response(request_id)),
    };
    shared.metrics().observe(known, answer.code, !verdict.names.is_empty(), started.elapsed());
    tracing::info!(status = answer.status, code = answer.code, %region, "answered");
    let body = Bytes::from(answer.body);
    if gives_credentials(known)
        && answer.code.is_none()
        && let Some(session) = account::given(&body, &key.account)
    {
        shared.sessions().remember(session);
    }
    let service = credential.as_ref().map_or_else(|| "ec2".to_owned(), |found| found.service.clone());
    shared.trail().push(Record {
        time: Timestamp::now(),
        service,
        source: head.extensions.get::<ConnectInfo<PeerAddress>>().map(|peer| peer.0.0.ip()),
        user_agent: text(&head.headers, USER_AGENT.as_str()),
        access_key_id: credential.map(|Credential { access_key_id, .. }| access_key_id),
        caller,
        read_only,
        form,
        error_code: answer.code,
        faults: verdict.names,
        request_id: request_id.to_owned(),
        answer: (answer.code.is_some() || !read_only).then(|| body.clone()),
        key,
    });
    (answer.status, body)
}

/// Whether an answer to an action of STS has credentials.
fn gives_credentials(action: &str) -> bool {
    action.starts_with("AssumeRole") || matches!(action, "GetSessionToken" | "GetFederationToken")
}

/// Which faults hit a call.
fn decide(shared: &Shared, key: &StateKey, access_key_id: Option<&str>, call: &Call, form: &str) -> Verdict {
    if shared.faults().is_idle() {
        return Verdict::default();
    }
    let parameters = &parameters(form);
    let facts = Facts {
        account: &key.account.0,
        region: &key.region.0,
        access_key_id,
        action: call.action(),
        read_only: call.is_read_only(),
        service: call.service(),
        parameters,
    };
    let places = || shared.state(key).read(|model| Places::of(parameters, model));
    shared.faults().decide(facts, Timestamp::now(), places)
}

fn parameters(form: &str) -> BTreeMap<String, String> {
    let mut parameters: BTreeMap<_, _> = form_urlencoded::parse(form.as_bytes()).into_owned().collect();
    parameters.remove("Action");
    parameters.remove("Version");
    parameters.retain(|name, _| !name.starts_with("X-Amz-"));
    parameters
}

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
}

/// Status and body.
fn plain(answer: ec2_api::Response) -> (u16, Bytes) {
    (answer.status, Bytes::from(answer.body))
}

/// An answer as HTTP. The body is of known length, so head and body leave in one write: a released
/// version of the VPC resource controller loses bodies that arrive in pieces.
fn response((status, body): (u16, Bytes), request_id: &str) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(SERVER, HeaderValue::from_static("AmazonEC2"));
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/xml;charset=UTF-8"));
    if let Ok(request_id) = HeaderValue::from_str(request_id) {
        headers.insert("x-amzn-requestid", request_id);
    }
    response
}
