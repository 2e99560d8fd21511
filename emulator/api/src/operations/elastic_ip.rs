//! Elastic IP addresses: AllocateAddress and ReleaseAddress here; mapping, describing and attributes in the
//! submodules.

mod association;
mod attribute;
mod describe;
mod pool;
#[cfg(test)]
mod tests;
mod transfer;

use std::net::Ipv4Addr;

use vpc_model::{AccountId, AddressAssociationId, AllocationId, Context, Model, NetworkInterface, Region, Tags};

use super::{Action, Done, Operation, Output, read, write};
use crate::query::{Query, values};
use crate::xml::Xml;
use crate::{ApiError, Code, tag_specification};

pub(crate) const ACTIONS: &[Action] = &[
    write::<AllocateAddress>(),
    write::<ReleaseAddress>(),
    write::<association::AssociateAddress>(),
    write::<association::DisassociateAddress>(),
    read::<describe::DescribeAddresses>(),
    read::<attribute::DescribeAddressesAttribute>(),
    write::<attribute::ModifyAddressAttribute>(),
    write::<attribute::ResetAddressAttribute>(),
    write::<transfer::EnableAddressTransfer>(),
    write::<transfer::DisableAddressTransfer>(),
    write::<transfer::AcceptAddressTransfer>(),
    read::<transfer::DescribeAddressTransfers>(),
    read::<pool::DescribePublicIpv4Pools>(),
    read::<pool::DescribeByoipCidrs>(),
];

/// The pool that Amazon's own addresses come from.
const AMAZONS_POOL: &str = "amazon";

/// What a private address is mapped to, as replies show it.
#[derive(Debug, Clone)]
pub(crate) struct PublicAssociation {
    pub(crate) address: Ipv4Addr,
    /// The public name; empty where the VPC gives none.
    pub(crate) name: String,
    /// `amazon`, or the account whose Elastic IP address it is.
    pub(crate) owner: String,
    pub(crate) elastic_ip: Option<(AllocationId, AddressAssociationId)>,
}

/// What an interface's addresses are mapped to, in their order.
pub(crate) fn associations(interface: &NetworkInterface, model: &Model) -> Vec<Option<PublicAssociation>> {
    let has_names = model.vpc(&interface.vpc_id).is_some_and(|vpc| vpc.enable_dns_hostnames);
    let of = |ip: &vpc_model::PrivateIp| {
        let public = model.public_address_of(interface, ip.address)?;
        let elastic_ip = public.elastic_ip.and_then(|own| Some((own.id.clone(), own.association.as_ref()?.id.clone())));
        Some(PublicAssociation {
            address: public.address,
            name: if has_names { model.region().public_dns_name(public.address) } else { String::new() },
            owner: elastic_ip.as_ref().map_or_else(|| AMAZONS_POOL.to_owned(), |_| model.account().to_string()),
            elastic_ip,
        })
    };
    interface.private_ips.iter().map(of).collect()
}

impl PublicAssociation {
    /// `<association>` as network interfaces have it.
    pub(crate) fn write(&self, xml: &mut Xml) {
        xml.element("association", |xml| {
            if let Some((allocation_id, association_id)) = &self.elastic_ip {
                xml.text("allocationId", allocation_id);
                xml.text("associationId", association_id);
            }
            self.write_common(xml);
        });
    }

    /// `<association>` as the interfaces of instances have it.
    pub(crate) fn write_for_instance(&self, xml: &mut Xml) {
        xml.element("association", |xml| self.write_common(xml));
    }

    fn write_common(&self, xml: &mut Xml) {
        xml.text("ipOwnerId", &self.owner);
        xml.text("publicDnsName", &self.name);
        xml.text("publicIp", self.address);
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Domain {
    Vpc,
    Standard,
}

values! {
    Domain { Vpc "vpc", Standard "standard" }
}

#[derive(Debug)]
struct AllocateAddress {
    recovered: Option<Ipv4Addr>,
    border_group: Option<String>,
    tags: Tags,
}

impl Operation for AllocateAddress {
    const ACTION: &'static str = "AllocateAddress";
    type Output = AllocateAddressOutput;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        query.refuse_unsupported(&["CustomerOwnedIpv4Pool", "IpamPoolId"])?;
        if query.or("Domain", Domain::Vpc)? == Domain::Standard {
            // EC2-Classic is gone.
            return Err(ApiError::invalid("Domain", "standard", "Expected one of: vpc"));
        }
        if let Some(pool) = query.optional::<String>("PublicIpv4Pool")?.filter(|pool| pool != AMAZONS_POOL) {
            return Err(ApiError::new(
                Code::INVALID_PUBLIC_IPV4_POOL_ID_NOT_FOUND,
                format!("The pool ID '{pool}' does not exist."),
            ));
        }
        Ok(Self {
            recovered: query.optional("Address")?,
            border_group: query.optional("NetworkBorderGroup")?,
            tags: tag_specification::decode_one(query, &["elastic-ip"])?,
        })
    }

    fn run(self, model: &mut Model, cx: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        check_border_group(model, self.border_group.as_deref())?;
        let id = match self.recovered {
            Some(address) => model.recover_address(cx, address, self.tags)?,
            None => model.allocate_address(cx, self.tags)?,
        };
        let public_ip = model.elastic_ip(&id).map(|found| found.public_ip);
        Ok(AllocateAddressOutput { public_ip, id, region: model.region().clone() })
    }
}

/// The only border group here is the region itself.
fn check_border_group(model: &Model, given: Option<&str>) -> Result<(), ApiError> {
    match given {
        Some(group) if group != model.region().0 => {
            Err(ApiError::invalid("NetworkBorderGroup", group, "The network border group does not exist."))
        }
        _ => Ok(()),
    }
}

#[derive(Debug)]
struct AllocateAddressOutput {
    public_ip: Option<Ipv4Addr>,
    id: AllocationId,
    region: Region,
}

impl Output for AllocateAddressOutput {
    fn write(&self, xml: &mut Xml) {
        xml.optional("publicIp", self.public_ip);
        xml.text("domain", "vpc");
        xml.text("allocationId", &self.id);
        xml.text("publicIpv4Pool", AMAZONS_POOL);
        xml.text("networkBorderGroup", &self.region);
    }
}

#[derive(Debug)]
struct ReleaseAddress {
    id: AllocationId,
    border_group: Option<String>,
}

impl Operation for ReleaseAddress {
    const ACTION: &'static str = "ReleaseAddress";
    type Output = Done;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        if query.has("PublicIp") {
            return Err(ApiError::new(
                Code::INVALID_PARAMETER_VALUE,
                "You must specify an allocation id when releasing a VPC elastic IP address",
            ));
        }
        Ok(Self { id: query.required("AllocationId")?, border_group: query.optional("NetworkBorderGroup")? })
    }

    fn run(self, model: &mut Model, _: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        check_border_group(model, self.border_group.as_deref())?;
        model.release_address(&self.id)?;
        Ok(Done)
    }
}

/// The owner that replies name beside an interface.
fn owner(model: &Model) -> AccountId {
    model.account().clone()
}
