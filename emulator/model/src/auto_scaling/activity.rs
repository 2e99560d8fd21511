//! What Auto Scaling groups did: an activity is the launch or the end of an instance.

use jiff::Timestamp;

use crate::fleet::id::uuid;
use crate::{Context, InstanceId, Model};

/// How many activities of a group are kept.
const KEPT: usize = 100;

/// Something that a group did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Activity {
    /// Its id.
    pub id: String,
    /// When.
    pub time: Timestamp,
    /// Why.
    pub cause: String,
    /// What came of it.
    pub outcome: ActivityOutcome,
}

/// What came of an activity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ActivityOutcome {
    /// An instance was launched.
    Launched(InstanceId),
    /// An instance ends.
    Ended(InstanceId),
    /// An instance could not be launched, and why.
    Failed(String),
}

impl Model {
    /// Keeps what a group did. Gives it.
    pub fn note_activity(
        &mut self,
        cx: &mut Context<'_>,
        name: &str,
        cause: String,
        outcome: ActivityOutcome,
    ) -> Activity {
        let activity = Activity { id: uuid(cx.ids), time: cx.now, cause, outcome };
        if let Some(group) = self.auto_scaling_groups.get_mut(name) {
            if group.activities.len() == KEPT {
                group.activities.remove(0);
            }
            group.activities.push(activity.clone());
            // What has ended is known by its activity only.
            let instances = &self.instances;
            let is_there = |id: &InstanceId| instances.get(id).is_some_and(|instance| !instance.is_terminated());
            group.members.retain(|member| is_there(&member.instance_id));
        }
        self.touch();
        activity
    }
}
