//! The namespace of a NAT gateway: how it forwards, and how long it remembers.

use linux_net::{nft, sysctl};
use nft_ruleset::Table;

use super::apply::Result;
use super::namespace::Namespace;

/// It sends on by the link that packets come from, of which it tells nobody. A connection that is idle for 350 seconds is
/// forgotten, and one that it does not know the beginning of is none, see
/// <https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-troubleshooting.html#nat-gateway-troubleshooting-timeout>.
pub(super) const SYSCTLS: &[(&str, &str)] = &[
    ("net.ipv4.ip_forward", "1"),
    ("net.ipv4.conf.all.rp_filter", "0"),
    ("net.ipv4.conf.default.rp_filter", "0"),
    ("net.ipv4.conf.all.send_redirects", "0"),
    ("net.ipv4.conf.default.send_redirects", "0"),
    ("net.netfilter.nf_conntrack_tcp_timeout_established", "350"),
    ("net.netfilter.nf_conntrack_udp_timeout", "350"),
    ("net.netfilter.nf_conntrack_udp_timeout_stream", "350"),
    ("net.netfilter.nf_conntrack_icmp_timeout", "350"),
    ("net.netfilter.nf_conntrack_tcp_loose", "0"),
    // What is out of a connection's window is for its ends to judge; all else of TCP that is not known gets a reset.
    ("net.netfilter.nf_conntrack_tcp_be_liberal", "1"),
];

/// A namespace that translates, not connected yet.
pub(super) fn create(rules: &Table) -> Result<Namespace> {
    let namespace = Namespace::create()?;
    prepare(&namespace, rules)?;
    Ok(namespace)
}

/// Sets up the namespace.
pub(super) fn prepare(namespace: &Namespace, rules: &Table) -> Result<()> {
    sysctl::write_all(namespace.netns(), SYSCTLS)?;
    nft::replace(namespace.netns(), rules)?;
    Ok(namespace.note_generation()?)
}
