//! Links: veth pairs, bridges and their ports, VLAN devices, see rtnetlink(7) and the kernel's `rt_link` specification.

mod decode;

use std::{
    fmt,
    os::fd::{AsFd, AsRawFd},
};

use libc::{
    IFLA_ADDRESS, IFLA_AF_SPEC, IFLA_IFALIAS, IFLA_IFNAME, IFLA_INFO_DATA, IFLA_INFO_KIND, IFLA_LINK, IFLA_LINKINFO,
    IFLA_MASTER, IFLA_MTU, IFLA_NET_NS_FD, IFLA_PROTINFO, NLM_F_CREATE, NLM_F_EXCL, RTM_DELLINK, RTM_GETLINK,
    RTM_NEWLINK, RTM_SETLINK,
};

use super::{Netlink, Request, message::Message};
use crate::{Mac, Netns, Result};

const IFF_UP: u32 = libc::IFF_UP as u32;
const VETH_INFO_PEER: u16 = 1;
const IFLA_VLAN_ID: u16 = 1;
const IFLA_BR_STP_STATE: u16 = 5;
const IFLA_BR_MCAST_SNOOPING: u16 = 23;
const IFLA_BRPORT_LEARNING: u16 = 8;
const IFLA_BRPORT_UNICAST_FLOOD: u16 = 9;
const IFLA_BRPORT_MCAST_FLOOD: u16 = 27;
const IFLA_BRPORT_BCAST_FLOOD: u16 = 30;
const IFLA_BRPORT_NEIGH_SUPPRESS: u16 = 32;
const IFLA_BRPORT_ISOLATED: u16 = 33;
const IFLA_BRPORT_LOCKED: u16 = 39;
const IFLA_INET6_ADDR_GEN_MODE: u16 = 8;
const IN6_ADDR_GEN_MODE_NONE: u8 = 1;
/// Size of `struct ifinfomsg`.
const FIXED: usize = 16;

/// A link as the kernel shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Its index.
    pub index: u32,
    /// Its name.
    pub name: String,
    /// Its Ethernet address, if it is an Ethernet link.
    pub mac: Option<Mac>,
    /// Its MTU.
    pub mtu: u32,
    /// Whether it is set up.
    pub up: bool,
    /// Whether its other end is up too.
    pub carrier: bool,
    /// The bridge it is a port of.
    pub master: Option<u32>,
    /// A veth's other end, or the link below a VLAN device. In another namespace if `parent_elsewhere`.
    pub parent: Option<u32>,
    /// Whether `parent` counts in another namespace.
    pub parent_elsewhere: bool,
    /// Its alias: our mark.
    pub alias: Option<String>,
    /// Its kind: `veth`, `bridge`, `vlan` …
    pub kind: Option<String>,
    /// A VLAN device's VLAN.
    pub vlan_id: Option<u16>,
    /// Its flags as a bridge's port.
    pub port: Option<BridgePort>,
}

/// A link by index or by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkRef<'a> {
    /// By index.
    Index(u32),
    /// By name.
    Name(&'a str),
}

/// What a new link shall be.
#[derive(Debug, Clone, Copy, Default)]
pub struct LinkSpec<'a> {
    /// Its name, at most 15 bytes.
    pub name: &'a str,
    /// Its Ethernet address; the kernel picks one if not given.
    pub mac: Option<Mac>,
    /// Its MTU.
    pub mtu: Option<u32>,
    /// Its alias: our mark, starting with `vpcbox:`.
    pub alias: Option<&'a str>,
    /// The index of the bridge it becomes a port of.
    pub master: Option<u32>,
    /// Whether it is set up.
    pub up: bool,
    /// Whether it makes itself no IPv6 link-local address (and so never sends a frame on its own).
    pub quiet: bool,
}

/// Flags of a bridge's port. The default is a new port's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BridgePort {
    /// It exchanges frames only with ports that are not isolated, and the bridge itself.
    pub isolated: bool,
    /// Frames whose source has no forwarding entry on this port are dropped.
    pub locked: bool,
    /// Source addresses make forwarding entries.
    pub learning: bool,
    /// Frames to unknown unicast addresses leave here.
    pub flood: bool,
    /// Frames to unknown multicast addresses leave here.
    pub mcast_flood: bool,
    /// Broadcasts leave here.
    pub bcast_flood: bool,
    /// The bridge answers ARP and neighbour discovery for known neighbours itself.
    pub neigh_suppress: bool,
}

