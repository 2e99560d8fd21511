//! `TagSpecification.N`: tags for resources in the call that makes them.

use std::collections::BTreeMap;

use vpc_model::{LaunchParameter, LaunchParameters, Tags, tags};

use crate::query::Query;
use crate::{ApiError, Code};

/// Takes a call's tag specifications and gives the tags by resource type. Each type has to be one of those
/// the call makes.
pub(crate) fn decode(
    query: &mut Query,
    types: &'static [&'static str],
) -> Result<BTreeMap<&'static str, Tags>, ApiError> {
    decode_named(query, "TagSpecification", types)
}

/// The same under another name.
pub(crate) fn decode_named(
    query: &mut Query,
    name: &str,
    types: &'static [&'static str],
) -> Result<BTreeMap<&'static str, Tags>, ApiError> {
    let specifications = query.structs(name, |specification| {
        let given: String = specification.required("ResourceType")?;
        Ok((given, pairs(specification)?))
    })?;
    let mut all: BTreeMap<&'static str, Vec<(String, String)>> = BTreeMap::new();
    for (given, pairs) in specifications {
        let Some(known) = types.iter().find(|known| **known == given) else {
            return Err(ApiError::new(
                Code::INVALID_PARAMETER_VALUE,
                format!("'{given}' is not a valid taggable resource type for this operation."),
            ));
        };
        all.entry(known).or_default().extend(pairs);
    }
    all.into_iter().map(|(kind, pairs)| Ok((kind, tags::from_pairs(pairs)?))).collect()
}

/// Takes a call's tag specifications where it makes resources of one type only.
pub(crate) fn decode_one(query: &mut Query, kind: &'static [&'static str; 1]) -> Result<Tags, ApiError> {
    Ok(decode(query, kind)?.remove(kind[0]).unwrap_or_default())
}

/// The same in the few actions that have the parameter in the plural.
pub(crate) fn decode_plural(query: &mut Query, kind: &'static [&'static str; 1]) -> Result<Tags, ApiError> {
    Ok(decode_named(query, "TagSpecifications", kind)?.remove(kind[0]).unwrap_or_default())
}

/// Takes the list `Tag.N.Key`, `Tag.N.Value`.
pub(crate) fn pairs(query: &mut Query) -> Result<Vec<(String, String)>, ApiError> {
    query.structs("Tag", |tag| Ok((tag.required("Key")?, tag.or("Value", String::new())?)))
}

/// Tags as one specification of a call.
pub(crate) fn specification(kind: &str, tags: &Tags) -> LaunchParameter {
    let tag = |(key, value): (&String, &String)| {
        LaunchParameter::Structure(LaunchParameters::from([
            ("Key".to_owned(), LaunchParameter::text(key)),
            ("Value".to_owned(), LaunchParameter::text(value)),
        ]))
    };
    LaunchParameter::Structure(LaunchParameters::from([
        ("ResourceType".to_owned(), LaunchParameter::text(kind)),
        ("Tag".to_owned(), LaunchParameter::List(tags.iter().map(tag).collect())),
    ]))
}
