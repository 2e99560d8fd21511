//! Carrier gateways: ways from Wavelength Zones' subnets to a carrier's network.
//!
//! See <https://docs.aws.amazon.com/wavelength/latest/developerguide/carrier-gateways.html>.

use jiff::Timestamp;

use crate::{CarrierGatewayId, Context, LifeSpan, Model, Tags, VpcId, life_span};

/// A carrier gateway.
#[derive(Debug, Clone)]
pub struct CarrierGateway {
    /// Its id.
    pub id: CarrierGatewayId,
    /// The VPC it serves, from its beginning to its end.
    pub vpc_id: VpcId,
    /// Its tags.
    pub tags: Tags,
    span: LifeSpan,
}

impl CarrierGateway {
    /// Its state as EC2 writes it.
    pub fn state(&self) -> &'static str {
        self.span.phase().as_str()
    }

    /// Whether it is neither ending nor gone.
    pub fn is_alive(&self) -> bool {
        self.span.phase().is_alive()
    }
}

/// Why an operation on a carrier gateway is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CarrierGatewayError {
    /// No such gateway.
    #[error("carrier gateway {0} does not exist")]
    NotFound(CarrierGatewayId),
    /// No such VPC.
    #[error("vpc {0} does not exist")]
    VpcNotFound(VpcId),
    /// A VPC has one gateway.
    #[error("vpc {0} has a carrier gateway already")]
    VpcHasOne(VpcId),
}

impl Model {
    /// Begins to make a carrier gateway for a VPC.
    pub fn create_carrier_gateway(
        &mut self,
        cx: &mut Context,
        vpc_id: &VpcId,
        tags: Tags,
    ) -> Result<CarrierGatewayId, CarrierGatewayError> {
        if !self.vpcs.contains_key(vpc_id) {
            return Err(CarrierGatewayError::VpcNotFound(vpc_id.clone()));
        }
        if self.has_carrier_gateway(vpc_id) {
            return Err(CarrierGatewayError::VpcHasOne(vpc_id.clone()));
        }
        let id: CarrierGatewayId = cx.ids.next();
        let span = LifeSpan::begin(cx.now);
        self.carrier_gateways.insert(id.clone(), CarrierGateway { id: id.clone(), vpc_id: vpc_id.clone(), tags, span });
        self.touch();
        Ok(id)
    }

    /// Begins to take a gateway away; routes that lead to it become black holes.
    pub fn delete_carrier_gateway(
        &mut self,
        cx: &mut Context,
        id: &CarrierGatewayId,
    ) -> Result<(), CarrierGatewayError> {
        let gateway = self.carrier_gateways.get_mut(id).filter(|gateway| gateway.state() != "deleted");
        let gateway = gateway.ok_or_else(|| CarrierGatewayError::NotFound(id.clone()))?;
        if gateway.is_alive() {
            gateway.span.end(cx.now);
            self.touch();
        }
        Ok(())
    }

    /// Whether a VPC has a carrier gateway that is not gone.
    pub(crate) fn has_carrier_gateway(&self, vpc_id: &VpcId) -> bool {
        let mut there = self.carrier_gateways.values().filter(|gateway| gateway.state() != "deleted");
        there.any(|gateway| gateway.vpc_id == *vpc_id)
    }

    /// Completes what was begun on carrier gateways. Whether anything was.
    pub(crate) fn advance_carrier_gateways(&mut self, now: Timestamp) -> bool {
        life_span::advance((&mut self.carrier_gateways, |gateway| &mut gateway.span), self.delays.other, now)
    }

    /// When something that was begun on a carrier gateway is complete.
    pub(crate) fn carrier_gateways_due(&self) -> Option<Timestamp> {
        life_span::first_due(self.carrier_gateways.values().map(|gateway| &gateway.span), self.delays.other)
    }
}
