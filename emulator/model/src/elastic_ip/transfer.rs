//! Moving Elastic IP addresses to other accounts: the owner offers, the other account accepts.
//!
//! Deviation: an address that the other account's own happen to have already cannot be accepted, for accounts take
//! their addresses without looking at each other's.
//! See <https://docs.aws.amazon.com/vpc/latest/userguide/WorkWithEIPs.html#transfer-EIPs-intro>.

#[cfg(test)]
mod tests;

use std::net::Ipv4Addr;

use jiff::{SignedDuration, Timestamp};

use super::{ElasticIp, ElasticIpError};
use crate::outbox::{News, Place, Subject};
use crate::{AccountId, AllocationId, Context, Model, Tags};

/// How long an offer waits to be accepted.
const OPEN_FOR: SignedDuration = SignedDuration::from_hours(7 * 24);
/// How long the former owner sees that it was.
const ACCEPTED_SHOWN: SignedDuration = SignedDuration::from_hours(14 * 24);

/// An offer of an Elastic IP address to another account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddressTransfer {
    /// The address.
    pub public_ip: Ipv4Addr,
    /// Its id: the new owner's in the answer to who accepts, else the former owner's.
    pub allocation_id: AllocationId,
    /// The account it is offered to.
    pub account: AccountId,
    /// When the offer ends, or would have ended.
    pub expires: Timestamp,
    /// When it was accepted.
    pub accepted: Option<Timestamp>,
}

/// What another account offers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddressOffer {
    /// The address.
    pub public_ip: Ipv4Addr,
    /// When the offer ends.
    pub expires: Timestamp,
    /// Whether it is mapped to something, and so cannot be accepted yet.
    pub is_associated: bool,
    /// Whether reverse look-ups of it give a name, and so likewise.
    pub has_name: bool,
}

/// Where an address that was accepted came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddressOrigin {
    account: AccountId,
    allocation_id: AllocationId,
    accepted: Timestamp,
}

impl Model {
    /// Offers an address to another account, even one that is mapped to something. A later offer replaces this one.
    pub fn enable_address_transfer(
        &mut self,
        cx: &mut Context,
        id: &AllocationId,
        account: AccountId,
    ) -> Result<AddressTransfer, ElasticIpError> {
        if account == self.account {
            return Err(ElasticIpError::TransferToOwner(account));
        }
        let elastic_ip = self.elastic_ips.get_mut(id).ok_or_else(|| ElasticIpError::NotFound(id.clone()))?;
        let expires = cx.now.checked_add(OPEN_FOR).unwrap_or(Timestamp::MAX);
        let (public_ip, allocation_id) = (elastic_ip.public_ip, id.clone());
        let transfer = AddressTransfer { public_ip, allocation_id, account, expires, accepted: None };
        elastic_ip.transfer = Some(transfer.clone());
        self.touch();
        Ok(transfer)
    }

    /// Takes an offer back.
    pub fn disable_address_transfer(&mut self, id: &AllocationId) -> Result<AddressTransfer, ElasticIpError> {
        let elastic_ip = self.elastic_ips.get_mut(id).ok_or_else(|| ElasticIpError::NotFound(id.clone()))?;
        let transfer = elastic_ip.transfer.take().ok_or_else(|| ElasticIpError::NoTransfer(id.clone()))?;
        self.touch();
        Ok(transfer)
    }

    /// Accepts an address that another account offers: it gets an id of this account's, and its tags are new.
    pub fn accept_address_transfer(
        &mut self,
        cx: &mut Context,
        address: Ipv4Addr,
        tags: Tags,
    ) -> Result<AddressTransfer, ElasticIpError> {
        let mut offers = self.address_offers.iter();
        let found = offers.find(|(_, offer)| offer.public_ip == address && cx.now < offer.expires);
        let ((from, offered_id), offer) = found.ok_or(ElasticIpError::AddressNotFound(address))?;
        if self.index.public_ips.contains(&address) {
            return Err(ElasticIpError::AddressNotFound(address));
        }
        if offer.is_associated {
            return Err(ElasticIpError::TransferAssociated(address));
        }
        if offer.has_name {
            return Err(ElasticIpError::TransferNamed(address));
        }
        if self.elastic_ips.len() >= self.quotas.elastic_ips {
            return Err(ElasticIpError::TooMany);
        }
        let (key, expires) = ((from.clone(), offered_id.clone()), offer.expires);
        let origin = AddressOrigin { account: key.0.clone(), allocation_id: key.1.clone(), accepted: cx.now };
        let id: AllocationId = cx.ids.next();
        let elastic_ip = ElasticIp { origin: Some(origin), ..ElasticIp::new(id.clone(), address, tags) };
        self.address_offers.remove(&key);
        self.index.public_ips.insert(address);
        self.elastic_ips.insert(id.clone(), elastic_ip);
        self.touch();
        let account = self.account.clone();
        Ok(AddressTransfer { public_ip: address, allocation_id: id, account, expires, accepted: Some(cx.now) })
    }

