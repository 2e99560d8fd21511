//! Images of the account's own: RegisterImage, CreateImage, DeregisterImage.

use vpc_model::image::{BootMode, ImageError, NewDevice, NewImage, NewVolume};
use vpc_model::instance_type::Architecture;
use vpc_model::volume::VolumeKind;
use vpc_model::{Context, ImageId, InstanceError, InstanceId, Model};

use crate::operations::{Operation, Output};
use crate::query::{Query, values};
use crate::xml::Xml;
use crate::{ApiError, Code, tag_specification};

/// The root device where the caller names none.
const ROOT_DEVICE: &str = "/dev/sda1";

values! {
    BootMode { LegacyBios "legacy-bios", Uefi "uefi", UefiPreferred "uefi-preferred" }
    Architecture { X86_64 "x86_64", Arm64 "arm64" }
    VolumeKind {
        Standard "standard", Io1 "io1", Io2 "io2", Gp2 "gp2", Gp3 "gp3", Sc1 "sc1", St1 "st1",
    }
}

impl From<ImageError> for ApiError {
    fn from(err: ImageError) -> Self {
        match err {
            ImageError::NotFound(id) => super::missing(&[&id]),
            ImageError::NotOwned(id) => {
                Self::new(Code::AUTH_FAILURE.answered_with(400), format!("Not authorized for image:{id}"))
            }
            ImageError::Name(_) => Self::new(
                Code::INVALID_AMI_NAME_MALFORMED,
                "AMI names must be between 3 and 128 characters long, and may contain letters, numbers, '(', ')', \
                 '.', '-', '/' and '_'",
            ),
            ImageError::NameTaken { name, id } => {
                Self::new(Code::INVALID_AMI_NAME_DUPLICATE, format!("AMI name {name} is already in use by AMI {id}"))
            }
            ImageError::NoRoot(device) => Self::new(
                Code::INVALID_BLOCK_DEVICE_MAPPING,
                format!("The block device mapping has no snapshot for the root device {device}"),
            ),
            ImageError::InstanceNotFound(id) => InstanceError::NotFound(vec![id]).into(),
            ImageError::InstanceState { id, state } => {
                Self::new(Code::INCORRECT_STATE, format!("Instance '{id}' is in state '{state}' and cannot be imaged."))
            }
        }
    }
}

/// Takes what both ways to make an image have.
fn decode(query: &mut Query) -> Result<NewImage, ApiError> {
    // With the image, the new snapshots could be tagged.
    let mut tags = tag_specification::decode(query, &["image", "snapshot"])?;
    Ok(NewImage {
        name: query.required("Name")?,
        description: query.optional("Description")?,
        boot_mode: None,
        devices: query.structs("BlockDeviceMapping", device)?,
        tags: tags.remove("image").unwrap_or_default(),
    })
}

fn device(query: &mut Query) -> Result<NewDevice, ApiError> {
    query.refuse_unsupported(&["VirtualName"])?;
    let name = query.required("DeviceName")?;
    let is_left_out = query.optional::<String>("NoDevice")?.is_some();
    let volume = query.structure("Ebs", |ebs| {
        ebs.refuse_unsupported(&["OutpostArn", "AvailabilityZone", "AvailabilityZoneId"])?;
        // How a volume is once it is made says its launch; these are only read.
        let _ = (ebs.optional::<bool>("DeleteOnTermination")?, ebs.optional::<bool>("Encrypted")?);
        let _ = (ebs.optional::<u32>("Iops")?, ebs.optional::<u32>("Throughput")?);
        let _ = (ebs.optional::<u32>("VolumeInitializationRate")?, ebs.optional::<u32>("EbsCardIndex")?);
        let _ = ebs.optional::<String>("KmsKeyId")?;
        Ok(NewVolume {
            snapshot: ebs.optional("SnapshotId")?,
            size_gib: ebs.optional("VolumeSize")?,
            kind: ebs.optional("VolumeType")?,
        })
    })?;
    match (volume, is_left_out) {
        (Some(_), true) => Err(ApiError::combination("A device cannot have both Ebs and NoDevice")),
        (None, false) => Err(ApiError::missing(&query.full_name("Ebs"))),
        (volume, _) => Ok(NewDevice { name, volume }),
    }
}

