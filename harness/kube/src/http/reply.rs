//! Replies: JSON bodies, errors as `Status`, warnings as headers.

use axum::body::Body;
use axum::http::header::{CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, HeaderValue};
use axum::http::{Response, StatusCode};
use serde_json::{Value, json};

use crate::status::ApiError;

/// A reply with a body of a media type.
pub(super) fn bytes(code: u16, content_type: &str, body: Vec<u8>) -> Response<Body> {
    let length = body.len();
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::from_str(content_type) {
        headers.insert(CONTENT_TYPE, value);
    }
    headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache, private"));
    response
}

/// A JSON reply.
pub(super) fn json(code: u16, value: &Value) -> Response<Body> {
    bytes(code, "application/json", value.to_string().into_bytes())
}

/// A plain text.
pub(super) fn text(text: &str) -> Response<Body> {
    bytes(200, "text/plain; charset=utf-8", text.as_bytes().to_vec())
}

/// An error.
pub(super) fn error(err: &ApiError) -> Response<Body> {
    json(err.code, &err.to_status())
}

/// `Status` of something that went well.
pub(super) fn success(details: Value) -> Value {
    json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details})
}

/// Adds warnings, which kubectl prints (RFC 9111 code 299).
pub(super) fn warn(response: &mut Response<Body>, warnings: &[String]) {
    for warning in warnings {
        let text = warning.replace('\\', "\\\\").replace('"', "\\\"");
        if let Ok(value) = HeaderValue::from_str(&format!("299 - \"{text}\"")) {
            response.headers_mut().append("Warning", value);
        }
    }
}
