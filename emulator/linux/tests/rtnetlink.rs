//! Links, addresses, routes, rules and entries in namespaces that each test makes.

use std::net::{IpAddr, Ipv4Addr};

use ipnet::IpNet;
use linux_net::{
    Mac, Netlink, Netns,
    netlink::{AddressSpec, BridgePort, LinkSpec, RouteKind, RouteSpec, RuleKind, RuleSpec, Scope, table},
};
use rstest::rstest;

const MAC_A: Mac = [2, 0, 0, 0, 0, 0xa];
const MAC_B: Mac = [2, 0, 0, 0, 0, 0xb];

fn world() -> (Netns, Netlink) {
    let netns = Netns::create().expect("namespace");
    let netlink = Netlink::open(&netns).expect("netlink");
    (netns, netlink)
}

fn net(text: &str) -> IpNet {
    text.parse().expect("a network")
}

#[test]
fn namespace_is_new_and_its_loopback_up() {
    let own = Netns::current().expect("own");
    let (netns, netlink) = world();
    assert_ne!(netns, own);
    assert_eq!(netns, Netns::open(netns.path()).expect("by path"));
    assert_eq!(netns, netns.try_clone().expect("clone"));
    assert_eq!(netns.run(|| Netns::current().expect("inside")).expect("run"), netns);
    assert_eq!(Netns::current().expect("own"), own, "run leaves the caller where it was");
    assert!(netlink.link("lo").expect("look up").expect("lo").up);
}

#[test]
#[should_panic(expected = "inside the namespace")]
fn panic_inside_goes_on_outside() {
    let (netns, _) = world();
    netns.run(|| panic!("inside the namespace")).expect("run");
}

#[test]
fn veth_reaches_into_another_namespace() {
    let (_, here) = world();
    let (there_ns, there) = world();
    let near = LinkSpec::new("near").mac(MAC_A).mtu(9001).alias("vpcbox:near").up();
    let far = LinkSpec::new("far.with.dots").mac(MAC_B).mtu(9001).alias("vpcbox:far").up().quiet();
    here.add_veth(&near, &far, Some(&there_ns)).expect("veth");

    let near = here.link("near").expect("look up").expect("near");
    let far = there.link("far.with.dots").expect("look up").expect("far");
    assert_eq!((near.mac, near.mtu, near.up, near.carrier), (Some(MAC_A), 9001, true, true));
    assert_eq!((far.mac, far.mtu, far.up, far.carrier), (Some(MAC_B), 9001, true, true));
    assert_eq!((near.alias.as_deref(), far.alias.as_deref()), (Some("vpcbox:near"), Some("vpcbox:far")));
    assert_eq!((near.parent, near.parent_elsewhere), (Some(far.index), true));
    assert_eq!(near.kind.as_deref(), Some("veth"));
    assert!(there.addresses_of(&far).expect("addresses").is_empty(), "quiet makes no link-local address");
    assert_eq!(there.link_by_mac(MAC_B).expect("look up"), Some(far));

    here.delete_link("near").expect("delete");
    assert_eq!(there.link("far.with.dots").expect("look up"), None);
    assert!(here.delete_link("near").expect_err("gone").is_not_found());
}

#[test]
fn making_a_link_twice_leaves_the_first() {
    let (_, netlink) = world();
    netlink.add_bridge(&LinkSpec::new("br").alias("vpcbox:first")).expect("first");
    let err = netlink.add_bridge(&LinkSpec::new("br").alias("vpcbox:second").up()).expect_err("second");
    assert!(err.is_exists(), "{err}");
    let bridge = netlink.link("br").expect("look up").expect("br");
    assert_eq!((bridge.alias.as_deref(), bridge.up), (Some("vpcbox:first"), false));
}

