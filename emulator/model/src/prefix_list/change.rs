//! Changing prefix lists: their entries, name and size, and going back to an earlier version.

use ipnet::IpNet;

use super::{Pending, PrefixList, PrefixListError, Work, add, check_count, check_max, check_name};
use crate::{Context, Direction, LifeSpan, Model, Phase, PrefixListId, RouteTableId, RulePeer, SecurityGroupId};

/// What ModifyManagedPrefixList asks for.
#[derive(Debug, Clone, Default)]
pub struct PrefixListChange {
    /// The version the caller knows.
    pub current_version: Option<u64>,
    /// Another name.
    pub name: Option<String>,
    /// Another size.
    pub max_entries: Option<u32>,
    /// Entries to add.
    pub add: Vec<(IpNet, Option<String>)>,
    /// Entries to remove.
    pub remove: Vec<IpNet>,
}

impl Model {
    /// Begins to change a prefix list.
    pub fn modify_prefix_list(
        &mut self,
        cx: &mut Context,
        id: &PrefixListId,
        change: PrefixListChange,
    ) -> Result<(), PrefixListError> {
        let list = self.changeable(id)?;
        check_version(list, change.current_version)?;
        if let Some(name) = &change.name {
            check_name(name)?;
        }
        let changes_entries = !change.add.is_empty() || !change.remove.is_empty();
        let mut failure = None;
        let pending = match (changes_entries, change.max_entries) {
            (true, Some(_)) => return Err(PrefixListError::EntriesAndSize),
            (true, None) if change.current_version.is_none() => return Err(PrefixListError::VersionMissing),
            (true, None) => Some(new_entries(list, change.add, &change.remove)?),
            (false, Some(max)) => {
                check_max(max)?;
                check_count(list.entries().len(), max)?;
                failure = self.too_large_for(list, max);
                failure.is_none().then_some(Pending::MaxEntries(max))
            }
            (false, None) => None,
        };
        let list = self.prefix_lists.get_mut(id).ok_or_else(|| PrefixListError::NotFound(id.clone()))?;
        list.name = change.name.unwrap_or_else(|| list.name.clone());
        if changes_entries || change.max_entries.is_some() {
            begin(list, cx, Work::Modify, pending);
            list.failure = failure;
        }
        self.touch();
        Ok(())
    }

    /// Begins to make an earlier version's entries the ones in force, as a version of their own.
    pub fn restore_prefix_list(
        &mut self,
        cx: &mut Context,
        id: &PrefixListId,
        previous: u64,
        current: u64,
    ) -> Result<(), PrefixListError> {
        let list = self.changeable(id)?;
        check_version(list, Some(current))?;
        let entries = list.versions.get(&previous).ok_or(PrefixListError::VersionNotFound(previous))?.clone();
        check_count(entries.len(), list.max_entries)?;
        let list = self.prefix_lists.get_mut(id).ok_or_else(|| PrefixListError::NotFound(id.clone()))?;
        begin(list, cx, Work::Restore, Some(Pending::Entries(entries)));
        self.touch();
        Ok(())
    }

    /// A list of the caller's own that nothing is being done to.
    pub(super) fn changeable(&self, id: &PrefixListId) -> Result<&PrefixList, PrefixListError> {
        let list = self.prefix_lists.get(id).ok_or_else(|| PrefixListError::NotFound(id.clone()))?;
        if list.is_aws {
            return Err(PrefixListError::AwsOwned(id.clone()));
        }
        if list.span.phase() != Phase::Available {
            return Err(PrefixListError::State { id: id.clone(), state: list.state() });
        }
        Ok(list)
    }

    /// What EC2 says when rules that refer to a list would not fit any more: the change is accepted and fails.
    fn too_large_for(&self, list: &PrefixList, max: u32) -> Option<String> {
        let is_full = |id: &&SecurityGroupId| {
            let Some(group) = self.security_groups.get(*id) else { return false };
            [Direction::Ingress, Direction::Egress].into_iter().any(|direction| {
                let weight = |peer: &RulePeer| match peer {
                    RulePeer::PrefixList(other) if *other == list.id => list.weights(max),
                    other => self.rule_weights(other),
                };
                self.is_over_rule_quota(group.rules_of(direction).map(|rule| weight(&rule.peer)))
            })
        };
        let full: Vec<&str> =
            self.prefix_list_users(&list.id).into_iter().filter(is_full).map(SecurityGroupId::as_str).collect();
        let names = full.join(", ");
        let message = format!("The following VPC Security Group resources do not have sufficient capacity [{names}].");
        if !full.is_empty() {
            return Some(message);
        }
        let is_full = |id: &&RouteTableId| {
            let table = self.route_tables.get(*id);
            let count = |table| self.route_count(table, &list.id.clone().into(), Some((&list.id, max as usize)));
            table.is_some_and(|table| count(table) > self.quotas.routes_per_table)
        };
        let full: Vec<&str> =
            self.route_tables_with(&list.id).into_iter().filter(is_full).map(RouteTableId::as_str).collect();
        let names = full.join(", ");
        let message = format!("The following VPC Route Table resources do not have sufficient capacity [{names}].");
        (!full.is_empty()).then_some(message)
    }
}

fn begin(list: &mut PrefixList, cx: &Context, work: Work, pending: Option<Pending>) {
    (list.last, list.pending, list.failure, list.span) = (work, pending, None, LifeSpan::begin(cx.now));
}

fn check_version(list: &PrefixList, given: Option<u64>) -> Result<(), PrefixListError> {
    let current = list.version;
    if given.is_some_and(|given| given != current) { Err(PrefixListError::VersionMismatch { current }) } else { Ok(()) }
}

fn new_entries(
    list: &PrefixList,
    new: Vec<(IpNet, Option<String>)>,
    gone: &[IpNet],
) -> Result<Pending, PrefixListError> {
    let mut entries = list.entries().clone();
    for block in gone {
        entries.remove(&block.trunc()).ok_or(PrefixListError::NoEntry(*block))?;
    }
    add(&mut entries, list.is_ipv6, new)?;
    check_count(entries.len(), list.max_entries)?;
    Ok(Pending::Entries(entries))
}
