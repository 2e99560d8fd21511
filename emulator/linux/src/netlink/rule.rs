//! Policy routing rules: which table is looked at for which packet, see ip-rule(8).

use std::fmt;

use ipnet::IpNet;
use libc::{NLM_F_CREATE, NLM_F_EXCL, RTM_DELRULE, RTM_GETRULE, RTM_NEWRULE};

use super::{
    Netlink, Request,
    address::{family, ip_address, octets},
    message::{self, Message},
};
use crate::Result;

const FRA_DST: u16 = 1;
const FRA_SRC: u16 = 2;
const FRA_IIFNAME: u16 = 3;
const FRA_PRIORITY: u16 = 6;
const FRA_FWMARK: u16 = 10;
const FRA_TABLE: u16 = 15;
const FRA_FWMASK: u16 = 16;
const FRA_OIFNAME: u16 = 17;
const FIB_RULE_INVERT: u32 = 2;
/// Size of `struct fib_rule_hdr`.
const FIXED: usize = 12;

/// One rule: what must match, and what then happens.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RuleSpec {
    /// IPv4 or IPv6.
    pub family: Family,
    /// Its place: lower is looked at first.
    pub priority: u32,
    /// The packet's source.
    pub source: Option<IpNet>,
    /// The packet's destination.
    pub destination: Option<IpNet>,
    /// The link it came in by; `lo` for what this host sends.
    pub iif: Option<String>,
    /// The link a local socket is bound to.
    pub oif: Option<String>,
    /// The packet's mark and the bits of it that count.
    pub fwmark: Option<(u32, u32)>,
    /// Whether it applies to packets that do *not* match.
    pub invert: bool,
    /// What happens.
    pub kind: RuleKind,
    /// The table to look in.
    pub table: u32,
}

/// IPv4 or IPv6.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[expect(missing_docs, reason = "named by the variants")]
pub enum Family {
    #[default]
    V4,
    V6,
}

/// What a rule does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum RuleKind {
    /// Look in its table.
    #[default]
    Lookup,
    /// Drop silently.
    Blackhole,
    /// Drop and say so.
    Unreachable,
    /// Drop and say that it is forbidden.
    Prohibit,
    /// What this crate does not make.
    Other(u8),
}

impl RuleSpec {
    /// A rule that sends all of a family's packets to a table.
    pub fn new(family: Family, priority: u32, table: u32) -> Self {
        Self {
            family,
            priority,
            source: None,
            destination: None,
            iif: None,
            oif: None,
            fwmark: None,
            invert: false,
            kind: RuleKind::Lookup,
            table,
        }
    }

    /// An IPv4 rule.
    pub fn v4(priority: u32, table: u32) -> Self {
        Self::new(Family::V4, priority, table)
    }

    /// An IPv6 rule.
    pub fn v6(priority: u32, table: u32) -> Self {
        Self::new(Family::V6, priority, table)
    }

    /// For packets from a network.
    pub fn from(mut self, source: impl Into<IpNet>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// For packets to a network.
    pub fn to(mut self, destination: impl Into<IpNet>) -> Self {
        self.destination = Some(destination.into());
        self
    }

    /// For packets that came in by a link.
    pub fn iif(mut self, link: &str) -> Self {
        self.iif = Some(link.to_owned());
        self
    }

    /// For packets of sockets bound to a link.
    pub fn oif(mut self, link: &str) -> Self {
        self.oif = Some(link.to_owned());
        self
    }

    /// For packets whose mark equals `mark` in the bits of `mask`.
    pub fn fwmark(mut self, mark: u32, mask: u32) -> Self {
        self.fwmark = Some((mark, mask));
        self
    }

    /// For packets that do *not* match.
    pub fn invert(mut self) -> Self {
        self.invert = true;
        self
    }

    /// Doing something else than a look-up.
    pub fn kind(mut self, kind: RuleKind) -> Self {
        self.kind = kind;
        self
    }

    fn message(&self, kind: u16, flags: i32) -> Message {
        let length = |net: Option<IpNet>| net.map_or(0, |net| net.prefix_len());
        let mut fixed = [0; FIXED];
        fixed[0] = self.family.number();
        fixed[1] = length(self.destination);
        fixed[2] = length(self.source);
        fixed[4] = u8::try_from(self.table).unwrap_or(libc::RT_TABLE_UNSPEC);
        fixed[7] = self.kind.number();
        fixed[8..].copy_from_slice(&(if self.invert { FIB_RULE_INVERT } else { 0 }).to_ne_bytes());
        let mut message = Message::new(kind, flags, &fixed);
        message.attr_u32(FRA_PRIORITY, self.priority);
        if self.kind == RuleKind::Lookup {
            message.attr_u32(FRA_TABLE, self.table);
        }
        for (kind, net) in [(FRA_DST, self.destination), (FRA_SRC, self.source)] {
            if let Some(net) = net.filter(|net| net.prefix_len() > 0) {
                message.attr(kind, &octets(net.addr()));
            }
        }
        for (kind, name) in [(FRA_IIFNAME, &self.iif), (FRA_OIFNAME, &self.oif)] {
            if let Some(name) = name {
                message.attr_str(kind, name);
            }
        }
        if let Some((mark, mask)) = self.fwmark {
            message.attr_u32(FRA_FWMARK, mark);
            message.attr_u32(FRA_FWMASK, mask);
        }
        message
    }
}

impl Netlink {
    /// All rules of both families, the kernel's own included.
    pub fn rules(&self) -> Result<Vec<RuleSpec>> {
        let mut rules = self.rules_of(Family::V4)?;
        rules.extend(self.rules_of(Family::V6)?);
        Ok(rules)
    }

