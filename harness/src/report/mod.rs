//! What a run found out: phases and checks, for people, as JSON and as JUnit XML.

mod junit;
mod text;

use std::time::Duration;

use serde::Serialize;

pub use junit::to_junit;
pub use text::{Progress, summary};

/// A finished run.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// The scenario's name.
    pub scenario: String,
    /// What was made and done, in order.
    pub phases: Vec<Phase>,
    /// What was checked, in order.
    pub checks: Vec<Check>,
    /// How long everything took, in seconds.
    #[serde(serialize_with = "seconds", rename = "seconds")]
    pub elapsed: Duration,
    /// Why the run ended early, if it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// Something that was made or done.
#[derive(Debug, Clone, Serialize)]
pub struct Phase {
    /// What.
    pub name: String,
    /// How long it took, in seconds.
    #[serde(serialize_with = "seconds", rename = "seconds")]
    pub elapsed: Duration,
}

/// Something that was checked.
#[derive(Debug, Clone, Serialize)]
pub struct Check {
    /// What.
    pub name: String,
    /// The scenario's line.
    pub line: u64,
    /// Whether it is so.
    pub passed: bool,
    /// What was seen: figures where it passed, the first differences where it did not.
    pub detail: String,
    /// How long it took, in seconds.
    #[serde(serialize_with = "seconds", rename = "seconds")]
    pub elapsed: Duration,
}

impl Report {
    /// How many checks passed.
    pub fn passed(&self) -> usize {
        self.checks.iter().filter(|check| check.passed).count()
    }

    /// How many checks failed.
    pub fn failed(&self) -> usize {
        self.checks.len() - self.passed()
    }

    /// Whether the run went through and every check passed.
    pub fn is_success(&self) -> bool {
        self.error.is_none() && self.failed() == 0
    }
}

fn seconds<S: serde::Serializer>(elapsed: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64((elapsed.as_secs_f64() * 1000.0).round() / 1000.0)
}