impl Default for BridgePort {
    fn default() -> Self {
        Self {
            isolated: false,
            locked: false,
            learning: true,
            flood: true,
            mcast_flood: true,
            bcast_flood: true,
            neigh_suppress: false,
        }
    }
}

impl<'a> LinkSpec<'a> {
    /// A link that is down, of a given name.
    pub fn new(name: &'a str) -> Self {
        Self { name, ..Self::default() }
    }

    /// With an Ethernet address.
    pub fn mac(mut self, mac: Mac) -> Self {
        self.mac = Some(mac);
        self
    }

    /// With an MTU.
    pub fn mtu(mut self, mtu: u32) -> Self {
        self.mtu = Some(mtu);
        self
    }

    /// With an alias.
    pub fn alias(mut self, alias: &'a str) -> Self {
        self.alias = Some(alias);
        self
    }

    /// As a port of a bridge.
    pub fn master(mut self, bridge: u32) -> Self {
        self.master = Some(bridge);
        self
    }

    /// Set up.
    pub fn up(mut self) -> Self {
        self.up = true;
        self
    }

    /// Without an IPv6 link-local address.
    pub fn quiet(mut self) -> Self {
        self.quiet = true;
        self
    }

    fn write_creation(&self, message: &mut Message) {
        message.attr_str(IFLA_IFNAME, self.name);
        if let Some(mac) = self.mac {
            message.attr(IFLA_ADDRESS, &mac);
        }
        if let Some(mtu) = self.mtu {
            message.attr_u32(IFLA_MTU, mtu);
        }
    }

    fn needs_second_step(&self) -> bool {
        self.alias.is_some() || self.master.is_some() || self.up || self.quiet
    }
}

impl Netlink {
    /// All links.
    pub fn links(&self) -> Result<Vec<Link>> {
        let message = Message::new(RTM_GETLINK, 0, &ifinfo(0, 0, 0, 0));
        self.dump("list links in", &message, decode::link)
    }

