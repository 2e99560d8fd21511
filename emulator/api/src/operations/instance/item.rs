//! Instances and reservations as replies show them.

use vpc_model::instance::options::profile_id;
use vpc_model::{Instance, InstanceState, Model, NetworkInterface, SecurityGroupId, instance_type};

use super::{metadata, options};
use crate::operations::elastic_ip::{PublicAssociation, associations};
use crate::operations::{Output, network_interface, volume};
use crate::xml::Xml;

/// What one launch made, as far as a call asks for it.
#[derive(Debug)]
pub(super) struct Reservation {
    content: Vec<u8>,
}

impl Reservation {
    /// Puts instances into their reservations; those of one follow one another.
    pub(super) fn group(model: &Model, instances: &[&Instance]) -> Vec<Self> {
        let together = |one: &&Instance, other: &&Instance| one.reservation_id == other.reservation_id;
        instances.chunk_by(together).map(|instances| Self::of(model, instances)).collect()
    }

    /// One reservation. What it shows depends on the whole model, so it is written while that is at hand.
    pub(super) fn of(model: &Model, instances: &[&Instance]) -> Self {
        let content = Xml::fragment(|xml| {
            xml.optional("reservationId", instances.first().map(|instance| &instance.reservation_id));
            xml.text("ownerId", model.account());
            // Only EC2-Classic had groups of reservations.
            xml.list("groupSet", [(); 0], |_, ()| ());
            xml.list("instancesSet", instances, |xml, instance| write_instance(xml, model, instance));
        });
        Self { content }
    }
}

impl Output for Reservation {
    fn write(&self, xml: &mut Xml) {
        xml.raw(&self.content);
    }
}

/// The ENI at device index 0; a terminated instance has none.
pub(super) fn primary<'a>(model: &'a Model, instance: &Instance) -> Option<&'a NetworkInterface> {
    model.interfaces_of(&instance.id).next()
}

/// The primary ENI's groups.
pub(crate) fn groups<'a>(model: &'a Model, instance: &Instance) -> &'a [SecurityGroupId] {
    primary(model, instance).map_or(&[], |interface| &interface.groups)
}

/// The public address of the primary ENI's primary address.
pub(super) fn public_address(model: &Model, instance: &Instance) -> Option<PublicAssociation> {
    associations(primary(model, instance)?, model).into_iter().next()?
}

/// The instance's tenancy; unless it has one of its own, its VPC's.
pub(crate) fn tenancy(model: &Model, instance: &Instance) -> String {
    if let Some(own) = &instance.options.placement.tenancy {
        return own.clone();
    }
    model.vpc(&instance.vpc_id).map_or_else(|| "default".to_owned(), |vpc| vpc.instance_tenancy.clone())
}

/// Whether it is monitored in detail.
pub(super) fn monitoring(instance: &Instance) -> &'static str {
    match (instance.options.monitoring, instance.state) {
        (true, InstanceState::Pending) => "pending",
        (true, _) => "enabled",
        (false, _) => "disabled",
    }
}

/// The architecture of its type.
pub(super) fn architecture(instance: &Instance) -> Option<String> {
    instance_type::find(&instance.instance_type)?.architecture().map(|own| own.to_string())
}

/// The state as `instanceState` and its like have it.
pub(super) fn write_state(xml: &mut Xml, name: &'static str, state: InstanceState) {
    xml.element(name, |xml| {
        xml.text("code", state.code());
        xml.text("name", state);
    });
}

fn write_instance(xml: &mut Xml, model: &Model, instance: &Instance) {
    xml.text("instanceId", &instance.id);
    xml.text("imageId", &instance.image_id);
    write_state(xml, "instanceState", instance.state);
    xml.text("privateDnsName", model.private_name_of(instance).unwrap_or_default());
    let public = public_address(model, instance);
    xml.text("dnsName", public.as_ref().map_or("", |public| &public.name));
    xml.text("reason", instance.state_reason.as_deref().unwrap_or_default());
    xml.optional("keyName", instance.key_name.as_ref());
    xml.text("amiLaunchIndex", instance.ami_launch_index);
    xml.list("productCodes", [(); 0], |_, ()| ());
    xml.text("instanceType", &instance.instance_type);
    xml.timestamp("launchTime", instance.launch_time);
    write_placement(xml, model, instance);
    xml.element("monitoring", |xml| xml.text("state", monitoring(instance)));
    write_network(xml, model, instance);
    write_state_reason(xml, instance.state);
    xml.optional("architecture", architecture(instance));
    xml.text("rootDeviceType", "ebs");
    xml.text("rootDeviceName", model.root_device(instance));
    volume::write_devices(xml, model, instance);
    xml.text("virtualizationType", "hvm");
    xml.text("clientToken", instance.client_token.as_deref().unwrap_or_default());
    xml.tags(&instance.tags);
    // EC2 says so of Nitro instances too.
    xml.text("hypervisor", "xen");
    if let Some(arn) = &instance.iam_instance_profile {
        xml.element("iamInstanceProfile", |xml| {
            xml.text("arn", arn);
            xml.text("id", profile_id(arn));
        });
    }
    options::write(xml, instance);
    metadata::write(xml, "metadataOptions", &instance.metadata_options);
}

