//! The tunnels of VPN connections and what can be asked of them.
//!
//! See <https://docs.aws.amazon.com/vpn/latest/s2svpn/VPNTunnels.html>.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::ops::RangeInclusive;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use super::{VpnConnection, VpnConnectionError, VpnTarget};
use crate::{Ids, Model, VpnConnectionId};

/// Where tunnels' inside blocks are taken from.
const INSIDE: Ipv4Net = Ipv4Net::new_assert(Ipv4Addr::new(169, 254, 0, 0), 16);
/// The same for IPv6.
const INSIDE_IPV6: Ipv6Net = Ipv6Net::new_assert(Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, 0), 8);
/// Where the addresses of Amazon's ends are taken from: a range of AWS's that nothing else here is taken from.
const OUTSIDE: Ipv4Addr = Ipv4Addr::new(3, 208, 0, 0);
/// How many low bits of an address in that range are free to choose.
const OUTSIDE_BITS: u32 = 20;
/// What generated keys are made of.
const KEY_CHARACTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz123456789._0";

/// A tunnel of a VPN connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VpnTunnel {
    /// The address of Amazon's end.
    pub outside: Ipv4Addr,
    /// What it is like: its inside block and key, and what was asked for besides.
    pub options: TunnelOptions,
}

/// What a tunnel can be asked to be like; what is not said has AWS's default.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TunnelOptions {
    /// The block of its ends' inside addresses.
    pub inside: Option<Ipv4Net>,
    /// The same for IPv6.
    pub inside_ipv6: Option<Ipv6Net>,
    /// The key that both ends know.
    pub pre_shared_key: Option<String>,
    /// Lifetimes and the like.
    pub numbers: BTreeMap<TunnelNumber, u32>,
    /// What the ends may agree on, and what they do.
    pub choices: BTreeMap<TunnelChoice, Vec<String>>,
    /// Where logs go.
    pub logs: Option<CloudWatchLogs>,
    /// Whether the customer decides when ends are replaced.
    pub lifecycle_control: Option<bool>,
}

/// Where a tunnel's logs go.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CloudWatchLogs {
    /// Whether there are any.
    pub enabled: bool,
    /// The log group.
    pub group: Option<String>,
    /// How they are written.
    pub format: Option<String>,
    /// Whether BGP is logged.
    pub bgp_enabled: bool,
    /// The log group for that.
    pub bgp_group: Option<String>,
    /// How those are written.
    pub bgp_format: Option<String>,
}

/// An option of a tunnel that is a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TunnelNumber {
    /// The lifetime of phase 1, in seconds.
    Phase1Lifetime,
    /// The lifetime of phase 2, in seconds.
    Phase2Lifetime,
    /// How long before its end a key is replaced, in seconds.
    RekeyMargin,
    /// How random that is, in per cent.
    RekeyFuzz,
    /// The packets in a replay window.
    ReplayWindow,
    /// After how many seconds a silent peer counts as dead.
    DpdTimeout,
}

/// An option of a tunnel that is one or several of some texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TunnelChoice {
    /// What is done about a dead peer.
    DpdAction,
    /// Encryption in phase 1.
    Phase1Encryption,
    /// Encryption in phase 2.
    Phase2Encryption,
    /// Integrity in phase 1.
    Phase1Integrity,
    /// Integrity in phase 2.
    Phase2Integrity,
    /// Diffie-Hellman groups in phase 1.
    Phase1Groups,
    /// Diffie-Hellman groups in phase 2.
    Phase2Groups,
    /// Versions of IKE.
    IkeVersion,
    /// Who begins.
    Startup,
}

impl TunnelNumber {
    /// The parameter's name and what it can be.
    pub const fn range(self) -> (&'static str, RangeInclusive<u32>) {
        match self {
            Self::Phase1Lifetime => ("Phase1LifetimeSeconds", 900..=28_800),
            Self::Phase2Lifetime => ("Phase2LifetimeSeconds", 900..=3600),
            Self::RekeyMargin => ("RekeyMarginTimeSeconds", 60..=1800),
            Self::RekeyFuzz => ("RekeyFuzzPercentage", 0..=100),
            Self::ReplayWindow => ("ReplayWindowSize", 64..=2048),
            Self::DpdTimeout => ("DPDTimeoutSeconds", 30..=u32::MAX),
        }
    }
}

