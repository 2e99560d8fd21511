//! A pod with an address of a secondary ENI.

use cni_rpc::{DelReason, Request};
use linux_net::Netlink;
use linux_net::netlink::{RouteSpec, RuleSpec, table};
use serde_json::json;

use crate::world::*;

const HOST_LINK: &str = "eni68caf03a5f4";

#[test]
fn add_makes_links_routes_and_rules() {
    let Some(world) = World::start() else { return };
    world.agent.give(regular());
    let added = world.run("ADD");
    added.expect_ok();
    assert_eq!(
        added.json(),
        json!({
            "cniVersion": "1.1.0",
            "interfaces": [
                { "name": HOST_LINK },
                { "name": "eth0", "mac": "2", "sandbox": world.pod.path() },
                { "name": "dummy68caf03a5f4", "mac": "0", "sandbox": "1" },
            ],
            "ips": [{ "interface": 1, "address": "10.0.1.20/32" }],
            "dns": {},
        })
    );

    let node = world.on_node();
    let host_end = node.link(HOST_LINK).unwrap().expect("host end");
    assert_eq!((host_end.mtu, host_end.up, host_end.carrier), (9001, true, true));
    assert_eq!(host_end.alias.as_deref(), Some("vpcbox:pod default/web"));
    let expected =
        [RuleSpec::v4(512, table::MAIN).to(host_net(POD_ADDRESS)), RuleSpec::v4(1536, 2).from(host_net(POD_ADDRESS))];
    assert_eq!(world.rules(), expected);
    let route = RouteSpec::on_link(host_net(POD_ADDRESS), host_end.index);
    assert!(node.routes_in(table::MAIN).unwrap().contains(&route));

    let pod = Netlink::open(&world.pod).unwrap();
    let link = pod.link("eth0").unwrap().expect("pod end");
    assert_eq!((link.mtu, link.up, link.parent), (9001, true, Some(host_end.index)));
    let addresses: Vec<_> = pod.addresses_of("eth0").unwrap().iter().map(|held| held.address).collect();
    assert!(addresses.contains(&host_net(POD_ADDRESS)), "{addresses:?}");
    let gateway = std::net::Ipv4Addr::new(169, 254, 1, 1);
    let routes = pod.routes_in(table::MAIN).unwrap();
    assert!(routes.contains(&RouteSpec::on_link(host_net(gateway), link.index)));
    assert!(routes.contains(&RouteSpec::via(RouteSpec::default_v4(), gateway).link(link.index)), "{routes:?}");
    let neighbour = pod.neighbours_of("eth0").unwrap().into_iter().find(|n| n.address == gateway).expect("neighbour");
    assert_eq!((neighbour.mac, neighbour.permanent), (host_end.mac, true));
}

#[test]
fn packets_pass_both_ways() {
    let Some(world) = World::start() else { return };
    world.agent.give(regular());
    world.run("ADD").expect_ok();
    assert!(reaches(&world.pod, POD_ADDRESS, &world.fabric, ROUTER), "the pod reaches the VPC");
    assert!(reaches(&world.fabric, ROUTER, &world.pod, POD_ADDRESS), "the VPC reaches the pod");
    assert!(reaches(&world.node, NODE_ADDRESS, &world.pod, POD_ADDRESS), "the node reaches the pod");
}

#[test]
fn del_leaves_nothing_and_can_be_repeated() {
    let Some(mut world) = World::start() else { return };
    world.agent.give(regular());
    let added = world.run("ADD");
    world.remember(&added);
    world.run("DEL").expect_ok();
    world.expect_clean();
    assert!(Netlink::open(&world.pod).unwrap().link("eth0").unwrap().is_none());
    world.run("DEL").expect_ok();
    let Some(Request::Del(asked)) = world.agent.asked().into_iter().rfind(|r| matches!(r, Request::Del(_))) else {
        panic!("the agent was not told")
    };
    assert_eq!((asked.attachment.container_id.as_str(), asked.reason), ("c1", DelReason::PodDeleted));
}

#[test]
fn del_without_result_or_namespace_removes_rules() {
    let Some(mut world) = World::start() else { return };
    world.agent.give(regular());
    world.run("ADD").expect_ok();
    world.pod = linux_net::Netns::create().unwrap();
    world.run_with("DEL", &world.conf.to_string(), |plugin| _ = plugin.env_remove("CNI_NETNS")).expect_ok();
    assert_eq!(world.rules(), vec![]);
    world.run_with("DEL", &world.conf.to_string(), |plugin| _ = plugin.env("CNI_NETNS", no_netns())).expect_ok();
}

#[test]
fn del_with_a_result_does_without_the_agent() {
    let Some(mut world) = World::start() else { return };
    world.agent.give(regular());
    let added = world.run("ADD");
    world.remember(&added);
    world.conf["socket"] = json!("/nowhere/agent.sock");
    world.run("DEL").expect_ok();
    world.expect_clean();
    world.conf["prevResult"] = json!(null);
    assert_eq!(world.run("DEL").code(), 11, "without one the runtime has to come again");
}

