//! Rulesets as netlink messages: whole tables, changes from one version to the next, and changes of single sets.
//!
//! Everything is one transaction. Base chains come last, for the kernel calls a new base chain from the moment it is
//! made, empty, until the transaction is committed: with a policy of drop it drops what the chain before it accepts.

mod batch;
mod expression;
mod rule;
mod scope;
mod set;
mod update;
mod wire;
mod writer;

pub use batch::Batch;
pub use update::{update_in_stages, update_table};

use batch::{About, Builder};
use scope::{Scope, check_name};
use wire::{chain as chain_attr, flag, message, rule as rule_attr, table as table_attr};

use crate::{Base, Chain, ChainKind, Element, Error, Family, Hook, Policy, Set, Table};

/// Makes a table what is given, whether it existed before or not.
///
/// Packets that pass while the kernel commits may be dropped; [`update_table`] avoids that where the old table is known.
///
/// # Errors
/// If the kernel would refuse it.
pub fn replace_table(table: &Table) -> Result<Batch, Error> {
    let scope = Scope::of(table)?;
    let mut builder = Builder::new(table.family, &table.name);
    renew_table(&mut builder, &table.name)?;
    prepare(&mut builder, table, &scope, &other_chains(table), &table.sets.iter().collect::<Vec<_>>())?;
    add_base_chains(&mut builder, table, &scope, &base_chains(table))?;
    Ok(builder.finish())
}

/// As [`replace_table`], in transactions of at most `limit` bytes where one would be larger.
///
/// All filtering hooks of the table then drop everything from the first transaction until the last, which is itself
/// never split: it has the rules of the base chains.
///
/// # Errors
/// If the kernel would refuse it.
pub fn replace_in_stages(table: &Table, limit: usize) -> Result<Vec<Batch>, Error> {
    let whole = replace_table(table)?;
    if whole.messages().len() <= limit {
        return Ok(vec![whole]);
    }
    let scope = Scope::of(table)?;
    let mut builder = Builder::new(table.family, &table.name);
    renew_table(&mut builder, &table.name)?;
    for chain in base_chains(table) {
        if let Some(base) = chain.base.clone().filter(|base| base.kind != ChainKind::Nat) {
            let base = Some(Base { policy: Policy::Drop, ..base });
            add_chain(&mut builder, &table.name, &Chain { name: chain.name.clone(), base, rules: Vec::new() })?;
        }
    }
    builder.next_stage(limit);
    prepare(&mut builder, table, &scope, &other_chains(table), &table.sets.iter().collect::<Vec<_>>())?;
    builder.next_stage(usize::MAX);
    add_base_chains(&mut builder, table, &scope, &base_chains(table))?;
    Ok(builder.finish_stages())
}

/// Deletes a table, whether it exists or not.
///
/// # Errors
/// If the name is empty or too long.
pub fn delete_table(family: Family, name: &str) -> Result<Batch, Error> {
    check_name("table", name)?;
    let mut builder = Builder::new(family, name);
    add_table(&mut builder, name)?;
    remove_table(&mut builder, name)?;
    Ok(builder.finish())
}

/// Replaces the rules of one of the table's chains; makes the chain if it is not there.
///
/// Chains and sets it refers to must be there; they are those of `table`.
///
/// # Errors
/// If the table has no such chain or the kernel would refuse it.
pub fn replace_chain(table: &Table, chain: &str) -> Result<Batch, Error> {
    let scope = Scope::of(table)?;
    let chain = table
        .chains
        .iter()
        .find(|candidate| candidate.name == chain)
        .ok_or_else(|| Error::NoSuchChain(chain.to_owned()))?;
    let mut builder = Builder::new(table.family, &table.name);
    add_chain(&mut builder, &table.name, chain)?;
    flush_chain(&mut builder, &table.name, &chain.name)?;
    add_rules(&mut builder, table, chain, &scope)?;
    Ok(builder.finish())
}

/// Deletes elements from a set and then adds others. What `set` holds itself does not matter, only its key.
///
/// Adding an element that is there does nothing; deleting one that is not there fails the transaction.
///
/// # Errors
/// If an element does not fit the set.
pub fn update_elements(
    family: Family,
    table: &str,
    set: &Set,
    add: &[Element],
    delete: &[Element],
) -> Result<Batch, Error> {
    check_name("table", table)?;
    check_name("set", &set.name)?;
    let mut builder = Builder::new(family, table);
    let entries = set::entries(set, delete, None)?;
    set::delete_entries(&mut builder, table, set, &entries)?;
    let entries = set::entries(set, add, None)?;
    set::add_entries(&mut builder, table, set, &entries)?;
    Ok(builder.finish())
}

