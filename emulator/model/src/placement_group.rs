//! Placement groups: how instances are spread over a zone's hardware. Here they are names that instances have.
//!
//! See <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/placement-groups.html>.

use std::fmt;

use crate::{Context, Instance, Model, PlacementGroupId, Tags, ZoneName};

/// How many partitions a group can have.
const MAX_PARTITIONS: u32 = 7;

/// How many running instances a spread group can have in a zone.
const MAX_SPREAD: usize = 7;

/// A placement group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlacementGroup {
    /// Its id.
    pub id: PlacementGroupId,
    /// Its name, unique in the region.
    pub name: String,
    /// How it places instances.
    pub strategy: PlacementStrategy,
    /// The group it is part of.
    pub parent: Option<PlacementGroupId>,
    /// Its tags.
    pub tags: Tags,
}

/// How a group places instances.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlacementStrategy {
    /// Close together.
    Cluster,
    /// Each on hardware of its own.
    Spread,
    /// In so many partitions that share no hardware.
    Partition(u32),
    /// On hardware with precise clocks.
    PrecisionTime,
}

impl PlacementStrategy {
    /// How many partitions it has.
    pub fn partitions(self) -> Option<u32> {
        match self {
            Self::Partition(count) => Some(count),
            _ => None,
        }
    }
}

impl fmt::Display for PlacementStrategy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cluster => "cluster",
            Self::Spread => "spread",
            Self::Partition(_) => "partition",
            Self::PrecisionTime => "precision-time",
        })
    }
}

/// Why something about placement groups is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlacementGroupError {
    /// No group of this name or id.
    #[error("placement group {0:?} does not exist")]
    NotFound(String),
    /// The name is taken.
    #[error("placement group {0:?} exists already")]
    Duplicate(String),
    /// Instances are in it, or groups.
    #[error("placement group {0:?} is in use")]
    InUse(String),
    /// An empty or too long name, or one that is not ASCII.
    #[error("{0:?} is not a placement group's name")]
    Name(String),
    /// Not between 1 and 7.
    #[error("a placement group cannot have {0} partitions")]
    Partitions(u32),
    /// Only a cluster group can be part of another one.
    #[error("only cluster groups have parents")]
    Parent,
    /// The group has no such partition.
    #[error("placement group {group:?} has no partition {number}")]
    NoPartition {
        /// The group.
        group: String,
        /// The partition.
        number: u32,
    },
    /// A spread group has all the instances it can have in the zone.
    #[error("placement group {0:?} is full")]
    Full(String),
}

impl Model {
    /// Makes a placement group.
    pub fn create_placement_group(
        &mut self,
        cx: &mut Context,
        name: String,
        strategy: PlacementStrategy,
        parent: Option<PlacementGroupId>,
        tags: Tags,
    ) -> Result<PlacementGroupId, PlacementGroupError> {
        if name.is_empty() || name.len() > 255 || !name.is_ascii() {
            return Err(PlacementGroupError::Name(name));
        }
        if let Some(count) = strategy.partitions().filter(|count| !(1..=MAX_PARTITIONS).contains(count)) {
            return Err(PlacementGroupError::Partitions(count));
        }
        if let Some(parent) = &parent {
            self.placement_groups.get(parent).ok_or_else(|| PlacementGroupError::NotFound(parent.to_string()))?;
            if strategy != PlacementStrategy::Cluster {
                return Err(PlacementGroupError::Parent);
            }
        }
        if self.placement_group_named(&name).is_some() {
            return Err(PlacementGroupError::Duplicate(name));
        }
        let id: PlacementGroupId = cx.ids.next();
        self.placement_groups.insert(id.clone(), PlacementGroup { id: id.clone(), name, strategy, parent, tags });
        self.touch();
        Ok(id)
    }

    /// Takes a placement group away that nothing is in.
    pub fn delete_placement_group(&mut self, name: &str) -> Result<(), PlacementGroupError> {
        let group = self.placement_group_named(name);
        let id = group.ok_or_else(|| PlacementGroupError::NotFound(name.to_owned()))?.id.clone();
        let is_parent = self.placement_groups.values().any(|other| other.parent.as_ref() == Some(&id));
        if is_parent || self.placed_in(name).next().is_some() {
            return Err(PlacementGroupError::InUse(name.to_owned()));
        }
        self.placement_groups.remove(&id);
        self.touch();
        Ok(())
    }

    /// The placement group of a name.
    pub fn placement_group_named(&self, name: &str) -> Option<&PlacementGroup> {
        self.placement_groups.values().find(|group| group.name == name)
    }

