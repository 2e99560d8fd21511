//! What is shown of an instance type.

use vpc_model::InstanceType;
use vpc_model::instance_type::{Accelerator, AcceleratorKind, Disks, Hypervisor};

use crate::xml::Xml;

/// What EC2 says of a feature that a type has or has not.
pub(super) fn support(on: bool) -> &'static str {
    if on { "supported" } else { "unsupported" }
}

/// Old families that boot from local disks too, or without hardware virtualization.
fn is_of(known: &InstanceType, families: &[&str]) -> bool {
    families.contains(&known.family())
}

pub(super) fn root_devices(known: &InstanceType) -> &'static [&'static str] {
    let old = is_of(known, &["c1", "c3", "d2", "i2", "m1", "m2", "m3", "r3", "x1"]);
    if old { &["ebs", "instance-store"] } else { &["ebs"] }
}

pub(super) fn virtualization(known: &InstanceType) -> &'static [&'static str] {
    let old = is_of(known, &["c1", "c3", "m1", "m2", "m3", "t1"]);
    if old { &["hvm", "paravirtual"] } else { &["hvm"] }
}

pub(super) fn ebs_optimized(known: &InstanceType) -> &'static str {
    let is_optional = is_of(known, &["c1", "c3", "i2", "m1", "m2", "m3", "r3"]);
    match () {
        () if is_of(known, &["t1", "t2"]) => "unsupported",
        () if is_optional => support(known.size() != "large" && known.size() != "8xlarge"),
        () => "default",
    }
}

pub(super) fn ebs_nvme(known: &InstanceType) -> &'static str {
    match known.hypervisor {
        Some(Hypervisor::Xen) if known.family() == "i3" => "supported",
        Some(Hypervisor::Xen) => "unsupported",
        _ => "required",
    }
}

pub(super) fn disk_nvme(known: &InstanceType) -> &'static str {
    if known.is_nitro() || known.family() == "i3" { "required" } else { "unsupported" }
}

pub(super) fn disk_encryption(known: &InstanceType) -> &'static str {
    if known.is_nitro() || is_of(known, &["h1", "i3"]) { "required" } else { "unsupported" }
}

/// Types with IPv6 have as many of its addresses for an ENI as of IPv4's.
pub(super) fn ipv6_addresses(known: &InstanceType) -> u16 {
    if known.has_ipv6() { known.ipv4_per_interface } else { 0 }
}

pub(super) fn valid_threads(known: &InstanceType) -> &'static [&'static str] {
    match known.hardware.threads_per_core {
        _ if known.bare_metal => &[],
        Some(2) => &["1", "2"],
        Some(_) => &["1"],
        None => &[],
    }
}

pub(super) fn write(xml: &mut Xml, known: &InstanceType) {
    let hardware = &known.hardware;
    xml.text("instanceType", known.name);
    xml.text("currentGeneration", !hardware.is_previous_generation);
    xml.text("freeTierEligible", known.is_free());
    xml.texts("supportedUsageClasses", known.usage_classes());
    xml.texts("supportedRootDeviceTypes", root_devices(known));
    xml.texts("supportedVirtualizationTypes", virtualization(known));
    xml.text("bareMetal", known.bare_metal);
    xml.optional("hypervisor", known.hypervisor);
    write_processor(xml, known);
    if let Some(size) = known.memory_mib() {
        xml.element("memoryInfo", |xml| xml.text("sizeInMiB", size));
    }
    xml.text("instanceStorageSupported", hardware.disks.is_some());
    if let Some(disks) = hardware.disks {
        xml.element("instanceStorageInfo", |xml| write_disks(xml, known, disks));
    }
    xml.element("ebsInfo", |xml| {
        xml.text("ebsOptimizedSupport", ebs_optimized(known));
        xml.text("encryptionSupport", "supported");
        xml.text("nvmeSupport", ebs_nvme(known));
    });
    xml.element("networkInfo", |xml| write_network(xml, known));
    write_accelerators(xml, &hardware.accelerators);
    xml.element("placementGroupInfo", |xml| {
        let strategies = ["cluster", "partition", "spread"];
        xml.texts("supportedStrategies", &strategies[usize::from(!known.has_cluster_placement())..]);
    });
    xml.text("hibernationSupported", known.can_hibernate());
    xml.text("burstablePerformanceSupported", known.is_burstable());
    xml.text("dedicatedHostsSupported", known.has_dedicated_hosts());
    xml.text("autoRecoverySupported", hardware.disks.is_none());
    xml.texts("supportedBootModes", known.boot_modes());
    xml.text("nitroEnclavesSupport", support(known.has_enclaves()));
    xml.text("nitroTpmSupport", support(known.has_tpm()));
    if known.has_tpm() {
        xml.element("nitroTpmInfo", |xml| xml.texts("supportedVersions", ["2.0"]));
    }
    xml.text("rebootMigrationSupport", support(hardware.disks.is_none()));
    xml.text("supportedInRegion", true);
}

