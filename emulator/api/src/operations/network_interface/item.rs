//! A network interface as replies show it.

use std::borrow::Cow;

use jiff::Timestamp;
use vpc_model::{
    AccountId, Attachment, AttachmentStatus, ConnectionTracking, InterfaceStatus, InterfaceType, Model,
    NetworkInterface, PublicNameType, SecurityGroupId, ServiceAttachment, ZoneId,
};

use crate::operations::Output;
use crate::operations::elastic_ip::{PublicAssociation, associations};
use crate::xml::Xml;

/// A network interface as replies show it.
#[derive(Debug)]
pub(crate) struct InterfaceItem<'a> {
    interface: Cow<'a, NetworkInterface>,
    owner: AccountId,
    pub(super) status: InterfaceStatus,
    shown_type: InterfaceType,
    zone_id: Option<ZoneId>,
    groups: Vec<(SecurityGroupId, String)>,
    attachment: Option<Attachment>,
    /// The private names of its addresses, in their order.
    names: Vec<String>,
    /// What they are mapped to, in their order.
    associations: Vec<Option<PublicAssociation>>,
}

impl<'a> InterfaceItem<'a> {
    /// What is shown of an interface at a time.
    pub(crate) fn of(interface: Cow<'a, NetworkInterface>, model: &Model, now: Timestamp) -> Self {
        Self {
            owner: model.account().clone(),
            status: model.status_of(&interface),
            shown_type: model.shown_type_of(&interface),
            zone_id: model.subnet(&interface.subnet_id).map(|subnet| subnet.zone_id.clone()),
            groups: groups(&interface, model),
            attachment: interface.shown_attachment(now).cloned(),
            names: interface.private_ips.iter().map(|ip| model.region().private_dns_name(ip.address)).collect(),
            associations: associations(&interface, model),
            interface,
        }
    }
}

/// An interface's groups with their names.
pub(super) fn groups(interface: &NetworkInterface, model: &Model) -> Vec<(SecurityGroupId, String)> {
    let name = |id| model.security_group(id).map(|group| group.name.clone()).unwrap_or_default();
    interface.groups.iter().map(|id| (id.clone(), name(id))).collect()
}

impl Output for InterfaceItem<'_> {
    fn write(&self, xml: &mut Xml) {
        let interface = &self.interface;
        xml.text("networkInterfaceId", &interface.id);
        xml.text("subnetId", &interface.subnet_id);
        xml.text("vpcId", &interface.vpc_id);
        xml.text("availabilityZone", &interface.zone);
        xml.optional("availabilityZoneId", self.zone_id.as_ref());
        xml.text("description", &interface.description);
        xml.text("ownerId", &self.owner);
        xml.optional("requesterId", interface.service.as_ref().map(|_| ServiceAttachment::REQUESTER));
        xml.text("requesterManaged", interface.is_requester_managed());
        xml.element("operator", |xml| {
            xml.text("managed", interface.operator.is_some());
            xml.optional("principal", interface.operator.as_ref());
        });
        xml.text("status", self.status);
        xml.text("macAddress", interface.mac);
        xml.optional("privateIpAddress", interface.primary_ip());
        xml.optional("privateDnsName", self.names.first());
        xml.text("sourceDestCheck", interface.source_dest_check);
        write_groups(xml, &self.groups);
        if let Some(attachment) = &self.attachment {
            xml.element("attachment", |xml| write_attachment(xml, attachment, &self.owner));
        }
        if let Some(service) = &interface.service {
            xml.element("attachment", |xml| write_service_attachment(xml, service));
        }
        if let Some(Some(association)) = self.associations.first() {
            association.write(xml);
        }
        self.write_public_name(xml);
        self.write_addresses(xml);
        write_connection_tracking(xml, &interface.connection_tracking);
        xml.text("interfaceType", self.shown_type);
        xml.tags(&interface.tags);
    }
}

