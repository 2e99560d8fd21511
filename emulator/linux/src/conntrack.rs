//! Tracked connections, see <https://conntrack-tools.netfilter.org> and the kernel's `nfnetlink_conntrack.h`.
//!
//! AWS tracks connections per ENI: an address that goes from one ENI to another takes no connection with it. The
//! kernel tracks them per namespace, so whoever gives an address to another ENI has to have its connections forgotten.

use std::net::IpAddr;

use ipnet::IpNet;
use nix::sys::socket::SockProtocol;

use crate::{
    Error, Netns, Result,
    netlink::{
        message::{self, Message},
        socket::{Refusal, Socket},
    },
};

const CONNTRACK: u16 = 1 << 8;
const GET: u16 = CONNTRACK | 1;
const DELETE: u16 = CONNTRACK | 2;

/// Size of `struct nfgenmsg`.
const FIXED: usize = 4;

const TUPLE_ORIGINAL: u16 = 1;
const TUPLE_REPLY: u16 = 2;
const ID: u16 = 12;
const ZONE: u16 = 18;
const TUPLE_ADDRESSES: u16 = 1;
const V4_SOURCE: u16 = 1;
const V4_DESTINATION: u16 = 2;
const V6_SOURCE: u16 = 3;
const V6_DESTINATION: u16 = 4;

/// Makes the namespace forget all connections from or to addresses in the networks; gives how many there were.
///
/// Their next packets are new connections' packets.
pub fn forget(netns: &Netns, networks: &[IpNet]) -> Result<usize> {
    let mut socket = Socket::open(netns, SockProtocol::NetlinkNetFilter)?;
    let failed = |refusal: Refusal| {
        Error::new("forget", format!("connections in {netns}"), refusal.errno).with_detail(refusal.words)
    };
    let mut deletions = Vec::new();
    for family in families(networks) {
        let request = Message::new(GET, 0, &[family, 0, 0, 0]);
        let found = socket.dump(&request, |_, payload| {
            let concerned = addresses(payload).any(|address| networks.iter().any(|net| net.contains(&address)));
            concerned.then(|| deletion(family, payload))
        });
        deletions.extend(found.map_err(failed)?);
    }
    let outcomes = socket.execute(&deletions.iter().collect::<Vec<_>>()).map_err(|errno| failed(errno.into()))?;
    let mut forgotten = 0;
    for outcome in outcomes {
        match outcome {
            Ok(()) => forgotten += 1,
            // It ended by itself.
            Err(refusal) if refusal.errno == nix::errno::Errno::ENOENT => {}
            Err(refusal) => return Err(failed(refusal)),
        }
    }
    Ok(forgotten)
}

fn families(networks: &[IpNet]) -> impl Iterator<Item = u8> {
    let v4 = networks.iter().any(|net| matches!(net, IpNet::V4(_))).then_some(libc::AF_INET as u8);
    let v6 = networks.iter().any(|net| matches!(net, IpNet::V6(_))).then_some(libc::AF_INET6 as u8);
    [v4, v6].into_iter().flatten()
}

/// A request to delete the connection that a listing describes, and no later one of the same addresses and ports.
fn deletion(family: u8, payload: &[u8]) -> Message {
    let mut message = Message::new(DELETE, 0, &[family, 0, 0, 0]);
    for (kind, value) in message::attributes(payload, FIXED) {
        match kind {
            TUPLE_ORIGINAL => message.nest(kind, |tuple| tuple.raw(value)),
            ID | ZONE => message.attr(kind, value),
            _ => {}
        }
    }
    message
}

/// The addresses at both ends, as either side sees them.
fn addresses(payload: &[u8]) -> impl Iterator<Item = IpAddr> {
    let tuples = message::attributes(payload, FIXED).filter(|(kind, _)| matches!(*kind, TUPLE_ORIGINAL | TUPLE_REPLY));
    let parts = tuples.flat_map(|(_, tuple)| message::attributes(tuple, 0));
    let ends = parts.filter(|(kind, _)| *kind == TUPLE_ADDRESSES).flat_map(|(_, part)| message::attributes(part, 0));
    ends.filter_map(|(kind, bytes)| match kind {
        V4_SOURCE | V4_DESTINATION => Some(IpAddr::from(<[u8; 4]>::try_from(bytes).ok()?)),
        V6_SOURCE | V6_DESTINATION => Some(IpAddr::from(<[u8; 16]>::try_from(bytes).ok()?)),
        _ => None,
    })
}
