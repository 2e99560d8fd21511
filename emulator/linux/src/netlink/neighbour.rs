//! Neighbour entries (ARP and neighbour discovery) and bridge forwarding entries, see rtnetlink(7), bridge(8).

use std::net::IpAddr;

use libc::{
    NDA_DST, NDA_IFINDEX, NDA_LLADDR, NDA_MASTER, NDA_VLAN, NLM_F_CREATE, NLM_F_REPLACE, NTF_MASTER, NTF_PROXY,
    NTF_SELF, NUD_NOARP, NUD_PERMANENT, RTM_DELNEIGH, RTM_GETNEIGH, RTM_NEWNEIGH,
};

use super::{
    Netlink, Request,
    address::{family, ip_address, octets},
    link::LinkRef,
    message::{self, Message},
};
use crate::{Mac, Result, mac_text};

/// Size of `struct ndmsg`.
const FIXED: usize = 12;

/// A neighbour entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Neighbour {
    /// The link's index.
    pub link: u32,
    /// The neighbour's address.
    pub address: IpAddr,
    /// Its Ethernet address; none while unresolved, and for proxied ones.
    pub mac: Option<Mac>,
    /// Whether it was set by somebody and stays.
    pub permanent: bool,
    /// Whether this host answers for it.
    pub proxy: bool,
}

/// An entry of a bridge's forwarding table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FdbEntry {
    /// The port's index.
    pub link: u32,
    /// The Ethernet address behind it.
    pub mac: Mac,
    /// The bridge's index.
    pub bridge: Option<u32>,
    /// Whether it was set by somebody; else it was learned.
    pub is_static: bool,
    /// Whether it is the port's or bridge's own address.
    pub local: bool,
    /// Its VLAN, on a bridge that filters them.
    pub vlan: Option<u16>,
}

impl Netlink {
    /// All neighbour entries, proxied ones included.
    pub fn neighbours(&self) -> Result<Vec<Neighbour>> {
        let mut entries = self.dump_neighbours(0, None)?;
        entries.extend(self.dump_neighbours(NTF_PROXY, None)?);
        Ok(entries)
    }

    /// The neighbour entries that somebody has set, without proxied ones.
    pub fn permanent_neighbours(&self) -> Result<Vec<Neighbour>> {
        let mut entries = self.dump_neighbours(0, None)?;
        entries.retain(|entry| entry.permanent);
        Ok(entries)
    }