fn write_placement(xml: &mut Xml, model: &Model, instance: &Instance) {
    xml.element("placement", |xml| {
        xml.text("availabilityZone", &instance.zone);
        xml.optional("availabilityZoneId", model.zone(&instance.zone).map(|zone| zone.id));
        let placement = &instance.options.placement;
        xml.optional("affinity", placement.affinity.as_ref());
        xml.text("groupName", placement.group_name.as_deref().unwrap_or_default());
        let group = placement.group_name.as_ref().and_then(|name| model.placement_group_named(name));
        xml.optional("groupId", group.map(|group| &group.id));
        xml.optional("partitionNumber", placement.partition_number);
        xml.text("tenancy", tenancy(model, instance));
    });
}

/// What comes from the instance's interfaces. A terminated instance has none, and is in no subnet.
fn write_network(xml: &mut Xml, model: &Model, instance: &Instance) {
    if !instance.is_terminated() {
        xml.text("subnetId", &instance.subnet_id);
        xml.text("vpcId", &instance.vpc_id);
    }
    if let Some(primary) = primary(model, instance) {
        xml.optional("privateIpAddress", primary.primary_ip());
        xml.optional("ipAddress", public_address(model, instance).map(|public| public.address));
        xml.optional("ipv6Address", primary.ipv6_addresses.first());
        xml.text("sourceDestCheck", primary.source_dest_check);
    }
    write_groups(xml, model, groups(model, instance));
    xml.list("networkInterfaceSet", model.interfaces_of(&instance.id), |xml, interface| {
        write_interface(xml, model, interface);
    });
}

/// `<groupSet>`.
pub(crate) fn write_groups(xml: &mut Xml, model: &Model, groups: &[SecurityGroupId]) {
    xml.list("groupSet", groups, |xml, id| {
        xml.text("groupId", id);
        xml.optional("groupName", model.security_group(id).map(|group| &group.name));
    });
}

fn write_interface(xml: &mut Xml, model: &Model, interface: &NetworkInterface) {
    xml.text("networkInterfaceId", &interface.id);
    xml.text("subnetId", &interface.subnet_id);
    xml.text("vpcId", &interface.vpc_id);
    xml.text("description", &interface.description);
    xml.text("ownerId", model.account());
    xml.text("status", model.status_of(interface));
    xml.text("macAddress", interface.mac);
    xml.optional("privateIpAddress", interface.primary_ip());
    xml.optional("privateDnsName", interface.primary_ip().map(|address| model.region().private_dns_name(address)));
    xml.text("sourceDestCheck", interface.source_dest_check);
    write_groups(xml, model, &interface.groups);
    write_attachment(xml, interface);
    let public = associations(interface, model);
    if let Some(Some(association)) = public.first() {
        association.write_for_instance(xml);
    }
    xml.list("privateIpAddressesSet", interface.private_ips.iter().zip(&public), |xml, (ip, association)| {
        xml.text("privateIpAddress", ip.address);
        xml.text("privateDnsName", model.region().private_dns_name(ip.address));
        xml.text("primary", ip.primary);
        if let Some(association) = association {
            association.write_for_instance(xml);
        }
    });
    xml.list("ipv6AddressesSet", interface.ipv6_addresses.iter().enumerate(), |xml, (at, address)| {
        xml.text("ipv6Address", address);
        xml.text("isPrimaryIpv6", interface.primary_ipv6 && at == 0);
    });
    xml.text("interfaceType", model.shown_type_of(interface));
    if !interface.ipv4_prefixes.is_empty() {
        xml.list("ipv4PrefixSet", &interface.ipv4_prefixes, |xml, prefix| xml.text("ipv4Prefix", prefix));
    }
    if !interface.ipv6_prefixes.is_empty() {
        xml.list("ipv6PrefixSet", &interface.ipv6_prefixes, |xml, prefix| xml.text("ipv6Prefix", prefix));
    }
    network_interface::write_connection_tracking(xml, &interface.connection_tracking);
    xml.element("operator", |xml| xml.text("managed", false));
}

fn write_attachment(xml: &mut Xml, interface: &NetworkInterface) {
    let Some(attachment) = &interface.attachment else { return };
    xml.element("attachment", |xml| {
        xml.text("attachmentId", &attachment.id);
        xml.text("deviceIndex", attachment.device_index);
        xml.text("status", attachment.status);
        xml.timestamp("attachTime", attachment.attach_time);
        xml.text("deleteOnTermination", attachment.delete_on_termination);
        xml.text("networkCardIndex", attachment.network_card_index);
        network_interface::write_ena_options(xml, attachment);
    });
}

/// Why an instance is in a state: a code and a text.
pub(super) fn state_reason(state: InstanceState) -> Option<(&'static str, &'static str)> {
    match state {
        InstanceState::Pending => Some(("pending", "pending")),
        InstanceState::Running => None,
        InstanceState::ShuttingDown | InstanceState::Terminated | InstanceState::Stopping | InstanceState::Stopped => {
            Some(("Client.UserInitiatedShutdown", "Client.UserInitiatedShutdown: User initiated shutdown"))
        }
    }
}

fn write_state_reason(xml: &mut Xml, state: InstanceState) {
    let Some((code, message)) = state_reason(state) else { return };
    xml.element("stateReason", |xml| {
        xml.text("code", code);
        xml.text("message", message);
    });
}
