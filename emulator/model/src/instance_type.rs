//! Instance types: what their networks can do, and what their names say about the rest.
//!
//! The table has each type's limits on interfaces and addresses as
//! <https://docs.aws.amazon.com/ec2/latest/instancetypes/instance-type-names.html> and the production
//! VPC CNI and resource controller know them.

use std::fmt;
use std::sync::LazyLock;

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

    /// How many vCPUs it has, where the name tells: in most families `xlarge` has four, `large` two.
    pub fn vcpus(&self) -> Option<u32> {
        let (series, _) = self.family_letters();
        let old = matches!(series, "c" | "m" | "r" | "d" | "cr" | "hs" | "cc") && self.generation() <= 4;
        match series {
            "mac" | "mac-m" | "u" | "u-" | "hpc" | "bmn-sf" => return None,
            // Older families have odd sizes, such as d2.8xlarge with 36.
            _ if old && self.size() != "xlarge" && self.size() != "2xlarge" && self.size() != "4xlarge" => return None,
            _ => {}
        }
        match self.size() {
            "nano" | "micro" | "small" if self.family() != "t2" && series == "t" => Some(2),
            "medium" if series == "t" => Some(2),
            "medium" if self.generation() >= 6 || series == "a" => Some(1),
            "large" => Some(2),
            "xlarge" => Some(4),
            size => {
                let size = size.strip_prefix("metal-").unwrap_or(size);
                let factor: u32 = size.strip_suffix("xlarge").or(size.strip_suffix("xl"))?.parse().ok()?;
                Some(4 * factor)
            }
        }
    }

    /// How much memory it has, where the name tells: the current general, compute and memory families
    /// have 4, 2 and 8 GiB for each vCPU.
    pub fn memory_mib(&self) -> Option<u64> {
        let (series, attributes) = self.family_letters();
        let per_vcpu = match (series, self.generation()) {
            ("t", 2..) => {
                return match self.size() {
                    "nano" => Some(512),
                    "micro" => Some(1024),
                    "small" => Some(2048),
                    "medium" => Some(4096),
                    "large" => Some(8192),
                    "xlarge" => Some(16_384),
                    "2xlarge" => Some(32_768),
                    _ => None,
                };
            }
            ("c", 5) if attributes == "n" => return None,
            ("c", 5..) => 2,
            ("m", 4..) => 4,
            ("r", 5..) => 8,
            _ => return None,
        };
        Some(u64::from(self.vcpus()?) * per_vcpu * 1024)
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
    #[case::general("m5.large", Some(2), Some(8))]
    #[case::compute("c6i.4xlarge", Some(16), Some(32))]
    #[case::memory("r7g.medium", Some(1), Some(8))]
    #[case::burstable("t3.micro", Some(2), Some(1))]
    #[case::network_compute("c5n.18xlarge", Some(72), None)]
    #[case::sized_metal("m7i.metal-24xl", Some(96), Some(384))]
    #[case::plain_metal("m5.metal", None, None)]
    #[case::odd_old_size("d2.8xlarge", None, None)]
    #[case::high_performance("hpc6a.48xlarge", None, None)]
    #[case::mac("mac1.metal", None, None)]
    fn size_from_name(#[case] name: &str, #[case] vcpus: Option<u32>, #[case] memory_gib: Option<u64>) {
        let known = find(name).expect("in the table");
        assert_eq!((known.vcpus(), known.memory_mib()), (vcpus, memory_gib.map(|gib| gib * 1024)));
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
