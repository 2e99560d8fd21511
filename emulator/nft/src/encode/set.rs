//! Sets, maps and their elements.

use super::batch::{About, Builder};
use super::expression::write_verdict;
use super::scope::{BadTarget, Scope};
use super::wire::{LIST_ELEMENT, data, element as attr, flag, message, set as set_attr};
use super::writer::Writer;
use crate::key::{Bounds, Key, MAX_KEY, bounds, key_length};
use crate::{Element, ElementError, Error, KeyType, Set, Verdict, text};

/// Elements of one message fill less than this: an attribute's length has 16 bits. One element is at most about 500
/// bytes long.
const MAX_LIST: usize = 60_000;

/// Adds a set without elements.
pub(crate) fn create(builder: &mut Builder, table: &str, set: &Set, id: u32) -> Result<(), Error> {
    let length = key_length(&set.key);
    if length == 0 || length > MAX_KEY {
        return Err(Error::KeyLength { set: set.name.clone(), length });
    }
    builder.push("add", About::Set(&set.name), message::NEW_SET, flag::CREATE, |w| {
        w.string(set_attr::TABLE, table);
        w.string(set_attr::NAME, &set.name);
        w.u32(set_attr::FLAGS, flags(set));
        w.u32(set_attr::KEY_TYPE, set.key.iter().fold(0, |number, part| number << 6 | part.number()));
        w.u32(set_attr::KEY_LENGTH, length as u32);
        if set.verdicts {
            w.u32(set_attr::DATA_TYPE, set_attr::DATA_VERDICT);
        }
        if is_concatenated_interval(set) {
            w.nested(set_attr::DESCRIPTION, |w| w.nested(set_attr::DESCRIPTION_CONCAT, |w| write_fields(w, set)));
        }
        w.u32(set_attr::ID, id);
        write_order(w, set);
        Ok(())
    })
}

/// Leaves a note for whoever lists the set with nft, which cannot tell how the keys' bytes are ordered.
fn write_order(w: &mut Writer, set: &Set) {
    let host = matches!(set.key[..], [KeyType::Mark | KeyType::InterfaceName]) && !set.interval;
    let order = if host { set_attr::HOST_ORDER } else { set_attr::NETWORK_ORDER };
    let mut data = [set_attr::USERDATA_KEY_ORDER, 4, 0, 0, 0, 0];
    data[2..].copy_from_slice(&order.to_ne_bytes());
    w.bytes(set_attr::USERDATA, &data);
}

fn write_fields(w: &mut Writer, set: &Set) {
    for part in &set.key {
        w.nested(LIST_ELEMENT, |w| w.u32(set_attr::FIELD_LENGTH, part.width() as u32));
    }
}

fn flags(set: &Set) -> u32 {
    let mut flags = 0;
    if set.verdicts {
        flags |= set_attr::FLAG_MAP;
    }
    if set.interval {
        flags |= set_attr::FLAG_INTERVAL;
    }
    if is_concatenated_interval(set) {
        flags |= set_attr::FLAG_CONCAT;
    }
    flags
}

fn is_concatenated_interval(set: &Set) -> bool {
    set.interval && set.key.len() > 1
}

/// Deletes a set with its elements.
pub(crate) fn delete(builder: &mut Builder, table: &str, set: &str) -> Result<(), Error> {
    builder.push("delete", About::Set(set), message::DELETE_SET, 0, |w| {
        w.string(set_attr::TABLE, table);
        w.string(set_attr::NAME, set);
        Ok(())
    })
}

/// Deletes all elements of a set.
pub(crate) fn flush(builder: &mut Builder, table: &str, set: &str) -> Result<(), Error> {
    builder.push("delete", About::AllElements(set), message::DELETE_ELEMENTS, 0, |w| {
        w.string(attr::TABLE, table);
        w.string(attr::SET, set);
        Ok(())
    })
}

/// An element ready to be written.
pub(crate) struct Entry<'a> {
    pub element: &'a Element,
    pub bounds: Bounds,
}

impl Entry<'_> {
    fn order(&self) -> (&[u8], &[u8]) {
        (self.bounds.0.as_bytes(), self.bounds.1.as_bytes())
    }
}

/// Elements in the order of their keys, without repetitions.
///
/// # Errors
/// If one does not fit the set, or shares keys with another. Overlaps in concatenations of intervals are left for the
/// kernel to find.
pub(crate) fn entries<'a>(
    set: &Set,
    elements: impl IntoIterator<Item = &'a Element>,
    scope: Option<&Scope<'_>>,
) -> Result<Vec<Entry<'a>>, Error> {
    let mut entries = Vec::new();
    for element in elements {
        check_verdict(set, element, scope).map_err(|source| refuse(set, element, source))?;
        let bounds = bounds(set, element).map_err(|source| refuse(set, element, source))?;
        entries.push(Entry { element, bounds });
    }
    entries.sort_unstable_by(|a, b| a.order().cmp(&b.order()));
    entries.dedup_by(|b, a| a.bounds == b.bounds && a.element.verdict == b.element.verdict);
    for pair in entries.windows(2) {
        let overlap = match is_concatenated_interval(set) {
            true => pair[0].bounds == pair[1].bounds,
            false => pair[1].bounds.0.as_bytes() <= pair[0].bounds.1.as_bytes(),
        };
        if overlap {
            let other = text::element(&set.key, pair[0].element);
            return Err(refuse(set, pair[1].element, ElementError::Overlaps(other)));
        }
    }
    Ok(entries)
}

