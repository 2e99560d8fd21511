//! The laws of `diff`, on random fabrics of a small world.

use std::sync::Arc;

use ipnet::{IpNet, Ipv4Net};
use nft_ruleset::{Family, Table};
use proptest::collection::vec;
use proptest::prelude::*;
use vpc_model::{
    InstanceId, Mac, NetworkInterfaceId, PeeringConnectionId, SubnetId, TransitGatewayId, VlanId, VpcEndpointId, VpcId,
};

use super::*;
use crate::{Branch, Bridge, GatewayEndpoint, InternetRoute, Peering};

fn vpc(n: u8) -> VpcId {
    format!("vpc-0000000{n}").parse().unwrap()
}
fn subnet(n: u8) -> SubnetId {
    format!("subnet-0000000{n}").parse().unwrap()
}
fn instance(n: u8) -> InstanceId {
    format!("i-0000000{n}").parse().unwrap()
}
fn eni(n: u8) -> NetworkInterfaceId {
    format!("eni-0000000{n}").parse().unwrap()
}
fn peering(n: u8) -> PeeringConnectionId {
    format!("pcx-0000000{n}").parse().unwrap()
}
fn transit(n: u8) -> TransitGatewayId {
    format!("tgw-0000000{n}").parse().unwrap()
}
fn endpoint(n: u8) -> VpcEndpointId {
    format!("vpce-0000000{n}").parse().unwrap()
}
fn mac(n: u8) -> Mac {
    Mac([2, 0, 0, 0, 0, n])
}
fn net(n: u8) -> Ipv4Net {
    Ipv4Net::new([10, 0, n, 0].into(), 24).unwrap()
}
fn table(n: u8) -> Table {
    Table { family: Family::Inet, name: format!("v{n}"), sets: vec![], chains: vec![] }
}

/// One object out of few: `a` to `d` pick among its kind's keys and values.
fn object(kind: u8, a: u8, b: u8, c: u8, d: u8) -> (Key, Object) {
    let v = vpc(a);
    match kind {
        0 => (Key::Fabric(v), Object::Fabric),
        1 => (Key::Instance(instance(b)), Object::Instance),
        2 => (Key::ServiceAddress(v, [169, 254, 0, b].into()), Object::ServiceAddress),
        3 => (Key::Bridge(v, subnet(b)), Object::Bridge(Bridge { router: Some(net(b)), mac: mac(c) })),
        4 => (Key::Rules(v), Object::Rules(Arc::new(table(c)))),
        5 => {
            let interface = NextHop::Interface(subnet(d), [10, 0, 0, 9].into());
            let (within, across) = (NextHop::Subnet(subnet(d)), NextHop::Peering(peering(d)));
            let hop = [
                NextHop::Local,
                NextHop::Blackhole,
                interface,
                within,
                across,
                NextHop::Internet,
                NextHop::EgressOnly,
                NextHop::GatewayEndpoint(endpoint(d)),
            ];
            (Key::Route(v, b.into(), IpNet::V4(net(b))), Object::Route(hop[usize::from(3 * c + d) % 8].clone()))
        }
        6 => (Key::RouteRule(v, subnet(b), c.into()), Object::RouteRule),
        7 => (Key::Neighbour(v, subnet(b), [10, 0, 0, c].into()), Object::Neighbour(mac(d))),
        8 => {
            let wire = Wire { subnet: subnet(c), instance: instance(d), device_index: 0, mac: mac(b) };
            (Key::Wire(v, eni(b)), Object::Wire(wire))
        }
        9 => {
            let vlan = VlanId::new(u16::from(d) + 1).unwrap();
            let branch = Branch { subnet: subnet(c), trunk: eni(d), vlan, mac: mac(b) };
            (Key::Branch(v, eni(b + 3)), Object::Branch(branch))
        }
        11 => (Key::Internet, Object::Internet),
        12 => (Key::InternetHost(format!("host-{b}")), Object::InternetHost([203, 0, 113, c].into())),
        13 => (Key::InternetLink(v), Object::InternetLink),
        14 => {
            let route = InternetRoute {
                vpc: v,
                is_egress_only: c > 0,
                private: (d > 0).then(|| (eni(d), [10, 0, 0, d].into())),
            };
            (Key::InternetRoute(IpNet::V4(net(b))), Object::InternetRoute(route))
        }
        15 => (Key::EgressOnlyLink(v), Object::EgressOnlyLink),
        16 => (Key::NatGateway(eni(b)), Object::NatGateway(table(c))),
        17 => (Key::Endpoint(eni(b)), Object::Endpoint),
        18 | 19 => {
            let wire = ServiceWire { subnet: subnet(c), mac: mac(d), addresses: vec![] };
            let key = if kind == 18 { Key::NatWire(v, eni(b)) } else { Key::EndpointWire(v, eni(b)) };
            (key, Object::ServiceWire(wire))
        }
        20 => (Key::TransitGateway(transit(b)), Object::TransitGateway),
        21 => {
            let wire = TransitWire { gateway: transit(b), subnet: subnet(c), mac: mac(d) };
            (Key::TransitWire(v, eni(b)), Object::TransitWire(wire))
        }
        22 => {
            let hop =
                [TransitHop::Blackhole, TransitHop::Interface(vpc(0), eni(c)), TransitHop::Interface(vpc(1), eni(c))];
            (Key::TransitRoute(transit(b), c.into(), net(d).into()), Object::TransitRoute(hop[usize::from(d)].clone()))
        }
        23 => (Key::TransitRule(transit(b), eni(c), d.into()), Object::TransitRule(v)),
        24 => {
            let blocks = vec![net(c).into()];
            (Key::GatewayEndpoint(endpoint(b)), Object::GatewayEndpoint(GatewayEndpoint { blocks }))
        }
        25 => (Key::GatewayEndpointLink(v, endpoint(b)), Object::GatewayEndpointLink),
        10 => (Key::Peering(peering(b)), Object::Peering(Peering { requester: vpc(0), accepter: vpc(1) })),
        _ => {
            let address = InstanceAddress { eni: eni(c), block: net(d).into(), router: [10, 0, 0, 1].into() };
            (Key::InstanceAddress(v, instance(b), [10, 0, 0, c].into()), Object::InstanceAddress(address))
        }
    }
}

