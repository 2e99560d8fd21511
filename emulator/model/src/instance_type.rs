//! Instance types: what their networks can do, what they are made of, and what their names say about the rest.
//!
//! The table has each type's limits on interfaces and addresses as
//! <https://docs.aws.amazon.com/ec2/latest/instancetypes/instance-type-names.html> and the production
//! VPC CNI and resource controller know them.

mod hardware;

use std::fmt;
use std::sync::LazyLock;

pub use self::hardware::{Accelerator, AcceleratorKind, Disks, Hardware};

/// The columns: type, ENIs on the default card, IPv4 addresses for each ENI, ENIs for each card
/// (`;` between), default card, hypervisor, bare metal, trunk compatible, branch ENIs.
const LIMITS: &str = include_str!("instance_type/limits.csv");

static TYPES: LazyLock<Vec<InstanceType>> = LazyLock::new(|| {
    let mut types: Vec<InstanceType> = LIMITS.lines().skip(1).filter_map(InstanceType::from_row).collect();
    types.sort_by(|one, other| one.name.cmp(other.name));
    types
});

/// An instance type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstanceType {
    /// Its name, such as `m5.large`.
    pub name: &'static str,
    /// How many IPv4 addresses an ENI can have, the primary one included.
    pub ipv4_per_interface: u16,
    /// How many ENIs each network card takes, by the card's index.
    pub interfaces_per_card: Vec<u16>,
    /// The card that takes the primary ENI.
    pub default_card: u16,
    /// What runs it; `None` where that is not known, or there is none (bare metal).
    pub hypervisor: Option<Hypervisor>,
    /// Whether instances have the whole machine to themselves, without a hypervisor.
    pub bare_metal: bool,
    /// Whether one of its ENIs can be a trunk.
    pub trunk_compatible: bool,
    /// How many branch ENIs a trunk can have.
    pub branch_interfaces: u16,
    /// What it is made of.
    pub hardware: Hardware,
}

/// What runs instances.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Hypervisor {
    /// AWS's own.
    Nitro,
    /// The older one.
    Xen,
}

impl fmt::Display for Hypervisor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Nitro => "nitro",
            Self::Xen => "xen",
        })
    }
}

/// A processor's instruction set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Architecture {
    /// 64-bit x86.
    X86_64,
    /// 64-bit ARM.
    Arm64,
}

impl fmt::Display for Architecture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::X86_64 => "x86_64",
            Self::Arm64 => "arm64",
        })
    }
}

/// All instance types in the order of their names.
pub fn all() -> &'static [InstanceType] {
    &TYPES
}

/// The instance type of a name.
pub fn find(name: &str) -> Option<&'static InstanceType> {
    let at = TYPES.binary_search_by(|known| known.name.cmp(name)).ok()?;
    Some(&TYPES[at])
}

impl InstanceType {
    fn from_row(row: &'static str) -> Option<Self> {
        let mut fields = row.split(',');
        let name = fields.next()?;
        let (family, size) = name.split_once('.')?;
        let _on_default_card = fields.next()?;
        Some(Self {
            name,
            ipv4_per_interface: fields.next()?.parse().ok()?,
            interfaces_per_card: fields.next()?.split(';').map(str::parse).collect::<Result<_, _>>().ok()?,
            default_card: fields.next()?.parse().ok()?,
            hypervisor: match fields.next()? {
                "nitro" => Some(Hypervisor::Nitro),
                "xen" => Some(Hypervisor::Xen),
                _ => None,
            },
            bare_metal: fields.next()? == "true",
            trunk_compatible: fields.next()? == "true",
            branch_interfaces: fields.next()?.parse().unwrap_or(0),
            hardware: hardware::of(family, size),
        })
    }

    /// How many ENIs it can have on all its cards.
    pub fn max_network_interfaces(&self) -> u16 {
        self.interfaces_per_card.iter().sum()
    }

    /// How many ENIs one card can have; `None` when there is no such card.
    pub fn max_interfaces_on(&self, card: u16) -> Option<u16> {
        self.interfaces_per_card.get(usize::from(card)).copied()
    }

