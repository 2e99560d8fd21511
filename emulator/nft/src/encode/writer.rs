//! Netlink messages and attributes, byte by byte.
//!
//! Numbers in nf_tables attributes are in network order, message headers in this machine's.

/// The flag of an attribute that holds attributes.
const NESTED: u16 = 0x8000;

/// The length of a netlink message's header.
pub(crate) const MESSAGE_HEADER: usize = 16;

/// Collects messages.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Writer {
    pub bytes: Vec<u8>,
}

/// The fixed part of a netfilter message.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Header {
    /// Subsystem and message type.
    pub kind: u16,
    pub flags: u16,
    pub sequence: u32,
    /// The address family's number.
    pub family: u8,
    pub resource: u16,
}

impl Writer {
    /// Adds one message.
    pub fn message(&mut self, header: Header, body: impl FnOnce(&mut Self)) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(&[0; 4]);
        self.bytes.extend_from_slice(&header.kind.to_ne_bytes());
        self.bytes.extend_from_slice(&header.flags.to_ne_bytes());
        self.bytes.extend_from_slice(&header.sequence.to_ne_bytes());
        self.bytes.extend_from_slice(&[0; 4]);
        self.bytes.extend_from_slice(&[header.family, 0]);
        self.bytes.extend_from_slice(&header.resource.to_be_bytes());
        body(self);
        let length = (self.bytes.len() - start) as u32;
        self.bytes[start..start + 4].copy_from_slice(&length.to_ne_bytes());
    }

    /// Adds an attribute of bytes.
    pub fn bytes(&mut self, kind: u16, value: &[u8]) {
        self.attribute(kind, |w| w.bytes.extend_from_slice(value));
    }

    /// Adds a string with the zero byte the kernel expects.
    pub fn string(&mut self, kind: u16, value: &str) {
        self.attribute(kind, |w| {
            w.bytes.extend_from_slice(value.as_bytes());
            w.bytes.push(0);
        });
    }

    pub fn u32(&mut self, kind: u16, value: u32) {
        self.bytes(kind, &value.to_be_bytes());
    }

    pub fn u64(&mut self, kind: u16, value: u64) {
        self.bytes(kind, &value.to_be_bytes());
    }

    /// Adds an attribute that holds attributes.
    pub fn nested(&mut self, kind: u16, body: impl FnOnce(&mut Self)) {
        self.attribute(kind | NESTED, body);
    }

    /// Adds an attribute that holds attributes; its maker may fail.
    pub fn try_nested<E>(&mut self, kind: u16, body: impl FnOnce(&mut Self) -> Result<(), E>) -> Result<(), E> {
        let mut result = Ok(());
        self.attribute(kind | NESTED, |w| result = body(w));
        result
    }

    fn attribute(&mut self, kind: u16, body: impl FnOnce(&mut Self)) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(&[0; 2]);
        self.bytes.extend_from_slice(&kind.to_ne_bytes());
        body(self);
        let length = self.bytes.len() - start;
        // Names, keys, comments, expressions per rule and elements per message are all limited before.
        let length = u16::try_from(length).expect("attributes are limited to less than 64 KiB");
        self.bytes[start..start + 2].copy_from_slice(&length.to_ne_bytes());
        self.bytes.resize(self.bytes.len().next_multiple_of(4), 0);
    }
}
