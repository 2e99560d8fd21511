//! Images of the account's own: registered from snapshots, or made of an instance's volumes.
//!
//! See <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/creating-an-ami-ebs.html>. Deviation: an image is available
//! at once, and its snapshots are only names.

use super::{BlockDevice, BootMode, Image, Volume};
use crate::instance_type::Architecture;
use crate::volume::VolumeKind;
use crate::{Context, ImageId, InstanceId, InstanceState, Model, SnapshotId, Tags, instance_type};

/// What an image is to be.
#[derive(Debug, Clone)]
pub struct NewImage {
    /// Its name.
    pub name: String,
    /// Its description.
    pub description: Option<String>,
    /// How it boots, where that is said.
    pub boot_mode: Option<BootMode>,
    /// Its devices, or for an image of an instance those that are otherwise; the size of a device that has none is its
    /// snapshot's, of which nothing is known.
    pub devices: Vec<NewDevice>,
    /// Its tags.
    pub tags: Tags,
}

/// A device of a new image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewDevice {
    /// Its name.
    pub name: String,
    /// What it is; `None` for one that the instance has and the image shall not have.
    pub volume: Option<NewVolume>,
}

/// A volume of a new image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewVolume {
    /// The snapshot it is made of.
    pub snapshot: Option<String>,
    /// Its size.
    pub size_gib: Option<u32>,
    /// Its kind; `gp2` unless said.
    pub kind: Option<VolumeKind>,
}

/// Why an image cannot be made or taken away.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ImageError {
    /// No such image.
    #[error("image {0} does not exist")]
    NotFound(ImageId),
    /// It is another account's.
    #[error("image {0} is another account's")]
    NotOwned(ImageId),
    /// Too short, too long, or with characters that names do not have.
    #[error("{0:?} is not an image's name")]
    Name(String),
    /// Another image of the account's has the name.
    #[error("the name {name:?} is that of {id}")]
    NameTaken {
        /// The name.
        name: String,
        /// The image that has it.
        id: ImageId,
    },
    /// Nothing says what the root volume is.
    #[error("the root device {0:?} has no snapshot")]
    NoRoot(String),
    /// No such instance.
    #[error("instance {0} does not exist")]
    InstanceNotFound(InstanceId),
    /// An instance that neither runs nor stands still.
    #[error("instance {id} is {state}")]
    InstanceState {
        /// The instance.
        id: InstanceId,
        /// Its state.
        state: InstanceState,
    },
}

impl Model {
    /// Makes an image of snapshots.
    pub fn register_image(
        &mut self,
        cx: &mut Context,
        architecture: Architecture,
        root_device: &str,
        requires_tokens: bool,
        new: NewImage,
    ) -> Result<ImageId, ImageError> {
        self.check_image_name(&new.name)?;
        let is_root = |device: &&NewDevice| device.name == root_device;
        let root = new.devices.iter().find(is_root).and_then(|device| device.volume.as_ref());
        if root.is_none_or(|volume| volume.snapshot.is_none()) {
            return Err(ImageError::NoRoot(root_device.to_owned()));
        }
        let (mut devices, others): (Vec<_>, Vec<_>) = new.devices.iter().cloned().partition(|it| is_root(&it));
        devices.extend(others);
        let devices = devices.into_iter().filter_map(|device| made(cx, device)).collect();
        Ok(self.keep_image(Image { devices, architecture, requires_tokens, ..self.blank_image(cx, new) }))
    }

