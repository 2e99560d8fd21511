//! What this kernel and our rights allow, found by trying it in a throw-away namespace.
//!
//! Code asks [`Features`] once at start and degrades or refuses; `vpcbox doctor` prints it.

use std::{
    collections::BTreeMap,
    fmt,
    fs::File,
    io::{Read, Write},
    os::fd::OwnedFd,
};

use nft_ruleset::{Family, Table, encode};
use nix::{
    errno::Errno,
    sched::{self, CloneFlags},
    sys::{utsname, wait},
    unistd::{self, ForkResult},
};

use crate::{
    Netlink, Netns, Result, bpf,
    netlink::{BridgePort, LinkSpec, RuleSpec},
    nft, sysctl, userns,
    vlan::{self, Carrier},
};

/// Something the kernel may or may not offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Feature {
    /// Namespaces in which an ordinary user is root.
    UserNamespace,
    /// Network namespaces.
    NetworkNamespace,
    /// Pairs of links.
    Veth,
    /// Bridges whose ports can be isolated from each other.
    IsolatedPort,
    /// Bridge ports that accept known source addresses only.
    LockedPort,
    /// Answering ARP within one link.
    ProxyArp,
    /// Rules that choose a routing table.
    PolicyRouting,
    /// nf_tables in the inet family.
    NfTables,
    /// 802.1Q devices.
    VlanDevice,
    /// Loading BPF programs for tc.
    Bpf,
    /// The tag shim: tc filters that push and pop VLAN tags.
    TagShim,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Features {
    /// The kernel's release.
    pub kernel: String,
    /// As whom it was found.
    pub privilege: Privilege,
    found: BTreeMap<Feature, std::result::Result<(), Errno>>,
}

/// How this process may make namespaces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Privilege {
    /// As it is: it is root, or has entered a user namespace.
    Root,
    /// After [`userns::enter`].
    Rootless,
}

/// A feature that is missing, and why that matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this kernel offers no {feature}, needed for {}: {} ({errno:?})", .feature.needed_for(), .errno.desc())]
pub struct Missing {
    /// The feature.
    pub feature: Feature,
    /// What the kernel answered.
    pub errno: Errno,
}

/// Tries every feature. Call it before threads start if this process is not root: it forks to try a user namespace.
///
/// Nothing it makes outlives it, and the machine's own namespace is not touched.
pub fn probe() -> Features {
    let (privilege, found) = match Netns::create() {
        Err(err) if err.is_permission() => (Privilege::Rootless, in_child(|| userns::enter().and(Ok(try_all())))),
        _ => (Privilege::Root, Ok(try_all())),
    };
    // A child that could not even start says the same of everything.
    let found = found.unwrap_or_else(|errno| Feature::ALL.map(|_| Err(errno)));
    let mut found: BTreeMap<_, _> = Feature::ALL.into_iter().zip(found).collect();
    if privilege == Privilege::Root {
        found.insert(Feature::UserNamespace, try_user_namespace());
    }
    let kernel = utsname::uname().map(|name| name.release().to_string_lossy().into_owned()).unwrap_or_default();
    Features { kernel, privilege, found }
}

impl Features {
    /// Whether a feature is there.
    pub fn has(&self, feature: Feature) -> bool {
        self.require(feature).is_ok()
    }

    /// Asks for a feature.
    ///
    /// # Errors
    /// Says what is missing and what it is needed for.
    pub fn require(&self, feature: Feature) -> Result<(), Missing> {
        let found = self.found.get(&feature).copied().unwrap_or(Err(Errno::ENOSYS));
        found.map_err(|errno| Missing { feature, errno })
    }

    /// Everything that is missing and without which no VPC can be built.
    pub fn obstacles(&self) -> Vec<Missing> {
        let needed = Feature::ALL.into_iter().filter(|feature| self.is_needed(*feature));
        needed.filter_map(|feature| self.require(feature).err()).collect()
    }

    fn is_needed(&self, feature: Feature) -> bool {
        match feature {
            Feature::UserNamespace => self.privilege == Privilege::Rootless,
            Feature::VlanDevice | Feature::Bpf | Feature::TagShim => false,
            _ => true,
        }
    }
}

