//! Secondary addresses and delegated prefixes of an ENI.

use std::net::Ipv4Addr;

use ipnet::Ipv4Net;

use crate::client::Client;
use crate::error::Error;
use crate::params::Params;
use crate::types::parse_all;

/// What AssignPrivateIpAddresses is to add; EC2 picks which.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NewAddresses {
    /// So many secondary addresses.
    Secondary(u32),
    /// So many /28 prefixes.
    Prefixes(u32),
}

/// What AssignPrivateIpAddresses added.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AssignedAddresses {
    /// Secondary addresses.
    pub addresses: Vec<Ipv4Addr>,
    /// Delegated prefixes.
    pub prefixes: Vec<Ipv4Net>,
}

impl Client {
    /// AssignPrivateIpAddresses.
    ///
    /// # Errors
    /// EC2's refusal: `PrivateIpAddressLimitExceeded`, or [`Error::is_out_of_addresses`] if the subnet is full.
    pub async fn assign_private_ip_addresses(&self, id: &str, new: NewAddresses) -> Result<AssignedAddresses, Error> {
        let params = Params::new().set("NetworkInterfaceId", id);
        let params = match new {
            NewAddresses::Secondary(count) => params.set("SecondaryPrivateIpAddressCount", count),
            NewAddresses::Prefixes(count) => params.set("Ipv4PrefixCount", count),
        };
        let reply = self.call_with("AssignPrivateIpAddresses", &params).await?;
        Ok(AssignedAddresses {
            addresses: parse_all(&reply, "assignedPrivateIpAddressesSet", "privateIpAddress")?,
            prefixes: parse_all(&reply, "assignedIpv4PrefixSet", "ipv4Prefix")?,
        })
    }

    /// UnassignPrivateIpAddresses.
    ///
    /// # Errors
    /// EC2's refusal.
    pub async fn unassign_private_ip_addresses(
        &self,
        id: &str,
        addresses: &[Ipv4Addr],
        prefixes: &[Ipv4Net],
    ) -> Result<(), Error> {
        let params = Params::new()
            .set("NetworkInterfaceId", id)
            .list("PrivateIpAddress", addresses)
            .list("Ipv4Prefix", prefixes);
        self.call_with("UnassignPrivateIpAddresses", &params).await.map(drop)
    }
}
