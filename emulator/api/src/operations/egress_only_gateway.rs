//! Egress-only internet gateways: CreateEgressOnlyInternetGateway, DeleteEgressOnlyInternetGateway,
//! DescribeEgressOnlyInternetGateways.

use std::ops::RangeInclusive;

use jiff::Timestamp;
use vpc_model::{Context, EgressOnlyGateway, EgressOnlyGatewayError, EgressOnlyGatewayId, Model, Tags, VpcId};

use super::describe::{Describable, Describe, Single, created};
use super::{Action, Operation, Output, read, write};
use crate::filter::Fields;
use crate::query::Query;
use crate::xml::Xml;
use crate::{ApiError, tag_specification};

pub(crate) const ACTIONS: &[Action] = &[
    write::<CreateEgressOnlyInternetGateway>(),
    write::<DeleteEgressOnlyInternetGateway>(),
    read::<Describe<EgressOnlyGateway>>(),
];

impl Describable for EgressOnlyGateway {
    type Id = EgressOnlyGatewayId;
    type Item = GatewayItem;

    const ACTION: &'static str = "DescribeEgressOnlyInternetGateways";
    const IDS: &'static str = "EgressOnlyInternetGatewayId";
    const SET: &'static str = "egressOnlyInternetGatewaySet";
    const MAX_RESULTS: RangeInclusive<u32> = 5..=255;
    const FIELDS: Fields<Model, Self> = Fields { by_name: &[], tags: Some(|gateway| &gateway.tags) };

    fn id(&self) -> &EgressOnlyGatewayId {
        &self.id
    }

    fn find<'a>(model: &'a Model, id: &EgressOnlyGatewayId) -> Option<&'a Self> {
        model.egress_only_gateway(id)
    }

    fn all(model: &Model) -> Vec<&Self> {
        model.egress_only_gateways().collect()
    }

    fn missing(id: &EgressOnlyGatewayId) -> ApiError {
        EgressOnlyGatewayError::NotFound(id.clone()).into()
    }

    fn item(&self, _: &Model, _: Timestamp) -> GatewayItem {
        GatewayItem { gateway: self.clone() }
    }
}

/// A gateway as replies show it.
#[derive(Debug)]
pub(crate) struct GatewayItem {
    gateway: EgressOnlyGateway,
}

impl Output for GatewayItem {
    fn write(&self, xml: &mut Xml) {
        xml.text("egressOnlyInternetGatewayId", &self.gateway.id);
        xml.list("attachmentSet", [&self.gateway.vpc_id], |xml, vpc_id| {
            xml.text("vpcId", vpc_id);
            xml.text("state", "attached");
        });
        xml.tags(&self.gateway.tags);
    }
}

#[derive(Debug)]
struct CreateEgressOnlyInternetGateway {
    vpc_id: VpcId,
    tags: Tags,
    client_token: Option<String>,
}

impl Operation for CreateEgressOnlyInternetGateway {
    const ACTION: &'static str = "CreateEgressOnlyInternetGateway";
    const CLIENT_TOKEN: bool = true;
    type Output = Created;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        Ok(Self {
            vpc_id: query.required("VpcId")?,
            tags: tag_specification::decode_one(query, &["egress-only-internet-gateway"])?,
            client_token: query.client_token().map(str::to_owned),
        })
    }

    fn run(self, model: &mut Model, cx: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        let id = model.create_egress_only_gateway(cx, &self.vpc_id, self.tags)?;
        let gateway = created::<EgressOnlyGateway>("egressOnlyInternetGateway", model, cx.now, &id)?;
        Ok(Created { gateway, client_token: self.client_token })
    }
}

#[derive(Debug)]
struct Created {
    gateway: Single<GatewayItem>,
    client_token: Option<String>,
}

impl Output for Created {
    fn write(&self, xml: &mut Xml) {
        xml.optional("clientToken", self.client_token.as_ref());
        self.gateway.write(xml);
    }
}

#[derive(Debug)]
struct DeleteEgressOnlyInternetGateway {
    id: EgressOnlyGatewayId,
}

impl Operation for DeleteEgressOnlyInternetGateway {
    const ACTION: &'static str = "DeleteEgressOnlyInternetGateway";
    type Output = Deleted;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        Ok(Self { id: query.required("EgressOnlyInternetGatewayId")? })
    }

    fn run(self, model: &mut Model, _: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        model.delete_egress_only_gateway(&self.id)?;
        Ok(Deleted)
    }
}

#[derive(Debug)]
struct Deleted;

