//! Rules as text. A match that a later one implies is left out, as nft does.

use std::fmt::{self, Formatter, Write};

use super::{names, write_mac, write_network};
use crate::field::Needs;
use crate::{ConnectionState, Family, Field, Op, Rule, Statement, Value};

const TCP: u32 = 6;
const UDP: u32 = 17;
const SCTP: u32 = 132;

pub(super) fn write(f: &mut Formatter<'_>, rule: &Rule, family: Family) -> fmt::Result {
    let mut transport = "th";
    let mut first = true;
    for (index, statement) in rule.statements.iter().enumerate() {
        if let Some(name) = stated_transport(statement) {
            transport = name;
        }
        if is_implied(statement, &rule.statements[index + 1..]) {
            continue;
        }
        if !std::mem::replace(&mut first, false) {
            f.write_char(' ')?;
        }
        write_statement(f, statement, transport, family)?;
    }
    if let Some(comment) = &rule.comment {
        write!(f, "{}comment \"{comment}\"", if first { "" } else { " " })?;
    }
    Ok(())
}

/// The name ports go by once a rule has asked for a protocol.
fn stated_transport(statement: &Statement) -> Option<&'static str> {
    match statement {
        Statement::Match { field: Field::L4Protocol, op: Op::Equal, value: Value::Number(TCP) } => Some("tcp"),
        Statement::Match { field: Field::L4Protocol, op: Op::Equal, value: Value::Number(UDP) } => Some("udp"),
        Statement::Match { field: Field::L4Protocol, op: Op::Equal, value: Value::Number(SCTP) } => Some("sctp"),
        _ => None,
    }
}

/// Whether nft leaves a match out because a later one (`tcp dport`, `ip saddr`, `icmp type`) says it, too.
fn is_implied(statement: &Statement, later: &[Statement]) -> bool {
    let Statement::Match { field, op: Op::Equal, value: Value::Number(number) } = statement else { return false };
    let says_so: fn(Field) -> bool = match (field, number) {
        (Field::L4Protocol, &TCP | &UDP | &SCTP) => |f| matches!(f, Field::SourcePort | Field::DestinationPort),
        (Field::L4Protocol, 1) => |f| matches!(f, Field::IcmpType | Field::IcmpCode),
        (Field::L4Protocol, 58) => |f| matches!(f, Field::Icmpv6Type | Field::Icmpv6Code),
        (Field::NfProtocol, 2) => |f| matches!(f.layout().needs, Needs::Ip4 | Needs::Icmp),
        (Field::NfProtocol, 10) => |f| matches!(f.layout().needs, Needs::Ip6 | Needs::Icmpv6),
        _ => return false,
    };
    later.iter().map_while(looked_at).flatten().any(|field| says_so(*field))
}

/// The fields a statement looks at; `None` for one that does something, which must not move before a match.
fn looked_at(statement: &Statement) -> Option<&[Field]> {
    match statement {
        Statement::Match { field, .. } => Some(std::slice::from_ref(field)),
        Statement::Lookup { fields, .. } | Statement::VerdictMap { fields, .. } => Some(fields),
        _ => None,
    }
}

fn write_statement(f: &mut Formatter<'_>, statement: &Statement, transport: &str, family: Family) -> fmt::Result {
    match statement {
        Statement::Match { field, op, value } => write_match(f, *field, *op, value, transport),
        Statement::Lookup { fields, set, negated } => {
            write_fields(f, fields, transport)?;
            write!(f, " {}@{set}", if *negated { "!= " } else { "" })
        }
        Statement::VerdictMap { fields, map } => {
            write_fields(f, fields, transport)?;
            write!(f, " vmap @{map}")
        }
        Statement::Counter => f.write_str("counter"),
        Statement::SetMark { value, mask } => write_mark(f, "meta mark", *value, *mask),
        Statement::SetConnectionMark { value, mask } => write_mark(f, "ct mark", *value, *mask),
        Statement::RestoreMark { mask: u32::MAX } => f.write_str("meta mark set ct mark"),
        Statement::RestoreMark { mask } => write!(f, "meta mark set ct mark & {mask:#010x}"),
        Statement::SourceNat { address, fully_random } => {
            let family = if family == Family::Inet { " ip" } else { "" };
            write!(f, "snat{family} to {address}{}", if *fully_random { " fully-random" } else { "" })
        }
        Statement::DestinationNat { address } => {
            let family = if family == Family::Inet { " ip" } else { "" };
            write!(f, "dnat{family} to {address}")
        }
        Statement::ResetTcp => f.write_str("reject with tcp reset"),
        Statement::Verdict(verdict) => write!(f, "{verdict}"),
    }
}

