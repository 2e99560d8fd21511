//! What a ruleset is made of.

use std::net::{IpAddr, Ipv4Addr};

use ipnet::IpNet;

/// One nf_tables table with all it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// The family its chains see.
    pub family: Family,
    /// Its name.
    pub name: String,
    /// Sets and maps, in the order they are made.
    pub sets: Vec<Set>,
    /// Chains, in the order they are made.
    pub chains: Vec<Chain>,
}

/// An address family of nf_tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Family {
    /// IPv4 only.
    Ip,
    /// IPv4 and IPv6.
    Inet,
    /// Frames of one device.
    Netdev,
}

/// A chain of rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chain {
    /// Its name.
    pub name: String,
    /// Where the kernel calls it; `None` for a chain that others jump to.
    pub base: Option<Base>,
    /// Its rules, in order.
    pub rules: Vec<Rule>,
}

/// Where the kernel calls a base chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Base {
    /// What it may do.
    pub kind: ChainKind,
    /// When it is called.
    pub hook: Hook,
    /// Its place among the chains of the hook; lower is earlier.
    pub priority: i32,
    /// What happens to a packet no rule decides.
    pub policy: Policy,
}

/// A base chain's type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ChainKind {
    /// Lets pass or drops.
    Filter,
    /// Translates addresses; sees a connection's first packet.
    Nat,
    /// Like filter, and routes again after a change.
    Route,
}

/// A hook of the network stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "netfilter's own names")]
pub enum Hook {
    Prerouting,
    Input,
    Forward,
    Output,
    Postrouting,
}

/// A base chain's default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "netfilter's own names")]
pub enum Policy {
    Accept,
    Drop,
}

/// One rule: its statements are done in order until one does not match.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rule {
    /// The statements.
    pub statements: Vec<Statement>,
    /// A remark that the kernel keeps (at most 128 bytes).
    pub comment: Option<String>,
}

/// One step of a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Statement {
    /// Go on only if the field compares as said.
    Match {
        /// What is looked at.
        field: Field,
        /// How.
        op: Op,
        /// What it is compared with.
        value: Value,
    },
    /// Go on only if the concatenated fields are in a named set (or are not, if `negated`).
    Lookup {
        /// The fields, in the order of the set's key.
        fields: Vec<Field>,
        /// The set's name.
        set: String,
        /// Whether to go on when they are *not* in it.
        negated: bool,
    },
    /// Do what a named verdict map says for the concatenated fields; go on if it says nothing.
    VerdictMap {
        /// The fields, in the order of the map's key.
        fields: Vec<Field>,
        /// The map's name.
        map: String,
    },
    /// Count packets and bytes.
    Counter,
    /// Set the packet's mark to `(mark & !mask) | value`.
    SetMark {
        /// Bits to set.
        value: u32,
        /// Bits concerned.
        mask: u32,
    },
    /// Set the connection's mark to `(mark & !mask) | value`.
    SetConnectionMark {
        /// Bits to set.
        value: u32,
        /// Bits concerned.
        mask: u32,
    },
    /// Set the packet's mark to the masked bits of the connection's mark; the packet's other bits become zero.
    RestoreMark {
        /// Bits concerned.
        mask: u32,
    },
    /// Rewrite the source address.
    SourceNat {
        /// The new source.
        address: Ipv4Addr,
        /// Whether ports are picked at random (`fully-random`).
        fully_random: bool,
    },
    /// Rewrite the destination address.
    DestinationNat {
        /// The new destination.
        address: Ipv4Addr,
    },
    /// Drop the packet and tell its sender by a TCP reset. The rule has to ask for TCP.
    ResetTcp,
    /// End the rule.
    Verdict(Verdict),
}

/// What becomes of a packet.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Verdict {
    /// Let pass (later base chains still see it).
    Accept,
    /// Drop without a word.
    Drop,
    /// Go on in another chain and come back.
    Jump(String),
    /// Go on in another chain.
    Goto(String),
    /// Back to the chain that jumped here.
    Return,
}

