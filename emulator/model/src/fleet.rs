//! EC2 Fleets: requests for some capacity out of several instance types and subnets, and what came of them.
//!
//! See <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-fleet.html>.

mod history;
pub mod id;
#[cfg(test)]
mod tests;

use jiff::{SignedDuration, Timestamp};

pub use self::history::{FleetEvent, FleetEventKind};
pub use self::id::FleetId;
use crate::{Context, InstanceId, LaunchParameters, Model, Tags};

/// How long a deleted fleet can still be described.
const DELETED_SHOWN: SignedDuration = SignedDuration::from_hours(48);

/// A fleet.
#[derive(Debug, Clone, PartialEq)]
pub struct Fleet {
    /// Its id.
    pub id: FleetId,
    /// Its type.
    pub kind: FleetKind,
    /// When it was asked for.
    pub created: Timestamp,
    /// The request's idempotency token.
    pub client_token: Option<String>,
    /// What was asked for, with what EC2 has where nothing was said.
    pub request: LaunchParameters,
    /// How much was asked for.
    pub target: FleetTarget,
    /// What was launched.
    pub launches: Vec<FleetLaunch>,
    /// What could not be launched.
    pub failures: Vec<FleetFailure>,
    /// Its tags.
    pub tags: Tags,
    deleted: Option<Timestamp>,
    events: Vec<FleetEvent>,
}

/// What a fleet does after its first launch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FleetKind {
    /// Nothing, and the answer says what was launched.
    OneTime,
    /// Nothing.
    Request,
    /// It keeps its capacity.
    Maintain,
}

impl FleetKind {
    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OneTime => "instant",
            Self::Request => "request",
            Self::Maintain => "maintain",
        }
    }
}

/// How much capacity is asked for, in units: an instance is one unless its override gives it a weight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FleetTarget {
    /// Of On-Demand Instances.
    pub on_demand: u32,
    /// Of Spot Instances.
    pub spot: u32,
}

/// From what instances are launched: a template's version and what is otherwise, as it was given and with the place
/// that was found.
#[derive(Debug, Clone, PartialEq)]
pub struct FleetPool {
    /// The template, by the names of a launch template specification.
    pub template: LaunchParameters,
    /// The override, by its names.
    pub overrides: LaunchParameters,
    /// Whether Spot Instances are launched from it.
    pub is_spot: bool,
    /// How many units an instance is.
    pub weight: f64,
}

/// What was launched from a pool.
#[derive(Debug, Clone, PartialEq)]
pub struct FleetLaunch {
    /// The pool.
    pub pool: FleetPool,
    /// The instances.
    pub instances: Vec<InstanceId>,
}

/// Why nothing more could be launched from a pool.
#[derive(Debug, Clone, PartialEq)]
pub struct FleetFailure {
    /// The pool.
    pub pool: FleetPool,
    /// The error's code.
    pub code: String,
    /// Its text.
    pub message: String,
}

/// What CreateFleet asks for, once it was launched.
#[derive(Debug, Clone)]
pub struct NewFleet {
    /// Its id.
    pub id: FleetId,
    /// Its type.
    pub kind: FleetKind,
    /// The request's idempotency token.
    pub client_token: Option<String>,
    /// What was asked for.
    pub request: LaunchParameters,
    /// How much was asked for.
    pub target: FleetTarget,
    /// What was launched.
    pub launches: Vec<FleetLaunch>,
    /// What could not be launched.
    pub failures: Vec<FleetFailure>,
    /// Its tags.
    pub tags: Tags,
}

impl Fleet {
    /// All instances that it launched.
    pub fn instances(&self) -> impl Iterator<Item = &InstanceId> {
        self.launches.iter().flat_map(|launch| &launch.instances)
    }

    /// How many units it has of those that still run, by whether they are Spot Instances.
    pub fn fulfilled(&self, model: &Model, is_spot: bool) -> f64 {
        let of_kind = self.launches.iter().filter(|launch| launch.pool.is_spot == is_spot);
        of_kind.fold(0.0, |units, launch| units + launch.pool.weight * model.count_alive(&launch.instances) as f64)
    }

    /// Its state as EC2 writes it.
    pub fn state(&self, model: &Model) -> &'static str {
        let runs = self.instances().any(|id| model.instance(id).is_some_and(|instance| !instance.is_terminated()));
        let ends = self.instances().all(|id| !model.is_alive(id));
        match (self.deleted, runs) {
            (None, _) => "active",
            (Some(_), false) => "deleted",
            (Some(_), true) if ends => "deleted_terminating",
            (Some(_), true) => "deleted_running",
        }
    }

    /// Whether EC2 still knows it.
    pub fn is_known(&self, now: Timestamp) -> bool {
        self.deleted.is_none_or(|since| now.duration_since(since) < DELETED_SHOWN)
    }

    /// Whether its end was asked for.
    pub fn is_deleted(&self) -> bool {
        self.deleted.is_some()
    }
}

impl Model {
    /// Keeps a fleet whose instances were just launched.
    pub fn keep_fleet(&mut self, cx: &mut Context, new: NewFleet) {
        self.fleets.retain(|_, fleet| fleet.is_known(cx.now));
        let mut fleet = Fleet {
            id: new.id.clone(),
            kind: new.kind,
            created: cx.now,
            client_token: new.client_token,
            request: new.request,
            target: new.target,
            launches: new.launches,
            failures: new.failures,
            tags: new.tags,
            deleted: None,
            events: Vec::new(),
        };
        fleet.note(cx.now, "submitted");
        fleet.note_launches(cx.now, &fleet.launches.clone(), &fleet.failures.clone());
        fleet.note(cx.now, "active");
        self.fleets.insert(new.id, fleet);
        self.touch();
    }

    /// Puts a fleet in the place of what it was.
    pub fn change_fleet(&mut self, fleet: Fleet) {
        self.fleets.insert(fleet.id.clone(), fleet);
        self.touch();
    }

    /// Ends a fleet, and its instances where that is asked for. Gives its states before and after, or `None` when
    /// there is no such fleet.
    pub fn delete_fleet(
        &mut self,
        now: Timestamp,
        id: &FleetId,
        with_instances: bool,
    ) -> Option<(&'static str, &'static str)> {
        let fleet = self.fleets.get(id).filter(|fleet| fleet.is_known(now))?;
        let before = fleet.state(self);
        let alive: Vec<InstanceId> = fleet.instances().filter(|id| self.is_alive(id)).cloned().collect();
        for instance in alive.iter().filter(|_| with_instances) {
            // One that is protected from it stays.
            let _protected = self.terminate_instances(now, std::slice::from_ref(instance));
        }
        let fleet = self.fleets.get_mut(id)?;
        fleet.deleted.get_or_insert(now);
        let after = fleet.clone().state(self);
        if let Some(fleet) = self.fleets.get_mut(id) {
            fleet.note(now, after);
        }
        self.touch();
        Some((before, after))
    }

    /// Whether an instance is there and does not end.
    pub fn is_alive(&self, id: &InstanceId) -> bool {
        use crate::InstanceState::{ShuttingDown, Terminated};
        self.instances.get(id).is_some_and(|instance| !matches!(instance.state, ShuttingDown | Terminated))
    }

    fn count_alive(&self, ids: &[InstanceId]) -> usize {
        ids.iter().filter(|id| self.is_alive(id)).count()
    }
}
