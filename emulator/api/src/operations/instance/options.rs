//! What replies show of an instance besides its network.

use vpc_model::instance::options::InstanceOptions;
use vpc_model::instance_type::Architecture;
use vpc_model::{Instance, LaunchParameter, LaunchParameters, instance_type};

use super::launch::{KEPT, dns_names};
use crate::operations::launch_template::data;
use crate::shape;
use crate::xml::Xml;

/// The market it was bought on, where that is not the usual one.
pub(super) fn lifecycle(instance: &Instance) -> Option<&'static str> {
    instance.options.market.as_ref().map(|_| "spot")
}

/// One of its options, or what EC2 has where none was given.
pub(super) fn or<'a>(options: &'a InstanceOptions, path: &str, default: &'a str) -> &'a str {
    options.text(path).unwrap_or(default)
}

/// How it uses reserved capacity, unless it says which.
pub(super) fn reservation_preference(options: &InstanceOptions) -> Option<&str> {
    match options.kept.get("CapacityReservationSpecification") {
        Some(given) => given.member("CapacityReservationPreference")?.as_text(),
        None => Some("open"),
    }
}

/// How it boots: EC2's ARM instances have no BIOS.
pub(super) fn boot_mode(instance: &Instance) -> &'static str {
    let known = instance_type::find(&instance.instance_type).and_then(|known| known.architecture());
    if known == Some(Architecture::Arm64) { "uefi" } else { "legacy-bios" }
}

/// Writes what was said at launch or is the default, and what is the same for every instance here.
pub(super) fn write(xml: &mut Xml, instance: &Instance) {
    let options = &instance.options;
    xml.text("ebsOptimized", options.is_on("EbsOptimized"));
    xml.text("enaSupport", true);
    xml.optional("instanceLifecycle", lifecycle(instance));
    xml.optional("spotInstanceRequestId", options.market.as_ref().and_then(|market| market.request_id.as_ref()));
    write_cpu(xml, instance);
    xml.optional("capacityReservationId", instance.capacity_reservation.as_ref());
    write_or(xml, options, "CapacityReservationSpecification", ("capacityReservationPreference", "open"));
    write_or(xml, options, "HibernationOptions", ("configured", "false"));
    write_or(xml, options, "EnclaveOptions", ("enabled", "false"));
    for name in ["KernelId", "RamdiskId", "LicenseSpecification"] {
        write_kept(xml, options, name);
    }
    xml.text("platformDetails", "Linux/UNIX");
    xml.text("usageOperation", "RunInstances");
    xml.timestamp("usageOperationUpdateTime", instance.launch_time);
    dns_names(xml, &instance.dns_names());
    xml.element("maintenanceOptions", |xml| {
        xml.text("autoRecovery", or(options, "MaintenanceOptions.AutoRecovery", "default"));
        xml.text("rebootMigration", or(options, "MaintenanceOptions.RebootMigration", "default"));
    });
    xml.text("currentInstanceBootMode", boot_mode(instance));
    write_or(xml, options, "NetworkPerformanceOptions", ("bandwidthWeighting", "default"));
    xml.element("operator", |xml| xml.text("managed", false));
}

/// Writes one of the options, if it was given.
fn write_kept(xml: &mut Xml, options: &InstanceOptions, name: &str) {
    let member = KEPT.iter().find(|(known, ..)| *known == name);
    if let (Some(member), Some(value)) = (member, options.kept.get(name)) {
        let found = LaunchParameters::from([(name.to_owned(), value.clone())]);
        shape::write(xml, std::slice::from_ref(member), &found);
    }
}

/// Writes a structure that was given, or its default.
fn write_or(xml: &mut Xml, options: &InstanceOptions, name: &str, (member, default): (&'static str, &str)) {
    if options.kept.contains_key(name) {
        return write_kept(xml, options, name);
    }
    if let Some((_, shown, _)) = KEPT.iter().find(|(known, ..)| *known == name) {
        xml.element(shown, |xml| xml.text(member, default));
    }
}

/// Writes cores and threads, as given or as the type has them.
fn write_cpu(xml: &mut Xml, instance: &Instance) {
    let Some(known) = instance_type::find(&instance.instance_type) else { return };
    let mut cpu = LaunchParameters::new();
    if let (Some(cores), Some(threads)) = (known.cores(), known.hardware.threads_per_core) {
        cpu.insert("CoreCount".to_owned(), LaunchParameter::text(cores));
        cpu.insert("ThreadsPerCore".to_owned(), LaunchParameter::text(threads));
    }
    if let Some(LaunchParameter::Structure(given)) = instance.options.kept.get("CpuOptions") {
        cpu.extend(given.clone());
    }
    if !cpu.is_empty() {
        xml.element("cpuOptions", |xml| shape::write(xml, data::CPU, &cpu));
    }
}