fn write_mark(f: &mut Formatter<'_>, name: &str, value: u32, mask: u32) -> fmt::Result {
    let kept = !(mask | value);
    match (kept, value) {
        (0, value) => write!(f, "{name} set {value:#010x}"),
        (kept, value) if kept == !value => write!(f, "{name} set {name} | {value:#010x}"),
        (kept, 0) => write!(f, "{name} set {name} & {kept:#010x}"),
        (kept, value) => write!(f, "{name} set {name} & {kept:#010x} | {value:#010x}"),
    }
}

fn write_fields(f: &mut Formatter<'_>, fields: &[Field], transport: &str) -> fmt::Result {
    for (index, field) in fields.iter().enumerate() {
        f.write_str(if index == 0 { "" } else { " . " })?;
        write_field(f, *field, transport)?;
    }
    Ok(())
}

fn write_field(f: &mut Formatter<'_>, field: Field, transport: &str) -> fmt::Result {
    f.write_str(match field {
        Field::EtherSource => "ether saddr",
        Field::Ip4Source => "ip saddr",
        Field::Ip4Destination => "ip daddr",
        Field::Ip6Source => "ip6 saddr",
        Field::Ip6Destination => "ip6 daddr",
        Field::Ip4NextHop => "rt ip nexthop",
        Field::Ip6NextHop => "rt ip6 nexthop",
        Field::L4Protocol => "meta l4proto",
        Field::NfProtocol => "meta nfproto",
        Field::SourcePort => return write!(f, "{transport} sport"),
        Field::DestinationPort => return write!(f, "{transport} dport"),
        Field::IcmpType => "icmp type",
        Field::IcmpCode => "icmp code",
        Field::Icmpv6Type => "icmpv6 type",
        Field::Icmpv6Code => "icmpv6 code",
        Field::InputInterface => "iifname",
        Field::OutputInterface => "oifname",
        Field::Mark => "meta mark",
        Field::ConnectionMark => "ct mark",
        Field::ConnectionState => "ct state",
        Field::ConnectionDirection => "ct direction",
        Field::Random(modulus) => return write!(f, "numgen random mod {modulus}"),
        Field::FibDestinationType => "fib daddr type",
    })
}

fn write_match(f: &mut Formatter<'_>, field: Field, op: Op, value: &Value, transport: &str) -> fmt::Result {
    write_field(f, field, transport)?;
    if let Value::Masked { value, mask } = value {
        write!(f, " & ")?;
        write_number(f, field, *mask)?;
        f.write_str(if op == Op::Equal { " == " } else { " != " })?;
        return write_number(f, field, *value);
    }
    f.write_str(match (op, value) {
        (Op::Equal, _) => " ",
        // A list of flags is matched bit by bit: none of them, which `!=` would not say.
        (Op::NotEqual, Value::States(_)) => " ! ",
        (Op::NotEqual, _) => " != ",
    })?;
    match value {
        Value::Number(number) => write_number(f, field, *number),
        Value::Range(from, to) => {
            write_range_end(f, field, *from)?;
            f.write_char('-')?;
            write_range_end(f, field, *to)
        }
        Value::Masked { .. } => Ok(()),
        Value::Address(address) => write!(f, "{address}"),
        Value::Network(net) => write_network(f, net),
        Value::Mac(mac) => write_mac(f, mac),
        Value::Interface(name) => write!(f, "\"{name}\""),
        Value::States(states) => write_states(f, states),
        Value::LocalAddress => f.write_str("local"),
    }
}

/// nft lists states in the order of their bits.
fn write_states(f: &mut Formatter<'_>, states: &[ConnectionState]) -> fmt::Result {
    let names = [
        (ConnectionState::Invalid, "invalid"),
        (ConnectionState::Established, "established"),
        (ConnectionState::Related, "related"),
        (ConnectionState::New, "new"),
        (ConnectionState::Untracked, "untracked"),
    ];
    let mut separator = "";
    for (_, name) in names.iter().filter(|(state, _)| states.contains(state)) {
        write!(f, "{separator}{name}")?;
        separator = ",";
    }
    Ok(())
}

fn write_number(f: &mut Formatter<'_>, field: Field, number: u32) -> fmt::Result {
    let name = match field {
        Field::Mark | Field::ConnectionMark => return write!(f, "{number:#010x}"),
        Field::L4Protocol => names::protocol(number),
        Field::NfProtocol if number == 2 => Some("ipv4"),
        Field::NfProtocol if number == 10 => Some("ipv6"),
        Field::ConnectionDirection => ["original", "reply"].get(number as usize).copied(),
        Field::IcmpType => names::icmp_type(number),
        Field::Icmpv6Type => names::icmpv6_type(number),
        _ => None,
    };
    match name {
        Some(name) => f.write_str(name),
        None => write!(f, "{number}"),
    }
}

/// Ranges are printed in figures; marks stay hexadecimal.
fn write_range_end(f: &mut Formatter<'_>, field: Field, number: u32) -> fmt::Result {
    match field {
        Field::Mark | Field::ConnectionMark => write!(f, "{number:#010x}"),
        _ => write!(f, "{number}"),
    }
}
