//! Fleets' ids, which have the form of a UUID behind their prefix.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::Ids;
use crate::ids::InvalidId;

const PREFIX: &str = "fleet-";

/// The lengths of a UUID's parts.
const PARTS: [usize; 5] = [8, 4, 4, 4, 12];

/// A fleet.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FleetId(Arc<str>);

/// New digits in the form of a UUID.
pub(crate) fn uuid(ids: &mut Ids) -> String {
    let digits = format!("{:016x}{:016x}", ids.number(), ids.number());
    let (mut parts, mut rest) = (Vec::new(), digits.as_str());
    for length in PARTS {
        let (part, others) = rest.split_at(length);
        parts.push(part);
        rest = others;
    }
    parts.join("-")
}

impl FleetId {
    /// A new id.
    pub fn new(ids: &mut Ids) -> Self {
        Self(format!("{PREFIX}{}", uuid(ids)).into())
    }

    /// The whole id, prefix included.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for FleetId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let is_hex = |part: &str| part.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        let parts: Vec<&str> = text.strip_prefix(PREFIX).unwrap_or_default().split('-').collect();
        let lengths: Vec<usize> = parts.iter().map(|part| part.len()).collect();
        if lengths == PARTS && parts.iter().all(|part| is_hex(part)) {
            Ok(Self(text.into()))
        } else {
            Err(InvalidId { prefix: PREFIX, text: text.to_owned() })
        }
    }
}

impl fmt::Display for FleetId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for FleetId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
