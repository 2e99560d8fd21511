//! Resources that AWS makes and takes away in the background: `pending`, `available`, `deleting`, and `deleted`
//! for a while before they are gone.
//!
//! A state is stored, not derived from the clock: [`Model::advance`] moves on what is due, and whoever keeps the
//! model calls it when [`Model::next_due`] says so. Without delays that is right after the call.

use jiff::{SignedDuration, Timestamp};

use crate::Model;
use crate::map::Map;

/// How long a deleted resource is still shown, about as AWS does.
const DELETED_SHOWN: SignedDuration = SignedDuration::from_hours(1);

/// How far a resource is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Asked for.
    Pending,
    /// There.
    Available,
    /// Its end was asked for.
    Deleting,
    /// Gone, and merely still shown.
    Deleted,
}

impl Phase {
    /// Its name, as most families write it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Available => "available",
            Self::Deleting => "deleting",
            Self::Deleted => "deleted",
        }
    }

    /// Whether it is neither ending nor gone.
    pub const fn is_alive(self) -> bool {
        matches!(self, Self::Pending | Self::Available)
    }
}

/// A resource's phase, and since when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LifeSpan {
    phase: Phase,
    since: Timestamp,
}

impl LifeSpan {
    /// Of a resource that was just asked for.
    pub fn begin(now: Timestamp) -> Self {
        Self { phase: Phase::Pending, since: now }
    }

    /// Of a resource that is there already.
    pub fn there_since(then: Timestamp) -> Self {
        Self { phase: Phase::Available, since: then }
    }

    /// Its end was asked for.
    pub fn end(&mut self, now: Timestamp) {
        *self = Self { phase: Phase::Deleting, since: now };
    }

    /// It was never there: it is merely still shown, from when it would have been.
    pub fn fail(&mut self) {
        self.phase = Phase::Deleted;
    }

    /// How far it is.
    pub fn phase(&self) -> Phase {
        self.phase
    }

    /// Since when it is in its phase.
    pub fn since(&self) -> Timestamp {
        self.since
    }

    /// When it moves on; `None` while it stays until somebody calls.
    fn due(&self, delay: SignedDuration) -> Option<Timestamp> {
        let wait = match self.phase {
            Phase::Pending | Phase::Deleting => delay,
            Phase::Deleted => DELETED_SHOWN,
            Phase::Available => return None,
        };
        self.since.checked_add(wait).ok()
    }

    /// Moves on as far as is due. Whether the resource is still there, as shown.
    fn step(&mut self, delay: SignedDuration, now: Timestamp, changed: &mut bool) -> bool {
        while let Some(due) = self.due(delay).filter(|due| *due <= now) {
            *changed = true;
            let phase = match self.phase {
                Phase::Pending => Phase::Available,
                Phase::Deleting => Phase::Deleted,
                Phase::Available | Phase::Deleted => return false,
            };
            *self = Self { phase, since: due };
        }
        true
    }
}

/// How long things take in the background; nothing at all unless configured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Delays {
    /// NAT gateways.
    pub nat_gateway: SignedDuration,
    /// VPC endpoints.
    pub vpc_endpoint: SignedDuration,
    /// Transit gateways, their attachments and route tables.
    pub transit_gateway: SignedDuration,
    /// VPN gateways and connections.
    pub vpn: SignedDuration,
    /// Everything else: prefix lists, peering connections …
    pub other: SignedDuration,
}

/// Resources that live in phases, by id, with how to find the span in one.
pub(crate) type Spans<'a, K, V> = (&'a mut Map<K, V>, fn(&mut V) -> &mut LifeSpan);

/// Moves on what is due, and drops what was deleted long ago. Whether anything changed.
pub(crate) fn advance<K: Ord + Clone, V: Clone>(
    (map, span): Spans<'_, K, V>,
    delay: SignedDuration,
    now: Timestamp,
) -> bool {
    let mut changed = false;
    map.retain(|_, resource| span(resource).step(delay, now, &mut changed));
    changed
}

/// The same, and shows each resource that has ended to `at_end`, even one that is not shown any more: time may
/// pass both its end and that hour at once.
pub(crate) fn advance_to_end<K: Ord + Clone, V: Clone>(
    (map, span): Spans<'_, K, V>,
    delay: SignedDuration,
    now: Timestamp,
    mut at_end: impl FnMut(&mut V),
) -> bool {
    let mut changed = false;
    map.retain(|_, resource| {
        let was_over = span(resource).phase == Phase::Deleted;
        let is_shown = span(resource).step(delay, now, &mut changed);
        if !was_over && span(resource).phase == Phase::Deleted {
            at_end(resource);
        }
        is_shown
    });
    changed
}

/// [`advance`] for one span that never ends. Whether it moved on.
pub(crate) fn advance_one(span: &mut LifeSpan, delay: SignedDuration, now: Timestamp) -> bool {
    let mut changed = false;
    span.step(delay, now, &mut changed);
    changed
}

/// [`advance`] for resources in a list.
pub(crate) fn advance_list<V>(
    list: &mut Vec<V>,
    span: fn(&mut V) -> &mut LifeSpan,
    delay: SignedDuration,
    now: Timestamp,
) -> bool {
    let mut changed = false;
    list.retain_mut(|resource| span(resource).step(delay, now, &mut changed));
    changed
}

/// The first time at which one of some spans moves on.
pub(crate) fn first_due<'a>(spans: impl IntoIterator<Item = &'a LifeSpan>, delay: SignedDuration) -> Option<Timestamp> {
    spans.into_iter().filter_map(|span| span.due(delay)).min()
}

impl Model {
    /// How long things take in the background.
    pub fn delays(&self) -> Delays {
        self.delays
    }

    /// Changes how long things take in the background, for what is under way too.
    pub fn set_delays(&mut self, delays: Delays) {
        self.delays = delays;
        self.touch();
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + seconds).expect("a time")
    }

    #[rstest]
    #[case::not_yet(9, Some(Phase::Pending))]
    #[case::now(10, Some(Phase::Available))]
    #[case::for_good(100_000, Some(Phase::Available))]
    fn begins(#[case] seconds: i64, #[case] expected: Option<Phase>) {
        let mut map = Map::from_iter([(1, LifeSpan::begin(at(0)))]);
        let changed = advance((&mut map, |span| span), SignedDuration::from_secs(10), at(seconds));
        assert_eq!(map.get(&1).map(LifeSpan::phase), expected);
        assert_eq!(changed, seconds >= 10);
    }

    #[rstest]
    #[case::not_yet(9, Some(Phase::Deleting))]
    #[case::shown(10, Some(Phase::Deleted))]
    #[case::still_shown(3609, Some(Phase::Deleted))]
    #[case::gone(3610, None)]
    fn ends(#[case] seconds: i64, #[case] expected: Option<Phase>) {
        let mut span = LifeSpan::begin(at(-50));
        span.end(at(0));
        let mut map = Map::from_iter([(1, span)]);
        let delay = SignedDuration::from_secs(10);
        assert_eq!(first_due(map.values(), delay), Some(at(10)));
        advance((&mut map, |span| span), delay, at(seconds));
        assert_eq!(map.get(&1).map(LifeSpan::phase), expected);
    }
}
