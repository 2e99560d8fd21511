//! IP permissions: the older form of rules, in which one permission has many ranges and groups.

use std::collections::BTreeMap;
use std::str::FromStr;

use ipnet::{Ipv4Net, Ipv6Net};
use vpc_model::{
    AccountId, IpProtocol, Model, NewRule, PeeringConnectionId, PeeringError, PortRange, PrefixListId, RulePeer,
    SecurityGroupId, SecurityGroupRule, VpcId,
};

use super::find_by_name;
use crate::query::{Query, Value};
use crate::xml::Xml;
use crate::{ApiError, Code};

impl Value for IpProtocol {
    fn from_text(_: &str, text: String) -> Result<Self, ApiError> {
        text.parse().map_err(|_| {
            let message = format!("Invalid value '{text}' for IP protocol. Unknown protocol.");
            ApiError::new(Code::INVALID_PARAMETER_VALUE, message)
        })
    }
}

/// Permissions as a call gives them: groups can be named, which only the model can resolve.
#[derive(Debug, Clone)]
pub(super) struct Permission {
    pub(super) protocol: IpProtocol,
    pub(super) ports: Option<PortRange>,
    peers: Vec<(Peer, Option<String>)>,
}

#[derive(Debug, Clone)]
enum Peer {
    Ipv4(Ipv4Net),
    Ipv6(Ipv6Net),
    Group(GroupReference),
    GroupName(String),
    PrefixList(PrefixListId),
}

/// A group as a call names it. Of one's own groups, the id says everything.
#[derive(Debug, Clone)]
struct GroupReference {
    id: SecurityGroupId,
    owner: Option<String>,
    peering_id: Option<PeeringConnectionId>,
}

impl GroupReference {
    /// What a rule of a group in a VPC refers to by it.
    fn resolve(self, model: &Model, vpc_id: &VpcId) -> Result<RulePeer, ApiError> {
        if let Some(unknown) = self.peering_id.as_ref().filter(|id| model.peering(id).is_none()) {
            return Err(PeeringError::NotFound(unknown.clone()).into());
        }
        match self.owner.map(AccountId).filter(|owner| owner != model.account()) {
            Some(owner) => Ok(model.group_of_peer(vpc_id, &self.id, &owner, self.peering_id.as_ref())?),
            None => Ok(RulePeer::Group(self.id)),
        }
    }
}

/// What permissions are resolved for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// New rules: what they name must be there.
    New,
    /// Finding rules: what they name may be gone.
    Known,
}

/// Takes `IpPermissions`, or a single permission in parameters of its own; at most one of the two forms.
pub(super) fn decode(query: &mut Query) -> Result<Vec<Permission>, ApiError> {
    let permissions = query.structs("IpPermissions", decode_one)?;
    let flat = decode_flat(query)?;
    match flat {
        Some(_) if !permissions.is_empty() => {
            Err(ApiError::combination("The parameter 'ipPermissions' may not be used in combination with 'cidrIp'"))
        }
        Some(permission) => Ok(vec![permission]),
        None => Ok(permissions),
    }
}

fn decode_one(query: &mut Query) -> Result<Permission, ApiError> {
    let protocol = query.required("IpProtocol")?;
    let ports = decode_ports(query)?;
    let mut peers = Vec::new();
    peers.extend(
        query.structs("IpRanges", |range| Ok((Peer::Ipv4(cidr(range.required("CidrIp")?)?), description(range)?)))?,
    );
    peers
        .extend(query.structs("Ipv6Ranges", |range| {
            Ok((Peer::Ipv6(cidr(range.required("CidrIpv6")?)?), description(range)?))
        })?);
    peers.extend(query.structs("Groups", |group| Ok((decode_group(group)?, description(group)?)))?);
    peers.extend(
        query.structs("PrefixListIds", |list| {
            Ok((Peer::PrefixList(list.required("PrefixListId")?), description(list)?))
        })?,
    );
    if peers.is_empty() {
        return Err(ApiError::new(
            Code::INVALID_PERMISSION_MALFORMED,
            "A permission must have an IP range, a prefix list or a security group",
        ));
    }
    Ok(Permission { protocol, ports, peers })
}

