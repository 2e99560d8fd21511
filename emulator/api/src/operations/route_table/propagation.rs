//! EnableVgwRoutePropagation, DisableVgwRoutePropagation.

use vpc_model::{Context, Model, RouteTableId, VpnGatewayId};

use crate::operations::{Done, Operation};
use crate::query::{Query, Value};
use crate::{ApiError, Code};

/// Takes the gateway's id, which is looked for whatever it is.
fn gateway(query: &mut Query) -> Result<VpnGatewayId, ApiError> {
    let text: String = query.required("GatewayId")?;
    VpnGatewayId::from_text("GatewayId", text.clone())
        .map_err(|_| ApiError::not_found(Code::INVALID_GATEWAY_ID_NOT_FOUND, "gateway", text))
}

#[derive(Debug)]
pub(super) struct EnableVgwRoutePropagation {
    table_id: RouteTableId,
    gateway: VpnGatewayId,
}

impl Operation for EnableVgwRoutePropagation {
    const ACTION: &'static str = "EnableVgwRoutePropagation";
    type Output = Done;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        Ok(Self { table_id: query.required("RouteTableId")?, gateway: gateway(query)? })
    }

    fn run(self, model: &mut Model, _: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        model.enable_route_propagation(&self.table_id, &self.gateway)?;
        Ok(Done)
    }
}

#[derive(Debug)]
pub(super) struct DisableVgwRoutePropagation {
    table_id: RouteTableId,
    gateway: VpnGatewayId,
}

impl Operation for DisableVgwRoutePropagation {
    const ACTION: &'static str = "DisableVgwRoutePropagation";
    type Output = Done;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        Ok(Self { table_id: query.required("RouteTableId")?, gateway: gateway(query)? })
    }

    fn run(self, model: &mut Model, _: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        model.disable_route_propagation(&self.table_id, &self.gateway)?;
        Ok(Done)
    }
}
