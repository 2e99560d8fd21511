//! The namespaces the reconciler holds, and how a fabric's is set up.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, OnceLock};

use linux_net::neighbour_discovery::Router;
use linux_net::{Netlink, Netns, Result, nft, sysctl};
use vpc_model::SubnetId;

use super::shelf::Shelves;

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

/// Frames between the ports of bridges are not for the rules, which know routed packets. These settings are there as long
/// as the machine has loaded the filter of bridges.
const BRIDGE_FILTER_SYSCTLS: &[(&str, &str)] = &[
    ("net/bridge/bridge-nf-call-iptables", "0"),
    ("net/bridge/bridge-nf-call-ip6tables", "0"),
    ("net/bridge/bridge-nf-call-arptables", "0"),
];

/// How a subnet's bridge treats neighbours; these settings have no default within a namespace.
const NEIGHBOUR_SYSCTLS: &[(&str, &str)] = &[
    // It answers for others at once.
    ("proxy_delay", "0"),
    // Where addresses are is known; nobody is asked, so nobody can claim an address.
    ("mcast_solicit", "0"),
    ("ucast_solicit", "0"),
    ("app_solicit", "0"),
];

/// What a bridge has from the fabric's defaults.
const BRIDGE_SYSCTLS: &[(&str, &str)] =
    &[("forwarding", "1"), ("rp_filter", "0"), ("send_redirects", "0"), ("proxy_arp_pvlan", "1")];

/// A namespace with a socket to its network configuration.
#[derive(Debug)]
pub(super) struct Namespace {
    pub(super) netlink: Netlink,
    /// The indexes of a fabric's bridges.
    pub(super) bridges: BTreeMap<SubnetId, u32>,
    /// What answers IPv6 hosts, from the first time that there is something to answer.
    router: OnceLock<Router>,
    /// The generation of its nf_tables rulesets after our last change; 0 before the first.
    generation: AtomicU32,
    /// Where the ports of subnets are that have more than one bridge takes.
    pub(super) shelves: Mutex<BTreeMap<SubnetId, Shelves>>,
}

impl Namespace {
    pub(super) fn create() -> Result<Self> {
        let netlink = Netlink::open(&Netns::create()?)?;
        Ok(Self {
            netlink,
            bridges: BTreeMap::new(),
            router: OnceLock::new(),
            generation: AtomicU32::new(0),
            shelves: Mutex::default(),
        })
    }

    pub(super) fn create_fabric() -> Result<Self> {
        let namespace = Self::create()?;
        namespace.prepare_fabric()?;
        Ok(namespace)
    }

    /// Sets up a fabric.
    pub(super) fn prepare_fabric(&self) -> Result<()> {
        sysctl::write_all(self.netns(), &fabric_sysctls())
    }

    /// Sets up a bridge.
    pub(super) fn prepare_bridge(&self, name: &str) -> Result<()> {
        self.write(&bridge_sysctls(name))
    }

    /// Lets a link speak IPv6. What it is made with keeps it from choosing addresses itself.
    pub(super) fn enable_ipv6(&self, name: &str) -> Result<()> {
        self.write(&ipv6_sysctls(name))
    }

    fn write(&self, settings: &[(String, &str)]) -> Result<()> {
        sysctl::write_all(self.netns(), &settings.iter().map(|(key, value)| (key.as_str(), *value)).collect::<Vec<_>>())
    }

    /// Notes that we have just changed rules.
    pub(super) fn note_generation(&self) -> Result<()> {
        self.generation.store(nft::generation(self.netns())?, Ordering::Relaxed);
        Ok(())
    }

    /// The generation of the rules as we left them.
    pub(super) fn noted_generation(&self) -> u32 {
        self.generation.load(Ordering::Relaxed)
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

/// The settings of a fabric.
pub(super) fn fabric_sysctls() -> Vec<(&'static str, &'static str)> {
    let is_there = |(key, _): &&(&str, &str)| Path::new("/proc/sys").join(key).exists();
    FABRIC_SYSCTLS.iter().chain(BRIDGE_FILTER_SYSCTLS.iter().filter(is_there)).copied().collect()
}

/// The settings of a subnet's bridge.
pub(super) fn bridge_sysctls(name: &str) -> Vec<(String, &'static str)> {
    let versions = ["ipv4", "ipv6"].into_iter();
    let both = versions.flat_map(|version| NEIGHBOUR_SYSCTLS.iter().map(move |it| (version, it)));
    let neighbours = both.map(|(version, (key, value))| (format!("net/{version}/neigh/{name}/{key}"), *value));
    let own = BRIDGE_SYSCTLS.iter().map(|(key, value)| (format!("net/ipv4/conf/{name}/{key}"), *value));
    ipv6_sysctls(name).into_iter().chain(neighbours).chain(own).collect()
}

/// The settings of a link that speaks IPv6.
pub(super) fn ipv6_sysctls(name: &str) -> Vec<(String, &'static str)> {
    [("disable_ipv6", "0"), ("accept_dad", "0")]
        .map(|(key, value)| (format!("net/ipv6/conf/{name}/{key}"), value))
        .to_vec()
}