impl InterfaceItem<'_> {
    /// Deviation: AWS has names of its own for each type, made of the ENI's id; here they are the address' name.
    fn write_public_name(&self, xml: &mut Xml) {
        let Some(kind) = self.interface.public_name else { return };
        let name = self.associations.first().and_then(Option::as_ref).map(|public| &public.name);
        let name = name.filter(|name| !name.is_empty());
        xml.optional("publicDnsName", name.filter(|_| kind != PublicNameType::Ipv6));
        xml.element("publicIpDnsNameOptions", |xml| {
            xml.text("dnsHostnameType", kind.as_str());
            xml.optional("publicIpv4DnsName", name);
        });
    }

    fn write_addresses(&self, xml: &mut Xml) {
        let interface = &self.interface;
        let ips = interface.private_ips.iter().zip(&self.names).zip(&self.associations);
        xml.list("privateIpAddressesSet", ips, |xml, ((ip, name), association)| {
            xml.text("privateIpAddress", ip.address);
            xml.text("privateDnsName", name);
            xml.text("primary", ip.primary);
            if let Some(association) = association {
                association.write(xml);
            }
        });
        xml.list("ipv6AddressesSet", interface.ipv6_addresses.iter().enumerate(), |xml, (at, address)| {
            xml.text("ipv6Address", address);
            xml.text("isPrimaryIpv6", interface.primary_ipv6 && at == 0);
        });
        xml.optional("ipv6Address", interface.ipv6_addresses.first());
        if interface.private_ips.is_empty() && !interface.ipv6_addresses.is_empty() {
            xml.text("ipv6Native", true);
        }
        xml.list("ipv4PrefixSet", &interface.ipv4_prefixes, |xml, prefix| xml.text("ipv4Prefix", prefix));
        xml.list("ipv6PrefixSet", &interface.ipv6_prefixes, |xml, prefix| xml.text("ipv6Prefix", prefix));
    }
}

/// `<groupSet>`.
pub(super) fn write_groups(xml: &mut Xml, groups: &[(SecurityGroupId, String)]) {
    xml.list("groupSet", groups, |xml, (id, name)| {
        xml.text("groupId", id);
        xml.text("groupName", name);
    });
}

/// The inside of `<attachment>`.
pub(super) fn write_attachment(xml: &mut Xml, attachment: &Attachment, owner: &AccountId) {
    xml.text("attachmentId", &attachment.id);
    xml.text("instanceId", &attachment.instance_id);
    xml.text("instanceOwnerId", owner);
    xml.text("deviceIndex", attachment.device_index);
    xml.text("networkCardIndex", attachment.network_card_index);
    xml.text("status", attachment.status);
    xml.timestamp("attachTime", attachment.attach_time);
    xml.text("deleteOnTermination", attachment.delete_on_termination);
    write_ena_options(xml, attachment);
}

/// What is configured of an attachment's adapter.
pub(crate) fn write_ena_options(xml: &mut Xml, attachment: &Attachment) {
    if let Some(ena_srd) = attachment.ena_srd {
        xml.element("enaSrdSpecification", |xml| {
            xml.text("enaSrdEnabled", ena_srd.enabled);
            xml.element("enaSrdUdpSpecification", |xml| xml.text("enaSrdUdpEnabled", ena_srd.udp_enabled));
        });
    }
    xml.optional("enaQueueCount", attachment.ena_queue_count);
}

/// The same for an ENI that a service uses: EC2 does not say by what.
fn write_service_attachment(xml: &mut Xml, service: &ServiceAttachment) {
    xml.text("attachmentId", &service.id);
    xml.text("instanceOwnerId", ServiceAttachment::OWNER);
    xml.text("deviceIndex", ServiceAttachment::DEVICE_INDEX);
    xml.text("status", AttachmentStatus::Attached);
    xml.timestamp("attachTime", service.attach_time);
    xml.text("deleteOnTermination", false);
}

/// EC2 shows the configuration only where one was given: the CNI copies it when it is there.
pub(crate) fn write_connection_tracking(xml: &mut Xml, timeouts: &ConnectionTracking) {
    if *timeouts == ConnectionTracking::default() {
        return;
    }
    xml.element("connectionTrackingConfiguration", |xml| {
        xml.optional("tcpEstablishedTimeout", timeouts.tcp_established_timeout_seconds);
        xml.optional("udpStreamTimeout", timeouts.udp_stream_timeout_seconds);
        xml.optional("udpTimeout", timeouts.udp_timeout_seconds);
    });
}