    fn rules_of(&self, family: Family) -> Result<Vec<RuleSpec>> {
        let mut fixed = [0; FIXED];
        fixed[0] = family.number();
        self.dump("list rules in", &Message::new(RTM_GETRULE, 0, &fixed), decode)
    }

    /// Adds a rule; one that exists is an error that [`crate::Error::is_exists`] tells.
    pub fn add_rule(&self, rule: &RuleSpec) -> Result<()> {
        let message = rule.message(RTM_NEWRULE, NLM_F_CREATE | NLM_F_EXCL);
        self.submit(Request { operation: "add rule", object: rule.to_string(), message })
    }

    /// Deletes the first rule that has all that `rule` says.
    pub fn delete_rule(&self, rule: &RuleSpec) -> Result<()> {
        let message = rule.message(RTM_DELRULE, 0);
        self.submit(Request { operation: "delete rule", object: rule.to_string(), message })
    }
}

fn decode(kind: u16, payload: &[u8]) -> Option<RuleSpec> {
    if kind != RTM_NEWRULE {
        return None;
    }
    let family = match i32::from(*payload.first()?) {
        libc::AF_INET => Family::V4,
        libc::AF_INET6 => Family::V6,
        _ => return None,
    };
    let mut rule = RuleSpec::new(family, 0, (*payload.get(4)?).into());
    rule.kind = RuleKind::from_number(*payload.get(7)?);
    rule.invert = message::u32_at(payload, 8)? & FIB_RULE_INVERT != 0;
    let (mut mark, mut mask) = (0, 0);
    for (kind, value) in message::attributes(payload, FIXED) {
        match kind {
            FRA_PRIORITY => rule.priority = message::u32_at(value, 0)?,
            FRA_TABLE => rule.table = message::u32_at(value, 0)?,
            FRA_DST => rule.destination = IpNet::new(ip_address(value)?, payload[1]).ok(),
            FRA_SRC => rule.source = IpNet::new(ip_address(value)?, payload[2]).ok(),
            FRA_IIFNAME => rule.iif = Some(message::text(value)),
            FRA_OIFNAME => rule.oif = Some(message::text(value)),
            FRA_FWMARK => mark = message::u32_at(value, 0)?,
            FRA_FWMASK => mask = message::u32_at(value, 0)?,
            _ => {}
        }
    }
    rule.fwmark = (mask != 0).then_some((mark, mask));
    Some(rule)
}

impl Family {
    /// The family of a network.
    pub fn of(net: IpNet) -> Self {
        if i32::from(family(net.addr())) == libc::AF_INET { Self::V4 } else { Self::V6 }
    }

    fn number(self) -> u8 {
        match self {
            Self::V4 => libc::AF_INET as u8,
            Self::V6 => libc::AF_INET6 as u8,
        }
    }
}

impl RuleKind {
    fn number(self) -> u8 {
        match self {
            Self::Lookup => 1,
            Self::Blackhole => 6,
            Self::Unreachable => 7,
            Self::Prohibit => 8,
            Self::Other(number) => number,
        }
    }

    fn from_number(number: u8) -> Self {
        match number {
            1 => Self::Lookup,
            6 => Self::Blackhole,
            7 => Self::Unreachable,
            8 => Self::Prohibit,
            other => Self::Other(other),
        }
    }
}

impl fmt::Display for RuleSpec {
    /// As `ip rule` writes it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}from ", self.priority, if self.invert { "not " } else { "" })?;
        match self.source {
            Some(source) => write!(f, "{source}")?,
            None => write!(f, "all")?,
        }
        if let Some(destination) = self.destination {
            write!(f, " to {destination}")?;
        }
        if let Some((mark, mask)) = self.fwmark {
            write!(f, " fwmark {mark:#x}/{mask:#x}")?;
        }
        if let Some(iif) = &self.iif {
            write!(f, " iif {iif}")?;
        }
        if let Some(oif) = &self.oif {
            write!(f, " oif {oif}")?;
        }
        match self.kind {
            RuleKind::Lookup => write!(f, " lookup {}", self.table),
            RuleKind::Other(number) => write!(f, " action {number}"),
            kind => write!(f, " {}", format!("{kind:?}").to_lowercase()),
        }
    }
}
