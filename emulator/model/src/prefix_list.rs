//! Managed prefix lists: named sets of blocks, with versions, that rules refer to.
//!
//! See <https://docs.aws.amazon.com/vpc/latest/userguide/managed-prefix-lists.html>.

pub(crate) mod aws;
mod change;

use std::collections::BTreeMap;

use ipnet::IpNet;
use jiff::Timestamp;

pub use self::change::PrefixListChange;
use crate::{Context, LifeSpan, Model, Phase, PrefixListId, RulePeer, SecurityGroup, SecurityGroupId, Tags, life_span};

/// How many entries a list can be made for.
const MAX_ENTRIES: u32 = 1000;

/// The entries of one version, with their descriptions.
pub type PrefixListEntries = BTreeMap<IpNet, Option<String>>;

/// A managed prefix list.
#[derive(Debug, Clone)]
pub struct PrefixList {
    /// Its id.
    pub id: PrefixListId,
    /// Its name; several lists can share one.
    pub name: String,
    /// Whether its blocks are of IPv6.
    pub is_ipv6: bool,
    /// Whether AWS keeps it.
    pub is_aws: bool,
    /// How many entries it can have; that many rules a reference to it counts for.
    pub max_entries: u32,
    /// The version in force.
    pub version: u64,
    /// The entries of all versions.
    pub versions: BTreeMap<u64, PrefixListEntries>,
    /// Why the last change failed.
    pub failure: Option<String>,
    /// Its tags.
    pub tags: Tags,
    last: Work,
    pending: Option<Pending>,
    span: LifeSpan,
}

/// What is or was last done to a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Work {
    Create,
    Modify,
    Restore,
}

/// What comes into force when the work is done.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Pending {
    Entries(PrefixListEntries),
    MaxEntries(u32),
}

impl PrefixList {
    /// Its state as EC2 writes it.
    pub fn state(&self) -> &'static str {
        match (self.span.phase(), self.last, &self.failure) {
            (Phase::Deleting, ..) => "delete-in-progress",
            (Phase::Deleted, ..) => "delete-complete",
            (Phase::Pending, Work::Create, _) => "create-in-progress",
            (Phase::Pending, Work::Modify, _) => "modify-in-progress",
            (Phase::Pending, Work::Restore, _) => "restore-in-progress",
            (Phase::Available, Work::Create, _) => "create-complete",
            (Phase::Available, Work::Modify, None) => "modify-complete",
            (Phase::Available, Work::Modify, Some(_)) => "modify-failed",
            (Phase::Available, Work::Restore, _) => "restore-complete",
        }
    }

    /// For how many rules of IPv4 and of IPv6 a reference to it counts if it can have so many entries.
    fn weights(&self, max_entries: u32) -> [usize; 2] {
        let count = max_entries as usize;
        if self.is_ipv6 { [0, count] } else { [count, 0] }
    }

    /// The entries in force.
    pub fn entries(&self) -> &PrefixListEntries {
        &self.versions[&self.version]
    }

    fn finish(&mut self) {
        match self.pending.take() {
            Some(Pending::Entries(entries)) => {
                self.version += 1;
                self.versions.insert(self.version, entries);
            }
            Some(Pending::MaxEntries(max)) => self.max_entries = max,
            None => {}
        }
    }
}

/// What CreateManagedPrefixList asks for.
#[derive(Debug, Clone)]
pub struct NewPrefixList {
    /// Its name.
    pub name: String,
    /// Whether its blocks are of IPv6.
    pub is_ipv6: bool,
    /// How many entries it can have.
    pub max_entries: u32,
    /// Its first entries.
    pub entries: Vec<(IpNet, Option<String>)>,
    /// Its tags.
    pub tags: Tags,
}

/// Why an operation on a prefix list is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PrefixListError {
    /// No such list.
    #[error("prefix list {0} does not exist")]
    NotFound(PrefixListId),
    /// AWS keeps it.
    #[error("prefix list {0} is aws's own")]
    AwsOwned(PrefixListId),
    /// Something is being done to it.
    #[error("prefix list {id} is {state}")]
    State {
        /// The list.
        id: PrefixListId,
        /// Its state.
        state: &'static str,
    },
    /// A name of AWS's, an empty or too long one.
    #[error("{0:?} is not a prefix list's name")]
    Name(String),
    /// A description that is too long.
    #[error("the description {0:?} is too long")]
    Description(String),
    /// Not between 1 and 1,000.
    #[error("a prefix list cannot be for {0} entries")]
    MaxEntries(u32),
    /// More entries than the list is for.
    #[error("{count} entries are more than {max}")]
    TooManyEntries {
        /// How many there would be.
        count: usize,
        /// How many there can be.
        max: u32,
    },
    /// A block of the other family.
    #[error("{0} is not of the list's family")]
    Family(IpNet),
    /// A block twice, or one that is there already.
    #[error("{0} is there already")]
    Duplicate(IpNet),
    /// A block that is to be removed and is not there.
    #[error("{0} is not in the list")]
    NoEntry(IpNet),
    /// Entries are changed without saying which version is meant.
    #[error("the current version is not given")]
    VersionMissing,
    /// The version given is not the one in force.
    #[error("the version is {current}")]
    VersionMismatch {
        /// The one in force.
        current: u64,
    },
    /// No such version.
    #[error("there is no version {0}")]
    VersionNotFound(u64),
    /// Entries and size cannot be changed at once.
    #[error("entries and size are changed at once")]
    EntriesAndSize,
    /// Rules refer to it.
    #[error("prefix list {0} is in use")]
    InUse(PrefixListId),
}

