//! VERSION: which versions are spoken.

use serde_json::{Value, json};

use crate::error::Failure;
use crate::result::{LATEST, SUPPORTED};

/// Answers in the version asked for, if it is one of ours.
pub fn run(input: &str) -> Result<String, Failure> {
    let conf: Value = serde_json::from_str(input)
        .map_err(|err| Failure::new(Failure::DECODING, "configuration cannot be read").with_details(err))?;
    let asked = conf["cniVersion"].as_str().filter(|version| SUPPORTED.contains(version));
    Ok(json!({ "cniVersion": asked.unwrap_or(LATEST), "supportedVersions": SUPPORTED }).to_string())
}
