//! Machine images: those that AWS and others offer in a region, found by name, owner and date.
//!
//! An instance is a network namespace, so its image decides only what is said about it, and which instance types it
//! goes with. See <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/AMIs.html>.

mod catalogue;
mod line;
mod own;

use std::collections::BTreeMap;
use std::fmt;
use std::iter;
use std::sync::Arc;

use jiff::Timestamp;

pub use self::own::{ImageError, NewDevice, NewImage, NewVolume};
use crate::instance_type::Architecture;
use crate::{AccountId, ImageId, InstanceError, InstanceId, Model, Region, Tags};

/// The images that are offered to everybody in a region, by id. Nothing changes them.
#[derive(Clone)]
pub(crate) struct PublicImages(Arc<BTreeMap<ImageId, Image>>);

impl fmt::Debug for PublicImages {
    /// There are hundreds, and they say nothing about an account.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} images", self.0.len())
    }
}

/// A machine image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// Its id.
    pub id: ImageId,
    /// Its name.
    pub name: String,
    /// Its description.
    pub description: Option<String>,
    /// What it runs on.
    pub architecture: Architecture,
    /// When it was made.
    pub creation_date: Timestamp,
    /// When its owner means it to be used no more.
    pub deprecation: Option<Timestamp>,
    /// The owner's account.
    pub owner_id: AccountId,
    /// The name AWS gives to that account, if any.
    pub owner_alias: Option<&'static str>,
    /// Whether it runs Windows.
    pub is_windows: bool,
    /// Whether everybody can launch it.
    pub is_public: bool,
    /// How it boots, where it says so.
    pub boot_mode: Option<BootMode>,
    /// Whether its instances have to use session tokens of the metadata service unless told otherwise.
    pub requires_tokens: bool,
    /// Whether the free tier has it.
    pub is_free: bool,
    /// The public parameter that names it, where there is one.
    pub parameter: Option<String>,
    /// The instance it was made of, where it was.
    pub source_instance: Option<InstanceId>,
    /// Its volumes, the root volume first.
    pub devices: Vec<BlockDevice>,
    /// Its tags.
    pub tags: Tags,
}

/// How an image boots.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BootMode {
    /// As machines did before UEFI.
    LegacyBios,
    /// UEFI only.
    Uefi,
    /// UEFI where the instance type has it.
    UefiPreferred,
}

impl fmt::Display for BootMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::LegacyBios => "legacy-bios",
            Self::Uefi => "uefi",
            Self::UefiPreferred => "uefi-preferred",
        })
    }
}

/// A volume that an image brings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlockDevice {
    /// The device's name.
    pub name: String,
    /// What it is.
    pub volume: Volume,
}

/// What a device of an image is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Volume {
    /// A volume made from a snapshot.
    Ebs {
        /// The snapshot's id.
        snapshot: String,
        /// Its size.
        size_gib: u32,
        /// Its kind, such as `gp3`.
        kind: &'static str,
    },
    /// A disk of the machine's own, by its number.
    Ephemeral(u8),
}

impl Image {
    /// The device of the root volume.
    pub fn root_device(&self) -> &str {
        self.devices.first().map_or("/dev/xvda", |device| &device.name)
    }

    /// Where its manifest is: the owner and the name.
    pub fn location(&self) -> String {
        format!("{}/{}", self.owner_alias.unwrap_or(&self.owner_id.0), self.name)
    }

    /// Whether its owner means it to be used no more.
    pub fn is_deprecated(&self, now: Timestamp) -> bool {
        self.deprecation.is_some_and(|at| at <= now)
    }
}

impl Model {
    /// All images that the account can see, in the order of their ids.
    pub fn images(&self) -> impl Iterator<Item = &Image> {
        let (mut public, mut own) = (self.public_images.0.values().peekable(), self.own_images.values().peekable());
        iter::from_fn(move || match (public.peek(), own.peek()) {
            (Some(one), Some(other)) if one.id > other.id => own.next(),
            (Some(_), _) => public.next(),
            (None, _) => own.next(),
        })
    }

    /// One of them by its id.
    pub fn image(&self, id: &ImageId) -> Option<&Image> {
        self.public_images.0.get(id).or_else(|| self.own_images.get(id))
    }

