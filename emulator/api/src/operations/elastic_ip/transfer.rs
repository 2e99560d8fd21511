//! Offering addresses to other accounts: EnableAddressTransfer, DisableAddressTransfer, AcceptAddressTransfer,
//! DescribeAddressTransfers.

#[cfg(test)]
mod tests;

use std::net::Ipv4Addr;

use jiff::Timestamp;
use vpc_model::{AccountId, AddressTransfer, AllocationId, Context, ElasticIpError, Model, Tags};

use crate::operations::{Operation, Output, ReadOperation};
use crate::pagination::{Page, PageRequest};
use crate::query::Query;
use crate::xml::Xml;
use crate::{ApiError, tag_specification};

/// An offer as replies show it.
#[derive(Debug, Clone)]
pub(super) struct TransferItem {
    transfer: AddressTransfer,
    status: &'static str,
}

impl TransferItem {
    fn of(transfer: &AddressTransfer) -> Self {
        let status = if transfer.accepted.is_some() { "accepted" } else { "pending" };
        Self { transfer: transfer.clone(), status }
    }

    fn write(&self, xml: &mut Xml) {
        xml.text("publicIp", self.transfer.public_ip);
        xml.text("allocationId", &self.transfer.allocation_id);
        xml.text("transferAccountId", &self.transfer.account);
        xml.timestamp("transferOfferExpirationTimestamp", self.transfer.expires);
        if let Some(accepted) = self.transfer.accepted {
            xml.timestamp("transferOfferAcceptedTimestamp", accepted);
        }
        xml.text("addressTransferStatus", self.status);
    }
}

/// The answer about one offer.
#[derive(Debug)]
pub(super) struct OneTransfer(TransferItem);

impl Output for OneTransfer {
    fn write(&self, xml: &mut Xml) {
        xml.element("addressTransfer", |xml| self.0.write(xml));
    }
}

#[derive(Debug)]
pub(super) struct EnableAddressTransfer {
    id: AllocationId,
    account: AccountId,
}

impl Operation for EnableAddressTransfer {
    const ACTION: &'static str = "EnableAddressTransfer";
    type Output = OneTransfer;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        Ok(Self { id: query.required("AllocationId")?, account: query.required("TransferAccountId")? })
    }

    fn run(self, model: &mut Model, cx: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        Ok(OneTransfer(TransferItem::of(&model.enable_address_transfer(cx, &self.id, self.account)?)))
    }
}

#[derive(Debug)]
pub(super) struct DisableAddressTransfer {
    id: AllocationId,
}

impl Operation for DisableAddressTransfer {
    const ACTION: &'static str = "DisableAddressTransfer";
    type Output = OneTransfer;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        Ok(Self { id: query.required("AllocationId")? })
    }

    fn run(self, model: &mut Model, _: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        let transfer = model.disable_address_transfer(&self.id)?;
        Ok(OneTransfer(TransferItem { transfer, status: "disabled" }))
    }
}

#[derive(Debug)]
pub(super) struct AcceptAddressTransfer {
    address: Ipv4Addr,
    tags: Tags,
}

impl Operation for AcceptAddressTransfer {
    const ACTION: &'static str = "AcceptAddressTransfer";
    type Output = OneTransfer;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        let tags = tag_specification::decode_one(query, &["elastic-ip"])?;
        Ok(Self { address: query.required("Address")?, tags })
    }

    fn run(self, model: &mut Model, cx: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        Ok(OneTransfer(TransferItem::of(&model.accept_address_transfer(cx, self.address, self.tags)?)))
    }
}

#[derive(Debug)]
pub(super) struct DescribeAddressTransfers {
    ids: Vec<AllocationId>,
    page: PageRequest,
}

impl ReadOperation for DescribeAddressTransfers {
    const ACTION: &'static str = "DescribeAddressTransfers";
    type Output = Transfers;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        Ok(Self { ids: query.list("AllocationId")?, page: PageRequest::decode(query, 5..=1000)? })
    }

    fn run(self, model: &Model, _: Timestamp) -> Result<Self::Output, ApiError> {
        if let Some(missing) = self.ids.iter().find(|id| !model.has_or_had_address(id)) {
            return Err(ElasticIpError::NotFound(missing.clone()).into());
        }
        let is_asked = |transfer: &&AddressTransfer| self.ids.is_empty() || self.ids.contains(&transfer.allocation_id);
        let transfers = model.address_transfers().into_iter().filter(is_asked).map(TransferItem::of);
        Ok(Transfers(self.page.page(transfers, |item| item.transfer.allocation_id.to_string())))
    }
}

#[derive(Debug)]
pub(super) struct Transfers(Page<TransferItem>);

impl Output for Transfers {
    fn write(&self, xml: &mut Xml) {
        xml.list("addressTransferSet", &self.0.items, |xml, item| item.write(xml));
        xml.optional("nextToken", self.0.next_token.as_ref());
    }
}
