//! Peering connections: two VPCs whose packets reach each other, and nothing beyond.

use std::net::IpAddr;

use linux_net::Netlink;
use vpc_fabric::testing::{block, entry, everything, interface, rule};
use vpc_fabric::{Options, Payload, names};
use vpc_model::{
    Direction, IpProtocol, PeerGroup, PeeringConnectionId, RulePeer, SecurityGroupId, VpcId, WantedAddresses,
};

use crate::world::{Host, World};
use crate::{all_packets, listen, tcp};

/// Three VPCs in a row: the middle one is peered with both others. Each end has a host that is open to all; the middle
/// has one whose groups name the first one's group, and one that is open.
struct Row {
    world: World,
    hosts: Vec<Host>,
    connections: [PeeringConnectionId; 2],
    vpcs: [VpcId; 3],
}

fn row() -> Option<Row> {
    let mut world = World::start(Options::default())?;
    let account = &mut world.account;
    let open = |account: &mut vpc_fabric::testing::Account, name: &str| {
        let group = account.group(name);
        account.allow(&group, Direction::Ingress, everything());
        group
    };
    let subnet = account.subnet("10.0.1.0/24");
    let first = open(account, "first");
    let mut rich = interface(&subnet, &[&first]);
    rich.addresses = WantedAddresses { ipv4_count: 1, ipv4_prefix_count: 1, ..WantedAddresses::default() };
    let left = account.instance(rich);

    let left_vpc = account.go_to_vpc("10.1.0.0/16");
    let (one, two) = (account.subnet("10.1.1.0/24"), account.subnet("10.1.2.0/24"));
    let near = account.peer(&left_vpc);
    let named = account.closed_group("named");
    let peer = across(account.model.vpc(&left_vpc).unwrap().id.clone(), &first, &near);
    account.allow(&named, Direction::Ingress, tcp(5432, 5432, peer.clone()));
    account.allow(&named, Direction::Egress, rule(IpProtocol::Udp, Some((53, 53)), peer));
    account.allow(&named, Direction::Ingress, rule(IpProtocol::Icmp, Some((8, -1)), block("10.2.0.0/16")));
    let all = open(account, "all");
    let named = account.instance(interface(&one, &[&named]));
    let wide = account.instance(interface(&two, &[&all]));

    let middle_vpc = account.go_to_vpc("10.2.0.0/16");
    let subnet = account.subnet("10.2.1.0/24");
    let far = account.peer(&middle_vpc);
    // The way to the first VPC by the middle one, which AWS does not offer.
    account.route("10.0.0.0/16", vpc_model::RouteTarget::Peering(far.clone()));
    let last = open(account, "last");
    let right = account.instance(interface(&subnet, &[&last]));
    let vpcs = [left_vpc, middle_vpc, account.vpc.clone()];
    world.settle();

    let host = |name, (instance, eni): &(_, _)| world.primary(name, instance, eni);
    let main = host("left", &left);
    let secondary = world.account.get(&main.eni).private_ips[1].address;
    let prefixed = world.account.get(&main.eni).ipv4_prefixes[0].hosts().nth(3).unwrap();
    let hosts = vec![
        world.further("left secondary", &main, "eth0", &main.eni, secondary),
        world.further("left prefix", &main, "eth0", &main.eni, prefixed),
        host("named", &named),
        host("wide", &wide),
        host("right", &right),
        main,
    ];
    Some(Row { world, hosts, connections: [near, far], vpcs })
}

fn across(vpc_id: VpcId, group: &SecurityGroupId, connection: &PeeringConnectionId) -> RulePeer {
    let owner = vpc_model::AccountId::from("123456789012");
    RulePeer::PeerGroup(PeerGroup { id: group.clone(), owner, vpc_id, peering_id: connection.clone() })
}

impl Row {
    fn find(&self, name: &str) -> Host {
        self.hosts.iter().find(|host| host.name == name).unwrap().clone()
    }
}

#[test]
fn kernel_and_oracle_agree_on_peers() {
    let Some(row) = row() else { return };
    let ears = listen(&row.hosts);
    let packets = all_packets(&row.hosts);
    let arrived = row.world.agree(&ears, &packets);
    println!("{arrived} of {} packets arrived", packets.len());
    assert!((packets.len() / 5..packets.len() * 3 / 4).contains(&arrived));

    let (left, right, wide) = (row.find("left"), row.find("right"), row.find("wide"));
    let udp = Payload::Udp(9999);
    assert_eq!(row.world.agree(&ears, &[(&left, left.address, wide.address, udp)]), 1);
    let beyond: [(&Host, IpAddr, Payload); 5] = [
        (&right, left.address, udp),
        (&left, right.address, udp),
        // What is the other VPC's own is not for its peers.
        (&left, [10, 1, 0, 2].into(), Payload::Tcp(53)),
        (&left, [10, 1, 1, 1].into(), Payload::Tcp(80)),
        (&left, [10, 1, 9, 9].into(), udp),
    ];
    let beyond = beyond.map(|(from, to, payload)| (from, from.address, to, payload));
    assert_eq!(row.world.agree(&ears, &beyond), 0);
}

/// Addresses of the other VPC are no more one's own than those of neighbours.
#[test]
fn peers_cannot_be_spoofed() {
    let Some(row) = row() else { return };
    let ears = listen(&row.hosts);
    let (wide, named, left) = (row.find("wide"), row.find("named"), row.find("left"));
    row.world.take_address(&wide, "eth0", left.address);
    let stolen = (&wide, left.address, named.address, Payload::Tcp(5432));
    assert_eq!(row.world.agree(&ears, &[stolen]), 0);
}

/// Network ACLs see packets from and to peers, members of groups come and go, and so do connections.
#[test]
fn peers_come_and_go() {
    let Some(mut row) = row() else { return };
    let hosts = row.hosts.clone();
    let ears = listen(&hosts);
    let packets = all_packets(&hosts);
    let all = row.world.agree(&ears, &packets);

    let subnet = row.world.account.get(&row.find("wide").eni).subnet_id.clone();
    let fence = [
        entry(1, Direction::Egress, true, "-1", "0.0.0.0/0"),
        entry(1, Direction::Ingress, false, "-1", "10.0.0.0/16"),
        entry(2, Direction::Ingress, true, "-1", "0.0.0.0/0"),
    ];
    row.world.account.network_acl(&subnet, fence.into());
    row.world.settle();
    let fenced = row.world.agree(&ears, &packets);
    assert!(fenced < all, "{fenced} of {all}");

    let link = names::peering(&row.connections[1]);
    Netlink::open(row.world.fabric.vpc_netns(&row.vpcs[2]).unwrap()).unwrap().delete_link(link.as_str()).unwrap();
    assert!(!row.world.fabric.look().is_clean());
    row.world.settle();
    assert_eq!(row.world.agree(&ears, &packets), fenced, "a link that somebody deleted is made again");

    let connections = row.connections.clone();
    row.world.account.end_peering(&connections[0]);
    row.world.settle();
    let without = row.world.agree(&ears, &packets);
    assert!((1..fenced).contains(&without), "{without} of {fenced}");
}
