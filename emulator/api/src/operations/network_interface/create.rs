//! CreateNetworkInterface, DeleteNetworkInterface.

use std::net::{Ipv4Addr, Ipv6Addr};

use vpc_model::{
    ConnectionTracking, Context, InterfaceStatus, InterfaceType, Model, NetworkInterface, NetworkInterfaceId,
    NewInterface, WantedAddresses,
};

use super::InterfaceItem;
use crate::operations::describe::{Single, created};
use crate::operations::{Done, Operation, Output};
use crate::query::{Query, values};
use crate::xml::Xml;
use crate::{ApiError, tag_specification};

values! {
    InterfaceType {
        Interface "interface", Trunk "trunk", Branch "branch", Efa "efa", EfaOnly "efa-only",
    }
}

#[derive(Debug)]
pub(super) struct CreateNetworkInterface {
    new: NewInterface,
    client_token: Option<String>,
}

impl Operation for CreateNetworkInterface {
    const ACTION: &'static str = "CreateNetworkInterface";
    const CLIENT_TOKEN: bool = true;
    type Output = CreateNetworkInterfaceOutput;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        let (primary_ip, addresses) = decode_addresses(query)?;
        let interface_type = query.or("InterfaceType", InterfaceType::Interface)?;
        let new = NewInterface {
            description: query.or("Description", String::new())?,
            groups: query.list("SecurityGroupId")?,
            interface_type,
            primary_ip,
            addresses,
            connection_tracking: query
                .structure("ConnectionTrackingSpecification", decode_connection_tracking)?
                .unwrap_or_default(),
            tags: tag_specification::decode_one(query, &["network-interface"])?,
            primary_ipv6: query.flag("EnablePrimaryIpv6")?,
            operator: query.structure("Operator", |inside| inside.required("Principal"))?,
            ..NewInterface::in_subnet(query.required("SubnetId")?)
        };
        Ok(Self { new, client_token: query.client_token().map(str::to_owned) })
    }

    fn run(self, model: &mut Model, cx: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        let id = model.create_network_interface(cx, self.new)?;
        let mut interface = created::<NetworkInterface>("networkInterface", model, cx.now, &id)?;
        // EC2 answers before the interface is ready, and says so; when it is looked for, it is.
        interface.item.status = InterfaceStatus::Pending;
        Ok(CreateNetworkInterfaceOutput { interface, client_token: self.client_token })
    }
}

#[derive(Debug)]
pub(super) struct CreateNetworkInterfaceOutput {
    interface: Single<InterfaceItem<'static>>,
    client_token: Option<String>,
}

impl Output for CreateNetworkInterfaceOutput {
    fn write(&self, xml: &mut Xml) {
        self.interface.write(xml);
        xml.optional("clientToken", self.client_token.as_ref());
    }
}

/// Takes the primary address, and the other addresses and prefixes.
pub(crate) fn decode_addresses(query: &mut Query) -> Result<(Option<Ipv4Addr>, WantedAddresses), ApiError> {
    let (primary, ipv4) = decode_ipv4(query)?;
    Ok((primary, decode_ipv6(query, ipv4)?))
}

/// Takes the primary address and the other IPv4 ones. They come as a list in which one may be the primary,
/// as a count, as prefixes or as a count of prefixes, but not as two of these.
fn decode_ipv4(query: &mut Query) -> Result<(Option<Ipv4Addr>, WantedAddresses), ApiError> {
    exclusive(query, &["PrivateIpAddresses", "SecondaryPrivateIpAddressCount", "Ipv4Prefix", "Ipv4PrefixCount"])?;
    let mut primary: Option<Ipv4Addr> = query.optional("PrivateIpAddress")?;
    let listed: Vec<(Ipv4Addr, bool)> =
        query.structs("PrivateIpAddresses", |ip| Ok((ip.required("PrivateIpAddress")?, ip.flag("Primary")?)))?;
    for (address, _) in listed.iter().filter(|(_, is_primary)| *is_primary) {
        if primary.is_some_and(|known| known != *address) {
            return Err(ApiError::combination("Only one primary private IP address can be specified"));
        }
        primary = Some(*address);
    }
    let others = listed.iter().map(|(address, _)| *address).filter(|address| Some(*address) != primary);
    let wanted = WantedAddresses {
        ipv4: others.collect(),
        ipv4_count: count(query, "SecondaryPrivateIpAddressCount")?,
        ipv4_prefixes: query.structs("Ipv4Prefix", |prefix| prefix.required("Ipv4Prefix"))?,
        ipv4_prefix_count: count(query, "Ipv4PrefixCount")?,
        ..WantedAddresses::default()
    };
    Ok((primary, wanted))
}

fn decode_ipv6(query: &mut Query, ipv4: WantedAddresses) -> Result<WantedAddresses, ApiError> {
    exclusive(query, &["Ipv6Addresses", "Ipv6AddressCount", "Ipv6Prefix", "Ipv6PrefixCount"])?;
    Ok(WantedAddresses {
        ipv6: query.structs("Ipv6Addresses", decode_ipv6_address)?,
        ipv6_count: count(query, "Ipv6AddressCount")?,
        ipv6_prefixes: query.structs("Ipv6Prefix", |prefix| prefix.required("Ipv6Prefix"))?,
        ipv6_prefix_count: count(query, "Ipv6PrefixCount")?,
        ..ipv4
    })
}

/// Takes an IPv6 address. Which one is the primary is not said here, whatever its flag: it is the first.
pub(crate) fn decode_ipv6_address(query: &mut Query) -> Result<Ipv6Addr, ApiError> {
    let _is_primary = query.flag("IsPrimaryIpv6")?;
    query.required("Ipv6Address")
}

/// Takes idle timeouts.
pub(crate) fn decode_connection_tracking(query: &mut Query) -> Result<ConnectionTracking, ApiError> {
    Ok(ConnectionTracking {
        tcp_established_timeout_seconds: query.optional("TcpEstablishedTimeout")?,
        udp_stream_timeout_seconds: query.optional("UdpStreamTimeout")?,
        udp_timeout_seconds: query.optional("UdpTimeout")?,
    })
}

/// Takes a number of addresses; none when missing.
pub(super) fn count(query: &mut Query, name: &str) -> Result<usize, ApiError> {
    Ok(usize::from(query.or::<u16>(name, 0)?))
}

/// Refuses two of several parameters that exclude each other.
pub(super) fn exclusive(query: &Query, names: &[&str]) -> Result<(), ApiError> {
    let given: Vec<&str> = names.iter().copied().filter(|name| query.has(name)).collect();
    match given.as_slice() {
        [one, other, ..] => {
            Err(ApiError::combination(format!("The parameters {one} and {other} cannot be used together")))
        }
        _ => Ok(()),
    }
}

#[derive(Debug)]
pub(super) struct DeleteNetworkInterface {
    id: NetworkInterfaceId,
}

impl Operation for DeleteNetworkInterface {
    const ACTION: &'static str = "DeleteNetworkInterface";
    type Output = Done;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        Ok(Self { id: query.required("NetworkInterfaceId")? })
    }

    fn run(self, model: &mut Model, _: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        model.delete_network_interface(&self.id)?;
        Ok(Done)
    }
}
