//! A call as CloudTrail's record.

use ec2_api::Caller;
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use super::{Record, xml};

pub(super) fn of(record: &Record) -> Value {
    let answer = record.answer.as_deref().and_then(|answer| std::str::from_utf8(answer).ok());
    let mut event = json!({
        "eventVersion": "1.10",
        "userIdentity": identity(record),
        "eventTime": seconds(record.time),
        "eventSource": format!("{}.amazonaws.com", record.service),
        "eventName": record.name(),
        "awsRegion": record.key.region.0,
        "sourceIPAddress": record.source.map(|source| source.to_string()),
        "userAgent": record.user_agent,
    });
    let more = event.as_object_mut().expect("it is an object");
    if let Some(code) = record.error_code {
        more.insert("errorCode".into(), error_code(record, code).into());
        let message = answer.and_then(|answer| xml::text(answer, "Message"));
        more.insert("errorMessage".into(), message.into());
    }
    let elements = answer.filter(|_| record.error_code.is_none() && !record.read_only).and_then(xml::content);
    let rest = json!({
        "requestParameters": parameters(&record.form),
        "responseElements": elements,
        "requestID": record.request_id,
        "eventID": event_id(&record.request_id),
        "readOnly": record.read_only,
        "eventType": "AwsApiCall",
        "managementEvent": true,
        "recipientAccountId": record.key.account.0,
        "eventCategory": "Management",
    });
    more.extend(rest.as_object().expect("it is an object").clone());
    if !record.faults.is_empty() {
        // Not CloudTrail's: which of the injected faults it met.
        more.insert("additionalEventData".into(), json!({"faults": record.faults}));
    }
    event
}

/// Who called.
///
/// See <https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html>.
fn identity(record: &Record) -> Value {
    let account = &record.key.account.0;
    let root = || Caller { arn: format!("arn:aws:iam::{account}:root"), user_id: account.clone() };
    let Caller { arn, user_id } = record.caller.clone().unwrap_or_else(root);
    // `user/alice`, `assumed-role/node/i-0123`, `federated-user/bob` or `root`.
    let (kind, name) = arn.rsplit(':').next().and_then(|resource| resource.split_once('/')).unwrap_or(("root", ""));
    let kind = match kind {
        "user" => "IAMUser",
        "assumed-role" => "AssumedRole",
        "federated-user" => "FederatedUser",
        _ => "Root",
    };
    let mut identity = json!({
        "type": kind,
        "principalId": user_id,
        "arn": arn,
        "accountId": account,
        "accessKeyId": record.access_key_id,
    });
    if kind == "IAMUser" {
        identity["userName"] = name.into();
    }
    identity
}

/// EC2's codes say whose fault it was.
fn error_code(record: &Record, code: &str) -> String {
    let is_server = ["InternalError", "InternalFailure", "Unavailable", "ServiceUnavailable"].contains(&code)
        || code.starts_with("Insufficient")
        || code.ends_with("LimitExceeded") && code.starts_with("Request");
    match record.service.as_str() {
        "ec2" if is_server => format!("Server.{code}"),
        "ec2" => format!("Client.{code}"),
        _ => code.to_owned(),
    }
}

/// An id that the request's determines, so that it is the same whenever the record is read.
fn event_id(request_id: &str) -> String {
    let digest = Sha256::new().chain_update("event ").chain_update(request_id).finalize();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    uuid::Builder::from_random_bytes(bytes).into_uuid().to_string()
}

fn seconds(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// Names of lists that do not follow from the parameter's.
const LISTS: &[(&str, &str)] = &[
    ("instanceId", "instancesSet"),
    ("resourceId", "resourcesSet"),
    ("tag", "tagSet"),
    ("ipPermissions", "ipPermissions"),
    ("ipRanges", "ipRanges"),
    ("groups", "groups"),
];

/// The parameters, nested, without those of the protocol.
///
/// Deviation: CloudTrail names many lists in ways that are written nowhere; here they are named after the
/// parameter, with few exceptions.
fn parameters(form: &str) -> Value {
    let mut root = Node::default();
    for (name, value) in form_urlencoded::parse(form.as_bytes()) {
        let is_protocol = matches!(&*name, "Action" | "Version") || name.starts_with("X-Amz-");
        if !is_protocol {
            root.insert(name.split('.'), &value);
        }
    }
    if root.children.is_empty() { Value::Null } else { root.value("") }
}

/// A parameter and those below it, in the order in which they came.
#[derive(Debug, Default)]
struct Node {
    text: Option<String>,
    children: Vec<(String, Node)>,
}

impl Node {
    fn insert<'a>(&mut self, mut path: impl Iterator<Item = &'a str>, value: &str) {
        // What is nested deeper than any action's parameters are is not shown.
        let mut node = self;
        for part in path.by_ref().take(12) {
            let at = node.children.iter().position(|(name, _)| name == part).unwrap_or_else(|| {
                node.children.push((part.to_owned(), Self::default()));
                node.children.len() - 1
            });
            node = &mut node.children[at].1;
        }
        node.text = Some(value.to_owned());
    }

    fn is_list(&self) -> bool {
        !self.children.is_empty()
            && self.children.iter().all(|(name, _)| name.bytes().all(|byte| byte.is_ascii_digit()))
    }

    fn value(&self, name: &str) -> Value {
        if self.is_list() {
            let item = |node: &Self| match &node.text {
                Some(text) if node.children.is_empty() => json!({name: xml::scalar(name, text)}),
                _ => node.value(name),
            };
            return json!({"items": self.children.iter().map(|(_, node)| item(node)).collect::<Vec<_>>()});
        }
        if self.children.is_empty() {
            return xml::scalar(name, self.text.as_deref().unwrap_or_default());
        }
        let mut object = Map::new();
        for (child, node) in &self.children {
            let child = lower_first(child);
            let exception = LISTS.iter().find(|(list, _)| *list == child).map(|(_, shown)| (*shown).to_owned());
            let shown = if node.is_list() { exception.unwrap_or_else(|| format!("{child}Set")) } else { child.clone() };
            object.insert(shown, node.value(&child));
        }
        Value::Object(object)
    }
}

fn lower_first(name: &str) -> String {
    let mut chars = name.chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}
