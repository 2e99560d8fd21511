//! What fleets and Auto Scaling groups do without a call: they launch instances in the place of those they lost.

use jiff::Timestamp;
use vpc_model::{Context, Model};

use super::auto_scaling;
use super::fleet::modify::{fill_short_fleets, has_short_fleets};

/// When time alone lets something be launched: an Auto Scaling group that could not before tries again.
pub fn replaces_at(model: &Model) -> Option<Timestamp> {
    auto_scaling::fills_at(model)
}

/// Whether something has less than it is to have, and can do something about it now.
pub fn is_to_replace(model: &Model, now: Timestamp) -> bool {
    replaces_at(model).is_some_and(|at| at <= now) || has_short_fleets(model)
}

/// Launches instances in the place of those that were lost. Where none can be launched, groups tell so by their
/// activities, and of fleets nothing changes.
pub fn replace_lost(model: &mut Model, cx: &mut Context<'_>) {
    auto_scaling::fill(model, cx);
    fill_short_fleets(model, cx);
}
