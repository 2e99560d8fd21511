//! Laws of the pool: no address twice, the same answer twice, nothing lost by a restart.

use std::collections::{BTreeMap, BTreeSet};

use crate::node::{Node, eni, key, t3_small};
use cni_ipam::*;
use proptest::prelude::*;

#[test]
fn the_same_interface_gets_the_same_address() {
    let mut node = Node::start(Targets::default(), t3_small(Mode::default()));
    let first = node.pool.assign(&key("a"), &Owner::default(), node.now).unwrap();
    assert_eq!(node.pool.assign(&key("a"), &Owner::default(), node.now), Some(first.clone()));
    assert_ne!(node.pool.assign(&key("b"), &Owner::default(), node.now).unwrap().address, first.address);
    assert_eq!(node.pool.release(&key("x"), Released::Used, node.now), None);
}

#[test]
fn gc_releases_what_is_not_named() {
    let mut node = Node::start(Targets::default(), t3_small(Mode::default()));
    for name in ["a", "b"] {
        node.pool.assign(&key(name), &Owner::default(), node.now).unwrap();
    }
    let other = Key { network: "other".to_owned(), ..key("c") };
    node.pool.assign(&other, &Owner::default(), node.now).unwrap();
    assert_eq!(node.pool.release_others("aws-cni", &[key("a")], node.now).len(), 1);
    assert!(node.pool.allocation(&key("a")).is_some() && node.pool.allocation(&other).is_some());
}

#[test]
fn an_observation_never_takes_an_address_from_a_pod() {
    let mut node = Node::start(Targets::default(), t3_small(Mode::default()));
    let given = node.pool.assign(&key("a"), &Owner::default(), node.now).unwrap().address;
    let seen =
        ObservedEni { addresses: BTreeSet::from(["10.9.9.9".parse().unwrap()]), ..eni("eni-0", 0, EniKind::Primary) };
    let sync = node.pool.observe(&seen, node.now);
    assert_eq!((sync.added.len(), sync.removed.len(), sync.missing_in_use.as_slice()), (1, 2, [given].as_slice()));
    assert!(node.pool.allocation(&key("a")).is_some());
}

#[test]
fn a_checkpoint_brings_allocations_back() {
    let mut node = Node::start(Targets::default(), t3_small(Mode::default()));
    let owner = Owner { namespace: "default".to_owned(), name: "web".to_owned() };
    let given = node.pool.assign(&key("a"), &owner, node.now).unwrap();
    let checkpoint = node.pool.checkpoint();
    let mut fresh = Node::start(Targets::default(), t3_small(Mode::default()));
    assert_eq!(fresh.pool.restore(&checkpoint), Ok(vec![]));
    assert_eq!(fresh.pool.allocation(&key("a")), Some(&given));
    assert_ne!(fresh.pool.assign(&key("b"), &owner, node.now).unwrap().address, given.address);
    assert_eq!(fresh.pool.restore(&checkpoint).map(|orphans| orphans.len()), Ok(1));
    let foreign = Checkpoint { version: "vpc-cni-ipam/2".to_owned(), allocations: vec![] };
    assert_eq!(fresh.pool.restore(&foreign), Err(RestoreError::Format("vpc-cni-ipam/2".to_owned())));
}

#[derive(Debug, Clone)]
enum Step {
    Add(u8),
    Del(u8),
    Wait(u8),
    Settle,
    Restart,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (0_u8..30).prop_map(Step::Add),
        3 => (0_u8..30).prop_map(Step::Del),
        1 => (0_u8..90).prop_map(Step::Wait),
        2 => Just(Step::Settle),
        1 => Just(Step::Restart),
    ]
}

fn targets() -> impl Strategy<Value = Targets> {
    let mode = prop_oneof![Just(Mode::SecondaryAddresses), Just(Mode::Prefixes)];
    (mode, 0_u32..20, 0_u32..20, 0_u32..3, 0_u32..3).prop_map(|(mode, warm_ip, minimum_ip, warm_eni, warm_prefix)| {
        Targets { mode, warm_ip, minimum_ip, warm_eni, warm_prefix, ..Targets::default() }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]
    #[test]
    fn no_address_is_given_twice_or_too_soon(targets in targets(), steps in prop::collection::vec(step(), 1..120)) {
        let mut node = Node::start(targets.clone(), t3_small(targets.mode));
        let mut held = BTreeMap::new();
        let mut freed: BTreeMap<std::net::Ipv4Addr, Time> = BTreeMap::new();
        for step in steps {
            match step {
                Step::Add(pod) => {
                    let given = node.pool.assign(&key(&pod.to_string()), &Owner::default(), node.now);
                    if let (Some(given), None) = (given, held.get(&pod)) {
                        prop_assert!(!held.values().any(|address| *address == given.address));
                        let rested = freed.get(&given.address).is_none_or(|at| node.now >= *at + targets.cooldown);
                        prop_assert!(rested, "{} was reused too soon", given.address);
                        held.insert(pod, given.address);
                    }
                }
                Step::Del(pod) => {
                    freed.extend(held.get(&pod).map(|address| (*address, node.now)));
                    let released = node.pool.release(&key(&pod.to_string()), Released::Used, node.now);
                    prop_assert_eq!(released.map(|given| given.address), held.remove(&pod));
                }
                Step::Wait(seconds) => node.wait(seconds.into()),
                Step::Settle => { node.settle(); }
                Step::Restart => {
                    let checkpoint = node.pool.checkpoint();
                    let mut fresh = Pool::new(targets.clone(), t3_small(targets.mode));
                    for known in node.pool.enis() {
                        let prefixes: BTreeSet<_> = known.prefixes().collect();
                        let single = known.addresses().filter(|a| !prefixes.iter().any(|p| p.contains(a))).collect();
                        let seen = ObservedEni { addresses: single, prefixes, ..eni(&known.id, known.device_number, known.kind) };
                        fresh.observe(&seen, node.now);
                    }
                    prop_assert_eq!(fresh.restore(&checkpoint), Ok(vec![]));
                    node.pool = fresh;
                    freed.clear();
                }
            }
            let stats = node.stats();
            prop_assert_eq!(stats.assigned as usize, held.len());
            prop_assert!(stats.enis <= 3);
        }
    }
}
