//! One transaction: messages between a begin and an end message, and what each is about.

use std::fmt::Write;

use super::writer::{Header, MESSAGE_HEADER, Writer};
use crate::Family;

/// The nf_tables subsystem of netfilter's netlink.
const NF_TABLES: u16 = 10;
const BATCH_BEGIN: u16 = 0x10;
const BATCH_END: u16 = 0x11;

/// A message the kernel is asked to do something with.
const REQUEST: u16 = 0x1;
/// A message the kernel answers when the transaction is done.
const ACK: u16 = 0x4;

/// The length of a begin or end message.
const BRACKET: usize = MESSAGE_HEADER + 4;
/// Where a message's flags and sequence number are.
const FLAGS: usize = 6;
const SEQUENCE: usize = 8;

/// Messages for one transaction: the kernel does all or nothing.
///
/// The message numbered `n` (its netlink sequence number) is about what [`describe`](Self::describe) says; the last one asks
/// for an answer, which the kernel gives when the transaction is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    out: Writer,
    /// Where the last message before the end starts; zero if there is none.
    last: usize,
    tables: Vec<(Family, String)>,
    names: Vec<String>,
    subjects: Vec<Subject>,
}

/// What a message is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Subject {
    operation: &'static str,
    object: Object,
    /// An index into the batch's tables.
    table: u32,
}

/// The kind of object; names are indexes into the batch's names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Object {
    Table,
    Chain(u32),
    Rules(u32),
    Rule(u32, u32),
    Set(u32),
    Elements { set: u32, first: u32, last: u32 },
    AllElements(u32),
}

impl Default for Batch {
    fn default() -> Self {
        Self::new()
    }
}

impl Batch {
    /// A transaction of nothing.
    pub fn new() -> Self {
        let mut out = Writer::default();
        bracket(&mut out, BATCH_BEGIN, 0);
        bracket(&mut out, BATCH_END, 1);
        Self { out, last: 0, tables: Vec::new(), names: Vec::new(), subjects: Vec::new() }
    }

    /// All messages, begin and end included, to be sent at once.
    pub fn messages(&self) -> &[u8] {
        &self.out.bytes
    }

    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.subjects.is_empty()
    }

    /// How many messages there are between begin and end.
    pub fn len(&self) -> usize {
        self.subjects.len()
    }

    /// The sequence number of the message that asks for an answer; `None` in an empty batch.
    pub fn answered(&self) -> Option<u32> {
        (!self.is_empty()).then_some(self.subjects.len() as u32)
    }

    /// What the message with this sequence number is about, as in `rule 3 of chain forward in inet table vpcbox`.
    pub fn describe(&self, sequence: u32) -> String {
        match self.subject(sequence) {
            Some(subject) => self.describe_subject(subject),
            None => "nf_tables transaction".to_owned(),
        }
    }

    /// What the message with this sequence number does: `add` or `delete`; `commit` for the transaction itself.
    pub fn operation(&self, sequence: u32) -> &'static str {
        self.subject(sequence).map_or("commit", |subject| subject.operation)
    }

    /// Adds another transaction's messages after this one's, so that both happen at once.
    pub fn append(&mut self, other: Self) {
        if other.is_empty() {
            return;
        }
        self.reopen();
        let (tables, names) = (self.tables.len() as u32, self.names.len() as u32);
        let sequence = self.subjects.len() as u32;
        let start = self.out.bytes.len();
        let end = other.out.bytes.len() - BRACKET;
        self.out.bytes.extend_from_slice(&other.out.bytes[BRACKET..end]);
        renumber(&mut self.out.bytes[start..], sequence);
        self.last = start + (other.last - BRACKET);
        self.tables.extend(other.tables);
        self.names.extend(other.names);
        self.subjects.extend(other.subjects.into_iter().map(|subject| subject.shifted(tables, names)));
        self.close();
    }

    fn next_sequence(&self) -> u32 {
        self.subjects.len() as u32 + 1
    }

    fn subject(&self, sequence: u32) -> Option<&Subject> {
        self.subjects.get(sequence.checked_sub(1)? as usize)
    }

    fn describe_subject(&self, subject: &Subject) -> String {
        let name = |index: u32| self.names[index as usize].as_str();
        let (family, table) = &self.tables[subject.table as usize];
        let mut text = String::new();
        // Writing to a string does not fail.
        let _ = match subject.object {
            Object::Table => return format!("{family} table {table}"),
            Object::Chain(chain) => write!(text, "chain {}", name(chain)),
            Object::Rules(chain) => write!(text, "rules of chain {}", name(chain)),
            Object::Rule(chain, number) => write!(text, "rule {number} of chain {}", name(chain)),
            Object::Set(set) => write!(text, "set {}", name(set)),
            Object::AllElements(set) => write!(text, "all elements of set {}", name(set)),
            Object::Elements { set, first, last } => write!(text, "elements {first} to {last} of set {}", name(set)),
        };
        let _ = write!(text, " in {family} table {table}");
        text
    }

    /// Takes the end away so that messages can follow.
    fn reopen(&mut self) {
        self.out.bytes.truncate(self.out.bytes.len() - BRACKET);
        if self.last != 0 {
            self.set_flags(|flags| flags & !ACK);
        }
    }

    /// Puts the end back and has the last message answered.
    fn close(&mut self) {
        if self.last != 0 {
            self.set_flags(|flags| flags | ACK);
        }
        let sequence = self.next_sequence();
        bracket(&mut self.out, BATCH_END, sequence);
    }

    fn set_flags(&mut self, change: impl FnOnce(u16) -> u16) {
        let at = self.last + FLAGS;
        let flags = u16::from_ne_bytes([self.out.bytes[at], self.out.bytes[at + 1]]);
        self.out.bytes[at..at + 2].copy_from_slice(&change(flags).to_ne_bytes());
    }
}

