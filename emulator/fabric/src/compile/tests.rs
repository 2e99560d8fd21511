//! What a small VPC compiles to, as people read it.

use vpc_model::{Direction, IpProtocol, RouteTarget, RulePeer, WantedAddresses};

use super::*;
use crate::testing::{Account, block, entry, interface, rule, trunk};
use crate::{NextHop, Op, Service, diff, names};

/// Two nodes in two subnets, one with a trunk and two branches; frontend reaches payment, payment the database.
fn small_vpc() -> Account {
    let mut account = Account::with_vpc("10.0.0.0/16");
    let (one, two) = (account.subnet("10.0.1.0/24"), account.subnet("10.0.2.0/24"));
    let (nodes, payment) = (account.group("nodes"), account.closed_group("payment"));
    let database = account.closed_group("database");
    account.allow(&nodes, Direction::Ingress, rule(IpProtocol::All, None, RulePeer::Group(nodes.clone())));
    account.allow(&nodes, Direction::Ingress, rule(IpProtocol::Icmp, Some((8, -1)), block("0.0.0.0/0")));
    account.allow(&payment, Direction::Ingress, rule(IpProtocol::Tcp, Some((80, 89)), RulePeer::Group(nodes.clone())));
    let postgres = |peer| rule(IpProtocol::Tcp, Some((5432, 5432)), RulePeer::Group(peer));
    account.allow(&payment, Direction::Egress, postgres(database.clone()));
    account.allow(&database, Direction::Ingress, postgres(payment.clone()));
    account.allow(&database, Direction::Ingress, rule(IpProtocol::Udp, Some((0, 65535)), block("10.0.1.0/25")));
    let (node, _) = account.instance(interface(&one, &[&nodes]));
    let mut second = interface(&two, &[&nodes, &database]);
    second.addresses = WantedAddresses { ipv4_count: 1, ipv4_prefix_count: 1, ..WantedAddresses::default() };
    let (_, target) = account.instance(second);
    account.model.settle(jiff::Timestamp::UNIX_EPOCH);
    let carrier = account.eni(trunk(&one, &[&nodes]));
    account.attach(&carrier, &node, 1);
    for (vlan, subnet) in [(1, &one), (7, &two)] {
        let branch = account.eni(interface(subnet, &[&payment]));
        account.associate(&carrier, &branch, vlan);
    }
    account.route("192.168.0.0/16", RouteTarget::NetworkInterface(target));
    account
}

fn options() -> Options {
    Options { services: vec![Service::tcp([169, 254, 171, 1], 80)], ..Options::default() }
}

fn plan(ops: &[Op]) -> String {
    ops.iter().map(|op| format!("{op}\n")).collect()
}

#[test]
fn plan_of_a_small_vpc() {
    let desired = compile(&small_vpc().model, &options());
    insta::assert_snapshot!(plan(&diff(&Desired::default(), &desired)));
}

#[test]
fn rules_of_a_small_vpc() {
    let account = small_vpc();
    let desired = compile(&account.model, &options());
    let Some(Object::Rules(table)) = desired.get(&Key::Rules(account.vpc)) else { panic!("no rules") };
    insta::assert_snapshot!(table.to_text());
    nft_ruleset::encode::replace_table(table).unwrap();
}

#[test]
fn plan_of_a_detachment() {
    let mut account = small_vpc();
    account.model.settle(jiff::Timestamp::UNIX_EPOCH);
    let before = compile(&account.model, &options());
    let trunk = account.model.trunk_associations().next().unwrap().trunk_id.clone();
    account.detach(&trunk);
    let after = compile(&account.model, &options());
    insta::assert_snapshot!(plan(&diff(&before, &after)));
}

#[test]
fn a_vpc_without_instances_has_no_fabric() {
    let mut account = Account::with_vpc("10.0.0.0/16");
    let subnet = account.subnet("10.0.1.0/24");
    account.eni(interface(&subnet, &[]));
    assert_eq!(compile(&account.model, &options()), Desired::default());
}

#[test]
fn a_prefix_list_is_a_route_to_each_of_its_blocks() {
    let mut account = small_vpc();
    let blocks = ["198.51.100.0/24", "192.168.0.0/16"];
    let list = account.prefix_list(&blocks);
    let main = account.model.vpc(&account.vpc).unwrap().main_route_table_id.clone();
    let subnet = account.model.subnets().next().unwrap().id.clone();
    let target = account.model.interfaces_in_subnet(&subnet).next().unwrap().id.clone();
    let before = compile(&account.model, &options());
    account.model.create_route(&main, list, RouteTarget::NetworkInterface(target.clone())).unwrap();
    let after = compile(&account.model, &options());
    let next_hop = |desired: &Desired, block: &str| {
        let key = Key::Route(
            account.vpc.clone(),
            names::route_table(&main, &account.model.subnets().next().unwrap().zone),
            block.parse().unwrap(),
        );
        desired.get(&key).cloned()
    };
    let primary = account.get(&target).primary_ip().unwrap();
    assert_eq!(next_hop(&after, blocks[0]), Some(Object::Route(NextHop::Interface(subnet, primary.into()))));
    // A route that names the block has priority.
    assert_eq!(next_hop(&after, blocks[1]), next_hop(&before, blocks[1]));
}

/// The first subnet lets web traffic out and its answers in; of the second only what enters is restricted.
#[test]
fn rules_of_network_acls() {
    let mut account = small_vpc();
    let before = compile(&account.model, &options());
    let subnets: Vec<_> = account.model.subnets().map(|subnet| subnet.id.clone()).collect();
    let (out, into) = (Direction::Egress, Direction::Ingress);
    let one_s = vec![
        entry(100, out, true, "6:443..443", "0.0.0.0/0"),
        entry(110, out, false, "1:8..-1", "192.0.2.0/24"),
        entry(100, into, true, "6:1024..65535", "10.0.0.0/16"),
        entry(110, into, true, "50", "2001:db8::/32"),
    ];
    account.network_acl(&subnets[0], one_s);
    let two_s = vec![entry(1, out, true, "-1", "0.0.0.0/0"), entry(1, into, true, "17:53..53", "10.0.0.0/8")];
    account.network_acl(&subnets[1], two_s);
    let after = compile(&account.model, &options());
    let rules = |desired: &Desired| {
        let Some(Object::Rules(table)) = desired.get(&Key::Rules(account.vpc.clone())) else { panic!("no rules") };
        table.clone()
    };
    let (before, after) = (rules(&before), rules(&after));
    nft_ruleset::encode::replace_table(&after).unwrap();
    let mut difference = nft_ruleset::Table::clone(&after);
    difference.chains.retain(|chain| !before.chains.contains(chain));
    difference.sets.retain(|set| !before.sets.contains(set));
    insta::assert_snapshot!(difference.to_text());
}
