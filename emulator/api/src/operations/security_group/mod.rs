//! Security groups: making, deleting and describing them here, their rules in the submodules.

mod permission;
mod reference;
mod rule;
mod rule_change;
#[cfg(test)]
mod tests;
mod vpc_association;

use jiff::Timestamp;
use vpc_model::{
    AccountId, Context, Direction, Model, RulePeer, SecurityGroup, SecurityGroupError, SecurityGroupId,
    SecurityGroupRule, Tags, VpcError, VpcId,
};

use super::describe::{Describable, Index, Listing, Selection};
use super::{Action, Operation, Output, ReadOperation, read, write};
use crate::filter::{Fields, Filters};
use crate::pagination::{Page, PageRequest};
use crate::query::Query;
use crate::xml::Xml;
use crate::{ApiError, Code, tag_specification};

pub(crate) const ACTIONS: &[Action] = &[
    write::<CreateSecurityGroup>(),
    write::<DeleteSecurityGroup>(),
    read::<DescribeSecurityGroups>(),
    read::<GetSecurityGroupsForVpc>(),
    read::<reference::DescribeSecurityGroupReferences>(),
    read::<reference::DescribeStaleSecurityGroups>(),
    write::<vpc_association::AssociateSecurityGroupVpc>(),
    write::<vpc_association::DisassociateSecurityGroupVpc>(),
    read::<vpc_association::DescribeSecurityGroupVpcAssociations>(),
    read::<rule::DescribeSecurityGroupRules>(),
    write::<rule::AuthorizeSecurityGroupIngress>(),
    write::<rule::AuthorizeSecurityGroupEgress>(),
    write::<rule::RevokeSecurityGroupIngress>(),
    write::<rule::RevokeSecurityGroupEgress>(),
    write::<rule_change::ModifySecurityGroupRules>(),
    write::<rule_change::UpdateSecurityGroupRuleDescriptionsIngress>(),
    write::<rule_change::UpdateSecurityGroupRuleDescriptionsEgress>(),
];

/// How a call names a group: by its id, or by its name in the default VPC.
#[derive(Debug, Clone)]
enum GroupName {
    Id(SecurityGroupId),
    Name(String),
}

impl GroupName {
    /// Takes `GroupId` or `GroupName`.
    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        let (id, name) = (query.optional("GroupId")?, query.optional("GroupName")?);
        match (id, name) {
            // With both, EC2 goes by the id.
            (Some(id), _) => Ok(Self::Id(id)),
            (None, Some(name)) => Ok(Self::Name(name)),
            (None, None) => Err(ApiError::missing("groupName or groupId")),
        }
    }

    /// The group, as the model has it.
    fn find(self, model: &Model) -> Result<&SecurityGroup, ApiError> {
        match self {
            Self::Id(id) => Ok(model.security_group(&id).ok_or(SecurityGroupError::NotFound(id))?),
            Self::Name(name) => find_by_name(model, &default_vpc(model)?, &name),
        }
    }
}

fn find_by_name<'a>(model: &'a Model, vpc_id: &VpcId, name: &str) -> Result<&'a SecurityGroup, ApiError> {
    model.security_group_by_name(vpc_id, name).ok_or_else(|| {
        let kind = if model.vpc(vpc_id).is_some_and(|vpc| vpc.is_default) { "default VPC" } else { "VPC" };
        let message = format!("The security group '{name}' does not exist in {kind} '{vpc_id}'");
        ApiError::new(Code::INVALID_GROUP_NOT_FOUND, message)
    })
}

fn default_vpc(model: &Model) -> Result<VpcId, ApiError> {
    let none = || ApiError::new(Code::VPC_ID_NOT_SPECIFIED, "No default VPC for this user");
    model.default_vpc().map(|vpc| vpc.id.clone()).ok_or_else(none)
}

fn arn(model: &Model, id: &SecurityGroupId) -> String {
    format!("arn:aws:ec2:{}:{}:security-group/{id}", model.region(), model.account())
}

