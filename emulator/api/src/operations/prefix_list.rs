//! Managed prefix lists: CreateManagedPrefixList, ModifyManagedPrefixList, RestoreManagedPrefixListVersion,
//! DeleteManagedPrefixList, DescribeManagedPrefixLists here; what else can be read of them in the submodule.

mod contents;
#[cfg(test)]
mod tests;

use std::ops::RangeInclusive;

use ipnet::IpNet;
use jiff::Timestamp;
use vpc_model::{Context, Model, NewPrefixList, PrefixList, PrefixListChange, PrefixListError, PrefixListId, Tags};

use super::describe::{Describable, Describe, Single, created};
use super::{Action, Operation, Output, read, write};
use crate::filter::Fields;
use crate::query::Query;
use crate::xml::Xml;
use crate::{ApiError, tag_specification};

pub(crate) const ACTIONS: &[Action] = &[
    write::<CreateManagedPrefixList>(),
    write::<ModifyManagedPrefixList>(),
    write::<RestoreManagedPrefixListVersion>(),
    write::<DeleteManagedPrefixList>(),
    read::<Describe<PrefixList>>(),
    read::<contents::GetManagedPrefixListEntries>(),
    read::<contents::GetManagedPrefixListAssociations>(),
    read::<contents::DescribePrefixLists>(),
];

impl Describable for PrefixList {
    type Id = PrefixListId;
    type Item = ListItem;

    const ACTION: &'static str = "DescribeManagedPrefixLists";
    const IDS: &'static str = "PrefixListId";
    const SET: &'static str = "prefixListSet";
    const MAX_RESULTS: RangeInclusive<u32> = 1..=100;
    const FIELDS: Fields<Model, Self> = Fields {
        by_name: &[
            ("owner-id", |model, list| vec![owner(model, list)]),
            ("prefix-list-id", |_, list| vec![list.id.to_string()]),
            ("prefix-list-name", |_, list| vec![list.name.clone()]),
        ],
        tags: Some(|list| &list.tags),
    };

    fn id(&self) -> &PrefixListId {
        &self.id
    }

    fn find<'a>(model: &'a Model, id: &PrefixListId) -> Option<&'a Self> {
        model.prefix_list(id)
    }

    fn all(model: &Model) -> Vec<&Self> {
        model.prefix_lists().collect()
    }

    fn missing(id: &PrefixListId) -> ApiError {
        PrefixListError::NotFound(id.clone()).into()
    }

    fn item(&self, model: &Model, _: Timestamp) -> ListItem {
        let account = if self.is_aws { "aws".to_owned() } else { model.account().to_string() };
        let arn = format!("arn:aws:ec2:{}:{account}:prefix-list/{}", model.region(), self.id);
        ListItem { owner: owner(model, self), arn, list: self.clone() }
    }
}

fn owner(model: &Model, list: &PrefixList) -> String {
    if list.is_aws { "AWS".to_owned() } else { model.account().to_string() }
}

/// A list as replies show it; of AWS's own they show neither size nor version.
#[derive(Debug)]
pub(crate) struct ListItem {
    owner: String,
    arn: String,
    list: PrefixList,
}

impl Output for ListItem {
    fn write(&self, xml: &mut Xml) {
        let list = &self.list;
        xml.text("prefixListId", &list.id);
        xml.text("addressFamily", if list.is_ipv6 { "IPv6" } else { "IPv4" });
        xml.text("state", list.state());
        xml.optional("stateMessage", list.failure.as_ref());
        xml.text("prefixListArn", &self.arn);
        xml.text("prefixListName", &list.name);
        xml.optional("maxEntries", (!list.is_aws).then_some(list.max_entries));
        xml.optional("version", (!list.is_aws).then_some(list.version));
        xml.tags(&list.tags);
        xml.text("ownerId", &self.owner);
    }
}

fn entries(query: &mut Query, name: &str) -> Result<Vec<(IpNet, Option<String>)>, ApiError> {
    query.structs(name, |entry| Ok((entry.required("Cidr")?, entry.optional("Description")?)))
}

fn family(text: &str) -> Result<bool, ApiError> {
    match text {
        "IPv4" => Ok(false),
        "IPv6" => Ok(true),
        _ => Err(ApiError::invalid("AddressFamily", text, "Expected one of: IPv4 IPv6")),
    }
}

#[derive(Debug)]
struct CreateManagedPrefixList(NewPrefixList);

impl Operation for CreateManagedPrefixList {
    const ACTION: &'static str = "CreateManagedPrefixList";
    const CLIENT_TOKEN: bool = true;
    type Output = Single<ListItem>;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        let tags: Tags = tag_specification::decode_one(query, &["prefix-list"])?;
        Ok(Self(NewPrefixList {
            name: query.required("PrefixListName")?,
            is_ipv6: family(&query.required::<String>("AddressFamily")?)?,
            max_entries: query.required("MaxEntries")?,
            entries: entries(query, "Entry")?,
            tags,
        }))
    }

    fn run(self, model: &mut Model, cx: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        let id = model.create_prefix_list(cx, self.0)?;
        created::<PrefixList>("prefixList", model, cx.now, &id)
    }
}

#[derive(Debug)]
struct ModifyManagedPrefixList {
    id: PrefixListId,
    change: PrefixListChange,
}

impl Operation for ModifyManagedPrefixList {
    const ACTION: &'static str = "ModifyManagedPrefixList";
    type Output = Single<ListItem>;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        // Without IPAM no list is kept by a resolver.
        query.refuse_flag("IpamPrefixListResolverSyncEnabled")?;
        let id = query.required("PrefixListId")?;
        let change = PrefixListChange {
            current_version: query.optional("CurrentVersion")?,
            name: query.optional("PrefixListName")?,
            max_entries: query.optional("MaxEntries")?,
            add: entries(query, "AddEntry")?,
            remove: query.structs("RemoveEntry", |entry| entry.required("Cidr"))?,
        };
        Ok(Self { id, change })
    }

    fn run(self, model: &mut Model, cx: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        model.modify_prefix_list(cx, &self.id, self.change)?;
        created::<PrefixList>("prefixList", model, cx.now, &self.id)
    }
}

#[derive(Debug)]
struct RestoreManagedPrefixListVersion {
    id: PrefixListId,
    previous: u64,
    current: u64,
}

impl Operation for RestoreManagedPrefixListVersion {
    const ACTION: &'static str = "RestoreManagedPrefixListVersion";
    type Output = Single<ListItem>;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        let (previous, current) = (query.required("PreviousVersion")?, query.required("CurrentVersion")?);
        Ok(Self { id: query.required("PrefixListId")?, previous, current })
    }

    fn run(self, model: &mut Model, cx: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        model.restore_prefix_list(cx, &self.id, self.previous, self.current)?;
        created::<PrefixList>("prefixList", model, cx.now, &self.id)
    }
}

#[derive(Debug)]
struct DeleteManagedPrefixList {
    id: PrefixListId,
}

impl Operation for DeleteManagedPrefixList {
    const ACTION: &'static str = "DeleteManagedPrefixList";
    type Output = Single<ListItem>;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        Ok(Self { id: query.required("PrefixListId")? })
    }

    fn run(self, model: &mut Model, cx: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        model.delete_prefix_list(cx, &self.id)?;
        created::<PrefixList>("prefixList", model, cx.now, &self.id)
    }
}
