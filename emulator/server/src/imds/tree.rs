//! What an instance's metadata consists of: folders and leaves. A listing names exactly what is there,
//! because both come from the same value.

use std::collections::BTreeMap;

use jiff::Timestamp;
use vpc_model::image::Volume;
use vpc_model::{Instance, InstanceState, Model, NetworkInterface};

use super::identity::Signature;
use super::{Imds, identity, network};

/// A folder's entries by name.
pub(super) type Folder = BTreeMap<String, Node>;

/// One entry of a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Node {
    /// A value.
    Leaf(Vec<u8>),
    /// A folder: its path answers with a listing.
    Folder(Folder),
    /// A signature of the identity document, which is made when it is read.
    Signature(Signature),
    /// A folder that listings show as `0=name`, as EC2 does with key pairs.
    Titled(String, Folder),
}

impl Node {
    /// The node at a path below this one; a slash at the end does not matter.
    pub(super) fn at<'a>(&'a self, path: &str) -> Option<&'a Node> {
        path.split('/').filter(|name| !name.is_empty()).try_fold(self, |node, name| match node {
            Self::Folder(entries) | Self::Titled(_, entries) => entries.get(name),
            Self::Leaf(_) | Self::Signature(_) => None,
        })
    }
}

/// The entries' names, one a line, folders with a slash at the end.
pub(super) fn listing(entries: &Folder) -> String {
    let lines = entries.iter().map(|(name, node)| match node {
        Node::Leaf(_) | Node::Signature(_) => name.clone(),
        Node::Folder(_) => format!("{name}/"),
        Node::Titled(title, _) => format!("{name}={title}"),
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// A leaf.
pub(super) fn leaf(value: impl ToString) -> Node {
    Node::Leaf(value.to_string().into_bytes())
}

/// A leaf of one value a line, or none if there are no values.
pub(super) fn lines(values: impl IntoIterator<Item = impl ToString>) -> Option<Node> {
    let lines: Vec<_> = values.into_iter().map(|value| value.to_string()).collect();
    (!lines.is_empty()).then(|| leaf(lines.join("\n")))
}

/// A folder of those entries that are there.
pub(super) fn folder<const N: usize>(entries: [(&str, Option<Node>); N]) -> Folder {
    entries.into_iter().filter_map(|(name, node)| Some((name.to_owned(), node?))).collect()
}

/// What is below a version such as `latest`.
pub(super) fn version(model: &Model, instance: &Instance, imds: &Imds, now: Timestamp) -> Node {
    Node::Folder(folder([
        ("dynamic", Some(dynamic(model, instance))),
        ("meta-data", Some(Node::Folder(meta_data(model, instance, imds, now)))),
        ("user-data", instance.user_data.clone().map(Node::Leaf)),
    ]))
}

fn dynamic(model: &Model, instance: &Instance) -> Node {
    let identity = folder([
        ("document", Some(leaf(identity::document(model, instance)))),
        ("pkcs7", Some(Node::Signature(Signature::Pkcs7))),
        ("rsa2048", Some(Node::Signature(Signature::Pkcs7))),
        ("signature", Some(Node::Signature(Signature::Bare))),
    ]);
    // Whether CloudWatch gets a value a minute.
    let monitoring = if instance.options.monitoring { "enabled" } else { "disabled" };
    let services = folder([("instance-monitoring", Some(leaf(monitoring)))]);
    Node::Folder(folder([("fws", Some(Node::Folder(services))), ("instance-identity", Some(Node::Folder(identity)))]))
}

fn meta_data(model: &Model, instance: &Instance, imds: &Imds, now: Timestamp) -> Folder {
    let primary = primary(model, instance);
    let address = primary.and_then(NetworkInterface::primary_ip);
    let name = model.private_name_of(instance).map(|name| leaf(network::in_domain(model, &instance.vpc_id, name)));
    let public = primary.map(|eni| network::public_addresses(model, eni)).unwrap_or_default();
    let notice = imds.notices.of(&instance.id);
    folder([
        ("ami-id", Some(leaf(&instance.image_id))),
        ("ami-launch-index", Some(leaf(instance.ami_launch_index))),
        ("ami-manifest-path", Some(leaf("(unknown)"))),
        ("autoscaling", autoscaling(instance)),
        ("block-device-mapping", Some(Node::Folder(block_devices(model, instance)))),
        ("events", Some(Node::Folder(notice.events()))),
        ("hibernation", Some(Node::Folder(folder([("configured", Some(leaf(false)))])))),
        ("hostname", name.clone()),
        ("iam", imds.role_keys.iam(model, instance, now)),
        ("identity-credentials", Some(imds.role_keys.identity_credentials(model, instance, now))),
        ("instance-action", Some(leaf("none"))),
        ("instance-id", Some(leaf(&instance.id))),
        ("instance-life-cycle", Some(leaf(if instance.options.market.is_some() { "spot" } else { "on-demand" }))),
        ("instance-type", Some(leaf(&instance.instance_type))),
        ("ipv6", primary.and_then(|eni| eni.ipv6_addresses.first()).map(leaf)),
        ("local-hostname", name),
        ("local-ipv4", address.map(leaf)),
        ("metrics", Some(metrics())),
        ("mac", primary.map(|eni| leaf(eni.mac))),
        ("network", Some(network::network(model, instance))),
        ("placement", Some(Node::Folder(placement(model, instance)))),
        ("profile", Some(leaf("default-hvm"))),
        ("public-hostname", public.first().and_then(|public| public.name.as_ref()).map(leaf)),
        ("public-ipv4", public.first().map(|public| leaf(public.address))),
        ("public-keys", public_keys(model, instance)),
        ("reservation-id", Some(leaf(&instance.reservation_id))),
        ("security-groups", primary.and_then(|eni| lines(network::group_names(model, eni)))),
        ("services", Some(services())),
        ("spot", notice.spot()),
        ("system", Some(leaf("nitro"))),
        ("tags", tags(instance)),
    ])
}

/// For instances that belong to an Auto Scaling group.
fn autoscaling(instance: &Instance) -> Option<Node> {
    instance.tags.get("aws:autoscaling:groupName")?;
    let state = match instance.state {
        InstanceState::Pending | InstanceState::Running => "InService",
        _ => "Terminated",
    };
    Some(Node::Folder(folder([("target-lifecycle-state", Some(leaf(state)))])))
}

/// The root volume, the others, and the disks of the machine's own that the image names.
fn block_devices(model: &Model, instance: &Instance) -> Folder {
    let root = model.root_device(instance);
    let mut mapping = folder([("ami", Some(leaf(root))), ("root", Some(leaf(root)))]);
    let others = model.volumes_of(instance).filter(|(_, place)| place.device != root);
    for (at, (_, place)) in others.enumerate() {
        mapping.insert(format!("ebs{}", at + 1), leaf(place.device.trim_start_matches("/dev/")));
    }
    for device in model.image(&instance.image_id).map_or(&[][..], |image| &image.devices) {
        if let Volume::Ephemeral(number) = device.volume {
            mapping.insert(format!("ephemeral{number}"), leaf(device.name.trim_start_matches("/dev/")));
        }
    }
    mapping
}

/// A document without metrics, as EC2 has it.
fn metrics() -> Node {
    Node::Folder(folder([("vhostmd", Some(leaf("<?xml version=\"1.0\" encoding=\"UTF-8\"?>")))]))
}

/// The ENI with device index 0.
fn primary<'a>(model: &'a Model, instance: &Instance) -> Option<&'a NetworkInterface> {
    network::interfaces(model, instance)
        .find(|eni| eni.attachment.as_ref().is_some_and(|attachment| attachment.device_index == 0))
}

fn placement(model: &Model, instance: &Instance) -> Folder {
    let zone_id = model.subnet(&instance.subnet_id).map(|subnet| leaf(&subnet.zone_id));
    folder([
        ("availability-zone", Some(leaf(&instance.zone))),
        ("availability-zone-id", zone_id),
        ("group-name", instance.options.placement.group_name.as_ref().map(leaf)),
        ("partition-number", instance.options.placement.partition_number.map(leaf)),
        ("region", Some(leaf(model.region()))),
    ])
}

/// The public half of the key pair the instance was launched with.
fn public_keys(model: &Model, instance: &Instance) -> Option<Node> {
    let pair = model.key_pair_named(instance.key_name.as_deref()?)?;
    let key = folder([("openssh-key", Some(leaf(&pair.public_key)))]);
    Some(Node::Folder(folder([("0", Some(Node::Titled(pair.name.clone(), key)))])))
}

fn services() -> Node {
    Node::Folder(folder([("domain", Some(leaf("amazonaws.com"))), ("partition", Some(leaf("aws")))]))
}

/// Only with `InstanceMetadataTags`; a key with a slash could not be asked for.
fn tags(instance: &Instance) -> Option<Node> {
    if !instance.metadata_options.tags_enabled {
        return None;
    }
    let askable = instance.tags.iter().filter(|(key, _)| !key.contains('/'));
    let tags = askable.map(|(key, value)| (key.clone(), leaf(value))).collect();
    Some(Node::Folder(folder([("instance", Some(Node::Folder(tags)))])))
}
