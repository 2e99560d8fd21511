//! VPC endpoints as an instance finds them: names, groups, and who answers.
//!
//! Needs `CAP_SYS_ADMIN` and `CAP_NET_ADMIN`.

mod common;

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use common::{call, send};
use linux_net::{Netns, socket};
use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use simple_dns::rdata::RData;
use simple_dns::{CLASS, Name, Packet, QCLASS, QTYPE, Question, TYPE};
use vpcbox_emulator::{Config, Emulator};

const SOON: Duration = Duration::from_secs(10);
/// What has not come by then was dropped.
const NEVER: Duration = Duration::from_millis(500);
const RESOLVER: (Ipv4Addr, u16) = (Ipv4Addr::new(10, 0, 0, 2), 53);

/// A VPC with names, an instance in it, and a group for endpoints that names the instance's.
struct Place {
    emulator: Emulator,
    vpc: String,
    subnet: String,
    group: String,
    netns: Netns,
}

async fn place(config: Config) -> Option<Place> {
    if Netns::create().is_err() {
        println!("skipped: CAP_SYS_ADMIN");
        return None;
    }
    let emulator = Emulator::start(config).await.expect("a port");
    let vpc = call(&emulator, "Action=CreateVpc&CidrBlock=10.0.0.0/16", "vpcId").await;
    let names = format!("Action=ModifyVpcAttribute&VpcId={vpc}&EnableDnsHostnames.Value=true");
    call(&emulator, &names, "return").await;
    let subnet = call(&emulator, &format!("Action=CreateSubnet&VpcId={vpc}&CidrBlock=10.0.1.0/24"), "subnetId").await;
    let group = format!("Action=CreateSecurityGroup&GroupName=endpoint&GroupDescription=endpoint&VpcId={vpc}");
    let group = call(&emulator, &group, "groupId").await;
    let run = format!(
        "Action=RunInstances&ImageId=ami-0123456789abcdef0&InstanceType=m5.large&MinCount=1&MaxCount=1\
         &SubnetId={subnet}&PrivateIpAddress=10.0.1.5"
    );
    let instance = call(&emulator, &run, "instanceId").await;
    emulator.converged(SOON).await.expect("the kernel shows the VPC");
    let netns = emulator.instance_netns(&instance.parse().expect("an id")).expect("its namespace");
    Some(Place { emulator, vpc, subnet, group, netns })
}

impl Place {
    async fn interface_endpoint(&self, service: &str) -> String {
        let create = format!(
            "Action=CreateVpcEndpoint&VpcId={}&ServiceName=com.amazonaws.us-east-1.{service}&VpcEndpointType=Interface\
             &SubnetId.1={}&SecurityGroupId.1={}&PrivateDnsEnabled=true",
            self.vpc, self.subnet, self.group
        );
        let id = call(&self.emulator, &create, "vpcEndpointId").await;
        self.emulator.converged(SOON).await.expect("the kernel follows");
        id
    }

    async fn allow(&self, port: u16) {
        let allow = format!(
            "Action=AuthorizeSecurityGroupIngress&GroupId={}&IpPermissions.1.IpProtocol=tcp\
             &IpPermissions.1.FromPort={port}&IpPermissions.1.ToPort={port}\
             &IpPermissions.1.IpRanges.1.CidrIp=10.0.1.0/24",
            self.group
        );
        call(&self.emulator, &allow, "return").await;
        self.emulator.converged(SOON).await.expect("the kernel follows");
    }

