//! Auto Scaling groups that somebody told the emulator of, as JSON.

use std::collections::BTreeMap;

use ec2_api::ApiError;
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use vpc_model::auto_scaling::{DEFAULT_COOLDOWN, GroupSize, GroupTemplate, NewAutoScalingGroup};
use vpc_model::launch_template::{TemplateName, VersionChoice};
use vpc_model::{AutoScalingGroup, Context, Model, ResourceId};

/// What is told of a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Group {
    /// How many instances it has at least.
    #[serde(default)]
    pub min_size: u32,
    /// How many it has at most; without, as many as are desired.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_size: Option<u32>,
    /// How many it is to have; without, as many as it is told to have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub desired_capacity: Option<u32>,
    /// What it launches; without, its instances are somebody else's and only the figures change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub launch_template: Option<Template>,
    /// Where it launches.
    #[serde(default)]
    pub subnet_ids: Vec<String>,
    /// Its tags, which its instances get too.
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
    /// The keys of tags that its instances do not get.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub own_tags: Vec<String>,
    /// Whether what it launches is protected from scale-in.
    #[serde(default)]
    pub new_instances_protected_from_scale_in: bool,
    /// How many seconds it rests after somebody changed how many instances it has.
    #[serde(default = "default_cooldown")]
    pub default_cooldown: u32,
    /// Its instances.
    #[serde(default)]
    pub instances: Vec<Member>,
}

/// What a group launches.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Template {
    /// The template's id, or its name.
    pub template: String,
    /// The version's number, `$Latest` or `$Default`.
    #[serde(default = "default_version")]
    pub version: String,
}

fn default_cooldown() -> u32 {
    DEFAULT_COOLDOWN.as_secs().try_into().unwrap_or_default()
}

fn default_version() -> String {
    "$Default".to_owned()
}

/// An instance of a group: its id, or that and more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
pub enum Member {
    /// The instance's id.
    Id(String),
    /// The same with what else is known.
    #[serde(rename_all = "camelCase")]
    Known {
        /// The instance's id.
        instance_id: String,
        /// Whether it stays when the group shrinks.
        #[serde(default)]
        protected_from_scale_in: bool,
    },
}

/// Why a group cannot be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum GroupError {
    #[error("{0:?} is not an id of the kind that is wanted there")]
    Id(String),
    #[error("{0:?} is not a version of a launch template")]
    Version(String),
    #[error("{}", .0.message())]
    Refused(ApiError),
}

impl Group {
    /// What is to be told of a group that is there.
    pub(crate) fn of(group: &AutoScalingGroup) -> Self {
        let member = |member: &vpc_model::auto_scaling::GroupMember| Member::Known {
            instance_id: member.instance_id.to_string(),
            protected_from_scale_in: member.is_protected,
        };
        let own = group.tags.keys().filter(|key| !group.propagated.contains(*key));
        Self {
            min_size: group.size.min,
            max_size: Some(group.size.max),
            desired_capacity: Some(group.size.desired),
            launch_template: group.template.as_ref().map(Template::of),
            subnet_ids: group.subnets.iter().map(ToString::to_string).collect(),
            tags: group.tags.iter().map(|(key, value)| (key.clone(), value.clone())).collect(),
            own_tags: own.cloned().collect(),
            new_instances_protected_from_scale_in: group.protects_new,
            default_cooldown: group.cooldown.as_secs().try_into().unwrap_or(u32::MAX),
            instances: group.members.iter().map(member).collect(),
        }
    }

    /// Makes a model know the group, or know it anew.
    pub(crate) fn apply(&self, name: &str, model: &mut Model, cx: &mut Context<'_>) -> Result<(), GroupError> {
        ec2_api::put_auto_scaling_group(model, cx, self.read(name)?).map_err(GroupError::Refused)
    }

    fn read(&self, name: &str) -> Result<NewAutoScalingGroup, GroupError> {
        let members: Vec<_> = self.instances.iter().map(Member::read).collect::<Result<_, _>>()?;
        let desired = self.desired_capacity.unwrap_or_else(|| self.min_size.max(members.len() as u32));
        let is_own = |key: &&String| self.own_tags.contains(key);
        Ok(NewAutoScalingGroup {
            name: name.to_owned(),
            size: GroupSize { min: self.min_size, max: self.max_size.unwrap_or(desired), desired },
            template: self.launch_template.as_ref().map(Template::read).transpose()?,
            subnets: self.subnet_ids.iter().map(|id| parse(id)).collect::<Result<_, _>>()?,
            propagated: self.tags.keys().filter(|key| !is_own(key)).cloned().collect(),
            tags: self.tags.iter().map(|(key, value)| (key.clone(), value.clone())).collect(),
            protects_new: self.new_instances_protected_from_scale_in,
            cooldown: SignedDuration::from_secs(self.default_cooldown.into()),
            members,
        })
    }
}

impl Template {
    fn of(template: &GroupTemplate) -> Self {
        let name = match &template.name {
            TemplateName::Id(id) => id.to_string(),
            TemplateName::Name(name) => name.clone(),
        };
        let version = match template.version {
            VersionChoice::Default => default_version(),
            VersionChoice::Latest => "$Latest".to_owned(),
            VersionChoice::Number(number) => number.to_string(),
        };
        Self { template: name, version }
    }

    fn read(&self) -> Result<GroupTemplate, GroupError> {
        let name = self.template.parse().map_or_else(|_| TemplateName::Name(self.template.clone()), TemplateName::Id);
        let version = match self.version.as_str() {
            "$Default" => VersionChoice::Default,
            "$Latest" => VersionChoice::Latest,
            number => VersionChoice::Number(number.parse().map_err(|_| GroupError::Version(number.to_owned()))?),
        };
        Ok(GroupTemplate { name, version })
    }
}

impl Member {
    fn read(&self) -> Result<(vpc_model::InstanceId, bool), GroupError> {
        match self {
            Self::Id(id) => Ok((parse(id)?, false)),
            Self::Known { instance_id, protected_from_scale_in } => Ok((parse(instance_id)?, *protected_from_scale_in)),
        }
    }
}

fn parse<T: ResourceId>(id: &str) -> Result<T, GroupError> {
    id.parse().map_err(|_| GroupError::Id(id.to_owned()))
}