#[derive(Debug)]
struct CreateSecurityGroup {
    vpc_id: Option<VpcId>,
    name: String,
    description: String,
    tags: Tags,
}

impl Operation for CreateSecurityGroup {
    const ACTION: &'static str = "CreateSecurityGroup";
    type Output = CreateSecurityGroupOutput;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        Ok(Self {
            vpc_id: query.optional("VpcId")?,
            name: query.required("GroupName")?,
            description: query.required("GroupDescription")?,
            tags: tag_specification::decode_one(query, &["security-group"])?,
        })
    }

    fn run(self, model: &mut Model, cx: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        let vpc_id = self.vpc_id.map_or_else(|| default_vpc(model), Ok)?;
        let tags = self.tags.clone();
        let id = model.create_security_group(cx, &vpc_id, &self.name, &self.description, self.tags)?;
        Ok(CreateSecurityGroupOutput { arn: arn(model, &id), id, tags })
    }
}

#[derive(Debug)]
struct CreateSecurityGroupOutput {
    id: SecurityGroupId,
    arn: String,
    tags: Tags,
}

impl Output for CreateSecurityGroupOutput {
    fn write(&self, xml: &mut Xml) {
        xml.text("return", true);
        xml.text("groupId", &self.id);
        xml.tags(&self.tags);
        xml.text("securityGroupArn", &self.arn);
    }
}

#[derive(Debug)]
struct DeleteSecurityGroup {
    group: GroupName,
}

impl Operation for DeleteSecurityGroup {
    const ACTION: &'static str = "DeleteSecurityGroup";
    type Output = DeleteSecurityGroupOutput;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        Ok(Self { group: GroupName::decode(query)? })
    }

    fn run(self, model: &mut Model, _: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        let id = self.group.find(model)?.id.clone();
        model.delete_security_group(&id)?;
        Ok(DeleteSecurityGroupOutput { id })
    }
}

#[derive(Debug)]
struct DeleteSecurityGroupOutput {
    id: SecurityGroupId,
}

impl Output for DeleteSecurityGroupOutput {
    fn write(&self, xml: &mut Xml) {
        xml.text("return", true);
        xml.text("groupId", &self.id);
    }
}

#[derive(Debug)]
struct DescribeSecurityGroups {
    names: Vec<String>,
    selection: Selection<SecurityGroup>,
}

impl ReadOperation for DescribeSecurityGroups {
    const ACTION: &'static str = SecurityGroup::ACTION;
    type Output = Listing<GroupItem>;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        let (names, selection) = (query.list("GroupName")?, Selection::decode(query)?);
        selection.page.not_with_ids("groupIds", selection.ids.len())?;
        Ok(Self { names, selection })
    }

    fn run(mut self, model: &Model, now: Timestamp) -> Result<Self::Output, ApiError> {
        for name in self.names {
            self.selection.ids.push(find_by_name(model, &default_vpc(model)?, &name)?.id.clone());
        }
        self.selection.listing(model, now)
    }
}

impl Describable for SecurityGroup {
    type Id = SecurityGroupId;
    type Item = GroupItem;

