//! VPC Block Public Access: what an account keeps from its VPCs at internet and egress-only gateways, subnet by subnet.
//!
//! It is asked about every packet, tracked or not, by the bridge of the subnet and the link to the internet. What is kept
//! from nobody has no rules. See <https://docs.aws.amazon.com/vpc/latest/userguide/security-vpc-bpa.html>.

use nft_ruleset::{Field, Hook, Policy, Rule, Statement, Table, Value, Verdict};
use vpc_model::AccessBlock;

use super::View;
use super::matching::equal;
use super::rules::{base, rule};
use crate::names;

/// Before the subnets' edges.
const PRIORITY: i32 = 4;

pub(super) fn compile(view: &View<'_>, table: &mut Table) {
    let subnets = view.model.subnets().filter(|subnet| subnet.vpc_id == view.vpc.id);
    let rules: Vec<Rule> = subnets
        .flat_map(|subnet| {
            let block = view.model.access_block_of_subnet(&subnet.id);
            let bridge = names::bridge(&subnet.id);
            let links = [names::internet_link(&view.vpc.id), names::egress_only_link(&view.vpc.id)];
            links.into_iter().flat_map(move |link| kept(block, &bridge, &link))
        })
        .collect();
    if !rules.is_empty() {
        table.chains.push(base("public-access", Hook::Forward, PRIORITY, Policy::Accept, rules));
    }
}

/// What does not pass between a subnet and a link.
fn kept(block: AccessBlock, bridge: &str, link: &str) -> Vec<Rule> {
    let drop = || Statement::Verdict(Verdict::Drop);
    let by = |field, name: &str| equal(field, Value::Interface(name.to_owned()));
    let into = || [by(Field::InputInterface, link), by(Field::OutputInterface, bridge)];
    let out = || [by(Field::InputInterface, bridge), by(Field::OutputInterface, link)];
    let begins = equal(Field::ConnectionDirection, Value::Number(0));
    match block {
        AccessBlock::Off => vec![],
        AccessBlock::Ingress => vec![rule(into().into_iter().chain([begins, drop()]))],
        AccessBlock::Bidirectional => {
            [into(), out()].into_iter().map(|way| rule(way.into_iter().chain([drop()]))).collect()
        }
    }
}
