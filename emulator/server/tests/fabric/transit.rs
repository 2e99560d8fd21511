//! Transit gateways: VPCs in a star, and a way to the internet that they share.

use std::net::{IpAddr, TcpListener, TcpStream};

use linux_net::Netlink;
use vpc_fabric::testing::{Account, block, entry, everything, interface};
use vpc_fabric::{InternetHost, Options, Payload, Reason, Verdict, names, reachability};
use vpc_model::{
    Direction, InstanceId, NetworkInterfaceId, RouteTarget, SubnetId, TransitGatewayAttachmentId, TransitGatewayId,
    TransitTarget, VpcId,
};

use crate::world::{Host, World};
use crate::{OTHER, listen, tcp};

const PAYLOADS: &[Payload] =
    &[Payload::Tcp(80), Payload::Tcp(443), Payload::Udp(53), Payload::Icmp { kind: 8, code: 0 }, Payload::Other(OTHER)];

/// A transit gateway with three VPCs: `one` with hosts in a zone with an attachment and in one without, `two` with a host that
/// lets web traffic in, and `out`, whose NAT gateway all use.
struct Star {
    world: World,
    hosts: Vec<Host>,
    web: Host,
    gateway: TransitGatewayId,
    attachments: [TransitGatewayAttachmentId; 3],
    vpcs: [VpcId; 3],
    /// The subnet of the gateway's ENI in `two`.
    door: SubnetId,
}

type Launched = (InstanceId, NetworkInterfaceId);

fn star() -> Option<Star> {
    let web = InternetHost { name: "web".to_owned(), address: "203.0.113.10".parse().unwrap() };
    let mut world = World::start(Options { internet_hosts: vec![web], ..Options::default() })?;
    let account = &mut world.account;
    let (gateway, table) = account.transit_gateway();
    let by = |gateway: &TransitGatewayId| RouteTarget::TransitGateway(gateway.clone());
    let launch = |account: &mut Account, subnet: &SubnetId, rules: Vec<vpc_model::NewRule>| -> Launched {
        let group = account.group(&format!("of {subnet}"));
        rules.into_iter().for_each(|rule| account.allow(&group, Direction::Ingress, rule));
        account.instance(interface(subnet, &[&group]))
    };

    let one = account.vpc.clone();
    let [near, door] = ["10.0.1.0/24", "10.0.9.0/28"].map(|block| account.subnet_in("us-east-1a", block));
    let remote = account.subnet_in("us-east-1b", "10.0.2.0/24");
    let first = account.attach_to_transit(&gateway, &[&door]);
    account.route("0.0.0.0/0", by(&gateway));
    let zoned = launch(account, &near, vec![everything()]);
    let unzoned = launch(account, &remote, vec![everything()]);
    // In the subnet of the gateway's own ENI.
    let doorman = launch(account, &door, vec![everything()]);

    let two = leave_for(account, "10.1.0.0/16");
    let (mine, door) = (account.subnet_in("us-east-1b", "10.1.1.0/24"), account.subnet_in("us-east-1b", "10.1.9.0/28"));
    let second = account.attach_to_transit(&gateway, &[&door]);
    account.route("0.0.0.0/0", by(&gateway));
    let shop = launch(account, &mine, vec![tcp(80, 80, block("10.0.0.0/8"))]);

    let out = leave_for(account, "10.2.0.0/16");
    account.internet_gateway();
    let public = account.subnet_in("us-east-1a", "10.2.1.0/24");
    let doors = ["us-east-1a", "us-east-1b"]
        .map(|zone| account.subnet_in(zone, if zone.ends_with('a') { "10.2.9.0/28" } else { "10.2.9.16/28" }));
    let third = account.attach_to_transit(&gateway, &[&doors[0], &doors[1]]);
    account.route("10.0.0.0/8", by(&gateway));
    let nat = account.nat_gateway(&public, 1);
    for door in &doors {
        account.route_table(door, &[("0.0.0.0/0", RouteTarget::NatGateway(nat.clone()))]);
    }
    let everywhere = "0.0.0.0/0".parse().unwrap();
    account.model.create_transit_gateway_route(&table, everywhere, TransitTarget::Attachment(third.clone())).unwrap();
    let nowhere = "10.1.1.128/25".parse().unwrap();
    account.model.create_transit_gateway_route(&table, nowhere, TransitTarget::Blackhole).unwrap();
    world.settle();

    let launched = [("zoned", &zoned), ("unzoned", &unzoned), ("doorman", &doorman), ("shop", &shop)];
    let hosts = launched.map(|(name, (instance, eni))| world.primary(name, instance, eni)).into();
    let web = world.internet_host("web");
    Some(Star { world, hosts, web, gateway, attachments: [first, second, third], vpcs: [one, two, out], door })
}