    /// The name's part before the point, such as `m5`.
    pub fn family(&self) -> &'static str {
        self.name.split('.').next().unwrap_or(self.name)
    }

    /// The name's part after the point, such as `large`.
    pub fn size(&self) -> &'static str {
        self.name.split_once('.').map_or("", |(_, size)| size)
    }

    /// The family's letters before the generation and those after it: `m5dn` has `m` and `dn`.
    fn family_letters(&self) -> (&'static str, &'static str) {
        let family = self.family();
        let digit = family.find(|c: char| c.is_ascii_digit()).unwrap_or(family.len());
        let (series, rest) = family.split_at(digit);
        (series, rest.trim_start_matches(|c: char| c.is_ascii_digit()))
    }

    fn generation(&self) -> u32 {
        let digits: String =
            self.family().chars().skip_while(|c| !c.is_ascii_digit()).take_while(char::is_ascii_digit).collect();
        digits.parse().unwrap_or(0)
    }

    /// Its processors' instruction set: families with a `g` after the generation are Graviton.
    /// Macs run x86 or ARM by model, which their names do not tell.
    pub fn architecture(&self) -> Option<Architecture> {
        let (series, attributes) = self.family_letters();
        match series {
            "mac" | "mac-m" => None,
            "a" => Some(Architecture::Arm64),
            _ if attributes.split('-').next().is_some_and(|own| own.contains('g')) => Some(Architecture::Arm64),
            _ => Some(Architecture::X86_64),
        }
    }

    /// The instruction sets as EC2 names them: some old small types run 32-bit programs too, and Macs are apart.
    pub fn architectures(&self) -> &'static [&'static str] {
        let is_small = matches!(self.size(), "nano" | "micro" | "small" | "medium");
        match (self.family(), self.architecture()) {
            ("t1" | "t2" | "m1" | "c1", _) if is_small => &["i386", "x86_64"],
            ("c3", _) if self.size() == "large" => &["i386", "x86_64"],
            ("mac1", _) => &["x86_64_mac"],
            (_, Some(Architecture::X86_64)) => &["x86_64"],
            (_, Some(Architecture::Arm64)) => &["arm64"],
            (_, None) => &["arm64_mac"],
        }
    }

    /// How many vCPUs it has, where that is known.
    pub fn vcpus(&self) -> Option<u32> {
        self.hardware.vcpus
    }

    /// How many cores it has.
    pub fn cores(&self) -> Option<u32> {
        Some((self.vcpus()? / self.hardware.threads_per_core?).max(1))
    }

    /// How much memory it has, where that is known.
    pub fn memory_mib(&self) -> Option<u64> {
        self.hardware.memory_mib
    }

    /// Whether it is a Nitro system, with or without the hypervisor.
    pub fn is_nitro(&self) -> bool {
        self.hypervisor == Some(Hypervisor::Nitro) || self.bare_metal
    }

    /// How it can boot.
    pub fn boot_modes(&self) -> &'static [&'static str] {
        let only_bios = ["p4", "trn1", "vt", "u-"].iter().any(|start| self.name.starts_with(start));
        match (self.architecture(), self.hypervisor) {
            (Some(Architecture::Arm64), _) => &["uefi"],
            (Some(Architecture::X86_64), Some(Hypervisor::Nitro)) if !only_bios => &["legacy-bios", "uefi"],
            (Some(Architecture::X86_64), _) => &["legacy-bios"],
            (None, _) => &["uefi"],
        }
    }

    /// Whether parts of its memory can be shut off from the instance itself.
    pub fn has_enclaves(&self) -> bool {
        let (series, attributes) = self.family_letters();
        let is_family = matches!(series, "c" | "m" | "r" | "i" | "im" | "is" | "d" | "x" | "z" | "g" | "inf");
        // The first Graviton has none, and sometimes a core is not enough.
        let enough = if self.architecture() == Some(Architecture::Arm64) { 2 } else { 4 };
        self.hypervisor == Some(Hypervisor::Nitro)
            && is_family
            && !attributes.contains("flex")
            && !matches!(self.family(), "g5g" | "c7gn")
            && self.vcpus().is_some_and(|vcpus| vcpus >= enough)
    }

    /// Whether it has a trusted platform module.
    pub fn has_tpm(&self) -> bool {
        let without = ["a1.", "dl", "i4g.", "is4gen.", "g5g.", "x2gd.", "p3dn.", "p4", "trn1", "u-", "vt"];
        self.hypervisor == Some(Hypervisor::Nitro) && !without.iter().any(|start| self.name.starts_with(start))
    }

    /// Whether it can sleep with its memory on disk.
    pub fn can_hibernate(&self) -> bool {
        let series = matches!(self.family_letters().0, "c" | "m" | "r" | "i" | "im" | "is" | "t");
        series && self.generation() >= 2 && !self.bare_metal && self.memory_mib().is_some_and(|mib| mib <= 150 * 1024)
    }

    /// Whether a whole machine for it can be had.
    pub fn has_dedicated_hosts(&self) -> bool {
        let without =
            ["t1.", "t3a.", "t4g.", "m1.", "m2.", "c1.", "c5a.", "c5ad.", "m5a.", "m5ad.", "r5a.", "r5ad.", "hpc"];
        !self.name.contains("-flex") && !without.iter().any(|start| self.name.starts_with(start))
    }

    /// Whether instances of it can be close to each other.
    pub fn has_cluster_placement(&self) -> bool {
        let without = ["t1.", "t2.", "t3.", "t3a.", "t4g.", "m1.", "m2.", "m3.", "c1.", "mac", "vt1."];
        !self.name.contains("-flex") && !without.iter().any(|start| self.name.starts_with(start))
    }

    /// Whether its interfaces are ENA's: always, if at choice, or never.
    pub fn ena_support(&self) -> &'static str {
        let optional = ["f1.", "h1.", "i3.", "p3.", "r4.", "x1.", "x1e.", "m4.16xlarge"];
        match () {
            () if self.is_nitro() => "required",
            () if optional.iter().any(|start| self.name.starts_with(start)) => "supported",
            () => "unsupported",
        }
    }

    /// Whether its interfaces can have IPv6 addresses.
    pub fn has_ipv6(&self) -> bool {
        !matches!(self.family(), "t1" | "m1" | "m2" | "m3" | "c1" | "cr1" | "hs1")
    }

    /// Whether the free tier has it.
    pub fn is_free(&self) -> bool {
        matches!(self.name, "t3.micro" | "t3.small" | "t4g.micro" | "t4g.small" | "c7i-flex.large" | "m7i-flex.large")
    }

    /// How it can be bought.
    pub fn usage_classes(&self) -> Vec<&'static str> {
        let has_blocks = ["p4", "p5", "p6", "trn1.32", "trn2"].iter().any(|start| self.name.starts_with(start));
        let more = [("spot", self.has_spot()), ("capacity-block", has_blocks)];
        std::iter::once("on-demand").chain(more.iter().filter(|(_, has)| *has).map(|(name, _)| *name)).collect()
    }

    /// Whether there are Spot Instances of it.
    pub fn has_spot(&self) -> bool {
        !matches!(self.family_letters().0, "mac" | "mac-m" | "u" | "u-" | "hpc" | "bmn-sf")
    }

    /// Whether its processor runs on credits (the T families).
    pub fn is_burstable(&self) -> bool {
        self.family_letters().0 == "t" && self.generation() >= 2
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[test]
    fn every_row_is_read() {
        assert_eq!(all().len(), LIMITS.lines().count() - 1);
        assert!(all().windows(2).all(|pair| pair[0].name < pair[1].name), "names are distinct");
        for known in all() {
            assert!(known.max_interfaces_on(known.default_card).is_some(), "{}", known.name);
            assert_eq!(find(known.name), Some(known));
        }
        assert_eq!(find("m5.huge"), None);
    }

    #[rstest]
    #[case::laptop("t3.large", 3, 12, 1, false, 0)]
    #[case::usual("m5.large", 3, 10, 1, true, 9)]
    #[case::cards("p4d.24xlarge", 60, 50, 4, true, 62)]
    #[case::many_cards("p5.48xlarge", 64, 50, 32, true, 120)]
    #[case::metal("c5.metal", 15, 50, 1, true, 107)]
    fn limits(
        #[case] name: &str,
        #[case] interfaces: u16,
        #[case] addresses: u16,
        #[case] cards: usize,
        #[case] trunk: bool,
        #[case] branches: u16,
    ) {
        let known = find(name).expect("in the table");
        assert_eq!(
            (known.max_network_interfaces(), known.ipv4_per_interface, known.interfaces_per_card.len()),
            (interfaces, addresses, cards)
        );
        assert_eq!((known.trunk_compatible, known.branch_interfaces), (trunk, branches));
    }

    #[rstest]
    #[case::general("m5.large", Some(2), Some(1), Some(8192))]
    #[case::compute("c6i.4xlarge", Some(16), Some(8), Some(32_768))]
    #[case::memory("r7g.medium", Some(1), Some(1), Some(8192))]
    #[case::burstable("t3.micro", Some(2), Some(1), Some(1024))]
    #[case::network_compute("c5n.18xlarge", Some(72), Some(36), Some(196_608))]
    #[case::sized_metal("m7i.metal-24xl", Some(96), Some(48), Some(393_216))]
    #[case::plain_metal("m5.metal", Some(96), Some(48), Some(393_216))]
    #[case::odd_old_size("d2.8xlarge", Some(36), Some(18), Some(249_856))]
    #[case::high_performance("hpc6a.48xlarge", Some(96), Some(96), Some(393_216))]
    #[case::learning("p5.48xlarge", Some(192), Some(96), Some(2_097_152))]
    #[case::mac("mac1.metal", Some(12), Some(6), Some(32_768))]
    #[case::not_known("bmn-sf1.metal", None, None, None)]
    fn processors_and_memory(
        #[case] name: &str,
        #[case] vcpus: Option<u32>,
        #[case] cores: Option<u32>,
        #[case] memory_mib: Option<u64>,
    ) {
        let known = find(name).expect("in the table");
        assert_eq!((known.vcpus(), known.cores(), known.memory_mib()), (vcpus, cores, memory_mib));
    }

    #[test]
    fn every_family_is_known() {
        let unknown: Vec<&str> = all().iter().filter(|known| known.vcpus().is_none()).map(|known| known.name).collect();
        assert_eq!(unknown, ["bmn-sf1.metal"]);
        assert!(all().iter().all(|known| !known.hardware.manufacturer.is_empty()));
    }

    #[rstest]
    #[case::disks("i3en.24xlarge", 60_000, "")]
    #[case::gpus("g5.48xlarge", 7600, "8 A10G 183104")]
    #[case::a_part("g6f.xlarge", 100, "1 L4 2861")]
    #[case::both_names("inf2.24xlarge", 0, "6 Inferentia2 196608, 6 Inferentia2 196608")]
    #[case::none("m5.large", 0, "")]
    fn disks_and_accelerators(#[case] name: &str, #[case] total_gb: u64, #[case] expected: &str) {
        let hardware = &find(name).expect("in the table").hardware;
        assert_eq!(hardware.disks.map_or(0, |disks| disks.total_gb()), total_gb);
        let shown = hardware.accelerators.iter();
        let shown = shown.map(|it| format!("{} {} {}", it.logical_count(), it.name, it.total_memory_mib()));
        assert_eq!(shown.collect::<Vec<_>>().join(", "), expected);
    }

    #[rstest]
    #[case::cluster("c5n.18xlarge", true)]
    #[case::smaller("c5n.4xlarge", false)]
    #[case::always("p5.48xlarge", true)]
    fn fabric_adapters(#[case] name: &str, #[case] expected: bool) {
        assert_eq!(find(name).expect("in the table").hardware.has_efa, expected);
    }

    #[rstest]
    #[case::intel("m5dn.large", Some(Architecture::X86_64))]
    #[case::graviton("m6g.large", Some(Architecture::Arm64))]
    #[case::graviton_with_disk("im4gn.large", Some(Architecture::Arm64))]
    #[case::first_graviton("a1.large", Some(Architecture::Arm64))]
    #[case::graphics("g5.xlarge", Some(Architecture::X86_64))]
    #[case::mac("mac2.metal", None)]
    fn architecture_from_name(#[case] name: &str, #[case] expected: Option<Architecture>) {
        assert_eq!(find(name).expect("in the table").architecture(), expected);
    }
}
