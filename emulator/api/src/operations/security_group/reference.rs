//! Rules that name groups of other VPCs: DescribeSecurityGroupReferences, DescribeStaleSecurityGroups.

#[cfg(test)]
mod tests;

use jiff::Timestamp;
use vpc_model::{
    Direction, Model, PeeringConnectionId, RulePeer, SecurityGroup, SecurityGroupError, SecurityGroupId,
    SecurityGroupRule, VpcError, VpcId,
};

use super::permission::Owners;
use crate::ApiError;
use crate::operations::{Output, ReadOperation};
use crate::pagination::{Page, PageRequest};
use crate::query::Query;
use crate::xml::Xml;

#[derive(Debug)]
pub(super) struct DescribeSecurityGroupReferences {
    ids: Vec<SecurityGroupId>,
}

impl ReadOperation for DescribeSecurityGroupReferences {
    const ACTION: &'static str = "DescribeSecurityGroupReferences";
    type Output = References;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        Ok(Self { ids: query.required_list("GroupId")? })
    }

    fn run(self, model: &Model, _: Timestamp) -> Result<Self::Output, ApiError> {
        let mut references = Vec::new();
        for id in self.ids {
            if model.security_group(&id).is_none() {
                return Err(SecurityGroupError::NotFound(id).into());
            }
            let found = model.references_to(&id).into_iter();
            references.extend(found.map(|(vpc, peering)| (id.clone(), vpc.clone(), peering.clone())));
        }
        Ok(References(references))
    }
}

/// Groups with the VPCs whose rules name them, and the connections between.
#[derive(Debug)]
pub(super) struct References(Vec<(SecurityGroupId, VpcId, PeeringConnectionId)>);

impl Output for References {
    fn write(&self, xml: &mut Xml) {
        xml.list("securityGroupReferenceSet", &self.0, |xml, (group, vpc, peering)| {
            xml.text("groupId", group);
            xml.text("referencingVpcId", vpc);
            xml.text("vpcPeeringConnectionId", peering);
        });
    }
}

#[derive(Debug)]
pub(super) struct DescribeStaleSecurityGroups {
    vpc_id: VpcId,
    page: PageRequest,
}

impl ReadOperation for DescribeStaleSecurityGroups {
    const ACTION: &'static str = "DescribeStaleSecurityGroups";
    type Output = StaleGroups;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        Ok(Self { vpc_id: query.required("VpcId")?, page: PageRequest::decode(query, 5..=255)? })
    }

    fn run(self, model: &Model, _: Timestamp) -> Result<Self::Output, ApiError> {
        if model.vpc(&self.vpc_id).is_none() {
            return Err(VpcError::NotFound(self.vpc_id).into());
        }
        let groups = model.security_groups().filter(|group| group.vpc_id == self.vpc_id);
        let stale = groups.map(|group| StaleGroup::of(model, group)).filter(|stale| !stale.group.rules.is_empty());
        Ok(StaleGroups(self.page.page(stale, |stale| stale.group.id.to_string())))
    }
}

/// A group with nothing but its stale rules.
#[derive(Debug)]
pub(super) struct StaleGroup {
    group: SecurityGroup,
    owners: Owners,
}

impl StaleGroup {
    fn of(model: &Model, group: &SecurityGroup) -> Self {
        let rules: Vec<_> = group.rules.iter().filter(|rule| model.is_stale(group, rule)).cloned().collect();
        let owners = Owners::of(model, rules.iter().map(|rule| &rule.peer));
        Self { group: SecurityGroup { rules, ..group.clone() }, owners }
    }

    fn write_rules(&self, xml: &mut Xml, name: &'static str, direction: Direction) {
        let mut permissions: Vec<Vec<&SecurityGroupRule>> = Vec::new();
        for rule in self.group.rules_of(direction) {
            let same = |known: &&mut Vec<&SecurityGroupRule>| {
                (known[0].protocol, known[0].ports) == (rule.protocol, rule.ports)
            };
            match permissions.iter_mut().find(same) {
                Some(permission) => permission.push(rule),
                None => permissions.push(vec![rule]),
            }
        }
        xml.list(name, &permissions, |xml, rules| {
            let peers: Vec<&RulePeer> = rules.iter().map(|rule| &rule.peer).collect();
            xml.optional("fromPort", rules[0].ports.map(|ports| ports.from));
            xml.text("ipProtocol", rules[0].protocol);
            xml.texts("ipRanges", [""; 0]);
            xml.texts("prefixListIds", [""; 0]);
            xml.optional("toPort", rules[0].ports.map(|ports| ports.to));
            xml.list("groups", peers, |xml, peer| self.owners.write(xml, peer));
        });
    }
}

/// A VPC's groups with stale rules.
#[derive(Debug)]
pub(super) struct StaleGroups(Page<StaleGroup>);

impl Output for StaleGroups {
    fn write(&self, xml: &mut Xml) {
        xml.list("staleSecurityGroupSet", &self.0.items, |xml, stale| {
            xml.text("description", &stale.group.description);
            xml.text("groupId", &stale.group.id);
            xml.text("groupName", &stale.group.name);
            stale.write_rules(xml, "staleIpPermissions", Direction::Ingress);
            stale.write_rules(xml, "staleIpPermissionsEgress", Direction::Egress);
            xml.text("vpcId", &stale.group.vpc_id);
        });
        xml.optional("nextToken", self.0.next_token.as_ref());
    }
}
