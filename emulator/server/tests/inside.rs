//! An instance in a real VPC: what it reaches from inside its namespace.
//!
//! Needs `CAP_SYS_ADMIN` and `CAP_NET_ADMIN`.

mod common;

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use common::{call, send};
use linux_net::{Netns, socket};
use vpcbox_emulator::{Config, Emulator, FabricService};

const SOON: Duration = Duration::from_secs(10);
const METADATA: Ipv4Addr = Ipv4Addr::new(169, 254, 169, 254);
const ENDPOINT: Ipv4Addr = Ipv4Addr::new(169, 254, 171, 1);
const KUBERNETES: Ipv4Addr = Ipv4Addr::new(169, 254, 171, 2);

/// A request from inside a namespace, and the reply.
async fn ask(from: &Netns, to: (Ipv4Addr, u16), head: &str) -> String {
    let (from, to) = (from.clone(), SocketAddr::from(to));
    let request = format!("{head}\r\nHost: {to}\r\nConnection: close\r\n\r\n");
    let exchange = move || {
        let mut stream = socket::tcp_connect(&from, to, SOON).expect("a listener");
        stream.set_read_timeout(Some(SOON)).expect("a timeout");
        stream.write_all(request.as_bytes()).expect("the request is taken");
        let mut reply = String::new();
        stream.read_to_string(&mut reply).expect("a reply");
        reply
    };
    tokio::task::spawn_blocking(exchange).await.expect("no panic")
}

fn body(reply: &str) -> &str {
    reply.split_once("\r\n\r\n").map_or("", |(_, body)| body)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_finds_its_services() {
    if Netns::create().is_err() {
        println!("skipped: CAP_SYS_ADMIN");
        return;
    }
    // The emulator itself stands for another service on loopback.
    let upstream = Emulator::start(Config { fabric: false, ..Config::default() }).await.expect("a port");
    let name = "kubernetes.default.svc".to_owned();
    let services = vec![FabricService { name, address: KUBERNETES, port: 6443, upstream: upstream.endpoint() }];
    let emulator = Emulator::start(Config { services, ..Config::default() }).await.expect("a port");
    let vpc = call(&emulator, "Action=CreateVpc&CidrBlock=10.0.0.0/16", "vpcId").await;
    let subnet = call(&emulator, &format!("Action=CreateSubnet&VpcId={vpc}&CidrBlock=10.0.1.0/24"), "subnetId").await;
    let run = format!(
        "Action=RunInstances&ImageId=ami-0123456789abcdef0&InstanceType=m5.large&MinCount=1&MaxCount=1\
         &SubnetId={subnet}&PrivateIpAddress=10.0.1.5"
    );
    let instance = call(&emulator, &run, "instanceId").await;
    emulator.converged(SOON).await.expect("the kernel shows the VPC");

    let netns = emulator.instance_netns(&instance.parse().expect("an id")).expect("its namespace");
    let reply = ask(&netns, (METADATA, 80), "GET /latest/meta-data/instance-id HTTP/1.1").await;
    assert_eq!(body(&reply), instance, "{reply}");
    let token = "PUT /latest/api/token HTTP/1.1\r\nX-aws-ec2-metadata-token-ttl-seconds: 60\r\nContent-Length: 0";
    let reply = ask(&netns, (METADATA, 80), token).await;
    assert!(reply.starts_with("HTTP/1.1 200 "), "one hop is enough for the instance itself: {reply}");
    let mac = ask(&netns, (METADATA, 80), "GET /latest/meta-data/mac HTTP/1.1").await;
    let link = linux_net::Netlink::open(&netns).and_then(|netlink| netlink.link("eth0")).expect("netlink");
    let link_mac = link.and_then(|link| link.mac).expect("the primary ENI's link");
    assert_eq!(body(&mac), linux_net::mac_text(link_mac), "{mac}");
    let reply = ask(&netns, (ENDPOINT, 80), "GET /?Action=DescribeInstances&Version=2016-11-15 HTTP/1.1").await;
    assert!(body(&reply).contains("<name>running</name>"), "{reply}");
    let reply = ask(&netns, (KUBERNETES, 6443), "GET /_vpcbox/health HTTP/1.1").await;
    assert_eq!(body(&reply), "{\"status\":\"ok\"}", "{reply}");

    call(&emulator, &format!("Action=TerminateInstances&InstanceId.1={instance}"), "instanceId").await;
    emulator.converged(SOON).await.expect("the kernel follows");
    assert!(emulator.instance_netns(&instance.parse().expect("an id")).is_none());
    emulator.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_leaves_nothing_in_the_kernel() {
    if Netns::create().is_err() {
        println!("skipped: CAP_SYS_ADMIN");
        return;
    }
    let emulator = Emulator::start(Config::default()).await.expect("a port");
    let run = "Action=RunInstances&ImageId=ami-0123456789abcdef0&InstanceType=m5.large&MinCount=1&MaxCount=1";
    for _ in 0..3 {
        call(&emulator, "Action=CreateVpc&CidrBlock=10.0.0.0/16", "vpcId").await;
        let instance = call(&emulator, run, "instanceId").await;
        // The first reset meets a kernel that is still busy with all this.
        let reset = send(emulator.endpoint(), "POST /_vpcbox/reset HTTP/1.1", "").await;
        assert_eq!(reset.status(), "200", "{}", reset.reply);
        assert!(emulator.instance_netns(&instance.parse().expect("an id")).is_none());
        let vpcs = emulator.shared().board().watch().borrow().vpcs.clone();
        assert!(vpcs.is_empty(), "{vpcs:?}");
    }
    emulator.shutdown().await;
}
