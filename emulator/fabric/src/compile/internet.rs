//! Internet gateways: a link to the namespace that stands for the internet, where public addresses become private ones.
//!
//! A gateway translates one to one, for ENIs' private addresses that have a public one; all others cannot pass. It does so
//! behind the sender's gate and before the receiver's, so groups and network ACLs see private addresses of their own VPC
//! and public ones of others. IPv6 addresses are public as they are. See
//! <https://docs.aws.amazon.com/vpc/latest/userguide/VPC_Internet_Gateway.html>.
//!
//! An egress-only gateway is a link of its own, for IPv6. It knows the connections that began inside: only these come in, and
//! what answers to one from outside does not go out by it. See
//! <https://docs.aws.amazon.com/vpc/latest/userguide/egress-only-internet-gateway.html>.

use std::net::{IpAddr, Ipv4Addr};

use ipnet::IpNet;
use nft_ruleset::{
    Base, Chain, ChainKind, ConnectionState, Element, Field, Hook, KeyPart, Policy, Rule, Statement, Table, Value,
    Verdict,
};
use vpc_model::{InternetGatewayId, NetworkInterface};

use super::View;
use super::matching::equal;
use super::rules::{accept, add, look_up, rule, states};
use crate::{Desired, InternetRoute, Key, Object, names};

/// The set of links to the internet: one, or none.
pub(super) const LINKS: &str = "internet";
/// The set of links to it by egress-only gateways: one, or none.
pub(super) const EGRESS_ONLY: &str = "egress-only";
/// The private addresses that may pass the gateway.
pub(super) const PUBLISHED: &str = "published";
/// The map from private addresses to the chains that make them public.
pub(super) const OUTWARD: &str = "outward";
/// The map from public addresses to the chains that make them private.
pub(super) const INWARD: &str = "inward";

/// Where netfilter translates destinations and sources.
const DESTINATIONS: i32 = -100;
const SOURCES: i32 = 100;

/// Whether a gateway is the VPC's own.
pub(super) fn is_by(view: &View<'_>, id: &InternetGatewayId) -> bool {
    view.model.internet_gateway(id).is_some_and(|gateway| gateway.vpc_id.as_ref() == Some(&view.vpc.id))
}

fn has_gateway(view: &View<'_>) -> bool {
    view.model.internet_gateways().any(|gateway| gateway.vpc_id.as_ref() == Some(&view.vpc.id))
}

/// Whether the VPC has an egress-only gateway.
pub(super) fn has_egress_only(view: &View<'_>) -> bool {
    view.model.egress_only_gateways().any(|gateway| gateway.vpc_id == view.vpc.id)
}

/// The links, and what the internet knows to be behind them.
pub(super) fn compile(view: &View<'_>, desired: &mut Desired) {
    let (has_gateway, has_egress_only) = (has_gateway(view), has_egress_only(view));
    if !has_gateway && !has_egress_only {
        return;
    }
    let vpc = &view.vpc.id;
    desired.insert(Key::Internet, Object::Internet);
    for host in &view.options.internet_hosts {
        desired.insert(Key::InternetHost(host.name.clone()), Object::InternetHost(host.address));
    }
    let route = |private| InternetRoute { vpc: vpc.clone(), is_egress_only: !has_gateway, private };
    if has_egress_only {
        desired.insert(Key::EgressOnlyLink(vpc.clone()), Object::EgressOnlyLink);
    }
    if has_gateway {
        desired.insert(Key::InternetLink(vpc.clone()), Object::InternetLink);
        for (eni, private, public) in published(view) {
            let object = Object::InternetRoute(route(Some((eni.id.clone(), private))));
            desired.insert(Key::InternetRoute(IpNet::from(IpAddr::V4(public))), object);
        }
    }
    for block in view.model.subnets().filter(|subnet| subnet.vpc_id == *vpc).flat_map(|it| it.ipv6_cidr_blocks()) {
        desired.insert(Key::InternetRoute(IpNet::V6(block)), Object::InternetRoute(route(None)));
    }
}

