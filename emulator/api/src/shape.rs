//! Parameters that are kept as they were given and shown again: tables say what a structure has inside, what its
//! members are called in requests and in replies, and of which kind they are.

use std::collections::BTreeMap;

use jiff::Timestamp;
use vpc_model::{LaunchParameter, LaunchParameters};

use crate::query::{Base64, Query, Value};
use crate::xml::Xml;
use crate::{ApiError, Code};

/// A member: its name in requests, its name in replies (empty where they do not show it), its kind.
pub(crate) type Member = (&'static str, &'static str, Kind);

/// What a member is.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    /// Any text.
    Text,
    /// One of some texts.
    One(&'static [&'static str]),
    /// A switch.
    Flag,
    /// A whole number.
    Number,
    /// A number.
    Decimal,
    /// A time.
    Time,
    /// Data in base64.
    Data,
    /// A structure.
    Inside(&'static [Member]),
    /// A list of texts, and what replies call an entry.
    Texts(&'static str),
    /// A list of structures.
    Many(&'static [Member]),
}

/// Takes the members of a structure. All are optional.
pub(crate) fn decode(query: &mut Query, members: &[Member]) -> Result<LaunchParameters, ApiError> {
    let mut found = LaunchParameters::new();
    for (name, _, kind) in members {
        if let Some(value) = value(query, name, *kind)? {
            found.insert((*name).to_owned(), value);
        }
    }
    Ok(found)
}

fn value(query: &mut Query, name: &str, kind: Kind) -> Result<Option<LaunchParameter>, ApiError> {
    Ok(match kind {
        Kind::Inside(members) => {
            query.structure(name, |inside| decode(inside, members))?.map(LaunchParameter::Structure)
        }
        Kind::Texts(_) => list(query.list::<String>(name)?.into_iter().map(LaunchParameter::Text).collect()),
        Kind::Many(members) => {
            list(query.structs(name, |inside| Ok(LaunchParameter::Structure(decode(inside, members)?)))?)
        }
        plain => match query.optional::<String>(name)? {
            Some(text) => Some(LaunchParameter::Text(check(&query.full_name(name), text, plain)?)),
            None => None,
        },
    })
}

fn list(entries: Vec<LaunchParameter>) -> Option<LaunchParameter> {
    (!entries.is_empty()).then_some(LaunchParameter::List(entries))
}

/// The text as it is kept, where it is one of the kind.
fn check(name: &str, text: String, kind: Kind) -> Result<String, ApiError> {
    match kind {
        Kind::Flag => bool::from_text(name, text).map(|on| on.to_string()),
        Kind::Number => match text.parse::<i64>() {
            Ok(number) => Ok(number.to_string()),
            Err(_) => Err(ApiError::invalid(name, &text, "Expected an integer.")),
        },
        Kind::Decimal => match text.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(text),
            _ => Err(ApiError::invalid(name, &text, "Expected a number.")),
        },
        Kind::Time => Timestamp::from_text(name, text).map(crate::xml::time),
        Kind::Data => match Base64::from_text(name, text.clone()) {
            Ok(_) => Ok(text),
            Err(_) => Err(ApiError::new(Code::INVALID_USER_DATA_MALFORMED, "Invalid BASE64 encoding of user data.")),
        },
        Kind::One(all) if !all.contains(&text.as_str()) => {
            Err(ApiError::invalid(name, &text, &format!("Expected one of: {}", all.join(" "))))
        }
        _ => Ok(text),
    }
}

/// Writes the members that are there.
pub(crate) fn write(xml: &mut Xml, members: &[Member], found: &LaunchParameters) {
    for (name, shown, kind) in members.iter().filter(|(_, shown, _)| !shown.is_empty()) {
        match (kind, found.get(*name)) {
            (Kind::Inside(members), Some(LaunchParameter::Structure(inside))) => {
                xml.element(shown, |xml| write(xml, members, inside));
            }
            (Kind::Texts(item), Some(LaunchParameter::List(entries))) => xml.element(shown, |xml| {
                entries.iter().filter_map(LaunchParameter::as_text).for_each(|text| xml.text(item, text));
            }),
            (Kind::Many(members), Some(LaunchParameter::List(entries))) => xml.list(shown, entries, |xml, entry| {
                if let LaunchParameter::Structure(inside) = entry {
                    write(xml, members, inside);
                }
            }),
            (_, Some(LaunchParameter::Text(text))) => xml.text(shown, text),
            _ => {}
        }
    }
}

/// The parameters as a call would give them.
pub(crate) fn flatten(found: &LaunchParameters) -> BTreeMap<String, String> {
    let mut flat = BTreeMap::new();
    for (name, value) in found {
        put(&mut flat, name.clone(), value);
    }
    flat
}

fn put(flat: &mut BTreeMap<String, String>, name: String, value: &LaunchParameter) {
    match value {
        LaunchParameter::Text(text) => {
            flat.insert(name, text.clone());
        }
        LaunchParameter::Structure(members) => {
            members.iter().for_each(|(member, value)| put(flat, format!("{name}.{member}"), value));
        }
        LaunchParameter::List(entries) => {
            entries.iter().enumerate().for_each(|(at, value)| put(flat, format!("{name}.{}", at + 1), value));
        }
    }
}

/// The other way round: parameters of a call as lists and structures.
pub(crate) fn gather(flat: &BTreeMap<String, String>) -> LaunchParameters {
    let mut inside: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
    let mut found = LaunchParameters::new();
    for (name, value) in flat {
        match name.split_once('.') {
            Some((first, rest)) => {
                inside.entry(first.to_owned()).or_default().insert(rest.to_owned(), value.clone());
            }
            None => {
                found.insert(name.clone(), LaunchParameter::text(value));
            }
        }
    }
    for (name, flat) in inside {
        let members = gather(&flat);
        let numbers: Option<BTreeMap<u32, &str>> =
            members.keys().map(|key| Some((key.parse().ok()?, key.as_str()))).collect();
        let value = match numbers {
            Some(order) => LaunchParameter::List(order.values().map(|key| members[*key].clone()).collect()),
            None => LaunchParameter::Structure(members),
        };
        found.insert(name, value);
    }
    found
}
