//! The reconciler from outside: its plan, a pass on demand, passes by the clock, and what it leaves alone.
//!
//! Needs `CAP_SYS_ADMIN` and `CAP_NET_ADMIN`.

mod common;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use common::{call, send};
use jiff::SignedDuration;
use linux_net::{Netlink, Netns, features, nft, sysctl};
use serde_json::Value;
use vpcbox_emulator::{Config, Emulator};

const SOON: Duration = Duration::from_secs(10);

async fn admin(emulator: &Emulator, method: &str, path: &str) -> Value {
    let seen = send(emulator.endpoint(), &format!("{method} /_vpcbox/{path} HTTP/1.1"), "").await;
    assert_eq!(seen.status(), "200", "{}", seen.reply);
    serde_json::from_str(seen.body()).expect("JSON")
}

/// An emulator with an instance in the kernel, and the VPC's namespace.
async fn emulator(reconcile_interval: SignedDuration) -> Option<(Emulator, Netns)> {
    if let Some(missing) = features::probe().obstacles().first() {
        println!("skipped: {missing}");
        return None;
    }
    let emulator = Emulator::start(Config { reconcile_interval, ..Config::default() }).await.expect("a port");
    let vpc = call(&emulator, "Action=CreateVpc&CidrBlock=10.0.0.0/16", "vpcId").await;
    let subnet = call(&emulator, &format!("Action=CreateSubnet&VpcId={vpc}&CidrBlock=10.0.1.0/24"), "subnetId").await;
    let image = "ImageId=ami-0123456789abcdef0&InstanceType=m5.large&MinCount=1&MaxCount=1";
    call(&emulator, &format!("Action=RunInstances&{image}&SubnetId={subnet}"), "instanceId").await;
    emulator.converged(SOON).await.expect("the kernel shows the VPC");
    let netns = emulator.vpc_netns(&vpc.parse().expect("an id")).expect("its namespace");
    Some((emulator, netns))
}

fn reasons(plan: &Value) -> Vec<&str> {
    plan["steps"].as_array().expect("steps").iter().map(|step| step["reason"].as_str().expect("a reason")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn plans_and_passes_on_demand() {
    let Some((emulator, netns)) = emulator(SignedDuration::ZERO).await else { return };
    assert!(reasons(&admin(&emulator, "GET", "plan").await).is_empty());

    sysctl::write(&netns, "net.ipv4.conf.all.send_redirects", "1").expect("a setting");
    let netlink = Netlink::open(&netns).expect("netlink");
    let routes = netlink.set_routes().expect("routes");
    netlink.delete_route(&routes[0]).expect("a route");
    for _ in 0..2 {
        let plan = admin(&emulator, "GET", "plan").await;
        let found = reasons(&plan);
        assert_eq!(
            found,
            ["altered in the kernel: net.ipv4.conf.all.send_redirects is \"1\"", "missing in the kernel"],
            "{plan}"
        );
        assert!(plan["done"].is_null());
        let actions: Vec<_> = plan["steps"].as_array().unwrap().iter().map(|step| &step["action"]).collect();
        assert_eq!(actions, ["change", "add"]);
    }
    let done = admin(&emulator, "POST", "reconcile").await;
    assert_eq!((done["done"].as_u64(), done["waiting"].as_u64(), reasons(&done).len()), (Some(2), Some(0), 2));
    assert_eq!(sysctl::read(&netns, "net.ipv4.conf.all.send_redirects").expect("a setting"), "0");
    assert!(reasons(&admin(&emulator, "GET", "plan").await).is_empty());
    emulator.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn passes_by_the_clock() {
    let Some((emulator, netns)) = emulator(SignedDuration::from_millis(20)).await else { return };
    let netlink = Netlink::open(&netns).expect("netlink");
    let bridge = || netlink.links().expect("links").into_iter().find(|link| link.name.starts_with("sn-"));
    let name = bridge().expect("the subnet's bridge").name;
    netlink.delete_link(&name).expect("a bridge");
    let mended = async {
        while bridge().is_none_or(|bridge| !bridge.up) || !reasons(&admin(&emulator, "GET", "plan").await).is_empty() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(SOON, mended).await.expect("the bridge comes back though the model does not change");
    emulator.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn there_is_no_plan_without_a_fabric() {
    let emulator = Emulator::start(Config { fabric: false, ..Config::default() }).await.expect("a port");
    let seen = send(emulator.endpoint(), "GET /_vpcbox/plan HTTP/1.1", "").await;
    assert_eq!(seen.status(), "409", "{}", seen.reply);
    emulator.shutdown().await;
}

/// What this machine's own network consists of.
#[derive(Debug, PartialEq)]
struct Machine {
    links: Vec<(String, bool, u32, Option<u32>)>,
    addresses: Vec<String>,
    routes: Vec<String>,
    rules: Vec<String>,
    tables: usize,
    settings: BTreeMap<String, String>,
}

impl Machine {
    fn now() -> Self {
        let own = Netns::current().expect("an own namespace");
        let netlink = Netlink::open(&own).expect("netlink");
        let mut settings = BTreeMap::new();
        collect(Path::new("/proc/sys/net"), &mut settings);
        let links = netlink.links().expect("links").into_iter();
        Self {
            links: links.map(|link| (link.name, link.up, link.mtu, link.master)).collect(),
            addresses: netlink.addresses().expect("addresses").iter().map(|it| format!("{it:?}")).collect(),
            routes: netlink.routes().expect("routes").iter().map(ToString::to_string).collect(),
            rules: netlink.rules().expect("rules").iter().map(ToString::to_string).collect(),
            tables: nft::list_tables(&own).expect("tables").len(),
            settings,
        }
    }
}

/// All settings below a folder, save those that count.
fn collect(folder: &Path, into: &mut BTreeMap<String, String>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, into);
        } else if !path.to_string_lossy().ends_with("_count")
            && let Ok(value) = std::fs::read_to_string(&path)
        {
            into.insert(path.display().to_string(), value);
        }
    }
}

/// A world's whole life, repairs included, changes nothing outside its own namespaces.
#[tokio::test(flavor = "multi_thread")]
async fn the_machine_is_left_alone() {
    let before = Machine::now();
    let Some((emulator, netns)) = emulator(SignedDuration::ZERO).await else { return };
    assert_eq!(Machine::now(), before, "with a VPC");
    let netlink = Netlink::open(&netns).expect("netlink");
    for link in netlink.links().expect("links").iter().filter(|link| link.kind.is_some()) {
        let _ = netlink.delete_link(link);
    }
    let done = admin(&emulator, "POST", "reconcile").await;
    assert!(done["done"].as_u64() > Some(1), "{done}");
    assert_eq!(Machine::now(), before, "after a repair");
    emulator.shutdown().await;
    assert_eq!(Machine::now(), before, "when all is gone");
}