impl TunnelChoice {
    /// The parameter's name and what it can be.
    pub const fn values(self) -> (&'static str, &'static [&'static str]) {
        const ENCRYPTION: &[&str] = &["AES128", "AES256", "AES128-GCM-16", "AES256-GCM-16"];
        const INTEGRITY: &[&str] = &["SHA1", "SHA2-256", "SHA2-384", "SHA2-512"];
        match self {
            Self::DpdAction => ("DPDTimeoutAction", &["clear", "none", "restart"]),
            Self::Phase1Encryption => ("Phase1EncryptionAlgorithm", ENCRYPTION),
            Self::Phase2Encryption => ("Phase2EncryptionAlgorithm", ENCRYPTION),
            Self::Phase1Integrity => ("Phase1IntegrityAlgorithm", INTEGRITY),
            Self::Phase2Integrity => ("Phase2IntegrityAlgorithm", INTEGRITY),
            Self::Phase1Groups => {
                ("Phase1DHGroupNumber", &["2", "14", "15", "16", "17", "18", "19", "20", "21", "22", "23", "24", "35"])
            }
            Self::Phase2Groups => (
                "Phase2DHGroupNumber",
                &["2", "5", "14", "15", "16", "17", "18", "19", "20", "21", "22", "23", "24", "35", "36", "37"],
            ),
            Self::IkeVersion => ("IKEVersion", &["ikev1", "ikev2"]),
            Self::Startup => ("StartupAction", &["add", "start"]),
        }
    }
}

impl TunnelOptions {
    /// Checks each option by itself.
    pub(super) fn check(&self) -> Result<(), VpnConnectionError> {
        if let Some(block) = self.inside.filter(|block| !is_inside(*block)) {
            return Err(VpnConnectionError::Inside(block.into()));
        }
        let is_inside_ipv6 = |block: &Ipv6Net| block.prefix_len() == 126 && INSIDE_IPV6.contains(block);
        if let Some(block) = self.inside_ipv6.filter(|block| !is_inside_ipv6(block)) {
            return Err(VpnConnectionError::Inside(block.into()));
        }
        if self.pre_shared_key.as_ref().is_some_and(|key| !is_key(key)) {
            return Err(VpnConnectionError::PreSharedKey);
        }
        for (number, value) in &self.numbers {
            let (name, range) = number.range();
            if !range.contains(value) {
                let (min, max) = range.into_inner();
                return Err(VpnConnectionError::Number { name, value: *value, min, max });
            }
        }
        for (choice, given) in &self.choices {
            let (name, values) = choice.values();
            if let Some(other) = given.iter().find(|text| !values.contains(&text.as_str())) {
                return Err(VpnConnectionError::Choice { name, value: other.clone() });
            }
        }
        Ok(())
    }

