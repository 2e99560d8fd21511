//! The journal: everything that changed a model, one JSON object a line, so that a state can be rebuilt
//! by replay.
//!
//! An entry is written under the lock of the model it changed; so the order of the lines is the order of
//! the changes.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use vpc_model::{AccountId, Region};

use crate::limits::Limits;
use crate::shared::{LifeCycle, StateKey};

/// The journal's format; another one is not understood.
const VERSION: u32 = 1;

/// One line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "entry", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Entry {
    /// The first line: an account begins.
    Begin { version: u32, account: String, region: String, seed: u64, time: Timestamp },
    /// Another region, or an account there, is used for the first time.
    Region {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        account: Option<String>,
        region: String,
        time: Timestamp,
    },
    /// A call that changed something.
    Call {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        account: Option<String>,
        region: String,
        time: Timestamp,
        seed: u64,
        request_id: String,
        form: String,
    },
    /// The kernel, or time, completed something.
    Complete {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        account: Option<String>,
        region: String,
        time: Timestamp,
        event: LifeCycle,
    },
    /// Other quotas and delays are in force.
    Limits {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        account: Option<String>,
        region: String,
        time: Timestamp,
        quotas: BTreeMap<String, usize>,
        delays: BTreeMap<String, SignedDuration>,
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        strict_images: bool,
    },
    /// An account began anew in a region.
    Reset {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        account: Option<String>,
        region: String,
        time: Timestamp,
        seed: u64,
    },
}

/// The account as entries name it: not at all, if it is the home account.
fn named(home: &StateKey, key: &StateKey) -> Option<String> {
    (key.account != home.account).then(|| key.account.0.clone())
}

impl Entry {
    /// The first line.
    pub(crate) fn begin(account: &str, region: &str, seed: u64, time: Timestamp) -> Self {
        Self::Begin { version: VERSION, account: account.to_owned(), region: region.to_owned(), seed, time }
    }

    /// A state is used for the first time.
    pub(crate) fn region(home: &StateKey, key: &StateKey, time: Timestamp) -> Self {
        Self::Region { account: named(home, key), region: key.region.0.clone(), time }
    }

    /// A call changed something.
    pub(crate) fn call(
        home: &StateKey,
        key: &StateKey,
        time: Timestamp,
        seed: u64,
        request_id: &str,
        form: &str,
    ) -> Self {
        let (region, request_id, form) = (key.region.0.clone(), request_id.to_owned(), form.to_owned());
        Self::Call { account: named(home, key), region, time, seed, request_id, form }
    }

    /// The kernel, or time, completed something.
    pub(crate) fn complete(home: &StateKey, key: &StateKey, time: Timestamp, event: &LifeCycle) -> Self {
        Self::Complete { account: named(home, key), region: key.region.0.clone(), time, event: event.clone() }
    }

    /// Other limits are in force.
    pub(crate) fn limits(home: &StateKey, key: &StateKey, time: Timestamp, limits: Limits) -> Self {
        let ((quotas, delays), strict_images) = (limits.named(), limits.strict_images);
        Self::Limits { account: named(home, key), region: key.region.0.clone(), time, quotas, delays, strict_images }
    }

    /// An account began anew in a region.
    pub(crate) fn reset(home: &StateKey, key: &StateKey, time: Timestamp, seed: u64) -> Self {
        Self::Reset { account: named(home, key), region: key.region.0.clone(), time, seed }
    }

    /// Which state it is about, and when it was; none for the first line.
    pub(crate) fn state(&self, home: &StateKey) -> Option<(StateKey, Timestamp)> {
        let (account, region, time) = match self {
            Self::Begin { .. } => return None,
            Self::Region { account, region, time }
            | Self::Call { account, region, time, .. }
            | Self::Complete { account, region, time, .. }
            | Self::Limits { account, region, time, .. }
            | Self::Reset { account, region, time, .. } => (account, region, time),
        };
        let account = account.as_deref().map_or_else(|| home.account.clone(), AccountId::from);
        Some((StateKey::new(account, Region(region.clone())), *time))
    }
}

