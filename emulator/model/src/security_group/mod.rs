//! Security groups and their rules.
//!
//! See <https://docs.aws.amazon.com/vpc/latest/userguide/vpc-security-groups.html>.

mod error;
mod protocol;
mod reference;
mod rules;
#[cfg(test)]
mod tests;
mod vpc_association;

use ipnet::{Ipv4Net, Ipv6Net};

pub use self::error::SecurityGroupError;
pub use self::reference::PeerGroup;
pub use self::rules::{NewRule, Revoked, RuleSelector};
pub use self::vpc_association::GroupVpcAssociation;
use crate::{Context, Model, PrefixListId, SecurityGroupId, SecurityGroupRuleId, Tags, VpcId};

/// The name of the group every VPC comes with.
pub const DEFAULT_GROUP: &str = "default";

/// A security group: a stateful allow list for the ENIs that carry it.
#[derive(Debug, Clone)]
pub struct SecurityGroup {
    /// Its id.
    pub id: SecurityGroupId,
    /// Its VPC.
    pub vpc_id: VpcId,
    /// Its name, unique in the VPC.
    pub name: String,
    /// Its description.
    pub description: String,
    /// Its rules, in the order they were added.
    pub rules: Vec<SecurityGroupRule>,
    /// Its tags.
    pub tags: Tags,
}

impl SecurityGroup {
    /// The rules of one direction.
    pub fn rules_of(&self, direction: Direction) -> impl Iterator<Item = &SecurityGroupRule> {
        self.rules.iter().filter(move |rule| rule.direction == direction)
    }
}

/// One rule of a security group: it allows; there are no rules that deny.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecurityGroupRule {
    /// Its id.
    pub id: SecurityGroupRuleId,
    /// Whether it is about arriving or leaving packets.
    pub direction: Direction,
    /// The protocol.
    pub protocol: IpProtocol,
    /// Ports of TCP and UDP; type and code of ICMP. `None` means all.
    pub ports: Option<PortRange>,
    /// The other end.
    pub peer: RulePeer,
    /// Free text.
    pub description: Option<String>,
    /// Its tags.
    pub tags: Tags,
}

/// Seen from the ENI that carries the group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// Arriving packets.
    Ingress,
    /// Leaving packets.
    Egress,
}

/// A protocol as security group rules name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum IpProtocol {
    /// `-1`: every protocol.
    All,
    /// TCP, 6.
    Tcp,
    /// UDP, 17.
    Udp,
    /// ICMP for IPv4, 1.
    Icmp,
    /// ICMP for IPv6, 58.
    Icmpv6,
    /// Any other, by its number.
    Number(u8),
}

/// `FromPort` and `ToPort`: a port range for TCP and UDP, type and code for ICMP where -1 means any.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PortRange {
    /// First port, or ICMP type.
    pub from: i32,
    /// Last port, or ICMP code.
    pub to: i32,
}

/// Whom a rule lets in or out.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RulePeer {
    /// An IPv4 block.
    Ipv4(Ipv4Net),
    /// An IPv6 block.
    Ipv6(Ipv6Net),
    /// Every ENI that carries a group.
    Group(SecurityGroupId),
    /// Every ENI that carries a group on the other side of a peering connection.
    PeerGroup(PeerGroup),
    /// A managed prefix list.
    PrefixList(PrefixListId),
}

impl Model {
    /// Makes a security group; it lets everything out and nothing in.
    pub fn create_security_group(
        &mut self,
        cx: &mut Context,
        vpc_id: &VpcId,
        name: &str,
        description: &str,
        tags: Tags,
    ) -> Result<SecurityGroupId, SecurityGroupError> {
        if !self.vpcs.contains_key(vpc_id) {
            return Err(SecurityGroupError::VpcNotFound(vpc_id.clone()));
        }
        let name = name.trim_end_matches(' ');
        check_name(name)?;
        if !is_group_text(description) || description.is_empty() {
            return Err(SecurityGroupError::InvalidDescription(description.to_owned()));
        }
        if self.index.group_by_name.contains_key(&(vpc_id.clone(), name.to_owned())) {
            return Err(SecurityGroupError::DuplicateName { name: name.to_owned(), vpc_id: vpc_id.clone() });
        }
        if self.security_groups.len() >= self.quotas.security_groups {
            return Err(SecurityGroupError::TooMany(self.quotas.security_groups));
        }
        let id = self.insert_security_group(cx, vpc_id, name, description, tags);
        if self.vpcs.get(vpc_id).is_some_and(|vpc| vpc.ipv6_cidr_blocks().next().is_some()) {
            self.let_ipv6_out(cx, &id);
        }
        self.touch();
        Ok(id)
    }

    /// Takes a group away that no ENI carries and no other group's rule names.
    pub fn delete_security_group(&mut self, id: &SecurityGroupId) -> Result<(), SecurityGroupError> {
        let group = self.security_groups.get(id).ok_or_else(|| SecurityGroupError::NotFound(id.clone()))?;
        if group.name == DEFAULT_GROUP {
            return Err(SecurityGroupError::IsDefault(id.clone()));
        }
        let named = |other: &SecurityGroup| other.rules.iter().any(|rule| rule.peer == RulePeer::Group(id.clone()));
        let is_referred_to = self.security_groups.values().any(|other| other.id != *id && named(other));
        let is_elsewhere = self.has_vpc_associations(id);
        let is_carried = self.index.interfaces_by_group.contains_key(id) || self.has_endpoint_with_group(id);
        if is_referred_to || is_elsewhere || is_carried {
            return Err(SecurityGroupError::HasDependents(id.clone()));
        }
        self.remove_security_group(id);
        self.touch();
        Ok(())
    }

