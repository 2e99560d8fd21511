//! The shortest transaction from one version of a table to the next.

use std::collections::{HashMap, HashSet};

use super::batch::{Batch, Builder};
use super::scope::Scope;
use super::set::Entry;
use super::{add_base_chains, add_chain, add_rules, flush_chain, remove_chain, set};
use crate::{Chain, Element, Error, Set, Statement, Table};

/// Turns the table `old`, which is in the kernel, into `new`.
///
/// Base chains that stay are never absent nor empty, so no packet is decided by anything but the old rules or the new
/// ones. Chains that stay the same keep their counters. The batch is empty if nothing changes.
///
/// # Errors
/// If the two are not versions of one table, or the kernel would refuse the new one.
pub fn update_table(old: &Table, new: &Table) -> Result<Batch, Error> {
    Changes::between(old, new)?.at_once()
}

/// As [`update_table`], in transactions of at most `limit` bytes where one would be larger.
///
/// The transactions before and after the one that matters to packets make what nothing leads to yet and delete what
/// nothing leads to any more. The one between is never split.
///
/// # Errors
/// As [`update_table`].
pub fn update_in_stages(old: &Table, new: &Table, limit: usize) -> Result<Vec<Batch>, Error> {
    let changes = Changes::between(old, new)?;
    let whole = changes.at_once()?;
    if whole.messages().len() <= limit || changes.renews() {
        return Ok(if whole.is_empty() { vec![] } else { vec![whole] });
    }
    let mut builder = Builder::new(new.family, &new.name);
    builder.next_stage(limit);
    changes.prepare(&mut builder)?;
    builder.next_stage(usize::MAX);
    changes.detach(&mut builder)?;
    changes.attach(&mut builder)?;
    builder.next_stage(limit);
    changes.clean_up(&mut builder)?;
    Ok(builder.finish_stages())
}

/// All that differs between two versions of a table.
struct Changes<'a> {
    table: &'a Table,
    scope: Scope<'a>,
    sets: SetChanges<'a>,
    chains: ChainChanges<'a>,
}

impl<'a> Changes<'a> {
    fn between(old: &'a Table, new: &'a Table) -> Result<Self, Error> {
        if (old.family, &old.name) != (new.family, &new.name) {
            let [from, to] = [old, new].map(|table| format!("{} {}", table.family, table.name));
            return Err(Error::OtherTable { from, to });
        }
        let scope = Scope::of(new)?;
        let sets = SetChanges::between(old, new)?;
        let chains = ChainChanges::between(old, new, &sets);
        Ok(Self { table: new, scope, sets, chains })
    }

    /// All in one transaction.
    fn at_once(&self) -> Result<Batch, Error> {
        let mut builder = Builder::new(self.table.family, &self.table.name);
        if self.renews() {
            // What is made anew has to go before it comes.
            self.detach(&mut builder)?;
            self.clean_up(&mut builder)?;
            self.prepare(&mut builder)?;
            self.attach(&mut builder)?;
        } else {
            self.prepare(&mut builder)?;
            self.detach(&mut builder)?;
            self.attach(&mut builder)?;
            self.clean_up(&mut builder)?;
        }
        Ok(builder.finish())
    }

    /// Whether something is deleted and made again under its name.
    fn renews(&self) -> bool {
        let sets: HashSet<&str> = self.sets.gone.iter().map(|set| set.name.as_str()).collect();
        let chains: HashSet<&str> = self.chains.gone.iter().map(|chain| chain.name.as_str()).collect();
        self.sets.fresh.iter().any(|set| sets.contains(set.name.as_str()))
            || self.chains.fresh.iter().any(|chain| chains.contains(chain.name.as_str()))
    }

    /// Makes chains and sets that nothing leads to yet.
    fn prepare(&self, builder: &mut Builder) -> Result<(), Error> {
        let chains: Vec<&Chain> = self.chains.fresh.iter().copied().filter(|chain| chain.base.is_none()).collect();
        super::prepare(builder, self.table, &self.scope, &chains, &self.sets.fresh)
    }

    /// Takes away what leads to things that go.
    fn detach(&self, builder: &mut Builder) -> Result<(), Error> {
        let table = &self.table.name;
        for chain in self.chains.gone.iter().chain(&self.chains.changed) {
            flush_chain(builder, table, &chain.name)?;
        }
        for change in &self.sets.kept {
            set::delete_entries(builder, table, change.set, &change.delete)?;
        }
        for chain in self.chains.gone.iter().filter(|chain| chain.base.is_some()) {
            remove_chain(builder, table, &chain.name)?;
        }
        Ok(())
    }

    /// Makes what packets meet, new base chains last.
    fn attach(&self, builder: &mut Builder) -> Result<(), Error> {
        let table = &self.table.name;
        for change in &self.sets.kept {
            set::check_targets(change.set, &change.add, &self.scope)?;
            set::add_entries(builder, table, change.set, &change.add)?;
        }
        for chain in &self.chains.changed {
            add_rules(builder, self.table, chain, &self.scope)?;
        }
        for chain in &self.chains.policies {
            add_chain(builder, table, chain)?;
        }
        let bases: Vec<&Chain> = self.chains.fresh.iter().copied().filter(|chain| chain.base.is_some()).collect();
        add_base_chains(builder, self.table, &self.scope, &bases)
    }

