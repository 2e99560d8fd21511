//! The journal: everything that changed a model, one JSON object a line, so that a state can be rebuilt
//! by replay.
//!
//! An entry is written under the lock of the model it changed; so the order of the lines is the order of
//! the changes.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read as _};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use vpc_model::AccountId;

use crate::auto_scaling::Group;
use crate::faults::config::Capacity;
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
        /// What was sold out for it, where it met that.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        sold_out: Vec<Capacity>,
    },
    /// The kernel, or time, completed something.
    Complete {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        account: Option<String>,
        region: String,
        time: Timestamp,
        event: LifeCycle,
    },
    /// A message of another account or region came.
    Deliver {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        account: Option<String>,
        region: String,
        time: Timestamp,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from_account: Option<String>,
        from_region: String,
        number: u64,
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
    /// An Auto Scaling group was told of, or is there no more.
    Group {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        account: Option<String>,
        region: String,
        time: Timestamp,
        seed: u64,
        name: String,
        told: Option<Group>,
    },
    /// Fleets launched what they had lost.
    Fill {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        account: Option<String>,
        region: String,
        time: Timestamp,
        seed: u64,
        /// What was sold out then.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        sold_out: Vec<Capacity>,
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

/// The state that entries name so.
fn key_of(home: &StateKey, account: Option<&str>, region: &str) -> StateKey {
    StateKey::new(account.map_or_else(|| home.account.clone(), AccountId::from), region.into())
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
        sold_out: Vec<Capacity>,
    ) -> Self {
        let (region, request_id, form) = (key.region.0.clone(), request_id.to_owned(), form.to_owned());
        Self::Call { account: named(home, key), region, time, seed, request_id, form, sold_out }
    }

    /// The kernel, or time, completed something.
    pub(crate) fn complete(home: &StateKey, key: &StateKey, time: Timestamp, event: &LifeCycle) -> Self {
        Self::Complete { account: named(home, key), region: key.region.0.clone(), time, event: event.clone() }
    }

    /// A message of another account or region came.
    pub(crate) fn deliver(home: &StateKey, key: &StateKey, time: Timestamp, from: &StateKey, number: u64) -> Self {
        let (region, from_region) = (key.region.0.clone(), from.region.0.clone());
        Self::Deliver { account: named(home, key), region, time, from_account: named(home, from), from_region, number }
    }

    /// Other limits are in force.
    pub(crate) fn limits(home: &StateKey, key: &StateKey, time: Timestamp, limits: Limits) -> Self {
        let ((quotas, delays), strict_images) = (limits.named(), limits.strict_images);
        Self::Limits { account: named(home, key), region: key.region.0.clone(), time, quotas, delays, strict_images }
    }

    /// An Auto Scaling group was told of, or is there no more.
    pub(crate) fn group(
        home: &StateKey,
        key: &StateKey,
        time: Timestamp,
        seed: u64,
        name: &str,
        told: Option<&Group>,
    ) -> Self {
        let (region, name, told) = (key.region.0.clone(), name.to_owned(), told.cloned());
        Self::Group { account: named(home, key), region, time, seed, name, told }
    }

    /// Fleets launched what they had lost.
    pub(crate) fn fill(home: &StateKey, key: &StateKey, time: Timestamp, seed: u64, sold_out: Vec<Capacity>) -> Self {
        Self::Fill { account: named(home, key), region: key.region.0.clone(), time, seed, sold_out }
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
            | Self::Deliver { account, region, time, .. }
            | Self::Limits { account, region, time, .. }
            | Self::Group { account, region, time, .. }
            | Self::Fill { account, region, time, .. }
            | Self::Reset { account, region, time, .. } => (account, region, time),
        };
        Some((key_of(home, account.as_deref(), region), *time))
    }

    /// Who sent the message that came; none for other lines.
    pub(crate) fn sender(&self, home: &StateKey) -> Option<StateKey> {
        match self {
            Self::Deliver { from_account, from_region, .. } => Some(key_of(home, from_account.as_deref(), from_region)),
            _ => None,
        }
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
///
/// It grows with every change, so it is not kept in memory: a journal that nobody asked for is a file without a
/// name, which goes with the process.
#[derive(Debug)]
pub(crate) struct Journal {
    kept: Mutex<Kept>,
}

#[derive(Debug)]
enum Kept {
    File {
        file: Arc<File>,
        path: Option<PathBuf>,
        length: u64,
    },
    /// Where there is no place for files.
    Memory(String),
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
    /// An empty journal that nothing is left of.
    pub(crate) fn unnamed() -> Self {
        let kept = match tempfile::tempfile() {
            Ok(file) => Kept::File { file: Arc::new(file), path: None, length: 0 },
            Err(error) => {
                tracing::debug!(%error, "no room for temporary files: the journal is kept in memory");
                Kept::Memory(String::new())
            }
        };
        Self { kept: Mutex::new(kept) }
    }

    /// A journal in a file that stays, and what the file says already.
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
        let lines: Vec<&str> = text[..whole].lines().collect();
        let entries = parse(&lines)?;
        let kept = Kept::File { file: Arc::new(file), path: Some(path.to_owned()), length: whole as u64 };
        Ok((Self { kept: Mutex::new(kept) }, entries))
    }

    /// Adds a line.
    pub(crate) fn push(&self, entry: &Entry) {
        let mut line = serde_json::to_string(entry).expect("entries are plain data with string keys");
        line.push('\n');
        match &mut *self.kept.lock().unwrap_or_else(PoisonError::into_inner) {
            Kept::Memory(text) => text.push_str(&line),
            Kept::File { file, path, length } => match file.write_all_at(line.as_bytes(), *length) {
                Ok(()) => *length += line.len() as u64,
                // The change is made; the world goes on, but this file no longer leads to it.
                Err(error) => {
                    tracing::error!(?path, %error, "journal incomplete");
                    let _ = file.set_len(*length);
                }
            },
        }
    }

    /// All lines, as the file has them.
    ///
    /// # Errors
    /// The file cannot be read.
    pub(crate) fn text(&self) -> io::Result<String> {
        let (file, length) = match &*self.kept.lock().unwrap_or_else(PoisonError::into_inner) {
            Kept::Memory(text) => return Ok(text.clone()),
            Kept::File { file, length, .. } => (Arc::clone(file), *length),
        };
        let mut bytes = vec![0; usize::try_from(length).map_err(io::Error::other)?];
        file.read_exact_at(&mut bytes, 0)?;
        String::from_utf8(bytes).map_err(io::Error::other)
    }
}

fn parse(lines: &[&str]) -> Result<Vec<Entry>, JournalError> {
    let numbered = (1..).zip(lines);
    let entry =
        |(line, text): (usize, &&str)| serde_json::from_str(text).map_err(|source| JournalError::Line { line, source });
    let entries: Vec<Entry> = numbered.map(entry).collect::<Result<_, _>>()?;
    match entries.first() {
        None | Some(Entry::Begin { version: VERSION, .. }) => Ok(entries),
        Some(Entry::Begin { version, .. }) => Err(JournalError::Version(*version)),
        Some(_) => Err(JournalError::OutOfPlace(1)),
    }
}
