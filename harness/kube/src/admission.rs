//! Dynamic admission: mutating webhooks one after another, then the validating ones.
//!
//! Follows admission.k8s.io/v1 and
//! <https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/>.
//!
//! Deviation: `clientConfig.url` may be plain http on a loopback address, and `https` is not served: there are no
//! certificates in a world on one machine. CEL `matchConditions` are not evaluated; `reinvocationPolicy` is ignored.

use std::time::Duration;

use base64::Engine;
use serde_json::{Value, json};

use crate::object;
use crate::operations::{Api, FieldValidation, WriteOptions};
use crate::registry::Resource;
use crate::selector::LabelSelector;
use crate::status::ApiError;
use crate::strategy;

const MUTATING: &str = "mutatingwebhookconfigurations.admissionregistration.k8s.io";
const VALIDATING: &str = "validatingwebhookconfigurations.admissionregistration.k8s.io";

/// What is done to an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    Create,
    Update,
    Delete,
}

impl Operation {
    fn name(self) -> &'static str {
        match self {
            Operation::Create => "CREATE",
            Operation::Update => "UPDATE",
            Operation::Delete => "DELETE",
        }
    }
}

/// A write that webhooks are asked about.
#[derive(Debug)]
pub(crate) struct Request<'a> {
    pub resource: &'a Resource,
    pub operation: Operation,
    pub subresource: &'static str,
    pub namespace: &'a str,
    pub name: String,
    pub old: Option<&'a Value>,
    pub options: &'a WriteOptions,
}

/// Calls webhooks.
#[derive(Debug)]
pub(crate) struct Webhooks {
    client: reqwest::Client,
}

/// Why a webhook gave no answer.
#[derive(Debug, thiserror::Error)]
enum CallError {
    #[error("{0}")]
    Refused(String),
    #[error("{0}")]
    Request(#[from] reqwest::Error),
    #[error("{0}")]
    Reply(String),
}

impl Webhooks {
    /// A caller with its own connection pool.
    pub(crate) fn new(client: reqwest::Client) -> Self {
        Self { client }
    }

    /// The object after all matching mutating webhooks.
    pub(crate) async fn mutate(&self, api: &Api, request: &Request<'_>, value: Value) -> Result<Value, ApiError> {
        let mut value = value;
        for webhook in matching(api, MUTATING, request, Some(&value)) {
            let Some(response) = self.ask(&webhook, request, Some(&value)).await? else { continue };
            if let Some(patch) = response["patch"].as_str() {
                value = apply_patch(&webhook, patch, value)?;
                // A webhook may write anything; from here on types are relied on again.
                strategy::check_fields(request.resource, &value, FieldValidation::Ignore)?;
            }
        }
        Ok(value)
    }

    /// Asks all matching validating webhooks.
    pub(crate) async fn validate(
        &self,
        api: &Api,
        request: &Request<'_>,
        value: Option<&Value>,
    ) -> Result<(), ApiError> {
        for webhook in matching(api, VALIDATING, request, value) {
            self.ask(&webhook, request, value).await?;
        }
        Ok(())
    }

    /// The response of a webhook that allows; nothing if it failed and failures are ignored.
    async fn ask(
        &self,
        webhook: &Value,
        request: &Request<'_>,
        value: Option<&Value>,
    ) -> Result<Option<Value>, ApiError> {
        let name = object::text(webhook, &["name"]);
        match self.call(webhook, request, value).await {
            Ok(response) if response["allowed"] == true => Ok(Some(response)),
            Ok(response) => Err(denial(name, &response["status"])),
            Err(err) if webhook["failurePolicy"] == "Ignore" => {
                tracing::warn!(webhook = name, %err, "failed calling webhook, failing open");
                Ok(None)
            }
            Err(err) => Err(ApiError::internal(format!(
                "failed calling webhook {name:?}: failed to call webhook: {}",
                chain(&err)
            ))),
        }
    }