#[test]
fn a_late_del_spares_the_next_pod_with_the_address() {
    let Some(mut world) = World::start() else { return };
    world.agent.give(regular());
    let added = world.run("ADD");
    world.remember(&added);
    world.run("DEL").expect_ok();
    let next = linux_net::Netns::create().unwrap();
    world.agent.give(regular());
    let args = "K8S_POD_NAMESPACE=default;K8S_POD_NAME=next";
    let of_next = |plugin: &mut std::process::Command| {
        plugin.env("CNI_CONTAINERID", "c2").env("CNI_NETNS", next.path()).env("CNI_ARGS", args);
    };
    world.run_with("ADD", &world.conf.to_string(), of_next).expect_ok();
    let before = world.rules();
    let agent = std::mem::replace(&mut world.conf["socket"], json!("/nowhere/agent.sock"));
    world.run("DEL").expect_ok();
    world.conf["socket"] = agent;
    assert_eq!(world.rules(), before);
    assert!(reaches(&next, POD_ADDRESS, &world.fabric, ROUTER));
}

#[test]
fn a_failed_add_leaves_nothing_and_gives_the_address_back() {
    let Some(world) = World::start() else { return };
    world.agent.give(regular());
    // The interface's name is taken in the pod, so its link cannot be made.
    let pod = Netlink::open(&world.pod).unwrap();
    pod.add_bridge(&linux_net::netlink::LinkSpec::new("eth0")).unwrap();
    let failed = world.run("ADD");
    assert_eq!(failed.code(), 100, "{}", failed.stdout);
    world.expect_clean();
    let Some(Request::Del(told)) = world.agent.asked().pop() else { panic!("the agent was not told") };
    assert_eq!(told.reason, DelReason::SetUpFailed);
}

#[test]
fn add_replaces_what_a_pod_of_the_same_name_left() {
    let Some(world) = World::start() else { return };
    world.agent.give(regular());
    world.run("ADD").expect_ok();
    // Its namespace is gone without DEL, its rules led to another ENI.
    world.on_node().add_rule(&RuleSpec::v4(1536, 3).from(host_net(POD_ADDRESS))).unwrap();
    let fresh = linux_net::Netns::create().unwrap();
    world.run_with("ADD", &world.conf.to_string(), |plugin| _ = plugin.env("CNI_NETNS", fresh.path())).expect_ok();
    assert_eq!(
        world.rules().iter().map(|rule| (rule.priority, rule.table)).collect::<Vec<_>>(),
        [(512, 254), (1536, 2)]
    );
    assert!(reaches(&fresh, POD_ADDRESS, &world.fabric, ROUTER));
}

#[test]
fn a_pod_on_the_primary_eni_needs_no_rule_by_source() {
    let Some(world) = World::start() else { return };
    let mut given = regular();
    given.addresses[0].device_number = 0;
    given.addresses[0].route_table = table::MAIN;
    world.agent.give(given);
    world.run("ADD").expect_ok();
    assert_eq!(world.rules(), [RuleSpec::v4(512, table::MAIN).to(host_net(POD_ADDRESS))]);
}

#[test]
fn check_finds_what_is_missing() {
    let Some(mut world) = World::start() else { return };
    world.agent.give(regular());
    assert_eq!(world.run("CHECK").code(), 7, "CHECK needs the result");
    let added = world.run("ADD");
    world.remember(&added);
    world.run("CHECK").expect_ok();
    let rule = RuleSpec::v4(1536, 2).from(host_net(POD_ADDRESS));
    world.on_node().delete_rule(&rule).unwrap();
    let found = world.run("CHECK");
    assert_eq!((found.code(), found.json()["msg"].as_str()), (102, Some("no rule of priority 1536 for 10.0.1.20/32")));
    world.on_node().add_rule(&rule).unwrap();
    world.run("CHECK").expect_ok();
    Netlink::open(&world.pod).unwrap().set_down("eth0").unwrap();
    assert_eq!(world.run("CHECK").json()["msg"], "link eth0 is down");
}

#[test]
fn gc_removes_rules_of_released_addresses() {
    let Some(mut world) = World::start() else { return };
    world.agent.give(regular());
    world.run("ADD").expect_ok();
    let pod = std::mem::replace(&mut world.pod, linux_net::Netns::create().unwrap());
    Netlink::open(&pod).unwrap().delete_link("eth0").unwrap();
    assert_eq!(world.run("GC").code(), 7, "GC needs the list");
    world.conf["cni.dev/valid-attachments"] = json!([{ "containerID": "c9", "ifname": "eth0" }]);
    world.run("GC").expect_ok();
    world.expect_clean();
    let Some(Request::Gc(asked)) = world.agent.asked().pop() else { panic!("the agent was not asked") };
    assert_eq!(asked.valid[0].container_id, "c9");
}
