//! DHCP for IPv4: an ENI's primary address, by RFC 2131 and 2132.
//!
//! Deviation: in a subnet that has IPv6 only, nothing is answered; AWS gives its instances a link-local IPv4 address.

use std::net::{IpAddr, Ipv4Addr};

use vpc_model::Mac;

use super::frame::Datagram;
use super::lease::{Lease, LeaseV4};
use super::take;

pub(super) const SERVER_PORT: u16 = 67;
const CLIENT_PORT: u16 = 68;

/// How long an address is leased, in seconds.
const LEASE: u32 = 3600;
/// An ENI's MTU, in bytes.
const MTU: u16 = 9001;

const REQUEST: u8 = 1;
const REPLY: u8 = 2;
const ETHERNET: u8 = 1;
const COOKIE: [u8; 4] = [99, 130, 83, 99];
/// The head without what nobody fills in: server's name and file.
const HEAD_BYTES: usize = 236;
/// What old clients take for a whole message.
const LEAST_BYTES: usize = 300;
const BROADCAST: u16 = 0x8000;

/// Numbers of options, RFC 2132.
mod option {
    pub(super) const PAD: u8 = 0;
    pub(super) const SUBNET_MASK: u8 = 1;
    pub(super) const ROUTERS: u8 = 3;
    pub(super) const NAME_SERVERS: u8 = 6;
    pub(super) const HOST_NAME: u8 = 12;
    pub(super) const DOMAIN_NAME: u8 = 15;
    pub(super) const MTU: u8 = 26;
    pub(super) const BROADCAST: u8 = 28;
    pub(super) const TIME_SERVERS: u8 = 42;
    pub(super) const NETBIOS_SERVERS: u8 = 44;
    pub(super) const NETBIOS_NODE_TYPE: u8 = 46;
    pub(super) const REQUESTED_ADDRESS: u8 = 50;
    pub(super) const LEASE: u8 = 51;
    pub(super) const MESSAGE_TYPE: u8 = 53;
    pub(super) const SERVER: u8 = 54;
    pub(super) const CLIENT: u8 = 61;
    pub(super) const END: u8 = 255;
}

/// Types of messages.
mod kind {
    pub(super) const DISCOVER: u8 = 1;
    pub(super) const OFFER: u8 = 2;
    pub(super) const REQUEST: u8 = 3;
    pub(super) const ACK: u8 = 5;
    pub(super) const NAK: u8 = 6;
    pub(super) const INFORM: u8 = 8;
}

/// What a client says, as far as it matters.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Message<'a> {
    transaction: [u8; 4],
    flags: u16,
    /// The address it has already.
    own: Ipv4Addr,
    kind: u8,
    requested: Option<Ipv4Addr>,
    server: Option<Ipv4Addr>,
    client: Option<&'a [u8]>,
}

/// The frame that answers a frame, if it is a well-formed question; `lease` looks up who asks.
pub(super) fn answer(frame: &[u8], lease: impl FnOnce(Mac) -> Option<Lease>) -> Option<Vec<u8>> {
    let asked = Datagram::parse(frame)?;
    let mac = asked.macs[0];
    let message = Message::parse(asked.content, mac).filter(|_| asked.ports == [CLIENT_PORT, SERVER_PORT])?;
    let lease = lease(mac)?;
    let v4 = lease.v4?;
    let kind = message.answered_with(&v4)?;
    let to = match kind {
        kind::NAK => Ipv4Addr::BROADCAST,
        _ if !message.own.is_unspecified() => message.own,
        _ if message.flags & BROADCAST != 0 => Ipv4Addr::BROADCAST,
        _ => v4.address,
    };
    let reply = Datagram {
        macs: [lease.router, mac],
        addresses: [v4.router.into(), to.into()],
        ports: [SERVER_PORT, CLIENT_PORT],
        content: message.reply(kind, &lease, &v4),
    };
    Some(reply.frame())
}