#[derive(Debug)]
pub(super) struct RegisterImage {
    architecture: Architecture,
    root_device: String,
    requires_tokens: bool,
    new: NewImage,
}

impl Operation for RegisterImage {
    const ACTION: &'static str = "RegisterImage";
    type Output = Made;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        query.refuse_unsupported(&["ImageLocation", "KernelId", "RamdiskId", "TpmSupport", "UefiData"])?;
        query.refuse_unsupported(&["BillingProduct"])?;
        if let Some(other) = query.optional::<String>("VirtualizationType")?.filter(|given| given != "hvm") {
            return Err(ApiError::unsupported(&format!("VirtualizationType {other}")));
        }
        if let Some(other) = query.optional::<String>("SriovNetSupport")?.filter(|given| given != "simple") {
            return Err(ApiError::invalid("SriovNetSupport", &other, "Expected one of: simple"));
        }
        if query.optional::<bool>("EnaSupport")? == Some(false) {
            return Err(ApiError::unsupported("EnaSupport false"));
        }
        let requires_tokens = match query.optional::<String>("ImdsSupport")? {
            None => false,
            Some(version) if version == "v2.0" => true,
            Some(other) => return Err(ApiError::invalid("ImdsSupport", &other, "Expected one of: v2.0")),
        };
        let new = NewImage { boot_mode: query.optional("BootMode")?, ..decode(query)? };
        Ok(Self {
            architecture: query.or("Architecture", Architecture::X86_64)?,
            root_device: query.or("RootDeviceName", ROOT_DEVICE.to_owned())?,
            requires_tokens,
            new,
        })
    }

    fn run(self, model: &mut Model, cx: &mut Context<'_>) -> Result<Made, ApiError> {
        let Self { architecture, root_device, requires_tokens, new } = self;
        Ok(Made(model.register_image(cx, architecture, &root_device, requires_tokens, new)?))
    }
}

#[derive(Debug)]
pub(super) struct CreateImage {
    instance: InstanceId,
    new: NewImage,
}

impl Operation for CreateImage {
    const ACTION: &'static str = "CreateImage";
    type Output = Made;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        // Nothing here is written to a disk, so a reboot would change nothing.
        let _no_reboot = query.flag("NoReboot")?;
        if let Some(other) = query.optional::<String>("SnapshotLocation")?.filter(|given| given != "regional") {
            return Err(ApiError::unsupported(&format!("SnapshotLocation {other}")));
        }
        let boot_mode = query.optional("BootModeOverride")?;
        if boot_mode.is_some_and(|mode| mode != BootMode::Uefi) {
            return Err(ApiError::invalid("BootModeOverride", "", "Expected one of: uefi"));
        }
        Ok(Self { instance: query.required("InstanceId")?, new: NewImage { boot_mode, ..decode(query)? } })
    }

    fn run(self, model: &mut Model, cx: &mut Context<'_>) -> Result<Made, ApiError> {
        Ok(Made(model.create_image(cx, &self.instance, self.new)?))
    }
}

#[derive(Debug)]
pub(super) struct Made(ImageId);

impl Output for Made {
    fn write(&self, xml: &mut Xml) {
        xml.text("imageId", &self.0);
    }
}

#[derive(Debug)]
pub(super) struct DeregisterImage {
    id: ImageId,
    with_snapshots: bool,
}

impl Operation for DeregisterImage {
    const ACTION: &'static str = "DeregisterImage";
    type Output = Gone;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        Ok(Self { id: query.required("ImageId")?, with_snapshots: query.flag("DeleteAssociatedSnapshots")? })
    }

    fn run(self, model: &mut Model, _: &mut Context<'_>) -> Result<Gone, ApiError> {
        let snapshots = model.deregister_image(&self.id)?;
        Ok(Gone(self.with_snapshots.then_some(snapshots)))
    }
}

#[derive(Debug)]
pub(super) struct Gone(Option<Vec<String>>);

