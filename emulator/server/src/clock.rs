//! The timer: completes in every state what is due in the background, and without a fabric instances and
//! attachments whose delay is over.
//!
//! What it does is journaled like a call; when a delay began is not, so after a restart it begins again.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio_util::sync::CancellationToken;
use vpc_model::{AttachmentStatus, InstanceState, Model, NetworkInterface};

use crate::limits::Transitions;
use crate::{LifeCycle, RegionState, Shared, StateKey};

/// Changes that come this close to each other are looked at together.
const TOGETHER: Duration = Duration::from_millis(2);
/// How often it looks although nothing told it to: the machine may have slept.
const LONGEST_SLEEP: Duration = Duration::from_secs(60);

/// Completes what is due, until stopped.
pub(crate) async fn run(shared: Arc<Shared>, stop: CancellationToken) {
    let mut watched = BTreeMap::<StateKey, Watched>::new();
    loop {
        let next = pass(&shared, &mut watched, Timestamp::now());
        let sleep = next.map_or(LONGEST_SLEEP, |at| until(at).min(LONGEST_SLEEP));
        tokio::select! {
            () = stop.cancelled() => return,
            () = shared.changed().notified() => tokio::time::sleep(TOGETHER).await,
            () = tokio::time::sleep(sleep) => {}
        }
    }
}

fn until(at: Timestamp) -> Duration {
    Duration::try_from(at.duration_since(Timestamp::now())).unwrap_or_default()
}

/// Completes what is due; gives when the next is.
fn pass(shared: &Shared, watched: &mut BTreeMap<StateKey, Watched>, now: Timestamp) -> Option<Timestamp> {
    shared.interrupt(now);
    let due = shared.states().into_iter().filter_map(|(key, state)| {
        let watched = watched.entry(key.clone()).or_default();
        watched.pass(shared, &key, &state, now)
    });
    due.chain(shared.imds().notices.next_due()).min()
}

/// What is known about a state since its last change.
#[derive(Debug, Default)]
struct Watched {
    generation: Option<u64>,
    due: Option<Timestamp>,
    /// When a group launches what it lost.
    replaces: Option<Timestamp>,
    /// What waits for its delay, since when.
    begun: BTreeMap<LifeCycle, Timestamp>,
}

impl Watched {
    fn pass(&mut self, shared: &Shared, key: &StateKey, state: &RegionState, now: Timestamp) -> Option<Timestamp> {
        let transitions = shared.config().transitions;
        let waits = !shared.is_built(key) && !transitions.is_immediate();
        self.look(state, waits, now);
        let over: Vec<_> = self.over(transitions, now).collect();
        for event in &over {
            shared.complete_at(state, key, event, now);
        }
        if self.due.is_some_and(|due| due <= now) {
            shared.complete_at(state, key, &LifeCycle::Advance, now);
            // Should there be nothing to do after all, there is not until something changes.
            self.due = None;
        }
        if self.replaces.is_some_and(|at| at <= now) {
            shared.replace_lost(key, state, now);
            self.replaces = None;
        }
        self.look(state, waits, now);
        let ends = self.begun.iter().filter_map(|(event, begun)| begun.checked_add(event.delay(transitions)).ok());
        ends.chain(self.due).chain(self.replaces).min()
    }

    fn look(&mut self, state: &RegionState, waits: bool, now: Timestamp) {
        let generation = state.read(Model::generation);
        if self.generation == Some(generation) {
            return;
        }
        self.generation = Some(generation);
        self.due = state.read(Model::next_due);
        self.replaces = state.read(ec2_api::replaces_at);
        if waits {
            let under_way = state.read(under_way);
            self.begun.retain(|event, _| under_way.contains(event));
            for event in under_way {
                self.begun.entry(event).or_insert(now);
            }
        }
    }

    fn over(&self, transitions: Transitions, now: Timestamp) -> impl Iterator<Item = LifeCycle> {
        let is_over = move |(event, begun): &(&LifeCycle, &Timestamp)| {
            begun.checked_add(event.delay(transitions)).is_ok_and(|end| end <= now)
        };
        self.begun.iter().filter(is_over).map(|(event, _)| event.clone())
    }
}

impl LifeCycle {
    /// How long it takes without a fabric.
    pub(crate) fn delay(&self, transitions: Transitions) -> SignedDuration {
        match self {
            Self::AttachmentReady(_) | Self::AttachmentGone(_) => transitions.attachment,
            Self::InstanceReady(_) | Self::InstanceGone(_) | Self::InstanceStopped(_) => transitions.instance,
            Self::Settle | Self::Advance => SignedDuration::ZERO,
        }
    }
}

/// What calls began and nothing has completed yet.
pub(crate) fn under_way(model: &Model) -> Vec<LifeCycle> {
    let attachments = model.network_interfaces().filter_map(|eni| of_attachment(model, eni));
    let instances = model.instances().filter_map(|instance| match instance.state {
        InstanceState::Pending => Some(LifeCycle::InstanceReady(instance.id.clone())),
        InstanceState::ShuttingDown => Some(LifeCycle::InstanceGone(instance.id.clone())),
        InstanceState::Stopping => Some(LifeCycle::InstanceStopped(instance.id.clone())),
        InstanceState::Running | InstanceState::Stopped | InstanceState::Terminated => None,
    });
    attachments.chain(instances).collect()
}

/// The ENIs that an instance starts with come with it.
fn of_attachment(model: &Model, eni: &NetworkInterface) -> Option<LifeCycle> {
    let attachment = eni.attachment.as_ref()?;
    let instance = model.instance(&attachment.instance_id);
    match attachment.status {
        AttachmentStatus::Attaching if instance.is_some_and(|found| found.state == InstanceState::Pending) => None,
        AttachmentStatus::Attaching => Some(LifeCycle::AttachmentReady(eni.id.clone())),
        AttachmentStatus::Detaching => Some(LifeCycle::AttachmentGone(eni.id.clone())),
        AttachmentStatus::Attached | AttachmentStatus::Detached => None,
    }
}