    /// A VPC's group of a name.
    pub fn security_group_by_name(&self, vpc_id: &VpcId, name: &str) -> Option<&SecurityGroup> {
        self.security_groups.get(self.index.group_by_name.get(&(vpc_id.clone(), name.to_owned()))?)
    }

    /// Makes the group that a VPC comes with: its members reach each other.
    pub(crate) fn create_default_security_group(&mut self, cx: &mut Context, vpc_id: &VpcId) -> SecurityGroupId {
        let id = self.insert_security_group(cx, vpc_id, DEFAULT_GROUP, "default VPC security group", Tags::new());
        let from_members = SecurityGroupRule {
            id: cx.ids.next(),
            direction: Direction::Ingress,
            protocol: IpProtocol::All,
            ports: None,
            peer: RulePeer::Group(id.clone()),
            description: None,
            tags: Tags::new(),
        };
        self.index.group_by_rule.insert(from_members.id.clone(), id.clone());
        if let Some(group) = self.security_groups.get_mut(&id) {
            group.rules.push(from_members);
        }
        id
    }

    /// A VPC has IPv6 from now on: its groups let that out too, unless their rules for it were changed.
    pub(crate) fn add_ipv6_egress(&mut self, cx: &mut Context, vpc_id: &VpcId) {
        let anywhere = RulePeer::Ipv4(Ipv4Net::default());
        let is_unchanged = |group: &&SecurityGroup| {
            let mut egress = group.rules_of(Direction::Egress);
            let only = egress.next().filter(|_| egress.next().is_none());
            only.is_some_and(|rule| rule.protocol == IpProtocol::All && rule.peer == anywhere)
        };
        let of_vpc = self.security_groups.values().filter(|group| group.vpc_id == *vpc_id).filter(is_unchanged);
        let ids: Vec<SecurityGroupId> = of_vpc.map(|group| group.id.clone()).collect();
        ids.iter().for_each(|id| self.let_ipv6_out(cx, id));
    }

    fn let_ipv6_out(&mut self, cx: &mut Context, id: &SecurityGroupId) {
        let rule = to_anywhere(cx, RulePeer::Ipv6(Ipv6Net::default()));
        if let Some(group) = self.security_groups.get_mut(id) {
            self.index.group_by_rule.insert(rule.id.clone(), id.clone());
            group.rules.push(rule);
        }
    }

    /// Takes a group away with what leads to it.
    pub(crate) fn remove_security_group(&mut self, id: &SecurityGroupId) {
        self.drop_vpc_associations(|known| known.group_id == *id);
        if let Some(group) = self.security_groups.remove(id) {
            for rule in &group.rules {
                self.index.group_by_rule.remove(&rule.id);
            }
            self.index.group_by_name.remove(&(group.vpc_id, group.name));
        }
    }

    fn insert_security_group(
        &mut self,
        cx: &mut Context,
        vpc_id: &VpcId,
        name: &str,
        description: &str,
        tags: Tags,
    ) -> SecurityGroupId {
        let id: SecurityGroupId = cx.ids.next();
        let group = SecurityGroup {
            id: id.clone(),
            vpc_id: vpc_id.clone(),
            name: name.to_owned(),
            description: description.to_owned(),
            rules: vec![to_anywhere(cx, RulePeer::Ipv4(Ipv4Net::default()))],
            tags,
        };
        for rule in &group.rules {
            self.index.group_by_rule.insert(rule.id.clone(), id.clone());
        }
        self.index.group_by_name.insert((vpc_id.clone(), name.to_owned()), id.clone());
        self.security_groups.insert(id.clone(), group);
        id
    }
}

fn to_anywhere(cx: &mut Context, peer: RulePeer) -> SecurityGroupRule {
    SecurityGroupRule {
        id: cx.ids.next(),
        direction: Direction::Egress,
        protocol: IpProtocol::All,
        ports: None,
        peer,
        description: None,
        tags: Tags::new(),
    }
}

fn check_name(name: &str) -> Result<(), SecurityGroupError> {
    if name == DEFAULT_GROUP {
        return Err(SecurityGroupError::ReservedName(name.to_owned()));
    }
    let looks_like_id = name.get(..3).is_some_and(|start| start.eq_ignore_ascii_case("sg-"));
    if name.is_empty() || looks_like_id || !is_group_text(name) {
        return Err(SecurityGroupError::InvalidName(name.to_owned()));
    }
    Ok(())
}

/// The characters that names and descriptions of groups and rules are made of.
fn is_group_text(text: &str) -> bool {
    text.len() <= 255 && text.bytes().all(|b| b.is_ascii_alphanumeric() || b" ._-:/()#,@[]+=&;{}!$*".contains(&b))
}
