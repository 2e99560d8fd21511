//! DHCP as a client in an instance, or behind a trunk, sees it: raw frames on an ENI's link.
//!
//! Needs `CAP_SYS_ADMIN` and `CAP_NET_ADMIN`.

mod common;

use std::net::{Ipv4Addr, Ipv6Addr};
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use common::call;
use linux_net::packets::{Packets, Wanted};
use linux_net::{Mac, Netlink, Netns, features, vlan};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use vpcbox_emulator::{Config, Emulator};

const SOON: Duration = Duration::from_secs(10);
/// What has not come by then was dropped.
const NEVER: Duration = Duration::from_millis(400);
/// After which time a question is asked again.
const AGAIN: Duration = Duration::from_secs(1);
const ROUTER: [u8; 4] = [10, 0, 1, 1];
const ANY: [u8; 4] = [0; 4];

/// A raw client on a link.
struct Client {
    packets: Packets,
    link: u32,
    mac: Mac,
}

impl Client {
    fn on(netns: &Netns, link: &str, port: Wanted) -> Self {
        let netlink = Netlink::open(netns).expect("netlink");
        let found = netlink.link(link).expect("netlink").expect("the link");
        netlink.set_up(link).expect("the link goes up");
        Self {
            packets: Packets::open(netns, port).expect("a packet socket"),
            link: found.index,
            mac: found.mac.unwrap(),
        }
    }

    /// Sends a frame of UDP and waits for the answer's content.
    fn ask(&self, head: &[u8], ports: [u16; 2], content: &[u8], patience: Duration) -> Option<Vec<u8>> {
        while self.packets.receive().is_some() {}
        let length = u16::try_from(content.len() + 8).unwrap();
        let udp = [ports[0], ports[1], length, 0].map(u16::to_be_bytes).concat();
        self.packets.send(self.link, &[head, &udp, content].concat());
        let end = Instant::now() + patience;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            let mut ready = [PollFd::new(self.packets.as_fd(), PollFlags::POLLIN)];
            if poll(&mut ready, PollTimeout::try_from(left).unwrap()).expect("poll") == 0 {
                return None;
            }
            if let Some((_, frame)) = self.packets.receive() {
                assert_eq!(frame[..6], self.mac, "to its own Ethernet address");
                return Some(frame[head.len() + 8..].to_vec());
            }
        }
    }

    fn ask_v4(&self, source: [u8; 4], message: &[u8], patience: Duration) -> Option<Vec<u8>> {
        let to: [u8; 4] = if source == ANY { [255; 4] } else { ROUTER };
        let total = u16::try_from(message.len() + 28).unwrap().to_be_bytes();
        let mut ip = [&[0x45, 0, total[0], total[1], 0, 0, 0, 0, 64, 17, 0, 0], &source[..], &to].concat();
        // Kernels whose bridges ask netfilter drop packets without it.
        let sum: u32 = ip.chunks(2).map(|word| u32::from(u16::from_be_bytes([word[0], word[1]]))).sum();
        let sum = u16::try_from((sum >> 16) + (sum & 0xffff)).map_or(0, |sum| !sum);
        ip[10..12].copy_from_slice(&sum.to_be_bytes());
        let head = [&[0xff; 6], &self.mac[..], &[0x08, 0], &ip].concat();
        self.ask(&head, [68, 67], message, patience)
    }

    fn ask_v6(&self, kind: u8, options: &[u8]) -> Option<Vec<u8>> {
        let message = [&[kind, 7, 7, 7], options].concat();
        let length = u16::try_from(message.len() + 8).unwrap().to_be_bytes();
        let own: Ipv6Addr = "fe80::9".parse().unwrap();
        let all: Ipv6Addr = "ff02::1:2".parse().unwrap();
        let ip = [&[0x60, 0, 0, 0, length[0], length[1], 17, 1], &own.octets()[..], &all.octets()].concat();
        let head = [&[0x33, 0x33, 0, 1, 0, 2], &self.mac[..], &[0x86, 0xdd], &ip].concat();
        self.ask(&head, [546, 547], &message, SOON)
    }

    /// A message: the address it has, and options.
    fn message(&self, own: [u8; 4], options: &[(u8, &[u8])]) -> Vec<u8> {
        let mut message = vec![0; 240];
        message[..8].copy_from_slice(&[1, 1, 6, 0, 1, 2, 3, 4]);
        message[12..16].copy_from_slice(&own);
        message[28..34].copy_from_slice(&self.mac);
        message[236..].copy_from_slice(&[99, 130, 83, 99]);
        for (code, value) in options {
            message.extend([*code, u8::try_from(value.len()).unwrap()]);
            message.extend(*value);
        }
        message.push(255);
        message
    }

    /// Asks again and again as clients do: a link that has just come up loses the first frames.
    fn discover(&self, patience: Duration) -> Option<Vec<u8>> {
        let (message, end) = (self.message(ANY, &[(53, &[1])]), Instant::now() + patience);
        while Instant::now() < end {
            if let Some(offer) = self.ask_v4(ANY, &message, AGAIN) {
                return Some(offer);
            }
        }
        None
    }

    fn request(&self, wanted: [u8; 4]) -> Vec<u8> {
        let message = self.message(ANY, &[(53, &[3]), (54, &ROUTER), (50, &wanted)]);
        self.ask_v4(ANY, &message, SOON).expect("an answer")
    }

    fn renew(&self, own: [u8; 4]) -> Vec<u8> {
        self.ask_v4(own, &self.message(own, &[(53, &[3])]), SOON).expect("an answer")
    }
}