impl Model {
    /// Makes a prefix list.
    pub fn create_prefix_list(
        &mut self,
        cx: &mut Context,
        new: NewPrefixList,
    ) -> Result<PrefixListId, PrefixListError> {
        check_name(&new.name)?;
        check_max(new.max_entries)?;
        let mut entries = PrefixListEntries::new();
        add(&mut entries, new.is_ipv6, new.entries)?;
        check_count(entries.len(), new.max_entries)?;
        let id: PrefixListId = cx.ids.next();
        let list = PrefixList {
            id: id.clone(),
            name: new.name,
            is_ipv6: new.is_ipv6,
            is_aws: false,
            max_entries: new.max_entries,
            version: 1,
            versions: BTreeMap::from([(1, entries)]),
            failure: None,
            tags: new.tags,
            last: Work::Create,
            pending: None,
            span: LifeSpan::begin(cx.now),
        };
        self.prefix_lists.insert(id.clone(), list);
        self.touch();
        Ok(id)
    }

    /// Begins to take a prefix list away that no rule refers to.
    pub fn delete_prefix_list(&mut self, cx: &mut Context, id: &PrefixListId) -> Result<(), PrefixListError> {
        self.changeable(id)?;
        if !self.prefix_list_users(id).is_empty()
            || !self.route_tables_with(id).is_empty()
            || !self.transit_tables_with(id).is_empty()
        {
            return Err(PrefixListError::InUse(id.clone()));
        }
        let list = self.prefix_lists.get_mut(id).ok_or_else(|| PrefixListError::NotFound(id.clone()))?;
        list.span.end(cx.now);
        self.touch();
        Ok(())
    }

    /// The groups with rules that refer to a list.
    pub fn prefix_list_users(&self, id: &PrefixListId) -> Vec<&SecurityGroupId> {
        let names = |group: &&SecurityGroup| {
            group.rules.iter().any(|rule| matches!(&rule.peer, RulePeer::PrefixList(list) if list == id))
        };
        self.security_groups.values().filter(names).map(|group| &group.id).collect()
    }

    /// For how many rules of IPv4 and of IPv6 one with this peer counts: a group is about both, and a prefix list
    /// counts with all the entries it can have.
    pub(crate) fn rule_weights(&self, peer: &RulePeer) -> [usize; 2] {
        match peer {
            RulePeer::Ipv4(_) => [1, 0],
            RulePeer::Ipv6(_) => [0, 1],
            RulePeer::Group(_) | RulePeer::PeerGroup(_) => [1, 1],
            RulePeer::PrefixList(id) => self.prefix_lists.get(id).map_or([1, 1], |list| list.weights(list.max_entries)),
        }
    }

    /// Whether rules of one direction that count like that are more than a group can have.
    pub(crate) fn is_over_rule_quota(&self, weights: impl Iterator<Item = [usize; 2]>) -> bool {
        let total = weights.fold([0, 0], |[v4, v6], [more_v4, more_v6]| [v4 + more_v4, v6 + more_v6]);
        total.into_iter().any(|count| count > self.quotas.rules_per_group)
    }

    /// Whether rules and other changes can refer to a list.
    pub(crate) fn is_prefix_list_usable(&self, id: &PrefixListId) -> bool {
        self.prefix_lists.get(id).is_some_and(|list| list.span.phase().is_alive())
    }

    /// Completes what was begun on prefix lists. Whether anything was.
    pub(crate) fn advance_prefix_lists(&mut self, now: Timestamp) -> bool {
        let moved = life_span::advance((&mut self.prefix_lists, |list| &mut list.span), self.delays.other, now);
        if moved {
            // EC2 does not show deleted lists.
            self.prefix_lists.retain(|_, list| list.span.phase() != Phase::Deleted);
            let done = self.prefix_lists.values_mut().filter(|list| list.span.phase() == Phase::Available);
            done.for_each(PrefixList::finish);
        }
        moved
    }

    /// When something that was begun on a prefix list is complete.
    pub(crate) fn prefix_lists_due(&self) -> Option<Timestamp> {
        life_span::first_due(self.prefix_lists.values().map(|list| &list.span), self.delays.other)
    }
}

fn check_name(name: &str) -> Result<(), PrefixListError> {
    let is_aws = name.get(..13).is_some_and(|start| start.eq_ignore_ascii_case("com.amazonaws"));
    if name.is_empty() || name.len() > 255 || is_aws { Err(PrefixListError::Name(name.to_owned())) } else { Ok(()) }
}

fn check_max(max: u32) -> Result<(), PrefixListError> {
    if (1..=MAX_ENTRIES).contains(&max) { Ok(()) } else { Err(PrefixListError::MaxEntries(max)) }
}

fn check_count(count: usize, max: u32) -> Result<(), PrefixListError> {
    if count > max as usize { Err(PrefixListError::TooManyEntries { count, max }) } else { Ok(()) }
}

fn add(
    entries: &mut PrefixListEntries,
    is_ipv6: bool,
    new: Vec<(IpNet, Option<String>)>,
) -> Result<(), PrefixListError> {
    for (block, description) in new {
        if matches!(block, IpNet::V6(_)) != is_ipv6 {
            return Err(PrefixListError::Family(block));
        }
        if let Some(text) = description.as_ref().filter(|text| text.len() > 255) {
            return Err(PrefixListError::Description(text.clone()));
        }
        if entries.insert(block.trunc(), description).is_some() {
            return Err(PrefixListError::Duplicate(block));
        }
    }
    Ok(())
}
