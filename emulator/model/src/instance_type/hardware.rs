//! What instance types are made of: processors, memory, local disks, accelerators.
//!
//! Sizes of a family double each other, so a family has one row, and the sizes that are otherwise stand in it. See
//! <https://docs.aws.amazon.com/ec2/latest/instancetypes/instance-types.html>.

use std::collections::HashMap;
use std::sync::LazyLock;

/// A family's processors: `p` is of a previous generation, `e` encrypts between instances, `*` means all sizes.
const FAMILIES: &str = include_str!("families.csv");
/// Local disks: how many of how many GB each size has.
const DISKS: &str = include_str!("disks.csv");
/// Accelerators: how many each size has; parts of one are shared.
const ACCELERATORS: &str = include_str!("accelerators.csv");

/// What a type is made of. What is not known is left out.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Hardware {
    /// Who makes the processor.
    pub manufacturer: &'static str,
    /// Its clock in GHz.
    pub clock_ghz: Option<&'static str>,
    /// How many vCPUs there are.
    pub vcpus: Option<u32>,
    /// How many of them a core has.
    pub threads_per_core: Option<u32>,
    /// How much memory there is.
    pub memory_mib: Option<u64>,
    /// Whether there are newer types for the same.
    pub is_previous_generation: bool,
    /// Whether traffic between instances is encrypted.
    pub encrypts_in_transit: bool,
    /// Whether it has Elastic Fabric Adapters.
    pub has_efa: bool,
    /// The local disks.
    pub disks: Option<Disks>,
    /// The accelerators.
    pub accelerators: Vec<Accelerator>,
}

/// Local disks, all alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Disks {
    /// How many.
    pub count: u32,
    /// The size of each.
    pub size_gb: u64,
    /// `ssd` or `hdd`.
    pub kind: &'static str,
}

impl Disks {
    /// The size of all.
    pub fn total_gb(&self) -> u64 {
        u64::from(self.count) * self.size_gb
    }
}

/// Accelerators of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Accelerator {
    /// What they are for.
    pub kind: AcceleratorKind,
    /// Who makes them.
    pub manufacturer: &'static str,
    /// Their name.
    pub name: &'static str,
    /// The memory of each.
    pub memory_mib: u64,
    /// The cores of each, and their version.
    pub cores: Option<(u32, u32)>,
    /// How many; none where there is a part of one.
    pub count: u32,
    /// Which part of one there is.
    pub partition: &'static str,
}

impl Accelerator {
    /// How many an instance sees.
    pub fn logical_count(&self) -> u32 {
        self.count.max(1)
    }

    /// The memory of all.
    pub fn total_memory_mib(&self) -> u64 {
        u64::from(self.logical_count()) * self.memory_mib
    }
}

/// What accelerators are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AcceleratorKind {
    /// Graphics, and learning.
    Gpu,
    /// What others have learned.
    Inference,
    /// AWS's own, for learning.
    Neuron,
    /// Programmable gates.
    Fpga,
    /// Video.
    Media,
}

/// The rows of a table by the families in its first column.
fn by_family(table: &'static str) -> HashMap<&'static str, Vec<Vec<&'static str>>> {
    let mut rows: HashMap<_, Vec<_>> = HashMap::new();
    for line in table.lines().skip(1) {
        let columns: Vec<&str> = line.split(',').collect();
        for family in columns[0].split(' ') {
            rows.entry(family).or_default().push(columns.clone());
        }
    }
    rows
}

type Rows = LazyLock<HashMap<&'static str, Vec<Vec<&'static str>>>>;
static FAMILY_ROWS: Rows = LazyLock::new(|| by_family(FAMILIES));
static DISK_ROWS: Rows = LazyLock::new(|| by_family(DISKS));
static ACCELERATOR_ROWS: Rows = LazyLock::new(|| by_family(ACCELERATORS));

/// What a size of a family is made of.
pub(super) fn of(family: &str, size: &str) -> Hardware {
    let Some(row) = FAMILY_ROWS.get(family).and_then(|rows| rows.first()) else { return Hardware::default() };
    let &[_, manufacturer, clock, per_vcpu, threads, flags, efa, metal, others] = row.as_slice() else {
        return Hardware::default();
    };
    let other = entry(others, ';', size).and_then(|text| text.split_once(':'));
    let (vcpus, memory_mib) = match other {
        Some((vcpus, memory)) => (vcpus.parse().ok(), memory.parse().ok()),
        None => {
            let vcpus = if size == "metal" { metal.parse().ok() } else { vcpus_of(size) };
            (vcpus, vcpus.and_then(|vcpus| Some(u64::from(vcpus) * per_vcpu.parse::<u64>().ok()?)))
        }
    };
    Hardware {
        manufacturer,
        clock_ghz: Some(clock).filter(|clock| !clock.is_empty()),
        vcpus,
        threads_per_core: threads.parse().ok(),
        memory_mib,
        is_previous_generation: flags.contains('p'),
        encrypts_in_transit: flags.contains('e'),
        has_efa: efa == "*" || efa.split(';').any(|with| with == size),
        disks: disks(family, size),
        accelerators: accelerators(family, size),
    }
}

/// How many vCPUs sizes have whose names tell: `xlarge` has four.
fn vcpus_of(size: &str) -> Option<u32> {
    match size {
        "nano" | "micro" | "small" | "medium" => Some(1),
        "large" => Some(2),
        "xlarge" => Some(4),
        size => {
            let size = size.strip_prefix("metal-").unwrap_or(size);
            let factor: u32 = size.strip_suffix("xlarge").or(size.strip_suffix("xl"))?.parse().ok()?;
            Some(4 * factor)
        }
    }
}

/// The value of a name in a list of `name=value`.
fn entry(list: &'static str, separator: char, name: &str) -> Option<&'static str> {
    list.split(separator).filter_map(|pair| pair.split_once('=')).find(|(of, _)| *of == name).map(|(_, value)| value)
}

fn disks(family: &str, size: &str) -> Option<Disks> {
    let row = DISK_ROWS.get(family)?.first()?;
    let (count, size_gb) = entry(row[2], ' ', size)?.split_once('x')?;
    Some(Disks { count: count.parse().ok()?, size_gb: size_gb.parse().ok()?, kind: row[1] })
}

fn accelerators(family: &str, size: &str) -> Vec<Accelerator> {
    let rows = ACCELERATOR_ROWS.get(family).map(Vec::as_slice).unwrap_or_default();
    rows.iter().filter_map(|row| accelerator(row, size)).collect()
}

fn accelerator(row: &[&'static str], size: &str) -> Option<Accelerator> {
    let &[_, kind, manufacturer, name, memory, cores, version, counts] = row else { return None };
    let count = entry(counts, ' ', size)?;
    Some(Accelerator {
        kind: match kind {
            "gpu" => AcceleratorKind::Gpu,
            "inference" => AcceleratorKind::Inference,
            "neuron" => AcceleratorKind::Neuron,
            "fpga" => AcceleratorKind::Fpga,
            _ => AcceleratorKind::Media,
        },
        manufacturer,
        name,
        memory_mib: memory.parse().ok()?,
        cores: cores.parse().ok().zip(version.parse().ok()),
        count: count.parse().unwrap_or(0),
        partition: if count.contains('.') { count } else { "1" },
    })
}
