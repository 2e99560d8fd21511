//! AssignPrivateIpAddresses, UnassignPrivateIpAddresses, AssignIpv6Addresses, UnassignIpv6Addresses.

use vpc_model::{Addresses, Context, Model, NetworkInterfaceId, WantedAddresses};

use super::create::{count, exclusive};
use crate::ApiError;
use crate::operations::{Done, Operation, Output};
use crate::query::Query;
use crate::xml::Xml;

#[derive(Debug)]
pub(super) struct AssignPrivateIpAddresses {
    id: NetworkInterfaceId,
    wanted: WantedAddresses,
    allow_reassignment: bool,
}

impl Operation for AssignPrivateIpAddresses {
    const ACTION: &'static str = "AssignPrivateIpAddresses";
    type Output = AssignPrivateIpAddressesOutput;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        one_of(query, &["PrivateIpAddress", "SecondaryPrivateIpAddressCount", "Ipv4Prefix", "Ipv4PrefixCount"])?;
        Ok(Self {
            id: query.required("NetworkInterfaceId")?,
            wanted: WantedAddresses {
                ipv4: query.list("PrivateIpAddress")?,
                ipv4_count: count(query, "SecondaryPrivateIpAddressCount")?,
                ipv4_prefixes: query.list("Ipv4Prefix")?,
                ipv4_prefix_count: count(query, "Ipv4PrefixCount")?,
                ..WantedAddresses::default()
            },
            allow_reassignment: query.flag("AllowReassignment")?,
        })
    }

    fn run(self, model: &mut Model, cx: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        let assigned = model.assign_addresses(cx, &self.id, self.wanted, self.allow_reassignment)?;
        Ok(AssignPrivateIpAddressesOutput { id: self.id, assigned })
    }
}

#[derive(Debug)]
pub(super) struct AssignPrivateIpAddressesOutput {
    id: NetworkInterfaceId,
    assigned: Addresses,
}

impl Output for AssignPrivateIpAddressesOutput {
    fn write(&self, xml: &mut Xml) {
        xml.text("networkInterfaceId", &self.id);
        xml.list("assignedPrivateIpAddressesSet", &self.assigned.ipv4, |xml, address| {
            xml.text("privateIpAddress", address);
        });
        xml.list("assignedIpv4PrefixSet", &self.assigned.ipv4_prefixes, |xml, prefix| xml.text("ipv4Prefix", prefix));
        xml.text("return", true);
    }
}

#[derive(Debug)]
pub(super) struct UnassignPrivateIpAddresses {
    id: NetworkInterfaceId,
    given: Addresses,
}

impl Operation for UnassignPrivateIpAddresses {
    const ACTION: &'static str = "UnassignPrivateIpAddresses";
    type Output = Done;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        one_of(query, &["PrivateIpAddress", "Ipv4Prefix"])?;
        Ok(Self {
            id: query.required("NetworkInterfaceId")?,
            given: Addresses {
                ipv4: query.list("PrivateIpAddress")?,
                ipv4_prefixes: query.list("Ipv4Prefix")?,
                ..Addresses::default()
            },
        })
    }

    fn run(self, model: &mut Model, _: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        model.unassign_addresses(&self.id, &self.given)?;
        Ok(Done)
    }
}

#[derive(Debug)]
pub(super) struct AssignIpv6Addresses {
    id: NetworkInterfaceId,
    wanted: WantedAddresses,
}

impl Operation for AssignIpv6Addresses {
    const ACTION: &'static str = "AssignIpv6Addresses";
    type Output = AssignIpv6AddressesOutput;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        one_of(query, &["Ipv6Addresses", "Ipv6AddressCount", "Ipv6Prefix", "Ipv6PrefixCount"])?;
        Ok(Self {
            id: query.required("NetworkInterfaceId")?,
            wanted: WantedAddresses {
                ipv6: query.list("Ipv6Addresses")?,
                ipv6_count: count(query, "Ipv6AddressCount")?,
                ipv6_prefixes: query.list("Ipv6Prefix")?,
                ipv6_prefix_count: count(query, "Ipv6PrefixCount")?,
                ..WantedAddresses::default()
            },
        })
    }

    fn run(self, model: &mut Model, cx: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        let assigned = model.assign_addresses(cx, &self.id, self.wanted, false)?;
        Ok(AssignIpv6AddressesOutput { id: self.id, assigned })
    }
}

#[derive(Debug)]
pub(super) struct AssignIpv6AddressesOutput {
    id: NetworkInterfaceId,
    assigned: Addresses,
}

impl Output for AssignIpv6AddressesOutput {
    fn write(&self, xml: &mut Xml) {
        xml.text("networkInterfaceId", &self.id);
        xml.texts("assignedIpv6Addresses", &self.assigned.ipv6);
        xml.texts("assignedIpv6PrefixSet", &self.assigned.ipv6_prefixes);
    }
}

#[derive(Debug)]
pub(super) struct UnassignIpv6Addresses {
    id: NetworkInterfaceId,
    given: Addresses,
}

impl Operation for UnassignIpv6Addresses {
    const ACTION: &'static str = "UnassignIpv6Addresses";
    type Output = UnassignIpv6AddressesOutput;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        one_of(query, &["Ipv6Addresses", "Ipv6Prefix"])?;
        Ok(Self {
            id: query.required("NetworkInterfaceId")?,
            given: Addresses {
                ipv6: query.list("Ipv6Addresses")?,
                ipv6_prefixes: query.list("Ipv6Prefix")?,
                ..Addresses::default()
            },
        })
    }

    fn run(self, model: &mut Model, _: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        model.unassign_addresses(&self.id, &self.given)?;
        Ok(UnassignIpv6AddressesOutput { id: self.id, given: self.given })
    }
}

#[derive(Debug)]
pub(super) struct UnassignIpv6AddressesOutput {
    id: NetworkInterfaceId,
    given: Addresses,
}

impl Output for UnassignIpv6AddressesOutput {
    fn write(&self, xml: &mut Xml) {
        xml.text("networkInterfaceId", &self.id);
        xml.texts("unassignedIpv6Addresses", &self.given.ipv6);
        xml.texts("unassignedIpv6PrefixSet", &self.given.ipv6_prefixes);
    }
}

/// Refuses none and two of several parameters.
fn one_of(query: &Query, names: &[&str]) -> Result<(), ApiError> {
    if names.iter().any(|name| query.has(name)) {
        exclusive(query, names)
    } else {
        Err(ApiError::missing(&names.join(" or ")))
    }
}
