//! Who an instance is: the identity document and the credentials of its role.
//!
//! See <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-identity-documents.html> and
//! <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-metadata-security-credentials.html>.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use vpc_model::instance::options::profile_id;
use vpc_model::instance_type::{self, Architecture};
use vpc_model::{Instance, InstanceType, Model, NetworkInterface};

use super::network;
use super::tree::{Node, folder, leaf};

/// How long role credentials last.
const CREDENTIALS_LAST: SignedDuration = SignedDuration::from_hours(6);

/// The identity document.
///
/// Deviation: it is not signed, so `pkcs7`, `rsa2048` and `signature` are not there.
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

/// `iam/`, for instances with an instance profile.
///
/// Deviation: the model knows the profile only, so the role carries the profile's name, and the
/// credentials are ones that this endpoint accepts and AWS does not.
pub(super) fn iam(instance: &Instance, now: Timestamp) -> Option<Node> {
    let profile = instance.iam_instance_profile.as_deref()?;
    let role = profile.rsplit('/').next().unwrap_or(profile);
    // The id's last sixteen digits, as many as follow the prefix of an access key.
    let digits = instance.id.as_str().to_uppercase();
    let digits = format!("{:0>16}", digits[digits.len().saturating_sub(16)..].trim_start_matches("I-"));
    let info = json!({
        "Code": "Success",
        "LastUpdated": seconds(now),
        "InstanceProfileArn": profile,
        "InstanceProfileId": profile_id(profile),
    });
    let credentials = json!({
        "Code": "Success",
        "LastUpdated": seconds(now),
        "Type": "AWS-HMAC",
        "AccessKeyId": format!("ASIA{digits}"),
        "SecretAccessKey": format!("vpcbox{digits:0>34}"),
        "Token": format!("vpcbox-{}", instance.id),
        "Expiration": seconds(now.saturating_add(CREDENTIALS_LAST).unwrap_or(Timestamp::MAX)),
    });
    let roles = Node::Folder(folder([(role, Some(leaf(pretty(&credentials))))]));
    Some(Node::Folder(folder([("info", Some(leaf(pretty(&info)))), ("security-credentials", Some(roles))])))
}

fn architecture(instance_type: &str) -> &'static str {
    match instance_type::find(instance_type).and_then(InstanceType::architecture) {
        Some(Architecture::Arm64) => "arm64",
        _ => "x86_64",
    }
}

fn seconds(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// EC2's layout: one member a line, a blank on both sides of the colon.
fn pretty(value: &Value) -> String {
    let members = value.as_object().into_iter().flatten();
    let lines: Vec<_> = members.map(|(name, value)| format!("  \"{name}\" : {value}")).collect();
    format!("{{\n{}\n}}", lines.join(",\n"))
}