impl Output for Gone {
    fn write(&self, xml: &mut Xml) {
        xml.text("return", true);
        if let Some(snapshots) = &self.0 {
            xml.list("deleteSnapshotResultSet", snapshots, |xml, snapshot| {
                xml.text("snapshotId", snapshot);
                xml.text("returnCode", "success");
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use crate::testing::World;

    const ROOT: &str = "BlockDeviceMapping.1.DeviceName=/dev/sda1&BlockDeviceMapping.1.Ebs.SnapshotId=snap-01234567";

    #[test]
    fn a_registered_images_life() {
        let mut world = World::with_default_vpc();
        let tags = "TagSpecification.1.ResourceType=image&TagSpecification.1.Tag.1.Key=k";
        let form = format!("Name=mine&Architecture=arm64&ImdsSupport=v2.0&BootMode=uefi&{ROOT}&{tags}");
        let id = world.call("RegisterImage", &form).ok().text("imageId").to_owned();
        let own = "Owner.1=self&Filter.1.Name=tag-key&Filter.1.Value.1=k";
        let shown = world.call("DescribeImages", own).ok();
        insta::assert_snapshot!(shown.lines());
        assert_eq!(world.call("RegisterImage", &form).code, Some("InvalidAMIName.Duplicate"));
        let attribute = format!("ImageId={id}&Attribute=bootMode");
        assert_eq!(world.call("DescribeImageAttribute", &attribute).ok().text("value"), "uefi");
        world.model.set_strict_images(true);
        let launch = format!("ImageId={id}&InstanceType=m6g.large&MinCount=1&MaxCount=1");
        world.call("RunInstances", &launch).ok();
        let wrong = world.call("RunInstances", &launch.replace("m6g", "m5"));
        assert!(wrong.code.is_some(), "{}", wrong.body);
        let gone = world.call("DeregisterImage", &format!("ImageId={id}&DeleteAssociatedSnapshots=true")).ok();
        assert_eq!(gone.text("snapshotId"), "snap-01234567");
        assert_eq!(world.call("RunInstances", &launch).code, Some("InvalidAMIID.NotFound"));
        assert_eq!(world.call("DeregisterImage", &format!("ImageId={id}")).code, Some("InvalidAMIID.NotFound"));
    }

    #[test]
    fn an_image_of_an_instance() {
        let mut world = World::with_default_vpc();
        let launch = "ImageId=ami-01234567&InstanceType=m5.large&MinCount=1&MaxCount=1\
                      &BlockDeviceMapping.1.DeviceName=/dev/sdb&BlockDeviceMapping.1.Ebs.VolumeSize=5";
        let instance = world.call("RunInstances", launch).ok().text("instanceId").to_owned();
        let form = format!(
            "InstanceId={instance}&Name=copy&BlockDeviceMapping.1.DeviceName=/dev/sdc&\
                            BlockDeviceMapping.1.Ebs.VolumeSize=7"
        );
        assert_eq!(world.call("CreateImage", &form).code, Some("IncorrectState"));
        world.model.settle(world.now);
        let id = world.call("CreateImage", &form).ok().text("imageId").to_owned();
        let by_source = format!("Filter.1.Name=source-instance-id&Filter.1.Value.1={instance}");
        let shown = world.call("DescribeImages", &by_source).ok();
        assert_eq!((shown.text("imageId"), shown.texts("volumeSize")), (id.as_str(), vec!["8", "5", "7"]));
        assert_eq!(shown.text("sourceInstanceId"), instance);
    }

    #[rstest]
    #[case::short("RegisterImage", "Name=a", "InvalidAMIName.Malformed")]
    #[case::no_root("RegisterImage", "Name=mine", "InvalidBlockDeviceMapping")]
    #[case::no_name("RegisterImage", "", "MissingParameter")]
    #[case::kernel("RegisterImage", "Name=mine&KernelId=aki-1", "UnsupportedOperation")]
    #[case::instance("CreateImage", "Name=mine&InstanceId=i-01234567", "InvalidInstanceID.NotFound")]
    #[case::unknown("DeregisterImage", "ImageId=ami-01234567", "InvalidAMIID.NotFound")]
    fn refused(#[case] action: &str, #[case] form: &str, #[case] code: &str) {
        assert_eq!(World::new().call(action, form).code, Some(code));
    }
}