    /// What this account offers, and what others have accepted of late, in the order of the addresses' ids.
    pub fn address_transfers(&self) -> Vec<&AddressTransfer> {
        let offered = self.elastic_ips.values().filter_map(|elastic_ip| elastic_ip.transfer.as_ref());
        let mut all: Vec<_> = offered.chain(self.accepted_transfers.values()).collect();
        all.sort_by(|one, other| one.allocation_id.cmp(&other.allocation_id));
        all
    }

    /// Whether an address is this account's, or was until another account accepted it.
    pub fn has_or_had_address(&self, id: &AllocationId) -> bool {
        self.elastic_ips.contains_key(id) || self.accepted_transfers.contains_key(id)
    }

    /// Ends offers that nobody accepted in time, and forgets accepted ones. Whether there were any.
    pub(crate) fn advance_address_transfers(&mut self, now: Timestamp) -> bool {
        let is_over = |elastic_ip: &&ElasticIp| elastic_ip.transfer.as_ref().is_some_and(|it| it.expires <= now);
        let over: Vec<AllocationId> = self.elastic_ips.values().filter(is_over).map(|it| it.id.clone()).collect();
        for id in &over {
            if let Some(elastic_ip) = self.elastic_ips.get_mut(id) {
                elastic_ip.transfer = None;
            }
        }
        let before = self.accepted_transfers.len();
        self.accepted_transfers.retain(|_, transfer| shown_until(transfer) > now);
        !over.is_empty() || self.accepted_transfers.len() < before
    }

    /// When the next offer ends, or an accepted one is not shown any more.
    pub(crate) fn address_transfers_due(&self) -> Option<Timestamp> {
        let offers = self.elastic_ips.values().filter_map(|elastic_ip| Some(elastic_ip.transfer.as_ref()?.expires));
        offers.chain(self.accepted_transfers.values().map(shown_until)).min()
    }

    /// What other accounts have to know of addresses.
    pub(crate) fn address_news(&self) -> impl Iterator<Item = ((Place, Subject), News)> + '_ {
        let to = |account: &AccountId| Place { account: account.clone(), region: self.region.clone() };
        self.elastic_ips.values().flat_map(move |elastic_ip| {
            let offer = elastic_ip.transfer.as_ref().map(|transfer| {
                let offer = AddressOffer {
                    public_ip: elastic_ip.public_ip,
                    expires: transfer.expires,
                    is_associated: elastic_ip.association.is_some(),
                    has_name: elastic_ip.domain_name.is_some(),
                };
                let subject = Subject::AddressOffer(elastic_ip.id.clone());
                ((to(&transfer.account), subject), News::AddressOffer(offer))
            });
            let taken = elastic_ip.origin.as_ref().map(|origin| {
                let subject = Subject::AcceptedAddress(origin.allocation_id.clone());
                ((to(&origin.account), subject), News::AcceptedAddress(origin.accepted))
            });
            offer.into_iter().chain(taken)
        })
    }

    /// Another account offers an address, or does so no more.
    pub(crate) fn hear_of_address_offer(&mut self, from: &Place, id: &AllocationId, offer: Option<&AddressOffer>) {
        let key = (from.account.clone(), id.clone());
        match offer {
            Some(offer) => drop(self.address_offers.insert(key, offer.clone())),
            None => drop(self.address_offers.remove(&key)),
        }
    }

    /// Another account has accepted an address, so it is this one's no more.
    pub(crate) fn hear_of_accepted_address(&mut self, id: &AllocationId, accepted: Timestamp) {
        let Some(mut transfer) = self.elastic_ips.get(id).and_then(|elastic_ip| elastic_ip.transfer.clone()) else {
            return;
        };
        transfer.accepted = Some(accepted);
        self.elastic_ips.remove(id);
        self.index.public_ips.remove(&transfer.public_ip);
        self.accepted_transfers.insert(id.clone(), transfer);
    }
}

fn shown_until(transfer: &AddressTransfer) -> Timestamp {
    let accepted = transfer.accepted.unwrap_or(transfer.expires);
    accepted.checked_add(ACCEPTED_SHOWN).unwrap_or(Timestamp::MAX)
}
