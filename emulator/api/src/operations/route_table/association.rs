//! AssociateRouteTable, DisassociateRouteTable, ReplaceRouteTableAssociation.

use vpc_model::{Context, Model, RouteTableAssociationId, RouteTableId, SubnetId};

use crate::ApiError;
use crate::operations::{Done, Operation, Output};
use crate::query::Query;
use crate::xml::Xml;

#[derive(Debug)]
pub(super) struct AssociateRouteTable {
    table_id: RouteTableId,
    subnet_id: SubnetId,
}

impl Operation for AssociateRouteTable {
    const ACTION: &'static str = "AssociateRouteTable";
    type Output = Associated;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        query.refuse_unsupported(&["GatewayId", "PublicIpv4Pool"])?;
        Ok(Self { table_id: query.required("RouteTableId")?, subnet_id: query.required("SubnetId")? })
    }

    fn run(self, model: &mut Model, cx: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        let id = model.associate_route_table(cx, &self.table_id, &self.subnet_id)?;
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
