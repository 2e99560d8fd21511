//! What a pass would do, and why: the steps from what is applied to what is desired, with repairs of what the kernel
//! lost or somebody altered behind our back.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::desired::{Desired, Key, Object};
use crate::diff::{Op, diff};

/// How the kernel differs from what was applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Drift {
    /// The object is not there; of a link, what cannot be without it has gone too.
    Missing,
    /// The object, or a part of it, is another than was applied: what was found.
    Altered(String),
}

/// One step of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// What is done.
    pub op: Op,
    /// Why.
    pub cause: Cause,
}

/// Why a step is needed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cause {
    /// The object is in the model and not in the kernel.
    New,
    /// The object is in the kernel and not in the model any more.
    Gone,
    /// The model has another object in its place.
    Changed,
    /// The object hangs on another one, which is made anew.
    Remade(Key),
    /// The kernel has lost the object.
    Missing,
    /// Somebody changed the object behind our back.
    Altered(String),
}

/// The steps from what is applied to what is desired, where the kernel has drifted from what was applied.
///
/// Without drift these are the steps of [`diff()`]. Altered objects are mended in place and nothing that hangs on them is
/// touched; missing ones are made again, with what went with them.
pub fn plan(applied: &Desired, desired: &Desired, drift: &BTreeMap<Key, Drift>) -> Vec<Step> {
    let mut known = Cow::Borrowed(applied);
    losses(applied, drift).for_each(|key| known.to_mut().forget(key));

    let mut ops = diff(&known, desired);
    let concerned: BTreeSet<Key> = ops.iter().map(|op| op.key().clone()).collect();
    for op in &mut ops {
        // The difference to what was applied is not the difference to what is there.
        if let Op::Change { key, to: to @ (Object::Rules(_) | Object::NatGateway(_)), .. } = op
            && drift.contains_key(key)
        {
            *op = Op::Mend(key.clone(), to.clone());
        }
    }
    let mends = drift.iter().filter(|(key, _)| !concerned.contains(key)).filter_map(|(key, drift)| {
        let object = desired.get(key).filter(|_| known.contains(key))?.clone();
        Some(match drift {
            Drift::Missing => Op::Add(key.clone(), object),
            Drift::Altered(_) => Op::Mend(key.clone(), object),
        })
    });
    let made = ops.partition_point(|op| matches!(op, Op::Remove(..)));
    ops.extend(mends);
    ops[made..].sort_by(|one, other| one.key().cmp(other.key()));

    let remade: BTreeSet<Key> = ops[..made].iter().map(|op| op.key().clone()).collect();
    let cause = |op: &Op| cause(op, (applied, desired), drift, &remade);
    ops.into_iter().map(|op| Step { cause: cause(&op), op }).collect()
}

/// The missing objects that have taken others with them: links whose other end, or whose carrier, is gone too.
///
/// All else that is missing is made again by itself. A bridge is, too: its ports are still there, and what it had is found
/// missing piece by piece.
pub fn losses<'a>(applied: &Desired, drift: &'a BTreeMap<Key, Drift>) -> impl Iterator<Item = &'a Key> {
    let is_link = |key: &Key| {
        let elsewhere = matches!(key, Key::InternetLink(_) | Key::EgressOnlyLink(_) | Key::GatewayEndpointLink(..));
        elsewhere
            || matches!(key, Key::Peering(_) | Key::TransitWire(..))
            || matches!(key, Key::Wire(..) | Key::EndpointWire(..) | Key::NatWire(..) | Key::Branch(..))
    };
    let missing = drift.iter().filter(|(_, drift)| **drift == Drift::Missing).map(|(key, _)| key);
    missing.filter(move |key| is_link(key) && applied.contains(key))
}

fn cause(
    op: &Op,
    (applied, desired): (&Desired, &Desired),
    drift: &BTreeMap<Key, Drift>,
    remade: &BTreeSet<Key>,
) -> Cause {
    let key = op.key();
    match (op, drift.get(key)) {
        (Op::Add(..) | Op::Mend(..), Some(Drift::Missing)) => Cause::Missing,
        (Op::Mend(..), Some(Drift::Altered(found))) => Cause::Altered(found.clone()),
        (Op::Remove(..), _) if !desired.contains(key) => Cause::Gone,
        (Op::Change { .. } | Op::Mend(..), _) => Cause::Changed,
        (Op::Add(_, object) | Op::Remove(_, object), _) => match (applied.get(key), desired.get(key)) {
            (None, _) => Cause::New,
            (Some(was), Some(wanted)) if was != wanted => Cause::Changed,
            _ => {
                let is_remade = |other: &Key| remade.contains(other) || drift.contains_key(other);
                let mut needed = crate::desired::needs(key, object).into_iter();
                needed.find(is_remade).map_or(Cause::Missing, Cause::Remade)
            }
        },
    }
}

impl Op {
    /// What is done in a word: `add`, `change` or `remove`.
    pub fn action(&self) -> &'static str {
        match self {
            Self::Add(..) => "add",
            Self::Remove(..) => "remove",
            Self::Change { .. } | Self::Mend(..) => "change",
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::New => f.write_str("new in the model"),
            Self::Gone => f.write_str("gone from the model"),
            Self::Changed => f.write_str("changed in the model"),
            Self::Remade(key) => write!(f, "hangs on {key}, which is made anew"),
            Self::Missing => f.write_str("missing in the kernel"),
            Self::Altered(found) => write!(f, "altered in the kernel: {found}"),
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.op, self.cause)
    }
}

#[cfg(test)]
mod tests;
