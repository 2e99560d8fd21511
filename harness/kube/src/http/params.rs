//! Query parameters and headers that choose what is done and how the reply looks.

use axum::http::header::{ACCEPT, CONTENT_TYPE};
use axum::http::request::Parts;

use crate::operations::{FieldValidation, WriteOptions};
use crate::registry::Resource;
use crate::selector::{FieldSelector, LabelSelector};
use crate::status::ApiError;

/// The form a reply was asked for in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Object,
    Table,
    /// Only `metadata`.
    Metadata,
}

/// Parameters of one request.
#[derive(Clone, Debug)]
pub(super) struct Params {
    query: Vec<(String, String)>,
    pub accept: String,
    pub content_type: String,
    user: Option<String>,
    agent: String,
}

impl Params {
    /// Reads query and headers.
    pub(super) fn new(parts: &Parts) -> Self {
        let header =
            |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
        let query = parts.uri.query().unwrap_or_default();
        Self {
            query: form_urlencoded::parse(query.as_bytes()).into_owned().collect(),
            accept: header(ACCEPT.as_str()),
            content_type: header(CONTENT_TYPE.as_str()),
            user: Some(header("impersonate-user")).filter(|user| !user.is_empty()),
            agent: header("user-agent"),
        }
    }

    /// A parameter's value, nothing when absent or empty.
    pub(super) fn get(&self, key: &str) -> Option<&str> {
        self.query
            .iter()
            .find(|(name, _)| name == key)
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    }

    /// True for `true` and `1`.
    pub(super) fn is_set(&self, key: &str) -> bool {
        matches!(self.get(key), Some("true" | "1"))
    }

    /// A number.
    pub(super) fn number(&self, key: &str) -> Result<Option<u64>, ApiError> {
        self.get(key)
            .map(|text| text.parse().map_err(|_| ApiError::bad_request(format!("invalid {key}: {text:?}"))))
            .transpose()
    }

    /// The label selector.
    pub(super) fn labels(&self) -> Result<LabelSelector, ApiError> {
        LabelSelector::parse(self.get("labelSelector").unwrap_or_default())
    }

    /// The field selector.
    pub(super) fn fields(&self, resource: &Resource) -> Result<FieldSelector, ApiError> {
        FieldSelector::parse(self.get("fieldSelector").unwrap_or_default(), resource)
    }

    /// Options of a write.
    pub(super) fn write_options(&self) -> Result<WriteOptions, ApiError> {
        let dry_run = match self.get("dryRun") {
            None => false,
            Some("All") => true,
            Some(other) => {
                let message =
                    format!(" \"\" is invalid: dryRun: Unsupported value: {other:?}: supported values: \"All\"");
                return Err(ApiError::unprocessable(message));
            }
        };
        let field_validation = match self.get("fieldValidation") {
            None | Some("Warn") => FieldValidation::Warn,
            Some("Ignore") => FieldValidation::Ignore,
            Some("Strict") => FieldValidation::Strict,
            Some(other) => return Err(ApiError::unprocessable(format!("invalid fieldValidation {other:?}"))),
        };
        let agent = self.agent.split('/').next().unwrap_or_default();
        Ok(WriteOptions {
            dry_run,
            field_validation,
            user: self.user().to_owned(),
            field_manager: self.get("fieldManager").unwrap_or(agent).to_owned(),
        })
    }

    /// Who asks. There is no authentication: everybody is an administrator unless the caller impersonates someone.
    pub(super) fn user(&self) -> &str {
        self.user.as_deref().unwrap_or("kubernetes-admin")
    }

    /// The first form of reply among those accepted that is served.
    pub(super) fn form(&self) -> Result<Form, ApiError> {
        if self.accept.trim().is_empty() {
            return Ok(Form::Object);
        }
        for part in self.accept.split(',').map(str::trim) {
            let mut words = part.split(';').map(str::trim);
            let media = words.next().unwrap_or_default();
            if !matches!(media, "application/json" | "application/*" | "*/*") {
                continue;
            }
            match words.find_map(|word| word.strip_prefix("as=")) {
                None => return Ok(Form::Object),
                Some("Table") => return Ok(Form::Table),
                Some("PartialObjectMetadata" | "PartialObjectMetadataList") => return Ok(Form::Metadata),
                Some(_) => {}
            }
        }
        Err(ApiError::not_acceptable(
            "only the following media types are accepted: application/json, application/json;as=Table",
        ))
    }
}