/// An option's value in an answer.
fn option(answer: &[u8], wanted: u8) -> Option<&[u8]> {
    let mut rest = &answer[240..];
    while let [code, length, values @ ..] = rest
        && *code != 255
    {
        let (value, further) = values.split_at(usize::from(*length));
        if *code == wanted {
            return Some(value);
        }
        rest = further;
    }
    None
}

fn kind(answer: &[u8]) -> u8 {
    option(answer, 53).expect("a kind")[0]
}

fn offered(answer: &[u8]) -> Ipv4Addr {
    Ipv4Addr::new(answer[16], answer[17], answer[18], answer[19])
}

struct Place {
    emulator: Emulator,
    vpc: String,
    subnet: String,
    instance: String,
    netns: Netns,
}

/// A VPC, dual-stack, with an instance at 10.0.1.5 that has a trunk as its second ENI.
async fn place() -> Option<Place> {
    if Netns::create().is_err() {
        println!("skipped: CAP_SYS_ADMIN");
        return None;
    }
    let emulator = Emulator::start(Config::default()).await.expect("a port");
    let vpc = "Action=CreateVpc&CidrBlock=10.0.0.0/16&AmazonProvidedIpv6CidrBlock=true";
    let vpc = call(&emulator, vpc, "vpcId").await;
    let block = call(&emulator, &format!("Action=DescribeVpcs&VpcId.1={vpc}"), "ipv6CidrBlock").await;
    let block = block.replace("/56", "/64");
    let subnet = format!("Action=CreateSubnet&VpcId={vpc}&CidrBlock=10.0.1.0/24&Ipv6CidrBlock={block}");
    let subnet = call(&emulator, &subnet, "subnetId").await;
    let run = format!(
        "Action=RunInstances&ImageId=ami-0123456789abcdef0&InstanceType=m5.large&MinCount=1&MaxCount=1\
         &NetworkInterface.1.DeviceIndex=0&NetworkInterface.1.SubnetId={subnet}\
         &NetworkInterface.1.PrivateIpAddress=10.0.1.5&NetworkInterface.1.Ipv6AddressCount=2"
    );
    let instance = call(&emulator, &run, "instanceId").await;
    emulator.converged(SOON).await.expect("the kernel shows the VPC");
    let netns = emulator.instance_netns(&instance.parse().expect("an id")).expect("its namespace");
    Some(Place { emulator, vpc, subnet, instance, netns })
}

