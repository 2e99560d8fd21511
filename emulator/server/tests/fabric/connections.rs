//! Connections that the fabric tracks.

use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use linux_net::{Netns, socket};
use vpc_fabric::Options;
use vpc_fabric::testing::{block, interface, rule};
use vpc_model::{Addresses, Direction, IpProtocol, WantedAddresses};

use crate::world::World;

const PORT: u16 = 9999;

fn at(netns: &Netns, address: IpAddr, port: u16) -> UdpSocket {
    socket::udp_socket(netns, SocketAddr::from((address, port))).unwrap()
}

/// Whether a socket receives anything before the deadline.
fn hears(socket: &UdpSocket, deadline: Duration) -> bool {
    let start = Instant::now();
    loop {
        if socket.recv_from(&mut [0; 16]).is_ok() {
            return true;
        }
        if start.elapsed() > deadline {
            return false;
        }
        std::thread::yield_now();
    }
}

/// The ENI that gets an address does not get its connections: they would pass its groups unasked.
#[test]
fn an_address_that_moves_leaves_its_connections() {
    let Some(mut world) = World::start(Options::default()) else { return };
    let account = &mut world.account;
    let subnet = account.subnet("10.0.1.0/24");
    let (open, quiet) = (account.group("open"), account.group("quiet"));
    account.allow(&open, Direction::Ingress, rule(IpProtocol::All, None, block("0.0.0.0/0")));
    account.allow(&quiet, Direction::Ingress, rule(IpProtocol::Udp, Some((1, 1)), block("0.0.0.0/0")));
    let (client, client_eni) = account.instance(interface(&subnet, &[&quiet]));
    let (first, first_eni) = account.instance(interface(&subnet, &[&open]));
    let (second, second_eni) = account.instance(interface(&subnet, &[&quiet]));
    account.assign(&first_eni, WantedAddresses { ipv4_count: 1, ..WantedAddresses::default() });
    world.settle();

    let client = world.primary("client", &client, &client_eni);
    let first = world.primary("first", &first, &first_eni);
    let second = world.primary("second", &second, &second_eni);
    let moving = world.account.get(&first_eni).private_ips[1].address;
    world.take_address(&first, "eth0", moving.into());
    world.take_address(&second, "eth0", moving.into());
    let (asking, answering) = (at(&client.netns, client.address, PORT), at(&first.netns, moving.into(), PORT));
    asking.send_to(b"question", (moving, PORT)).unwrap();
    assert!(hears(&answering, Duration::from_secs(5)));
    answering.send_to(b"answer", (client.address, PORT)).unwrap();
    assert!(hears(&asking, Duration::from_secs(5)));

    let given = Addresses { ipv4: vec![moving], ..Addresses::default() };
    world.account.model.unassign_addresses(&first_eni, &given).unwrap();
    world.account.assign(&second_eni, WantedAddresses { ipv4: vec![moving], ..WantedAddresses::default() });
    world.settle();
    let (now, allowed) = (at(&second.netns, moving.into(), PORT), at(&second.netns, moving.into(), 1));
    asking.send_to(b"more", (moving, PORT)).unwrap();
    asking.send_to(b"other", (moving, 1)).unwrap();
    assert!(hears(&allowed, Duration::from_secs(5)), "what its groups allow arrives");
    assert!(!hears(&now, Duration::ZERO), "the old connection does not");
}