#[test]
fn errors_carry_the_kernels_words() {
    let (_, netlink) = world();
    let route = RouteSpec::via(net("10.9.0.0/16"), Ipv4Addr::new(192, 0, 2, 1));
    let err = netlink.replace_route(&route).expect_err("no way there");
    assert_eq!(err.detail(), Some("Nexthop has invalid gateway"));
    assert_eq!(
        err.to_string(),
        "cannot replace route 10.9.0.0/16 via 192.0.2.1: Network is unreachable (ENETUNREACH): Nexthop has invalid gateway"
    );
}

#[test]
fn link_is_changed_renamed_and_moved() {
    let (_, netlink) = world();
    let (other_ns, other) = world();
    netlink.add_veth(&LinkSpec::new("a"), &LinkSpec::new("b"), None).expect("veth");
    netlink.set_mtu("a", 1400).expect("mtu");
    netlink.set_mac("a", MAC_A).expect("mac");
    netlink.set_alias("a", "vpcbox:a").expect("alias");
    netlink.rename("a", "vlan.eth.5").expect("rename");
    netlink.set_up("vlan.eth.5").expect("up");
    netlink.set_down("vlan.eth.5").expect("down");
    netlink.move_to("vlan.eth.5", &other_ns).expect("move");
    assert_eq!(netlink.link("vlan.eth.5").expect("look up"), None);
    let moved = other.link("vlan.eth.5").expect("look up").expect("moved");
    assert_eq!((moved.mtu, moved.mac, moved.alias.as_deref(), moved.up), (1400, Some(MAC_A), Some("vpcbox:a"), false));
}

#[test]
fn bridge_port_flags_come_back() {
    let (_, netlink) = world();
    netlink.add_bridge(&LinkSpec::new("br").mac(MAC_A).mtu(9001).up().quiet()).expect("bridge");
    let bridge = netlink.index("br").expect("index");
    netlink.add_veth(&LinkSpec::new("p").master(bridge), &LinkSpec::new("q"), None).expect("veth");
    assert_eq!(netlink.link("p").expect("look up").expect("p").port, Some(BridgePort::default()));

    let wanted = BridgePort {
        isolated: true,
        locked: true,
        learning: false,
        flood: false,
        mcast_flood: false,
        bcast_flood: false,
        neigh_suppress: true,
    };
    netlink.set_bridge_port("p", wanted).expect("flags");
    let port = netlink.link("p").expect("look up").expect("p");
    assert_eq!((port.master, port.port), (Some(bridge), Some(wanted)));

    netlink.replace_fdb("p", MAC_B).expect("entry");
    let entries = netlink.fdb(Some(bridge)).expect("entries");
    let entry = entries.iter().find(|entry| entry.mac == MAC_B).expect("the entry");
    assert_eq!((entry.link, entry.is_static, entry.local, entry.bridge), (port.index, true, false, Some(bridge)));
    netlink.delete_fdb("p", MAC_B).expect("delete");
    assert!(netlink.delete_fdb("p", MAC_B).expect_err("gone").is_not_found());

    netlink.set_master("p", None).expect("no master");
    assert_eq!(netlink.link("p").expect("look up").expect("p").port, None);
}

#[rstest]
#[case::v4("10.0.1.1/24")]
#[case::v6("2600:1f14::1/64")]
fn addresses_come_and_go(#[case] text: &str) {
    let (_, netlink) = world();
    netlink.add_bridge(&LinkSpec::new("br").up().quiet()).expect("bridge");
    let address = net(text);
    netlink.add_address("br", address).expect("add");
    assert!(netlink.add_address("br", address).expect_err("again").is_exists());
    let listed = netlink.addresses_of("br").expect("list");
    assert_eq!(listed.iter().map(|found| (found.address, found.prefix_route)).collect::<Vec<_>>(), [(address, true)]);
    assert!(netlink.addresses().expect("all").len() >= 2, "lo's are listed too");
    netlink.delete_address("br", address).expect("delete");
    assert!(netlink.delete_address("br", address).expect_err("gone").is_not_found());

    let without_route = AddressSpec { address, scope: Scope::Link, prefix_route: false };
    netlink.add_address("br", without_route).expect("add");
    let routes = netlink.routes_in(table::MAIN).expect("routes");
    assert!(!routes.iter().any(|route| route.destination == address.trunc()), "{routes:?}");
}

