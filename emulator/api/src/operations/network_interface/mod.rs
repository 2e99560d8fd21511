//! Network interfaces: DescribeNetworkInterfaces here, the other actions in the submodules.

mod addresses;
mod attach;
mod attribute;
mod create;
mod item;
mod permission;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::str::FromStr;

use jiff::Timestamp;
use vpc_model::{
    Attachment, AttachmentStatus, InterfaceError, Model, NetworkInterface, NetworkInterfaceId, ServiceAttachment,
    ServiceAttachmentId,
};

pub(crate) use self::attach::decode_ena_srd;
pub(crate) use self::create::{decode_addresses, decode_connection_tracking, decode_ipv6_address};
pub(crate) use self::item::{InterfaceItem, write_connection_tracking, write_ena_options};
use super::describe::{Describable, Index, Listing, Selection, TagIndex};
use super::elastic_ip::{PublicAssociation, associations};
use super::{Action, Output, ReadOperation, read, write};
use crate::ApiError;
use crate::filter::Fields;
use crate::query::Query;
use crate::xml::{self, Xml};

pub(crate) const ACTIONS: &[Action] = &[
    write::<create::CreateNetworkInterface>(),
    write::<create::DeleteNetworkInterface>(),
    read::<DescribeNetworkInterfaces>(),
    write::<attach::AttachNetworkInterface>(),
    write::<attach::DetachNetworkInterface>(),
    write::<attribute::ModifyNetworkInterfaceAttribute>(),
    write::<attribute::ResetNetworkInterfaceAttribute>(),
    write::<attribute::ModifyPublicIpDnsNameOptions>(),
    read::<attribute::DescribeNetworkInterfaceAttribute>(),
    write::<addresses::AssignPrivateIpAddresses>(),
    write::<addresses::UnassignPrivateIpAddresses>(),
    write::<addresses::AssignIpv6Addresses>(),
    write::<addresses::UnassignIpv6Addresses>(),
    write::<permission::CreateNetworkInterfacePermission>(),
    write::<permission::DeleteNetworkInterfacePermission>(),
    read::<permission::DescribeNetworkInterfacePermissions>(),
];

#[derive(Debug)]
struct DescribeNetworkInterfaces(Selection<NetworkInterface>);

impl ReadOperation for DescribeNetworkInterfaces {
    const ACTION: &'static str = NetworkInterface::ACTION;
    type Output = Listing<InterfaceItem<'static>>;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        // Nothing here is managed by a service, so there is nothing to leave out.
        let _managed_too = query.flag("IncludeManagedResources")?;
        let selection = Selection::decode(query)?;
        selection.page.not_with_ids("networkInterfaceIds", selection.ids.len())?;
        Ok(Self(selection))
    }

    fn run(self, model: &Model, now: Timestamp) -> Result<Self::Output, ApiError> {
        self.0.listing(model, now)
    }
}

impl Describable for NetworkInterface {
    type Id = NetworkInterfaceId;
    type Item = InterfaceItem<'static>;

