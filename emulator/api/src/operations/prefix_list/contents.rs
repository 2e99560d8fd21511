//! What is in prefix lists and who refers to them: GetManagedPrefixListEntries, GetManagedPrefixListAssociations,
//! DescribePrefixLists.

use ipnet::IpNet;
use jiff::Timestamp;
use vpc_model::{AccountId, Model, PrefixList, PrefixListError, PrefixListId};

use crate::ApiError;
use crate::filter::{Fields, Filters};
use crate::operations::{Output, ReadOperation};
use crate::pagination::{Page, PageRequest};
use crate::query::Query;
use crate::xml::Xml;

fn find<'a>(model: &'a Model, id: &PrefixListId) -> Result<&'a PrefixList, ApiError> {
    model.prefix_list(id).ok_or_else(|| PrefixListError::NotFound(id.clone()).into())
}

#[derive(Debug)]
pub(super) struct GetManagedPrefixListEntries {
    id: PrefixListId,
    version: Option<u64>,
    page: PageRequest,
}

impl ReadOperation for GetManagedPrefixListEntries {
    const ACTION: &'static str = "GetManagedPrefixListEntries";
    type Output = Entries;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        let (id, version) = (query.required("PrefixListId")?, query.optional("TargetVersion")?);
        Ok(Self { id, version, page: PageRequest::decode(query, 1..=100)?.or_at_most(100) })
    }

    fn run(self, model: &Model, _: Timestamp) -> Result<Self::Output, ApiError> {
        let list = find(model, &self.id)?;
        let version = self.version.unwrap_or(list.version);
        let entries = list.versions.get(&version).ok_or(PrefixListError::VersionNotFound(version))?;
        // Numbered, so that pages keep the blocks' order.
        let numbered = entries.clone().into_iter().enumerate();
        Ok(Entries(self.page.page(numbered, |(at, _)| format!("{at:05}"))))
    }
}

#[derive(Debug)]
pub(super) struct Entries(Page<(usize, (IpNet, Option<String>))>);

impl Output for Entries {
    fn write(&self, xml: &mut Xml) {
        xml.list("entrySet", &self.0.items, |xml, (_, (block, description))| {
            xml.text("cidr", block);
            xml.optional("description", description.as_ref());
        });
        xml.optional("nextToken", self.0.next_token.as_ref());
    }
}

#[derive(Debug)]
pub(super) struct GetManagedPrefixListAssociations {
    id: PrefixListId,
    page: PageRequest,
}

impl ReadOperation for GetManagedPrefixListAssociations {
    const ACTION: &'static str = "GetManagedPrefixListAssociations";
    type Output = Associations;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        Ok(Self { id: query.required("PrefixListId")?, page: PageRequest::decode(query, 5..=255)? })
    }

    fn run(self, model: &Model, _: Timestamp) -> Result<Self::Output, ApiError> {
        find(model, &self.id)?;
        let groups = model.prefix_list_users(&self.id).into_iter().map(ToString::to_string);
        let tables = model.route_tables_with(&self.id).into_iter().map(ToString::to_string);
        let transit_tables = model.transit_tables_with(&self.id).into_iter().map(ToString::to_string);
        let users = groups.chain(tables).chain(transit_tables);
        Ok(Associations { owner: model.account().clone(), page: self.page.page(users, ToString::to_string) })
    }
}

#[derive(Debug)]
pub(super) struct Associations {
    owner: AccountId,
    page: Page<String>,
}

impl Output for Associations {
    fn write(&self, xml: &mut Xml) {
        xml.list("prefixListAssociationSet", &self.page.items, |xml, id| {
            xml.text("resourceId", id);
            xml.text("resourceOwner", &self.owner);
        });
        xml.optional("nextToken", self.page.next_token.as_ref());
    }
}

const SERVICE_FIELDS: Fields<Model, PrefixList> = Fields {
    by_name: &[
        ("prefix-list-id", |_, list| vec![list.id.to_string()]),
        ("prefix-list-name", |_, list| vec![list.name.clone()]),
    ],
    tags: None,
};

/// The older action, which knows AWS's lists only.
#[derive(Debug)]
pub(super) struct DescribePrefixLists {
    ids: Vec<PrefixListId>,
    filters: Filters,
    page: PageRequest,
}

impl ReadOperation for DescribePrefixLists {
    const ACTION: &'static str = "DescribePrefixLists";
    type Output = ServiceLists;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        let (ids, filters) = (query.list("PrefixListId")?, Filters::decode(query)?);
        Ok(Self { ids, filters, page: PageRequest::decode(query, 5..=1000)? })
    }

    fn run(self, model: &Model, _: Timestamp) -> Result<Self::Output, ApiError> {
        let is_known = |id: &&PrefixListId| model.prefix_list(id).is_some_and(|list| list.is_aws);
        if let Some(missing) = self.ids.iter().find(|id| !is_known(id)) {
            return Err(PrefixListError::NotFound(missing.clone()).into());
        }
        let lists = model.prefix_lists().filter(|list| list.is_aws);
        let asked = lists.filter(|list| self.ids.is_empty() || self.ids.contains(&list.id));
        let found = self.filters.select(&SERVICE_FIELDS, model, asked)?.into_iter().cloned();
        Ok(ServiceLists(self.page.page(found, |list| list.id.to_string())))
    }
}

#[derive(Debug)]
pub(super) struct ServiceLists(Page<PrefixList>);

impl Output for ServiceLists {
    fn write(&self, xml: &mut Xml) {
        xml.list("prefixListSet", &self.0.items, |xml, list| {
            xml.texts("cidrSet", list.entries().keys());
            xml.text("prefixListId", &list.id);
            xml.text("prefixListName", &list.name);
        });
        xml.optional("nextToken", self.0.next_token.as_ref());
    }
}
