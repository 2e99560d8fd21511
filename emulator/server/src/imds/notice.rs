//! What EC2 tells an instance ahead: that it wants a Spot Instance back, that it soon might, or that it will
//! do maintenance. Nothing here decides so; people do, by `/_vpcbox/notices/{instance}`.
//!
//! See <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/spot-instance-termination-notices.html>,
//! <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/rebalance-recommendations.html> and
//! <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/viewing_scheduled_events.html>.

use std::collections::BTreeMap;
use std::sync::{PoisonError, RwLock};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;
use vpc_model::InstanceId;

use super::identity::{pretty, seconds};
use super::tree::{Folder, Node, folder, leaf};

/// How long before an interruption it is told.
const AHEAD: SignedDuration = SignedDuration::from_mins(2);

/// What an instance is told ahead.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Notice {
    /// A Spot Instance is interrupted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spot_interruption: Option<Interruption>,
    /// A Spot Instance is likely to be interrupted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rebalance: Option<Rebalance>,
    /// Maintenance, to come and past.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub maintenance: Vec<Maintenance>,
}

/// The end of a Spot Instance.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Interruption {
    /// What happens to it.
    pub action: Action,
    /// When; two minutes after the notice, unless said otherwise.
    pub time: Option<Timestamp>,
}

/// What happens to an interrupted Spot Instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// It is terminated.
    #[default]
    Terminate,
    /// It is stopped.
    Stop,
    /// It is hibernated.
    Hibernate,
}

/// The recommendation to replace a Spot Instance.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Rebalance {
    /// When it was given; now, unless said otherwise.
    pub time: Option<Timestamp>,
}

/// A scheduled event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Maintenance {
    /// Its id; one that tells its place, unless said otherwise.
    #[serde(default)]
    pub event_id: Option<String>,
    /// What it is, such as `system-reboot`.
    pub code: String,
    /// What it is, for people.
    pub description: String,
    /// Its state.
    #[serde(default)]
    pub state: MaintenanceState,
    /// When it begins at the earliest.
    pub not_before: Timestamp,
    /// When it ends at the latest.
    #[serde(default)]
    pub not_after: Option<Timestamp>,
}

/// What became of a scheduled event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MaintenanceState {
    /// It is still to come.
    #[default]
    Active,
    /// It is over.
    Completed,
    /// It was given up.
    Canceled,
}

impl Action {
    /// What has the same effect when a user asks for it.
    ///
    /// Deviation: nothing hibernates here, so the instance stops.
    pub(crate) fn call(self) -> &'static str {
        match self {
            Self::Terminate => "TerminateInstances",
            Self::Stop | Self::Hibernate => "StopInstances",
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Terminate => "terminate",
            Self::Stop => "stop",
            Self::Hibernate => "hibernate",
        }
    }
}

impl Notice {
    /// The same with what was left to the service.
    pub(crate) fn filled(mut self, now: Timestamp) -> Self {
        if let Some(interruption) = &mut self.spot_interruption {
            interruption.time.get_or_insert(now.saturating_add(AHEAD).unwrap_or(Timestamp::MAX));
        }
        if let Some(rebalance) = &mut self.rebalance {
            rebalance.time.get_or_insert(now);
        }
        for (number, event) in (1..).zip(&mut self.maintenance) {
            event.event_id.get_or_insert_with(|| format!("instance-event-{number:017x}"));
        }
        self
    }

    /// `spot/`, while an interruption is to come.
    pub(super) fn spot(&self) -> Option<Node> {
        let interruption = self.spot_interruption.as_ref()?;
        let time = seconds(interruption.time?);
        let action = format!("{{\"action\": \"{}\", \"time\": \"{time}\"}}", interruption.action.name());
        let termination = (interruption.action == Action::Terminate).then(|| leaf(time));
        Some(Node::Folder(folder([("instance-action", Some(leaf(action))), ("termination-time", termination)])))
    }

    /// `events/`.
    pub(super) fn events(&self) -> Folder {
        let recommendation = self.rebalance.as_ref().and_then(|rebalance| rebalance.time).map(|time| {
            let notice = format!("{{\"noticeTime\": \"{}\"}}", seconds(time));
            Node::Folder(folder([("rebalance", Some(leaf(notice)))]))
        });
        let maintenance = folder([
            ("history", Some(leaf(self.listed(|state| state != MaintenanceState::Active)))),
            ("scheduled", Some(leaf(self.listed(|state| state == MaintenanceState::Active)))),
        ]);
        folder([("maintenance", Some(Node::Folder(maintenance))), ("recommendations", recommendation)])
    }

    fn listed(&self, wanted: impl Fn(MaintenanceState) -> bool) -> String {
        let events: Vec<_> =
            self.maintenance.iter().filter(|event| wanted(event.state)).map(Maintenance::shown).collect();
        if events.is_empty() { "[]".to_owned() } else { format!("[ {} ]", events.join(", ")) }
    }
}

impl Maintenance {
    fn shown(&self) -> String {
        let time = |at: Timestamp| at.strftime("%-d %b %Y %H:%M:%S GMT").to_string();
        let prefix = match self.state {
            MaintenanceState::Active => "",
            MaintenanceState::Completed => "[Completed] ",
            MaintenanceState::Canceled => "[Canceled] ",
        };
        let mut members = json!({
            "NotBefore": time(self.not_before),
            "Code": self.code,
            "Description": format!("{prefix}{}", self.description),
            "EventId": self.event_id,
        });
        if let Some(at) = self.not_after {
            members["NotAfter"] = time(at).into();
        }
        members["State"] = json!(self.state);
        pretty(&members)
    }
}

/// What instances are told ahead.
#[derive(Debug, Default)]
pub struct Notices(RwLock<BTreeMap<InstanceId, Notice>>);

impl Notices {
    /// What an instance is told.
    pub fn of(&self, instance: &InstanceId) -> Notice {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(instance).cloned().unwrap_or_default()
    }

    /// Tells an instance this and nothing else.
    pub fn set(&self, instance: InstanceId, notice: Notice) {
        let mut notices = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if notice == Notice::default() {
            notices.remove(&instance);
        } else {
            notices.insert(instance, notice);
        }
    }

    /// Nobody is told anything.
    pub fn clear(&self) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// When the next interruption is.
    pub(crate) fn next_due(&self) -> Option<Timestamp> {
        let notices = self.0.read().unwrap_or_else(PoisonError::into_inner);
        notices.values().filter_map(|notice| notice.spot_interruption.as_ref()?.time).min()
    }

    /// Takes the interruptions whose time has come.
    pub(crate) fn take_due(&self, now: Timestamp) -> Vec<(InstanceId, Action)> {
        let mut notices = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let is_due = |interruption: &mut Interruption| interruption.time.is_some_and(|time| time <= now);
        let due = notices.iter_mut().filter_map(|(instance, notice)| {
            Some((instance.clone(), notice.spot_interruption.take_if(is_due)?.action))
        });
        due.collect()
    }
}
