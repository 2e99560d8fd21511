//! Expressions: the small machine's instructions that rules consist of.

use super::wire::{LIST_ELEMENT, VERDICT_REGISTER, data, expression as attr, verdict as code};
use super::writer::Writer;
use crate::Verdict;
use crate::field::Source;

/// The most expressions the kernel takes in one rule.
pub(crate) const MAX_EXPRESSIONS: usize = 128;

/// Writes a rule's expressions and counts them.
pub(crate) struct Expressions<'a> {
    out: &'a mut Writer,
    pub count: usize,
}

/// Equal or not; the numbers are those of `cmp` and of `range`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Compare {
    Equal = 0,
    NotEqual = 1,
}

impl<'a> Expressions<'a> {
    pub fn new(out: &'a mut Writer) -> Self {
        Self { out, count: 0 }
    }

    fn push(&mut self, name: &str, body: impl FnOnce(&mut Writer)) {
        self.count += 1;
        if self.count > MAX_EXPRESSIONS {
            return;
        }
        self.out.nested(LIST_ELEMENT, |w| {
            w.string(attr::NAME, name);
            w.nested(attr::DATA, body);
        });
    }

    /// Puts a field's bytes in a register.
    pub fn load(&mut self, source: Source, width: usize, register: u32) {
        match source {
            Source::Payload(header, offset) => self.push("payload", |w| {
                w.u32(attr::PAYLOAD_REGISTER, register);
                w.u32(attr::PAYLOAD_BASE, header as u32);
                w.u32(attr::PAYLOAD_OFFSET, offset);
                w.u32(attr::PAYLOAD_LENGTH, width as u32);
            }),
            Source::Meta(key) => self.push("meta", |w| {
                w.u32(attr::KEYED_KEY, key);
                w.u32(attr::KEYED_REGISTER, register);
            }),
            Source::Connection(key) => self.push("ct", |w| {
                w.u32(attr::KEYED_KEY, key);
                w.u32(attr::KEYED_REGISTER, register);
            }),
            Source::Route(key) => self.push("rt", |w| {
                w.u32(attr::KEYED_KEY, key);
                w.u32(attr::KEYED_REGISTER, register);
            }),
            Source::Random(modulus) => self.push("numgen", |w| {
                w.u32(attr::NUMGEN_REGISTER, register);
                w.u32(attr::NUMGEN_MODULUS, modulus);
                w.u32(attr::NUMGEN_TYPE, attr::NUMGEN_RANDOM);
            }),
            Source::AddressType => self.push("fib", |w| {
                w.u32(attr::FIB_FLAGS, attr::FIB_DESTINATION);
                w.u32(attr::FIB_RESULT, attr::FIB_RESULT_ADDRESS_TYPE);
                w.u32(attr::FIB_REGISTER, register);
            }),
        }
    }

    pub fn compare(&mut self, register: u32, op: Compare, value: &[u8]) {
        self.push("cmp", |w| {
            w.u32(attr::CMP_REGISTER, register);
            w.u32(attr::CMP_OP, op as u32);
            w.nested(attr::CMP_DATA, |w| w.bytes(data::VALUE, value));
        });
    }

    pub fn range(&mut self, register: u32, op: Compare, from: &[u8], to: &[u8]) {
        self.push("range", |w| {
            w.u32(attr::RANGE_REGISTER, register);
            w.u32(attr::RANGE_OP, op as u32);
            w.nested(attr::RANGE_FROM, |w| w.bytes(data::VALUE, from));
            w.nested(attr::RANGE_TO, |w| w.bytes(data::VALUE, to));
        });
    }

    /// `register = (register & mask) ^ xor`.
    pub fn bitwise(&mut self, register: u32, mask: &[u8], xor: &[u8]) {
        self.push("bitwise", |w| {
            w.u32(attr::BITWISE_SOURCE, register);
            w.u32(attr::BITWISE_REGISTER, register);
            w.u32(attr::BITWISE_LENGTH, mask.len() as u32);
            w.nested(attr::BITWISE_MASK, |w| w.bytes(data::VALUE, mask));
            w.nested(attr::BITWISE_XOR, |w| w.bytes(data::VALUE, xor));
        });
    }