impl Place {
    async fn interface(&self, address: &str, kind: &str) -> String {
        let create = format!("Action=CreateNetworkInterface&SubnetId={}&PrivateIpAddress={address}{kind}", self.subnet);
        call(&self.emulator, &create, "networkInterfaceId").await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_and_its_options() {
    let Some(place) = place().await else { return };
    let client = Client::on(&place.netns, "eth0", Wanted::DatagramsV4(68));
    let offer = client.discover(SOON).expect("an offer");
    assert_eq!((kind(&offer), offered(&offer)), (2, Ipv4Addr::new(10, 0, 1, 5)));
    let ack = client.request([10, 0, 1, 5]);
    assert_eq!((kind(&ack), offered(&ack)), (5, Ipv4Addr::new(10, 0, 1, 5)));
    assert_eq!(option(&ack, 1), Some(&[255, 255, 255, 0][..]));
    assert_eq!(option(&ack, 3), Some(&ROUTER[..]));
    assert_eq!(option(&ack, 6), Some(&[10, 0, 0, 2][..]));
    assert_eq!(option(&ack, 12), Some(&b"ip-10-0-1-5"[..]));
    assert_eq!(option(&ack, 15), Some(&b"ec2.internal"[..]));
    assert_eq!(option(&ack, 26), Some(&9001_u16.to_be_bytes()[..]));
    assert_eq!(option(&ack, 51), Some(&3600_u32.to_be_bytes()[..]));
    assert_eq!(kind(&client.request([10, 0, 1, 6])), 6, "another ENI's address");
    assert_eq!(kind(&client.renew([10, 0, 1, 5])), 5);
    assert_eq!(kind(&client.renew([10, 0, 1, 6])), 6);

    let create = "Action=CreateDhcpOptions&DhcpConfiguration.1.Key=domain-name-servers\
                  &DhcpConfiguration.1.Value.1=10.9.0.1&DhcpConfiguration.1.Value.2=AmazonProvidedDNS\
                  &DhcpConfiguration.2.Key=domain-name&DhcpConfiguration.2.Value.1=corp.example\
                  &DhcpConfiguration.3.Key=ntp-servers&DhcpConfiguration.3.Value.1=169.254.169.123";
    let set = call(&place.emulator, create, "dhcpOptionsId").await;
    let associate = format!("Action=AssociateDhcpOptions&DhcpOptionsId={set}&VpcId={}", place.vpc);
    call(&place.emulator, &associate, "return").await;
    let renewed = client.renew([10, 0, 1, 5]);
    assert_eq!(option(&renewed, 6), Some(&[10, 9, 0, 1, 10, 0, 0, 2][..]));
    assert_eq!(option(&renewed, 15), Some(&b"corp.example"[..]));
    assert_eq!(option(&renewed, 42), Some(&[169, 254, 169, 123][..]));
    let associate = format!("Action=AssociateDhcpOptions&DhcpOptionsId=default&VpcId={}", place.vpc);
    call(&place.emulator, &associate, "return").await;
    let renewed = client.renew([10, 0, 1, 5]);
    assert_eq!((option(&renewed, 6), option(&renewed, 15)), (Some(&[169, 254, 169, 253][..]), None));
    place.emulator.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_asks_for_others_and_nothing_malformed_is_answered() {
    let Some(place) = place().await else { return };
    let other = place.interface("10.0.1.9", "").await;
    let describe = format!("Action=DescribeNetworkInterfaces&NetworkInterfaceId.1={other}");
    let mac = call(&place.emulator, &describe, "macAddress").await;
    let mac: Vec<u8> = mac.split(':').map(|octet| u8::from_str_radix(octet, 16).unwrap()).collect();
    let client = Client::on(&place.netns, "eth0", Wanted::DatagramsV4(68));
    let mut message = client.message(ANY, &[(53, &[1])]);
    message[28..34].copy_from_slice(&mac);
    assert!(client.ask_v4(ANY, &message, NEVER).is_none(), "in its own frame");
    let liar = Client { mac: mac.try_into().unwrap(), ..Client::on(&place.netns, "eth0", Wanted::DatagramsV4(68)) };
    assert!(liar.discover(NEVER).is_none(), "in a frame that does not pass the port");
    let message = client.message(ANY, &[(53, &[1])]);
    for length in (0..message.len()).step_by(17) {
        client.ask_v4(ANY, &message[..length], Duration::ZERO);
    }
    let offer = client.discover(SOON).expect("an offer, and it is the first answer of all");
    assert_eq!(offered(&offer), Ipv4Addr::new(10, 0, 1, 5));
    place.emulator.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn further_enis_and_branches() {
    let Some(place) = place().await else { return };
    let Ok(carrier) = vlan::carrier(&features::probe()).inspect_err(|missing| println!("skipped: {missing}")) else {
        return;
    };
    let (trunk, branch) =
        (place.interface("10.0.1.6", "&InterfaceType=trunk").await, place.interface("10.0.1.7", "").await);
    let attach =
        format!("Action=AttachNetworkInterface&NetworkInterfaceId={trunk}&InstanceId={}&DeviceIndex=1", place.instance);
    call(&place.emulator, &attach, "attachmentId").await;
    let associate =
        format!("Action=AssociateTrunkInterface&TrunkInterfaceId={trunk}&BranchInterfaceId={branch}&VlanId=7");
    call(&place.emulator, &associate, "associationId").await;
    place.emulator.converged(SOON).await.expect("the kernel follows");
    let client = Client::on(&place.netns, "eth1", Wanted::DatagramsV4(68));
    let offer = client.discover(SOON).expect("an offer");
    assert_eq!((offered(&offer), option(&offer, 12)), (Ipv4Addr::new(10, 0, 1, 6), Some(&b"ip-10-0-1-6"[..])));

    let describe = format!("Action=DescribeNetworkInterfaces&NetworkInterfaceId.1={branch}");
    let mac = call(&place.emulator, &describe, "macAddress").await;
    let mac: Vec<u8> = mac.split(':').map(|octet| u8::from_str_radix(octet, 16).unwrap()).collect();
    vlan::add(&place.netns, "eth1", "vlan.eth.7", 7, mac.try_into().unwrap(), 9001, carrier).expect("a link");
    let client = Client::on(&place.netns, "vlan.eth.7", Wanted::DatagramsV4(68));
    let offer = client.discover(SOON).expect("an offer");
    assert_eq!(offered(&offer), Ipv4Addr::new(10, 0, 1, 7));
    place.emulator.shutdown().await;
}

/// The addresses of an association, and their lifetimes.
fn association(answer: &[u8]) -> Vec<(Ipv6Addr, u32, u32)> {
    let mut found = Vec::new();
    let mut rest = &answer[4..];
    while let [code_high, code, high, low, values @ ..] = rest {
        let (value, further) = values.split_at(usize::from(u16::from_be_bytes([*high, *low])));
        assert_eq!(*code_high, 0);
        match code {
            3 => rest = &value[12..],
            5 => {
                let number = |at: usize| u32::from_be_bytes(value[at..at + 4].try_into().unwrap());
                found.push((Ipv6Addr::from(<[u8; 16]>::try_from(&value[..16]).unwrap()), number(16), number(20)));
                rest = further;
            }
            _ => rest = further,
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn ipv6_addresses() {
    let Some(place) = place().await else { return };
    let client = Client::on(&place.netns, "eth0", Wanted::DatagramsV6(546));
    let identity = [&[0, 1, 0, 10, 0, 3, 0, 1], &client.mac[..]].concat();
    let wanted = [0, 3, 0, 12, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0];
    let advertised = client.ask_v6(1, &[&identity[..], &wanted].concat()).expect("an advertisement");
    assert_eq!(advertised[..4], [2, 7, 7, 7]);
    let addresses = association(&advertised);
    assert_eq!(addresses.len(), 2, "all of the ENI's");
    assert!(addresses.iter().all(|(_, preferred, valid)| (*preferred, *valid) == (140, 450)));
    let describe = format!("Action=DescribeInstances&InstanceId.1={}", place.instance);
    let first = call(&place.emulator, &describe, "ipv6Address").await;
    assert_eq!(addresses[0].0, first.parse::<Ipv6Addr>().unwrap());
    // The server's identifier follows the client's.
    let server = &advertised[4 + identity.len()..][..14];
    assert_eq!(server[..2], [0, 2]);
    let reply = client.ask_v6(3, &[&identity[..], server, &wanted].concat()).expect("a reply");
    assert_eq!((reply[0], association(&reply)), (7, addresses));
    place.emulator.shutdown().await;
}
