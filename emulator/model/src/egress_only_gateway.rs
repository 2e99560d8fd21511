//! Egress-only internet gateways: ways out for IPv6 that nothing can come in by.
//!
//! See <https://docs.aws.amazon.com/vpc/latest/userguide/egress-only-internet-gateway.html>.

use crate::{Context, EgressOnlyGatewayId, Model, Tags, VpcId};

/// An egress-only internet gateway.
#[derive(Debug, Clone)]
pub struct EgressOnlyGateway {
    /// Its id.
    pub id: EgressOnlyGatewayId,
    /// The VPC it serves, from its beginning to its end.
    pub vpc_id: VpcId,
    /// Its tags.
    pub tags: Tags,
}

/// Why an operation on an egress-only internet gateway is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EgressOnlyGatewayError {
    /// No such gateway.
    #[error("egress-only internet gateway {0} does not exist")]
    NotFound(EgressOnlyGatewayId),
    /// No such VPC.
    #[error("vpc {0} does not exist")]
    VpcNotFound(VpcId),
    /// A region has no more gateways.
    #[error("a region has at most {0} egress-only internet gateways")]
    TooMany(usize),
    /// A VPC has one gateway.
    #[error("vpc {0} has an egress-only internet gateway already")]
    VpcHasOne(VpcId),
}

impl Model {
    /// Makes an egress-only internet gateway for a VPC.
    pub fn create_egress_only_gateway(
        &mut self,
        cx: &mut Context,
        vpc_id: &VpcId,
        tags: Tags,
    ) -> Result<EgressOnlyGatewayId, EgressOnlyGatewayError> {
        if !self.vpcs.contains_key(vpc_id) {
            return Err(EgressOnlyGatewayError::VpcNotFound(vpc_id.clone()));
        }
        if self.egress_only_gateways.values().any(|other| other.vpc_id == *vpc_id) {
            return Err(EgressOnlyGatewayError::VpcHasOne(vpc_id.clone()));
        }
        // There can be as many as VPCs.
        if self.egress_only_gateways.len() >= self.quotas.vpcs {
            return Err(EgressOnlyGatewayError::TooMany(self.quotas.vpcs));
        }
        let id: EgressOnlyGatewayId = cx.ids.next();
        let gateway = EgressOnlyGateway { id: id.clone(), vpc_id: vpc_id.clone(), tags };
        self.egress_only_gateways.insert(id.clone(), gateway);
        self.touch();
        Ok(id)
    }

    /// Takes a gateway away; routes that lead to it become black holes.
    pub fn delete_egress_only_gateway(&mut self, id: &EgressOnlyGatewayId) -> Result<(), EgressOnlyGatewayError> {
        self.egress_only_gateways.remove(id).ok_or_else(|| EgressOnlyGatewayError::NotFound(id.clone()))?;
        self.touch();
        Ok(())
    }
}
