//! CreateNetworkAclEntry, ReplaceNetworkAclEntry, DeleteNetworkAclEntry.

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use vpc_model::{Context, IpProtocol, Model, NetworkAclEntry, NetworkAclId, PortRange};

use crate::ApiError;
use crate::operations::{Done, Operation};
use crate::query::{Query, values};

const ICMP: u8 = 1;
const TCP: u8 = 6;
const UDP: u8 = 17;
const ICMPV6: u8 = 58;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum RuleAction {
    Allow,
    Deny,
}

values! {
    RuleAction { Allow "allow", Deny "deny" }
}

/// Takes the parameters of an entry.
fn decode_entry(query: &mut Query) -> Result<NetworkAclEntry, ApiError> {
    let (ipv4, ipv6): (Option<Ipv4Net>, Option<Ipv6Net>) =
        (query.optional("CidrBlock")?, query.optional("Ipv6CidrBlock")?);
    let block = match (ipv4, ipv6) {
        (Some(block), None) => IpNet::V4(block.trunc()),
        (None, Some(block)) => IpNet::V6(block.trunc()),
        (Some(_), Some(_)) => {
            return Err(ApiError::combination("CidrBlock and Ipv6CidrBlock cannot be used together"));
        }
        (None, None) => return Err(ApiError::missing("CidrBlock or Ipv6CidrBlock")),
    };
    let protocol = number(query.required("Protocol")?);
    Ok(NetworkAclEntry {
        number: query.required("RuleNumber")?,
        egress: query.flag("Egress")?,
        allow: query.required::<RuleAction>("RuleAction")? == RuleAction::Allow,
        protocol,
        block,
        ports: decode_ports(query, protocol)?,
    })
}

/// A protocol's number; `None` is every protocol.
fn number(protocol: IpProtocol) -> Option<u8> {
    match protocol {
        IpProtocol::All => None,
        IpProtocol::Tcp => Some(TCP),
        IpProtocol::Udp => Some(UDP),
        IpProtocol::Icmp => Some(ICMP),
        IpProtocol::Icmpv6 => Some(ICMPV6),
        IpProtocol::Number(number) => Some(number),
    }
}

/// Takes ports, or ICMP's type and code: whichever the protocol has. EC2 ignores what it has not.
fn decode_ports(query: &mut Query, protocol: Option<u8>) -> Result<Option<PortRange>, ApiError> {
    let ports = query.structure("PortRange", |inside| {
        Ok(PortRange { from: inside.required("From")?, to: inside.required("To")? })
    })?;
    let icmp = query
        .structure("Icmp", |inside| Ok(PortRange { from: inside.required("Type")?, to: inside.required("Code")? }))?;
    let (name, given, range) = match protocol {
        Some(TCP | UDP) => ("PortRange", ports, 0..=65_535),
        Some(ICMP | ICMPV6) => ("Icmp", icmp, -1..=255),
        _ => return Ok(None),
    };
    let given = given.ok_or_else(|| ApiError::missing(name))?;
    let is_ordered = name == "Icmp" || given.from <= given.to;
    if !(range.contains(&given.from) && range.contains(&given.to) && is_ordered) {
        let value = format!("{}-{}", given.from, given.to);
        return Err(ApiError::invalid(name, &value, "The range is invalid."));
    }
    Ok(Some(given))
}

#[derive(Debug)]
pub(super) struct CreateNetworkAclEntry {
    acl_id: NetworkAclId,
    entry: NetworkAclEntry,
}

impl Operation for CreateNetworkAclEntry {
    const ACTION: &'static str = "CreateNetworkAclEntry";
    type Output = Done;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        Ok(Self { acl_id: query.required("NetworkAclId")?, entry: decode_entry(query)? })
    }

    fn run(self, model: &mut Model, _: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        model.create_network_acl_entry(&self.acl_id, self.entry)?;
        Ok(Done)
    }
}

#[derive(Debug)]
pub(super) struct ReplaceNetworkAclEntry {
    acl_id: NetworkAclId,
    entry: NetworkAclEntry,
}

impl Operation for ReplaceNetworkAclEntry {
    const ACTION: &'static str = "ReplaceNetworkAclEntry";
    type Output = Done;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        Ok(Self { acl_id: query.required("NetworkAclId")?, entry: decode_entry(query)? })
    }

    fn run(self, model: &mut Model, _: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        model.replace_network_acl_entry(&self.acl_id, self.entry)?;
        Ok(Done)
    }
}

#[derive(Debug)]
pub(super) struct DeleteNetworkAclEntry {
    acl_id: NetworkAclId,
    number: u16,
    egress: bool,
}

impl Operation for DeleteNetworkAclEntry {
    const ACTION: &'static str = "DeleteNetworkAclEntry";
    type Output = Done;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        Ok(Self {
            acl_id: query.required("NetworkAclId")?,
            number: query.required("RuleNumber")?,
            egress: query.flag("Egress")?,
        })
    }

    fn run(self, model: &mut Model, _: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        model.delete_network_acl_entry(&self.acl_id, self.number, self.egress)?;
        Ok(Done)
    }
}