#[rstest]
#[case::v4("10.0.1.2/24", "10.0.1.1", "10.0.9.0/24")]
#[case::v6("2600:1f14::2/64", "2600:1f14::1", "2600:1f15::/64")]
fn routes_in_big_tables(#[case] own: &str, #[case] gateway: &str, #[case] elsewhere: &str) {
    let (_, netlink) = world();
    netlink.add_veth(&LinkSpec::new("a").up().quiet(), &LinkSpec::new("b").up().quiet(), None).expect("veth");
    netlink.add_address("a", net(own)).expect("address");
    let link = netlink.index("a").expect("index");
    let gateway: IpAddr = gateway.parse().expect("an address");
    let by_gateway = RouteSpec::via(net(elsewhere), gateway).link(link).table(1234).metric(1024);
    let source = net(own).addr();
    let host = RouteSpec::on_link(IpNet::from(gateway), link).table(1234).metric(1024).source(source);

    assert!(netlink.routes_in(1234).expect("an unused table").is_empty());
    for route in [&host, &by_gateway] {
        netlink.replace_route(route).expect("replace");
        netlink.replace_route(route).expect("replace again");
        assert!(netlink.add_route(route).expect_err("there").is_exists());
    }
    let listed = netlink.routes_in(1234).expect("list");
    assert_eq!(listed.len(), 2, "{listed:?}");
    assert!(listed.contains(&by_gateway), "{listed:?}");
    let listed_host = listed.iter().find(|route| route.destination == host.destination).expect("host route");
    assert_eq!((listed_host.source, listed_host.link), (Some(source), Some(link)));

    netlink.delete_route(&by_gateway).expect("delete");
    assert!(netlink.delete_route(&by_gateway).expect_err("gone").is_not_found());
}

#[test]
fn onlink_and_blackhole_routes() {
    let (_, netlink) = world();
    netlink.add_veth(&LinkSpec::new("a").up(), &LinkSpec::new("b").up(), None).expect("veth");
    let link = netlink.index("a").expect("index");
    let default = RouteSpec::via(RouteSpec::default_v4(), Ipv4Addr::new(169, 254, 1, 1)).link(link).onlink();
    let hole = RouteSpec::of_kind(net("192.0.2.0/24"), RouteKind::Blackhole);
    netlink.replace_route(&default).expect("default");
    netlink.replace_route(&hole).expect("blackhole");
    let listed = netlink.routes_in(table::MAIN).expect("list");
    assert!(listed.contains(&default) && listed.contains(&hole), "{listed:?}");
}

#[rstest]
#[case::by_link_and_mark(RuleSpec::v4(10, 5000).iif("vlan.eth.5").fwmark(0x80, 0x80))]
#[case::to_host(RuleSpec::v4(512, table::MAIN).to(net("10.0.1.7/32")))]
#[case::from_host(RuleSpec::v4(1536, 2).from(net("10.0.1.7/32")).to(net("10.0.0.0/16")))]
#[case::not_to(RuleSpec::v4(20, 7).to(net("10.0.0.0/16")).invert())]
#[case::drop(RuleSpec::v4(30, 0).from(net("10.3.0.0/16")).kind(RuleKind::Blackhole))]
#[case::v6(RuleSpec::v6(40, 300).from(net("2600:1f14::/56")).iif("eth1"))]
fn rules_come_and_go(#[case] rule: RuleSpec) {
    let (_, netlink) = world();
    netlink.add_rule(&rule).expect("add");
    assert!(netlink.add_rule(&rule).expect_err("again").is_exists());
    let listed = netlink.rules().expect("list");
    assert!(listed.contains(&rule), "{listed:?}");
    netlink.delete_rule(&rule).expect("delete");
    assert!(netlink.delete_rule(&rule).expect_err("gone").is_not_found());
}

