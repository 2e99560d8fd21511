//! What the kernel holds: names, rules with their counters, how many elements.

use nft_ruleset::Family;
use nix::{errno::Errno, sys::socket::SockProtocol};

use super::none_if_missing;
use crate::{
    Error, Netns, Result,
    netlink::{
        message::{self, Message},
        socket::{Refusal, Socket},
    },
};

const NF_TABLES: u16 = 10 << 8;
const GET_TABLE: u16 = NF_TABLES | 1;
const GET_CHAIN: u16 = NF_TABLES | 4;
const GET_RULE: u16 = NF_TABLES | 7;
const GET_SET: u16 = NF_TABLES | 10;
const GET_ELEMENTS: u16 = NF_TABLES | 13;
const GET_GENERATION: u16 = NF_TABLES | 16;

/// Size of `struct nfgenmsg`.
const FIXED: usize = 4;

/// The name of a table in all its objects.
const TABLE: u16 = 1;
const TABLE_NAME: u16 = 1;
const CHAIN_NAME: u16 = 3;
const SET_NAME: u16 = 2;
const RULE_CHAIN: u16 = 2;
const RULE_EXPRESSIONS: u16 = 4;
const RULE_USERDATA: u16 = 7;
const ELEMENTS_SET: u16 = 2;
const ELEMENTS_LIST: u16 = 3;
const ELEMENT_FLAGS: u16 = 3;
const EXPRESSION_NAME: u16 = 1;
const EXPRESSION_DATA: u16 = 2;
const COUNTER_BYTES: u16 = 1;
const COUNTER_PACKETS: u16 = 2;
const GENERATION_ID: u16 = 1;

const INTERVAL_END: u32 = 1;
/// A comment's type in the rule's user data, which is nft's own format: type, length, bytes.
const COMMENT: u8 = 0;

/// A rule in the kernel, without what it does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleEntry {
    /// The chain it is in.
    pub chain: String,
    /// Its remark.
    pub comment: Option<String>,
    /// Packets and bytes that its counter saw, if it has one.
    pub counter: Option<(u64, u64)>,
}

/// The tables of the namespace, other families than ours left out.
pub fn list_tables(netns: &Netns) -> Result<Vec<(Family, String)>> {
    dump(netns, "tables", &request(GET_TABLE, 0), |payload| {
        let family = family_of(*payload.first()?)?;
        Some((family, name(payload, TABLE_NAME)?))
    })
}

/// The number of the namespace's rulesets: each transaction that changed anything, whoever's, has raised it.
pub fn generation(netns: &Netns) -> Result<u32> {
    let failed = |refusal: Refusal| {
        let object = format!("nf_tables generation in {netns}");
        Error::new("read", object, refusal.errno).with_detail(refusal.words)
    };
    let mut socket = Socket::open(netns, SockProtocol::NetlinkNetFilter)?;
    let generation = socket.get(&request(GET_GENERATION, 0), |_, payload| {
        let (_, bytes) = attribute(payload, GENERATION_ID)?;
        Some(u32::from_be_bytes(bytes.try_into().ok()?))
    });
    generation.map_err(failed)?.ok_or_else(|| failed(Errno::EBADMSG.into()))
}

/// The table's chains.
pub fn chains(netns: &Netns, family: Family, table: &str) -> Result<Vec<String>> {
    // The kernel gives the chains of all tables here.
    names(netns, "chains", GET_CHAIN, (family, table), CHAIN_NAME)
}

/// The table's sets and maps.
pub fn sets(netns: &Netns, family: Family, table: &str) -> Result<Vec<String>> {
    names(netns, "sets", GET_SET, (family, table), SET_NAME)
}

/// The table's rules, chain by chain, in order.
pub fn rules(netns: &Netns, family: Family, table: &str) -> Result<Vec<RuleEntry>> {
    let mut message = request(GET_RULE, number_of(family));
    message.attr_str(TABLE, table);
    dump(netns, "rules", &message, |payload| (name(payload, TABLE)? == table).then(|| rule(payload)).flatten())
}

/// How many rules the table has.
pub fn dump_rule_count(netns: &Netns, family: Family, table: &str) -> Result<usize> {
    let mut message = request(GET_RULE, number_of(family));
    message.attr_str(TABLE, table);
    let rules = dump(netns, "rules", &message, |payload| (name(payload, TABLE)? == table).then_some(()))?;
    Ok(rules.len())
}

