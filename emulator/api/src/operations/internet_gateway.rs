//! Internet gateways: CreateInternetGateway, AttachInternetGateway, DetachInternetGateway,
//! DeleteInternetGateway, DescribeInternetGateways.

use jiff::Timestamp;
use vpc_model::{AccountId, Context, GatewayError, InternetGateway, InternetGatewayId, Model, Tags, VpcId};

use super::describe::{Describable, Describe, Single, created};
use super::{Action, Done, Operation, Output, read, write};
use crate::filter::Fields;
use crate::query::Query;
use crate::xml::Xml;
use crate::{ApiError, tag_specification};

pub(crate) const ACTIONS: &[Action] = &[
    write::<CreateInternetGateway>(),
    write::<AttachInternetGateway>(),
    write::<DetachInternetGateway>(),
    write::<DeleteInternetGateway>(),
    read::<Describe<InternetGateway>>(),
];

/// The state of a gateway's attachment; EC2's own model calls it `attached`.
const ATTACHED: &str = "available";

impl Describable for InternetGateway {
    type Id = InternetGatewayId;
    type Item = GatewayItem;

    const ACTION: &'static str = "DescribeInternetGateways";
    const IDS: &'static str = "InternetGatewayId";
    const SET: &'static str = "internetGatewaySet";
    const FIELDS: Fields<Model, Self> = Fields {
        by_name: &[
            ("attachment.state", |_, gateway| gateway.vpc_id.iter().map(|_| ATTACHED.to_owned()).collect()),
            ("attachment.vpc-id", |_, gateway| gateway.vpc_id.iter().map(ToString::to_string).collect()),
            ("internet-gateway-id", |_, gateway| vec![gateway.id.to_string()]),
            ("owner-id", |model, _| vec![model.account().to_string()]),
        ],
        tags: Some(|gateway| &gateway.tags),
    };

    fn id(&self) -> &InternetGatewayId {
        &self.id
    }

    fn find<'a>(model: &'a Model, id: &InternetGatewayId) -> Option<&'a Self> {
        model.internet_gateway(id)
    }

    fn all(model: &Model) -> Vec<&Self> {
        model.internet_gateways().collect()
    }

    fn missing(id: &InternetGatewayId) -> ApiError {
        GatewayError::NotFound(id.clone()).into()
    }

    fn item(&self, model: &Model, _: Timestamp) -> GatewayItem {
        GatewayItem { owner: model.account().clone(), gateway: self.clone() }
    }
}

/// A gateway as replies show it.
#[derive(Debug)]
pub(crate) struct GatewayItem {
    owner: AccountId,
    gateway: InternetGateway,
}

impl Output for GatewayItem {
    fn write(&self, xml: &mut Xml) {
        xml.text("internetGatewayId", &self.gateway.id);
        xml.text("ownerId", &self.owner);
        xml.list("attachmentSet", &self.gateway.vpc_id, |xml, vpc_id| {
            xml.text("vpcId", vpc_id);
            xml.text("state", ATTACHED);
        });
        xml.tags(&self.gateway.tags);
    }
}

#[derive(Debug)]
struct CreateInternetGateway {
    tags: Tags,
}

impl Operation for CreateInternetGateway {
    const ACTION: &'static str = "CreateInternetGateway";
    type Output = Single<GatewayItem>;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        Ok(Self { tags: tag_specification::decode_one(query, &["internet-gateway"])? })
    }

    fn run(self, model: &mut Model, cx: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        let id = model.create_internet_gateway(cx, self.tags)?;
        created::<InternetGateway>("internetGateway", model, cx.now, &id)
    }
}

#[derive(Debug)]
struct AttachInternetGateway {
    id: InternetGatewayId,
    vpc_id: VpcId,
}

impl Operation for AttachInternetGateway {
    const ACTION: &'static str = "AttachInternetGateway";
    type Output = Done;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        Ok(Self { id: query.required("InternetGatewayId")?, vpc_id: query.required("VpcId")? })
    }

    fn run(self, model: &mut Model, _: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        model.attach_internet_gateway(&self.id, &self.vpc_id)?;
        Ok(Done)
    }
}

#[derive(Debug)]
struct DetachInternetGateway {
    id: InternetGatewayId,
    vpc_id: VpcId,
}

impl Operation for DetachInternetGateway {
    const ACTION: &'static str = "DetachInternetGateway";
    type Output = Done;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        Ok(Self { id: query.required("InternetGatewayId")?, vpc_id: query.required("VpcId")? })
    }

    fn run(self, model: &mut Model, _: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        model.detach_internet_gateway(&self.id, &self.vpc_id)?;
        Ok(Done)
    }
}

#[derive(Debug)]
struct DeleteInternetGateway {
    id: InternetGatewayId,
}

impl Operation for DeleteInternetGateway {
    const ACTION: &'static str = "DeleteInternetGateway";
    type Output = Done;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        Ok(Self { id: query.required("InternetGatewayId")? })
    }

    fn run(self, model: &mut Model, _: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        model.delete_internet_gateway(&self.id)?;
        Ok(Done)
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use crate::testing::World;

    #[test]
    fn a_gateways_life() {
        let mut world = World::new();
        let vpc = world.call("CreateVpc", "CidrBlock=10.0.0.0/16").ok().text("vpcId").to_owned();
        let gateway = world.call("CreateInternetGateway", "").ok().text("internetGatewayId").to_owned();
        let both = format!("InternetGatewayId={gateway}&VpcId={vpc}");
        world.call("AttachInternetGateway", &both).ok();
        assert_eq!(world.call("AttachInternetGateway", &both).code, Some("Resource.AlreadyAssociated"));
        let other = world.call("CreateInternetGateway", "").ok().text("internetGatewayId").to_owned();
        let second = world.call("AttachInternetGateway", &format!("InternetGatewayId={other}&VpcId={vpc}"));
        assert_eq!(second.code, Some("InvalidParameterValue"));
        let found = world.call("DescribeInternetGateways", "Filter.1.Name=attachment.vpc-id&Filter.1.Value.1=vpc-*");
        insta::assert_snapshot!(found.ok().lines());
        let delete = format!("InternetGatewayId={gateway}");
        assert_eq!(world.call("DeleteInternetGateway", &delete).code, Some("DependencyViolation"));
        assert_eq!(world.call("DeleteVpc", &format!("VpcId={vpc}")).code, Some("DependencyViolation"));
        world.call("DetachInternetGateway", &both).ok();
        assert_eq!(world.call("DetachInternetGateway", &both).code, Some("Gateway.NotAttached"));
        world.call("DeleteInternetGateway", &delete).ok();
        assert_eq!(world.call("DeleteInternetGateway", &delete).code, Some("InvalidInternetGatewayID.NotFound"));
    }

    #[test]
    fn as_many_as_vpcs() {
        let mut world = World::new();
        for _ in 0..5 {
            world.call("CreateInternetGateway", "").ok();
        }
        assert_eq!(world.call("CreateInternetGateway", "").code, Some("InternetGatewayLimitExceeded"));
    }

    #[rstest]
    #[case::gateway("InternetGatewayId=igw-01234567&VpcId=vpc-01234567", "InvalidInternetGatewayID.NotFound")]
    #[case::malformed("InternetGatewayId=gw-01234567&VpcId=vpc-01234567", "InvalidInternetGatewayId.Malformed")]
    #[case::no_vpc("InternetGatewayId=igw-01234567", "MissingParameter")]
    fn attach_is_refused(#[case] form: &str, #[case] code: &str) {
        assert_eq!(World::new().call("AttachInternetGateway", form).code, Some(code));
    }
}