/// A field of a packet or of what the kernel knows of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Field {
    /// `ether saddr` (in IP families only where the packet came over Ethernet).
    EtherSource,
    /// `ip saddr`.
    Ip4Source,
    /// `ip daddr`.
    Ip4Destination,
    /// `ip6 saddr`.
    Ip6Source,
    /// `ip6 daddr`.
    Ip6Destination,
    /// `meta l4proto`.
    L4Protocol,
    /// `meta nfproto`: 2 for IPv4, 10 for IPv6.
    NfProtocol,
    /// Source port of TCP or UDP (`th sport`). Any transport protocol has these bytes: the rule has to ask for one.
    SourcePort,
    /// Destination port of TCP or UDP (`th dport`). As with the source port, the rule has to ask for the protocol.
    DestinationPort,
    /// `icmp type`.
    IcmpType,
    /// `icmp code`.
    IcmpCode,
    /// `icmpv6 type`.
    Icmpv6Type,
    /// `icmpv6 code`.
    Icmpv6Code,
    /// `iifname`.
    InputInterface,
    /// `oifname`.
    OutputInterface,
    /// `meta mark`.
    Mark,
    /// `ct mark`.
    ConnectionMark,
    /// `ct state`, a bit set.
    ConnectionState,
    /// `ct direction`: 0 for packets in the direction of a connection's first, 1 for those that answer.
    ConnectionDirection,
    /// `numgen random mod` this: a number below it, another for each packet.
    Random(u32),
    /// `fib daddr type`.
    FibDestinationType,
    /// `rt ip nexthop`: the gateway of the packet's route, or its destination where the route has none.
    Ip4NextHop,
    /// `rt ip6 nexthop`.
    Ip6NextHop,
}

/// How a field is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Op {
    /// Equal (or within, for networks and ranges; or any bit set, for `States`).
    Equal,
    /// The opposite.
    NotEqual,
}

/// What a field is compared with.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Value {
    /// A number; the field gives its width.
    Number(u32),
    /// An inclusive range of numbers.
    Range(u32, u32),
    /// `field & mask == value`.
    Masked {
        /// The bits wanted.
        value: u32,
        /// The bits concerned.
        mask: u32,
    },
    /// An address.
    Address(IpAddr),
    /// A network.
    Network(IpNet),
    /// An Ethernet address.
    Mac([u8; 6]),
    /// An interface's name; a final `*` stands for any rest.
    Interface(String),
    /// Any of these connection states.
    States(Vec<ConnectionState>),
    /// `local`: an address of this host (for [`Field::FibDestinationType`]).
    LocalAddress,
}

/// A tracked connection's state as one packet sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "netfilter's own names")]
pub enum ConnectionState {
    New,
    Established,
    Related,
    Invalid,
    Untracked,
}

/// A named set, or a named map to verdicts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Set {
    /// Its name.
    pub name: String,
    /// The type of its keys: several are a concatenation.
    pub key: Vec<KeyType>,
    /// Whether elements are ranges and networks.
    pub interval: bool,
    /// Whether elements carry verdicts: then it is a map.
    pub verdicts: bool,
    /// Its elements.
    pub elements: Vec<Element>,
}

/// The type of a set's key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "nft's own names")]
pub enum KeyType {
    Ipv4Address,
    Ipv6Address,
    EtherAddress,
    InetProtocol,
    InetService,
    InterfaceName,
    Mark,
}

/// One element of a set or map.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Element {
    /// One part for each of the set's key types.
    pub key: Vec<KeyPart>,
    /// What a verdict map says for it.
    pub verdict: Option<Verdict>,
}

/// One part of an element's key.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum KeyPart {
    /// An address.
    Address(IpAddr),
    /// A network, in sets of intervals.
    Network(IpNet),
    /// An Ethernet address.
    Mac([u8; 6]),
    /// A protocol, port or mark.
    Number(u32),
    /// An inclusive range, in sets of intervals.
    Range(u32, u32),
    /// An interface's name.
    Interface(String),
}