/// Checks that verdicts lead to chains of the table.
pub(crate) fn check_targets(set: &Set, entries: &[Entry<'_>], scope: &Scope<'_>) -> Result<(), Error> {
    entries.iter().try_for_each(|entry| {
        check_verdict(set, entry.element, Some(scope)).map_err(|source| refuse(set, entry.element, source))
    })
}

fn refuse(set: &Set, element: &Element, source: ElementError) -> Error {
    Error::Element { set: set.name.clone(), element: text::element(&set.key, element), source }
}

fn check_verdict(set: &Set, element: &Element, scope: Option<&Scope<'_>>) -> Result<(), ElementError> {
    match (&element.verdict, set.verdicts) {
        (Some(_), false) => Err(ElementError::UnexpectedVerdict),
        (None, true) => Err(ElementError::MissingVerdict),
        (None, false) => Ok(()),
        (Some(verdict), true) => match scope {
            None => Ok(()),
            Some(scope) => scope.check_target(verdict).map_err(|(problem, chain)| match problem {
                BadTarget::Missing => ElementError::UnknownChain(chain),
                BadTarget::Base => ElementError::JumpToBase(chain),
            }),
        },
    }
}

/// Adds elements.
pub(crate) fn add_entries(builder: &mut Builder, table: &str, set: &Set, entries: &[Entry<'_>]) -> Result<(), Error> {
    write_entries(builder, table, set, entries, "add", message::NEW_ELEMENTS)
}

/// Deletes elements.
pub(crate) fn delete_entries(
    builder: &mut Builder,
    table: &str,
    set: &Set,
    entries: &[Entry<'_>],
) -> Result<(), Error> {
    write_entries(builder, table, set, entries, "delete", message::DELETE_ELEMENTS)
}

/// Writes as many messages as the elements need.
fn write_entries(
    builder: &mut Builder,
    table: &str,
    set: &Set,
    entries: &[Entry<'_>],
    verb: &'static str,
    kind: u16,
) -> Result<(), Error> {
    let flags = if kind == message::NEW_ELEMENTS { flag::CREATE } else { 0 };
    // An interval of a one-part key may take two list entries.
    let per_entry = entries.iter().map(|entry| 2 * entry_length(entry)).max().unwrap_or(1);
    let chunk = (MAX_LIST / per_entry).max(1);
    for (index, entries) in entries.chunks(chunk).enumerate() {
        let first = index * chunk + 1;
        let about = About::Elements { set: &set.name, first, last: first + entries.len() - 1 };
        builder.push(verb, about, kind, flags, |w| {
            w.string(attr::TABLE, table);
            w.string(attr::SET, &set.name);
            w.nested(attr::LIST, |w| entries.iter().for_each(|entry| write_entry(w, set, entry)));
            Ok::<(), Error>(())
        })?;
    }
    Ok(())
}

/// More than one list entry of the element takes.
fn entry_length(entry: &Entry<'_>) -> usize {
    let chain = match &entry.element.verdict {
        Some(Verdict::Jump(chain) | Verdict::Goto(chain)) => chain.len(),
        _ => 0,
    };
    2 * entry.bounds.0.as_bytes().len() + chain + 64
}

fn write_entry(w: &mut Writer, set: &Set, entry: &Entry<'_>) {
    let (first, last) = &entry.bounds;
    let verdict = entry.element.verdict.as_ref();
    if is_concatenated_interval(set) {
        return write_list_entry(w, first, Some(last), 0, verdict);
    }
    write_list_entry(w, first, None, 0, verdict);
    if set.interval {
        // The kernel keeps an interval as its first key and the key after its last.
        if let Some(after) = last.next() {
            write_list_entry(w, &after, None, attr::FLAG_INTERVAL_END, None);
        }
    }
}

fn write_list_entry(w: &mut Writer, key: &Key, end: Option<&Key>, flags: u32, verdict: Option<&Verdict>) {
    w.nested(LIST_ELEMENT, |w| {
        if flags != 0 {
            w.u32(attr::FLAGS, flags);
        }
        w.nested(attr::KEY, |w| w.bytes(data::VALUE, key.as_bytes()));
        if let Some(end) = end {
            w.nested(attr::KEY_END, |w| w.bytes(data::VALUE, end.as_bytes()));
        }
        if let Some(verdict) = verdict {
            w.nested(attr::DATA, |w| write_verdict(w, verdict));
        }
    });
}
