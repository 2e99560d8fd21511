//! AssociateRouteTable, DisassociateRouteTable, ReplaceRouteTableAssociation.

use vpc_model::{
    Context, EdgeGateway, InternetGatewayId, Model, RouteTableAssociationId, RouteTableId, SubnetId, VpnGatewayId,
};

use crate::operations::{Done, Operation, Output};
use crate::query::{Query, Value};
use crate::xml::Xml;
use crate::{ApiError, Code};

#[derive(Debug)]
pub(super) struct AssociateRouteTable {
    table_id: RouteTableId,
    user: User,
}

/// Who shall use a table.
#[derive(Debug)]
enum User {
    Subnet(SubnetId),
    Gateway(EdgeGateway),
}

/// A gateway of either kind, told apart by its id.
fn gateway(text: String) -> Result<EdgeGateway, ApiError> {
    match text.split_once('-') {
        Some(("igw", _)) => InternetGatewayId::from_text("GatewayId", text).map(EdgeGateway::Internet),
        Some(("vgw", _)) => VpnGatewayId::from_text("GatewayId", text).map(EdgeGateway::Vpn),
        _ => Err(ApiError::not_found(Code::INVALID_GATEWAY_ID_NOT_FOUND, "gateway", text)),
    }
}

impl Operation for AssociateRouteTable {
    const ACTION: &'static str = "AssociateRouteTable";
    type Output = Associated;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        query.refuse_unsupported(&["PublicIpv4Pool"])?;
        let table_id = query.required("RouteTableId")?;
        let edge = query.optional("GatewayId")?.map(gateway).transpose()?;
        let user = match (query.optional("SubnetId")?, edge) {
            (Some(subnet), None) => User::Subnet(subnet),
            (None, Some(gateway)) => User::Gateway(gateway),
            (Some(_), Some(_)) => {
                return Err(ApiError::combination("Specify either a subnet or a gateway, but not both"));
            }
            (None, None) => return Err(ApiError::missing("subnetId or gatewayId")),
        };
        Ok(Self { table_id, user })
    }

    fn run(self, model: &mut Model, cx: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        let id = match self.user {
            User::Subnet(subnet) => model.associate_route_table(cx, &self.table_id, &subnet)?,
            User::Gateway(gateway) => model.associate_gateway_route_table(cx, &self.table_id, gateway)?,
        };
        Ok(Associated { element: "associationId", id })
    }
}

/// An association's id, in the element that the action has for it.
#[derive(Debug)]
pub(super) struct Associated {
    element: &'static str,
    id: RouteTableAssociationId,
}

impl Output for Associated {
    fn write(&self, xml: &mut Xml) {
        xml.text(self.element, &self.id);
        xml.element("associationState", |xml| xml.text("state", "associated"));
    }
}

#[derive(Debug)]
pub(super) struct DisassociateRouteTable {
    id: RouteTableAssociationId,
}

impl Operation for DisassociateRouteTable {
    const ACTION: &'static str = "DisassociateRouteTable";
    type Output = Done;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        Ok(Self { id: query.required("AssociationId")? })
    }

    fn run(self, model: &mut Model, _: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        model.disassociate_route_table(&self.id)?;
        Ok(Done)
    }
}

#[derive(Debug)]
pub(super) struct ReplaceRouteTableAssociation {
    id: RouteTableAssociationId,
    table_id: RouteTableId,
}

impl Operation for ReplaceRouteTableAssociation {
    const ACTION: &'static str = "ReplaceRouteTableAssociation";
    type Output = Associated;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        Ok(Self { id: query.required("AssociationId")?, table_id: query.required("RouteTableId")? })
    }

    fn run(self, model: &mut Model, cx: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        let id = model.replace_route_table_association(cx, &self.id, &self.table_id)?;
        Ok(Associated { element: "newAssociationId", id })
    }
}
