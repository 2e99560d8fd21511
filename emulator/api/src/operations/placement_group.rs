//! Placement groups: CreatePlacementGroup, DescribePlacementGroups, DeletePlacementGroup.

#[cfg(test)]
mod tests;

use jiff::Timestamp;
use vpc_model::{Context, Model, PlacementGroup, PlacementGroupError, PlacementGroupId, PlacementStrategy, Tags};

use super::{Action, Done, Operation, Output, ReadOperation, read, write};
use crate::filter::{Fields, Filters};
use crate::query::{Query, values};
use crate::xml::Xml;
use crate::{ApiError, tag_specification};

pub(crate) const ACTIONS: &[Action] =
    &[write::<CreatePlacementGroup>(), write::<DeletePlacementGroup>(), read::<DescribePlacementGroups>()];

/// How many partitions a group has unless it is said.
const DEFAULT_PARTITIONS: u32 = 2;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Strategy {
    Cluster,
    Spread,
    Partition,
    PrecisionTime,
}

values! {
    Strategy { Cluster "cluster", Spread "spread", Partition "partition", PrecisionTime "precision-time" }
}

const FIELDS: Fields<Model, PlacementGroup> = Fields {
    by_name: &[
        ("group-arn", |model, group| vec![arn(model, group)]),
        ("group-name", |_, group| vec![group.name.clone()]),
        ("spread-level", |_, group| spread_level(group).into_iter().map(str::to_owned).collect()),
        ("state", |_, _| vec!["available".to_owned()]),
        ("strategy", |_, group| vec![group.strategy.to_string()]),
    ],
    tags: Some(|group| &group.tags),
};

fn arn(model: &Model, group: &PlacementGroup) -> String {
    format!("arn:aws:ec2:{}:{}:placement-group/{}", model.region(), model.account(), group.name)
}

/// Without Outposts, what is spread is spread over racks.
fn spread_level(group: &PlacementGroup) -> Option<&'static str> {
    (group.strategy == PlacementStrategy::Spread).then_some("rack")
}

/// A group as replies show it.
#[derive(Debug)]
struct GroupItem {
    group: PlacementGroup,
    arn: String,
}

impl GroupItem {
    fn of(model: &Model, group: &PlacementGroup) -> Self {
        Self { group: group.clone(), arn: arn(model, group) }
    }
}

impl Output for GroupItem {
    fn write(&self, xml: &mut Xml) {
        let group = &self.group;
        xml.text("groupName", &group.name);
        xml.text("state", "available");
        xml.text("strategy", group.strategy);
        xml.optional("partitionCount", group.strategy.partitions());
        xml.text("groupId", &group.id);
        xml.tags(&group.tags);
        xml.text("groupArn", &self.arn);
        xml.optional("spreadLevel", spread_level(group));
        xml.optional("parentGroupId", group.parent.as_ref());
        xml.element("operator", |xml| xml.text("managed", false));
    }
}

#[derive(Debug)]
struct CreatePlacementGroup {
    name: String,
    strategy: PlacementStrategy,
    parent: Option<PlacementGroupId>,
    tags: Tags,
}

impl Operation for CreatePlacementGroup {
    const ACTION: &'static str = "CreatePlacementGroup";
    type Output = Created;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        // The first is for the future, the other for AWS's own services.
        query.refuse_unsupported(&["LinkedGroupId", "Operator"])?;
        let strategy = query.or("Strategy", Strategy::Cluster)?;
        let partitions: Option<u32> = query.optional("PartitionCount")?;
        if partitions.is_some() && strategy != Strategy::Partition {
            return Err(ApiError::combination("PartitionCount may only be specified with the strategy 'partition'"));
        }
        let level: Option<String> = query.optional("SpreadLevel")?;
        match level.as_deref() {
            None => {}
            Some("rack") if strategy == Strategy::Spread => {}
            Some("rack") => {
                return Err(ApiError::combination("SpreadLevel may only be specified with the strategy 'spread'"));
            }
            Some("host") => return Err(ApiError::unsupported("SpreadLevel host")),
            Some(other) => return Err(ApiError::invalid("SpreadLevel", other, "Expected one of: host rack")),
        }
        let strategy = match strategy {
            Strategy::Cluster => PlacementStrategy::Cluster,
            Strategy::Spread => PlacementStrategy::Spread,
            Strategy::Partition => PlacementStrategy::Partition(partitions.unwrap_or(DEFAULT_PARTITIONS)),
            Strategy::PrecisionTime => PlacementStrategy::PrecisionTime,
        };
        let tags = tag_specification::decode_one(query, &["placement-group"])?;
        Ok(Self { name: query.required("GroupName")?, strategy, parent: query.optional("ParentGroupId")?, tags })
    }

    fn run(self, model: &mut Model, cx: &mut Context<'_>) -> Result<Created, ApiError> {
        let id = model.create_placement_group(cx, self.name, self.strategy, self.parent, self.tags)?;
        Ok(Created(GroupItem::of(model, model.placement_group(&id).expect("it was just made"))))
    }
}

/// `<placementGroup>`.
#[derive(Debug)]
struct Created(GroupItem);

impl Output for Created {
    fn write(&self, xml: &mut Xml) {
        xml.text("return", true);
        xml.element("placementGroup", |xml| self.0.write(xml));
    }
}

#[derive(Debug)]
struct DeletePlacementGroup {
    name: String,
}

impl Operation for DeletePlacementGroup {
    const ACTION: &'static str = "DeletePlacementGroup";
    type Output = Done;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        Ok(Self { name: query.required("GroupName")? })
    }

    fn run(self, model: &mut Model, _: &mut Context<'_>) -> Result<Done, ApiError> {
        // A group of one's own can be called by its id as well.
        let by_id = self.name.parse().ok().and_then(|id: PlacementGroupId| model.placement_group(&id));
        let name = by_id.map_or(self.name.clone(), |group| group.name.clone());
        model.delete_placement_group(&name)?;
        Ok(Done)
    }
}

#[derive(Debug)]
struct DescribePlacementGroups {
    ids: Vec<String>,
    names: Vec<String>,
    filters: Filters,
}

impl ReadOperation for DescribePlacementGroups {
    const ACTION: &'static str = "DescribePlacementGroups";
    type Output = Groups;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        let ids: Vec<PlacementGroupId> = query.list("GroupId")?;
        let ids = ids.iter().map(ToString::to_string).collect();
        Ok(Self { ids, names: query.list("GroupName")?, filters: Filters::decode(query)? })
    }

    fn run(self, model: &Model, _: Timestamp) -> Result<Groups, ApiError> {
        let is_meant = |group: &PlacementGroup, text: &String| group.id.as_str() == text || group.name == *text;
        let texts: Vec<&String> = self.ids.iter().chain(&self.names).collect();
        if let Some(missing) = texts.iter().find(|text| !model.placement_groups().any(|group| is_meant(group, text))) {
            return Err(PlacementGroupError::NotFound((*missing).clone()).into());
        }
        let is_asked = |group: &&PlacementGroup| texts.is_empty() || texts.iter().any(|text| is_meant(group, text));
        let found = self.filters.select(&FIELDS, model, model.placement_groups().filter(is_asked))?;
        Ok(Groups(found.into_iter().map(|group| GroupItem::of(model, group)).collect()))
    }
}

#[derive(Debug)]
struct Groups(Vec<GroupItem>);

impl Output for Groups {
    fn write(&self, xml: &mut Xml) {
        xml.list("placementGroupSet", &self.0, |xml, group| group.write(xml));
    }
}
