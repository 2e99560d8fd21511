//! Auto Scaling groups: instances that are kept at some number between a least and a most.
//!
//! See <https://docs.aws.amazon.com/autoscaling/ec2/userguide/auto-scaling-groups.html>. Groups are told from
//! outside; what launches and ends their instances is in the API, for it takes a launch template apart.

mod activity;
mod member;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

pub use self::activity::{Activity, ActivityOutcome};
pub use self::member::{GroupMember, MemberState};
use crate::fleet::id::uuid;
use crate::launch_template::{TemplateName, VersionChoice};
use crate::{Context, InstanceId, Model, SubnetId, Tags};

/// The tag by which a group's instances are known.
pub const GROUP_TAG: &str = "aws:autoscaling:groupName";

/// An Auto Scaling group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AutoScalingGroup {
    /// Its name.
    pub name: String,
    /// The part of its ARN that tells it from others that had its name.
    pub uuid: String,
    /// When it was first told of.
    pub created: Timestamp,
    /// How many instances it has.
    pub size: GroupSize,
    /// What it launches. Without, its instances are somebody else's.
    pub template: Option<GroupTemplate>,
    /// Where it launches.
    pub subnets: Vec<SubnetId>,
    /// Its tags.
    pub tags: Tags,
    /// The keys of those that its instances get too.
    pub propagated: BTreeSet<String>,
    /// Whether what it launches is protected from scale-in.
    pub protects_new: bool,
    /// How long it rests after somebody changed how many instances it has.
    pub cooldown: SignedDuration,
    /// Since when it rests.
    pub rests_since: Option<Timestamp>,
    /// Its instances.
    pub members: Vec<GroupMember>,
    /// What it did, the oldest first.
    pub activities: Vec<Activity>,
}

/// How many instances a group has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GroupSize {
    /// At least.
    pub min: u32,
    /// At most.
    pub max: u32,
    /// What it is to have.
    pub desired: u32,
}

/// What a group launches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupTemplate {
    /// The template.
    pub name: TemplateName,
    /// Its version.
    pub version: VersionChoice,
}

/// A group as it is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAutoScalingGroup {
    /// Its name.
    pub name: String,
    /// How many instances it has.
    pub size: GroupSize,
    /// What it launches.
    pub template: Option<GroupTemplate>,
    /// Where it launches.
    pub subnets: Vec<SubnetId>,
    /// Its tags.
    pub tags: Tags,
    /// The keys of those that its instances get too.
    pub propagated: BTreeSet<String>,
    /// Whether what it launches is protected from scale-in.
    pub protects_new: bool,
    /// How long it rests after somebody changed how many instances it has.
    pub cooldown: SignedDuration,
    /// Its instances, and whether they are protected from scale-in.
    pub members: Vec<(InstanceId, bool)>,
}

/// Why a group cannot be as somebody says.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AutoScalingError {
    /// Too short, too long, or with characters that names do not have.
    #[error("{0:?} is not an Auto Scaling group's name")]
    Name(String),
    /// No group of this name.
    #[error("there is no Auto Scaling group {0:?}")]
    NotFound(String),
    /// The most is less than the least.
    #[error("the most, {max}, is less than the least, {min}")]
    Bounds {
        /// The least.
        min: u32,
        /// The most.
        max: u32,
    },
    /// The desired number is not between the least and the most.
    #[error("{} instances are not between {} and {}", .0.desired, .0.min, .0.max)]
    Desired(GroupSize),
    /// A subnet is not there.
    #[error("there is no subnet {0}")]
    UnknownSubnet(SubnetId),
    /// A group that launches needs a place to do so.
    #[error("a group with a launch template needs a subnet")]
    NoSubnet,
    /// An instance is not there, or ends.
    #[error("there is no instance {0} that runs")]
    UnknownInstance(InstanceId),
    /// An instance is another group's.
    #[error("instance {id} is in the group {group:?}")]
    OtherGroups {
        /// The instance.
        id: InstanceId,
        /// Its group.
        group: String,
    },
    /// An instance is in no group.
    #[error("instance {0} is in no group")]
    NotManaged(InstanceId),
    /// It rests, and somebody wants to respect that.
    #[error("a scaling activity keeps the group from changing until {until}")]
    Rests {
        /// The activity after which it does.
        activity: String,
        /// Until when.
        until: Timestamp,
    },
    /// With one instance less the group would have less than its least.
    #[error("the group has its least, {0}, already")]
    AtLeast(u32),
}

impl GroupSize {
    /// Whether the numbers go together.
    ///
    /// # Errors
    /// Where they do not.
    pub fn check(self) -> Result<(), AutoScalingError> {
        let Self { min, max, desired } = self;
        if min > max {
            return Err(AutoScalingError::Bounds { min, max });
        }
        if (min..=max).contains(&desired) { Ok(()) } else { Err(AutoScalingError::Desired(self)) }
    }
}

/// How long groups rest unless something else is said.
pub const DEFAULT_COOLDOWN: SignedDuration = SignedDuration::from_secs(300);

/// When a group that could not launch tries again.
const RETRY: SignedDuration = SignedDuration::from_mins(1);

