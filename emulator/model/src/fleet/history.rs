//! What happened to a fleet, for as long as EC2 tells it.
//!
//! See <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_EventInformation.html>.

use jiff::{SignedDuration, Timestamp};

use super::{Fleet, FleetFailure, FleetLaunch};
use crate::{InstanceId, Model};

/// How long events are told.
const TOLD: SignedDuration = SignedDuration::from_hours(48);

/// Something that happened to a fleet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FleetEvent {
    /// When.
    pub time: Timestamp,
    /// What kind of thing.
    pub kind: FleetEventKind,
    /// What, as EC2 names it, such as `launched`.
    pub what: &'static str,
    /// More about it.
    pub description: Option<String>,
    /// The instance it happened to.
    pub instance: Option<InstanceId>,
}

/// What a fleet's event is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FleetEventKind {
    /// An instance came or went.
    Instance,
    /// The fleet's state or request changed.
    Fleet,
    /// Something could not be done.
    Error,
}

impl FleetEventKind {
    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Instance => "instance-change",
            Self::Fleet => "fleet-change",
            Self::Error => "service-error",
        }
    }
}

impl Fleet {
    /// What happened since some time and is still told, the oldest first.
    pub fn history(&self, since: Timestamp, now: Timestamp) -> impl Iterator<Item = &FleetEvent> {
        let is_told = move |event: &&FleetEvent| event.time >= since && now.duration_since(event.time) < TOLD;
        self.events.iter().filter(is_told)
    }

    /// Notes a change of the fleet's own.
    pub fn note(&mut self, now: Timestamp, what: &'static str) {
        self.push(now, FleetEventKind::Fleet, what, None, None);
    }

    /// Notes launches and failures.
    pub fn note_launches(&mut self, now: Timestamp, launches: &[FleetLaunch], failures: &[FleetFailure]) {
        for launch in launches {
            let kind = launch.pool.overrides.get("InstanceType").and_then(crate::LaunchParameter::as_text);
            let description = kind.map(|kind| format!("{{\"instanceType\":\"{kind}\"}}"));
            for instance in &launch.instances {
                let (description, instance) = (description.clone(), Some(instance.clone()));
                self.push(now, FleetEventKind::Instance, "launched", description, instance);
            }
        }
        for failure in failures {
            let what = match failure.code.as_str() {
                "VcpuLimitExceeded" => "vcpuLimitExceeded",
                "MaxSpotInstanceCountExceeded" => "spotInstanceCountLimitExceeded",
                _ => "launchSpecTemporarilyBlacklisted",
            };
            let description = Some(format!("{}: {}", failure.code, failure.message));
            self.push(now, FleetEventKind::Error, what, description, None);
        }
    }

    fn push(
        &mut self,
        time: Timestamp,
        kind: FleetEventKind,
        what: &'static str,
        description: Option<String>,
        instance: Option<InstanceId>,
    ) {
        self.events.retain(|event| time.duration_since(event.time) < TOLD);
        self.events.push(FleetEvent { time, kind, what, description, instance });
    }
}

impl Model {
    /// Notes that an instance ends, in the history of the fleet that launched it.
    pub(crate) fn note_end_in_fleet(&mut self, now: Timestamp, id: &InstanceId) {
        let of_it = self.fleets.values().find(|fleet| fleet.instances().any(|own| own == id));
        let Some(fleet) = of_it.map(|fleet| fleet.id.clone()) else { return };
        if let Some(fleet) = self.fleets.get_mut(&fleet) {
            fleet.push(now, FleetEventKind::Instance, "terminated", None, Some(id.clone()));
        }
    }
}
