//! Encoding and decoding of netlink messages and attributes, see netlink(7).

use libc::{NLA_F_NESTED, NLA_TYPE_MASK};

/// A netlink message being built: header, the family's fixed part, attributes.
#[derive(Debug, Clone)]
pub(crate) struct Message {
    bytes: Vec<u8>,
}

const ALIGN: usize = 4;
/// Size of `struct nlmsghdr`.
pub(crate) const HEADER: usize = 16;
const FLAGS_AT: usize = 6;
const SEQUENCE_AT: usize = 8;

impl Message {
    /// A message of a type with flags besides `NLM_F_REQUEST`, and its family's fixed part.
    pub(crate) fn new(kind: u16, flags: i32, fixed: &[u8]) -> Self {
        let mut bytes = Vec::with_capacity(128);
        bytes.extend_from_slice(&0u32.to_ne_bytes());
        bytes.extend_from_slice(&kind.to_ne_bytes());
        bytes.extend_from_slice(&((flags | libc::NLM_F_REQUEST) as u16).to_ne_bytes());
        bytes.extend_from_slice(&[0; 8]);
        bytes.extend_from_slice(fixed);
        pad(&mut bytes);
        Self { bytes }
    }

    /// Adds an attribute.
    pub(crate) fn attr(&mut self, kind: u16, payload: &[u8]) {
        let length = (payload.len() + ALIGN) as u16;
        self.bytes.extend_from_slice(&length.to_ne_bytes());
        self.bytes.extend_from_slice(&kind.to_ne_bytes());
        self.bytes.extend_from_slice(payload);
        pad(&mut self.bytes);
    }

    /// Adds a flag or small number.
    pub(crate) fn attr_u8(&mut self, kind: u16, value: u8) {
        self.attr(kind, &[value]);
    }

    /// Adds a number.
    pub(crate) fn attr_u16(&mut self, kind: u16, value: u16) {
        self.attr(kind, &value.to_ne_bytes());
    }

    /// Adds a number.
    pub(crate) fn attr_u32(&mut self, kind: u16, value: u32) {
        self.attr(kind, &value.to_ne_bytes());
    }

    /// Adds a text with its final NUL.
    pub(crate) fn attr_str(&mut self, kind: u16, value: &str) {
        let mut bytes = Vec::with_capacity(value.len() + 1);
        bytes.extend_from_slice(value.as_bytes());
        bytes.push(0);
        self.attr(kind, &bytes);
    }

    /// Adds an attribute that holds what `fill` writes: attributes, or a fixed part and attributes.
    pub(crate) fn nest(&mut self, kind: u16, fill: impl FnOnce(&mut Self)) {
        let start = self.bytes.len();
        self.attr(kind | NLA_F_NESTED as u16, &[]);
        fill(self);
        let length = (self.bytes.len() - start) as u16;
        self.bytes[start..start + 2].copy_from_slice(&length.to_ne_bytes());
    }

    /// Adds a fixed part inside a nested attribute.
    pub(crate) fn raw(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
        pad(&mut self.bytes);
    }

    /// Appends the finished message with its sequence number to `out`; `flags` are added to its own.
    pub(crate) fn write_to(&self, out: &mut Vec<u8>, sequence: u32, flags: i32) {
        let start = out.len();
        out.extend_from_slice(&self.bytes);
        let flags = u16::from_ne_bytes([self.bytes[FLAGS_AT], self.bytes[FLAGS_AT + 1]]) | flags as u16;
        out[start..start + 4].copy_from_slice(&(self.bytes.len() as u32).to_ne_bytes());
        out[start + FLAGS_AT..start + FLAGS_AT + 2].copy_from_slice(&flags.to_ne_bytes());
        out[start + SEQUENCE_AT..start + SEQUENCE_AT + 4].copy_from_slice(&sequence.to_ne_bytes());
    }

    /// Its length in bytes.
    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }
}

fn pad(bytes: &mut Vec<u8>) {
    bytes.resize(bytes.len().next_multiple_of(ALIGN), 0);
}

/// A received message.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Received<'a> {
    /// Its type.
    pub(crate) kind: u16,
    /// Its flags.
    pub(crate) flags: u16,
    /// The sequence number of the request it answers.
    pub(crate) sequence: u32,
    /// What follows the header.
    pub(crate) payload: &'a [u8],
}

/// The messages of a datagram; ends early at one that is malformed.
pub(crate) fn messages(mut bytes: &[u8]) -> impl Iterator<Item = Received<'_>> {
    std::iter::from_fn(move || {
        let length = u32_at(bytes, 0)? as usize;
        if length < HEADER || length > bytes.len() {
            return None;
        }
        let received = Received {
            kind: u16_at(bytes, 4)?,
            flags: u16_at(bytes, FLAGS_AT)?,
            sequence: u32_at(bytes, SEQUENCE_AT)?,
            payload: &bytes[HEADER..length],
        };
        bytes = bytes.get(length.next_multiple_of(ALIGN)..).unwrap_or_default();
        Some(received)
    })
}

/// The attributes in `bytes` after a fixed part of `fixed` bytes: type without flags, and payload.
pub(crate) fn attributes(bytes: &[u8], fixed: usize) -> impl Iterator<Item = (u16, &[u8])> {
    let mut rest = bytes.get(fixed.next_multiple_of(ALIGN)..).unwrap_or_default();
    std::iter::from_fn(move || {
        let length = u16_at(rest, 0)? as usize;
        if length < ALIGN || length > rest.len() {
            return None;
        }
        let attribute = (u16_at(rest, 2)? & NLA_TYPE_MASK as u16, &rest[ALIGN..length]);
        rest = rest.get(length.next_multiple_of(ALIGN)..).unwrap_or_default();
        Some(attribute)
    })
}

/// The number at an offset.
pub(crate) fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_ne_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

/// The number at an offset.
pub(crate) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_ne_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

/// A text up to its NUL.
pub(crate) fn text(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    String::from_utf8_lossy(&bytes[..end]).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_come_back_as_written() {
        let mut message = Message::new(16, libc::NLM_F_DUMP, &[7; 3]);
        message.attr_str(3, "eth0");
        message.nest(18, |nested| nested.attr_u8(1, 9));
        let mut bytes = Vec::new();
        message.write_to(&mut bytes, 5, libc::NLM_F_ACK);

        let received = messages(&bytes).next().expect("one message");
        assert_eq!((received.kind, received.sequence), (16, 5));
        assert_eq!(i32::from(received.flags), libc::NLM_F_REQUEST | libc::NLM_F_DUMP | libc::NLM_F_ACK);
        let found: Vec<_> = attributes(received.payload, 3).collect();
        assert_eq!(found[0], (3, b"eth0\0".as_slice()));
        assert_eq!(attributes(found[1].1, 0).collect::<Vec<_>>(), [(1, [9].as_slice())]);
    }

    #[test]
    fn cut_messages_end_the_iteration() {
        let mut bytes = Vec::new();
        Message::new(16, 0, &[0; 16]).write_to(&mut bytes, 1, 0);
        assert_eq!(messages(&bytes[..20]).count(), 0);
    }
}
