//! Describe actions for resources that an account here never has: the answer is what EC2 tells an account that
//! has none. What they take is checked all the same.
//!
//! A row says what an action is called, takes and answers; the rows are in the modules below by theme.
//! See <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/OperationList-query.html>.

pub(super) mod address_plans;
pub(super) mod capacity;
pub(super) mod more_networks;
pub(super) mod outposts;

use jiff::Timestamp;
use vpc_model::Model;

use super::Look;
use crate::filter::Filters;
use crate::pagination::PageRequest;
use crate::query::Query;
use crate::xml::Xml;
use crate::{ApiError, Code};

/// The modules with the rows.
pub(super) const FAMILIES: &[&str] = &["address_plans", "capacity", "more_networks", "outposts"];

/// An action whose answer is an empty set.
#[derive(Debug)]
struct Row {
    #[cfg_attr(not(test), expect(dead_code, reason = "the tests call it by name"))]
    action: &'static str,
    /// The element that would be around the items.
    set: &'static str,
    id: Id,
    /// What else it takes.
    members: &'static [(&'static str, Kind)],
    /// How few and how many a page can have, where there are pages.
    pages: Option<(u32, u32)>,
    filters: Filterable,
    /// Whether it can be filtered by tags, too.
    tags: bool,
}

/// What a row has where it says nothing.
const ROW: Row = Row {
    action: "",
    set: "",
    id: Id { name: "", count: Count::Many, missing: Code::INVALID_ID, is_here: none },
    members: &[],
    pages: Some((5, 1000)),
    filters: Filterable::Absent,
    tags: false,
};

/// The parameter with the ids of what is asked for; without a name, there is none.
#[derive(Debug)]
struct Id {
    name: &'static str,
    count: Count,
    /// The refusal of an id of nothing.
    missing: Code,
    /// Whether something of an id is here, so that it is no error to ask.
    is_here: fn(&Model, &str) -> bool,
}

#[derive(Debug)]
enum Count {
    Many,
    One,
    AtMostOne,
}

const fn many(name: &'static str, missing: Code) -> Id {
    Id { name, count: Count::Many, missing, is_here: none }
}

const fn one(name: &'static str, missing: Code) -> Id {
    Id { name, count: Count::One, missing, is_here: none }
}

const fn at_most_one(name: &'static str, missing: Code) -> Id {
    Id { name, count: Count::AtMostOne, missing, is_here: none }
}

fn none(_: &Model, _: &str) -> bool {
    false
}

/// A resource that is here, but not in the state or relation asked about.
fn tagged(model: &Model, id: &str) -> bool {
    model.tags_of(id).is_some()
}

/// An address that is here and goes nowhere.
fn address(model: &Model, id: &str) -> bool {
    model.elastic_ips().any(|elastic_ip| elastic_ip.public_ip.to_string() == id)
}

/// What a parameter besides can be.
#[derive(Debug)]
enum Kind {
    Required,
    Span,
    Tag,
    Text,
    Texts,
    Time,
}

impl Kind {
    fn take(&self, query: &mut Query, name: &str) -> Result<(), ApiError> {
        match self {
            Self::Required => query.required::<String>(name).map(drop),
            Self::Span => pair::<Timestamp>(query, name, ["EarliestTime", "LatestTime"]),
            Self::Tag => pair::<String>(query, name, ["Key", "Value"]),
            Self::Text => query.optional::<String>(name).map(drop),
            Self::Texts => query.list::<String>(name).map(drop),
            Self::Time => query.optional::<Timestamp>(name).map(drop),
        }
    }
}

fn pair<T: crate::query::Value>(query: &mut Query, name: &str, members: [&str; 2]) -> Result<(), ApiError> {
    let both = |inside: &mut Query| members.iter().try_for_each(|member| inside.optional::<T>(member).map(drop));
    query.structure(name, both).map(drop)
}

/// What can be filtered by.
#[derive(Debug)]
enum Filterable {
    /// The action has no filters.
    Absent,
    /// Deviation: EC2 does not say which filters there are, so each is taken.
    Any,
    /// The names, besides tags.
    Of(&'static [&'static str]),
}

impl Row {
    fn ids(&self, query: &mut Query) -> Result<Vec<String>, ApiError> {
        match self.id.count {
            _ if self.id.name.is_empty() => Ok(Vec::new()),
            Count::Many => query.list(self.id.name),
            Count::One => query.required(self.id.name).map(|id| vec![id]),
            Count::AtMostOne => Ok(query.optional(self.id.name)?.into_iter().collect()),
        }
    }

    fn answer(&self, ids: &[String], model: &Model) -> Result<Vec<u8>, ApiError> {
        match ids.iter().find(|id| !(self.id.is_here)(model, id)) {
            Some(id) => Err(ApiError::not_found(self.id.missing, &noun(self.id.name), id)),
            None => Ok(Xml::fragment(|xml| xml.list(self.set, [(); 0], |_, ()| ()))),
        }
    }
}

/// What messages call the resource of an id: `HostId` is that of a `host`.
fn noun(parameter: &str) -> String {
    let name = parameter.trim_end_matches("Set").trim_end_matches('s').trim_end_matches("Id");
    let mut chars = name.chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}

/// Takes an action's parameters.
fn decode(row: &'static Row, query: &mut Query) -> Result<Box<Look>, ApiError> {
    let ids = row.ids(query)?;
    for (name, kind) in row.members {
        kind.take(query, name)?;
    }
    if let Some((least, most)) = row.pages {
        PageRequest::decode(query, least..=most)?;
    }
    let filters = match row.filters {
        Filterable::Absent => Filters::default(),
        Filterable::Any | Filterable::Of(_) => Filters::decode(query)?,
    };
    Ok(Box::new(move |model, _| {
        // As everywhere, an unknown parameter is told before an unknown filter.
        if let Filterable::Of(names) = row.filters {
            filters.check(names, row.tags)?;
        }
        row.answer(&ids, model)
    }))
}

/// A table of actions: `DescribeHosts "hostSet" { what the row has besides }`.
macro_rules! rows {
    ($($action:ident $set:literal { $($members:tt)* })*) => {
        pub(crate) const ACTIONS: &[$crate::operations::Action] = &[$($crate::operations::Action {
            name: stringify!($action),
            service: $crate::call::Service::Ec2,
            takes_client_token: false,
            dry_run_is_formal: false,
            handler: $crate::operations::Handler::Read(|query| {
                #[allow(clippy::needless_update, reason = "some rows say everything")]
                static THIS: Row = Row { action: stringify!($action), set: $set, $($members)* ..ROW };
                decode(&THIS, query)
            }),
        }),*];

        #[cfg(test)]
        #[allow(clippy::needless_update, reason = "some rows say everything")]
        pub(super) const ROWS: &[Row] =
            &[$(Row { action: stringify!($action), set: $set, $($members)* ..ROW }),*];
    };
}
use rows;

#[cfg(test)]
mod tests;
