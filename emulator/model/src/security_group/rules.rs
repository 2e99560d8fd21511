//! Rules of security groups: adding, removing and changing them.
//!
//! See <https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html>.

use std::fmt;

use super::{Direction, IpProtocol, PortRange, RulePeer, SecurityGroup, SecurityGroupError, SecurityGroupRule};
use crate::{Context, Model, SecurityGroupId, SecurityGroupRuleId, Tags};

/// A rule as a caller writes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRule {
    /// The protocol.
    pub protocol: IpProtocol,
    /// Ports, or ICMP type and code.
    pub ports: Option<PortRange>,
    /// The other end.
    pub peer: RulePeer,
    /// Free text.
    pub description: Option<String>,
}

impl fmt::Display for NewRule {
    /// As EC2 describes a rule that exists already.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "peer: ")?;
        match &self.peer {
            RulePeer::Ipv4(net) => write!(f, "{net}")?,
            RulePeer::Ipv6(net) => write!(f, "{net}")?,
            RulePeer::Group(id) => write!(f, "{id}")?,
            RulePeer::PrefixList(id) => write!(f, "{id}")?,
            RulePeer::PeerGroup(group) => write!(f, "{}", group.id)?,
        }
        match (self.protocol, self.ports) {
            (IpProtocol::All, _) => write!(f, ", ALL")?,
            (protocol @ (IpProtocol::Icmp | IpProtocol::Icmpv6), Some(ports)) => {
                let name = protocol.to_string().to_uppercase();
                write!(f, ", {name}, type: {}, code: {}", ports.from, ports.to)?;
            }
            (protocol, Some(ports)) => {
                let name = protocol.to_string().to_uppercase();
                write!(f, ", {name}, from port: {}, to port: {}", ports.from, ports.to)?;
            }
            (protocol, None) => write!(f, ", {}", protocol.to_string().to_uppercase())?,
        }
        write!(f, ", ALLOW")
    }
}

/// Which rules of a group are meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RuleSelector {
    /// Those of these ids.
    Ids(Vec<SecurityGroupRuleId>),
    /// Those that say the same; descriptions do not matter.
    Rules(Vec<NewRule>),
}

/// What a revocation did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revoked {
    /// The rules that are gone.
    pub rules: Vec<SecurityGroupRule>,
    /// What matched none (in the default VPC that is no error).
    pub unknown: Vec<NewRule>,
}

impl Model {
    /// Adds rules to a group, all or none of them.
    pub fn authorize_security_group(
        &mut self,
        cx: &mut Context,
        id: &SecurityGroupId,
        direction: Direction,
        new: Vec<NewRule>,
        tags: &Tags,
    ) -> Result<Vec<SecurityGroupRuleId>, SecurityGroupError> {
        let group = self.security_groups.get(id).ok_or_else(|| SecurityGroupError::NotFound(id.clone()))?;
        let mut rules: Vec<NewRule> = Vec::with_capacity(new.len());
        for rule in new {
            let rule = self.normalized(group, rule)?;
            let exists = group.rules_of(direction).any(|known| says_same(known, &rule));
            if exists || rules.iter().any(|other| is_same(other, &rule)) {
                return Err(SecurityGroupError::DuplicateRule(rule));
            }
            rules.push(rule);
        }
        let limit = self.quotas.rules_per_group;
        let weights = group.rules_of(direction).map(|rule| &rule.peer).chain(rules.iter().map(|rule| &rule.peer));
        if self.is_over_rule_quota(weights.map(|peer| self.rule_weights(peer))) {
            return Err(SecurityGroupError::TooManyRules(limit));
        }
        let rules: Vec<SecurityGroupRule> = rules
            .into_iter()
            .map(|rule| SecurityGroupRule {
                id: cx.ids.next(),
                direction,
                protocol: rule.protocol,
                ports: rule.ports,
                peer: rule.peer,
                description: rule.description,
                tags: tags.clone(),
            })
            .collect();
        let ids: Vec<SecurityGroupRuleId> = rules.iter().map(|rule| rule.id.clone()).collect();
        for rule in &ids {
            self.index.group_by_rule.insert(rule.clone(), id.clone());
        }
        self.group_mut(id)?.rules.extend(rules);
        self.touch();
        Ok(ids)
    }