    /// What the VPC's resolver tells an instance.
    fn resolve(&self, name: &str) -> Vec<IpAddr> {
        let mut query = Packet::new_query(7);
        let question = Name::new(name).expect("a name");
        query.questions.push(Question::new(question, QTYPE::TYPE(TYPE::A), QCLASS::CLASS(CLASS::IN), false));
        let query = query.build_bytes_vec().expect("a message");
        let socket = socket::udp_socket(&self.netns, (Ipv4Addr::UNSPECIFIED, 0).into()).expect("a socket");
        socket.set_nonblocking(false).expect("a blocking socket");
        socket.set_read_timeout(Some(SOON)).expect("a timeout");
        socket.send_to(&query, RESOLVER).expect("sent");
        let mut reply = vec![0; 1232];
        let length = socket.recv(&mut reply).expect("an answer");
        let reply = Packet::parse(&reply[..length]).expect("a message");
        let addresses = reply.answers.iter().filter_map(|record| match &record.rdata {
            RData::A(address) => Some(Ipv4Addr::from(address.address).into()),
            _ => None,
        });
        addresses.collect()
    }

    /// The same over TLS, by a client that trusts the emulator's authority.
    async fn get_securely(&self, to: IpAddr, host: &str, path: &str) -> Result<String, String> {
        let authority = send(self.emulator.endpoint(), "GET /_vpcbox/certificate-authority HTTP/1.1", "").await;
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(authority.body().as_bytes()).expect("PEM")).expect("an authority");
        let config =
            ClientConfig::builder_with_provider(Arc::new(default_provider())).with_safe_default_protocol_versions();
        let config = config.expect("versions").with_root_certificates(roots).with_no_client_auth();
        let name = ServerName::try_from(host.to_owned()).expect("a name");
        let client = ClientConnection::new(Arc::new(config), name).expect("a client");
        let mut stream = StreamOwned::new(client, self.connect((to, 443).into()));
        let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).map_err(|error| error.to_string())?;
        let mut reply = String::new();
        stream.read_to_string(&mut reply).map_err(|error| error.to_string())?;
        Ok(reply)
    }

    /// Connections that are refused are tried again, for what listens is just being made.
    fn connect(&self, to: SocketAddr) -> TcpStream {
        let deadline = Instant::now() + SOON;
        let stream = loop {
            match socket::tcp_connect(&self.netns, to, SOON) {
                Ok(stream) => break stream,
                Err(error) => assert!(Instant::now() < deadline, "{error}"),
            }
        };
        stream.set_read_timeout(Some(SOON)).expect("a timeout");
        stream
    }

    /// A request from the instance.
    fn get(&self, to: IpAddr, host: &str, path: &str) -> String {
        let mut stream = self.connect((to, 80).into());
        let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).expect("the request is taken");
        let mut reply = String::new();
        stream.read_to_string(&mut reply).expect("a reply");
        reply
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn services_are_found_by_name_and_reached_as_groups_allow() {
    let Some(place) = place(Config::default()).await else { return };
    let name = "ec2.us-east-1.amazonaws.com";
    let endpoint = place.interface_endpoint("ec2").await;
    let addresses = place.resolve(name);
    let [address] = addresses[..] else { panic!("{addresses:?}") };
    let describe = format!("Action=DescribeVpcEndpoints&VpcEndpointId.1={endpoint}");
    let own_name = call(&place.emulator, &describe, "dnsName").await;
    assert!(own_name.starts_with("vpce-"), "{own_name}");
    assert_eq!(place.resolve(&own_name), [address]);

    let to = SocketAddr::from((address, 80));
    assert!(socket::tcp_connect(&place.netns, to, NEVER).is_err(), "no rule of its group allows it");
    place.allow(80).await;
    let reply = place.get(address, name, "/?Action=DescribeVpcs&Version=2016-11-15");
    assert!(reply.contains(&place.vpc), "{reply}");

    place.interface_endpoint("sts").await;
    let sts = place.resolve("sts.us-east-1.amazonaws.com")[0];
    assert_ne!(sts, address);
    let reply = place.get(sts, "sts.us-east-1.amazonaws.com", "/?Action=GetCallerIdentity&Version=2011-06-15");
    assert!(reply.contains("<Account>123456789012</Account>"), "{reply}");
    place.interface_endpoint("ssm").await;
    let ssm = place.resolve("ssm.us-east-1.amazonaws.com")[0];
    let reply = place.get(ssm, "ssm.us-east-1.amazonaws.com", "/");
    assert!(reply.starts_with("HTTP/1.1 501 ") && reply.contains("vpcbox"), "{reply}");

    call(&place.emulator, &format!("Action=DeleteVpcEndpoints&VpcEndpointId.1={endpoint}"), "requestId").await;
    place.emulator.converged(SOON).await.expect("the kernel follows");
    assert!(socket::tcp_connect(&place.netns, to, NEVER).is_err(), "it is gone");
    place.emulator.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tls_under_the_emulators_authority() {
    let Some(place) = place(Config::default()).await else { return };
    let endpoint = place.interface_endpoint("ec2").await;
    place.allow(443).await;
    let name = "ec2.us-east-1.amazonaws.com";
    let address = place.resolve(name)[0];
    let describe = format!("Action=DescribeVpcEndpoints&VpcEndpointId.1={endpoint}");
    let own_name = call(&place.emulator, &describe, "dnsName").await;
    for host in [name, &own_name, &address.to_string()] {
        let reply = place.get_securely(address, host, "/?Action=DescribeVpcs&Version=2016-11-15").await;
        assert!(reply.as_ref().is_ok_and(|reply| reply.contains(&place.vpc)), "{host}: {reply:?}");
    }
    let reply = place.get_securely(address, "sts.us-east-1.amazonaws.com", "/").await;
    assert!(reply.as_ref().is_err_and(|error| error.contains("certificate")), "another service's name: {reply:?}");
    place.emulator.shutdown().await;
}

/// A server on loopback that says who it is to every connection, once it has heard something.
fn upstream(name: &'static str) -> SocketAddr {
    let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let address = listener.local_addr().expect("an address");
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut heard = [0; 1024];
            let length = stream.read(&mut heard).unwrap_or(0);
            let _ = stream.write_all(format!("{name} heard {}", String::from_utf8_lossy(&heard[..length])).as_bytes());
        }
    });
    address
}