impl Subject {
    fn shifted(mut self, tables: u32, names: u32) -> Self {
        self.table += tables;
        self.object = match self.object {
            Object::Table => Object::Table,
            Object::Chain(chain) => Object::Chain(chain + names),
            Object::Rules(chain) => Object::Rules(chain + names),
            Object::Rule(chain, number) => Object::Rule(chain + names, number),
            Object::Set(set) => Object::Set(set + names),
            Object::Elements { set, first, last } => Object::Elements { set: set + names, first, last },
            Object::AllElements(set) => Object::AllElements(set + names),
        };
        self
    }
}

/// What a builder's message is about, by name.
#[derive(Debug, Clone, Copy)]
pub(crate) enum About<'a> {
    Table,
    Chain(&'a str),
    Rules(&'a str),
    Rule(&'a str, usize),
    Set(&'a str),
    Elements { set: &'a str, first: usize, last: usize },
    AllElements(&'a str),
}

/// Makes batches about one table.
pub(crate) struct Builder {
    batch: Batch,
    family: Family,
    /// What a batch may be long before another one is begun.
    limit: usize,
    done: Vec<Batch>,
}

impl Builder {
    /// A builder of one batch.
    pub fn new(family: Family, table: &str) -> Self {
        Self { batch: begun(family, table), family, limit: usize::MAX, done: Vec::new() }
    }

    /// Ends the batch, if it has anything, and goes on with others of at most so many bytes.
    pub fn next_stage(&mut self, limit: usize) {
        self.limit = limit;
        if !self.batch.is_empty() {
            self.end_batch();
        }
    }

    /// Adds one message.
    pub fn push<E>(
        &mut self,
        operation: &'static str,
        about: About<'_>,
        kind: u16,
        flags: u16,
        body: impl FnOnce(&mut Writer) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut start = self.batch.out.bytes.len();
        let header = Header {
            kind: NF_TABLES << 8 | kind,
            flags: REQUEST | flags,
            sequence: self.batch.next_sequence(),
            family: family_number(self.family),
            resource: 0,
        };
        let mut result = Ok(());
        self.batch.out.message(header, |w| result = body(w));
        if self.batch.out.bytes.len() + BRACKET > self.limit && !self.batch.is_empty() {
            let message = self.batch.out.bytes.split_off(start);
            self.end_batch();
            start = self.batch.out.bytes.len();
            self.batch.out.bytes.extend_from_slice(&message);
            let sequence = self.batch.next_sequence();
            self.batch.out.bytes[start + SEQUENCE..][..4].copy_from_slice(&sequence.to_ne_bytes());
        }
        self.batch.last = start;
        let object = self.intern(about);
        self.batch.subjects.push(Subject { operation, object, table: 0 });
        result
    }

    /// The only batch.
    pub fn finish(mut self) -> Batch {
        self.batch.close();
        self.batch
    }

    /// All batches that have anything.
    pub fn finish_stages(mut self) -> Vec<Batch> {
        self.next_stage(usize::MAX);
        self.done
    }

    fn end_batch(&mut self) {
        let (family, table) = &self.batch.tables[0];
        let next = begun(*family, table);
        let mut batch = std::mem::replace(&mut self.batch, next);
        batch.close();
        self.done.push(batch);
    }

    fn intern(&mut self, about: About<'_>) -> Object {
        match about {
            About::Table => Object::Table,
            About::Chain(name) => Object::Chain(self.name(name)),
            About::Rules(name) => Object::Rules(self.name(name)),
            About::Rule(name, number) => Object::Rule(self.name(name), number as u32),
            About::Set(name) => Object::Set(self.name(name)),
            About::AllElements(name) => Object::AllElements(self.name(name)),
            About::Elements { set, first, last } => {
                Object::Elements { set: self.name(set), first: first as u32, last: last as u32 }
            }
        }
    }

    /// Messages about one chain or set follow each other, so comparing with the last name is enough.
    fn name(&mut self, name: &str) -> u32 {
        if self.batch.names.last().is_none_or(|last| last != name) {
            self.batch.names.push(name.to_owned());
        }
        self.batch.names.len() as u32 - 1
    }
}

/// A batch that messages can be added to.
fn begun(family: Family, table: &str) -> Batch {
    let mut batch = Batch::new();
    batch.reopen();
    batch.tables.push((family, table.to_owned()));
    batch
}

/// The family's number (`NFPROTO_*`).
pub(crate) fn family_number(family: Family) -> u8 {
    match family {
        Family::Inet => 1,
        Family::Ip => 2,
        Family::Netdev => 5,
    }
}

fn bracket(out: &mut Writer, kind: u16, sequence: u32) {
    let header = Header { kind, flags: REQUEST, sequence, family: 0, resource: NF_TABLES };
    out.message(header, |_| ());
}

fn renumber(mut messages: &mut [u8], offset: u32) {
    while let Some((header, _)) = messages.split_first_chunk_mut::<MESSAGE_HEADER>() {
        let length = u32::from_ne_bytes([header[0], header[1], header[2], header[3]]) as usize;
        let sequence = u32::from_ne_bytes([header[8], header[9], header[10], header[11]]) + offset;
        header[SEQUENCE..SEQUENCE + 4].copy_from_slice(&sequence.to_ne_bytes());
        messages = &mut messages[length..];
    }
}
