//! What of the applied objects the kernel still has, as they were applied, and what it has besides.
//!
//! Looked at are the namespaces that are ours alone: the VPCs' fabrics and the internet. What is inside an instance, an
//! endpoint or a host of the internet is theirs; of their wires our end is looked at. Looking changes nothing.
//!
//! Each object is made of facts: a link with its flags, an address, a route, a setting. A fact that is looked for is
//! claimed; what nobody claims is a stray.

mod compare;
mod seen;
mod stray;

use std::collections::BTreeMap;

use vpc_fabric::{Drift, Key};
use vpc_model::VpcId;

pub use self::stray::Stray;
use self::{compare::Look, seen::Seen};
use super::fabric::Fabric;
use super::namespace::Namespace;

/// What a look at the kernel found.
#[derive(Debug, Clone, Default)]
pub struct Observation {
    /// Applied objects that are not as they were applied.
    pub drift: BTreeMap<Key, Drift>,
    /// What is in our namespaces and belongs to no object.
    pub strays: Vec<Stray>,
    /// Namespaces that could not be looked at, and why; nothing is said of them.
    pub unseen: Vec<String>,
}

/// A namespace that is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place<'a> {
    /// A VPC's fabric.
    Vpc(&'a VpcId),
    /// The internet.
    Internet,
}

/// Looks at all of it.
pub(super) fn observe(fabric: &Fabric) -> Observation {
    let mut observation = Observation::default();
    let mut seen = BTreeMap::new();
    for (place, namespace) in places(fabric) {
        match Seen::look(namespace) {
            Ok(found) => drop(seen.insert(place, found)),
            Err(err) => observation.unseen.push(err.to_string()),
        }
    }
    let mut look = Look::new(fabric, seen);
    for (key, object) in fabric.applied.objects() {
        if let Some(drift) = look.drift(key, object) {
            observation.drift.insert(key.clone(), drift);
        }
    }
    look.settings(&mut observation);
    observation.strays = look.strays();
    observation
}

fn places(fabric: &Fabric) -> impl Iterator<Item = (Place<'_>, &Namespace)> {
    let vpcs = fabric.vpcs.iter().map(|(vpc, namespace)| (Place::Vpc(vpc), namespace));
    vpcs.chain(fabric.internet.namespace().ok().map(|namespace| (Place::Internet, namespace)))
}

impl Observation {
    /// Whether all is as it was applied, as far as it could be seen.
    pub fn is_clean(&self) -> bool {
        self.drift.is_empty() && self.strays.is_empty()
    }
}
