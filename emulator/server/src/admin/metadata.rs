//! Instances' metadata for whoever is on this machine, as the instance itself would read it.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use base64::Engine as _;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::request::Parts;
use http::uri::{PathAndQuery, Uri};
use http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use vpc_model::{InstanceId, Model};

use crate::imds::{self, Endpoint};
use crate::{Shared, tls};

/// The state of these handlers: what is asked, and by which of the service's two endpoints.
type Asked = (Arc<Shared>, Endpoint);

/// The metadata of all instances, by one of the service's endpoints.
pub(crate) fn router(shared: Arc<Shared>, endpoint: Endpoint) -> Router {
    Router::new()
        .route("/_vpcbox/identity-certificate", get(identity_certificate))
        .route("/_vpcbox/certificate-authority", get(certificate_authority))
        .route("/_vpcbox/imds/{instance}", any(metadata))
        .route("/_vpcbox/imds/{instance}/", any(metadata))
        .route("/_vpcbox/imds/{instance}/{*path}", any(metadata))
        .route("/latest/{*path}", any(metadata_of_user))
        .with_state((shared, endpoint))
}

/// What verifies the signatures of identity documents.
async fn identity_certificate() -> Response {
    ([(CONTENT_TYPE, "application/x-pem-file")], imds::identity_certificate()).into_response()
}

/// Who signs the certificates of HTTPS at interface endpoints.
async fn certificate_authority() -> Response {
    ([(CONTENT_TYPE, "application/x-pem-file")], tls::authority_certificate()).into_response()
}

async fn metadata(State(asked): State<Asked>, Path(path): Path<Vec<(String, String)>>, request: Request) -> Response {
    let (mut head, _) = request.into_parts();
    let (instance, rest) = match path.as_slice() {
        [(_, instance)] => (instance, ""),
        [(_, instance), (_, rest), ..] => (instance, rest.as_str()),
        [] => return StatusCode::NOT_FOUND.into_response(),
    };
    let Ok(instance) = instance.parse() else { return StatusCode::NOT_FOUND.into_response() };
    let Ok(inner) = PathAndQuery::try_from(format!("/{rest}")) else { return StatusCode::BAD_REQUEST.into_response() };
    head.uri = Uri::from(inner);
    read(&asked, &instance, &head)
}

/// The same with the instance as the user in the address: AWS's SDK for Go drops a path from
/// `AWS_EC2_METADATA_SERVICE_ENDPOINT` but keeps `http://i-…@127.0.0.1:4566`.
async fn metadata_of_user(State(asked): State<Asked>, request: Request) -> Response {
    let (head, _) = request.into_parts();
    match user(&head.headers).and_then(|user| user.parse().ok()) {
        Some(instance) => read(&asked, &instance, &head),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// The user of HTTP's basic authentication, RFC 7617; the password does not matter.
fn user(headers: &HeaderMap) -> Option<String> {
    let (scheme, encoded) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    let decoded = base64::engine::general_purpose::STANDARD.decode(encoded.trim()).ok()?;
    let credentials = String::from_utf8(decoded).ok().filter(|_| scheme.eq_ignore_ascii_case("basic"))?;
    credentials.split(':').next().map(str::to_owned)
}

fn read((shared, endpoint): &Asked, instance: &InstanceId, head: &Parts) -> Response {
    let now = Timestamp::now();
    let answer = |model: &Model| imds::answer(model, instance, *endpoint, head, shared.imds(), now);
    match shared.place_of(instance).map(|key| shared.state(&key)) {
        Some(state) => {
            let reply = answer(&state.model_behind(now, shared.faults().imds_lag()));
            imds::serve::response(shared.give(reply))
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