impl Feature {
    /// All features, in the order in which they build on each other.
    pub const ALL: [Self; 11] = [
        Self::UserNamespace,
        Self::NetworkNamespace,
        Self::Veth,
        Self::IsolatedPort,
        Self::LockedPort,
        Self::ProxyArp,
        Self::PolicyRouting,
        Self::NfTables,
        Self::VlanDevice,
        Self::Bpf,
        Self::TagShim,
    ];

    /// What vpcbox does with it.
    pub fn needed_for(self) -> &'static str {
        match self {
            Self::UserNamespace => "running without root",
            Self::NetworkNamespace => "VPCs, instances and pods",
            Self::Veth => "the wires of network interfaces",
            Self::IsolatedPort => "subnets in which every packet meets the rules",
            Self::LockedPort => "dropping forged Ethernet addresses",
            Self::ProxyArp => "reaching neighbours of the same subnet",
            Self::PolicyRouting => "route tables and several interfaces a node",
            Self::NfTables => "security groups and network ACLs",
            Self::VlanDevice => "branch network interfaces",
            Self::Bpf => "the tag shim",
            Self::TagShim => "branch network interfaces without 802.1Q devices",
        }
    }

    fn attempt(self, bench: &Bench) -> Result<()> {
        match self {
            // The caller knows better than a namespace can tell.
            Self::UserNamespace | Self::NetworkNamespace | Self::Veth => Ok(()),
            Self::IsolatedPort => bench.keeps_flag(|port| &mut port.isolated),
            Self::LockedPort => bench.keeps_flag(|port| &mut port.locked),
            Self::ProxyArp => sysctl::write(&bench.netns, "net.ipv4.conf.near.proxy_arp_pvlan", "1"),
            Self::PolicyRouting => bench.netlink.add_rule(&RuleSpec::v4(100, 1000).iif("near")),
            Self::NfTables => bench.loads_ruleset(),
            Self::VlanDevice => add_vlan(bench, Carrier::VlanDevice),
            Self::Bpf => bpf::load("vpcbox_probe", &bpf::drop_tagged()).map(drop),
            Self::TagShim => add_vlan(bench, Carrier::TagShim),
        }
    }
}

/// A namespace with a veth pair and a bridge, to try things on.
struct Bench {
    netns: Netns,
    netlink: Netlink,
}

impl Bench {
    fn make(netns: Netns) -> Result<Self> {
        let netlink = Netlink::open(&netns)?;
        netlink.add_veth(&LinkSpec::new("near").quiet(), &LinkSpec::new("far").quiet(), None)?;
        Ok(Self { netns, netlink })
    }

    /// Old kernels ignore flags they do not know, so read it back.
    fn keeps_flag(&self, flag: impl Fn(&mut BridgePort) -> &mut bool) -> Result<()> {
        if self.netlink.link("bridge")?.is_none() {
            self.netlink.add_bridge(&LinkSpec::new("bridge"))?;
            self.netlink.set_master("far", Some(self.netlink.index("bridge")?))?;
        }
        let mut wanted = BridgePort::default();
        *flag(&mut wanted) = true;
        self.netlink.set_bridge_port("far", wanted)?;
        let kept = self.netlink.link("far")?.and_then(|link| link.port);
        if kept.is_some_and(|mut port| *flag(&mut port)) {
            Ok(())
        } else {
            Err(crate::Error::new("set flag of", "a bridge's port", Errno::EOPNOTSUPP))
        }
    }

    fn loads_ruleset(&self) -> Result<()> {
        let table = Table { family: Family::Inet, name: "vpcbox".into(), sets: Vec::new(), chains: Vec::new() };
        let batch = encode::replace_table(&table).expect("an empty table has nothing that could not be encoded");
        nft::apply(&self.netns, &batch)
    }
}

fn add_vlan(bench: &Bench, carrier: Carrier) -> Result<()> {
    let name = if carrier == Carrier::TagShim { "shim" } else { "vlan" };
    vlan::add(&bench.netns, "near", name, 5, [2, 0, 0, 0, 0, 5], 1500, carrier).map(drop)
}

/// What each feature's attempt gave, in their order.
type Found = [std::result::Result<(), Errno>; Feature::ALL.len()];

