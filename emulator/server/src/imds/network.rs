//! `meta-data/network/`: the instance's ENIs by their MACs.
//!
//! Branch ENIs are not attached to the instance, so a node does not see those of its pods.

use std::net::Ipv4Addr;

use vpc_model::{AttachmentStatus, Instance, Model, NetworkInterface, VpcId};

use super::tree::{Folder, Node, folder, leaf, lines};

/// `network/`.
pub(super) fn network(model: &Model, instance: &Instance) -> Node {
    let macs: Folder =
        interfaces(model, instance).map(|eni| (eni.mac.to_string(), Node::Folder(interface(model, eni)))).collect();
    let interfaces = folder([("macs", Some(Node::Folder(macs)))]);
    Node::Folder(folder([("interfaces", Some(Node::Folder(interfaces)))]))
}

/// The ENIs an instance sees. A secondary one appears with its link and goes as soon as it is detached;
/// the primary one is there from the start.
pub(super) fn interfaces<'a>(model: &'a Model, instance: &Instance) -> impl Iterator<Item = &'a NetworkInterface> {
    model.interfaces_of(&instance.id).filter(|eni| {
        eni.attachment
            .as_ref()
            .is_some_and(|attachment| attachment.device_index == 0 || attachment.status == AttachmentStatus::Attached)
    })
}

/// The names of an ENI's groups.
pub(super) fn group_names<'a>(model: &'a Model, eni: &'a NetworkInterface) -> impl Iterator<Item = &'a str> {
    eni.groups.iter().filter_map(|id| model.security_group(id)).map(|group| group.name.as_str())
}

/// A host's name in the domain of its VPC's DHCP options.
pub(super) fn in_domain(model: &Model, vpc: &VpcId, name: String) -> String {
    let options = model.vpc(vpc).and_then(|vpc| vpc.dhcp_options_id.as_ref());
    let options = options.and_then(|id| model.dhcp_options_set(id)).map_or(&[][..], |set| &set.options);
    let domain = options.iter().find(|(name, _)| name == "domain-name").and_then(|(_, values)| values.first());
    match (name.split_once('.'), domain) {
        (Some((host, _)), Some(domain)) => format!("{host}.{domain}"),
        _ => name,
    }
}

/// A public address of an ENI.
pub(super) struct PublicAddress {
    pub(super) address: Ipv4Addr,
    private: Ipv4Addr,
    /// Its name, where the VPC gives names to addresses.
    pub(super) name: Option<String>,
}

/// The public addresses of an ENI, the primary address's first.
pub(super) fn public_addresses(model: &Model, eni: &NetworkInterface) -> Vec<PublicAddress> {
    let is_named = model.vpc(&eni.vpc_id).is_some_and(|vpc| vpc.enable_dns_hostnames);
    let found = eni.private_ips.iter().filter_map(|ip| {
        let address = model.public_address_of(eni, ip.address)?.address;
        let name = is_named.then(|| model.region().public_dns_name(address));
        Some(PublicAddress { address, private: ip.address, name })
    });
    found.collect()
}

/// `ipv4-associations/`: by public address the private one.
fn associations(public: &[PublicAddress]) -> Option<Node> {
    let found: Folder = public.iter().map(|public| (public.address.to_string(), leaf(public.private))).collect();
    (!found.is_empty()).then_some(Node::Folder(found))
}

fn interface(model: &Model, eni: &NetworkInterface) -> Folder {
    let attachment = eni.attachment.as_ref();
    let name = eni.primary_ip().map(|address| model.region().private_dns_name(address));
    let public = public_addresses(model, eni);
    let mut leaves = folder([
        ("device-number", attachment.map(|attachment| leaf(attachment.device_index))),
        ("interface-id", Some(leaf(&eni.id))),
        ("ipv4-associations", associations(&public)),
        ("ipv4-prefix", lines(&eni.ipv4_prefixes)),
        ("ipv6-prefix", lines(&eni.ipv6_prefixes)),
        ("ipv6s", lines(&eni.ipv6_addresses)),
        ("local-hostname", name.map(|name| leaf(in_domain(model, &eni.vpc_id, name)))),
        ("local-ipv4s", lines(eni.private_ips.iter().map(|ip| ip.address))),
        ("mac", Some(leaf(eni.mac))),
        ("network-card", attachment.map(|attachment| leaf(attachment.network_card_index))),
        ("owner-id", Some(leaf(model.account()))),
        ("public-hostname", public.first().and_then(|public| public.name.as_ref()).map(leaf)),
        ("public-ipv4s", lines(public.iter().map(|public| public.address))),
        ("security-group-ids", lines(&eni.groups)),
        ("security-groups", lines(group_names(model, eni))),
        ("subnet-id", Some(leaf(&eni.subnet_id))),
        ("vpc-id", Some(leaf(&eni.vpc_id))),
    ]);
    leaves.extend(blocks(model, eni));
    leaves
}

/// The blocks of the ENI's subnet and VPC.
fn blocks(model: &Model, eni: &NetworkInterface) -> Folder {
    let (subnet, vpc) = (model.subnet(&eni.subnet_id), model.vpc(&eni.vpc_id));
    folder([
        ("subnet-ipv4-cidr-block", subnet.and_then(|subnet| subnet.cidr_block).map(leaf)),
        ("subnet-ipv6-cidr-blocks", subnet.and_then(|subnet| lines(subnet.ipv6_cidr_blocks()))),
        ("vpc-ipv4-cidr-block", vpc.map(|vpc| leaf(vpc.cidr_block))),
        ("vpc-ipv4-cidr-blocks", vpc.and_then(|vpc| lines(vpc.cidr_associations.iter().map(|(_, block)| block)))),
        ("vpc-ipv6-cidr-blocks", vpc.and_then(|vpc| lines(vpc.ipv6_cidr_blocks()))),
    ])
}