/// Gives the new VPC, which is where all is made from now on.
fn leave_for(account: &mut Account, block: &str) -> VpcId {
    account.go_to_vpc(block);
    account.vpc.clone()
}

impl Star {
    fn find(&self, name: &str) -> &Host {
        self.hosts.iter().find(|host| host.name == name).unwrap()
    }

    fn everybody(&self) -> Vec<Host> {
        self.hosts.iter().chain([&self.web]).cloned().collect()
    }

    /// Every payload between all hosts, to the internet, to the gateway's ENIs, the other VPC's router and resolver, and to
    /// a blackhole.
    fn packets(&self) -> Vec<(&Host, IpAddr, IpAddr, Payload)> {
        let enis = self.attachments.iter().flat_map(|id| {
            let attachment = self.world.account.model.transit_gateway_attachment(id);
            let subnets = attachment.and_then(|attachment| attachment.vpc()).map(|vpc| vpc.subnets.clone());
            subnets.unwrap_or_default()
        });
        let enis = enis.map(|(_, eni)| IpAddr::V4(self.world.account.get(&eni).primary_ip().unwrap()));
        let further = ["10.1.1.1", "10.1.0.2", "10.1.1.200", "203.0.113.10"].map(|it| it.parse().unwrap());
        let to: Vec<IpAddr> = self.hosts.iter().map(|host| host.address).chain(enis).chain(further).collect();
        let pairs = self.hosts.iter().flat_map(|from| to.iter().map(move |to| (from, *to)));
        // Nobody runs a resolver here, so only those who may not ask it try.
        let resolver: IpAddr = "10.1.0.2".parse().unwrap();
        let pairs = pairs.filter(|(from, to)| from.address != *to && !(from.name == "shop" && *to == resolver));
        let packets = pairs.flat_map(|(from, to)| PAYLOADS.iter().map(move |it| (from, from.address, to, *it)));
        // Without ports, one direction's packets are the other's replies.
        packets.filter(|(_, source, to, payload)| *payload != Payload::Other(OTHER) || source < to).collect()
    }

    fn verdict(&self, from: &str, to: IpAddr) -> Verdict {
        let from = self.find(from);
        let packet = vpc_fabric::Packet {
            sender: from.eni.clone(),
            ethernet_source: None,
            source: from.address,
            destination: to,
            payload: Payload::Tcp(80),
        };
        reachability(&self.world.account.model, &self.world.options, &packet)
    }
}

#[test]
fn kernel_and_oracle_agree_on_transit_gateways() {
    let Some(star) = star() else { return };
    let everybody = star.everybody();
    let ears = listen(&everybody);
    let packets = star.packets();
    let arrived = star.world.agree(&ears, &packets);
    println!("{arrived} of {} packets arrived", packets.len());
    let (zoned, shop) = (star.find("zoned"), star.find("shop"));
    assert_eq!(star.world.agree(&ears, &[(zoned, zoned.address, shop.address, Payload::Tcp(80))]), 1);
    assert_eq!(star.world.agree(&ears, &[(zoned, zoned.address, star.web.address, Payload::Udp(53))]), 1);
}

