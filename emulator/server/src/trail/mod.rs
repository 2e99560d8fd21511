//! The calls that were made. They are kept as they came, and become CloudTrail's records when somebody
//! reads them, so that remembering one costs a call little.
//!
//! See <https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html>.

mod event;
mod file;
#[cfg(test)]
mod tests;
mod xml;

use std::collections::VecDeque;
use std::net::IpAddr;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Bytes;
use ec2_api::Caller;
use jiff::Timestamp;
use serde_json::Value;
use tokio::sync::watch;

use self::file::TrailFile;
use crate::StateKey;

/// How many calls are remembered, and how many bytes they may have in all.
const REMEMBERED: usize = 1000;
const REMEMBERED_BYTES: usize = 8 * 1024 * 1024;
/// Longer answers are not remembered; CloudTrail leaves them out too.
const LONGEST_ANSWER: usize = 100 * 1024;

/// The last calls, the oldest first.
#[derive(Debug)]
pub struct Trail {
    kept: Mutex<Kept>,
    /// How many calls there have been.
    count: watch::Sender<u64>,
    file: Option<TrailFile>,
}

#[derive(Debug, Default)]
struct Kept {
    records: VecDeque<Arc<Record>>,
    bytes: usize,
    count: u64,
}

/// One call, as it came.
#[derive(Debug, Clone)]
pub struct Record {
    /// When it was answered.
    pub time: Timestamp,
    /// `ec2`, `sts` …
    pub service: String,
    /// The account and region it was about.
    pub key: StateKey,
    /// Where it came from.
    pub source: Option<IpAddr>,
    /// The caller's program.
    pub user_agent: Option<String>,
    /// The key the request was signed with.
    pub access_key_id: Option<String>,
    /// Who that key belongs to, where it is not the account's root.
    pub caller: Option<Caller>,
    /// Whether it could change anything.
    pub read_only: bool,
    /// The parameters as sent.
    pub form: String,
    /// What went wrong.
    pub error_code: Option<&'static str>,
    /// The faults that hit it, by their place in the configuration.
    pub faults: Vec<String>,
    /// The answer's request id.
    pub request_id: String,
    /// The answer's body, where CloudTrail has something of it: of errors, and of calls that change something.
    pub answer: Option<Bytes>,
}

/// Which calls are wanted.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Those of an action.
    pub name: Option<String>,
    /// Those from a time on.
    pub since: Option<Timestamp>,
    /// Those that failed.
    pub errors: bool,
    /// Those after so many.
    pub after: u64,
}

impl Default for Trail {
    fn default() -> Self {
        Self { kept: Mutex::default(), count: watch::Sender::new(0), file: None }
    }
}

impl Trail {
    /// A trail that is also kept in a file, a record a line.
    ///
    /// # Errors
    /// The file cannot be written.
    pub(crate) fn open(path: Option<&Path>) -> std::io::Result<Self> {
        Ok(Self { file: path.map(TrailFile::open).transpose()?, ..Self::default() })
    }

    /// Remembers a call and forgets the oldest.
    pub fn push(&self, mut record: Record) {
        record.answer = record.answer.filter(|answer| answer.len() <= LONGEST_ANSWER);
        let record = Arc::new(record);
        if let Some(file) = &self.file {
            file.write(Arc::clone(&record));
        }
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.bytes += record.bytes();
        kept.records.push_back(record);
        kept.count += 1;
        while kept.records.len() > REMEMBERED || kept.bytes > REMEMBERED_BYTES {
            let Some(oldest) = kept.records.pop_front() else { break };
            kept.bytes -= oldest.bytes();
        }
        self.count.send_replace(kept.count);
    }

    /// Forgets all calls.
    pub(crate) fn clear(&self) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        (kept.records, kept.bytes) = (VecDeque::new(), 0);
    }

    /// How many calls there have been, and how to wait for the next.
    pub(crate) fn watch(&self) -> watch::Receiver<u64> {
        self.count.subscribe()
    }

    /// The calls remembered that are wanted, the oldest first, and how many there have been in all.
    pub fn records(&self, wanted: &Wanted) -> (Vec<Arc<Record>>, u64) {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let first = kept.count - kept.records.len() as u64;
        let skip = usize::try_from(wanted.after.saturating_sub(first)).unwrap_or(usize::MAX);
        let records = kept.records.iter().skip(skip).filter(|record| wanted.fits(record)).cloned().collect();
        (records, kept.count)
    }
}

impl Wanted {
    fn fits(&self, record: &Record) -> bool {
        self.name.as_ref().is_none_or(|name| record.name() == *name)
            && self.since.is_none_or(|since| record.time >= since)
            && (!self.errors || record.error_code.is_some())
    }
}

impl Record {
    /// The action.
    pub fn name(&self) -> String {
        let mut parameters = form_urlencoded::parse(self.form.as_bytes());
        parameters.find(|(name, _)| name == "Action").map_or_else(String::new, |(_, action)| action.into_owned())
    }

    /// The record as CloudTrail writes it.
    pub fn event(&self) -> Value {
        event::of(self)
    }

    fn bytes(&self) -> usize {
        self.form.len() + self.answer.as_ref().map_or(0, Bytes::len)
    }
}
