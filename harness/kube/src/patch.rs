//! The patch formats of the API: JSON patch (RFC 6902), merge patch (RFC 7386), strategic merge and apply.

mod apply;
mod strategic;
#[cfg(test)]
mod tests;

use serde_json::Value;

use crate::status::ApiError;
use crate::types::Structure;

pub(crate) use apply::apply;

/// A patch by its media type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PatchKind {
    Json,
    Merge,
    Strategic,
    Apply,
}

impl PatchKind {
    /// The patch kind a `Content-Type` asks for.
    pub(crate) fn from_content_type(content_type: &str) -> Option<Self> {
        match content_type.split(';').next().unwrap_or_default().trim() {
            "application/json-patch+json" => Some(Self::Json),
            "application/merge-patch+json" => Some(Self::Merge),
            "application/strategic-merge-patch+json" => Some(Self::Strategic),
            "application/apply-patch+yaml" => Some(Self::Apply),
            _ => None,
        }
    }
}

/// The object after a JSON, merge or strategic patch.
pub(crate) fn patched(
    kind: PatchKind,
    current: &Value,
    patch: &Value,
    structure: Structure<'_>,
) -> Result<Value, ApiError> {
    let mut object = current.clone();
    match kind {
        PatchKind::Json => {
            let patch: json_patch::Patch = serde_json::from_value(patch.clone())
                .map_err(|err| ApiError::bad_request(format!("error decoding patch: {err}")))?;
            json_patch::patch(&mut object, &patch)
                .map_err(|err| ApiError::unprocessable(format!("the server rejected our request: {err}")))?;
        }
        PatchKind::Merge => json_patch::merge(&mut object, patch),
        PatchKind::Strategic => strategic::merge(&mut object, patch, structure)?,
        PatchKind::Apply => return Err(ApiError::bad_request("apply is no plain patch")),
    }
    if object.is_object() { Ok(object) } else { Err(ApiError::unprocessable("the patch leaves no object")) }
}
