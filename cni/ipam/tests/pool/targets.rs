//! How many ENIs and addresses a node holds, after the tables in the production CNI's documentation.

use crate::node::{Node, eni, t3_small};
use cni_ipam::*;
use rstest::rstest;

fn warm_eni(warm_eni: u32) -> Targets {
    Targets { warm_eni, ..Targets::default() }
}

fn warm_ip(warm_ip: u32, minimum_ip: u32) -> Targets {
    Targets { warm_ip, minimum_ip, ..Targets::default() }
}

fn prefixes(warm_prefix: u32, warm_ip: u32, minimum_ip: u32) -> Targets {
    Targets { mode: Mode::Prefixes, warm_prefix, warm_ip, minimum_ip, ..Targets::default() }
}

/// t3.small, secondary addresses: (targets, pods) → (ENIs, addresses).
#[rstest]
#[case::warm_eni_1_empty(warm_eni(1), 0, (1, 3))]
#[case::warm_eni_1_five(warm_eni(1), 5, (3, 9))]
#[case::warm_eni_1_full(warm_eni(1), 9, (3, 9))]
#[case::warm_eni_2_empty(warm_eni(2), 0, (2, 6))]
#[case::warm_eni_2_five(warm_eni(2), 5, (3, 9))]
#[case::warm_eni_0_empty(warm_eni(0), 0, (1, 3))]
#[case::warm_eni_0_three(warm_eni(0), 3, (2, 6))]
#[case::warm_ip_1_empty(warm_ip(1, 1), 0, (1, 1))]
#[case::warm_ip_1_five(warm_ip(1, 1), 5, (2, 6))]
#[case::warm_ip_1_full(warm_ip(1, 1), 9, (3, 9))]
#[case::warm_ip_2_min_5_empty(warm_ip(2, 5), 0, (2, 5))]
#[case::warm_ip_2_min_5_five(warm_ip(2, 5), 5, (3, 7))]
#[case::warm_ip_2_min_5_full(warm_ip(2, 5), 9, (3, 9))]
#[case::min_only_five(warm_ip(0, 4), 3, (2, 4))]
fn secondary_addresses(#[case] targets: Targets, #[case] pods: u32, #[case] expected: (u32, u32)) {
    let mut node = Node::start(targets, t3_small(Mode::SecondaryAddresses));
    assert_eq!(node.add_pods(pods), pods);
    assert_eq!((node.stats().enis, node.stats().total), expected);
    assert_eq!(node.stats().assigned, pods);
}

/// t3.small, prefixes: (targets, pods) → (ENIs, prefixes).
#[rstest]
#[case::warm_1_empty(prefixes(1, 0, 0), 0, (1, 1))]
#[case::warm_1_five(prefixes(1, 0, 0), 5, (1, 2))]
#[case::warm_1_sixteen(prefixes(1, 0, 0), 16, (1, 2))]
#[case::warm_1_seventeen(prefixes(1, 0, 0), 17, (1, 3))]
#[case::warm_1_fifty_eight(prefixes(1, 0, 0), 58, (2, 5))]
#[case::warm_2_empty(prefixes(2, 0, 0), 0, (1, 2))]
#[case::ip_targets_override(prefixes(2, 2, 2), 0, (1, 1))]
#[case::min_6_warm_10(prefixes(0, 10, 6), 0, (1, 1))]
#[case::warm_ip_16_after_one(prefixes(0, 16, 0), 1, (1, 2))]
fn delegated_prefixes(#[case] targets: Targets, #[case] pods: u32, #[case] expected: (u32, u32)) {
    let mut node = Node::start(targets, t3_small(Mode::Prefixes));
    assert_eq!(node.add_pods(pods), pods);
    assert_eq!((node.stats().enis, node.stats().prefixes), expected);
}

/// (warm ENIs, `MAX_ENI`) → ENIs, on an instance with places enough.
#[rstest]
#[case::three_of_two(3, 2, 2)]
#[case::three_of_three(3, 3, 3)]
#[case::two_of_three(2, 3, 2)]
fn max_eni_bounds_the_pool(#[case] warm: u32, #[case] max_enis: u32, #[case] expected: u32) {
    let limits = Limits { max_enis, ..t3_small(Mode::SecondaryAddresses) };
    assert_eq!(Node::start(warm_eni(warm), limits).stats().enis, expected);
}

#[rstest]
#[case::kept_free(true, false, 2)]
#[case::taken_by_the_trunk(true, true, 3)]
#[case::not_reserved(false, false, 3)]
fn a_place_for_the_trunk(#[case] reserve_trunk: bool, #[case] attached: bool, #[case] expected: u32) {
    let limits = Limits { reserve_trunk, ..t3_small(Mode::SecondaryAddresses) };
    let mut node = Node::start(warm_ip(1, 1), limits);
    if attached {
        node.pool.observe(&eni("eni-trunk", 2, EniKind::Trunk), node.now);
    }
    node.add_pods(9);
    assert_eq!(node.stats().enis, expected);
    assert_eq!(node.stats().total, if reserve_trunk { 6 } else { 9 });
}

#[test]
fn max_pods_bounds_the_pool() {
    let limits = Limits { max_pods: 2, ..t3_small(Mode::SecondaryAddresses) };
    let mut node = Node::start(warm_ip(1, 0), limits);
    assert_eq!(node.add_pods(4), 2);
    assert_eq!(node.stats().total, 2);
}

#[test]
fn a_full_subnet_is_left_alone_for_two_minutes() {
    let mut node = Node::start(warm_ip(1, 1), t3_small(Mode::SecondaryAddresses));
    node.pool.assign(&crate::node::key("a"), &Owner::default(), node.now);
    node.pool.subnet_is_full(node.now);
    node.wait(119);
    assert_eq!(node.settle(), []);
    node.wait(1);
    assert_eq!(node.settle(), [Action::Assign { eni: "eni-0".to_owned(), amount: Amount::Addresses(1) }]);
}

#[test]
fn waiting_pods_are_served_although_resting_addresses_fill_the_pool() {
    let mut node = Node::start(warm_ip(1, 0), t3_small(Mode::SecondaryAddresses));
    node.pool.assign(&crate::node::key("a"), &Owner::default(), node.now);
    node.pool.release(&crate::node::key("a"), Released::Used, node.now);
    assert_eq!(node.pool.assign(&crate::node::key("b"), &Owner::default(), node.now), None);
    assert_eq!(node.pool.next_action(Demand::default(), node.now), Action::Nothing);
    let wanted = node.pool.next_action(Demand { waiting: 1 }, node.now);
    assert_eq!(wanted, Action::Assign { eni: "eni-0".to_owned(), amount: Amount::Addresses(1) });
}