    /// A link, if it exists.
    pub fn link<'a>(&self, link: impl Into<LinkRef<'a>>) -> Result<Option<Link>> {
        match self.find(link.into()) {
            Ok(link) => Ok(Some(link)),
            Err(err) if err.is_not_found() => Ok(None),
            Err(err) => Err(err),
        }
    }

    /// The link with an Ethernet address, VLAN devices and the like (which may share it) apart.
    pub fn link_by_mac(&self, mac: Mac) -> Result<Option<Link>> {
        let mut links = self.links()?;
        links.sort_by_key(|link| link.vlan_id.is_some());
        Ok(links.into_iter().find(|link| link.mac == Some(mac)))
    }

    /// The index of a link that must exist.
    pub fn index<'a>(&self, link: impl Into<LinkRef<'a>>) -> Result<u32> {
        match link.into() {
            LinkRef::Index(index) => Ok(index),
            by_name => Ok(self.find(by_name)?.index),
        }
    }

    /// Makes a veth pair: `near` here, `far` in `far_netns` (or here too).
    pub fn add_veth(&self, near: &LinkSpec<'_>, far: &LinkSpec<'_>, far_netns: Option<&Netns>) -> Result<()> {
        let message = creation(near, "veth", |data| {
            data.nest(VETH_INFO_PEER, |peer| {
                peer.raw(&ifinfo(0, 0, 0, 0));
                far.write_creation(peer);
                if let Some(netns) = far_netns {
                    peer.attr_u32(IFLA_NET_NS_FD, descriptor(netns));
                }
            });
        });
        let object = format!("veth {} ↔ {}", near.name, far.name);
        self.submit_steps(|direct| {
            direct.submit(Request { operation: "add", object, message })?;
            let finish = || {
                match far_netns {
                    Some(netns) if far.needs_second_step() => Netlink::open(netns)?.finish_creation(far)?,
                    Some(_) => {}
                    None => direct.finish_creation(far)?,
                }
                direct.finish_creation(near)
            };
            finish().inspect_err(|_| drop(direct.delete_link(near.name)))
        })
    }

    /// Makes a bridge without spanning tree and multicast snooping.
    ///
    /// Give it an Ethernet address: else it takes that of a port, and with each change the kernel forgets all
    /// neighbours, permanent ones too.
    pub fn add_bridge(&self, spec: &LinkSpec<'_>) -> Result<()> {
        let without = LinkSpec { mtu: None, ..*spec };
        let message = creation(&without, "bridge", |data| {
            data.attr_u32(IFLA_BR_STP_STATE, 0);
            data.attr_u8(IFLA_BR_MCAST_SNOOPING, 0);
        });
        self.submit_steps(|direct| {
            direct.create("bridge", &without, message)?;
            // An MTU that a bridge is made with is forgotten when its last port leaves.
            let sized = spec.mtu.map_or(Ok(()), |mtu| direct.set_mtu(spec.name, mtu));
            sized.inspect_err(|_| drop(direct.delete_link(spec.name)))
        })
    }

    /// Makes an 802.1Q device on the link with index `trunk`.
    pub fn add_vlan(&self, spec: &LinkSpec<'_>, trunk: u32, vlan_id: u16) -> Result<()> {
        let mut message = creation(spec, "vlan", |data| data.attr_u16(IFLA_VLAN_ID, vlan_id));
        message.attr_u32(IFLA_LINK, trunk);
        self.create("vlan", spec, message)
    }

    /// Deletes a link; a veth's other end goes with it.
    pub fn delete_link<'a>(&self, link: impl Into<LinkRef<'a>>) -> Result<()> {
        let link = link.into();
        let message = addressed(RTM_DELLINK, link, 0, 0);
        self.submit(Request { operation: "delete", object: link.to_string(), message })
    }

    /// Sets a link up.
    pub fn set_up<'a>(&self, link: impl Into<LinkRef<'a>>) -> Result<()> {
        let link = link.into();
        let message = addressed(RTM_NEWLINK, link, IFF_UP, IFF_UP);
        self.submit(Request { operation: "set up", object: link.to_string(), message })
    }

    /// Sets a link down.
    pub fn set_down<'a>(&self, link: impl Into<LinkRef<'a>>) -> Result<()> {
        let link = link.into();
        let message = addressed(RTM_NEWLINK, link, 0, IFF_UP);
        self.submit(Request { operation: "set down", object: link.to_string(), message })
    }

    /// Sets a link's MTU.
    pub fn set_mtu<'a>(&self, link: impl Into<LinkRef<'a>>, mtu: u32) -> Result<()> {
        self.set(link.into(), "set mtu of", |message| message.attr_u32(IFLA_MTU, mtu))
    }

    /// Sets a link's Ethernet address.
    pub fn set_mac<'a>(&self, link: impl Into<LinkRef<'a>>, mac: Mac) -> Result<()> {
        self.set(link.into(), "set address of", |message| message.attr(IFLA_ADDRESS, &mac))
    }

    /// Sets a link's alias.
    pub fn set_alias<'a>(&self, link: impl Into<LinkRef<'a>>, alias: &str) -> Result<()> {
        self.set(link.into(), "set alias of", |message| message.attr(IFLA_IFALIAS, alias.as_bytes()))
    }

    /// Makes a link a port of the bridge with index `master`, or of none.
    pub fn set_master<'a>(&self, link: impl Into<LinkRef<'a>>, master: Option<u32>) -> Result<()> {
        self.set(link.into(), "set master of", |message| message.attr_u32(IFLA_MASTER, master.unwrap_or(0)))
    }

    /// Keeps a link from making itself an IPv6 link-local address; call it before the link is set up.
    pub fn set_quiet<'a>(&self, link: impl Into<LinkRef<'a>>) -> Result<()> {
        self.set(link.into(), "set address generation of", write_quiet)
    }

    /// Renames a link.
    pub fn rename<'a>(&self, link: impl Into<LinkRef<'a>>, name: &str) -> Result<()> {
        let index = self.index(link)?;
        self.set(LinkRef::Index(index), "rename", |message| message.attr_str(IFLA_IFNAME, name))
    }

    /// Moves a link to another namespace, where it is down.
    pub fn move_to<'a>(&self, link: impl Into<LinkRef<'a>>, netns: &Netns) -> Result<()> {
        self.set(link.into(), "move", |message| message.attr_u32(IFLA_NET_NS_FD, descriptor(netns)))
    }

    /// Sets all flags of a bridge's port.
    pub fn set_bridge_port<'a>(&self, link: impl Into<LinkRef<'a>>, port: BridgePort) -> Result<()> {
        let index = self.index(link)?;
        let mut message = Message::new(RTM_SETLINK, 0, &ifinfo(libc::AF_BRIDGE as u8, index, 0, 0));
        message.nest(IFLA_PROTINFO, |flags| {
            flags.attr_u8(IFLA_BRPORT_ISOLATED, port.isolated.into());
            flags.attr_u8(IFLA_BRPORT_LOCKED, port.locked.into());
            flags.attr_u8(IFLA_BRPORT_LEARNING, port.learning.into());
            flags.attr_u8(IFLA_BRPORT_UNICAST_FLOOD, port.flood.into());
            flags.attr_u8(IFLA_BRPORT_MCAST_FLOOD, port.mcast_flood.into());
            flags.attr_u8(IFLA_BRPORT_BCAST_FLOOD, port.bcast_flood.into());
            flags.attr_u8(IFLA_BRPORT_NEIGH_SUPPRESS, port.neigh_suppress.into());
        });
        self.submit(Request { operation: "set bridge port", object: format!("link {index}"), message })
    }

    fn find(&self, link: LinkRef<'_>) -> Result<Link> {
        let message = addressed(RTM_GETLINK, link, 0, 0);
        self.get("find", &link.to_string(), &message, decode::link)
    }

    fn create(&self, kind: &'static str, spec: &LinkSpec<'_>, message: Message) -> Result<()> {
        let object = format!("{kind} {}", spec.name);
        self.submit_steps(|direct| {
            direct.submit(Request { operation: "add", object, message })?;
            direct.finish_creation(spec).inspect_err(|_| drop(direct.delete_link(spec.name)))
        })
    }

    /// Sets what the kernel does not take at creation.
    fn finish_creation(&self, spec: &LinkSpec<'_>) -> Result<()> {
        if !spec.needs_second_step() {
            return Ok(());
        }
        let up = if spec.up { IFF_UP } else { 0 };
        let mut message = addressed(RTM_NEWLINK, LinkRef::Name(spec.name), up, up);
        if let Some(alias) = spec.alias {
            message.attr(IFLA_IFALIAS, alias.as_bytes());
        }
        if let Some(master) = spec.master {
            message.attr_u32(IFLA_MASTER, master);
        }
        if spec.quiet {
            // An own message: the kernel makes the link-local address the moment the link goes up.
            self.set_quiet(spec.name)?;
        }
        self.submit(Request { operation: "finish", object: LinkRef::Name(spec.name).to_string(), message })
    }

    fn set(&self, link: LinkRef<'_>, operation: &'static str, fill: impl FnOnce(&mut Message)) -> Result<()> {
        let mut message = addressed(RTM_NEWLINK, link, 0, 0);
        fill(&mut message);
        self.submit(Request { operation, object: link.to_string(), message })
    }
}