/// Private addresses in the fabric that have a public one.
fn published<'a>(view: &'a View<'_>) -> impl Iterator<Item = (&'a NetworkInterface, Ipv4Addr, Ipv4Addr)> + 'a {
    view.present.values().flat_map(move |present| {
        let eni = present.eni;
        let public = move |private| Some(view.model.public_address_of(eni, private)?.address);
        eni.private_ips.iter().filter_map(move |ip| Some((eni, ip.address, public(ip.address)?)))
    })
}

/// What the ingress gate keeps from the internet though it belongs to a connection: answers by an egress-only gateway.
pub(super) fn kept() -> Rule {
    let answers = equal(Field::ConnectionDirection, Value::Number(1));
    rule([by(EGRESS_ONLY, Field::OutputInterface), answers, Statement::Verdict(Verdict::Drop)])
}

/// What the ingress gate lets go to the internet.
pub(super) fn leaving() -> [Rule; 3] {
    let is_ipv6 = || equal(Field::NfProtocol, Value::Number(10));
    [
        rule([by(LINKS, Field::OutputInterface), look_up(PUBLISHED, &[Field::Ip4Source])]),
        rule([by(LINKS, Field::OutputInterface), is_ipv6(), accept()]),
        rule([by(EGRESS_ONLY, Field::OutputInterface), is_ipv6(), accept()]),
    ]
}

/// What comes from the internet has no sender's gate here. Addresses of its own, it has none: the internet's links check them.
/// By an egress-only gateway answers come, and nothing else.
pub(super) fn arriving() -> [Rule; 2] {
    let belongs = states(&[ConnectionState::Established, ConnectionState::Related]);
    [
        rule([by(LINKS, Field::InputInterface), accept()]),
        rule([by(EGRESS_ONLY, Field::InputInterface), belongs, accept()]),
    ]
}

/// Adds the link, and the chains and maps that translate.
pub(super) fn translate(view: &View<'_>, table: &mut Table) {
    if has_egress_only(view) {
        let link = KeyPart::Interface(names::egress_only_link(&view.vpc.id));
        add(table, EGRESS_ONLY, [Element { key: vec![link], verdict: None }]);
    }
    if !has_gateway(view) {
        return;
    }
    let link = Element { key: vec![KeyPart::Interface(names::internet_link(&view.vpc.id))], verdict: None };
    add(table, LINKS, [link]);
    for (_, private, address) in published(view) {
        let (out, into) = (format!("to-{address}"), format!("to-{private}"));
        let element =
            |key: Ipv4Addr, verdict| Element { key: vec![KeyPart::Address(key.into())], verdict: Some(verdict) };
        add(table, PUBLISHED, [element(private, Verdict::Accept)]);
        add(table, OUTWARD, [element(private, Verdict::Goto(out.clone()))]);
        add(table, INWARD, [element(address, Verdict::Goto(into.clone()))]);
        let source = Statement::SourceNat { address, fully_random: false };
        table.chains.push(Chain { name: out, base: None, rules: vec![rule([source])] });
        let destination = Statement::DestinationNat { address: private };
        table.chains.push(Chain { name: into, base: None, rules: vec![rule([destination])] });
    }
    table.chains.extend([
        base(
            "inward",
            Hook::Prerouting,
            DESTINATIONS,
            [by(LINKS, Field::InputInterface), look_up(INWARD, &[Field::Ip4Destination])],
        ),
        base(
            "outward",
            Hook::Postrouting,
            SOURCES,
            [by(LINKS, Field::OutputInterface), look_up(OUTWARD, &[Field::Ip4Source])],
        ),
    ]);
}

fn by(links: &str, field: Field) -> Statement {
    Statement::Lookup { fields: vec![field], set: links.to_owned(), negated: false }
}

fn base<const N: usize>(name: &str, hook: Hook, priority: i32, statements: [Statement; N]) -> Chain {
    let base = Base { kind: ChainKind::Nat, hook, priority, policy: Policy::Accept };
    Chain { name: name.to_owned(), base: Some(base), rules: vec![rule(statements)] }
}
