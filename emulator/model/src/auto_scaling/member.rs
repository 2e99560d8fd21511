//! The instances of Auto Scaling groups.
//!
//! See <https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-lifecycle.html>.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{AutoScalingError, AutoScalingGroup, GROUP_TAG};
use crate::{Instance, InstanceId, InstanceState, Model, SubnetId, ZoneName};

/// An instance of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupMember {
    /// The instance.
    pub instance_id: InstanceId,
    /// Whether it stays when the group shrinks.
    pub is_protected: bool,
}

/// How far an instance of a group is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MemberState {
    /// It starts.
    Pending,
    /// It runs, or has stopped without having been told to by the group.
    InService,
    /// It ends.
    Terminating,
}

impl MemberState {
    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "Pending",
            Self::InService => "InService",
            Self::Terminating => "Terminating",
        }
    }

    /// That of an instance; none once it has ended.
    pub fn of(instance: &Instance) -> Option<Self> {
        match instance.state {
            InstanceState::Pending => Some(Self::Pending),
            InstanceState::Running | InstanceState::Stopping | InstanceState::Stopped => Some(Self::InService),
            InstanceState::ShuttingDown => Some(Self::Terminating),
            InstanceState::Terminated => None,
        }
    }
}

impl GroupMember {
    /// Whether an instance of a group is as it should be: EC2 says that it starts or runs.
    pub fn is_healthy(instance: &Instance) -> bool {
        matches!(instance.state, InstanceState::Pending | InstanceState::Running)
    }
}

impl GroupMember {
    /// Whether an instance of a group will not come back by itself and is still there: it was stopped.
    pub fn is_lost(instance: &Instance) -> bool {
        matches!(instance.state, InstanceState::Stopping | InstanceState::Stopped)
    }
}

impl Model {
    /// The group that an instance is in.
    pub fn group_of(&self, id: &InstanceId) -> Option<&AutoScalingGroup> {
        let is_in = |group: &&AutoScalingGroup| group.members.iter().any(|member| member.instance_id == *id);
        self.auto_scaling_groups.values().find(is_in)
    }

    /// A group's instances that have not ended, with how far they are.
    pub fn members_of<'a>(
        &'a self,
        group: &'a AutoScalingGroup,
    ) -> impl Iterator<Item = (&'a GroupMember, &'a Instance, MemberState)> {
        group.members.iter().filter_map(|member| {
            let instance = self.instances.get(&member.instance_id)?;
            Some((member, instance, MemberState::of(instance)?))
        })
    }

    /// How many instances a group has that do not end.
    pub fn count_members(&self, group: &AutoScalingGroup) -> usize {
        self.members_of(group).filter(|(_, _, state)| *state != MemberState::Terminating).count()
    }

    /// Makes an instance one of a group's.
    pub fn join_group(&mut self, name: &str, id: &InstanceId, is_protected: bool) {
        let Some(group) = self.auto_scaling_groups.get_mut(name) else { return };
        let Some(instance) = self.instances.get_mut(id) else { return };
        group.members.retain(|member| member.instance_id != *id);
        group.members.push(GroupMember { instance_id: id.clone(), is_protected });
        instance.tags.insert(GROUP_TAG.to_owned(), name.to_owned());
        self.touch();
    }

    /// The subnet in which a group launches next: one in the zone where it has the fewest instances.
    pub fn next_subnet(&self, group: &AutoScalingGroup) -> Option<SubnetId> {
        let by_zone = self.members_by_zone(group);
        let subnets = group.subnets.iter().filter_map(|id| self.subnets.get(id));
        let least = subnets.min_by_key(|subnet| by_zone.get(&subnet.zone).map_or(0, Vec::len))?;
        Some(least.id.clone())
    }

    /// The instance that a group gives up next: the oldest in the zone where it has the most. Those that are
    /// protected stay.
    ///
    /// Deviation: other termination policies are not here.
    pub fn next_to_end(&self, group: &AutoScalingGroup) -> Option<InstanceId> {
        let by_zone = self.members_by_zone(group);
        let free = |(member, _): &&(&GroupMember, &Instance)| !member.is_protected;
        let zones = by_zone.into_iter().filter(|(_, members)| members.iter().any(|it| free(&it)));
        let (_, members) = zones.min_by_key(|(_, members)| Reverse(members.len()))?;
        let oldest = members.iter().filter(free).min_by_key(|(_, instance)| (instance.launch_time, &instance.id))?;
        Some(oldest.1.id.clone())
    }

    /// Begins to end an instance of a group. Protection from TerminateInstances does not hold for groups.
    ///
    /// # Errors
    /// It is in no group, or ends already.
    pub fn end_member(&mut self, now: Timestamp, id: &InstanceId) -> Result<(), AutoScalingError> {
        let not_managed = || AutoScalingError::NotManaged(id.clone());
        if self.group_of(id).is_none() || !self.is_alive(id) {
            return Err(not_managed());
        }
        let instance = self.instances.get_mut(id).ok_or_else(not_managed)?;
        instance.disable_api_termination = false;
        self.terminate_instances(now, std::slice::from_ref(id)).map_err(|_| not_managed())?;
        Ok(())
    }

    /// A group's instances that do not end, by their zones.
    fn members_by_zone<'a>(
        &'a self,
        group: &'a AutoScalingGroup,
    ) -> BTreeMap<&'a ZoneName, Vec<(&'a GroupMember, &'a Instance)>> {
        let mut by_zone: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for (member, instance, state) in self.members_of(group) {
            if state != MemberState::Terminating {
                by_zone.entry(&instance.zone).or_default().push((member, instance));
            }
        }
        by_zone
    }
}