impl<'a> Message<'a> {
    /// Reads a message of a client that has an Ethernet address and asks directly, not by a relay.
    fn parse(bytes: &'a [u8], Mac(mac): Mac) -> Option<Self> {
        let head = bytes.get(..HEAD_BYTES)?;
        let address = |at: usize| Ipv4Addr::new(head[at], head[at + 1], head[at + 2], head[at + 3]);
        if head[..3] != [REQUEST, ETHERNET, 6] || head[28..34] != mac || !address(24).is_unspecified() {
            return None;
        }
        let mut rest = bytes[HEAD_BYTES..].strip_prefix(&COOKIE)?;
        let (mut kind, mut requested, mut server, mut client) = (None, None, None, None);
        loop {
            let code = take(&mut rest, 1)?[0];
            match code {
                option::PAD => continue,
                option::END => break,
                _ => {}
            }
            let length = take(&mut rest, 1)?[0];
            let value = take(&mut rest, length.into())?;
            let address = || Some(Ipv4Addr::from(<[u8; 4]>::try_from(value).ok()?));
            match code {
                option::MESSAGE_TYPE => kind = Some(*value.first().filter(|_| value.len() == 1)?),
                option::REQUESTED_ADDRESS => requested = Some(address()?),
                option::SERVER => server = Some(address()?),
                option::CLIENT => client = Some(value),
                _ => {}
            }
        }
        let transaction = head[4..8].try_into().ok()?;
        let flags = u16::from_be_bytes([head[10], head[11]]);
        Some(Self { transaction, flags, own: address(12), kind: kind?, requested, server, client })
    }

    /// The kind of the answer; none where another server is meant, or nothing is asked.
    fn answered_with(&self, lease: &LeaseV4) -> Option<u8> {
        match self.kind {
            kind::DISCOVER => Some(kind::OFFER),
            kind::REQUEST if self.server.is_some_and(|server| server != lease.router) => None,
            kind::REQUEST => {
                // A client that renews names the address it has in the head, and no other.
                let wanted = self.requested.or((!self.own.is_unspecified()).then_some(self.own))?;
                Some(if wanted == lease.address { kind::ACK } else { kind::NAK })
            }
            kind::INFORM if !self.own.is_unspecified() => Some(kind::ACK),
            _ => None,
        }
    }

    fn reply(&self, kind: u8, lease: &Lease, v4: &LeaseV4) -> Vec<u8> {
        let is_leased = matches!(kind, kind::OFFER | kind::ACK) && self.kind != kind::INFORM;
        let mut bytes = vec![0; HEAD_BYTES];
        bytes[..3].copy_from_slice(&[REPLY, ETHERNET, 6]);
        bytes[4..8].copy_from_slice(&self.transaction);
        bytes[10..12].copy_from_slice(&self.flags.to_be_bytes());
        if kind == kind::ACK {
            bytes[12..16].copy_from_slice(&self.own.octets());
        }
        if is_leased {
            bytes[16..20].copy_from_slice(&v4.address.octets());
        }
        bytes[28..34].copy_from_slice(&lease.mac.0);
        bytes.extend(COOKIE);
        put(&mut bytes, option::MESSAGE_TYPE, &[kind]);
        put(&mut bytes, option::SERVER, &v4.router.octets());
        if is_leased {
            put(&mut bytes, option::LEASE, &LEASE.to_be_bytes());
        }
        if kind != kind::NAK {
            configuration(&mut bytes, lease, v4);
        }
        if let Some(client) = self.client {
            put(&mut bytes, option::CLIENT, client);
        }
        bytes.push(option::END);
        bytes.resize(bytes.len().max(LEAST_BYTES), 0);
        bytes
    }
}

/// What a client is told besides its address.
fn configuration(bytes: &mut Vec<u8>, lease: &Lease, v4: &LeaseV4) {
    let servers = |servers: &[IpAddr]| -> Vec<u8> {
        let of_ipv4 = servers.iter().filter_map(|server| match server {
            IpAddr::V4(server) => Some(server.octets()),
            IpAddr::V6(_) => None,
        });
        of_ipv4.flatten().collect()
    };
    put(bytes, option::SUBNET_MASK, &v4.block.netmask().octets());
    put(bytes, option::BROADCAST, &v4.block.broadcast().octets());
    put(bytes, option::ROUTERS, &v4.router.octets());
    put(bytes, option::NAME_SERVERS, &servers(&lease.name_servers));
    put(bytes, option::HOST_NAME, lease.host_name.as_deref().unwrap_or_default().as_bytes());
    put(bytes, option::DOMAIN_NAME, lease.domain_name.as_deref().unwrap_or_default().as_bytes());
    put(bytes, option::MTU, &MTU.to_be_bytes());
    put(bytes, option::TIME_SERVERS, &servers(&lease.time_servers));
    put(bytes, option::NETBIOS_SERVERS, &lease.netbios_servers.iter().flat_map(Ipv4Addr::octets).collect::<Vec<_>>());
    put(bytes, option::NETBIOS_NODE_TYPE, lease.netbios_node_type.as_slice());
}

/// Adds an option that says something; a long one goes on in a second of the same number (RFC 3396).
fn put(bytes: &mut Vec<u8>, code: u8, value: &[u8]) {
    for part in value.chunks(255) {
        bytes.extend([code, u8::try_from(part.len()).expect("a part has at most 255 bytes")]);
        bytes.extend(part);
    }
}

#[cfg(test)]
mod tests;
