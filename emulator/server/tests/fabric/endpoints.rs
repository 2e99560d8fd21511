//! Interface endpoints: their ENIs are reached as all others are, if their groups let them be. Gateway endpoints: routes to a
//! service's addresses lead to it and not to the internet.

use vpc_fabric::testing::{block, entry, everything, interface};
use vpc_fabric::{InternetHost, Options, Payload};
use vpc_model::{Direction, RulePeer, WantedAddresses};

use crate::world::{Host, World};
use crate::{all_packets, listen, of, tcp};

/// An endpoint in two subnets, one with an ACL, instances that its group names and others, and a peered VPC.
fn place() -> Option<(World, Vec<Host>)> {
    let mut world = World::start(Options::default())?;
    let account = &mut world.account;
    let (one, two) = (account.subnet("10.0.1.0/24"), account.subnet_in("us-east-1b", "10.0.2.0/24"));
    let (clients, others, endpoint) =
        (account.group("clients"), account.group("others"), account.closed_group("endpoint"));
    account.allow(&clients, Direction::Ingress, everything());
    account.allow(&endpoint, Direction::Ingress, tcp(80, 80, of(&clients)));
    account.allow(&endpoint, Direction::Ingress, tcp(5432, 5432, block("10.1.0.0/16")));
    let (client, client_eni) = account.instance(interface(&one, &[&clients]));
    let (other, other_eni) = account.instance(interface(&one, &[&others]));
    let enis = account.interface_endpoint("ec2", &[&one, &two], &endpoint);
    let entries = [
        entry(100, Direction::Ingress, true, "6:80..80", "10.0.1.4/32"),
        entry(100, Direction::Egress, true, "-1", "0.0.0.0/0"),
    ];
    account.network_acl(&two, entries.into());
    let first = account.vpc.clone();
    account.go_to_vpc("10.1.0.0/16");
    let subnet = account.subnet("10.1.1.0/24");
    let peers = account.group("peers");
    account.peer(&first);
    let (peer, peer_eni) = account.instance(interface(&subnet, &[&peers]));
    world.settle();
    let hosts = vec![
        world.primary("client", &client, &client_eni),
        world.primary("other", &other, &other_eni),
        world.primary("peer", &peer, &peer_eni),
        world.endpoint("endpoint 1", &enis[0]),
        world.endpoint("endpoint 2", &enis[1]),
    ];
    Some((world, hosts))
}

#[test]
fn kernel_and_oracle_agree_on_interface_endpoints() {
    let Some((world, hosts)) = place() else { return };
    let ears = listen(&hosts);
    let arrived = world.agree(&ears, &all_packets(&hosts));
    assert!(arrived > 0);
    let to =
        |from: &Host, to: &Host, port| world.verdict(from, from.address, to.address, Payload::Tcp(port)).is_allowed();
    let [client, other, peer, near, far] = [0, 1, 2, 3, 4].map(|at| &hosts[at]);
    assert!(to(client, near, 80) && to(peer, near, 5432), "those that its group names");
    assert!(!to(other, near, 80) && !to(client, near, 5432), "and nobody else");
    assert!(!to(peer, far, 5432), "nor whom the ACL does not let in");
    assert!(!to(near, client, 80), "it opens no connections if its group does not let it");
}

#[test]
fn interface_endpoints_by_ipv6() {
    let Some(mut world) = World::start(Options::default()) else { return };
    let account = &mut world.account;
    let subnet = account.ipv6_subnet(Some("10.0.1.0/24"));
    let (clients, endpoint) = (account.group("clients"), account.closed_group("endpoint"));
    account.allow(&endpoint, Direction::Ingress, tcp(80, 80, of(&clients)));
    let mut new = interface(&subnet, &[&clients]);
    new.addresses = WantedAddresses { ipv6_count: 1, ..WantedAddresses::default() };
    let (client, client_eni) = account.instance(new);
    let eni = account.interface_endpoint("ec2", &[&subnet], &endpoint).remove(0);
    world.settle();
    let of_ipv6 = |host: Host| Host { address: world.account.get(&host.eni).ipv6_addresses[0].into(), ..host };
    let client = of_ipv6(world.primary("client", &client, &client_eni));
    let endpoint = of_ipv6(world.endpoint("endpoint", &eni));
    let ears = listen(&[client.clone(), endpoint.clone()]);
    let packets = [Payload::Tcp(80), Payload::Tcp(5432), Payload::Icmpv6 { kind: 128, code: 0 }];
    let packets = packets.map(|payload| (&client, client.address, endpoint.address, payload));
    assert_eq!(world.agree(&ears, &packets), 1, "what its group allows");
}

