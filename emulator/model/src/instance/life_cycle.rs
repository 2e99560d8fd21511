//! Instances' states: what calls begin, and what the fabric ends.
//!
//! See <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-lifecycle.html>.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::{Instance, InstanceError, InstanceState};
use crate::map::Set;
use crate::{AttachmentStatus, InstanceId, Model, NetworkInterfaceId};

/// What a call did to an instance's state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateChange {
    /// The instance.
    pub id: InstanceId,
    /// Its state before.
    pub previous: InstanceState,
    /// Its state now.
    pub current: InstanceState,
}

/// What a call asks of instances.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wish {
    Start,
    Stop,
    Reboot,
    Terminate,
}

impl Wish {
    /// The state it leads to, if that can be.
    fn next(self, state: InstanceState) -> Option<InstanceState> {
        use InstanceState::{Pending, Running, ShuttingDown, Stopped, Stopping, Terminated};
        match (self, state) {
            (Self::Start, Pending | Running) | (Self::Stop, Stopping | Stopped) => Some(state),
            (Self::Start, Stopped) => Some(Pending),
            (Self::Stop, Running) => Some(Stopping),
            (Self::Reboot, Running) => Some(Running),
            (Self::Terminate, ShuttingDown | Terminated) => Some(state),
            // It has no network any more that would have to go first.
            (Self::Terminate, Stopped) => Some(Terminated),
            (Self::Terminate, Pending | Running | Stopping) => Some(ShuttingDown),
            (Self::Start | Self::Stop | Self::Reboot, _) => None,
        }
    }

    fn verb(self) -> &'static str {
        match self {
            Self::Start => "started",
            Self::Stop => "stopped",
            Self::Reboot => "rebooted",
            Self::Terminate => "terminated",
        }
    }
}

impl Model {
    /// Begins to start stopped instances.
    pub fn start_instances(&mut self, now: Timestamp, ids: &[InstanceId]) -> Result<Vec<StateChange>, InstanceError> {
        self.change_states(now, ids, Wish::Start)
    }

    /// Begins to stop running instances.
    pub fn stop_instances(&mut self, now: Timestamp, ids: &[InstanceId]) -> Result<Vec<StateChange>, InstanceError> {
        self.change_states(now, ids, Wish::Stop)
    }

    /// Reboots running instances. Their networks stay as they are, so there is nothing to do.
    pub fn reboot_instances(&mut self, now: Timestamp, ids: &[InstanceId]) -> Result<(), InstanceError> {
        self.change_states(now, ids, Wish::Reboot).map(|_| ())
    }

    /// Begins to terminate instances.
    pub fn terminate_instances(
        &mut self,
        now: Timestamp,
        ids: &[InstanceId],
    ) -> Result<Vec<StateChange>, InstanceError> {
        self.change_states(now, ids, Wish::Terminate)
    }

    /// An instance's network is gone: `shutting-down` becomes `terminated`, and its ENIs go with it or
    /// become available.
    pub fn instance_gone(&mut self, id: &InstanceId, now: Timestamp) {
        let Some(instance) = self.instances.get_mut(id) else { return };
        if instance.state != InstanceState::ShuttingDown {
            return;
        }
        instance.state = InstanceState::Terminated;
        instance.terminated = Some(now);
        self.release_interfaces(id);
        self.release_volumes(id);
        self.touch();
    }

    /// An instance's network is gone: `stopping` becomes `stopped`.
    pub fn instance_stopped(&mut self, id: &InstanceId) {
        let Some(instance) = self.instances.get_mut(id) else { return };
        if instance.state == InstanceState::Stopping {
            instance.state = InstanceState::Stopped;
            let interfaces: Vec<_> = self.interfaces_of(id).map(|interface| interface.id.clone()).collect();
            for interface in &interfaces {
                self.release_public_ip(interface);
            }
            self.note_under_way(id);
            self.touch();
        }
    }

    /// Completes every change under way at once, as nothing else does without a fabric.
    pub fn settle(&mut self, now: Timestamp) {
        self.advance(now);
        for id in &self.index.under_way.clone() {
            self.settle_attachments(id);
            self.instance_gone(id, now);
            self.instance_stopped(id);
        }
    }

    /// Whether an instance runs or stands still, and none of its ENIs comes or goes.
    fn is_at_rest(&self, instance: &Instance) -> bool {
        matches!(instance.state, InstanceState::Running | InstanceState::Stopped)
            && self
                .interfaces_of(&instance.id)
                .all(|interface| interface.attachment.as_ref().is_none_or(|it| it.status == AttachmentStatus::Attached))
    }

    /// Keeps the index of instances under way; whoever changes an instance's or an attachment's state calls it.
    pub(crate) fn note_under_way(&mut self, id: &InstanceId) {
        if self.instances.get(id).is_some_and(|instance| !self.is_at_rest(instance)) {
            self.index.under_way.insert(id.clone());
        } else {
            self.index.under_way.remove(id);
        }
    }