    /// Makes an image of an instance's volumes.
    pub fn create_image(
        &mut self,
        cx: &mut Context,
        instance_id: &InstanceId,
        new: NewImage,
    ) -> Result<ImageId, ImageError> {
        self.check_image_name(&new.name)?;
        let found = self.find_instances(cx.now, std::slice::from_ref(instance_id));
        let instance = found.map_err(|_| ImageError::InstanceNotFound(instance_id.clone()))?[0];
        if !matches!(instance.state, InstanceState::Running | InstanceState::Stopped) {
            return Err(ImageError::InstanceState { id: instance_id.clone(), state: instance.state });
        }
        let own = self.volumes_of(instance).map(|(volume, attachment)| NewDevice {
            name: attachment.device.clone(),
            volume: Some(NewVolume { snapshot: None, size_gib: Some(volume.size_gib), kind: Some(volume.kind) }),
        });
        let mut devices: Vec<NewDevice> = own.collect();
        for device in &new.devices {
            match devices.iter_mut().find(|known| known.name == device.name) {
                Some(known) => *known = device.clone(),
                None => devices.push(device.clone()),
            }
        }
        let base = self.image(&instance.image_id);
        let architecture = instance_type::find(&instance.instance_type).and_then(|known| known.architecture());
        let image = Image {
            architecture: architecture.unwrap_or(Architecture::X86_64),
            is_windows: base.is_some_and(|base| base.is_windows),
            requires_tokens: base.is_some_and(|base| base.requires_tokens),
            boot_mode: new.boot_mode.or_else(|| base.and_then(|base| base.boot_mode)),
            source_instance: Some(instance_id.clone()),
            devices: devices.into_iter().filter_map(|device| made(cx, device)).collect(),
            ..self.blank_image(cx, new)
        };
        Ok(self.keep_image(image))
    }

    /// Takes an image away; instances that were launched from it stay. Gives its snapshots.
    pub fn deregister_image(&mut self, id: &ImageId) -> Result<Vec<String>, ImageError> {
        if self.public_images.0.contains_key(id) {
            return Err(ImageError::NotOwned(id.clone()));
        }
        let image = self.own_images.remove(id).ok_or_else(|| ImageError::NotFound(id.clone()))?;
        self.touch();
        let snapshots = image.devices.iter().filter_map(|device| match &device.volume {
            Volume::Ebs { snapshot, .. } => Some(snapshot.clone()),
            Volume::Ephemeral(_) => None,
        });
        Ok(snapshots.collect())
    }

    fn check_image_name(&self, name: &str) -> Result<(), ImageError> {
        let is_allowed = |c: char| c.is_ascii_alphanumeric() || "()[] ./-'@_".contains(c);
        if !(3..=128).contains(&name.len()) || !name.chars().all(is_allowed) {
            return Err(ImageError::Name(name.to_owned()));
        }
        match self.own_images.values().find(|image| image.name == name) {
            Some(image) => Err(ImageError::NameTaken { name: name.to_owned(), id: image.id.clone() }),
            None => Ok(()),
        }
    }

    fn blank_image(&self, cx: &mut Context, new: NewImage) -> Image {
        Image {
            id: cx.ids.next(),
            name: new.name,
            description: new.description,
            architecture: Architecture::X86_64,
            creation_date: cx.now,
            deprecation: None,
            owner_id: self.account.clone(),
            owner_alias: None,
            is_windows: false,
            is_public: false,
            boot_mode: new.boot_mode,
            requires_tokens: false,
            is_free: false,
            parameter: None,
            source_instance: None,
            devices: Vec::new(),
            tags: new.tags,
        }
    }

    fn keep_image(&mut self, image: Image) -> ImageId {
        let id = image.id.clone();
        self.own_images.insert(id.clone(), image);
        self.touch();
        id
    }
}

/// A device as an image has it, of a new snapshot where none is named.
fn made(cx: &mut Context, device: NewDevice) -> Option<BlockDevice> {
    let volume = device.volume?;
    let volume = Volume::Ebs {
        snapshot: volume.snapshot.unwrap_or_else(|| cx.ids.next::<SnapshotId>().to_string()),
        size_gib: volume.size_gib.unwrap_or(1),
        kind: volume.kind.unwrap_or(VolumeKind::Gp2).as_str(),
    };
    Some(BlockDevice { name: device.name, volume })
}
