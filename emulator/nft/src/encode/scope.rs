//! What a table's rules and elements may refer to, checked before anything is encoded.

use std::collections::HashMap;

use crate::{Error, Family, Set, Table, Verdict};

/// The longest name of a table, chain or set.
const MAX_NAME: usize = 255;

/// The names of one table.
pub(crate) struct Scope<'a> {
    pub family: Family,
    sets: HashMap<&'a str, &'a Set>,
    /// Whether each chain is one a hook calls.
    chains: HashMap<&'a str, bool>,
}

/// Why a verdict leads nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BadTarget {
    Missing,
    Base,
}

impl<'a> Scope<'a> {
    /// Takes a table's names.
    ///
    /// # Errors
    /// If a name has a bad length or is there twice, or if a base chain cannot be hooked.
    pub fn of(table: &'a Table) -> Result<Self, Error> {
        check_name("table", &table.name)?;
        let mut scope = Self {
            family: table.family,
            sets: HashMap::with_capacity(table.sets.len()),
            chains: HashMap::with_capacity(table.chains.len()),
        };
        for set in &table.sets {
            check_name("set", &set.name)?;
            if scope.sets.insert(&set.name, set).is_some() {
                return Err(Error::DefinedTwice { object: "set", name: set.name.clone() });
            }
        }
        for chain in &table.chains {
            check_name("chain", &chain.name)?;
            if chain.base.is_some() && table.family == Family::Netdev {
                return Err(Error::NetdevHook(chain.name.clone()));
            }
            if scope.chains.insert(&chain.name, chain.base.is_some()).is_some() {
                return Err(Error::DefinedTwice { object: "chain", name: chain.name.clone() });
            }
        }
        Ok(scope)
    }

    pub fn set(&self, name: &str) -> Option<&'a Set> {
        self.sets.get(name).copied()
    }

    /// Whether a verdict leads to a chain that can be jumped to.
    pub fn check_target(&self, verdict: &Verdict) -> Result<(), (BadTarget, String)> {
        let (Verdict::Jump(chain) | Verdict::Goto(chain)) = verdict else { return Ok(()) };
        match self.chains.get(chain.as_str()) {
            Some(false) => Ok(()),
            Some(true) => Err((BadTarget::Base, chain.clone())),
            None => Err((BadTarget::Missing, chain.clone())),
        }
    }
}

pub(crate) fn check_name(object: &'static str, name: &str) -> Result<(), Error> {
    match name.len() {
        1..=MAX_NAME => Ok(()),
        length => Err(Error::NameLength { object, length }),
    }
}
