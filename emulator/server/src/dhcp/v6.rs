//! DHCP for IPv6: all of an ENI's addresses in one association, by RFC 8415.
//!
//! In a subnet with IPv4 too, AWS tells nothing but addresses; where there is IPv6 only, name servers and the domain.

use std::net::{IpAddr, Ipv6Addr};

use vpc_model::Mac;

use super::frame::Datagram;
use super::lease::Lease;
use super::{take, take_u16};

pub(super) const SERVER_PORT: u16 = 547;
const CLIENT_PORT: u16 = 546;

/// For how much longer than preferred an address is valid, in seconds: 450 in all by default.
const VALID_BEYOND: u32 = 310;
/// A client of an ENI has one association; of further ones so many are looked at.
const MAX_ASSOCIATIONS: usize = 8;
/// The longest identifier of a client, RFC 8415, section 11.1.
const MAX_DUID: usize = 130;

/// Numbers of options.
mod option {
    pub(super) const CLIENT: u16 = 1;
    pub(super) const SERVER: u16 = 2;
    pub(super) const ASSOCIATION: u16 = 3;
    pub(super) const ADDRESS: u16 = 5;
    pub(super) const STATUS: u16 = 13;
    pub(super) const NAME_SERVERS: u16 = 23;
    pub(super) const DOMAINS: u16 = 24;
}

/// Types of messages.
mod kind {
    pub(super) const SOLICIT: u8 = 1;
    pub(super) const ADVERTISE: u8 = 2;
    pub(super) const REQUEST: u8 = 3;
    pub(super) const CONFIRM: u8 = 4;
    pub(super) const RENEW: u8 = 5;
    pub(super) const REBIND: u8 = 6;
    pub(super) const REPLY: u8 = 7;
    pub(super) const RELEASE: u8 = 8;
    pub(super) const DECLINE: u8 = 9;
    pub(super) const INFORMATION_REQUEST: u8 = 11;
}

/// Codes of how it went.
mod status {
    pub(super) const SUCCESS: u16 = 0;
    pub(super) const NO_ADDRESSES: u16 = 2;
    pub(super) const NO_BINDING: u16 = 3;
    pub(super) const NOT_ON_LINK: u16 = 4;
}

/// What a client says, as far as it matters.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Message<'a> {
    kind: u8,
    transaction: [u8; 3],
    client: Option<&'a [u8]>,
    server: Option<&'a [u8]>,
    associations: Vec<Association>,
}

/// Addresses that a client has or wants.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Association {
    id: [u8; 4],
    addresses: Vec<Ipv6Addr>,
}

/// The frame that answers a frame, if it is a well-formed question; `lease` looks up who asks.
pub(super) fn answer(frame: &[u8], lease: impl FnOnce(Mac) -> Option<Lease>) -> Option<Vec<u8>> {
    let asked = Datagram::parse(frame)?;
    let IpAddr::V6(client) = asked.addresses[0] else { return None };
    if asked.ports != [CLIENT_PORT, SERVER_PORT] || !client.is_unicast_link_local() {
        return None;
    }
    let message = Message::parse(asked.content)?;
    let lease = lease(asked.macs[0])?;
    // Where there is no IPv6, there is nobody who could answer.
    if lease.blocks_v6.is_empty() {
        return None;
    }
    let reply = Datagram {
        macs: [lease.router, lease.mac],
        addresses: [lease.router_v6.into(), client.into()],
        ports: [SERVER_PORT, CLIENT_PORT],
        content: message.reply(&lease)?,
    };
    Some(reply.frame())
}

impl<'a> Message<'a> {
    fn parse(bytes: &'a [u8]) -> Option<Self> {
        let mut rest = bytes;
        let kind = take(&mut rest, 1)?[0];
        let transaction = take(&mut rest, 3)?.try_into().ok()?;
        let mut message = Self { kind, transaction, client: None, server: None, associations: Vec::new() };
        while !rest.is_empty() {
            let (code, value) = take_option(&mut rest)?;
            match code {
                option::CLIENT => message.client = Some(value).filter(|id| (1..=MAX_DUID).contains(&id.len())),
                option::SERVER => message.server = Some(value),
                option::ASSOCIATION if message.associations.len() < MAX_ASSOCIATIONS => {
                    message.associations.push(Association::parse(value)?);
                }
                _ => {}
            }
        }
        Some(message)
    }

    /// The answer; none where another server is meant, or the message is not as RFC 8415, section 16, wants it.
    fn reply(&self, lease: &Lease) -> Option<Vec<u8>> {
        let own = duid(lease);
        let is_for_this = self.server == Some(&own[..]);
        let is_for_any = self.server.is_none();
        let is_sound = match self.kind {
            kind::SOLICIT | kind::CONFIRM | kind::REBIND => is_for_any && self.client.is_some(),
            kind::REQUEST | kind::RENEW | kind::RELEASE | kind::DECLINE => is_for_this && self.client.is_some(),
            kind::INFORMATION_REQUEST => (is_for_any || is_for_this) && self.associations.is_empty(),
            _ => false,
        };
        if !is_sound {
            return None;
        }
        let kind = if self.kind == kind::SOLICIT { kind::ADVERTISE } else { kind::REPLY };
        let mut reply = vec![kind];
        reply.extend(self.transaction);
        if let Some(client) = self.client {
            put(&mut reply, option::CLIENT, client);
        }
        put(&mut reply, option::SERVER, &own);
        match self.kind {
            kind::CONFIRM => put_status(&mut reply, self.confirmed(lease)?),
            kind::RELEASE | kind::DECLINE => put_status(&mut reply, status::SUCCESS),
            _ => self.associations.iter().enumerate().for_each(|(at, association)| {
                put(&mut reply, option::ASSOCIATION, &association.answer(self.kind, at == 0, lease));
            }),
        }
        if lease.v4.is_none() {
            configuration(&mut reply, lease);
        }
        Some(reply)
    }

