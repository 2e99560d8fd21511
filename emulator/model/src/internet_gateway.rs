//! Internet gateways.
//!
//! See <https://docs.aws.amazon.com/vpc/latest/userguide/VPC_Internet_Gateway.html>.

use crate::{Context, InternetGatewayId, Model, Tags, VpcId};

/// An internet gateway.
#[derive(Debug, Clone)]
pub struct InternetGateway {
    /// Its id.
    pub id: InternetGatewayId,
    /// The VPC it is attached to.
    pub vpc_id: Option<VpcId>,
    /// Its tags.
    pub tags: Tags,
}

/// Why an operation on an internet gateway is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GatewayError {
    /// No such gateway.
    #[error("internet gateway {0} does not exist")]
    NotFound(InternetGatewayId),
    /// No such VPC.
    #[error("vpc {0} does not exist")]
    VpcNotFound(VpcId),
    /// A region has no more gateways.
    #[error("a region has at most {0} internet gateways")]
    TooMany(usize),
    /// A gateway serves one VPC.
    #[error("internet gateway {gateway} is attached to {vpc} already")]
    AlreadyAttached {
        /// The gateway.
        gateway: InternetGatewayId,
        /// The VPC it is attached to.
        vpc: VpcId,
    },
    /// A VPC has one gateway.
    #[error("vpc {0} has an internet gateway already")]
    VpcHasOne(VpcId),
    /// It is not attached to that VPC.
    #[error("internet gateway {gateway} is not attached to {vpc}")]
    NotAttached {
        /// The gateway.
        gateway: InternetGatewayId,
        /// The VPC.
        vpc: VpcId,
    },
    /// Public addresses are mapped to something in the VPC.
    #[error("vpc {0} has public addresses")]
    MappedAddresses(VpcId),
    /// It is attached, so it cannot be deleted.
    #[error("internet gateway {0} is attached")]
    HasDependencies(InternetGatewayId),
}

impl Model {
    /// Makes an internet gateway.
    pub fn create_internet_gateway(&mut self, cx: &mut Context, tags: Tags) -> Result<InternetGatewayId, GatewayError> {
        // There can be as many as VPCs.
        if self.internet_gateways.len() >= self.quotas.vpcs {
            return Err(GatewayError::TooMany(self.quotas.vpcs));
        }
        Ok(self.insert_internet_gateway(cx, tags))
    }

    /// Makes an internet gateway, however many there are.
    pub(crate) fn insert_internet_gateway(&mut self, cx: &mut Context, tags: Tags) -> InternetGatewayId {
        let id: InternetGatewayId = cx.ids.next();
        self.internet_gateways.insert(id.clone(), InternetGateway { id: id.clone(), vpc_id: None, tags });
        self.touch();
        id
    }

    /// Takes a gateway away that is not attached.
    pub fn delete_internet_gateway(&mut self, id: &InternetGatewayId) -> Result<(), GatewayError> {
        let gateway = self.internet_gateways.get(id).ok_or_else(|| GatewayError::NotFound(id.clone()))?;
        if gateway.vpc_id.is_some() {
            return Err(GatewayError::HasDependencies(id.clone()));
        }
        self.internet_gateways.remove(id);
        self.touch();
        Ok(())
    }

    /// Attaches a gateway to a VPC.
    pub fn attach_internet_gateway(&mut self, id: &InternetGatewayId, vpc_id: &VpcId) -> Result<(), GatewayError> {
        let gateway = self.internet_gateways.get(id).ok_or_else(|| GatewayError::NotFound(id.clone()))?;
        if let Some(vpc) = &gateway.vpc_id {
            return Err(GatewayError::AlreadyAttached { gateway: id.clone(), vpc: vpc.clone() });
        }
        if !self.vpcs.contains_key(vpc_id) {
            return Err(GatewayError::VpcNotFound(vpc_id.clone()));
        }
        if self.internet_gateways.values().any(|other| other.vpc_id.as_ref() == Some(vpc_id)) {
            return Err(GatewayError::VpcHasOne(vpc_id.clone()));
        }
        self.gateway_mut(id)?.vpc_id = Some(vpc_id.clone());
        self.touch();
        Ok(())
    }

    /// Detaches a gateway; routes that lead to it become black holes.
    pub fn detach_internet_gateway(&mut self, id: &InternetGatewayId, vpc_id: &VpcId) -> Result<(), GatewayError> {
        let gateway = self.gateway_mut(id)?;
        if gateway.vpc_id.as_ref() != Some(vpc_id) {
            return Err(GatewayError::NotAttached { gateway: id.clone(), vpc: vpc_id.clone() });
        }
        if self.has_public_addresses(vpc_id) {
            return Err(GatewayError::MappedAddresses(vpc_id.clone()));
        }
        self.gateway_mut(id)?.vpc_id = None;
        self.end_edge_association(&id.clone().into());
        self.touch();
        Ok(())
    }

    fn gateway_mut(&mut self, id: &InternetGatewayId) -> Result<&mut InternetGateway, GatewayError> {
        self.internet_gateways.get_mut(id).ok_or_else(|| GatewayError::NotFound(id.clone()))
    }
}
