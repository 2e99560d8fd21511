//! Machine images: DescribeImages here; attributes and images of one's own in the submodules.

mod attribute;
mod own;
#[cfg(test)]
mod tests;

use jiff::Timestamp;
use vpc_model::image::{BlockDevice, Volume};
use vpc_model::{Image, ImageId, Model};

use super::{Action, Output, ReadOperation, read, write};
use crate::filter::{Fields, Filters};
use crate::pagination::{Page, PageRequest};
use crate::query::Query;
use crate::xml::{self, Xml};
use crate::{ApiError, Code};

pub(crate) const ACTIONS: &[Action] = &[
    read::<DescribeImages>(),
    read::<attribute::DescribeImageAttribute>(),
    write::<own::RegisterImage>(),
    write::<own::CreateImage>(),
    write::<own::DeregisterImage>(),
];

/// The aliases of owners that AWS keeps.
const ALIASES: &[&str] = &["amazon", "aws-backup-vault", "aws-marketplace", "microsoft", "self"];

/// What images of ours never have; filters by these find nothing.
fn none(_: &Model, _: &Image) -> Vec<String> {
    Vec::new()
}

/// What the volumes of an image have, of each that is no disk of the machine's own.
fn of_volumes(image: &Image, value: fn(&str, u32, &str) -> String) -> Vec<String> {
    let volume = |device: &BlockDevice| match &device.volume {
        Volume::Ebs { snapshot, size_gib, kind } => Some(value(snapshot, *size_gib, kind)),
        Volume::Ephemeral(_) => None,
    };
    image.devices.iter().filter_map(volume).collect()
}

const FIELDS: Fields<Model, Image> = Fields {
    by_name: &[
        ("architecture", |_, image| vec![image.architecture.to_string()]),
        ("block-device-mapping.delete-on-termination", |_, image| of_volumes(image, |_, _, _| "true".to_owned())),
        ("block-device-mapping.device-name", |_, image| {
            image.devices.iter().map(|device| device.name.clone()).collect()
        }),
        ("block-device-mapping.encrypted", |_, image| of_volumes(image, |_, _, _| "false".to_owned())),
        ("block-device-mapping.snapshot-id", |_, image| of_volumes(image, |snapshot, _, _| snapshot.to_owned())),
        ("block-device-mapping.volume-size", |_, image| of_volumes(image, |_, size, _| size.to_string())),
        ("block-device-mapping.volume-type", |_, image| of_volumes(image, |_, _, kind| kind.to_owned())),
        ("boot-mode", |_, image| image.boot_mode.iter().map(ToString::to_string).collect()),
        ("creation-date", |_, image| vec![xml::time(image.creation_date)]),
        ("description", |_, image| image.description.iter().cloned().collect()),
        ("ena-support", |_, _| vec!["true".to_owned()]),
        ("free-tier-eligible", |_, image| vec![image.is_free.to_string()]),
        ("hypervisor", |_, _| vec!["xen".to_owned()]),
        ("image-allowed", |_, _| vec!["true".to_owned()]),
        ("image-id", |_, image| vec![image.id.to_string()]),
        ("image-type", |_, _| vec!["machine".to_owned()]),
        ("image-watermark.source-image-creation-time", none),
        ("image-watermark.source-image-id", none),
        ("image-watermark.source-image-region", none),
        ("image-watermark.watermark-creation-time", none),
        ("image-watermark.watermark-key", none),
        ("instance-type-specification.supported-instance-type", none),
        ("instance-type-specification.unsupported-instance-type", none),
        ("is-public", |_, image| vec![image.is_public.to_string()]),
        ("kernel-id", none),
        ("manifest-location", |_, image| vec![image.location()]),
        ("name", |_, image| vec![image.name.clone()]),
        ("owner-alias", |_, image| image.owner_alias.iter().map(ToString::to_string).collect()),
        ("owner-id", |_, image| vec![image.owner_id.to_string()]),
        ("platform", |_, image| if image.is_windows { vec!["windows".to_owned()] } else { Vec::new() }),
        ("product-code", none),
        ("product-code.type", none),
        ("public-ssm-parameter-name", |_, image| image.parameter.iter().cloned().collect()),
        ("ramdisk-id", none),
        ("root-device-name", |_, image| vec![image.root_device().to_owned()]),
        ("root-device-type", |_, _| vec!["ebs".to_owned()]),
        ("scan-result.critical-fix-available-since", none),
        ("scan-result.finding-scan-date", none),
        ("scan-result.high-fix-available-since", none),
        ("scan-result.highest-finding-severity-label", none),
        ("scan-result.informational-fix-available-since", none),
        ("scan-result.low-fix-available-since", none),
        ("scan-result.medium-fix-available-since", none),
        ("source-image-id", none),
        ("source-image-region", none),
        ("source-instance-id", |_, image| image.source_instance.iter().map(ToString::to_string).collect()),
        ("sriov-net-support", |_, _| vec!["simple".to_owned()]),
        ("state", |_, _| vec!["available".to_owned()]),
        ("state-reason-code", none),
        ("state-reason-message", none),
        ("virtualization-type", |_, _| vec!["hvm".to_owned()]),
    ],
    tags: Some(|image| &image.tags),
};

/// The refusal of ids that are no image's.
fn missing(ids: &[&ImageId]) -> ApiError {
    let listed: Vec<&str> = ids.iter().map(|id| id.as_str()).collect();
    let (noun, verb) = if ids.len() == 1 { ("id", "does") } else { ("ids", "do") };
    let message = format!("The image {noun} '[{}]' {verb} not exist", listed.join(", "));
    ApiError::new(Code::INVALID_AMI_ID_NOT_FOUND, message)
}

