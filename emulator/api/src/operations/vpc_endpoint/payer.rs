//! ModifyVpcEndpointPayerResponsibility.

use vpc_model::{ChargeScope, Context, EndpointServiceId, Model, Payer, VpcEndpoint, VpcEndpointError, VpcEndpointId};

use super::item::write_payers;
use crate::ApiError;
use crate::operations::{Operation, Output};
use crate::query::{Query, values};
use crate::xml::Xml;

values! {
    ChargeScope { Endpoint "vpc-endpoint-charges", ResourceGateway "resource-gateway-charges" }
    Payer {
        Endpoint "vpc-endpoint-account",
        ResourceGateway "resource-gateway-account",
        Service "vpc-endpoint-service-account",
    }
}

#[derive(Debug)]
pub(super) struct ModifyVpcEndpointPayerResponsibility {
    id: VpcEndpointId,
    service: Option<EndpointServiceId>,
    scope: ChargeScope,
    payer: Payer,
}

impl Operation for ModifyVpcEndpointPayerResponsibility {
    const ACTION: &'static str = "ModifyVpcEndpointPayerResponsibility";
    type Output = Payers;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        Ok(Self {
            id: query.required("VpcEndpointId")?,
            service: query.optional("ServiceId")?,
            scope: query.required("Scope")?,
            payer: query.required("PayerResponsibility")?,
        })
    }

    fn run(self, model: &mut Model, _: &mut Context<'_>) -> Result<Payers, ApiError> {
        model.set_endpoint_payer(&self.id, self.service.as_ref(), self.scope, self.payer)?;
        let endpoint = model.vpc_endpoint(&self.id).ok_or(VpcEndpointError::NotFound(self.id))?;
        Ok(Payers(endpoint.clone()))
    }
}

#[derive(Debug)]
pub(super) struct Payers(VpcEndpoint);

impl Output for Payers {
    fn write(&self, xml: &mut Xml) {
        xml.text("vpcEndpointId", &self.0.id);
        write_payers(xml, &self.0);
    }
}
