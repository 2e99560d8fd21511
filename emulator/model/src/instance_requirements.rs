//! Instance types by what they have: launch templates and fleets name requirements instead of types.
//!
//! See <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_InstanceRequirementsRequest.html>. Deviation: limits on
//! prices leave no type out.

use crate::instance_type::{self, InstanceType};
use crate::launch_template::parameters;
use crate::{LaunchParameter, LaunchParameters};

/// The types that have what is required, for processors of one of some architectures.
pub fn matching(requirements: &LaunchParameters, architectures: &[String]) -> Vec<&'static InstanceType> {
    let runs = |known: &InstanceType| {
        architectures.is_empty()
            || known.architectures().iter().any(|own| architectures.iter().any(|asked| asked == own))
    };
    instance_type::all().iter().filter(|known| runs(known) && fits(requirements, known)).collect()
}

fn fits(requirements: &LaunchParameters, known: &InstanceType) -> bool {
    is_named(requirements, known)
        && has_processor(requirements, known)
        && has_disks(requirements, known)
        && has_accelerators(requirements, known)
        && is_wanted(requirements, "BareMetal", known.bare_metal, "excluded")
        && is_wanted(requirements, "BurstablePerformance", known.is_burstable(), "excluded")
        && within(requirements, "NetworkInterfaceCount", Some(f64::from(known.max_network_interfaces())))
        && (!is_on(requirements, "RequireHibernateSupport") || known.can_hibernate())
        && (!is_on(requirements, "RequireEncryptionInTransit") || known.hardware.encrypts_in_transit)
}

/// Whether names allow it and none excludes it.
fn is_named(requirements: &LaunchParameters, known: &InstanceType) -> bool {
    let allowed = texts(requirements, "AllowedInstanceType");
    let is_meant = |patterns: &[&str]| patterns.iter().any(|pattern| is_like(pattern, known.name));
    (allowed.is_empty() || is_meant(&allowed)) && !is_meant(&texts(requirements, "ExcludedInstanceType"))
}

fn has_processor(requirements: &LaunchParameters, known: &InstanceType) -> bool {
    let manufacturer = match known.hardware.manufacturer {
        "AWS" => "amazon-web-services",
        other => other,
    };
    let generation = if known.hardware.is_previous_generation { "previous" } else { "current" };
    let vcpus = known.vcpus().map(f64::from);
    let memory = known.memory_mib().map(|mib| mib as f64);
    let per_vcpu = memory.zip(vcpus).map(|(memory, vcpus)| memory / 1024.0 / vcpus);
    one_of(requirements, "CpuManufacturer", |name| name.eq_ignore_ascii_case(manufacturer))
        && one_of(requirements, "InstanceGeneration", |name| name == generation)
        && within(requirements, "VCpuCount", vcpus)
        && within(requirements, "MemoryMiB", memory)
        && within(requirements, "MemoryGiBPerVCpu", per_vcpu)
}

fn has_disks(requirements: &LaunchParameters, known: &InstanceType) -> bool {
    let disks = known.hardware.disks;
    // Without disks, no kind and size of them is asked for.
    is_wanted(requirements, "LocalStorage", disks.is_some(), "included")
        && disks.is_none_or(|disks| one_of(requirements, "LocalStorageType", |kind| kind == disks.kind))
        && (!requirements.contains_key("TotalLocalStorageGB")
            || within(requirements, "TotalLocalStorageGB", disks.map(|disks| disks.total_gb() as f64)))
}

fn has_accelerators(requirements: &LaunchParameters, known: &InstanceType) -> bool {
    use instance_type::AcceleratorKind::{Fpga, Gpu, Inference, Media, Neuron};
    let own = &known.hardware.accelerators;
    let count: u32 = own.iter().map(|one| one.logical_count()).sum();
    let memory: u64 = own.iter().map(|one| one.total_memory_mib()).sum();
    let any = |name: &str, is: &dyn Fn(&instance_type::Accelerator, &str) -> bool| {
        one_of(requirements, name, |wanted| own.iter().any(|one| is(one, wanted)))
    };
    within(requirements, "AcceleratorCount", Some(f64::from(count)))
        && within(requirements, "AcceleratorTotalMemoryMiB", Some(memory as f64))
        && any("AcceleratorType", &|one, wanted| match one.kind {
            Gpu => wanted == "gpu",
            Fpga => wanted == "fpga",
            Inference | Neuron => wanted == "inference",
            Media => wanted == "media",
        })
        && any("AcceleratorManufacturer", &|one, wanted| {
            let name = if one.manufacturer == "AWS" { "amazon-web-services" } else { one.manufacturer };
            name.eq_ignore_ascii_case(wanted)
        })
        && any("AcceleratorName", &|one, wanted| bare(one.name).contains(&bare(wanted)))
}