/// Why a journal cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The file cannot be read or written.
    #[error("cannot use journal {path}")]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A line is not an entry.
    #[error("line {line} is not a journal entry")]
    Line {
        /// Its number, from 1.
        line: usize,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// The first line does not begin an account, or a later one does.
    #[error("line {0} is out of place")]
    OutOfPlace(usize),
    /// A format of another release.
    #[error("the journal has version {0}, not {VERSION}")]
    Version(u32),
    /// The journal is another account's or another home region's.
    #[error("the journal is of account {account} in {region}")]
    AnotherAccount {
        /// The account.
        account: String,
        /// The region.
        region: String,
    },
    /// A call that was accepted is not any more.
    #[error("the call on line {line} is refused now: {code}")]
    Refused {
        /// Its number, from 1.
        line: usize,
        /// The error code.
        code: String,
    },
}

/// Everything that changed a model so far.
#[derive(Debug)]
pub(crate) struct Journal {
    kept: Mutex<Kept>,
}

#[derive(Debug)]
struct Kept {
    lines: Vec<String>,
    file: Option<(PathBuf, File)>,
}

/// How long a journal may still be held by an emulator that is just ending.
const LOCK_DEADLINE: Duration = Duration::from_secs(2);

/// Takes the file for this emulator alone. A child that is being started holds copies of all open files for a
/// moment, so even a journal that has just been closed may need a second look.
fn lock(file: &File) -> io::Result<()> {
    let end = Instant::now() + LOCK_DEADLINE;
    loop {
        match file.try_lock() {
            Err(TryLockError::WouldBlock) if Instant::now() < end => std::thread::sleep(Duration::from_millis(10)),
            outcome => return outcome.map_err(io::Error::from),
        }
    }
}

impl Journal {
    /// An empty journal that is kept in memory only.
    pub(crate) fn in_memory() -> Self {
        Self { kept: Mutex::new(Kept { lines: Vec::new(), file: None }) }
    }

    /// A journal that is also kept in a file, and what the file says already.
    pub(crate) fn open(path: &Path) -> Result<(Self, Vec<Entry>), JournalError> {
        let failed = |source| JournalError::Io { path: path.to_owned(), source };
        let file = OpenOptions::new().create(true).read(true).append(true).open(path).map_err(failed)?;
        lock(&file).map_err(failed)?;
        let mut text = String::new();
        (&file).read_to_string(&mut text).map_err(failed)?;
        // A line without an end is what a crash left of a change that was never answered.
        let whole = text.rfind('\n').map_or(0, |end| end + 1);
        if whole < text.len() {
            tracing::warn!(path = %path.display(), "the last line is cut off and dropped");
            file.set_len(whole as u64).map_err(failed)?;
        }
        let lines: Vec<_> = text[..whole].lines().map(str::to_owned).collect();
        let entries = parse(&lines)?;
        Ok((Self { kept: Mutex::new(Kept { lines, file: Some((path.to_owned(), file)) }) }, entries))
    }

    /// Adds a line.
    pub(crate) fn push(&self, entry: &Entry) {
        let line = serde_json::to_string(entry).expect("entries are plain data with string keys");
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((path, file)) = &mut kept.file
            && let Err(error) = writeln!(file, "{line}")
        {
            // The change is made; the world goes on, but this file no longer leads to it.
            tracing::error!(path = %path.display(), %error, "journal incomplete");
        }
        kept.lines.push(line);
    }

    /// All lines, as the file has them.
    pub(crate) fn text(&self) -> String {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.lines.iter().map(|line| format!("{line}\n")).collect()
    }
}

fn parse(lines: &[String]) -> Result<Vec<Entry>, JournalError> {
    let numbered = (1..).zip(lines);
    let entry = |(line, text): (usize, &String)| {
        serde_json::from_str(text).map_err(|source| JournalError::Line { line, source })
    };
    let entries: Vec<Entry> = numbered.map(entry).collect::<Result<_, _>>()?;
    match entries.first() {
        None | Some(Entry::Begin { version: VERSION, .. }) => Ok(entries),
        Some(Entry::Begin { version, .. }) => Err(JournalError::Version(*version)),
        Some(_) => Err(JournalError::OutOfPlace(1)),
    }
}
