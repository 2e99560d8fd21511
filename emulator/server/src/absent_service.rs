//! What answers in the place of an AWS service that is not here: an error that says so, as the service would word one.
//!
//! See <https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html> and
//! <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html>.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;
use http::{HeaderName, StatusCode};
use serde_json::json;
use uuid::Uuid;

/// Answers every request that it is not here.
pub(crate) fn router(service: &str) -> Router {
    Router::new().fallback(refuse).with_state(Arc::from(service))
}

async fn refuse(State(service): State<Arc<str>>) -> Response {
    answer(&service, &Uuid::new_v4().to_string())
}

/// S3 speaks XML; of the others most take errors of either kind, and JSON is what newer ones speak.
fn answer(service: &str, request_id: &str) -> Response {
    let message = format!("vpcbox carried this request to {service}, which it does not have.");
    let id = HeaderName::from_static(if service == "s3" { "x-amz-request-id" } else { "x-amzn-requestid" });
    let (kind, body) = if service == "s3" {
        let error =
            format!("<Code>NotImplemented</Code><Message>{message}</Message><RequestId>{request_id}</RequestId>");
        ("application/xml", format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error>{error}</Error>"))
    } else {
        ("application/x-amz-json-1.0", json!({"__type": "NotImplemented", "message": message}).to_string())
    };
    (StatusCode::NOT_IMPLEMENTED, [(CONTENT_TYPE, kind), (id, request_id)], body).into_response()
}

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::s3("s3", "application/xml", "<Code>NotImplemented</Code>")]
    #[case::dynamodb("dynamodb", "application/x-amz-json-1.0", "\"__type\":\"NotImplemented\"")]
    #[tokio::test]
    async fn errors(#[case] service: &str, #[case] kind: &str, #[case] part: &str) {
        let answer = answer(service, "id");
        assert_eq!(answer.status(), StatusCode::NOT_IMPLEMENTED);
        assert_eq!(answer.headers()[CONTENT_TYPE], kind);
        let body = to_bytes(answer.into_body(), 1 << 10).await.expect("a body");
        let text = String::from_utf8(body.to_vec()).expect("UTF-8");
        assert!(text.contains(part) && text.contains("vpcbox"), "{text}");
    }
}
