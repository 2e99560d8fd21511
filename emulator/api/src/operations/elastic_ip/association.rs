//! AssociateAddress, DisassociateAddress.

use std::net::Ipv4Addr;

use vpc_model::{
    AddressAssociationId, AddressTarget, AllocationId, Context, ElasticIpError, InstanceId, Model, NetworkInterfaceId,
};

use crate::ApiError;
use crate::operations::{Done, Operation, Output};
use crate::query::Query;
use crate::xml::Xml;

/// An Elastic IP address as a call names it.
#[derive(Debug)]
enum Named {
    Id(AllocationId),
    Address(Ipv4Addr),
}

#[derive(Debug)]
pub(super) struct AssociateAddress {
    named: Named,
    target: AddressTarget,
    private_ip: Option<Ipv4Addr>,
    allow_reassociation: bool,
}

impl Operation for AssociateAddress {
    const ACTION: &'static str = "AssociateAddress";
    type Output = AssociateAddressOutput;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        let named = match (query.optional("AllocationId")?, query.optional("PublicIp")?) {
            (Some(id), None) => Named::Id(id),
            (None, Some(address)) => Named::Address(address),
            (Some(_), Some(_)) => {
                return Err(ApiError::combination(
                    "You may specify public IP or allocation id, but not both in the same call",
                ));
            }
            (None, None) => return Err(ApiError::missing("AllocationId")),
        };
        let interface: Option<NetworkInterfaceId> = query.optional("NetworkInterfaceId")?;
        let instance: Option<InstanceId> = query.optional("InstanceId")?;
        let target = match (interface, instance) {
            (Some(id), None) => AddressTarget::Interface(id),
            (None, Some(id)) => AddressTarget::Instance(id),
            (Some(_), Some(_)) => {
                return Err(ApiError::combination(
                    "You may specify an instance ID or a network interface ID, but not both in the same call",
                ));
            }
            (None, None) => return Err(ApiError::missing("InstanceId or NetworkInterfaceId")),
        };
        Ok(Self {
            named,
            target,
            private_ip: query.optional("PrivateIpAddress")?,
            allow_reassociation: query.or("AllowReassociation", true)?,
        })
    }

    fn run(self, model: &mut Model, cx: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        let id = match self.named {
            Named::Id(id) => id,
            Named::Address(address) => model.elastic_ip_by_address(address)?.id.clone(),
        };
        let (target, allow) = (&self.target, self.allow_reassociation);
        Ok(AssociateAddressOutput(model.associate_address(cx, &id, target, self.private_ip, allow)?))
    }
}

#[derive(Debug)]
pub(super) struct AssociateAddressOutput(AddressAssociationId);

impl Output for AssociateAddressOutput {
    fn write(&self, xml: &mut Xml) {
        xml.text("return", true);
        xml.text("associationId", &self.0);
    }
}

/// An association as a call names it.
#[derive(Debug)]
pub(super) enum DisassociateAddress {
    ById(AddressAssociationId),
    ByAddress(Ipv4Addr),
}

impl Operation for DisassociateAddress {
    const ACTION: &'static str = "DisassociateAddress";
    type Output = Done;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        match (query.optional("AssociationId")?, query.optional("PublicIp")?) {
            (Some(id), None) => Ok(Self::ById(id)),
            (None, Some(address)) => Ok(Self::ByAddress(address)),
            (Some(_), Some(_)) => {
                Err(ApiError::combination("You may specify public IP or association id, but not both in the same call"))
            }
            (None, None) => Err(ApiError::missing("AssociationId")),
        }
    }

    fn run(self, model: &mut Model, _: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        let id = match self {
            Self::ById(id) => id,
            Self::ByAddress(address) => {
                let association = model.elastic_ip_by_address(address)?.association.as_ref();
                association.ok_or(ElasticIpError::NotAssociated(address))?.id.clone()
            }
        };
        model.disassociate_address(&id)?;
        Ok(Done)
    }
}
