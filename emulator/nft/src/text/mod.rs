//! Rulesets as text: what `nft -f` takes, laid out as `nft --stateless --numeric-priority list ruleset` prints it.

mod names;
mod rule;

use std::fmt::{self, Display, Formatter, Write};

use ipnet::IpNet;

use crate::{Base, Chain, ChainKind, Element, Family, Hook, KeyPart, KeyType, Policy, Set, Table, Verdict};

impl Table {
    /// The table in nft's own syntax.
    pub fn to_text(&self) -> String {
        self.to_string()
    }
}

impl Display for Table {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "table {} {} {{", self.family, self.name)?;
        let mut first = true;
        for set in &self.sets {
            separate(f, &mut first)?;
            write!(f, "{set}")?;
        }
        for chain in &self.chains {
            separate(f, &mut first)?;
            write_chain(f, chain, self.family)?;
        }
        writeln!(f, "}}")
    }
}

fn separate(f: &mut Formatter<'_>, first: &mut bool) -> fmt::Result {
    match std::mem::replace(first, false) {
        true => Ok(()),
        false => f.write_char('\n'),
    }
}

impl Display for Family {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ip => "ip",
            Self::Inet => "inet",
            Self::Netdev => "netdev",
        })
    }
}

impl Display for Set {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "\t{} {} {{", if self.verdicts { "map" } else { "set" }, self.name)?;
        f.write_str("\t\ttype ")?;
        write_joined(f, &self.key, " . ")?;
        writeln!(f, "{}", if self.verdicts { " : verdict" } else { "" })?;
        if self.interval {
            writeln!(f, "\t\tflags interval")?;
        }
        if !self.elements.is_empty() {
            let per_line = elements_per_line(&self.key);
            f.write_str("\t\telements = { ")?;
            for (index, element) in self.elements.iter().enumerate() {
                match index {
                    0 => Ok(()),
                    index if index % per_line == 0 => f.write_str(",\n\t\t\t     "),
                    _ => f.write_str(", "),
                }?;
                write_element(f, &self.key, element)?;
            }
            writeln!(f, " }}")?;
        }
        writeln!(f, "\t}}")
    }
}

/// nft breaks lines by the type of the key.
fn elements_per_line(key: &[KeyType]) -> usize {
    match key {
        [KeyType::Ipv4Address] => 2,
        [KeyType::InetProtocol | KeyType::InetService | KeyType::Mark] => 5,
        _ => 1,
    }
}

impl Display for KeyType {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ipv4Address => "ipv4_addr",
            Self::Ipv6Address => "ipv6_addr",
            Self::EtherAddress => "ether_addr",
            Self::InetProtocol => "inet_proto",
            Self::InetService => "inet_service",
            Self::InterfaceName => "ifname",
            Self::Mark => "mark",
        })
    }
}

/// One element of a set with the given key.
pub(crate) fn element(key: &[KeyType], element: &Element) -> String {
    fmt::from_fn(|f| write_element(f, key, element)).to_string()
}

fn write_element(f: &mut Formatter<'_>, key: &[KeyType], element: &Element) -> fmt::Result {
    for (index, part) in element.key.iter().enumerate() {
        f.write_str(if index == 0 { "" } else { " . " })?;
        write_part(f, part, key.get(index).copied())?;
    }
    match &element.verdict {
        Some(verdict) => write!(f, " : {verdict}"),
        None => Ok(()),
    }
}

fn write_part(f: &mut Formatter<'_>, part: &KeyPart, kind: Option<KeyType>) -> fmt::Result {
    match (part, kind) {
        (KeyPart::Address(address), _) => write!(f, "{address}"),
        (KeyPart::Network(net), _) => write_network(f, net),
        (KeyPart::Mac(mac), _) => write_mac(f, mac),
        (KeyPart::Number(number), Some(KeyType::Mark)) => write!(f, "{number:#010x}"),
        (KeyPart::Range(from, to), Some(KeyType::Mark)) => write!(f, "{from:#010x}-{to:#010x}"),
        (KeyPart::Number(number), Some(KeyType::InetProtocol)) => match names::protocol(*number) {
            Some(name) => f.write_str(name),
            None => write!(f, "{number}"),
        },
        (KeyPart::Number(number), _) => write!(f, "{number}"),
        (KeyPart::Range(from, to), _) => write!(f, "{from}-{to}"),
        (KeyPart::Interface(name), _) => write!(f, "\"{name}\""),
    }
}

/// A network; one of a single address as the address.
fn write_network(f: &mut Formatter<'_>, net: &IpNet) -> fmt::Result {
    match net.prefix_len() == net.max_prefix_len() {
        true => write!(f, "{}", net.addr()),
        false => write!(f, "{}", net.trunc()),
    }
}

impl Display for Verdict {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Accept => f.write_str("accept"),
            Self::Drop => f.write_str("drop"),
            Self::Return => f.write_str("return"),
            Self::Jump(chain) => write!(f, "jump {chain}"),
            Self::Goto(chain) => write!(f, "goto {chain}"),
        }
    }
}

fn write_chain(f: &mut Formatter<'_>, chain: &Chain, family: Family) -> fmt::Result {
    writeln!(f, "\tchain {} {{", chain.name)?;
    if let Some(base) = &chain.base {
        writeln!(f, "\t\t{base}")?;
    }
    for rule in &chain.rules {
        f.write_str("\t\t")?;
        rule::write(f, rule, family)?;
        f.write_char('\n')?;
    }
    writeln!(f, "\t}}")
}

impl Display for Base {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            ChainKind::Filter => "filter",
            ChainKind::Nat => "nat",
            ChainKind::Route => "route",
        };
        let hook = match self.hook {
            Hook::Prerouting => "prerouting",
            Hook::Input => "input",
            Hook::Forward => "forward",
            Hook::Output => "output",
            Hook::Postrouting => "postrouting",
        };
        let policy = match self.policy {
            Policy::Accept => "accept",
            Policy::Drop => "drop",
        };
        write!(f, "type {kind} hook {hook} priority {}; policy {policy};", self.priority)
    }
}

fn write_mac(f: &mut Formatter<'_>, mac: &[u8; 6]) -> fmt::Result {
    let [a, b, c, d, e, g] = mac;
    write!(f, "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{g:02x}")
}

fn write_joined<T: Display>(f: &mut Formatter<'_>, items: &[T], separator: &str) -> fmt::Result {
    for (index, item) in items.iter().enumerate() {
        f.write_str(if index == 0 { "" } else { separator })?;
        write!(f, "{item}")?;
    }
    Ok(())
}