    /// Removes rules from a group, all or none of them; in the default VPC, those there are.
    pub fn revoke_security_group(
        &mut self,
        id: &SecurityGroupId,
        direction: Direction,
        selector: RuleSelector,
    ) -> Result<Revoked, SecurityGroupError> {
        let group = self.security_groups.get(id).ok_or_else(|| SecurityGroupError::NotFound(id.clone()))?;
        let is_lenient = self.default_vpc().is_some_and(|vpc| vpc.id == group.vpc_id);
        let (ids, unknown) = match selector {
            RuleSelector::Ids(ids) => {
                let exists = |wanted: &SecurityGroupRuleId| group.rules_of(direction).any(|rule| rule.id == *wanted);
                if let Some(missing) = ids.iter().find(|wanted| !exists(wanted)) {
                    return Err(SecurityGroupError::RuleIdNotFound(missing.clone()));
                }
                (ids, Vec::new())
            }
            RuleSelector::Rules(rules) => self.matching(group, direction, rules)?,
        };
        if !unknown.is_empty() && !is_lenient {
            return Err(SecurityGroupError::RuleNotFound);
        }
        let group = self.group_mut(id)?;
        let (gone, kept): (Vec<_>, _) =
            std::mem::take(&mut group.rules).into_iter().partition(|rule| ids.contains(&rule.id));
        group.rules = kept;
        for rule in &gone {
            self.index.group_by_rule.remove(&rule.id);
        }
        self.touch();
        Ok(Revoked { rules: gone, unknown })
    }

    /// Changes rules of a group, which keep their ids and directions; all or none of them.
    pub fn modify_security_group_rules(
        &mut self,
        id: &SecurityGroupId,
        changes: Vec<(SecurityGroupRuleId, NewRule)>,
    ) -> Result<(), SecurityGroupError> {
        let group = self.security_groups.get(id).ok_or_else(|| SecurityGroupError::NotFound(id.clone()))?;
        let mut rules = group.rules.clone();
        for (rule_id, change) in changes {
            let change = self.normalized(group, change)?;
            let found = rules.iter().position(|rule| rule.id == rule_id);
            let at = found.ok_or(SecurityGroupError::RuleIdNotFound(rule_id))?;
            let others = rules.iter().enumerate().filter(|(other, _)| *other != at);
            if others.map(|(_, rule)| rule).any(|o| o.direction == rules[at].direction && says_same(o, &change)) {
                return Err(SecurityGroupError::DuplicateRule(change));
            }
            let rule = &mut rules[at];
            (rule.protocol, rule.ports, rule.peer) = (change.protocol, change.ports, change.peer);
            if change.description.is_some() {
                rule.description = change.description;
            }
        }
        for direction in [Direction::Ingress, Direction::Egress] {
            let of_direction = rules.iter().filter(|rule| rule.direction == direction);
            if self.is_over_rule_quota(of_direction.map(|rule| self.rule_weights(&rule.peer))) {
                return Err(SecurityGroupError::TooManyRules(self.quotas.rules_per_group));
            }
        }
        self.group_mut(id)?.rules = rules;
        self.touch();
        Ok(())
    }

    /// Replaces rules' descriptions, given with the rules or by id.
    pub fn update_rule_descriptions(
        &mut self,
        id: &SecurityGroupId,
        direction: Direction,
        by_id: Vec<(SecurityGroupRuleId, Option<String>)>,
        by_rule: Vec<NewRule>,
    ) -> Result<(), SecurityGroupError> {
        let by_rule = by_rule.into_iter().map(normalized_form).collect::<Result<Vec<_>, _>>()?;
        let group = self.security_groups.get(id).ok_or_else(|| SecurityGroupError::NotFound(id.clone()))?;
        let mut rules = group.rules.clone();
        let texts = by_id.iter().filter_map(|(_, text)| text.as_deref());
        if let Some(text) = texts.into_iter().find(|text| !super::is_group_text(text)) {
            return Err(SecurityGroupError::InvalidRuleDescription(text.to_owned()));
        }
        for (rule_id, description) in by_id {
            let rule = rules.iter_mut().find(|rule| rule.id == rule_id && rule.direction == direction);
            rule.ok_or(SecurityGroupError::RuleIdNotFound(rule_id))?.description = description;
        }
        for new in by_rule {
            let rule = rules.iter_mut().find(|rule| rule.direction == direction && says_same(rule, &new));
            rule.ok_or(SecurityGroupError::RuleNotFound)?.description = new.description;
        }
        self.group_mut(id)?.rules = rules;
        self.touch();
        Ok(())
    }

