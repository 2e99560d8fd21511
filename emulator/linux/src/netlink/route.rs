//! Routes in any table, see rtnetlink(7) and ip-route(8).

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use libc::{
    NLM_F_CREATE, NLM_F_EXCL, NLM_F_REPLACE, RTA_DST, RTA_GATEWAY, RTA_OIF, RTA_PREFSRC, RTA_PRIORITY, RTA_TABLE,
    RTM_DELROUTE, RTM_F_CLONED, RTM_GETROUTE, RTM_NEWROUTE, RTN_BLACKHOLE, RTN_LOCAL, RTN_PROHIBIT, RTN_THROW,
    RTN_UNICAST, RTN_UNREACHABLE, RTPROT_KERNEL, RTPROT_STATIC,
};

use super::{
    Netlink, Request,
    address::{family, ip_address, octets},
    message::{self, Message},
};
use crate::Result;

const RTNH_F_ONLINK: u32 = 4;
/// Size of `struct rtmsg`.
const FIXED: usize = 12;

/// Numbers of the tables that always exist.
pub mod table {
    /// Where routes go unless said otherwise.
    pub const MAIN: u32 = 254;
    /// Looked at after [`MAIN`].
    pub const DEFAULT: u32 = 253;
    /// The host's own addresses, looked at first.
    pub const LOCAL: u32 = 255;
}

/// A route.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RouteSpec {
    /// Where to: a network, or all zero with length 0 for the default route.
    pub destination: IpNet,
    /// The next hop.
    pub gateway: Option<IpAddr>,
    /// The index of the link it leaves by.
    pub link: Option<u32>,
    /// The table it is in.
    pub table: u32,
    /// How far the destination is (IPv4 only).
    pub scope: Scope,
    /// Whether the gateway is taken to be on the link even if no address says so.
    pub onlink: bool,
    /// What happens to matching packets.
    pub kind: RouteKind,
    /// The source address that local sockets get.
    pub source: Option<IpAddr>,
    /// Its preference among routes to the same destination, lower first. IPv6 makes 1024 of none.
    pub metric: Option<u32>,
}

/// How far a destination is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Scope {
    /// Anywhere.
    #[default]
    Universe,
    /// Within a site.
    Site,
    /// On the link.
    Link,
    /// This host.
    Host,
    /// Nowhere.
    Nowhere,
}

/// What a route does with a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum RouteKind {
    /// Send it on.
    #[default]
    Unicast,
    /// Take it in.
    Local,
    /// Drop it silently.
    Blackhole,
    /// Drop it and say so.
    Unreachable,
    /// Drop it and say that it is forbidden.
    Prohibit,
    /// Go on with the next rule.
    Throw,
    /// What the kernel makes by itself: broadcast, anycast, multicast.
    Other(u8),
}

impl RouteSpec {
    /// A route straight to what is on a link.
    pub fn on_link(destination: impl Into<IpNet>, link: u32) -> Self {
        Self { link: Some(link), scope: Scope::Link, ..Self::of_kind(destination, RouteKind::Unicast) }
    }

    /// A route by a gateway.
    pub fn via(destination: impl Into<IpNet>, gateway: impl Into<IpAddr>) -> Self {
        Self { gateway: Some(gateway.into()), ..Self::of_kind(destination, RouteKind::Unicast) }
    }

    /// A route of a kind, e.g. a blackhole.
    pub fn of_kind(destination: impl Into<IpNet>, kind: RouteKind) -> Self {
        Self {
            destination: destination.into().trunc(),
            gateway: None,
            link: None,
            table: table::MAIN,
            scope: Scope::Universe,
            onlink: false,
            kind,
            source: None,
            metric: None,
        }
    }

    /// Everything IPv4.
    pub fn default_v4() -> IpNet {
        Ipv4Net::default().into()
    }

    /// Everything IPv6.
    pub fn default_v6() -> IpNet {
        Ipv6Net::default().into()
    }

    /// The same leaving by a link.
    pub fn link(mut self, link: u32) -> Self {
        self.link = Some(link);
        self
    }

    /// The same in a table.
    pub fn table(mut self, table: u32) -> Self {
        self.table = table;
        self
    }