/// Takes a group. What a description shows of it besides can be given back and says nothing new.
fn decode_group(query: &mut Query) -> Result<Peer, ApiError> {
    let _shown: [Option<String>; 2] = [query.optional("VpcId")?, query.optional("PeeringStatus")?];
    let (owner, peering_id) = (query.optional("UserId")?, query.optional("VpcPeeringConnectionId")?);
    let (id, name) = (query.optional("GroupId")?, query.optional("GroupName")?);
    match (id, name) {
        (Some(id), _) => Ok(Peer::Group(GroupReference { id, owner, peering_id })),
        (None, Some(name)) => Ok(Peer::GroupName(name)),
        (None, None) => Err(ApiError::missing(&query.full_name("GroupId"))),
    }
}

fn decode_flat(query: &mut Query) -> Result<Option<Permission>, ApiError> {
    let protocol: Option<IpProtocol> = query.optional("IpProtocol")?;
    let ports = decode_ports(query)?;
    let _owner: Option<String> = query.optional("SourceSecurityGroupOwnerId")?;
    let mut peers = Vec::new();
    peers.extend(query.optional("CidrIp")?.map(cidr).transpose()?.map(|net| (Peer::Ipv4(net), None)));
    peers.extend(query.optional("SourceSecurityGroupName")?.map(|name| (Peer::GroupName(name), None)));
    match (protocol, peers.is_empty()) {
        (None, true) => Ok(None),
        (Some(_), true) => Err(ApiError::missing("CidrIp")),
        // A group alone stands for all its traffic.
        (protocol, false) => Ok(Some(Permission { protocol: protocol.unwrap_or(IpProtocol::All), ports, peers })),
    }
}

/// Takes `FromPort` and `ToPort`, of which one alone is refused where it matters.
pub(super) fn decode_ports(query: &mut Query) -> Result<Option<PortRange>, ApiError> {
    match (query.optional("FromPort")?, query.optional("ToPort")?) {
        (Some(from), Some(to)) => Ok(Some(PortRange { from, to })),
        (None, None) => Ok(None),
        _ => Err(ApiError::new(
            Code::INVALID_PARAMETER_VALUE,
            "Invalid value 'Must specify both from and to ports with TCP/UDP.' for portRange.",
        )),
    }
}

/// Reads a block, in the words that EC2 has for rules' blocks.
pub(super) fn cidr<N: FromStr>(text: String) -> Result<N, ApiError> {
    let malformed = |_| ApiError::new(Code::INVALID_PARAMETER_VALUE, format!("CIDR block {text} is malformed"));
    text.parse().map_err(malformed)
}

fn description(query: &mut Query) -> Result<Option<String>, ApiError> {
    query.optional("Description")
}

/// One rule for each peer of each permission, with names resolved in the VPC of the group they are for.
pub(super) fn resolve(
    permissions: Vec<Permission>,
    purpose: Purpose,
    model: &Model,
    vpc_id: &VpcId,
) -> Result<Vec<NewRule>, ApiError> {
    let mut rules = Vec::new();
    for Permission { protocol, ports, peers } in permissions {
        for (peer, description) in peers {
            let peer = match peer {
                Peer::Ipv4(net) => RulePeer::Ipv4(net),
                Peer::Ipv6(net) => RulePeer::Ipv6(net),
                Peer::Group(group) if purpose == Purpose::Known => RulePeer::Group(group.id),
                Peer::Group(group) => group.resolve(model, vpc_id)?,
                Peer::GroupName(name) => RulePeer::Group(find_by_name(model, vpc_id, &name)?.id.clone()),
                Peer::PrefixList(id) => RulePeer::PrefixList(id),
            };
            rules.push(NewRule { protocol, ports, peer, description });
        }
    }
    Ok(rules)
}

/// What replies show of a rule in a permission.
#[derive(Debug)]
pub(super) struct Shown<'a> {
    protocol: IpProtocol,
    ports: Option<PortRange>,
    peer: &'a RulePeer,
    description: Option<&'a String>,
}

impl<'a> From<&'a SecurityGroupRule> for Shown<'a> {
    fn from(rule: &'a SecurityGroupRule) -> Self {
        let description = rule.description.as_ref();
        Self { protocol: rule.protocol, ports: rule.ports, peer: &rule.peer, description }
    }
}