#[test]
fn nothing_is_left_of_an_endpoint_that_ends() {
    let Some((mut world, hosts)) = place() else { return };
    world.account.end_endpoints();
    drop(hosts);
    world.settle();
    assert_eq!(world.fabric.endpoint_namespaces().count(), 0);
}

/// An address of S3's, and the host that has it in the internet.
const S3: &str = "52.216.0.9";

/// A public subnet whose table leads to S3 by a gateway endpoint, and one whose table does not; a peered VPC.
fn bucket() -> Option<(World, Vec<Host>, Host)> {
    let internet_hosts = vec![InternetHost { name: "s3".to_owned(), address: S3.parse().unwrap() }];
    let mut world = World::start(Options { internet_hosts, ..Options::default() })?;
    let account = &mut world.account;
    let (one, two) = (account.subnet("10.0.1.0/24"), account.subnet("10.0.2.0/24"));
    account.internet_gateway();
    let model = &account.model;
    let s3 = model.prefix_lists().find(|list| list.name.ends_with(".s3")).expect("AWS's own list").id.clone();
    let main = model.route_table_of(&one).unwrap().id.clone();
    let (open, listed) = (account.group("open"), account.closed_group("listed"));
    account.allow(&listed, Direction::Egress, tcp(80, 80, RulePeer::PrefixList(s3)));
    let (wide, wide_eni) = account.instance(interface(&one, &[&open]));
    let (narrow, narrow_eni) = account.instance(interface(&one, &[&listed]));
    let (fenced, fenced_eni) = account.instance(interface(&two, &[&open]));
    let entries = [
        entry(100, Direction::Egress, true, "6:80..80", "0.0.0.0/0"),
        entry(100, Direction::Ingress, true, "-1", "0.0.0.0/0"),
    ];
    account.network_acl(&two, entries.into());
    account.publish(&wide_eni, None);
    world.settle();
    let hosts = vec![
        world.primary("wide", &wide, &wide_eni),
        world.primary("narrow", &narrow, &narrow_eni),
        world.primary("fenced", &fenced, &fenced_eni),
    ];
    let internet = world.internet_host("s3");
    let ears = listen(&[internet]);
    let packet = |host| (host, Host::clone(host).address, S3.parse().unwrap(), Payload::Tcp(80));
    assert_eq!(world.agree(&ears, &[packet(&hosts[0]), packet(&hosts[1])]), 1, "by the internet gateway");
    let endpoint = world.account.gateway_endpoint("s3", &[main]);
    world.settle();
    let service = world.gateway_endpoint("S3", &endpoint, S3);
    Some((world, hosts, service))
}

#[test]
fn kernel_and_oracle_agree_on_gateway_endpoints() {
    let Some((world, hosts, service)) = bucket() else { return };
    let ears = listen(&[service]);
    let payloads = [Payload::Tcp(80), Payload::Tcp(5432), Payload::Udp(53), Payload::Icmp { kind: 8, code: 0 }];
    let there = [S3, "3.5.0.1", "54.231.255.254"].map(|address| address.parse().unwrap());
    let packets = hosts
        .iter()
        .flat_map(|host| there.iter().flat_map(move |to| payloads.map(|payload| (host, host.address, *to, payload))));
    let arrived = world.agree(&ears, &packets.collect::<Vec<_>>());
    assert_eq!(arrived, 3 * (4 + 1 + 1), "all of one, and of the others what group and ACL let out");
}

#[test]
fn a_gateway_endpoint_that_ends_leaves_the_way_to_the_internet() {
    let Some((mut world, hosts, service)) = bucket() else { return };
    drop(service);
    world.account.end_endpoints();
    world.settle();
    assert_eq!(world.fabric.gateway_endpoint_namespaces().count(), 0);
    let ears = listen(&[world.internet_host("s3")]);
    let packets = hosts.iter().map(|host| (host, host.address, S3.parse().unwrap(), Payload::Tcp(80)));
    assert_eq!(world.agree(&ears, &packets.collect::<Vec<_>>()), 1, "for the one that has a public address");
}