    async fn call(&self, webhook: &Value, request: &Request<'_>, value: Option<&Value>) -> Result<Value, CallError> {
        let url = url_of(&webhook["clientConfig"])?;
        let timeout = Duration::from_secs(webhook["timeoutSeconds"].as_u64().unwrap_or(10).clamp(1, 30));
        let review = review(request, value);
        let uid = review["request"]["uid"].clone();
        let sent = self.client.post(url).timeout(timeout).header("Content-Type", "application/json");
        let reply = sent.body(review.to_string()).send().await?.error_for_status()?;
        let body = reply.bytes().await?;
        let review: Value =
            serde_json::from_slice(&body).map_err(|err| CallError::Reply(format!("couldn't decode reply: {err}")))?;
        let response = review["response"].clone();
        if response["uid"] != uid {
            return Err(CallError::Reply(format!("expected response.uid={uid}, got {}", response["uid"])));
        }
        Ok(response)
    }
}

/// An error with its causes, as one line.
fn chain(err: &dyn std::error::Error) -> String {
    let mut text = err.to_string();
    let mut cause = err.source();
    while let Some(err) = cause {
        let next = err.to_string();
        if !text.contains(&next) {
            text = format!("{text}: {next}");
        }
        cause = err.source();
    }
    text
}

fn url_of(config: &Value) -> Result<&str, CallError> {
    let Some(url) = config["url"].as_str() else {
        let (namespace, name) =
            (object::text(config, &["service", "namespace"]), object::text(config, &["service", "name"]));
        return Err(CallError::Refused(format!(
            "service {namespace}/{name} cannot be reached: this API server calls webhooks by clientConfig.url only"
        )));
    };
    let loopback = ["http://127.", "http://localhost:", "http://localhost/", "http://[::1]"];
    if loopback.iter().any(|prefix| url.starts_with(prefix)) {
        return Ok(url);
    }
    Err(CallError::Refused(format!("{url} is not plain http on a loopback address")))
}

/// The webhooks of a collection that want to see this request, in order of configuration and position.
fn matching(api: &Api, collection: &str, request: &Request<'_>, value: Option<&Value>) -> Vec<Value> {
    // Webhook configurations themselves are exempt, or a broken one could never be removed.
    if request.resource.group == "admissionregistration.k8s.io" {
        return Vec::new();
    }
    let configurations = api.store.all(collection);
    if configurations.is_empty() {
        return Vec::new();
    }
    configurations
        .iter()
        .flat_map(|configuration| object::items(configuration, &["webhooks"]))
        .filter(|webhook| is_wanted(api, webhook, request, value))
        .cloned()
        .collect()
}

fn is_wanted(api: &Api, webhook: &Value, request: &Request<'_>, value: Option<&Value>) -> bool {
    let by_rule = object::items(webhook, &["rules"]).iter().any(|rule| rule_matches(rule, request));
    if !by_rule {
        return false;
    }
    let object_selector = LabelSelector::from_object(&webhook["objectSelector"]);
    let labelled =
        |object: Option<&Value>| object.is_some_and(|object| object_selector.matches(object::labels(object)));
    if !object_selector.is_empty() && !labelled(value) && !labelled(request.old) {
        return false;
    }
    let namespace_selector = LabelSelector::from_object(&webhook["namespaceSelector"]);
    if namespace_selector.is_empty() || !request.resource.namespaced {
        return true;
    }
    let namespace = api.store.get("namespaces", "", request.namespace);
    namespace.is_some_and(|namespace| namespace_selector.matches(object::labels(&namespace)))
}

fn rule_matches(rule: &Value, request: &Request<'_>) -> bool {
    let lists = |key: &str, wanted: &str| {
        object::items(rule, &[key]).iter().filter_map(Value::as_str).any(|one| one == "*" || one == wanted)
    };
    let resource = request.resource;
    let path = match request.subresource {
        "" => resource.plural.clone(),
        subresource => format!("{}/{subresource}", resource.plural),
    };
    let resources = object::items(rule, &["resources"]).iter().filter_map(Value::as_str).any(|one| match one {
        "*/*" => true,
        "*" => request.subresource.is_empty(),
        _ => one == path || one.strip_suffix("/*") == Some(resource.plural.as_str()),
    });
    let scope = match rule["scope"].as_str() {
        Some("Namespaced") => resource.namespaced,
        Some("Cluster") => !resource.namespaced,
        _ => true,
    };
    resources
        && scope
        && lists("operations", request.operation.name())
        && lists("apiGroups", &resource.group)
        && lists("apiVersions", &resource.version)
}

fn review(request: &Request<'_>, value: Option<&Value>) -> Value {
    let resource = request.resource;
    let kind = json!({"group": resource.group, "version": resource.version, "kind": resource.kind});
    let target = json!({"group": resource.group, "version": resource.version, "resource": resource.plural});
    let mut body = json!({
        "uid": object::new_uid(), "kind": kind, "resource": target,
        "requestKind": kind, "requestResource": target, "name": request.name, "namespace": request.namespace,
        "operation": request.operation.name(),
        "userInfo": {"username": request.options.user, "groups": groups_of(&request.options.user)},
        "object": value, "oldObject": request.old, "dryRun": request.options.dry_run, "options": null,
    });
    if !request.subresource.is_empty() {
        body["subResource"] = json!(request.subresource);
        body["requestSubResource"] = json!(request.subresource);
    }
    json!({"kind": "AdmissionReview", "apiVersion": "admission.k8s.io/v1", "request": body})
}

fn groups_of(user: &str) -> Value {
    match user.strip_prefix("system:serviceaccount:").and_then(|rest| rest.split_once(':')) {
        Some((namespace, _)) => {
            let of_namespace = format!("system:serviceaccounts:{namespace}");
            json!(["system:serviceaccounts", of_namespace, "system:authenticated"])
        }
        None => json!(["system:masters", "system:authenticated"]),
    }
}

fn denial(webhook: &str, status: &Value) -> ApiError {
    let code = status["code"].as_u64().and_then(|code| u16::try_from(code).ok()).filter(|code| *code >= 400);
    let message = object::text(status, &["message"]);
    let reason = object::text(status, &["reason"]);
    let text = match (message, reason) {
        ("", "") => format!("admission webhook {webhook:?} denied the request without explanation"),
        ("", reason) => format!("admission webhook {webhook:?} denied the request: {reason}"),
        (message, _) => format!("admission webhook {webhook:?} denied the request: {message}"),
    };
    ApiError::denied(code.unwrap_or(400), reason, text)
}

fn apply_patch(webhook: &Value, patch: &str, mut value: Value) -> Result<Value, ApiError> {
    let name = object::text(webhook, &["name"]);
    let failed = |why: String| ApiError::internal(format!("admission webhook {name:?} sent a bad patch: {why}"));
    let bytes = base64::engine::general_purpose::STANDARD.decode(patch).map_err(|err| failed(err.to_string()))?;
    let patch: json_patch::Patch = serde_json::from_slice(&bytes).map_err(|err| failed(err.to_string()))?;
    json_patch::patch(&mut value, &patch).map_err(|err| failed(err.to_string()))?;
    Ok(value)
}
