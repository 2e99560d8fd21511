//! The namespaces the reconciler holds, and how a fabric's is set up.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use linux_net::neighbour_discovery::Router;
use linux_net::{Netlink, Netns, Result, sysctl};
use vpc_model::SubnetId;

/// How a fabric differs from an ordinary host. `default` settings are for links made later.
const FABRIC_SYSCTLS: &[(&str, &str)] = &[
    ("net.ipv6.conf.all.forwarding", "1"),
    // Bridges and links to elsewhere speak IPv6; ports carry it without.
    ("net.ipv6.conf.default.disable_ipv6", "1"),
    ("net.ipv4.ip_forward", "1"),
    // Sources are checked by the rules, per ENI; the kernel's own check knows only routes.
    ("net.ipv4.conf.all.rp_filter", "0"),
    ("net.ipv4.conf.default.rp_filter", "0"),
    // A redirected host would send to its neighbour, which isolated ports keep it from reaching.
    ("net.ipv4.conf.all.send_redirects", "0"),
    ("net.ipv4.conf.default.send_redirects", "0"),
    ("net.ipv4.conf.all.accept_redirects", "0"),
    ("net.ipv4.conf.default.accept_redirects", "0"),
    // The router answers for every address of the subnet.
    ("net.ipv4.conf.all.proxy_arp_pvlan", "1"),
    ("net.ipv4.conf.default.proxy_arp_pvlan", "1"),
];

/// How a subnet's bridge treats neighbours; these settings have no default within a namespace.
const BRIDGE_SYSCTLS: &[(&str, &str)] = &[
    // It answers for others at once.
    ("proxy_delay", "0"),
    // Where addresses are is known; nobody is asked, so nobody can claim an address.
    ("mcast_solicit", "0"),
    ("ucast_solicit", "0"),
    ("app_solicit", "0"),
];

/// A namespace with a socket to its network configuration.
#[derive(Debug)]
pub(super) struct Namespace {
    pub(super) netlink: Netlink,
    /// The indexes of a fabric's bridges.
    pub(super) bridges: BTreeMap<SubnetId, u32>,
    /// What answers IPv6 hosts, from the first time that there is something to answer.
    router: OnceLock<Router>,
}

impl Namespace {
    pub(super) fn create() -> Result<Self> {
        Ok(Self { netlink: Netlink::open(&Netns::create()?)?, bridges: BTreeMap::new(), router: OnceLock::new() })
    }

    pub(super) fn create_fabric() -> Result<Self> {
        let namespace = Self::create()?;
        sysctl::write_all(namespace.netns(), FABRIC_SYSCTLS)?;
        Ok(namespace)
    }

    /// Sets up a bridge that has just been made.
    pub(super) fn prepare_bridge(&self, name: &str) -> Result<()> {
        self.enable_ipv6(name)?;
        let both = ["ipv4", "ipv6"].into_iter().flat_map(|version| BRIDGE_SYSCTLS.iter().map(move |it| (version, it)));
        let settings = both.map(|(version, (key, value))| (format!("net/{version}/neigh/{name}/{key}"), *value));
        let settings: Vec<(String, &str)> = settings.collect();
        sysctl::write_all(self.netns(), &settings.iter().map(|(key, value)| (key.as_str(), *value)).collect::<Vec<_>>())
    }

    /// Lets a link that has just been made speak IPv6. What it is made with keeps it from choosing addresses itself.
    pub(super) fn enable_ipv6(&self, name: &str) -> Result<()> {
        let keys = ["disable_ipv6", "accept_dad"].map(|key| format!("net/ipv6/conf/{name}/{key}"));
        sysctl::write_all(self.netns(), &[(&keys[0], "0"), (&keys[1], "0")])
    }

    /// What answers IPv6 hosts in a fabric.
    pub(super) fn router(&self) -> Result<&Router> {
        match self.router.get() {
            Some(router) => Ok(router),
            None => Router::start(self.netns()).map(|router| self.router.get_or_init(|| router)),
        }
    }

    /// Nothing is told on a bridge any more.
    pub(super) fn forget_bridge(&mut self, subnet: &SubnetId) {
        if let (Some(bridge), Some(router)) = (self.bridges.remove(subnet), self.router.get()) {
            router.leave(bridge);
        }
    }

    pub(super) fn netns(&self) -> &Netns {
        self.netlink.netns()
    }
}
