//! The probe, and that it touches nothing.

use std::time::Instant;

use linux_net::{
    Netlink, Netns,
    features::{self, Feature},
};

#[test]
fn probe_is_quick_and_leaves_nothing() {
    let own = Netns::current().expect("own");
    let links = || Netlink::open(&own).expect("netlink").links().expect("links").len();
    let before = links();
    let start = Instant::now();
    let features = features::probe();
    let took = start.elapsed();
    println!("{features}\nprobed in {took:?}");
    assert_eq!(links(), before);
    assert!(features.has(Feature::Veth), "{features}");
    assert!(took.as_millis() < 500, "the aim is 100 ms on an idle machine: {took:?}");
}