    /// Whether the addresses a client has are right for this link; nothing can be said of none.
    fn confirmed(&self, lease: &Lease) -> Option<u16> {
        let mut addresses = self.associations.iter().flat_map(|association| &association.addresses).peekable();
        addresses.peek()?;
        let is_on_link = |address: &Ipv6Addr| lease.blocks_v6.iter().any(|block| block.contains(address));
        Some(if addresses.all(is_on_link) { status::SUCCESS } else { status::NOT_ON_LINK })
    }
}

impl Association {
    fn parse(value: &[u8]) -> Option<Self> {
        let mut rest = value;
        let id = take(&mut rest, 4)?.try_into().ok()?;
        take(&mut rest, 8)?;
        let mut addresses = Vec::new();
        while !rest.is_empty() {
            if let (option::ADDRESS, value) = take_option(&mut rest)? {
                addresses.push(Ipv6Addr::from(<[u8; 16]>::try_from(value.get(..16)?).ok()?));
            }
        }
        Some(Self { id, addresses })
    }

    /// The ENI's addresses are in the first association. One that a client has and the ENI has not is told to be over.
    fn answer(&self, asked: u8, is_first: bool, lease: &Lease) -> Vec<u8> {
        let own: &[Ipv6Addr] = if is_first { &lease.v6 } else { &[] };
        let (renewed, rebound) = (lease.preferred / 2, lease.preferred / 5 * 4);
        let mut value = [self.id, renewed.to_be_bytes(), rebound.to_be_bytes()].concat();
        for address in own {
            let valid = lease.preferred.saturating_add(VALID_BEYOND);
            put_address(&mut value, *address, lease.preferred, valid);
        }
        if matches!(asked, kind::RENEW | kind::REBIND) {
            let over: Vec<_> = self.addresses.iter().filter(|address| !own.contains(address)).collect();
            over.into_iter().for_each(|address| put_address(&mut value, *address, 0, 0));
            if own.is_empty() && self.addresses.is_empty() {
                put_status(&mut value, status::NO_BINDING);
            }
        } else if own.is_empty() {
            put_status(&mut value, status::NO_ADDRESSES);
        }
        value
    }
}

fn configuration(reply: &mut Vec<u8>, lease: &Lease) {
    let servers = lease.name_servers.iter().filter_map(|server| match server {
        IpAddr::V6(server) => Some(server.octets()),
        IpAddr::V4(_) => None,
    });
    let servers: Vec<u8> = servers.flatten().collect();
    if !servers.is_empty() {
        put(reply, option::NAME_SERVERS, &servers);
    }
    let domains = lease.domain_name.iter().flat_map(|names| names.split_whitespace());
    let domains: Vec<u8> = domains.filter_map(labels).flatten().collect();
    if !domains.is_empty() {
        put(reply, option::DOMAINS, &domains);
    }
}

/// A domain as labels with their lengths, RFC 1035, section 3.1; none of what cannot be written so.
fn labels(domain: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    for label in domain.trim_end_matches('.').split('.') {
        bytes.push(u8::try_from(label.len()).ok().filter(|length| (1..=63).contains(length))?);
        bytes.extend(label.as_bytes());
    }
    bytes.push(0);
    Some(bytes)
}

/// The router's identifier: its Ethernet address, RFC 8415, section 11.4.
fn duid(lease: &Lease) -> Vec<u8> {
    [&[0, 3, 0, 1], &lease.router.0[..]].concat()
}

fn take_option<'a>(rest: &mut &'a [u8]) -> Option<(u16, &'a [u8])> {
    let (code, length) = (take_u16(rest)?, take_u16(rest)?);
    Some((code, take(rest, length.into())?))
}

fn put(bytes: &mut Vec<u8>, code: u16, value: &[u8]) {
    let length =
        u16::try_from(value.len()).expect("an option is no longer than the frame that asked, or a few addresses");
    bytes.extend([code.to_be_bytes(), length.to_be_bytes()].concat());
    bytes.extend(value);
}

fn put_address(bytes: &mut Vec<u8>, address: Ipv6Addr, preferred: u32, valid: u32) {
    let lifetimes = [preferred.to_be_bytes(), valid.to_be_bytes()].concat();
    put(bytes, option::ADDRESS, &[&address.octets()[..], &lifetimes].concat());
}

fn put_status(bytes: &mut Vec<u8>, code: u16) {
    put(bytes, option::STATUS, &code.to_be_bytes());
}

#[cfg(test)]
mod tests;
