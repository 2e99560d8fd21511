//! Lines of images: what one name stands for in release after release.

use jiff::{SignedDuration, Timestamp};

use super::{BlockDevice, BootMode, Image, Volume};
use crate::instance_type::Architecture;
use crate::{AccountId, ImageId, Region, ResourceId, Tags, hash};

/// A release: what stands for `{v}` in names, and the day.
pub(super) type Release = (&'static str, &'static str);

/// A device: its name, size and kind.
pub(super) type Disk = (&'static str, u32, &'static str);

/// Whom images belong to.
#[derive(Debug)]
pub(super) struct Owner {
    /// The account.
    pub(super) id: &'static str,
    /// AWS's name for it.
    pub(super) alias: Option<&'static str>,
    /// How long an image is meant to be used once there is a newer one.
    pub(super) used_for: SignedDuration,
}

/// Images that differ in their release only, the oldest first.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) owner: &'static Owner,
    /// The names, with `{v}` for the release.
    pub(super) name: String,
    /// The descriptions, with `{v}` too.
    pub(super) description: String,
    pub(super) architecture: Architecture,
    pub(super) releases: &'static [Release],
    pub(super) disks: &'static [Disk],
    /// How many disks of the machine's own are named besides.
    pub(super) ephemeral: u8,
    pub(super) is_windows: bool,
    pub(super) boot_mode: Option<BootMode>,
    pub(super) requires_tokens: bool,
    pub(super) is_free: bool,
    /// The public parameter that names the newest.
    pub(super) parameter: Option<String>,
}

/// How long the newest image is found.
///
/// Deviation: longer than AWS's own, so that there are images whenever the emulator runs.
const NEWEST: SignedDuration = SignedDuration::from_hours(24 * 3650);

impl Line {
    /// Its images in a region, the oldest first.
    pub(super) fn images(&self, region: &Region) -> impl Iterator<Item = Image> {
        let last = self.releases.len() - 1;
        let region = region.clone();
        self.releases.iter().enumerate().map(move |(at, release)| self.image(&region, release, at == last))
    }

    fn image(&self, region: &Region, (version, day): &Release, is_newest: bool) -> Image {
        let name = self.name.replace("{v}", version);
        let hash = hash::of(&format!("{}/{name}", region.0));
        let midnight: Timestamp = format!("{day}T00:00:00Z").parse().expect("the table has days");
        let creation_date = midnight + SignedDuration::from_secs((hash % 86_400) as i64);
        let used_for = if is_newest { NEWEST } else { self.owner.used_for };
        Image {
            id: ImageId::from_digits(&digits(hash)),
            description: Some(self.description.replace("{v}", version)).filter(|text| !text.is_empty()),
            architecture: self.architecture,
            creation_date,
            deprecation: Some(creation_date + used_for),
            owner_id: AccountId::from(self.owner.id),
            owner_alias: self.owner.alias,
            is_windows: self.is_windows,
            is_public: true,
            boot_mode: self.boot_mode,
            requires_tokens: self.requires_tokens,
            is_free: self.is_free,
            parameter: self.parameter.clone().filter(|_| is_newest),
            source_instance: None,
            devices: self.devices(hash),
            name,
            tags: Tags::new(),
        }
    }

    fn devices(&self, seed: u64) -> Vec<BlockDevice> {
        let ebs = self.disks.iter().map(|(name, size_gib, kind)| {
            let snapshot = format!("snap-{}", digits(hash::of(&format!("{seed:x}/{name}"))));
            BlockDevice { name: (*name).to_owned(), volume: Volume::Ebs { snapshot, size_gib: *size_gib, kind } }
        });
        let own = (0..self.ephemeral).map(|at| {
            let letter = char::from(b'b' + at);
            BlockDevice { name: format!("/dev/sd{letter}"), volume: Volume::Ephemeral(at) }
        });
        ebs.chain(own).collect()
    }
}

fn digits(hash: u64) -> String {
    format!("0{hash:016x}")
}