#[derive(Debug)]
struct DescribeImages {
    ids: Vec<ImageId>,
    owners: Vec<String>,
    executable_by: Vec<String>,
    include_deprecated: bool,
    filters: Filters,
    page: PageRequest,
}

impl ReadOperation for DescribeImages {
    const ACTION: &'static str = "DescribeImages";
    type Output = DescribeImagesOutput;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        // No image is disabled, so this one changes nothing.
        let _disabled_too = query.flag("IncludeDisabled")?;
        let ids: Vec<ImageId> = query.list("ImageId")?;
        let owners = accounts(query, "Owner", ALIASES)?;
        let executable_by = accounts(query, "ExecutableBy", &["all", "self"])?;
        let (filters, page) = (Filters::decode(query)?, PageRequest::decode(query, 1..=1000)?);
        page.not_with_ids("imageIds", ids.len())?;
        Ok(Self { ids, owners, executable_by, include_deprecated: query.flag("IncludeDeprecated")?, filters, page })
    }

    fn run(self, model: &Model, now: Timestamp) -> Result<Self::Output, ApiError> {
        let unknown: Vec<&ImageId> = self.ids.iter().filter(|id| model.image(id).is_none()).collect();
        if !unknown.is_empty() {
            return Err(missing(&unknown));
        }
        let asked = model.images().filter(|image| self.asks_for(image, model, now));
        let found = self.filters.select(&FIELDS, model, asked)?.into_iter().cloned();
        Ok(DescribeImagesOutput { page: self.page.page(found, |image| image.id.to_string()) })
    }
}

/// Takes a list of accounts, some of which can be named.
fn accounts(query: &mut Query, name: &str, names: &[&str]) -> Result<Vec<String>, ApiError> {
    let given: Vec<String> = query.list(name)?;
    let is_account = |text: &str| text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit());
    match given.iter().find(|text| !is_account(text) && !names.contains(&text.as_str())) {
        Some(bad) => Err(ApiError::new(Code::INVALID_USER_ID_MALFORMED, format!("Invalid user id: \"{bad}\""))),
        None => Ok(given),
    }
}

impl DescribeImages {
    fn asks_for(&self, image: &Image, model: &Model, now: Timestamp) -> bool {
        let is_own = image.owner_id == *model.account();
        let is_owner = |owner: &String| match owner.as_str() {
            "self" => is_own,
            owner => Some(owner) == image.owner_alias || owner == image.owner_id.0,
        };
        // Public images are for `all`, but not for an account in particular.
        let is_executable = |by: &String| by == "all" && image.is_public;
        let is_named = self.ids.contains(&image.id);
        (self.ids.is_empty() || is_named)
            && (self.owners.is_empty() || self.owners.iter().any(is_owner))
            && (self.executable_by.is_empty() || self.executable_by.iter().any(is_executable))
            && (self.include_deprecated || is_own || is_named || !image.is_deprecated(now))
    }
}

#[derive(Debug)]
struct DescribeImagesOutput {
    page: Page<Image>,
}

impl Output for DescribeImagesOutput {
    fn write(&self, xml: &mut Xml) {
        xml.list("imagesSet", &self.page.items, write_image);
        xml.optional("nextToken", self.page.next_token.as_ref());
    }
}

fn write_image(xml: &mut Xml, image: &Image) {
    xml.text("imageId", &image.id);
    xml.text("imageLocation", image.location());
    xml.text("imageState", "available");
    xml.text("imageOwnerId", &image.owner_id);
    xml.timestamp("creationDate", image.creation_date);
    xml.text("isPublic", image.is_public);
    xml.text("architecture", image.architecture);
    xml.text("imageType", "machine");
    xml.text("sriovNetSupport", "simple");
    xml.optional("imageOwnerAlias", image.owner_alias);
    xml.text("name", &image.name);
    xml.optional("description", image.description.as_ref());
    xml.text("rootDeviceType", "ebs");
    xml.text("rootDeviceName", image.root_device());
    write_devices(xml, image);
    xml.text("virtualizationType", "hvm");
    xml.tags(&image.tags);
    xml.text("hypervisor", "xen");
    xml.text("enaSupport", true);
    if image.is_windows {
        xml.text("platform", "windows");
    }
    let (details, operation) =
        if image.is_windows { ("Windows", "RunInstances:0002") } else { ("Linux/UNIX", "RunInstances") };
    xml.text("platformDetails", details);
    xml.text("usageOperation", operation);
    xml.optional("bootMode", image.boot_mode);
    xml.optional("imdsSupport", image.requires_tokens.then_some("v2.0"));
    if let Some(deprecation) = image.deprecation {
        xml.timestamp("deprecationTime", deprecation);
    }
    xml.text("deregistrationProtection", "disabled");
    xml.text("freeTierEligible", image.is_free);
    xml.optional("publicSsmParameterName", image.parameter.as_ref());
    xml.optional("sourceInstanceId", image.source_instance.as_ref());
}

fn write_devices(xml: &mut Xml, image: &Image) {
    xml.list("blockDeviceMapping", &image.devices, |xml, device| {
        xml.text("deviceName", &device.name);
        match &device.volume {
            Volume::Ebs { snapshot, size_gib, kind } => xml.element("ebs", |xml| {
                xml.text("snapshotId", snapshot);
                xml.text("volumeSize", size_gib);
                xml.text("deleteOnTermination", true);
                xml.text("volumeType", kind);
                if *kind == "gp3" {
                    xml.text("iops", 3000);
                    xml.text("throughput", 125);
                }
                xml.text("encrypted", false);
            }),
            Volume::Ephemeral(at) => xml.text("virtualName", format_args!("ephemeral{at}")),
        }
    });
}
