//! Changing rules: ModifySecurityGroupRules, UpdateSecurityGroupRuleDescriptionsIngress and -Egress.

use vpc_model::{Context, Direction, Model, NewRule, PrefixListId, RulePeer, SecurityGroupId, SecurityGroupRuleId};

use super::permission::Purpose;
use super::{GroupName, permission};
use crate::ApiError;
use crate::operations::{Done, Operation};
use crate::query::Query;

#[derive(Debug)]
pub(super) struct ModifySecurityGroupRules {
    id: SecurityGroupId,
    changes: Vec<(SecurityGroupRuleId, NewRule)>,
}

impl Operation for ModifySecurityGroupRules {
    const ACTION: &'static str = "ModifySecurityGroupRules";
    type Output = Done;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        let id = query.required("GroupId")?;
        let changes = query.structs("SecurityGroupRule", |change| {
            let rule_id = change.required("SecurityGroupRuleId")?;
            let rule = change.structure("SecurityGroupRule", decode_rule)?;
            Ok((rule_id, rule.ok_or_else(|| ApiError::missing(&change.full_name("SecurityGroupRule")))?))
        })?;
        if changes.is_empty() {
            return Err(ApiError::missing("SecurityGroupRule"));
        }
        Ok(Self { id, changes })
    }

    fn run(self, model: &mut Model, _: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        model.modify_security_group_rules(&self.id, self.changes)?;
        Ok(Done)
    }
}

fn decode_rule(query: &mut Query) -> Result<NewRule, ApiError> {
    let protocol = query.required("IpProtocol")?;
    let ports = permission::decode_ports(query)?;
    let mut peers = Vec::new();
    peers.extend(query.optional("CidrIpv4")?.map(permission::cidr).transpose()?.map(RulePeer::Ipv4));
    peers.extend(query.optional("CidrIpv6")?.map(permission::cidr).transpose()?.map(RulePeer::Ipv6));
    peers.extend(query.optional::<SecurityGroupId>("ReferencedGroupId")?.map(RulePeer::Group));
    peers.extend(query.optional::<PrefixListId>("PrefixListId")?.map(RulePeer::PrefixList));
    let description = query.optional("Description")?;
    match (peers.pop(), peers.is_empty()) {
        (Some(peer), true) => Ok(NewRule { protocol, ports, peer, description }),
        (Some(_), false) => Err(ApiError::combination("A rule has one source or destination")),
        (None, _) => Err(ApiError::missing(&query.full_name("CidrIpv4"))),
    }
}

/// What both actions about descriptions take.
#[derive(Debug)]
struct Descriptions {
    group: GroupName,
    by_id: Vec<(SecurityGroupRuleId, Option<String>)>,
    permissions: Vec<permission::Permission>,
}

impl Descriptions {
    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        let group = GroupName::decode(query)?;
        let by_id = query.structs("SecurityGroupRuleDescription", |rule| {
            Ok((rule.required("SecurityGroupRuleId")?, rule.optional("Description")?))
        })?;
        let permissions = permission::decode(query)?;
        if by_id.is_empty() && permissions.is_empty() {
            return Err(ApiError::missing("ipPermissions or securityGroupRuleDescriptions"));
        }
        Ok(Self { group, by_id, permissions })
    }

    fn run(self, model: &mut Model, direction: Direction) -> Result<Done, ApiError> {
        let group = self.group.find(model)?;
        let (id, vpc_id) = (group.id.clone(), group.vpc_id.clone());
        let by_rule = permission::resolve(self.permissions, Purpose::Known, model, &vpc_id)?;
        model.update_rule_descriptions(&id, direction, self.by_id, by_rule)?;
        Ok(Done)
    }
}

#[derive(Debug)]
pub(super) struct UpdateSecurityGroupRuleDescriptionsIngress(Descriptions);

impl Operation for UpdateSecurityGroupRuleDescriptionsIngress {
    const ACTION: &'static str = "UpdateSecurityGroupRuleDescriptionsIngress";
    type Output = Done;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        Descriptions::decode(query).map(Self)
    }

    fn run(self, model: &mut Model, _: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        self.0.run(model, Direction::Ingress)
    }
}

#[derive(Debug)]
pub(super) struct UpdateSecurityGroupRuleDescriptionsEgress(Descriptions);

impl Operation for UpdateSecurityGroupRuleDescriptionsEgress {
    const ACTION: &'static str = "UpdateSecurityGroupRuleDescriptionsEgress";
    type Output = Done;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        Descriptions::decode(query).map(Self)
    }

    fn run(self, model: &mut Model, _: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        self.0.run(model, Direction::Egress)
    }
}