    /// The image that a public parameter of AWS Systems Manager names.
    pub fn image_of_parameter(&self, name: &str) -> Option<&Image> {
        // Some parameters are other names for the same.
        let name =
            name.replace("-kernel-default-", "-kernel-6.1-").replace("/amzn2-ami-hvm-", "/amzn2-ami-kernel-5.10-hvm-");
        self.images().find(|image| image.parameter.as_ref() == Some(&name))
    }

    /// Whether launches need an image that is there. Else any well-formed id is taken for one.
    pub fn has_strict_images(&self) -> bool {
        self.strict_images
    }

    /// Decides whether launches need an image that is there.
    pub fn set_strict_images(&mut self, strict: bool) {
        self.strict_images = strict;
        self.touch();
    }

    /// Checks that an image can be launched, on a processor where that is known.
    pub(crate) fn check_image(
        &self,
        id: &ImageId,
        instance_type: &str,
        own: Option<Architecture>,
    ) -> Result<(), InstanceError> {
        match self.image(id) {
            None if self.strict_images => Err(InstanceError::NoSuchImage(id.clone())),
            Some(image) if own.is_some_and(|own| own != image.architecture) => {
                let (image, instance_type) = (id.clone(), instance_type.to_owned());
                Err(InstanceError::OtherArchitecture { image, instance_type })
            }
            _ => Ok(()),
        }
    }
}

/// The images that are offered in a region.
pub(crate) fn public(region: &Region) -> PublicImages {
    let images = catalogue::lines().iter().flat_map(|line| line.images(region)).collect::<Vec<_>>();
    PublicImages(Arc::new(images.into_iter().map(|image| (image.id.clone(), image)).collect()))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use rstest::rstest;

    use super::*;

    #[test]
    fn ids_are_well_formed_distinct_and_differ_by_region() {
        let (one, other) = (public(&Region::from("us-east-1")).0, public(&Region::from("eu-west-1")).0);
        let lines = catalogue::lines();
        assert_eq!(one.len(), lines.iter().map(|line| line.releases.len()).sum::<usize>());
        assert!(one.keys().all(|id| id.as_str().parse::<ImageId>().as_ref() == Ok(id)));
        assert!(one.keys().all(|id| !other.contains_key(id)));
        assert_eq!(one.keys().collect::<Vec<_>>(), public(&Region::from("us-east-1")).0.keys().collect::<Vec<_>>());
        let names: BTreeSet<&String> = one.values().map(|image| &image.name).collect();
        assert_eq!(names.len(), one.len());
    }

    #[rstest]
    #[case::eks("amazon-eks-node-al2023-arm64-standard-1.34-v", "20251112")]
    #[case::gpu("amazon-eks-node-al2023-x86_64-nvidia-1.29-v", "20251112")]
    #[case::neuron("amazon-eks-node-al2023-x86_64-neuron-1.33-v", "20251112")]
    #[case::older("amazon-eks-gpu-node-1.32-v", "20251112")]
    #[case::bottlerocket("bottlerocket-aws-k8s-1.33-aarch64-v", "1.49.0-713f44ce")]
    #[case::ubuntu("ubuntu-eks/k8s_1.34/images/hvm-ssd-gp3/ubuntu-noble-24.04-amd64-server-", "20251022")]
    #[case::windows("Windows_Server-2022-English-Core-EKS_Optimized-1.34-", "2025.11.12")]
    fn the_newest(#[case] start: &str, #[case] end: &str) {
        let images = public(&Region::from("us-west-2")).0;
        let line = images.values().filter(|image| image.name.starts_with(start));
        let newest = line.max_by_key(|image| image.creation_date).expect("there is one");
        assert_eq!(newest.name, format!("{start}{end}"));
    }

    #[test]
    fn all_but_the_newest_end() {
        let now = "2027-12-31T00:00:00Z".parse().expect("a time");
        for line in catalogue::lines() {
            let images: Vec<Image> = line.images(&Region::from("us-east-1")).collect();
            assert!(images.windows(2).all(|pair| pair[0].creation_date < pair[1].creation_date));
            let (newest, older) = images.split_last().expect("a line has images");
            assert!(older.iter().all(|image| image.is_deprecated(now)), "{}", newest.name);
            assert!(!newest.is_deprecated(now));
        }
    }
}
