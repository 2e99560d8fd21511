//! Interface endpoints: their ENIs are reached as all others are, if their groups let them be.

use vpc_fabric::testing::{block, entry, everything, interface};
use vpc_fabric::{Options, Payload};
use vpc_model::Direction;

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
fn nothing_is_left_of_an_endpoint_that_ends() {
    let Some((mut world, hosts)) = place() else { return };
    world.account.end_endpoints();
    drop(hosts);
    world.settle();
    assert_eq!(world.fabric.endpoint_namespaces().count(), 0);
}
