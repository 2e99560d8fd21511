//! Instance profiles of instances that are there: AssociateIamInstanceProfile, DisassociateIamInstanceProfile,
//! ReplaceIamInstanceProfileAssociation, DescribeIamInstanceProfileAssociations.

use jiff::Timestamp;
use vpc_model::instance::ProfileAssociation;
use vpc_model::instance::options::profile_id;
use vpc_model::{Context, InstanceError, InstanceId, Model, ProfileAssociationId};

use super::launch::{Profile, profile};
use crate::ApiError;
use crate::filter::{Fields, Filters};
use crate::operations::{Operation, Output, ReadOperation};
use crate::pagination::{Page, PageRequest};
use crate::query::Query;
use crate::xml::Xml;

/// An association as it is shown, with its state. It is complete as soon as the call is answered.
#[derive(Debug, Clone)]
struct Shown {
    association: ProfileAssociation,
    state: &'static str,
}

impl Shown {
    fn write(&self, xml: &mut Xml) {
        let found = &self.association;
        xml.text("associationId", &found.id);
        xml.text("instanceId", &found.instance_id);
        xml.element("iamInstanceProfile", |xml| {
            xml.text("arn", &found.arn);
            xml.text("id", profile_id(&found.arn));
        });
        xml.text("state", self.state);
        xml.timestamp("timestamp", found.since);
    }
}

/// The answer of the calls that change an association.
#[derive(Debug)]
pub(super) struct Changed(Shown);

impl Changed {
    fn of(association: ProfileAssociation, state: &'static str) -> Self {
        Self(Shown { association, state })
    }
}

impl Output for Changed {
    fn write(&self, xml: &mut Xml) {
        xml.element("iamInstanceProfileAssociation", |xml| self.0.write(xml));
    }
}

fn required_profile(query: &mut Query) -> Result<Profile, ApiError> {
    query.structure("IamInstanceProfile", profile)?.ok_or_else(|| ApiError::missing("IamInstanceProfile"))
}

#[derive(Debug)]
pub(super) struct AssociateIamInstanceProfile {
    profile: Profile,
    instance_id: InstanceId,
}

impl Operation for AssociateIamInstanceProfile {
    const ACTION: &'static str = "AssociateIamInstanceProfile";
    type Output = Changed;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        Ok(Self { profile: required_profile(query)?, instance_id: query.required("InstanceId")? })
    }

    fn run(self, model: &mut Model, cx: &mut Context<'_>) -> Result<Changed, ApiError> {
        let arn = self.profile.arn(model);
        Ok(Changed::of(model.associate_profile(cx.now, &self.instance_id, arn)?, "associating"))
    }
}

#[derive(Debug)]
pub(super) struct DisassociateIamInstanceProfile {
    id: ProfileAssociationId,
}

impl Operation for DisassociateIamInstanceProfile {
    const ACTION: &'static str = "DisassociateIamInstanceProfile";
    type Output = Changed;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        Ok(Self { id: query.required("AssociationId")? })
    }

    fn run(self, model: &mut Model, cx: &mut Context<'_>) -> Result<Changed, ApiError> {
        Ok(Changed::of(model.disassociate_profile(cx.now, &self.id)?, "disassociating"))
    }
}

#[derive(Debug)]
pub(super) struct ReplaceIamInstanceProfileAssociation {
    profile: Profile,
    id: ProfileAssociationId,
}

impl Operation for ReplaceIamInstanceProfileAssociation {
    const ACTION: &'static str = "ReplaceIamInstanceProfileAssociation";
    type Output = Changed;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        Ok(Self { profile: required_profile(query)?, id: query.required("AssociationId")? })
    }

    fn run(self, model: &mut Model, cx: &mut Context<'_>) -> Result<Changed, ApiError> {
        let arn = self.profile.arn(model);
        Ok(Changed::of(model.replace_profile(cx.now, &self.id, arn)?, "associating"))
    }
}

#[derive(Debug)]
pub(super) struct DescribeIamInstanceProfileAssociations {
    ids: Vec<ProfileAssociationId>,
    filters: Filters,
    page: PageRequest,
}

const FIELDS: Fields<Model, Shown> = Fields {
    by_name: &[
        ("instance-id", |_, shown| vec![shown.association.instance_id.to_string()]),
        ("state", |_, shown| vec![shown.state.to_owned()]),
    ],
    tags: None,
};

impl ReadOperation for DescribeIamInstanceProfileAssociations {
    const ACTION: &'static str = "DescribeIamInstanceProfileAssociations";
    type Output = Associations;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        let (ids, filters) = (query.list("AssociationId")?, Filters::decode(query)?);
        Ok(Self { ids, filters, page: PageRequest::decode(query, 5..=1000)? })
    }

    fn run(self, model: &Model, _: Timestamp) -> Result<Associations, ApiError> {
        let mut all: Vec<Shown> =
            model.profile_associations().map(|association| Shown { association, state: "associated" }).collect();
        let is_there = |id: &&ProfileAssociationId| all.iter().any(|shown| shown.association.id == **id);
        if let Some(missing) = self.ids.iter().find(|id| !is_there(id)) {
            return Err(InstanceError::NoSuchProfileAssociation(missing.clone()).into());
        }
        all.retain(|shown| self.ids.is_empty() || self.ids.contains(&shown.association.id));
        let found = self.filters.select(&FIELDS, model, &all)?.into_iter().cloned();
        Ok(Associations(self.page.page(found, |shown| shown.association.id.to_string())))
    }
}

#[derive(Debug)]
pub(super) struct Associations(Page<Shown>);

impl Output for Associations {
    fn write(&self, xml: &mut Xml) {
        xml.list("iamInstanceProfileAssociationSet", &self.0.items, |xml, shown| shown.write(xml));
        xml.optional("nextToken", self.0.next_token.as_ref());
    }
}
