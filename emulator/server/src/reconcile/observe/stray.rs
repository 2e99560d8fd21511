//! What is in our namespaces and belongs to no applied object: somebody else made it, or it was left half made.

use std::fmt;
use std::net::IpAddr;

use ipnet::IpNet;
use linux_net::netlink::{RouteSpec, RuleSpec};
use linux_net::nft::{self, TableError};
use linux_net::{Mac, unless_gone};
use nft_ruleset::{Family, encode};
use vpc_model::VpcId;

use super::Place;
use super::seen::Seen;
use crate::reconcile::apply::{Result, of_vpc};
use crate::reconcile::fabric::Fabric;

/// Something that belongs to no object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stray {
    /// The VPC whose fabric it is in; none is the internet.
    vpc: Option<VpcId>,
    what: What,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum What {
    Link(String, u32),
    Address(u32, IpNet),
    Route(RouteSpec),
    Rule(RuleSpec),
    Neighbour(u32, IpAddr),
    /// An Ethernet address that a bridge's port would let pass.
    Forwarding(u32, Mac),
    /// A table of nf_tables besides ours, whose rules would be asked too.
    Table(Family, String),
}

impl Stray {
    pub(super) fn of(place: Place<'_>, seen: Seen) -> Vec<Self> {
        let links: Vec<What> = seen.stray_links.into_iter().map(|(name, index)| What::Link(name, index)).collect();
        // With a link goes what hangs on it.
        let stays = |link: u32| !links.iter().any(|what| matches!(what, What::Link(_, index) if *index == link));
        let addresses = seen.addresses.into_iter().filter(|(link, _)| stays(*link));
        let routes = seen.routes.into_values().filter(|route| route.link.is_none_or(stays));
        let neighbours = seen.neighbours.into_keys().filter(|(link, _)| stays(*link));
        let forwarding = seen.forwarding.into_iter().filter(|(link, _)| stays(*link));
        let mut all: Vec<What> = addresses.map(|(link, address)| What::Address(link, address)).collect();
        all.extend(routes.map(What::Route));
        all.extend(seen.rules.into_iter().map(What::Rule));
        all.extend(neighbours.map(|(link, address)| What::Neighbour(link, address)));
        all.extend(forwarding.map(|(link, mac)| What::Forwarding(link, mac)));
        all.extend(seen.tables.into_iter().map(|(family, name)| What::Table(family, name)));
        all.extend(links);
        let vpc = match place {
            Place::Vpc(vpc) => Some(vpc.clone()),
            Place::Internet => None,
        };
        let mut strays: Vec<Self> = all.into_iter().map(|what| Self { vpc: vpc.clone(), what }).collect();
        strays.sort_by_cached_key(ToString::to_string);
        strays
    }

    /// Takes it away.
    pub(in crate::reconcile) fn remove(&self, fabric: &Fabric) -> Result<()> {
        let namespace = match &self.vpc {
            Some(vpc) => of_vpc(fabric, vpc)?,
            None => fabric.internet.namespace()?,
        };
        let netlink = &namespace.netlink;
        if let What::Table(family, name) = &self.what {
            let batch = encode::delete_table(*family, name).map_err(TableError::from)?;
            return Ok(unless_gone(nft::apply(namespace.netns(), &batch))?);
        }
        Ok(unless_gone(match &self.what {
            What::Link(_, index) => netlink.delete_link(*index),
            What::Address(link, address) => netlink.delete_address(*link, *address),
            What::Route(route) => netlink.delete_route(route),
            What::Rule(rule) => netlink.delete_rule(rule),
            What::Neighbour(link, address) => netlink.delete_neighbour(*link, *address),
            What::Forwarding(link, mac) => netlink.delete_fdb(*link, *mac),
            What::Table(..) => Ok(()),
        })?)
    }
}

impl fmt::Display for Stray {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.vpc {
            Some(vpc) => write!(f, "- {vpc} ")?,
            None => f.write_str("- internet ")?,
        }
        match &self.what {
            What::Link(name, _) => write!(f, "link {name}"),
            What::Address(link, address) => write!(f, "address {address} of link {link}"),
            What::Route(route) => write!(f, "route {route}"),
            What::Rule(rule) => write!(f, "routing rule {rule}"),
            What::Neighbour(link, address) => write!(f, "neighbour {address} on link {link}"),
            What::Table(family, name) => write!(f, "nf_tables table {name} of family {family:?}"),
            What::Forwarding(link, mac) => {
                write!(f, "forwarding entry {} on link {link}", vpc_model::Mac(*mac))
            }
        }
    }
}
