//! Where routes' packets are going: a block, or all blocks of a prefix list.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;

use ipnet::IpNet;

use super::{Route, RouteOrigin, RouteTable};
use crate::{Model, PrefixListId};

/// Where a route's packets are going.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Destination {
    /// To the addresses of a block.
    Block(IpNet),
    /// To those of all blocks that a prefix list has at a time.
    PrefixList(PrefixListId),
}

impl Destination {
    /// The block, if it is one.
    pub fn block(&self) -> Option<IpNet> {
        match self {
            Self::Block(block) => Some(*block),
            Self::PrefixList(_) => None,
        }
    }

    /// The same without bits beyond its length.
    pub(super) fn trunc(self) -> Self {
        match self {
            Self::Block(block) => Self::Block(block.trunc()),
            list @ Self::PrefixList(_) => list,
        }
    }
}

impl From<IpNet> for Destination {
    fn from(block: IpNet) -> Self {
        Self::Block(block)
    }
}

impl From<PrefixListId> for Destination {
    fn from(id: PrefixListId) -> Self {
        Self::PrefixList(id)
    }
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Block(block) => block.fmt(f),
            Self::PrefixList(id) => id.fmt(f),
        }
    }
}

impl Model {
    /// A table's routes by block. Of several to the same block, one that names the block wins over one by a prefix
    /// list, and both over one that is propagated.
    pub fn routes_by_block(&self, table: &RouteTable) -> BTreeMap<IpNet, Route> {
        let priority = |route: &Route| match (&route.destination, route.origin) {
            (_, RouteOrigin::Propagation) => 0,
            (Destination::PrefixList(_), _) => 1,
            (Destination::Block(_), _) => 2,
        };
        let mut all = self.all_routes(table);
        all.sort_by_key(priority);
        let blocks =
            |route: Route| self.blocks_of(&route.destination).into_iter().map(move |block| (block, route.clone()));
        all.into_iter().flat_map(blocks).collect()
    }

    /// The route an address takes: the most specific one that contains it.
    pub fn route_for(&self, table: &RouteTable, address: IpAddr) -> Option<Route> {
        let fitting = self.routes_by_block(table).into_iter().filter(|(block, _)| block.contains(&address));
        fitting.max_by_key(|(block, _)| block.prefix_len()).map(|(_, route)| route)
    }

    /// The blocks that are meant.
    fn blocks_of(&self, destination: &Destination) -> Vec<IpNet> {
        match destination {
            Destination::Block(block) => vec![*block],
            Destination::PrefixList(id) => {
                self.prefix_lists.get(id).map(|list| list.entries().keys().copied().collect()).unwrap_or_default()
            }
        }
    }

    /// Whether IPv6 addresses are meant.
    pub(super) fn is_ipv6(&self, destination: &Destination) -> bool {
        match destination {
            Destination::Block(block) => matches!(block, IpNet::V6(_)),
            Destination::PrefixList(id) => self.prefix_lists.get(id).is_some_and(|list| list.is_ipv6),
        }
    }

    /// For how many routes one with this destination counts: a prefix list counts with all the entries it can have.
    pub(super) fn route_weight(&self, destination: &Destination) -> usize {
        match destination {
            Destination::Block(_) => 1,
            Destination::PrefixList(id) => self.prefix_lists.get(id).map_or(1, |list| list.max_entries as usize),
        }
    }
}