impl AutoScalingGroup {
    /// Refuses a change while the group rests.
    ///
    /// # Errors
    /// It does.
    pub fn check_rested(&self, now: Timestamp) -> Result<(), AutoScalingError> {
        let until = self.rests_since.and_then(|since| since.checked_add(self.cooldown).ok());
        match until.filter(|until| now < *until) {
            Some(until) => {
                let activity = self.activities.last().map(|last| last.id.clone()).unwrap_or_default();
                Err(AutoScalingError::Rests { activity, until })
            }
            None => Ok(()),
        }
    }

    /// When it launches what it lacks, or looks again whether it can; `None` while it lacks nothing or its instances
    /// are somebody else's.
    pub fn fills_at(&self, model: &Model) -> Option<Timestamp> {
        self.template.as_ref()?;
        let lacks = model.count_members(self) < self.size.desired as usize;
        let is_unhealthy = model.members_of(self).any(|(_, instance, _)| GroupMember::is_lost(instance));
        if !lacks && !is_unhealthy {
            return None;
        }
        let last = self.activities.last().filter(|last| matches!(last.outcome, ActivityOutcome::Failed(_)));
        last.map_or(Some(self.created), |last| last.time.checked_add(RETRY).ok())
    }

    /// Its ARN.
    pub fn arn(&self, model: &Model) -> String {
        let (region, account) = (model.region(), model.account());
        let (uuid, name) = (&self.uuid, &self.name);
        format!("arn:aws:autoscaling:{region}:{account}:autoScalingGroup:{uuid}:autoScalingGroupName/{name}")
    }
}

impl Model {
    /// All Auto Scaling groups, in the order of their names.
    pub fn auto_scaling_groups(&self) -> impl Iterator<Item = &AutoScalingGroup> {
        self.auto_scaling_groups.values()
    }

    /// An Auto Scaling group by its name.
    ///
    /// # Errors
    /// There is none.
    pub fn auto_scaling_group(&self, name: &str) -> Result<&AutoScalingGroup, AutoScalingError> {
        self.auto_scaling_groups.get(name).ok_or_else(|| AutoScalingError::NotFound(name.to_owned()))
    }

    /// Keeps a group in place of the one that had its name.
    ///
    /// # Errors
    /// It cannot be so; then what there was stays.
    pub fn put_auto_scaling_group(
        &mut self,
        cx: &mut Context<'_>,
        new: NewAutoScalingGroup,
    ) -> Result<(), AutoScalingError> {
        self.check_group(&new)?;
        let before = self.forget_auto_scaling_group(&new.name);
        let (uuid, created, rests_since, activities) = match before {
            Some(before) => (before.uuid, before.created, before.rests_since, before.activities),
            None => (uuid(cx.ids), cx.now, None, Vec::new()),
        };
        let NewAutoScalingGroup { name, size, template, subnets, tags, propagated, protects_new, cooldown, members } =
            new;
        let group = AutoScalingGroup {
            name: name.clone(),
            uuid,
            created,
            size,
            template,
            subnets,
            tags,
            propagated,
            protects_new,
            cooldown,
            rests_since,
            members: Vec::new(),
            activities,
        };
        self.auto_scaling_groups.insert(name.clone(), group);
        for (id, is_protected) in members {
            self.join_group(&name, &id, is_protected);
        }
        self.touch();
        Ok(())
    }

    /// Forgets a group, whose instances stay. Gives what it was, where there was one.
    pub fn forget_auto_scaling_group(&mut self, name: &str) -> Option<AutoScalingGroup> {
        let gone = self.auto_scaling_groups.remove(&name.to_owned())?;
        for member in &gone.members {
            if let Some(instance) = self.instances.get_mut(&member.instance_id) {
                instance.tags.remove(GROUP_TAG);
            }
        }
        self.touch();
        Some(gone)
    }

    /// Changes a group; its members are changed by other means.
    ///
    /// # Errors
    /// There is no such group, or it cannot be so; then it stays as it was.
    pub fn change_auto_scaling_group(
        &mut self,
        name: &str,
        change: impl FnOnce(&mut AutoScalingGroup),
    ) -> Result<(), AutoScalingError> {
        let mut group = self.auto_scaling_group(name)?.clone();
        change(&mut group);
        group.size.check()?;
        self.check_group_subnets(&group.subnets, group.template.is_some())?;
        self.auto_scaling_groups.insert(name.to_owned(), group);
        self.touch();
        Ok(())
    }

    fn check_group(&self, new: &NewAutoScalingGroup) -> Result<(), AutoScalingError> {
        let is_allowed = |c: char| !c.is_control() && c != ':';
        if !(1..=255).contains(&new.name.len()) || !new.name.chars().all(is_allowed) {
            return Err(AutoScalingError::Name(new.name.clone()));
        }
        new.size.check()?;
        self.check_group_subnets(&new.subnets, new.template.is_some())?;
        for (id, _) in &new.members {
            if !self.is_alive(id) {
                return Err(AutoScalingError::UnknownInstance(id.clone()));
            }
            match self.group_of(id).filter(|group| group.name != new.name) {
                Some(group) => return Err(AutoScalingError::OtherGroups { id: id.clone(), group: group.name.clone() }),
                None => continue,
            }
        }
        Ok(())
    }

    fn check_group_subnets(&self, subnets: &[SubnetId], launches: bool) -> Result<(), AutoScalingError> {
        match subnets.iter().find(|id| !self.subnets.contains_key(*id)) {
            Some(id) => Err(AutoScalingError::UnknownSubnet(id.clone())),
            None if launches && subnets.is_empty() => Err(AutoScalingError::NoSubnet),
            None => Ok(()),
        }
    }
}