    /// The neighbour entries of one link, without proxied ones.
    pub fn neighbours_of<'a>(&self, link: impl Into<LinkRef<'a>>) -> Result<Vec<Neighbour>> {
        let index = self.index(link)?;
        self.dump_neighbours(0, Some(index))
    }

    /// Sets a permanent neighbour entry.
    pub fn replace_neighbour<'a>(
        &self,
        link: impl Into<LinkRef<'a>>,
        address: impl Into<IpAddr>,
        mac: Mac,
    ) -> Result<()> {
        let (link, address) = (link.into(), address.into());
        let fixed = header(family(address), self.index(link)?, NUD_PERMANENT, 0);
        let mut message = Message::new(RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, &fixed);
        message.attr(NDA_DST, &octets(address));
        message.attr(NDA_LLADDR, &mac);
        let object = format!("{address} at {} on {link}", mac_text(mac));
        self.submit(Request { operation: "replace neighbour", object, message })
    }

    /// Deletes a neighbour entry.
    pub fn delete_neighbour<'a>(&self, link: impl Into<LinkRef<'a>>, address: impl Into<IpAddr>) -> Result<()> {
        let (link, address) = (link.into(), address.into());
        let mut message = Message::new(RTM_DELNEIGH, 0, &header(family(address), self.index(link)?, 0, 0));
        message.attr(NDA_DST, &octets(address));
        self.submit(Request { operation: "delete neighbour", object: format!("{address} on {link}"), message })
    }

    /// Answers ARP or neighbour discovery on a link in place of an address.
    pub fn add_proxy<'a>(&self, link: impl Into<LinkRef<'a>>, address: impl Into<IpAddr>) -> Result<()> {
        self.proxy(RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, "add proxy", link.into(), address.into())
    }

    /// Stops answering in place of an address.
    pub fn delete_proxy<'a>(&self, link: impl Into<LinkRef<'a>>, address: impl Into<IpAddr>) -> Result<()> {
        self.proxy(RTM_DELNEIGH, 0, "delete proxy", link.into(), address.into())
    }

    fn proxy(&self, kind: u16, flags: i32, operation: &'static str, link: LinkRef<'_>, address: IpAddr) -> Result<()> {
        let fixed = header(family(address), self.index(link)?, NUD_PERMANENT, NTF_PROXY);
        let mut message = Message::new(kind, flags, &fixed);
        message.attr(NDA_DST, &octets(address));
        self.submit(Request { operation, object: format!("{address} on {link}"), message })
    }

    fn dump_neighbours(&self, flags: u8, link: Option<u32>) -> Result<Vec<Neighbour>> {
        let mut message = Message::new(RTM_GETNEIGH, 0, &header(0, 0, 0, flags));
        if let Some(link) = link {
            message.attr_u32(NDA_IFINDEX, link);
        }
        self.dump("list neighbours in", &message, decode_neighbour)
    }

    /// The forwarding entries of all bridges, or of the one with index `bridge`.
    pub fn fdb(&self, bridge: Option<u32>) -> Result<Vec<FdbEntry>> {
        let mut message = Message::new(RTM_GETNEIGH, 0, &header(libc::AF_BRIDGE as u8, 0, 0, 0));
        if let Some(bridge) = bridge {
            message.attr_u32(NDA_MASTER, bridge);
        }
        self.dump("list forwarding entries in", &message, decode_fdb)
    }

    /// Sets a static forwarding entry: frames to `mac` leave by the port `link`.
    pub fn replace_fdb<'a>(&self, link: impl Into<LinkRef<'a>>, mac: Mac) -> Result<()> {
        let link = link.into();
        // NUD_PERMANENT would make the address the bridge's own, so that its frames go up the stack.
        let fixed = header(libc::AF_BRIDGE as u8, self.index(link)?, NUD_NOARP, NTF_MASTER);
        let mut message = Message::new(RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, &fixed);
        message.attr(NDA_LLADDR, &mac);
        let object = format!("{} on {link}", mac_text(mac));
        self.submit(Request { operation: "replace forwarding entry", object, message })
    }

    /// Deletes a forwarding entry.
    pub fn delete_fdb<'a>(&self, link: impl Into<LinkRef<'a>>, mac: Mac) -> Result<()> {
        let link = link.into();
        let fixed = header(libc::AF_BRIDGE as u8, self.index(link)?, 0, NTF_MASTER);
        let mut message = Message::new(RTM_DELNEIGH, 0, &fixed);
        message.attr(NDA_LLADDR, &mac);
        let object = format!("{} on {link}", mac_text(mac));
        self.submit(Request { operation: "delete forwarding entry", object, message })
    }
}

/// `struct ndmsg`.
fn header(family: u8, link: u32, state: u16, flags: u8) -> [u8; FIXED] {
    let mut bytes = [0; FIXED];
    bytes[0] = family;
    bytes[4..8].copy_from_slice(&link.to_ne_bytes());
    bytes[8..10].copy_from_slice(&state.to_ne_bytes());
    bytes[10] = flags;
    bytes
}

fn decode_neighbour(kind: u16, payload: &[u8]) -> Option<Neighbour> {
    if kind != RTM_NEWNEIGH || i32::from(*payload.first()?) == libc::AF_BRIDGE {
        return None;
    }
    let (mut address, mut mac) = (None, None);
    for (kind, value) in message::attributes(payload, FIXED) {
        match kind {
            NDA_DST => address = ip_address(value),
            NDA_LLADDR => mac = value.try_into().ok(),
            _ => {}
        }
    }
    Some(Neighbour {
        link: message::u32_at(payload, 4)?,
        address: address?,
        mac,
        permanent: message::u16_at(payload, 8)? & NUD_PERMANENT != 0,
        proxy: payload.get(10)? & NTF_PROXY != 0,
    })
}

fn decode_fdb(kind: u16, payload: &[u8]) -> Option<FdbEntry> {
    // Entries of the device itself (its multicast filter) are not the bridge's.
    if kind != RTM_NEWNEIGH || payload.get(10)? & NTF_SELF != 0 && payload.get(10)? & NTF_MASTER == 0 {
        return None;
    }
    let state = message::u16_at(payload, 8)?;
    let mut entry = FdbEntry {
        link: message::u32_at(payload, 4)?,
        mac: [0; 6],
        bridge: None,
        is_static: state & (NUD_NOARP | NUD_PERMANENT) != 0,
        local: state & NUD_PERMANENT != 0,
        vlan: None,
    };
    for (kind, value) in message::attributes(payload, FIXED) {
        match kind {
            NDA_LLADDR => entry.mac = value.try_into().ok()?,
            NDA_MASTER => entry.bridge = message::u32_at(value, 0),
            NDA_VLAN => entry.vlan = message::u16_at(value, 0),
            _ => {}
        }
    }
    Some(entry)
}
