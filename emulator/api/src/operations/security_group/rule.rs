//! Adding, removing and describing rules: AuthorizeSecurityGroupIngress and -Egress,
//! RevokeSecurityGroupIngress and -Egress, DescribeSecurityGroupRules.

use std::collections::BTreeSet;

use jiff::Timestamp;
use vpc_model::{
    Context, Direction, Model, NewRule, RulePeer, RuleSelector, SecurityGroup, SecurityGroupError, SecurityGroupId,
    SecurityGroupRule, SecurityGroupRuleId, Tags,
};

use super::permission::Purpose;
use super::{GroupName, permission};
use crate::filter::{Fields, Filters};
use crate::operations::{Operation, Output, ReadOperation};
use crate::pagination::{Page, PageRequest};
use crate::query::Query;
use crate::xml::Xml;
use crate::{ApiError, tag_specification};

/// A rule as replies show it.
#[derive(Debug, Clone)]
pub(super) struct RuleItem {
    group_id: SecurityGroupId,
    owners: permission::Owners,
    arn: String,
    rule: SecurityGroupRule,
}

impl RuleItem {
    fn of(model: &Model, group_id: &SecurityGroupId, rule: &SecurityGroupRule) -> Self {
        let (region, owner) = (model.region(), model.account());
        let arn = format!("arn:aws:ec2:{region}:{owner}:security-group-rule/{}", rule.id);
        let owners = permission::Owners::of(model, std::iter::once(&rule.peer));
        Self { group_id: group_id.clone(), owners, arn, rule: rule.clone() }
    }
}

impl Output for RuleItem {
    fn write(&self, xml: &mut Xml) {
        write_rule(xml, &self.group_id, &self.rule, Some(&self.owners));
        xml.text("securityGroupRuleArn", &self.arn);
        xml.tags(&self.rule.tags);
    }
}

/// What all replies show of a rule. With owners, a group it names has its owner too.
fn write_rule(
    xml: &mut Xml,
    group_id: &SecurityGroupId,
    rule: &SecurityGroupRule,
    owners: Option<&permission::Owners>,
) {
    xml.text("securityGroupRuleId", &rule.id);
    xml.text("groupId", group_id);
    xml.optional("groupOwnerId", owners.map(permission::Owners::account));
    xml.text("isEgress", rule.direction == Direction::Egress);
    xml.text("ipProtocol", rule.protocol);
    xml.text("fromPort", rule.ports.map_or(-1, |ports| ports.from));
    xml.text("toPort", rule.ports.map_or(-1, |ports| ports.to));
    match (&rule.peer, owners) {
        (RulePeer::Ipv4(net), _) => xml.text("cidrIpv4", net),
        (RulePeer::Ipv6(net), _) => xml.text("cidrIpv6", net),
        (RulePeer::PrefixList(id), _) => xml.text("prefixListId", id),
        (peer, None) => xml.optional("referencedGroupId", peer.group()),
        (peer, Some(owners)) => xml.element("referencedGroupInfo", |xml| owners.write(xml, peer)),
    }
    xml.optional("description", rule.description.as_ref());
}

/// What both Authorize actions take.
#[derive(Debug)]
struct Authorize {
    group: GroupName,
    permissions: Vec<permission::Permission>,
    tags: Tags,
}

impl Authorize {
    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        let (group, permissions) = (GroupName::decode(query)?, permission::decode(query)?);
        if permissions.is_empty() {
            return Err(ApiError::missing("ipPermissions"));
        }
        Ok(Self { group, permissions, tags: tag_specification::decode_one(query, &["security-group-rule"])? })
    }

    fn run(self, model: &mut Model, cx: &mut Context<'_>, direction: Direction) -> Result<AuthorizeOutput, ApiError> {
        let group = self.group.find(model)?;
        let (id, vpc_id) = (group.id.clone(), group.vpc_id.clone());
        let rules = permission::resolve(self.permissions, Purpose::New, model, &vpc_id)?;
        let added = model.authorize_security_group(cx, &id, direction, rules, &self.tags)?;
        let rules = model.security_group(&id).into_iter().flat_map(|group| &group.rules);
        let rules = rules.filter(|rule| added.contains(&rule.id)).map(|rule| RuleItem::of(model, &id, rule)).collect();
        Ok(AuthorizeOutput { rules })
    }
}

#[derive(Debug)]
pub(super) struct AuthorizeOutput {
    rules: Vec<RuleItem>,
}

impl Output for AuthorizeOutput {
    fn write(&self, xml: &mut Xml) {
        xml.text("return", true);
        xml.list("securityGroupRuleSet", &self.rules, |xml, rule| rule.write(xml));
    }
}

/// What both Revoke actions take.
#[derive(Debug)]
struct Revoke {
    group: GroupName,
    ids: Vec<SecurityGroupRuleId>,
    permissions: Vec<permission::Permission>,
}

impl Revoke {
    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        let (group, ids) = (GroupName::decode(query)?, query.list("SecurityGroupRuleId")?);
        let permissions = permission::decode(query)?;
        match (ids.is_empty(), permissions.is_empty()) {
            (true, true) => Err(ApiError::missing("ipPermissions or securityGroupRuleIds")),
            (false, false) => Err(ApiError::combination(
                "The parameter 'ipPermissions' may not be used in combination with 'securityGroupRuleIds'",
            )),
            _ => Ok(Self { group, ids, permissions }),
        }
    }

    fn run(self, model: &mut Model, direction: Direction) -> Result<RevokeOutput, ApiError> {
        let group = self.group.find(model)?;
        let (id, vpc_id) = (group.id.clone(), group.vpc_id.clone());
        let selector = if self.ids.is_empty() {
            RuleSelector::Rules(permission::resolve(self.permissions, Purpose::Known, model, &vpc_id)?)
        } else {
            RuleSelector::Ids(self.ids)
        };
        let revoked = model.revoke_security_group(&id, direction, selector)?;
        let owners = permission::Owners::of(model, revoked.unknown.iter().map(|rule| &rule.peer));
        Ok(RevokeOutput { group_id: id, owners, rules: revoked.rules, unknown: revoked.unknown })
    }
}

