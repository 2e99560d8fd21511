//! AssociateNatGatewayAddress, DisassociateNatGatewayAddress, AssignPrivateNatGatewayAddress,
//! UnassignPrivateNatGatewayAddress.

use std::net::Ipv4Addr;

use vpc_model::{
    AddressAssociationId, Context, Model, NatAddress, NatGateway, NatGatewayError, NatGatewayId, NetworkInterfaceId,
    NewNatAddresses,
};

use super::{allocations, count};
use crate::ApiError;
use crate::operations::{Operation, Output};
use crate::query::Query;
use crate::xml::Xml;

/// An address of a gateway as replies show it.
#[derive(Debug)]
pub(super) struct AddressItem {
    address: NatAddress,
    interface: Option<NetworkInterfaceId>,
    status: &'static str,
}

impl AddressItem {
    pub(super) fn of(gateway: &NatGateway, address: &NatAddress) -> Self {
        let status = if gateway.state() == "failed" { "failed" } else { address.status() };
        Self { address: address.clone(), interface: gateway.network_interface_id.clone(), status }
    }
}

/// `<natGatewayAddressSet>`. What an address is mapped to is shown as soon as it is.
pub(super) fn write_addresses(xml: &mut Xml, addresses: &[AddressItem]) {
    xml.list("natGatewayAddressSet", addresses, |xml, item| {
        let address = &item.address;
        xml.optional("allocationId", address.allocation_id.as_ref());
        if address.is_complete() {
            xml.optional("networkInterfaceId", item.interface.as_ref());
            xml.optional("privateIp", address.private_ip);
            xml.optional("publicIp", address.association.as_ref().map(|(_, address)| address));
            xml.optional("associationId", address.association.as_ref().map(|(id, _)| id));
        }
        xml.text("isPrimary", address.is_primary);
        xml.text("status", item.status);
    });
}

/// The addresses that an action is about.
#[derive(Debug)]
pub(super) struct Changed {
    id: NatGatewayId,
    addresses: Vec<AddressItem>,
}

impl Changed {
    fn of(model: &Model, id: NatGatewayId, addresses: &[NatAddress]) -> Result<Self, ApiError> {
        let gateway = model.nat_gateway(&id).ok_or_else(|| NatGatewayError::NotFound(id.clone()))?;
        let addresses = addresses.iter().map(|address| AddressItem::of(gateway, address)).collect();
        Ok(Self { id, addresses })
    }
}

impl Output for Changed {
    fn write(&self, xml: &mut Xml) {
        xml.text("natGatewayId", &self.id);
        write_addresses(xml, &self.addresses);
    }
}

#[derive(Debug)]
pub(super) struct AssociateNatGatewayAddress {
    id: NatGatewayId,
    more: NewNatAddresses,
}

impl Operation for AssociateNatGatewayAddress {
    const ACTION: &'static str = "AssociateNatGatewayAddress";
    type Output = Changed;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        // These name the zone of a regional gateway.
        query.refuse_unsupported(&["AvailabilityZone", "AvailabilityZoneId"])?;
        let (allocation_ids, private_ips) = (allocations(query, "AllocationId")?, query.list("PrivateIpAddress")?);
        if allocation_ids.is_empty() {
            return Err(ApiError::missing("AllocationId"));
        }
        let id = query.required("NatGatewayId")?;
        Ok(Self { id, more: NewNatAddresses { allocation_ids, private_ips, count: 0 } })
    }

    fn run(self, model: &mut Model, cx: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        let added = model.associate_nat_gateway_address(cx, &self.id, &self.more)?;
        Changed::of(model, self.id, &added)
    }
}

#[derive(Debug)]
pub(super) struct DisassociateNatGatewayAddress {
    id: NatGatewayId,
    associations: Vec<AddressAssociationId>,
}

impl Operation for DisassociateNatGatewayAddress {
    const ACTION: &'static str = "DisassociateNatGatewayAddress";
    type Output = Changed;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        decode_drain(query)?;
        Ok(Self { id: query.required("NatGatewayId")?, associations: query.required_list("AssociationId")? })
    }

    fn run(self, model: &mut Model, cx: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        let ending = model.disassociate_nat_gateway_address(cx, &self.id, &self.associations)?;
        Changed::of(model, self.id, &ending)
    }
}

/// Takes how long connections may still use an address. None do here, so it goes as soon as it can.
fn decode_drain(query: &mut Query) -> Result<(), ApiError> {
    match query.optional::<u32>("MaxDrainDurationSeconds")? {
        Some(seconds) if !(1..=4000).contains(&seconds) => {
            let text = seconds.to_string();
            Err(ApiError::invalid("MaxDrainDurationSeconds", &text, "Expected a number from 1 to 4000."))
        }
        _ => Ok(()),
    }
}

#[derive(Debug)]
pub(super) struct AssignPrivateNatGatewayAddress {
    id: NatGatewayId,
    more: NewNatAddresses,
}

impl Operation for AssignPrivateNatGatewayAddress {
    const ACTION: &'static str = "AssignPrivateNatGatewayAddress";
    type Output = Changed;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        let more = NewNatAddresses {
            allocation_ids: Vec::new(),
            private_ips: query.list("PrivateIpAddress")?,
            count: count(query, "PrivateIpAddressCount")?,
        };
        Ok(Self { id: query.required("NatGatewayId")?, more })
    }

    fn run(self, model: &mut Model, cx: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        let added = model.assign_nat_gateway_address(cx, &self.id, &self.more)?;
        Changed::of(model, self.id, &added)
    }
}

#[derive(Debug)]
pub(super) struct UnassignPrivateNatGatewayAddress {
    id: NatGatewayId,
    private_ips: Vec<Ipv4Addr>,
}

impl Operation for UnassignPrivateNatGatewayAddress {
    const ACTION: &'static str = "UnassignPrivateNatGatewayAddress";
    type Output = Changed;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        decode_drain(query)?;
        Ok(Self { id: query.required("NatGatewayId")?, private_ips: query.required_list("PrivateIpAddress")? })
    }

    fn run(self, model: &mut Model, cx: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        let ending = model.unassign_nat_gateway_address(cx, &self.id, &self.private_ips)?;
        Changed::of(model, self.id, &ending)
    }
}
