//! The only code that changes this machine: network namespaces, links, routes, rules, nf_tables, tc/BPF, sysctls.
//!
//! Synchronous, and built on the kernel's own interfaces (rtnetlink(7), namespaces(7), bpf(2)): no `ip`, `nft` or
//! `sysctl` program is needed. Every operation takes the [`Netns`] it works in; nothing outside namespaces that the
//! caller made or opened is touched. Namespaces are held by file descriptors, so when the process ends the kernel
//! removes what it made.

mod bpf;
pub mod capture;
mod checksum;
pub mod conntrack;
mod error;
pub mod features;
pub mod neighbour_discovery;
pub mod netlink;
mod netns;
pub mod nft;
pub mod packets;
pub mod process;
pub mod socket;
pub mod sysctl;
pub mod userns;
pub mod vlan;

pub use checksum::checksum;
pub use error::{Error, Result, unless_gone, unless_there};
pub use netlink::Netlink;
pub use netns::Netns;
pub use nix::errno::Errno;

/// An Ethernet address.
pub type Mac = [u8; 6];

/// Writes an Ethernet address as people do: `02:00:00:00:00:01`.
pub fn mac_text(mac: Mac) -> String {
    let [a, b, c, d, e, f] = mac;
    format!("{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{f:02x}")
}
