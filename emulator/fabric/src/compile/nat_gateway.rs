//! NAT gateways: namespaces of their own, each with an ENI in its subnet, which send on what is routed to them.
//!
//! What comes in by a gateway's only link and is for somebody else leaves by it again, with one of the gateway's private
//! addresses as its source; a public gateway's become Elastic IP addresses at the internet gateway, as every ENI's do. Nothing is
//! accepted that is for the gateway itself, so nobody can begin a connection with what is behind it. It passes TCP, UDP and
//! ICMP on, of ICMP what asks and what is answered. A TCP packet of a connection that it does not know (any more) is answered
//! with a reset. See <https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-basics.html>.
//!
//! Deviation: no NAT64, so routes of `64:ff9b::/96` to a NAT gateway are blackholes; packets of more than 8,500 bytes pass, and
//! a gateway's connections to one destination are limited by its ports only, not to 55,000 an address.

use std::net::Ipv4Addr;

use nft_ruleset::{
    Base, Chain, ChainKind, ConnectionState, Family, Field, Hook, Policy, Rule, Statement, Table, Value, Verdict,
};
use vpc_model::{Model, NatGateway, NatGatewayId, NetworkInterface, Vpc};

use super::matching::equal;
use super::rules::{accept, base, rule, states};
use super::topology::told;
use super::{By, View};
use crate::{Desired, Key, Object, ServiceWire, names, options};

const ICMP: u8 = 1;
/// Where netfilter translates sources.
const SOURCES: i32 = 100;

/// The gateways of a VPC that packets can go by, with their ENIs.
pub(super) fn interfaces<'a>(
    model: &'a Model,
    vpc: &'a Vpc,
) -> impl Iterator<Item = (&'a NatGateway, &'a NetworkInterface)> {
    let working = model.nat_gateways().filter(|gateway| gateway.vpc_id == vpc.id && gateway.state() == "available");
    working.filter_map(|gateway| Some((gateway, model.network_interface(gateway.network_interface_id.as_ref()?)?)))
}

/// The ENI of a gateway that is in the fabric.
pub(super) fn interface_of<'a>(view: &View<'a>, id: &NatGatewayId) -> Option<&'a NetworkInterface> {
    let present = view.present.get(view.model.nat_gateway(id)?.network_interface_id.as_ref()?)?;
    matches!(present.by, By::Nat(_)).then_some(present.eni)
}

/// A gateway's namespace and its ENI.
pub(super) fn compile(view: &View<'_>, gateway: &NatGateway, eni: &NetworkInterface, desired: &mut Desired) {
    let Some(primary) = eni.primary_ip() else { return };
    let rules = table(&sources(gateway, primary));
    desired.insert(Key::NatGateway(eni.id.clone()), Object::NatGateway(rules));
    let wire = ServiceWire { subnet: eni.subnet_id.clone(), mac: eni.mac, addresses: told(view, eni) };
    desired.insert(Key::NatWire(eni.vpc_id.clone(), eni.id.clone()), Object::ServiceWire(wire));
}

/// The private addresses that a gateway sends from.
fn sources(gateway: &NatGateway, primary: Ipv4Addr) -> Vec<Ipv4Addr> {
    let usable = gateway.addresses.iter().filter(|address| address.status() == "succeeded");
    let usable: Vec<Ipv4Addr> = usable.filter_map(|address| address.private_ip).collect();
    if usable.is_empty() { vec![primary] } else { usable }
}

fn table(sources: &[Ipv4Addr]) -> Table {
    let protocol = |number: u8| equal(Field::L4Protocol, Value::Number(number.into()));
    let unknown = || states(&[ConnectionState::Invalid]);
    let passed = [options::TCP, options::UDP, ICMP].map(|number| rule([is_ipv4(), protocol(number), accept()]));
    let refused = [
        rule([protocol(options::TCP), unknown(), Statement::ResetTcp]),
        rule([unknown(), Statement::Verdict(Verdict::Drop)]),
    ];
    let translating = Base { kind: ChainKind::Nat, hook: Hook::Postrouting, priority: SOURCES, policy: Policy::Accept };
    let chains = vec![
        base("for-itself", Hook::Input, 0, Policy::Drop, []),
        base("for-others", Hook::Forward, 0, Policy::Drop, refused.into_iter().chain(passed)),
        Chain { name: "translate".to_owned(), base: Some(translating), rules: translate(sources) },
    ];
    Table { family: Family::Inet, name: names::TABLE.to_owned(), sets: vec![], chains }
}

/// Each connection gets one of the addresses, all equally often.
fn translate(sources: &[Ipv4Addr]) -> Vec<Rule> {
    let rules = sources.iter().enumerate().map(|(index, address)| {
        let left = u32::try_from(sources.len() - index).expect("a gateway has few addresses");
        let its_turn = (left > 1).then(|| equal(Field::Random(left), Value::Number(0)));
        let source = Statement::SourceNat { address: *address, fully_random: false };
        rule([is_ipv4()].into_iter().chain(its_turn).chain([source]))
    });
    rules.collect()
}

fn is_ipv4() -> Statement {
    equal(Field::NfProtocol, Value::Number(2))
}