    const ACTION: &'static str = "DescribeSecurityGroups";
    const IDS: &'static str = "GroupId";
    const SET: &'static str = "securityGroupInfo";
    const FIELDS: Fields<Model, Self> = Fields {
        by_name: &[
            ("description", |_, group| vec![group.description.clone()]),
            ("egress.ip-permission.cidr", |_, group| rules(group, Direction::Egress, ipv4_of)),
            ("egress.ip-permission.from-port", |_, group| rules(group, Direction::Egress, from_of)),
            ("egress.ip-permission.group-id", |_, group| rules(group, Direction::Egress, group_of)),
            ("egress.ip-permission.group-name", |model, group| group_names(model, group, Direction::Egress)),
            ("egress.ip-permission.ipv6-cidr", |_, group| rules(group, Direction::Egress, ipv6_of)),
            ("egress.ip-permission.prefix-list-id", |_, group| rules(group, Direction::Egress, prefix_list_of)),
            ("egress.ip-permission.protocol", |_, group| rules(group, Direction::Egress, protocol_of)),
            ("egress.ip-permission.to-port", |_, group| rules(group, Direction::Egress, to_of)),
            ("egress.ip-permission.user-id", |model, group| user_ids(model, group, Direction::Egress)),
            ("group-id", |_, group| vec![group.id.to_string()]),
            ("group-name", |_, group| vec![group.name.clone()]),
            ("ip-permission.cidr", |_, group| rules(group, Direction::Ingress, ipv4_of)),
            ("ip-permission.from-port", |_, group| rules(group, Direction::Ingress, from_of)),
            ("ip-permission.group-id", |_, group| rules(group, Direction::Ingress, group_of)),
            ("ip-permission.group-name", |model, group| group_names(model, group, Direction::Ingress)),
            ("ip-permission.ipv6-cidr", |_, group| rules(group, Direction::Ingress, ipv6_of)),
            ("ip-permission.prefix-list-id", |_, group| rules(group, Direction::Ingress, prefix_list_of)),
            ("ip-permission.protocol", |_, group| rules(group, Direction::Ingress, protocol_of)),
            ("ip-permission.to-port", |_, group| rules(group, Direction::Ingress, to_of)),
            ("ip-permission.user-id", |model, group| user_ids(model, group, Direction::Ingress)),
            ("owner-id", |model, _| vec![model.account().to_string()]),
            ("vpc-id", |_, group| vec![group.vpc_id.to_string()]),
        ],
        tags: Some(|group| &group.tags),
    };
    const INDEXES: &'static [Index<Self>] =
        &[("group-id", |model, id| id.parse().ok().and_then(|id| model.security_group(&id)).into_iter().collect())];

    fn id(&self) -> &SecurityGroupId {
        &self.id
    }

    fn find<'a>(model: &'a Model, id: &SecurityGroupId) -> Option<&'a Self> {
        model.security_group(id)
    }

    fn all(model: &Model) -> Vec<&Self> {
        model.security_groups().collect()
    }

    fn missing(id: &SecurityGroupId) -> ApiError {
        SecurityGroupError::NotFound(id.clone()).into()
    }

    fn item(&self, model: &Model, _: Timestamp) -> GroupItem {
        let owners = permission::Owners::of(model, self.rules.iter().map(|rule| &rule.peer));
        GroupItem { arn: arn(model, &self.id), owners, group: self.clone() }
    }
}

fn rules(group: &SecurityGroup, direction: Direction, look: fn(&SecurityGroupRule) -> Option<String>) -> Vec<String> {
    group.rules_of(direction).filter_map(look).collect()
}

fn ipv4_of(rule: &SecurityGroupRule) -> Option<String> {
    if let RulePeer::Ipv4(net) = &rule.peer { Some(net.to_string()) } else { None }
}

fn ipv6_of(rule: &SecurityGroupRule) -> Option<String> {
    if let RulePeer::Ipv6(net) = &rule.peer { Some(net.to_string()) } else { None }
}

fn group_of(rule: &SecurityGroupRule) -> Option<String> {
    rule.peer.group().map(ToString::to_string)
}

fn group_names(model: &Model, group: &SecurityGroup, direction: Direction) -> Vec<String> {
    let ids = group.rules_of(direction).filter_map(|rule| rule.peer.group());
    ids.filter_map(|id| model.security_group(id)).map(|named| named.name.clone()).collect()
}

fn user_ids(model: &Model, group: &SecurityGroup, direction: Direction) -> Vec<String> {
    let owner = |rule: &SecurityGroupRule| match &rule.peer {
        RulePeer::Group(_) => Some(model.account().to_string()),
        RulePeer::PeerGroup(peer) => Some(peer.owner.to_string()),
        RulePeer::Ipv4(_) | RulePeer::Ipv6(_) | RulePeer::PrefixList(_) => None,
    };
    group.rules_of(direction).filter_map(owner).collect()
}

