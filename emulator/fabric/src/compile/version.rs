//! What differs between IPv4 and IPv6 in a table: fields, types of keys, and the names of sets.

use std::net::IpAddr;

use ipnet::IpNet;
use nft_ruleset::{Field, KeyPart, KeyType};

/// One version of the protocol as rules see it.
pub(super) struct Version {
    suffix: &'static str,
    pub(super) address: KeyType,
    pub(super) source: Field,
    pub(super) destination: Field,
    pub(super) next_hop: Field,
}

/// Both versions. A set has addresses of one of them, so there are two of each.
pub(super) const VERSIONS: [Version; 2] = [
    Version {
        suffix: "",
        address: KeyType::Ipv4Address,
        source: Field::Ip4Source,
        destination: Field::Ip4Destination,
        next_hop: Field::Ip4NextHop,
    },
    Version {
        suffix: "6",
        address: KeyType::Ipv6Address,
        source: Field::Ip6Source,
        destination: Field::Ip6Destination,
        next_hop: Field::Ip6NextHop,
    },
];

impl Version {
    /// The version of an address.
    pub(super) fn of(address: IpAddr) -> &'static Self {
        const { &VERSIONS }.get(usize::from(address.is_ipv6())).expect("there are two versions")
    }

    /// Whether a network is of this version.
    pub(super) fn has(&self, net: IpNet) -> bool {
        Self::of(net.addr()).address == self.address
    }

    /// This version's set of those that have a name in common.
    pub(super) fn set(&self, name: &str) -> String {
        format!("{name}{}", self.suffix)
    }
}

/// An address as it is found in sets of addresses; none of a network that has more than one.
pub(super) fn single(net: IpNet) -> Option<KeyPart> {
    (net.prefix_len() == net.max_prefix_len()).then(|| KeyPart::Address(net.addr()))
}
