//! The API over HTTP: from a request to an operation, and from its result to a reply.

mod discovery;
mod openapi;
mod params;
mod protobuf;
mod reply;
mod resources;
mod reviews;
mod table;
mod target;
mod watch;

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{Method, Request, Response};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::operations::Api;
use crate::status::ApiError;
use params::Params;
use target::Path;

/// Largest body taken, as kube-apiserver has it.
const BODY_LIMIT: usize = 3 << 20;

/// What a request handler needs.
#[derive(Debug)]
pub(crate) struct Context {
    pub api: Arc<Api>,
    /// Ends watches when the server stops.
    pub stop: CancellationToken,
}

/// The router: one handler, as paths are made of resources that come and go.
pub(crate) fn router(context: Arc<Context>) -> axum::Router {
    axum::Router::new().fallback(serve).with_state(context)
}

async fn serve(State(context): State<Arc<Context>>, request: Request<Body>) -> Response<Body> {
    let method = request.method().clone();
    let uri = request.uri().clone();
    let response = match handle(&context, request).await {
        Ok(response) => response,
        Err(err) => reply::error(&err),
    };
    tracing::debug!(%method, path = %uri, status = response.status().as_u16(), "request");
    response
}

async fn handle(context: &Arc<Context>, request: Request<Body>) -> Result<Response<Body>, ApiError> {
    let (parts, body) = request.into_parts();
    let params = Params::new(&parts);
    let path = Path::parse(parts.uri.path());
    match path {
        Path::Plain(text) => Ok(reply::text(text)),
        Path::Version => Ok(reply::json(200, &version())),
        Path::Discovery(discovery) => discovery::serve(&context.api, &params, &discovery),
        Path::OpenApi(document) => openapi::serve(&context.api, &params, &document),
        Path::Unknown => Err(ApiError::no_such_resource()),
        Path::Resource(target) => {
            let limit = BODY_LIMIT;
            let body = axum::body::to_bytes(body, limit)
                .await
                .map_err(|_| ApiError::bad_request(format!("the body cannot be read or is over {limit} bytes")))?;
            // HEAD is a GET whose body hyper leaves out.
            let method = if parts.method == Method::HEAD { Method::GET } else { parts.method };
            resources::serve(context, &method, &target, &params, &body).await
        }
    }
}

fn version() -> serde_json::Value {
    json!({
        "major": "1", "minor": "32", "gitVersion": "v1.32.4-vpcbox", "gitCommit": "", "gitTreeState": "clean",
        "buildDate": "1970-01-01T00:00:00Z", "goVersion": "", "compiler": "rustc", "platform": "linux/amd64",
    })
}