#[tokio::test(flavor = "multi_thread")]
async fn gateway_endpoints_lead_to_who_answers() {
    let gateway_endpoint_targets = [("dynamodb".to_owned(), upstream("tables"))].into();
    let Some(place) = place(Config { gateway_endpoint_targets, ..Config::default() }).await else { return };
    let s3 = place.resolve("bucket.s3.us-east-1.amazonaws.com")[0];
    assert!(socket::tcp_connect(&place.netns, (s3, 80).into(), NEVER).is_err(), "no route leads there");
    let tables = format!("Action=DescribeRouteTables&Filter.1.Name=vpc-id&Filter.1.Value.1={}", place.vpc);
    let table = call(&place.emulator, &tables, "routeTableId").await;
    for service in ["s3", "dynamodb"] {
        let create = format!(
            "Action=CreateVpcEndpoint&VpcId={}&ServiceName=com.amazonaws.us-east-1.{service}&RouteTableId.1={table}",
            place.vpc
        );
        call(&place.emulator, &create, "vpcEndpointId").await;
    }
    place.emulator.converged(SOON).await.expect("the kernel follows");
    let reply = place.get(s3, "bucket.s3.us-east-1.amazonaws.com", "/key");
    assert!(reply.starts_with("HTTP/1.1 501 ") && reply.contains("<Code>NotImplemented</Code>"), "{reply}");
    let reply = place.get_securely(s3, "bucket.s3.us-east-1.amazonaws.com", "/key").await;
    assert!(reply.as_ref().is_ok_and(|reply| reply.contains("<Code>NotImplemented</Code>")), "{reply:?}");
    let name = "dynamodb.us-east-1.amazonaws.com";
    let dynamodb = place.resolve(name)[0];
    let reply = place.get(dynamodb, name, "/");
    assert!(reply.starts_with("tables heard GET / HTTP/1.1"), "{reply}");
    let reply = place.get_securely(dynamodb, name, "/").await;
    let is_heard = |reply: &String| reply.starts_with("tables heard GET / HTTP/1.1");
    assert!(reply.as_ref().is_ok_and(is_heard), "in the clear from the endpoint on: {reply:?}");
    place.emulator.shutdown().await;
}