fn creation(spec: &LinkSpec<'_>, kind: &str, data: impl FnOnce(&mut Message)) -> Message {
    let mut message = Message::new(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &ifinfo(0, 0, 0, 0));
    spec.write_creation(&mut message);
    message.nest(IFLA_LINKINFO, |info| {
        info.attr_str(IFLA_INFO_KIND, kind);
        info.nest(IFLA_INFO_DATA, data);
    });
    message
}

fn addressed(kind: u16, link: LinkRef<'_>, flags: u32, change: u32) -> Message {
    match link {
        LinkRef::Index(index) => Message::new(kind, 0, &ifinfo(0, index, flags, change)),
        LinkRef::Name(name) => {
            let mut message = Message::new(kind, 0, &ifinfo(0, 0, flags, change));
            message.attr_str(IFLA_IFNAME, name);
            message
        }
    }
}

fn write_quiet(message: &mut Message) {
    message.nest(IFLA_AF_SPEC, |families| {
        families.nest(libc::AF_INET6 as u16, |inet6| inet6.attr_u8(IFLA_INET6_ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_NONE));
    });
}

fn descriptor(netns: &Netns) -> u32 {
    netns.as_fd().as_raw_fd() as u32
}

/// `struct ifinfomsg`.
fn ifinfo(family: u8, index: u32, flags: u32, change: u32) -> [u8; FIXED] {
    let mut bytes = [0; FIXED];
    bytes[0] = family;
    bytes[4..8].copy_from_slice(&index.to_ne_bytes());
    bytes[8..12].copy_from_slice(&flags.to_ne_bytes());
    bytes[12..16].copy_from_slice(&change.to_ne_bytes());
    bytes
}

impl From<u32> for LinkRef<'_> {
    fn from(index: u32) -> Self {
        Self::Index(index)
    }
}

impl<'a> From<&'a str> for LinkRef<'a> {
    fn from(name: &'a str) -> Self {
        Self::Name(name)
    }
}

impl<'a> From<&'a String> for LinkRef<'a> {
    fn from(name: &'a String) -> Self {
        Self::Name(name)
    }
}

impl<'a> From<&'a Link> for LinkRef<'a> {
    fn from(link: &'a Link) -> Self {
        Self::Index(link.index)
    }
}

impl fmt::Display for LinkRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Index(index) => write!(f, "link {index}"),
            Self::Name(name) => write!(f, "link {name}"),
        }
    }
}