#[rstest]
#[case::v4("10.0.1.9")]
#[case::v6("2600:1f14::9")]
fn neighbours_come_and_go(#[case] text: &str) {
    let (_, netlink) = world();
    netlink.add_bridge(&LinkSpec::new("br").up().quiet()).expect("bridge");
    let address: IpAddr = text.parse().expect("an address");
    netlink.replace_neighbour("br", address, MAC_A).expect("add");
    netlink.replace_neighbour("br", address, MAC_B).expect("replace");
    let listed = netlink.neighbours_of("br").expect("list");
    let entry = listed.iter().find(|entry| entry.address == address).expect("the entry");
    assert_eq!((entry.mac, entry.permanent, entry.proxy), (Some(MAC_B), true, false));
    netlink.delete_neighbour("br", address).expect("delete");

    netlink.add_proxy("br", address).expect("proxy");
    assert!(netlink.neighbours().expect("all").iter().any(|entry| entry.proxy && entry.address == address));
    netlink.delete_proxy("br", address).expect("delete proxy");
}

#[test]
fn batch_tells_each_outcome() {
    let (_, netlink) = world();
    // A bridge without an address of its own takes its port's, and then the kernel forgets all neighbours.
    netlink.add_bridge(&LinkSpec::new("br").mac(MAC_B).up().quiet()).expect("bridge");
    let link = netlink.index("br").expect("index");
    let rule = RuleSpec::v4(9, 9);
    netlink.add_rule(&rule).expect("rule");
    let outcomes = netlink.batch(|batch| {
        for host in 0..500u16 {
            let [high, low] = host.to_be_bytes();
            batch.replace_neighbour(link, Ipv4Addr::new(10, 1, high, low), MAC_A)?;
        }
        batch.add_rule(&rule)?;
        batch.add_veth(&LinkSpec::new("x").up(), &LinkSpec::new("y").up(), None)?;
        batch.set_master("x", Some(link))
    });
    let outcomes = outcomes.expect("batch");
    assert_eq!(outcomes.len(), 503);
    let failed: Vec<_> = outcomes.iter().enumerate().filter(|(_, outcome)| outcome.is_err()).collect();
    assert_eq!(
        failed.iter().map(|(place, _)| *place).collect::<Vec<_>>(),
        [500],
        "only the rule that exists: {failed:?}"
    );
    assert_eq!(netlink.neighbours_of("br").expect("list").len(), 500);
    assert_eq!(netlink.link("x").expect("look up").expect("x").master, Some(link));
}

#[test]
fn sysctls_are_the_namespaces_own() {
    let (netns, netlink) = world();
    netlink.add_veth(&LinkSpec::new("vlan.eth.5"), &LinkSpec::new("b"), None).expect("veth");
    let outside = std::fs::read_to_string("/proc/sys/net/ipv4/ip_forward").expect("readable");
    linux_net::sysctl::write(&netns, "net.ipv4.ip_forward", "1").expect("write");
    linux_net::sysctl::write(&netns, "net/ipv4/conf/vlan.eth.5/rp_filter", "2").expect("write");
    assert_eq!(linux_net::sysctl::read(&netns, "net.ipv4.ip_forward").expect("read"), "1");
    assert_eq!(linux_net::sysctl::read(&netns, "net/ipv4/conf/vlan.eth.5/rp_filter").expect("read"), "2");
    assert_eq!(std::fs::read_to_string("/proc/sys/net/ipv4/ip_forward").expect("readable"), outside);
    let err = linux_net::sysctl::read(&netns, "net.ipv4.no_such_key").expect_err("missing");
    assert!(err.is_not_found(), "{err}");
}
