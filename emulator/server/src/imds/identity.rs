//! Who an instance is: the identity document and its signatures.
//!
//! See <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-identity-documents.html>.

mod signature;

use jiff::Timestamp;
use serde_json::{Value, json};
use vpc_model::instance_type::{self, Architecture};
use vpc_model::{Instance, InstanceType, Model, NetworkInterface};

pub(super) use self::signature::{Signature, certificate};
use super::network;

/// The identity document.
pub(super) fn document(model: &Model, instance: &Instance) -> String {
    let address = network::interfaces(model, instance).next().and_then(NetworkInterface::primary_ip);
    pretty(&json!({
        "accountId": model.account().0,
        "architecture": architecture(&instance.instance_type),
        "availabilityZone": instance.zone.0,
        "billingProducts": null,
        "devpayProductCodes": null,
        "marketplaceProductCodes": null,
        "imageId": instance.image_id.as_str(),
        "instanceId": instance.id.as_str(),
        "instanceType": instance.instance_type,
        "kernelId": null,
        "pendingTime": seconds(instance.launch_time),
        "privateIp": address,
        "ramdiskId": null,
        "region": model.region().0,
        "version": "2017-09-30",
    }))
}

fn architecture(instance_type: &str) -> &'static str {
    match instance_type::find(instance_type).and_then(InstanceType::architecture) {
        Some(Architecture::Arm64) => "arm64",
        _ => "x86_64",
    }
}

/// A time as metadata shows it.
pub(super) fn seconds(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// EC2's layout of an object: one member a line, a blank on both sides of the colon.
pub(super) fn pretty(value: &Value) -> String {
    let members = value.as_object().into_iter().flatten();
    let lines: Vec<_> = members.map(|(name, value)| format!("  \"{name}\" : {value}")).collect();
    format!("{{\n{}\n}}", lines.join(",\n"))
}
