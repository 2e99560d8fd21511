//! What is given back when pods go, and what is not.

use crate::node::{Node, key, t3_small};
use cni_ipam::*;

fn release_all(node: &mut Node) {
    let keys: Vec<_> = node.pool.allocations().map(|(key, _)| key.clone()).collect();
    for key in keys {
        node.pool.release(&key, Released::Used, node.now);
    }
}

#[test]
fn with_an_eni_target_whole_enis_go_one_each_half_minute() {
    let mut node = Node::start(Targets::default(), t3_small(Mode::SecondaryAddresses));
    node.add_pods(9);
    release_all(&mut node);
    node.wait(29);
    assert_eq!(node.settle(), [], "addresses still rest");
    node.wait(61);
    assert_eq!(node.settle(), [Action::FreeEni { eni: "eni-2".to_owned() }]);
    node.wait(29);
    assert_eq!(node.settle(), []);
    node.wait(1);
    assert_eq!(node.settle(), [Action::FreeEni { eni: "eni-1".to_owned() }]);
    node.wait(60);
    assert_eq!(node.settle(), []);
}

#[test]
fn with_an_ip_target_single_addresses_go() {
    let targets = Targets { warm_ip: 3, ..Targets::default() };
    let mut node = Node::start(targets, t3_small(Mode::SecondaryAddresses));
    node.add_pods(4);
    assert_eq!((node.stats().enis, node.stats().total), (3, 7));
    release_all(&mut node);
    for _ in 0..6 {
        node.wait(120);
        node.settle();
    }
    assert_eq!((node.stats().enis, node.stats().total), (1, 3));
}

#[test]
fn with_a_prefix_target_free_prefixes_go() {
    let targets = Targets { mode: Mode::Prefixes, warm_prefix: 1, ..Targets::default() };
    let mut node = Node::start(targets, t3_small(Mode::Prefixes));
    node.add_pods(58);
    release_all(&mut node);
    for _ in 0..6 {
        node.wait(120);
        node.settle();
    }
    assert_eq!((node.stats().enis, node.stats().prefixes), (1, 1));
}

#[test]
fn an_eni_with_a_pod_stays() {
    let targets = Targets { warm_ip: 1, ..Targets::default() };
    let mut node = Node::start(targets, t3_small(Mode::SecondaryAddresses));
    node.add_pods(7);
    let on_last: Vec<_> =
        node.pool.allocations().filter(|(_, given)| given.device_number == 2).map(|(key, _)| key.clone()).collect();
    assert_eq!(on_last.len(), 1);
    let others: Vec<_> = node.pool.allocations().map(|(key, _)| key.clone()).filter(|k| *k != on_last[0]).collect();
    for key in others {
        node.pool.release(&key, Released::Used, node.now);
    }
    for _ in 0..6 {
        node.wait(120);
        node.settle();
    }
    assert!(node.pool.eni("eni-2").is_some());
    assert!(node.pool.withdraw_eni("eni-2", node.now).is_none());
    assert!(node.pool.allocation(&on_last[0]).is_some());
}

#[test]
fn a_freed_address_rests_and_an_unused_one_does_not() {
    let mut node = Node::start(Targets { warm_ip: 1, minimum_ip: 1, ..Targets::default() }, t3_small(Mode::default()));
    let given = node.pool.assign(&key("a"), &Owner::default(), node.now).unwrap();
    node.pool.release(&key("a"), Released::NeverUsed, node.now);
    assert_eq!(node.pool.assign(&key("b"), &Owner::default(), node.now).unwrap().address, given.address);
    node.pool.release(&key("b"), Released::Used, node.now);
    node.wait(29);
    assert_eq!(node.pool.assign(&key("c"), &Owner::default(), node.now), None);
    node.wait(1);
    assert_eq!(node.pool.assign(&key("c"), &Owner::default(), node.now).unwrap().address, given.address);
}