    /// The group and rule of a rule's id.
    pub fn security_group_rule(&self, id: &SecurityGroupRuleId) -> Option<(&SecurityGroup, &SecurityGroupRule)> {
        let group = self.security_groups.get(self.index.group_by_rule.get(id)?)?;
        group.rules.iter().find(|rule| rule.id == *id).map(|rule| (group, rule))
    }

    fn group_mut(&mut self, id: &SecurityGroupId) -> Result<&mut SecurityGroup, SecurityGroupError> {
        self.security_groups.get_mut(id).ok_or_else(|| SecurityGroupError::NotFound(id.clone()))
    }

    fn matching(
        &self,
        group: &SecurityGroup,
        direction: Direction,
        wanted: Vec<NewRule>,
    ) -> Result<(Vec<SecurityGroupRuleId>, Vec<NewRule>), SecurityGroupError> {
        let (mut ids, mut unknown) = (Vec::new(), Vec::new());
        for rule in wanted {
            let rule = normalized_form(rule)?;
            match group.rules_of(direction).find(|known| says_same(known, &rule)) {
                Some(known) => ids.push(known.id.clone()),
                None => unknown.push(rule),
            }
        }
        Ok((ids, unknown))
    }

    /// Checks a rule and writes it the one way it is kept.
    fn normalized(&self, group: &SecurityGroup, rule: NewRule) -> Result<NewRule, SecurityGroupError> {
        let mut rule = normalized_form(rule)?;
        if let RulePeer::Group(id) = &rule.peer {
            rule.peer = self.group_in_reach(group, id)?;
        }
        if let RulePeer::PrefixList(id) = &rule.peer
            && !self.is_prefix_list_usable(id)
        {
            return Err(SecurityGroupError::PrefixListNotFound(id.clone()));
        }
        Ok(rule)
    }
}

fn normalized_form(mut rule: NewRule) -> Result<NewRule, SecurityGroupError> {
    if let Some(text) = rule.description.as_deref().filter(|text| !super::is_group_text(text)) {
        return Err(SecurityGroupError::InvalidRuleDescription(text.to_owned()));
    }
    rule.ports = match rule.protocol {
        IpProtocol::Tcp | IpProtocol::Udp => Some(checked_ports(rule.protocol, rule.ports)?),
        IpProtocol::Icmp | IpProtocol::Icmpv6 => Some(checked_icmp(rule.ports)?),
        // EC2 ignores ports where the protocol has none.
        IpProtocol::All | IpProtocol::Number(_) => None,
    };
    rule.peer = match rule.peer {
        RulePeer::Ipv4(net) => RulePeer::Ipv4(net.trunc()),
        RulePeer::Ipv6(net) => RulePeer::Ipv6(net.trunc()),
        other => other,
    };
    Ok(rule)
}

fn checked_ports(protocol: IpProtocol, ports: Option<PortRange>) -> Result<PortRange, SecurityGroupError> {
    // Where a type and code would be -1, no ports are meant.
    let given = ports.filter(|range| *range != PortRange { from: -1, to: -1 });
    let range = given.ok_or(SecurityGroupError::MissingPorts(protocol))?;
    let is_port = |number: i32| (0..=65535).contains(&number);
    if !is_port(range.from) || !is_port(range.to) || range.from > range.to {
        return Err(SecurityGroupError::InvalidPorts { from: range.from, to: range.to });
    }
    Ok(range)
}

fn checked_icmp(ports: Option<PortRange>) -> Result<PortRange, SecurityGroupError> {
    let range = ports.unwrap_or(PortRange { from: -1, to: -1 });
    let is_number = |number: i32| (-1..=255).contains(&number);
    if !is_number(range.from) || !is_number(range.to) || (range.from == -1 && range.to != -1) {
        return Err(SecurityGroupError::InvalidIcmp { icmp_type: range.from, icmp_code: range.to });
    }
    Ok(range)
}

fn says_same(known: &SecurityGroupRule, rule: &NewRule) -> bool {
    known.protocol == rule.protocol && known.ports == rule.ports && known.peer.is_same(&rule.peer)
}

fn is_same(one: &NewRule, other: &NewRule) -> bool {
    one.protocol == other.protocol && one.ports == other.ports && one.peer.is_same(&other.peer)
}