    const ACTION: &'static str = "DescribeNetworkInterfaces";
    const IDS: &'static str = "NetworkInterfaceId";
    const SET: &'static str = "networkInterfaceSet";
    const FIELDS: Fields<Model, Self> = Fields {
        by_name: &[
            ("addresses.primary", |_, eni| each(&eni.private_ips, |ip| ip.primary)),
            // The primary address and the others alike; `private-ip-address` is the primary one alone.
            ("addresses.private-ip-address", |_, eni| each(&eni.private_ips, |ip| ip.address)),
            ("addresses.association.owner-id", |model, eni| shown(model, eni, |one| one.owner.clone())),
            ("addresses.association.public-ip", |model, eni| shown(model, eni, |one| one.address.to_string())),
            ("association.allocation-id", |model, eni| {
                shown(model, eni, |one| one.elastic_ip.as_ref().map(|(id, _)| id.to_string()).unwrap_or_default())
            }),
            ("association.association-id", |model, eni| {
                shown(model, eni, |one| one.elastic_ip.as_ref().map(|(_, id)| id.to_string()).unwrap_or_default())
            }),
            ("association.ip-owner-id", |model, eni| shown(model, eni, |one| one.owner.clone())),
            ("association.public-dns-name", |model, eni| shown(model, eni, |one| one.name.clone())),
            ("association.public-ip", |model, eni| shown(model, eni, |one| one.address.to_string())),
            ("attachment.attach-time", |_, eni| {
                let attached = of_attachment(eni, |found| xml::time(found.attach_time));
                [attached, of_service(eni, |service| xml::time(service.attach_time))].concat()
            }),
            ("attachment.attachment-id", |_, eni| {
                [of_attachment(eni, |found| &found.id), of_service(eni, |service| &service.id)].concat()
            }),
            ("attachment.delete-on-termination", |_, eni| {
                [of_attachment(eni, |found| found.delete_on_termination), of_service(eni, |_| false)].concat()
            }),
            ("attachment.device-index", |_, eni| {
                [of_attachment(eni, |found| found.device_index), of_service(eni, |_| ServiceAttachment::DEVICE_INDEX)]
                    .concat()
            }),
            ("attachment.instance-id", |_, eni| of_attachment(eni, |found| &found.instance_id)),
            ("attachment.instance-owner-id", |model, eni| {
                [of_attachment(eni, |_| model.account()), of_service(eni, |_| ServiceAttachment::OWNER)].concat()
            }),
            ("attachment.status", |_, eni| {
                [of_attachment(eni, |found| found.status), of_service(eni, |_| AttachmentStatus::Attached)].concat()
            }),
            ("availability-zone", |_, eni| vec![eni.zone.to_string()]),
            ("availability-zone-id", |model, eni| each(&model.zone(&eni.zone), |zone| &zone.id)),
            ("description", |_, eni| vec![eni.description.clone()]),
            ("group-id", |_, eni| each(&eni.groups, |id| id)),
            ("group-name", |model, eni| {
                let groups = eni.groups.iter().filter_map(|id| model.security_group(id));
                groups.map(|group| group.name.clone()).collect()
            }),
            ("interface-type", |model, eni| vec![model.shown_type_of(eni).to_string()]),
            ("ipv6-addresses.ipv6-address", |_, eni| each(&eni.ipv6_addresses, |address| address)),
            ("mac-address", |_, eni| vec![eni.mac.to_string()]),
            ("network-interface-id", |_, eni| vec![eni.id.to_string()]),
            ("operator.managed", |_, eni| vec![eni.operator.is_some().to_string()]),
            ("operator.principal", |_, eni| each(&eni.operator, |principal| principal)),
            ("owner-id", |model, _| vec![model.account().to_string()]),
            ("private-dns-name", |model, eni| each(&eni.primary_ip(), |ip| model.region().private_dns_name(*ip))),
            ("private-ip-address", |_, eni| each(&eni.primary_ip(), |ip| ip)),
            ("requester-id", |_, eni| each(&eni.service, |_| ServiceAttachment::REQUESTER)),
            ("requester-managed", |_, eni| vec![eni.is_requester_managed().to_string()]),
            ("source-dest-check", |_, eni| vec![eni.source_dest_check.to_string()]),
            ("status", |model, eni| vec![model.status_of(eni).to_string()]),
            ("subnet-id", |_, eni| vec![eni.subnet_id.to_string()]),
            ("vpc-id", |_, eni| vec![eni.vpc_id.to_string()]),
        ],
        tags: Some(|eni| &eni.tags),
    };