/// A name without what is written in different ways.
fn bare(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

fn is_on(requirements: &LaunchParameters, name: &str) -> bool {
    parameters::text(requirements, name) == Some("true")
}

fn texts<'a>(requirements: &'a LaunchParameters, name: &str) -> Vec<&'a str> {
    let entries = requirements.get(name).map_or(&[][..], LaunchParameter::entries);
    entries.iter().filter_map(LaunchParameter::as_text).collect()
}

/// Whether something is one of those asked for; anything is where nothing is asked for.
fn one_of(requirements: &LaunchParameters, name: &str, is: impl Fn(&str) -> bool) -> bool {
    let asked = texts(requirements, name);
    asked.is_empty() || asked.iter().any(|text| is(text))
}

/// Whether a number is within a range. What is not known is in no range but the whole one.
fn within(requirements: &LaunchParameters, name: &str, number: Option<f64>) -> bool {
    let bound = |end: &str| parameters::text(requirements, &format!("{name}.{end}")).and_then(|text| text.parse().ok());
    let (min, max): (Option<f64>, Option<f64>) = (bound("Min"), bound("Max"));
    match number {
        Some(number) => min.is_none_or(|min| number >= min) && max.is_none_or(|max| number <= max),
        None => min.is_none() && max.is_none(),
    }
}

/// Whether something that types have or have not is as wanted.
fn is_wanted(requirements: &LaunchParameters, name: &str, has: bool, default: &str) -> bool {
    match parameters::text(requirements, name).unwrap_or(default) {
        "required" => has,
        "excluded" => !has,
        _ => true,
    }
}

/// Whether a name is as a pattern says, in which `*` stands for any text.
fn is_like(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((start, rest)) => name
            .strip_prefix(start)
            .is_some_and(|tail| (0..=tail.len()).any(|at| tail.get(at..).is_some_and(|tail| is_like(rest, tail)))),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    /// Requirements from pairs such as `VCpuCount.Min=2` and `AllowedInstanceType.1=m5.*`.
    fn required(pairs: &[&str]) -> LaunchParameters {
        let mut all = LaunchParameters::new();
        for pair in pairs {
            let (path, value) = pair.split_once('=').expect("a name and a value");
            let value = LaunchParameter::text(value);
            match path.split_once('.') {
                Some((name, "1")) => {
                    all.insert(name.to_owned(), LaunchParameter::List(vec![value]));
                }
                Some((name, end)) => {
                    let range = all.entry(name.to_owned()).or_insert_with(|| LaunchParameter::Structure([].into()));
                    if let LaunchParameter::Structure(members) = range {
                        members.insert(end.to_owned(), value);
                    }
                }
                None => {
                    all.insert(path.to_owned(), value);
                }
            }
        }
        all
    }

    #[rstest]
    #[case::memory(&["AllowedInstanceType.1=m5.*", "MemoryMiB.Min=8192", "MemoryMiB.Max=16384"], &["m5.large", "m5.xlarge"])]
    #[case::per_vcpu(&["VCpuCount.Max=2", "MemoryGiBPerVCpu.Min=8", "AllowedInstanceType.1=*5.large"], &["r5.large"])]
    #[case::bare_metal(&["AllowedInstanceType.1=m5.*", "BareMetal=required"], &["m5.metal"])]
    #[case::burstable(&["AllowedInstanceType.1=t3.*", "BurstablePerformance=included", "MemoryMiB.Max=512"], &["t3.nano"])]
    #[case::no_burstable(&["AllowedInstanceType.1=t3.*"], &[])]
    #[case::disks(&["AllowedInstanceType.1=m5d.large", "LocalStorage=excluded"], &[])]
    #[case::disk_size(&["AllowedInstanceType.1=m5d.*", "TotalLocalStorageGB.Max=75"], &["m5d.large"])]
    #[case::makers(&["AllowedInstanceType.1=m5*.large", "CpuManufacturer.1=amd", "LocalStorage=excluded"], &["m5a.large"])]
    #[case::gpus(&["AllowedInstanceType.1=g4dn.*", "AcceleratorName.1=t4", "AcceleratorCount.Min=8", "BareMetal=included"], &["g4dn.metal"])]
    fn types(#[case] pairs: &[&str], #[case] expected: &[&str]) {
        let names: Vec<&str> = matching(&required(pairs), &[]).iter().map(|known| known.name).collect();
        assert_eq!(names, expected);
    }

    #[test]
    fn architectures() {
        let arm = matching(&required(&["AllowedInstanceType.1=m*.large"]), &["arm64".to_owned()]);
        assert!(!arm.is_empty() && arm.iter().all(|known| known.name.contains('g')), "{arm:?}");
    }
}
