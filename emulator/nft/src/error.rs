//! Why a ruleset cannot be encoded. Everything here is found before the kernel is asked.

use crate::{Family, Field, KeyType};

/// A ruleset that the kernel would refuse, or would take for something else.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A name is empty or longer than the kernel's 255 bytes.
    #[error("{object} name of {length} bytes is not within 1 to 255 bytes")]
    NameLength {
        /// What has the name: `table`, `chain` or `set`.
        object: &'static str,
        /// How long it is.
        length: usize,
    },
    /// Two chains, or two sets, have one name.
    #[error("{object} {name} is defined twice")]
    DefinedTwice {
        /// `chain` or `set`.
        object: &'static str,
        /// The name.
        name: String,
    },
    /// A chain to replace is not in the table.
    #[error("chain {0} is not in the table")]
    NoSuchChain(String),
    /// Two versions of a table differ in family or name, so one cannot be turned into the other.
    #[error("table {from} cannot be turned into table {to}")]
    OtherTable {
        /// What the applied one is.
        from: String,
        /// What the wanted one is.
        to: String,
    },
    /// A base chain in a family whose hooks need a device, which these types do not carry.
    #[error("chain {0} cannot be hooked in a netdev table")]
    NetdevHook(String),
    /// A set's key has no field, or more bytes than nf_tables has registers.
    #[error("key of set {set} has {length} bytes, not 1 to 64")]
    KeyLength {
        /// The set.
        set: String,
        /// The key's length.
        length: usize,
    },
    /// Something about one rule.
    #[error("rule {rule} of chain {chain}: {source}")]
    Rule {
        /// The chain.
        chain: String,
        /// The rule's place in it, from 1.
        rule: usize,
        /// What.
        source: RuleError,
    },
    /// Something about one element.
    #[error("element {element} of set {set}: {source}")]
    Element {
        /// The set or map.
        set: String,
        /// The element as text.
        element: String,
        /// What.
        source: ElementError,
    },
}

/// What is wrong with a rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RuleError {
    /// A jump or goto to a chain that is not in the table.
    #[error("chain {0} does not exist")]
    UnknownChain(String),
    /// A jump or goto to a chain that a hook calls.
    #[error("chain {0} is a base chain and cannot be jumped to")]
    JumpToBase(String),
    /// A lookup in a set that is not in the table.
    #[error("set {0} does not exist")]
    UnknownSet(String),
    /// A lookup in a verdict map, or a verdict map that is a plain set.
    #[error("{0} is not a {1}")]
    WrongKind(String, &'static str),
    /// The fields looked up are not those of the set's key.
    #[error("{field:?} does not fit key part {expected:?} of set {set}")]
    FieldNotInKey {
        /// The set.
        set: String,
        /// The field.
        field: Field,
        /// The key's type at its place.
        expected: KeyType,
    },
    /// Not as many fields as the set's key has.
    #[error("{fields} fields are looked up in set {set}, whose key has {parts}")]
    FieldCount {
        /// The set.
        set: String,
        /// How many the rule has.
        fields: usize,
        /// How many the key has.
        parts: usize,
    },
    /// A field the family's packets do not have.
    #[error("{0:?} cannot be seen in {1:?} tables")]
    Family(Field, Family),
    /// The rule has asked for another protocol before.
    #[error("{0:?} contradicts the protocol the rule asks for before")]
    Contradiction(Field),
    /// A value of another kind than the field's, or too large for it.
    #[error("{value} is no value for {field:?}")]
    Value {
        /// The field.
        field: Field,
        /// The value.
        value: String,
    },
    /// A range whose end comes before its start.
    #[error("range {0}-{1} is empty")]
    EmptyRange(u32, u32),
    /// A match for no connection state at all.
    #[error("the list of connection states is empty")]
    NoStates,
    /// An interface name that is empty, only `*`, or longer than the kernel's 15 bytes.
    #[error("\"{0}\" is no interface name")]
    InterfaceName(String),
    /// A comment longer than nft's 128 bytes.
    #[error("comment has {0} bytes, more than 128")]
    CommentLength(usize),
    /// More expressions than the kernel takes in one rule.
    #[error("rule has {0} expressions, more than 128")]
    TooLong(usize),
}

/// What is wrong with an element.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ElementError {
    /// Not one part for each part of the key.
    #[error("{parts} parts for a key of {expected}")]
    PartCount {
        /// How many it has.
        parts: usize,
        /// How many the key has.
        expected: usize,
    },
    /// A part of another type than the key's, or too large for it.
    #[error("a part does not fit {0:?}")]
    Part(KeyType),
    /// A range or network in a set that is not one of intervals.
    #[error("the set does not take intervals")]
    NotInterval,
    /// A range whose end comes before its start.
    #[error("its range is empty")]
    EmptyRange,
    /// A verdict in a plain set.
    #[error("a plain set takes no verdict")]
    UnexpectedVerdict,
    /// No verdict in a map.
    #[error("a verdict map needs a verdict")]
    MissingVerdict,
    /// A verdict that leads to a chain that is not in the table.
    #[error("chain {0} does not exist")]
    UnknownChain(String),
    /// A verdict that leads to a chain that a hook calls.
    #[error("chain {0} is a base chain and cannot be jumped to")]
    JumpToBase(String),
    /// It has keys in common with another element.
    #[error("it overlaps {0}")]
    Overlaps(String),
}
