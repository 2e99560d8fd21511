//! The calls that were made, in the form of CloudTrail records.
//!
//! See <https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html>.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use serde::Serialize;

/// How many calls are remembered.
const REMEMBERED: usize = 1000;

/// The last calls, the oldest first.
#[derive(Debug, Default)]
pub struct Trail {
    records: Mutex<VecDeque<Record>>,
}

/// One call.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Record {
    /// When it was answered.
    pub event_time: Timestamp,
    /// `ec2.amazonaws.com` or `sts.amazonaws.com`.
    pub event_source: String,
    /// The action.
    pub event_name: String,
    /// The region it was about.
    pub aws_region: String,
    /// Where it came from.
    #[serde(rename = "sourceIPAddress")]
    pub source_ip_address: Option<String>,
    /// The caller's program.
    pub user_agent: Option<String>,
    /// Who called.
    pub user_identity: UserIdentity,
    /// Whether it could change anything.
    pub read_only: bool,
    /// The parameters as sent.
    pub request_parameters: BTreeMap<String, String>,
    /// What went wrong.
    pub error_code: Option<&'static str>,
    /// The faults that hit it, by their place in the configuration.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<String>,
    /// The answer's request id.
    #[serde(rename = "requestID")]
    pub request_id: String,
    /// The owner of what it was about.
    pub recipient_account_id: String,
}

/// Who called.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UserIdentity {
    /// The key the request was signed with; not verified.
    pub access_key_id: Option<String>,
}

impl Trail {
    /// Remembers a call and forgets the oldest.
    pub fn push(&self, record: Record) {
        let mut records = self.records.lock().unwrap_or_else(PoisonError::into_inner);
        if records.len() == REMEMBERED {
            records.pop_front();
        }
        records.push_back(record);
    }

    /// Forgets all calls.
    pub(crate) fn clear(&self) {
        self.records.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// The calls remembered, the oldest first.
    pub fn records(&self) -> Vec<Record> {
        self.records.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }
}
