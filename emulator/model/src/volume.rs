//! EBS volumes: those that instances start with. There is nothing on them.
//!
//! See <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/block-device-mapping-concepts.html>. Deviation: volumes come
//! and go with instances only, and no data is on any.

mod launch;
#[cfg(test)]
mod tests;

use jiff::Timestamp;

use crate::{Instance, InstanceId, InstanceState, Model, Tags, VolumeId, ZoneName};

/// A volume.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Volume {
    /// Its id.
    pub id: VolumeId,
    /// When it was made.
    pub created: Timestamp,
    /// Its size.
    pub size_gib: u32,
    /// Its kind.
    pub kind: VolumeKind,
    /// The snapshot it was made from.
    pub snapshot: Option<String>,
    /// How many operations a second it does, where its kind says so.
    pub iops: Option<u32>,
    /// How many MiB a second it moves, where its kind says so.
    pub throughput: Option<u32>,
    /// Whether it is encrypted.
    pub encrypted: bool,
    /// With which key, where one was named.
    pub kms_key_id: Option<String>,
    /// Its zone.
    pub zone: ZoneName,
    /// Its instance, while that is there.
    pub attachment: Option<VolumeAttachment>,
    /// Its tags.
    pub tags: Tags,
}

/// A volume's place in an instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VolumeAttachment {
    /// The instance.
    pub instance_id: InstanceId,
    /// The device's name.
    pub device: String,
    /// Since when.
    pub attach_time: Timestamp,
    /// Whether it goes when the instance does.
    pub delete_on_termination: bool,
}

/// A volume's kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum VolumeKind {
    /// The oldest.
    Standard,
    /// Provisioned operations.
    Io1,
    /// The same, more durable.
    Io2,
    /// General purpose, by its size.
    Gp2,
    /// General purpose.
    Gp3,
    /// Cold disks.
    Sc1,
    /// Disks for streams.
    St1,
}

impl VolumeKind {
    /// All of them.
    pub const ALL: [Self; 7] = [Self::Standard, Self::Io1, Self::Io2, Self::Gp2, Self::Gp3, Self::Sc1, Self::St1];

    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Io1 => "io1",
            Self::Io2 => "io2",
            Self::Gp2 => "gp2",
            Self::Gp3 => "gp3",
            Self::Sc1 => "sc1",
            Self::St1 => "st1",
        }
    }

    /// The kind of a name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

/// Why something about volumes is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VolumeError {
    /// No such volume.
    #[error("volume {0} does not exist")]
    NotFound(VolumeId),
    /// It is an instance's.
    #[error("volume {id} is attached to {instance}")]
    InUse {
        /// The volume.
        id: VolumeId,
        /// The instance.
        instance: InstanceId,
    },
    /// A launch names a device twice.
    #[error("device {0:?} is named twice")]
    DuplicateDevice(String),
    /// A launch says what cannot be of a device.
    #[error("device {device:?}: {what}")]
    Device {
        /// The device's name.
        device: String,
        /// What is wrong.
        what: String,
    },
    /// A launch says what does not go together.
    #[error("{0}")]
    Combination(String),
    /// A new device without a size, or a snapshot that has one.
    #[error("device {0:?} has neither a size nor a snapshot")]
    NoSize(String),
    /// Smaller than the snapshot it is made from.
    #[error("{size_gib} GiB are less than snapshot {snapshot} has")]
    TooSmall {
        /// The size asked for.
        size_gib: u32,
        /// The snapshot.
        snapshot: String,
        /// The size it has.
        least_gib: u32,
    },
    /// The instance has no such device.
    #[error("there is no device {0:?}")]
    NoDevice(String),
}

impl Volume {
    /// Its state as EC2 writes it.
    pub fn state(&self) -> &'static str {
        if self.attachment.is_some() { "in-use" } else { "available" }
    }

    /// Its ARN.
    pub fn arn(&self, model: &Model) -> String {
        format!("arn:aws:ec2:{}:{}:volume/{}", model.region(), model.account(), self.id)
    }
}

impl Model {
    /// An instance's volumes, the root volume first.
    pub fn volumes_of(&self, instance: &Instance) -> impl Iterator<Item = (&Volume, &VolumeAttachment)> {
        let volumes = instance.volumes.iter().filter_map(|id| self.volumes.get(id));
        volumes.filter_map(|volume| Some((volume, volume.attachment.as_ref()?)))
    }

    /// How far a volume's attachment is, as EC2 writes it.
    pub fn attachment_state(&self, attachment: &VolumeAttachment) -> &'static str {
        match self.instances.get(&attachment.instance_id).map(|instance| instance.state) {
            Some(InstanceState::Pending) => "attaching",
            _ => "attached",
        }
    }

    /// The device of an instance's root volume.
    pub fn root_device(&self, instance: &Instance) -> &str {
        self.root_device_of(&instance.image_id)
    }

    /// Takes a volume away that is no instance's.
    ///
    /// # Errors
    /// There is none, or it is an instance's.
    pub fn delete_volume(&mut self, id: &VolumeId) -> Result<(), VolumeError> {
        let volume = self.volumes.get(id).ok_or_else(|| VolumeError::NotFound(id.clone()))?;
        if let Some(attachment) = &volume.attachment {
            return Err(VolumeError::InUse { id: id.clone(), instance: attachment.instance_id.clone() });
        }
        self.volumes.remove(id);
        self.touch();
        Ok(())
    }

    /// Says whether an instance's volume goes with it.
    pub(crate) fn keep_or_delete_volume(
        &mut self,
        instance: &InstanceId,
        device: &str,
        delete: bool,
    ) -> Result<(), VolumeError> {
        let missing = || VolumeError::NoDevice(device.to_owned());
        let found = self.instances.get(instance).and_then(|found| {
            let is_it = |(_, place): &(&Volume, &VolumeAttachment)| place.device == device;
            Some(self.volumes_of(found).find(is_it)?.0.id.clone())
        });
        let volume = found.and_then(|id| self.volumes.get_mut(&id)).ok_or_else(missing)?;
        volume.attachment.as_mut().ok_or_else(missing)?.delete_on_termination = delete;
        self.touch();
        Ok(())
    }

    /// An instance is taken away as if it had never been, and its volumes with it.
    pub(crate) fn undo_volumes(&mut self, instance: &InstanceId) {
        let Some(instance) = self.instances.get_mut(instance) else { return };
        for id in std::mem::take(&mut instance.volumes) {
            self.volumes.remove(&id);
        }
    }

    /// An instance is gone: its volumes go with it or are left over.
    pub(crate) fn release_volumes(&mut self, instance: &InstanceId) {
        let Some(instance) = self.instances.get_mut(instance) else { return };
        for id in std::mem::take(&mut instance.volumes) {
            let Some(volume) = self.volumes.get_mut(&id) else { continue };
            if volume.attachment.take().is_some_and(|attachment| attachment.delete_on_termination) {
                self.volumes.remove(&id);
            }
        }
    }
}