    /// The same with the gateway taken to be on the link.
    pub fn onlink(mut self) -> Self {
        self.onlink = true;
        self
    }

    /// The same with a source address for local sockets.
    pub fn source(mut self, source: impl Into<IpAddr>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// The same with a metric.
    pub fn metric(mut self, metric: u32) -> Self {
        self.metric = Some(metric);
        self
    }

    fn message(&self, kind: u16, flags: i32) -> Message {
        let deletes = kind == RTM_DELROUTE;
        let mut fixed = [0; FIXED];
        fixed[0] = family(self.destination.addr());
        fixed[1] = self.destination.prefix_len();
        fixed[4] = u8::try_from(self.table).unwrap_or(libc::RT_TABLE_UNSPEC);
        fixed[5] = if deletes { 0 } else { RTPROT_STATIC };
        fixed[6] = if deletes { Scope::Nowhere.number() } else { self.scope.number() };
        fixed[7] = self.kind.number();
        fixed[8..].copy_from_slice(&(if self.onlink { RTNH_F_ONLINK } else { 0 }).to_ne_bytes());
        let mut message = Message::new(kind, flags, &fixed);
        message.attr_u32(RTA_TABLE, self.table);
        if self.destination.prefix_len() > 0 {
            message.attr(RTA_DST, &octets(self.destination.addr()));
        }
        let addresses = [(RTA_GATEWAY, self.gateway), (RTA_PREFSRC, self.source)];
        for (kind, address) in addresses.into_iter().filter_map(|(kind, address)| Some((kind, address?))) {
            message.attr(kind, &octets(address));
        }
        let numbers = [(RTA_OIF, self.link), (RTA_PRIORITY, self.metric)];
        for (kind, number) in numbers.into_iter().filter_map(|(kind, number)| Some((kind, number?))) {
            message.attr_u32(kind, number);
        }
        message
    }
}

impl Netlink {
    /// The routes of all tables, the kernel's own included.
    pub fn routes(&self) -> Result<Vec<RouteSpec>> {
        let mut routes = self.routes_of(libc::AF_INET, None)?;
        routes.extend(self.routes_of(libc::AF_INET6, None)?);
        Ok(routes)
    }

    /// The routes of one table; none if it does not exist.
    pub fn routes_in(&self, table: u32) -> Result<Vec<RouteSpec>> {
        let mut routes = self.routes_of(libc::AF_INET, Some(table))?;
        routes.extend(self.routes_of(libc::AF_INET6, Some(table))?);
        Ok(routes)
    }

    /// The routes of all tables that somebody has set: those the kernel makes of addresses are left out.
    pub fn set_routes(&self) -> Result<Vec<RouteSpec>> {
        let is_set = |payload: &[u8]| payload.get(5).is_some_and(|origin| *origin != RTPROT_KERNEL);
        let mut decode_set = |kind, payload: &[u8]| if is_set(payload) { decode(kind, payload) } else { None };
        let mut routes = self.dump("list routes in", &listing(libc::AF_INET, None), &mut decode_set)?;
        routes.extend(self.dump("list routes in", &listing(libc::AF_INET6, None), &mut decode_set)?);
        Ok(routes)
    }

    fn routes_of(&self, family: libc::c_int, table: Option<u32>) -> Result<Vec<RouteSpec>> {
        match self.dump("list routes in", &listing(family, table), decode) {
            // With a filter the kernel refuses a table that was never used.
            Err(err) if table.is_some() && err.is_not_found() => Ok(Vec::new()),
            routes => routes,
        }
    }

    /// Adds a route, or changes the one to the same destination (and metric) in the same table.
    pub fn replace_route(&self, route: &RouteSpec) -> Result<()> {
        let message = route.message(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE);
        self.submit(Request { operation: "replace route", object: route.to_string(), message })
    }

    /// Adds a route that must not exist.
    pub fn add_route(&self, route: &RouteSpec) -> Result<()> {
        let message = route.message(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL);
        self.submit(Request { operation: "add route", object: route.to_string(), message })
    }

