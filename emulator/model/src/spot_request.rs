//! Requests for Spot Instances: each launch of one has its own.
//!
//! See <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/spot-request-status.html>. Deviation: a persistent request
//! whose instance was terminated is closed and launches no other one.

use jiff::{SignedDuration, Timestamp};

use crate::{InstanceId, InstanceState, Model, SpotRequestId, Tags};

/// How long a request without an instance is still shown.
const SHOWN: SignedDuration = SignedDuration::from_hours(48);

/// A request for a Spot Instance, which was fulfilled when it was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpotRequest {
    /// Its id.
    pub id: SpotRequestId,
    /// The instance it got. What it asks for is as with that.
    pub instance_id: InstanceId,
    /// When it was made.
    pub created: Timestamp,
    /// Its tags.
    pub tags: Tags,
    cancelled: Option<Timestamp>,
}

/// How far a request is: its state, and the code and text of its status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SpotStatus {
    /// Such as `active`.
    pub state: &'static str,
    /// Such as `fulfilled`.
    pub code: &'static str,
    /// A sentence about it.
    pub message: &'static str,
}

const FULFILLED: SpotStatus =
    SpotStatus { state: "active", code: "fulfilled", message: "Your Spot request is fulfilled." };
const CANCELLED: SpotStatus = SpotStatus {
    state: "cancelled",
    code: "request-canceled-and-instance-running",
    message: "Your Spot request is canceled, but your instance is still running.",
};
const STOPPED: SpotStatus = SpotStatus {
    state: "disabled",
    code: "instance-stopped-by-user",
    message: "Your Spot instance was stopped by the user.",
};
const CLOSED: SpotStatus = SpotStatus {
    state: "closed",
    code: "instance-terminated-by-user",
    message: "Your Spot instance was terminated because of a user request.",
};

impl SpotRequest {
    /// How far it is.
    pub fn status(&self, model: &Model) -> SpotStatus {
        use InstanceState::{Pending, Running, ShuttingDown, Stopped, Stopping, Terminated};
        let state = model.instance(&self.instance_id).map_or(Terminated, |instance| instance.state);
        match (state, self.cancelled) {
            (Terminated | ShuttingDown, None) => CLOSED,
            (Terminated | ShuttingDown, Some(_)) => SpotStatus { state: "cancelled", ..CLOSED },
            (Pending | Running, Some(_)) => CANCELLED,
            (Pending | Running, None) => FULFILLED,
            (Stopped | Stopping, Some(_)) => SpotStatus { state: "cancelled", ..STOPPED },
            (Stopped | Stopping, None) => STOPPED,
        }
    }

    /// When its status last changed.
    pub fn updated(&self, model: &Model) -> Timestamp {
        let ended = model.instance(&self.instance_id).and_then(|instance| instance.terminated);
        [Some(self.created), self.cancelled, ended].into_iter().flatten().max().unwrap_or(self.created)
    }
}

impl Model {
    /// Keeps the request of a Spot Instance that was just launched.
    pub(crate) fn keep_spot_request(&mut self, now: Timestamp, instance_id: &InstanceId) {
        let instances = &self.instances;
        let Some(market) = instances.get(instance_id).and_then(|instance| instance.options.market.as_ref()) else {
            return;
        };
        let Some(id) = market.request_id.clone() else { return };
        self.spot_requests.retain(|_, request| {
            instances.contains_key(&request.instance_id) || now.duration_since(request.created) < SHOWN
        });
        let (instance_id, tags) = (instance_id.clone(), market.tags.clone());
        self.spot_requests.insert(id.clone(), SpotRequest { id, instance_id, created: now, tags, cancelled: None });
    }

    /// Cancels a request; its instance goes on. `None` when there is no such request.
    pub fn cancel_spot_request(&mut self, now: Timestamp, id: &SpotRequestId) -> Option<()> {
        self.spot_requests.get_mut(id)?.cancelled.get_or_insert(now);
        self.touch();
        Some(())
    }
}