    /// The partition of a group that an instance comes into: the one asked for, or the emptiest one.
    pub(crate) fn partition_for(
        &self,
        name: &str,
        asked: Option<u32>,
        zone: &ZoneName,
    ) -> Result<Option<u32>, PlacementGroupError> {
        let group = self.placement_group_named(name);
        let group = group.ok_or_else(|| PlacementGroupError::NotFound(name.to_owned()))?;
        let within = |other: &&Instance| other.zone == *zone;
        if group.strategy == PlacementStrategy::Spread && self.placed_in(name).filter(within).count() >= MAX_SPREAD {
            return Err(PlacementGroupError::Full(name.to_owned()));
        }
        match (group.strategy.partitions(), asked) {
            (None, None) => Ok(None),
            (Some(count), Some(number)) if (1..=count).contains(&number) => Ok(Some(number)),
            (_, Some(number)) => Err(PlacementGroupError::NoPartition { group: name.to_owned(), number }),
            (Some(count), None) => {
                let is_in = |number: u32, other: &Instance| other.options.placement.partition_number == Some(number);
                let size = |number: &u32| self.placed_in(name).filter(|other| is_in(*number, other)).count();
                Ok((1..=count).min_by_key(size))
            }
        }
    }

    /// The instances in a group, terminated ones apart.
    fn placed_in<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Instance> {
        let is_in = |instance: &&Instance| instance.options.placement.group_name.as_deref() == Some(name);
        self.instances.values().filter(|instance| !instance.is_terminated()).filter(is_in)
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::instance::NewInstances;
    use crate::testing::Account;
    use crate::{InstanceError, InstanceId};

    fn make(
        account: &mut Account,
        name: &str,
        strategy: PlacementStrategy,
    ) -> Result<PlacementGroupId, PlacementGroupError> {
        account.with(|model, cx| model.create_placement_group(cx, name.to_owned(), strategy, None, Tags::new()))
    }

    fn launch(account: &mut Account, group: &str, partition: Option<u32>) -> Result<InstanceId, InstanceError> {
        let image = "ami-01234567".parse().expect("well-formed");
        let mut new = NewInstances::one(image, "m5.large", account.subnet('a'));
        new.options.placement.group_name = Some(group.to_owned());
        new.options.placement.partition_number = partition;
        account.with(|model, cx| model.run_instances(cx, &new)).map(|(_, ids)| ids[0].clone())
    }

    fn partition(account: &Account, id: &InstanceId) -> Option<u32> {
        account.model.instance(id).and_then(|instance| instance.options.placement.partition_number)
    }

    #[test]
    fn groups() {
        let mut account = Account::new();
        make(&mut account, "a", PlacementStrategy::Cluster).expect("the name is free");
        let again = make(&mut account, "a", PlacementStrategy::Spread);
        assert_eq!(again, Err(PlacementGroupError::Duplicate("a".to_owned())));
        let id = launch(&mut account, "a", None).expect("the group is there");
        assert_eq!(account.model.delete_placement_group("a"), Err(PlacementGroupError::InUse("a".to_owned())));
        account.model.terminate_instances(account.now, std::slice::from_ref(&id)).expect("it runs");
        account.model.settle(account.now);
        assert_eq!(account.model.delete_placement_group("a"), Ok(()));
        assert_eq!(account.model.delete_placement_group("a"), Err(PlacementGroupError::NotFound("a".to_owned())));
    }

    #[test]
    fn partitions_are_filled_evenly() {
        let mut account = Account::new();
        make(&mut account, "p", PlacementStrategy::Partition(2)).expect("the name is free");
        let first = launch(&mut account, "p", Some(1)).expect("there is room");
        let second = launch(&mut account, "p", None).expect("there is room");
        assert_eq!((partition(&account, &first), partition(&account, &second)), (Some(1), Some(2)));
        let missing = PlacementGroupError::NoPartition { group: "p".to_owned(), number: 3 };
        assert_eq!(launch(&mut account, "p", Some(3)), Err(InstanceError::PlacementGroup(missing)));
    }

    #[test]
    fn spread_groups_are_small() {
        let mut account = Account::new();
        make(&mut account, "s", PlacementStrategy::Spread).expect("the name is free");
        for _ in 0..MAX_SPREAD {
            launch(&mut account, "s", None).expect("there is room");
        }
        let full = InstanceError::PlacementGroup(PlacementGroupError::Full("s".to_owned()));
        assert_eq!(launch(&mut account, "s", None), Err(full));
    }

    #[rstest]
    #[case::none("", PlacementStrategy::Cluster)]
    #[case::no_partitions("a", PlacementStrategy::Partition(0))]
    #[case::too_many("a", PlacementStrategy::Partition(8))]
    fn refused(#[case] name: &str, #[case] strategy: PlacementStrategy) {
        assert!(make(&mut Account::new(), name, strategy).is_err());
    }
}
