//! Endpoint policies: documents in JSON that are kept as they are given.

use serde_json::Value;
use vpc_model::{EndpointType, VpcEndpoint};

use crate::query::Query;
use crate::{ApiError, Code};

/// The policy of an endpoint that has none of the caller's: everything is allowed.
const DEFAULT: &str = r#"{
  "Statement": [
    {
      "Action": "*", 
      "Effect": "Allow", 
      "Principal": "*", 
      "Resource": "*"
    }
  ]
}"#;

/// The same of a gateway endpoint, which EC2 writes differently.
const GATEWAY_DEFAULT: &str =
    r#"{"Version":"2008-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]}"#;

/// Takes a policy. What it says is not looked at, only that it is a policy.
pub(super) fn decode(query: &mut Query) -> Result<Option<String>, ApiError> {
    let Some(text) = query.optional::<String>("PolicyDocument")? else { return Ok(None) };
    let document: Option<Value> = serde_json::from_str(&text).ok();
    if document.is_none_or(|document| document.get("Statement").is_none()) {
        return Err(ApiError::new(
            Code::INVALID_POLICY_DOCUMENT,
            "The specified policy document is not a valid JSON policy document",
        ));
    }
    Ok(Some(text))
}

/// An endpoint's policy as replies show it.
pub(super) fn shown(endpoint: &VpcEndpoint) -> String {
    let default = if endpoint.kind == EndpointType::Gateway { GATEWAY_DEFAULT } else { DEFAULT };
    endpoint.policy.clone().unwrap_or_else(|| default.to_owned())
}
