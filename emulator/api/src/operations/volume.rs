//! Volumes, as far as instances have them: DescribeVolumes and DeleteVolume.
//!
//! See <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeVolumes.html>.

#[cfg(test)]
mod tests;

use jiff::Timestamp;
use vpc_model::volume::VolumeAttachment;
use vpc_model::{Context, Instance, Model, Volume, VolumeError, VolumeId};

use super::{Action, Done, Operation, Output, ReadOperation, read, write};
use crate::ApiError;
use crate::filter::{Fields, Filters};
use crate::pagination::PageRequest;
use crate::query::Query;
use crate::xml::{self, Xml};

pub(crate) const ACTIONS: &[Action] = &[read::<DescribeVolumes>(), write::<DeleteVolume>()];

fn of_attachment<T: ToString>(volume: &Volume, value: impl Fn(&VolumeAttachment) -> T) -> Vec<String> {
    volume.attachment.iter().map(|attachment| value(attachment).to_string()).collect()
}

const FIELDS: Fields<Model, Volume> = Fields {
    by_name: &[
        ("attachment.attach-time", |_, own| of_attachment(own, |it| xml::time(it.attach_time))),
        ("attachment.delete-on-termination", |_, own| of_attachment(own, |it| it.delete_on_termination)),
        ("attachment.device", |_, own| of_attachment(own, |it| it.device.clone())),
        ("attachment.instance-id", |_, own| of_attachment(own, |it| it.instance_id.clone())),
        ("attachment.status", |model, own| of_attachment(own, |it| model.attachment_state(it))),
        ("availability-zone", |_, own| vec![own.zone.to_string()]),
        ("availability-zone-id", |model, own| {
            model.zone(&own.zone).map(|zone| zone.id.to_string()).into_iter().collect()
        }),
        ("create-time", |_, own| vec![xml::time(own.created)]),
        ("encrypted", |_, own| vec![own.encrypted.to_string()]),
        ("fast-restored", |_, _| vec!["false".to_owned()]),
        ("multi-attach-enabled", |_, _| vec!["false".to_owned()]),
        ("operator.managed", |_, _| vec!["false".to_owned()]),
        ("operator.principal", |_, _| Vec::new()),
        ("size", |_, own| vec![own.size_gib.to_string()]),
        ("snapshot-id", |_, own| own.snapshot.iter().cloned().collect()),
        ("status", |_, own| vec![own.state().to_owned()]),
        ("volume-id", |_, own| vec![own.id.to_string()]),
        ("volume-type", |_, own| vec![own.kind.as_str().to_owned()]),
    ],
    tags: Some(|own| &own.tags),
};

#[derive(Debug)]
struct DescribeVolumes {
    ids: Vec<VolumeId>,
    filters: Filters,
    page: PageRequest,
}

impl ReadOperation for DescribeVolumes {
    const ACTION: &'static str = "DescribeVolumes";
    type Output = Volumes;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        // AWS's own services have no volumes here.
        query.flag("IncludeManagedResources")?;
        let ids: Vec<VolumeId> = query.list("VolumeId")?;
        let page = PageRequest::decode(query, 5..=1000)?;
        page.not_with_ids("volumeId", ids.len())?;
        Ok(Self { ids, filters: Filters::decode(query)?, page })
    }

    fn run(self, model: &Model, _: Timestamp) -> Result<Volumes, ApiError> {
        let find = |id: &VolumeId| model.volume(id).ok_or_else(|| VolumeError::NotFound(id.clone()));
        let asked: Vec<&Volume> = match self.ids.as_slice() {
            [] => model.volumes().collect(),
            ids => ids.iter().map(find).collect::<Result<_, _>>()?,
        };
        let page = self.page.page(self.filters.select(&FIELDS, model, asked)?, |volume| volume.id.to_string());
        Ok(Volumes(Xml::fragment(|xml| {
            xml.list("volumeSet", page.items, |xml, volume| write_volume(xml, model, volume));
            xml.optional("nextToken", page.next_token);
        })))
    }
}

#[derive(Debug)]
struct Volumes(Vec<u8>);

impl Output for Volumes {
    fn write(&self, xml: &mut Xml) {
        xml.raw(&self.0);
    }
}

fn write_volume(xml: &mut Xml, model: &Model, volume: &Volume) {
    xml.text("volumeId", &volume.id);
    xml.text("size", volume.size_gib);
    xml.text("snapshotId", volume.snapshot.as_deref().unwrap_or_default());
    xml.text("availabilityZone", &volume.zone);
    xml.optional("availabilityZoneId", model.zone(&volume.zone).map(|zone| zone.id));
    xml.text("status", volume.state());
    xml.timestamp("createTime", volume.created);
    xml.list("attachmentSet", &volume.attachment, |xml, attachment| {
        xml.text("volumeId", &volume.id);
        xml.text("instanceId", &attachment.instance_id);
        xml.text("device", &attachment.device);
        write_attachment(xml, model, attachment);
    });
    xml.tags(&volume.tags);
    xml.text("volumeType", volume.kind.as_str());
    xml.optional("iops", volume.iops);
    xml.optional("throughput", volume.throughput);
    xml.text("encrypted", volume.encrypted);
    xml.optional("kmsKeyId", volume.kms_key_id.as_ref());
    xml.text("multiAttachEnabled", false);
    xml.element("operator", |xml| xml.text("managed", false));
}

fn write_attachment(xml: &mut Xml, model: &Model, attachment: &VolumeAttachment) {
    xml.text("status", model.attachment_state(attachment));
    xml.timestamp("attachTime", attachment.attach_time);
    xml.text("deleteOnTermination", attachment.delete_on_termination);
}

/// `<blockDeviceMapping>` of an instance.
pub(super) fn write_devices(xml: &mut Xml, model: &Model, instance: &Instance) {
    xml.list("blockDeviceMapping", model.volumes_of(instance), |xml, (volume, attachment)| {
        xml.text("deviceName", &attachment.device);
        xml.element("ebs", |xml| {
            xml.text("volumeId", &volume.id);
            write_attachment(xml, model, attachment);
        });
    });
}

#[derive(Debug)]
struct DeleteVolume(VolumeId);

impl Operation for DeleteVolume {
    const ACTION: &'static str = "DeleteVolume";
    type Output = Done;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        Ok(Self(query.required("VolumeId")?))
    }

    fn run(self, model: &mut Model, _: &mut Context<'_>) -> Result<Done, ApiError> {
        model.delete_volume(&self.0)?;
        Ok(Done)
    }
}
