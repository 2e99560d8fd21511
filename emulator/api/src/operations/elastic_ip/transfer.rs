//! Offering addresses to other accounts: EnableAddressTransfer, DisableAddressTransfer, AcceptAddressTransfer,
//! DescribeAddressTransfers.

#[cfg(test)]
mod tests;

use std::net::Ipv4Addr;

use jiff::Timestamp;
use vpc_model::{AccountId, AddressTransfer, AllocationId, Context, ElasticIp, ElasticIpError, Model, Tags};

use crate::operations::{Operation, Output, ReadOperation};
use crate::pagination::{Page, PageRequest};
use crate::query::Query;
use crate::xml::Xml;
use crate::{ApiError, tag_specification};

/// An offer as replies show it.
#[derive(Debug, Clone)]
pub(super) struct TransferItem {
    public_ip: Ipv4Addr,
    id: AllocationId,
    transfer: AddressTransfer,
    status: &'static str,
}

impl TransferItem {
    fn of(elastic_ip: &ElasticIp, transfer: AddressTransfer, status: &'static str) -> Self {
        Self { public_ip: elastic_ip.public_ip, id: elastic_ip.id.clone(), transfer, status }
    }

    fn write(&self, xml: &mut Xml) {
        xml.text("publicIp", self.public_ip);
        xml.text("allocationId", &self.id);
        xml.text("transferAccountId", &self.transfer.account);
        xml.timestamp("transferOfferExpirationTimestamp", self.transfer.expires);
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

fn find<'a>(model: &'a Model, id: &AllocationId) -> Result<&'a ElasticIp, ApiError> {
    model.elastic_ip(id).ok_or_else(|| ElasticIpError::NotFound(id.clone()).into())
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
        let transfer = model.enable_address_transfer(cx, &self.id, self.account)?;
        Ok(OneTransfer(TransferItem::of(find(model, &self.id)?, transfer, "pending")))
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
        Ok(OneTransfer(TransferItem::of(find(model, &self.id)?, transfer, "disabled")))
    }
}

#[derive(Debug)]
pub(super) struct AcceptAddressTransfer {
    address: Ipv4Addr,
}

impl Operation for AcceptAddressTransfer {
    const ACTION: &'static str = "AcceptAddressTransfer";
    type Output = OneTransfer;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        let _tags: Tags = tag_specification::decode_one(query, &["elastic-ip"])?;
        Ok(Self { address: query.required("Address")? })
    }

    fn run(self, model: &mut Model, _: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        let id = model.accept_address_transfer(self.address)?;
        let elastic_ip = find(model, &id)?;
        let transfer = elastic_ip.transfer.clone().ok_or(ElasticIpError::NoTransfer(id))?;
        Ok(OneTransfer(TransferItem::of(elastic_ip, transfer, "accepted")))
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
        let asked: Vec<&ElasticIp> = match self.ids.as_slice() {
            [] => model.elastic_ips().collect(),
            ids => ids.iter().map(|id| find(model, id)).collect::<Result<_, _>>()?,
        };
        let offered = asked.into_iter().filter_map(|own| Some(TransferItem::of(own, own.transfer.clone()?, "pending")));
        Ok(Transfers(self.page.page(offered, |item| item.id.to_string())))
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
