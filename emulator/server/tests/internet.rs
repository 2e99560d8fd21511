//! The internet as instances find it: hosts that say whom they see.
//!
//! Needs `CAP_SYS_ADMIN` and `CAP_NET_ADMIN`.

mod common;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use common::call;
use linux_net::Netns;
use vpc_fabric::InternetHost;
use vpcbox_emulator::{Config, Emulator};

const SOON: Duration = Duration::from_secs(10);

/// What a host says to an instance, once it is open.
fn hear(netns: &Netns, host: SocketAddr) -> String {
    let begin = Instant::now();
    let connect = || netns.run(|| TcpStream::connect_timeout(&host, Duration::from_secs(1))).expect("the namespace");
    let mut stream = loop {
        match connect() {
            Ok(stream) => break stream,
            Err(error) => assert!(begin.elapsed() < SOON, "{error}"),
        }
    };
    stream.set_read_timeout(Some(SOON)).expect("a timeout");
    stream.write_all(b"GET / HTTP/1.1\r\nHost: web\r\nConnection: close\r\n\r\n").expect("sent");
    let mut reply = String::new();
    stream.read_to_string(&mut reply).expect("an answer");
    reply.split_once("\r\n\r\n").expect("a head and a body").1.to_owned()
}

/// By its own Elastic IP address, and by a NAT gateway's, as the API says.
#[tokio::test(flavor = "multi_thread")]
async fn hosts_say_whom_they_see() {
    if Netns::create().is_err() {
        println!("skipped: CAP_SYS_ADMIN");
        return;
    }
    let web = InternetHost { name: "web".to_owned(), address: "203.0.113.10".parse().expect("an address") };
    let emulator = Emulator::start(Config { internet_hosts: vec![web], ..Config::default() }).await.expect("a port");
    let ask = async |form: &str, element: &str| call(&emulator, &format!("Action={form}"), element).await;
    let vpc = ask("CreateVpc&CidrBlock=10.0.0.0/16", "vpcId").await;
    let subnet = ask(&format!("CreateSubnet&VpcId={vpc}&CidrBlock=10.0.1.0/24"), "subnetId").await;
    let gateway = ask("CreateInternetGateway", "internetGatewayId").await;
    ask(&format!("AttachInternetGateway&VpcId={vpc}&InternetGatewayId={gateway}"), "return").await;
    let main = format!("DescribeRouteTables&Filter.1.Name=vpc-id&Filter.1.Value.1={vpc}");
    let main = ask(&main, "routeTableId").await;
    let way_out = format!("CreateRoute&DestinationCidrBlock=0.0.0.0/0&RouteTableId={main}&GatewayId={gateway}");
    ask(&way_out, "return").await;
    let run = "RunInstances&ImageId=ami-0123456789abcdef0&InstanceType=m5.large&MinCount=1&MaxCount=1";
    let instance = ask(&format!("{run}&SubnetId={subnet}"), "instanceId").await;
    emulator.converged(SOON).await.expect("the kernel shows the VPC");
    let netns = emulator.instance_netns(&instance.parse().expect("an id")).expect("its namespace");
    let address = ask("AllocateAddress&Domain=vpc", "publicIp").await;
    ask(&format!("AssociateAddress&PublicIp={address}&InstanceId={instance}"), "associationId").await;
    emulator.converged(SOON).await.expect("the kernel follows");
    let host = "203.0.113.10:80".parse().expect("an address");
    assert_eq!(hear(&netns, host), format!("web sees {address}\n"));

    let inner = ask(&format!("CreateSubnet&VpcId={vpc}&CidrBlock=10.0.2.0/24"), "subnetId").await;
    let allocation = ask("AllocateAddress&Domain=vpc", "allocationId").await;
    let nat = ask(&format!("CreateNatGateway&SubnetId={subnet}&AllocationId={allocation}"), "natGatewayId").await;
    let table = ask(&format!("CreateRouteTable&VpcId={vpc}"), "routeTableId").await;
    let way_out = format!("CreateRoute&DestinationCidrBlock=0.0.0.0/0&RouteTableId={table}&NatGatewayId={nat}");
    ask(&way_out, "return").await;
    ask(&format!("AssociateRouteTable&RouteTableId={table}&SubnetId={inner}"), "associationId").await;
    let instance = ask(&format!("{run}&SubnetId={inner}"), "instanceId").await;
    emulator.converged(SOON).await.expect("the kernel follows");
    let netns = emulator.instance_netns(&instance.parse().expect("an id")).expect("its namespace");
    let address = ask(&format!("DescribeAddresses&AllocationId.1={allocation}"), "publicIp").await;
    assert_eq!(hear(&netns, host), format!("web sees {address}\n"));
}