    const INDEXES: &'static [Index<Self>] = &[
        ("network-interface-id", |model, value| parsed(value, |id| model.network_interface(&id))),
        ("attachment.attachment-id", attached_by),
        ("mac-address", |model, value| parsed(value, |mac| model.interface_with_mac(mac))),
        ("private-ip-address", |model, value| parsed(value, |ip| model.interfaces_with_address(ip))),
        ("addresses.private-ip-address", |model, value| parsed(value, |ip| model.interfaces_with_address(ip))),
        ("ipv6-addresses.ipv6-address", |model, value| parsed(value, |ip| model.interfaces_with_address(ip))),
        ("attachment.instance-id", |model, value| each_of(value, |id| model.interfaces_of(id).collect())),
        ("subnet-id", |model, value| each_of(value, |id| model.interfaces_in_subnet(id).collect())),
        ("group-id", |model, value| each_of(value, |id| model.interfaces_with_group(id).collect())),
        ("vpc-id", |model, value| each_of(value, |id| model.interfaces_in_vpc(id).collect())),
    ];
    const TAG_INDEX: Option<TagIndex<Self>> = Some(|model, key, value| model.interfaces_with_tag(key, value).collect());

    fn id(&self) -> &NetworkInterfaceId {
        &self.id
    }

    fn find<'a>(model: &'a Model, id: &NetworkInterfaceId) -> Option<&'a Self> {
        model.network_interface(id)
    }

    fn all(model: &Model) -> Vec<&Self> {
        model.network_interfaces().collect()
    }

    fn missing(id: &NetworkInterfaceId) -> ApiError {
        InterfaceError::NotFound(id.clone()).into()
    }

    fn item(&self, model: &Model, now: Timestamp) -> InterfaceItem<'static> {
        InterfaceItem::of(Cow::Owned(self.clone()), model, now)
    }

    fn write(&self, model: &Model, now: Timestamp, xml: &mut Xml) {
        InterfaceItem::of(Cow::Borrowed(self), model, now).write(xml);
    }
}

/// What is found by a filter's value; nothing where it is not what the filter is about.
fn parsed<'a, T: FromStr, I: IntoIterator<Item = &'a NetworkInterface>>(
    value: &str,
    find: impl FnOnce(T) -> I,
) -> Vec<&'a NetworkInterface> {
    value.parse().map_or_else(|_| Vec::new(), |value| find(value).into_iter().collect())
}

/// The same where finding needs the value for as long as it lasts.
fn each_of<'a, T: FromStr>(
    value: &str,
    find: impl FnOnce(&T) -> Vec<&'a NetworkInterface>,
) -> Vec<&'a NetworkInterface> {
    value.parse().map_or_else(|_| Vec::new(), |value| find(&value))
}

fn each<'a, T: 'a, U: ToString>(values: impl IntoIterator<Item = &'a T>, look: impl Fn(&'a T) -> U) -> Vec<String> {
    values.into_iter().map(|value| look(value).to_string()).collect()
}

/// What its addresses are mapped to.
fn shown(model: &Model, eni: &NetworkInterface, look: impl Fn(&PublicAssociation) -> String) -> Vec<String> {
    associations(eni, model).iter().flatten().map(look).collect()
}

fn of_attachment<'a, U: ToString>(eni: &'a NetworkInterface, look: impl Fn(&'a Attachment) -> U) -> Vec<String> {
    eni.live_attachment().map(|attachment| look(attachment).to_string()).into_iter().collect()
}

fn of_service<'a, U: ToString>(eni: &'a NetworkInterface, look: impl Fn(&'a ServiceAttachment) -> U) -> Vec<String> {
    eni.service.as_ref().map(|service| look(service).to_string()).into_iter().collect()
}

/// What is attached to an instance by an id, or used by a service.
fn attached_by<'a>(model: &'a Model, value: &str) -> Vec<&'a NetworkInterface> {
    match value.parse::<ServiceAttachmentId>() {
        Ok(id) => model.network_interfaces().filter(|eni| eni.service.as_ref().is_some_and(|it| it.id == id)).collect(),
        Err(_) => parsed(value, |id| model.interface_of_attachment(&id)),
    }
}