/// A fabric in which nothing is without what it needs.
fn fabric() -> impl Strategy<Value = Desired> {
    vec((0u8..27, 0u8..2, 0u8..3, 0u8..3, 0u8..3), 0..120).prop_map(|picks| {
        let mut all: Vec<_> = picks.into_iter().map(|(kind, a, b, c, d)| object(kind, a, b, c, d)).collect();
        all.sort_by(|(a, _), (b, _)| a.cmp(b));
        let mut desired = Desired::default();
        for (key, object) in all {
            if needs(&key, &object).iter().all(|other| desired.contains(other)) {
                desired.insert(key, object);
            }
        }
        desired
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn nothing_to_do_for_what_is_there(it in fabric()) {
        prop_assert_eq!(diff(&it, &it), vec![]);
    }

    #[test]
    fn the_steps_lead_there_in_an_order_that_works(from in fabric(), to in fabric()) {
        let mut applied = from.clone();
        for op in diff(&from, &to) {
            for other in op.needs() {
                prop_assert!(applied.contains(&other), "{} before {}", op, other);
            }
            op.apply_to(&mut applied);
        }
        prop_assert_eq!(applied, to);
    }

    #[test]
    fn links_are_made_under_the_new_rules(from in fabric(), to in fabric()) {
        let ops = diff(&from, &to);
        for (at, op) in ops.iter().enumerate() {
            if let Op::Add(Key::Wire(vpc, _) | Key::Branch(vpc, _) | Key::Neighbour(vpc, ..), _) = op {
                let rules = Key::Rules(vpc.clone());
                prop_assert!(!ops[at..].iter().any(|later| *later.key() == rules), "rules after {}", op);
            }
        }
    }

    #[test]
    fn what_is_forgotten_comes_back(it in fabric(), pick in 0usize..200) {
        let mut applied = it.clone();
        if let Some((key, _)) = it.objects().nth(pick) {
            applied.forget(key);
            prop_assert!(!applied.contains(key));
            for (other, object) in applied.objects() {
                prop_assert!(needs(other, object).iter().all(|need| applied.contains(need)));
            }
        }
        for op in diff(&applied, &it) {
            prop_assert!(matches!(op, Op::Add(..)));
            op.apply_to(&mut applied);
        }
        prop_assert_eq!(applied, it);
    }
}
