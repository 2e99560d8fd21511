//! The volumes that an instance starts with: its image's, and what the launch says otherwise.

use super::{Volume, VolumeAttachment, VolumeError, VolumeKind};
use crate::image;
use crate::launch_template::parameters;
use crate::{
    Context, ImageId, InstanceId, InstanceOptions, LaunchParameter, LaunchParameters, Model, ResourceId, Tags,
    VolumeId, hash,
};

/// The root device of images that are not known.
const ROOT_DEVICE: &str = "/dev/xvda";

/// The size of the root volume of images that are not known.
const ROOT_GIB: u32 = 8;

/// A volume that a launch makes.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Device {
    name: String,
    size_gib: u32,
    kind: VolumeKind,
    snapshot: Option<String>,
    iops: Option<u32>,
    throughput: Option<u32>,
    encrypted: bool,
    kms_key_id: Option<String>,
    delete_on_termination: bool,
}

impl Device {
    fn new(name: &str, size_gib: u32, kind: VolumeKind, snapshot: Option<String>) -> Self {
        Self {
            name: name.to_owned(),
            size_gib,
            kind,
            snapshot,
            iops: None,
            throughput: None,
            encrypted: false,
            kms_key_id: None,
            delete_on_termination: true,
        }
    }

    /// The device as a launch says it, with what it had before.
    fn with(mut self, ebs: &LaunchParameters) -> Result<Self, VolumeError> {
        let text = |name: &str| parameters::text(ebs, name);
        let wrong = |what: String| VolumeError::Device { device: self.name.clone(), what };
        let number = |name: &str| -> Result<Option<u32>, VolumeError> {
            let given = text(name).map(|text| text.parse::<u32>().ok().filter(|number| *number > 0).ok_or(text));
            given.transpose().map_err(|text| wrong(format!("{name} cannot be {text}")))
        };
        let (size, iops, throughput) = (number("VolumeSize")?, number("Iops")?, number("Throughput")?);
        let kind = match text("VolumeType") {
            Some(name) => VolumeKind::named(name).ok_or_else(|| wrong(format!("Invalid volume type {name}")))?,
            None => self.kind,
        };
        if iops.is_some() && !matches!(kind, VolumeKind::Io1 | VolumeKind::Io2 | VolumeKind::Gp3) {
            return Err(VolumeError::Combination(format!(
                "The parameter iops is not supported for {} volumes.",
                kind.as_str()
            )));
        }
        if throughput.is_some() && kind != VolumeKind::Gp3 {
            return Err(VolumeError::Combination(format!(
                "The parameter throughput is not supported for {} volumes.",
                kind.as_str()
            )));
        }
        if iops.is_none() && matches!(kind, VolumeKind::Io1 | VolumeKind::Io2) {
            return Err(VolumeError::Combination(format!(
                "The parameter iops must be specified for {} volumes.",
                kind.as_str()
            )));
        }
        match (size, &self.snapshot) {
            (Some(size_gib), Some(snapshot)) if size_gib < self.size_gib => {
                return Err(VolumeError::TooSmall { size_gib, snapshot: snapshot.clone(), least_gib: self.size_gib });
            }
            (Some(size_gib), _) => self.size_gib = size_gib,
            (None, _) => {}
        }
        let is_on = |name: &str| text(name).map(|text| text == "true");
        self.encrypted = is_on("Encrypted").unwrap_or(self.encrypted);
        self.delete_on_termination = is_on("DeleteOnTermination").unwrap_or(self.delete_on_termination);
        self.kms_key_id = text("KmsKeyId").map(str::to_owned);
        (self.kind, self.iops, self.throughput) = (kind, iops, throughput);
        Ok(self)
    }

    /// How many operations a second the volume does.
    fn iops(&self) -> Option<u32> {
        match self.kind {
            VolumeKind::Gp3 => Some(self.iops.unwrap_or(3000)),
            VolumeKind::Gp2 => Some(self.size_gib.saturating_mul(3).clamp(100, 16_000)),
            VolumeKind::Io1 | VolumeKind::Io2 => self.iops,
            VolumeKind::Standard | VolumeKind::Sc1 | VolumeKind::St1 => None,
        }
    }
}

impl Model {
    /// The root device of an image.
    pub fn root_device_of(&self, image: &ImageId) -> &str {
        self.image(image).map_or(ROOT_DEVICE, image::Image::root_device)
    }