impl Output for Deleted {
    fn write(&self, xml: &mut Xml) {
        xml.text("returnCode", true);
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use crate::testing::World;

    fn world() -> (World, String) {
        let mut world = World::new();
        let vpc = world.call("CreateVpc", "CidrBlock=10.0.0.0/16&AmazonProvidedIpv6CidrBlock=true").ok();
        let vpc = vpc.text("vpcId").to_owned();
        (world, vpc)
    }

    #[test]
    fn a_gateways_life() {
        let (mut world, vpc) = world();
        let tags = "TagSpecification.1.ResourceType=egress-only-internet-gateway&TagSpecification.1.Tag.1.Key=k";
        let form = format!("VpcId={vpc}&ClientToken=a&{tags}");
        let made = world.call("CreateEgressOnlyInternetGateway", &form).ok();
        insta::assert_snapshot!(made.lines());
        assert_eq!(world.call("CreateEgressOnlyInternetGateway", &form).ok().body, made.body);
        let id = made.text("egressOnlyInternetGatewayId");
        let shown = world.call("DescribeEgressOnlyInternetGateways", "Filter.1.Name=tag-key&Filter.1.Value.1=k").ok();
        assert_eq!(shown.texts("egressOnlyInternetGatewayId"), [id]);
        assert_eq!(world.call("DeleteVpc", &format!("VpcId={vpc}")).code, Some("DependencyViolation"));
        let delete = format!("EgressOnlyInternetGatewayId={id}");
        assert_eq!(world.call("DeleteEgressOnlyInternetGateway", &delete).ok().text("returnCode"), "true");
        let gone = world.call("DeleteEgressOnlyInternetGateway", &delete);
        assert_eq!(gone.code, Some("InvalidEgressOnlyInternetGatewayId.NotFound"));
        world.call("DeleteVpc", &format!("VpcId={vpc}")).ok();
    }

    #[test]
    fn a_route_to_it() {
        let (mut world, vpc) = world();
        let made = world.call("CreateEgressOnlyInternetGateway", &format!("VpcId={vpc}")).ok();
        let id = made.text("egressOnlyInternetGatewayId");
        let table = world.call("DescribeRouteTables", "").ok().text("routeTableId").to_owned();
        let form = format!("RouteTableId={table}&EgressOnlyInternetGatewayId={id}");
        let ipv4 = world.call("CreateRoute", &format!("{form}&DestinationCidrBlock=0.0.0.0/0"));
        assert_eq!(ipv4.code, Some("InvalidParameterValue"));
        world.call("CreateRoute", &format!("{form}&DestinationIpv6CidrBlock=::/0")).ok();
        let filter = format!("Filter.1.Name=route.egress-only-internet-gateway-id&Filter.1.Value.1={id}");
        let shown = world.call("DescribeRouteTables", &filter).ok();
        assert_eq!(shown.texts("egressOnlyInternetGatewayId"), [id]);
        assert_eq!(shown.texts("state").last(), Some(&"associated"));
        assert!(!shown.texts("state").contains(&"blackhole"));
        world.call("DeleteEgressOnlyInternetGateway", &format!("EgressOnlyInternetGatewayId={id}")).ok();
        assert!(world.call("DescribeRouteTables", "").ok().texts("state").contains(&"blackhole"));
    }

    #[rstest]
    #[case::vpc("CreateEgressOnlyInternetGateway", "VpcId=vpc-01234567", "InvalidVpcID.NotFound")]
    #[case::no_vpc("CreateEgressOnlyInternetGateway", "", "MissingParameter")]
    #[case::delete(
        "DeleteEgressOnlyInternetGateway",
        "EgressOnlyInternetGatewayId=igw-01234567",
        "InvalidEgressOnlyInternetGatewayId.Malformed"
    )]
    #[case::describe(
        "DescribeEgressOnlyInternetGateways",
        "EgressOnlyInternetGatewayId.1=eigw-01234567",
        "InvalidEgressOnlyInternetGatewayId.NotFound"
    )]
    fn refused(#[case] action: &str, #[case] form: &str, #[case] code: &str) {
        assert_eq!(World::new().call(action, form).code, Some(code));
    }

    #[test]
    fn a_vpc_has_one() {
        let (mut world, vpc) = world();
        world.call("CreateEgressOnlyInternetGateway", &format!("VpcId={vpc}")).ok();
        let second = world.call("CreateEgressOnlyInternetGateway", &format!("VpcId={vpc}"));
        assert_eq!(second.code, Some("InvalidParameterValue"));
    }
}
