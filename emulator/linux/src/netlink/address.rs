//! Addresses of links, see rtnetlink(7).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;
use libc::{
    IFA_ADDRESS, IFA_F_NODAD, IFA_F_NOPREFIXROUTE, IFA_FLAGS, IFA_LOCAL, NLM_F_CREATE, NLM_F_EXCL, RTM_DELADDR,
    RTM_GETADDR, RTM_NEWADDR,
};

use super::{
    Netlink, Request, Scope,
    link::LinkRef,
    message::{self, Message},
};
use crate::Result;

/// Size of `struct ifaddrmsg`.
const FIXED: usize = 8;

/// An address to add. A plain `IpNet` (address and prefix length) converts to one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AddressSpec {
    /// The address, with the length of the network it is in.
    pub address: IpNet,
    /// Where it is valid.
    pub scope: Scope,
    /// Whether the kernel adds a route to the network.
    pub prefix_route: bool,
}

/// An address of a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Address {
    /// The link's index.
    pub link: u32,
    /// The address, with the length of the network it is in.
    pub address: IpNet,
    /// Where it is valid.
    pub scope: Scope,
    /// Whether the kernel made a route to the network with it.
    pub prefix_route: bool,
}

impl From<IpNet> for AddressSpec {
    fn from(address: IpNet) -> Self {
        Self { address, scope: Scope::Universe, prefix_route: true }
    }
}

impl Netlink {
    /// All addresses of all links.
    pub fn addresses(&self) -> Result<Vec<Address>> {
        let message = Message::new(RTM_GETADDR, 0, &header(0, 0, 0, 0));
        self.dump("list addresses in", &message, decode)
    }

    /// The addresses of one link.
    pub fn addresses_of<'a>(&self, link: impl Into<LinkRef<'a>>) -> Result<Vec<Address>> {
        let message = Message::new(RTM_GETADDR, 0, &header(0, 0, 0, self.index(link)?));
        self.dump("list addresses in", &message, decode)
    }

    /// Adds an address to a link. An IPv6 address is usable at once: no duplicate is looked for.
    pub fn add_address<'a>(&self, link: impl Into<LinkRef<'a>>, address: impl Into<AddressSpec>) -> Result<()> {
        let (link, spec) = (link.into(), address.into());
        let index = self.index(link)?;
        let fixed = header(family(spec.address.addr()), spec.address.prefix_len(), spec.scope.number(), index);
        let mut message = Message::new(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, &fixed);
        write_address(&mut message, spec.address);
        let no_route = if spec.prefix_route { 0 } else { IFA_F_NOPREFIXROUTE };
        message.attr_u32(IFA_FLAGS, IFA_F_NODAD | no_route);
        self.submit(Request { operation: "add address", object: format!("{} to {link}", spec.address), message })
    }

    /// Removes an address from a link.
    pub fn delete_address<'a>(&self, link: impl Into<LinkRef<'a>>, address: IpNet) -> Result<()> {
        let link = link.into();
        let fixed = header(family(address.addr()), address.prefix_len(), 0, self.index(link)?);
        let mut message = Message::new(RTM_DELADDR, 0, &fixed);
        write_address(&mut message, address);
        self.submit(Request { operation: "delete address", object: format!("{address} of {link}"), message })
    }
}

fn write_address(message: &mut Message, address: IpNet) {
    let bytes = octets(address.addr());
    message.attr(IFA_LOCAL, &bytes);
    message.attr(IFA_ADDRESS, &bytes);
}

/// `struct ifaddrmsg`.
fn header(family: u8, prefix_length: u8, scope: u8, link: u32) -> [u8; FIXED] {
    let mut bytes = [family, prefix_length, 0, scope, 0, 0, 0, 0];
    bytes[4..].copy_from_slice(&link.to_ne_bytes());
    bytes
}

fn decode(kind: u16, payload: &[u8]) -> Option<Address> {
    if kind != RTM_NEWADDR {
        return None;
    }
    let (mut local, mut address, mut flags) = (None, None, 0);
    for (kind, value) in message::attributes(payload, FIXED) {
        match kind {
            IFA_LOCAL => local = ip_address(value),
            IFA_ADDRESS => address = ip_address(value),
            IFA_FLAGS => flags = message::u32_at(value, 0)?,
            _ => {}
        }
    }
    Some(Address {
        link: message::u32_at(payload, 4)?,
        address: IpNet::new(local.or(address)?, *payload.get(1)?).ok()?,
        scope: Scope::from_number(*payload.get(3)?),
        prefix_route: flags & IFA_F_NOPREFIXROUTE == 0,
    })
}

/// The address family's number.
pub(super) fn family(address: IpAddr) -> u8 {
    match address {
        IpAddr::V4(_) => libc::AF_INET as u8,
        IpAddr::V6(_) => libc::AF_INET6 as u8,
    }
}

/// An address in network order.
pub(super) fn octets(address: IpAddr) -> Vec<u8> {
    match address {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().to_vec(),
    }
}

/// The address that an attribute of 4 or 16 bytes holds.
pub(super) fn ip_address(bytes: &[u8]) -> Option<IpAddr> {
    if let Ok(v4) = <[u8; 4]>::try_from(bytes) {
        return Some(Ipv4Addr::from(v4).into());
    }
    <[u8; 16]>::try_from(bytes).ok().map(|v6| Ipv6Addr::from(v6).into())
}
