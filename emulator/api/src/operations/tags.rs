//! Tags: CreateTags, DeleteTags, DescribeTags.

use std::collections::BTreeSet;

use jiff::Timestamp;
use vpc_model::tags::{self, Tagged};
use vpc_model::{Context, Model, Tags};

use super::{Action, Done, Operation, Output, ReadOperation, read, write};
use crate::filter::{Fields, Filters};
use crate::pagination::{Page, PageRequest};
use crate::query::Query;
use crate::xml::Xml;
use crate::{ApiError, Code, tag_specification};

pub(crate) const ACTIONS: &[Action] = &[write::<CreateTags>(), write::<DeleteTags>(), read::<DescribeTags>()];

/// How many resources a call can tag.
const MAX_RESOURCES: usize = 1000;

fn resource_ids(query: &mut Query) -> Result<Vec<String>, ApiError> {
    let ids = query.required_list("ResourceId")?;
    if ids.len() > MAX_RESOURCES {
        return Err(ApiError::new(
            Code::INVALID_PARAMETER_VALUE,
            format!("A call can have at most {MAX_RESOURCES} resource IDs"),
        ));
    }
    Ok(ids)
}

#[derive(Debug)]
struct CreateTags {
    resource_ids: Vec<String>,
    tags: Tags,
}

impl Operation for CreateTags {
    const ACTION: &'static str = "CreateTags";
    type Output = Done;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        let resource_ids = resource_ids(query)?;
        let tags = tags::from_pairs(tag_specification::pairs(query)?)?;
        if tags.is_empty() { Err(ApiError::missing("Tag")) } else { Ok(Self { resource_ids, tags }) }
    }

    fn run(self, model: &mut Model, _: &mut Context<'_>) -> Result<Done, ApiError> {
        model.create_tags(&self.resource_ids, &self.tags)?;
        Ok(Done)
    }
}

#[derive(Debug)]
struct DeleteTags {
    resource_ids: Vec<String>,
    named: Vec<(String, Option<String>)>,
}

impl Operation for DeleteTags {
    const ACTION: &'static str = "DeleteTags";
    type Output = Done;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        let resource_ids = resource_ids(query)?;
        let named = query.structs("Tag", |tag| Ok((tag.required("Key")?, tag.optional("Value")?)))?;
        Ok(Self { resource_ids, named })
    }

    fn run(self, model: &mut Model, _: &mut Context<'_>) -> Result<Done, ApiError> {
        model.delete_tags(&self.resource_ids, &self.named)?;
        Ok(Done)
    }
}

#[derive(Debug)]
struct DescribeTags {
    filters: Filters,
    page: PageRequest,
}

/// One tag of one resource.
#[derive(Debug, Clone)]
struct TagItem {
    resource_id: String,
    resource_type: &'static str,
    /// The tag alone, so that the filter `tag:<key>` looks at key and value together.
    tag: Tags,
}

const FIELDS: Fields<Model, TagItem> = Fields {
    by_name: &[
        ("key", |_, item| item.tag.keys().cloned().collect()),
        ("resource-id", |_, item| vec![item.resource_id.clone()]),
        ("resource-type", |_, item| vec![item.resource_type.to_owned()]),
        ("value", |_, item| item.tag.values().cloned().collect()),
    ],
    tags: Some(|item| &item.tag),
};

impl ReadOperation for DescribeTags {
    const ACTION: &'static str = "DescribeTags";
    type Output = DescribeTagsOutput;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        Ok(Self { filters: Filters::decode(query)?, page: PageRequest::decode(query, 5..=1000)? })
    }

    fn run(self, model: &Model, _: Timestamp) -> Result<Self::Output, ApiError> {
        let named = self.filters.exact("resource-id").map(|ids| ids.into_iter().collect::<BTreeSet<_>>());
        let resources: Vec<(&str, Tagged<'_>)> = match &named {
            Some(ids) => ids.iter().filter_map(|id| Some((*id, model.tagged_resource(id)?))).collect(),
            None => model.tagged_resources().collect(),
        };
        let mut all = Vec::new();
        for (id, tagged) in resources {
            all.extend(tagged.tags.iter().map(|(key, value)| TagItem {
                resource_id: id.to_owned(),
                resource_type: tagged.kind,
                tag: Tags::from([(key.clone(), value.clone())]),
            }));
        }
        let found = self.filters.select(&FIELDS, model, &all)?.into_iter().cloned();
        let key = |item: &TagItem| format!("{} {:?}", item.resource_id, item.tag.keys().next());
        Ok(DescribeTagsOutput { page: self.page.page(found, key) })
    }
}

#[derive(Debug)]
struct DescribeTagsOutput {
    page: Page<TagItem>,
}

impl Output for DescribeTagsOutput {
    fn write(&self, xml: &mut Xml) {
        let tags = self.page.items.iter().flat_map(|item| item.tag.iter().map(move |tag| (item, tag)));
        xml.list("tagSet", tags, |xml, (item, (key, value))| {
            xml.text("resourceId", &item.resource_id);
            xml.text("resourceType", item.resource_type);
            xml.text("key", key);
            xml.text("value", value);
        });
        xml.optional("nextToken", self.page.next_token.as_ref());
    }
}

#[cfg(test)]
mod tests;
