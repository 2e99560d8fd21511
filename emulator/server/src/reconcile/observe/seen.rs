//! What one namespace holds, for comparison.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::net::IpAddr;

use ipnet::IpNet;
use linux_net::netlink::{Link, RouteKind, RouteSpec, RuleSpec};
use linux_net::{Mac, Result, nft};
use nft_ruleset::Family;
use vpc_fabric::names;

use crate::reconcile::namespace::Namespace;

/// The names of links that a fabric's objects have and no other.
const OWN_LINKS: &[&str] = &["sn-", "vb-", "pc-"];
/// The priorities of the rules that every namespace begins with.
const FIRST_RULES: &[u32] = &[0, 32_766, 32_767];
/// What IPv6 makes of a route without a metric.
const METRIC_V6: u32 = 1024;

/// What a namespace holds. Facts that are looked for are taken out, so that strays are left.
#[derive(Debug)]
pub(super) struct Seen {
    pub(super) links: BTreeMap<String, Link>,
    pub(super) stray_links: BTreeMap<String, u32>,
    pub(super) addresses: HashSet<(u32, IpNet)>,
    pub(super) routes: HashMap<RouteKey, RouteSpec>,
    pub(super) rules: HashSet<RuleSpec>,
    pub(super) neighbours: HashMap<(u32, IpAddr), Option<Mac>>,
    pub(super) forwarding: HashSet<(u32, Mac)>,
    pub(super) generation: u32,
    /// Tables of nf_tables that are not ours; looked for only if somebody changed any.
    pub(super) tables: Vec<(Family, String)>,
    /// The settings that were asked for, and whose they are; read together at the end.
    pub(super) settings: Vec<(String, &'static str)>,
}

/// What there is one route of: destination, table, metric.
type RouteKey = (IpNet, u32, u32);

impl Seen {
    pub(super) fn look(namespace: &Namespace) -> Result<Self> {
        let netlink = &namespace.netlink;
        let links: BTreeMap<String, Link> =
            netlink.links()?.into_iter().map(|link| (link.name.clone(), link)).collect();
        let is_own = |name: &str| OWN_LINKS.iter().any(|own| name.starts_with(own));
        let stray_links =
            links.values().filter(|link| is_own(&link.name)).map(|link| (link.name.clone(), link.index)).collect();
        let addresses = netlink.addresses()?.into_iter().filter(|it| !it.address.addr().is_loopback());
        let rules = netlink.rules()?.into_iter().filter(|rule| !FIRST_RULES.contains(&rule.priority));
        let neighbours = netlink.permanent_neighbours()?.into_iter().map(|it| ((it.link, it.address), it.mac));
        let forwarding = netlink.fdb(None)?.into_iter().filter(|it| it.is_static && !it.local);
        let generation = nft::generation(namespace.netns())?;
        let mut tables = Vec::new();
        if generation != namespace.noted_generation() {
            tables = nft::list_tables(namespace.netns())?;
            tables.retain(|(family, name)| (*family, name.as_str()) != (Family::Inet, names::TABLE));
        }
        Ok(Self {
            addresses: addresses.map(|it| (it.link, it.address)).collect(),
            routes: netlink.set_routes()?.into_iter().map(|route| (route_key(&route), route)).collect(),
            rules: rules.collect(),
            neighbours: neighbours.collect(),
            forwarding: forwarding.map(|it| (it.link, it.mac)).collect(),
            generation,
            tables,
            settings: Vec::new(),
            stray_links,
            links,
        })
    }

    /// A link, which is somebody's from now on.
    pub(super) fn link(&mut self, name: &str) -> Option<&Link> {
        self.stray_links.remove(name);
        self.links.get(name)
    }

    pub(super) fn index(&self, name: &str) -> Option<u32> {
        self.links.get(name).map(|link| link.index)
    }

    /// How the route to a destination differs; nothing if it does not.
    pub(super) fn route(&mut self, expected: &RouteSpec) -> Result<(), Option<String>> {
        let found = self.routes.remove(&route_key(expected)).ok_or(None)?;
        let link = |route: &RouteSpec| route.link.filter(|_| route.kind == RouteKind::Unicast);
        let is_same =
            found.kind == expected.kind && found.gateway == expected.gateway && link(&found) == link(expected);
        if is_same { Ok(()) } else { Err(Some(found.to_string())) }
    }

    /// The same for a neighbour.
    pub(super) fn neighbour(&mut self, link: u32, address: IpAddr, mac: Mac) -> Result<(), Option<String>> {
        match self.neighbours.remove(&(link, address)) {
            Some(found) if found == Some(mac) => Ok(()),
            Some(found) => {
                let text = found.map_or_else(|| "nowhere".to_owned(), |mac| vpc_model::Mac(mac).to_string());
                Err(Some(format!("{address} at {text}")))
            }
            None => Err(None),
        }
    }
}

fn route_key(route: &RouteSpec) -> RouteKey {
    let without = if route.destination.addr().is_ipv4() { 0 } else { METRIC_V6 };
    (route.destination, route.table, route.metric.unwrap_or(without))
}
