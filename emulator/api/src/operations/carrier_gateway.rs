//! Carrier gateways: CreateCarrierGateway, DeleteCarrierGateway, DescribeCarrierGateways.

use jiff::Timestamp;
use vpc_model::{
    AccountId, CarrierGateway, CarrierGatewayError, CarrierGatewayId, Context, Model, Tags, VpcError, VpcId,
};

use super::describe::{Describable, Describe, Single, created};
use super::{Action, Operation, Output, read, write};
use crate::filter::Fields;
use crate::query::Query;
use crate::xml::Xml;
use crate::{ApiError, Code, tag_specification};

pub(crate) const ACTIONS: &[Action] =
    &[write::<CreateCarrierGateway>(), write::<DeleteCarrierGateway>(), read::<Describe<CarrierGateway>>()];

impl From<CarrierGatewayError> for ApiError {
    fn from(err: CarrierGatewayError) -> Self {
        match err {
            CarrierGatewayError::NotFound(id) => {
                Self::not_found(Code::INVALID_CARRIER_GATEWAY_ID_NOT_FOUND, "carrierGateway", id)
            }
            CarrierGatewayError::VpcNotFound(id) => VpcError::NotFound(id).into(),
            CarrierGatewayError::VpcHasOne(vpc) => {
                Self::new(Code::INVALID_PARAMETER_VALUE, format!("Network {vpc} already has a carrier gateway"))
            }
        }
    }
}

impl Describable for CarrierGateway {
    type Id = CarrierGatewayId;
    type Item = GatewayItem;

    const ACTION: &'static str = "DescribeCarrierGateways";
    const IDS: &'static str = "CarrierGatewayId";
    const SET: &'static str = "carrierGatewaySet";
    const FIELDS: Fields<Model, Self> = Fields {
        by_name: &[
            ("carrier-gateway-id", |_, gateway| vec![gateway.id.to_string()]),
            ("owner-id", |model, _| vec![model.account().to_string()]),
            ("state", |_, gateway| vec![gateway.state().to_owned()]),
            ("vpc-id", |_, gateway| vec![gateway.vpc_id.to_string()]),
        ],
        tags: Some(|gateway| &gateway.tags),
    };

    fn id(&self) -> &CarrierGatewayId {
        &self.id
    }

    fn find<'a>(model: &'a Model, id: &CarrierGatewayId) -> Option<&'a Self> {
        model.carrier_gateway(id)
    }

    fn all(model: &Model) -> Vec<&Self> {
        model.carrier_gateways().collect()
    }

    fn missing(id: &CarrierGatewayId) -> ApiError {
        CarrierGatewayError::NotFound(id.clone()).into()
    }

    fn item(&self, model: &Model, _: Timestamp) -> GatewayItem {
        GatewayItem { owner: model.account().clone(), gateway: self.clone() }
    }
}

/// A gateway as replies show it.
#[derive(Debug)]
pub(crate) struct GatewayItem {
    owner: AccountId,
    gateway: CarrierGateway,
}

impl Output for GatewayItem {
    fn write(&self, xml: &mut Xml) {
        xml.text("carrierGatewayId", &self.gateway.id);
        xml.text("vpcId", &self.gateway.vpc_id);
        xml.text("state", self.gateway.state());
        xml.text("ownerId", &self.owner);
        xml.tags(&self.gateway.tags);
    }
}

#[derive(Debug)]
struct CreateCarrierGateway {
    vpc_id: VpcId,
    tags: Tags,
}

impl Operation for CreateCarrierGateway {
    const ACTION: &'static str = "CreateCarrierGateway";
    const CLIENT_TOKEN: bool = true;
    type Output = Single<GatewayItem>;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        let tags = tag_specification::decode_one(query, &["carrier-gateway"])?;
        Ok(Self { vpc_id: query.required("VpcId")?, tags })
    }

    fn run(self, model: &mut Model, cx: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        let id = model.create_carrier_gateway(cx, &self.vpc_id, self.tags)?;
        created::<CarrierGateway>("carrierGateway", model, cx.now, &id)
    }
}

#[derive(Debug)]
struct DeleteCarrierGateway {
    id: CarrierGatewayId,
}

impl Operation for DeleteCarrierGateway {
    const ACTION: &'static str = "DeleteCarrierGateway";
    type Output = Single<GatewayItem>;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        Ok(Self { id: query.required("CarrierGatewayId")? })
    }

    fn run(self, model: &mut Model, cx: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        model.delete_carrier_gateway(cx, &self.id)?;
        created::<CarrierGateway>("carrierGateway", model, cx.now, &self.id)
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
        let form = format!("VpcId={vpc}&ClientToken=once");
        let made = world.call("CreateCarrierGateway", &form).ok();
        insta::assert_snapshot!(made.lines());
        let id = made.text("carrierGatewayId").to_owned();
        let second = world.call("CreateCarrierGateway", &format!("VpcId={vpc}"));
        assert_eq!(second.code, Some("InvalidParameterValue"));
        world.model.settle(world.now);
        let by_state = format!("CarrierGatewayId.1={id}&Filter.1.Name=state&Filter.1.Value.1=available");
        assert_eq!(world.call("DescribeCarrierGateways", &by_state).ok().texts("vpcId"), [vpc.as_str()]);
        let table = world.call("DescribeRouteTables", "").ok().text("routeTableId").to_owned();
        let route = format!("RouteTableId={table}&DestinationCidrBlock=0.0.0.0/0&CarrierGatewayId={id}");
        world.call("CreateRoute", &route).ok();
        assert_eq!(world.call("DescribeRouteTables", "").ok().texts("carrierGatewayId"), [id.as_str()]);
        assert_eq!(world.call("DeleteVpc", &format!("VpcId={vpc}")).code, Some("DependencyViolation"));
        let delete = format!("CarrierGatewayId={id}");
        assert_eq!(world.call("DeleteCarrierGateway", &delete).ok().text("state"), "deleting");
        assert!(world.call("DescribeRouteTables", "").ok().texts("state").contains(&"blackhole"));
        world.model.settle(world.now);
        assert_eq!(world.call("DeleteCarrierGateway", &delete).code, Some("InvalidCarrierGatewayID.NotFound"));
        assert_eq!(
            world.call("DescribeCarrierGateways", &format!("CarrierGatewayId.1={id}")).ok().text("state"),
            "deleted"
        );
        world.call("DeleteVpc", &format!("VpcId={vpc}")).ok();
    }

    #[rstest]
    #[case::no_vpc("CreateCarrierGateway", "", "MissingParameter")]
    #[case::vpc("CreateCarrierGateway", "VpcId=vpc-01234567", "InvalidVpcID.NotFound")]
    #[case::delete("DeleteCarrierGateway", "CarrierGatewayId=cagw-01234567", "InvalidCarrierGatewayID.NotFound")]
    #[case::malformed("DeleteCarrierGateway", "CarrierGatewayId=igw-01234567", "InvalidCarrierGatewayID.Malformed")]
    fn refused(#[case] action: &str, #[case] form: &str, #[case] code: &str) {
        assert_eq!(World::new().call(action, form).code, Some(code));
    }
}
