//! Groups in VPCs besides their own: AssociateSecurityGroupVpc, DisassociateSecurityGroupVpc,
//! DescribeSecurityGroupVpcAssociations.

#[cfg(test)]
mod tests;

use jiff::Timestamp;
use vpc_model::{AccountId, Context, GroupVpcAssociation, Model, SecurityGroupId, VpcId};

use crate::ApiError;
use crate::filter::{Fields, Filters};
use crate::operations::{Operation, Output, ReadOperation};
use crate::pagination::{Page, PageRequest};
use crate::query::Query;
use crate::xml::Xml;

#[derive(Debug)]
pub(super) struct AssociateSecurityGroupVpc {
    group_id: SecurityGroupId,
    vpc_id: VpcId,
}

impl Operation for AssociateSecurityGroupVpc {
    const ACTION: &'static str = "AssociateSecurityGroupVpc";
    type Output = State;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        Ok(Self { group_id: query.required("GroupId")?, vpc_id: query.required("VpcId")? })
    }

    fn run(self, model: &mut Model, cx: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        model.associate_security_group(cx, &self.group_id, &self.vpc_id)?;
        Ok(State("associating"))
    }
}

#[derive(Debug)]
pub(super) struct DisassociateSecurityGroupVpc {
    group_id: SecurityGroupId,
    vpc_id: VpcId,
}

impl Operation for DisassociateSecurityGroupVpc {
    const ACTION: &'static str = "DisassociateSecurityGroupVpc";
    type Output = State;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        Ok(Self { group_id: query.required("GroupId")?, vpc_id: query.required("VpcId")? })
    }

    fn run(self, model: &mut Model, cx: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        model.disassociate_security_group(cx, &self.group_id, &self.vpc_id)?;
        Ok(State("disassociating"))
    }
}

/// How far an association is after a call.
#[derive(Debug)]
pub(super) struct State(&'static str);

impl Output for State {
    fn write(&self, xml: &mut Xml) {
        xml.text("state", self.0);
    }
}

const FIELDS: Fields<Model, GroupVpcAssociation> = Fields {
    by_name: &[
        ("group-id", |_, association| vec![association.group_id.to_string()]),
        ("group-owner-id", |model, _| vec![model.account().to_string()]),
        ("state", |_, association| vec![association.state().to_owned()]),
        ("vpc-id", |_, association| vec![association.vpc_id.to_string()]),
        ("vpc-owner-id", |model, _| vec![model.account().to_string()]),
    ],
    tags: None,
};

#[derive(Debug)]
pub(super) struct DescribeSecurityGroupVpcAssociations {
    filters: Filters,
    page: PageRequest,
}

impl ReadOperation for DescribeSecurityGroupVpcAssociations {
    const ACTION: &'static str = "DescribeSecurityGroupVpcAssociations";
    type Output = Associations;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        Ok(Self { filters: Filters::decode(query)?, page: PageRequest::decode(query, 5..=1000)? })
    }

    fn run(self, model: &Model, _: Timestamp) -> Result<Self::Output, ApiError> {
        let found = self.filters.select(&FIELDS, model, model.group_vpc_associations())?.into_iter().cloned();
        let page = self.page.page(found, |known| format!("{} {}", known.group_id, known.vpc_id));
        Ok(Associations { owner: model.account().clone(), page })
    }
}

#[derive(Debug)]
pub(super) struct Associations {
    owner: AccountId,
    page: Page<GroupVpcAssociation>,
}

impl Output for Associations {
    fn write(&self, xml: &mut Xml) {
        xml.list("securityGroupVpcAssociationSet", &self.page.items, |xml, association| {
            xml.text("groupId", &association.group_id);
            xml.text("vpcId", &association.vpc_id);
            xml.text("vpcOwnerId", &self.owner);
            xml.text("state", association.state());
            xml.text("groupOwnerId", &self.owner);
        });
        xml.optional("nextToken", self.page.next_token.as_ref());
    }
}
