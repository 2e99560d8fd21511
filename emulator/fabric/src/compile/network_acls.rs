//! Network ACLs: what may leave a subnet and what may enter it, packet by packet.
//!
//! An ACL's entries of one direction are a chain; a packet that passes returns from it. A subnet has a chain for each
//! direction too, which lets go what stays in the subnet; both are found by the subnet's bridge. What can only let
//! everything through has no chain and costs nothing. See
//! <https://docs.aws.amazon.com/vpc/latest/userguide/nacl-basics.html>.

use std::collections::BTreeMap;

use ipnet::IpNet;
use nft_ruleset::{Chain, Element, Field, KeyPart, Rule, Statement, Table, Value, Verdict};
use vpc_model::{Direction, NetworkAcl, NetworkAclEntry, NetworkAclId, Subnet};

use super::View;
use super::matching::{equal, protocol};
use super::rules::{add, chain_name, look_up, rule};
use crate::names;

/// The map from the bridge a packet comes from to the chain that may keep it in its subnet.
pub(super) const LEAVING: &str = "leaving";
/// The map from the bridge a packet goes to to the chain that may keep it out.
pub(super) const ENTERING: &str = "entering";

/// What base chains do at a subnet's edge: judge what leaves, and what enters.
pub(super) fn gates() -> [Statement; 2] {
    [look_up(LEAVING, &[Field::InputInterface]), look_up(ENTERING, &[Field::OutputInterface])]
}

/// Adds the chains of all ACLs that keep anything from passing, and of the subnets that use them.
pub(super) fn compile(view: &View<'_>, table: &mut Table) {
    let mut acls: BTreeMap<&NetworkAclId, &NetworkAcl> = BTreeMap::new();
    let mut of_subnets = Vec::new();
    for subnet in view.model.subnets().filter(|subnet| subnet.vpc_id == view.vpc.id) {
        let Some(acl) = view.model.network_acl_of(&subnet.id) else { continue };
        for direction in [Direction::Egress, Direction::Ingress].into_iter().filter(|way| !is_open(view, acl, *way)) {
            acls.insert(&acl.id, acl);
            add(table, map(direction), [subnets_element(subnet, direction)]);
            of_subnets.push(subnets_chain(subnet, acl, direction));
        }
    }
    for acl in acls.into_values() {
        for direction in [Direction::Egress, Direction::Ingress].into_iter().filter(|way| !is_open(view, acl, *way)) {
            let rules = acl.entries_of(direction).map(|entry| compile_entry(acl, entry)).collect();
            table.chains.push(Chain { name: chain_name(&acl.id, direction), base: None, rules });
        }
    }
    table.chains.extend(of_subnets);
}

/// Whether the first entry about each version of IP that the VPC has lets everything through.
fn is_open(view: &View<'_>, acl: &NetworkAcl, direction: Direction) -> bool {
    let lets_all = |is_ipv6: bool| {
        let first = acl.entries_of(direction).find(|entry| entry.block.addr().is_ipv6() == is_ipv6);
        first.is_some_and(|entry| entry.allow && entry.protocol.is_none() && entry.block.prefix_len() == 0)
    };
    lets_all(false) && (view.vpc.ipv6_cidr_blocks().next().is_none() || lets_all(true))
}

fn map(direction: Direction) -> &'static str {
    match direction {
        Direction::Egress => LEAVING,
        Direction::Ingress => ENTERING,
    }
}

fn subnets_element(subnet: &Subnet, direction: Direction) -> Element {
    let verdict = Some(Verdict::Jump(chain_name(&subnet.id, direction)));
    Element { key: vec![KeyPart::Interface(names::bridge(&subnet.id))], verdict }
}

/// Packets between a subnet's own ENIs do not pass its edge; all others are the ACL's.
fn subnets_chain(subnet: &Subnet, acl: &NetworkAcl, direction: Direction) -> Chain {
    let other_side = match direction {
        Direction::Egress => Field::OutputInterface,
        Direction::Ingress => Field::InputInterface,
    };
    let stays = equal(other_side, Value::Interface(names::bridge(&subnet.id)));
    let rules = vec![
        rule([stays, Statement::Verdict(Verdict::Return)]),
        rule([Statement::Verdict(Verdict::Goto(chain_name(&acl.id, direction)))]),
    ];
    Chain { name: chain_name(&subnet.id, direction), base: None, rules }
}

/// An entry decides: the first that matches ends the chain.
fn compile_entry(acl: &NetworkAcl, entry: &NetworkAclEntry) -> Rule {
    let verdict = Statement::Verdict(if entry.allow { Verdict::Return } else { Verdict::Drop });
    let statements = [peer(entry)].into_iter().chain(protocol(entry.ip_protocol(), entry.ports)).chain([verdict]);
    Rule { comment: Some(format!("{} {}", acl.id, entry.number)), ..rule(statements) }
}

fn peer(entry: &NetworkAclEntry) -> Statement {
    let (family, v4, v6) = match entry.egress {
        true => (Field::NfProtocol, Field::Ip4Destination, Field::Ip6Destination),
        false => (Field::NfProtocol, Field::Ip4Source, Field::Ip6Source),
    };
    match entry.block {
        IpNet::V4(net) if net.prefix_len() == 0 => equal(family, Value::Number(2)),
        IpNet::V6(net) if net.prefix_len() == 0 => equal(family, Value::Number(10)),
        IpNet::V4(net) => equal(v4, Value::Network(net.trunc().into())),
        IpNet::V6(net) => equal(v6, Value::Network(net.trunc().into())),
    }
}
