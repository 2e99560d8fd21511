//! A pod with a branch ENI of its own.

use linux_net::netlink::{RouteSpec, RuleSpec, table};
use linux_net::{Netlink, features, sysctl, vlan};
use serde_json::json;

use crate::wire::{Frame, Wire};
use crate::world::*;

const HOST_LINK: &str = "vlan68caf03a5f4";
const VLAN_LINK: &str = "vlan.eth.7";
const TABLE: u32 = 107;

/// The fabric's end of the trunk, with the branch's subnet behind VLAN `id`. `None` if the kernel cannot do that.
fn fabric_vlan(world: &World, id: u16) -> Option<u32> {
    let carrier = match vlan::carrier(&features::probe()) {
        Ok(carrier) => carrier,
        Err(missing) => {
            println!("skipped: {missing}");
            return None;
        }
    };
    let link = vlan::add(&world.fabric, "port2", "branch", id, [2, 0, 0, 0, 2, 1], 9001, carrier).unwrap();
    let fabric = Netlink::open(&world.fabric).unwrap();
    fabric.set_up(link).unwrap();
    fabric.add_address(link, net("10.0.2.1/24")).unwrap();
    // A VPC's routers ask nobody: they know which ENI has which address.
    fabric.replace_neighbour(link, BRANCH_ADDRESS, BRANCH_MAC).unwrap();
    Some(link)
}

#[test]
fn strict_mode_ties_the_pod_to_its_vlan() {
    let Some(world) = World::start() else { return };
    let Some(_) = fabric_vlan(&world, VLAN) else { return };
    world.agent.give(branch());
    let added = world.run("ADD");
    added.expect_ok();
    assert_eq!(
        added.json(),
        json!({
            "cniVersion": "1.1.0",
            "interfaces": [
                { "name": HOST_LINK },
                { "name": "eth0", "mac": "107", "sandbox": world.pod.path() },
                { "name": "dummy68caf03a5f4", "mac": "7", "sandbox": "0" },
            ],
            "ips": [{ "interface": 1, "address": "10.0.2.30/32", "gateway": "10.0.2.1" }],
            "dns": {},
        })
    );
    let node = world.on_node();
    let vlan_link = node.link(VLAN_LINK).unwrap().expect("VLAN link");
    assert_eq!((vlan_link.mac, vlan_link.mtu, vlan_link.up), (Some(BRANCH_MAC), 9001, true));
    let rules = [RuleSpec::v4(10, TABLE).iif(VLAN_LINK), RuleSpec::v4(10, TABLE).iif(HOST_LINK)];
    assert_eq!(world.rules(), rules);
    let mut routes = node.routes_in(TABLE).unwrap();
    routes.sort_by_key(|route| route.destination);
    let host_end = node.index(HOST_LINK).unwrap();
    let expected = [
        RouteSpec::via(RouteSpec::default_v4(), BRANCH_ROUTER).link(vlan_link.index).table(TABLE),
        RouteSpec::on_link(host_net(BRANCH_ROUTER), vlan_link.index).table(TABLE),
        RouteSpec::on_link(host_net(BRANCH_ADDRESS), host_end).table(TABLE),
    ];
    assert_eq!(routes, expected);
    assert!(!node.routes_in(table::MAIN).unwrap().iter().any(|r| r.destination == host_net(BRANCH_ADDRESS)));
}

#[test]
fn strict_mode_sends_everything_tagged() {
    let Some(world) = World::start() else { return };
    let Some(_) = fabric_vlan(&world, VLAN) else { return };
    // A distribution's strict default does no harm.
    for key in ["all", "default"] {
        sysctl::write(&world.node, &format!("net.ipv4.conf.{key}.rp_filter"), "1").unwrap();
    }
    // The kernel would hand the pod's answers to the node's socket early, and then not forward them.
    sysctl::write(&world.node, "net.ipv4.ip_early_demux", "0").unwrap();
    world.agent.give(branch());
    let wire = Wire::listen(&world.fabric, "port2");
    world.run("ADD").expect_ok();
    assert!(
        reaches(&world.pod, BRANCH_ADDRESS, &world.fabric, BRANCH_ROUTER),
        "the pod reaches its router by the VLAN"
    );
    assert!(reaches(&world.fabric, BRANCH_ROUTER, &world.pod, BRANCH_ADDRESS), "and the router the pod");
    let frames = wire.ipv4_frames();
    let from_pod = Frame { vlan: Some(VLAN), source: BRANCH_MAC, ethertype: 0x0800 };
    assert!(frames.contains(&from_pod), "{frames:?}");
    assert!(frames.iter().all(|frame| frame.vlan == Some(VLAN)), "{frames:?}");
    // From the node itself there is a way only through the VPC: the fabric routes it into the VLAN.
    assert!(reaches(&world.node, NODE_ADDRESS, &world.pod, BRANCH_ADDRESS), "the node reaches the pod through the VPC");
    sysctl::write(&world.fabric, "net.ipv4.ip_forward", "0").unwrap();
    assert!(!reaches(&world.node, NODE_ADDRESS, &world.pod, BRANCH_ADDRESS), "and not on a shorter way");
}

