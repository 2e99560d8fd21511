//! Offering Elastic IP addresses to other accounts.
//!
//! Deviation: accounts do not learn what others offer them, so there is nothing to accept; offers end by
//! themselves. See <https://docs.aws.amazon.com/vpc/latest/userguide/transfer-EIPs-intro.html>.

use std::net::Ipv4Addr;

use jiff::{SignedDuration, Timestamp};

use super::{ElasticIp, ElasticIpError};
use crate::{AccountId, AllocationId, Context, Model};

/// How long an offer waits to be accepted.
const OPEN_FOR: SignedDuration = SignedDuration::from_hours(7 * 24);

/// An offer of an Elastic IP address to another account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddressTransfer {
    /// The account.
    pub account: AccountId,
    /// When the offer ends.
    pub expires: Timestamp,
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
        let transfer = AddressTransfer { account, expires: cx.now.checked_add(OPEN_FOR).unwrap_or(Timestamp::MAX) };
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

    /// Accepts an address that another account offers.
    pub fn accept_address_transfer(&self, address: Ipv4Addr) -> Result<AllocationId, ElasticIpError> {
        Err(ElasticIpError::AddressNotFound(address))
    }

    /// Ends offers that nobody accepted in time. Whether there were any.
    pub(crate) fn advance_address_transfers(&mut self, now: Timestamp) -> bool {
        let is_over = |elastic_ip: &&ElasticIp| elastic_ip.transfer.as_ref().is_some_and(|it| it.expires <= now);
        let over: Vec<AllocationId> = self.elastic_ips.values().filter(is_over).map(|it| it.id.clone()).collect();
        for id in &over {
            if let Some(elastic_ip) = self.elastic_ips.get_mut(id) {
                elastic_ip.transfer = None;
            }
        }
        !over.is_empty()
    }

    /// When the next offer ends.
    pub(crate) fn address_transfers_due(&self) -> Option<Timestamp> {
        self.elastic_ips.values().filter_map(|elastic_ip| Some(elastic_ip.transfer.as_ref()?.expires)).min()
    }
}