    /// Deletes sets and chains that nothing leads to any more.
    fn clean_up(&self, builder: &mut Builder) -> Result<(), Error> {
        let table = &self.table.name;
        for set in &self.sets.gone {
            if set.verdicts {
                set::flush(builder, table, &set.name)?;
            }
            set::delete(builder, table, &set.name)?;
        }
        for chain in self.chains.gone.iter().filter(|chain| chain.base.is_none()) {
            remove_chain(builder, table, &chain.name)?;
        }
        Ok(())
    }
}

/// What becomes of the sets; one whose key changes is both gone and fresh.
struct SetChanges<'a> {
    gone: Vec<&'a Set>,
    fresh: Vec<&'a Set>,
    kept: Vec<ElementChanges<'a>>,
}

/// What becomes of a set's elements.
struct ElementChanges<'a> {
    set: &'a Set,
    delete: Vec<Entry<'a>>,
    add: Vec<Entry<'a>>,
}

impl<'a> SetChanges<'a> {
    fn between(old: &'a Table, new: &'a Table) -> Result<Self, Error> {
        let before: HashMap<&str, &Set> = old.sets.iter().map(|set| (set.name.as_str(), set)).collect();
        let mut changes = Self { gone: Vec::new(), fresh: Vec::new(), kept: Vec::new() };
        let mut stays = HashSet::new();
        for set in &new.sets {
            match before.get(set.name.as_str()) {
                Some(old) if is_same_kind(old, set) => {
                    stays.insert(set.name.as_str());
                    if old.elements != set.elements {
                        changes.kept.push(ElementChanges::between(old, set)?);
                    }
                }
                _ => changes.fresh.push(set),
            }
        }
        changes.gone.extend(old.sets.iter().filter(|set| !stays.contains(set.name.as_str())));
        Ok(changes)
    }
}

fn is_same_kind(old: &Set, new: &Set) -> bool {
    (&old.key, old.interval, old.verdicts) == (&new.key, new.interval, new.verdicts)
}

impl<'a> ElementChanges<'a> {
    /// Looks at what differs only; whether that overlaps what stays is left for the kernel to find.
    fn between(old: &'a Set, new: &'a Set) -> Result<Self, Error> {
        // Most often a few elements come or go somewhere in a long list.
        let (before, after) = without_common_ends(&old.elements, &new.elements);
        let [known, wanted]: [HashSet<&Element>; 2] = [before.iter().collect(), after.iter().collect()];
        let mut gone: Vec<&Element> = before.iter().filter(|element| !wanted.contains(element)).collect();
        if !gone.is_empty() {
            // One that is listed twice may stay once.
            let going: HashSet<&Element> = gone.iter().copied().collect();
            let stays: HashSet<&Element> = new.elements.iter().filter(|element| going.contains(element)).collect();
            gone.retain(|element| !stays.contains(element));
        }
        let fresh = after.iter().filter(|element| !known.contains(element));
        Ok(Self { set: new, delete: set::entries(old, gone, None)?, add: set::entries(new, fresh, None)? })
    }
}

/// What is between the elements that both lists start with and those that both end with.
fn without_common_ends<'a>(a: &'a [Element], b: &'a [Element]) -> (&'a [Element], &'a [Element]) {
    let start = a.iter().zip(b).take_while(|(a, b)| a == b).count();
    let (a, b) = (&a[start..], &b[start..]);
    let end = a.iter().rev().zip(b.iter().rev()).take_while(|(a, b)| a == b).count();
    (&a[..a.len() - end], &b[..b.len() - end])
}

/// What becomes of the chains; one hooked elsewhere is both gone and fresh.
struct ChainChanges<'a> {
    gone: Vec<&'a Chain>,
    fresh: Vec<&'a Chain>,
    /// Chains that stay with other rules.
    changed: Vec<&'a Chain>,
    /// Base chains that stay with another policy.
    policies: Vec<&'a Chain>,
}

impl<'a> ChainChanges<'a> {
    fn between(old: &'a Table, new: &'a Table, sets: &SetChanges<'_>) -> Self {
        let before: HashMap<&str, &Chain> = old.chains.iter().map(|chain| (chain.name.as_str(), chain)).collect();
        let gone_sets: HashSet<&str> = sets.gone.iter().map(|set| set.name.as_str()).collect();
        let mut changes = Self { gone: Vec::new(), fresh: Vec::new(), changed: Vec::new(), policies: Vec::new() };
        let mut stays = HashSet::new();
        for chain in &new.chains {
            match before.get(chain.name.as_str()) {
                Some(old) if has_same_hook(old, chain) => {
                    stays.insert(chain.name.as_str());
                    if old.rules != chain.rules || uses_any(chain, &gone_sets) {
                        changes.changed.push(chain);
                    }
                    if old.base != chain.base {
                        changes.policies.push(chain);
                    }
                }
                _ => changes.fresh.push(chain),
            }
        }
        changes.gone.extend(old.chains.iter().filter(|chain| !stays.contains(chain.name.as_str())));
        changes
    }
}

fn has_same_hook(old: &Chain, new: &Chain) -> bool {
    let hook = |chain: &Chain| chain.base.as_ref().map(|base| (base.kind, base.hook, base.priority));
    hook(old) == hook(new)
}

fn uses_any(chain: &Chain, sets: &HashSet<&str>) -> bool {
    !sets.is_empty()
        && chain.rules.iter().flat_map(|rule| &rule.statements).any(|statement| match statement {
            Statement::Lookup { set: name, .. } | Statement::VerdictMap { map: name, .. } => {
                sets.contains(name.as_str())
            }
            _ => false,
        })
}