fn base_chains(table: &Table) -> Vec<&Chain> {
    table.chains.iter().filter(|chain| chain.base.is_some()).collect()
}

fn other_chains(table: &Table) -> Vec<&Chain> {
    table.chains.iter().filter(|chain| chain.base.is_none()).collect()
}

/// Makes an empty table of one that may be there.
fn renew_table(builder: &mut Builder, name: &str) -> Result<(), Error> {
    // Deleting a table that is not there is an error, adding one that is there is none.
    add_table(builder, name)?;
    remove_table(builder, name)?;
    add_table(builder, name)
}

/// Makes chains that nothing leads to yet, and sets: packets do not notice.
fn prepare(
    builder: &mut Builder,
    table: &Table,
    scope: &Scope<'_>,
    chains: &[&Chain],
    sets: &[&Set],
) -> Result<(), Error> {
    for chain in chains {
        add_chain(builder, &table.name, chain)?;
    }
    for (set, id) in sets.iter().zip(1..) {
        let entries = set::entries(set, &set.elements, Some(scope))?;
        set::create(builder, &table.name, set, id)?;
        set::add_entries(builder, &table.name, set, &entries)?;
    }
    for chain in chains {
        add_rules(builder, table, chain, scope)?;
    }
    Ok(())
}

fn add_base_chains(builder: &mut Builder, table: &Table, scope: &Scope<'_>, chains: &[&Chain]) -> Result<(), Error> {
    for chain in chains {
        add_chain(builder, &table.name, chain)?;
        add_rules(builder, table, chain, scope)?;
    }
    Ok(())
}

fn add_table(builder: &mut Builder, name: &str) -> Result<(), Error> {
    builder.push("add", About::Table, message::NEW_TABLE, flag::CREATE, |w| {
        w.string(table_attr::NAME, name);
        w.u32(table_attr::FLAGS, 0);
        Ok(())
    })
}

fn remove_table(builder: &mut Builder, name: &str) -> Result<(), Error> {
    builder.push("delete", About::Table, message::DELETE_TABLE, 0, |w| {
        w.string(table_attr::NAME, name);
        Ok(())
    })
}

fn add_chain(builder: &mut Builder, table: &str, chain: &Chain) -> Result<(), Error> {
    builder.push("add", About::Chain(&chain.name), message::NEW_CHAIN, flag::CREATE, |w| {
        w.string(chain_attr::TABLE, table);
        w.string(chain_attr::NAME, &chain.name);
        if let Some(base) = &chain.base {
            write_base(w, base);
        }
        Ok(())
    })
}

fn write_base(w: &mut writer::Writer, base: &Base) {
    let kind = match base.kind {
        ChainKind::Filter => "filter",
        ChainKind::Nat => "nat",
        ChainKind::Route => "route",
    };
    let hook = match base.hook {
        Hook::Prerouting => 0,
        Hook::Input => 1,
        Hook::Forward => 2,
        Hook::Output => 3,
        Hook::Postrouting => 4,
    };
    let policy = match base.policy {
        Policy::Drop => 0,
        Policy::Accept => 1,
    };
    w.nested(chain_attr::HOOK, |w| {
        w.u32(chain_attr::HOOK_NUMBER, hook);
        w.u32(chain_attr::HOOK_PRIORITY, base.priority as u32);
    });
    w.u32(chain_attr::POLICY, policy);
    w.string(chain_attr::TYPE, kind);
}

fn remove_chain(builder: &mut Builder, table: &str, chain: &str) -> Result<(), Error> {
    builder.push("delete", About::Chain(chain), message::DELETE_CHAIN, 0, |w| {
        w.string(chain_attr::TABLE, table);
        w.string(chain_attr::NAME, chain);
        Ok(())
    })
}

/// Deletes all rules of a chain.
fn flush_chain(builder: &mut Builder, table: &str, chain: &str) -> Result<(), Error> {
    builder.push("delete", About::Rules(chain), message::DELETE_RULE, 0, |w| {
        w.string(rule_attr::TABLE, table);
        w.string(rule_attr::CHAIN, chain);
        Ok(())
    })
}

fn add_rules(builder: &mut Builder, table: &Table, chain: &Chain, scope: &Scope<'_>) -> Result<(), Error> {
    for (rule, number) in chain.rules.iter().zip(1..) {
        let about = About::Rule(&chain.name, number);
        builder
            .push("add", about, message::NEW_RULE, flag::CREATE | flag::APPEND, |w| {
                w.string(rule_attr::TABLE, &table.name);
                w.string(rule_attr::CHAIN, &chain.name);
                rule::write(w, rule, scope)
            })
            .map_err(|source| Error::Rule { chain: chain.name.clone(), rule: number, source })?;
    }
    Ok(())
}