    /// Takes over what is said in others.
    pub(super) fn update(&mut self, other: Self) {
        self.inside = other.inside.or(self.inside);
        self.inside_ipv6 = other.inside_ipv6.or(self.inside_ipv6);
        self.pre_shared_key = other.pre_shared_key.or(self.pre_shared_key.take());
        self.numbers.extend(other.numbers);
        self.choices.extend(other.choices);
        self.logs = other.logs.or(self.logs.take());
        self.lifecycle_control = other.lifecycle_control.or(self.lifecycle_control);
    }
}

/// Whether a block can be the inside of a tunnel: a few are AWS's own.
fn is_inside(block: Ipv4Net) -> bool {
    let [_, _, third, fourth] = block.network().octets();
    let is_reserved = (third <= 5 && fourth == 0) || (third, fourth) == (169, 252);
    block.prefix_len() == 30 && INSIDE.contains(&block) && block == block.trunc() && !is_reserved
}

fn is_key(key: &str) -> bool {
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || c == '.' || c == '_';
    (8..=64).contains(&key.len()) && key.chars().all(is_allowed) && !key.starts_with('0')
}

impl Model {
    /// Checks that no other tunnel at the same gateway has the inside block.
    pub(super) fn check_inside(
        &self,
        own: Option<&VpnConnectionId>,
        target: Option<&VpnTarget>,
        options: &TunnelOptions,
    ) -> Result<(), VpnConnectionError> {
        let others = self.vpn_connections.values().filter(|other| {
            other.is_alive() && own != Some(&other.id) && target.is_some() && other.target.as_ref() == target
        });
        let mut used = others.flat_map(|other| &other.tunnels);
        let (ipv4, ipv6) = (options.inside, options.inside_ipv6);
        let is_same = |tunnel: &VpnTunnel| {
            let other = &tunnel.options;
            (ipv4.is_some() && other.inside == ipv4) || (ipv6.is_some() && other.inside_ipv6 == ipv6)
        };
        let block = ipv4.map(IpNet::from).or(ipv6.map(IpNet::from));
        match block.filter(|_| used.any(is_same)) {
            Some(block) => Err(VpnConnectionError::InsideInUse(block)),
            None => Ok(()),
        }
    }

    /// The tunnels of a new connection: what is not asked for is chosen.
    pub(super) fn new_tunnels(&self, ids: &mut Ids, asked: [TunnelOptions; 2], is_ipv6: bool) -> [VpnTunnel; 2] {
        let mut known: Vec<VpnTunnel> = self.vpn_connections.values().flat_map(VpnConnection::tunnels).collect();
        asked.map(|mut options| {
            let outside = choose(ids, outside, |one| known.iter().any(|other| other.outside == *one));
            let is_used = |block: &Ipv4Net| known.iter().any(|other| other.options.inside == Some(*block));
            let free = |ids: &mut Ids| choose(ids, inside, |block| !is_inside(*block) || is_used(block));
            options.inside = Some(options.inside.unwrap_or_else(|| free(ids)));
            if is_ipv6 && options.inside_ipv6.is_none() {
                options.inside_ipv6 = Some(inside_ipv6(ids.number()));
            }
            options.pre_shared_key = Some(options.pre_shared_key.unwrap_or_else(|| new_key(ids)));
            let tunnel = VpnTunnel { outside, options };
            known.push(tunnel.clone());
            tunnel
        })
    }
}

impl VpnConnection {
    fn tunnels(&self) -> [VpnTunnel; 2] {
        self.tunnels.clone()
    }
}

/// Something random that is not taken.
fn choose<T>(ids: &mut Ids, make: impl Fn(u64) -> T, is_taken: impl Fn(&T) -> bool) -> T {
    loop {
        let chosen = make(ids.number());
        if !is_taken(&chosen) {
            return chosen;
        }
    }
}

fn low_bits(number: u64, bits: u32) -> u32 {
    u32::try_from(number & ((1 << bits) - 1)).expect("at most 32 bits are left")
}

fn outside(number: u64) -> Ipv4Addr {
    Ipv4Addr::from(u32::from(OUTSIDE) | low_bits(number, OUTSIDE_BITS))
}

fn inside(number: u64) -> Ipv4Net {
    let network = u32::from(INSIDE.network()) | (low_bits(number, 14) << 2);
    Ipv4Net::new(network.into(), 30).expect("30 is a length")
}

fn inside_ipv6(number: u64) -> Ipv6Net {
    let network = u128::from(INSIDE_IPV6.network()) | (u128::from(number) << 2);
    Ipv6Net::new(network.into(), 126).expect("126 is a length")
}

fn new_key(ids: &mut Ids) -> String {
    let first = KEY_CHARACTERS.len() - 1;
    let mut character = |among: usize| {
        let at = usize::try_from(ids.number() % among as u64).expect("there are few characters");
        char::from(KEY_CHARACTERS[at])
    };
    (0..32).map(|at| character(if at == 0 { first } else { KEY_CHARACTERS.len() })).collect()
}