    /// Checks what a launch says of its volumes.
    pub(crate) fn check_volumes(&self, image: &ImageId, options: &InstanceOptions) -> Result<(), VolumeError> {
        self.devices_of(image, options).map(|_| ())
    }

    /// Makes the volumes that an instance starts with.
    pub(crate) fn make_volumes(&mut self, cx: &Context<'_>, id: &InstanceId, tags: &Tags) {
        let Some(instance) = self.instances.get(id) else { return };
        let devices = self.devices_of(&instance.image_id, &instance.options).unwrap_or_default();
        let zone = instance.zone.clone();
        let mut volumes = Vec::with_capacity(devices.len());
        for device in devices {
            // Made of what is there, so that nothing else gets another id because there are volumes.
            let volume_id = VolumeId::from_digits(&format!("0{:016x}", hash::of(&format!("{id}{}", device.name))));
            let volume = Volume {
                id: volume_id.clone(),
                created: cx.now,
                size_gib: device.size_gib,
                kind: device.kind,
                iops: device.iops(),
                throughput: (device.kind == VolumeKind::Gp3).then(|| device.throughput.unwrap_or(125)),
                snapshot: device.snapshot,
                encrypted: device.encrypted,
                kms_key_id: device.kms_key_id,
                zone: zone.clone(),
                attachment: Some(VolumeAttachment {
                    instance_id: id.clone(),
                    device: device.name,
                    attach_time: cx.now,
                    delete_on_termination: device.delete_on_termination,
                }),
                tags: tags.clone(),
            };
            self.volumes.insert(volume_id.clone(), volume);
            volumes.push(volume_id);
        }
        if let Some(instance) = self.instances.get_mut(id) {
            instance.volumes = volumes;
        }
    }

    /// The devices of a launch: the image's, the root first, and those that the launch names.
    fn devices_of(&self, image: &ImageId, options: &InstanceOptions) -> Result<Vec<Device>, VolumeError> {
        let mut devices = self.devices_of_image(image);
        let root = self.root_device_of(image).to_owned();
        let mut named: Vec<&str> = Vec::new();
        for entry in options.kept.get("BlockDeviceMapping").map_or(&[][..], LaunchParameter::entries) {
            let Some(name) = entry.member("DeviceName").and_then(LaunchParameter::as_text) else { continue };
            if named.contains(&name) {
                return Err(VolumeError::DuplicateDevice(name.to_owned()));
            }
            named.push(name);
            let at = devices.iter().position(|device| device.name == name);
            if entry.member("NoDevice").is_some() {
                if name == root {
                    let what = "The root device cannot be suppressed.".to_owned();
                    return Err(VolumeError::Device { device: root, what });
                }
                devices.retain(|device| device.name != name);
                continue;
            }
            let Some(LaunchParameter::Structure(ebs)) = entry.member("Ebs") else { continue };
            let device = match at {
                Some(at) => devices.remove(at).with(ebs)?,
                None => new_device(name, ebs)?.with(ebs)?,
            };
            devices.insert(at.unwrap_or(devices.len()), device);
        }
        Ok(devices)
    }

    fn devices_of_image(&self, image: &ImageId) -> Vec<Device> {
        let Some(image) = self.image(image) else {
            return vec![Device::new(ROOT_DEVICE, ROOT_GIB, VolumeKind::Gp3, None)];
        };
        let volumes = image.devices.iter().filter_map(|device| match &device.volume {
            image::Volume::Ebs { snapshot, size_gib, kind } => {
                let kind = VolumeKind::named(kind).unwrap_or(VolumeKind::Gp2);
                Some(Device::new(&device.name, *size_gib, kind, Some(snapshot.clone())))
            }
            image::Volume::Ephemeral(_) => None,
        });
        volumes.collect()
    }
}

/// A device that the image does not have. Deviation: snapshots are not here, so any that is named is one of 1 GiB.
fn new_device(name: &str, ebs: &LaunchParameters) -> Result<Device, VolumeError> {
    let snapshot = parameters::text(ebs, "SnapshotId").map(str::to_owned);
    if snapshot.is_none() && parameters::text(ebs, "VolumeSize").is_none() {
        return Err(VolumeError::NoSize(name.to_owned()));
    }
    Ok(Device::new(name, 1, VolumeKind::Gp2, snapshot))
}
