//! DescribeInstances.

use jiff::Timestamp;
use vpc_model::{Instance, InstanceId, Model};

use super::item::{self, Reservation};
use crate::ApiError;
use crate::filter::{Fields, Filters};
use crate::operations::{Output, ReadOperation};
use crate::pagination::PageRequest;
use crate::query::Query;
use crate::xml::Xml;

#[derive(Debug)]
pub(super) struct DescribeInstances {
    ids: Vec<InstanceId>,
    filters: Filters,
    page: PageRequest,
}

impl ReadOperation for DescribeInstances {
    const ACTION: &'static str = "DescribeInstances";
    type Output = DescribeInstancesOutput;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        // No service manages instances here, so this one changes nothing.
        let _managed_too = query.flag("IncludeManagedResources")?;
        let (ids, filters) = (query.list("InstanceId")?, Filters::decode(query)?);
        let page = PageRequest::decode(query, 5..=1000)?;
        page.not_with_ids("instancesSet", ids.len())?;
        Ok(Self { ids, filters, page })
    }

    fn run(self, model: &Model, now: Timestamp) -> Result<Self::Output, ApiError> {
        let asked = asked_for(model, now, &self.ids)?;
        let found = self.filters.select(&FIELDS, model, asked)?;
        // Instances of one reservation stay together.
        let page = self.page.page(found, |instance| {
            format!("{} {:05} {}", instance.reservation_id, instance.ami_launch_index, instance.id)
        });
        Ok(DescribeInstancesOutput {
            reservations: Reservation::group(model, &page.items),
            next_token: page.next_token,
        })
    }
}

/// The instances of some ids; all that are still shown where there are none.
pub(super) fn asked_for<'a>(
    model: &'a Model,
    now: Timestamp,
    ids: &[InstanceId],
) -> Result<Vec<&'a Instance>, ApiError> {
    if ids.is_empty() {
        return Ok(model.instances().filter(|instance| !instance.is_forgotten(now)).collect());
    }
    let mut distinct = ids.to_vec();
    distinct.sort();
    distinct.dedup();
    Ok(model.find_instances(now, &distinct)?)
}

#[derive(Debug)]
pub(super) struct DescribeInstancesOutput {
    reservations: Vec<Reservation>,
    next_token: Option<String>,
}

impl Output for DescribeInstancesOutput {
    fn write(&self, xml: &mut Xml) {
        xml.list("reservationSet", &self.reservations, |xml, reservation| reservation.write(xml));
        xml.optional("nextToken", self.next_token.as_ref());
    }
}

/// What a filter sees of the instance's interfaces.
macro_rules! interfaces {
    ($model:ident, $instance:ident, $interface:ident => $value:expr) => {
        $model.interfaces_of(&$instance.id).map(|$interface| $value.to_string()).collect()
    };
}

const FIELDS: Fields<Model, Instance> = Fields {
    by_name: &[
        ("architecture", |_, own| item::architecture(own).into_iter().collect()),
        ("availability-zone", |_, own| vec![own.zone.to_string()]),
        ("availability-zone-id", |model, own| {
            model.zone(&own.zone).into_iter().map(|zone| zone.id.to_string()).collect()
        }),
        ("client-token", |_, own| own.client_token.clone().into_iter().collect()),
        ("dns-name", |model, own| item::public_address(model, own).map(|one| one.name).into_iter().collect()),
        ("group-id", |model, own| item::groups(model, own).iter().map(ToString::to_string).collect()),
        ("hypervisor", |_, _| vec!["xen".to_owned()]),
        ("iam-instance-profile.arn", |_, own| own.iam_instance_profile.clone().into_iter().collect()),
        ("image-id", |_, own| vec![own.image_id.to_string()]),
        ("instance-id", |_, own| vec![own.id.to_string()]),
        ("instance-lifecycle", |_, _| Vec::new()),
        ("instance-state-code", |_, own| vec![own.state.code().to_string()]),
        ("instance-state-name", |_, own| vec![own.state.to_string()]),
        ("instance-type", |_, own| vec![own.instance_type.clone()]),
        ("instance.group-id", |model, own| item::groups(model, own).iter().map(ToString::to_string).collect()),
        ("instance.group-name", |model, own| {
            item::groups(model, own).iter().filter_map(|id| Some(model.security_group(id)?.name.clone())).collect()
        }),
        ("ip-address", |model, own| {
            item::public_address(model, own).map(|one| one.address.to_string()).into_iter().collect()
        }),
        ("key-name", |_, own| own.key_name.clone().into_iter().collect()),
        ("launch-index", |_, own| vec![own.ami_launch_index.to_string()]),
        ("launch-time", |_, own| vec![crate::xml::time(own.launch_time)]),
        ("metadata-options.http-put-response-hop-limit", |_, own| vec![own.metadata_options.hop_limit.to_string()]),
        ("metadata-options.http-tokens", |_, own| {
            vec![if own.metadata_options.tokens_required { "required" } else { "optional" }.to_owned()]
        }),
        ("network-interface.addresses.private-ip-address", |model, own| {
            let interfaces = model.interfaces_of(&own.id);
            interfaces.flat_map(|found| &found.private_ips).map(|ip| ip.address.to_string()).collect()
        }),
        ("network-interface.attachment.attachment-id", |model, own| {
            let attachments = model.interfaces_of(&own.id).filter_map(|found| found.attachment.as_ref());
            attachments.map(|attachment| attachment.id.to_string()).collect()
        }),
        ("network-interface.availability-zone", |model, own| interfaces!(model, own, found => found.zone)),
        ("network-interface.description", |model, own| interfaces!(model, own, found => found.description)),
        ("network-interface.group-id", |model, own| {
            model.interfaces_of(&own.id).flat_map(|found| &found.groups).map(ToString::to_string).collect()
        }),
        ("network-interface.mac-address", |model, own| interfaces!(model, own, found => found.mac)),
        ("network-interface.network-interface-id", |model, own| interfaces!(model, own, found => found.id)),
        ("network-interface.source-dest-check", |model, own| interfaces!(model, own, found => found.source_dest_check)),
        ("network-interface.subnet-id", |model, own| interfaces!(model, own, found => found.subnet_id)),
        ("network-interface.vpc-id", |model, own| interfaces!(model, own, found => found.vpc_id)),
        ("owner-id", |model, _| vec![model.account().to_string()]),
        ("placement-group-name", |_, own| own.options.placement.group_name.clone().into_iter().collect()),
        ("placement-partition-number", |_, own| {
            own.options.placement.partition_number.iter().map(ToString::to_string).collect()
        }),
        ("platform", |_, _| Vec::new()),
        ("private-dns-name", |model, own| model.private_name_of(own).into_iter().collect()),
        ("private-ip-address", |model, own| {
            item::primary(model, own).and_then(|found| found.primary_ip()).iter().map(ToString::to_string).collect()
        }),
        ("reservation-id", |_, own| vec![own.reservation_id.to_string()]),
        ("root-device-type", |_, _| vec!["ebs".to_owned()]),
        ("source-dest-check", |model, own| {
            item::primary(model, own).iter().map(|found| found.source_dest_check.to_string()).collect()
        }),
        ("subnet-id", |_, own| if own.is_terminated() { Vec::new() } else { vec![own.subnet_id.to_string()] }),
        ("tenancy", |model, own| vec![item::tenancy(model, own)]),
        ("virtualization-type", |_, _| vec!["hvm".to_owned()]),
        ("vpc-id", |_, own| if own.is_terminated() { Vec::new() } else { vec![own.vpc_id.to_string()] }),
    ],
    tags: Some(|own| &own.tags),
};
