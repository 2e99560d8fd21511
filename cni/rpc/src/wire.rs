//! Lines: how messages are put into bytes.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::messages::{Refusal, RefusalKind, Reply, Request};

/// The version of these messages. A change that an older side would misunderstand raises it.
pub const VERSION: u32 = 1;

/// No line is longer; a peer that sends more is not one of ours.
pub const MAX_LINE: usize = 1 << 20;

/// A message and its version.
#[derive(Serialize, Deserialize)]
struct Envelope<T> {
    version: u32,
    #[serde(flatten)]
    message: T,
}

/// A line that cannot be understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    /// It is of another version.
    #[error("the other side speaks version {theirs} of the protocol, this one {VERSION}")]
    Version {
        /// The version that came.
        theirs: u32,
    },
    /// It is not a message.
    #[error("message cannot be read: {0}")]
    Malformed(String),
}

/// A message as a line.
pub fn encode<T: Serialize>(message: &T) -> Vec<u8> {
    let envelope = Envelope { version: VERSION, message };
    let mut line = serde_json::to_vec(&envelope).expect("messages have string keys and no failing parts");
    line.push(b'\n');
    line
}

/// The message in a line.
///
/// # Errors
/// If it is of another version or no message.
pub fn decode<T: DeserializeOwned>(line: &[u8]) -> Result<T, WireError> {
    #[derive(Deserialize)]
    struct VersionOnly {
        version: u32,
    }
    let malformed = |err: serde_json::Error| WireError::Malformed(err.to_string());
    let VersionOnly { version } = serde_json::from_slice(line).map_err(malformed)?;
    if version != VERSION {
        return Err(WireError::Version { theirs: version });
    }
    serde_json::from_slice::<Envelope<T>>(line).map(|envelope| envelope.message).map_err(malformed)
}

/// The request in a line, or the reply that refuses it.
///
/// # Errors
/// The refusal to send back.
pub fn decode_request(line: &[u8]) -> Result<Request, Reply> {
    decode(line).map_err(|err| Reply::Refused(Refusal::new(RefusalKind::Incompatible, err)))
}