#[derive(Debug)]
pub(super) struct RevokeOutput {
    group_id: SecurityGroupId,
    owners: permission::Owners,
    rules: Vec<SecurityGroupRule>,
    unknown: Vec<NewRule>,
}

impl Output for RevokeOutput {
    fn write(&self, xml: &mut Xml) {
        xml.text("return", true);
        permission::write(xml, "unknownIpPermissionSet", self.unknown.iter().map(Into::into), &self.owners);
        xml.list("revokedSecurityGroupRuleSet", &self.rules, |xml, rule| {
            write_rule(xml, &self.group_id, rule, None);
        });
    }
}

macro_rules! both_directions {
    ($($action:ident $inner:ident $output:ident |$self:ident, $model:ident, $cx:ident| $run:expr;)*) => {$(
        #[derive(Debug)]
        pub(super) struct $action($inner);

        impl Operation for $action {
            const ACTION: &'static str = stringify!($action);
            type Output = $output;

            fn decode(query: &mut Query) -> Result<Self, ApiError> {
                $inner::decode(query).map(Self)
            }

            fn run($self, $model: &mut Model, $cx: &mut Context<'_>) -> Result<Self::Output, ApiError> {
                $run
            }
        }
    )*};
}

both_directions! {
    AuthorizeSecurityGroupIngress Authorize AuthorizeOutput
        |self, model, cx| self.0.run(model, cx, Direction::Ingress);
    AuthorizeSecurityGroupEgress Authorize AuthorizeOutput
        |self, model, cx| self.0.run(model, cx, Direction::Egress);
    RevokeSecurityGroupIngress Revoke RevokeOutput |self, model, _cx| self.0.run(model, Direction::Ingress);
    RevokeSecurityGroupEgress Revoke RevokeOutput |self, model, _cx| self.0.run(model, Direction::Egress);
}

const FIELDS: Fields<Model, RuleItem> = Fields {
    by_name: &[
        ("group-id", |_, item| vec![item.group_id.to_string()]),
        ("security-group-rule-id", |_, item| vec![item.rule.id.to_string()]),
    ],
    tags: Some(|item| &item.rule.tags),
};

#[derive(Debug)]
pub(super) struct DescribeSecurityGroupRules {
    ids: Vec<SecurityGroupRuleId>,
    filters: Filters,
    page: PageRequest,
}

impl ReadOperation for DescribeSecurityGroupRules {
    const ACTION: &'static str = "DescribeSecurityGroupRules";
    type Output = DescribeSecurityGroupRulesOutput;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        let ids: Vec<SecurityGroupRuleId> = query.list("SecurityGroupRuleId")?;
        let (filters, page) = (Filters::decode(query)?, PageRequest::decode(query, 5..=1000)?);
        page.not_with_ids("securityGroupRuleIds", ids.len())?;
        Ok(Self { ids, filters, page })
    }

    fn run(self, model: &Model, _: Timestamp) -> Result<Self::Output, ApiError> {
        if let Some(missing) = self.ids.iter().find(|id| model.security_group_rule(id).is_none()) {
            return Err(SecurityGroupError::RuleIdNotFound(missing.clone()).into());
        }
        let asked: Vec<RuleItem> =
            self.asked(model).into_iter().map(|(group, rule)| RuleItem::of(model, &group.id, rule)).collect();
        let found = self.filters.select(&FIELDS, model, &asked)?.into_iter().cloned();
        Ok(DescribeSecurityGroupRulesOutput(self.page.page(found, |item| item.rule.id.to_string())))
    }
}

impl DescribeSecurityGroupRules {
    /// All rules that can match, without a look at the others where ids say which.
    fn asked<'a>(&self, model: &'a Model) -> Vec<(&'a SecurityGroup, &'a SecurityGroupRule)> {
        let by_ids = |ids: BTreeSet<SecurityGroupRuleId>| {
            ids.iter().filter_map(|id| model.security_group_rule(id)).collect::<Vec<_>>()
        };
        if !self.ids.is_empty() {
            return by_ids(self.ids.iter().cloned().collect());
        }
        if let Some(ids) = self.filters.exact("security-group-rule-id") {
            return by_ids(ids.iter().filter_map(|id| id.parse().ok()).collect());
        }
        let with_rules = |group: &'a SecurityGroup| group.rules.iter().map(move |rule| (group, rule));
        match self.filters.exact("group-id") {
            Some(ids) => {
                let ids: BTreeSet<SecurityGroupId> = ids.iter().filter_map(|id| id.parse().ok()).collect();
                ids.iter().filter_map(|id| model.security_group(id)).flat_map(with_rules).collect()
            }
            None => model.security_groups().flat_map(with_rules).collect(),
        }
    }
}

#[derive(Debug)]
pub(super) struct DescribeSecurityGroupRulesOutput(Page<RuleItem>);

impl Output for DescribeSecurityGroupRulesOutput {
    fn write(&self, xml: &mut Xml) {
        xml.list("securityGroupRuleSet", &self.0.items, |xml, item| item.write(xml));
        xml.optional("nextToken", self.0.next_token.as_ref());
    }
}