    /// Deletes a route; its scope and origin do not matter.
    pub fn delete_route(&self, route: &RouteSpec) -> Result<()> {
        let message = route.message(RTM_DELROUTE, 0);
        self.submit(Request { operation: "delete route", object: route.to_string(), message })
    }
}

fn listing(family: libc::c_int, table: Option<u32>) -> Message {
    let mut fixed = [0; FIXED];
    fixed[0] = family as u8;
    let mut message = Message::new(RTM_GETROUTE, 0, &fixed);
    if let Some(table) = table {
        message.attr_u32(RTA_TABLE, table);
    }
    message
}

fn decode(kind: u16, payload: &[u8]) -> Option<RouteSpec> {
    let flags = message::u32_at(payload, 8)?;
    if kind != RTM_NEWROUTE || flags & RTM_F_CLONED != 0 {
        return None;
    }
    let any = match i32::from(payload[0]) {
        libc::AF_INET => Ipv4Addr::UNSPECIFIED.into(),
        libc::AF_INET6 => Ipv6Addr::UNSPECIFIED.into(),
        _ => return None,
    };
    let mut route = RouteSpec::of_kind(IpNet::new(any, payload[1]).ok()?, RouteKind::from_number(payload[7]));
    route.table = payload[4].into();
    route.scope = Scope::from_number(payload[6]);
    route.onlink = flags & RTNH_F_ONLINK != 0;
    for (kind, value) in message::attributes(payload, FIXED) {
        match kind {
            RTA_DST => route.destination = IpNet::new(ip_address(value)?, payload[1]).ok()?,
            RTA_GATEWAY => route.gateway = ip_address(value),
            RTA_PREFSRC => route.source = ip_address(value),
            RTA_OIF => route.link = message::u32_at(value, 0),
            RTA_PRIORITY => route.metric = message::u32_at(value, 0),
            RTA_TABLE => route.table = message::u32_at(value, 0)?,
            _ => {}
        }
    }
    Some(route)
}

impl Scope {
    pub(super) fn number(self) -> u8 {
        match self {
            Self::Universe => libc::RT_SCOPE_UNIVERSE,
            Self::Site => libc::RT_SCOPE_SITE,
            Self::Link => libc::RT_SCOPE_LINK,
            Self::Host => libc::RT_SCOPE_HOST,
            Self::Nowhere => libc::RT_SCOPE_NOWHERE,
        }
    }

    pub(super) fn from_number(number: u8) -> Self {
        match number {
            libc::RT_SCOPE_SITE => Self::Site,
            libc::RT_SCOPE_LINK => Self::Link,
            libc::RT_SCOPE_HOST => Self::Host,
            libc::RT_SCOPE_NOWHERE => Self::Nowhere,
            _ => Self::Universe,
        }
    }
}

impl RouteKind {
    fn number(self) -> u8 {
        match self {
            Self::Unicast => RTN_UNICAST,
            Self::Local => RTN_LOCAL,
            Self::Blackhole => RTN_BLACKHOLE,
            Self::Unreachable => RTN_UNREACHABLE,
            Self::Prohibit => RTN_PROHIBIT,
            Self::Throw => RTN_THROW,
            Self::Other(number) => number,
        }
    }

    fn from_number(number: u8) -> Self {
        match number {
            RTN_UNICAST => Self::Unicast,
            RTN_LOCAL => Self::Local,
            RTN_BLACKHOLE => Self::Blackhole,
            RTN_UNREACHABLE => Self::Unreachable,
            RTN_PROHIBIT => Self::Prohibit,
            RTN_THROW => Self::Throw,
            other => Self::Other(other),
        }
    }
}

impl fmt::Display for RouteSpec {
    /// As `ip route` writes it, with the link's index.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            RouteKind::Unicast => {}
            RouteKind::Other(number) => write!(f, "kind {number} ")?,
            kind => write!(f, "{} ", format!("{kind:?}").to_lowercase())?,
        }
        write!(f, "{}", self.destination)?;
        if let Some(gateway) = self.gateway {
            write!(f, " via {gateway}")?;
        }
        if let Some(link) = self.link {
            write!(f, " dev {link}")?;
        }
        if self.table != table::MAIN {
            write!(f, " table {}", self.table)?;
        }
        if let Some(source) = self.source {
            write!(f, " src {source}")?;
        }
        if let Some(metric) = self.metric {
            write!(f, " metric {metric}")?;
        }
        if self.onlink {
            write!(f, " onlink")?;
        }
        Ok(())
    }
}