    /// The same index, counted anew.
    pub(crate) fn count_under_way(&self) -> Set<InstanceId> {
        self.instances.values().filter(|it| !self.is_at_rest(it)).map(|it| it.id.clone()).collect()
    }

    /// When the next terminated instance is forgotten.
    pub(crate) fn next_forgotten(&self) -> Option<Timestamp> {
        self.index.under_way.iter().filter_map(|id| self.instances.get(id)?.forgotten_at()).min()
    }

    /// Forgets instances that were terminated long ago.
    pub(crate) fn forget_terminated(&mut self, now: Timestamp) {
        let is_forgotten =
            |id: &&InstanceId| self.instances.get(*id).is_some_and(|instance| instance.is_forgotten(now));
        let forgotten: Vec<InstanceId> = self.index.under_way.iter().filter(is_forgotten).cloned().collect();
        for id in &forgotten {
            self.instances.remove(id);
            self.note_under_way(id);
            self.touch();
        }
    }

    /// The instances of some ids.
    ///
    /// # Errors
    /// When some are not there, all of these.
    pub fn find_instances(&self, now: Timestamp, ids: &[InstanceId]) -> Result<Vec<&crate::Instance>, InstanceError> {
        let find = |id| self.instances.get(id).filter(|instance| !instance.is_forgotten(now));
        let missing: Vec<InstanceId> = ids.iter().filter(|id| find(id).is_none()).cloned().collect();
        if missing.is_empty() {
            Ok(ids.iter().filter_map(find).collect())
        } else {
            Err(InstanceError::NotFound(missing))
        }
    }

    fn change_states(
        &mut self,
        now: Timestamp,
        ids: &[InstanceId],
        wish: Wish,
    ) -> Result<Vec<StateChange>, InstanceError> {
        let mut changes = Vec::new();
        for instance in self.find_instances(now, ids)? {
            let next = wish.next(instance.state);
            let current = next.ok_or_else(|| InstanceError::State { id: instance.id.clone(), verb: wish.verb() })?;
            match wish {
                Wish::Terminate if instance.disable_api_termination => {
                    return Err(InstanceError::TerminationProtected(instance.id.clone()));
                }
                Wish::Stop if instance.disable_api_stop => {
                    return Err(InstanceError::StopProtected(instance.id.clone()));
                }
                Wish::Stop if instance.options.market.as_ref().is_some_and(|market| !market.is_persistent) => {
                    return Err(InstanceError::OneTimeSpot(instance.id.clone()));
                }
                _ => changes.push(StateChange { id: instance.id.clone(), previous: instance.state, current }),
            }
        }
        if matches!(wish, Wish::Start) {
            let starting = changes.iter().filter(|change| change.previous != change.current);
            self.check_start(&starting.map(|change| change.id.clone()).collect::<Vec<_>>())?;
        }
        for change in changes.iter().filter(|change| change.previous != change.current) {
            self.change_state(now, change);
        }
        Ok(changes)
    }

    fn change_state(&mut self, now: Timestamp, change: &StateChange) {
        let instance = self.instances.get_mut(&change.id).expect("it was just found");
        instance.state = change.current;
        instance.state_reason = match change.current {
            InstanceState::Pending => None,
            _ => Some(format!("User initiated ({})", now.to_zoned(TimeZone::UTC).strftime("%Y-%m-%d %H:%M:%S GMT"))),
        };
        if matches!(change.current, InstanceState::ShuttingDown | InstanceState::Terminated) {
            self.note_end_in_fleet(now, &change.id);
        }
        let instance = self.instances.get_mut(&change.id).expect("it was just found");
        match change.current {
            InstanceState::Pending => {
                instance.launch_time = now;
                self.reattach(&change.id);
                self.retake_capacity(&change.id);
            }
            InstanceState::Terminated => {
                instance.terminated = Some(now);
                self.release_interfaces(&change.id);
                self.release_volumes(&change.id);
            }
            _ => {}
        }
        self.note_under_way(&change.id);
        self.touch();
    }

    /// The links of a starting instance have to be made anew.
    fn reattach(&mut self, id: &InstanceId) {
        let ids: Vec<NetworkInterfaceId> = self.interfaces_of(id).map(|interface| interface.id.clone()).collect();
        for id in ids {
            if let Some(attachment) = self.network_interfaces.get_mut(&id).and_then(|found| found.attachment.as_mut())
                && attachment.status == AttachmentStatus::Attached
            {
                attachment.status = AttachmentStatus::Attaching;
            }
            if self.network_interfaces.get(&id).is_some_and(|interface| interface.wants_public_ip) {
                self.assign_public_ip(&id);
            }
        }
    }
}