#[test]
fn another_vlan_does_not_carry_it() {
    let Some(world) = World::start() else { return };
    let Some(_) = fabric_vlan(&world, VLAN + 1) else { return };
    world.agent.give(branch());
    world.run("ADD").expect_ok();
    assert!(!reaches(&world.pod, BRANCH_ADDRESS, &world.fabric, BRANCH_ROUTER));
}

#[test]
fn standard_mode_keeps_local_traffic_local() {
    let Some(mut world) = World::start() else { return };
    let Some(_) = fabric_vlan(&world, VLAN) else { return };
    world.conf["podSGEnforcingMode"] = json!("standard");
    world.agent.give(branch());
    let added = world.run("ADD");
    world.remember(&added);
    let rules = [
        RuleSpec::v4(512, table::MAIN).to(host_net(BRANCH_ADDRESS)),
        RuleSpec::v4(1536, TABLE).from(host_net(BRANCH_ADDRESS)),
    ];
    assert_eq!(world.rules(), rules);
    assert!(world.pod_links().contains(&"eni68caf03a5f4".to_owned()));
    assert!(reaches(&world.pod, BRANCH_ADDRESS, &world.fabric, BRANCH_ROUTER));
    sysctl::write(&world.fabric, "net.ipv4.ip_forward", "0").unwrap();
    assert!(reaches(&world.node, NODE_ADDRESS, &world.pod, BRANCH_ADDRESS));
    world.run("CHECK").expect_ok();
    world.run("DEL").expect_ok();
    world.expect_clean();
}

#[test]
fn del_leaves_nothing_and_can_be_repeated() {
    let Some(mut world) = World::start() else { return };
    let Some(_) = fabric_vlan(&world, VLAN) else { return };
    world.agent.give(branch());
    let added = world.run("ADD");
    world.remember(&added);
    world.run("CHECK").expect_ok();
    world.run("DEL").expect_ok();
    world.expect_clean();
    assert_eq!(vlan::list(&world.node, "eth2").unwrap(), []);
    world.run("DEL").expect_ok();
    assert_ne!(world.run("CHECK").code(), 0);
}

#[test]
fn del_without_result_finds_the_vlan_by_its_rules() {
    let Some(world) = World::start() else { return };
    let Some(_) = fabric_vlan(&world, VLAN) else { return };
    world.agent.give(branch());
    world.run("ADD").expect_ok();
    world.run("DEL").expect_ok();
    world.expect_clean();
}

#[test]
fn a_late_del_spares_the_next_pod_with_the_vlan() {
    let Some(mut world) = World::start() else { return };
    let Some(_) = fabric_vlan(&world, VLAN) else { return };
    world.agent.give(branch());
    let added = world.run("ADD");
    world.remember(&added);
    let next = linux_net::Netns::create().unwrap();
    world.agent.give(branch());
    let args = "K8S_POD_NAMESPACE=default;K8S_POD_NAME=next";
    let of_next = |plugin: &mut std::process::Command| {
        plugin.env("CNI_CONTAINERID", "c2").env("CNI_NETNS", next.path()).env("CNI_ARGS", args);
    };
    world.run_with("ADD", &world.conf.to_string(), of_next).expect_ok();
    world.run("DEL").expect_ok();
    assert!(reaches(&next, BRANCH_ADDRESS, &world.fabric, BRANCH_ROUTER));
    assert_eq!(world.rules().len(), 2);
}

#[test]
fn gc_removes_vlans_whose_pod_is_gone() {
    let Some(mut world) = World::start() else { return };
    let Some(_) = fabric_vlan(&world, VLAN) else { return };
    world.agent.give(branch());
    world.run("ADD").expect_ok();
    world.conf["cni.dev/valid-attachments"] = json!([]);
    world.run("GC").expect_ok();
    assert_eq!(world.rules().len(), 2, "the pod is still there");
    Netlink::open(&world.pod).unwrap().delete_link("eth0").unwrap();
    world.run("GC").expect_ok();
    world.expect_clean();
}
