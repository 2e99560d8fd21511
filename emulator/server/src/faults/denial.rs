//! What EC2 says to callers that may not make a call.
//!
//! See <https://docs.aws.amazon.com/STS/latest/APIReference/API_DecodeAuthorizationMessage.html>.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ec2_api::{ApiError, Code, Service};
use serde_json::json;

use super::Facts;

/// Parameters that name the resource a call is about, and how its ARN calls that kind.
const KINDS: &[(&str, &str)] = &[
    ("NetworkInterfaceId", "network-interface"),
    ("TrunkInterfaceId", "network-interface"),
    ("InstanceId", "instance"),
    ("GroupId", "security-group"),
    ("RouteTableId", "route-table"),
    ("SubnetId", "subnet"),
    ("VpcId", "vpc"),
];

/// The error of a call that is not allowed.
pub(super) fn error(facts: Facts<'_>, explicit: bool) -> ApiError {
    let Facts { account, action, .. } = facts;
    let service = facts.service.name();
    let (user, resource) = (format!("arn:aws:iam::{account}:root"), arn(facts));
    let reason = if explicit {
        "with an explicit deny in an identity-based policy".to_owned()
    } else {
        format!("because no identity-based policy allows the {service}:{action} action")
    };
    let told =
        format!("User: {user} is not authorized to perform: {service}:{action} on resource: {resource} {reason}");
    if facts.service != Service::Ec2 {
        return ApiError::new(Code::ACCESS_DENIED, told);
    }
    // Deviation: AWS encrypts the message, and only DecodeAuthorizationMessage reads it.
    let encoded = URL_SAFE_NO_PAD.encode(
        json!({
            "allowed": false,
            "explicitDeny": explicit,
            "matchedStatements": {"items": []},
            "failures": {"items": []},
            "context": {
                "principal": {"id": facts.access_key_id, "arn": user},
                "action": format!("{service}:{action}"),
                "resource": resource,
                "conditions": {"items": []},
            },
        })
        .to_string(),
    );
    let message = format!(
        "You are not authorized to perform this operation. {told}. Encoded authorization failure message: {encoded}"
    );
    ApiError::new(Code::UNAUTHORIZED_OPERATION, message)
}

fn arn(facts: Facts<'_>) -> String {
    let Facts { account, region, parameters, .. } = facts;
    let named = |(name, kind): &(&str, &'static str)| Some((parameters.get(*name)?.clone(), *kind));
    match KINDS.iter().find_map(named).filter(|_| !facts.action.starts_with("Describe")) {
        Some((id, kind)) => format!("arn:aws:ec2:{region}:{account}:{kind}/{id}"),
        None => "*".to_owned(),
    }
}