fn prefix_list_of(rule: &SecurityGroupRule) -> Option<String> {
    if let RulePeer::PrefixList(id) = &rule.peer { Some(id.to_string()) } else { None }
}

fn protocol_of(rule: &SecurityGroupRule) -> Option<String> {
    Some(rule.protocol.to_string())
}

fn from_of(rule: &SecurityGroupRule) -> Option<String> {
    rule.ports.map(|ports| ports.from.to_string())
}

fn to_of(rule: &SecurityGroupRule) -> Option<String> {
    rule.ports.map(|ports| ports.to.to_string())
}

/// A group as replies show it.
#[derive(Debug)]
pub(crate) struct GroupItem {
    arn: String,
    owners: permission::Owners,
    group: SecurityGroup,
}

impl Output for GroupItem {
    fn write(&self, xml: &mut Xml) {
        xml.text("groupId", &self.group.id);
        xml.text("groupName", &self.group.name);
        xml.text("groupDescription", &self.group.description);
        xml.text("vpcId", &self.group.vpc_id);
        xml.text("ownerId", self.owners.account());
        xml.text("securityGroupArn", &self.arn);
        let rules = |direction| self.group.rules_of(direction).map(permission::Shown::from);
        permission::write(xml, "ipPermissions", rules(Direction::Ingress), &self.owners);
        permission::write(xml, "ipPermissionsEgress", rules(Direction::Egress), &self.owners);
        xml.tags(&self.group.tags);
    }
}

const FOR_VPC_FIELDS: Fields<Model, SecurityGroup> = Fields {
    by_name: &[
        ("description", |_, group| vec![group.description.clone()]),
        ("group-id", |_, group| vec![group.id.to_string()]),
        ("group-name", |_, group| vec![group.name.clone()]),
        ("owner-id", |model, _| vec![model.account().to_string()]),
        ("primary-vpc-id", |_, group| vec![group.vpc_id.to_string()]),
    ],
    tags: Some(|group| &group.tags),
};

#[derive(Debug)]
struct GetSecurityGroupsForVpc {
    vpc_id: VpcId,
    filters: Filters,
    page: PageRequest,
}

impl ReadOperation for GetSecurityGroupsForVpc {
    const ACTION: &'static str = "GetSecurityGroupsForVpc";
    type Output = GetSecurityGroupsForVpcOutput;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        Ok(Self {
            vpc_id: query.required("VpcId")?,
            filters: Filters::decode(query)?,
            page: PageRequest::decode(query, 5..=1000)?,
        })
    }

    fn run(self, model: &Model, _: Timestamp) -> Result<Self::Output, ApiError> {
        if model.vpc(&self.vpc_id).is_none() {
            return Err(VpcError::NotFound(self.vpc_id).into());
        }
        let groups = model.security_groups().filter(|group| model.is_group_usable_in(group, &self.vpc_id));
        let found = self.filters.select(&FOR_VPC_FIELDS, model, groups)?.into_iter().cloned();
        let page = self.page.page(found, |group| group.id.to_string());
        Ok(GetSecurityGroupsForVpcOutput { owner: model.account().clone(), page })
    }
}

#[derive(Debug)]
struct GetSecurityGroupsForVpcOutput {
    owner: AccountId,
    page: Page<SecurityGroup>,
}

impl Output for GetSecurityGroupsForVpcOutput {
    fn write(&self, xml: &mut Xml) {
        xml.list("securityGroupForVpcSet", &self.page.items, |xml, group| {
            xml.text("groupId", &group.id);
            xml.text("groupName", &group.name);
            xml.text("description", &group.description);
            xml.text("ownerId", &self.owner);
            xml.text("primaryVpcId", &group.vpc_id);
            xml.tags(&group.tags);
        });
        xml.optional("nextToken", self.page.next_token.as_ref());
    }
}