fn try_all() -> Found {
    match Netns::create() {
        Err(err) => Feature::ALL.map(|_| Err(err.errno())),
        Ok(netns) => match Bench::make(netns) {
            Err(err) => Feature::ALL.map(|feature| match feature {
                Feature::UserNamespace | Feature::NetworkNamespace => Ok(()),
                _ => Err(err.errno()),
            }),
            Ok(bench) => Feature::ALL.map(|feature| feature.attempt(&bench).map_err(|err| err.errno())),
        },
    }
}

fn try_user_namespace() -> std::result::Result<(), Errno> {
    let flags = CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_NEWNS;
    let found = in_child(|| {
        let unshared = sched::unshare(flags);
        Ok(Feature::ALL.map(|_| unshared))
    })?;
    found[0]
}

/// Runs `work` in a forked child and gives what it found.
fn in_child(work: impl FnOnce() -> Result<Found>) -> std::result::Result<Found, Errno> {
    let (answers, reply) = unistd::pipe()?;
    // SAFETY: the child runs `work` and ends without returning here. glibc keeps allocation usable after a fork, and
    // no lock of ours is held.
    match unsafe { unistd::fork() }? {
        ForkResult::Child => {
            drop(answers);
            let found = work().unwrap_or_else(|err| Feature::ALL.map(|_| Err(err.errno())));
            send(reply, &found);
            // SAFETY: ends the child at once: the parent's exit handlers are not its to run.
            unsafe { libc::_exit(0) }
        }
        ForkResult::Parent { child } => {
            drop(reply);
            let found = receive(answers);
            wait::waitpid(child, None)?;
            found.ok_or(Errno::ECHILD)
        }
    }
}

fn send(to: OwnedFd, found: &Found) {
    let bytes: Vec<u8> =
        found.iter().flat_map(|result| result.err().map_or(0, |errno| errno as i32).to_ne_bytes()).collect();
    // The parent sees a short answer if this fails.
    drop(File::from(to).write_all(&bytes));
}

fn receive(from: OwnedFd) -> Option<Found> {
    let mut bytes = [0; Feature::ALL.len() * 4];
    File::from(from).read_exact(&mut bytes).ok()?;
    let mut numbers = bytes.chunks_exact(4).map(|chunk| i32::from_ne_bytes([chunk[0], chunk[1], chunk[2], chunk[3]]));
    Some(Feature::ALL.map(|_| match numbers.next() {
        Some(0) => Ok(()),
        Some(number) => Err(Errno::from_raw(number)),
        None => Err(Errno::EIO),
    }))
}

impl fmt::Display for Feature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::UserNamespace => "user namespaces",
            Self::NetworkNamespace => "network namespaces",
            Self::Veth => "veth pairs",
            Self::IsolatedPort => "isolated bridge ports",
            Self::LockedPort => "locked bridge ports",
            Self::ProxyArp => "proxy ARP on one link",
            Self::PolicyRouting => "policy routing",
            Self::NfTables => "nf_tables (inet)",
            Self::VlanDevice => "802.1Q devices",
            Self::Bpf => "BPF programs for tc",
            Self::TagShim => "VLAN tags by tc/BPF",
        })
    }
}

impl fmt::Display for Features {
    /// The report of `vpcbox doctor`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let privilege = match self.privilege {
            Privilege::Root => "as root",
            Privilege::Rootless => "without root, in a user namespace",
        };
        writeln!(f, "Linux {}, {privilege}", self.kernel)?;
        for feature in Feature::ALL {
            match self.require(feature) {
                Ok(()) => writeln!(f, "✓ {feature:<22} {}", feature.needed_for())?,
                Err(Missing { errno, .. }) => {
                    let mark = if self.is_needed(feature) { '✗' } else { '–' };
                    writeln!(f, "{mark} {feature:<22} {}: {} ({errno:?})", feature.needed_for(), errno.desc())?;
                }
            }
        }
        match vlan::carrier(self) {
            Ok(carrier) => writeln!(f, "Branch network interfaces use the {carrier}.")?,
            Err(_) => writeln!(f, "Branch network interfaces (pod security groups) are not possible.")?,
        }
        match self.obstacles().len() {
            0 => write!(f, "VPCs can be built here."),
            count => write!(f, "VPCs cannot be built here: {count} missing (✗)."),
        }
    }
}
