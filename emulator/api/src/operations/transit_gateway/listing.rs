//! What actions share that list something about one resource: filters and pages in, rows out.

use std::fmt;

use jiff::Timestamp;
use vpc_model::Model;

use crate::ApiError;
use crate::filter::{Fields, Filters};
use crate::operations::describe::Single;
use crate::operations::{Output, ReadOperation};
use crate::pagination::{Page, PageRequest};
use crate::query::Query;
use crate::xml::Xml;

/// What an action lists.
pub(super) trait Listed: fmt::Debug + Clone + Sized + 'static {
    /// What the list is about.
    type About: fmt::Debug + 'static;

    /// The action's name.
    const ACTION: &'static str;
    /// The element around the rows.
    const SET: &'static str;
    /// What rows can be filtered by.
    const FIELDS: Fields<Model, Self>;

    /// Takes what the list is about.
    fn decode(query: &mut Query) -> Result<Self::About, ApiError>;

    /// All rows.
    fn rows(model: &Model, about: &Self::About) -> Result<Vec<Self>, ApiError>;

    /// What tells a row from the others.
    fn key(&self) -> String;

    /// Writes a row.
    fn write(&self, xml: &mut Xml);
}

/// A row as the only thing in the answer of another action.
#[derive(Debug)]
pub(crate) struct Row<L>(L);

impl<L: Listed> Output for Row<L> {
    fn write(&self, xml: &mut Xml) {
        self.0.write(xml);
    }
}

/// The row of something that there is one of, in an element.
pub(super) fn only<L: Listed>(name: &'static str, model: &Model, about: &L::About) -> Result<Single<Row<L>>, ApiError> {
    let row = L::rows(model, about)?.pop().expect("what is not there is refused");
    Ok(Single::new(name, Row(row)))
}

/// A call of such an action.
#[derive(Debug)]
pub(super) struct List<L: Listed> {
    about: L::About,
    filters: Filters,
    page: PageRequest,
}

impl<L: Listed> ReadOperation for List<L> {
    const ACTION: &'static str = L::ACTION;
    type Output = Rows<L>;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        Ok(Self {
            about: L::decode(query)?,
            filters: Filters::decode(query)?,
            page: PageRequest::decode(query, 5..=1000)?,
        })
    }

    fn run(self, model: &Model, _: Timestamp) -> Result<Self::Output, ApiError> {
        let rows = L::rows(model, &self.about)?;
        let found = self.filters.select(&L::FIELDS, model, &rows)?;
        Ok(Rows(self.page.page(found.into_iter().cloned(), L::key)))
    }
}

/// The answer of such an action.
#[derive(Debug)]
pub(super) struct Rows<L>(Page<L>);

impl<L: Listed> Output for Rows<L> {
    fn write(&self, xml: &mut Xml) {
        xml.list(L::SET, &self.0.items, |xml, row| row.write(xml));
        xml.optional("nextToken", self.0.next_token.as_ref());
    }
}