/// How many elements a set of the table has; an interval counts once.
pub fn element_count(netns: &Netns, family: Family, table: &str, set: &str) -> Result<usize> {
    let mut message = request(GET_ELEMENTS, number_of(family));
    message.attr_str(TABLE, table);
    message.attr_str(ELEMENTS_SET, set);
    let counts = dump(netns, "elements", &message, |payload| {
        let (_, list) = attribute(payload, ELEMENTS_LIST)?;
        Some(message::attributes(list, 0).filter(|(_, element)| !is_interval_end(element)).count())
    })?;
    Ok(counts.into_iter().sum())
}

fn names(netns: &Netns, what: &'static str, kind: u16, table: (Family, &str), attr: u16) -> Result<Vec<String>> {
    let mut message = request(kind, number_of(table.0));
    message.attr_str(TABLE, table.1);
    dump(netns, what, &message, |payload| if name(payload, TABLE)? == table.1 { name(payload, attr) } else { None })
}

fn dump<T>(
    netns: &Netns,
    what: &'static str,
    message: &Message,
    mut decode: impl FnMut(&[u8]) -> Option<T>,
) -> Result<Vec<T>> {
    let mut socket = Socket::open(netns, SockProtocol::NetlinkNetFilter)?;
    let items = none_if_missing(socket.dump(message, |_, payload| decode(payload)));
    items.map_err(|refusal| {
        Error::new("list", format!("nf_tables {what} in {netns}"), refusal.errno).with_detail(refusal.words)
    })
}

fn request(kind: u16, family: u8) -> Message {
    Message::new(kind, 0, &[family, 0, 0, 0])
}

fn rule(payload: &[u8]) -> Option<RuleEntry> {
    Some(RuleEntry {
        chain: name(payload, RULE_CHAIN)?,
        comment: attribute(payload, RULE_USERDATA).and_then(|(_, data)| comment(data)),
        counter: attribute(payload, RULE_EXPRESSIONS).and_then(|(_, list)| counter(list)),
    })
}

fn comment(mut data: &[u8]) -> Option<String> {
    while let [kind, length, rest @ ..] = data {
        let (value, rest) = rest.split_at_checked(usize::from(*length))?;
        if *kind == COMMENT {
            return Some(message::text(value));
        }
        data = rest;
    }
    None
}

/// Packets and bytes of the first counter among the expressions.
fn counter(list: &[u8]) -> Option<(u64, u64)> {
    message::attributes(list, 0).find_map(|(_, expression)| {
        let part = |kind| message::attributes(expression, 0).find(|(found, _)| *found == kind);
        if message::text(part(EXPRESSION_NAME)?.1) != "counter" {
            return None;
        }
        let (_, data) = part(EXPRESSION_DATA)?;
        let number = |kind| {
            let (_, bytes) = message::attributes(data, 0).find(|(found, _)| *found == kind)?;
            Some(u64::from_be_bytes(bytes.try_into().ok()?))
        };
        Some((number(COUNTER_PACKETS)?, number(COUNTER_BYTES)?))
    })
}

fn is_interval_end(element: &[u8]) -> bool {
    message::attributes(element, 0)
        .find(|(kind, _)| *kind == ELEMENT_FLAGS)
        .and_then(|(_, bytes)| Some(u32::from_be_bytes(bytes.try_into().ok()?)))
        .is_some_and(|flags| flags & INTERVAL_END != 0)
}

fn attribute(payload: &[u8], kind: u16) -> Option<(u16, &[u8])> {
    message::attributes(payload, FIXED).find(|(found, _)| *found == kind)
}

fn name(payload: &[u8], kind: u16) -> Option<String> {
    attribute(payload, kind).map(|(_, bytes)| message::text(bytes))
}

fn number_of(family: Family) -> u8 {
    match family {
        Family::Inet => 1,
        Family::Ip => 2,
        Family::Netdev => 5,
    }
}

fn family_of(number: u8) -> Option<Family> {
    [Family::Inet, Family::Ip, Family::Netdev].into_iter().find(|family| number_of(*family) == number)
}
