//! What the Describe actions of most families share: ids, filters and pages in, a set of items out.

use std::fmt;
use std::marker::PhantomData;
use std::ops::RangeInclusive;

use jiff::Timestamp;
use vpc_model::Model;

use super::{Output, ReadOperation};
use crate::ApiError;
use crate::filter::{Fields, Filters};
use crate::pagination::PageRequest;
use crate::query::{Query, Value};
use crate::xml::Xml;

/// A filter's name, and how to find all resources that a value of it can match.
pub(crate) type Index<R> = (&'static str, for<'a> fn(&'a Model, &str) -> Vec<&'a R>);

/// How to find all resources that have a tag of a key and a value.
pub(crate) type TagIndex<R> = for<'a> fn(&'a Model, &str, &str) -> Vec<&'a R>;

/// A resource that an action describes.
pub(crate) trait Describable: Sized + 'static {
    /// Its id.
    type Id: Value + Clone + Ord + fmt::Debug + fmt::Display;
    /// What replies show of it.
    type Item: Output;

    /// The action that describes it.
    const ACTION: &'static str;
    /// The parameter with ids.
    const IDS: &'static str;
    /// The element around the items.
    const SET: &'static str;
    /// How many a page can have.
    const MAX_RESULTS: RangeInclusive<u32> = 5..=1000;
    /// Whether the action takes `MaxResults` and `NextToken`.
    const PAGED: bool = true;
    /// What it can be filtered by.
    const FIELDS: Fields<Model, Self>;
    /// Filters by which all that can match are found without a look at the others, the most telling first.
    const INDEXES: &'static [Index<Self>] = &[];
    /// The same for filters by a tag's value.
    const TAG_INDEX: Option<TagIndex<Self>> = None;

    /// Its id.
    fn id(&self) -> &Self::Id;

    /// One of them.
    fn find<'a>(model: &'a Model, id: &Self::Id) -> Option<&'a Self>;

    /// All of them.
    fn all(model: &Model) -> Vec<&Self>;

    /// The refusal when there is none of an id.
    fn missing(id: &Self::Id) -> ApiError;

    /// What is shown of it.
    fn item(&self, model: &Model, now: Timestamp) -> Self::Item;

    /// Writes what is shown of it.
    fn write(&self, model: &Model, now: Timestamp, xml: &mut Xml) {
        self.item(model, now).write(xml);
    }
}

/// Which resources a call asks for.
#[derive(Debug)]
pub(crate) struct Selection<R: Describable> {
    pub(crate) ids: Vec<R::Id>,
    filters: Filters,
    pub(crate) page: PageRequest,
}

impl<R: Describable> Selection<R> {
    /// Takes ids, filters, `MaxResults` and `NextToken`.
    pub(crate) fn decode(query: &mut Query) -> Result<Self, ApiError> {
        Ok(Self {
            ids: query.list(R::IDS)?,
            filters: Filters::decode(query)?,
            page: if R::PAGED { PageRequest::decode(query, R::MAX_RESULTS)? } else { PageRequest::default() },
        })
    }

    /// What the call is answered with. An id that is not there is an error; one that the filters leave
    /// out is not.
    pub(crate) fn listing(&self, model: &Model, now: Timestamp) -> Result<Listing<R::Item>, ApiError> {
        let mut asked: Vec<&R> = Vec::with_capacity(self.ids.len());
        for (at, id) in self.ids.iter().enumerate() {
            let found = R::find(model, id).ok_or_else(|| R::missing(id))?;
            if !self.ids[..at].contains(id) {
                asked.push(found);
            }
        }
        if self.ids.is_empty() {
            asked = self.indexed(model).unwrap_or_else(|| R::all(model));
        }
        let selected = self.filters.select(&R::FIELDS, model, asked)?;
        let page = self.page.page(selected, |resource| resource.id().to_string());
        // Each is written as soon as it is known, at its place in the reply: a list can have thousands.
        let written = Xml::fragment(|xml| {
            xml.list(R::SET, page.items, |xml, resource| resource.write(model, now, xml));
            xml.optional("nextToken", page.next_token);
        });
        Ok(Listing { written, of: PhantomData })
    }
}

impl<R: Describable> Selection<R> {
    /// All that can match, where an index knows. The filters still judge each.
    fn indexed<'a>(&self, model: &'a Model) -> Option<Vec<&'a R>> {
        let by_name = R::INDEXES.iter().find_map(|(name, find)| {
            let values = self.filters.exact(name)?;
            Some(values.iter().flat_map(|value| find(model, value)).collect::<Vec<_>>())
        });
        let by_tag = || {
            let (find, (key, values)) = (R::TAG_INDEX?, self.filters.exact_tag()?);
            Some(values.iter().flat_map(|value| find(model, key, value)).collect())
        };
        let mut found = by_name.or_else(by_tag)?;
        found.sort_unstable_by(|one, other| one.id().cmp(other.id()));
        found.dedup_by(|one, other| one.id() == other.id());
        Some(found)
    }
}

/// The Describe action of a resource.
#[derive(Debug)]
pub(crate) struct Describe<R: Describable>(Selection<R>);

impl<R: Describable> ReadOperation for Describe<R> {
    const ACTION: &'static str = R::ACTION;
    type Output = Listing<R::Item>;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        Selection::decode(query).map(Self)
    }

    fn run(self, model: &Model, now: Timestamp) -> Result<Self::Output, ApiError> {
        self.0.listing(model, now)
    }
}

/// The answer of a Describe action.
#[derive(Debug)]
pub(crate) struct Listing<T> {
    written: Vec<u8>,
    of: PhantomData<T>,
}

impl<T: Output> Output for Listing<T> {
    fn write(&self, xml: &mut Xml) {
        xml.raw(&self.written);
    }

    fn into_bytes(self) -> Vec<u8> {
        self.written
    }
}

/// The answer of a Create action: one item in an element.
#[derive(Debug)]
pub(crate) struct Single<T> {
    name: &'static str,
    pub(crate) item: T,
}

impl<T> Single<T> {
    /// An item in an element of a name.
    pub(crate) const fn new(name: &'static str, item: T) -> Self {
        Self { name, item }
    }
}

impl<T: Output> Output for Single<T> {
    fn write(&self, xml: &mut Xml) {
        xml.element(self.name, |xml| self.item.write(xml));
    }
}

/// A resource just made, as its Create action shows it in an element.
pub(crate) fn created<R: Describable>(
    name: &'static str,
    model: &Model,
    now: Timestamp,
    id: &R::Id,
) -> Result<Single<R::Item>, ApiError> {
    let resource = R::find(model, id).ok_or_else(|| R::missing(id))?;
    Ok(Single::new(name, resource.item(model, now)))
}
