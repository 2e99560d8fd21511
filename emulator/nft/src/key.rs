//! Elements' keys as the kernel compares them: byte strings, or inclusive ranges of byte strings.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::{Element, ElementError, KeyPart, KeyType, Set};

/// The longest key: all sixteen 4-byte registers.
pub(crate) const MAX_KEY: usize = 64;

/// The length of an interface's name with its padding.
pub(crate) const INTERFACE_NAME: usize = 16;

/// A key's bytes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Key {
    bytes: [u8; MAX_KEY],
    length: u8,
}

impl Key {
    const EMPTY: Self = Self { bytes: [0; MAX_KEY], length: 0 };

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.length)]
    }

    fn push(&mut self, part: &[u8], padded: usize) {
        let start = usize::from(self.length);
        self.bytes[start..start + part.len()].copy_from_slice(part);
        self.length += padded as u8;
    }

    /// The key after this one; `None` after the last.
    pub(crate) fn next(mut self) -> Option<Self> {
        for byte in self.bytes[..usize::from(self.length)].iter_mut().rev() {
            let (sum, overflow) = byte.overflowing_add(1);
            *byte = sum;
            if !overflow {
                return Some(self);
            }
        }
        None
    }
}

/// The first and last key of an element; the same for one that is not an interval.
pub(crate) type Bounds = (Key, Key);

/// The length of a set's keys in bytes: parts of a concatenation are padded, a single one is not.
pub(crate) fn key_length(parts: &[KeyType]) -> usize {
    match parts {
        [single] => single.width(),
        several => several.iter().map(|part| part.padded_width()).sum(),
    }
}

/// What an element's key covers.
pub(crate) fn bounds(set: &Set, element: &Element) -> Result<Bounds, ElementError> {
    if element.key.len() != set.key.len() {
        return Err(ElementError::PartCount { parts: element.key.len(), expected: set.key.len() });
    }
    let single = set.key.len() == 1;
    let (mut first, mut last) = (Key::EMPTY, Key::EMPTY);
    for (part, &kind) in element.key.iter().zip(&set.key) {
        let (low, high) = part_bounds(part, kind, set.interval)?;
        if !set.interval && low != high {
            return Err(ElementError::NotInterval);
        }
        let padded = if single { kind.width() } else { kind.padded_width() };
        first.push(&low[..kind.width()], padded);
        last.push(&high[..kind.width()], padded);
    }
    Ok((first, last))
}

/// One part's lowest and highest value, in the first bytes.
fn part_bounds(part: &KeyPart, kind: KeyType, interval: bool) -> Result<([u8; 16], [u8; 16]), ElementError> {
    let bad = ElementError::Part(kind);
    match (part, kind) {
        (KeyPart::Address(IpAddr::V4(address)), KeyType::Ipv4Address) => Ok(same(&address.octets())),
        (KeyPart::Address(IpAddr::V6(address)), KeyType::Ipv6Address) => Ok(same(&address.octets())),
        (KeyPart::Network(IpNet::V4(net)), KeyType::Ipv4Address) => {
            Ok((wide(&net.network().octets()), wide(&net.broadcast().octets())))
        }
        (KeyPart::Network(IpNet::V6(net)), KeyType::Ipv6Address) => {
            Ok((wide(&net.network().octets()), wide(&net.broadcast().octets())))
        }
        (KeyPart::Mac(mac), KeyType::EtherAddress) => Ok(same(mac)),
        (KeyPart::Number(number), _) => {
            let number = number_bytes(*number, kind, interval).ok_or(bad)?;
            Ok((number, number))
        }
        (KeyPart::Range(from, to), _) if from <= to => {
            let low = number_bytes(*from, kind, interval).ok_or(bad.clone())?;
            Ok((low, number_bytes(*to, kind, interval).ok_or(bad)?))
        }
        (KeyPart::Range(..), _) => Err(ElementError::EmptyRange),
        (KeyPart::Interface(name), KeyType::InterfaceName) => interface_bounds(name).ok_or(bad),
        _ => Err(bad),
    }
}

fn wide(bytes: &[u8]) -> [u8; 16] {
    let mut wide = [0; 16];
    wide[..bytes.len()].copy_from_slice(bytes);
    wide
}

fn same(bytes: &[u8]) -> ([u8; 16], [u8; 16]) {
    (wide(bytes), wide(bytes))
}

/// A number as the set compares it: intervals need network order whatever the field's own order is.
fn number_bytes(number: u32, kind: KeyType, interval: bool) -> Option<[u8; 16]> {
    match kind {
        KeyType::InetProtocol => Some(wide(&[u8::try_from(number).ok()?])),
        KeyType::InetService => Some(wide(&u16::try_from(number).ok()?.to_be_bytes())),
        KeyType::Mark if interval => Some(wide(&number.to_be_bytes())),
        KeyType::Mark => Some(wide(&number.to_ne_bytes())),
        _ => None,
    }
}

/// All names a name with a final `*` stands for; only the name itself without one.
fn interface_bounds(name: &str) -> Option<([u8; 16], [u8; 16])> {
    let (stem, any) = match name.strip_suffix('*') {
        Some(stem) => (stem, true),
        None => (name, false),
    };
    if stem.is_empty() || stem.len() >= INTERFACE_NAME {
        return None;
    }
    let low = wide(stem.as_bytes());
    let mut high = low;
    if any {
        high[stem.len()..].fill(0xff);
    }
    Some((low, high))
}

/// Joins overlapping and adjacent networks and ranges, so that they fit a set of intervals with a one-part key.
///
/// The kernel refuses intervals that overlap; security groups and network ACLs may well name such networks.
/// Addresses become networks; the order is by family and address. Parts that are no addresses are kept as they are.
pub fn merge_intervals(parts: impl IntoIterator<Item = KeyPart>) -> Vec<KeyPart> {
    let (mut networks, mut numbers, mut rest) = (Vec::new(), Vec::new(), Vec::new());
    for part in parts {
        match part {
            KeyPart::Address(address) => networks.push(IpNet::from(address)),
            KeyPart::Network(net) => networks.push(net.trunc()),
            KeyPart::Number(number) => numbers.push((number, number)),
            KeyPart::Range(from, to) => numbers.push((from, to)),
            other => rest.push(other),
        }
    }
    let mut merged: Vec<KeyPart> = IpNet::aggregate(&networks).into_iter().map(network_part).collect();
    merged.extend(merge_ranges(numbers).into_iter().map(|(from, to)| match from == to {
        true => KeyPart::Number(from),
        false => KeyPart::Range(from, to),
    }));
    rest.sort();
    rest.dedup();
    merged.extend(rest);
    merged
}

fn network_part(net: IpNet) -> KeyPart {
    match net.prefix_len() == net.max_prefix_len() {
        true => KeyPart::Address(net.addr()),
        false => KeyPart::Network(net),
    }
}

fn merge_ranges(mut ranges: Vec<(u32, u32)>) -> Vec<(u32, u32)> {
    ranges.sort_unstable();
    let mut merged: Vec<(u32, u32)> = Vec::with_capacity(ranges.len());
    for (from, to) in ranges {
        match merged.last_mut() {
            Some(last) if from <= last.1.saturating_add(1) => last.1 = last.1.max(to),
            _ => merged.push((from, to)),
        }
    }
    merged
}