fn write_processor(xml: &mut Xml, known: &InstanceType) {
    let hardware = &known.hardware;
    xml.element("processorInfo", |xml| {
        xml.texts("supportedArchitectures", known.architectures());
        xml.optional("sustainedClockSpeedInGhz", hardware.clock_ghz);
        xml.text("manufacturer", hardware.manufacturer);
    });
    if let (Some(vcpus), Some(cores), Some(threads)) = (known.vcpus(), known.cores(), hardware.threads_per_core) {
        xml.element("vCpuInfo", |xml| {
            xml.text("defaultVCpus", vcpus);
            xml.text("defaultCores", cores);
            xml.text("defaultThreadsPerCore", threads);
            if !known.bare_metal {
                xml.texts("validThreadsPerCore", valid_threads(known));
            }
        });
    }
}

fn write_disks(xml: &mut Xml, known: &InstanceType, disks: Disks) {
    xml.text("totalSizeInGB", disks.total_gb());
    xml.list("disks", [disks], |xml, disks| {
        xml.text("sizeInGB", disks.size_gb);
        xml.text("count", disks.count);
        xml.text("type", disks.kind);
    });
    xml.text("nvmeSupport", disk_nvme(known));
    xml.text("encryptionSupport", disk_encryption(known));
}

fn write_network(xml: &mut Xml, known: &InstanceType) {
    let hardware = &known.hardware;
    xml.text("maximumNetworkInterfaces", known.max_network_interfaces());
    xml.text("maximumNetworkCards", known.interfaces_per_card.len());
    xml.text("defaultNetworkCardIndex", known.default_card);
    xml.list("networkCards", known.interfaces_per_card.iter().enumerate(), |xml, (index, interfaces)| {
        xml.text("networkCardIndex", index);
        xml.text("maximumNetworkInterfaces", interfaces);
    });
    xml.text("ipv4AddressesPerInterface", known.ipv4_per_interface);
    xml.text("ipv6AddressesPerInterface", ipv6_addresses(known));
    xml.text("ipv6Supported", known.has_ipv6());
    xml.text("enaSupport", known.ena_support());
    xml.text("efaSupported", hardware.has_efa);
    if hardware.has_efa {
        xml.element("efaInfo", |xml| xml.text("maximumEfaInterfaces", known.interfaces_per_card.len()));
    }
    xml.text("encryptionInTransitSupported", hardware.encrypts_in_transit);
}

fn write_accelerators(xml: &mut Xml, all: &[Accelerator]) {
    for kind in [
        AcceleratorKind::Gpu,
        AcceleratorKind::Fpga,
        AcceleratorKind::Inference,
        AcceleratorKind::Media,
        AcceleratorKind::Neuron,
    ] {
        let (info, list, total) = match kind {
            AcceleratorKind::Gpu => ("gpuInfo", "gpus", "totalGpuMemoryInMiB"),
            AcceleratorKind::Fpga => ("fpgaInfo", "fpgas", "totalFpgaMemoryInMiB"),
            AcceleratorKind::Inference => ("inferenceAcceleratorInfo", "accelerators", "totalInferenceMemoryInMiB"),
            AcceleratorKind::Media => ("mediaAcceleratorInfo", "accelerators", "totalMediaMemoryInMiB"),
            AcceleratorKind::Neuron => ("neuronInfo", "neuronDevices", "totalNeuronDeviceMemoryInMiB"),
        };
        let Some(found) = all.iter().find(|found| found.kind == kind) else { continue };
        xml.element(info, |xml| {
            // The list of inference accelerators has items of another name in EC2's model.
            let item = if kind == AcceleratorKind::Inference { "member" } else { "item" };
            xml.element(list, |xml| xml.element(item, |xml| write_accelerator(xml, found)));
            xml.text(total, found.total_memory_mib());
        });
    }
}

fn write_accelerator(xml: &mut Xml, found: &Accelerator) {
    xml.text("name", found.name);
    if found.kind != AcceleratorKind::Neuron {
        xml.text("manufacturer", found.manufacturer);
    }
    xml.text("count", found.count);
    if found.kind == AcceleratorKind::Gpu {
        xml.text("logicalGpuCount", found.logical_count());
        xml.text("gpuPartitionSize", found.partition);
    }
    if let Some((count, version)) = found.cores {
        xml.element("coreInfo", |xml| {
            xml.text("count", count);
            xml.text("version", version);
        });
    }
    xml.element("memoryInfo", |xml| xml.text("sizeInMiB", found.memory_mib));
}
