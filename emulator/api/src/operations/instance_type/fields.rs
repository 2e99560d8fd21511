//! What instance types can be filtered by.

use vpc_model::instance_type::Disks;
use vpc_model::{InstanceType, Model};

use super::item;
use crate::filter::Fields;

/// Values of which nothing is known here.
fn unknown(_: &Model, _: &InstanceType) -> Vec<String> {
    Vec::new()
}

fn one(value: impl ToString) -> Vec<String> {
    vec![value.to_string()]
}

fn maybe(value: Option<impl ToString>) -> Vec<String> {
    value.iter().map(ToString::to_string).collect()
}

fn many(values: &[&str]) -> Vec<String> {
    values.iter().map(ToString::to_string).collect()
}

fn support(on: bool) -> Vec<String> {
    one(item::support(on))
}

/// Something of the local disks.
fn disks<T: ToString>(known: &InstanceType, value: fn(Disks) -> T) -> Vec<String> {
    maybe(known.hardware.disks.map(value))
}

pub(super) const FIELDS: Fields<Model, InstanceType> = Fields {
    by_name: &[
        ("auto-recovery-supported", |_, known| one(known.hardware.disks.is_none())),
        ("bare-metal", |_, known| one(known.bare_metal)),
        ("burstable-performance-supported", |_, known| one(known.is_burstable())),
        ("current-generation", |_, known| one(!known.hardware.is_previous_generation)),
        ("dedicated-hosts-supported", |_, known| one(known.has_dedicated_hosts())),
        ("ebs-info.attachment-limit-type", unknown),
        ("ebs-info.ebs-optimized-info.baseline-bandwidth-in-mbps", unknown),
        ("ebs-info.ebs-optimized-info.baseline-iops", unknown),
        ("ebs-info.ebs-optimized-info.baseline-throughput-in-mbps", unknown),
        ("ebs-info.ebs-optimized-info.maximum-bandwidth-in-mbps", unknown),
        ("ebs-info.ebs-optimized-info.maximum-iops", unknown),
        ("ebs-info.ebs-optimized-info.maximum-throughput-in-mbps", unknown),
        ("ebs-info.ebs-optimized-support", |_, known| one(item::ebs_optimized(known))),
        ("ebs-info.encryption-support", |_, _| one("supported")),
        ("ebs-info.maximum-ebs-attachments", unknown),
        ("ebs-info.nvme-support", |_, known| one(item::ebs_nvme(known))),
        ("free-tier-eligible", |_, known| one(known.is_free())),
        ("hibernation-supported", |_, known| one(known.can_hibernate())),
        ("hypervisor", |_, known| maybe(known.hypervisor)),
        ("instance-storage-info.disk.count", |_, known| disks(known, |disks| disks.count)),
        ("instance-storage-info.disk.size-in-gb", |_, known| disks(known, |disks| disks.size_gb)),
        ("instance-storage-info.disk.type", |_, known| disks(known, |disks| disks.kind)),
        ("instance-storage-info.encryption-support", |_, known| {
            maybe(known.hardware.disks.map(|_| item::disk_encryption(known)))
        }),
        ("instance-storage-info.nvme-support", |_, known| maybe(known.hardware.disks.map(|_| item::disk_nvme(known)))),
        ("instance-storage-info.total-size-in-gb", |_, known| disks(known, |disks| disks.total_gb())),
        ("instance-storage-supported", |_, known| one(known.hardware.disks.is_some())),
        ("instance-type", |_, known| one(known.name)),
        ("memory-info.size-in-mib", |_, known| maybe(known.memory_mib())),
        ("network-info.bandwidth-weightings", unknown),
        ("network-info.efa-info.maximum-efa-interfaces", |_, known| {
            maybe(known.hardware.has_efa.then_some(known.interfaces_per_card.len()))
        }),
        ("network-info.efa-supported", |_, known| one(known.hardware.has_efa)),
        ("network-info.ena-support", |_, known| one(known.ena_support())),
        ("network-info.encryption-in-transit-supported", |_, known| one(known.hardware.encrypts_in_transit)),
        ("network-info.flexible-ena-queues-support", unknown),
        ("network-info.ipv4-addresses-per-interface", |_, known| one(known.ipv4_per_interface)),
        ("network-info.ipv6-addresses-per-interface", |_, known| one(item::ipv6_addresses(known))),
        ("network-info.ipv6-supported", |_, known| one(known.has_ipv6())),
        ("network-info.maximum-network-cards", |_, known| one(known.interfaces_per_card.len())),
        ("network-info.maximum-network-interfaces", |_, known| one(known.max_network_interfaces())),
        ("network-info.network-performance", unknown),
        ("nitro-enclaves-support", |_, known| support(known.has_enclaves())),
        ("nitro-tpm-info.supported-versions", |_, known| maybe(known.has_tpm().then_some("2.0"))),
        ("nitro-tpm-support", |_, known| support(known.has_tpm())),
        ("processor-info.supported-architecture", |_, known| many(known.architectures())),
        ("processor-info.supported-features", unknown),
        ("processor-info.sustained-clock-speed-in-ghz", |_, known| maybe(known.hardware.clock_ghz)),
        ("reboot-migration-support", |_, known| support(known.hardware.disks.is_none())),
        ("supported-boot-mode", |_, known| many(known.boot_modes())),
        ("supported-root-device-type", |_, known| many(item::root_devices(known))),
        ("supported-usage-class", |_, known| many(&known.usage_classes())),
        ("supported-virtualization-type", |_, known| many(item::virtualization(known))),
        ("vcpu-info.default-cores", |_, known| maybe(known.cores())),
        ("vcpu-info.default-threads-per-core", |_, known| maybe(known.hardware.threads_per_core)),
        ("vcpu-info.default-vcpus", |_, known| maybe(known.vcpus())),
        ("vcpu-info.valid-cores", unknown),
        ("vcpu-info.valid-threads-per-core", |_, known| many(item::valid_threads(known))),
    ],
    tags: None,
};