    /// Turns a 4-byte number into network order, as ranges are compared byte by byte.
    pub fn swap_to_network(&mut self, register: u32) {
        self.push("byteorder", |w| {
            w.u32(attr::BYTEORDER_SOURCE, register);
            w.u32(attr::BYTEORDER_REGISTER, register);
            w.u32(attr::BYTEORDER_OP, attr::HOST_TO_NETWORK);
            w.u32(attr::BYTEORDER_LENGTH, 4);
            w.u32(attr::BYTEORDER_SIZE, 4);
        });
    }

    pub fn lookup(&mut self, register: u32, set: &str, inverted: bool) {
        self.push("lookup", |w| {
            w.string(attr::LOOKUP_SET, set);
            w.u32(attr::LOOKUP_SOURCE, register);
            if inverted {
                w.u32(attr::LOOKUP_FLAGS, attr::LOOKUP_INVERTED);
            }
        });
    }

    pub fn verdict_map(&mut self, register: u32, map: &str) {
        self.push("lookup", |w| {
            w.string(attr::LOOKUP_SET, map);
            w.u32(attr::LOOKUP_SOURCE, register);
            w.u32(attr::LOOKUP_REGISTER, VERDICT_REGISTER);
        });
    }

    pub fn counter(&mut self) {
        self.push("counter", |w| {
            w.u64(attr::COUNTER_BYTES, 0);
            w.u64(attr::COUNTER_PACKETS, 0);
        });
    }

    pub fn immediate(&mut self, register: u32, value: &[u8]) {
        self.push("immediate", |w| {
            w.u32(attr::IMMEDIATE_REGISTER, register);
            w.nested(attr::IMMEDIATE_DATA, |w| w.bytes(data::VALUE, value));
        });
    }

    pub fn verdict(&mut self, verdict: &Verdict) {
        self.push("immediate", |w| {
            w.u32(attr::IMMEDIATE_REGISTER, VERDICT_REGISTER);
            w.nested(attr::IMMEDIATE_DATA, |w| write_verdict(w, verdict));
        });
    }

    pub fn set_packet_mark(&mut self, register: u32) {
        self.push("meta", |w| {
            w.u32(attr::KEYED_KEY, crate::field::META_MARK);
            w.u32(attr::META_SOURCE, register);
        });
    }

    pub fn set_connection_mark(&mut self, register: u32) {
        self.push("ct", |w| {
            w.u32(attr::KEYED_KEY, crate::field::CT_MARK);
            w.u32(attr::CT_SOURCE, register);
        });
    }

    /// Rewrites an IPv4 source address to the one in the register.
    pub fn source_nat(&mut self, register: u32, fully_random: bool) {
        self.push("nat", |w| {
            w.u32(attr::NAT_TYPE, attr::NAT_SOURCE);
            w.u32(attr::NAT_FAMILY, 2);
            w.u32(attr::NAT_ADDRESS, register);
            if fully_random {
                w.u32(attr::NAT_FLAGS, attr::NAT_FULLY_RANDOM);
            }
        });
    }

    pub fn reset_tcp(&mut self) {
        self.push("reject", |w| w.u32(attr::REJECT_TYPE, attr::REJECT_TCP_RESET));
    }

    pub fn destination_nat(&mut self, register: u32) {
        self.push("nat", |w| {
            w.u32(attr::NAT_TYPE, attr::NAT_DESTINATION);
            w.u32(attr::NAT_FAMILY, 2);
            w.u32(attr::NAT_ADDRESS, register);
        });
    }
}

/// Writes a verdict as data of an element or an expression.
pub(crate) fn write_verdict(w: &mut Writer, verdict: &Verdict) {
    let (number, chain) = match verdict {
        Verdict::Accept => (code::ACCEPT, None),
        Verdict::Drop => (code::DROP, None),
        Verdict::Return => (code::RETURN, None),
        Verdict::Jump(chain) => (code::JUMP, Some(chain)),
        Verdict::Goto(chain) => (code::GOTO, Some(chain)),
    };
    w.nested(data::VERDICT, |w| {
        w.u32(data::VERDICT_CODE, number as u32);
        if let Some(chain) = chain {
            w.string(data::VERDICT_CHAIN, chain);
        }
    });
}