impl<'a> From<&'a NewRule> for Shown<'a> {
    fn from(rule: &'a NewRule) -> Self {
        let description = rule.description.as_ref();
        Self { protocol: rule.protocol, ports: rule.ports, peer: &rule.peer, description }
    }
}

/// What replies show of the groups that rules name, besides what the rules have.
#[derive(Debug, Clone)]
pub(super) struct Owners {
    account: AccountId,
    /// The states of the connections that rules name.
    peerings: BTreeMap<PeeringConnectionId, &'static str>,
}

impl Owners {
    /// What is known of the groups that rules with these peers name.
    pub(super) fn of<'a>(model: &Model, peers: impl Iterator<Item = &'a RulePeer>) -> Self {
        let peerings = peers.filter_map(|peer| match peer {
            RulePeer::PeerGroup(group) => Some((group.peering_id.clone(), model.peering_status(group))),
            _ => None,
        });
        Self { account: model.account().clone(), peerings: peerings.collect() }
    }

    /// The account that calls.
    pub(super) fn account(&self) -> &AccountId {
        &self.account
    }

    /// Writes what is shown of a group that a rule names; nothing for other peers.
    pub(super) fn write(&self, xml: &mut Xml, peer: &RulePeer) {
        match peer {
            RulePeer::Group(id) => {
                xml.text("userId", &self.account);
                xml.text("groupId", id);
            }
            RulePeer::PeerGroup(group) => {
                xml.text("userId", &group.owner);
                xml.text("groupId", &group.id);
                xml.text("vpcId", &group.vpc_id);
                xml.text("vpcPeeringConnectionId", &group.peering_id);
                xml.optional("peeringStatus", self.peerings.get(&group.peering_id));
            }
            RulePeer::Ipv4(_) | RulePeer::Ipv6(_) | RulePeer::PrefixList(_) => {}
        }
    }
}

/// Writes rules as permissions: those of the same protocol and ports share one.
pub(super) fn write<'a>(xml: &mut Xml, name: &'static str, rules: impl Iterator<Item = Shown<'a>>, owners: &Owners) {
    let mut permissions: Vec<Vec<Shown<'a>>> = Vec::new();
    for rule in rules {
        let same = |known: &&mut Vec<Shown<'a>>| known[0].protocol == rule.protocol && known[0].ports == rule.ports;
        match permissions.iter_mut().find(same) {
            Some(permission) => permission.push(rule),
            None => permissions.push(vec![rule]),
        }
    }
    xml.list(name, &permissions, |xml, rules| write_one(xml, rules, owners));
}

fn write_one(xml: &mut Xml, rules: &[Shown<'_>], owners: &Owners) {
    xml.text("ipProtocol", rules[0].protocol);
    xml.optional("fromPort", rules[0].ports.map(|ports| ports.from));
    xml.optional("toPort", rules[0].ports.map(|ports| ports.to));
    let groups = rules.iter().filter(|rule| rule.peer.group().is_some());
    xml.list("groups", groups, |xml, rule| {
        owners.write(xml, rule.peer);
        xml.optional("description", rule.description);
    });
    let ranges = rules.iter().filter_map(|rule| match rule.peer {
        RulePeer::Ipv4(net) => Some((net, rule.description)),
        _ => None,
    });
    xml.list("ipRanges", ranges, |xml, (net, description)| {
        xml.text("cidrIp", net);
        xml.optional("description", description);
    });
    let ranges = rules.iter().filter_map(|rule| match rule.peer {
        RulePeer::Ipv6(net) => Some((net, rule.description)),
        _ => None,
    });
    xml.list("ipv6Ranges", ranges, |xml, (net, description)| {
        xml.text("cidrIpv6", net);
        xml.optional("description", description);
    });
    let lists = rules.iter().filter_map(|rule| match rule.peer {
        RulePeer::PrefixList(id) => Some((id, rule.description)),
        _ => None,
    });
    xml.list("prefixListIds", lists, |xml, (id, description)| {
        xml.text("prefixListId", id);
        xml.optional("description", description);
    });
}