/// The most usual mistake: a subnet in a zone that the attachment has no subnet in.
#[test]
fn zones_without_an_attachment() {
    let Some(mut star) = star() else { return };
    let shop = star.find("shop").address;
    let zone = vpc_model::ZoneName("us-east-1b".to_owned());
    let by = Reason::NotInZone(star.gateway.clone(), zone);
    assert_eq!(star.verdict("unzoned", shop), Verdict::Denied { by });
    star.world.account.vpc = star.vpcs[0].clone();
    let door = star.world.account.subnet_in("us-east-1b", "10.0.9.16/28");
    let change = vpc_model::transit_gateway::VpcAttachmentChange { add_subnets: vec![door], ..Default::default() };
    star.world.account.change_transit(&star.attachments[0], change);
    star.world.settle();
    let ears = listen(&star.everybody());
    let unzoned = star.find("unzoned");
    assert_eq!(star.world.agree(&ears, &[(unzoned, unzoned.address, shop, Payload::Tcp(80))]), 1);
}

/// Addresses are kept between VPCs; to the internet all are the NAT gateway.
#[test]
fn who_is_seen_across() {
    let Some(star) = star() else { return };
    let seen_by = |listening: &Host, from: &Host| {
        let listener = listening.netns.run(|| TcpListener::bind((listening.address, 80))).unwrap().unwrap();
        let stream = from.netns.run(|| TcpStream::connect((listening.address, 80))).unwrap().unwrap();
        let seen = listener.accept().unwrap().1.ip();
        drop(stream);
        seen
    };
    let (zoned, shop) = (star.find("zoned"), star.find("shop"));
    assert_eq!(seen_by(shop, zoned), zoned.address);
    let elastic = star.world.account.model.elastic_ips().next().unwrap().public_ip;
    assert_eq!(seen_by(&star.web, zoned), IpAddr::V4(elastic));
    assert_eq!(seen_by(&star.web, shop), IpAddr::V4(elastic));
}

/// The ACL of the subnet with the gateway's ENI is asked, in the directions that AWS tells.
#[test]
fn network_acls_at_the_door() {
    let Some(mut star) = star() else { return };
    let fence = vec![
        entry(1, Direction::Egress, false, "6:443..443", "10.1.0.0/16"),
        entry(2, Direction::Egress, true, "-1", "10.1.0.0/16"),
        entry(1, Direction::Ingress, false, "17", "10.1.0.0/16"),
        entry(2, Direction::Ingress, true, "-1", "10.1.0.0/16"),
    ];
    let door = star.door.clone();
    star.world.account.network_acl(&door, fence);
    star.world.settle();
    let ears = listen(&star.everybody());
    star.world.agree(&ears, &star.packets());
}

/// What is repaired, cut off and taken away.
#[test]
fn attachments_come_and_go() {
    let Some(mut star) = star() else { return };
    let across = |star: &Star| {
        let ears = listen(&star.everybody());
        let (zoned, shop) = (star.find("zoned"), star.find("shop"));
        star.world.agree(&ears, &[(zoned, zoned.address, shop.address, Payload::Tcp(80))])
    };
    assert_eq!(across(&star), 1);
    let model = &star.world.account.model;
    let eni = model.transit_gateway_attachment(&star.attachments[1]).unwrap().vpc().unwrap().subnets[0].1.clone();
    let fabric = Netlink::open(star.world.fabric.vpc_netns(&star.vpcs[1]).unwrap()).unwrap();
    fabric.delete_link(names::port(&eni).as_str()).unwrap();
    assert!(!star.world.fabric.look().is_clean());
    star.world.settle();
    assert_eq!(across(&star), 1);
    let gone = star.attachments[1].clone();
    star.world.account.detach_from_transit(&gone);
    star.world.settle();
    assert_eq!(across(&star), 0);
}
